//! `podman inspect` and `docker inspect`. Values of environment variables and labels may be secrets: they are dropped
//! here, and with them command lines.

use std::collections::BTreeMap;

use nixi_core::command::ContainerId;
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::ports::{once, ports};
use super::ps::has_ended;
use crate::reading::{Number, json};
use crate::rows::{LeftOut, Rows, Sifted};
use nixi_core::instant::Instant;

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
    /// How it ended, if it has ended and was not started since.
    pub exit_code: Option<i64>,
    /// When it started last (RFC 3339, UTC).
    pub started: Option<String>,
    /// When it stopped last (RFC 3339, UTC).
    pub finished: Option<String>,
    /// `no`, `always`, `on-failure`, `unless-stopped`
    pub restart_policy: String,
    /// How often the runtime restarted it; `null` where it does not tell.
    pub restarts: Option<u64>,
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

pub(crate) fn details(text: &str) -> Result<Sifted<ContainerDetails>, String> {
    let read = Rows::Details.of_json(text, &["Name", "Id", "ID"], |value| json::<Raw<'_>>(value)?.read())?;
    let mut found = Sifted { rows: Vec::new(), left_out: read.left_out };
    for (container, odd) in read.rows {
        found.rows.push(container);
        found.left_out.extend(odd);
    }
    Ok(found)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw<'a> {
    /// Podman before version 1.6 writes `ID`.
    #[serde(alias = "ID")]
    id: ContainerId,
    name: String,
    image: Option<String>,
    /// podman only; docker has the image's name in `Config`.
    image_name: Option<String>,
    state: State,
    restart_count: Option<Number>,
    #[serde(borrow)]
    config: Option<Config<'a>>,
    #[serde(borrow)]
    host_config: Option<&'a RawValue>,
    #[serde(borrow)]
    mounts: Option<&'a RawValue>,
    #[serde(borrow)]
    network_settings: Option<NetworkSettings<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    status: Option<String>,
    running: Option<bool>,
    exit_code: Option<Number>,
    started_at: Option<String>,
    finished_at: Option<String>,
    health: Option<Health>,
    /// The same in podman before version 4.
    healthcheck: Option<Health>,
}

impl State {
    fn word(&self) -> String {
        let word = self.status.as_deref().filter(|status| !status.is_empty());
        let word = word.or_else(|| Some(if self.running? { "running" } else { "stopped" }));
        word.unwrap_or("unknown").to_lowercase()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    status: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config<'a> {
    image: Option<String>,
    #[serde(borrow)]
    env: Option<&'a RawValue>,
    #[serde(borrow)]
    labels: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    restart_policy: Option<RestartPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RestartPolicy {
    name: Option<String>,
}

/// Podman before version 1.6 writes them as its runtime does: small, with options in place of `RW`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawMount {
    #[serde(alias = "name")]
    name: Option<String>,
    #[serde(alias = "source")]
    source: Option<String>,
    #[serde(alias = "destination")]
    destination: String,
    #[serde(rename = "RW")]
    writable: Option<bool>,
    #[serde(alias = "options")]
    options: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkSettings<'a> {
    #[serde(borrow)]
    ports: Option<&'a RawValue>,
    #[serde(borrow)]
    networks: Option<&'a RawValue>,
    #[serde(rename = "IPAddress")]
    address: Option<String>,
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

impl Raw<'_> {
    /// With the parts that could not be read.
    fn read(self) -> Result<(ContainerDetails, Vec<LeftOut>), String> {
        let moment = |text: Option<String>| Some(Instant::parse(&text?)?.rfc3339());
        let name = self.name.strip_prefix('/').unwrap_or(&self.name).to_owned();
        if name.is_empty() {
            return Err("a container has no name".to_owned());
        }
        let mut pieces = Pieces { of: &name, left_out: Vec::new() };
        let host: HostConfig = pieces.of_value("restart policy", self.host_config);
        let policy = host.restart_policy.and_then(|policy| policy.name).filter(|name| !name.is_empty());
        let (ports, networks) = match self.network_settings {
            Some(settings) => (
                settings.ports.map(|value| bindings(value.get())).unwrap_or_default(),
                addresses(&mut pieces, settings.networks, settings.address),
            ),
            None => (Vec::new(), BTreeMap::new()),
        };
        let mounts: Vec<RawMount> = pieces.of_list("mount", self.mounts);
        let config = self.config.unwrap_or_default();
        let env: Vec<String> = pieces.of_list("variable", config.env);
        let labels: BTreeMap<String, IgnoredAny> = pieces.of_value("labels", config.labels);
        let left_out = pieces.left_out;
        let state = self.state.word();
        let health = [self.state.health, self.state.healthcheck];
        let details = ContainerDetails {
            id: self.id,
            name,
            image: self.image_name.or(config.image).or(self.image).unwrap_or_default(),
            health: health
                .into_iter()
                .flatten()
                .find_map(|health| health.status.filter(|status| !status.is_empty())),
            exit_code: self.state.exit_code.and_then(|code| code.0).filter(|_| has_ended(&state)),
            started: moment(self.state.started_at),
            finished: moment(self.state.finished_at),
            state,
            restart_policy: policy.unwrap_or_else(|| "no".to_owned()),
            restarts: self.restart_count.and_then(|count| u64::try_from(count.0?).ok()),
            ports,
            mounts: mounts.into_iter().map(RawMount::read).collect(),
            networks,
            env: names(env),
            labels: labels.into_keys().collect(),
        };
        Ok((details, left_out))
    }
}

/// Parts of a container: one that cannot be read costs no other.
struct Pieces<'a> {
    of: &'a str,
    left_out: Vec<LeftOut>,
}

impl Pieces<'_> {
    /// One part; what is missing is as if it were empty.
    fn of_value<T: Default + DeserializeOwned>(&mut self, what: &str, value: Option<&RawValue>) -> T {
        let read = value.map(|value| json::<Option<T>>(value.get())).transpose();
        self.taken(what, read).flatten().flatten().unwrap_or_default()
    }

    /// Those elements of a list that can be read.
    fn of_list<T: DeserializeOwned>(&mut self, what: &str, value: Option<&RawValue>) -> Vec<T> {
        let Some(value) = value else { return Vec::new() };
        let elements = self.taken(&format!("{what}s"), json::<Option<Vec<&RawValue>>>(value.get()));
        let numbered = elements.flatten().unwrap_or_default().into_iter().enumerate();
        numbered
            .filter_map(|(at, value)| self.taken(&format!("{what} {}", at + 1), json(value.get())))
            .collect()
    }

    fn taken<T>(&mut self, what: &str, read: Result<T, String>) -> Option<T> {
        read.map_err(|why| self.left_out.push(LeftOut::new(&format!("{what} of {}", self.of), &why))).ok()
    }
}

