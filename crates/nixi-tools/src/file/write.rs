//! `file.write`

use futures_util::join;
use nixi_core::catalog::file;
use nixi_core::command::{Elevation, FileMode, FileOwner, FilePath};
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, Command, ErrorKind, ErrorReport, Fate, FileDigest, Plan,
    PlanCx, PutFile, Read, ReadAnswer, Replaces, Risk, Thing, ToolError, Undo, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::content::{MOST, beginning, text};
use super::expected::Expected;
use super::facts::{Facts, FileKind, octal};
use super::place::{There, below, denied, real, there};
use crate::bytes::human;
use crate::reading::unreadable;
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
/// The most bytes of former content that the command which takes a change back holds.
pub(super) const MOST_UNDONE: usize = 16 * 1024;

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
        let (found, folder, link) =
            join!(there(cx, path), real(cx, path, file::real_folder(path)), cx.run(file::is_link(path)));
        let is_link = link?.exit.is_success();
        let plan = match (found?, folder?) {
            (Some(found), _) => over(cx, &args, &found).await?,
            (None, _) if is_link => {
                let message = format!("{path} on {node} is a link to what is not there");
                return Err(ToolError::BadArgument { message, hint: None });
            }
            (None, Some(folder)) => new(cx, &args, &folder).await?,
            (None, None) => {
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
    writable(cx, &path).await?;
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
        .leaves(Thing::File(path), Fate::Is("written")))
}

/// Other content in a file that is there.
async fn over(cx: &PlanCx<'_>, args: &WriteArgs, found: &There) -> Result<Plan, ToolError> {
    let (path, facts, node) = (&found.real, &found.facts, cx.node().name());
    below(cx, &args.path, path)?;
    free(cx, path)?;
    if facts.kind != FileKind::File {
        let message = format!("{} on {node} is {}: only files are written", args.path, facts.kind.words());
        return Err(ToolError::BadArgument { message, hint: None });
    }
    let former = Former::read(cx, found).await?;
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
    writable(cx, path).await?;
    owned(cx, found).await?;
    let summary = match mode == facts.mode {
        true => format!("write the file {path} on {node}"),
        false => {
            format!("write the file {path} on {node}, mode {} instead of {}", octal(mode), octal(facts.mode))
        }
    };
    let undo = match former.undoable(facts) {
        Err(why) => Undo::cannot(format!("the former content of {path} is lost: {why}")),
        Ok(content) => Undo::Calls(vec![
            CallRequest::new("file.write")
                .on(node.as_str())
                .with("path", path.as_str())
                .with("content", content)
                .with("mode", octal(before))
                .with("expect", digest.to_string()),
        ]),
    };
    let put = PutFile::new(path.clone(), args.content.as_bytes(), former.replaced())
        .mode(mode)
        .owner(owner(found)?)
        .by_no_link();
    let mut plan = Plan::new(summary, Risk::Routine, undo)
        .step(put)
        .leaves(Thing::File(path.clone()), Fate::Is("written"));
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

/// What is in a file that a change takes away.
pub(super) struct Former {
    pub(super) digest: FileDigest,
    /// All of it; or only that it is too much to be read.
    content: Option<Vec<u8>>,
}

impl Former {
    pub(super) async fn read(cx: &PlanCx<'_>, found: &There) -> Result<Self, ToolError> {
        if found.facts.bytes <= MOST as u64 {
            let content = beginning(cx, &found.real).await?;
            if content.len() <= MOST {
                return Ok(Self { digest: FileDigest::of(&content), content: Some(content) });
            }
        }
        let command = file::digest(&found.real, Elevation::LoginUser);
        let shown = command.to_string();
        let digest = FileDigest::from_sha256sum(&cx.stdout(command).await?);
        let digest = digest.ok_or_else(|| unreadable(&shown, "it is no SHA-256"))?;
        Ok(Self { digest, content: None })
    }

    /// As text, or half a sentence why it is not shown.
    fn text(&self) -> Result<&str, &'static str> {
        self.content.as_deref().map_or(Err("it is too large"), text)
    }

    /// What a plan shows of it.
    fn replaced(self) -> Replaces {
        match (self.text().err(), self.content) {
            (None, Some(content)) => Replaces::Content(content.into()),
            (why, _) => Replaces::Unshown(self.digest, why.unwrap_or("it is too large").to_owned()),
        }
    }

    /// As text, if a command can bring it back. That command stands in the journal and in `--json`, so it never holds what
    /// others on the node may not read.
    pub(super) fn undoable(&self, facts: &Facts) -> Result<&str, &'static str> {
        if facts.mode & 0o004 == 0 {
            return Err("others may not read it, so it may be a secret, and Nixi keeps no copy");
        }
        self.text().and_then(|text| if text.len() > MOST_UNDONE { Err("it is too large") } else { Ok(text) })
    }
}

/// Refuses what an earlier change of the same request writes or deletes: this plan could not tell what is there then.
pub(super) fn free(cx: &PlanCx<'_>, path: &FilePath) -> Result<(), ToolError> {
    match cx.declared().fate(&Thing::File(path.clone())) {
        None => Ok(()),
        Some(_) => Err(ToolError::BadArgument {
            message: format!("an earlier change of this request is about {path} on {} too", cx.node().name()),
            hint: Some("make one change of the two, or ask for this one afterwards".to_owned()),
        }),
    }
}

/// Whether the login user may put a file into its folder.
async fn writable(cx: &PlanCx<'_>, path: &FilePath) -> Result<(), ToolError> {
    let [answer] = cx.gather([file::may_write_folder(path)]).await;
    may_write(cx, path, answer)
}

pub(super) fn may_write(cx: &PlanCx<'_>, path: &FilePath, answer: ReadAnswer) -> Result<(), ToolError> {
    match answer.output()?.exit.is_success() {
        true => Ok(()),
        false => Err(denied(cx, &format!("may not write to {}", path.folder()))),
    }
}

/// Whether the login user can leave the file its owner and its group: another file in its place would have theirs. The numbers
/// of the login user and of its own group.
pub(super) async fn owned(cx: &PlanCx<'_>, found: &There) -> Result<Login, ToolError> {
    let (user, groups) = futures_util::try_join!(numbers(cx, file::user()), numbers(cx, file::groups()))?;
    let (owner, group) = (&found.facts.user, &found.facts.group);
    let whose = if user == [0] || user == [owner.number] && groups.contains(&group.number) {
        // id(1) prints the user's own group first.
        return Ok(Login { user: user[0], group: groups[0] });
    } else if user == [owner.number] {
        format!("is of the group {}, in which the login user is not", group.shown())
    } else {
        format!("belongs to {}, not to the login user", owner.shown())
    };
    Err(ToolError::Permission {
        message: format!("{} on {} {whose}", found.real, cx.node().name()),
        hint: "file actions never use sudo, so they cannot keep what is not the login user's: change its owner or group first"
            .to_owned(),
    })
}

/// Whose a file is that the login user makes.
pub(super) struct Login {
    pub(super) user: u32,
    pub(super) group: u32,
}

/// The numbers that id(1) prints; one at least.
async fn numbers(cx: &PlanCx<'_>, command: Command<Read>) -> Result<Vec<u32>, ToolError> {
    let shown = command.to_string();
    let told = cx.stdout(command).await?;
    let numbers: Result<Vec<u32>, _> = told.split_whitespace().map(str::parse).collect();
    numbers.ok().filter(|numbers| !numbers.is_empty()).ok_or_else(|| unreadable(&shown, "it is no number"))
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
