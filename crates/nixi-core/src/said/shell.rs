//! The sentence in which a shell, env(1) or sudo says that a program is not there, or may not be run.
//!
//! A container runtime says much the same of a program *in* a container, and a loader of a library, with the same exit code.
//! So a line counts only if it is built as theirs are: who speaks, where in the script, the program and what is the matter
//! with it, and nothing else.

use super::of_sudo;

/// Shells and what starts programs for them, by their own names.
const SPEAKERS: &str = "sh bash rbash dash ash busybox zsh ksh ksh93 mksh yash csh tcsh fish env";

/// What a sentence says about the program.
const MISSING: [&str; 5] = [
    "not found",
    "command not found",
    "inaccessible or not found",
    "no such file or directory",
    // bash of a script or program whose interpreter or loader is missing.
    "cannot execute: required file not found",
];
const FORBIDDEN: [&str; 3] =
    ["permission denied", "can't execute: permission denied", "cannot execute: permission denied"];

/// Whether the line is a shell's word that the program is not there.
pub(super) fn misses(line: &str, program: &str) -> bool {
    let rest = of_shell(line);
    let unknown = rest.strip_prefix("Unknown command").and_then(|rest| rest.strip_prefix([':', ' ']));
    unknown.is_some_and(|name| is(name.trim(), program)) || says(rest, &MISSING, program)
}

/// Whether the line is sudo's word that the program is not there.
pub(super) fn sudo_misses(line: &str, program: &str) -> bool {
    of_sudo(line.trim()).is_some_and(|rest| says(rest, &MISSING, program))
}

/// Whether the line is a shell's word that the program may not be run.
pub(super) fn forbids(line: &str, program: &str) -> bool {
    says(of_shell(line), &FORBIDDEN, program)
}

/// `PROGRAM: WORDS`, or `WORDS: PROGRAM` as zsh has it.
fn says(sentence: &str, words: &[&str], program: &str) -> bool {
    let Some((left, right)) = sentence.split_once(": ") else { return false };
    let (told, of) = (right.to_ascii_lowercase(), left.to_ascii_lowercase());
    (is(left, program) && words.iter().any(|words| begins(&told, words)))
        || (is(right, program) && words.contains(&of.as_str()))
}

/// What follows may be a full stop, or the error's number or other name in brackets.
fn begins(told: &str, words: &str) -> bool {
    told.strip_prefix(words).is_some_and(|rest| {
        matches!(rest, "" | ".") || (rest.starts_with(' ') && rest.trim_start().starts_with(['(', '[']))
    })
}

/// Whether this is the program, bare or by its path, in quotes or not.
fn is(name: &str, program: &str) -> bool {
    let starts = ["can't execute ", "cannot execute ", "unable to execute "];
    let name = starts.iter().find_map(|start| name.strip_prefix(start)).unwrap_or(name);
    let name = name.trim_matches(['\'', '"', '`', '\u{2018}', '\u{2019}']);
    !name.contains(' ') && name.rsplit('/').next() == Some(program)
}

/// The line without the shell's name and the place in its script: `bash: line 1: exec: `, `zsh:1: `, `mksh: <stdin>[1]: `.
/// A line that names no shell is left as it is: some begin with the program.
fn of_shell(line: &str) -> &str {
    let line = line.trim();
    let mut rest = match line.split_once(": ") {
        Some((speaker, rest)) if is_speaker(speaker) => rest,
        Some(_) | None => line,
    };
    while let Some((place, after)) = rest.split_once(": ").filter(|(place, _)| is_place(place)) {
        rest = after;
        if place == "exec" {
            break;
        }
    }
    rest
}

fn is_speaker(word: &str) -> bool {
    let name = word.split_once(':').map_or(word, |(name, line)| if is_number(line) { name } else { word });
    let name = name.trim_start_matches('-');
    let name = name.rsplit('/').next().unwrap_or(name);
    SPEAKERS.split(' ').any(|speaker| speaker == name)
}

fn is_place(word: &str) -> bool {
    let numbered = word.strip_prefix("line ").unwrap_or(word);
    let in_brackets = word.strip_suffix(']').and_then(|word| word.split_once('['));
    is_number(numbered)
        || matches!(word, "exec" | "-c" | "<stdin>")
        || in_brackets.is_some_and(|(_, line)| is_number(line))
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}
