//! Reads of a NixOS system: its generations, and where its configuration is.

use crate::command::{Command, FilePath, HostName, Program, Read, SearchEntry, StorePath};
use crate::node::UserName;

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

/// The system that boots next: a path in the store.
pub fn profile() -> Command<Read> {
    Command::read(Program::new("readlink"), ["-f", "--", PROFILE])
}

/// The system that runs, and the one that was booted: a path in the store each, on a line of its own.
pub fn running() -> Command<Read> {
    Command::read(Program::new("readlink"), ["-f", "--", "/run/current-system", "/run/booted-system"])
}

/// Kernel, modules and initial file system of the system that was booted, and of the one that runs: six lines.
pub fn kernels() -> Command<Read> {
    Command::read(Program::new("readlink"), ["-f", "--"]).and(BOOTED).and(CURRENT)
}

/// The configuration of sshd (sshd_config(5)), as NixOS writes it.
pub fn sshd_config() -> Command<Read> {
    Command::read(Program::new("cat"), ["--", "/etc/ssh/sshd_config"])
}

/// A host key of sshd, as anybody may know it (ssh-keygen(1)): the file beside the secret one. Fails where there is none.
pub fn public_host_key(file: &FilePath) -> Command<Read> {
    Command::read(Program::new("cat"), ["--"]).and([file.as_str()])
}

/// The keys that the configuration declares for a user; fails where there are none.
pub fn declared_keys(user: &UserName) -> Command<Read> {
    Command::read(Program::new("cat"), ["--"]).and([format!("/etc/ssh/authorized_keys.d/{}", user.as_str())])
}

/// What differs between what two systems are made of: a line for each package, as `hello: ∅ → 2.12, +226.5 KiB`.
pub fn closure_difference(old: &StorePath, new: &StorePath) -> Command<Read> {
    Command::read(
        Program::new("nix"),
        [
            "--extra-experimental-features",
            "nix-command",
            "store",
            "diff-closures",
            old.as_str(),
            new.as_str(),
        ],
    )
}

/// The units of a system: for each the name of its file, or that of what amends it, and where that leads, which is another
/// place for another text.
pub fn units(of: &StorePath) -> Command<Read> {
    units_in(of.as_str())
}

/// The same of the system that runs. Among them is a link `TARGET.wants/UNIT` for each unit that a target starts.
pub fn running_units() -> Command<Read> {
    units_in("/run/current-system")
}

fn units_in(system: &str) -> Command<Read> {
    let folder = format!("{system}/etc/systemd/system/");
    Command::read(Program::new("find"), []).and([folder]).and([
        "-maxdepth",
        "2",
        "-type",
        "l",
        "-printf",
        r"%P %l\n",
    ])
}

/// What of a system is changed by a reboot alone, of the one that was booted and of this one: six lines.
pub fn kernels_beside(system: &StorePath) -> Command<Read> {
    let of = ["kernel", "kernel-modules", "initrd"].map(|part| format!("{}/{part}", system.as_str()));
    Command::read(Program::new("readlink"), ["-f", "--"]).and(BOOTED).and(of)
}

/// The lines that set the search path of Nix (`NIX_PATH`) for who logs in and for shells, as NixOS writes them; commands
/// of ours do not get it (docs/ssh.md). Fails where there are none.
pub fn search_path() -> Command<Read> {
    Command::read(
        Program::new("grep"),
        ["-hs", "-e", "NIX_PATH", "--", "/etc/pam/environment", "/etc/set-environment"],
    )
}

/// What somebody changes the system by right now: a line for each process of `nixos-rebuild` that is going to switch, and of what
/// switches, with its number and words. Fails where there is none.
pub fn rebuilds() -> Command<Read> {
    // In brackets, so that it does not find the shell that it is a word of.
    const ALIKE: &str = "[n]ixos-rebuild(-ng)?(-wrapped)?( .*)? (switch|boot|test)( |$)|[s]witch-to-configuration (switch|boot|test)( |$)";
    Command::read(Program::new("pgrep"), ["-a", "-f", "--", ALIKE])
}

/// How the file system is mounted that a path lies on, as findmnt(8) tells it in JSON: `target`, `options`.
pub fn mount_of(path: &FilePath) -> Command<Read> {
    Command::read(Program::new("findmnt"), ["--json", "--output", "TARGET,OPTIONS", "--target"])
        .and([path.as_str()])
}

/// A configuration that is evaluated where it is.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// This module, with what `<…>` stands for.
    Module(&'a FilePath, &'a [SearchEntry]),
    /// The flake of this file, for this machine.
    Flake(&'a FilePath, &'a HostName),
}

/// What makes the system of a configuration, writes nothing, and fetches nothing that the configuration does not ask for itself.
pub(super) const SYSTEM: &str = include_str!("system.nix");
pub(super) const OPTION: &str = include_str!("option.nix");
pub(super) const PACKAGES: &str = include_str!("packages.nix");

/// An option by the parts of its name, in JSON: its type, description, default and value, and who sets it to what; or, of a name
/// that is none, the names that are there.
pub fn option(of: Source<'_>, name: &[String]) -> Command<Read> {
    evaluated(of, OPTION, name)
}

/// The packages that have all of these words in their names, in JSON; the first 100, with how many there are. A word is letters,
/// digits, `-` and `_`.
pub fn packages(of: Source<'_>, words: &[String]) -> Command<Read> {
    evaluated(of, PACKAGES, words)
}

/// Calls a function of a system and of words with both (nix-instantiate(1)). Nothing is built and nothing fetched, not even what the
/// configuration would have built or fetched to be evaluated; and nothing is read but its folder, the store, and what `<…>` stands for.
fn evaluated(of: Source<'_>, function: &str, words: &[String]) -> Command<Read> {
    let words = serde_json::Value::from(words).to_string();
    let (Source::Flake(file, _) | Source::Module(file, _)) = of;
    let folder = file.folder();
    let (flake, host, path): (&str, &str, Vec<String>) = match of {
        Source::Flake(file, host) => (file.folder(), host.as_str(), Vec::new()),
        Source::Module(file, path) => {
            let module = format!("nixos-config={file}");
            ("", "", std::iter::once(module).chain(path.iter().map(ToString::to_string)).collect())
        }
    };
    let call = format!(
        "{{ flake, host, words }}: ({function}) (({SYSTEM}) {{ inherit flake host; }}) (builtins.fromJSON words)"
    );
    Command::read(Program::new("nix-instantiate"), ["--eval", "--strict", "--json", "--readonly-mode"])
        // No store is asked, nor the daemon begun that would be: files are read where they are.
        .and(["--store", "dummy://"])
        .and(["--argstr", "words", &words])
        .and(["--option", "allow-import-from-derivation", "false"])
        .and(["--option", "restrict-eval", "true", "--option", "allowed-uris", ""])
        .and(["-I", folder, "-I", "/nix/store"])
        .and(path.iter().flat_map(|entry| ["-I", entry.as_str()]))
        .and(["--argstr", "flake", flake.trim_end_matches('/'), "--argstr", "host", host])
        .and(["-E", &call])
}

/// Where the programs and files that everybody has are from: a path in the store a line, below that of their package.
pub fn installed() -> Command<Read> {
    Command::read(
        Program::new("find"),
        ["/run/current-system/sw/", "-maxdepth", "3", "-type", "l", "-printf", r"%l\n"],
    )
}
