//! Finds the verb wherever it stands, and tells a request in words from a mistyped command.
//!
//! Options that hold everywhere may come before the verb. They are moved behind it, so that an option given on both
//! sides counts twice, as it would on one side, and none is lost.

use std::ffi::{OsStr, OsString};

use clap::CommandFactory;
use nixi_core::nearest::nearest;
use nixi_core::secret::hidden;
use nixi_core::text::excerpt;
use nixi_core::{ErrorKind, ErrorReport, paste};

use crate::args::Cli;

/// Commands that are to come, and what serves until then.
const NOT_BUILT: [(&str, &str); 7] = [
    (
        "setup",
        "`nixi adopt` adds a node as it is; passwordless sudo for its user is up to its own NixOS configuration",
    ),
    (
        "doctor",
        "`nixi nodes` tells which nodes answer and why others do not; `nixi config check` reads the configuration",
    ),
    ("audit", "`nixi log` shows what was changed through Nixi"),
    ("web", "`nixi` on a terminal is the UI there is; programs use `nixi call … --json`"),
    ("serve", "`nixi` on a terminal is the UI there is; programs use `nixi call … --json`"),
    ("mcp", "programs use `nixi call … --json`"),
    ("man", "`nixi --help`, and --help behind each command"),
];

/// The arguments with the verb first; words in quotes become `ask`.
///
/// # Errors
/// A first word that is no command, with the nearest that is.
pub(crate) fn arrange(args: Vec<OsString>) -> Result<Vec<OsString>, ErrorReport> {
    let mut clap = Cli::command();
    clap.build();
    let Some(at) = first_word(&clap, &args) else { return Ok(args) };
    let Some(word) = args.get(at).map(|word| word.to_string_lossy().into_owned()) else { return Ok(args) };
    let (before, from) = args.split_at(at);
    let (program, before) = before.split_at(before.len().min(1));
    if word == "-" || word.contains(char::is_whitespace) {
        return Ok([program, &[OsString::from("ask")], before, from].concat());
    }
    if let Some((_, instead)) = NOT_BUILT.iter().find(|(name, _)| *name == word) {
        return Err(usage(format!("`nixi {word}` is not built yet")).hint(*instead));
    }
    if clap.get_subcommands().any(|verb| verb.get_name() == word) {
        let (verb, after) = from.split_at(1);
        // Behind `--` a verb is no verb for clap; the mark has done its work.
        let before: Vec<OsString> = before.iter().filter(|arg| *arg != "--").cloned().collect();
        return Ok([program, verb, &before, after].concat());
    }
    Err(unknown(&clap, &word, &from[1..]))
}

/// Whether an error is to be told as JSON, although the arguments may not be readable as a whole.
pub(crate) fn wants_json(args: &[OsString]) -> bool {
    args.iter().skip(1).take_while(|arg| *arg != "--").any(|arg| arg == "--json")
}

/// Where the first word stands that is no option and no option's value; nothing if clap should complain first.
fn first_word(clap: &clap::Command, args: &[OsString]) -> Option<usize> {
    let mut at = 1;
    while let Some(arg) = args.get(at) {
        let arg = arg.to_string_lossy();
        if arg == "--" {
            return (at + 1 < args.len()).then_some(at + 1);
        } else if let Some(long) = arg.strip_prefix("--") {
            let name = long.split('=').next().unwrap_or(long);
            let option = clap.get_arguments().find(|option| option.get_long() == Some(name))?;
            let takes_next = option.get_action().takes_values() && !option.is_require_equals_set();
            at += if takes_next && !long.contains('=') { 2 } else { 1 };
        } else if arg.starts_with('-') && arg != "-" {
            at += 1;
        } else {
            return Some(at);
        }
    }
    None
}

fn unknown(clap: &clap::Command, word: &str, rest: &[OsString]) -> ErrorReport {
    let quoted = || {
        let plain = |arg: &&OsString| !arg.to_string_lossy().starts_with('-');
        let rest = rest.iter().take_while(plain).map(OsString::as_os_str);
        let words: Vec<_> = std::iter::once(OsStr::new(word)).chain(rest).map(said).collect();
        // A shell takes the quotes off: one word is a request behind `ask` alone.
        match words.as_slice() {
            [word] => {
                format!("one word alone goes behind ask: nixi ask {}", paste::word(&excerpt(&hidden(word))))
            }
            words => {
                let words = excerpt(&hidden(&words.join(" ")));
                // What a shell reads in double quotes as well.
                let is_plain = !words.contains(['"', '$', '`', '\\', '!']);
                let words = if is_plain { format!("\"{words}\"") } else { paste::word(&words) };
                format!("a request in words goes in quotes: nixi {words}")
            }
        }
    };
    let verbs: Vec<&str> =
        clap.get_subcommands().map(clap::Command::get_name).filter(|verb| *verb != "help").collect();
    let near: Vec<String> =
        nearest(word, verbs.iter().copied()).into_iter().map(|verb| format!("`nixi {verb}`")).collect();
    let is_action = word.split_once('.').is_some_and(|(tool, action)| is_name(tool) && is_name(action));
    let hint = if is_action {
        format!("an action is called: `nixi call {}`", excerpt(word))
    } else if !near.is_empty() {
        format!("did you mean {}? Else {}", near.join(" or "), quoted())
    } else if rest.is_empty() {
        format!("the commands are {}; a request in words goes in quotes, {}", verbs.join(", "), quoted())
    } else {
        quoted()
    };
    usage(format!("there is no command {:?}", excerpt(&hidden(word)))).hint(hint)
}

