//! `podman ps` and `docker ps` as JSON. The form is told by what is there, not by the runtime that was asked for: `docker`
//! may be podman's shim, and each of them has changed its form over the years. There is a JSON array (podman), an object a
//! line (docker, and podman's shim), or one object.

use std::collections::BTreeMap;

use nixi_core::command::{ContainerId, ContainerName, UnitName};
use nixi_core::config::Runtime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::deploy::{LABEL, SET_ASIDE};
use super::ports::ports;
use crate::reading::{Number, json};
use crate::rows::{Rows, Sifted};
use nixi_core::instant::Instant;

/// A container, running or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Container {
    /// Its full id.
    pub id: ContainerId,
    /// Its name; the first, if it has several.
    pub name: String,
    /// The image as it was named.
    pub image: String,
    /// `running`, `exited`, `created`, `paused`, `restarting`, …
    pub state: String,
    /// The runtime's own words for it, such as `Up 5 minutes`.
    pub status: String,
    /// How it ended, if it has ended and was not started since.
    pub exit_code: Option<i64>,
    /// How often the runtime restarted it; docker's list and podman before version 4.5 do not tell.
    pub restarts: Option<u64>,
    /// Published ports as `8080->80/tcp`, with an address before them if they are bound to that alone.
    pub ports: Vec<String>,
    /// When it was made, as far as the runtime says (RFC 3339 from podman).
    pub created: Option<String>,
    /// The systemd unit that runs it; what cannot be one is left out, for any image can carry the label.
    pub unit: Option<UnitName>,
    /// Whether the runtime removes it when it stops; docker's list does not tell.
    pub auto_remove: Option<bool>,
    /// Whether podman keeps secrets for it: Nixi deployed it with some.
    #[serde(skip)]
    pub(super) has_secrets: bool,
    /// The name that Nixi deployed it under, if its label says so.
    #[serde(skip)]
    pub(super) deployed_as: Option<ContainerName>,
}

impl Container {
    pub(super) fn is_running(&self) -> bool {
        self.state == "running"
    }

    /// Whether it is what an update of the container of this name set aside, and neither removed nor brought back.
    pub(super) fn is_left_of(&self, name: &str) -> bool {
        self.name.ends_with(SET_ASIDE) && self.deployed_as.as_ref().is_some_and(|of| of.as_str() == name)
    }

    pub(super) fn is_paused(&self) -> bool {
        self.state == "paused"
    }

    pub(super) fn is_stopped(&self) -> bool {
        has_ended(&self.state) || matches!(self.state.as_str(), "created" | "configured" | "initialized")
    }
}

/// Whether an exit code is of this run. Podman keeps that of the run before for one that is paused or was only created.
pub(super) fn has_ended(state: &str) -> bool {
    matches!(state, "exited" | "stopped" | "dead")
}

/// All containers, by name.
pub(crate) fn containers(runtime: Runtime, text: &str) -> Result<Sifted<Container>, String> {
    const NAMED_BY: [&str; 3] = ["Names", "Id", "ID"];
    let read = |value: &str| json::<Listed<'_>>(value)?.read();
    let text = text.trim();
    let is_lines = || text.lines().any(|line| line.starts_with('{'));
    let mut found = match (text, runtime) {
        // podman 3 says `null`, and docker nothing, where there are no containers.
        ("null", _) | ("", Runtime::Docker) => Sifted::none(),
        ("", Runtime::Podman) => return Err("it is empty".to_owned()),
        _ if json::<Vec<&RawValue>>(text).is_ok() => Rows::Containers.of_json(text, &NAMED_BY, read)?,
        _ if json::<&RawValue>(text).is_ok() => Rows::Containers.of_values([text], &NAMED_BY, read)?,
        _ if is_lines() => Rows::Containers.of_values(text.lines(), &NAMED_BY, read)?,
        _ => return Err("it is neither a JSON array nor JSON objects".to_owned()),
    };
    found.rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Whether podman keeps secrets that Nixi handed to it.
fn has_secrets(labels: &str) -> bool {
    label(labels).is_some_and(|label| label.contains("\"secrets\":"))
}

/// The name that Nixi deployed it under: what its label begins with.
fn deployed_as(labels: &str) -> Option<ContainerName> {
    // Docker has all labels in one text.
    let in_text = || {
        let text = json::<String>(labels).ok()?;
        Some(text.split_once(&format!("{LABEL}="))?.1.to_owned())
    };
    let label = label(labels).or_else(in_text)?;
    label.strip_prefix("{\"name\":\"")?.split_once('"')?.0.parse().ok()
}

/// What Nixi wrote on it.
fn label(labels: &str) -> Option<String> {
    let labels: BTreeMap<String, &RawValue> = json(labels).ok()?;
    json::<String>(labels.get(LABEL)?.get()).ok()
}

/// What is only shown may have any form; what a container is acted on by may not.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    #[serde(alias = "ID")]
    id: ContainerId,
    names: Names,
    image: Option<String>,
    #[serde(borrow)]
    state: Option<&'a RawValue>,
    status: Option<String>,
    exit_code: Option<Number>,
    restarts: Option<Number>,
    #[serde(borrow)]
    ports: Option<&'a RawValue>,
    #[serde(borrow)]
    created: Option<&'a RawValue>,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow)]
    labels: Option<&'a RawValue>,
    auto_remove: Option<bool>,
}

