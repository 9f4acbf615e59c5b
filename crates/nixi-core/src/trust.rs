//! Whether a file that says which machines are meant is the person's own: nobody else may be able to write it.
//!
//! As ssh and sudo have it, a file must belong to the person or to root, and nobody else may write it. A group may, if it has no
//! other member: where every user has a group of their own, new files are often made so. The folder must be such that nobody
//! else can put another file in its place.

use std::fmt::Write as _;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::{paste, small_file};

/// Files here are written by builds of Nix alone.
const STORE: &str = "/nix/store";
/// The longest list of users or groups that is looked at.
const LONGEST_LIST: u64 = 4 * 1024 * 1024;

/// Why a file is not trusted, and what would mend that.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Distrust {
    /// A fragment: who else may write what.
    pub why: String,
    /// A sentence with a command.
    pub hint: String,
}

/// Why the file is not trusted that was read at this path; nothing if it is.
#[must_use]
pub fn distrust(path: &Path, about: &Metadata) -> Option<Distrust> {
    let me = rustix::process::geteuid().as_raw();
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if let Some(fault) = fault(&Standing::of(&real, about), me) {
        return Some(fault.told("this file", path, about, me));
    }
    // Both that of the name and that of the file behind it.
    [path.parent(), real.parent()].into_iter().flatten().find_map(|folder| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let about = std::fs::metadata(folder).ok()?;
        let real = folder.canonicalize().ok()?;
        let fault = fault(&Standing::of(&real, &about), me)?;
        Some(fault.told("the folder of this file", &real, &about, me))
    })
}

/// What decides.
struct Standing {
    owner: u32,
    mode: u32,
    /// A folder where nobody may take away what is another's.
    is_sticky: bool,
    /// Whether it is in Nix's store and belongs to nobody whom this namespace knows.
    is_unmapped_store: bool,
    /// Whether the group that may write it is its owner's alone.
    is_group_private: bool,
}

impl Standing {
    fn of(real: &Path, about: &Metadata) -> Self {
        let is_group_written = about.mode() & 0o020 != 0;
        Self {
            owner: about.uid(),
            mode: about.mode(),
            is_sticky: about.is_dir() && about.mode() & 0o1000 != 0,
            is_unmapped_store: real.starts_with(STORE) && Some(about.uid()) == overflow(),
            is_group_private: is_group_written && !has_acl(real) && is_private(about.uid(), about.gid()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Owner,
    Everybody,
    Group,
}

fn fault(standing: &Standing, me: u32) -> Option<Fault> {
    let Standing { owner, mode, is_sticky, is_unmapped_store, is_group_private } = *standing;
    match () {
        () if owner != 0 && owner != me && !is_unmapped_store => Some(Fault::Owner),
        () if is_sticky => None,
        () if mode & 0o002 != 0 => Some(Fault::Everybody),
        () if mode & 0o020 != 0 && !is_group_private => Some(Fault::Group),
        () => None,
    }
}

impl Fault {
    fn told(self, what: &str, path: &Path, about: &Metadata, me: u32) -> Distrust {
        let mode = about.mode() & 0o7777;
        let shown = paste::path(path);
        let (mut why, hint) = match self {
            Self::Owner => (
                format!(
                    "{what} belongs to the user {}, neither to you nor to root",
                    named("/etc/passwd", about.uid())
                ),
                format!(
                    "read it; if it says what you mean, take it over: `{}chown {me} {shown}`",
                    if me == 0 { "" } else { "sudo " }
                ),
            ),
            Self::Everybody => {
                (format!("everybody may write {what}"), format!("take it back: `chmod go-w {shown}`"))
            }
            Self::Group => (
                format!("group {} may write {what}", named("/etc/group", about.gid())),
                format!("take it back: `chmod g-w {shown}`"),
            ),
        };
        let _ = write!(why, " (mode {mode:04o})");
        Distrust { why, hint }
    }
}

/// The name that a list of users or groups has for this number, or the number.
fn named(list: &str, id: u32) -> String {
    let text = list_of(list).unwrap_or_default();
    let name = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    });
    name.map_or_else(|| id.to_string(), crate::text::clean_line)
}

fn list_of(path: &str) -> Option<String> {
    let file = small_file::read(Path::new(path), LONGEST_LIST).ok()?;
    Some(String::from_utf8_lossy(&file.bytes).into_owned())
}

/// The user to whom all belongs that no user of this namespace owns.
fn overflow() -> Option<u32> {
    list_of("/proc/sys/kernel/overflowuid")?.trim().parse().ok()
}

/// Where a list of its own says who may write a file, the bits of the group are the most that any of them may.
fn has_acl(path: &Path) -> bool {
    let mut room = [0_u8; 4096];
    match rustix::fs::getxattr(path, "system.posix_acl_access", &mut room) {
        Ok(length) => length > 0,
        Err(rustix::io::Errno::NODATA | rustix::io::Errno::NOTSUP) => false,
        Err(_) => true,
    }
}

fn is_private(owner: u32, group: u32) -> bool {
    let lists = list_of("/etc/passwd").zip(list_of("/etc/group"));
    lists.is_some_and(|(passwd, groups)| is_private_by(&passwd, &groups, owner, group))
}

/// Whether the owner is the one member of a group, by passwd(5) and group(5). What these do not tell is a no.
fn is_private_by(passwd: &str, groups: &str, owner: u32, group: u32) -> bool {
    // These lines stand for others, which are elsewhere.
    let is_whole = |list: &str| !list.lines().any(|line| line.starts_with(['+', '-']));
    if !is_whole(passwd) || !is_whole(groups) {
        return false;
    }
    let mut names = Vec::new();
    let mut has_owner = false;
    for user in passwd.lines() {
        let fields: Vec<&str> = user.split(':').collect();
        let [name, _, uid, gid, ..] = fields.as_slice() else { continue };
        let is_owner = uid.parse() == Ok(owner);
        if is_owner {
            names.push(*name);
        }
        if gid.parse() == Ok(group) {
            if !is_owner {
                return false;
            }
            has_owner = true;
        }
    }
    let mut is_known = false;
    for line in groups.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let [_, _, gid, members, ..] = fields.as_slice() else { continue };
        if gid.parse() != Ok(group) {
            continue;
        }
        is_known = true;
        for member in members.split(',').filter(|member| !member.is_empty()) {
            if !names.contains(&member) {
                return false;
            }
            has_owner = true;
        }
    }
    is_known && has_owner
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const ME: u32 = 1000;

