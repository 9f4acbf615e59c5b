//! A session over a scripted executor.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use nixi_core::config::{ConfigFiles, ConfigStore};
use nixi_core::fleet::Controller;
use nixi_core::journal::MemoryJournal;
use nixi_core::recording::Recording;
use nixi_core::registry::Access;
use nixi_core::session::{Pending, Phrases, Reading};
use nixi_core::{
    ApproverHandle, Arrival, Asker, CallRequest, CallResult, Enrol, ExecError, Executor, Exit, FileDigest,
    Fingerprint, Forgotten, HostKeys, Intent, Invocation, Likeness, Node, Op, Outcome, Output, Parts, Scope,
    SshTarget, Welcome,
};
use tokio_util::sync::CancellationToken;

pub(crate) const CONFIG: &str = r#"# kept
[[nodes]]
name = "db-server"
host = "192.168.1.20"

[[nodes]]
name = "monitoring"
host = "192.168.1.30"
mode = "monitored"
"#;

/// A session with a managed and a monitored node.
pub(crate) struct Lab {
    pub(crate) asker: Asker,
    pub(crate) approver: ApproverHandle,
    /// The nodes.
    pub(crate) nodes: Arc<Recording>,
    /// The controller.
    pub(crate) local: Arc<Recording>,
    pub(crate) host_keys: Arc<Keys>,
    pub(crate) folder: tempfile::TempDir,
}

impl Lab {
    pub(crate) fn new(nodes: Recording) -> Self {
        Self::with_config(nodes, CONFIG)
    }

    pub(crate) fn docker(nodes: Recording) -> Self {
        Self::with_config(nodes, &format!("{CONFIG}\n[container]\nruntime = \"docker\"\n"))
    }

    pub(crate) fn with_config(nodes: Recording, config: &str) -> Self {
        let nodes = Arc::new(nodes);
        Self::open(nodes.clone(), nodes, config)
    }

    /// With two managed nodes, `db-server` and `second`, each with answers of its own.
    pub(crate) fn two(first: Recording, second: Recording) -> Self {
        let config =
            CONFIG.replace("name = \"monitoring\"", "name = \"second\"").replace("monitored", "managed");
        let first = Arc::new(first);
        Self::open(first.clone(), Arc::new(Two { first, second }), &config)
    }

    /// Over nodes that are more than a script.
    pub(crate) fn over(remote: Arc<dyn Executor>) -> Self {
        Self::open(Arc::new(Recording::new()), remote, CONFIG)
    }

    fn open(nodes: Arc<Recording>, remote: Arc<dyn Executor>, config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = ConfigFiles {
            user: folder.path().join("config.toml"),
            system: folder.path().join("system.toml"),
        };
        std::fs::write(&files.user, config).unwrap();
        let local = Arc::new(Recording::new());
        let host_keys = Arc::new(Keys::default());
        let (asker, approver) = Parts {
            registry: nixi_tools::registry().unwrap(),
            local: local.clone(),
            remote,
            enrol: Arc::new(Nobody),
            host_keys: host_keys.clone(),
            config: ConfigStore::new(files, folder.path().to_owned()),
            journal: Arc::new(MemoryJournal::new()),
            controller: Controller { host_name: "myhost".to_owned(), address: "192.168.1.5".to_owned() },
            phrases: Arc::new(Nobody),
            model: None,
        }
        .open();
        Self { asker, approver, nodes, local, host_keys, folder }
    }

