//! How we come in to a node now.

use std::net::IpAddr;

use nixi_core::catalog::{network, nixos};
use nixi_core::{InspectCx, ToolError};
use serde::Deserialize;

use super::evaluated::Evaluated;
use crate::reading::{json, whole_of};

/// How we come in now.
#[derive(Debug, Default)]
pub(super) struct Now {
    pub(super) user: String,
    /// What is connected to, if it is an address.
    pub(super) address: Option<IpAddr>,
    /// The port that is connected to.
    pub(super) port: u16,
    /// The addresses of the node; of each, whether it may change by itself (DHCP).
    pub(super) addresses: Vec<(IpAddr, bool)>,
    /// The ports that sshd listens on.
    pub(super) ports: Vec<u16>,
    /// The files of its host keys.
    pub(super) host_keys: Vec<String>,
    /// The keys that are declared for the user.
    pub(super) keys: Vec<String>,
    /// Whether the user is declared.
    pub(super) is_declared: bool,
    /// Whether keys in the home of the user count.
    pub(super) keys_in_home: bool,
    /// The addresses that it listens on, where it does not on all.
    pub(super) listens_on: Vec<String>,
    /// Whether it starts at boot, as far as that is known.
    pub(super) starts: bool,
    /// The groups that sshd lets in, where it names some; and those that it does not.
    pub(super) groups: Vec<String>,
    pub(super) denied_groups: Vec<String>,
    /// Whether sshd lets root in, in its own word.
    pub(super) root_login: String,
}

impl Now {
    /// Looks at a node; none for the controller.
    pub(super) async fn of(
        cx: &InspectCx<'_>,
        before: Option<&Evaluated>,
    ) -> Result<Option<Self>, ToolError> {
        let Some(ssh) = cx.node().ssh() else { return Ok(None) };
        let [sshd, keys, interfaces] =
            cx.gather([nixos::sshd_config(), nixos::declared_keys(&ssh.user), network::interfaces()]).await;
        let (sshd, keys, interfaces) = (whole_of(sshd)?, whole_of(keys)?, whole_of(interfaces)?);
        let user = ssh.user.to_string();
        let keys = keys_of(&String::from_utf8_lossy(&keys.stdout));
        let is_declared = match before {
            Some(before) => before.users.contains_key(&user),
            None => !keys.is_empty(),
        };
        let now = Self {
            address: ssh.host.as_str().parse().ok(),
            port: ssh.port.get(),
            addresses: addresses(&String::from_utf8_lossy(&interfaces.stdout)),
            keys,
            is_declared,
            starts: before.is_none_or(|before| before.sshd.starts),
            user,
            ..Self::of_sshd(&String::from_utf8_lossy(&sshd.stdout))
        };
        Ok(Some(now))
    }

    /// What an sshd_config(5) says.
    pub(super) fn of_sshd(config: &str) -> Self {
        Self {
            ports: ports(config),
            host_keys: words_of(config, "hostkey"),
            keys_in_home: words_of(config, "authorizedkeysfile").iter().any(|file| file.starts_with("%h/")),
            listens_on: words_of(config, "listenaddress"),
            groups: words_of(config, "allowgroups"),
            denied_groups: words_of(config, "denygroups"),
            root_login: words_of(config, "permitrootlogin").join(" "),
            ..Self::default()
        }
    }

    /// Whether an address of the node was given to it for good.
    pub(super) fn has_for_good(&self, address: IpAddr) -> bool {
        self.addresses.contains(&(address, false))
    }
}

/// What stands behind a word in an sshd_config(5), on all lines that begin with it.
fn words_of(config: &str, keyword: &str) -> Vec<String> {
    let lines = config.lines().filter_map(|line| {
        let (word, rest) = line.trim().split_once(char::is_whitespace)?;
        word.eq_ignore_ascii_case(keyword).then_some(rest)
    });
    lines.flat_map(str::split_whitespace).map(str::to_owned).collect()
}

/// The ports of an sshd_config(5); 22 where it names none.
pub(super) fn ports(config: &str) -> Vec<u16> {
    let ports: Vec<u16> = words_of(config, "port").iter().filter_map(|port| port.parse().ok()).collect();
    if ports.is_empty() { vec![22] } else { ports }
}

/// The keys of an authorized_keys file (sshd(8)), one a line.
fn keys_of(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[derive(Deserialize)]
struct Interface {
    #[serde(default)]
    addr_info: Vec<Address>,
}

#[derive(Deserialize)]
struct Address {
    local: Option<IpAddr>,
    #[serde(default)]
    dynamic: bool,
}

/// The addresses that ip-address(8) tells in JSON; none where it tells nothing.
fn addresses(printed: &str) -> Vec<(IpAddr, bool)> {
    let interfaces: Vec<Interface> = json(printed).unwrap_or_default();
    let addresses = interfaces.into_iter().flat_map(|interface| interface.addr_info);
    addresses.filter_map(|address| Some((address.local?, address.dynamic))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_those_of_sshd() {
        assert_eq!(ports("# Port 1\nport 2222\nPort\t22\nPort x\n"), [2222, 22]);
        assert_eq!(ports("UsePAM yes\n"), [22]);
    }

    #[test]
    fn addresses_are_those_that_ip_tells() {
        let printed = r#"[{"ifname":"lo","addr_info":[{"local":"127.0.0.1"}]},{"ifname":"a"},
            {"addr_info":[{"local":"192.0.2.7","dynamic":true},{"local":"fe80::1"},{"peer":"x"}]}]"#;
        let told: Vec<String> =
            addresses(printed).iter().map(|(address, dynamic)| format!("{address} {dynamic}")).collect();
        assert_eq!(told, ["127.0.0.1 false", "192.0.2.7 true", "fe80::1 false"]);
        assert!(addresses("").is_empty());
    }
}
