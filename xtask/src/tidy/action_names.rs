//! Front ends know no action by name: how a result is shown comes from the action's card.

use anyhow::Result;

use super::tree::{Finding, Tree};

const FRONT_ENDS: &[&str] =
    &["crates/nixi-cli/src/", "crates/nixi-tui/src/", "crates/nixi-web/src/", "crates/nixi-mcp/src/"];
/// Each folder in here is a tool.
const TOOLS: &str = "crates/nixi-tools/src/";

pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let tools: Vec<&str> = tree
        .files()
        .iter()
        .filter_map(|file| file.path.strip_prefix(TOOLS)?.strip_suffix("/mod.rs"))
        .filter(|tool| !tool.contains('/'))
        .collect();
    let mut found = Vec::new();
    for file in tree.rust().filter(|file| !file.is_test()) {
        if !FRONT_ENDS.iter().any(|place| file.path.starts_with(place)) {
            continue;
        }
        for (at, line) in file.product().strings.lines().enumerate() {
            for name in tools.iter().filter_map(|tool| named(line, tool)) {
                found.push(Finding::at(file, at + 1, format!("names the action {name}")));
            }
        }
    }
    Ok(found)
}

/// A whole string that is `container.list`, or `container.`, by which names begin. In a text for people an action may
/// stand as an example.
fn named<'l>(line: &'l str, tool: &str) -> Option<&'l str> {
    line.split('"').skip(1).step_by(2).find(|text| {
        let action = text.strip_prefix(tool).and_then(|rest| rest.strip_prefix('.'));
        // `system.toml` is a file.
        action.is_some_and(|action| {
            action != "toml" && action.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree::told;
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let tools = [("crates/nixi-tools/src/node/mod.rs", ""), ("crates/nixi-tools/src/system/mod.rs", "")];
        told(check(&Tree::of(&[
            tools[0],
            tools[1],
            ("crates/nixi-tools/src/node/list.rs", ""),
            (path, text),
        ])))
    }

    #[test]
    fn an_action_in_a_front_end_is_found() {
        let tui = "crates/nixi-tui/src/view/entry.rs";
        for (text, name) in [
            ("call.action == \"node.list\"\n", "node.list"),
            ("!call.action.starts_with(\"node.\")\n", "node."),
            ("(\"a\", CallRequest::new(\"system.info\"))\n", "system.info"),
        ] {
            assert_eq!(findings(tui, text), [format!("{tui}:1: names the action {name}")], "{text}");
        }
    }

    #[test]
    fn other_words_and_other_places_are_free() {
        for text in [
            "// as `node.list` does\n",
            "let system = \"system.toml\";\n",
            "say(\"`nixi call node.list` shows the node.\")\n",
            "a.get( node.name())\n",
            "\"a.node.list\"\n",
            "#[cfg(test)]\nmod tests {\n    const A: &str = \"node.list\";\n}\n",
        ] {
            assert_eq!(findings("crates/nixi-cli/src/a.rs", text), [""; 0], "{text}");
        }
        assert_eq!(findings("crates/nixi-llm/src/a.rs", "\"node.list\"\n"), [""; 0]);
        assert_eq!(findings("crates/nixi-cli/tests/a.rs", "\"node.list\"\n"), [""; 0]);
    }
}