/// What stands before the first `=`, sorted. A variable without a `=` has no value, so its whole text is its name.
fn names(env: Vec<String>) -> Vec<String> {
    let mut names: Vec<String> =
        env.into_iter().map(|pair| pair.split('=').next().unwrap_or_default().to_owned()).collect();
    names.sort();
    names
}

/// `443/tcp` and where it is bound to; podman 1 has a list as in its `ps`.
fn bindings(value: &str) -> Vec<String> {
    let Ok(inside) = json::<BTreeMap<String, &RawValue>>(value) else { return ports(value) };
    let mut shown = Vec::new();
    for (inside, value) in inside {
        match json::<Option<Vec<Binding>>>(value.get()).map(Option::unwrap_or_default) {
            Ok(bindings) if bindings.is_empty() => shown.push(inside),
            Ok(bindings) => shown.extend(bindings.into_iter().map(|binding| binding.words(&inside))),
            Err(_) => shown.push(format!("?->{inside}")),
        }
    }
    once(shown)
}

impl Binding {
    fn words(self, inside: &str) -> String {
        let outside = self.host_port.unwrap_or_default();
        match self.host_ip.as_deref() {
            None | Some("" | "0.0.0.0" | "::") => format!("{outside}->{inside}"),
            Some(ip) if ip.contains(':') => format!("[{ip}]:{outside}->{inside}"),
            Some(ip) => format!("{ip}:{outside}->{inside}"),
        }
    }
}

