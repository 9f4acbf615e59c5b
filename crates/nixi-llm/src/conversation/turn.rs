//! One turn of the model, put together from the pieces that stream in.

use nixi_core::registry::Args;
use serde_json::Value;

use super::beside::{Beside, Fields, Texts, join, size};
use super::message::ToolUse;
use super::thoughts::{Heard, Thoughts};

/// The most text that one turn may have, calls included, in bytes.
pub(crate) const LONGEST: usize = 1024 * 1024;

/// The most calls of one turn.
pub(crate) const MOST_CALLS: usize = 64;

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// It said all it had to say, or waits for its calls.
    Complete,
    /// It came to the limit of its length.
    Length,
    /// The server held the rest back.
    Filtered,
    /// The server says that something failed.
    Failed,
}

/// A piece of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ToolDelta {
    /// Which call of the turn it belongs to; some servers leave it out, and some say 0 for all.
    pub(crate) index: Option<u64>,
    /// The call's id, once.
    pub(crate) id: Option<String>,
    /// The tool, once.
    pub(crate) name: Option<String>,
    /// More of the arguments' JSON.
    pub(crate) arguments: String,
    /// What else came with the call.
    pub(crate) beside: Fields,
    /// What else came with its name and arguments.
    pub(crate) beside_function: Fields,
}

#[derive(Debug, Default)]
struct Partial {
    index: Option<u64>,
    id: Option<String>,
    name: Option<String>,
    arguments: String,
    beside: Fields,
    beside_function: Fields,
}

/// A call of a complete turn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) id: Option<String>,
    pub(super) tool: String,
    /// The arguments, or what is wrong with them.
    pub(super) args: Result<Args, String>,
    beside: Fields,
    beside_function: Fields,
}

impl Call {
    pub(super) fn as_use(&self, id: &str) -> ToolUse {
        let arguments = match &self.args {
            Ok(args) => Value::Object(args.clone()).to_string(),
            // What was written is no JSON; the reply tells the model so.
            Err(_) => "{}".to_owned(),
        };
        ToolUse {
            id: id.to_owned(),
            name: self.tool.clone(),
            arguments,
            beside: self.beside.clone(),
            beside_function: self.beside_function.clone(),
        }
    }
}

/// What has come of the turn so far.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) text: String,
    pub(super) finish: Option<Finish>,
    calls: Vec<Partial>,
    thoughts: Thoughts,
    beside: Beside,
    bytes: usize,
}

/// Why a turn cannot be used.
pub(super) type Broken = &'static str;

impl Turn {
    /// Gives the words in it: those of a thought are none.
    pub(super) fn add_text(&mut self, text: &str) -> Result<Heard, Broken> {
        self.grow(text.len())?;
        // One that ends a piece would not be known as part of a line's end.
        let heard = self.thoughts.strip(&text.replace('\r', ""));
        Ok(self.hear(heard))
    }

    /// No more text comes; gives words that were held back.
    pub(super) fn end_text(&mut self) -> Heard {
        let heard = self.thoughts.end();
        self.hear(heard)
    }

    fn hear(&mut self, heard: Heard) -> Heard {
        // What was not said cannot be taken back.
        let takes_back = heard.takes_back && !self.text.is_empty();
        if takes_back {
            self.text.clear();
        }
        self.text.push_str(&heard.words);
        Heard { takes_back, ..heard }
    }

    /// What goes back to the server with the turn's calls.
    pub(super) fn add_beside(&mut self, fields: Fields) {
        self.beside.add(fields);
    }

    pub(super) fn beside(&mut self) -> Fields {
        self.beside.take()
    }

    /// Whether it is an answer in words that came to its end: what fails behind it takes nothing away.
    pub(super) fn is_answered(&self) -> bool {
        let is_over = matches!(self.finish, Some(Finish::Complete | Finish::Length));
        is_over && self.calls.is_empty() && !self.text.trim().is_empty()
    }

    pub(super) fn add_call(&mut self, delta: ToolDelta) -> Result<(), Broken> {
        let ToolDelta { index, id, name, arguments, beside, beside_function } = delta;
        if self.finish.is_some() {
            return Err("it went on calling tools after its end");
        }
        self.grow(arguments.len() + name.as_ref().map_or(0, String::len))?;
        self.grow(size(&beside) + size(&beside_function))?;
        let (id, name) = (id.filter(|id| !id.is_empty()), name.filter(|name| !name.is_empty()));
        let at = match index {
            Some(_) => self.calls.iter().rposition(|call| call.index == index),
            None => self.calls.len().checked_sub(1),
        };
        let full = self.calls.len() == MOST_CALLS;
        let known = at.and_then(|at| self.calls.get_mut(at));
        match known.filter(|call| call.goes_on(id.as_ref(), name.as_ref())) {
            Some(call) => {
                call.id = call.id.take().or(id);
                call.name = call.name.take().or(name);
                call.arguments.push_str(&arguments);
                join(&mut call.beside, beside, Texts::Replaced);
                join(&mut call.beside_function, beside_function, Texts::Replaced);
            }
            None if full => return Err("it makes too many calls at once"),
            None => self.calls.push(Partial { index, id, name, arguments, beside, beside_function }),
        }
        Ok(())
    }

    fn grow(&mut self, by: usize) -> Result<(), Broken> {
        self.bytes += by;
        if self.bytes > LONGEST { Err("it is longer than any answer should be") } else { Ok(()) }
    }

    /// The calls of the turn, which is over.
    pub(super) fn calls(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.calls).into_iter().map(Partial::call).collect()
    }
}

impl Partial {
    /// Whether a piece with this id and name is more of this call, and no new one: some servers repeat both with every
    /// piece, and some give every call the same index.
    fn goes_on(&self, id: Option<&String>, name: Option<&String>) -> bool {
        match (id, &self.id) {
            (Some(new), Some(old)) => new == old,
            (Some(_), None) => self.name.is_none() || name.is_none(),
            (None, _) => name.is_none() || self.name.is_none(),
        }
    }

    fn call(self) -> Call {
        let args = match (self.name.is_some(), self.arguments.trim()) {
            (false, _) => Err("the call names no tool".to_owned()),
            (true, "") => Ok(Args::new()),
            (true, text) => match serde_json::from_str(text) {
                Ok(Value::Object(args)) => Ok(args),
                Ok(_) => Err("the arguments are not a JSON object".to_owned()),
                Err(error) => Err(format!("the arguments are not valid JSON ({error})")),
            },
        };
        let Self { id, name, beside, beside_function, .. } = self;
        Call { id, tool: name.unwrap_or_default(), args, beside, beside_function }
    }
}
