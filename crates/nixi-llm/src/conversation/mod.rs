//! The conversation with a model: a pure state machine.
//!
//! What happens comes in as an [`Input`], what is to be done goes out as [`Effect`]s; there is no clock and no I/O, so
//! every odd sequence is a test without a network. It promises, whatever comes in and in whatever order:
//!
//! - calls are made only from a turn that came to its end whole; of any other turn nothing runs, and it leaves no trace
//!   in the history;
//! - a person's request has at most [`ROUNDS`] rounds and exactly one [`Effect::Conclude`];
//! - the history can always be sent again: every call in it has its reply, and every exchange an end.

mod beside;
mod history;
mod marks;
mod message;
mod thoughts;
mod turn;

use std::collections::BTreeSet;

use nixi_core::StepStatus;
use nixi_core::error::{ErrorKind, ErrorReport};
use nixi_core::session::ModelCall;
use serde_json::json;

pub(crate) use self::beside::Fields;
pub(crate) use self::message::Message;
#[cfg(test)]
pub(crate) use self::message::ToolUse;
pub(crate) use self::turn::{Finish, ToolDelta};

use self::history::History;
use self::thoughts::Heard;
use self::turn::{Broken, Call, Turn};

/// How often the model is asked for one request of a person.
pub(crate) const ROUNDS: usize = 10;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Input {
    /// A person asks something.
    Person(String),
    /// More text of the turn.
    Text(String),
    /// More of a call.
    Tool(ToolDelta),
    /// More of what goes back with the turn's calls.
    Beside(Fields),
    /// The model says that its turn is over.
    Finish(Finish),
    /// The stream came to its end.
    StreamEnded,
    /// The request failed, or the stream broke.
    StreamFailed {
        /// How.
        error: ErrorReport,
        /// Whether the server said that the conversation is too long for the model.
        too_long: bool,
    },
    /// What came of the calls, one reply each.
    Replies(Vec<String>),
    /// Nobody waits any more.
    Cancelled,
}

/// What is to be done, in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Send this to the model and stream its turn back.
    Request(Vec<Message>),
    /// Show more words of the answer.
    Say(String),
    /// These words, which were said last, were a thought and no part of the answer.
    TakeBack(String),
    /// Make these calls and bring the replies.
    CallTools(Vec<ModelCall>),
    /// Tell the person something beside the answer.
    Notice(String),
    /// The request is answered, or is not going to be.
    Conclude(Result<String, ErrorReport>),
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    Streaming(Turn),
    /// Calls are being made; their ids, in order.
    Calling(Vec<String>),
}

/// See the [module's documentation](self).
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    history: History,
    state: State,
    round: usize,
    has_spoken: bool,
    /// The same before this turn.
    spoke_before: bool,
    /// What this turn said, as it was shown.
    said: String,
    has_called: bool,
    ids: u32,
}

impl Conversation {
    /// Takes in what happened. What comes too late, or out of turn, changes nothing.
    pub(crate) fn step(&mut self, input: Input) -> Vec<Effect> {
        let state = std::mem::take(&mut self.state);
        match (state, input) {
            (state, Input::Person(words)) => self.begin(&state, words),
            (State::Idle, _) => Vec::new(),
            (State::Calling(ids), Input::Replies(replies)) => self.replied(ids, replies),
            (State::Calling(ids), Input::Cancelled) => {
                let unknown = unknown("interrupted: it is not known what ran");
                let replies = vec![unknown; ids.len()];
                self.add_replies(ids, replies);
                self.fail(cancelled())
            }
            (State::Streaming(_), Input::Cancelled) => self.fail(cancelled()),
            (State::Streaming(turn), input) => self.stream(turn, input),
            (calling @ State::Calling(_), _) => {
                self.state = calling;
                Vec::new()
            }
        }
    }

    fn begin(&mut self, state: &State, words: String) -> Vec<Effect> {
        match state {
            State::Idle => {}
            // Whoever drove the last request went away in the middle of it.
            State::Streaming(_) => self.history.close_unanswered("interrupted"),
            State::Calling(ids) => {
                self.add_replies(ids.clone(), Vec::new());
                self.history.close_unanswered("interrupted");
            }
        }
        self.history.open(words);
        self.round = 0;
        self.has_spoken = false;
        self.has_called = false;
        self.request()
    }

