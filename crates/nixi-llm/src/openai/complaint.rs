//! What a server says of a failure, in whatever form, and whether it means that the conversation is too long.

use serde_json::{Map, Value};

/// A server's own words about a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The words; may be empty.
    pub(crate) message: String,
    /// Whether they say that the conversation does not fit the model.
    pub(crate) too_long: bool,
}

/// Under these names servers put words for people.
const WORDS: [&str; 9] = [
    "message",
    "detail",
    "msg",
    "error_message",
    "error_msg",
    "errorMessage",
    "error_description",
    "title",
    "reason",
];

/// How deep an error may lie in others.
const DEPTH: usize = 6;

impl Complaint {
    /// From plain words.
    pub(super) fn text(message: &str) -> Self {
        Self { message: message.trim().to_owned(), too_long: means_too_long(message) }
    }

    /// From what stands under `error`, or in its place.
    pub(super) fn of(error: &Value) -> Self {
        let message = words(error, DEPTH).unwrap_or_else(|| error.to_string());
        let of_list = error.as_array().and_then(|errors| errors.first()).unwrap_or(error);
        let error = of_list.get("error").filter(|error| error.is_object()).unwrap_or(of_list);
        // A gateway puts the words of the server behind it there.
        let behind = error.get("metadata").and_then(|metadata| metadata.get("raw")).and_then(|raw| {
            let text = raw.as_str().map_or_else(|| raw.to_string(), str::to_owned);
            let inner = serde_json::from_str::<Value>(&text).ok().and_then(|raw| words(&raw, DEPTH));
            Some(inner.unwrap_or(text)).filter(|text| !text.is_empty() && *text != message)
        });
        let codes = ["code", "type"].iter().filter_map(|name| error.get(name)?.as_str());
        let too_long = codes.chain([message.as_str()]).chain(behind.as_deref()).any(means_too_long);
        let message = behind.map_or(message.clone(), |behind| format!("{message}: {behind}"));
        Self { message, too_long }
    }

    /// From the body of a refusal: JSON of many shapes, or plain text.
    pub(super) fn of_body(body: &str) -> Self {
        match serde_json::from_str::<Value>(body) {
            Ok(value) => Self::of(&value),
            // A page for people says nothing that a line can hold.
            Err(_) if body.trim_start().starts_with('<') => Self::default(),
            Err(_) => Self::text(body),
        }
    }

    /// From an object that came in place of a piece of an answer; nothing if it is no failure.
    pub(super) fn in_place_of_an_answer(object: &Map<String, Value>) -> Option<Self> {
        let value = || Value::Object(object.clone());
        if object.get("error").is_some_and(is_something) {
            return Some(Self::of(&value()));
        }
        if object.get("choices").is_some_and(Value::is_array) {
            return None;
        }
        let says = |name: &str, what: &[&str]| {
            object.get(name).and_then(Value::as_str).is_some_and(|word| what.contains(&word))
        };
        let is_one = says("object", &["error"])
            || says("type", &["error"])
            || says("status", &["error", "failed", "fail"])
            || says("level", &["error"])
            || object.get("success") == Some(&Value::Bool(false))
            || ["detail", "errors", "error_message", "error_msg", "errorMessage", "error_code"]
                .iter()
                .any(|name| object.get(*name).is_some_and(is_something))
            || ["code", "status", "status_code"].iter().any(|name| object.get(*name).is_some_and(is_failure));
        is_one.then(|| Self::of(&value()))
    }
}

/// Whether something stands there: some servers send the name with every piece.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::Object(_) => true,
    }
}

