//! Files of a configuration, put in place by whoever they belong to.

use nixi_core::catalog::file;
use nixi_core::command::{FilePath, Program};
use nixi_core::{Command, PlanCx, PutFile, Replaces, Step, ToolError, Write};

use super::ground::below;
use super::place::{Kind, Text, Texts};
use crate::reading::{parsed_of, whole_of};

/// The permissions of a new file.
const NEW: u32 = 0o644;

/// Nixi's module and the file that imports it, put in place; and what shows a new one to git, where that decides what a flake sees.
pub(super) async fn module(
    cx: &PlanCx<'_>,
    kind: Kind,
    texts: &Texts,
    own: &str,
) -> Result<Vec<Step>, ToolError> {
    let [user, folder, own_rights, importer_rights] = cx
        .gather([
            file::user(),
            file::rights_of_folder(&texts.own.path),
            file::rights(&texts.own.path),
            file::rights(&texts.importer.path),
        ])
        .await;
    let user = parsed_of(user, |text| text.trim().parse::<u32>().map_err(|error| error.to_string()))?;
    let folder = parsed_of(folder, rights)?;
    let owner = Owner::of(cx, user, &folder, &texts.own.path)?;
    let own_output = whole_of(own_rights)?;
    let own_rights = match own_output.exit.is_success() {
        true => rights(&String::from_utf8_lossy(&own_output.stdout)).ok(),
        false => None,
    };
    let mut then = vec![Step::from(owner.put(&texts.own, own, own_rights.as_ref(), &folder))];
    if kind == Kind::Flake && texts.is_kept_by_git {
        then.push(Step::from(owner.track(texts)));
    }
    if let Some(with_import) = &texts.with_import {
        let rights = parsed_of(importer_rights, rights)?;
        then.push(Step::from(owner.put(&texts.importer, with_import, Some(&rights), &folder)));
    }
    Ok(then)
}

/// Whose rights a folder and the files in it need.
#[derive(Clone, Copy)]
enum Owner {
    Us,
    Root,
}

/// What stat(1) tells of a file.
struct Rights {
    mode: u32,
    user: u32,
    group: u32,
}

fn rights(printed: &str) -> Result<Rights, String> {
    let odd = || "it is not the rights of a file".to_owned();
    let [mode, user, group, ""] = printed.split('\0').collect::<Vec<_>>()[..] else { return Err(odd()) };
    let mode = u32::from_str_radix(mode, 16).map_err(|_| odd())?;
    let number = |text: &str| text.parse().map_err(|_| odd());
    Ok(Rights { mode: mode & 0o777, user: number(user)?, group: number(group)? })
}

impl Owner {
    fn of(cx: &PlanCx<'_>, user: u32, folder: &Rights, path: &FilePath) -> Result<Self, ToolError> {
        match folder.user {
            owner if owner == user => Ok(Self::Us),
            0 => Ok(Self::Root),
            other => Err(ToolError::BadArgument {
                message: format!(
                    "{} on {} belongs to user {other}: neither root nor the login user may be its editor",
                    path.folder(),
                    cx.node().name()
                ),
                hint: Some("edit the configuration as its owner, or let it belong to root".to_owned()),
            }),
        }
    }

    /// Shows Nixi's module to git; what git knows already stays as it is.
    fn track(self, texts: &Texts) -> Command<Write> {
        let own = below(&texts.entry, &texts.own.path);
        let git = Command::<Write>::new(Program::new("git")).args([
            "-C",
            texts.entry.folder(),
            "add",
            "--intent-to-add",
            "--",
            own,
        ]);
        match self {
            Self::Us => git,
            Self::Root => git.elevated(),
        }
    }

    fn put(self, text: &Text, content: &str, now: Option<&Rights>, folder: &Rights) -> PutFile {
        let replaces = match &text.content {
            Some(content) => Replaces::Content(content.as_bytes().into()),
            None => Replaces::Nothing,
        };
        let put = PutFile::new(text.path.clone(), content.as_bytes(), replaces)
            .mode(now.map_or(NEW, |rights| rights.mode))
            .by_no_link();
        let Rights { user, group, .. } = now.unwrap_or(folder);
        match (self, format!("{user}:{group}").parse()) {
            (Self::Root, Ok(owner)) => put.owner(owner).elevated(),
            (Self::Root, Err(_)) => put.elevated(),
            (Self::Us, _) => put,
        }
    }
}
