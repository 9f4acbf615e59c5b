//! Files of a configuration, put in place by whoever they belong to.

use nixi_core::catalog::file;
use nixi_core::command::{FilePath, Program};
use nixi_core::{Command, PlanCx, PutFile, ReadAnswer, Replaces, ToolError, Write};

use super::ground::{Ground, below};
use super::place::{Kind, Text, Texts};
use super::switch::Then;
use crate::reading::parsed_of;

/// The permissions of a new file.
const NEW: u32 = 0o644;

/// Nixi's module and the file that imports it, put in place.
pub(super) async fn module(
    cx: &PlanCx<'_>,
    ground: &Ground,
    texts: &Texts,
    own: &str,
) -> Result<Vec<Then>, ToolError> {
    let importer = texts.with_import.as_deref().map(|with_import| (&texts.importer, with_import));
    put_in_place(cx, ground, (&texts.own, own), importer).await
}

/// A file of the configuration, put in place; and what shows it to git, where that decides what a flake sees.
pub(super) async fn one(
    cx: &PlanCx<'_>,
    ground: &Ground,
    text: &Text,
    content: &str,
) -> Result<Vec<Then>, ToolError> {
    put_in_place(cx, ground, (text, content), None).await
}

/// The first of them may be new to git; the other lies in the same folder.
async fn put_in_place(
    cx: &PlanCx<'_>,
    ground: &Ground,
    first: (&Text, &str),
    other: Option<(&Text, &str)>,
) -> Result<Vec<Then>, ToolError> {
    let (text, _) = first;
    let (beside, _) = other.unwrap_or(first);
    let [user, folder, rights_of_first, rights_of_other] = cx
        .gather([
            file::user(),
            file::rights_of_folder(&text.path),
            file::rights(&text.path),
            file::rights(&beside.path),
        ])
        .await;
    let user = parsed_of(user, |text| text.trim().parse::<u32>().map_err(|error| error.to_string()))?;
    let folder = parsed_of(folder, rights)?;
    let owner = Owner::of(cx, user, &folder, &text.path)?;
    let put = |(text, content): (&Text, &str), now: ReadAnswer| -> Result<Then, ToolError> {
        let now = match &text.content {
            Some(_) => Some(parsed_of(now, rights)?),
            None => None,
        };
        Ok(Then::from(owner.put(text, content, now.as_ref(), &folder)))
    };
    let mut then = vec![put(first, rights_of_first)?];
    if ground.kind == Kind::Flake && ground.is_kept_by_git {
        then.push(Then::from(owner.track(ground.entry(cx)?, &text.path)));
    }
    if let Some(other) = other {
        then.push(put(other, rights_of_other)?);
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

    /// Shows a file to git; what git knows already stays as it is.
    fn track(self, entry: &FilePath, path: &FilePath) -> Command<Write> {
        let git = Command::<Write>::new(Program::new("git")).args([
            "-C",
            entry.folder(),
            "add",
            "--intent-to-add",
            "--",
            below(entry, path),
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