    fn request(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.history.trim() > 0 {
            effects.push(Effect::Notice(
                "the oldest part of the conversation was dropped: it got too long".into(),
            ));
        }
        self.round += 1;
        self.spoke_before = self.has_spoken;
        self.said.clear();
        self.state = State::Streaming(Turn::default());
        effects.push(Effect::Request(self.history.messages()));
        effects
    }

    fn stream(&mut self, mut turn: Turn, input: Input) -> Vec<Effect> {
        let taken = match input {
            Input::Text(text) => turn.add_text(&text).map(|heard| self.say(&turn, heard)),
            Input::Tool(delta) => turn.add_call(delta).map(|()| Vec::new()),
            Input::Beside(fields) => {
                turn.add_beside(fields);
                Ok(Vec::new())
            }
            Input::Finish(finish) => {
                turn.finish = turn.finish.or(Some(finish));
                Ok(Vec::new())
            }
            Input::StreamEnded => return self.end_turn(turn),
            Input::StreamFailed { .. } if turn.is_answered() => return self.end_turn(turn),
            Input::StreamFailed { error, too_long } => {
                let mut effects = Vec::new();
                let conclude = self.fail(error);
                if too_long && self.history.forget() > 0 {
                    effects
                        .push(Effect::Notice("the conversation so far was dropped: it got too long".into()));
                }
                effects.extend(conclude);
                return effects;
            }
            Input::Replies(_) | Input::Person(_) | Input::Cancelled => Ok(Vec::new()),
        };
        match taken {
            Ok(effects) => {
                self.state = State::Streaming(turn);
                effects
            }
            Err(why) => self.fail(broken(why)),
        }
    }

    /// The words as they are shown: those of a later turn stand in a paragraph of their own.
    fn say(&mut self, turn: &Turn, Heard { takes_back, words }: Heard) -> Vec<Effect> {
        let mut effects = Vec::new();
        if takes_back {
            effects.push(Effect::TakeBack(std::mem::take(&mut self.said)));
            self.has_spoken = self.spoke_before;
        }
        if !words.is_empty() {
            let first_of_turn = turn.text.len() == words.len();
            let is_later = std::mem::replace(&mut self.has_spoken, true) && first_of_turn;
            let words = if is_later { format!("\n\n{words}") } else { words };
            self.said.push_str(&words);
            effects.push(Effect::Say(words));
        }
        effects
    }

    fn end_turn(&mut self, mut turn: Turn) -> Vec<Effect> {
        let heard = turn.end_text();
        let mut effects = self.say(&turn, heard);
        effects.extend(self.conclude_turn(turn));
        effects
    }

    fn conclude_turn(&mut self, mut turn: Turn) -> Vec<Effect> {
        let calls = turn.calls();
        let is_silent = turn.text.trim().is_empty();
        match turn.finish {
            None => self.fail(broken("it broke off in the middle")),
            Some(Finish::Filtered) => self.fail(broken("the server held it back")),
            Some(Finish::Failed) => self.fail(broken("the server says that it failed")),
            Some(Finish::Length) if !calls.is_empty() => {
                self.fail(broken("it was cut off at its greatest length"))
            }
            Some(Finish::Length) if is_silent => {
                self.fail(broken("it came to its greatest length before it said anything"))
            }
            Some(Finish::Complete) if calls.is_empty() && is_silent => self.fail(broken("it is empty")),
            Some(finish @ (Finish::Length | Finish::Complete)) if calls.is_empty() => {
                let answer = turn.text.trim().to_owned();
                self.history.push(Message::words(turn.text));
                let mut effects = Vec::new();
                if finish == Finish::Length {
                    effects.push(Effect::Notice("the answer was cut off at its greatest length".into()));
                }
                effects.push(Effect::Conclude(Ok(answer)));
                effects
            }
            Some(Finish::Length | Finish::Complete) if self.round == ROUNDS => {
                self.fail(broken("after ten rounds it still calls tools").hint("ask for less at a time"))
            }
            Some(Finish::Length | Finish::Complete) => {
                let beside = turn.beside();
                self.make_calls(turn.text, calls, beside)
            }
        }
    }

