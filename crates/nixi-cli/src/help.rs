//! The help of a command, without the global options that it takes none of.

/// What each command takes none of. It refuses them, or they mean nothing to it.
const TAKES_NONE: [(&str, &[&str]); 10] = [
    ("nodes", &["--node", "--dry-run", "--yes", "--no-wait", "--offline"]),
    ("adopt", &["--node", "--yes", "--no-wait", "--offline"]),
    ("remove", &["--node", "--offline"]),
    ("tools", &["--node", "--dry-run", "--yes", "--no-wait", "--offline"]),
    ("log", &["--dry-run", "--yes", "--no-wait", "--offline"]),
    ("undo", &["--node", "--offline"]),
    ("approve", &["--node", "--offline"]),
    ("deny", &["--node", "--dry-run", "--yes", "--no-wait", "--offline"]),
    ("config", &["--node", "--dry-run", "--yes", "--no-wait", "--offline"]),
    ("completions", &["--node", "--config", "--dry-run", "--yes", "--no-wait", "--offline", "--json"]),
];

/// The help text of this command. clap offers each global option with every command.
pub(crate) fn of_verb(text: &str, verb: &str) -> String {
    let Some((_, flags)) = TAKES_NONE.iter().find(|(name, _)| *name == verb) else { return text.to_owned() };
    let mut is_hidden = false;
    let kept = text.lines().filter(|line| {
        let words = line.trim_start();
        let is_option = words.starts_with('-') && line.len() - words.len() < 10;
        // What is set in further goes on with the option above it.
        is_hidden = match (is_option, words.is_empty() || line.len() - words.len() < 10) {
            (true, _) => words.split([' ', ',', '[', '=']).any(|word| flags.contains(&word)),
            (false, true) => false,
            (false, false) => is_hidden,
        };
        !is_hidden
    });
    let kept: Vec<&str> = kept.collect();
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "Add a node\n\nOptions:\n      --port <N>       SSH port\n  -h, --help           Print help\n\nGlobal options:\n      \
                        --node <NAME>    Act on these nodes: names,\n                       @tags\n      --yes[=<RISK>]   Approve\n  \
                        -v, --verbose        Say more\n\nExamples:\n  nixi adopt a b --node x";

    #[test]
    fn a_command_offers_no_option_that_it_refuses() {
        let adopt = of_verb(HELP, "adopt");
        for gone in ["--node <", "@tags", "--yes"] {
            assert!(!adopt.contains(gone), "{adopt}");
        }
        for there in ["--port", "--help", "--verbose", "nixi adopt a b --node x"] {
            assert!(adopt.contains(there), "{adopt}");
        }
        assert_eq!(of_verb(HELP, "call"), HELP);
    }
}
