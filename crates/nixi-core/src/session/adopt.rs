//! Adopting a machine: log in with our keys, and only then write it down.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::ledger::{Cause, Held, Ledger, Recorded};
use super::machine::Machine;
use super::needs;
use super::protocol::{AdoptRequest, Adopted, Audience, CallResult, Event, Intent};
use super::roster::Roster;
use crate::action::ActionName;
use crate::arrival::{Arrival, Likeness, Sameness};
use crate::call::CallRequest;
use crate::call_id::CallId;
use crate::card::Presentation;
use crate::command::Login;
use crate::config::{ConfigEdit, Layer, NODES_OPTION, NewNode};
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::{ExecError, HostKeyState, Unreachable, Welcome};
use crate::fleet::address;
use crate::journal::{AskedPart, Consent, Verdict};
use crate::jump::Jump;
use crate::node::{Given, Node, Port, SshTarget};
use crate::plan::{
    Origin, Page, Part, Plan, PlanDigest, Review, Risk, Step, StepStatus, Undo, Untold, done, failed,
    write_config,
};

const NAME: ActionName = ActionName::NODE_ADOPT;
/// Why an adoption is not taken back.
const KNOWN_BEFORE: &str = "its host key was known before, and `nixi remove` would forget that too";
const PRESENTATION: Presentation = Presentation::OF_THE_CONTROLLER;

/// As [`log_in_and_add`], told of while it happens.
pub(super) async fn adopt(
    inner: &Inner,
    request: AdoptRequest,
    intent: Intent,
    audience: &dyn Audience,
    cancel: &CancellationToken,
) -> Result<CallResult, ErrorReport> {
    let (call, node) = (inner.calls.next(), Node::controller().name().clone());
    let action = NAME.to_string();
    audience.hear(Event::CallStarted { call, action, node, presentation: PRESENTATION });
    let result = log_in_and_add(inner, call, request, intent, audience, cancel).await?;
    audience.hear(Event::CallEnded(Box::new(result.clone())));
    Ok(result)
}

/// Typing the command is the approval. An error of the request itself is `Err`; what became of the login is the result.
async fn log_in_and_add(
    inner: &Inner,
    call: CallId,
    request: AdoptRequest,
    intent: Intent,
    audience: &dyn Audience,
    cancel: &CancellationToken,
) -> Result<CallResult, ErrorReport> {
    let begun = Instant::now();
    let roster = inner.roster()?;
    let request = AdoptRequest { identity: identity(inner, request.identity)?, ..request };
    refuse_taken_name(&roster, inner, &request)?;
    let target = SshTarget {
        host: request.host.clone(),
        port: request.port.unwrap_or(Port::SSH),
        user: request.user.clone(),
        identity: request.identity.clone(),
        given: Given { port: request.port.is_some(), user: true },
        jump: Jump::Unsaid,
    };
    let place = inner.parts.remote.place(&target);
    let node = Node::remote(request.name.clone(), target.clone(), request.mode).at(&place);
    refuse_two_modes(&roster, inner, &node)?;
    let args = json!({
        "name": request.name, "host": request.host, "user": request.user, "mode": request.mode,
        "port": place.port, "identity": request.identity,
    });
    let at = address(&target.user, &target.host, place.port);
    let edit = ConfigEdit::AddNode(NewNode {
        name: request.name.clone(),
        host: request.host,
        user: request.user,
        mode: request.mode,
        port: request.port,
        identity: request.identity,
        tags: Vec::new(),
    });
    let summary = format!("log in as {at} with our keys and add {} ({})", request.name, request.mode);
    let remove = CallRequest::remove_node(request.name.as_str()).with("expect", at.as_str());
    let plan = Plan::new(summary, Risk::Routine, Undo::Calls(vec![remove])).step(Step::Config(edit.clone()));
    let part = Part::of(&plan, call, NAME, &Node::controller(), None, Login::Other, Origin::Person);
    let mut result = CallResult::new(call, &NAME.to_string(), "local", args).shown_as(PRESENTATION);
    result.plan = Some(part.clone());
    if intent == Intent::PlanOnly {
        result.text = Some(format!("would {}", plan.summary));
        return Ok(result);
    }
    let welcome = inner.parts.enrol.key_login(&target, request.host_key.as_ref(), cancel).await;
    result.ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let welcome = match welcome {
        Ok(welcome) => welcome,
        Err(error) => return Ok(refused_login(result, error, &at)),
    };
    let twins = match twins(inner, &roster, &node, &welcome).await {
        Ok(twins) => twins,
        Err(error) => {
            forget(inner, &roster, &target, &welcome).await;
            return Err(error);
        }
    };
    // Removing a node forgets its host key, and this one is not ours to forget.
    let part = match welcome.host_key {
        HostKeyState::New => part,
        HostKeyState::Known => Part { undo: Undo::cannot(KNOWN_BEFORE), ..part },
    };
    result.plan = Some(part.clone());
    let cause = Cause::default();
    let record = match Record::begin(Ledger { inner, audience, cause: &cause }, &part, &result.args).await {
        Ok(record) => record,
        Err(error) => {
            forget(inner, &roster, &target, &welcome).await;
            return Err(error);
        }
    };
    let written = write_config(&inner.parts.config, edit).await;
    record.end(&written, &mut result).await;
    if let Err(error) = written {
        forget(inner, &roster, &target, &welcome).await;
        return Err(error);
    }
    let known = match welcome.host_key {
        HostKeyState::Known => "known before",
        HostKeyState::New => "seen for the first time, now recorded",
    };
    let mut text = format!(
        "adopted {} ({at}, {})\nhost key {} ({known}){twins}",
        request.name, request.mode, welcome.fingerprint
    );
    let lacks = needs::lacks(inner, &roster, &node, cancel).await;
    for lack in &lacks {
        text.push_str(&format!("\nnotice: {lack}"));
    }
    result.text = Some(text);
    let adopted = Adopted {
        node: roster.row(&node).answered(result.ms),
        fingerprint: welcome.fingerprint,
        host_key: welcome.host_key,
        lacks,
    };
    result.data = serde_json::to_value(adopted).ok();
    Ok(result)
}

