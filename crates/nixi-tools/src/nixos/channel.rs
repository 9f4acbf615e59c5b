//! Channels, as their list and their links tell them.

use std::collections::BTreeMap;

use nixi_core::command::{ChannelName, StorePath};
use nixi_core::instant::Instant;
use schemars::JsonSchema;
use serde::Serialize;

use crate::rows::{Rows, Sifted};

/// A channel of root's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Channel {
    /// Its name; that of the system is `nixos`.
    pub name: String,
    /// Where it comes from, a login in it aside; `null` where that cannot be read.
    pub url: Option<String>,
    /// The release that was fetched, as `25.05.8123.d98ce345cdab`; `null` where it says none, or was never fetched.
    pub release: Option<String>,
    /// The git revision of it.
    pub revision: Option<String>,
    /// Where it is in the Nix store; `null` where it was never fetched.
    pub path: Option<String>,
}

/// A channel as nix-channel lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: ChannelName,
    pub(crate) url: String,
}

/// A channel that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) name: ChannelName,
    /// What is in use of it: a path in the store, or below one.
    pub(crate) path: String,
}

impl Fetched {
    /// What holds it in the store.
    pub(crate) fn store_path(&self) -> Option<StorePath> {
        let mut parts = self.path.strip_prefix("/nix/store/")?.split('/');
        format!("/nix/store/{}", parts.next()?).parse().ok()
    }
}

/// A generation of root's channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) number: u64,
    /// In RFC 3339, UTC.
    pub(crate) made: String,
    /// Where it is in the Nix store.
    pub(crate) path: String,
}

/// Reads `nix-channel --list`. An odd line is not quoted: an address may hold a login.
pub(crate) fn listed(text: &str) -> Result<Sifted<Listed>, String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let read = |line: &&str| {
        let (name, url) = line.trim().split_once(' ').ok_or("it is not a name and an address")?;
        let name = name.parse::<ChannelName>().map_err(|error| error.why().to_owned())?;
        let url = url.trim();
        let is_url = url.contains("://") && !url.contains(char::is_whitespace);
        is_url.then(|| Listed { name, url: url.to_owned() }).ok_or_else(|| "its address is none".to_owned())
    };
    Rows::Channels.sift(lines, read, |at, _| format!("row {at}"))
}

/// Reads where the channels are that were fetched.
pub(crate) fn fetched(text: &str) -> Result<Sifted<Fetched>, String> {
    let lines = text.lines().filter(|line| !line.starts_with("manifest."));
    Rows::Channels.of_lines(lines, |line| {
        let (name, path) = line.split_once(' ')?;
        let path = path.starts_with("/nix/store/").then(|| path.to_owned())?;
        Some(Fetched { name: name.parse().ok()?, path })
    })
}

/// Reads the generations of channels, the newest first.
pub(crate) fn made(text: &str) -> Result<Sifted<Made>, String> {
    let mut sifted = Rows::Generations.of_lines(text.lines(), |line| {
        let [link, made, path] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
        let seconds = made.split('.').next()?.parse().ok()?;
        let made = Instant::of_seconds(seconds).rfc3339();
        Some(Made { number: number_of(link)?, made, path: path.to_owned() })
    })?;
    sifted.rows.sort_by_key(|made| std::cmp::Reverse(made.number));
    Ok(sifted)
}

/// The number in `channels-N-link`.
pub(crate) fn number_of(link: &str) -> Option<u64> {
    let digits = link.trim_end().strip_prefix("channels-")?.strip_suffix("-link")?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// What a channel says of its release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) version: Option<String>,
    pub(crate) revision: Option<String>,
}

/// Reads what channels say of their releases: lines `…/NAME/.MARK:TEXT`.
pub(crate) fn releases(text: &str) -> BTreeMap<String, Release> {
    let mut marks: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for line in text.lines() {
        let Some((path, told)) = line.split_once(':') else { continue };
        let (mut parts, told) = (path.rsplit('/'), told.trim());
        if let (Some(mark), Some(name), true) = (parts.next(), parts.next(), is_plain(told)) {
            marks.entry(name.to_owned()).or_default().insert(mark.to_owned(), told.to_owned());
        }
    }
    let release = |mut marks: BTreeMap<String, String>| {
        let suffix = marks.remove(".version-suffix").unwrap_or_default();
        let version = marks.remove(".version").map(|version| version + &suffix);
        Release { version, revision: marks.remove(".git-revision") }
    };
    marks.into_iter().map(|(name, marks)| (name, release(marks))).collect()
}