/// Podman before version 2 does not name the network that an address is of.
fn addresses(
    pieces: &mut Pieces<'_>,
    networks: Option<&RawValue>,
    alone: Option<String>,
) -> BTreeMap<String, String> {
    if let (None, Some(alone)) = (networks, alone.filter(|address| !address.is_empty())) {
        return BTreeMap::from([("default".to_owned(), alone)]);
    }
    let Some(networks) = networks else { return BTreeMap::new() };
    let networks = pieces.taken("networks", json::<Option<BTreeMap<String, &RawValue>>>(networks.get()));
    let address = |(name, value): (String, &RawValue)| {
        let network = pieces.taken(&format!("network {name}"), json::<Option<Network>>(value.get()))?;
        Some((name, network.and_then(|network| network.address).unwrap_or_default()))
    };
    networks.flatten().unwrap_or_default().into_iter().filter_map(address).collect()
}

impl RawMount {
    fn read(self) -> Mount {
        let source = self.name.filter(|name| !name.is_empty()).or(self.source).unwrap_or_default();
        let is_ro = || self.options.unwrap_or_default().iter().any(|option| option == "ro");
        Mount {
            source,
            target: self.destination,
            read_only: self.writable.map_or_else(is_ro, |writable| !writable),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
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

    /// Containers as an element of the array each.
    pub(crate) const ROWS: [&str; 3] = [
        r#"{"Id":"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0","Name":"web","State":{"Status":"running","ExitCode":0},"Mounts":null}"#,
        r#"{"Id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","Name":"/cache","State":{"Status":"exited","ExitCode":-1},"Config":{"Env":["A=b"]}}"#,
        r#"{"ID":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","Name":"old","State":{"Status":"paused","ExitCode":9}}"#,
    ];

    fn only(text: &str) -> ContainerDetails {
        let found = details(text).unwrap();
        assert_eq!((found.rows.len(), found.left_out), (1, Vec::new()), "{text}");
        found.rows.into_iter().next().unwrap()
    }

    #[test]
    fn podman() {
        let web = only(PODMAN);
        assert_eq!(web.env, ["DB_PASSWORD", "PATH"]);
        assert_eq!(web.labels, ["maintainer"]);
        assert_eq!(web.ports, ["443/tcp", "8080->80/tcp"]);
        assert_eq!(web.started.as_deref(), Some("2025-11-24T16:00:00Z"));
        assert_eq!((web.finished, web.exit_code), (None, None));
        assert_eq!(web.mounts[1].source, "cache");
        assert_eq!((web.restart_policy.as_str(), web.restarts), ("always", Some(2)));
    }

    #[test]
    fn docker() {
        let cache = only(DOCKER);
        assert_eq!((cache.name.as_str(), cache.image.as_str()), ("cache", "redis:7"));
        assert_eq!((cache.exit_code, cache.restart_policy.as_str()), (Some(137), "no"));
        assert_eq!(cache.finished.as_deref(), Some("2025-11-24T16:10:00Z"));
        assert_eq!(cache.restarts, Some(0));
        assert_eq!(only(&DOCKER.replace("\"RestartCount\": 0, ", "")).restarts, None);
    }

    /// Before version 1.6 and after it: other letters, mounts as the runtime has them, ports in a list, no networks.
    #[test]
    fn podman_1() {
        let text = format!(
            r#"[{{"ID":"{}","Created":"2019-06-10T12:00:00Z","Path":"redis","Args":[],"State":{{"OciVersion":"1.0.1-dev","Status":"running","Running":true,
            "Pid":9,"ExitCode":0,"StartedAt":"2019-06-10T12:00:01.5Z","FinishedAt":"0001-01-01T00:00:00Z","Healthcheck":{{"Status":"healthy","Log":null}}}},
            "Image":"598a","ImageName":"docker.io/library/redis:5","Name":"db","RestartCount":0,
            "Mounts":[{{"destination":"/data","type":"bind","source":"/srv/db","options":["rbind","ro"]}},{{"destination":"/tmp","source":"x"}}],
            "NetworkSettings":{{"IPAddress":"10.88.0.5","Ports":[{{"hostPort":6379,"containerPort":6379,"protocol":"tcp","hostIP":""}}]}},
            "Config":{{"Hostname":"x","Env":["A=b"],"Labels":null,"Annotations":{{}}}}}}]"#,
            "a".repeat(64)
        );
        let db = only(&text);
        assert_eq!(
            (db.state.as_str(), db.health.as_deref(), db.restart_policy.as_str()),
            ("running", Some("healthy"), "no")
        );
        assert_eq!(db.ports, ["6379->6379/tcp"]);
        assert_eq!(db.networks, BTreeMap::from([("default".to_owned(), "10.88.0.5".to_owned())]));
        assert_eq!(db.mounts.iter().map(|mount| mount.read_only).collect::<Vec<_>>(), [true, false]);
        assert_eq!(only(&text.replace("\"ID\"", "\"Id\"")), db);
    }

    #[test]
    fn only_what_has_ended_has_an_exit_code() {
        for (state, code) in [
            ("exited", Some(137)),
            ("stopped", Some(137)),
            ("dead", Some(137)),
            ("paused", None),
            ("restarting", None),
            ("created", None),
            ("configured", None),
            ("initialized", None),
            ("stopping", None),
            ("removing", None),
            ("running", None),
        ] {
            assert_eq!(only(&DOCKER.replace("exited", state)).exit_code, code, "{state}");
        }
        assert_eq!(only(&DOCKER.replace("137", "-1")).exit_code, Some(-1));
    }

    #[test]
    fn what_is_odd_about_a_container_is_named_and_nothing_else_is_lost() {
        for odd in ["-1", "1e99", "99999999999999999999", "\"2\"x", "null"] {
            let text = PODMAN
                .replace("\"RestartCount\": 2", &format!("\"RestartCount\": {}", odd.trim_end_matches('x')));
            let web = only(&text);
            assert_eq!((web.name.as_str(), web.restarts), ("web", (odd == "\"2\"x").then_some(2)), "{odd}");
        }
        let text = PODMAN.replace(r#""Destination": "/data""#, r#""Destination": 7"#);
        let text = text.replace(r#"[{"HostIp": "", "HostPort": "8080"}]"#, "7");
        let found = details(&text).unwrap();
        assert_eq!((found.rows[0].mounts.len(), found.left_out[0].what.as_str()), (1, "mount 1 of web"));
        assert_eq!(found.rows[0].ports, ["443/tcp", "?->80/tcp"]);
        for (part, odd, named) in [
            (
                r#""podman": {"IPAddress": "10.88.0.2", "NetworkID": "podman"}"#,
                r#""podman": 7"#,
                "network podman of web",
            ),
            (r#"{"podman": {"IPAddress": "10.88.0.2", "NetworkID": "podman"}}"#, "7", "networks of web"),
            (r#""PATH=/usr/bin""#, "7", "variable 1 of web"),
            (r#"{"maintainer": "hunter2"}"#, "[7]", "labels of web"),
            (r#"{"Name": "always", "MaximumRetryCount": 0}"#, "7", "restart policy of web"),
        ] {
            let text = PODMAN.replace(part, odd);
            assert_ne!(text, PODMAN, "{named}");
            let found = details(&text).unwrap();
            assert_eq!((found.rows.len(), found.left_out.len()), (1, 1), "{named}");
            assert_eq!((&*found.left_out[0].what, found.rows[0].mounts.len()), (named, 2));
        }
    }

    #[test]
    fn no_value_of_a_variable_is_kept_or_quoted_in_an_error() {
        let found = serde_json::to_string(&only(PODMAN)).unwrap();
        assert!(!found.contains("hunter2"), "{found}");
        let odd = PODMAN.replace(r#"["PATH=/usr/bin", "DB_PASSWORD=hunter2=x"]"#, r#""DB_PASSWORD=hunter2""#);
        let found = details(&odd).unwrap();
        let told = format!("{found:?}");
        assert_eq!((found.rows[0].env.len(), &*found.left_out[0].what), (0, "variables of web"));
        assert!(!told.contains("hunter2"), "{told}");
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