    pub(crate) fn config(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("config.toml")).unwrap()
    }

    pub(crate) async fn perform(&self, call: CallRequest, intent: Intent) -> Outcome {
        self.asker.perform(Op::Call(vec![call]), intent, &(), &CancellationToken::new()).await
    }

    /// A call that gets as far as a node.
    pub(crate) async fn call(&self, call: CallRequest) -> CallResult {
        only(self.perform(call, Intent::Perform).await)
    }

    pub(crate) async fn plan(&self, call: CallRequest) -> CallResult {
        only(self.perform(call, Intent::PlanOnly).await)
    }

    /// The same with a person who answers what is asked; `None` if nothing is.
    pub(crate) async fn answered(
        &mut self,
        call: CallRequest,
        answer: impl FnOnce(Pending),
    ) -> Option<CallResult> {
        let cancel = CancellationToken::new();
        let mut answer = Some(answer);
        let mut performed =
            std::pin::pin!(self.asker.perform(Op::Call(vec![call]), Intent::Perform, &(), &cancel));
        loop {
            tokio::select! {
                outcome = &mut performed => return answer.is_none().then(|| only(outcome)),
                Some(pending) = self.approver.next() => answer.take().unwrap()(pending),
            }
        }
    }

    /// The same with a person who says yes to whatever is asked once, and does `before` saying it.
    pub(crate) async fn approved(
        &mut self,
        call: CallRequest,
        before: impl FnOnce(&Recording),
    ) -> CallResult {
        let op = Op::Call(vec![call]);
        let cancel = CancellationToken::new();
        let asked = async {
            let pending = self.approver.next().await.unwrap();
            before(&self.nodes);
            pending.approve();
        };
        let (outcome, ()) = tokio::join!(self.asker.perform(op, Intent::Perform, &(), &cancel), asked);
        only(outcome)
    }
}

fn only(outcome: Outcome) -> CallResult {
    assert_eq!(outcome.error, None);
    let [result] = <[CallResult; 1]>::try_from(outcome.results).unwrap();
    result
}

pub(crate) fn ended(code: i32, stdout: &str, stderr: &str) -> Result<Output, ExecError> {
    Ok(Output { exit: Exit::Code(code), stdout: stdout.into(), stderr: stderr.into(), truncated: false })
}

/// Two nodes that answer differently.
struct Two {
    first: Arc<Recording>,
    second: Recording,
}

#[async_trait]
impl Executor for Two {
    async fn exec(&self, run: Invocation) -> Result<Output, ExecError> {
        match run.node().name().as_str() {
            "second" => self.second.exec(run).await,
            _ => self.first.exec(run).await,
        }
    }

    async fn reach(&self, _: &Node, _: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        Ok(None)
    }

    async fn reach_anew(
        &self,
        node: &Node,
        cancel: &CancellationToken,
    ) -> Result<Option<Arrival>, ExecError> {
        self.reach(node, cancel).await
    }
}

struct Nobody;

#[async_trait]
impl Enrol for Nobody {
    async fn key_login(
        &self,
        _: &SshTarget,
        _: Option<&Fingerprint>,
        _: &CancellationToken,
    ) -> Result<Welcome, ExecError> {
        Err(ExecError::CancelledUnsent)
    }
}

/// Forgets every host that it is told to, and writes down whose keys were to stay.
#[derive(Default)]
pub(crate) struct Keys {
    kept: Mutex<Vec<SshTarget>>,
}

impl Keys {
    /// The hosts whose keys stayed when one was forgotten.
    pub(crate) fn kept(&self) -> Vec<String> {
        self.kept.lock().unwrap().iter().map(|target| target.host.to_string()).collect()
    }
}

#[async_trait]
impl HostKeys for Keys {
    async fn likenesses(
        &self,
        _: &Node,
        _: Option<&Arrival>,
        others: &[Node],
    ) -> Result<Vec<Likeness>, String> {
        Ok(vec![Likeness::Another; others.len()])
    }

    fn forget(&self, _: &SshTarget, kept: &[SshTarget]) -> Result<Forgotten, String> {
        *self.kept.lock().unwrap() = kept.to_vec();
        Ok(Forgotten { lines: 1, file: "known_hosts".into() })
    }

    fn on_record(&self, _: &SshTarget, _: &[SshTarget]) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn remember(&self, _: &SshTarget, _: &[String]) -> Result<Forgotten, String> {
        Err("there is no record".to_owned())
    }
}

