//! The model loop against llmock, a server of other people's making that fails as real ones do.
//!
//! `cargo xtask test` installs it and names its executable in `NIXI_LLMOCK`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "nobody is asked here")]
mod fleet;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nixi_core::{ErrorKind, StepStatus};
use serde_json::{Value, json};

use fleet::{Fleet, KEY};

const WORDS: &str = "could it be noon already, I wonder";

struct Llmock {
    process: Child,
    root: String,
    http: reqwest::Client,
}

impl Llmock {
    /// The server, or nothing where it is not installed.
    async fn start() -> Option<Self> {
        let Some(program) = std::env::var_os("NIXI_LLMOCK") else {
            #[expect(
                clippy::print_stderr,
                reason = "a test that did not run must not look like one that did"
            )]
            {
                eprintln!(
                    "NOT RUN: llmock is not installed; `cargo xtask test` brings it and sets NIXI_LLMOCK"
                );
            }
            return None;
        };
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        #[expect(clippy::disallowed_methods, reason = "a test starts the server that it talks to")]
        let process = Command::new(program)
            .args(["serve", "--host", "127.0.0.1", "--log-level", "warning", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let mut llmock = Self { process, root: format!("http://127.0.0.1:{port}"), http };
        for _ in 0..600 {
            assert_eq!(llmock.process.try_wait().unwrap(), None, "llmock ended before it began");
            if llmock.http.get(format!("{}/health", llmock.root)).send().await.is_ok() {
                return Some(llmock);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("llmock does not answer");
    }

    fn fleet(&self) -> Fleet {
        Fleet::new(&format!("{}/v1", self.root))
    }

    async fn behave(&self, behaviors: Value) {
        let post = |path: &str| self.http.post(format!("{}/_llmock/{path}", self.root));
        assert!(post("reset").send().await.unwrap().status().is_success());
        let body = json!({ "behaviors": behaviors }).to_string();
        let response = post("scenario").body(body).send().await.unwrap();
        assert!(response.status().is_success(), "{}", response.text().await.unwrap());
    }

    /// What the server thinks of its client.
    async fn verdict(&self) -> String {
        let url = format!("{}/_llmock/verdict?format=text", self.root);
        self.http.get(url).send().await.unwrap().text().await.unwrap()
    }
}

impl Drop for Llmock {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn call_clock() -> Value {
    json!({"type": "reply", "tool_calls": [{"name": "clock", "arguments": {"action": "now", "node": "web-server"}}]})
}

#[tokio::test]
async fn a_call_is_streamed_made_and_answered() {
    let Some(llmock) = Llmock::start().await else { return };
    let fleet = llmock.fleet();
    llmock.behave(json!([call_clock(), {"type": "reply", "text": "It is 12:34 on web-server."}])).await;
    let outcome = fleet.ask(WORDS).await;
    assert_eq!(outcome.answer.as_deref(), Some("It is 12:34 on web-server."), "{:?}", outcome.error);
    assert_eq!(outcome.results[0].status, StepStatus::Done);
    assert_eq!(outcome.results[0].text.as_deref(), Some("12:34"));
    assert_eq!(fleet.ran().len(), 1);
    assert_eq!(fleet.heard.words(), "It is 12:34 on web-server.");
    let verdict = llmock.verdict().await;
    assert!(!verdict.contains("FAIL"), "{verdict}");
}

#[tokio::test]
async fn several_calls_of_one_turn_are_made() {
    let Some(llmock) = Llmock::start().await else { return };
    let fleet = llmock.fleet();
    let now = |node: &str| json!({"name": "clock", "arguments": {"action": "now", "node": node}});
    let turn = json!({"type": "reply", "tool_calls": [now("web-server"), now("monitoring")]});
    llmock.behave(json!([turn, {"type": "reply", "text": "Noon in both."}])).await;
    let outcome = fleet.ask(WORDS).await;
    assert_eq!(outcome.answer.as_deref(), Some("Noon in both."), "{:?}", outcome.error);
    assert_eq!(fleet.ran().len(), 2);
}

#[tokio::test]
async fn a_broken_call_is_told_to_the_model() {
    let Some(llmock) = Llmock::start().await else { return };
    for kind in ["malformed_arguments", "unknown_tool"] {
        let fleet = llmock.fleet();
        llmock.behave(json!([{"type": "tool_fault", "kind": kind}])).await;
        let outcome = fleet.ask(WORDS).await;
        assert!(outcome.answer.is_some_and(|answer| !answer.is_empty()), "{kind}: {:?}", outcome.error);
        assert_eq!(fleet.ran(), Vec::<String>::new(), "{kind}");
    }
}

#[tokio::test]
async fn every_fault_is_told_runs_nothing_and_leaves_the_session_usable() {
    use ErrorKind::{ModelBroken as Broken, ModelUnavailable as Unavailable};
    let Some(llmock) = Llmock::start().await else { return };
    let stream = |kind: &str| json!({"type": "stream_fault", "kind": kind, "after_chunks": 2});
    let fail = |status: u16| json!({"type": "fail", "status": status, "times": null});
    for (what, fault, kind, words) in [
        ("truncated", stream("truncate"), Broken, "broke off"),
        ("malformed", stream("malformed"), Broken, "no JSON"),
        ("disconnected", stream("disconnect"), Broken, "was lost"),
        ("401", fail(401), Unavailable, "does not accept the key"),
        ("429", json!({"type": "fail", "status": 429, "retry_after": 60}), Unavailable, "is busy"),
        ("500", fail(500), Unavailable, "has failed"),
    ] {
        let fleet = llmock.fleet();
        llmock.behave(json!([call_clock(), fault])).await;
        let outcome = fleet.ask(WORDS).await;
        let error = outcome.error.clone().unwrap_or_else(|| panic!("{what}: no error"));
        eprintln!("{what}: {error}");
        assert_eq!(error.kind, kind, "{what}: {error}");
        assert!(error.message.contains(words), "{what}: {error}");
        assert_eq!(outcome.exit_code(), 5, "{what}");
        assert_eq!(fleet.ran(), Vec::<String>::new(), "{what}");
        assert!(!format!("{outcome:?}").contains(KEY), "{what}");
        // It cannot see that we refuse a truncated turn: it only sees that we did not ask for it again.
        let verdict = llmock.verdict().await;
        assert!(!verdict.contains("FAIL") || what == "truncated", "{what}: {verdict}");

        llmock.behave(json!([call_clock(), {"type": "reply", "text": "Yes, noon."}])).await;
        let outcome = fleet.ask(WORDS).await;
        assert_eq!(outcome.answer.as_deref(), Some("Yes, noon."), "{what}: {:?}", outcome.error);
        assert_eq!(fleet.ran().len(), 1, "{what}");
    }
}
