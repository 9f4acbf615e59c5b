//! A model of other people's making, a real sshd, and everything of Nixi between the two.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on should fail there and then"
)]

mod controller;

use nixi::core::registry::Access;
use nixi::core::session::Interpreters;
use nixi::core::{ErrorKind, Intent, Op, Outcome, Scope, StepStatus};
use nixi_lab::{Llmock, Sshd};
use serde_json::json;

struct House {
    llmock: Llmock,
    managed: Sshd,
    monitored: Sshd,
    asker: nixi::core::Asker,
    approver: Option<nixi::core::ApproverHandle>,
    _folder: tempfile::TempDir,
}

/// Nothing where a part of it is not installed, and that is said.
fn house() -> Option<House> {
    if !Llmock::is_installed() || !Sshd::is_installed() {
        eprintln!("NOT RUN: it needs sshd and llmock; `cargo xtask test` brings both");
        return None;
    }
    let llmock = Llmock::start().unwrap();
    let host = || {
        let sshd = Sshd::builder().record_commands().start().unwrap();
        sshd.stub_programs().unwrap();
        sshd.container("redis", "docker.io/library/redis:8", true).unwrap();
        sshd.unit("nginx.service", "active").unwrap();
        sshd
    };
    let (managed, monitored) = (host(), host());
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[llm]\nbase_url = {:?}\nmodel = \"mock\"\n\n{}\n{}",
        llmock.base_url(),
        managed.node("web-server", "managed"),
        monitored.node("monitoring", "monitored"),
    );
    let (asker, approver) = controller::open(&folder, &text, nixi::tools::registry().unwrap());
    Some(House { llmock, managed, monitored, asker, approver: Some(approver), _folder: folder })
}

impl House {
    fn model_says(&self, turns: &serde_json::Value) {
        self.llmock.behave(&turns.to_string()).unwrap();
    }

    async fn ask(&self, words: &str) -> Outcome {
        let op = Op::Ask { words: words.to_owned(), interpreters: Interpreters::PhrasebookThenModel };
        self.asker.perform(op, Intent::Perform, &(), &Default::default()).await
    }
}

fn call(tool: &str, arguments: &serde_json::Value) -> serde_json::Value {
    json!({"type": "reply", "tool_calls": [{"name": tool, "arguments": arguments}]})
}

#[tokio::test]
async fn a_streamed_call_runs_on_the_host_and_is_answered() {
    let Some(house) = house() else { return };
    let list = call("container", &json!({"action": "list", "node": "web-server"}));
    house.model_says(&json!([list, {"type": "reply", "text": "redis is up."}]));
    let outcome = house.ask("anything up over there, my friend?").await;
    assert_eq!(outcome.answer.as_deref(), Some("redis is up."), "{:?}", outcome.error);
    assert_eq!(outcome.results[0].status, StepStatus::Done);
    assert!(outcome.results[0].text.as_ref().unwrap().contains("redis"));
    assert_eq!(house.managed.ran(), ["podman ps --syslog=false --all --no-trunc --format json"]);
    let verdict = house.llmock.verdict().unwrap();
    assert!(!verdict.contains("FAIL"), "{verdict}");
}

#[tokio::test]
async fn a_model_cannot_touch_a_monitored_node() {
    let Some(mut house) = house() else { return };
    let mut approver = house.approver.take().unwrap();
    // It knows the host: with a session open, an exec would leave no new login behind.
    let list = call("container", &json!({"action": "list", "node": "monitoring"}));
    house.model_says(&json!([list, {"type": "reply", "text": "redis is up."}]));
    assert_eq!(house.ask("anything up over there, my friend?").await.results[0].status, StepStatus::Done);
    let changes: Vec<_> = house
        .asker
        .registry()
        .specs()
        .filter(|spec| spec.scope == Scope::Node && spec.access != Access::Read)
        .map(|spec| (spec.name, spec.example.clone()))
        .collect();
    assert!(changes.len() >= 7, "{changes:?}");

    let before = (house.monitored.execs(), house.monitored.logins(), house.monitored.ran());
    assert!(before.0 > 0 && before.1 > 0, "the read was seen");
    for (name, mut arguments) in changes {
        arguments["action"] = json!(name.action());
        arguments["node"] = json!("monitoring");
        let change = call(name.tool(), &arguments);
        house.model_says(&json!([change, {"type": "reply", "text": "It is read-only."}]));
        // A person who says yes to whatever is asked.
        let outcome = tokio::select! {
            outcome = house.ask("do as you please over there, my friend") => outcome,
            asked = approver.next() => panic!("{name}: {:?}", asked.map(|asked| asked.review().clone())),
        };
        let [result] = &outcome.results[..] else { panic!("{name}: {outcome:?}") };
        assert_eq!((result.tool.as_str(), result.status), (&*name.to_string(), StepStatus::Refused));
        assert_eq!(result.error.as_ref().unwrap().kind, ErrorKind::ReadOnly, "{name}");
        assert_eq!(outcome.exit_code(), 3, "{name}");
        let after = (house.monitored.execs(), house.monitored.logins(), house.monitored.ran());
        assert_eq!(after, before, "{name}");
    }
    assert_eq!(house.monitored.container_state("redis").as_deref(), Some("running"));
    assert_eq!(house.monitored.unit_state("nginx.service").as_deref(), Some("active"));
}