/// Where it is written down that a node is added, as every change is.
struct Record<'a> {
    ledger: Ledger<'a>,
    page: Page<'a>,
    review: PlanDigest,
    step: String,
    _held: Held,
}

impl<'a> Record<'a> {
    /// It is about to be added.
    async fn begin(ledger: Ledger<'a>, part: &Part, args: &Value) -> Result<Self, ErrorReport> {
        let review = Review::of_one(part.clone());
        let held = ledger.asked(&review, vec![AskedPart::new(part, args.clone())], None).await?;
        ledger.decided(held.id, Verdict::Agreed(Consent::Typed)).await?;
        let page = Page {
            journal: &*ledger.inner.parts.journal,
            request: held.id,
            call: part.call,
            on_record: part.call,
        };
        if let Err(error) = page.begun(0, None).await {
            ledger.ended(&Recorded::here(held.id), &[]).await;
            return Err(error);
        }
        let step = part.lines().next().unwrap_or_default().to_owned();
        Ok(Self { ledger, page, review: review.digest, step, _held: held })
    }

    /// It is there, or could not be added.
    async fn end(self, written: &Result<(), ErrorReport>, result: &mut CallResult) {
        let report = match written {
            Ok(()) => done(self.step, None),
            Err(error) => failed(self.step, error.clone()),
        };
        (result.status, result.request, result.review) =
            (report.status, Some(self.page.request), Some(self.review));
        if let Err(error) = self.page.ended(0, &report).await {
            self.ledger.audience.hear(Event::Notice(error.to_string()));
        }
        self.ledger.ended(&Recorded::here(self.page.request), std::slice::from_ref(result)).await;
    }
}

/// The key as the configuration will have it: `~/` is the home, and nothing depends on the working folder.
fn identity(inner: &Inner, given: Option<PathBuf>) -> Result<Option<PathBuf>, ErrorReport> {
    let Some(given) = given else { return Ok(None) };
    let path = match given.strip_prefix("~") {
        Ok(rest) => inner.parts.config.home().join(rest),
        Err(_) => given,
    };
    if path.is_absolute() {
        return Ok(Some(path));
    }
    let message = format!("the identity {} is not an absolute path", path.display());
    Err(ErrorReport::new(ErrorKind::BadArgument, message).hint("write it in full, or with ~/"))
}

/// One machine under two names is a person's business; one that is read-only under one of them is a trap.
fn refuse_two_modes(roster: &Roster, inner: &Inner, adopted: &Node) -> Result<(), ErrorReport> {
    let machine = |node: &Node| node.ssh().map(|ssh| Machine::of(ssh, &*inner.parts.remote));
    let Some(ours) = machine(adopted) else { return Ok(()) };
    let is_ours = |node: &Node| machine(node).is_some_and(|machine| machine.may_be(&ours));
    let at_odds = |node: &&Node| node.mode() != adopted.mode() && is_ours(node);
    match roster.remote().find(at_odds) {
        None => Ok(()),
        Some(other) => Err(ErrorReport::new(
            ErrorKind::NodeExists,
            format!("that machine is there already, as {} ({})", other.name(), other.mode()),
        )
        .hint("one machine cannot be both managed and monitored: change its mode in the configuration")),
    }
}

