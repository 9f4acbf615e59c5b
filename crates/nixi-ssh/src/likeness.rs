//! Which nodes are the machine that answered: by the host keys that are on record or were shown, and by their addresses.

use std::collections::HashMap;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join_all};
use nixi_core::{Arrival, CanonicalHost, Host, Likeness, Node, Port, Sameness, Stop};
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use crate::connect::Connector;
use crate::hostkey::{HostKey, KnownHosts, keys_named, own_keys};
use crate::route::{Records, Route, Routes};

/// How long names of other nodes are waited for; one that takes longer is compared by its keys alone.
const WITHIN: Duration = Duration::from_secs(3);
/// How long an address is taken for that of a name: a change on many nodes asks for the same names over and over.
const FRESH: Duration = Duration::from_secs(5);
/// How many names are looked up at once.
const LOOKUPS: usize = 16;
/// Where sshd keeps the host keys of this machine.
const OWN_KEYS: &str = "/etc/ssh";

type Lookup = Shared<BoxFuture<'static, Vec<IpAddr>>>;

/// Tells machines apart.
pub(crate) struct Likenesses {
    places: Arc<Semaphore>,
    found: Mutex<HashMap<Host, (Instant, Lookup)>>,
    own_keys: PathBuf,
    /// Those that were connected to for no other reason than to see their host key.
    met: Mutex<HashMap<Arc<Route>, Arc<OnceCell<()>>>>,
}

/// A node, as far as it is known without going there.
struct Suspect {
    route: Option<Arc<Route>>,
    keys: Vec<HostKey>,
    is_here: bool,
}

impl Suspect {
    /// Whether it can be no machine that is reached by SSH, or none at the address that this machine has for itself.
    fn is_elsewhere(&self, ours: &Self) -> bool {
        match &self.route {
            // One that cannot be connected to now is somewhere all the same.
            None => self.is_here,
            Some(route) => ours.is_here && !is_loopback(route),
        }
    }
}

