//! Changes that outlast a connection, against a scripted node: what is sent, how often, and what is told of the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail there and then")]

mod node;

use std::time::Duration;

use nixi_core::{CallResult, ErrorKind, ExecError, Exit, Output, Risk, StepStatus, Unreachable};
use node::{Answer, Node, PATIENCE, SILENCE, Session};
use tokio::time::Instant;

fn said(stdout: &str) -> Answer {
    Ok(Output { exit: Exit::Code(0), stdout: stdout.into(), stderr: Vec::new(), truncated: false })
}

fn error(code: i32, stderr: &str) -> Answer {
    Ok(Output { exit: Exit::Code(code), stdout: Vec::new(), stderr: stderr.into(), truncated: false })
}

fn runs() -> Answer {
    said("Job=\nActiveState=active\n")
}

fn over() -> Answer {
    said("ActiveState=inactive\n")
}

/// The record of a change that began and ended like this in this boot.
fn record(result: &str, how: &str, status: &str) -> Answer {
    let page = format!("begun\n{}", end(result, how, status));
    said(&format!("==> /run/nixi/x <==\n{page}\n==> /var/lib/nixi/x <==\n{page}"))
}

fn end(result: &str, how: &str, status: &str) -> String {
    let set = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!("{name}={value}\n"),
    };
    format!("{}{}{}ended\n", set("EXIT_CODE", how), set("EXIT_STATUS", status), set("SERVICE_RESULT", result))
}

fn good() -> Answer {
    record("success", "exited", "0")
}

fn nothing() -> Answer {
    error(1, "head: cannot open '/run/nixi/x' for reading: No such file or directory")
}

fn lost() -> Answer {
    Err(ExecError::Lost("the node closed the connection".to_owned()))
}

fn unreachable(reason: Unreachable) -> Answer {
    Err(ExecError::Unreachable { reason, detail: "no answer".to_owned(), hint: None })
}

fn told(result: &CallResult) -> (StepStatus, ErrorKind, &str) {
    let error = result.steps[0].error.as_ref().unwrap();
    (result.status, error.kind, &error.message)
}

#[tokio::test(start_paused = true)]
async fn a_change_is_done_when_the_node_says_so() {
    let begins = said("Job=7\nActiveState=inactive\n");
    let node = Node::new()
        .states([begins, runs(), said("ActiveState=deactivating\n"), over()])
        .records([good()])
        .output("one\x1b[2J\ntwo\n");
    let mut session = Session::open(node);
    let result = session.approved().await;
    assert_eq!(result.status, StepStatus::Done, "{result:?}");
    assert_eq!(result.steps[0].output.as_deref(), Some("one\u{fffd}[2J\ntwo"));
    // A person sees where and what; the node gets that with all that is the same for every change.
    let shown = "sudo -n -- systemd-run … -- rebuild 'all of it' now";
    assert!(result.plan.unwrap().lines().eq([shown]));
    assert_eq!(result.steps[0].step, shown);
    let [sent] = &session.sent()[..] else { panic!("{:?}", session.sent()) };
    assert!(
        sent.starts_with("sudo -n -- systemd-run --no-block ")
            && sent.ends_with(" -- rebuild 'all of it' now")
    );
}

#[tokio::test(start_paused = true)]
async fn a_change_that_failed_is_told_with_its_words() {
    for ([result, how, status], message) in [
        (["exit-code", "exited", "3"], "`rebuild 'all of it' now` failed (exit code 3): why"),
        (["signal", "killed", "KILL"], "`rebuild 'all of it' now` failed (killed by SIGKILL): why"),
        // Which systemd calls a success.
        (["success", "killed", "TERM"], "`rebuild 'all of it' now` failed (killed by SIGTERM): why"),
        (["exit-code", "", ""], "`rebuild 'all of it' now` was not run: its unit could not begin: why"),
        (
            ["oom-kill", "exited", "0"],
            "`rebuild 'all of it' now` failed: systemd ended its unit (oom-kill): why",
        ),
    ] {
        let node = Node::new().states([over()]).records([record(result, how, status)]).output("why\n");
        let mut session = Session::open(node);
        let result = session.approved().await;
        assert_eq!(told(&result), (StepStatus::Failed, ErrorKind::CommandFailed, message));
        assert_eq!(session.sent().len(), 1);
    }
}