/// The same once somebody has answered, by host key and address. The names that the machine has already, in words.
async fn twins(
    inner: &Inner,
    roster: &Roster,
    node: &Node,
    welcome: &Welcome,
) -> Result<String, ErrorReport> {
    let others: Vec<Node> = std::iter::once(Node::controller()).chain(roster.remote().cloned()).collect();
    let arrival = Arrival { host_key: welcome.fingerprint.clone(), way: welcome.way.clone() };
    let likenesses =
        inner.parts.host_keys.likenesses(node, Some(&arrival), &others).await.map_err(|why| {
            let message = format!("cannot tell whether that machine is there already: {why}");
            ErrorReport::new(ErrorKind::Config, message).hint("nothing was added; mend that file")
        })?;
    let (mut twins, mut untold) = (Vec::new(), Vec::new());
    for (other, likeness) in others.iter().zip(likenesses) {
        let how = match likeness {
            Likeness::Another => continue,
            Likeness::Untold if other.mode() == node.mode() => continue,
            Likeness::Untold => {
                untold.push(other);
                continue;
            }
            Likeness::Same(why) => why,
        };
        let how = match how {
            Sameness::Key(key) => format!("its host key is {key}"),
            Sameness::Address => "it is at that address and port".to_owned(),
        };
        if other.mode() == node.mode() {
            twins.push(format!("\n{} is the same machine: {how}", other.name()));
            continue;
        }
        let message = format!("that machine is there already, as {} ({}): {how}", other.name(), other.mode());
        return Err(ErrorReport::new(ErrorKind::NodeExists, message).hint(
            "one machine cannot be both managed and monitored: change its mode in the configuration; if they are two, give \
             one host keys of its own (there, as root: rm /etc/ssh/ssh_host_*; ssh-keygen -A)",
        ));
    }
    twins.extend(Untold::of(&untold).map(|untold| format!("\n{}", untold.remark())));
    Ok(twins.concat())
}

/// Takes the host key out again that was recorded for a machine that is not adopted.
async fn forget(inner: &Inner, roster: &Roster, target: &SshTarget, welcome: &Welcome) {
    if welcome.host_key == HostKeyState::Known {
        return;
    }
    let (keys, target) = (Arc::clone(&inner.parts.host_keys), target.clone());
    let nodes = roster.remote().filter_map(Node::ssh);
    let kept: Vec<SshTarget> =
        nodes.flat_map(|ssh| std::iter::once(ssh).chain(ssh.jump.hosts()).cloned()).collect();
    // If it stays, it is one line more of a machine that answered.
    let _ = tokio::task::spawn_blocking(move || keys.forget(&target, &kept)).await;
}

fn refuse_taken_name(roster: &Roster, inner: &Inner, request: &AdoptRequest) -> Result<(), ErrorReport> {
    let Some(entry) = roster.config.node(&request.name) else { return Ok(()) };
    let files = inner.parts.config.files();
    let at = entry.node.ssh().map(|ssh| address(&ssh.user, &ssh.host, ssh.port)).unwrap_or_default();
    let report = |file: &std::path::Path| {
        ErrorReport::new(
            ErrorKind::NodeExists,
            format!("there is a node {} already ({at}), in {}", request.name, file.display()),
        )
    };
    Err(match entry.layer {
        Layer::User => {
            report(&files.user).hint(format!("choose another name, or `nixi remove {}` first", request.name))
        }
        Layer::System => {
            report(&files.system).hint(format!("that file is written by NixOS: change {NODES_OPTION} there"))
        }
    })
}

fn refused_login(result: CallResult, error: ExecError, at: &str) -> CallResult {
    let is_auth = matches!(error, ExecError::Unreachable { reason: Unreachable::Auth, .. });
    let status = match &error {
        ExecError::Unreachable { .. } | ExecError::Lost(_) => StepStatus::Unreachable,
        ExecError::CancelledUnsent | ExecError::Cancelled => StepStatus::NotStarted,
        ExecError::Unfit { .. } | ExecError::Deadline(_) | ExecError::Unquotable(_) => StepStatus::Failed,
    };
    let mut report = ToolError::Exec(error).report();
    if is_auth {
        let at = crate::paste::word(at);
        report = report.hint(format!(
            "put your public key there first (ssh-copy-id {at}); enrolling it with a password is not built yet"
        ));
    }
    result.failed(status, report)
}
