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

/// The word for a container's name in a read: its name, or its id if the name is not one that can be asked for.
pub(super) fn word(id: &ContainerId, name: &str) -> Result<ContainerName, String> {
    name.parse().or_else(|_| id.as_str().parse()).map_err(|_| "an id is not a name".to_owned())
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

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|([0-9a-f]{60,66} ?/?[a-z]*\n){0,3}") {
            let _ = identities(&text);
        }
    }
}