#[tokio::test]
async fn a_plan_of_a_model_waits_for_a_person() {
    let Some(mut house) = house() else { return };
    let stop = call("container", &json!({"action": "stop", "node": "web-server", "names": ["redis"]}));
    house.model_says(&json!([stop.clone(), {"type": "reply", "text": "You said no."}]));
    let mut approver = house.approver.take().unwrap();
    let words = "quieten redis over there, my friend";
    let deny = async {
        let pending = approver.next().await.unwrap();
        assert_eq!(pending.review().origin, nixi::core::Origin::Model);
        pending.deny(nixi::core::Refusal::Person);
    };
    let (outcome, ()) = tokio::join!(house.ask(words), deny);
    assert_eq!(outcome.results[0].error.as_ref().unwrap().kind, ErrorKind::Declined);
    assert_eq!(house.managed.container_state("redis").as_deref(), Some("running"));

    house.model_says(&json!([stop, {"type": "reply", "text": "It is quiet."}]));
    let approve = async { approver.next().await.unwrap().approve() };
    let (outcome, ()) = tokio::join!(house.ask(words), approve);
    assert_eq!(outcome.results[0].status, StepStatus::Done, "{outcome:?}");
    assert_eq!(house.managed.container_state("redis").as_deref(), Some("exited"));
}

#[tokio::test]
async fn every_broken_answer_is_told_and_runs_nothing_on_the_host() {
    use ErrorKind::{ModelBroken as Broken, ModelUnavailable as Unavailable};
    let Some(house) = house() else { return };
    let stream = |kind: &str| json!({"type": "stream_fault", "kind": kind, "after_chunks": 2});
    let fail = |status: u16| json!({"type": "fail", "status": status, "times": null});
    let busy = json!({"type": "fail", "status": 429, "retry_after": 60});
    let list = call("container", &json!({"action": "list", "node": "web-server"}));
    for (what, fault, kind, words) in [
        ("truncated", stream("truncate"), Broken, "it broke off in the middle"),
        ("malformed", stream("malformed"), Broken, "is damaged: a piece of it is no JSON"),
        ("disconnected", stream("disconnect"), Broken, "was lost"),
        ("401", fail(401), Unavailable, "does not accept the key (HTTP 401"),
        ("429", busy, Unavailable, "is busy, or the key's quota is used up (HTTP 429"),
        ("500", fail(500), Unavailable, "has failed (HTTP 500"),
    ] {
        house.model_says(&json!([fault]));
        let before = house.managed.ran();
        let outcome = house.ask("anything up over there, my friend?").await;
        let error = outcome.error.clone().unwrap();
        assert_eq!(error.kind, kind, "{what}: {error}");
        assert!(error.message.contains(words), "{what}: {error}");
        assert!(error.hint.is_some(), "{what}: {error}");
        assert_eq!((outcome.exit_code(), outcome.results.len()), (5, 0), "{what}: {outcome:?}");
        assert_eq!(house.managed.ran(), before, "{what}");

        // The same conversation goes on as if nothing had happened.
        house.model_says(&json!([list, {"type": "reply", "text": "redis is up."}]));
        let outcome = house.ask("and now, my friend?").await;
        assert_eq!(outcome.answer.as_deref(), Some("redis is up."), "{what}: {:?}", outcome.error);
        assert_eq!(house.managed.ran().len(), before.len() + 1, "{what}");
        let verdict = house.llmock.verdict().unwrap();
        assert!(!verdict.contains("FAIL"), "{what}: {verdict}");
    }
}
