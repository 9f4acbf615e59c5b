//! A model's side of a conversation, played by the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::{Value, json};

use super::Home;

/// What is streamed, and the reason it ends for.
pub type Turn = (Vec<Value>, &'static str);

/// Answers one request after the other with these deltas, each ended for this reason.
pub fn model(nodes: &str, turns: Vec<Turn>) -> (Home, JoinHandle<()>) {
    listening_model(nodes, turns, |_| {})
}

/// The same, with somebody who hears what each request says before it is answered.
pub fn listening_model(
    nodes: &str,
    turns: Vec<Turn>,
    mut hear: impl FnMut(&Value) + Send + 'static,
) -> (Home, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let home = Home::with_config(&format!(
        "[llm]\nbase_url = \"http://127.0.0.1:{port}/v1\"\nmodel = \"played\"\n{nodes}"
    ));
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
            let mut body = vec![0; length];
            asked.read_exact(&mut body).unwrap();
            hear(&serde_json::from_slice(&body).unwrap());
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

/// A turn that calls these tools.
pub fn calls(calls: &[(&str, Value)]) -> Turn {
    let call = |(at, (tool, args)): (usize, &(&str, Value))| {
        let function = json!({ "name": tool, "arguments": args.to_string() });
        json!({ "tool_calls": [{ "index": at, "id": format!("c{at}"), "type": "function", "function": function }] })
    };
    (calls.iter().enumerate().map(call).collect(), "tool_calls")
}

/// A turn of words, in these pieces, that ends the request.
pub fn words(words: &[&str]) -> Turn {
    (words.iter().map(|words| json!({ "content": words })).collect(), "stop")
}
