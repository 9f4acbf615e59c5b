//! All changes of a request are planned, shown and decided about as one.

use std::collections::BTreeSet;

use nixi_core::recording::Recording;
use nixi_core::session::{AdvanceConsent, ModelCall, Pending};
use nixi_core::{CallRequest, ErrorKind, Intent, Op, Outcome, PlanDigest, Review, Risk, StepStatus};
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, touch};
use crate::fanout::{fleet, statuses};
use crate::outward::asked;

use StepStatus::{Declined, Done, NotStarted, Refused};

/// Performs calls; each question is answered by the next of these.
pub(crate) async fn perform(
    bench: &mut Bench,
    calls: Vec<CallRequest>,
    answers: &[fn(Pending)],
) -> (Outcome, Vec<Review>) {
    let mut approver = bench.approver.take().unwrap();
    let (mut reviews, mut answers) = (Vec::new(), answers.iter());
    let cancel = CancellationToken::new();
    let mut work = std::pin::pin!(bench.asker.perform(Op::Call(calls), Intent::Perform, &(), &cancel));
    loop {
        tokio::select! {
            outcome = &mut work => {
                assert!(answers.next().is_none(), "not asked so often");
                return (outcome, reviews);
            }
            Some(pending) = approver.next() => {
                reviews.push(pending.review().clone());
                answers.next().unwrap()(pending);
            }
        }
    }
}

fn nodes(review: &Review) -> Vec<&str> {
    review.parts.iter().map(|part| part.node.as_str()).collect()
}

#[tokio::test]
async fn a_person_is_asked_once_for_all_changes_of_a_request() {
    let mut bench = fleet(3);
    let calls = vec![
        touch(&["a"]).on("web-0,watch,web-1"),
        CallRequest::new("probe.name").on("web-2"),
        touch(&["b"]).on("web-1"),
    ];
    let (outcome, reviews) = perform(&mut bench, calls, &[Pending::approve]).await;
    let [review] = &reviews[..] else { panic!("{reviews:?}") };
    assert_eq!(nodes(review), ["web-0", "web-1", "web-1"]);
    assert_eq!(review.summary(), "3 changes on 2 nodes");
    let left: Vec<_> = review.left_out.iter().map(|left| (left.node.as_str(), left.why.as_str())).collect();
    assert_eq!(left, [("watch", "watch is monitored, which means read-only: nothing was sent to it")]);
    let told = statuses(&outcome.results);
    assert_eq!(
        told,
        [("web-0", Done), ("watch", Refused), ("web-1", Done), ("web-2", Done), ("web-1", Done)]
    );
    assert_eq!(bench.changes(), ["sudo -n -- touch -- a", "sudo -n -- touch -- a", "sudo -n -- touch -- b"]);
    // All that was decided together carries the same digest, and the calls of the review are those of the results.
    let decided: BTreeSet<Option<String>> = outcome
        .results
        .iter()
        .filter(|result| result.plan.is_some())
        .map(|result| result.review.map(|digest: PlanDigest| digest.to_string()))
        .collect();
    assert_eq!(decided, BTreeSet::from([Some(review.digest.to_string())]));
    let parts: Vec<_> = review.parts.iter().map(|part| part.call).collect();
    assert_eq!(parts, [outcome.results[0].call, outcome.results[2].call, outcome.results[4].call]);
}

#[tokio::test]
async fn a_no_is_for_all_of_it() {
    let mut bench = fleet(2);
    let calls = vec![touch(&["a"]).on("web-0"), touch(&["b"]).on("web-1")];
    let (outcome, _) =
        perform(&mut bench, calls, &[|pending| pending.deny(nixi_core::Refusal::Person)]).await;
    assert_eq!(statuses(&outcome.results), [("web-0", Declined), ("web-1", Declined)]);
    assert_eq!(bench.changes(), Vec::<String>::new());
}

