//! What a command says while it runs, as far as it is kept.

use std::sync::{Arc, Mutex, PoisonError};

use nixi_core::command::Elevation;
use nixi_core::shell::{Mark, Witness};
use nixi_core::{Exit, Output};

use super::job::Exec;

/// What a command had said when it was given up, left for whoever asked for it: standard output, and error.
#[derive(Debug, Clone, Default)]
pub(crate) struct SoFar(Arc<Mutex<[Vec<u8>; 2]>>);

impl SoFar {
    pub(crate) fn leave(&self, streams: [Vec<u8>; 2]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = streams;
    }

    /// The beginnings of both streams; nothing, if it was not given up.
    pub(crate) fn take(&self) -> [Vec<u8>; 2] {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The two streams of a command, each read to its end.
#[derive(Debug, Default)]
pub(super) struct Streams {
    stdout: Kept,
    stderr: Kept,
}

impl Streams {
    pub(super) fn take_stdout(&mut self, bytes: &[u8], exec: &Exec) {
        self.stdout.take(bytes, exec.limit);
    }

    pub(super) fn take_stderr(&mut self, bytes: &[u8], exec: &Exec) {
        if let Some(listener) = &exec.listener {
            listener.hear(bytes);
        }
        self.stderr.take(bytes, exec.limit);
    }

    /// The beginnings of both, as far as they are kept.
    pub(super) fn so_far(&self) -> [Vec<u8>; 2] {
        [self.stdout.head.clone(), self.stderr.head.clone()]
    }

    /// The process group that an elevated command said it leads.
    pub(super) fn announced(&self, mark: &Mark) -> Option<u32> {
        mark.announcement(&self.stderr.head).map(|(group, _)| group)
    }

    /// All of it, once both streams have ended: how the node says that the command ended, or its witness where there
    /// has to be one. Nothing, if that did not speak.
    pub(super) fn end(&mut self, exec: &Exec, exit: impl FnOnce() -> Exit) -> Option<Output> {
        let Self { stdout, mut stderr } = std::mem::take(self);
        if let Some(trace) = exec.trace.as_ref().filter(|trace| trace.elevation == Elevation::Root)
            && let Some((_, own)) = trace.mark.announcement(&stderr.head)
        {
            stderr.head.drain(own);
        }
        let exit = match &exec.witness {
            Some(witness) => Exit::Code(stderr.testimony(witness)?),
            None => exit(),
        };
        let ((stdout, less), (stderr, fewer)) = (stdout.end(exec.limit), stderr.end(exec.limit));
        Some(Output { exit, stdout, stderr, truncated: less || fewer })
    }
}

/// What is kept of a stream: as much of its beginning as the limit allows, and its very end, where a witness speaks.
#[derive(Debug, Default)]
struct Kept {
    head: Vec<u8>,
    tail: Vec<u8>,
    /// Something between the two was dropped.
    gap: bool,
}

impl Kept {
    fn take(&mut self, bytes: &[u8], limit: usize) {
        let (head, rest) = bytes.split_at(limit.saturating_sub(self.head.len()).min(bytes.len()));
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(rest);
        let surplus = self.tail.len().saturating_sub(Witness::LONGEST);
        self.gap |= surplus > 0;
        self.tail.drain(..surplus);
    }

    /// Takes the testimony off the end.
    fn testimony(&mut self, witness: &Witness) -> Option<i32> {
        if !self.gap {
            self.head.append(&mut self.tail);
        }
        let end = if self.gap { &mut self.tail } else { &mut self.head };
        let (code, length) = witness.testimony(end)?;
        end.truncate(end.len() - length);
        Some(code)
    }

    /// The beginning, and whether that is not all.
    fn end(mut self, limit: usize) -> (Vec<u8>, bool) {
        let more = self.gap || !self.tail.is_empty() || self.head.len() > limit;
        self.head.truncate(limit);
        (self.head, more)
    }
}

/// Keeps what fits; whether something did not.
pub(crate) fn keep(kept: &mut Vec<u8>, bytes: &[u8], limit: usize) -> bool {
    let room = limit.saturating_sub(kept.len()).min(bytes.len());
    kept.extend_from_slice(&bytes[..room]);
    room < bytes.len()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Wherever the limit falls, and however the bytes come in.
    #[test]
    fn a_testimony_is_found_behind_any_limit() {
        let witness = Witness::new(1);
        let exec = Exec { witness: Some(witness), ..Exec::new("", Duration::ZERO, 100) };
        let testimony = format!("\n{:032x} 42\n", 1);
        for length in 0..400 {
            let said = vec![b'x'; length];
            for chunk in [1, 7, 1000] {
                let mut streams = Streams::default();
                let all = [said.as_slice(), testimony.as_bytes()].concat();
                all.chunks(chunk).for_each(|bytes| streams.take_stderr(bytes, &exec));
                let output = streams.end(&exec, || Exit::Code(0)).unwrap();
                assert_eq!(output.exit, Exit::Code(42));
                assert_eq!((output.stderr, output.truncated), (vec![b'x'; length.min(100)], length > 100));
            }
            let mut streams = Streams::default();
            streams.take_stderr(testimony.as_bytes(), &exec);
            streams.take_stderr(&said, &exec);
            assert_eq!(streams.end(&exec, || Exit::Code(0)).is_some(), length == 0);
        }
    }
}
