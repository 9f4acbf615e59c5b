//! The model as a session knows it: drives the conversation, does what it says.

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use nixi_core::error::{ErrorKind, ErrorReport};
use nixi_core::registry::Args;
use nixi_core::session::{Model, ModelCall, ModelCx};
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};

use crate::conversation::{Conversation, Effect, Input, Message};
use crate::openai::{Endpoint, Fault, Piece, Request, Secrets, TurnStream};
use crate::prompt;

/// Where a model is, and which.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// The root of an OpenAI-compatible API, as `http://127.0.0.1:11434/v1`.
    pub base_url: String,
    /// The model's name, as the endpoint knows it.
    pub model: String,
    /// The key, if the endpoint wants one.
    pub api_key: Option<SecretString>,
}

/// How long a silent endpoint is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until it answers, and again until the first piece of the answer: it may have to load the model.
    pub first: Duration,
    /// From one piece of the answer to the next; what says nothing is no piece of it.
    pub next: Duration,
    /// For a whole turn of the model, whatever it sends.
    pub turn: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(120),
            next: Duration::from_secs(60),
            turn: Duration::from_secs(600),
        }
    }
}

/// A model behind an OpenAI-compatible endpoint, and the conversation with it. One request at a time; others wait.
#[derive(Debug)]
pub struct ChatModel {
    endpoint: Endpoint,
    name: RwLock<String>,
    patience: Patience,
    conversation: Mutex<Conversation>,
}

impl ChatModel {
    /// A conversation that has not begun. Nothing is sent, and nothing checked, before the first request.
    #[must_use]
    pub fn new(settings: &ModelSettings) -> Self {
        Self::with_patience(settings, Patience::default())
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_patience(settings: &ModelSettings, patience: Patience) -> Self {
        Self {
            endpoint: Endpoint::new(&settings.base_url, settings.api_key.as_ref()),
            name: RwLock::new(settings.model.clone()),
            patience,
            conversation: Mutex::new(Conversation::default()),
        }
    }

    /// The calls without the endpoint's secrets, which no tool has any use for and an outward read would carry out.
    fn without_secrets(&self, calls: Vec<ModelCall>) -> Vec<ModelCall> {
        let secrets = self.endpoint.secrets();
        let masked = |call: ModelCall| ModelCall {
            tool: secrets.masked(&call.tool),
            args: masked_fields(call.args, secrets),
        };
        calls.into_iter().map(masked).collect()
    }

    /// Has one turn streamed into the conversation; gives what is to be done after it.
    async fn turn(
        &self,
        history: &[Message],
        conversation: &mut Conversation,
        model_cx: &ModelCx<'_>,
    ) -> Vec<Effect> {
        let name = self.name();
        let system = prompt::system(&model_cx.overview());
        let request = Request::new(name.clone(), &system, history, &model_cx.tools());
        let failed = |fault: &Fault| Input::StreamFailed {
            error: self.endpoint.report(fault, &name),
            too_long: fault.is_too_long(),
        };
        let mut clock = Clock::start(self.patience);
        let opened = tokio::select! {
            biased;
            () = model_cx.cancel().cancelled() => return conversation.step(Input::Cancelled),
            opened = timeout(self.patience.first, self.endpoint.open(request)) => opened,
        };
        let mut stream = match opened.unwrap_or(Err(Fault::Silent(self.patience.first))) {
            Ok(stream) => stream,
            Err(fault) => return conversation.step(failed(&fault)),
        };
        clock.wait(self.patience.first);
        loop {
            let next = tokio::select! {
                biased;
                () = model_cx.cancel().cancelled() => return conversation.step(Input::Cancelled),
                next = clock.next(&mut stream) => next,
            };
            let piece = match next {
                None => return conversation.step(Input::StreamEnded),
                Some(Ok(piece)) => piece,
                Some(Err(fault)) => return conversation.step(failed(&fault)),
            };
            if piece.goes_on {
                clock.wait(self.patience.next);
            }
            for input in piece.inputs {
                let effects = conversation.step(input);
                let only_words =
                    effects.iter().all(|effect| matches!(effect, Effect::Say(_) | Effect::TakeBack(_)));
                if !only_words {
                    // The turn is over before its stream is.
                    return effects;
                }
                for effect in effects {
                    match effect {
                        Effect::Say(words) => model_cx.say(&words),
                        Effect::TakeBack(words) => model_cx.take_back(&words),
                        Effect::Request(_)
                        | Effect::CallTools(_)
                        | Effect::Notice(_)
                        | Effect::Conclude(_) => {}
                    }
                }
            }
        }
    }
}

/// Names and values: a name that no action knows is repeated in an error.
fn masked_fields(fields: Args, secrets: &Secrets) -> Args {
    fields.into_iter().map(|(name, value)| (secrets.masked(&name), masked(value, secrets))).collect()
}

fn masked(value: Value, secrets: &Secrets) -> Value {
    match value {
        Value::String(text) => Value::String(secrets.masked(&text)),
        Value::Array(values) => values.into_iter().map(|value| masked(value, secrets)).collect(),
        Value::Object(fields) => Value::Object(masked_fields(fields, secrets)),
        // A key of digits alone may come as a number.
        Value::Number(number) => {
            let text = number.to_string();
            let masked = secrets.masked(&text);
            if masked == text { Value::Number(number) } else { Value::String(masked) }
        }
        value @ (Value::Null | Value::Bool(_)) => value,
    }
}

/// How long a turn is still waited for.
struct Clock {
    /// Until the next piece, and the limit that this moment comes from.
    next: (Instant, Duration),
    /// The same for the whole turn.
    turn: (Instant, Duration),
}

impl Clock {
    fn start(patience: Patience) -> Self {
        let at = |limit: Duration| (Instant::now() + limit, limit);
        Self { next: at(patience.first), turn: at(patience.turn) }
    }

