//! The file of lines.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nixi_core::instant;
use nixi_core::journal::{Entry, Line, RequestId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::head::{Head, HeadFile, MOST, digest, no_digest, open, open_to_read};
use crate::private_folder;

/// How long another Nixi may hold the lock.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much is read at a time to find the last line.
const CHUNK: u64 = 64 * 1024;

/// A line, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept<E> {
    pub(super) n: u64,
    pub(super) prev: String,
    pub(super) at: String,
    pub(super) by: Option<String>,
    /// What was wrong with the journal when this was written, if anything was: it stays on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) damage: Option<String>,
    pub(super) entry: E,
}

impl<E: DeserializeOwned> Kept<E> {
    /// `None` where it cannot be read.
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok().filter(|kept: &Self| kept.n <= MOST)
    }
}

/// The journal's file and that of its head.
#[derive(Debug)]
pub(super) struct JournalFile {
    pub(super) folder: PathBuf,
    pub(super) path: PathBuf,
    pub(super) head: HeadFile,
    by: Option<String>,
}

/// The end of the file.
struct Tail {
    /// The last whole line, if there is one.
    last: Option<Head>,
    /// The digest that it has of the line before it; `None` if it cannot be read.
    prev: Option<String>,
    /// How long the file is up to its end.
    length: u64,
}

impl JournalFile {
    pub(super) fn new(folder: PathBuf, by: Option<String>) -> Self {
        let (path, head) = (folder.join("journal.jsonl"), HeadFile(folder.join("journal.head")));
        Self { folder, path, head, by }
    }

    fn failed(&self, error: &io::Error) -> String {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            format!("there is no room for {}", self.path.display())
        } else {
            format!("{}: {error}", self.path.display())
        }
    }

    /// Writes one entry; what cannot be written whole is taken out again.
    pub(super) fn append(&self, entry: &Entry) -> Result<RequestId, String> {
        self.try_append(entry).map_err(|error| self.failed(&error))
    }

    fn try_append(&self, entry: &Entry) -> io::Result<RequestId> {
        private_folder::make(&self.folder)?;
        let is_new = !self.path.exists();
        let mut file = open(&self.path, OpenOptions::new().read(true).append(true))?;
        lock(&file)?;
        let mut head = self.head.read();
        let tail = whole_end(&mut file, head.as_ref())?;
        if tail.last.is_none() && head.is_none() {
            self.head.write(&Head::of_none())?;
            head = Some(Head::of_none());
        }
        let damage = damage(&tail, head.as_ref());
        // A crash may have left the head behind. By two lines it never is: that would be told as damage.
        if let (Some(last), None) = (&tail.last, &damage)
            && head.as_ref() != Some(last)
        {
            self.head.write(last)?;
        }
        let before = match (&tail.last, &tail.prev) {
            (Some(last), Some(_)) => last.number,
            // Its number cannot be read; it has one at least as high as there are lines.
            (Some(_), None) => count_lines(&mut file)?,
            (None, _) => 0,
        };
        let number = 1 + before.max(head.as_ref().map_or(0, |head| head.number));
        let prev = tail.last.map_or_else(no_digest, |last| last.digest);
        let kept = Kept { n: number, prev, at: now(), by: self.by.clone(), damage, entry };
        let mut line = serde_json::to_vec(&kept)?;
        let (former, head) = (head, Head { number, digest: digest(&line) });
        line.push(b'\n');
        let written = file
            .write_all(&line)
            .and_then(|()| file.sync_data())
            .and_then(|()| self.head.write(&head))
            .and_then(|()| if is_new { File::open(&self.folder)?.sync_all() } else { Ok(()) });
        match written {
            Ok(()) => Ok(RequestId::new(number)),
            Err(error) => {
                file.set_len(tail.length)?;
                // It may name the line that is out again.
                match former {
                    Some(former) => self.head.write(&former)?,
                    None => self.head.remove()?,
                }
                Err(error)
            }
        }
    }

    /// All lines that can be read.
    pub(super) fn lines(&self) -> Result<Vec<Line>, String> {
        let mut lines = Vec::new();
        self.each_line(|line| {
            if let Some(Kept { n, at, by, entry, .. }) = Kept::<Entry>::of(line) {
                lines.push(Line { number: RequestId::new(n), at, by, entry });
            }
        })?;
        Ok(lines)
    }

    /// Hands on every whole line, and tells how many bytes lie behind the last one, and the head as it was then.
    pub(super) fn each_line(&self, mut take: impl FnMut(&[u8])) -> Result<(usize, Option<Head>), String> {
        let file = match open_to_read(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, self.head.read())),
            Err(error) => return Err(self.failed(&error)),
        };
        lock_shared(&file).map_err(|error| self.failed(&error))?;
        let mut file = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            line.clear();
            file.read_until(b'\n', &mut line).map_err(|error| self.failed(&error))?;
            match line.strip_suffix(b"\n") {
                Some(whole) => take(whole),
                // Still under the lock: nobody has added to it since.
                None => return Ok((line.len(), self.head.read())),
            }
        }
    }
}

