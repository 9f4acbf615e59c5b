//! Whether the way by which we come to a node stays open, told before it is switched.

use std::collections::BTreeMap;

use nixi_core::catalog::nixos;
use nixi_core::command::StorePath;
use nixi_core::{InspectCx, ToolError};
use serde::Deserialize;
use serde_json::Value;

use crate::reading::whole_of;

/// What a configuration comes to, as far as it is about the way in (`evaluated.nix` of core).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Evaluated {
    /// What builds the system.
    pub(super) system: StorePath,
    sshd: bool,
    /// Whether sshd starts at boot.
    sshd_starts: bool,
    ports: Vec<u16>,
    allow_users: Value,
    deny_users: Value,
    allow_groups: Value,
    root_login: Value,
    firewall: bool,
    open: Vec<u16>,
    ranges: Vec<Range>,
    interfaces: BTreeMap<String, Vec<u16>>,
    trusted: Vec<String>,
    users: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Range {
    from: u16,
    to: u16,
}

/// How we come in now.
#[derive(Debug)]
struct Now {
    user: String,
    /// The ports that sshd listens on.
    ports: Vec<u16>,
    /// The keys that are declared for the user.
    keys: Vec<String>,
    /// Whether the user is declared.
    is_declared: bool,
    /// The groups that sshd lets in, where it names some.
    groups: Vec<String>,
    /// Whether sshd lets root in, in its own word.
    root_login: String,
    /// Whether sshd starts at boot, as far as that is known.
    sshd_starts: bool,
}

