//! As much of Markdown as links need: headings, and links outside code.

use std::collections::BTreeMap;

/// A link as written: `[text](target)`, or `[name]: target`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) target: String,
}

/// Lines that are not in a fenced block, numbered from 1.
pub(super) fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, Some(_)) => fence = mark,
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => return Some((at + 1, line)),
            _ => {}
        }
        None
    })
}

pub(crate) fn links(text: &str) -> Vec<Link> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        if let Some((name, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            found.push(Link { line: number, text: name.to_owned(), target: first_word(target) });
            continue;
        }
        let hidden = without_code(line);
        for (at, _) in hidden.match_indices("](") {
            let Some(end) = hidden[at..].find(')') else { continue };
            let open = hidden[..at].rfind('[').map_or(0, |open| open + 1);
            found.push(Link {
                line: number,
                text: line[open..at].to_owned(),
                target: first_word(&line[at + 2..at + end]),
            });
        }
    }
    found
}

fn first_word(target: &str) -> String {
    let word = target.split_whitespace().next().unwrap_or_default();
    word.trim_start_matches('<').trim_end_matches('>').to_owned()
}

/// What stands between backticks made harmless; the length stays.
fn without_code(line: &str) -> String {
    let mut inside = false;
    line.chars()
        .map(|c| match c {
            '`' => {
                inside = !inside;
                '`'.to_string()
            }
            _ if inside => "x".repeat(c.len_utf8()),
            _ => c.to_string(),
        })
        .collect()
}

/// The anchors of a document's headings, as forges make them.
pub(crate) fn anchors(text: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        let depth = line.len() - title.len();
        if depth == 0 || depth > 6 || !title.starts_with(' ') {
            continue;
        }
        let slug: String = title
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let times = seen.entry(slug.clone()).and_modify(|times| *times += 1).or_insert(0);
        found.push(if *times == 0 { slug } else { format!("{slug}-{times}") });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_outside_code_are_found() {
        let text = "see [`Plan`](src/plan.rs) and `[no](x)`\n```\n[no](y)\n```\n[ref]: docs/a.md \"title\"\n";
        let found = links(text);
        let shown: Vec<_> = found.iter().map(|l| format!("{} {} {}", l.line, l.text, l.target)).collect();
        assert_eq!(shown, ["1 `Plan` src/plan.rs", "5 ref docs/a.md"]);
    }

    #[test]
    fn anchors_are_made_as_forges_make_them() {
        let text = "# The `Plan`, and more\n## Twice\n## Twice\n```\n# not one\n```\n#not\n";
        assert_eq!(anchors(text), ["the-plan-and-more", "twice", "twice-1"]);
    }
}