impl Likenesses {
    pub(crate) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(LOOKUPS)),
            found: Mutex::default(),
            own_keys: PathBuf::from(OWN_KEYS),
            met: Mutex::default(),
        }
    }

    /// Whether a node was asked for its host key already; nobody is asked twice.
    pub(crate) fn met(&self, route: &Arc<Route>) -> Arc<OnceCell<()>> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(met.entry(Arc::clone(route)).or_default())
    }

    /// See [`nixi_core::HostKeys::likenesses`].
    pub(crate) async fn tell(
        &self,
        connector: &Connector,
        routes: &Routes,
        node: &Node,
        arrival: Option<&Arrival>,
        others: &[Node],
    ) -> Result<Vec<Likeness>, String> {
        let all: Vec<&Node> = std::iter::once(node).chain(others).collect();
        let suspects = self.suspects(connector, routes, &all).await?;
        let Some((ours, others)) = suspects.split_first() else { return Ok(Vec::new()) };
        Ok(join_all(others.iter().map(|other| self.compare(ours, arrival, other))).await)
    }

    async fn suspects(
        &self,
        connector: &Connector,
        routes: &Routes,
        nodes: &[&Node],
    ) -> Result<Vec<Suspect>, String> {
        let recorded = |node: &&Node| match node.ssh() {
            None => None,
            // One that cannot be connected to is on record by its plain name, if at all.
            Some(target) => {
                let plain = || (target.host.clone(), target.port);
                let recorded = routes.as_recorded(target);
                Some(recorded.map_or_else(|_| plain(), |recorded| (recorded.host, recorded.port)))
            }
        };
        let hosts: Vec<Option<(Host, Port)>> = nodes.iter().map(recorded).collect();
        // Each host may have files of its own.
        let mut files: HashMap<Records, Vec<usize>> = HashMap::new();
        for (at, node) in nodes.iter().enumerate() {
            let Some(target) = node.ssh() else { continue };
            match routes.records(target) {
                Ok(records) => files.entry(records).or_default().push(at),
                Err(error) if at == 0 => return Err(error.to_string()),
                // It cannot be connected to either.
                Err(_) => {}
            }
        }
        let (asked, own) = (hosts.clone(), self.own_keys.clone());
        let read = spawn_blocking(move || {
            let mut keys = vec![Vec::new(); asked.len()];
            for (records, whose) in files {
                let known = KnownHosts::load(&records).map_err(|error| error.to_string())?;
                let of: Vec<Option<(Host, Port)>> =
                    whose.iter().map(|at| asked.get(*at).cloned().flatten()).collect();
                for (at, found) in whose.into_iter().zip(keys_named(&known, &of)) {
                    if let Some(keys) = keys.get_mut(at) {
                        *keys = found;
                    }
                }
            }
            Ok::<_, String>((keys, own_keys(&own)))
        });
        let (recorded, own) = read.await.map_err(|_| "reading known_hosts broke off".to_owned())??;
        let mut suspects = Vec::with_capacity(nodes.len());
        for ((node, host), mut keys) in nodes.iter().zip(&hosts).zip(recorded) {
            suspects.push(match node.ssh() {
                None => Suspect { route: None, keys: own.clone(), is_here: true },
                Some(target) => {
                    keys.extend(host.iter().flat_map(|host| connector.shown().of(host)));
                    Suspect { route: routes.find(target).ok(), keys, is_here: false }
                }
            });
        }
        Ok(suspects)
    }

    async fn compare(&self, ours: &Suspect, arrival: Option<&Arrival>, other: &Suspect) -> Likeness {
        let answered = |key: &&HostKey| arrival.is_some_and(|arrival| key.fingerprint() == arrival.host_key);
        if let Some(key) = other.keys.iter().find(|key| ours.keys.contains(key) || answered(key)) {
            return Likeness::Same(Sameness::Key(key.fingerprint()));
        }
        let here = arrival.and_then(|arrival| arrival.way.split_last());
        let at_our_address = match (here, &other.route) {
            (Some((stop, jumps)), Some(route)) => self.is_at(stop, jumps, route).await,
            // The controller is compared by its keys, as is whoever cannot be connected to.
            (_, None) | (None, Some(_)) => Some(false),
        };
        // A host shows a key of a type that is on record for it, if it still has one.
        let kinds = ours.keys.iter().filter(|key| arrival.is_none() || answered(key)).map(HostKey::kind);
        let is_known = kinds.into_iter().any(|kind| other.keys.iter().any(|key| key.kind() == kind));
        match at_our_address {
            Some(true) => Likeness::Same(Sameness::Address),
            // A machine may have several addresses: only a key tells that it is another one.
            Some(false) | None if is_known || other.is_elsewhere(ours) => Likeness::Another,
            Some(false) | None => Likeness::Untold,
        }
    }

    /// Whether a route leads to the address and port that answered; nothing where that cannot be told.
    async fn is_at(&self, stop: &Stop, jumps: &[Stop], route: &Route) -> Option<bool> {
        let host = CanonicalHost::of(&route.host);
        let by_one_name = host == CanonicalHost::of(&stop.host);
        match (&route.via, jumps.last()) {
            // What a name means behind a jump host, only that one knows.
            (Some(via), Some(jump)) => {
                let by_one_way = via.host == jump.host && via.port == jump.port;
                (by_one_way && by_one_name).then_some(route.port == stop.port)
            }
            (Some(_), None) | (None, Some(_)) => None,
            (None, None) if route.port != stop.port => Some(false),
            (None, None) if by_one_name => Some(true),
            (None, None) => {
                let answered = CanonicalHost::of_address(stop.address?);
                match host {
                    CanonicalHost::Address(_) => Some(host == answered),
                    CanonicalHost::Name(_) => {
                        let found = timeout(WITHIN, self.look_up(&route.host)).await.ok()?;
                        Some(found.into_iter().any(|ip| CanonicalHost::of_address(ip) == answered))
                    }
                }
            }
        }
    }

    /// The addresses of a name; none if it has none now.
    fn look_up(&self, host: &Host) -> Lookup {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.retain(|_, (since, _)| since.elapsed() < FRESH);
        let (name, places) = (host.to_string(), Arc::clone(&self.places));
        let look = move || {
            let lookup = async move {
                let place = places.acquire_owned().await.ok();
                let lookup = spawn_blocking(move || {
                    let found = (name.as_str(), 0).to_socket_addrs();
                    drop(place);
                    found.map(|found| found.map(|address| address.ip()).collect()).unwrap_or_default()
                });
                lookup.await.unwrap_or_default()
            };
            (Instant::now(), lookup.boxed().shared())
        };
        found.entry(host.clone()).or_insert_with(look).1.clone()
    }
}

