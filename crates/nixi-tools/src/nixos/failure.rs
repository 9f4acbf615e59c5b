//! Why a system could not be built, in the words of many versions of Nix, and what to do about it.

use nixi_core::{ErrorKind, ErrorReport, NodeName, ToolError};

use super::nix_output::{NixOutput, name_of};

/// How many lines of a failure are shown.
const LINES: usize = 30;
/// With less room than this, in bytes, nothing is built.
const LITTLE: u64 = 4 * 1024 * 1024;
/// How many of the last lines of a builder are shown.
const LAST: usize = 15;

/// What a node lacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lack {
    Room,
    Memory,
    /// The kernel ended a program, which it does where memory runs out; a person may have done it as well.
    Killed,
    Network,
    /// Another build holds the store.
    Lock,
}

/// Parts of what is said where something is lacking, in small letters. The first that fits is told.
const LACKS: [(Lack, &[&str]); 5] = [
    (
        Lack::Room,
        &[
            "no space left on device",
            "database or disk is full",
            "lack of free disk space",
            "disk quota exceeded",
        ],
    ),
    (Lack::Memory, &["cannot allocate memory", "out of memory", "memory exhausted", "std::bad_alloc"]),
    (Lack::Killed, &["failed due to signal 9", "failed with exit code 137", " was killed"]),
    (
        Lack::Network,
        &[
            "could not resolve host",
            "couldn't resolve host",
            "temporary failure in name resolution",
            "couldn't connect to server",
            "could not connect to server",
            "failed to connect to",
            "network is unreachable",
            "timeout was reached",
            "due to networking issues",
        ],
    ),
    (Lack::Lock, &["database is locked", "database is busy"]),
];

impl Lack {
    /// What was lacking, if one of these lines says so, and that line.
    fn of<'a>(lines: &(impl Iterator<Item = &'a str> + Clone)) -> Option<(Self, &'a str)> {
        let says = |line: &str, words: &[&str]| {
            let line = line.to_lowercase();
            words.iter().any(|words| line.contains(words))
        };
        LACKS.into_iter().find_map(|(lack, words)| {
            lines.clone().find(|line| says(line, words)).map(|line| (lack, line.trim()))
        })
    }

    fn report(self, node: &NodeName, said: &str) -> ErrorReport {
        let (what, next) = match self {
            Self::Room => (
                format!("a disk of {node} is full"),
                format!(
                    "make room on {node}, such as by `nixi call nixos.collect_garbage --node {node}`; \
                     `nixi call system.resources --node {node}` shows its disks"
                ),
            ),
            Self::Memory | Self::Killed => (
                match self == Self::Killed {
                    true => format!("a program was killed, most likely because {node} ran out of memory"),
                    false => format!("{node} ran out of memory"),
                },
                format!(
                    "end what needs much memory on {node}, or give it swap; \
                     `nixi call system.resources --node {node}` shows its memory"
                ),
            ),
            Self::Network => (
                format!("{node} could not download what the new system needs"),
                format!("see that {node} reaches the network and resolves names, and ask again"),
            ),
            Self::Lock => (
                format!("another build on {node} holds the Nix store"),
                "wait until it has ended, and ask again".to_owned(),
            ),
        };
        let message = format!("{what}: the new system was not built, and nothing was changed:\n{said}");
        ErrorReport::new(ErrorKind::CommandFailed, message).hint(next)
    }
}

/// An error that comes of something that the node lacks, if these words say so.
pub(super) fn lacking(node: &NodeName, said: &str) -> Option<ToolError> {
    Lack::of(&said.lines()).map(|(lack, line)| ToolError::Reported(lack.report(node, line)))
}

/// Whether Nix says no more than that its daemon did not answer.
pub(super) fn lost_its_daemon(said: &str) -> bool {
    let words = [
        "cannot open connection to remote store 'daemon'",
        "cannot connect to socket",
        "Nix daemon disconnected",
        "unexpected end-of-file",
        "unexpected EOF",
    ];
    said.lines()
        .filter(|line| line.contains("error:"))
        .any(|line| words.iter().any(|words| line.contains(words)))
}

/// Why the daemon of a node does not answer: the first file system without room, as df(1) tells in the POSIX form, or something
/// that its own log tells.
pub(super) fn without_daemon(node: &NodeName, said: &str, room: &str) -> ToolError {
    let full = room.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, available, _, mount] = fields[..] else { return None };
        let available: u64 = available.parse().ok()?;
        (available < LITTLE).then_some(mount)
    });
    if let Some(mount) = full {
        return ToolError::Reported(Lack::Room.report(node, &format!("no space left on {mount}")));
    }
    let line = said.lines().find(|line| line.contains("error:")).unwrap_or_default().trim();
    let message = format!(
        "the Nix daemon of {node} does not answer: the new system was not built, and nothing was changed:\n{line}"
    );
    let next = format!("see why: `nixi call service.logs unit=nix-daemon --node {node}`");
    ToolError::Reported(ErrorReport::new(ErrorKind::CommandFailed, message).hint(next))
}

