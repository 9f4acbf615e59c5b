//! What a model is lent for a request: all that it can see, and the one way to what it may call.

use std::sync::Mutex;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::calls::Checked;
use super::protocol::{CallResult, Event};
use super::request_cx::RequestCx;
use super::result_budget::{MOST_RESULTS, in_the_middle};
use super::roster::Roster;
use crate::call::CallRequest;
use crate::error::{ErrorKind, ErrorReport};
use crate::nearest::did_you_mean;
use crate::plan::StepStatus;
use crate::registry::{Args, ToolSchema};

/// How many bytes of what came of one call a model is given, and of what came of all calls of a turn; what is left out is
/// said.
const REPLY_BYTES: usize = 8 * 1024;
const TURN_BYTES: usize = 64 * 1024;
/// The least that is told of one call, however many there are.
const LEAST_BYTES: usize = 512;

/// What to do about it.
const ASK_FOR_LESS: &str =
    ": no tool reads it back; ask for less, as by fewer `lines`, a `grep`, a `since`, a `priority`, one node";

/// A call as a model writes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCall {
    /// The tool, a noun.
    pub tool: String,
    /// Its arguments, `action` among them.
    pub args: Args,
}

/// What a model is lent for one request. What it calls is checked, refused and asked about like anyone's call, and
/// marked as a model's.
pub struct ModelCx<'a> {
    cx: RequestCx<'a>,
    roster: Roster,
    results: Mutex<Vec<CallResult>>,
}

impl<'a> ModelCx<'a> {
    pub(super) fn new(cx: RequestCx<'a>) -> Result<Self, ErrorReport> {
        Ok(Self { roster: cx.inner.roster()?, cx, results: Mutex::new(Vec::new()) })
    }

    /// The tools, as functions.
    #[must_use]
    pub fn tools(&self) -> Vec<ToolSchema> {
        self.cx.inner.parts.registry.toolset()
    }

    /// The nodes, a line each: what a model has to know to name one.
    #[must_use]
    pub fn overview(&self) -> String {
        let mut lines =
            vec![format!("local (the controller, {}): managed", self.roster.controller.host_name)];
        lines.extend(self.roster.remote().map(|node| {
            let host = node.ssh().map(|ssh| ssh.host.to_string()).unwrap_or_default();
            format!("{} ({host}): {}", node.name(), node.mode())
        }));
        lines.join("\n")
    }

    /// Fires when nobody waits for the answer any more.
    #[must_use]
    pub fn cancel(&self) -> &CancellationToken {
        self.cx.cancel
    }

    /// More words of the answer.
    pub fn say(&self, words: &str) {
        self.cx.audience.hear(Event::Said(crate::text::clean(words)));
    }

    /// These words, the last that were said, were thoughts and no part of the answer.
    pub fn take_back(&self, words: &str) {
        self.cx.audience.hear(Event::TakenBack(crate::text::clean(words)));
    }

    /// Something that a person should know, beside the answer.
    pub fn notice(&self, words: &str) {
        self.cx.audience.hear(Event::Notice(crate::text::clean(words)));
    }

    /// Makes the calls of one turn, in order, and gives one reply each for the model to read. A call that does not
    /// fit gets one precise error, and nothing of that turn runs.
    pub async fn call(&self, calls: Vec<ModelCall>) -> Vec<String> {
        let checked: Vec<Result<Checked, ErrorReport>> = calls
            .into_iter()
            .map(|call| self.request(call).and_then(|call| self.cx.check(&self.roster, call)))
            .collect();
        if checked.iter().any(Result::is_err) {
            return checked
                .into_iter()
                .map(|call| match call {
                    Ok(_) => not_run("another call of this turn has an error; repeat this call"),
                    Err(error) => not_run(&error.to_string()),
                })
                .collect();
        }
        let mut checked: Vec<Checked> = checked.into_iter().flatten().collect();
        let per_call: Vec<usize> = checked.iter().map(|call| call.sites.len()).collect();
        let runs = within(&per_call, MOST_RESULTS);
        checked.truncate(runs);
        self.cx.settle_outward(&checked, &self.roster).await;
        let results = self.cx.run_checked(checked, &self.roster).await;
        let room = (TURN_BYTES / per_call.len().max(1)).clamp(LEAST_BYTES, REPLY_BYTES);
        let mut left = results.as_slice();
        let mut replies: Vec<String> = per_call
            .iter()
            .take(runs)
            .map(|count| {
                let (these, rest) = left.split_at((*count).min(left.len()));
                left = rest;
                reply(these, room)
            })
            .collect();
        let beyond = format!(
            "one turn has at most {MOST_RESULTS} results, a node and a call each, and this call would have been beyond \
             them; repeat it in a turn of its own, or for fewer nodes"
        );
        replies.resize_with(per_call.len(), || not_run(&beyond));
        if let Ok(mut all) = self.results.lock() {
            all.extend(results);
        }
        replies
    }