/// Whether it is a status or a code that is no success.
fn is_failure(code: &Value) -> bool {
    match code {
        Value::Number(code) => code.as_u64().is_none_or(|code| code >= 400),
        Value::String(code) => {
            !code.is_empty() && !matches!(code.as_str(), "0" | "200" | "ok" | "OK" | "success")
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// The words in it, wherever servers put them.
fn words(value: &Value, depth: usize) -> Option<String> {
    if depth == 0 {
        return None;
    }
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Array(values) => {
            let found: Vec<String> =
                values.iter().filter_map(|value| words(value, depth - 1)).take(3).collect();
            (!found.is_empty()).then(|| found.join("; "))
        }
        Value::Object(object) => {
            let nested = ["error", "errors"].iter().filter_map(|name| object.get(*name));
            let named = WORDS.iter().filter_map(|name| object.get(*name));
            nested.chain(named).find_map(|value| words(value, depth - 1))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Words that mean nothing else, and codes.
const TOO_LONG: [&str; 21] = [
    "context_length_exceeded",
    "context_window_exceeded",
    "contextwindowexceeded",
    "exceed_context_size",
    "context length exceeded",
    "context size exceeded",
    "context window exceeded",
    "context overflow",
    "context the overflows",
    "maximum context length is",
    "maximum prompt length is",
    "greater than the context length",
    "prompt is too long",
    "prompt too long",
    "input is too long",
    "input too long",
    "conversation is too long",
    "reduce the length of the messages",
    "reduce the length of either one",
    "too large for model with",
    "inputs` tokens + `max_new_tokens` must be",
];

/// What may be too long, where a message says `exceed` of it.
const MEASURES: [&str; 10] = [
    "context length",
    "context_length",
    "context size",
    "context window",
    "context limit",
    "model context",
    "max context",
    "input length",
    "prompt length",
    "input token count",
];

/// What a limit of use is told with: asking again later helps, a shorter conversation does not.
const OF_USE: [&str; 6] = ["per min", "per day", "per hour", "rate limit", "rate_limit", "quota"];

/// Whether the words mean that the conversation does not fit the model. Where they may mean another thing, they do: what
/// was said is lost by a yes.
fn means_too_long(words: &str) -> bool {
    let words = words.to_lowercase();
    let says = |what: &str| words.contains(what);
    if OF_USE.iter().any(|what| says(what)) {
        return false;
    }
    TOO_LONG.iter().any(|what| says(what))
        || (says("exceed") && MEASURES.iter().any(|what| says(what)))
        || (says("tokens in the prompt") && says("exceed"))
        || (says("prompt contains") && says("too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_read_in_any_form() {
        for (body, message) in [
            (r#"{"error":{"code":401,"message":"bad key"}}"#, "bad key"),
            (r#"{"error":"no such model"}"#, "no such model"),
            (r#"[{"error":{"code":400,"message":"missing","status":"INVALID_ARGUMENT"}}]"#, "missing"),
            (r#"{"error":null,"message":"m"}"#, "m"),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            (
                r#"{"detail":[{"loc":["body"],"msg":"field required"},{"msg":"and more"}]}"#,
                "field required; and more",
            ),
            (r#"{"object":"error","message":"m"}"#, "m"),
            (r#"{"success":false,"errors":[{"code":7003,"message":"no route"}]}"#, "no route"),
            (r#"{"error_code":17,"error_msg":"daily limit"}"#, "daily limit"),
            (r#"{"error":{"error":{"message":"deep"}}}"#, "deep"),
            (
                r#"{"error":{"message":"Provider returned error","metadata":{"raw":"{\"error\":{\"message\":\"no tools\"}}"}}}"#,
                "Provider returned error: no tools",
            ),
            ("upstream is down\n", "upstream is down"),
            ("<html><h1>502</h1></html>", ""),
            ("", ""),
        ] {
            assert_eq!(Complaint::of_body(body).message, message, "{body}");
        }
    }

    /// What real servers say of a conversation that does not fit.
    #[test]
    fn a_long_conversation_is_too_long() {
        for body in [
            r#"{"error":{"message":"This model's maximum context length is 4096 tokens. However, you requested 5000."}}"#,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
            r#"{"error":{"message":"Please reduce the length of the messages or completion.","code":"context_length_exceeded"}}"#,
            r#"{"error":"Context size has been exceeded"}"#,
            r#"{"error":"Trying to keep the first 111490 tokens when context the overflows."}"#,
            r#"{"error":"The number of tokens to keep from the initial prompt is greater than the context length"}"#,
            r#"[{"error":{"message":"The input token count (1200000) exceeds the maximum number of tokens allowed"}}]"#,
            r#"{"error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
            r#"{"error":{"message":"Your input exceeds the context window of this model."}}"#,
            r#"{"message":"Prompt contains 40000 tokens, too large for model with 32768 maximum context length"}"#,
            r#"{"error":"This model's maximum prompt length is 131072 but the request contains 537812 tokens."}"#,
            r#"{"error":"`inputs` tokens + `max_new_tokens` must be <= 4096."}"#,
            r#"{"error":{"message":"Provider returned error","metadata":{"raw":"prompt is too long: 3 > 2"}}}"#,
            r#"{"error":"input length exceeds maximum context length"}"#,
        ] {
            assert!(Complaint::of_body(body).too_long, "{body}");
        }
    }

    #[test]
    fn another_trouble_is_not_taken_for_a_long_conversation() {
        for body in [
            r#"{"error":{"message":"Error rendering prompt with jinja template: Expected closing statement token"}}"#,
            r#"{"error":"Unexpected token '<' in JSON"}"#,
            r#"{"error":"invalid authentication token"}"#,
            r#"{"error":"CUDA context was lost"}"#,
            r#"{"error":"'max_tokens' is not supported"}"#,
            r#"{"error":"tools[3].function.description is too long"}"#,
            r#"{"error":"failed to sample token"}"#,
            r#"{"error":"Rate limit reached: 30000 tokens per min"}"#,
            r#"{"error":"Rate limit exceeded: input token count of 5000 in the context window"}"#,
            r#"{"error":"max_tokens is too large: 100000. This model supports at most 4096 completion tokens"}"#,
            r#"{"error":"prompt_cache_key: string too long"}"#,
            r#"{"error":"failed to create context with model"}"#,
            r#"{"error":"the context deadline was exceeded"}"#,
            r#"{"error":"You exceeded your current quota; the context length is no matter"}"#,
            r#"{"error":"messages.2.name is too long"}"#,
            r#"{"error":"too many tools: the limit of 128 is exceeded"}"#,
        ] {
            assert!(!Complaint::of_body(body).too_long, "{body}");
        }
    }
}