/// The error of a build that was given up while another one held what it needs.
pub(super) fn held_up(node: &NodeName) -> ToolError {
    ToolError::Reported(Lack::Lock.report(node, "it was waited for in vain"))
}

/// The error of a program that was killed, which is what the kernel does where memory runs out.
pub(super) fn killed(node: &NodeName, program: &str) -> ToolError {
    ToolError::Reported(Lack::Killed.report(node, &format!("{program} was killed")))
}

/// A derivation whose builder failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// What builds it: a path in the store.
    pub(super) derivation: String,
    /// How its builder ended, as `failed with exit code 1`.
    how: String,
    /// The last lines that it printed, as far as they are known.
    pub(super) lines: Vec<String>,
}

impl Broken {
    /// The first derivation whose builder failed, if that is why nothing came of it.
    pub(super) fn of(output: &NixOutput) -> Option<Self> {
        let said = output.said();
        let mut lines = said.lines().map(str::trim);
        let (derivation, how) = loop {
            let line = lines.next()?;
            if let Some(rest) = line.split_once("builder for '").map(|(_, rest)| rest)
                && let Some((derivation, how)) = rest.split_once("' ")
                && how.starts_with("failed")
            {
                break (derivation, how);
            }
            if let Some(rest) = line.split_once("Cannot build '").map(|(_, rest)| rest)
                && let Some((derivation, _)) = rest.split_once('\'')
                && let Some(how) = lines.clone().next().and_then(|next| next.strip_prefix("Reason: builder "))
            {
                break (derivation, how);
            }
        };
        let mut lines: Vec<String> = output.log(derivation).into_iter().map(str::to_owned).collect();
        if lines.is_empty() {
            lines = quoted(&said).map(str::to_owned).collect();
        }
        let how = how.split(';').next().unwrap_or_default().trim_end_matches('.');
        Some(Self { derivation: derivation.to_owned(), how: how.to_owned(), lines })
    }

    /// The error that a person gets.
    pub(super) fn error(&self, node: &NodeName) -> ToolError {
        let said = self.lines.iter().map(String::as_str).chain([self.how.as_str()]);
        if let Some((lack, line)) = Lack::of(&said) {
            let line = format!("{}: {line}", name_of(&self.derivation));
            return ToolError::Reported(lack.report(node, &line));
        }
        let mut message = format!(
            "the new system cannot be built, and nothing was changed: {} {}",
            name_of(&self.derivation),
            self.how
        );
        let filled = self.lines.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty());
        let shown: Vec<&str> = filled.collect();
        for line in shown.iter().skip(shown.len().saturating_sub(LAST)) {
            message.push_str("\n> ");
            message.push_str(line);
        }
        let all = format!("all that it printed is on {node}: `nix-store --read-log {}`", self.derivation);
        ToolError::Reported(ErrorReport::new(ErrorKind::CommandFailed, message).hint(all))
    }
}

/// The last lines of a log in an error: set in by `> `, or by two blanks and no more as Nix 2.3 does.
fn quoted(said: &str) -> impl Iterator<Item = &str> {
    let is_head = |line: &&str| line.contains("ast ") && line.ends_with(" log lines:");
    let mut behind = said.lines().skip_while(move |line| !is_head(line)).skip(1).peekable();
    let is_marked = behind.peek().is_some_and(|line| line.trim_start().starts_with('>'));
    behind.map_while(move |line| match is_marked {
        true => line.trim_start().strip_prefix('>').map(|words| words.strip_prefix(' ').unwrap_or(words)),
        false => line.strip_prefix("  "),
    })
}

/// The lines of an error: from the last one on that is called so, for what stands before it is where Nix looked.
pub(super) fn reason(said: &str) -> Vec<&str> {
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with("(use '--show-trace'"))
        .collect();
    let is_error = |line: &&str| line.trim_start().starts_with("error:");
    let error = lines.iter().rposition(is_error).unwrap_or(lines.len().saturating_sub(LINES));
    // The text of an error may stand on the lines before one that says no more than that something failed.
    let first = lines.iter().position(is_error).unwrap_or(error);
    let begin = if lines.len() - first <= LINES { first } else { error };
    lines.into_iter().skip(begin).take(LINES).collect()
}

#[cfg(test)]
mod tests;
