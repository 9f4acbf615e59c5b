//! An executor that runs nothing: it answers from a script and writes down what it was asked.
//!
//! For tests of tools and of programs that embed them. What it was not told to answer ends like a program that is not
//! there (exit code 127), so a test notices a command that it did not expect. One thing it knows by itself: the digest of a
//! file that it was sent.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::arrival::{Arrival, Likeness};
use crate::exec::{
    Effect, Enrol, ExecError, Executor, Exit, Fingerprint, Forgotten, HostKeys, Invocation, Output,
    Unreachable, Welcome,
};
use crate::gathered::Gathered;
use crate::listener::Listener;
use crate::node::{Node, NodeName, SshTarget};
use crate::plan::FileDigest;
use crate::session::{Phrases, Reading};
use crate::sink::{Outlet, Piece, Sink};

/// What a node was asked to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The node.
    pub node: NodeName,
    /// The command, as a person would type it.
    pub command: String,
    /// Whether it came from an approved plan.
    pub effect: Effect,
}

/// What becomes of a node by a command.
#[derive(Debug, Clone)]
enum Later {
    /// It answers commands like this with this.
    Answers(String, String),
    /// It goes off.
    GoesOff,
}

/// See the [module's documentation](self).
#[derive(Debug, Default)]
pub struct Recording {
    script: Mutex<Vec<(String, Result<Output, ExecError>)>>,
    seen: Mutex<Vec<Recorded>>,
    execs: AtomicUsize,
    /// What is answered once a command like the first has run.
    later: Mutex<Vec<(String, Later)>>,
    /// Whether nobody can log in any more.
    is_off: AtomicBool,
    /// What was sent into files, by their paths.
    sent: Mutex<HashMap<String, FileDigest>>,
}

impl Recording {
    /// A node that answers nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on, commands whose words begin like this succeed and print this. The latest answer that fits wins.
    #[must_use]
    pub fn answering(self, command: &str, stdout: &str) -> Self {
        self.answer(command, stdout);
        self
    }

    /// From now on, commands whose words begin like this end like this. The latest answer that fits wins.
    #[must_use]
    pub fn ending(self, command: &str, end: Result<Output, ExecError>) -> Self {
        self.add(command, end);
        self
    }

    /// Like [`Recording::answering`], once a command that begins like `after` has been run.
    #[must_use]
    pub fn answering_after(self, after: &str, command: &str, stdout: &str) -> Self {
        self.becoming(after, Later::Answers(command.to_owned(), stdout.to_owned()))
    }

    /// Nobody can log in any more, once a command that begins like this has been run.
    #[must_use]
    pub fn going_off_after(self, after: &str) -> Self {
        self.becoming(after, Later::GoesOff)
    }

    fn becoming(self, after: &str, later: Later) -> Self {
        if let Ok(mut all) = self.later.lock() {
            all.push((after.to_owned(), later));
        }
        self
    }

    /// Like [`Recording::answering`], while it is in use: the node is another one now.
    pub fn answer(&self, command: &str, stdout: &str) {
        let stdout = stdout.as_bytes().to_vec();
        self.add(command, Ok(Output { exit: Exit::Code(0), stdout, stderr: Vec::new(), truncated: false }));
    }

    /// Like [`Recording::ending`], while it is in use.
    pub fn end(&self, command: &str, end: Result<Output, ExecError>) {
        self.add(command, end);
    }

    fn add(&self, command: &str, end: Result<Output, ExecError>) {
        if let Ok(mut script) = self.script.lock() {
            script.push((command.to_owned(), end));
        }
    }

    /// Everything that was run so far, in order.
    #[must_use]
    pub fn seen(&self) -> Vec<Recorded> {
        self.seen.lock().map(|seen| seen.clone()).unwrap_or_default()
    }

    /// How many commands a node behind SSH would have got so far: reads that went out together are one.
    #[must_use]
    pub fn execs(&self) -> usize {
        self.execs.load(Ordering::Relaxed)
    }

    /// What was run as part of an approved plan.
    #[must_use]
    pub fn changes(&self) -> Vec<String> {
        self.seen().into_iter().filter(|run| run.effect == Effect::Change).map(|run| run.command).collect()
    }
}

#[async_trait]
impl Executor for Recording {
    async fn exec(&self, run: Invocation) -> Result<Output, ExecError> {
        self.execs.fetch_add(1, Ordering::Relaxed);
        self.end_of(run).await
    }

    async fn gather(&self, reads: Gathered) -> Vec<Result<Output, ExecError>> {
        self.execs.fetch_add(1, Ordering::Relaxed);
        join_all(reads.into_each().into_iter().map(|read| self.end_of(read))).await
    }

    async fn reach(&self, _: &Node, _: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        Ok(None)
    }