    fn make_calls(&mut self, text: String, calls: Vec<Call>, beside: Fields) -> Vec<Effect> {
        let ids = self.ids_of(&calls);
        let uses = calls.iter().zip(&ids).map(|(call, id)| call.as_use(id)).collect();
        self.history.push(Message::Model { text, calls: uses, beside });
        if calls.iter().any(|call| call.args.is_err()) {
            let replies = calls.into_iter().map(|call| match call.args {
                Ok(_) => not_run("another call of this turn has an error; repeat this call"),
                Err(why) => not_run(&format!("{why}; make the whole call again")),
            });
            return self.replied(ids, replies.collect());
        }
        self.state = State::Calling(ids);
        self.has_called = true;
        let calls = calls
            .into_iter()
            .filter_map(|call| Some(ModelCall { tool: call.tool, args: call.args.ok()? }))
            .collect();
        vec![Effect::CallTools(calls)]
    }

    /// The calls' ids, with ids of our own for those that are missing or given twice. Nine letters and digits is what
    /// the strictest servers take.
    fn ids_of(&mut self, calls: &[Call]) -> Vec<String> {
        let mut taken: BTreeSet<String> = calls.iter().filter_map(|call| call.id.clone()).collect();
        let mut used = BTreeSet::new();
        calls
            .iter()
            .map(|call| match &call.id {
                Some(id) if used.insert(id.clone()) => id.clone(),
                Some(_) | None => loop {
                    self.ids = self.ids.wrapping_add(1) % 100_000;
                    let id = format!("nixi{:05}", self.ids);
                    if taken.insert(id.clone()) {
                        break id;
                    }
                },
            })
            .collect()
    }

    fn replied(&mut self, ids: Vec<String>, replies: Vec<String>) -> Vec<Effect> {
        self.add_replies(ids, replies);
        self.request()
    }

    fn add_replies(&mut self, ids: Vec<String>, replies: Vec<String>) {
        let missing = || unknown("no reply: it is not known what ran");
        for (id, text) in ids.into_iter().zip(replies.into_iter().map(Some).chain(std::iter::repeat(None))) {
            self.history.push(Message::Reply { id, text: text.unwrap_or_else(missing) });
        }
    }

    fn fail(&mut self, error: ErrorReport) -> Vec<Effect> {
        self.history.close_unanswered(&error.message);
        vec![Effect::Conclude(Err(self.with_what_ran(error)))]
    }

    /// Whoever asks again must know whether that would do a thing twice.
    fn with_what_ran(&self, error: ErrorReport) -> ErrorReport {
        if error.kind == ErrorKind::Cancelled {
            return error;
        }
        const RAN: &str = "calls of earlier turns were made: look at their results before you ask again";
        let hint = match (&error.hint, self.has_called) {
            (Some(hint), true) => format!("{RAN}; {hint}"),
            (None, true) => RAN.to_owned(),
            (Some(_), false) => return error,
            (None, false) => "nothing was run; ask again".to_owned(),
        };
        error.hint(hint)
    }
}

/// Replies in the form of a [`ModelCx`](nixi_core::session::ModelCx)'s own.
fn not_run(why: &str) -> String {
    json!({ "status": StepStatus::NotStarted.as_str(), "error": why }).to_string()
}

fn unknown(why: &str) -> String {
    json!({ "status": StepStatus::Unknown.as_str(), "error": why }).to_string()
}

fn broken(why: Broken) -> ErrorReport {
    ErrorReport::new(ErrorKind::ModelBroken, format!("the model's answer cannot be used: {why}"))
}

fn cancelled() -> ErrorReport {
    ErrorReport::new(ErrorKind::Cancelled, "interrupted")
}

#[cfg(test)]
mod tests;
