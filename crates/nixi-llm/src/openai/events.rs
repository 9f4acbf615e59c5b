//! What the body of a turn holds: events, one JSON, a page for people, or nothing. Servers write it in many ways.
//!
//! async-openai reads events of one form alone. Here each body is brought into that form: an event a [`Frame`], which says
//! what came.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Frame {
    /// A piece of a turn, or what stands in its place.
    Piece(Value),
    /// What the server itself calls an error.
    Error(Value),
    /// The whole answer at once: the server does not stream.
    Whole(Value),
    /// A page for people.
    Page,
    /// Nothing but words.
    Words(String),
    /// Nothing at all, with this status.
    Nothing(u16),
    /// A piece that is damaged, and how.
    Damaged(String),
}

impl Frame {
    /// As an event in the one form.
    fn event(&self) -> Option<Vec<u8>> {
        Some(format!("data: {}\n\n", serde_json::to_string(self).ok()?).into_bytes())
    }
}

/// Names of events that only keep a connection open.
const SIGNS_OF_LIFE: [&str; 5] = ["ping", "pong", "keepalive", "keep-alive", "heartbeat"];

/// The most that is kept of what is no event, in bytes.
const LOOSE: usize = 64 * 1024;

/// Puts events together from lines.
#[derive(Debug)]
pub(super) struct Events {
    status: u16,
    is_page: bool,
    name: String,
    data: Vec<String>,
    /// Lines of no event: of a body that is no stream, or of an error in the midst of one.
    loose: String,
    /// Words in events, which mostly keep a connection open.
    remark: Option<String>,
    is_stream: bool,
    is_over: bool,
}

impl Events {
    /// For a body that came with this status, and as this type of content.
    pub(super) fn new(status: u16, content_type: &str) -> Self {
        Self {
            status,
            is_page: content_type.trim_start().to_ascii_lowercase().starts_with("text/html"),
            name: String::new(),
            data: Vec::new(),
            loose: String::new(),
            remark: None,
            is_stream: false,
            is_over: false,
        }
    }

    /// Whether nothing that comes counts any more.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// One more line, with or without its end; gives events in the one form.
    pub(super) fn line(&mut self, line: &[u8]) -> Vec<u8> {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        let frames = if line.is_empty() { self.dispatch(true) } else { self.field(line) };
        self.is_stream |=
            frames.iter().any(|frame| !matches!(frame, Frame::Piece(value) if !value.is_object()));
        written(&frames)
    }

    /// The body is over.
    pub(super) fn end(&mut self) -> Vec<u8> {
        if self.is_over {
            return Vec::new();
        }
        let mut frames = self.dispatch(false);
        self.is_stream |= !frames.is_empty();
        if !self.is_over {
            frames.extend(self.rest());
        }
        self.is_over = true;
        written(&frames)
    }

    fn field(&mut self, line: &str) -> Vec<Frame> {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => self.data.push(value.to_owned()),
            "event" => value.trim().clone_into(&mut self.name),
            "" | "id" | "retry" => {}
            "error" if !value.trim().is_empty() => {
                let value = value.trim();
                let error = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
                return vec![Frame::Error(error)];
            }
            _ if self.loose.len() + line.len() < LOOSE => {
                self.loose.push_str(line);
                self.loose.push('\n');
            }
            _ => {}
        }
        Vec::new()
    }

    /// An event is over. One that the body's end cuts off counts only if it is whole.
    fn dispatch(&mut self, is_whole: bool) -> Vec<Frame> {
        let (name, lines) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
        let data = lines.join("\n");
        let data = data.trim();
        if data.is_empty() {
            return Vec::new();
        }
        if is_done(data) {
            self.is_over = true;
            return Vec::new();
        }
        let is_sign_of_life = SIGNS_OF_LIFE.contains(&name.to_ascii_lowercase().as_str());
        let is_error = name.eq_ignore_ascii_case("error");
        let of = |value: Value| if is_error { Frame::Error(value) } else { Frame::Piece(value) };
        let error = match serde_json::from_str::<Value>(data) {
            Ok(value) if is_sign_of_life && value.get("choices").is_none() => return Vec::new(),
            Ok(value) => return vec![of(value)],
            Err(_) if is_sign_of_life => return Vec::new(),
            Err(_) if is_error => return vec![Frame::Error(Value::from(data))],
            Err(error) => error,
        };
        // Events that no blank line sets apart.
        let each: Result<Vec<Value>, _> = lines
            .iter()
            .map(|line| line.trim())
            .filter(|line| !line.is_empty() && !is_done(line))
            .map(serde_json::from_str)
            .collect();
        if let Ok(values) = each {
            self.is_over = lines.iter().any(|line| is_done(line.trim()));
            return values.into_iter().map(of).collect();
        }
        if !data.contains(['{', '}', '"']) {
            self.remark = Some(data.to_owned());
            return Vec::new();
        }
        if is_whole { vec![Frame::Damaged(error.to_string())] } else { Vec::new() }
    }

    /// What is left when no event comes any more.
    fn rest(&mut self) -> Vec<Frame> {
        let loose = std::mem::take(&mut self.loose);
        let loose = loose.trim();
        let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(loose).into_iter().collect();
        let values = values.unwrap_or_default();
        if self.is_stream {
            return values
                .into_iter()
                .filter(|value| value.get("choices").is_none())
                .map(Frame::Piece)
                .collect();
        }
        match (<[Value; 1]>::try_from(values), loose) {
            (Ok([value]), _) => vec![Frame::Whole(value)],
            // One JSON a line is a stream as well.
            (Err(values), _) if !values.is_empty() => values.into_iter().map(Frame::Piece).collect(),
            (Err(_), words) if self.is_page || is_page(words) => vec![Frame::Page],
            (Err(_), "") => match self.remark.take() {
                Some(remark) => vec![Frame::Words(remark)],
                None => vec![Frame::Nothing(self.status)],
            },
            (Err(_), words) => vec![Frame::Words(words.to_owned())],
        }
    }
}

