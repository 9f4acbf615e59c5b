//! The model loop against a server that misbehaves in every way we know.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bodies;
mod fleet;
mod server;

use std::time::Duration;

use nixi_core::{Effect, ErrorKind, Refusal, StepStatus};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use fleet::{Fleet, KEY};
use server::{End, Response, Server, answer, calls, done, ends, more, says, thinks};

const WORDS: &str = "could it be noon already, I wonder";

async fn start() -> (Server, Fleet) {
    let server = Server::start().await;
    let fleet = Fleet::new(&server.url);
    (server, fleet)
}

fn clock_turn() -> Response {
    Response::events(&[
        says("Let me look."),
        calls(0, "c1", "clock", ""),
        more(0, "{\"action\":"),
        more(0, "\"now\",\"node\":\"web-server\"}"),
        ends("tool_calls"),
        json!({"choices": [], "usage": {"total_tokens": 7}}),
        done(),
    ])
}

fn stop_turn(node: &str) -> Response {
    let args = json!({"action": "stop", "names": ["redis"], "node": node}).to_string();
    Response::events(&[calls(0, "c1", "container", &args), ends("tool_calls"), done()])
}

/// What a model is told of a call to one node.
fn reply(message: &serde_json::Value) -> serde_json::Value {
    serde_json::from_str(message["content"].as_str().unwrap()).unwrap()
}

/// The session answers as if nothing had happened, and the failed request has left nothing in the history.
async fn still_works(server: &Server, fleet: &Fleet) {
    server.respond([answer("Yes, noon.")]);
    let outcome = fleet.ask(WORDS).await;
    assert_eq!(outcome.answer.as_deref(), Some("Yes, noon."), "{:?}", outcome.error);
    let last = server.seen().pop().unwrap();
    assert_eq!(last.roles(), ["system", "user"]);
}

#[tokio::test]
async fn a_call_is_streamed_made_and_answered() {
    let (server, fleet) = start().await;
    server.respond([clock_turn(), answer("It is 12:34.")]);
    let outcome = fleet.ask(WORDS).await;
    assert_eq!(outcome.answer.as_deref(), Some("It is 12:34."), "{:?}", outcome.error);
    assert_eq!(outcome.exit_code(), 0);
    assert_eq!(outcome.results[0].status, StepStatus::Done);
    assert_eq!(fleet.heard.words(), "Let me look.\n\nIt is 12:34.");
    assert_eq!(fleet.ran().len(), 1);

    let [first, second] = &server.seen()[..] else { panic!("two requests") };
    assert!(first.head.starts_with("post /v1/chat/completions"), "{}", first.head);
    assert!(first.head.contains(&format!("authorization: bearer {KEY}")), "{}", first.head);
    assert_eq!((&first.body["model"], &first.body["stream"]), (&json!("test-model"), &json!(true)));
    let system = first.messages()[0]["content"].as_str().unwrap();
    assert!(system.contains("web-server (192.0.2.1): managed") && system.contains("monitoring"), "{system}");
    let tools: Vec<_> =
        first.body["tools"].as_array().unwrap().iter().map(|tool| &tool["function"]["name"]).collect();
    assert_eq!(tools, ["clock", "container"]);
    assert_eq!(second.roles(), ["system", "user", "assistant", "tool"]);
    assert_eq!(second.messages()[2]["tool_calls"][0]["id"], "c1");
    let told = reply(&second.messages()[3]);
    assert_eq!(told, json!({"node": "web-server", "status": "done", "output": "12:34"}));
    assert!(!serde_json::to_string(&second.body).unwrap().contains(KEY));
}

