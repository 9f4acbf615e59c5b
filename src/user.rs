//! Who sits here.

use std::path::Path;

use nixi_core::small_file;

/// No list of users is longer.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The user here as ssh has it: by the number that this process runs under, whatever the environment says. Only one
/// whom `/etc/passwd` does not know (of a directory service) is who `USER` or `LOGNAME` says.
pub(crate) fn local_user() -> Option<String> {
    let passwd =
        small_file::read(Path::new("/etc/passwd"), LONGEST).map(|file| file.bytes).unwrap_or_default();
    let uid = rustix::process::getuid().as_raw();
    let said = || ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    of_uid(&String::from_utf8_lossy(&passwd), uid).or_else(said)
}

/// The first name with this number, by the text of passwd(5).
fn of_uid(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == uid).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_number() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\n# a note\n:x:7:7::/:\n+::::::\nann:x:1000:100::/home/ann:/bin/sh\nann2:x:1000:100::/:\nx:y\n";
        assert_eq!(of_uid(passwd, 1000).as_deref(), Some("ann"));
        assert_eq!(of_uid(passwd, 0).as_deref(), Some("root"));
        assert_eq!((of_uid(passwd, 7), of_uid(passwd, 100)), (None, None));
    }
}