/// A word of a request, in quotes if it holds blanks: a password may.
fn said(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    match (word.contains(char::is_whitespace), word.contains('"')) {
        (false, _) => word.into_owned(),
        (true, false) => format!("\"{word}\""),
        (true, true) => "…".to_owned(),
    }
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

fn usage(message: String) -> ErrorReport {
    ErrorReport::new(ErrorKind::Usage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text may show an action as an example, and then it has to be one.
    #[test]
    fn every_call_in_a_help_text_is_one_of_an_action_that_is_there() {
        let registry = nixi::tools::registry().unwrap();
        let mut clap = Cli::command();
        clap.build();
        let mut texts: Vec<String> = NOT_BUILT.iter().map(|(_, instead)| (*instead).to_owned()).collect();
        texts.push(clap.render_long_help().to_string());
        texts.extend(clap.get_subcommands_mut().map(|verb| verb.render_long_help().to_string()));
        let behind = texts.iter().flat_map(|text| text.split("nixi call ").skip(1));
        let words = behind.filter_map(|text| text.split([' ', '\n', '`']).next());
        let actions: Vec<&str> =
            words.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).collect();
        assert!(actions.len() >= 5, "{actions:?}");
        for action in actions {
            registry.spec(action).unwrap_or_else(|error| panic!("{action}: {error}"));
        }
    }

    fn words(line: &str) -> Vec<OsString> {
        std::iter::once("nixi").chain(line.split('|')).map(OsString::from).collect()
    }

    fn arranged(line: &str) -> Vec<String> {
        arrange(words(line)).unwrap().iter().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_verb_comes_first_and_no_option_is_lost() {
        assert_eq!(
            arranged("--node|a|--json|call|x.y|--node|b"),
            ["call", "--node", "a", "--json", "x.y", "--node", "b"]
        );
        assert_eq!(arranged("--yes|nodes"), ["nodes", "--yes"]);
        assert_eq!(arranged("--yes=destructive|-v|remove|x"), ["remove", "--yes=destructive", "-v", "x"]);
        assert_eq!(arranged("--node=a|--|nodes"), ["nodes", "--node=a"]);
    }

    #[test]
    fn words_with_a_space_are_a_request() {
        assert_eq!(arranged("--json|list containers"), ["ask", "--json", "list containers"]);
        assert_eq!(arranged("list containers|--json"), ["ask", "list containers", "--json"]);
        assert_eq!(arranged("-|--offline"), ["ask", "-", "--offline"]);
        assert_eq!(arranged("--|list containers"), ["ask", "--", "list containers"]);
        assert_eq!(arranged("--node|setup all"), ["--node", "setup all"], "an option's value is no request");
    }

    #[test]
    fn what_clap_should_complain_about_is_left_alone() {
        assert_eq!(arranged("--jsn|nodes"), ["--jsn", "nodes"]);
        assert_eq!(arranged("--help"), ["--help"]);
    }

    #[test]
    fn a_word_that_is_no_command_gets_the_nearest() {
        let error = arrange(words("node")).unwrap_err();
        assert_eq!(error.message, "there is no command \"node\"");
        assert!(error.hint.unwrap().contains("`nixi nodes`"));
        let hint = |line: &str| arrange(words(line)).unwrap_err().hint.unwrap();
        assert_eq!(hint("container.list|names=a"), "an action is called: `nixi call container.list`");
        assert_eq!(
            hint("list|containers|--json"),
            "a request in words goes in quotes: nixi \"list containers\""
        );
        for (line, right) in [
            ("deploy|postgres|with|password|Tr0ub4dor", "nixi \"deploy postgres with password …\""),
            ("deploy|app|DB_PASSWORD=Tr0ub4dor", "nixi \"deploy app DB_PASSWORD=…\""),
            ("deploy|app|password|Tr0ub4dor and more", "nixi \"deploy app password …\""),
            ("password=Tr0ub4dor", "nixi ask 'password=…'"),
        ] {
            let error = arrange(words(line)).unwrap_err();
            assert!(!format!("{error:?}").contains("Tr0ub4dor"), "{error:?}");
            assert!(error.hint.unwrap().ends_with(right), "{line}");
        }
        assert!(hint("uptime").ends_with("one word alone goes behind ask: nixi ask uptime"));
        assert!(hint("frobnicate").contains("ask, nodes, adopt, remove"), "{}", hint("frobnicate"));
    }

    #[test]
    fn what_is_not_built_is_no_request() {
        for (word, instead) in NOT_BUILT {
            let error = arrange(words(&format!("{word}|web-server"))).unwrap_err();
            assert_eq!(error.message, format!("`nixi {word}` is not built yet"));
            assert_eq!(error.hint.as_deref(), Some(instead));
        }
    }
}
