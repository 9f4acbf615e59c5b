//! One request on many nodes: side by side, in order, and to the end whatever single nodes do.

use std::sync::{Arc, Mutex};

use nixi_core::recording::Recording;
use nixi_core::session::{Audience, CallAhead, Reached};
use nixi_core::{
    CallId, CallRequest, CallResult, ErrorKind, Event, ExecError, Exit, Intent, Op, Output, StepStatus,
};
use serde_json::Value;
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;

use super::bench::{Bench, touch};

/// This many managed nodes, `web-0` first, and a monitored one behind them.
pub(crate) fn fleet(count: usize) -> Bench {
    let mut config = String::new();
    for at in 0..count {
        config
            .push_str(&format!("[[nodes]]\nname = \"web-{at}\"\nhost = \"192.0.2.1\"\nport = {}\n", at + 1));
    }
    config.push_str("[[nodes]]\nname = \"watch\"\nhost = \"192.0.2.2\"\nmode = \"monitored\"\n");
    Bench::over(&config, Recording::new().answering("uname -n", "web").answering("sudo -n -- touch", ""))
}

pub(crate) fn statuses(results: &[nixi_core::CallResult]) -> Vec<(&str, StepStatus)> {
    results.iter().map(|result| (result.node.as_str(), result.status)).collect()
}

/// Writes down what it hears.
#[derive(Default)]
struct Heard(Mutex<Vec<Event>>);

