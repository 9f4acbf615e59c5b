//! The chat-completions protocol in types of our own: strict in what is sent, lenient in what is taken.
//!
//! Servers differ in all that they leave out, rename or send as another type, so a chunk is read for what is needed and
//! everything else in it is passed over.

use nixi_core::registry::ToolSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::fault::Fault;
use crate::conversation::{Finish, Input, Message, ToolDelta};

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
        Message::Model { text, calls } if calls.is_empty() => json!({ "role": "assistant", "content": text }),
        Message::Model { text, calls } => {
            let calls: Vec<Value> = calls
                .iter()
                .map(|call| {
                    let function = json!({ "name": call.name, "arguments": call.arguments });
                    json!({ "id": call.id, "type": "function", "function": function })
                })
                .collect();
            json!({ "role": "assistant", "content": text, "tool_calls": calls })
        }
        Message::Reply { id, text } => json!({ "role": "tool", "tool_call_id": id, "content": text }),
    }
}

/// One event of the stream.
#[derive(Debug, Deserialize)]
pub(crate) struct Chunk {
    #[serde(default, deserialize_with = "or_default")]
    choices: Vec<Choice>,
    #[serde(default)]
    error: Value,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default, deserialize_with = "or_default")]
    delta: Delta,
    #[serde(default)]
    finish_reason: Value,
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    #[serde(default)]
    content: Value,
    #[serde(default)]
    reasoning: Value,
    #[serde(default)]
    reasoning_content: Value,
    #[serde(default, deserialize_with = "or_default")]
    tool_calls: Vec<Call>,
}

#[derive(Debug, Deserialize)]
struct Call {
    #[serde(default)]
    index: Value,
    #[serde(default)]
    id: Value,
    #[serde(default, deserialize_with = "or_default")]
    function: Function,
}

#[derive(Debug, Default, Deserialize)]
struct Function {
    #[serde(default)]
    name: Value,
    #[serde(default)]
    arguments: Value,
}

fn or_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// What one event says. It may say nothing.
#[derive(Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) inputs: Vec<Input>,
    /// Whether the turn went on with it: with these inputs, or with a thought, which is no part of the answer.
    pub(crate) goes_on: bool,
}

impl Chunk {
    pub(super) fn piece(self) -> Result<Piece, Fault> {
        if !self.error.is_null() {
            return Err(Fault::Said(error_message(&self.error)));
        }
        let mut inputs = Vec::new();
        let mut thinks = false;
        // We ask for one choice.
        if let Some(choice) = self.choices.into_iter().next() {
            let thoughts = [&choice.delta.reasoning, &choice.delta.reasoning_content];
            thinks = thoughts.into_iter().any(|thought| words(thought).is_some());
            inputs.extend(words(&choice.delta.content).map(Input::Text));
            inputs.extend(choice.delta.tool_calls.into_iter().map(|call| Input::Tool(call.delta())));
            inputs.extend(finish(&choice.finish_reason).map(Input::Finish));
        }
        Ok(Piece { goes_on: thinks || !inputs.is_empty(), inputs })
    }
}

impl Call {
    fn delta(self) -> ToolDelta {
        ToolDelta {
            index: self.index.as_u64(),
            id: words(&self.id),
            name: words(&self.function.name),
            arguments: match self.function.arguments {
                Value::String(text) => text,
                Value::Null => String::new(),
                // Some servers send the object itself.
                other @ (Value::Object(_) | Value::Array(_) | Value::Bool(_) | Value::Number(_)) => {
                    other.to_string()
                }
            },
        }
    }
}

fn words(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// `null` and the empty string, which some servers send with every chunk, are no end.
fn finish(reason: &Value) -> Option<Finish> {
    match reason.as_str()? {
        "" => None,
        "length" => Some(Finish::Length),
        "content_filter" => Some(Finish::Filtered),
        _ => Some(Finish::Complete),
    }
}

/// What the body of a refusal says, in whatever form: `{"error":{"message"}}`, `{"error":"…"}`, `{"message"}`,
/// `{"detail"}`, or plain text.
pub(super) fn refusal_message(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(value) => error_message(value.get("error").filter(|error| !error.is_null()).unwrap_or(&value)),
        // A page for people says nothing that a line can hold.
        Err(_) if body.trim_start().starts_with('<') => String::new(),
        Err(_) => body.trim().to_owned(),
    }
}

fn error_message(error: &Value) -> String {
    let message = ["message", "detail"].iter().find_map(|key| error.get(key)?.as_str());
    message.or(error.as_str()).map_or_else(|| error.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(chunk: &str) -> Vec<Input> {
        serde_json::from_str::<Chunk>(chunk).unwrap().piece().unwrap().inputs
    }

    #[test]
    fn odd_chunks_are_read() {
        for silent in [
            "{}",
            r#"{"choices":null,"usage":{}}"#,
            r#"{"choices":[]}"#,
            r#"{"choices":[{"delta":null,"finish_reason":""}],"service_tier":"on_demand"}"#,
            r#"{"choices":[{"delta":{"content":null,"role":"x","reasoning":"hm","reasoning_content":"hm","tool_calls":null}}]}"#,
            r#"{"choices":[{"finish_reason":null}],"error":null}"#,
        ] {
            assert_eq!(inputs(silent), [], "{silent}");
        }
        assert_eq!(
            inputs(r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#),
            [Input::Text("a".into()), Input::Finish(Finish::Complete)]
        );
        let call = inputs(
            r#"{"choices":[{"delta":{"tool_calls":[{"function":{"name":"clock","arguments":{"action":"now"}}}]}}]}"#,
        );
        let [Input::Tool(delta)] = &call[..] else { panic!("{call:?}") };
        assert_eq!((delta.index, delta.arguments.as_str()), (None, r#"{"action":"now"}"#));
    }

    #[test]
    fn a_thought_goes_on_and_an_empty_chunk_does_not() {
        let goes_on = |delta: &str| {
            let chunk = format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#);
            serde_json::from_str::<Chunk>(&chunk).unwrap().piece().unwrap().goes_on
        };
        for delta in [r#"{"content":"a"}"#, r#"{"reasoning":"a"}"#, r#"{"reasoning_content":"a"}"#] {
            assert!(goes_on(delta), "{delta}");
        }
        for delta in ["{}", "null", r#"{"role":"assistant","content":"","reasoning":null}"#] {
            assert!(!goes_on(delta), "{delta}");
        }
    }

    #[test]
    fn an_error_in_the_stream_is_an_error() {
        let chunk: Chunk =
            serde_json::from_str(r#"{"error":{"code":500,"message":"out of memory"}}"#).unwrap();
        assert_eq!(chunk.piece(), Err(Fault::Said("out of memory".into())));
    }

    #[test]
    fn refusals_are_read_in_any_form() {
        for (body, message) in [
            (r#"{"error":{"code":401,"message":"bad key"}}"#, "bad key"),
            (r#"{"error":"no such model"}"#, "no such model"),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            (r#"{"object":"error","message":"m"}"#, "m"),
            ("upstream is down\n", "upstream is down"),
            ("<html><h1>502</h1></html>", ""),
            ("", ""),
        ] {
            assert_eq!(refusal_message(body), message, "{body}");
        }
    }
}
