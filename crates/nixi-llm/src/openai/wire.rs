//! The chat-completions protocol in types of our own: strict in what is sent, lenient in what is taken.
//!
//! Servers differ in all that they leave out, rename or send as another type, so a chunk is read for what is needed and
//! everything else in it is passed over.

use nixi_core::registry::ToolSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::complaint::Complaint;
use super::events::Frame;
use super::fault::Fault;
use crate::conversation::{Fields, Finish, Input, Message, ToolDelta};

/// The body of one request.
#[derive(Debug, Serialize)]
pub(crate) struct Request {
    model: String,
    stream: bool,
    messages: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
}

impl Request {
    pub(crate) fn new(model: String, system: &str, history: &[Message], tools: &[ToolSchema]) -> Self {
        let system = json!({ "role": "system", "content": system });
        Self {
            model,
            stream: true,
            messages: std::iter::once(system).chain(history.iter().map(message)).collect(),
            tools: tools.iter().map(|tool| json!({ "type": "function", "function": tool })).collect(),
        }
    }
}

fn message(message: &Message) -> Value {
    match message {
        Message::Person(text) => json!({ "role": "user", "content": text }),
        Message::Model { text, calls, .. } if calls.is_empty() => {
            json!({ "role": "assistant", "content": text })
        }
        Message::Model { text, calls, beside } => {
            let calls: Vec<Value> = calls
                .iter()
                .map(|call| {
                    let function = json!({ "name": call.name, "arguments": call.arguments });
                    let function = with(function, &call.beside_function);
                    with(json!({ "id": call.id, "type": "function", "function": function }), &call.beside)
                })
                .collect();
            with(json!({ "role": "assistant", "content": text, "tool_calls": calls }), beside)
        }
        Message::Reply { id, text } => json!({ "role": "tool", "tool_call_id": id, "content": text }),
    }
}

/// The object with what its server wants back; nothing of our own is written over.
fn with(mut object: Value, beside: &Fields) -> Value {
    if let Value::Object(object) = &mut object {
        for (name, value) in beside {
            object.entry(name.as_str()).or_insert_with(|| value.clone());
        }
    }
    object
}

/// What one event says. It may say nothing.
#[derive(Debug, PartialEq, Default)]
pub(crate) struct Piece {
    pub(crate) inputs: Vec<Input>,
    /// Whether the turn went on with it: with these inputs, or with a thought, which is no part of the answer.
    pub(crate) goes_on: bool,
}

/// Reads the frames of one turn.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Whether words or calls came in pieces: a server that sends the whole beside them says nothing new.
    has_pieces: bool,
    is_finished: bool,
    /// Words of the server that may be about a failure: they count if the turn comes to no end.
    remark: Option<Complaint>,
}

impl Reader {
    /// What the frame says.
    pub(super) fn read(&mut self, frame: Frame) -> Result<Piece, Fault> {
        match frame {
            Frame::Piece(Value::Object(object)) => self.piece(object),
            // Some servers wrap what they say of a failure.
            Frame::Piece(Value::Array(values)) => match values.into_iter().next() {
                Some(Value::Object(object)) => self.piece(object),
                Some(_) | None => Ok(Piece::default()),
            },
            Frame::Piece(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                Ok(Piece::default())
            }
            Frame::Error(error) => Err(Fault::Said(Complaint::of(&error))),
            Frame::Whole(whole) => self.whole(whole),
            Frame::Page => Err(Fault::Page),
            Frame::Words(words) => Err(Fault::Said(Complaint::text(&words))),
            Frame::Nothing(status) => Err(Fault::Nothing(status)),
            Frame::Damaged(why) => Err(Fault::Broken(format!("a piece of it is no JSON ({why})"))),
        }
    }

    /// The stream is over; what the server remarked is why, if the turn is not.
    pub(super) fn end(&mut self) -> Option<Fault> {
        self.remark.take().filter(|_| !self.is_finished).map(Fault::Said)
    }

    /// An answer that does not stream is as good as one that does: it is all there.
    fn whole(&mut self, whole: Value) -> Result<Piece, Fault> {
        let mut piece = self.read(Frame::Piece(whole))?;
        if piece.goes_on && !self.is_finished {
            piece.inputs.push(Input::Finish(Finish::Complete));
        }
        match self.end() {
            Some(fault) if !piece.goes_on => Err(fault),
            Some(_) | None => Ok(piece),
        }
    }

