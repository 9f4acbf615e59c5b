//! A request that a model answers, with the model's side played by the test: what of it the person sees.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test, which runs the program it is about"
)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use common::Home;
use serde_json::{Value, json};

/// Answers one request after the other with these deltas, each ended for this reason.
fn model(turns: Vec<(Vec<Value>, &'static str)>) -> (Home, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let home =
        Home::with_config(&format!("[llm]\nbase_url = \"http://127.0.0.1:{port}/v1\"\nmodel = \"played\"\n"));
    let answering = std::thread::spawn(move || {
        for (deltas, reason) in turns {
            let mut stream = listener.accept().unwrap().0;
            let mut asked = BufReader::new(stream.try_clone().unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while line != "\r\n" {
                line.clear();
                asked.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            asked.read_exact(&mut vec![0; length]).unwrap();
            let mut answer =
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n".to_owned();
            for delta in deltas {
                let event = json!({ "choices": [{ "index": 0, "delta": delta }] });
                answer.push_str(&format!("data: {event}\n\n"));
            }
            let end = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] });
            answer.push_str(&format!("data: {end}\n\ndata: [DONE]\n\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (home, answering)
}

fn calls(calls: &[(&str, Value)]) -> (Vec<Value>, &'static str) {
    let call = |(at, (tool, args)): (usize, &(&str, Value))| {
        let function = json!({ "name": tool, "arguments": args.to_string() });
        json!({ "tool_calls": [{ "index": at, "id": format!("c{at}"), "type": "function", "function": function }] })
    };
    (calls.iter().enumerate().map(call).collect(), "tool_calls")
}

fn words(words: &[&str]) -> (Vec<Value>, &'static str) {
    (words.iter().map(|words| json!({ "content": words })).collect(), "stop")
}

fn now() -> (&'static str, Value) {
    ("clock", json!({ "action": "now" }))
}

#[test]
fn what_a_model_looked_at_is_shown_above_its_words() {
    let info = ("system", json!({ "action": "info" }));
    let (home, answering) = model(vec![calls(&[info, now(), now()]), words(&["All is ", "well."])]);
    let ran = home.nixi(&["is anything odd here"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    answering.join().unwrap();
    let parts: Vec<&str> = ran.out.split("\n\n").collect();
    let titles: Vec<&str> =
        parts.iter().filter_map(|part| part.lines().next()).filter(|line| line.ends_with(':')).collect();
    assert_eq!(titles, ["local, system.info:", "local, clock.now:", "local, clock.now:"], "{ran:?}");
    assert!(parts[0].contains("kernel"), "the whole result: {ran:?}");
    assert_eq!(*parts.last().unwrap(), "All is well.\n", "{ran:?}");
}

#[test]
fn in_the_one_document_are_the_results_and_the_words() {
    let (home, answering) = model(vec![calls(&[now()]), words(&["It is late."])]);
    let (code, document) = home.json(&["is it late yet"]);
    answering.join().unwrap();
    assert_eq!((code, &document["answer"]), (0, &json!("It is late.")), "{document}");
    assert_eq!(document["results"][0]["tool"], "clock.now", "{document}");
    assert_eq!(document["results"][0]["status"], "done", "{document}");
}
