//! Applying an approved plan.

use std::ops::RangeInclusive;

use super::apart::{Untold, stands_apart};
use super::applied::{done, not_begun};
use super::apply_cx::ApplyCx;
use super::progress::Reporter;
use super::step::Kind;
use super::{ApprovedPart, PlanDigest, Step, StepReport, StepStatus, Turn};
use crate::arrival::{Arrival, way_words};
use crate::config::ConfigEdit;
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::Invocation;
use crate::fleet::address;
use crate::node::SshTarget;
use crate::session::Event;
use crate::text;

/// Spends the approval: checks again that node, mode, host key and expectations are those that were approved, then
/// runs the steps in order up to the first that does not end as done. Every step is reported.
pub(crate) async fn apply(approved: ApprovedPart, cx: &ApplyCx<'_>) -> Result<Vec<StepReport>, ToolError> {
    check(&approved, cx).await?;
    let mut reports: Vec<StepReport> = Vec::with_capacity(approved.plan.steps.len());
    let mut stopped = false;
    let mut ends: Vec<StepStatus> = Vec::with_capacity(approved.plan.steps.len());
    for (at, step) in approved.plan.steps.iter().map(Step::kind).enumerate() {
        if let Some(of) = step.takes_back() {
            if is_to_be_rescued(&ends, &of) {
                let shown = text::clean_line(&step.line(cx.executor.login(approved.node())));
                // A rescue that fails keeps no other from running.
                reports.push(take_turn(at, step, shown, &approved, cx).await);
            }
            continue;
        }
        let shown = text::clean_line(&step.line(cx.executor.login(approved.node())));
        let own_start = step.tells_of().and_then(|start| reports.get(start));
        // What was started is looked at, whatever became of the other steps.
        let is_blocked = stopped && own_start.is_none_or(|start| start.status != StepStatus::Done);
        let report = if is_blocked {
            let error = ErrorReport::new(ErrorKind::NotStarted, "an earlier step did not succeed");
            not_begun(shown, error)
        } else if cx.cancel.is_cancelled() {
            let error = ErrorReport::new(ErrorKind::Cancelled, "cancelled before this step began");
            not_begun(shown, error)
        } else {
            take_turn(at, step, shown, &approved, cx).await
        };
        stopped |= report.status != StepStatus::Done;
        ends.push(report.status);
        reports.push(report);
    }
    tell_of_move(&approved, &ends, cx);
    Ok(reports)
}

/// Says where a node is that was moved, if what is declared of it has not followed. `ends` are those of the steps that take
/// nothing back, in their order.
fn tell_of_move(approved: &ApprovedPart, ends: &[StepStatus], cx: &ApplyCx<'_>) {
    let follows = |step: &Step| matches!(step, Step::Config(ConfigEdit::MoveNode(..)));
    let steps = approved.plan.steps.iter().filter(|step| step.kind().takes_back().is_none());
    let has_followed = steps.zip(ends).any(|(step, end)| follows(step) && *end == StepStatus::Done);
    let (Some(now), Some(declared)) = (approved.node().ssh(), approved.writable.node().ssh()) else { return };
    if has_followed || now == declared {
        return;
    }
    let at = |ssh: &SshTarget| address(&ssh.user, &ssh.host, ssh.port);
    cx.audience.hear(Event::Notice(format!(
        "{} was reached as {} after the switch, and is declared as {}: if it does not answer there, declare where it is",
        approved.node().name(),
        at(now),
        at(declared)
    )));
}

/// Writes down as done what another part has done, which ended well.
pub(crate) async fn done_elsewhere(approved: ApprovedPart, cx: &ApplyCx<'_>) -> Vec<StepReport> {
    let login = cx.executor.login(approved.node());
    let mut reports = Vec::with_capacity(approved.plan.steps.len());
    for (at, step) in approved.plan.steps.iter().map(Step::kind).enumerate() {
        let report = done(text::clean_line(&step.line(login)), None);
        let written = match cx.page.begun(at, None).await {
            Ok(()) => cx.page.ended(at, &report).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            cx.audience
                .hear(Event::Notice(format!("that `{}` is done is not written down: {error}", report.step)));
        }
        reports.push(report);
    }
    reports
}