fn is_loopback(route: &Route) -> bool {
    match CanonicalHost::of(&route.host) {
        CanonicalHost::Address(address) => address.is_loopback(),
        CanonicalHost::Name(name) => name == "localhost" || name.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use nixi_core::{Given, Jump, Mode, SshTarget};

    use super::*;
    use crate::SshOptions;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
    const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC";

    fn node(name: &str, host: &str, mode: Mode) -> Node {
        let target = SshTarget {
            host: host.parse().unwrap(),
            port: Port::SSH,
            user: "nixi".parse().unwrap(),
            identity: None,
            given: Given::ALL,
            jump: Jump::Unsaid,
        };
        Node::remote(name.parse().unwrap(), target, mode)
    }

    fn fingerprint(key: &str) -> nixi_core::Fingerprint {
        use base64::Engine;
        let blob = base64::engine::general_purpose::STANDARD.decode(key.split(' ').nth(1).unwrap()).unwrap();
        HostKey::from_blob(&blob).unwrap().fingerprint()
    }

    /// What is told of the others where this stands in known_hosts, and a key of this machine's own in the folder of sshd.
    async fn told(known: &str, node: &Node, arrival: Option<&Arrival>, others: &[Node]) -> Vec<Likeness> {
        let dir = tempfile::tempdir().unwrap();
        let options = SshOptions::of_home(dir.path());
        for folder in ["ssh", "own"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        std::fs::write(&options.known_hosts, known).unwrap();
        std::fs::write(dir.path().join("own/ssh_host_ed25519_key.pub"), KEY).unwrap();
        std::fs::write(dir.path().join("ssh/config"), "Host unusable.invalid\nProxyCommand nc %h %p\n")
            .unwrap();
        let (routes, connector) = (Routes::new(&options), Connector::new(options));
        let likenesses = Likenesses { own_keys: dir.path().join("own"), ..Likenesses::new() };
        likenesses.tell(&connector, &routes, node, arrival, others).await.unwrap()
    }

    fn arrival(key: &str, address: &str) -> Arrival {
        let stop = Stop {
            host: "web.invalid".parse().unwrap(),
            address: Some(address.parse().unwrap()),
            port: Port::SSH,
            user: "nixi".parse().unwrap(),
        };
        Arrival { host_key: fingerprint(key), way: vec![stop] }
    }

    fn same_key() -> Likeness {
        Likeness::Same(Sameness::Key(fingerprint(KEY)))
    }

    #[tokio::test]
    async fn a_node_is_told_by_its_key_and_then_by_its_address() {
        let web = node("web", "web.invalid", Mode::Managed);
        let mon = [node("mon", "192.0.2.7", Mode::Monitored)];
        for (known, address, expected) in [
            (format!("web.invalid {KEY}\n192.0.2.7 {KEY}\n"), "192.0.2.1", same_key()),
            (format!("web.invalid,192.0.2.7 {KEY}\n"), "192.0.2.1", same_key()),
            (format!("web.invalid {KEY}\n192.0.2.7 {OTHER}\n"), "192.0.2.1", Likeness::Another),
            // Both are on record for it, while one is being replaced.
            (format!("192.0.2.7 {OTHER}\n192.0.2.7 {KEY}\n"), "192.0.2.1", same_key()),
            // At its address, whatever its key was.
            (
                format!("web.invalid {KEY}\n192.0.2.7 {OTHER}\n"),
                "192.0.2.7",
                Likeness::Same(Sameness::Address),
            ),
            (format!("web.invalid {KEY}\n"), "::ffff:192.0.2.7", Likeness::Same(Sameness::Address)),
            (format!("web.invalid {KEY}\n"), "192.0.2.1", Likeness::Untold),
            // A pattern names nobody.
            (format!("web.invalid {KEY}\n192.0.2.* {KEY}\n"), "192.0.2.1", Likeness::Untold),
        ] {
            let told = told(&known, &web, Some(&arrival(KEY, address)), &mon).await;
            assert_eq!(told, [expected], "{known} {address}");
        }
    }

    /// One that cannot be connected to by its ssh_config may be any machine, unless its key tells.
    #[tokio::test]
    async fn a_node_without_a_way_is_told_by_its_key_alone() {
        let (web, there) = (node("web", "web.invalid", Mode::Managed), arrival(KEY, "192.0.2.1"));
        let mon = [node("mon", "unusable.invalid", Mode::Monitored)];
        for (known, expected) in [
            (String::new(), Likeness::Untold),
            (format!("unusable.invalid {OTHER}\n"), Likeness::Another),
            (format!("unusable.invalid {KEY}\n"), same_key()),
        ] {
            let known = format!("web.invalid {KEY}\n{known}");
            assert_eq!(told(&known, &web, Some(&there), &mon).await, [expected], "{known}");
        }
    }

    /// A node may be the controller under another name, and is recognised by the keys of the controller's own sshd.
    #[tokio::test]
    async fn this_machine_is_told_by_its_own_keys() {
        let here = Node::controller();
        let others = [
            node("me", "mybox.lan", Mode::Monitored),
            node("mon", "192.0.2.7", Mode::Monitored),
            node("loop", "127.0.0.2", Mode::Monitored),
        ];
        let known = format!("mybox.lan {KEY}\n192.0.2.7 {OTHER}\n");
        let expected = [same_key(), Likeness::Another, Likeness::Untold];
        assert_eq!(told(&known, &here, None, &others).await, expected);
        let new = node("new", "web.invalid", Mode::Monitored);
        for (key, expected) in [(KEY, same_key()), (OTHER, Likeness::Another)] {
            let told = told("", &new, Some(&arrival(key, "192.0.2.1")), &[Node::controller()]).await;
            assert_eq!(told, [expected]);
        }
    }

    /// Numbers are looked up by nobody, so this asks no server.
    #[test]
    fn the_resolver_reads_addresses_as_they_are_compared() {
        for spelled in [
            "127.0.0.1",
            "127.1",
            "127.0.257",
            "2130706433",
            "0x7f.1",
            "0X7F000001",
            "0177.0.0.01",
            "010.8.0x10",
            "4294967295",
            "0",
        ] {
            let resolved = (spelled, 22).to_socket_addrs().unwrap().next().unwrap().ip();
            let host = CanonicalHost::of(&spelled.parse().unwrap());
            assert_eq!(host, CanonicalHost::of_address(resolved), "{spelled}");
        }
    }
}
