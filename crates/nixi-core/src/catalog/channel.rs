//! Reads of root's channels, of which rebuilds without flakes are made (nix-channel(1)).

use crate::command::{ChannelName, Command, Program, Read, StorePath};

/// The profile that root's channels are in; any user may read it.
pub const PROFILE: &str = "/nix/var/nix/profiles/per-user/root/channels";
/// Where the generations of that profile are.
const PROFILES: &str = "/nix/var/nix/profiles/per-user/root";
const NIX_CHANNEL: Program = Program::new("nix-channel");
const FIND: Program = Program::new("find");
/// What a channel says of itself.
const MARKS: [&str; 3] = [".version", ".version-suffix", ".git-revision"];

/// The version of nix-channel: whether it is there, which it is not where channels are off (`nix.channel.enable`).
pub fn program() -> Command<Read> {
    Command::read(NIX_CHANNEL, ["--version"])
}

/// The channels of root, a line each: name and address. Only root may read the addresses.
pub fn list() -> Command<Read> {
    Command::read(NIX_CHANNEL, ["--list"]).by_root()
}

/// The link of the generation of channels that is used: `channels-N-link`.
pub fn current() -> Command<Read> {
    Command::read(Program::new("readlink"), ["--", PROFILE])
}

/// The generations of channels, a line each: the name of its link, seconds since 1970 with a fraction, and where in the store
/// it leads.
pub fn generations() -> Command<Read> {
    Command::read(FIND, [PROFILES]).and([
        "-maxdepth",
        "1",
        "-name",
        "channels-*-link",
        "-printf",
        r"%f %T@ %l\n",
    ])
}

/// The channels that were fetched, a line each: name, and where in the store it is; and `manifest.nix`. Fails where there never
/// was one.
pub fn fetched() -> Command<Read> {
    fetched_below(PROFILE)
}

/// The same of a profile that is in use nowhere yet.
pub fn fetched_in(profile: &StorePath) -> Command<Read> {
    fetched_below(profile.as_str())
}

fn fetched_below(folder: &str) -> Command<Read> {
    let depth = ["-mindepth", "1", "-maxdepth", "1", "-printf", r"%f %l\n"];
    Command::read(FIND, []).and([format!("{folder}/")]).and(depth)
}

/// What channels say of their release, as lines `PATH:TEXT`; files that are not there are passed over.
pub fn releases(of: &[ChannelName]) -> Command<Read> {
    releases_below(PROFILE, of)
}

/// The same of channels that are in use nowhere yet.
pub fn releases_in(profile: &StorePath, of: &[ChannelName]) -> Command<Read> {
    releases_below(profile.as_str(), of)
}

fn releases_below(folder: &str, of: &[ChannelName]) -> Command<Read> {
    let files = of.iter().flat_map(|name| MARKS.map(|mark| format!("{folder}/{}/{mark}", name.as_str())));
    // Without a file, grep would wait for its standard input.
    Command::read(Program::new("grep"), ["-sHam", "1", "-e", ".", "--", "/dev/null"]).and(files)
}