#[tokio::test]
async fn what_the_phrasebook_knows_is_not_sent_to_the_model() {
    let (server, fleet) = start().await;
    let outcome = fleet.ask("what time is it on web-server?").await;
    assert_eq!(outcome.results[0].text.as_deref(), Some("12:34"));
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn calls_of_one_turn_are_answered_in_order() {
    let (server, fleet) = start().await;
    let turn = [
        calls(0, "a", "clock", "{\"action\":\"now\",\"node\":\"monitoring\"}"),
        calls(1, "b", "clock", "{\"action\":\"now\"}"),
        ends("tool_calls"),
    ];
    server.respond([Response::events(&turn), answer("Noon in both.")]);
    assert_eq!(fleet.ask(WORDS).await.answer.as_deref(), Some("Noon in both."));
    let last = server.seen().pop().unwrap();
    let ids: Vec<_> = last.messages()[3..].iter().map(|reply| &reply["tool_call_id"]).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(fleet.ran().len(), 2);
}

#[tokio::test]
async fn every_fault_is_told_runs_nothing_and_leaves_the_session_usable() {
    use ErrorKind::{ModelBroken as Broken, ModelUnavailable as Unavailable};
    let call = calls(0, "c1", "clock", "{\"action\":\"now\"}");
    let stop = || calls(0, "c1", "container", "{\"action\":\"stop\",\"names\":[\"redis\"]}");
    let key_back =
        json!({"error": {"message": format!("Incorrect API key: {KEY}"), "code": 401}}).to_string();
    let busy = r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#;
    let failed =
        || Response::status("500 Internal Server Error", "", r#"{"error":{"message":"boom","code":500}}"#);
    let faults: Vec<(&str, Vec<Response>, ErrorKind, &str)> = vec![
        ("truncated", vec![Response::events(&[says("It"), call.clone()])], Broken, "broke off"),
        ("truncated, with [DONE]", vec![Response::events(&[call.clone(), done()])], Broken, "broke off"),
        (
            "no end but an empty one",
            vec![Response::events(&[call.clone(), ends(""), done()])],
            Broken,
            "broke off",
        ),
        (
            "malformed",
            vec![Response::events(&[stop(), json!("{\"choices\":[{\"del"), ends("tool_calls"), done()])],
            Broken,
            "no JSON",
        ),
        ("disconnected", vec![Response::events(&[stop()]).ending(End::Cut)], Broken, "was lost"),
        (
            "disconnected after the end",
            vec![Response::events(&[stop(), ends("tool_calls")]).ending(End::Cut)],
            Broken,
            "broke off",
        ),
        (
            "an error in the stream",
            vec![Response::events(&[stop(), json!({"error": {"code": 500, "message": "out of memory"}})])],
            Broken,
            "out of memory",
        ),
        (
            "a call after the end",
            vec![Response::events(&[stop(), ends("tool_calls"), calls(1, "c2", "clock", "{}"), done()])],
            Broken,
            "after its end",
        ),
        ("empty", vec![Response::events(&[ends("stop"), done()])], Broken, "empty"),
        ("no events", vec![Response::status("200 OK", "", r#"{"choices":[]}"#)], Broken, "broke off"),
        ("held back", vec![Response::events(&[call, ends("content_filter")])], Broken, "held it back"),
        (
            "silent in the middle",
            vec![Response::events(&[stop()]).ending(End::Hang)],
            Unavailable,
            "nothing for",
        ),
        (
            "nothing but empty chunks",
            vec![Response::events(&[stop(), json!({"choices": []})]).ending(End::Repeat)],
            Unavailable,
            "nothing for",
        ),
        (
            "thoughts of 5 MiB",
            vec![Response::events(&vec![thinks(&"hm ".repeat(21_846)); 80])],
            Broken,
            "longer than any answer should be",
        ),
        (
            "an event without an end",
            vec![Response::raw(
                std::iter::once("data: ".to_owned()).chain(vec!["x".repeat(1024); 1100]).collect(),
            )],
            Broken,
            "longer than any answer should be",
        ),
        ("closed at once", vec![Response::nothing(End::Cut)], Unavailable, "no model answers"),
        (
            "401",
            vec![Response::status("401 Unauthorized", "", &key_back)],
            Unavailable,
            "does not accept the key",
        ),
        ("403", vec![Response::status("403 Forbidden", "", "{}")], Unavailable, "does not accept the key"),
        (
            "404",
            vec![Response::status("404 Not Found", "", r#"{"error":"model 'x' not found"}"#)],
            Unavailable,
            "has no model \"test-model\"",
        ),
        (
            "400",
            vec![Response::status("400 Bad Request", "", r#"{"detail":"no tools"}"#)],
            Unavailable,
            "no tools",
        ),
        (
            "429",
            vec![Response::status("429 Too Many Requests", "retry-after: 60\r\n", busy)],
            Unavailable,
            "is busy",
        ),
        ("500", vec![failed(), failed(), failed()], Unavailable, "HTTP 500: boom"),
        (
            "502 as a page",
            vec![Response::status("502 Bad Gateway", "retry-after: 9\r\n", "<html>nginx</html>")],
            Unavailable,
            "(HTTP 502)",
        ),
        (
            "a redirect",
            vec![Response::status("302 Found", "location: http://127.0.0.1:1/\r\n", "")],
            Unavailable,
            "another address",
        ),
    ];
    for (what, responses, kind, words) in faults {
        let (server, fleet) = start().await;
        server.respond(responses);
        let outcome = fleet.ask(WORDS).await;
        let error = outcome.error.clone().unwrap_or_else(|| panic!("{what}: no error"));
        assert_eq!(error.kind, kind, "{what}: {error}");
        assert!(error.message.contains(words), "{what}: {error}");
        assert!(error.hint.is_some(), "{what}");
        assert_eq!(outcome.exit_code(), 5, "{what}");
        assert!(outcome.results.is_empty(), "{what}");
        assert_eq!(fleet.ran(), Vec::<String>::new(), "{what}");
        assert!(!format!("{outcome:?}").contains(KEY), "{what}: {error}");
        still_works(&server, &fleet).await;
    }
}

#[tokio::test]
async fn a_turn_comes_to_an_end() {
    let server = Server::start().await;
    let patience = nixi_llm::Patience {
        first: Duration::from_secs(60),
        next: Duration::from_secs(60),
        turn: Duration::from_millis(300),
    };
    let fleet = Fleet::with_patience(&server.url, patience);
    for endless in [thinks("hm"), json!({"choices": []})] {
        server.respond([Response::events(&[endless]).ending(End::Repeat)]);
        let error = fleet.ask(WORDS).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::ModelBroken);
        assert!(error.message.contains("came to no end"), "{error}");
    }
}

#[tokio::test]
async fn a_byte_order_mark_and_odd_line_ends_are_read() {
    let (server, fleet) = start().await;
    for end in ["\n", "\r\n", "\r"] {
        let events = [says("Noon."), ends("stop")].map(|event| format!("id: 1{end}data: {event}{end}{end}"));
        let body = format!("\u{feff}{}: ping{end}data: [DONE]{end}{end}\n", events.concat());
        server.respond([Response::raw(vec![body])]);
        let outcome = fleet.ask(WORDS).await;
        assert_eq!(outcome.answer.as_deref(), Some("Noon."), "{end:?}: {:?}", outcome.error);
    }
}

#[tokio::test]
async fn a_fault_after_a_change_does_not_say_that_nothing_was_run() {
    let (server, mut fleet) = start().await;
    let cut = Response::events(&[says("It")]);
    let failed = || Response::status("500 Internal Server Error", "", "{}");
    for fault in [vec![cut], vec![failed(), failed(), failed()]] {
        server.respond([stop_turn("web-server")].into_iter().chain(fault));
        let Fleet { asker, approver, .. } = &mut fleet;
        let op = nixi_core::Op::Ask {
            words: "have a rest, redis".to_owned(),
            interpreters: nixi_core::session::Interpreters::PhrasebookThenModel,
        };
        let cancel = CancellationToken::new();
        let ask = asker.perform(op, nixi_core::Intent::Perform, &(), &cancel);
        let approve = async { approver.next().await.unwrap().approve() };
        let (outcome, ()) = tokio::join!(ask, approve);
        assert_eq!(outcome.results[0].status, StepStatus::Done);
        let hint = outcome.error.unwrap().hint.unwrap();
        assert!(hint.contains("calls of earlier turns were made"), "{hint}");
        assert!(!hint.contains("nothing was run"), "{hint}");
    }
    assert_eq!(fleet.node.changes().len(), 2);
}

#[tokio::test]
async fn thoughts_are_not_part_of_the_answer() {
    let (server, fleet) = start().await;
    let think = json!({"choices": [{"delta": {"reasoning_content": "Stop redis?"}}]});
    let pieces = ["<th", "ink>Stop", " redis?</thi", "nk>\n\n", "Noon."];
    let events: Vec<_> = [think].into_iter().chain(pieces.map(says)).chain([ends("stop"), done()]).collect();
    server.respond([Response::events(&events), answer("Still.")]);
    assert_eq!(fleet.ask(WORDS).await.answer.as_deref(), Some("Noon."));
    assert_eq!(fleet.heard.words(), "Noon.");
    fleet.ask(WORDS).await;
    assert!(!server.seen()[1].body.to_string().contains("Stop redis"));
}

#[tokio::test]
async fn nobody_at_the_address() {
    let fleet = Fleet::new("http://127.0.0.1:1/v1");
    let error = fleet.ask(WORDS).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::ModelUnavailable);
    assert!(error.message.starts_with("no model answers at http://127.0.0.1:1/v1: "), "{error}");
}

#[tokio::test]
async fn a_short_trouble_is_waited_out() {
    let (server, fleet) = start().await;
    let busy = Response::status("429 Too Many Requests", "retry-after: 0\r\n", "{}");
    let failed = Response::status("503 Service Unavailable", "", "");
    server.respond([busy, failed, answer("Noon.")]);
    assert_eq!(fleet.ask(WORDS).await.answer.as_deref(), Some("Noon."));
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_conversation_is_remembered() {
    let (server, fleet) = start().await;
    server.respond([answer("One."), answer("Two.")]);
    fleet.ask(WORDS).await;
    fleet.ask(WORDS).await;
    assert_eq!(server.seen()[1].roles(), ["system", "user", "assistant", "user"]);
    fleet.asker.switch_model("other-model").unwrap();
    server.respond([answer("Three.")]);
    fleet.ask(WORDS).await;
    let last = server.seen().pop().unwrap();
    assert_eq!((&last.body["model"], last.roles().len()), (&json!("other-model"), 6));
}

#[tokio::test]
async fn what_does_not_fit_is_told_to_the_model_and_not_run() {
    let (server, fleet) = start().await;
    let turn = |name: &str, arguments: &str| {
        let good = calls(1, "c2", "clock", "{\"action\":\"now\"}");
        Response::events(&[calls(0, "c1", name, arguments), good, ends("tool_calls"), done()])
    };
    for (name, arguments, told) in [
        ("clok", "{\"action\":\"now\"}", "clock"),
        ("clock", "{\"action\":\"nwo\"}", "clock.now"),
        ("clock", "{}", "needs `action`"),
        ("clock", "{\"action\":\"now\",\"node\":\"web-srver\"}", "web-server"),
        ("clock", "{\"action\":", "not valid JSON"),
        ("container", "{\"action\":\"stop\",\"names\":7}", "names"),
    ] {
        server.respond([turn(name, arguments), answer("I give up.")]);
        assert_eq!(fleet.ask(WORDS).await.answer.as_deref(), Some("I give up."), "{arguments}");
        let last = server.seen().pop().unwrap();
        let [.., wrong, right] = last.messages() else { panic!("{:?}", last.roles()) };
        let (wrong, right) = (reply(wrong), reply(right));
        assert_eq!((&wrong["status"], &right["status"]), (&json!("not_started"), &json!("not_started")));
        assert!(wrong["error"].as_str().unwrap().contains(told), "{wrong}");
        assert!(right["error"].as_str().unwrap().contains("another call"), "{right}");
    }
    assert_eq!(fleet.ran(), Vec::<String>::new());
}

#[tokio::test]
async fn a_change_waits_for_a_person() {
    let (server, mut fleet) = start().await;
    for approve in [false, true] {
        server.respond([stop_turn("web-server"), answer("As you say.")]);
        let cancel = CancellationToken::new();
        let Fleet { asker, approver, node, .. } = &mut fleet;
        let op = nixi_core::Op::Ask {
            words: "have a rest, redis".to_owned(),
            interpreters: nixi_core::session::Interpreters::PhrasebookThenModel,
        };
        let ask = asker.perform(op, nixi_core::Intent::Perform, &(), &cancel);
        let decide = async {
            let pending = approver.next().await.unwrap();
            assert_eq!(pending.review().origin, nixi_core::Origin::Model);
            assert_eq!(node.changes(), Vec::<String>::new());
            if approve { pending.approve() } else { pending.deny(Refusal::Person) }
        };
        let (outcome, ()) = tokio::join!(ask, decide);
        assert_eq!(outcome.answer.as_deref(), Some("As you say."));
        let last = server.seen().pop().unwrap();
        let told = reply(last.messages().last().unwrap());
        if approve {
            assert_eq!(fleet.node.changes(), ["podman stop redis"]);
            assert_eq!(told["status"], "done");
        } else {
            assert_eq!(outcome.results[0].status, StepStatus::Declined);
            assert_eq!(told["status"], "declined");
            assert_eq!(fleet.node.changes(), Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn a_monitored_node_is_refused_before_anyone_is_asked() {
    let (server, fleet) = start().await;
    server.respond([stop_turn("monitoring"), answer("I may not.")]);
    let outcome = fleet.ask("have a rest, redis").await;
    assert_eq!(outcome.results[0].status, StepStatus::Refused);
    assert_eq!(outcome.exit_code(), 3);
    assert_eq!(fleet.ran(), Vec::<String>::new());
}

#[tokio::test]
async fn cancelled_at_any_moment() {
    let (server, mut fleet) = start().await;

    // Before anything.
    let cancel = CancellationToken::new();
    cancel.cancel();
    let outcome = fleet.ask_until(WORDS, &cancel).await;
    assert_eq!((outcome.error.unwrap().kind, server.seen().len()), (ErrorKind::Cancelled, 0));

    // While the server says nothing, and while it streams.
    for response in [Response::nothing(End::Hang), Response::events(&[says("It is")]).ending(End::Hang)] {
        server.respond([response]);
        let cancel = CancellationToken::new();
        let before = server.seen().len();
        let ask = fleet.ask_until(WORDS, &cancel);
        let interrupt = async {
            while server.seen().len() == before {
                tokio::task::yield_now().await;
            }
            cancel.cancel();
        };
        let (outcome, ()) = tokio::join!(ask, interrupt);
        assert_eq!(outcome.exit_code(), 130, "{:?}", outcome.error);
    }

    // While a person is asked.
    server.respond([stop_turn("web-server")]);
    let cancel = CancellationToken::new();
    let Fleet { asker, approver, .. } = &mut fleet;
    let op = nixi_core::Op::Ask {
        words: "have a rest, redis".to_owned(),
        interpreters: nixi_core::session::Interpreters::PhrasebookThenModel,
    };
    let ask = asker.perform(op, nixi_core::Intent::Perform, &(), &cancel);
    let interrupt = async {
        let pending = approver.next().await.unwrap();
        cancel.cancel();
        pending
    };
    let (outcome, pending) = tokio::join!(ask, interrupt);
    assert_eq!(outcome.exit_code(), 130, "{:?}", outcome.error);
    pending.approve();
    assert!(fleet.node.seen().iter().all(|run| run.effect == Effect::Read));
    server.respond([answer("Yes, noon.")]);
    assert_eq!(fleet.ask(WORDS).await.answer.as_deref(), Some("Yes, noon."));
}

#[tokio::test]
async fn ten_rounds_and_no_more() {
    let (server, fleet) = start().await;
    server.respond((0..20).map(|_| clock_turn()));
    let outcome = fleet.ask(WORDS).await;
    assert_eq!(outcome.error.unwrap().kind, ErrorKind::ModelBroken);
    assert_eq!((server.seen().len(), outcome.results.len()), (10, 9));
}
