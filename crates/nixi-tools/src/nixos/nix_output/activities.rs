//! What Nix does, as it tells programs: activities that begin, tell how far they are, and end (its `logging.hh`).

use std::collections::{HashMap, VecDeque};

use serde::Deserialize;
use serde_json::Value;

use super::announced::lock;
use super::{keep_last, shortened, without_colours};

/// The kinds of activities that are followed; the numbers are those of Nix.
const FILE_TRANSFER: u64 = 101;
const REALISE: u64 = 102;
const COPY_PATHS: u64 = 103;
const BUILDS: u64 = 104;
const BUILD: u64 = 105;
const BUILD_WAITING: u64 = 111;
/// What is told of an activity while it lasts.
const LOG_LINE: u64 = 101;
const PROGRESS: u64 = 105;
const SET_EXPECTED: u64 = 106;

/// How many activities are followed at a time, and how many builds have their last lines kept; a Nix with more of them is followed
/// with less detail.
const MOST: usize = 4096;
const LOGS: usize = 64;

/// One event.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
enum Event {
    Start {
        id: u64,
        #[serde(rename = "type")]
        kind: u64,
        #[serde(default)]
        text: String,
        #[serde(default)]
        fields: Vec<Value>,
    },
    Stop {
        id: u64,
    },
    Result {
        id: u64,
        #[serde(rename = "type")]
        kind: u64,
        #[serde(default)]
        fields: Vec<Value>,
    },
    Msg {
        msg: String,
    },
    #[serde(other)]
    Other,
}

/// Everything that runs, and what is left of what has ended.
#[derive(Debug, Default)]
pub(super) struct Activities {
    running: HashMap<u64, Activity>,
    /// In the order in which they began.
    builds: VecDeque<u64>,
    /// Downloads that have ended, in bytes.
    fetched: u64,
    logs: VecDeque<Log>,
    /// How far all builds, and all copies of paths, were when it was last told.
    built: (u64, u64),
    copied: (u64, u64),
}

#[derive(Debug, Default)]
struct Activity {
    kind: u64,
    /// A path in the store, where it is about one.
    path: String,
    done: u64,
    /// How many bytes are to be downloaded for it.
    to_fetch: u64,
}

/// The last lines of a builder.
#[derive(Debug)]
struct Log {
    derivation: String,
    lines: VecDeque<String>,
}

impl Activities {
    /// Takes one event in JSON; gives the text, if it is one for people. What is no event is nothing.
    pub(super) fn take(&mut self, event: &str) -> Option<String> {
        match serde_json::from_str(event).ok()? {
            Event::Msg { msg } => return Some(msg),
            Event::Start { id, kind, text, fields } => self.start(id, kind, &text, &fields),
            Event::Stop { id } => self.stop(id),
            Event::Result { id, kind, fields } => self.result(id, kind, &fields),
            Event::Other => {}
        }
        None
    }

    fn start(&mut self, id: u64, kind: u64, text: &str, fields: &[Value]) {
        // What waits for a lock is of a kind of its own since 2.4, and what waits for a machine is of the same.
        let locked = lock(&without_colours(text));
        let path = match (kind, locked) {
            (BUILD, _) => shortened(fields.first().and_then(Value::as_str).unwrap_or_default()),
            (BUILD_WAITING, Some(path)) => shortened(&path),
            (FILE_TRANSFER | REALISE | COPY_PATHS | BUILDS, _) => String::new(),
            (_, Some(_) | None) => return,
        };
        if self.running.len() == MOST || self.running.contains_key(&id) {
            return;
        }
        if kind == BUILD {
            self.builds.push_back(id);
            if self.logs.len() == LOGS {
                self.logs.pop_front();
            }
            self.logs.push_back(Log { derivation: path.clone(), lines: VecDeque::new() });
        }
        self.running.insert(id, Activity { kind, path, ..Activity::default() });
    }

    fn stop(&mut self, id: u64) {
        self.builds.retain(|build| *build != id);
        if let Some(activity) = self.running.remove(&id)
            && activity.kind == FILE_TRANSFER
        {
            self.fetched = self.fetched.saturating_add(activity.done);
        }
    }

    fn result(&mut self, id: u64, kind: u64, fields: &[Value]) {
        let number = |at: usize| fields.get(at).and_then(Value::as_u64);
        match (kind, fields.first().and_then(Value::as_str)) {
            (LOG_LINE, Some(line)) => self.log_line(id, line),
            (PROGRESS, _) => {
                let Some(activity) = self.running.get_mut(&id) else { return };
                let (done, total) = (number(0).unwrap_or(0), number(1).unwrap_or(0));
                activity.done = done;
                match activity.kind {
                    BUILDS => self.built = (done, total),
                    COPY_PATHS => self.copied = (done, total),
                    _ => {}
                }
            }
            (SET_EXPECTED, _) if number(0) == Some(FILE_TRANSFER) => {
                if let Some(activity) = self.running.get_mut(&id) {
                    activity.to_fetch = number(1).unwrap_or(0);
                }
            }
            _ => {}
        }
    }

    fn log_line(&mut self, id: u64, line: &str) {
        let Some(build) = self.running.get(&id).filter(|activity| activity.kind == BUILD) else { return };
        let log = self.logs.iter_mut().rev().find(|log| log.derivation == build.path);
        if let Some(log) = log {
            keep_last(&mut log.lines, &without_colours(line));
        }
    }

    /// What another build has locked, while nothing else is built.
    pub(super) fn waiting(&self) -> Option<&str> {
        let waiting = self.running.iter().filter(|(_, activity)| activity.kind == BUILD_WAITING);
        let first = waiting.min_by_key(|(id, _)| **id).filter(|_| self.builds.is_empty());
        first.map(|(_, activity)| activity.path.as_str())
    }

    /// What is built, of several what began last.
    pub(super) fn building(&self) -> Option<&str> {
        let build = self.builds.back()?;
        self.running.get(build).map(|build| build.path.as_str())
    }

    /// How many derivations were built, of how many that are known of.
    pub(super) fn builds(&self) -> (u64, u64) {
        self.built
    }

    /// Whether something is downloaded for the store.
    pub(super) fn is_fetching(&self) -> bool {
        self.copied.1 > self.copied.0
    }

    /// How many paths were fetched, of how many that are known of.
    pub(super) fn copies(&self) -> (u64, u64) {
        self.copied
    }

    /// How many bytes were downloaded, of how many that are known of.
    pub(super) fn fetched(&self) -> (u64, u64) {
        let sum = |of: fn(&Activity) -> u64| self.running.values().map(of).fold(0, u64::saturating_add);
        let now = sum(|activity| if activity.kind == FILE_TRANSFER { activity.done } else { 0 });
        (self.fetched.saturating_add(now), sum(|activity| activity.to_fetch))
    }

    /// The last lines that the builder of a derivation printed.
    pub(super) fn log(&self, derivation: &str) -> Vec<&str> {
        let log = self.logs.iter().rev().find(|log| log.derivation == derivation);
        log.into_iter().flat_map(|log| &log.lines).map(String::as_str).collect()
    }
}
