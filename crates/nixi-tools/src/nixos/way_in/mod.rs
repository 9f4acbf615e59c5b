//! Whether the way by which we come to a node stays open, and where it leads, told before the node is switched.

mod evaluated;
mod now;

use std::net::IpAddr;

use nixi_core::catalog::nixos;
use nixi_core::command::FilePath;
use nixi_core::{InspectCx, NewWay, ToolError};
use serde_json::Value;

use crate::reading::whole_of;
pub(super) use evaluated::Evaluated;
use now::Now;

/// What becomes of the way in with a switch.
#[derive(Debug, Default)]
pub(super) struct Outlook {
    /// What would cut us off, a sentence each: what is so now and would not be any more.
    pub(super) obstacles: Vec<String>,
    /// What of the way changes, and is reached all the same.
    pub(super) way: NewWay,
}

impl Outlook {
    /// Compares how we come in now with what a configuration comes to.
    pub(super) async fn of(
        cx: &InspectCx<'_>,
        before: Option<&Evaluated>,
        new: &Evaluated,
    ) -> Result<Self, ToolError> {
        let Some(now) = Now::of(cx, before).await? else { return Ok(Self::default()) };
        let mut outlook = found(&now, new);
        if new.sshd.enable && now.host_keys.iter().any(|key| !new.host_keys.contains(key)) {
            outlook.new_host_keys(cx, &new.host_keys).await?;
        }
        Ok(outlook)
    }

    /// The host keys that sshd will have. What is not there yet cannot be known again.
    async fn new_host_keys(&mut self, cx: &InspectCx<'_>, files: &[String]) -> Result<(), ToolError> {
        let paths: Vec<FilePath> =
            files.iter().filter_map(|path| format!("{path}.pub").parse().ok()).collect();
        let mut missing = Vec::new();
        let answers = cx.gather_each(paths.iter().map(nixos::public_host_key)).await;
        for (path, answer) in paths.iter().zip(answers) {
            let printed = whole_of(answer)?;
            let text = String::from_utf8_lossy(&printed.stdout).into_owned();
            let mut words = text.split_whitespace();
            match (words.next(), words.next()) {
                (Some(kind), Some(body)) if printed.exit.is_success() && is_key(kind, body) => {
                    self.way.host_keys.push(format!("{kind} {body}"));
                }
                (Some(_) | None, Some(_) | None) => missing.push(path.to_string()),
            }
        }
        if !missing.is_empty() {
            self.way.host_keys.clear();
            let files = missing.join(", ");
            self.obstacles.push(format!(
                "sshd gets other host keys, which are not there yet ({files}): make them first, with ssh-keygen, so that the node can be known again"
            ));
        }
        Ok(())
    }
}

/// Whether these are the type and the body of a public key (sshd(8)).
fn is_key(kind: &str, body: &str) -> bool {
    let is_word = |text: &str, most, others: &[u8]| {
        text.len() <= most && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
    };
    is_word(kind, 64, b"-@.") && body.starts_with("AAAA") && is_word(body, 16 * 1024, b"+/=")
}

fn found(now: &Now, new: &Evaluated) -> Outlook {
    let mut outlook = Outlook::default();
    if !new.sshd.enable {
        outlook.obstacles.push("sshd is off (services.openssh.enable = false)".to_owned());
        return outlook;
    }
    if now.starts && !new.sshd.starts {
        let what = "sshd does not start at boot any more (systemd.services.sshd.wantedBy)";
        outlook.obstacles.push(what.to_owned());
    }
    outlook.port(now, new);
    outlook.address(now, new);
    let comes_as = outlook.user(now, new);
    // Of somebody else nothing is known to be so already.
    let stranger = Now::default();
    let before = if comes_as == now.user { now } else { &stranger };
    outlook.obstacles.extend(not_let_in(before, &comes_as, new));
    outlook
}

