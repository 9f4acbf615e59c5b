//! Applying an approved plan.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::apart::{Untold, stands_apart};
use super::applied::{done, failed, unended};
use super::bench::Bench;
use super::{ApprovedPart, PlanDigest, Settle, Step, StepReport, StepStatus, lasting, put, settle};
use crate::arrival::{Arrival, way_words};
use crate::command::{Command, Elevation, Excerpt, Write};
use crate::config::{ConfigEdit, ConfigStore, ConfigWriteError};
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::{ExecError, Forgotten, Invocation};
use crate::node::SshTarget;
use crate::text;

/// How long one step of a change may run: stopping a container alone may take its grace period of 10 s and more.
const STEP_DEADLINE: Duration = Duration::from_secs(600);

/// How long an interrupted command has to tell how it ended; a person who interrupts waits for no more than a second.
const LAST_WORD: Duration = Duration::from_millis(500);

/// Spends the approval: checks again that node, mode, host key and expectations are those that were approved, then
/// runs the steps in order up to the first that does not end as done. Every step is reported.
pub(crate) async fn apply(approved: ApprovedPart, bench: &Bench<'_>) -> Result<Vec<StepReport>, ToolError> {
    check(&approved, bench).await?;
    let mut reports: Vec<StepReport> = Vec::with_capacity(approved.plan.steps.len());
    let mut stopped = false;
    for (at, step) in approved.plan.steps.iter().enumerate() {
        let shown = text::clean_line(&step.for_login(bench.executor.login(approved.writable.node())));
        let own_start = match step {
            Step::Settle(what) => reports.get(what.started_by()),
            Step::Run(_) | Step::Lasting(_) | Step::PutFile(_) | Step::Config(_) | Step::ForgetHostKey(_) => {
                None
            }
        };
        // What was started is looked at, whatever became of the other steps.
        let is_blocked = stopped && own_start.is_none_or(|start| start.status != StepStatus::Done);
        let report = if is_blocked {
            let error = ErrorReport::new(ErrorKind::NotStarted, "an earlier step did not end as done");
            StepReport { step: shown, status: StepStatus::NotStarted, output: None, error: Some(error) }
        } else if bench.cancel.is_cancelled() {
            let error = ErrorReport::new(ErrorKind::Cancelled, "cancelled before this step began");
            StepReport { step: shown, status: StepStatus::NotStarted, output: None, error: Some(error) }
        } else {
            let report = run(step, shown, &approved, bench).await;
            match waits_for(&approved, at) {
                Some(what) if report.status == StepStatus::Failed => {
                    settle::with_last_words(what, report, &approved, bench).await
                }
                Some(_) | None => report,
            }
        };
        stopped |= report.status != StepStatus::Done;
        reports.push(report);
    }
    Ok(reports)
}

/// The step that waits for what this one starts.
fn waits_for(approved: &ApprovedPart, at: usize) -> Option<&Settle> {
    approved.plan.steps.iter().find_map(|step| match step {
        Step::Settle(what) => Some(what).filter(|what| what.started_by() == at),
        Step::Run(_) | Step::Lasting(_) | Step::PutFile(_) | Step::Config(_) | Step::ForgetHostKey(_) => None,
    })
}

async fn check(approved: &ApprovedPart, bench: &Bench<'_>) -> Result<(), ToolError> {
    let changed = |what: String| {
        let report =
            ErrorReport::new(ErrorKind::Changed, what).hint("nothing was run; ask again to get a new plan");
        ToolError::Reported(report)
    };
    let node = approved.writable.node();
    if bench.current.as_ref() != Some(node) {
        return Err(changed(format!("the configuration of {} changed since the plan was made", node.name())));
    }
    if bench.current.as_ref().is_none_or(|current| current.writable().is_err()) {
        return Err(changed(format!("{} is no longer managed", node.name())));
    }
    let needs_node = approved.plan.steps.iter().any(Step::is_on_node);
    let arrival = if needs_node { bench.executor.reach(node, bench.cancel).await? } else { None };
    if needs_node {
        let untold = stands_apart(&*bench.host_keys, node, arrival.as_ref(), &bench.nodes).await;
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
        let read =
            Invocation::read(node, expectation.read(), bench.settings.command_timeout, bench.cancel.clone())
                .pinned(host_key.as_ref());
        let output = bench.executor.exec(read).await?;
        if !output.exit.is_success() || output.truncated || !expectation.holds(&output.stdout) {
            return Err(changed(format!("no longer so on {}: {}", node.name(), expectation.says())));
        }
    }
    Ok(())
}