/// podman has a list, podman 1 and docker a text with commas between them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    List(Option<Vec<String>>),
    Text(String),
}

impl Names {
    /// A container that is linked to by another is also called `other/alias` by docker.
    fn first(self) -> Option<String> {
        match self {
            Self::List(names) => names.unwrap_or_default().into_iter().find(|name| !name.is_empty()),
            Self::Text(names) => {
                names.split(',').find(|name| !name.is_empty() && !name.contains('/')).map(str::to_owned)
            }
        }
    }
}

impl Listed<'_> {
    fn read(self) -> Result<Container, String> {
        let name = self.names.first().ok_or("a container has no name")?;
        let status = self.status.filter(|status| !status.trim().is_empty());
        let state = self.state.and_then(state).or_else(|| Some(state_of(status.as_deref()?)));
        let state = state.ok_or("it has neither `State` nor `Status`")?;
        let told = self.exit_code.and_then(|code| code.0).or_else(|| code_of(status.as_deref()?));
        let exit_code = told.filter(|_| has_ended(&state));
        let status = status.unwrap_or_else(|| match exit_code {
            Some(code) => format!("{state} ({code})"),
            None => state.clone(),
        });
        Ok(Container {
            id: self.id,
            name,
            image: self.image.unwrap_or_default(),
            status,
            exit_code,
            restarts: self.restarts.and_then(|restarts| u64::try_from(restarts.0?).ok()),
            state,
            ports: self.ports.map(|value| ports(value.get())).unwrap_or_default(),
            created: created(self.created, self.created_at),
            unit: self.labels.and_then(|labels| unit(labels.get())),
            has_secrets: self.labels.is_some_and(|labels| has_secrets(labels.get())),
            deployed_as: self.labels.and_then(|labels| deployed_as(labels.get())),
            auto_remove: self.auto_remove,
        })
    }
}

/// A word, or podman 1's number.
fn state(value: &RawValue) -> Option<String> {
    const NUMBERED: [&str; 8] =
        ["unknown", "configured", "created", "running", "stopped", "paused", "exited", "removing"];
    let number = || NUMBERED.get(value.get().parse::<usize>().ok()?).map(|word| (*word).to_owned());
    let word = || json::<String>(value.get()).ok().filter(|word| !word.trim().is_empty());
    number().or_else(word).map(|word| word.to_lowercase())
}

/// Docker before version 20.10 has no `State`, but words that always begin alike.
fn state_of(status: &str) -> String {
    let known = [
        ("Up", "running"),
        ("Restarting", "restarting"),
        ("Exited", "exited"),
        ("Created", "created"),
        ("Paused", "paused"),
        ("Dead", "dead"),
        ("Removal", "removing"),
    ];
    match known.iter().find(|(begins, _)| status.starts_with(begins)) {
        Some(("Up", _)) if status.ends_with("(Paused)") => "paused".to_owned(),
        Some((_, state)) => (*state).to_owned(),
        None => status.to_lowercase(),
    }
}

/// `Exited (137) 2 hours ago`
fn code_of(status: &str) -> Option<i64> {
    status.strip_prefix("Exited (")?.split_once(')')?.0.parse().ok()
}

/// Seconds since 1970, RFC 3339 text, or the runtime's own words. The year one is Go's "never".
fn created(created: Option<&RawValue>, created_at: Option<&RawValue>) -> Option<String> {
    let text = |value: Option<&RawValue>| json::<String>(value?.get()).ok().filter(|text| !text.is_empty());
    let number = |value: Option<&RawValue>| {
        value?.get().parse::<i64>().ok().filter(|seconds| (0..1 << 40).contains(seconds))
    };
    let moment = |value| text(value).and_then(|text| Instant::parse(&text));
    let exact = number(created).or_else(|| number(created_at)).map(Instant::of_seconds);
    let exact = exact.or_else(|| moment(created)).or_else(|| moment(created_at));
    let never = |text: &String| !text.starts_with("0001-01-01");
    exact.map(Instant::rfc3339).or_else(|| text(created_at).or_else(|| text(created)).filter(never))
}

