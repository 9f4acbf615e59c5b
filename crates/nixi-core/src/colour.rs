//! Colours that programs write into their logs.

/// The text without escape sequences that only choose a colour or weight (SGR: `ESC [`, parameters, `m`). All others
/// stay, to be made harmless and visible where the report leaves its action.
#[must_use]
pub fn removed(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let parameters = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';' || c == ':');
        match parameters.strip_prefix('m') {
            Some(behind) => rest = behind,
            None => {
                plain.push_str("\u{1b}[");
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::removed;
    use proptest::prelude::*;

    #[test]
    fn only_colours_go() {
        assert_eq!(removed("\u{1b}[1;31mred\u{1b}[0m \u{1b}[mx"), "red x");
        for kept in ["\u{1b}[2J", "\u{1b}]0;title\u{7}", "\u{1b}[31", "plain m", "\u{1b}[\u{1b}[31"] {
            assert_eq!(removed(kept), kept);
        }
    }

    proptest! {
        #[test]
        fn text_without_escapes_stays(text in "[^\u{1b}]*") {
            prop_assert_eq!(removed(&text), text);
        }

        #[test]
        fn never_panics(text in "(\u{1b}\\[?|[0-9;:]|m|é|J){0,40}") {
            prop_assert!(removed(&text).len() <= text.len());
        }
    }
}
