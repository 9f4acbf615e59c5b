//! What a terminal can do, by its name.

use std::ffi::OsStr;

/// Names under which nothing obeys a terminal's commands: those of terminfo that draw nothing, and what Emacs calls the
/// terminal of its shell.
const DRAW_NOTHING: [&str; 15] = [
    "",
    "unknown",
    "emacs",
    "none",
    "network",
    "dialup",
    "patch",
    "plugboard",
    "switch",
    "ethernet",
    "arpanet",
    "bussplexer",
    "lpr",
    "printer",
    "glasstty",
];

/// Whether a terminal of this name (`$TERM`) obeys commands that move the cursor and choose colours. One without a name
/// is not known to.
#[must_use]
pub fn can_draw(term: Option<&OsStr>) -> bool {
    let Some(term) = term else { return false };
    let name = term.to_string_lossy().trim().to_ascii_lowercase();
    // As `dumb-emacs-ansi`: all of them are without a cursor to move.
    let is_dumb = name == "dumb" || name.starts_with("dumb-");
    !is_dumb && !DRAW_NOTHING.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_draws_nothing_is_known_by_its_name() {
        let names =
            ["dumb", "", "unknown", "emacs", "DUMB", "dumb-emacs-ansi", "dumb-color", "network", "none", " "];
        for name in names {
            assert!(!can_draw(Some(OsStr::new(name))), "{name:?}");
        }
        assert!(!can_draw(None));
    }

    #[test]
    fn a_name_that_nobody_has_heard_of_is_given_the_benefit_of_the_doubt() {
        for name in
            ["xterm-256color", "linux", "screen", "tmux-256color", "eterm-color", "xterm-new-one", "vt100"]
        {
            assert!(can_draw(Some(OsStr::new(name))), "{name}");
        }
    }
}