impl Audience for Heard {
    fn hear(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// No read waits for another one, however many there are: a thousand nodes that answer only once all were asked.
#[tokio::test]
async fn all_reads_are_under_way_at_once() {
    let bench = fleet(1000);
    *bench.remote.together.lock().unwrap() = Some(Arc::new(Barrier::new(1000)));
    let outcome = bench.call(CallRequest::new("probe.name").on("web-*")).await;
    assert_eq!(outcome.exit_code(), 0);
    let nodes: Vec<&str> = outcome.results.iter().map(|result| result.node.as_str()).collect();
    let expected: Vec<String> = (0..1000).map(|at| format!("web-{at}")).collect();
    assert_eq!(nodes, expected, "in the order of the configuration");
}

#[tokio::test]
async fn plans_are_made_side_by_side() {
    let bench = fleet(50);
    *bench.remote.together.lock().unwrap() = Some(Arc::new(Barrier::new(50)));
    let op = Op::Call(vec![touch(&["a"]).on("all")]);
    let outcome = bench.asker.perform(op, Intent::PlanOnly, &(), &CancellationToken::new()).await;
    assert_eq!(
        outcome.results.iter().filter(|result| result.plan.is_some()).count(),
        51,
        "the controller too"
    );
    assert_eq!(outcome.results[51].status, StepStatus::Refused);
}

/// Every call is told of before it begins, in the order of the results, and each of them ends.
#[tokio::test]
async fn what_is_ahead_is_told_in_the_order_of_the_results() {
    let bench = fleet(3);
    let heard = Heard::default();
    let calls = vec![CallRequest::new("probe.name").on("web-2,@none,web-0"), touch(&["a"]).on("watch,web-1")];
    let op = |calls: Vec<CallRequest>| Op::Call(calls);
    let cancel = CancellationToken::new();
    let outcome = bench.asker.perform(op(calls.clone()), Intent::PlanOnly, &heard, &cancel).await;
    assert_eq!(outcome.error.unwrap().kind, ErrorKind::UnknownNode);
    assert!(heard.0.lock().unwrap().is_empty(), "nothing is to be done");

    let calls =
        vec![CallRequest { nodes: vec!["web-2,web-0".to_owned()], ..calls[0].clone() }, calls[1].clone()];
    let outcome = bench.asker.perform(op(calls), Intent::PlanOnly, &heard, &cancel).await;
    let events = heard.0.lock().unwrap();
    let Event::CallsAhead(ahead) = &events[0] else { panic!("{:?}", events[0]) };
    let as_ahead = |result: &nixi_core::CallResult| CallAhead {
        call: result.call,
        action: result.tool.clone(),
        node: result.node.parse().unwrap(),
        args: result.args.clone(),
        presentation: result.presentation,
    };
    assert_eq!(*ahead, outcome.results.iter().map(as_ahead).collect::<Vec<_>>());
    let ended: Vec<_> = events.iter().filter(|event| matches!(event, Event::CallEnded(_))).collect();
    assert_eq!(ended.len(), 4);
}

/// Between the yes and the end something may have been sent; before it, and where nobody was asked, nothing was.
#[tokio::test]
async fn a_change_begins_once_it_is_approved() {
    let mut bench = fleet(2);
    let mut approver = bench.approver.take().unwrap();
    let (heard, cancel) = (Heard::default(), CancellationToken::new());
    let begun = || {
        let events = heard.0.lock().unwrap();
        let begins = |event: &Event| match event {
            Event::ChangeBegins(call) => Some(*call),
            Event::CallsAhead(_)
            | Event::CallStarted { .. }
            | Event::CallEnded(_)
            | Event::Node(_)
            | Event::Said(_)
            | Event::Progress { .. }
            | Event::Output { .. }
            | Event::TakenBack(_)
            | Event::Notice(_) => None,
        };
        events.iter().filter_map(begins).collect::<Vec<_>>()
    };
    let op = Op::Call(vec![touch(&["a"]).on("watch,web-0,web-1")]);
    let person = async {
        approver.next().await.unwrap().only(vec![0]);
        let pending = approver.next().await.unwrap();
        assert!(begun().is_empty(), "asked, and not answered yet");
        pending.approve();
    };
    let (outcome, ()) = tokio::join!(bench.asker.perform(op, Intent::Perform, &heard, &cancel), person);
    use StepStatus::{Declined, Done, Refused};
    assert_eq!(statuses(&outcome.results), [("watch", Refused), ("web-0", Done), ("web-1", Declined)]);
    assert_eq!(begun(), [outcome.results[1].call]);
}

/// Interrupted in the middle: what was done stays done, what was sent is unknown, and the rest was never begun. An
/// executor that does not let go is waited for, but not for long.
#[tokio::test(start_paused = true)]
async fn an_interruption_tells_what_is_known_of_every_node() {
    let mut bench = fleet(5);
    *bench.remote.stuck.lock().unwrap() = Some(("web-1", "sudo -n -- touch -- b"));
    let mut approver = bench.approver.take().unwrap();
    let (heard, cancel) = (Heard::default(), CancellationToken::new());
    let op = Op::Call(vec![touch(&["a", "b", "c"]).on("web-0,web-1,watch,web-2,web-3")]);
    let person = async {
        approver.next().await.unwrap().approve();
        while bench.changes().len() < 4 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(bench.asker.perform(op, Intent::Perform, &heard, &cancel), person);
    use StepStatus::{Done, NotStarted, Refused, Unknown};
    assert_eq!(
        statuses(&outcome.results),
        [
            ("web-0", Done),
            ("web-1", Unknown),
            ("watch", Refused),
            ("web-2", NotStarted),
            ("web-3", NotStarted)
        ]
    );
    let steps: Vec<_> = outcome.results[1].steps.iter().map(|step| step.status).collect();
    assert_eq!(steps, [Done, Unknown, NotStarted]);
    let kinds: Vec<_> = outcome.results.iter().map(|result| result.error.as_ref().map(|e| e.kind)).collect();
    use ErrorKind::{Cancelled, ReadOnly};
    assert_eq!(kinds, [None, Some(Cancelled), Some(ReadOnly), Some(Cancelled), Some(Cancelled)]);
    assert_eq!(outcome.exit_code(), 130);
}

/// After a failure nothing more is changed; what is refused anyway is refused all the same.
#[tokio::test]
async fn a_failure_stops_what_comes_after_it_and_hides_nothing() {
    let mut bench = fleet(3);
    let failed = Output { exit: Exit::Code(1), stdout: vec![], stderr: b"no".to_vec(), truncated: false };
    bench.remote.recording.end("sudo -n -- touch", Ok(failed));
    let outcome = bench.call_approved(touch(&["a"]).on("web-0,watch,web-1"), |_| {}).await;
    use StepStatus::{Failed, NotStarted, Refused};
    assert_eq!(statuses(&outcome.results), [("web-0", Failed), ("watch", Refused), ("web-1", NotStarted)]);
    assert_eq!(outcome.results[2].error.as_ref().unwrap().kind, ErrorKind::NotStarted);
    assert_eq!(bench.changes(), ["sudo -n -- touch -- a"]);
}

/// A change that never came to a plan has changed nothing: the others go on, whatever was in the way.
#[tokio::test]
async fn a_plan_that_fails_holds_up_no_other_node() {
    let unfit = || ExecError::Unfit { detail: "the login shell is fish".to_owned(), hint: "sh".to_owned() };
    let late = || ExecError::Deadline(std::time::Duration::from_secs(60));
    for error in [unfit(), late()] {
        let mut bench = fleet(3);
        *bench.remote.failing.lock().unwrap() = Some(("web-1", error));
        let outcome = bench.call_approved(touch(&["a"]).on("web-*"), |_| {}).await;
        use StepStatus::{Done, Failed};
        assert_eq!(statuses(&outcome.results), [("web-0", Done), ("web-1", Failed), ("web-2", Done)]);
        assert_eq!((outcome.exit_code(), bench.changes().len()), (1, 2));
    }
}

/// Where an operation does not end in time: only what a person said yes to can have been sent.
#[test]
fn what_was_left_behind_is_told_by_how_far_it_was() {
    use ErrorKind::{Cancelled, ReadOnly};
    use Reached::{ChangeBegun, Nothing};
    use StepStatus::{Failed, NotStarted, Refused, Unknown};
    let bench = fleet(2);
    let left = bench.asker.left_behind();
    let end = |action: &str, node: &str, reached| {
        let result = left.end(CallResult::new(CallId::new(1), action, node, Value::Null), reached);
        (result.status, result.error.unwrap().kind)
    };
    assert_eq!(end("probe.name", "watch", Nothing), (Failed, Cancelled));
    assert_eq!(end("probe.touch", "web-0", Nothing), (NotStarted, Cancelled));
    assert_eq!(end("probe.touch", "web-1", ChangeBegun), (Unknown, Cancelled));
    assert_eq!(end("probe.touch", "watch", Nothing), (Refused, ReadOnly));
}