    fn piece(&mut self, mut object: Map<String, Value>) -> Result<Piece, Fault> {
        if let Some(complaint) = Complaint::in_place_of_an_answer(&object) {
            return Err(Fault::Said(complaint));
        }
        // We ask for one choice.
        let choice = match object.remove("choices") {
            Some(Value::Array(choices)) => choices.into_iter().next(),
            Some(_) => None,
            None => {
                if object.get("message").is_some_and(Value::is_string) {
                    self.remark = Some(Complaint::of(&Value::Object(object)));
                }
                None
            }
        };
        let Some(Value::Object(mut choice)) = choice else { return Ok(Piece::default()) };
        if let Some(error) = choice.get("error").filter(|error| error.is_object() || error.is_string()) {
            return Err(Fault::Said(Complaint::of(error)));
        }
        let mut spoken = match choice.remove("delta") {
            Some(Value::Object(delta)) => Spoken::of(delta),
            Some(_) | None => Spoken::default(),
        };
        self.has_pieces |= spoken.says_something();
        if !self.has_pieces {
            spoken = match (choice.remove("message"), choice.remove("text")) {
                (Some(Value::Object(message)), _) => Spoken::of(message),
                (_, Some(text)) => Spoken { words: text_of(&text), ..spoken },
                (_, None) => spoken,
            };
            self.has_pieces |= spoken.says_something();
        }
        let mut piece = Piece { goes_on: spoken.thinks, inputs: spoken.inputs() };
        let finish = choice.get("finish_reason").and_then(finish);
        self.is_finished |= finish.is_some();
        piece.inputs.extend(finish.map(Input::Finish));
        piece.goes_on |= piece.inputs.iter().any(|input| !matches!(input, Input::Beside(_)));
        Ok(piece)
    }
}

/// What a `delta` or a `message` says.
#[derive(Debug, Default)]
struct Spoken {
    words: Option<String>,
    thinks: bool,
    calls: Vec<ToolDelta>,
    beside: Fields,
}

impl Spoken {
    fn of(mut object: Map<String, Value>) -> Self {
        let content = object.remove("content").unwrap_or_default();
        let refusal = object.remove("refusal").and_then(|refusal| words(&refusal));
        let calls = match object.remove("tool_calls") {
            Some(Value::Array(calls)) => calls.into_iter().filter_map(call).collect(),
            Some(_) | None => Vec::new(),
        };
        let beside: Fields = object.into_iter().filter(|(name, _)| goes_back(name)).collect();
        let is_thought = |value: &Value| match value {
            Value::String(text) => !text.is_empty(),
            Value::Array(values) => !values.is_empty(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
        };
        let thinks = beside.values().any(is_thought) || has_thoughts(&content);
        let beside = beside.into_iter().filter(|(_, value)| !value.is_null()).collect();
        Self { words: text_of(&content).or(refusal), thinks, calls, beside }
    }

    fn says_something(&self) -> bool {
        self.words.is_some() || !self.calls.is_empty()
    }

    fn inputs(self) -> Vec<Input> {
        let beside = Some(self.beside).filter(|beside| !beside.is_empty()).map(Input::Beside);
        let words = self.words.map(Input::Text);
        beside.into_iter().chain(words).chain(self.calls.into_iter().map(Input::Tool)).collect()
    }
}

/// Whether what a server sends beside the words under this name is wanted back with the calls: thoughts and signatures.
fn goes_back(name: &str) -> bool {
    ["reasoning", "thinking", "thought", "signature"].iter().any(|part| name.contains(part))
        || matches!(name, "extra_content" | "provider_specific_fields")
}

/// The words of a content, which some servers send in parts.
fn text_of(content: &Value) -> Option<String> {
    match content {
        Value::Array(parts) => {
            let text: String = parts.iter().filter_map(part).collect();
            Some(text).filter(|text| !text.is_empty())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            words(content)
        }
    }
}

fn part(part: &Value) -> Option<&str> {
    let kind = part.get("type").and_then(Value::as_str).unwrap_or("text");
    let name = match kind {
        "text" | "output_text" => "text",
        "refusal" => "refusal",
        _ => return None,
    };
    part.get(name)?.as_str()
}

fn has_thoughts(content: &Value) -> bool {
    let parts = content.as_array().map(Vec::as_slice).unwrap_or_default();
    parts.iter().any(|part| part.get("type").and_then(Value::as_str) == Some("thinking"))
}

fn call(call: Value) -> Option<ToolDelta> {
    let Value::Object(mut call) = call else { return None };
    let mut function = match call.remove("function") {
        Some(Value::Object(function)) => function,
        Some(_) | None => Map::new(),
    };
    let index = call.remove("index").and_then(|index| index.as_u64());
    let id = call.remove("id").and_then(|id| words(&id));
    call.remove("type");
    let name = function.remove("name").and_then(|name| words(&name));
    let arguments = match function.remove("arguments") {
        Some(Value::String(text)) => text,
        Some(Value::Null) | None => String::new(),
        // Some servers send the object itself.
        Some(other @ (Value::Object(_) | Value::Array(_) | Value::Bool(_) | Value::Number(_))) => {
            other.to_string()
        }
    };
    let said =
        |fields: Map<String, Value>| fields.into_iter().filter(|(_, value)| !value.is_null()).collect();
    Some(ToolDelta { index, id, name, arguments, beside: said(call), beside_function: said(function) })
}

fn words(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// `null` and the empty string, which some servers send with every chunk, are no end.
fn finish(reason: &Value) -> Option<Finish> {
    match reason.as_str()?.to_ascii_lowercase().as_str() {
        "" => None,
        "length" | "max_tokens" | "model_length" | "max_output_tokens" => Some(Finish::Length),
        "content_filter" | "safety" | "sensitive" | "recitation" | "blocklist" | "prohibited_content" => {
            Some(Finish::Filtered)
        }
        "error"
        | "network_error"
        | "insufficient_system_resource"
        | "abort"
        | "aborted"
        | "cancelled"
        | "malformed_function_call" => Some(Finish::Failed),
        _ => Some(Finish::Complete),
    }
}

#[cfg(test)]
mod tests;
