//! A model of other people's making, a real sshd, and everything of Nixi between the two.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on should fail there and then"
)]

use nixi::Setup;
use nixi::core::session::Minds;
use nixi::core::{ErrorKind, Intent, Op, Outcome, StepStatus};
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
        sshd
    };
    let (managed, monitored) = (host(), host());
    let folder = tempfile::tempdir().unwrap();
    let node = |name: &str, sshd: &Sshd, mode: &str| {
        format!(
            "[[nodes]]\nname = {name:?}\nhost = {:?}\nport = {}\nuser = {:?}\nmode = {mode:?}\nidentity = {:?}\n",
            sshd.host(),
            sshd.port(),
            sshd.user(),
            sshd.identity(),
        )
    };
    let config = folder.path().join("config.toml");
    let text = format!(
        "[ssh]\nknown_hosts = {:?}\n\n[llm]\nbase_url = {:?}\nmodel = \"mock\"\n\n{}\n{}",
        folder.path().join("known_hosts"),
        llmock.base_url(),
        node("web-server", &managed, "managed"),
        node("monitoring", &monitored, "monitored"),
    );
    std::fs::write(&config, text).unwrap();
    let (asker, approver) = nixi::open(&Setup { config: Some(config) }).unwrap();
    Some(House { llmock, managed, monitored, asker, approver: Some(approver), _folder: folder })
}

impl House {
    fn model_says(&self, turns: &serde_json::Value) {
        self.llmock.behave(&turns.to_string()).unwrap();
    }

    async fn ask(&self, words: &str) -> Outcome {
        let op = Op::Ask { words: words.to_owned(), minds: Minds::PhrasebookThenModel };
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
    assert_eq!(house.managed.ran(), ["podman ps --all --no-trunc --format json"]);
    let verdict = house.llmock.verdict().unwrap();
    assert!(!verdict.contains("FAIL"), "{verdict}");
}

#[tokio::test]
async fn a_model_cannot_touch_a_monitored_node() {
    let Some(house) = house() else { return };
    let stop = call("container", &json!({"action": "stop", "node": "monitoring", "names": ["redis"]}));
    house.model_says(&json!([stop, {"type": "reply", "text": "It is read-only."}]));
    let (execs, logins) = (house.monitored.execs(), house.monitored.logins());
    let outcome = house.ask("quieten redis over there, my friend").await;
    assert_eq!(outcome.results[0].status, StepStatus::Refused, "{outcome:?}");
    assert_eq!((house.monitored.execs(), house.monitored.logins()), (execs, logins));
    assert_eq!(outcome.exit_code(), 3);
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
async fn broken_answers_run_nothing_on_the_host() {
    let Some(house) = house() else { return };
    let stream = |kind: &str| json!({"type": "stream_fault", "kind": kind, "after_chunks": 2});
    let list = call("container", &json!({"action": "list", "node": "web-server"}));
    for fault in [
        stream("truncate"),
        stream("malformed"),
        stream("disconnect"),
        json!({"type": "fail", "status": 401, "times": null}),
        json!({"type": "fail", "status": 429, "retry_after": 60}),
        json!({"type": "fail", "status": 500, "times": null}),
    ] {
        house.model_says(&json!([fault]));
        let outcome = house.ask("anything up over there, my friend?").await;
        assert_eq!(outcome.exit_code(), 5, "{fault}: {outcome:?}");
        assert_eq!(house.managed.ran(), Vec::<String>::new(), "{fault}");
    }
    house.model_says(&json!([list, {"type": "reply", "text": "redis is up."}]));
    assert_eq!(house.ask("and now, my friend?").await.answer.as_deref(), Some("redis is up."));
}