impl Phrases for Nobody {
    fn read(&self, _: &str) -> Reading {
        Reading::Unknown { nearest: Vec::new() }
    }
}

/// Every registered action of a kind that works on nodes, with the example of its card.
pub(crate) fn examples(is_of_the_kind: impl Fn(Access) -> bool) -> Vec<CallRequest> {
    let registry = nixi_tools::registry().unwrap();
    let chosen = registry.specs().filter(|spec| spec.scope == Scope::Node && is_of_the_kind(spec.access));
    chosen
        .map(|spec| {
            CallRequest::new(spec.name.to_string()).with_args(spec.example.as_object().unwrap().clone())
        })
        .collect()
}

pub(crate) const WEB: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
pub(crate) const CACHE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// `web` runs, `cache` has exited.
pub(crate) fn podman_list() -> String {
    format!(
        r#"[{{"Id":"{WEB}","Names":["web"],"Image":"docker.io/library/nginx:1.27","State":"running",
            "Status":"Up 5 minutes","Ports":[{{"host_ip":"","container_port":80,"host_port":8080,"range":1,"protocol":"tcp"}}],
            "Labels":{{"PODMAN_SYSTEMD_UNIT":"podman-web.service"}},"AutoRemove":false,"Created":1763999990}},
           {{"Id":"{CACHE}","Names":["cache"],"Image":"docker.io/library/redis:7","State":"exited",
            "Status":"Exited (0) 2 hours ago","Ports":null,"Labels":null,"AutoRemove":false,"Created":1763990000}}]"#
    )
}

/// What the record of a change says that ended like this.
pub(crate) fn record(end: [&str; 3]) -> String {
    let [result, how, status] = end;
    let page = format!("begun\nEXIT_CODE={how}\nEXIT_STATUS={status}\nSERVICE_RESULT={result}\nended\n");
    format!("==> /run/nixi/x <==\n{page}\n==> /var/lib/nixi/x <==\n{page}")
}

/// An image of the node's own.
const IMAGE: &str = r#"["0000000000000000000000000000000000000000000000000000000000000001",["localhost/nixi-lab/sleeper:1"],[],null,null,null,["/bin/sh","/main.sh"]]"#;