/// What would cut us off, a sentence each: what is so now and would not be any more.
pub(super) async fn obstacles(
    cx: &InspectCx<'_>,
    before: Option<&Evaluated>,
    new: &Evaluated,
) -> Result<Vec<String>, ToolError> {
    let Some(ssh) = cx.node().ssh() else { return Ok(Vec::new()) };
    let [sshd, keys] = cx.gather([nixos::sshd_config(), nixos::declared_keys(&ssh.user)]).await;
    let (sshd, keys) = (whole_of(sshd)?, whole_of(keys)?);
    let (user, sshd) = (ssh.user.to_string(), String::from_utf8_lossy(&sshd.stdout).into_owned());
    let keys = keys_of(&String::from_utf8_lossy(&keys.stdout));
    let is_declared = match before {
        Some(before) => before.users.contains_key(&user),
        None => !keys.is_empty(),
    };
    let now = Now {
        is_declared,
        ports: ports(&sshd),
        keys,
        groups: words_of(&sshd, "allowgroups"),
        root_login: words_of(&sshd, "permitrootlogin").join(" "),
        sshd_starts: before.is_none_or(|before| before.sshd_starts),
        user,
    };
    Ok(found(&now, new))
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
fn ports(config: &str) -> Vec<u16> {
    let ports: Vec<u16> = words_of(config, "port").iter().filter_map(|port| port.parse().ok()).collect();
    if ports.is_empty() { vec![22] } else { ports }
}

/// The keys of an authorized_keys file (sshd(8)), one a line.
fn keys_of(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

fn found(now: &Now, new: &Evaluated) -> Vec<String> {
    let (user, mut found) = (&now.user, Vec::new());
    if !new.sshd {
        found.push("sshd is off (services.openssh.enable = false)".to_owned());
        return found;
    }
    if now.sshd_starts && !new.sshd_starts {
        found.push("sshd does not start at boot any more (systemd.services.sshd.wantedBy)".to_owned());
    }
    let kept: Vec<u16> = now.ports.iter().copied().filter(|port| new.ports.contains(port)).collect();
    if kept.is_empty() {
        let list = |ports: &[u16]| ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        found.push(format!("sshd listens on port {} and no more on {}", list(&new.ports), list(&now.ports)));
    } else if new.firewall && !kept.iter().any(|port| new.lets_in(*port)) {
        let port = kept.first().copied().unwrap_or(22);
        let only: Vec<&str> = new
            .interfaces
            .iter()
            .filter(|(_, ports)| ports.contains(&port))
            .map(|(name, _)| name.as_str())
            .collect();
        found.push(match only.is_empty() {
            true => format!("the firewall closes port {port}, on which sshd listens"),
            false => format!("the firewall opens port {port} on {} only", only.join(", ")),
        });
    }
    if user != "root" && now.is_declared && !new.users.contains_key(user) {
        found.push(format!("the user {user} is not declared any more (users.users.{user})"));
    } else {
        let declared = new.users.get(user).map(Vec::as_slice).unwrap_or_default();
        let body = |key: &str| key.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>();
        let stays = |key: &&String| declared.iter().any(|other| body(other) == body(key));
        let gone: Vec<&String> = now.keys.iter().filter(|key| !stays(key)).collect();
        if let Some(first) = gone.first() {
            let more = gone.len().checked_sub(1).filter(|more| *more > 0);
            let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
            let key: String = first.chars().take(48).collect();
            found.push(format!("keys of {user} are not declared any more: {key}…{more}"));
        }
    }
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
    let is_new =
        |list: &Vec<String>| list.iter().any(|group| !now.groups.contains(group)) || now.groups.is_empty();
    if let Some(list) = names(&new.allow_groups).filter(|list| is_plain(list) && is_new(list)) {
        found.push(format!("sshd lets in members of {} only (AllowGroups); is {user} one?", list.join(", ")));
    }
    if user == "root" && now.root_login != "no" && new.root_login.as_str() == Some("no") {
        found.push("sshd does not let root in any more (PermitRootLogin)".to_owned());
    }
    found
}

impl Evaluated {
    fn lets_in(&self, port: u16) -> bool {
        let outer = self.trusted.iter().any(|interface| interface != "lo");
        outer
            || self.open.contains(&port)
            || self.ranges.iter().any(|range| (range.from..=range.to).contains(&port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluated(edit: impl Fn(&mut Value)) -> Evaluated {
        let mut value = serde_json::json!({
            "system": format!("/nix/store/{}-nixos-system-a.drv", "a".repeat(32)),
            "sshd": true, "sshdStarts": true, "ports": [22], "allowUsers": null, "denyUsers": null, "allowGroups": null,
            "rootLogin": "prohibit-password", "firewall": true, "open": [22, 80], "ranges": [],
            "interfaces": {}, "trusted": ["lo"], "users": {"nixi": ["ssh-ed25519 AAAA me"], "root": []},
        });
        edit(&mut value);
        serde_json::from_value(value).unwrap()
    }

    fn told(edit: impl Fn(&mut Value)) -> String {
        let keys = vec!["ssh-ed25519 AAAA other-comment".to_owned()];
        let now = Now {
            user: "nixi".to_owned(),
            ports: ports("Port 22\nUsePAM yes\n"),
            keys,
            is_declared: true,
            groups: Vec::new(),
            root_login: String::new(),
            sshd_starts: true,
        };
        found(&now, &evaluated(edit)).join("; ")
    }

    #[test]
    fn what_cuts_us_off_is_named() {
        assert_eq!(told(|_| {}), "");
        let closed = "the firewall closes port 22, on which sshd listens";
        for (edit, said) in [
            (("/sshd", Value::Bool(false)), "sshd is off (services.openssh.enable = false)"),
            (
                ("/sshdStarts", Value::Bool(false)),
                "sshd does not start at boot any more (systemd.services.sshd.wantedBy)",
            ),
            (("/ports", serde_json::json!([2222])), "sshd listens on port 2222 and no more on 22"),
            (("/open", serde_json::json!([80])), closed),
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
            ("/firewall", Value::Bool(false)),
            ("/trusted", serde_json::json!(["lo", "eth0"])),
            ("/ranges", serde_json::json!([{"from": 20, "to": 30}])),
        ] {
            let edit = |all: &mut Value| {
                all["open"] = serde_json::json!([]);
                *all.pointer_mut(path).unwrap() = value.clone();
            };
            assert_eq!(told(edit), "", "{path}");
        }
        let inner = |all: &mut Value| {
            all["open"] = serde_json::json!([]);
            all["interfaces"] = serde_json::json!({"wg0": [22]});
        };
        assert_eq!(told(inner), "the firewall opens port 22 on wg0 only");
        assert_eq!(told(|all| all["allowUsers"] = serde_json::json!(["nix*"])), "");
    }

    #[test]
    fn ports_are_those_of_sshd() {
        assert_eq!(ports("# Port 1\nport 2222\nPort\t22\nPort x\n"), [2222, 22]);
        assert_eq!(ports("UsePAM yes\n"), [22]);
    }
}
