//! The Debian mirror that this machine itself uses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::machines::programs::program;

/// What the machines' tree is made from, whatever this machine runs.
const SUITE: &str = "bookworm";

/// Names a mirror where apt's sources do not. There may be no apt to ask, so it is taken at its word.
const TOLD: &str = "NIXI_LAB_MIRROR";

/// The mirror that we are told, or the first of apt's own sources (sources.list(5)) that has the suite. What is fetched
/// to find out goes into the cache's folder, where it is forgotten at the latest.
pub(super) fn find(cache: &Path) -> Result<String> {
    choose(std::env::var(TOLD).ok(), &mirrors(&sources()), |mirror| has_suite(mirror, cache))
}

fn choose(
    told: Option<String>,
    mirrors: &[String],
    has_suite: impl Fn(&str) -> Result<bool>,
) -> Result<String> {
    if let Some(told) = told.filter(|told| !told.is_empty()) {
        return Ok(told);
    }
    for mirror in mirrors {
        if has_suite(mirror)? {
            return Ok(mirror.clone());
        }
    }
    let hint = format!("set {TOLD} to the address of a mirror of Debian");
    if mirrors.is_empty() {
        bail!("apt's sources on this machine name no http mirror: {hint}");
    }
    bail!("no mirror of apt's sources on this machine has Debian {SUITE} ({}): {hint}", mirrors.join(" "))
}

fn has_suite(mirror: &str, cache: &Path) -> Result<bool> {
    let folder =
        tempfile::tempdir_in(cache).with_context(|| format!("cannot write below {}", cache.display()))?;
    // apt's own way of fetching honours this machine's proxies.
    let fetched = program("/usr/lib/apt/apt-helper")
        .arg("download-file")
        .arg(format!("{mirror}/dists/{SUITE}/InRelease"))
        .arg(folder.path().join("InRelease"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    Ok(fetched.is_ok_and(|status| status.success()))
}

/// The texts of all source files, in both forms.
fn sources() -> Vec<String> {
    let parts =
        fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = parts.collect();
    files.sort();
    files.insert(0, Path::new("/etc/apt/sources.list").to_owned());
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect()
}

/// The addresses in `URIs:` fields and `deb` lines, in order, each once.
fn mirrors(sources: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in sources.iter().flat_map(|text| text.lines()) {
        let line = line.trim();
        let words = match line.split_once(char::is_whitespace) {
            Some(("URIs:" | "deb", rest)) => rest,
            _ => continue,
        };
        for word in words.split_whitespace().filter(|word| word.starts_with("http")) {
            let mirror = word.trim_end_matches('/').to_owned();
            if !found.contains(&mirror) {
                found.push(mirror);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_are_told_comes_before_what_apt_knows() {
        let apt = ["http://ubuntu.example".to_owned(), "http://debian.example".to_owned()];
        let has_suite = |mirror: &str| Ok(mirror.contains("debian"));
        let of = |told: Option<&str>, apt: &[String]| choose(told.map(str::to_owned), apt, has_suite);
        assert_eq!(of(Some("http://told.example"), &apt).unwrap(), "http://told.example");
        assert_eq!(of(Some(""), &apt).unwrap(), "http://debian.example");
        for apt in [&apt[..1], &[]] {
            assert!(of(None, apt).unwrap_err().to_string().contains("set NIXI_LAB_MIRROR"));
        }
    }

    #[test]
    fn both_forms_of_sources_are_read() {
        let new =
            "Types: deb\n# http://commented.example/debian\nURIs: http://a.example/debian/\nSuites: x\n";
        let old = "# deb http://no.example x main\ndeb [arch=amd64] https://b.example/debian x main\ndeb-src http://c.example x\n";
        let again = "URIs: http://a.example/debian file:/srv http://d.example\n";
        assert_eq!(
            mirrors(&[old.to_owned(), new.to_owned(), again.to_owned()]),
            ["https://b.example/debian", "http://a.example/debian", "http://d.example"]
        );
    }
}