impl Outlook {
    /// The port that sshd will be reached on.
    fn port(&mut self, now: &Now, new: &Evaluated) {
        // Behind what hands a port on, the node does not know the one that we come by.
        let ours = if now.ports.contains(&now.port) { vec![now.port] } else { now.ports.clone() };
        let kept: Vec<u16> = ours.iter().copied().filter(|port| new.ports.contains(port)).collect();
        if kept.iter().any(|port| new.lets_in(*port)) {
            return;
        }
        let other = new.ports.iter().copied().find(|port| new.lets_in(*port));
        let list = |ports: &[u16]| ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let obstacle = match (other.and_then(|port| port.try_into().ok()), kept.first()) {
            (Some(port), _) if ours == [now.port] => {
                self.way.port = Some(port);
                return;
            }
            (_, None) => format!("sshd listens on port {} and no more on {}", list(&new.ports), list(&ours)),
            (_, Some(port)) => match new.only_on(*port)[..] {
                [] => format!("the firewall closes port {port}, on which sshd listens"),
                ref only => format!("the firewall opens port {port} on {} only", only.join(", ")),
            },
        };
        self.obstacles.push(obstacle);
    }

    /// The address that it will be reached at.
    fn address(&mut self, now: &Now, new: &Evaluated) {
        let declared = new.addresses();
        let goes = |address: &IpAddr| {
            now.has_for_good(*address) && !declared.is_empty() && !declared.contains(address)
        };
        if let Some(address) = now.address.filter(goes) {
            let is_new = |other: &&IpAddr| {
                other.is_ipv4() == address.is_ipv4()
                    && !now.addresses.iter().any(|(there, _)| there == *other)
            };
            match declared.iter().filter(is_new).collect::<Vec<_>>()[..] {
                [other] => self.way.host = other.to_string().parse().ok(),
                _ => self.obstacles.push(format!("the address {address} is not declared any more")),
            }
        }
        if let Some(listens) = new.listens_on().filter(|_| now.listens_on.is_empty()) {
            let moved = self.way.host.as_ref().map(ToString::to_string);
            let ours = moved.or(now.address.map(|address| address.to_string()));
            if ours.is_none_or(|ours| !listens.contains(&ours.as_str())) {
                let listens = listens.join(", ");
                self.obstacles
                    .push(format!("sshd listens on {listens} only (services.openssh.listenAddresses)"));
            }
        }
    }

    /// The user who will log in, and the keys that they have.
    fn user(&mut self, now: &Now, new: &Evaluated) -> String {
        let user = &now.user;
        let body = |key: &str| key.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>();
        let has = |keys: &[String], key: &String| keys.iter().any(|other| body(other) == body(key));
        if user != "root" && now.is_declared && !new.users.contains_key(user) {
            let has_ours = |keys: &[String]| now.keys.iter().any(|key| has(keys, key));
            let others = new.users.iter().filter(|(_, keys)| has_ours(keys)).map(|(name, _)| name);
            if let [other] = others.collect::<Vec<_>>()[..] {
                self.way.user = other.parse().ok();
                return other.clone();
            }
            self.obstacles.push(format!("the user {user} is not declared any more (users.users.{user})"));
            return user.clone();
        }
        let declared = new.users.get(user).map(Vec::as_slice).unwrap_or_default();
        let gone: Vec<&String> = now.keys.iter().filter(|key| !has(declared, key)).collect();
        if let Some(first) = gone.first() {
            let more = gone.len().checked_sub(1).filter(|more| *more > 0);
            let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
            let key: String = first.chars().take(48).collect();
            self.obstacles.push(format!("keys of {user} are not declared any more: {key}…{more}"));
        }
        if now.keys_in_home && !new.keys_in_home && declared.is_empty() {
            self.obstacles.push(format!(
                "keys in the home of {user} do not count any more (services.openssh.authorizedKeysInHomedir)"
            ));
        }
        user.clone()
    }
}

