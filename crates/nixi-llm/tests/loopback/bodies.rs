//! Answers as real servers write them: thoughts, failures with a success status, signs of life, what has to go back.

use nixi_core::{ErrorKind, StepStatus};
use serde_json::{Value, json};

use super::fleet::{Fleet, KEY};
use super::server::{Response, Server, answer, calls, done, ends, more, says};
use super::{WORDS, start};

const EVENTS: &str = "text/event-stream";

/// What a person and a program get of this body, and what the next request repeats of it.
async fn answered(body: &str) -> (Option<String>, String, Value) {
    let (server, fleet) = start().await;
    server.respond([Response::body(EVENTS, body), answer("Still.")]);
    let outcome = fleet.ask(WORDS).await;
    let heard = fleet.heard.words();
    assert_eq!(outcome.exit_code(), 0, "{body}\n{:?}", outcome.error);
    fleet.ask(WORDS).await;
    let told = server.seen().pop().unwrap().messages()[2]["content"].clone();
    (outcome.answer, heard, told)
}

/// What a person is told of this body.
async fn refused(content_type: &str, body: &str) -> String {
    let (server, fleet) = start().await;
    server.respond([Response::body(content_type, body)]);
    let outcome = fleet.ask(WORDS).await;
    assert_eq!(outcome.exit_code(), 5, "{body}\n{outcome:?}");
    assert_eq!(fleet.ran(), Vec::<String>::new());
    super::still_works(&server, &fleet).await;
    outcome.error.unwrap().message
}

#[tokio::test]
async fn a_thought_with_only_its_last_mark_is_no_answer() {
    let body = include_str!("bodies/thought_without_its_first_mark.txt");
    let (said, heard, told) = answered(body).await;
    assert_eq!((said.as_deref(), heard.as_str()), (Some("It is noon."), "It is noon."));
    assert_eq!(told, "It is noon.");
    for pieces in [
        vec!["I should answer.\n</th", "ink>\n\nIt is", " noon."],
        vec!["<thinking>hm</thinking>", "\n\nIt is noon."],
        vec!["[THINK]hm[/TH", "INK]It is noon."],
        vec![
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final",
            "<|message|>It is noon.",
        ],
        vec!["<think>hm</think>", "It is noon."],
    ] {
        let events: String = pieces.iter().map(|piece| format!("data: {}\n\n", says(piece))).collect();
        let (said, heard, told) = answered(&format!("{events}data: {}\n\n", ends("stop"))).await;
        assert_eq!((said.as_deref(), heard.as_str()), (Some("It is noon."), "It is noon."), "{pieces:?}");
        assert_eq!(told, "It is noon.");
    }
    // Words about the mark are words.
    let about = "The tag is <think>, and </think> ends it.";
    let body = format!("data: {}\n\ndata: {}\n\n", says(about), ends("stop"));
    assert_eq!(answered(&body).await.0.as_deref(), Some(about));
}

#[tokio::test]
async fn a_thought_before_a_call_does_not_go_back_and_a_thought_alone_is_no_answer() {
    let (server, fleet) = start().await;
    let thought = says("I should look.\n</think>\n\n");
    let call = calls(0, "c1", "clock", "{\"action\":\"now\"}");
    server.respond([Response::events(&[thought.clone(), call, ends("tool_calls"), done()]), answer("Noon.")]);
    assert_eq!(fleet.ask(WORDS).await.answer.as_deref(), Some("Noon."));
    assert_eq!(fleet.heard.words(), "Noon.");
    assert_eq!(server.seen()[1].messages()[2]["content"], "");
    server.respond([Response::events(&[thought, ends("stop"), done()])]);
    let error = fleet.ask(WORDS).await.error.unwrap();
    assert!(error.message.contains("it is empty"), "{error}");
}

