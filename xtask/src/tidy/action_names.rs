//! Front ends know no action by name: how a result is shown comes from the action's card.

use anyhow::Result;

use super::tree::{Finding, Tree};

const FRONT_ENDS: &[&str] =
    &["crates/nixi-cli/src/", "crates/nixi-tui/src/", "crates/nixi-web/src/", "crates/nixi-mcp/src/"];
/// The test that holds the names of all registered actions, a line each: `container.list [read] …`.
const LIST: &str = "crates/nixi-tools/tests/actions/schema.rs";
/// What core does itself, and shows as if an action had done it.
const OF_CORE: &str = "node.adopt";

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let listed = tree.get(LIST).map(|file| names(file.text())).unwrap_or_default();
    if listed.is_empty() {
        return Ok(vec![Finding::of_file(LIST, "does not list the actions any more")]);
    }
    let mut found = Vec::new();
    for file in tree.rust().filter(|file| !file.is_test()) {
        if !FRONT_ENDS.iter().any(|place| file.path.starts_with(place)) {
            continue;
        }
        for (at, line) in file.product().strings.lines().enumerate() {
            // In a text for people an action may stand as an example; a string that is a name and no more is known.
            let strings = line.split('"').skip(1).step_by(2);
            for name in strings.filter(|text| is_known(text, &listed)) {
                found.push(Finding::at(file, at + 1, format!("names the action {name}")));
            }
        }
    }
    Ok(found)
}

/// The actions of the list.
fn names(list: &str) -> Vec<&str> {
    list.lines()
        .filter_map(|line| line.trim().split_once(" ["))
        .map(|(name, _)| name)
        .filter(|name| {
            name.split('.').count() == 2 && name.chars().all(|c| c.is_ascii_lowercase() || "._".contains(c))
        })
        .collect()
}

/// `container.list`, or `container.`, by which names begin.
fn is_known(text: &str, listed: &[&str]) -> bool {
    let is_beginning = |name: &&str| text.ends_with('.') && name.starts_with(text);
    text == OF_CORE || listed.iter().any(|name| *name == text || is_beginning(name))
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let list = "    insta::assert_snapshot!(lines, @r\"\n    log.query [read] unit?\n    node.list [read] probe?\n    \");\n";
        told(check(&Tree::of(&[(LIST, list), (path, text)])))
    }

    #[test]
    fn an_action_in_a_front_end_is_found() {
        let tui = "crates/nixi-tui/src/view/entry.rs";
        for (text, name) in [
            ("call.action == \"node.list\"\n", "node.list"),
            ("!call.action.starts_with(\"node.\")\n", "node."),
            ("(\"a\", CallRequest::new(\"log.query\"))\n", "log.query"),
            ("result.tool == \"node.adopt\"\n", "node.adopt"),
        ] {
            assert_eq!(findings(tui, text), [format!("{tui}:1: names the action {name}")], "{text}");
        }
    }

    #[test]
    fn other_words_and_other_places_are_free() {
        for text in [
            "// as `node.list` does\n",
            "let log = \"log.txt\";\n",
            "say(\"`nixi call node.list` shows the node.\")\n",
            "done(\"log.verify\", node.list())\n",
            "\"a.node.list\"\n",
            "#[cfg(test)]\nmod tests {\n    const A: &str = \"node.list\";\n}\n",
        ] {
            assert_eq!(findings("crates/nixi-cli/src/a.rs", text), [""; 0], "{text}");
        }
        assert_eq!(findings("crates/nixi-llm/src/a.rs", "\"node.list\"\n"), [""; 0]);
        assert_eq!(findings("crates/nixi-cli/tests/a.rs", "\"node.list\"\n"), [""; 0]);
    }

    #[test]
    fn a_list_that_is_gone_is_told() {
        assert_eq!(told(check(&Tree::of(&[]))), [format!("{LIST}: does not list the actions any more")]);
    }
}