/// Whether the first of these steps is done, another one failed, and the outcome of each step is known.
fn is_to_be_rescued(ends: &[StepStatus], steps: &RangeInclusive<usize>) -> bool {
    let is_done = ends.get(*steps.start()) == Some(&StepStatus::Done);
    let guarded = ends.iter().take(steps.end() + 1).skip(*steps.start());
    is_done
        && guarded.into_iter().any(|end| *end == StepStatus::Failed)
        && !ends.contains(&StepStatus::Unknown)
}

/// Runs one step, between two lines of the journal.
async fn take_turn(
    at: usize,
    step: &dyn Kind,
    shown: String,
    approved: &ApprovedPart,
    cx: &ApplyCx<'_>,
) -> StepReport {
    let reporter = Reporter::new(cx.audience, cx.page.call, at);
    let turn = Turn::new(shown, approved.digest, &reporter);
    let record = step.leaves_record().then(|| turn.id.to_string());
    if let Err(error) = cx.page.begun(at, record).await {
        return not_begun(turn.shown, error);
    }
    let mut report = step.run(turn, approved, cx).await;
    if report.status != StepStatus::Done {
        report.progress = reporter.last();
    }
    let tells_of_it = |step: &&Step| step.kind().tells_of() == Some(at);
    let report = match approved.plan.steps.iter().find(tells_of_it) {
        Some(teller) if report.status == StepStatus::Failed => {
            teller.kind().explain(report, approved, cx).await
        }
        Some(_) | None => report,
    };
    if let Err(error) = cx.page.ended(at, &report).await {
        cx.audience.hear(Event::Notice(format!("how `{}` ended is not written down: {error}", report.step)));
    }
    report
}

async fn check(approved: &ApprovedPart, cx: &ApplyCx<'_>) -> Result<(), ToolError> {
    let changed = |what: String| {
        let report =
            ErrorReport::new(ErrorKind::Changed, what).hint("nothing was run; ask again to get a new plan");
        ToolError::Reported(report)
    };
    let node = approved.writable.node();
    if cx.current.as_ref() != Some(node) {
        return Err(changed(format!("the configuration of {} changed since the plan was made", node.name())));
    }
    if cx.current.as_ref().is_none_or(|current| current.writable().is_err()) {
        return Err(changed(format!("{} is no longer managed", node.name())));
    }
    let needs_node = approved.plan.steps.iter().any(Step::is_on_node);
    let arrival = if needs_node { cx.executor.reach(node, cx.cancel).await? } else { None };
    if needs_node {
        let untold = stands_apart(&*cx.host_keys, node, arrival.as_ref(), &cx.nodes).await;
        let was_told = |untold: &Untold| untold.nodes.iter().all(|name| approved.plan.untold.contains(name));
        match untold.map_err(ToolError::Reported)? {
            Some(untold) if !was_told(&untold) => {
                return Err(changed(format!("{}: {}", node.name(), untold.remark())));
            }
            Some(_) | None => {}
        }
    }
    let (host_key, route) = match arrival {
        Some(Arrival { host_key, way }) => (Some(host_key), way),
        None => (None, Vec::new()),
    };
    if host_key != approved.host_key {
        return Err(changed(format!("another machine answers as {} now", node.name())));
    }
    if route != approved.route {
        let way = way_words(&route).unwrap_or_default();
        return Err(changed(format!("{} is reached by another way now: {way}", node.name())));
    }
    let digest = PlanDigest::of(&approved.plan, approved.action, node, host_key.as_ref(), &route);
    if digest != approved.digest {
        return Err(changed(format!("the plan for {} is another one now", node.name())));
    }
    for expectation in &approved.plan.expects {
        let read = Invocation::read(node, expectation.read(), cx.settings.command_timeout, cx.cancel.clone())
            .pinned(host_key.as_ref());
        let output = cx.executor.exec(read).await?;
        if !output.exit.is_success() || output.truncated || !expectation.holds(&output.stdout) {
            return Err(changed(format!("no longer so on {}: {}", node.name(), expectation.says())));
        }
    }
    Ok(())
}
