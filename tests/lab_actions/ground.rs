//! Machines with something on them to look at and to change, and a session that knows them.

use std::time::SystemTime;

use nixi::Setup;
use nixi::core::session::{ApproverHandle, Asker, CallRequest, CallResult, Intent, Op, Outcome, Pending};
use nixi::core::{Part, Review, StepStatus};
use nixi_lab::{Image, Lab, Machine, MachineSpec};
use serde_json::Value;
use tokio::sync::Mutex;

/// A managed machine.
pub(crate) const WEB: &str = "web-server";
/// A monitored machine.
pub(crate) const MONITORING: &str = "monitoring";

/// sshd tells the journal of every command that it is sent, so that none goes unseen. The services are there to be
/// looked at: one runs, one rests, one has failed, and one runs a container.
const OPTIONS: &str = r#"
  services.openssh.settings.LogLevel = "VERBOSE";
  time.timeZone = "Europe/Berlin";
  networking.extraHosts = "127.0.0.2 db-server";
  systemd.services.greeter = {
    description = "Greets, and stays";
    wantedBy = [ "multi-user.target" ];
    script = "echo hello; exec /run/current-system/sw/bin/sleep infinity";
  };
  systemd.services.nginx = {
    description = "Is there to be named";
    wantedBy = [ "multi-user.target" ];
    reload = "true";
    script = "exec /run/current-system/sw/bin/sleep infinity";
  };
  systemd.services.resting = {
    description = "Waits to be started";
    script = "exec /run/current-system/sw/bin/sleep infinity";
  };
  systemd.services.broken = {
    description = "Cannot work";
    serviceConfig.Type = "oneshot";
    wantedBy = [ "multi-user.target" ];
    script = "exit 3";
  };
  virtualisation.oci-containers.containers.page = {
    image = "localhost/nixi-lab/web:1";
    autoStart = false;
  };
"#;

/// The login user has a folder with a file. `web` serves a page and has a folder of the machine; `store` keeps a volume; `idle`
/// was never started; `failed` has ended by itself. Only what has a cgroup can be paused, as `web` has, and on a lab machine
/// crun makes one only for a container that may use all devices and has no limits.
const CONTAINERS: &str = "set -e
    mkdir -p /srv/web && echo kept >/srv/web/data
    install -d -o nixi /srv/notes && echo old >/srv/notes/old.txt
    chmod 604 /srv/notes/old.txt && chown nixi:$(id -gn nixi) /srv/notes/old.txt
    podman run --detach --name web --publish 8080:8080 --volume /srv/web:/data --env TOKEN=hushhush \
        --cgroups enabled --privileged --pids-limit=-1 --label owner=somebody localhost/nixi-lab/web:1
    podman run --detach --name store --volume rows:/var/lib/data localhost/nixi-lab/database:1
    podman create --name idle localhost/nixi-lab/sleeper:1
    podman run --name failed localhost/nixi-lab/crasher:1 || test $? = 3
    logger --tag lab --priority user.err 'a marker for the tests'
    curl --silent --fail --retry 20 --retry-connrefused --retry-delay 1 --output /dev/null http://127.0.0.1:8080/
    systemctl start podman-page
    journalctl --sync";

/// Machines, and a session with all of them in its configuration.
pub(crate) struct Ground {
    pub(crate) lab: Lab,
    pub(crate) begun: SystemTime,
    asker: Asker,
    approver: Mutex<ApproverHandle>,
    folder: tempfile::TempDir,
}

impl Ground {
    /// Furnished machines of these names; each is managed but [`MONITORING`].
    pub(crate) fn of(names: &[&str]) -> Self {
        Self::with_settings(names, "")
    }

    /// The same, with these lines in the configuration; the first may be about `[ssh]`.
    pub(crate) fn with_settings(names: &[&str], settings: &str) -> Self {
        let ground = Self::bare(names, settings);
        std::thread::scope(|scope| {
            for machine in ground.lab.machines() {
                scope.spawn(|| furnish(machine));
            }
        });
        ground
    }

