//! A chat-completions server on loopback that says what it is told to say, well or badly.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How a response ends.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum End {
    Whole,
    /// The connection is cut in the middle of the body.
    Cut,
    /// Nothing more comes.
    Hang,
    /// The last piece comes again and again.
    Repeat,
}

#[derive(Clone)]
pub(crate) struct Response {
    head: String,
    pieces: Vec<String>,
    end: End,
}

impl Response {
    /// A stream of events; a `[DONE]` is not added.
    pub(crate) fn events(events: &[Value]) -> Self {
        let pieces = events.iter().map(|event| match event.as_str() {
            Some(raw) => format!("data: {raw}\n\n"),
            None => format!("data: {event}\n\n"),
        });
        Self {
            head: "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n".to_owned(),
            pieces: pieces.collect(),
            end: End::Whole,
        }
    }

    pub(crate) fn status(status: &str, headers: &str, body: &str) -> Self {
        Self {
            head: format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}"),
            pieces: vec![body.to_owned()],
            end: End::Whole,
        }
    }

    /// A stream with these bytes in it, as they are.
    pub(crate) fn raw(pieces: Vec<String>) -> Self {
        Self { pieces, ..Self::events(&[]) }
    }

    /// A success with this type of content and this body, as it is.
    pub(crate) fn body(content_type: &str, body: &str) -> Self {
        Self {
            head: format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\n"),
            pieces: vec![body.to_owned()],
            end: End::Whole,
        }
    }

    pub(crate) fn ending(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// Nothing but a closed, or silent, connection.
    pub(crate) fn nothing(end: End) -> Self {
        Self { head: String::new(), pieces: Vec::new(), end }
    }
}

pub(crate) fn says(words: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {"content": words}, "finish_reason": null}]})
}

pub(crate) fn thinks(words: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {"reasoning_content": words}}]})
}

pub(crate) fn calls(index: u64, id: &str, name: &str, arguments: &str) -> Value {
    let call = json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}});
    json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
}

pub(crate) fn more(index: u64, arguments: &str) -> Value {
    let call = json!({"index": index, "function": {"arguments": arguments}});
    json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
}

pub(crate) fn ends(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

pub(crate) fn done() -> Value {
    json!("[DONE]")
}

/// An answer in words, as it should be.
pub(crate) fn answer(words: &str) -> Response {
    Response::events(&[says(words), ends("stop"), done()])
}

#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Request {
    pub(crate) fn messages(&self) -> &[Value] {
        self.body["messages"].as_array().unwrap()
    }

    /// The roles of the messages, in order.
    pub(crate) fn roles(&self) -> Vec<&str> {
        self.messages().iter().map(|message| message["role"].as_str().unwrap()).collect()
    }
}

pub(crate) struct Server {
    pub(crate) url: String,
    script: Arc<Mutex<VecDeque<Response>>>,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let server = Self { url, script: Arc::default(), seen: Arc::default() };
        let (script, seen) = (server.script.clone(), server.seen.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), seen.clone()));
            }
        });
        server
    }

    /// From now on, one response a request, in this order; beyond them, status 418.
    pub(crate) fn respond(&self, responses: impl IntoIterator<Item = Response>) {
        *self.script.lock().unwrap() = responses.into_iter().collect();
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    script: Arc<Mutex<VecDeque<Response>>>,
    seen: Arc<Mutex<Vec<Request>>>,
) -> Option<()> {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if length.is_some_and(|length: usize| body.len() >= length) {
            break (head, body.to_owned());
        }
    };
    seen.lock().unwrap().push(Request { head, body: serde_json::from_str(&body).unwrap() });
    let teapot = || Response::status("418 I'm a teapot", "", "{}");
    let response = script.lock().unwrap().pop_front().unwrap_or_else(teapot);
    if !response.head.is_empty() {
        let head = format!("{}transfer-encoding: chunked\r\nconnection: close\r\n\r\n", response.head);
        stream.write_all(head.as_bytes()).await.ok()?;
    }
    for piece in response.pieces.iter().filter(|piece| !piece.is_empty()) {
        stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
    }
    match response.end {
        End::Whole => stream.write_all(b"0\r\n\r\n").await.ok()?,
        End::Cut => {}
        // Until the other side has had enough.
        End::Hang => drop(stream.read_buf(&mut bytes).await),
        End::Repeat => {
            let piece = response.pieces.last()?;
            loop {
                stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).await.ok()?;
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }
    }
    Some(())
}
