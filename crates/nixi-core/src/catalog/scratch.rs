//! What may run on a managed node before anybody is asked, since nothing of a running system sees it.
//!
//! **Invariant.** This is the only place where a [`Command<Scratch>`] is made. An entry writes into the folder of a
//! [`Stage`](crate::Stage), into the Nix store, or into what Nix caches for the login user, and nowhere else; it runs as that
//! user, and takes operands that were parsed.

use std::collections::BTreeSet;

use crate::command::{
    ChannelName, Command, FilePath, HostName, Program, Scratch, ScratchFolder, ScratchPath, SearchEntry,
    StorePath,
};

const NIX_INSTANTIATE: Program = Program::new("nix-instantiate");
const NIX_STORE: Program = Program::new("nix-store");

/// What makes the folder of a stage, and all folders in it.
pub(crate) const MAKES_FOLDERS: Program = Program::new("mkdir");

/// Makes the folder of a stage, closed to all others. Fails if anything of that name is there.
pub(crate) fn make(folder: &ScratchFolder) -> Command<Scratch> {
    Command::scratch(MAKES_FOLDERS, ["-m", "0700", "--", folder.as_str()])
}

/// Removes it, and all that is in it; does not follow links.
pub(crate) fn remove(folder: &ScratchFolder) -> Command<Scratch> {
    Command::scratch(Program::new("rm"), ["-rf", "--", folder.as_str()])
}

/// Writes what comes on its standard input.
pub(crate) fn write(path: &ScratchPath) -> Command<Scratch> {
    let to = format!("of={path}");
    Command::scratch(Program::new("dd"), ["bs=64K", "iflag=fullblock", "oflag=nofollow", "status=none", &to])
}

/// Makes a folder on a stage, and those above it that are missing.
pub fn folder(path: &ScratchPath) -> Command<Scratch> {
    Command::scratch(MAKES_FOLDERS, ["-p", "--", path.as_str()])
}

/// Copies all that is in the folder of a file, links as links; what the login user may not read is left out, and then the exit code is 1.
pub fn copy(beside: &FilePath, to: &ScratchPath) -> Command<Scratch> {
    let all = format!("{}/.", beside.folder().trim_end_matches('/'));
    Command::scratch(Program::new("cp"), ["-R", "--", &all, to.as_str()])
}

/// Lets the login user change what was copied.
pub fn unlock(path: &ScratchPath) -> Command<Scratch> {
    Command::scratch(Program::new("chmod"), ["-R", "u+rwX", "--", path.as_str()])
}

/// What of a configuration is looked at before it is built: a function of its `config`.
const EVALUATED: &str = include_str!("evaluated.nix");

/// Evaluates a configuration, as `nixos-rebuild build` does without flakes, and prints what it comes to in JSON: how its system
/// is built, and what of it is about the way in.
pub fn evaluate(configuration: &ScratchPath, search_path: &[SearchEntry]) -> Command<Scratch> {
    let configuration = format!("nixos-config={configuration}");
    let evaluate = Command::scratch(NIX_INSTANTIATE, ["--eval", "--strict", "--json", "--read-write-mode"]);
    let entries = std::iter::once(configuration.as_str()).chain(search_path.iter().map(SearchEntry::as_str));
    let expression = format!("({EVALUATED}) (import <nixpkgs/nixos> {{ }}).config");
    evaluate.with(entries.flat_map(|entry| ["-I", entry])).with(["-E", &expression])
}

/// The same for a machine of a flake, whose lock file is not written.
pub fn evaluate_flake(folder: &ScratchPath, machine: &HostName) -> Command<Scratch> {
    let config = format!("{folder}#nixosConfigurations.\"{}\".config", machine.as_str());
    Command::scratch(
        Program::new("nix"),
        [
            "--extra-experimental-features",
            "nix-command flakes",
            "eval",
            "--json",
            "--no-write-lock-file",
            &config,
            "--apply",
            EVALUATED,
        ],
    )
}

/// Builds what was evaluated, and prints its path; nothing leads to it from outside the store. What it does meanwhile it tells on
/// standard error, a line of JSON each, and what builders print only there. Needs Nix 2.4 (2021); see [`build_plainly`].
pub fn build(derivation: &StorePath) -> Command<Scratch> {
    let format = ["--no-build-output", "--log-format", "internal-json"];
    Command::scratch(NIX_STORE, ["--realise"]).with(format).with([derivation.as_str()])
}

/// The same in the words for people, for a Nix that has no others.
pub fn build_plainly(derivation: &StorePath) -> Command<Scratch> {
    Command::scratch(NIX_STORE, ["--realise", "--no-build-output", derivation.as_str()])
}

/// Prints what the builder of a derivation printed the last time; fails where that was not kept.
pub fn build_log(derivation: &StorePath) -> Command<Scratch> {
    Command::scratch(NIX_STORE, ["--read-log", derivation.as_str()])
}

/// How much room there is where a build writes, in the POSIX form in bytes (df(1)): the file system of the store, of its database,
/// and of what is temporary.
pub fn room() -> Command<Scratch> {
    Command::scratch(Program::new("df"), ["-P", "-B1", "--", "/nix/store", "/nix/var/nix/db", "/tmp"])
}

