//! Whether somebody else changes the system of a node right now.

use nixi_core::{NodeName, Output, text};

/// How many columns of a command are shown.
const COLUMNS: usize = 60;

/// A program that changes the system.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InFlight {
    process: u32,
    command: String,
}

impl InFlight {
    /// The first of those that pgrep(1) found; nothing where it found none, or could not look.
    pub(super) fn of(found: &Output) -> Option<Self> {
        if !found.exit.is_success() {
            return None;
        }
        let found = String::from_utf8_lossy(&found.stdout);
        found.lines().find_map(|line| {
            let (process, command) = line.split_once(' ')?;
            Some(Self { process: process.parse().ok()?, command: short(command) })
        })
    }

    /// What a person is warned of.
    pub(super) fn warning(&self, node: &NodeName) -> String {
        let Self { process, command } = self;
        format!(
            "somebody else changes the system of {node} right now ({command}, process {process}): say no and ask again \
             once that has ended"
        )
    }
}

/// A command from the name of its program on, which may be a path or be run by another program.
fn short(command: &str) -> String {
    let at = ["nixos-rebuild", "switch-to-configuration"].into_iter().find_map(|name| command.find(name));
    let words = at.and_then(|at| command.get(at..)).unwrap_or(command);
    text::fit(&text::clean_line(words), COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nixi_core::Exit;

    fn found(code: i32, stdout: &str) -> Option<InFlight> {
        let output = Output {
            exit: Exit::Code(code),
            stdout: stdout.as_bytes().to_vec(),
            stderr: Vec::new(),
            truncated: false,
        };
        InFlight::of(&output)
    }

    #[test]
    fn the_first_is_named_without_its_path() {
        let told = |stdout: &str| found(0, stdout).map(|one| (one.process, one.command));
        for (stdout, process, command) in [
            ("71 sudo nixos-rebuild switch\n72 bash x\n", 71, "nixos-rebuild switch"),
            (
                "8 /nix/store/x-python3/bin/python3 /run/current-system/sw/bin/nixos-rebuild --flake . switch\n",
                8,
                "nixos-rebuild --flake . switch",
            ),
            ("odd\n9 /nix/store/x/bin/switch-to-configuration test\n", 9, "switch-to-configuration test"),
        ] {
            assert_eq!(told(stdout), Some((process, command.to_owned())));
        }
        let long = found(0, &format!("1 nixos-rebuild switch {}\u{1b}[2J\n", "x".repeat(500))).unwrap();
        assert!(text::width(&long.command) <= COLUMNS && !long.command.contains('\u{1b}'), "{long:?}");
        assert_eq!(found(1, ""), None);
        assert_eq!(found(127, "pgrep: not found"), None);
        assert_eq!(found(0, "nobody knows\n"), None);
    }
}
