//! The inputs of a flake, as its lock file pins them (the Nix manual, "nix flake", "Lock files").

use std::collections::BTreeMap;

use nixi_core::instant::Instant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::channel::without_login;
use crate::reading::{Number, json};
use crate::rows::{LeftOut, Sifted};

/// An input of the flake that the system is built of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// How it is fetched, as `github`, `git`, `tarball` or `path`.
    pub kind: String,
    /// Where it comes from: `owner/repository`, an address without a login, or a path.
    pub from: Option<String>,
    /// The revision that is locked.
    pub revision: Option<String>,
    /// When that was changed last, in RFC 3339, UTC.
    pub modified: Option<String>,
    /// The hash of what is locked.
    pub hash: Option<String>,
}

#[derive(Deserialize)]
struct Lock<'a> {
    root: String,
    #[serde(borrow)]
    nodes: BTreeMap<String, &'a RawValue>,
}

#[derive(Deserialize)]
struct Root {
    #[serde(default)]
    inputs: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Node {
    locked: Locked,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Locked {
    #[serde(rename = "type")]
    kind: String,
    owner: Option<String>,
    repo: Option<String>,
    url: Option<String>,
    path: Option<String>,
    rev: Option<String>,
    last_modified: Option<Number>,
    nar_hash: Option<String>,
}

impl Locked {
    fn input(self, name: &str) -> Input {
        let repository = self.owner.zip(self.repo).map(|(owner, repository)| format!("{owner}/{repository}"));
        let url = self.url.map(|url| without_login(&url));
        let seconds = self.last_modified.and_then(|Number(seconds)| seconds);
        Input {
            name: name.to_owned(),
            kind: self.kind,
            from: repository.or(url).or(self.path),
            revision: self.rev,
            modified: seconds.map(|seconds| Instant::of_seconds(seconds).rfc3339()),
            hash: self.nar_hash,
        }
    }
}

/// Reads the inputs that the flake itself names, by their names.
pub(crate) fn inputs(lock: &str) -> Result<Sifted<Input>, String> {
    let Lock { root, nodes } = json(lock)?;
    let node = nodes.get(&root).ok_or("it has no root")?;
    let Root { inputs } = json(node.get())?;
    let mut sifted = Sifted::none();
    for (name, target) in inputs {
        // A path through other inputs: it is one of theirs.
        let Some(target) = target.as_str() else { continue };
        let locked = nodes.get(target).ok_or_else(|| "it is locked nowhere".to_owned());
        match locked.and_then(|node| json::<Node>(node.get())) {
            Ok(Node { locked }) => sifted.rows.push(locked.input(&name)),
            Err(why) => sifted.left_out.push(LeftOut::new(&name, &why)),
        }
    }
    Ok(sifted)
}

/// What differs between two lock files, a line for each input.
pub(super) fn changes(old: &[Input], new: &[Input]) -> Vec<String> {
    let find = |name: &str, list: &[Input]| list.iter().find(|input| input.name == name).map(state);
    let mut lines: Vec<String> = new
        .iter()
        .filter_map(|input| {
            let (before, now) = (find(&input.name, old), state(input));
            (before.as_ref() != Some(&now)).then(|| {
                format!("input {}: {} → {now}", input.name, before.unwrap_or_else(|| "∅".to_owned()))
            })
        })
        .collect();
    let gone = old.iter().filter(|input| find(&input.name, new).is_none());
    lines.extend(gone.map(|input| format!("input {}: {} → ∅", input.name, state(input))));
    lines
}

/// As `d98ce34 of 2025-11-20`.
fn state(input: &Input) -> String {
    let day = input.modified.as_ref().map(|modified| modified.chars().take(10).collect::<String>());
    let pinned = input.revision.as_ref().map(|revision| revision.chars().take(7).collect::<String>());
    // What has no revision is told apart by its hash.
    let pinned = pinned.or_else(|| Some(input.hash.as_ref()?.chars().take(19).collect()));
    match (pinned, day) {
        (Some(pinned), Some(day)) => format!("{pinned} of {day}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lock(revision: &str, seconds: u64) -> String {
        serde_json::json!({
            "version": 7, "root": "root",
            "nodes": {
                "root": {"inputs": {"nixpkgs": "nixpkgs_2", "odd": "odd", "utils": ["other", "utils"], "lab": "lab"}},
                "nixpkgs_2": {"locked": {
                    "type": "github", "owner": "NixOS", "repo": "nixpkgs", "rev": revision, "lastModified": seconds,
                }},
                "odd": {"locked": {"rev": 7}},
                "lab": {"locked": {"type": "tarball", "url": "https://me:secret@e.org/x.tar.gz", "narHash": "sha256-AAAABBBBCCCCDDDD="}},
            },
        })
        .to_string()
    }

    #[test]
    fn inputs_are_told_with_what_is_locked_and_an_odd_one_hides_no_other() {
        let told = inputs(&lock("d98ce345cdab", 1_764_000_000)).unwrap();
        assert_eq!(told.left_out.len(), 1);
        let [lab, nixpkgs] = &told.rows[..] else { panic!("{told:?}") };
        assert_eq!(lab.from.as_deref(), Some("https://…@e.org/x.tar.gz"));
        assert_eq!(nixpkgs.from.as_deref(), Some("NixOS/nixpkgs"));
        assert_eq!(nixpkgs.modified.as_deref(), Some("2025-11-24T16:00:00Z"));
        for bad in ["", "{}", r#"{"root": "x", "nodes": {}}"#] {
            assert!(inputs(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_an_update_changes_is_told_by_input() {
        let rows = |revision, seconds| inputs(&lock(revision, seconds)).unwrap().rows;
        let (old, new) = (rows("d98ce345cdab", 1_764_000_000), rows("e11111111111", 1_764_100_000));
        assert_eq!(changes(&old, &new), ["input nixpkgs: d98ce34 of 2025-11-24 → e111111 of 2025-11-25"]);
        assert_eq!(changes(&old, &[]).len(), 2);
        assert!(changes(&old, &old).is_empty());
    }

    proptest! {
        #[test]
        fn no_lock_file_is_too_odd(text in "\\PC{0,200}", revision in "\\PC{0,30}", seconds in any::<u64>()) {
            let _ = inputs(&text);
            let told = inputs(&lock(&revision, seconds)).unwrap();
            prop_assert_eq!(told.rows.len(), 2);
            let _ = changes(&told.rows, &[]);
        }
    }
}