/// Shows a file to the flake that its repository is: what git does not know of is not there for Nix.
pub fn track(folder: &ScratchPath, file: &str) -> Command<Scratch> {
    Command::scratch(Program::new("git"), ["-C", folder.as_str(), "add", "--intent-to-add", "--", file])
}

/// Fetches channels and installs them into a profile on the stage. `list` is a set of derivations by their names; what nix-env
/// and Nix keep for a user goes into the folder `home`, which is on the stage too.
pub fn install_channels(
    home: &ScratchPath,
    profile: &ScratchPath,
    list: &ScratchPath,
    names: &BTreeSet<ChannelName>,
) -> Command<Scratch> {
    let home = format!("HOME={home}");
    let install =
        Command::scratch(Program::new("env"), [&home, "nix-env", "--quiet", "--option", "tarball-ttl", "0"]);
    install
        .with(["--profile", profile.as_str(), "--file", list.as_str()])
        .with(["--install", "--remove-all", "--from-expression"])
        .with(names.iter().map(|name| format!("channels: channels.\"{}\"", name.as_str())))
}

/// Where a path on the stage leads.
pub fn resolved(path: &ScratchPath) -> Command<Scratch> {
    Command::scratch(Program::new("readlink"), ["-f", "--", path.as_str()])
}

/// Locks the newest of all inputs of a flake. In its folder, since Nix 2.19 and later take the flake by another option.
pub fn update_flake(folder: &ScratchPath) -> Command<Scratch> {
    let within = format!("--chdir={folder}");
    Command::scratch(
        Program::new("env"),
        [&within, "nix", "--extra-experimental-features", "nix-command flakes", "flake", "update"],
    )
}

/// The text of a file on the stage.
pub fn text(path: &ScratchPath) -> Command<Scratch> {
    Command::scratch(Program::new("cat"), ["--", path.as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is run, to the letter. Changing a line here changes what runs unasked on other people's managed machines.
    #[test]
    fn every_argv() {
        let stage = ScratchFolder::new();
        let path = |name: &str| stage.path(&name.parse().unwrap());
        let machine = "web-1".parse().unwrap();
        let derivation = format!("/nix/store/{}-x.drv", "a".repeat(32)).parse().unwrap();
        let all = [
            make(&stage),
            write(&path("a b.nix")),
            folder(&path("hosts/web")),
            copy(&"/etc/nixos/configuration.nix".parse().unwrap(), &path("c")),
            unlock(&path("c")),
            evaluate(&path("c/configuration.nix"), &["nixpkgs=/nix/x".parse().unwrap()]),
            evaluate_flake(&path("c"), &machine),
            build(&derivation),
            build_plainly(&derivation),
            build_log(&derivation),
            room(),
            track(&path("c"), "nixi.nix"),
            install_channels(
                &path("u"),
                &path("u/profile"),
                &path("u/list.nix"),
                &BTreeSet::from(["nixos".parse().unwrap(), "a.b".parse().unwrap()]),
            ),
            resolved(&path("u/profile")),
            update_flake(&path("c")),
            text(&path("c/flake.lock")),
            remove(&stage),
        ];
        let shown: Vec<String> = all
            .iter()
            .map(|command| {
                command.to_string().replace(stage.as_str(), "/STAGE").replace(EVALUATED, "EVALUATED")
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        mkdir -m 0700 -- /STAGE
        dd 'bs=64K' 'iflag=fullblock' 'oflag=nofollow' 'status=none' 'of=/STAGE/a b.nix'
        mkdir -p -- /STAGE/hosts/web
        cp -R -- /etc/nixos/. /STAGE/c
        chmod -R u+rwX -- /STAGE/c
        nix-instantiate --eval --strict --json --read-write-mode -I 'nixos-config=/STAGE/c/configuration.nix' -I 'nixpkgs=/nix/x' -E '(EVALUATED) (import <nixpkgs/nixos> { }).config'
        nix --extra-experimental-features 'nix-command flakes' eval --json --no-write-lock-file '/STAGE/c#nixosConfigurations."web-1".config' --apply 'EVALUATED'
        nix-store --realise --no-build-output --log-format internal-json /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-x.drv
        nix-store --realise --no-build-output /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-x.drv
        nix-store --read-log /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-x.drv
        df -P -B1 -- /nix/store /nix/var/nix/db /tmp
        git -C /STAGE/c add --intent-to-add -- nixi.nix
        env 'HOME=/STAGE/u' nix-env --quiet --option tarball-ttl 0 --profile /STAGE/u/profile --file /STAGE/u/list.nix --install --remove-all --from-expression 'channels: channels."a.b"' 'channels: channels."nixos"'
        readlink -f -- /STAGE/u/profile
        env '--chdir=/STAGE/c' nix --extra-experimental-features 'nix-command flakes' flake update
        cat -- /STAGE/c/flake.lock
        rm -rf -- /STAGE
        "#);
    }
}
