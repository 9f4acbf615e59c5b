//! Systems that were built, as their links tell them.

use nixi_core::instant::Instant;
use schemars::JsonSchema;
use serde::Serialize;

use crate::rows::{Rows, Sifted};

/// A system that was built and kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Generation {
    /// Its number.
    pub number: u64,
    /// When it was made, in RFC 3339, UTC.
    pub made: String,
    /// The version of NixOS, as the name of the system tells it; `null` where that has none.
    pub nixos_version: Option<String>,
    /// Whether it boots next.
    pub boots_next: bool,
    /// Whether it runs now.
    pub runs: bool,
    /// Where it is in the Nix store.
    pub path: String,
}

/// Reads the generations, the newest first.
pub(crate) fn generations(
    links: &str,
    boot_default: Option<u64>,
    running: Option<&str>,
) -> Result<Sifted<Generation>, String> {
    let mut sifted = Rows::Generations.of_lines(links.lines(), |line| {
        let [link, made, path] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
        let number = number_of(link)?;
        let seconds = made.split('.').next()?.parse().ok()?;
        let path = path.starts_with("/nix/store/").then_some(path)?;
        Some(Generation {
            number,
            made: Instant::of_seconds(seconds).rfc3339(),
            nixos_version: version_of(path).map(str::to_owned),
            boots_next: boot_default == Some(number),
            runs: running == Some(path),
            path: path.to_owned(),
        })
    })?;
    sifted.rows.sort_by_key(|generation| std::cmp::Reverse(generation.number));
    // Several may be the same system: the one that boots next is the one that runs, else the newest.
    let one = |generation: &&mut Generation| generation.runs;
    let at_boot = sifted.rows.iter().position(|generation| generation.runs && generation.boots_next);
    let newest = sifted.rows.iter().position(|generation| generation.runs);
    let runs = at_boot.or(newest).and_then(|at| sifted.rows.get(at)).map(|generation| generation.number);
    sifted.rows.iter_mut().filter(one).for_each(|row| row.runs = Some(row.number) == runs);
    Ok(sifted)
}

/// The number in `system-N-link`.
pub(crate) fn number_of(link: &str) -> Option<u64> {
    let digits = link.trim_end().strip_prefix("system-")?.strip_suffix("-link")?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The version in `…-nixos-system-HOST-VERSION`: the last part that begins as one, such as `24.11pre-git`.
fn version_of(path: &str) -> Option<&str> {
    let (_, name) = path.split_once("-nixos-system-")?;
    let is_version = |text: &str| {
        let mut parts = text.split('.');
        let is_two = |part: Option<&str>| {
            part.is_some_and(|part| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_digit()))
        };
        is_two(parts.next()) && is_two(parts.next())
    };
    let mut starts = name.rmatch_indices('-').filter_map(|(at, _)| name.get(at + 1..));
    starts.find(|rest| is_version(rest))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const ROWS: [&str; 4] = [
        "system-1-link 1764000000.1234567890 /nix/store/aaaa-nixos-system-web-server-24.05.7376.b134951a4c9f",
        "system-10-link 1764000300.0000000000 /nix/store/cccc-nixos-system-web-server-25.05.lab",
        "system-9-link 1764000200.0000000000 /nix/store/bbbb-nixos-system-n-12.34-x-24.11pre-git",
        "system-2-link 1764000100.0000000000 /nix/store/cccc-nixos-system-web-server-25.05.lab",
    ];

    #[test]
    fn the_newest_comes_first_and_one_runs() {
        let text = ROWS.join("\n");
        let told =
            generations(&text, Some(9), Some("/nix/store/cccc-nixos-system-web-server-25.05.lab")).unwrap();
        let rows: Vec<_> = told
            .rows
            .iter()
            .map(|row| (row.number, row.nixos_version.as_deref().unwrap_or("-"), row.boots_next, row.runs))
            .collect();
        assert_eq!(
            rows,
            [
                (10, "25.05.lab", false, true),
                (9, "24.11pre-git", true, false),
                (2, "25.05.lab", false, false),
                (1, "24.05.7376.b134951a4c9f", false, false)
            ]
        );
        let told =
            generations(&text, Some(2), Some("/nix/store/cccc-nixos-system-web-server-25.05.lab")).unwrap();
        assert!(told.rows[2].runs && !told.rows[0].runs, "the one that boots next, of two that are the same");
    }

    #[test]
    fn what_is_no_generation_is_left_out() {
        let told = generations(&format!("{}\nsystem-x-link 1 /nix/store/a\n", ROWS[0]), None, None).unwrap();
        assert_eq!((told.rows.len(), told.left_out.len()), (1, 1));
        assert!(generations("", None, None).unwrap().rows.is_empty());
        for link in [
            "system--link",
            "system-1",
            "system-1-link-x",
            "system-+1-link",
            "system-99999999999999999999-link",
        ] {
            assert_eq!(number_of(link), None, "{link}");
        }
    }
}