    /// The same, without containers.
    pub(crate) fn bare(names: &[&str], settings: &str) -> Self {
        Self::bare_with(names, settings, "")
    }

    /// The same, with further options of NixOS.
    pub(crate) fn bare_with(names: &[&str], settings: &str, options: &str) -> Self {
        let begun = SystemTime::now();
        let options = format!("{OPTIONS}\n{options}");
        let specs = names.iter().map(|name| MachineSpec::new(*name).options(options.as_str()));
        let lab = specs.fold(Lab::builder(), nixi_lab::LabBuilder::machine).up().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let known_hosts = folder.path().join("known_hosts");
        std::fs::write(&known_hosts, lab.known_hosts().unwrap()).unwrap();
        let mode = |machine: &Machine| if machine.name() == MONITORING { "monitored" } else { "managed" };
        let config = folder.path().join("config.toml");
        let text = format!("[ssh]\nknown_hosts = {known_hosts:?}\n{settings}\n\n{}", lab.config(mode));
        std::fs::write(&config, text).unwrap();
        let (asker, approver) =
            nixi::open(&Setup { config: Some(config), state: Some(folder.path().join("state")) }).unwrap();
        Self { lab, begun, asker, approver: Mutex::new(approver), folder }
    }

    pub(crate) fn machine(&self, name: &str) -> &Machine {
        self.lab.machine(name)
    }

    /// A file of the session, by its name.
    pub(crate) fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    pub(crate) fn write_file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// What comes of a call, and what a person was asked; if one is, `answer` is the answer.
    pub(crate) async fn call(
        &self,
        call: CallRequest,
        answer: impl FnOnce(Pending),
    ) -> (CallResult, Option<Part>) {
        let (outcome, asked) = self.perform(call, answer).await;
        let [result] = &outcome.results[..] else { panic!("{outcome:?}") };
        let part = asked.map(|review| {
            let [part] = <[Part; 1]>::try_from(review.parts).unwrap();
            part
        });
        (result.clone(), part)
    }

    /// The same, for a call that may be wrong as a whole.
    pub(crate) async fn perform(
        &self,
        call: CallRequest,
        answer: impl FnOnce(Pending),
    ) -> (Outcome, Option<Review>) {
        let mut approver = self.approver.lock().await;
        let (mut answer, mut asked) = (Some(answer), None);
        let cancel = Default::default();
        let mut performed =
            std::pin::pin!(self.asker.perform(Op::Call(vec![call]), Intent::Perform, &(), &cancel));
        loop {
            tokio::select! {
                outcome = &mut performed => return (outcome, asked),
                Some(pending) = approver.next() => {
                    asked = Some(pending.review().clone());
                    answer.take().unwrap()(pending);
                }
            }
        }
    }

    /// A call about which nobody may be asked.
    pub(crate) async fn unasked(&self, call: CallRequest) -> CallResult {
        self.call(call, |pending| panic!("asked: {:?}", pending.review())).await.0
    }

    /// The report of a read that works.
    pub(crate) async fn report(&self, call: CallRequest) -> Value {
        let result = self.unasked(call).await;
        assert_eq!(result.status, StepStatus::Done, "{result:?}");
        result.data.unwrap()
    }
}

fn furnish(machine: &Machine) {
    machine.wait_until_booted().unwrap();
    for image in [Image::WebServer, Image::Database, Image::Sleeper, Image::Crasher] {
        machine.import(image).unwrap();
    }
    machine.root(CONTAINERS).unwrap();
}

/// A call of an action with these arguments on a machine.
pub(crate) fn call(action: &str, node: &str, args: &Value) -> CallRequest {
    CallRequest::new(action).on(node).with_args(args.as_object().unwrap().clone())
}

/// Lines of a script's output, in order of the alphabet.
pub(crate) fn lines(machine: &Machine, script: &str) -> Vec<String> {
    let mut lines: Vec<_> = machine.root(script).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}