    async fn reach_anew(
        &self,
        node: &Node,
        cancel: &CancellationToken,
    ) -> Result<Option<Arrival>, ExecError> {
        if self.is_off.load(Ordering::Relaxed) {
            let (reason, detail) = (Unreachable::Refused, "it is off".to_owned());
            return Err(ExecError::Unreachable { reason, detail, hint: None });
        }
        self.reach(node, cancel).await
    }
}

impl Recording {
    async fn end_of(&self, run: Invocation) -> Result<Output, ExecError> {
        let command = run.to_string();
        self.keep(&run);
        self.become_after(&command);
        if let Ok(mut seen) = self.seen.lock() {
            seen.push(Recorded {
                node: run.node().name().clone(),
                command: command.clone(),
                effect: run.effect(),
            });
        }
        let script = self.script.lock().map(|script| script.clone()).unwrap_or_default();
        let answer = script.into_iter().rev().find(|(begins, _)| command.starts_with(begins.as_str()));
        match answer {
            Some((_, Ok(mut answer))) => {
                run.listener().into_iter().for_each(|listener| listener.hear(&answer.stderr));
                if let Some(sink) = run.sink() {
                    for bytes in std::mem::take(&mut answer.stdout).chunks(Piece::SIZE) {
                        sink.room().await;
                        let mut piece = sink.piece();
                        piece.rest()[..bytes.len()].copy_from_slice(bytes);
                        piece.fill(bytes.len());
                        sink.put(piece);
                    }
                }
                Ok(answer)
            }
            Some((_, answer)) => answer,
            None => match self.digest_of(&run) {
                Some(digest) => Ok(Output {
                    exit: Exit::Code(0),
                    stdout: format!("{digest}  -\n").into_bytes(),
                    stderr: Vec::new(),
                    truncated: false,
                }),
                None => Ok(Output {
                    exit: Exit::Code(127),
                    stdout: Vec::new(),
                    stderr: format!("{}: not found", run.program()).into_bytes(),
                    truncated: false,
                }),
            },
        }
    }

    fn become_after(&self, command: &str) {
        let all = self.later.lock().map(|later| later.clone()).unwrap_or_default();
        for (_, later) in all.iter().filter(|(after, _)| command.starts_with(after.as_str())) {
            match later {
                Later::Answers(command, stdout) => self.answer(command, stdout),
                Later::GoesOff => self.is_off.store(true, Ordering::Relaxed),
            }
        }
    }

    /// Keeps the digest of what is sent into a file (dd(1), `of=`).
    fn keep(&self, run: &Invocation) {
        let path = run.args().iter().find_map(|word| word.strip_prefix("of="));
        if let (Some(path), Some(input), Ok(mut sent)) = (path, run.input(), self.sent.lock()) {
            sent.insert(path.to_owned(), FileDigest::of(input.bytes()));
        }
    }

    /// What sha256sum(1) prints of a file that was sent.
    fn digest_of(&self, run: &Invocation) -> Option<FileDigest> {
        let path = run.args().last().filter(|_| run.program().as_str() == "sha256sum")?;
        self.sent.lock().ok()?.get(path).copied()
    }
}

/// A sink with room for this many pieces and its other end, for tests of executors.
#[must_use]
pub fn sink(pieces: usize) -> (Sink, Outlet) {
    Sink::with_room(pieces)
}

/// Who hears the standard error of a command, for tests of executors.
#[must_use]
pub fn listener(hear: impl FnMut(&[u8]) + Send + 'static) -> Listener {
    Listener::new(hear)
}

/// Stands where a session needs someone and the test needs no one: lets nobody in, knows no host key, understands
/// nothing.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

#[async_trait]
impl Enrol for Nobody {
    async fn key_login(
        &self,
        _: &SshTarget,
        _: Option<&Fingerprint>,
        _: &CancellationToken,
    ) -> Result<Welcome, ExecError> {
        Err(ExecError::CancelledUnsent)
    }
}

#[async_trait]
impl HostKeys for Nobody {
    async fn likenesses(
        &self,
        _: &Node,
        _: Option<&Arrival>,
        others: &[Node],
    ) -> Result<Vec<Likeness>, String> {
        Ok(vec![Likeness::Untold; others.len()])
    }

    fn forget(&self, _: &SshTarget, _: &[SshTarget]) -> Result<Forgotten, String> {
        Ok(Forgotten { lines: 0, file: std::path::PathBuf::new() })
    }

    fn on_record(&self, _: &SshTarget, _: &[SshTarget]) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn remember(&self, _: &SshTarget, _: &[String]) -> Result<Forgotten, String> {
        Ok(Forgotten { lines: 0, file: std::path::PathBuf::new() })
    }
}

impl Phrases for Nobody {
    fn read(&self, _: &str) -> Reading {
        Reading::Unknown { nearest: Vec::new() }
    }
}
