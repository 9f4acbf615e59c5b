//! A change is planned for what the changes before it, in the same request, will have made.

use nixi_core::{CallRequest, Intent, Op, Outcome, StepStatus};
use tokio_util::sync::CancellationToken;

use crate::support::{Lab, node, record};

async fn planned(calls: [CallRequest; 2]) -> Outcome {
    let lab = Lab::new(node());
    let calls = calls.map(|call| call.on("db-server")).to_vec();
    lab.asker.perform(Op::Call(calls), Intent::PlanOnly, &(), &CancellationToken::new()).await
}

fn containers(action: &str, name: &str) -> CallRequest {
    CallRequest::new(format!("container.{action}")).with("names", vec![name])
}

fn services(action: &str, name: &str) -> CallRequest {
    CallRequest::new(format!("service.{action}")).with("names", vec![name])
}

/// How many steps the second of them has, and what it says.
async fn second(calls: [CallRequest; 2]) -> (usize, String) {
    let outcome = planned(calls).await;
    let result = &outcome.results[1];
    assert_eq!(result.error, None, "{outcome:?}");
    let steps = result.plan.as_ref().map_or(0, |plan| plan.steps.len());
    let warnings = result.plan.iter().flat_map(|plan| plan.warnings.clone());
    (steps, std::iter::once(result.text.clone().unwrap()).chain(warnings).collect::<Vec<_>>().join("; "))
}

#[tokio::test]
async fn a_container_is_as_the_change_before_leaves_it() {
    // `web` runs, `cache` does not.
    let (steps, said) = second([containers("stop", "web"), containers("remove", "web")]).await;
    assert!(steps == 1 && !said.contains("is running and will be killed"), "{said}");
    let (steps, said) = second([containers("stop", "web"), containers("stop", "web")]).await;
    assert!(steps == 0 && said.contains("web is not running"), "{said}");
    let (steps, said) = second([containers("start", "cache"), containers("stop", "cache")]).await;
    assert!(steps == 1 && said.contains("stop 1 container"), "{said}");
    let gone = planned([containers("remove", "web"), containers("start", "web")]).await;
    let error = gone.results[1].error.as_ref().unwrap();
    assert_eq!(error.kind, nixi_core::ErrorKind::NotFound, "{gone:?}");
}

#[tokio::test]
async fn a_container_is_paused_as_the_change_before_leaves_it() {
    for (first, then, expected) in [
        ("pause", "pause", (0, "web is already paused")),
        ("stop", "pause", (0, "web is not running")),
        ("pause", "unpause", (1, "unpause 1 container")),
        ("pause", "stop", (2, "web is paused: it runs for a moment before it ends")),
        ("restart", "unpause", (0, "web is not paused")),
    ] {
        let (steps, said) = second([containers(first, "web"), containers(then, "web")]).await;
        assert!(steps == expected.0 && said.contains(expected.1), "{first}, {then}: {said}");
    }
    let planned = planned([containers("pause", "web"), containers("start", "web")]).await;
    let error = planned.results[1].error.as_ref().unwrap();
    assert_eq!(error.message, "cannot start web on db-server: it is paused", "{planned:?}");
}

#[tokio::test]
async fn a_unit_is_as_the_change_before_leaves_it() {
    let (steps, said) = second([services("stop", "nginx"), services("stop", "nginx")]).await;
    assert!(steps == 0 && said.contains("nginx.service is not active"), "{said}");
    let (steps, said) = second([services("stop", "nginx"), services("start", "nginx")]).await;
    assert!(steps == 2 && said.contains("start 1 unit"), "{said}");
}

/// A call that had nothing to do after one that is left out now is not told as done.
#[tokio::test]
async fn what_relied_on_a_part_that_is_left_out_is_left_out_too() {
    let mut lab = Lab::new(node());
    let on_db = |call: CallRequest| call.on("db-server");
    let calls = [containers("stop", "web"), containers("stop", "web"), containers("start", "cache")];
    let op = Op::Call(calls.map(on_db).to_vec());
    let cancel = CancellationToken::new();
    let person = async {
        let pending = lab.approver.next().await.unwrap();
        assert_eq!(pending.review().parts.len(), 2, "{:?}", pending.review());
        pending.only(vec![1]);
        let pending = lab.approver.next().await.unwrap();
        assert_eq!(pending.review().parts.len(), 1, "{:?}", pending.review());
        pending.approve();
    };
    let (outcome, ()) = tokio::join!(lab.asker.perform(op, Intent::Perform, &(), &cancel), person);
    use StepStatus::{Declined, Done};
    let statuses: Vec<_> = outcome.results.iter().map(|result| result.status).collect();
    assert_eq!(statuses, [Declined, Declined, Done], "{outcome:?}");
    assert!(!lab.nodes.changes().iter().any(|change| change.contains("podman stop")));
}

/// Two stops of one container, of which the second has nothing to do if the first is done.
async fn stopped_twice(
    lab: &mut Lab,
    answer: fn(nixi_core::session::Pending),
) -> Vec<(StepStatus, Option<String>)> {
    let calls = [containers("stop", "web"), containers("stop", "web")].map(|call| call.on("db-server"));
    let (op, cancel) = (Op::Call(calls.to_vec()), CancellationToken::new());
    let person = async { answer(lab.approver.next().await.unwrap()) };
    let (outcome, ()) = tokio::join!(lab.asker.perform(op, Intent::Perform, &(), &cancel), person);
    outcome.results.into_iter().map(|result| (result.status, result.text)).collect()
}

/// What would be so if the change before it were done is not told where that is not done.
#[tokio::test]
async fn nothing_to_do_is_true_only_if_what_it_relies_on_is_done() {
    use nixi_core::session::Pending;
    let done = stopped_twice(&mut Lab::new(node()), Pending::approve).await;
    assert_eq!((done[0].0, done[1].0), (StepStatus::Done, StepStatus::Done), "{done:?}");
    assert!(done[1].1.as_ref().unwrap().contains("web is not running"));

    let deny: fn(Pending) = |pending| pending.deny(nixi_core::Refusal::Person);
    let denied = stopped_twice(&mut Lab::new(node()), deny).await;
    assert_eq!(denied, [(StepStatus::Declined, None), (StepStatus::Declined, None)]);

    let fails = node().answering("head -v -n 5 -- /run/nixi/", &record(["exit-code", "exited", "1"]));
    let failed = stopped_twice(&mut Lab::new(fails), Pending::approve).await;
    assert_eq!(
        (failed[0].0, &failed[1]),
        (StepStatus::Failed, &(StepStatus::NotStarted, None)),
        "{failed:?}"
    );
}
