//! The network that the containers of a node share: in it each finds the others by their names.

use nixi_core::command::ContainerCli;
use nixi_core::{Command, Write};
use serde::Deserialize;

use crate::reading::json;

/// The network that Nixi makes where there is none with DNS.
pub(super) const OWN: &str = "nixi";
/// Podman's default network. It has DNS where NixOS was told so (`virtualisation.podman.defaultNetwork.settings.dns_enabled`),
/// and there the firewall lets the containers ask.
const DEFAULT: &str = "podman";

/// Which network containers are put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    /// Podman's own, which has DNS.
    Default,
    /// Nixi's, which is there.
    Own,
    /// Nixi's, which has to be made.
    Missing,
}

impl Network {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Default => DEFAULT,
            Self::Own | Self::Missing => OWN,
        }
    }

    /// What makes it.
    pub(super) fn create(cli: ContainerCli) -> Command<Write> {
        Command::<Write>::new(cli.program())
            .args(cli.words_of("network", "create"))
            .args(["--", OWN])
            .elevated()
    }

    /// What removes it.
    pub(super) fn remove(cli: ContainerCli) -> Command<Write> {
        Command::<Write>::new(cli.program()).args(cli.words_of("network", "rm")).args(["--", OWN]).elevated()
    }
}

#[derive(Deserialize)]
struct Listed {
    #[serde(alias = "Name")]
    name: String,
    dns_enabled: Option<bool>,
}

/// The network for containers among those that `network ls` lists: one JSON array (podman) or one object a line (docker).
pub(super) fn network(listed: &str) -> Result<Network, String> {
    let listed = listed.trim();
    let networks: Vec<Listed> = match json(listed) {
        Ok(networks) => networks,
        Err(_) => listed.lines().map(json).collect::<Result<_, _>>()?,
    };
    let has = |wanted: &str| networks.iter().any(|network| network.name == wanted);
    let default = networks.iter().find(|network| network.name == DEFAULT);
    Ok(match default.and_then(|network| network.dns_enabled) {
        // What Nixi made once goes on being used: containers find only those of their own network.
        _ if has(OWN) => Network::Own,
        Some(true) => Network::Default,
        Some(false) | None => Network::Missing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_default_network_is_used_where_it_has_dns() {
        let podman =
            |dns: bool| format!(r#"[{{"name":"podman","id":"2f","driver":"bridge","dns_enabled":{dns}}}]"#);
        assert_eq!(network(&podman(true)).unwrap(), Network::Default);
        assert_eq!(network(&podman(false)).unwrap(), Network::Missing);
        assert_eq!(network("[]").unwrap(), Network::Missing);
        assert_eq!(network("").unwrap(), Network::Missing);
        let docker = "{\"Name\":\"bridge\",\"Driver\":\"bridge\"}\n{\"Name\":\"nixi\"}\n";
        assert_eq!(network(docker).unwrap(), Network::Own);
        assert!(network("podman").is_err() && network("[{}]").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|[\\[{]{0,2}\"name\":\"[a-z]{0,6}\"[}\\]]{0,2}") {
            let _ = network(&text);
        }
    }
}