async fn run(step: &Step, shown: String, approved: &ApprovedPart, bench: &Bench<'_>) -> StepReport {
    match step {
        Step::Run(command) => run_command(command, shown, approved, bench).await,
        Step::Lasting(change) => lasting::run(change, shown, approved, bench).await,
        Step::Settle(what) => settle::run(what, shown, approved, bench).await,
        Step::PutFile(file) => put::run(file, shown, approved, bench).await,
        Step::Config(edit) => match write_config(bench.config, edit.clone()).await {
            Ok(()) => done(shown, None),
            Err(error) => failed(shown, error),
        },
        Step::ForgetHostKey(target) => match forget(bench, target.clone()).await {
            Ok(forgotten) => {
                let lines = match forgotten.lines {
                    0 => "no line".to_owned(),
                    1 => "1 line".to_owned(),
                    n => format!("{n} lines"),
                };
                done(shown, Some(format!("{lines} of {}", forgotten.file.display())))
            }
            Err(error) => failed(shown, ErrorReport::new(ErrorKind::WriteFailed, error)),
        },
    }
}

async fn run_command(
    command: &Command<Write>,
    shown: String,
    approved: &ApprovedPart,
    bench: &Bench<'_>,
) -> StepReport {
    let node = approved.writable.node();
    let (program, elevated) = (command.program(), command.elevation() == Elevation::Root);
    let words = command.for_login(bench.executor.login(node));
    let invocation = Invocation::change(node, command, STEP_DEADLINE, bench.cancel.clone())
        .pinned(approved.host_key.as_ref());
    // An executor that is told to give up may still find out what became of the command, but not for long.
    let output = tokio::select! {
        biased;
        output = bench.executor.exec(invocation) => output,
        () = given_up(bench.cancel) => Err(ExecError::Cancelled),
    };
    match output {
        Ok(output) if output.exit.is_success() => {
            let said = text::clean(&Excerpt::of(&String::from_utf8_lossy(&output.stdout)).to_string());
            done(shown, (!said.is_empty()).then_some(said))
        }
        Ok(output) => failed(shown, ToolError::of_output(&words, program, elevated, &output).report()),
        Err(error) => unended(shown, error, node),
    }
}

async fn given_up(cancel: &CancellationToken) {
    cancel.cancelled().await;
    tokio::time::sleep(LAST_WORD).await;
}

/// Off the runtime's threads, as [`write_config`].
async fn forget(bench: &Bench<'_>, target: SshTarget) -> Result<Forgotten, String> {
    let (keys, others) = (Arc::clone(&bench.host_keys), bench.others.clone());
    let done = tokio::task::spawn_blocking(move || keys.forget(&target, &others)).await;
    done.unwrap_or_else(|_| Err("writing known_hosts broke off".to_owned()))
}

/// Edits the configuration, off the runtime's threads: another Nixi may hold the lock for a while.
pub(crate) async fn write_config(store: &ConfigStore, edit: ConfigEdit) -> Result<(), ErrorReport> {
    let store = store.clone();
    match tokio::task::spawn_blocking(move || store.apply(&edit)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            let kind = match error {
                ConfigWriteError::Duplicate { .. } => ErrorKind::NodeExists,
                ConfigWriteError::NotFound { .. } => ErrorKind::UnknownNode,
                ConfigWriteError::Changed { .. } => ErrorKind::Changed,
                ConfigWriteError::Locked { .. } | ConfigWriteError::Write { .. } => ErrorKind::WriteFailed,
                ConfigWriteError::Broken(_)
                | ConfigWriteError::DeclaredBySystem { .. }
                | ConfigWriteError::Edit { .. }
                | ConfigWriteError::WrittenByNix { .. } => ErrorKind::Config,
            };
            Err(ErrorReport::new(kind, error.to_string()).maybe_hint(error.hint()))
        }
        Err(_) => Err(ErrorReport::new(ErrorKind::Internal, "writing the configuration broke off")
            .hint("`nixi config check` tells whether it is whole")),
    }
}
