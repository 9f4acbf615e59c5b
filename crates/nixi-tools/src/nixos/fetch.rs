//! Fetching a channel out of sight, into the profile that nix-channel would make of it.

use std::collections::BTreeSet;

use nixi_core::command::{ChannelName, ChannelUrl};

use super::channel::Fetched;

/// The names of the channels of such a profile: those that are there, and this one. In the order of nix-channel.
pub(super) fn names(fetched: &[Fetched], name: &ChannelName) -> BTreeSet<ChannelName> {
    fetched.iter().map(|fetched| &fetched.name).chain([name]).cloned().collect()
}

/// The channels of such a profile as a set of derivations: this one fetched anew, the others as they are. Word for word what
/// nix-channel builds, so that its own update comes to the same path in the store.
pub(super) fn expression(fetched: &[Fetched], name: &ChannelName, url: &ChannelUrl) -> String {
    let mut text = String::from(
        "let
  fetched = name: channelName: url: derivation {
    inherit name channelName;
    builder = \"builtin:unpack-channel\";
    system = \"builtin\";
    src = builtins.fetchurl { inherit url; name = baseNameOf url; };
    preferLocalBuild = true;
  };
  kept = name: path: rec {
    type = \"derivation\";
    inherit name;
    system = \"builtin\";
    outputs = [ \"out\" ];
    outPath = builtins.storePath path;
    out = { inherit outPath; };
  };
in
{
",
    );
    for other in fetched.iter().filter(|other| other.name != *name) {
        if let Some(path) = other.store_path() {
            // The name of a store path begins behind 32 characters of its hash.
            let called = path.as_str().rsplit('/').next().and_then(|last| last.get(33..)).unwrap_or_default();
            text.push_str(&format!("  \"{}\" = kept \"{called}\" \"{}\";\n", other.name, path.as_str()));
        }
    }
    let archive = archive(url);
    text.push_str(&format!(
        "  \"{name}\" = fetched \"{}\" \"{name}\" \"{archive}\";\n}}\n",
        called(name, url)
    ));
    text
}

/// The file that holds a channel: the address itself, or `nixexprs.tar.xz` below it.
fn archive(url: &ChannelUrl) -> String {
    let is_archive = [".tar.gz", ".tar.bz2", ".tar.xz"].iter().any(|end| url.as_str().ends_with(end));
    if is_archive { url.to_string() } else { format!("{}/nixexprs.tar.xz", url.as_str()) }
}

/// What the derivation of a channel is called: its name, and the end of the address from its version on.
fn called(name: &ChannelName, url: &ChannelUrl) -> String {
    let last = url.as_str().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let is_version = |at: &usize| last.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    let version = last.match_indices('-').map(|(at, _)| at).find(is_version);
    let version = version.and_then(|at| last.get(at..)).unwrap_or_default();
    format!("{name}{version}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(url: &str) -> (String, String) {
        let (name, url): (ChannelName, ChannelUrl) = ("nixos".parse().unwrap(), url.parse().unwrap());
        (called(&name, &url), archive(&url))
    }

    #[test]
    fn a_channel_is_called_and_found_as_by_nix_channel() {
        for (url, called, file) in [
            ("https://nixos.org/channels/nixos-25.05", "nixos-25.05", "nixexprs.tar.xz"),
            ("https://nixos.org/channels/nixos-unstable", "nixos", "nixexprs.tar.xz"),
            ("https://nixos.org/channels/nixos-25.05-small/", "nixos-25.05-small", "nixexprs.tar.xz"),
            ("file:///srv/nixos-25.05.tar.gz", "nixos-25.05.tar.gz", "nixos-25.05.tar.gz"),
        ] {
            let (name, archive) = told(url);
            assert_eq!(name, called);
            assert!(archive.ends_with(&format!("/{file}")), "{archive}");
        }
    }

    #[test]
    fn the_others_are_kept_as_they_are() {
        let path = format!("/nix/store/{}-zsh-5.9/zsh", "a".repeat(32));
        let fetched = [
            Fetched { name: "zsh".parse().unwrap(), path },
            Fetched { name: "nixos".parse().unwrap(), path: "/nix/store/old".to_owned() },
        ];
        let name: ChannelName = "nixos".parse().unwrap();
        let text = expression(&fetched, &name, &"https://e.org/nixos-25.05".parse().unwrap());
        let hash = "a".repeat(32);
        assert!(
            text.contains(&format!("\"zsh\" = kept \"zsh-5.9\" \"/nix/store/{hash}-zsh-5.9\";")),
            "{text}"
        );
        assert!(
            text.contains(
                "\"nixos\" = fetched \"nixos-25.05\" \"nixos\" \"https://e.org/nixos-25.05/nixexprs.tar.xz\";"
            ),
            "{text}"
        );
        let names: Vec<String> = names(&fetched, &name).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["nixos", "zsh"]);
    }

    proptest! {
        /// Whatever address is taken, the text of an expression ends where it should.
        #[test]
        fn no_address_breaks_out_of_its_string(rest in "[!-~]{1,40}") {
            let Ok(url) = format!("https://{rest}").parse::<ChannelUrl>() else { return Ok(()) };
            let text = expression(&[], &"nixos".parse().unwrap(), &url);
            prop_assert!(rnix::Root::parse(&text).errors().is_empty(), "{text}");
            prop_assert_eq!(text.matches('"').count(), 10 + 8, "{}", text);
            let is_computed = text.contains("${");
            prop_assert!(!is_computed);
        }
    }
}