#[tokio::test]
async fn a_failure_with_a_success_status_is_told_in_the_servers_words() {
    let json = include_str!("bodies/error_as_json.txt");
    let error = "model 'example' is not loaded";
    for content_type in [EVENTS, "application/json"] {
        assert!(refused(content_type, json).await.ends_with(&format!("says: {error}")));
    }
    let pretty = format!("{:#}", serde_json::from_str::<Value>(json).unwrap());
    assert!(refused(EVENTS, &pretty).await.ends_with(error));
    for (body, words) in [
        (include_str!("bodies/error_as_a_field.txt"), "failed to decode: out of memory"),
        (include_str!("bodies/error_in_place_of_a_piece.txt"), "the prompt holds no user message"),
        (include_str!("bodies/error_in_the_stream.txt"), "overloaded"),
        ("{\"detail\":\"asleep\"}", "asleep"),
        ("data: {\"detail\":\"asleep\"}\n\n", "asleep"),
        ("event: error\ndata: {\"message\":\"asleep\"}\n\n", "asleep"),
        ("event: error\ndata: asleep\n\n", "asleep"),
        ("data: [{\"error\":{\"message\":\"asleep\"}}]\n\n", "asleep"),
        ("data: {\"message\":\"asleep\"}\n\n", "asleep"),
        ("data: {\"success\":false,\"errors\":[{\"message\":\"asleep\"}]}\n\n", "asleep"),
        ("data: {\"choices\":[{\"delta\":{},\"error\":{\"message\":\"asleep\"}}]}\n\n", "asleep"),
        ("the model is asleep", "the model is asleep"),
    ] {
        let told = refused(EVENTS, body).await;
        assert!(told.ends_with(&format!("says: {words}")), "{body}: {told}");
        // In the midst of an answer as well.
        if body.starts_with("data:") || body.starts_with("event:") {
            let told = refused(EVENTS, &format!("data: {}\n\n{body}", says("It"))).await;
            assert!(told.ends_with(&format!("says: {words}")), "{body}: {told}");
        }
    }
    let told = refused("text/html", include_str!("bodies/page.txt")).await;
    assert!(told.contains("a web page answers at"), "{told}");
    assert!(refused(EVENTS, "").await.ends_with("answered with nothing (HTTP 200)"));
    let (server, fleet) = start().await;
    server.respond([Response::status("204 No Content", "", "")]);
    let error = fleet.ask(WORDS).await.error.unwrap();
    assert!(error.message.ends_with("answered with nothing (HTTP 204)"), "{error}");
}