/// Some parts are kept: they are shown by themselves, and what runs is what was shown then.
#[tokio::test]
async fn only_some_parts_are_shown_anew_and_approved_by_themselves() {
    let mut bench = fleet(3);
    let calls = vec![touch(&["a"]).on("web-*"), touch(&["b"]).on("web-0")];
    let answers: [fn(Pending); 2] = [|pending| pending.only(vec![1, 3]), Pending::approve];
    let (outcome, reviews) = perform(&mut bench, calls, &answers).await;
    assert_eq!(reviews.iter().map(|review| review.parts.len()).collect::<Vec<_>>(), [4, 2]);
    assert_eq!(nodes(&reviews[1]), ["web-1", "web-0"]);
    assert_ne!(reviews[0].digest, reviews[1].digest);
    let told = statuses(&outcome.results);
    assert_eq!(told, [("web-0", Declined), ("web-1", Done), ("web-2", Declined), ("web-0", Done)]);
    assert_eq!(bench.changes(), ["sudo -n -- touch -- a", "sudo -n -- touch -- b"]);

    for none in [|pending: Pending| pending.only(vec![]), |pending: Pending| pending.only(vec![7])] {
        let mut bench = fleet(2);
        let (outcome, _) = perform(&mut bench, vec![touch(&["a"]).on("web-*")], &[none]).await;
        assert_eq!(statuses(&outcome.results), [("web-0", Declined), ("web-1", Declined)]);
    }
}

/// What changed between the yes and its turn is not run, and neither is what comes after it.
#[tokio::test]
async fn each_part_is_checked_once_more_when_its_turn_comes() {
    let mut bench = fleet(2);
    let calls = vec![touch(&["a"]).on("web-0"), touch(&["b"]).on("web-1"), touch(&["c"]).on("web-0")];
    let mut approver = bench.approver.take().unwrap();
    let cancel = CancellationToken::new();
    let person = async {
        let pending = approver.next().await.unwrap();
        let text = std::fs::read_to_string(bench.folder.path().join("config.toml")).unwrap();
        bench.set_config(&text.replace("name = \"web-1\"", "name = \"other\""));
        pending.approve();
    };
    let work = bench.asker.perform(Op::Call(calls), Intent::Perform, &(), &cancel);
    let (outcome, ()) = tokio::join!(work, person);
    assert_eq!(statuses(&outcome.results), [("web-0", Done), ("web-1", NotStarted), ("web-0", NotStarted)]);
    let kinds: Vec<_> =
        outcome.results.iter().map(|result| result.error.as_ref().map(|error| error.kind)).collect();
    assert_eq!(kinds, [None, Some(ErrorKind::Changed), Some(ErrorKind::NotStarted)]);
    assert_eq!(bench.changes(), ["sudo -n -- touch -- a"]);
}

/// A yes in advance is for the whole: where something cannot be done, what was to follow it is asked about. Nodes of one call
/// are no such whole, and what comes before a gap does not rely on it.
#[tokio::test]
async fn no_yes_in_advance_covers_what_follows_a_gap() {
    let yes = AdvanceConsent::UpTo(Risk::Destructive);
    let deny: fn(Pending) = |pending| pending.deny(nixi_core::Refusal::NobodyToAsk);
    for (calls, covered) in [
        (vec![touch(&["a"]).on("watch"), touch(&["b"]).on("web-0")], false),
        (vec![touch(&["a"]).on("web-1,watch"), touch(&["b"]).on("web-0")], false),
        (vec![touch(&["a"]).on("watch,web-0,web-1")], true),
        (vec![touch(&["a"]).on("web-0"), touch(&["b"]).on("watch")], true),
    ] {
        let (outcome, reviews) = perform(&mut fleet(2), calls, &[deny]).await;
        assert_eq!(yes.covers(&reviews[0]), covered, "{:?}", statuses(&outcome.results));
        assert_eq!(reviews[0].uncovered.is_some(), !covered);
        let hint = outcome.results.iter().find_map(|result| {
            result.error.as_ref().filter(|error| error.kind == ErrorKind::ApprovalRequired)?.hint.clone()
        });
        assert_eq!(hint.unwrap().contains("part of this cannot be done"), !covered);
    }
}