/// `greeter`, as Nixi deployed it.
pub(crate) const GREETER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n\
    0000000000000000000000000000000000000000000000000000000000000001\nrunning\n\
    {\"name\":\"greeter\",\"image\":\"localhost/nixi-lab/sleeper:1\",\"env\":{\"LANG\":\"C\"}}\n";

/// A change as a plan shows it: what has systemd run it is told without what is the same for every change.
pub(crate) fn as_shown(change: &str) -> String {
    match change.split_once("journalctl --sync\"' -- ") {
        Some((_, command)) => format!("sudo -n -- systemd-run … -- {command}"),
        None => change.to_owned(),
    }
}

/// A boot with this id.
fn boot(id: &str) -> String {
    format!("{id}\n1 (systemd) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 812 100 200\n")
}

/// What is in the file of the example of `file.write` before, and what is written.
pub(crate) const NOTES: [&str; 2] = ["call home\n", "water the plants\n"];

/// With two files of the login user in /srv/notes: `old.txt`, and `today.txt` with this in it.
fn with_files(node: Recording, today: &str) -> Recording {
    let real = "realpath --canonicalize-existing --zero -- ";
    let digest = |text: &str| format!("{}  -\n", FileDigest::of(text.as_bytes()));
    let stat = r"stat --dereference '--printf=%f\0%s\0%u\0%U\0%g\0%G\0%Y\0%h\0' -- ";
    let told = |mode: &str, bytes: usize, names: u8| {
        format!("{mode}\0{bytes}\0{}\0nixi\0{}\0users\0{}\0{names}\0", 1000, 100, 1_764_000_000)
    };
    let (facts, folder) = (told("81a4", today.len(), 1), told("41ed", 4096, 2));
    node.answering(&format!("{real}/srv"), "/srv\0")
        .answering(&format!("{real}/srv/notes"), "/srv/notes\0")
        .answering(&format!("{real}/srv/web/data"), "/srv/web/data\0")
        .answering(&format!("{real}/srv/notes/today.txt"), "/srv/notes/today.txt\0")
        .answering(&format!("{real}/srv/notes/old.txt"), "/srv/notes/old.txt\0")
        .answering(stat, &facts)
        .answering(&format!("{stat}/srv"), &folder)
        .answering(&format!("{stat}/srv/notes/"), &facts)
        .answering(&format!("{stat}/srv/web/data"), &facts)
        .answering("head '--bytes=262145' -- /srv/web/data", "rows\n")
        .answering("find /srv -mindepth 1", "l\0fnotes\0unixi\0gusers\0d 4096 755 1764000000.0\0\n")
        .answering(r"stat --dereference '--printf=%f\0%u", &format!("81a4\0{}\0{}\0", 1000, 100))
        .answering(r"stat --dereference '--printf=%f\0' -- ", "41ed\x0041ed\x0041ed\0")
        .ending("test -L ", ended(1, "", ""))
        .answering("test -w /srv/notes", "")
        .answering("id --user", "1000\n")
        .answering("id --groups", "100 27\n")
        .answering("head '--bytes=262145' -- /srv/notes/today.txt", today)
        .answering("head '--bytes=262145' -- /srv/notes/old.txt", "old\n")
        .answering("sha256sum -- /srv/notes/today.txt", &digest(today))
        .answering("sha256sum -- /srv/notes/old.txt", &digest("old\n"))
        // What is written first, beside the file.
        .answering("sha256sum -- /srv/notes/.today.txt", &digest(NOTES[1]))
        .answering("install ", "")
        .answering("dd ", "")
        .answering("chown ", "")
        .answering("chmod ", "")
        .answering("mv ", "")
        .answering("rm ", "")
}

/// What Nixi has declared on a node.
const OWN: &str = "{ pkgs, ... }:\n{\n  environment.systemPackages = [ pkgs.htop ];\n  networking.firewall.allowedTCPPorts = [ 8080 ];\n  time.timeZone = \"Europe/Berlin\";\n  systemd.services.nginx.wantedBy = [ \"multi-user.target\" ];\n}\n";

/// A firewall that is made with iptables.
const FIREWALLS: &str = "ExecStart={ path=/nix/store/x-firewall-start/bin/firewall-start ; argv[]=firewall-start }\n\
    Id=firewall.service\nLoadState=loaded\nActiveState=active\n\n\
    Id=nftables.service\nLoadState=not-found\nActiveState=inactive\n\n\
    Id=firewalld.service\nLoadState=not-found\nActiveState=inactive\n";

/// What a configuration is evaluated to whose system is at this path.
pub(crate) fn evaluated_to(outcome: &str) -> String {
    let told = r#"{"system":"/nix/store/dddddddddddddddddddddddddddddddd-nixos-system-db-25.05.20250901.ddd1826.drv",
    "outcome":"@","switchable":true,"sshd":{"enable":true,"starts":true},"ports":[22],"listen":[],"hostKeys":[],"allowUsers":null,"denyUsers":null,
    "allowGroups":null,"denyGroups":null,"rootLogin":"no","keysInHome":true,"addresses":[],"firewall":{"enable":true,
    "open":[22],"ranges":[],"interfaces":{},"trusted":["lo"]},"users":{"nixi":["ssh-ed25519 AAAA me"]}}"#;
    told.replace('@', outcome.trim_end())
}

/// Root's channels.
const CHANNELS: &str = "/nix/var/nix/profiles/per-user/root/channels";
const PROFILE: &str = "/nix/store/pppppppppppppppppppppppppppppppp-user-environment";
const FETCHED: &str = "/nix/store/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn-nixos-25.05/nixos";

