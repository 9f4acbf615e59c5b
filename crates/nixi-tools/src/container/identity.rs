//! Which containers names stand for, so that a plan acts on those and on no others.

use nixi_core::command::{ContainerId, ContainerName};

/// Lines of `ID NAME`; docker writes a `/` before the name.
pub(super) fn identities(text: &str) -> Result<Vec<(ContainerId, String)>, String> {
    let line = |line: &str| {
        let (id, name) = line.split_once(' ')?;
        Some((id.parse::<ContainerId>().ok()?, name.strip_prefix('/').unwrap_or(name).to_owned()))
    };
    text.lines().map(|text| line(text).ok_or_else(|| "a line is not an id and a name".to_owned())).collect()
}

/// Lines of `ID true` and `ID false`: those that are removed when they stop.
pub(super) fn removed(text: &str) -> Result<Vec<ContainerId>, String> {
    let mut removed = Vec::new();
    for (id, word) in identities(text)? {
        match word.as_str() {
            "true" => removed.push(id),
            "false" => {}
            _ => return Err("a line is not an id and true or false".to_owned()),
        }
    }
    Ok(removed)
}

/// The name as it is shown to a person: one that no container can have is replaced by the first 12 digits of the id.
/// So no text that a node makes up stands in a plan.
pub(super) fn shown<'a>(id: &'a ContainerId, name: &'a str) -> &'a str {
    if name.parse::<ContainerName>().is_ok() { name } else { short(id) }
}

/// The first 12 digits, as the runtimes show them.
pub(super) fn short(id: &ContainerId) -> &str {
    id.as_str().get(..12).unwrap_or(id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_runtimes() {
        let id = "a".repeat(64);
        let found = identities(&format!("{id} web\n{id} /db\n")).unwrap();
        assert_eq!(found.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["web", "db"]);
        assert!(identities("web\n").is_err() && identities("-rf web\n").is_err());
    }

    #[test]
    fn those_that_are_removed() {
        let (one, other) = ("a".repeat(64), "b".repeat(64));
        let found = removed(&format!("{one} true\n{other} false\n")).unwrap();
        assert_eq!(found.iter().map(ContainerId::as_str).collect::<Vec<_>>(), [one.as_str()]);
        assert!(removed(&format!("{one} <no value>\n")).is_err());
    }

    #[test]
    fn only_names_are_shown_as_names() {
        let id: ContainerId = "a".repeat(64).parse().unwrap();
        assert_eq!(shown(&id, "web"), "web");
        for odd in ["", "-f", "web\u{3164}", "web ", "web\nPlan", &"x".repeat(10_000)] {
            assert_eq!(shown(&id, odd), "aaaaaaaaaaaa", "{odd}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|([0-9a-f]{60,66} ?/?[a-z]*\n){0,3}") {
            let _ = (identities(&text), removed(&text));
        }
    }
}
