//! Names and versions of packages, out of paths in the Nix store.

/// What the path of a package tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StoreName {
    pub(super) name: String,
    pub(super) version: Option<String>,
}

impl StoreName {
    /// The version begins at the first `-` that no letter follows, as `builtins.parseDrvName` has it.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        let base = path.trim().strip_prefix("/nix/store/")?;
        let (hash, whole) = base.split_once('-')?;
        let is_hash = hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let whole = whole.split('/').next().unwrap_or(whole);
        if !is_hash || whole.is_empty() {
            return None;
        }
        let is_version = |(at, _): &(usize, &str)| {
            whole.get(at + 1..).and_then(|rest| rest.chars().next()).is_some_and(|next| !next.is_alphabetic())
        };
        let (name, version) = match whole.match_indices('-').find(is_version) {
            Some((at, _)) => (whole.get(..at)?, whole.get(at + 1..)),
            None => (whole, None),
        };
        Some(Self { name: name.to_owned(), version: version.map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_versions_are_told_apart() {
        for (tail, name, version) in [
            ("htop-3.3.0", "htop", Some("3.3.0")),
            ("bash-interactive-5.2p37-man", "bash-interactive", Some("5.2p37-man")),
            ("python3-3.12.8", "python3", Some("3.12.8")),
            ("nixos-rebuild", "nixos-rebuild", None),
            ("jq-1.7.1-bin/bin/jq", "jq", Some("1.7.1-bin")),
            ("less-643-unstable-1", "less", Some("643-unstable-1")),
        ] {
            let told = StoreName::of_path(&format!("/nix/store/{}-{tail}", "a".repeat(32))).unwrap();
            assert_eq!((told.name.as_str(), told.version.as_deref()), (name, version));
        }
        for odd in ["", "/nix/store/", "/nix/store/short-x", "/tmp/x", "/nix/store/aaaa/bin"] {
            assert_eq!(StoreName::of_path(odd), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_survived(line in "\\PC{0,80}") {
            let _ = StoreName::of_path(&line);
        }
    }
}