/// The start is sent once; what is asked afterwards is asked until the node answers.
#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_not_the_end() {
    let timeout = || unreachable(Unreachable::Timeout);
    for start in [said(""), lost(), Err(ExecError::Deadline(Duration::from_secs(60)))] {
        let node = Node::new()
            .starts(start)
            .states([runs(), lost(), timeout(), error(1, "Failed to connect to bus"), runs(), over()])
            .records([lost(), good()]);
        let mut session = Session::open(node);
        let result = session.approved().await;
        assert_eq!(result.status, StepStatus::Done, "{result:?}");
        assert_eq!(session.sent().len(), 1);
    }
}

/// A start may get through after the first look, or between the two questions of one.
#[tokio::test(start_paused = true)]
async fn a_start_that_comes_late_is_waited_for() {
    let begun = || said("==> /run/nixi/x <==\nbegun\n");
    for records in [vec![nothing(), nothing(), good()], vec![nothing(), begun(), good()]] {
        let node = Node::new().starts(lost()).states([over()]).records(records);
        let result = Session::open(node).approved().await;
        assert_eq!(result.status, StepStatus::Done, "{result:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_record_nothing_is_called_done() {
    let here = "==> /run/nixi/x <==\nbegun\n";
    let kept = "==> /var/lib/nixi/x <==\nbegun\n";
    for (start, found, words) in [
        (lost(), nothing(), "the connection was lost while"),
        (said(""), nothing(), "has no record of it"),
        (said(""), said(here), "no record of how it ended"),
        (said(""), said(&format!("{here}EXIT_CODE=exited\nEXIT_STATUS=0\n")), "no record of how it ended"),
        (said(""), said(kept), "web was restarted while"),
        (lost(), said(kept), "web was restarted while"),
    ] {
        let mut session = Session::open(Node::new().starts(start).states([over()]).records([found]));
        let result = session.approved().await;
        let (status, kind, message) = told(&result);
        assert_eq!((status, kind), (StepStatus::Unknown, ErrorKind::Lost), "{message}");
        assert!(message.contains(words), "{message}");
        assert_eq!(session.sent().len(), 1);
    }
    // What reached the disk before a restart counts.
    let ended = said(&format!("{kept}{}", end("success", "killed", "TERM")));
    let result = Session::open(Node::new().states([over()]).records([ended])).approved().await;
    assert_eq!(told(&result).0, StepStatus::Failed);
    assert_eq!(result.error.unwrap().hint.unwrap(), "web was restarted meanwhile");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_stays_away_is_not_waited_for_for_ever() {
    let node = Node::new().states([runs(), unreachable(Unreachable::Timeout)]);
    let begun = Instant::now();
    let result = Session::open(node).approved().await;
    let (status, kind, message) = told(&result);
    assert_eq!((status, kind), (StepStatus::Unknown, ErrorKind::Lost));
    assert!(message.ends_with("no answer"), "{message}");
    assert_eq!(result.steps[0].progress.as_ref().unwrap().phase, "waiting until web answers again");
    assert!(begun.elapsed() >= SILENCE && begun.elapsed() < SILENCE + Duration::from_secs(5));
    // Another machine knows nothing of it.
    let begun = Instant::now();
    let node = Node::new().states([runs(), unreachable(Unreachable::HostKeyChanged)]);
    let result = Session::open(node).approved().await;
    assert_eq!(told(&result).0, StepStatus::Unknown);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_change_that_takes_too_long_runs_on() {
    let begun = Instant::now();
    let mut session = Session::open(Node::new().states([runs()]));
    let result = session.approved().await;
    let (status, kind, message) = told(&result);
    assert_eq!((status, kind), (StepStatus::Unknown, ErrorKind::Deadline));
    assert!(message.contains("runs on as nixi-"), "{message}");
    let progress = result.steps[0].progress.as_ref().unwrap();
    let phase = &progress.phase;
    assert!(phase.starts_with("waiting until nixi-") && phase.ends_with(".service has ended"), "{phase}");
    assert!(begun.elapsed() >= PATIENCE && begun.elapsed() < PATIENCE + Duration::from_secs(5));
    assert_eq!(session.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_never_started_failed() {
    for (start, kind) in [
        (error(1, "sudo: a password is required"), ErrorKind::SudoPassword),
        (error(1, "sudo: systemd-run: command not found"), ErrorKind::ProgramMissing),
        (error(1, "Failed to find executable rebuild: No such file or directory"), ErrorKind::ProgramMissing),
        (error(1, "Failed to connect to bus: No such file or directory"), ErrorKind::CommandFailed),
    ] {
        let mut session = Session::open(Node::new().starts(start).states([over()]).records([nothing()]));
        let result = session.approved().await;
        assert_eq!((told(&result).0, told(&result).1), (StepStatus::Failed, kind), "{result:?}");
        assert_eq!(session.sent().len(), 1);
    }
    let node = Node::new().starts(unreachable(Unreachable::Refused));
    assert_eq!(told(&Session::open(node).approved().await).0, StepStatus::Unreachable);
}

/// An answer that does not exclude that it began is not taken for a no.
#[tokio::test(start_paused = true)]
async fn what_may_have_started_is_looked_for() {
    for start in [
        error(1, "Failed to start transient service unit: Connection timed out"),
        error(137, ""),
        Ok(Output { exit: Exit::Signal("TERM".into()), stdout: vec![], stderr: vec![], truncated: false }),
    ] {
        let node = Node::new().starts(start.clone()).states([over()]).records([nothing()]);
        assert_eq!(told(&Session::open(node).approved().await).0, StepStatus::Unknown, "{start:?}");
        let node = Node::new().starts(start).states([runs(), over()]);
        let result = Session::open(node.records([good()])).approved().await;
        assert_eq!(result.status, StepStatus::Done);
    }
}

#[tokio::test(start_paused = true)]
async fn an_interruption_stops_it_and_tells_what_became_of_it() {
    let stopped = "`rebuild 'all of it' now` was stopped (killed by SIGTERM)";
    for (stop, then, record, status, words) in [
        (said(""), over(), record("success", "killed", "TERM"), StepStatus::Failed, stopped),
        (said(""), over(), good(), StepStatus::Unknown, "may not have done all"),
        (said(""), runs(), nothing(), StepStatus::Unknown, "was told to stop"),
        (lost(), lost(), nothing(), StepStatus::Unknown, "may run on"),
        (error(1, "sudo: a password is required"), runs(), nothing(), StepStatus::Unknown, "may run on"),
    ] {
        let node = Node::new().states([runs()]).records([record]).stops(stop, then);
        let mut session = Session::open(node);
        let begun = Instant::now();
        let result = session.interrupted_after(Duration::from_secs(3)).await;
        let (ended, kind, message) = told(&result);
        assert_eq!((ended, kind), (status, ErrorKind::Cancelled), "{message}");
        assert!(message.contains(words), "{message}");
        assert!(begun.elapsed() < Duration::from_secs(4));
        let [_, stop] = &session.sent()[..] else { panic!("{:?}", session.sent()) };
        assert!(stop.starts_with("sudo -n -- systemctl stop --no-block -- nixi-"), "{stop}");
    }
    // It had ended when it was to be stopped, or could not be.
    for not_stopped in [
        error(5, "Failed to stop nixi-x.service: Unit nixi-x.service not loaded."),
        error(1, "sudo: a password is required"),
    ] {
        let node = Node::new().states([runs()]).records([good()]).stops(not_stopped, over());
        let result = Session::open(node).interrupted_after(Duration::from_secs(3)).await;
        assert_eq!(result.status, StepStatus::Done);
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_without_units_for_us_runs_it_directly_and_a_person_is_told_before() {
    for (node, what, why) in [
        (Node::new(), "$all", "systemd may misread"),
        (Node::new(), "one;two", "systemd may misread"),
        (Node::new().without_systemd(), "it all", "web is not run by systemd"),
        (Node::new().without_sudo(), "it all", "sudo on web does not let the login user run systemd-run"),
    ] {
        let mut session = Session::open(node.directly(said("ok\n"))).told(what);
        let result = session.approved().await;
        assert_eq!((result.status, result.steps[0].output.as_deref()), (StepStatus::Done, Some("ok")));
        let plan = result.plan.unwrap();
        assert!(plan.lines().eq([format!("sudo -n -- rebuild '{what}' now")]));
        let [warning] = &plan.warnings[..] else { panic!("{:?}", plan.warnings) };
        assert!(warning.starts_with(why) && warning.contains("may break off"), "{warning}");
        assert_eq!(session.sent(), plan.lines().collect::<Vec<_>>());
    }
}

/// What is approved is that it runs as a unit; its number is given to it when it runs, so that no two share one.
#[tokio::test(start_paused = true)]
async fn a_plan_made_again_is_the_same_and_its_unit_is_not() {
    let node = || Node::new().states([over()]).records([good()]);
    let (mut one, mut two) = (Session::open(node()), Session::open(node()));
    let (first, second) = (one.approved().await.plan.unwrap(), two.approved().await.plan.unwrap());
    assert_eq!((first.digest, first.risk), (second.digest, Risk::Routine));
    assert_ne!(one.sent(), two.sent());
    let directly = Session::open(Node::new().without_systemd().directly(said(""))).approved().await;
    assert_ne!(directly.plan.unwrap().digest, first.digest);
}