    /// From now on, a piece is waited for this long.
    fn wait(&mut self, limit: Duration) {
        self.next = (Instant::now() + limit, limit);
    }

    async fn next(&self, stream: &mut TurnStream) -> Option<Result<Piece, Fault>> {
        let ((next, silence), (turn, whole)) = (self.next, self.turn);
        let end = next.min(turn);
        // A stream that always has something at hand never lets a timeout look at the clock.
        if Instant::now() < end
            && let Ok(piece) = timeout_at(end, stream.next()).await
        {
            return piece;
        }
        Some(Err(if turn <= next { Fault::Endless(whole) } else { Fault::Silent(silence) }))
    }
}

#[async_trait]
impl Model for ChatModel {
    fn name(&self) -> String {
        self.name.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn switch(&self, name: &str) -> Result<(), ErrorReport> {
        name.clone_into(&mut self.name.write().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }

    async fn answer(&self, request: &str, model_cx: &ModelCx<'_>) -> Result<String, ErrorReport> {
        let mut conversation = tokio::select! {
            biased;
            () = model_cx.cancel().cancelled() => return Err(ErrorReport::new(ErrorKind::Cancelled, "interrupted")),
            conversation = self.conversation.lock() => conversation,
        };
        let mut todo = VecDeque::from(conversation.step(Input::Person(request.to_owned())));
        while let Some(effect) = todo.pop_front() {
            match effect {
                Effect::Request(history) => {
                    todo.extend(self.turn(&history, &mut conversation, model_cx).await)
                }
                Effect::CallTools(calls) => {
                    let replies = model_cx.call(self.without_secrets(calls)).await;
                    todo.extend(conversation.step(Input::Replies(replies)));
                }
                Effect::Say(words) => model_cx.say(&words),
                Effect::TakeBack(words) => model_cx.take_back(&words),
                Effect::Notice(words) => model_cx.notice(&words),
                Effect::Conclude(end) => return end.map(|answer| nixi_core::text::clean(&answer)),
            }
        }
        Err(ErrorReport::new(ErrorKind::Internal, "the conversation came to no end"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn without(key: &str, tool: &str, args: &Value) -> ModelCall {
        let settings = ModelSettings {
            base_url: "http://127.0.0.1:1/v1?token=abcdefgh1".to_owned(),
            model: "m".to_owned(),
            api_key: Some(SecretString::from(key)),
        };
        let call = ModelCall { tool: tool.to_owned(), args: args.as_object().unwrap().clone() };
        ChatModel::new(&settings).without_secrets(vec![call]).remove(0)
    }

    #[test]
    fn no_part_of_a_call_holds_a_secret() {
        let args = json!({
            "action": "ping", "target": "sk-secret-1.example", "count": 3, "all": true, "none": null,
            "xsk-secret-1": ["abcdefgh1", {"sk-secret-1": "a sk-secret-1 b"}],
        });
        let call = without("sk-secret-1", "net-sk-secret-1", &args);
        assert_eq!(call.tool, "net-[key]");
        let masked = json!({
            "action": "ping", "target": "[key].example", "count": 3, "all": true, "none": null,
            "x[key]": ["[key]", {"[key]": "a [key] b"}],
        });
        assert_eq!(Value::Object(call.args), masked);
        let call = without("1234567890", "t", &json!({"n": 1_234_567_890_u64, "m": 12_345}));
        assert_eq!(Value::Object(call.args), json!({"n": "[key]", "m": 12_345}));
    }
}
