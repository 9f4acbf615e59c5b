//! Reads of a NixOS system: its generations, and where its configuration is.

use crate::command::{Command, FilePath, Program, Read};

/// Where the generations of the system are (nix-env(1), "Profiles").
const PROFILES: &str = "/nix/var/nix/profiles";
/// The generation that boots next.
const PROFILE: &str = "/nix/var/nix/profiles/system";
/// Parts of a system that are changed by a reboot alone.
const BOOTED: [&str; 3] =
    ["/run/booted-system/kernel", "/run/booted-system/kernel-modules", "/run/booted-system/initrd"];
const CURRENT: [&str; 3] =
    ["/run/current-system/kernel", "/run/current-system/kernel-modules", "/run/current-system/initrd"];

/// The generations of the system, a line each: the name of its link, `system-N-link`, seconds since 1970 with a fraction, and
/// where in the store it leads. Needs no right, as `nix-env --list-generations` would.
pub fn generations() -> Command<Read> {
    Command::read(Program::new("find"), [PROFILES]).and([
        "-maxdepth",
        "1",
        "-name",
        "system-*-link",
        "-printf",
        r"%f %T@ %l\n",
    ])
}

/// The link of the generation that boots next: `system-N-link`.
pub fn boot_default() -> Command<Read> {
    Command::read(Program::new("readlink"), ["--", PROFILE])
}

/// The system that runs, and the one that was booted: a path in the store each, on a line of its own.
pub fn running() -> Command<Read> {
    Command::read(Program::new("readlink"), ["-f", "--", "/run/current-system", "/run/booted-system"])
}

/// Kernel, modules and initial file system of the system that was booted, and of the one that runs: six lines.
pub fn kernels() -> Command<Read> {
    Command::read(Program::new("readlink"), ["-f", "--"]).and(BOOTED).and(CURRENT)
}

/// The search path of Nix (`nix-build(1)`, `NIX_PATH`); fails where there is none.
pub fn search_path() -> Command<Read> {
    Command::read(Program::new("printenv"), ["NIX_PATH"])
}

/// How the file system is mounted that a path lies on, as findmnt(8) tells it in JSON: `target`, `options`.
pub fn mount_of(path: &FilePath) -> Command<Read> {
    Command::read(Program::new("findmnt"), ["--json", "--output", "TARGET,OPTIONS", "--target"])
        .and([path.as_str()])
}
