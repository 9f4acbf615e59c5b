//! `file.write`

use nixi_core::catalog::file;
use nixi_core::command::{FileMode, FileOwner, FilePath};
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, EndState, ErrorKind, ErrorReport, FileDigest, Output, Plan,
    PlanCx, PutFile, Replaces, Risk, Thing, ToolError, Undo, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::content::MOST;
use super::expected::Expected;
use super::facts::{FileKind, octal};
use super::former::Former;
use super::ground::{At, Ground};
use super::login::Login;
use super::place::{There, below, denied};
use crate::bytes::human;
use crate::table::count;

/// Writes a text file: a new one, or the whole content of one that is there.
pub struct Write;

/// Parameters of `file.write`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteArgs {
    /// Below /srv or a root
    #[schemars(with = "String")]
    pub path: FilePath,
    /// Whole text
    pub content: String,
    /// As 0644
    #[schemars(with = "Option<String>")]
    pub mode: Option<FileMode>,
    /// Only over a file with this SHA-256, or where one is `missing`
    #[schemars(with = "Option<String>")]
    pub expect: Option<Expected>,
}

/// The permissions of a new file.
const NEW: u32 = 0o644;
impl Change for Write {
    type Args = WriteArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("file", "write"),
            "write a file",
            WriteCapability::Files,
            Risk::Routine,
        )
        .example(json!({"path": "/srv/notes/today.txt", "content": "water the plants\n"}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: WriteArgs) -> Result<Plan, ToolError> {
        let (path, node) = (&args.path, cx.node().name());
        if args.content.contains('\0') || args.content.len() > MOST {
            return Err(ToolError::BadArgument {
                message: format!("content is not text, or has more than {}", human(MOST as u64)),
                hint: Some("copy such a file with scp".to_owned()),
            });
        }
        let Ground { at, is_link, login } = Ground::look(cx, path).await?;
        let plan = match at {
            At::Thing(found) => over(cx, &args, &found, login).await?,
            At::Nothing(_) if is_link => {
                let message = format!("{path} on {node} is a broken link");
                return Err(ToolError::BadArgument { message, hint: None });
            }
            At::Nothing(Some(folder)) => new(cx, &args, &folder).await?,
            At::Nothing(None) => {
                let message = format!("there is no folder {} on {node}", path.folder());
                return Err(ToolError::NotFound { message, hint: Some("make the folder first".to_owned()) });
            }
        };
        Ok(if is_link && !plan.is_empty() {
            plan.warn(format!("{path} is a link: what it leads to is written"))
        } else {
            plan
        })
    }
}

/// A file where there is none.
async fn new(cx: &PlanCx<'_>, args: &WriteArgs, folder: &FilePath) -> Result<Plan, ToolError> {
    let name = args.path.as_str().rsplit('/').next().unwrap_or_default();
    let path: FilePath = format!("{folder}/{name}")
        .parse()
        .map_err(|error| ToolError::BadArgument { message: format!("{}: {error}", args.path), hint: None })?;
    below(cx, &args.path, &path)?;
    free(cx, &path)?;
    if let Some(Expected::Content(_)) = args.expect {
        return Err(changed(cx, &path, "is not there any more"));
    }
    let [writable] = cx.gather([file::may_write_folder(&path)]).await;
    may_write(cx, &path, &writable.output()?)?;
    let node = cx.node().name();
    let lines = count(args.content.lines().count(), "line");
    let mode = args.mode.as_ref().map_or(NEW, FileMode::bits);
    let undo = CallRequest::new("file.delete")
        .on(node.as_str())
        .with("path", path.as_str())
        .with("expect", FileDigest::of(args.content.as_bytes()).to_string());
    let put = PutFile::new(path.clone(), args.content.as_bytes(), Replaces::Nothing).mode(mode).by_no_link();
    let summary = format!("make the file {path} on {node}, {lines}");
    Ok(Plan::new(summary, Risk::Routine, Undo::Calls(vec![undo]))
        .step(put)
        .leaves(Thing::File(path), EndState::Is("written")))
}