/// With a configuration of the login user's, which imports this module of Nixi's, if there is one; and a system that is
/// built of it, and is none of those that are there.
fn with_configuration(node: Recording, own: Option<&str>) -> Recording {
    let digest = |text: &str| format!("{}  -\n", FileDigest::of(text.as_bytes()));
    let real = "realpath --canonicalize-existing --zero -- ";
    let import = own.map(|_| " ./nixi.nix").unwrap_or_default();
    let configuration = format!("{{\n  imports = [ ./hardware-configuration.nix{import} ];\n}}\n");
    let gone = |program: &str| ended(1, "", &format!("{program}: it: No such file or directory\n"));
    let node = node
        .answering("uname -n", "db\n")
        .answering(
            "readlink -f -- /nix/var/nix/profiles/system",
            SYSTEMS.split_inclusive('\n').next().unwrap(),
        )
        .answering("readlink -f -- /run/booted-system/kernel", "/a\n/b\n/c\n/a\n/b\n/c\n")
        .answering("grep -hs -e NIX_PATH", &format!("NIX_PATH DEFAULT=\"nixpkgs={CHANNELS}/nixos\"\n"))
        .answering("date", "2025-11-24T17:00:00+01:00\nCET\n1764000000\n")
        .answering("nix-channel --version", "nix-channel (Nix) 2.31.2\n")
        .answering("sudo -n -- nix-channel --list", "nixos https://nixos.org/channels/nixos-25.05\n")
        .answering(&format!("readlink -- {CHANNELS}"), "channels-3-link\n")
        .answering("find /nix/var/nix/profiles/per-user/root -maxdepth", &format!("channels-3-link 1764000000.5 {PROFILE}\nchannels-4-link 1764003600.5 {PROFILE}\n"))
        .answering(&format!("find {CHANNELS}/"), &format!("nixos {FETCHED}\nmanifest.nix /nix/store/m\n"))
        .answering("grep -sHam 1", &format!("{CHANNELS}/nixos/.version:25.05\n{CHANNELS}/nixos/.version-suffix:.8123.d98ce345cdab\n{CHANNELS}/nixos/.git-revision:d98ce345cdab\n"))
        .answering("grep -sHam 1 -e . -- /dev/null /nix/store/", "/nix/store/x/nixos/.version:25.05\n/nix/store/x/nixos/.version-suffix:.9001.e11111111111\n/nix/store/x/nixos/.git-revision:e11111111111\n")
        .answering("env 'HOME=/tmp/nixi-", "")
        .answering("readlink -f -- /tmp/nixi-", "/nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-user-environment\n")
        .answering("find /nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-user-environment/", "nixos /nix/store/ffffffffffffffffffffffffffffffff-nixos-25.05/nixos\n")
        .ending(&format!("{real}/etc/nixos/flake.nix"), gone("realpath"))
        .answering(&format!("{real}/etc/nixos/configuration.nix"), "/home/me/nixos/configuration.nix\0")
        .answering(&format!("{real}/home/me/nixos"), "/home/me/nixos\0")
        .answering("head '--bytes=262145' -- /home/me/nixos/configuration.nix", &configuration)
        .answering("sha256sum -- /home/me/nixos/configuration.nix", &digest(&configuration))
        .answering("findmnt", r#"{"filesystems":[{"target":"/","options":"rw,relatime"}]}"#)
        .answering("mkdir ", "")
        .answering("cp ", "")
        .answering("nix-instantiate --eval", &evaluated_to(SYSTEMS.lines().next().unwrap()))
        .answering(
            "nix-store --realise",
            "/nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826\n",
        )
        .answering("cat -- /etc/ssh/sshd_config", "Port 22\n")
        .answering("cat -- /etc/ssh/authorized_keys.d/nixi", "ssh-ed25519 AAAA me\n")
        .ending("find /.git", ended(1, "", ""))
        .answering("nix --extra-experimental-features nix-command store diff-closures", "htop: ∅ → 3.4.1\n")
        .answering("find /nix/store/", "nginx.service /nix/store/x-unit-nginx.service/nginx.service\n");
    match own {
        Some(own) => node
            .answering("head '--bytes=262145' -- /home/me/nixos/nixi.nix", own)
            .answering("sha256sum -- /home/me/nixos/nixi.nix", &digest(own)),
        None => node
            .ending("head '--bytes=262145' -- /home/me/nixos/nixi.nix", gone("head"))
            .ending("sha256sum -- /home/me/nixos/nixi.nix", gone("sha256sum")),
    }
}

/// The same node, where nothing runs, a file was written and another deleted.
pub(crate) fn resting() -> Recording {
    let shown = "systemctl show --no-pager '--property=Id,Description";
    let unit = "Id=nginx.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nDescription=d\n";
    let gone = "realpath: /srv/notes/old.txt: No such file or directory\n";
    with_configuration(with_files(node(), NOTES[1]), Some(OWN))
        .ending("realpath --canonicalize-existing --zero -- /srv/notes/old.txt", ended(1, "", gone))
        .answering("sudo -n -- podman ps", &podman_list().replace("running", "exited"))
        .answering(shown, unit)
        .answering("readlink -- /nix/var/nix/profiles/system", "system-1-link\n")
        .answering(
            "sudo -n -- nix-channel --list",
            "lab file:///usr/lib/nixi-lab/channel/nixos-25.05.tar.gz\n",
        )
        .answering(&format!("readlink -- {CHANNELS}"), "channels-4-link\n")
        .answering(
            "readlink -f -- /nix/var/nix/profiles/system",
            "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0\n",
        )
        .answering(
            "nix-instantiate --eval",
            &evaluated_to("/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0"),
        )
        .answering(
            "readlink -f -- /run/current-system",
            "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0\n",
        )
}

/// The same node, where the container `web` is paused.
pub(crate) fn paused() -> Recording {
    node().answering("sudo -n -- podman ps", &podman_list().replace("running", "paused"))
}

/// Two generations, as the node lists them.
pub(crate) const GENERATIONS: &str = "system-1-link 1764000000.5 /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0\n\
     system-2-link 1764003600.5 /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826\n";
/// The system that runs, and the one that was booted.
pub(crate) const SYSTEMS: &str = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826\n\
     /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0\n";

/// Nodes on which every change has something to do, the one or the other.
pub(crate) const STATES: [fn() -> Recording; 3] = [node, resting, paused];

/// A node with these two containers, two units and two files, where every change works.
pub(crate) fn node() -> Recording {
    let unit = |name: &str, active: &str| {
        format!("Id={name}\nLoadState=loaded\nActiveState={active}\nSubState=x\nDescription=d\n")
    };
    with_configuration(with_files(Recording::new(), NOTES[0]), None)
        .answering("sudo -n -- podman ps", &podman_list())
        .answering("sudo -n -- podman inspect '--syslog=false' --type container --format '{{.Id}} {{.Name}}' -- cache", &format!("{CACHE} cache\n"))
        .answering(
            "sudo -n -- podman inspect '--syslog=false' --type container --format '{{.Id}} {{.Name}}' -- cache web",
            &format!("{CACHE} cache\n{WEB} web\n"),
        )
        .answering("sudo -n -- podman inspect '--syslog=false' --type container --format '{{.Id}} {{.Name}}' -- web", &format!("{WEB} web\n"))
        .answering("sudo -n -- podman start", "")
        .answering("sudo -n -- podman restart", "")
        .answering("systemctl show --no-pager '--property=LoadState,ActiveState", "ActiveState=active\nSubState=running\nInvocationID=ab\nNRestarts=0\n")
        .answering("sudo -n -- podman inspect '--syslog=false' --type container -- ", r#"[{"State":{"Status":"running","StartedAt":"2026-11-25T10:00:00Z"},"RestartCount":0}]"#)
        .answering("test -d /run/systemd/system", "")
        .answering("sudo -n -l -- systemd-run", "/run/current-system/sw/bin/systemd-run\n")
        .answering("sudo -n -- systemd-run", "")
        .answering("systemctl show --no-pager '--property=ActiveState,Job' -- nixi-", "ActiveState=inactive\n")
        .answering("head -v -n 5 -- /run/nixi/", &record(["success", "exited", "0"]))
        .answering("sudo -n -- journalctl '--output=cat'", "")
        .answering("systemctl list-units", r#"[{"unit":"nginx.service","load":"loaded","active":"active","sub":"running","description":"d"}]"#)
        .answering("systemctl show --no-pager '--property=Id,Description", &unit("nginx.service", "active"))
        .answering("systemctl show --no-pager '--property=Id,LoadState'", "Id=nginx.service\nLoadState=loaded\n")
        .answering("systemctl show --no-pager '--property=Id,CanReload'", "Id=nginx.service\nCanReload=yes\n")
        .answering(
            "systemctl show --no-pager '--property=Id,WantedBy,RequiredBy,TriggeredBy'",
            "Id=nginx.service\nWantedBy=\nRequiredBy=\nTriggeredBy=\n",
        )
        .answering(
            "find /run/current-system/etc/systemd/system/",
            "nginx.service /nix/store/x-unit-nginx.service/nginx.service\n",
        )
        .answering("systemctl show --no-pager '--property=Id,LoadState,ActiveState,ExecStart'", FIREWALLS)
        .answering(
            "head '--bytes=262145' -- /nix/store/x-firewall-start/bin/firewall-start",
            "ip46tables -N nixos-fw\nip46tables -A nixos-fw -p tcp --dport 22 -j nixos-fw-accept\n\
             ip46tables -A nixos-fw -j nixos-fw-log-refuse\n",
        )
        .answering("systemctl show --no-pager '--property=Id,ActiveState,RequiredBy", "Id=nginx.service\nActiveState=active\nRequiredBy=\n")
        // For containers that are deployed: `greeter` is there to be updated, and its name is free.
        .answering("systemctl show --no-pager '--property=UnitFileState'", "enabled\n")
        .answering("sudo -n -- podman inspect '--syslog=false' --type image", IMAGE)
        .answering("sudo -n -- podman network", r#"[{"name":"podman","dns_enabled":false}]"#)
        .answering("sudo -n -- podman secret", "")
        .answering("sudo -n -- podman version", "5.4.1\n")
        .answering("sudo -n -- podman ps '--syslog=false' --all --no-trunc --quiet", "")
        .answering("sudo -n -- podman inspect '--syslog=false' --type container --format '{{.Id}}\n", GREETER)
        .answering("realpath --canonicalize-missing --zero -- /srv/greeter/data", "/srv/greeter/data\0")
        .ending("test -e /srv/greeter", ended(1, "", ""))
        .answering("sudo -n -- podman create", "")
        .answering("sudo -n -- podman rename", "")
        .answering("sudo -n -- podman rm", "")
        .answering("sudo -n -- mkdir", "")
        .answering("find /nix/var/nix/profiles -maxdepth", GENERATIONS)
        .answering("readlink -- /nix/var/nix/profiles/system", "system-2-link\n")
        .answering("readlink -f -- /run/current-system", SYSTEMS)
        // A switch that is confirmed.
        .answering("systemctl list-units '--state=failed'", "")
        .answering("sudo -n -- install", "")
        .answering("tail -n 4 -- /run/nixi/", "switching\nswitched 0 812\nconfirmed\n")
        .answering("sudo -n -- systemctl reboot", "")
        .answering("cat -- /proc/sys/kernel/random/boot_id", &boot("5d0c"))
        .answering_after("sudo -n -- systemctl reboot", "cat -- /proc/sys/kernel/random/boot_id", &boot("a1f3"))
        .answering("sudo -n -- systemctl poweroff", "")
        .going_off_after("sudo -n -- systemctl poweroff")
        .answering("ps ", "1 0 systemd 0::/init.scope\n20 1 sshd 0::/system.slice/door.service\n21 20 ps 0::/user.slice\n")
}