/// The unit out of labels that are told apart; docker has all of them in one text, where each can pretend to be another.
fn unit(labels: &str) -> Option<UnitName> {
    let labels: BTreeMap<String, &RawValue> = json(labels).ok()?;
    json::<String>(labels.get("PODMAN_SYSTEMD_UNIT")?.get()).ok()?.parse().ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From podman 4.3.1, shortened to two containers.
    pub(crate) const PODMAN: &str = r#"[
  {
    "AutoRemove": false, "Command": ["nginx","-g","daemon off;"], "CreatedAt": "5 minutes ago", "Exited": false,
    "ExitedAt": -62135596800, "ExitCode": 0,
    "Id": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "Image": "docker.io/library/nginx:1.27", "ImageID": "39286ab8a5e14aeaf5fdd6e2fac76e0c8d31a0c07224f0ee5e6be502f12e93f3",
    "IsInfra": false, "Labels": {"PODMAN_SYSTEMD_UNIT": "podman-web.service", "maintainer": "NGINX"}, "Mounts": ["/data"],
    "Names": ["web"], "Namespaces": {}, "Networks": ["podman"], "Pid": 4242, "Pod": "", "PodName": "",
    "Ports": [{"host_ip": "", "container_port": 80, "host_port": 8080, "range": 1, "protocol": "tcp"},
              {"host_ip": "127.0.0.1", "container_port": 9000, "host_port": 9000, "range": 3, "protocol": "udp"}],
    "Size": null, "StartedAt": 1764000000, "State": "running", "Status": "Up 5 minutes", "Created": 1763999990
  },
  {
    "AutoRemove": true, "Exited": true, "ExitCode": 1,
    "Id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "Image": "docker.io/library/redis:7", "Labels": null, "Names": ["cache"], "Ports": null,
    "State": "exited", "Status": "Exited (1) 2 hours ago", "Created": 1763990000
  }
]
"#;

    /// From docker 27.3.1, shortened to two containers.
    pub(crate) const DOCKER: &str = r#"{"Command":"\"nginx -g\"","CreatedAt":"2025-11-24 17:00:00 +0100 CET","ID":"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0","Image":"nginx:1.27","Labels":"a=b,c=d","LocalVolumes":"0","Mounts":"","Names":"web,proxy/web","Networks":"bridge","Ports":"0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp","RunningFor":"5 minutes ago","Size":"0B","State":"running","Status":"Up 5 minutes"}
{"CreatedAt":"2025-11-24 15:00:00 +0100 CET","ID":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","Image":"redis:7","Labels":"","Names":"cache","Ports":"","State":"exited","Status":"Exited (1) 2 hours ago"}
"#;

    /// As `docker` prints it that is podman 5's shim: an object a line, one of them of a container that has ended.
    pub(crate) const SHIM: [&str; 3] = [
        r#"{"AutoRemove":false,"Command":null,"Created":"2026-01-10T15:43:29.65-06:00","CreatedAt":"","Exited":false,"ExitedAt":-62135596800,"ExitCode":0,"Id":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Image":"docker.io/library/nginx:1.27","Labels":{},"Names":["web"],"Ports":[{"host_ip":"","container_port":80,"host_port":8080,"range":1,"protocol":"tcp"}],"Restarts":4,"State":"running","Status":""}"#,
        r#"{"AutoRemove":false,"Command":["sleep","9"],"Created":"2026-01-09T10:00:00Z","CreatedAt":"","Exited":true,"ExitCode":137,"Id":"1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Image":"docker.io/library/redis:7","Labels":null,"Names":["db"],"Ports":null,"State":"exited","Status":""}"#,
        r#"{"Id":"2123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Names":["old"],"State":"paused","ExitCode":3}"#,
    ];

    fn read(runtime: Runtime, text: &str) -> Vec<Container> {
        let found = containers(runtime, text).unwrap();
        assert_eq!(found.left_out, [], "{text}");
        found.rows
    }

    #[test]
    fn podman() {
        let found = read(Runtime::Podman, PODMAN);
        assert_eq!(found.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["cache", "web"]);
        assert_eq!(found[1].ports, ["8080->80/tcp", "127.0.0.1:9000-9002->9000-9002/udp"]);
        assert_eq!(found[1].unit.as_ref().map(UnitName::as_str), Some("podman-web.service"));
        assert_eq!(found[1].created.as_deref(), Some("2025-11-24T15:59:50Z"));
        assert!(found[1].is_running() && found[0].is_stopped() && found[0].auto_remove == Some(true));
        assert_eq!((found[0].exit_code, found[1].exit_code), (Some(1), None));
    }

    #[test]
    fn what_an_update_left_is_told_by_both_runtimes() {
        let podman = PODMAN
            .replace("\"web\"", "\"0f1e2d3c4b5a-before\"")
            .replace("\"maintainer\": \"NGINX\"", r#""nixi.deploy": "{\"name\":\"app\",\"image\":\"x\"}""#);
        let docker = DOCKER
            .replace("web,proxy/web", "0f1e2d3c4b5a-before")
            .replace("a=b,c=d", r#"a=b,nixi.deploy={\"name\":\"app\",\"image\":\"x\"},c=d"#);
        for found in [read(Runtime::Podman, &podman), read(Runtime::Docker, &docker)] {
            let left = |name: &str| found.iter().filter(|container| container.is_left_of(name)).count();
            assert_eq!((left("app"), left("web")), (1, 0), "{found:?}");
        }
        assert!(!read(Runtime::Podman, PODMAN).iter().any(|container| container.is_left_of("web")));
    }

    #[test]
    fn a_label_that_is_no_unit_is_none() {
        let long = "x".repeat(256);
        for label in ["", "x.service runs", "--now", "x\\nPlan", "x\\u3164.service", &long] {
            let found = read(Runtime::Podman, &PODMAN.replace("podman-web.service", label));
            assert_eq!(found[1].unit, None, "{label}");
        }
    }

    #[test]
    fn docker() {
        let found = read(Runtime::Docker, DOCKER);
        assert_eq!(found[1].name, "web");
        assert_eq!(found[1].ports, ["8080->80/tcp", "443/tcp"]);
        assert_eq!((found[0].state.as_str(), found[0].exit_code), ("exited", Some(1)));
        // Docker 19.03 has no `State`.
        let old = DOCKER.replace(r#""State":"running","#, "").replace(r#""State":"exited","#, "");
        assert_eq!(read(Runtime::Docker, &old), found);
    }

    #[test]
    fn docker_that_is_podman_shows_its_containers_in_every_form() {
        let [web, db, old] = SHIM;
        let all = read(Runtime::Docker, &SHIM.join("\n"));
        assert_eq!(all.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["db", "old", "web"]);
        assert_eq!((all[0].status.as_str(), all[0].exit_code), ("exited (137)", Some(137)));
        assert_eq!(all[0].created.as_deref(), Some("2026-01-09T10:00:00Z"));
        assert_eq!((all[2].created.as_deref(), all[2].restarts), (Some("2026-01-10T21:43:29Z"), Some(4)));
        assert_eq!(all[2].ports, ["8080->80/tcp"]);
        for form in [format!("[{web},{db},{old}]"), format!("[\n {web},\n {db},\n {old}\n]\n")] {
            assert_eq!(read(Runtime::Docker, &form), all);
            assert_eq!(read(Runtime::Podman, &form), all);
        }
        assert_eq!(read(Runtime::Podman, &SHIM.join("\n")), all);
        for alone in [web.to_owned(), format!("{web}\n"), web.replace(",\"", ",\n  \"")] {
            assert_eq!(read(Runtime::Docker, &alone), all[2..], "{alone}");
            assert_eq!(read(Runtime::Podman, &alone), all[2..], "{alone}");
        }
        assert_eq!(read(Runtime::Docker, PODMAN).len(), 2);
    }

    #[test]
    fn podman_of_every_age() {
        let id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        // 1.6: `ID`, one name, a number for the state, the age in words.
        let one = format!(
            r#"[{{"ID":"{id}","Image":"docker.io/library/redis:7","Command":"redis-server","Created":"2 days ago","Ports":"0.0.0.0:6379->6379/tcp",
                "Names":"db","IsInfra":false,"Status":"Up 2 days ago","State":3,"PidNum":4,"Pod":"","CreatedAt":"2020-06-10T12:00:00.5+02:00","Labels":{{"a":"b"}}}}]"#
        );
        let found = read(Runtime::Podman, &one).remove(0);
        assert_eq!((found.name.as_str(), found.state.as_str()), ("db", "running"));
        assert_eq!(
            (found.ports, found.created.as_deref()),
            (vec!["6379->6379/tcp".to_owned()], Some("2020-06-10T10:00:00Z"))
        );
        let ended = one.replace("Up 2 days ago", "Exited (-1) 2 days ago").replace(":3,", ":6,");
        let found = read(Runtime::Podman, &ended).remove(0);
        assert_eq!((found.state.as_str(), found.exit_code), ("exited", Some(-1)));
        // 2 and 3: no status, ports in other letters.
        let two = format!(
            r#"[{{"Command":["sleep"],"Created":1601000000,"Exited":false,"ExitCode":0,"Id":"{id}","Image":"x","Labels":null,"Names":["db"],
                "Ports":[{{"hostPort":8080,"containerPort":80,"protocol":"tcp","hostIP":""}}],"State":"running"}}]"#
        );
        let found = read(Runtime::Podman, &two).remove(0);
        assert_eq!((found.status.as_str(), found.ports), ("running", vec!["8080->80/tcp".to_owned()]));
    }

    #[test]
    fn the_end_of_an_earlier_run_is_not_told() {
        let of = |state: &str, status: &str| {
            let text = PODMAN.replace("exited", state).replace("Exited (1) 2 hours ago", status);
            read(Runtime::Podman, &text).remove(0).exit_code
        };
        for state in [
            "paused",
            "restarting",
            "created",
            "running",
            "configured",
            "initialized",
            "removing",
            "stopping",
        ] {
            assert_eq!(of(state, "x"), None, "{state}");
            let docker = DOCKER.replace("exited", state).replace("Exited (1)", "Restarting (1)");
            assert_eq!(read(Runtime::Docker, &docker)[0].exit_code, None, "{state}");
        }
        for state in ["exited", "stopped", "dead"] {
            assert_eq!(of(state, "x"), Some(1), "{state}");
        }
    }

    #[test]
    fn an_odd_container_hides_no_other() {
        let nameless = PODMAN.replace("[\"cache\"]", "[]");
        let found = containers(Runtime::Podman, &nameless).unwrap();
        assert_eq!(found.rows.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["web"]);
        assert_eq!(found.left_out[0].why, "a container has no name");
        assert_eq!(found.left_out[0].what, "a".repeat(59) + "…");
        let lines = format!("{}\nhello\n{}\n", SHIM[0], SHIM[1].replace("1123456789", "../../etc/"));
        let found = containers(Runtime::Docker, &lines).unwrap();
        let named: Vec<&str> = found.left_out.iter().map(|odd| odd.what.as_str()).collect();
        assert_eq!((found.rows.len(), named), (1, vec!["row 2", "db"]));
        // Numbers that no container has are no reason to lose it.
        for odd in ["-1", "1e999", "99999999999999999999", "\"x\"", "null", "[]", "{}"] {
            let text = PODMAN
                .replace("1763999990", odd)
                .replace("1763990000", odd)
                .replace("\"ExitCode\": 1", &format!("\"ExitCode\": {odd}"));
            assert_eq!(read(Runtime::Podman, &text).len(), 2, "{odd}");
        }
    }

    #[test]
    fn no_containers_and_nothing_at_all() {
        assert_eq!(read(Runtime::Podman, "[]\n"), []);
        assert_eq!(read(Runtime::Podman, "null\n"), []);
        assert_eq!(read(Runtime::Docker, ""), []);
        assert_eq!(read(Runtime::Docker, "[]\n"), []);
        assert!(containers(Runtime::Podman, "").is_err());
    }

    #[test]
    fn what_is_no_list_is_no_empty_list() {
        for text in [
            "{}",
            "[{}]",
            "[1]",
            "nul",
            "Error: x",
            "[{\"Id\":\"../etc\",\"Names\":[\"a\"],\"State\":\"x\"}]",
            "{\"ID\":",
        ] {
            assert!(containers(Runtime::Podman, text).is_err(), "{text}");
            assert!(containers(Runtime::Docker, text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..PODMAN.len(), flip in any::<u8>()) {
            let noise = String::from_utf8_lossy(&bytes);
            let mut broken = PODMAN.as_bytes().to_vec();
            broken[cut] = flip;
            for text in [noise.as_ref(), &String::from_utf8_lossy(&broken), &PODMAN[..cut]] {
                let _ = (containers(Runtime::Podman, text), containers(Runtime::Docker, text));
            }
        }
    }
}