fn written(frames: &[Frame]) -> Vec<u8> {
    frames.iter().filter_map(Frame::event).flatten().collect()
}

/// The last event of a stream, however it is written: `[DONE]`, `"[DONE]"`, `done`.
fn is_done(data: &str) -> bool {
    let word = data.trim_matches(|c: char| c.is_whitespace() || "[]\"'<>".contains(c));
    word.eq_ignore_ascii_case("done")
}

fn is_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(9).collect::<String>().to_ascii_lowercase();
    ["<!doctype", "<html", "<head", "<body", "<title", "<?xml"].iter().any(|tag| start.starts_with(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn frames(status: u16, content_type: &str, body: &str) -> Vec<Frame> {
        let mut events = Events::new(status, content_type);
        let mut bytes = Vec::new();
        for line in body.split_inclusive('\n') {
            if !events.is_over() {
                bytes.extend(events.line(line.as_bytes()));
            }
        }
        bytes.extend(events.end());
        let text = String::from_utf8(bytes).unwrap();
        text.split("\n\n")
            .filter_map(|event| event.strip_prefix("data: "))
            .map(|frame| serde_json::from_str(frame).unwrap())
            .collect()
    }

    fn stream(body: &str) -> Vec<Frame> {
        frames(200, "text/event-stream", body)
    }

    #[test]
    fn what_keeps_a_connection_open_says_nothing() {
        let piece = Frame::Piece(json!({"choices": []}));
        for life in [
            ": hm",
            "data:",
            "data: : OPENROUTER PROCESSING",
            "data: ping",
            "event: ping\ndata: ping",
            "event: heartbeat\ndata: {\"at\":",
            "event: keep-alive\ndata: {}",
            "id: 1",
            "retry: 1",
        ] {
            let body = format!("data: {{\"choices\":[]}}\n\n{life}\n\ndata: {{\"choices\":[]}}\n\n");
            assert_eq!(stream(&body), [piece.clone(), piece.clone()], "{life}");
        }
    }

    #[test]
    fn done_is_understood_however_it_is_written() {
        for done in ["[DONE]", "[DONE] ", "\"[DONE]\"", "[done]", "DONE", "<DONE>", " [DONE]"] {
            let body = format!("data: {{}}\n\ndata: {done}\n\ndata: {{\"bad\n\n");
            assert_eq!(stream(&body), [Frame::Piece(json!({}))], "{done}");
        }
    }

    #[test]
    fn a_damaged_piece_is_no_remark() {
        for data in ["{\"choices\":[{\"del", ",\"finish_reason\":null}]}", "ta\"}}]}", "{"] {
            assert!(matches!(stream(&format!("data: {data}\n\n"))[..], [Frame::Damaged(_)]), "{data}");
        }
        // Cut off by the end of the body, it was never sent.
        assert_eq!(stream("data: {}\n\ndata: {\"choi"), [Frame::Piece(json!({}))]);
    }

    #[test]
    fn events_without_blank_lines_between_them_are_several() {
        let body = "data: {\"a\":1}\ndata: {\"b\":2}\ndata: [DONE]\n\n";
        assert_eq!(stream(body), [Frame::Piece(json!({"a": 1})), Frame::Piece(json!({"b": 2}))]);
        assert_eq!(stream("data: {\"a\":\ndata: 1}\n\n"), [Frame::Piece(json!({"a": 1}))]);
        assert_eq!(stream("data: {\"a\":1}"), [Frame::Piece(json!({"a": 1}))]);
    }

    #[test]
    fn what_is_no_stream_is_known() {
        let json = json!({"error": {"message": "m"}});
        assert_eq!(stream(&json.to_string()), [Frame::Whole(json.clone())]);
        assert_eq!(stream(&format!("{json:#}")), [Frame::Whole(json.clone())]);
        assert_eq!(stream(&format!("error: {json}\n\n")), [Frame::Error(json.clone())]);
        assert_eq!(stream("event: error\ndata: boom\n\n"), [Frame::Error(json!("boom"))]);
        assert_eq!(stream(&format!("data: {{}}\n\n{json}\n")), [Frame::Piece(json!({})), Frame::Piece(json)]);
        assert_eq!(stream("{\"a\":1}\n{\"b\":2}\n").len(), 2);
        for page in ["<!doctype html><title>Sign in</title>", "\n<HTML><p>x", "<?xml version='1.0'?>"] {
            assert_eq!(stream(page), [Frame::Page], "{page}");
        }
        assert_eq!(frames(200, "text/html; charset=utf-8", "Sign in"), [Frame::Page]);
        assert_eq!(stream("the model is asleep\n"), [Frame::Words("the model is asleep".into())]);
        assert_eq!(stream("data: no such model\n\n"), [Frame::Words("no such model".into())]);
        assert_eq!(frames(204, "", ""), [Frame::Nothing(204)]);
        assert_eq!(stream(": hm\n\n"), [Frame::Nothing(200)]);
    }
}
