//! `podman inspect` and `docker inspect`. Values of environment variables and labels may be secrets: they are dropped
//! here, and with them command lines.

use std::collections::BTreeMap;

use nixi_core::command::ContainerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::instant::Instant;
use crate::reading::json;

/// What is known of one container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContainerDetails {
    /// Its full id.
    pub id: ContainerId,
    /// Its name.
    pub name: String,
    /// The image as it was named.
    pub image: String,
    /// `running`, `exited`, `created`, `paused`, …
    pub state: String,
    /// What its health check says, if it has one.
    pub health: Option<String>,
    /// The exit code, once it has stopped.
    pub exit_code: Option<i64>,
    /// When it started last (RFC 3339, UTC).
    pub started: Option<String>,
    /// When it stopped last (RFC 3339, UTC).
    pub finished: Option<String>,
    /// `no`, `always`, `on-failure`, `unless-stopped`
    pub restart_policy: String,
    /// How often the runtime restarted it.
    pub restarts: u64,
    /// Ports as `8080->80/tcp`; without an arrow they are not published.
    pub ports: Vec<String>,
    /// Volumes and folders of the node inside the container.
    pub mounts: Vec<Mount>,
    /// Networks, with the container's address in each.
    pub networks: BTreeMap<String, String>,
    /// Names of environment variables; their values are never read.
    pub env: Vec<String>,
    /// Names of labels, without their values.
    pub labels: Vec<String>,
}

/// A volume or folder inside a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Mount {
    /// The volume's name, or the folder on the node.
    pub source: String,
    /// Where it is inside the container.
    pub target: String,
    /// Whether the container may only read it.
    pub read_only: bool,
}

