//! `podman ps` and `docker ps` as JSON: an array here, one object a line there, told apart by the first byte.

use std::collections::BTreeMap;

use nixi_core::command::{ContainerId, UnitName};
use nixi_core::config::Runtime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::instant::Instant;
use crate::reading::json;

/// A container, running or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Container {
    /// Its full id.
    pub id: ContainerId,
    /// Its name; the first, if it has several.
    pub name: String,
    /// The image as it was named.
    pub image: String,
    /// `running`, `exited`, `created`, `paused`, …
    pub state: String,
    /// The runtime's own words for it, such as `Up 5 minutes`.
    pub status: String,
    /// Published ports as `8080->80/tcp`, with an address before them if they are bound to that alone.
    pub ports: Vec<String>,
    /// When it was made, as far as the runtime says (RFC 3339 from podman).
    pub created: Option<String>,
    /// The systemd unit that runs it; what cannot be one is left out, for any image can carry the label.
    pub unit: Option<UnitName>,
    /// Whether the runtime removes it when it stops; docker's list does not tell.
    pub auto_remove: Option<bool>,
}

impl Container {
    pub(super) fn is_running(&self) -> bool {
        self.state == "running"
    }

    pub(super) fn is_stopped(&self) -> bool {
        matches!(
            self.state.as_str(),
            "exited" | "stopped" | "created" | "configured" | "initialized" | "dead"
        )
    }
}

/// All containers, by name.
pub(super) fn containers(runtime: Runtime, text: &str) -> Result<Vec<Container>, String> {
    let text = text.trim();
    let mut found = match (text.as_bytes().first(), runtime) {
        (Some(b'['), _) => {
            json::<Vec<Podman>>(text)?.into_iter().map(Podman::read).collect::<Result<Vec<_>, _>>()?
        }
        (Some(b'{'), _) => text.lines().map(|line| json::<Docker>(line)?.read()).collect::<Result<_, _>>()?,
        // podman 3 says `null`, and docker nothing, where there are no containers.
        (Some(b'n'), Runtime::Podman) if text == "null" => Vec::new(),
        (None, Runtime::Docker) => Vec::new(),
        (None, Runtime::Podman) => return Err("it is empty".to_owned()),
        (Some(_), _) => return Err("it is neither a JSON array nor JSON objects".to_owned()),
    };
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Podman {
    id: ContainerId,
    names: Option<Vec<String>>,
    image: Option<String>,
    state: String,
    status: Option<String>,
    ports: Option<Vec<PodmanPort>>,
    created: Option<i64>,
    labels: Option<BTreeMap<String, String>>,
    auto_remove: Option<bool>,
}

#[derive(Deserialize)]
struct PodmanPort {
    host_ip: Option<String>,
    container_port: u16,
    host_port: Option<u16>,
    range: Option<u16>,
    protocol: Option<String>,
}

impl PodmanPort {
    fn words(&self) -> String {
        let span = |first: u16| match self.range {
            Some(range @ 2..) => format!("{first}-{}", u32::from(first) + u32::from(range) - 1),
            Some(_) | None => first.to_string(),
        };
        let inside = format!("{}/{}", span(self.container_port), self.protocol.as_deref().unwrap_or("tcp"));
        match self.host_port {
            None | Some(0) => inside,
            Some(outside) => {
                let ip = self.host_ip.as_deref().unwrap_or_default();
                let ip = if ip.contains(':') { format!("[{ip}]") } else { ip.to_owned() };
                bound(&format!("{ip}:{}->{inside}", span(outside)))
            }
        }
    }
}

impl Podman {
    fn read(self) -> Result<Container, String> {
        let name = self.names.unwrap_or_default().into_iter().next().ok_or("a container has no name")?;
        Ok(Container {
            id: self.id,
            name,
            image: self.image.unwrap_or_default(),
            status: self.status.filter(|status| !status.is_empty()).unwrap_or_else(|| self.state.clone()),
            state: self.state,
            ports: self.ports.unwrap_or_default().iter().map(PodmanPort::words).collect(),
            created: self.created.map(|seconds| Instant::of_seconds(seconds).rfc3339()),
            unit: self
                .labels
                .unwrap_or_default()
                .get("PODMAN_SYSTEMD_UNIT")
                .and_then(|unit| unit.parse().ok()),
            auto_remove: self.auto_remove,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Docker {
    #[serde(rename = "ID")]
    id: ContainerId,
    names: String,
    image: String,
    state: String,
    status: String,
    ports: Option<String>,
    created_at: Option<String>,
}

impl Docker {
    fn read(self) -> Result<Container, String> {
        // A linked container is also called `other/alias`.
        let name = self.names.split(',').find(|name| !name.is_empty() && !name.contains('/'));
        let name = name.ok_or("a container has no name")?.to_owned();
        let mut ports: Vec<String> = Vec::new();
        for port in self.ports.as_deref().unwrap_or_default().split(", ").filter(|port| !port.is_empty()) {
            let port = bound(port);
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        Ok(Container {
            id: self.id,
            name,
            image: self.image,
            state: self.state,
            status: self.status,
            ports,
            created: self.created_at,
            unit: None,
            auto_remove: None,
        })
    }
}

/// A published port without the addresses that mean all of them.
fn bound(port: &str) -> String {
    let everywhere = ["0.0.0.0:", "[::]:", ":::", ":"];
    everywhere.iter().find_map(|all| port.strip_prefix(all)).unwrap_or(port).to_owned()
}

#[cfg(test)]
pub(super) mod tests {
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

    #[test]
    fn podman() {
        let found = containers(Runtime::Podman, PODMAN).unwrap();
        assert_eq!(found.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["cache", "web"]);
        assert_eq!(found[1].ports, ["8080->80/tcp", "127.0.0.1:9000-9002->9000-9002/udp"]);
        assert_eq!(found[1].unit.as_ref().map(UnitName::as_str), Some("podman-web.service"));
        assert_eq!(found[1].created.as_deref(), Some("2025-11-24T15:59:50Z"));
        assert!(found[1].is_running() && found[0].is_stopped() && found[0].auto_remove == Some(true));
    }

    #[test]
    fn a_label_that_is_no_unit_is_none() {
        let long = "x".repeat(256);
        for label in ["", "x.service runs", "--now", "x\\nPlan", "x\\u3164.service", &long] {
            let found = containers(Runtime::Podman, &PODMAN.replace("podman-web.service", label)).unwrap();
            assert_eq!(found[1].unit, None, "{label}");
        }
    }

    #[test]
    fn docker() {
        let found = containers(Runtime::Docker, DOCKER).unwrap();
        assert_eq!(found[1].name, "web");
        assert_eq!(found[1].ports, ["8080->80/tcp", "443/tcp"]);
        assert_eq!(found[0].state, "exited");
    }

    #[test]
    fn docker_that_is_podman_and_nothing_at_all() {
        assert_eq!(containers(Runtime::Docker, PODMAN).unwrap().len(), 2);
        assert_eq!(containers(Runtime::Podman, "[]\n").unwrap(), []);
        assert_eq!(containers(Runtime::Podman, "null\n").unwrap(), []);
        assert_eq!(containers(Runtime::Docker, "").unwrap(), []);
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
        let nameless = PODMAN.replace("[\"cache\"]", "[]");
        assert_eq!(containers(Runtime::Podman, &nameless).unwrap_err(), "a container has no name");
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