/// By which of its lists sshd does not let a user in any more.
fn not_let_in(now: &Now, user: &String, new: &Evaluated) -> Vec<String> {
    let mut found = Vec::new();
    let names = |value: &Value| -> Option<Vec<String>> {
        match value {
            Value::String(text) => Some(text.split_whitespace().map(str::to_owned).collect()),
            Value::Array(items) => {
                Some(items.iter().filter_map(|item| Some(item.as_str()?.to_owned())).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        }
    };
    // Patterns and hosts may stand there too (sshd_config(5)): what is not plain is no reason to warn.
    let is_plain = |list: &[String]| list.iter().all(|name| !name.contains(['*', '?', '!', '@']));
    if let Some(list) = names(&new.allow_users).filter(|list| is_plain(list) && !list.contains(user)) {
        found.push(format!("sshd lets in {} only (AllowUsers)", list.join(", ")));
    }
    if names(&new.deny_users).is_some_and(|list| list.contains(user)) {
        found.push(format!("sshd lets {user} in no more (DenyUsers)"));
    }
    let is_other = |list: &[String], before: &[String]| {
        list.iter().any(|group| !before.contains(group)) || before.is_empty()
    };
    let allowed = names(&new.allow_groups).filter(|list| is_plain(list) && is_other(list, &now.groups));
    if let Some(list) = allowed {
        found.push(format!("sshd lets in members of {} only (AllowGroups); is {user} one?", list.join(", ")));
    }
    let denied =
        names(&new.deny_groups).filter(|list| !list.is_empty() && is_other(list, &now.denied_groups));
    if let Some(list) = denied {
        found.push(format!("sshd lets in no member of {} (DenyGroups); is {user} one?", list.join(", ")));
    }
    let shuts_out = |word: &str| matches!(word, "no" | "forced-commands-only");
    if user == "root" && !shuts_out(&now.root_login) && new.root_login.as_str().is_some_and(shuts_out) {
        found.push("sshd does not let root in any more (PermitRootLogin)".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluated(edit: impl Fn(&mut Value)) -> Evaluated {
        let mut value = serde_json::json!({
            "system": format!("/nix/store/{}-nixos-system-a.drv", "a".repeat(32)),
            "outcome": format!("/nix/store/{}-nixos-system-a", "a".repeat(32)),
            "switchable": true, "sshd": {"enable": true, "starts": true}, "ports": [22], "listen": [], "hostKeys": ["/etc/ssh/ssh_host_ed25519_key"],
            "allowUsers": null, "denyUsers": null, "allowGroups": null, "denyGroups": null,
            "keysInHome": true, "addresses": [],
            "rootLogin": "prohibit-password", "firewall": {
                "enable": true, "open": [22, 80], "ranges": [], "interfaces": {}, "trusted": ["lo"],
            },
            "users": {"nixi": ["ssh-ed25519 AAAA me"], "root": []},
        });
        edit(&mut value);
        serde_json::from_value(value).unwrap()
    }

    fn now() -> Now {
        Now {
            user: "nixi".to_owned(),
            address: "192.0.2.7".parse().ok(),
            port: 22,
            addresses: vec![("192.0.2.7".parse().unwrap(), false)],
            keys: vec!["ssh-ed25519 AAAA other-comment".to_owned()],
            is_declared: true,
            starts: true,
            ..Now::of_sshd("Port 22\nUsePAM yes\nAuthorizedKeysFile %h/.ssh/authorized_keys /etc/x\n")
        }
    }

    fn told(edit: impl Fn(&mut Value)) -> String {
        let Outlook { obstacles, way } = found(&now(), &evaluated(edit));
        assert!(obstacles.is_empty() || way.is_the_same(), "{obstacles:?} {way:?}");
        obstacles.join("; ")
    }

    #[test]
    fn what_cuts_us_off_is_named() {
        assert_eq!(told(|_| {}), "");
        let closed = "the firewall closes port 22, on which sshd listens";
        for (edit, said) in [
            (("/sshd/enable", Value::Bool(false)), "sshd is off (services.openssh.enable = false)"),
            (
                ("/sshd/starts", Value::Bool(false)),
                "sshd does not start at boot any more (systemd.services.sshd.wantedBy)",
            ),
            (("/ports", serde_json::json!([2222])), "sshd listens on port 2222 and no more on 22"),
            (
                ("/addresses", serde_json::json!(["192.0.2.8/24", "192.0.2.9"])),
                "the address 192.0.2.7 is not declared any more",
            ),
            (
                ("/listen", serde_json::json!([{"addr": "192.0.2.8", "port": null}])),
                "sshd listens on 192.0.2.8 only (services.openssh.listenAddresses)",
            ),
            (
                ("/denyGroups", serde_json::json!("users")),
                "sshd lets in no member of users (DenyGroups); is nixi one?",
            ),
            (("/firewall/open", serde_json::json!([80])), closed),
            (
                ("/users", serde_json::json!({"root": []})),
                "the user nixi is not declared any more (users.users.nixi)",
            ),
            (
                ("/users/nixi", serde_json::json!(["ssh-ed25519 BBBB"])),
                "keys of nixi are not declared any more: ssh-ed25519 AAAA other-comment…",
            ),
            (("/allowUsers", serde_json::json!("a b")), "sshd lets in a, b only (AllowUsers)"),
            (("/denyUsers", serde_json::json!(["nixi"])), "sshd lets nixi in no more (DenyUsers)"),
            (
                ("/allowGroups", serde_json::json!(["wheel"])),
                "sshd lets in members of wheel only (AllowGroups); is nixi one?",
            ),
        ] {
            let (path, value) = edit;
            assert_eq!(told(|all| *all.pointer_mut(path).unwrap() = value.clone()), said);
        }
        for (path, value) in [
            ("/firewall/enable", Value::Bool(false)),
            ("/firewall/trusted", serde_json::json!(["lo", "eth0"])),
            ("/firewall/ranges", serde_json::json!([{"from": 20, "to": 30}])),
        ] {
            let edit = |all: &mut Value| {
                all["firewall"]["open"] = serde_json::json!([]);
                *all.pointer_mut(path).unwrap() = value.clone();
            };
            assert_eq!(told(edit), "", "{path}");
        }
        let inner = |all: &mut Value| {
            all["firewall"]["open"] = serde_json::json!([]);
            all["firewall"]["interfaces"] = serde_json::json!({"wg0": [22]});
        };
        assert_eq!(told(inner), "the firewall opens port 22 on wg0 only");
        let nobody = |all: &mut Value| {
            all["keysInHome"] = false.into();
            all["users"] = serde_json::json!({"nixi": []});
        };
        assert!(told(nobody).contains("keys in the home of nixi do not count any more"));
        assert_eq!(told(|all| all["allowUsers"] = serde_json::json!(["nix*"])), "");
    }

    /// Where the new way is known, it is taken, and nothing stands in it.
    #[test]
    fn a_new_way_is_derived() {
        let others = |all: &mut Value| {
            all["users"] = serde_json::json!({"root": [], "admin": ["ssh-ed25519 AAAA laptop"]});
        };
        let port = |all: &mut Value| {
            all["ports"] = serde_json::json!([2022, 2222]);
            all["firewall"]["open"] = serde_json::json!([2222]);
        };
        let address =
            |all: &mut Value| all["addresses"] = serde_json::json!(["::1", "fd00::1/64", "192.0.2.8/24"]);
        let derived = |edit: &dyn Fn(&mut Value)| {
            let Outlook { obstacles, way } = found(&now(), &evaluated(edit));
            assert!(obstacles.is_empty(), "{obstacles:?}");
            way.to_string()
        };
        assert_eq!(derived(&others), "user admin");
        assert_eq!(derived(&port), "port 2222");
        assert_eq!(derived(&address), "address 192.0.2.8");
        // What changes by itself, and what is only one of several, is nothing to follow.
        let dhcp = Now { addresses: vec![("192.0.2.7".parse().unwrap(), true)], ..now() };
        assert!(found(&dhcp, &evaluated(address)).way.is_the_same());
        let both = |all: &mut Value| all["ports"] = serde_json::json!([22, 2222]);
        assert!(found(&now(), &evaluated(both)).way.is_the_same());
        // Behind what hands a port on, nobody knows the new one.
        let handed_on = Now { port: 10_022, ..now() };
        let told = found(&handed_on, &evaluated(port));
        assert!(told.way.is_the_same() && told.obstacles.len() == 1, "{told:?}");
    }
}