/// What does not fit together, in a sentence.
fn damage(tail: &Tail, head: Option<&Head>) -> Option<String> {
    match (&tail.last, head) {
        (Some(_), _) if tail.prev.is_none() => Some("the line before this one cannot be read".to_owned()),
        (None, None) => None,
        (None, Some(head)) if *head == Head::of_none() => None,
        (Some(last), Some(head)) if last == head => None,
        (Some(last), Some(head))
            if last.number == head.number + 1 && tail.prev.as_ref() == Some(&head.digest) =>
        {
            None
        }
        (Some(last), Some(head)) if last.number == head.number => {
            Some(format!("line {} was changed before this one was written", last.number))
        }
        (last, Some(head)) => Some(format!(
            "the journal ended with line {} when this one was written, where it had ended with line {}",
            last.as_ref().map_or(0, |last| last.number),
            head.number
        )),
        (Some(_), None) => {
            Some("journal.head was missing when this was written; lines before it may be missing".to_owned())
        }
    }
}

fn tail(file: &mut File) -> io::Result<Tail> {
    let all = file.seek(SeekFrom::End(0))?;
    let Some(end) = last_newline(file, all)? else {
        return Ok(Tail { last: None, prev: None, length: 0 });
    };
    let begin = last_newline(file, end)?.map_or(0, |at| at + 1);
    let mut line = Vec::new();
    file.seek(SeekFrom::Start(begin))?;
    file.take(end - begin).read_to_end(&mut line)?;
    let kept = Kept::<serde::de::IgnoredAny>::of(&line);
    let (number, prev) = kept.map(|kept| (kept.n, kept.prev)).unzip();
    let last = Head { number: number.unwrap_or_default(), digest: digest(&line) };
    Ok(Tail { last: Some(last), prev, length: end + 1 })
}

/// The end of the file, without what a crash left behind it.
fn whole_end(file: &mut File, head: Option<&Head>) -> io::Result<Tail> {
    let end = tail(file)?;
    if file.seek(SeekFrom::End(0))? == end.length {
        return Ok(end);
    }
    // A line without its end was never acknowledged: nothing was run on its strength. But where the head names another one
    // than the last whole line, somebody else was at work, and nothing of theirs or ours is taken away.
    if end.last.as_ref() == head.filter(|head| **head != Head::of_none()) {
        file.set_len(end.length)?;
        return Ok(end);
    }
    file.write_all(b"\n")?;
    tail(file)
}

fn count_lines(file: &mut File) -> io::Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    let mut lines = 0;
    for line in BufReader::new(file).split(b'\n') {
        line?;
        lines += 1;
    }
    Ok(lines)
}

/// Where the last newline before this place is.
fn last_newline(file: &mut File, before: u64) -> io::Result<Option<u64>> {
    let mut end = before;
    while end > 0 {
        let begin = end.saturating_sub(CHUNK);
        let mut chunk = Vec::new();
        file.seek(SeekFrom::Start(begin))?;
        Read::by_ref(file).take(end - begin).read_to_end(&mut chunk)?;
        if let Some(at) = chunk.iter().rposition(|byte| *byte == b'\n') {
            return Ok(Some(begin + at as u64));
        }
        end = begin;
    }
    Ok(None)
}

fn lock(file: &File) -> io::Result<()> {
    until_free(|| file.try_lock())
}

fn lock_shared(file: &File) -> io::Result<()> {
    until_free(|| file.try_lock_shared())
}

fn until_free(attempt: impl Fn() -> Result<(), TryLockError>) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        match attempt() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                rest(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another Nixi has held it for 5 seconds"));
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this runs on a thread for blocking work, none of the runtime's"
)]
pub(super) fn rest(time: Duration) {
    std::thread::sleep(time);
}

fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    instant::Instant::of_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)).rfc3339()
}