pub(super) fn details(text: &str) -> Result<Vec<ContainerDetails>, String> {
    json::<Vec<Raw>>(text)?.into_iter().map(Raw::read).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    id: ContainerId,
    name: String,
    image: Option<String>,
    /// podman only; docker has the image's name in `Config`.
    image_name: Option<String>,
    state: State,
    restart_count: Option<u64>,
    config: Config,
    host_config: Option<HostConfig>,
    mounts: Option<Vec<RawMount>>,
    network_settings: Option<NetworkSettings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    status: String,
    exit_code: Option<i64>,
    started_at: Option<String>,
    finished_at: Option<String>,
    #[serde(alias = "Healthcheck")]
    health: Option<Health>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    image: Option<String>,
    env: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    restart_policy: Option<RestartPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RestartPolicy {
    name: Option<String>,
}

#[derive(Deserialize)]
struct RawMount {
    #[serde(rename = "Name")]
    name: Option<String>,
    #[serde(rename = "Source")]
    source: Option<String>,
    #[serde(rename = "Destination")]
    destination: String,
    #[serde(rename = "RW")]
    writable: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkSettings {
    ports: Option<BTreeMap<String, Option<Vec<Binding>>>>,
    networks: Option<BTreeMap<String, Option<Network>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Binding {
    host_ip: Option<String>,
    host_port: Option<String>,
}

#[derive(Deserialize)]
struct Network {
    #[serde(rename = "IPAddress")]
    address: Option<String>,
}

impl Raw {
    fn read(self) -> Result<ContainerDetails, String> {
        let moment = |text: Option<String>| Some(Instant::parse(&text?)?.rfc3339());
        let name = self.name.strip_prefix('/').unwrap_or(&self.name).to_owned();
        if name.is_empty() {
            return Err("a container has no name".to_owned());
        }
        let policy =
            self.host_config.and_then(|host| host.restart_policy?.name).filter(|name| !name.is_empty());
        let (ports, networks) = match self.network_settings {
            Some(settings) => {
                (ports(settings.ports.unwrap_or_default()), addresses(settings.networks.unwrap_or_default()))
            }
            None => (Vec::new(), BTreeMap::new()),
        };
        let running = self.state.status == "running";
        Ok(ContainerDetails {
            id: self.id,
            name,
            image: self.image_name.or(self.config.image).or(self.image).unwrap_or_default(),
            health: self.state.health.and_then(|health| health.status).filter(|status| !status.is_empty()),
            exit_code: self.state.exit_code.filter(|_| !running),
            started: moment(self.state.started_at),
            finished: moment(self.state.finished_at),
            state: self.state.status,
            restart_policy: policy.unwrap_or_else(|| "no".to_owned()),
            restarts: self.restart_count.unwrap_or(0),
            ports,
            mounts: self.mounts.unwrap_or_default().into_iter().map(RawMount::read).collect(),
            networks,
            env: names(self.config.env.unwrap_or_default()),
            labels: self.config.labels.unwrap_or_default().into_keys().collect(),
        })
    }
}

/// What stands before the first `=`, sorted. A variable without a `=` has no value, so its whole text is its name.
fn names(env: Vec<String>) -> Vec<String> {
    let mut names: Vec<String> =
        env.into_iter().map(|pair| pair.split('=').next().unwrap_or_default().to_owned()).collect();
    names.sort();
    names
}

fn ports(ports: BTreeMap<String, Option<Vec<Binding>>>) -> Vec<String> {
    let mut shown = Vec::new();
    for (inside, bindings) in ports {
        let bindings = bindings.unwrap_or_default();
        if bindings.is_empty() {
            shown.push(inside.clone());
        }
        for binding in bindings {
            let outside = binding.host_port.unwrap_or_default();
            let words = match binding.host_ip.as_deref() {
                None | Some("" | "0.0.0.0" | "::") => format!("{outside}->{inside}"),
                Some(ip) if ip.contains(':') => format!("[{ip}]:{outside}->{inside}"),
                Some(ip) => format!("{ip}:{outside}->{inside}"),
            };
            if !shown.contains(&words) {
                shown.push(words);
            }
        }
    }
    shown
}

fn addresses(networks: BTreeMap<String, Option<Network>>) -> BTreeMap<String, String> {
    let address = |network: Option<Network>| network.and_then(|network| network.address).unwrap_or_default();
    networks.into_iter().map(|(name, network)| (name, address(network))).collect()
}

impl RawMount {
    fn read(self) -> Mount {
        let source = self.name.filter(|name| !name.is_empty()).or(self.source).unwrap_or_default();
        Mount { source, target: self.destination, read_only: self.writable == Some(false) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From podman 4.3.1, shortened.
    pub(crate) const PODMAN: &str = r#"[{
 "Id": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0", "Created": "2025-11-24T16:59:50.1+01:00",
 "Path": "nginx", "Args": ["--password=hunter2"],
 "State": {"OciVersion": "1.0.2", "Status": "running", "Running": true, "Pid": 42, "ExitCode": 0, "Error": "",
   "StartedAt": "2025-11-24T17:00:00.123456789+01:00", "FinishedAt": "0001-01-01T00:00:00Z",
   "Health": {"Status": "healthy", "FailingStreak": 0, "Log": null}},
 "Image": "39286ab8", "ImageName": "docker.io/library/nginx:1.27", "Rootfs": "", "Name": "web", "RestartCount": 2,
 "Mounts": [{"Type": "bind", "Source": "/srv/web", "Destination": "/data", "Mode": "", "RW": false},
            {"Type": "volume", "Name": "cache", "Source": "/var/lib/x", "Destination": "/cache", "RW": true}],
 "NetworkSettings": {"Ports": {"443/tcp": null, "80/tcp": [{"HostIp": "", "HostPort": "8080"}]},
   "Networks": {"podman": {"IPAddress": "10.88.0.2", "NetworkID": "podman"}}},
 "Config": {"Hostname": "0f1e", "Env": ["PATH=/usr/bin", "DB_PASSWORD=hunter2=x"], "Cmd": ["nginx"],
   "Labels": {"maintainer": "hunter2"}},
 "HostConfig": {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}}
}]"#;

    const DOCKER: &str = r#"[{
 "Id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "Name": "/cache", "Image": "sha256:00",
 "State": {"Status": "exited", "Running": false, "ExitCode": 137, "StartedAt": "2025-11-24T16:00:00Z",
   "FinishedAt": "2025-11-24T16:10:00.5Z"},
 "RestartCount": 0, "Config": {"Image": "redis:7", "Env": null, "Labels": null},
 "HostConfig": {"RestartPolicy": {"Name": "no"}}, "Mounts": [], "NetworkSettings": {"Ports": {}, "Networks": {"bridge": null}}
}]"#;

    #[test]
    fn podman() {
        let web = details(PODMAN).unwrap().remove(0);
        assert_eq!(web.env, ["DB_PASSWORD", "PATH"]);
        assert_eq!(web.labels, ["maintainer"]);
        assert_eq!(web.ports, ["443/tcp", "8080->80/tcp"]);
        assert_eq!(web.started.as_deref(), Some("2025-11-24T16:00:00Z"));
        assert_eq!((web.finished, web.exit_code), (None, None));
        assert_eq!(web.mounts[1].source, "cache");
        assert_eq!((web.restart_policy.as_str(), web.restarts), ("always", 2));
    }

    #[test]
    fn docker() {
        let cache = details(DOCKER).unwrap().remove(0);
        assert_eq!((cache.name.as_str(), cache.image.as_str()), ("cache", "redis:7"));
        assert_eq!((cache.exit_code, cache.restart_policy.as_str()), (Some(137), "no"));
        assert_eq!(cache.finished.as_deref(), Some("2025-11-24T16:10:00Z"));
    }

    #[test]
    fn no_value_of_a_variable_is_kept_or_quoted_in_an_error() {
        let found = serde_json::to_string(&details(PODMAN).unwrap()).unwrap();
        assert!(!found.contains("hunter2"), "{found}");
        let odd = PODMAN.replace(r#"["PATH=/usr/bin", "DB_PASSWORD=hunter2=x"]"#, r#""DB_PASSWORD=hunter2""#);
        let why = details(&odd).unwrap_err();
        assert!(!why.contains("hunter2") && why.contains("line 12"), "{why}");
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..PODMAN.len(), flip in any::<u8>()) {
            let mut broken = PODMAN.as_bytes().to_vec();
            broken[cut] = flip;
            for text in [&String::from_utf8_lossy(&bytes), &String::from_utf8_lossy(&broken)] {
                let _ = details(text);
            }
        }
    }
}
