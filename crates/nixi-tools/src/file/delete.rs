//! `file.delete`

use nixi_core::catalog::file;
use nixi_core::command::{Elevation, FilePath};
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, Command, EndState, FileDigest, Plan, PlanCx, Program, Risk,
    Thing, ToolError, Undo, Write, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::expected::Expected;
use super::facts::{Facts, FileKind, octal};
use super::former::Former;
use super::ground::{At, Ground};
use super::login::Login;
use super::place::{below, missing};
use super::write::{changed, free, may_write};
use crate::reading::unreadable;
use crate::table::count;

/// Deletes one file. A folder, a link and the like it leaves alone.
pub struct Delete;

/// Parameters of `file.delete`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteArgs {
    /// Below /srv or a root
    #[schemars(with = "String")]
    pub path: FilePath,
    /// Its SHA-256
    #[schemars(with = "Option<String>")]
    pub expect: Option<Expected>,
}

impl Change for Delete {
    type Args = DeleteArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("file", "delete"),
            "delete a file",
            WriteCapability::Files,
            Risk::Destructive,
        )
        .example(json!({"path": "/srv/notes/old.txt"}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: DeleteArgs) -> Result<Plan, ToolError> {
        let (asked, node) = (&args.path, cx.node().name());
        let Ground { at, is_link, login } = Ground::look(cx, asked).await?;
        let At::Thing(found) = at else { return Err(missing(cx, asked)) };
        let path = &found.real;
        below(cx, asked, path)?;
        free(cx, path)?;
        if is_link || found.facts.kind != FileKind::File {
            let kind = if is_link { FileKind::Link } else { found.facts.kind };
            let message = format!("{asked} on {node} is {}: only files are deleted", kind.words());
            return Err(ToolError::BadArgument { message, hint: None });
        }
        let (former, folder) = Former::read(cx, &found).await?;
        match args.expect {
            Some(Expected::Content(digest)) if digest != former.digest => {
                return Err(changed(cx, path, "has other content by now"));
            }
            Some(Expected::Missing) => {
                let message = "expect: what is `missing` cannot be deleted".to_owned();
                return Err(ToolError::BadArgument { message, hint: None });
            }
            Some(Expected::Content(_)) | None => {}
        }
        may_write(cx, path, &folder.writable)?;
        let (login, mut changes) = (login?, Vec::new());
        let undo = match (login.can_keep(cx, &found), former.undoable(&found.facts)) {
            (Ok(()), Ok(content)) => {
                changes = lost(&found.facts, &folder.facts?, &login);
                Undo::Calls(vec![
                    CallRequest::new("file.write")
                        .on(node.as_str())
                        .with("path", path.as_str())
                        .with("content", content)
                        .with("mode", octal(found.facts.mode & 0o777))
                        .with("expect", "missing"),
                ])
            }
            (Ok(()), Err(why)) => Undo::cannot(format!("the content of {path} is lost: {why}")),
            (Err(_), _) => Undo::cannot(format!("{path} belongs to {}", found.facts.user.shown())),
        };
        let digest = file::digest(path, Elevation::LoginUser);
        let shown = digest.to_string();
        let [rights, way, content] = cx
            .pin_all([
                (format!("{path}: the same owner and permissions"), file::rights(path)),
                (format!("{}: the same folder, by no link", path.folder()), file::real_folder(path)),
                // Last: of a large file it takes long.
                (format!("{path}: the same content, SHA-256 {}", former.digest), digest),
            ])
            .await;
        let ((told, rights), (folder, way), (same, content)) = (rights?, way?, content?);
        let is_same = FileDigest::from_sha256sum(&same) == Some(former.digest);
        if !is_same || !found.facts.has_rights(&told) || folder.strip_suffix('\0') != Some(path.folder()) {
            return Err(unreadable(&shown, "the file changes while it is looked at"));
        }
        let rm = Command::<Write>::new(Program::new("rm")).args(["--", path.as_str()]);
        let summary = format!("delete the file {path} on {node}");
        let mut plan =
            Plan::new(summary, Risk::Destructive, undo).expect(content).expect(rights).expect(way).step(rm);
        if !changes.is_empty() {
            plan = plan.warn(format!("undoing this does not bring back {}", changes.join(", nor ")));
        }
        Ok(plan.leaves(Thing::File(path.clone()), EndState::Gone))
    }
}

/// What a file has that another with its content and permissions, made by the login user, does not have.
fn lost(file: &Facts, folder: &Facts, login: &Login) -> Vec<String> {
    const SET_GROUP_ID: u32 = 0o2000;
    let mut lost = Vec::new();
    if file.user.number != login.user {
        lost.push(format!("its owner {}", file.user.shown()));
    }
    // A folder with the bit gives its own group to what is made in it.
    let group = if folder.mode & SET_GROUP_ID == 0 { login.group } else { folder.group.number };
    if file.group.number != group {
        lost.push(format!("its group {}", file.group.shown()));
    }
    if file.mode > 0o777 {
        lost.push(format!("its set-user-ID and the like (mode {})", octal(file.mode)));
    }
    if file.names > 1 {
        let others = usize::try_from(file.names - 1).unwrap_or(usize::MAX);
        lost.push(format!("its bond with {} (hard links)", count(others, "other name")));
    }
    lost
}