#[tokio::test]
async fn an_answer_that_does_not_stream_is_an_answer() {
    let whole = include_str!("bodies/whole_answer.txt");
    for content_type in [EVENTS, "application/json"] {
        let (server, fleet) = start().await;
        server.respond([Response::body(content_type, whole)]);
        assert_eq!(fleet.ask(WORDS).await.answer.as_deref(), Some("It is noon."), "{content_type}");
    }
    for choice in [
        json!({"message": {"role": "assistant", "content": "It is noon."}, "finish_reason": "stop"}),
        json!({"text": "It is noon.", "finish_reason": "stop"}),
        json!({"delta": {"refusal": "It is noon."}, "finish_reason": "stop"}),
        json!({"delta": {"content": [{"type": "text", "text": "It is noon."}]}, "finish_reason": "stop"}),
    ] {
        let body = format!("data: {}\n\ndata: [DONE]\n\n", json!({"choices": [choice]}));
        assert_eq!(answered(&body).await.0.as_deref(), Some("It is noon."), "{body}");
    }
    // Its calls are calls.
    let (server, fleet) = start().await;
    let call = json!({"id": "c1", "function": {"name": "clock", "arguments": {"action": "now"}}});
    let message = json!({"choices": [{"message": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]});
    server.respond([Response::body("application/json", &message.to_string()), answer("Noon.")]);
    assert_eq!(fleet.ask(WORDS).await.results[0].status, StepStatus::Done);
}

#[tokio::test]
async fn signs_of_life_and_any_end_are_understood() {
    let piece = says("It is noon.");
    let end = ends("stop");
    let mut bodies: Vec<String> = [
        include_str!("bodies/keepalive_in_data.txt"),
        include_str!("bodies/done_with_a_blank.txt"),
        include_str!("bodies/done_in_quotes.txt"),
        include_str!("bodies/empty_data.txt"),
    ]
    .map(str::to_owned)
    .into();
    for life in [
        "data: ping",
        "event: ping\ndata: ping",
        "event: ping\ndata: {}",
        "data: null",
        "data: \"x\"",
        "data: []",
        "data: 1",
        "event: heartbeat\ndata: {\"t\"",
        ": hm",
        "id: 7",
        "data: {\"type\":\"ping\"}",
    ] {
        bodies.push(format!("data: {piece}\n\n{life}\n\ndata: {end}\n\ndata: [DONE]\n\n"));
    }
    for last in [
        "[done]",
        "DONE",
        "{\"error\":\"late\"}",
        "{\"choices\":[{\"del",
        "[DONE]\n\ngarbage {\"",
        "{\"usage\":{}}",
    ] {
        bodies.push(format!("data: {piece}\n\ndata: {end}\n\ndata: {last}\n\n"));
    }
    bodies.push(format!("data: {piece}\n\ndata: {end}\n\nerror: late\n\n"));
    bodies.push(format!("data: {piece}\n\ndata: {end}\n\nevent: error\ndata: {{\"message\":\"late\"}}\n\n"));
    bodies.push(format!("data: {piece}\ndata: {end}\ndata: [DONE]\n\n"));
    bodies.push(format!("data: {piece}\n\ndata: {end}"));
    for body in bodies {
        let (said, _, told) = answered(&body).await;
        assert_eq!((said.as_deref(), told.as_str()), (Some("It is noon."), Some("It is noon.")), "{body}");
    }
}

#[tokio::test]
async fn a_failure_after_a_call_runs_nothing() {
    let call = calls(0, "c1", "clock", "{\"action\":\"now\"}");
    for late in [json!({"error": "late"}), json!("{\"choices\":[{\"del")] {
        let (server, fleet) = start().await;
        server.respond([Response::events(&[call.clone(), ends("tool_calls"), late])]);
        assert_eq!(fleet.ask(WORDS).await.error.unwrap().kind, ErrorKind::ModelBroken);
        assert_eq!(fleet.ran(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_came_with_a_call_goes_back_as_it_came() {
    let (server, fleet) = start().await;
    let first = include_str!("bodies/call_with_a_signature.txt");
    server.respond([Response::body(EVENTS, first), answer("Noon."), answer("Still.")]);
    assert_eq!(fleet.ask(WORDS).await.answer.as_deref(), Some("Noon."));
    fleet.ask(WORDS).await;
    for request in &server.seen()[1..] {
        let message = &request.messages()[2];
        assert_eq!(message["reasoning_content"], "look");
        assert_eq!(
            message["tool_calls"][0]["extra_content"],
            json!({"google": {"thought_signature": "c2ln"}})
        );
    }
    // An answer in words needs nothing back.
    assert_eq!(server.seen()[2].messages()[4].as_object().unwrap().len(), 2);

    let details = json!([{"type": "reasoning.encrypted", "data": "x", "index": 0}]);
    let beside = json!({
        "reasoning": "hm", "reasoning_details": details, "provider_specific_fields": {"thought_signature": "s"},
        "thinking_blocks": [{"signature": "s"}],
    });
    let call = json!({
        "index": 0, "id": "c1", "provider_specific_fields": {"thought_signature": "s"},
        "function": {"name": "clock", "arguments": "{\"action\":\"now\"}", "thought_signature": "s"},
    });
    let (server, fleet) = start().await;
    let events = [
        json!({"choices": [{"delta": beside}]}),
        json!({"choices": [{"delta": {"tool_calls": [call]}}]}),
        json!({"choices": [{"delta": {"reasoning": " hm"}, "finish_reason": "tool_calls"}]}),
        done(),
    ];
    server.respond([Response::events(&events), answer("Noon.")]);
    fleet.ask(WORDS).await;
    let message = &server.seen()[1].messages()[2].clone();
    assert_eq!(message["reasoning"], "hm hm");
    for name in ["reasoning_details", "provider_specific_fields", "thinking_blocks"] {
        assert_eq!(message[name], beside[name], "{name}");
    }
    let told = &message["tool_calls"][0];
    assert_eq!(told["provider_specific_fields"]["thought_signature"], "s");
    assert_eq!(told["function"]["thought_signature"], "s");
}

#[tokio::test]
async fn a_conversation_is_dropped_only_where_it_is_too_long() {
    let template = include_str!("bodies/template_fault.json");
    let of = |words: &str| json!({"error": {"message": words}}).to_string();
    for (status, body) in [
        ("400 Bad Request", template.to_owned()),
        ("400 Bad Request", of("Unexpected token '<' in JSON")),
        ("422 Unprocessable Entity", of("invalid authentication token")),
        ("500 Internal Server Error", of("CUDA context was lost")),
        ("400 Bad Request", of("'max_tokens' is not supported")),
        ("400 Bad Request", of("tools[3].function.description is too long")),
        ("429 Too Many Requests", of("30000 tokens per min")),
        ("200 OK", of("failed to sample token")),
    ] {
        assert_eq!(told_after(status, &body).await, 4, "{body}");
    }
    for (status, body) in [
        ("400 Bad Request", of("This model's maximum context length is 4096 tokens.")),
        ("413 Payload Too Large", String::new()),
        ("200 OK", of("Context size has been exceeded")),
    ] {
        assert_eq!(told_after(status, &body).await, 2, "{body}");
    }
}

/// How many messages the third request has, where the second one failed like this.
async fn told_after(status: &str, body: &str) -> usize {
    let (server, fleet) = start().await;
    server.respond([answer("One.")]);
    fleet.ask(WORDS).await;
    let failed = || Response::status(status, "retry-after: 9\r\n", body);
    server.respond([failed(), answer("Three.")]);
    assert_eq!(fleet.ask(WORDS).await.exit_code(), 5, "{body}");
    assert_eq!(fleet.ask(WORDS).await.answer.as_deref(), Some("Three."));
    server.seen().pop().unwrap().roles().len()
}

#[tokio::test]
async fn a_key_that_comes_back_is_masked() {
    let server = Server::start().await;
    let fleet = Fleet::new(&server.url);
    let (one, two) = KEY.split_at(9);
    let call = json!({"action": "stop", "names": [KEY], "node": "monitoring"}).to_string();
    let escaped = call.replace(KEY, &KEY.replace('-', "\\u002d"));
    let as_name = json!({"action": "now", KEY: true}).to_string();
    let (start, rest) = call.split_at(call.find(two).unwrap());
    server.respond([
        Response::events(&[
            says("Your key is "),
            says(one),
            says(two),
            says(", I see."),
            ends("stop"),
            done(),
        ]),
        Response::events(&[
            calls(0, "c1", "container", &call),
            calls(1, "c2", "container", &escaped),
            calls(2, "c3", "container", start),
            more(2, rest),
            ends("tool_calls"),
            done(),
        ]),
        Response::events(&[
            calls(0, "d1", "clock", &as_name),
            calls(1, "d2", KEY, "{}"),
            ends("tool_calls"),
            done(),
        ]),
        answer("No."),
        Response::body(EVENTS, &format!("data: {}\n\n", json!({"error": format!("bad key {KEY}")}))),
    ]);
    let mut everything = String::new();
    for _ in 0..3 {
        everything.push_str(&format!("{:?}", fleet.ask(WORDS).await));
    }
    everything.push_str(&fleet.heard.words());
    assert!(everything.contains("Your key is [key], I see."), "{everything}");
    assert!(everything.contains("bad key [key]"), "{everything}");
    assert!(!everything.contains(KEY), "{everything}");
}
