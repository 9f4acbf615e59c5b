//! What Tab makes of a line.

use nixi_core::Mode;

use crate::slash;

/// The completion of a line, up to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    /// The line as far as it is certain.
    pub(crate) line: String,
    /// What could follow, if there is more than one way.
    pub(crate) choices: Vec<String>,
}

/// Completes the last word of the line: a command where the line begins, else the name of a node or, while adopting, a
/// mode. None if nothing fits.
pub(crate) fn complete(line: &str, nodes: &[String]) -> Option<Completion> {
    let start = line.rfind([' ', ',']).map_or(0, |at| at + 1);
    let (before, word) = line.split_at(start);
    let first = line.split_whitespace().next().unwrap_or_default();
    let candidates: Vec<&str> = if before.is_empty() && word.starts_with('/') {
        slash::names().collect()
    } else if word.is_empty() && !first.starts_with('/') {
        Vec::new()
    } else if first == "/adopt" {
        Mode::ALL.iter().map(|mode| mode.as_str()).collect()
    } else {
        nodes.iter().map(String::as_str).collect()
    };
    let fitting: Vec<&str> = candidates.into_iter().filter(|word_of| word_of.starts_with(word)).collect();
    match fitting.as_slice() {
        [] => None,
        [only] => Some(Completion { line: format!("{before}{only} "), choices: Vec::new() }),
        several => Some(Completion {
            line: format!("{before}{}", common_start(several)),
            choices: several.iter().map(|&choice| choice.to_owned()).collect(),
        }),
    }
}

/// Names and commands are ASCII, so bytes are characters here.
fn common_start<'a>(words: &[&'a str]) -> &'a str {
    let Some((first, rest)) = words.split_first() else { return "" };
    let length = rest
        .iter()
        .map(|word| first.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count())
        .min()
        .unwrap_or(first.len());
    first.get(..length).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tab(line: &str) -> Option<(String, Vec<String>)> {
        let nodes = ["web-server", "web-2", "db-server"].map(str::to_owned);
        complete(line, &nodes).map(|completion| (completion.line, completion.choices))
    }

    #[test]
    fn commands_and_nodes() {
        assert_eq!(tab("/ad"), Some(("/adopt ".to_owned(), vec![])));
        assert_eq!(tab("/remove d"), Some(("/remove db-server ".to_owned(), vec![])));
        assert_eq!(tab("list containers on db"), Some(("list containers on db-server ".to_owned(), vec![])));
        assert_eq!(
            tab("list containers on w"),
            Some(("list containers on web-".to_owned(), vec!["web-server".to_owned(), "web-2".to_owned()]))
        );
        assert_eq!(tab("ping db-server,web-s"), Some(("ping db-server,web-server ".to_owned(), vec![])));
        assert_eq!(tab("/adopt a b c mon"), Some(("/adopt a b c monitored ".to_owned(), vec![])));
        assert_eq!(tab("/").unwrap().1.len(), slash::COMMANDS.len());
    }

    #[test]
    fn nothing_where_nothing_fits() {
        assert_eq!(tab(""), None);
        assert_eq!(tab("show me "), None);
        assert_eq!(tab("xyz"), None);
        assert_eq!(tab("é"), None);
    }
}