    fn request(&self, call: ModelCall) -> Result<CallRequest, ErrorReport> {
        let mut args = call.args;
        let action = match (call.tool.contains('.'), args.remove("action")) {
            (true, None) => call.tool,
            (true, Some(Value::String(action))) if call.tool.ends_with(&format!(".{action}")) => call.tool,
            (true, Some(_)) => {
                let message = format!("{:?} names an action, and `action` another", call.tool);
                return Err(ErrorReport::new(ErrorKind::BadArgument, message));
            }
            (false, Some(Value::String(action))) => format!("{}.{action}", call.tool),
            (false, _) => {
                let tools = self.tools();
                let known = tools.iter().any(|tool| tool.name == call.tool);
                let message = if known {
                    format!("{} needs `action`", call.tool)
                } else {
                    format!("there is no tool {:?}", call.tool)
                };
                let hint =
                    did_you_mean(&call.tool, tools.iter().map(|tool| tool.name.as_str())).filter(|_| !known);
                return Err(ErrorReport::new(ErrorKind::UnknownAction, message).maybe_hint(hint));
            }
        };
        Ok(CallRequest::new(action).with_args(args))
    }

    pub(super) fn into_results(self) -> Vec<CallResult> {
        self.results.into_inner().unwrap_or_default()
    }
}

fn not_run(why: &str) -> String {
    json!({ "status": StepStatus::NotStarted.as_str(), "error": why }).to_string()
}

/// How many of these calls have together no more results than may be.
fn within(per_call: &[usize], most: usize) -> usize {
    let mut sum = 0;
    per_call
        .iter()
        .take_while(|count| {
            sum += **count;
            sum <= most
        })
        .count()
}

/// What a model is told of a call: one JSON object for each node, or for nodes of which the same is told. What the node
/// said stands in a JSON string, so that no line of a log can pass for a word of ours.
fn reply(results: &[CallResult], room: usize) -> String {
    let mut groups: Vec<(&CallResult, Vec<&str>)> = Vec::new();
    for result in results {
        let same = groups.iter_mut().find(|(other, _)| {
            (other.status, &other.text, &other.error) == (result.status, &result.text, &result.error)
        });
        match same {
            Some((_, nodes)) => nodes.push(&result.node),
            None => groups.push((result, vec![&result.node])),
        }
    }
    let share = room / groups.len().max(1);
    let mut told = String::new();
    let mut untold = Vec::new();
    for (result, nodes) in groups {
        let reply = reply_of(result, &nodes, share).to_string();
        // Of many, the first are told: all of them in a few bytes each would tell nothing.
        if told.is_empty() || told.len() + reply.len() <= room {
            told.push_str(if told.is_empty() { "" } else { "\n" });
            told.push_str(&reply);
        } else {
            untold.push((result.status, nodes.len()));
        }
    }
    if !untold.is_empty() {
        let nodes: usize = untold.iter().map(|(_, nodes)| nodes).sum();
        let bad: usize =
            untold.iter().filter(|(status, _)| *status != StepStatus::Done).map(|(_, nodes)| nodes).sum();
        let why =
            format!("{nodes} more nodes answered, {bad} of them not `done`, and are left out{ASK_FOR_LESS}");
        told.push_str(&format!("\n{}", json!({ "left_out": why })));
    }
    told
}

fn reply_of(result: &CallResult, nodes: &[&str], room: usize) -> Value {
    let mut reply = match nodes {
        [node] => json!({ "node": node }),
        nodes => json!({ "nodes": crate::names::fold(nodes.iter().copied()) }),
    };
    reply["status"] = result.status.as_str().into();
    let text = |text: &str| Value::from(in_the_middle(text, room.max(LEAST_BYTES / 2), ASK_FOR_LESS));
    if let Some(error) = &result.error {
        reply["error"] = text(&error.to_string());
    } else if result.status == StepStatus::NotStarted {
        reply["planned_only"] = text(result.text.as_deref().unwrap_or_default());
    } else {
        reply["output"] = text(result.text.as_deref().unwrap_or_default());
    }
    reply
}