/// Whether it can be part of the name of a release.
fn is_plain(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b))
}

/// The address without a login.
pub(crate) fn without_login(url: &str) -> String {
    let (url, query) = url.split_once('?').map_or((url, ""), |(url, _)| (url, "?…"));
    let login = || {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find('/').unwrap_or(rest.len());
        let at = rest.get(..end)?.rfind('@')?;
        Some(format!("{scheme}://…{}", rest.get(at..)?))
    };
    login().unwrap_or_else(|| url.to_owned()) + query
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) const ROWS: [&str; 3] = [
        "home-manager https://github.com/nix-community/home-manager/archive/release-25.05.tar.gz",
        "nixos https://nixos.org/channels/nixos-25.05",
        "nixos-hardware https://github.com/NixOS/nixos-hardware/archive/master.tar.gz",
    ];

    #[test]
    fn releases_are_put_together_by_channel() {
        let folder = "/nix/var/nix/profiles/per-user/root/channels";
        let told = releases(&format!(
            "{folder}/nixos/.version:25.05\n{folder}/nixos/.version-suffix:.8123.d98ce345cdab\n\
             {folder}/nixos/.git-revision:d98ce345cdab\n{folder}/old/.version:24.11\n{folder}/odd/.version:a b\n"
        ));
        let version = |name: &str| told.get(name).and_then(|release| release.version.as_deref());
        assert_eq!(version("nixos"), Some("25.05.8123.d98ce345cdab"));
        assert_eq!((version("old"), version("odd")), (Some("24.11"), None));
        assert_eq!(told["nixos"].revision.as_deref(), Some("d98ce345cdab"));
    }

    #[test]
    fn what_was_fetched_is_read_and_nix_s_own_list_is_none() {
        let hash = "a".repeat(32);
        let told = fetched(&format!(
            "manifest.nix /nix/store/{hash}-env-manifest.nix\nnixos /nix/store/{hash}-nixos-25.05/nixos\n"
        ));
        let rows = told.unwrap().rows;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].store_path().unwrap().as_str(), format!("/nix/store/{hash}-nixos-25.05"));
        assert!(fetched("nixos ../elsewhere\n").is_err());
    }

    #[test]
    fn generations_of_channels_are_read_the_newest_first() {
        let told =
            made("channels-9-link 1764000000.5 /nix/store/a\nchannels-10-link 1764000100.5 /nix/store/b\n")
                .unwrap();
        let numbers: Vec<u64> = told.rows.iter().map(|made| made.number).collect();
        assert_eq!(numbers, [10, 9]);
        for link in ["channels--link", "channels-1", "channels-+1-link", "system-1-link"] {
            assert_eq!(number_of(link), None, "{link}");
        }
    }

    #[test]
    fn a_login_in_an_address_is_not_told() {
        assert_eq!(without_login("https://me:secret@e.org/a@b"), "https://…@e.org/a@b");
        assert_eq!(without_login("https://e.org/a@b"), "https://e.org/a@b");
        let odd = listed("nixos me:secret@e.org\nother https://e.org/x\n").unwrap();
        assert!(odd.rows.len() == 1 && !format!("{:?}", odd.left_out).contains("secret"));
    }

    proptest! {
        #[test]
        fn nothing_that_is_read_breaks_out(text in "(\\PC|[\n: /.]){0,200}") {
            for release in releases(&text).into_values() {
                for told in [release.version, release.revision].into_iter().flatten() {
                    prop_assert!(told.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b)));
                }
            }
            if let Ok(read) = listed(&text) {
                prop_assert!(read.rows.iter().all(|row| !row.url.contains(char::is_whitespace)));
            }
            let _ = (fetched(&text), made(&text), without_login(&text));
        }
    }
}