    fn of(owner: u32, mode: u32) -> Standing {
        Standing { owner, mode, is_sticky: false, is_unmapped_store: false, is_group_private: false }
    }

    #[test]
    fn only_what_you_or_root_alone_may_write_is_trusted() {
        for (owner, mode, expected) in [
            (ME, 0o600, None),
            (ME, 0o644, None),
            (0, 0o444, None),
            (ME, 0o664, Some(Fault::Group)),
            (0, 0o664, Some(Fault::Group)),
            (ME, 0o646, Some(Fault::Everybody)),
            (0, 0o666, Some(Fault::Everybody)),
            (1001, 0o600, Some(Fault::Owner)),
            (65534, 0o444, Some(Fault::Owner)),
        ] {
            assert_eq!(fault(&of(owner, mode), ME), expected, "{owner} {mode:o}");
        }
        assert_eq!(fault(&of(ME, 0o600), 0), Some(Fault::Owner), "root takes no user's word");
        let private = Standing { is_group_private: true, ..of(ME, 0o664) };
        assert_eq!(fault(&private, ME), None);
        let open = Standing { mode: 0o666, ..private };
        assert_eq!(fault(&open, ME), Some(Fault::Everybody));
    }

    #[test]
    fn a_sticky_folder_of_root_is_as_good_as_none_that_others_write() {
        assert_eq!(fault(&Standing { is_sticky: true, ..of(0, 0o1777) }, ME), None);
        assert_eq!(fault(&Standing { is_sticky: true, ..of(1001, 0o1777) }, ME), Some(Fault::Owner));
        let store = Standing { is_sticky: true, is_unmapped_store: true, ..of(65534, 0o1775) };
        assert_eq!(fault(&store, ME), None);
    }

    #[test]
    fn a_group_of_ones_own_has_one_member() {
        let passwd =
            "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/:\nbob:x:1001:100::/:\neve:x:1002:100::/:\nodd:x\n";
        let groups =
            "root:x:0:\nann:x:1000:\nusers:x:100:\nshared:x:50:ann,bob\nalone:x:51:ann\nempty:x:52:\nbad\n";
        for (owner, group, expected) in [
            (1000, 1000, true),
            (0, 0, true),
            (1000, 51, true),
            (1000, 50, false),
            (1001, 100, false),
            (1000, 52, false),
            (1000, 53, false),
            (1001, 51, false),
            (7, 1000, false),
        ] {
            assert_eq!(is_private_by(passwd, groups, owner, group), expected, "{owner} {group}");
        }
        assert!(!is_private_by(&format!("{passwd}+::::::\n"), groups, 1000, 1000), "others are elsewhere");
        assert!(!is_private_by(passwd, &format!("{groups}+:::\n"), 1000, 1000), "others are elsewhere");
    }

    #[test]
    fn what_others_may_write_is_told_with_its_cure() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a file");
        fs::write(&file, "").unwrap();
        let told = |path: &Path| distrust(path, &fs::metadata(path).unwrap());
        let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        set(&file, 0o644);
        assert_eq!(told(&file), None);
        set(&file, 0o666);
        let distrust = told(&file).unwrap();
        assert_eq!(distrust.why, "everybody may write this file (mode 0666)");
        assert_eq!(distrust.hint, format!("take it back: `chmod go-w '{}'`", file.display()));
        set(&file, 0o600);
        set(folder.path(), 0o777);
        let link = tempfile::tempdir().unwrap();
        let link = link.path().join("link");
        symlink(&file, &link).unwrap();
        for path in [&file, &link] {
            let distrust = told(path).unwrap();
            assert_eq!(distrust.why, "everybody may write the folder of this file (mode 0777)");
            let real = folder.path().canonicalize().unwrap();
            assert_eq!(distrust.hint, format!("take it back: `chmod go-w {}`", real.display()));
        }
        set(folder.path(), 0o1777);
        assert_eq!(told(&link), None);
        set(folder.path(), 0o700);
    }
}