/// Other content in a file that is there.
async fn over(
    cx: &PlanCx<'_>,
    args: &WriteArgs,
    found: &There,
    login: Result<Login, ToolError>,
) -> Result<Plan, ToolError> {
    let (path, facts, node) = (&found.real, &found.facts, cx.node().name());
    below(cx, &args.path, path)?;
    free(cx, path)?;
    if facts.kind != FileKind::File {
        let message = format!("{} on {node} is {}: only files are written", args.path, facts.kind.words());
        return Err(ToolError::BadArgument { message, hint: None });
    }
    let (former, folder) = Former::read(cx, found).await?;
    match args.expect {
        None => {}
        Some(Expected::Missing) => return Err(changed(cx, path, "is there by now")),
        Some(Expected::Content(digest)) if digest == former.digest => {}
        Some(Expected::Content(_)) => return Err(changed(cx, path, "has other content by now")),
    }
    let before = facts.mode & 0o777;
    let mode = args.mode.as_ref().map_or(before, FileMode::bits);
    let digest = FileDigest::of(args.content.as_bytes());
    if digest == former.digest && mode == facts.mode {
        return Ok(Plan::nothing(format!("nothing to write on {node}: {path} is so already")));
    }
    may_write(cx, path, &folder.writable)?;
    login?.can_keep(cx, found)?;
    let summary = match mode == facts.mode {
        true => format!("write the file {path} on {node}"),
        false => {
            format!("write the file {path} on {node}, mode {} instead of {}", octal(mode), octal(facts.mode))
        }
    };
    let undo = match former.undoable(facts) {
        Err(why) => Undo::cannot(format!("the former content of {path} is lost: {why}")),
        Ok(content) => {
            let back = CallRequest::new("file.write")
                .on(node.as_str())
                .with("path", path.as_str())
                .with("content", content)
                .with("expect", digest.to_string());
            // What did not change stays as somebody may have set it by then.
            Undo::Calls(vec![if mode == before { back } else { back.with("mode", octal(before)) }])
        }
    };
    let put = PutFile::new(path.clone(), args.content.as_bytes(), former.replaced())
        .mode(mode)
        .owner(owner(found)?)
        .by_no_link();
    let (rights, expectation) =
        cx.pin(format!("{path}: the same owner and permissions"), file::rights(path)).await?;
    if !facts.has_rights(&rights) {
        return Err(changed(cx, path, "has another owner or other permissions by now"));
    }
    let mut plan = Plan::new(summary, Risk::Routine, undo)
        .expect(expectation)
        .step(put)
        .leaves(Thing::File(path.clone()), EndState::Is("written"));
    if facts.names > 1 {
        let others = facts.names - 1;
        plan =
            plan.warn(format!("{path} has {others} more names (hard links), which keep the former content"));
    }
    if facts.mode != before {
        plan = plan.warn(format!("set-user-ID and the like are not kept: its mode is {}", octal(facts.mode)));
    }
    Ok(plan)
}

/// Refuses what an earlier change of the same request writes or deletes: this plan could not tell what is there then.
pub(super) fn free(cx: &PlanCx<'_>, path: &FilePath) -> Result<(), ToolError> {
    match cx.declared().end_state(&Thing::File(path.clone())) {
        None => Ok(()),
        Some(_) => Err(ToolError::BadArgument {
            message: format!("an earlier change of this request is about {path} on {} too", cx.node().name()),
            hint: Some("make one change of the two, or ask for this one afterwards".to_owned()),
        }),
    }
}

/// Refuses a file whose folder the login user may not write to, by the end of [`file::may_write_folder`].
pub(super) fn may_write(cx: &PlanCx<'_>, path: &FilePath, told: &Output) -> Result<(), ToolError> {
    match told.exit.is_success() {
        true => Ok(()),
        false => Err(denied(cx, &format!("may not write to {}", path.folder()))),
    }
}

/// By name where that is a plain one.
fn owner(found: &There) -> Result<FileOwner, ToolError> {
    let (user, group) = (&found.facts.user, &found.facts.group);
    let by_name = format!("{}:{}", user.shown(), group.shown()).parse::<FileOwner>();
    by_name
        .or_else(|_| format!("{}:{}", user.number, group.number).parse::<FileOwner>())
        .map_err(|error| ToolError::BadArgument { message: error.to_string(), hint: None })
}

pub(super) fn changed(cx: &PlanCx<'_>, path: &FilePath, how: &str) -> ToolError {
    let message = format!("{path} on {} {how}", cx.node().name());
    ToolError::Reported(
        ErrorReport::new(ErrorKind::Changed, message).hint("nothing was done: look at it first"),
    )
}