/// `routine = "auto"` is such a yes.
#[tokio::test]
async fn what_follows_a_gap_is_asked_about_whatever_the_configuration_says() {
    let config = format!("[approval]\nroutine = \"auto\"\n{}", crate::bench::CONFIG);
    let open = || {
        let recording = Recording::new().answering("uname -n", "web").answering("sudo -n -- touch", "");
        Bench::over(&config, recording)
    };
    let whole = vec![touch(&["a"]).on("web"), touch(&["b"]).on("watch")];
    let (outcome, reviews) = perform(&mut open(), whole, &[]).await;
    assert_eq!((statuses(&outcome.results), reviews.len()), (vec![("web", Done), ("watch", Refused)], 0));
    let torn = vec![touch(&["a"]).on("watch"), touch(&["b"]).on("web")];
    let (outcome, _) =
        perform(&mut open(), torn, &[|pending| pending.deny(nixi_core::Refusal::Person)]).await;
    assert_eq!(statuses(&outcome.results), [("watch", Refused), ("web", Declined)]);
}

/// The same is asked for twice: one of them is kept, and that one runs.
#[tokio::test]
async fn one_of_two_parts_that_are_alike_can_be_kept() {
    let mut bench = fleet(2);
    let calls = vec![touch(&["a"]).on("web-0"), touch(&["b"]).on("web-1"), touch(&["a"]).on("web-0")];
    let answers: [fn(Pending); 2] = [|pending| pending.only(vec![2]), Pending::approve];
    let (outcome, _) = perform(&mut bench, calls, &answers).await;
    assert_eq!(statuses(&outcome.results), [("web-0", Declined), ("web-1", Declined), ("web-0", Done)]);
    assert_eq!(bench.changes(), ["sudo -n -- touch -- a"]);
}

/// Leaving parts out does not make a request whole again.
#[tokio::test]
async fn what_cannot_be_done_stays_in_the_review_of_what_is_kept() {
    let mut bench = fleet(3);
    let calls = vec![touch(&["a"]).on("watch,web-0"), touch(&["b"]).on("web-1,web-2")];
    let answers: [fn(Pending); 2] = [|pending| pending.only(vec![1]), Pending::approve];
    let (outcome, reviews) = perform(&mut bench, calls, &answers).await;
    let told = |review: &Review| (review.parts.len(), review.left_out.len(), review.uncovered.is_some());
    assert_eq!(reviews.iter().map(told).collect::<Vec<_>>(), [(3, 1, true), (1, 1, true)]);
    assert!(!AdvanceConsent::UpTo(Risk::Destructive).covers(&reviews[1]));
    let told = statuses(&outcome.results);
    assert_eq!(told, [("watch", Refused), ("web-0", Declined), ("web-1", Done), ("web-2", Declined)]);
}

/// What the person said no to before is declared to nothing that follows it: that would be planned for a node as it is not.
#[tokio::test]
async fn what_was_denied_before_is_declared_to_nothing() {
    let halt = |why: &str| {
        let args = serde_json::json!({"action": "halt", "unit": "a.service", "why": why, "node": "web"});
        let serde_json::Value::Object(args) = args else { unreachable!() };
        ModelCall { tool: "probe".to_owned(), args }
    };
    let turns = vec![vec![halt("now")], vec![halt("now"), halt("later")]];
    let asked = asked("tidy up", crate::bench::CONFIG, turns, &[false, true]).await;
    let [_, second] = &asked.reviews[..] else { panic!("{:?}", asked.reviews) };
    assert_eq!(second.summary(), "halt a.service later");
    let told = statuses(&asked.outcome.results);
    assert_eq!(told, [("web", Declined), ("web", Declined), ("web", Done)]);
}
