//! What is set around Nixi, or on a node, changes neither what a command means nor what is read of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test, which runs the program it is about"
)]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{Home, Ran};
use nixi_lab::Sshd;

/// As systemd 252 colours its JSON, into a pipe too.
const SYSTEMCTL: &str = "#!/bin/sh
case \"$*\" in *list-units*) ;; *) exit 1 ;; esac
if [ \"$SYSTEMD_COLORS\" = 1 ]; then printf '[{\"\\033[0;32munit\\033[0m\":\"\\033[0;32ma.service\\033[0m\"}]\\n'
else echo '[{\"unit\":\"a.service\",\"load\":\"loaded\",\"active\":\"active\",\"sub\":\"running\",\"description\":\"A\"}]'; fi
";

/// Docker of this machine has an image `here`; led elsewhere, it has one `there`. Its machine is that of `--host`, of
/// `--context`, of the variables, or of the context in its file, whichever of them is first. NOTES tells where it was
/// asked to do what.
const DOCKER: &str = "#!/bin/sh
host= context=
while :; do
case \"$1\" in --host | -H) host=$2 ;; --context | -c) context=$2 ;; *) break ;; esac
shift 2
done
case \"$1\" in -*) echo \"unknown flag: $1\" >&2; exit 125 ;; esac
case \"$*\" in *--syslog*) echo 'unknown flag: --syslog' >&2; exit 125 ;; esac
[ -z \"$host$context\" ] && [ -z \"$DOCKER_HOST\" ] && context=${DOCKER_CONTEXT-$(sed -n 's/.*\"currentContext\":\"\\([^\"]*\\)\".*/\\1/p' \"$HOME/.docker/config.json\" 2>/dev/null)}
case \"${context:-default}\" in default) host=${host:-${DOCKER_HOST:-unix:///var/run/docker.sock}} ;; *) host=tcp://$context ;; esac
where=there
[ \"$host\" = unix:///var/run/docker.sock ] && where=here
echo \"$where $*\" >>NOTES
case \"$*\" in
*AutoRemove*) echo \"1111111111111111111111111111111111111111111111111111111111111111 false\" ;;
*--format*.Id*) echo \"1111111111111111111111111111111111111111111111111111111111111111 /web\" ;;
*ps*) printf '{\"ID\":\"1111111111111111111111111111111111111111111111111111111111111111\",\"Names\":\"web\",\"Image\":\"%s\",\"State\":\"running\",\"Status\":\"Up 5 minutes\"}\\n' \"$where\" ;;
*stop*) echo web ;;
*) exit 1 ;;
esac
";

/// Podman is of this machine, or a client of another one, which does not know the options of the former.
const PODMAN: &str = "#!/bin/sh
where=here
[ -n \"$CONTAINER_HOST$CONTAINER_CONNECTION\" ] && where=there
grep -qs 'remote = true' \"$HOME/.config/containers/containers.conf\" && where=there
case \"$where $*\" in 'there '*--syslog*) echo 'Error: unknown flag: --syslog' >&2; exit 125 ;; esac
echo \"$where $*\" >>NOTES
case \"$*\" in
*--format*.Id*) echo \"1111111111111111111111111111111111111111111111111111111111111111 web\" ;;
*ps*) printf '[{\"Id\":\"1111111111111111111111111111111111111111111111111111111111111111\",\"Names\":[\"web\"],\"Image\":\"%s\",\"State\":\"running\",\"Status\":\"\",\"AutoRemove\":false}]\\n' \"$where\" ;;
*stop*) echo web ;;
*) exit 1 ;;
esac
";

/// As sudo does, it makes the environment of root anew: its home, and what PAM has in store for everybody.
const SUDO: &str = "#!/bin/sh
while :; do
case \"$1\" in -n) ;; -l) exit 1 ;; --) shift; break ;; *) break ;; esac
shift
done
exec env -i \"PATH=$PATH\" HOME=ROOT LOGNAME=root USER=root SHELL=/bin/sh PAM \"$@\"
";

const NPROC: &str = "#!/bin/sh\necho ${OMP_NUM_THREADS-2}\n";

/// What somebody may have set, each with another meaning for a program that Nixi runs.
const HOSTILE: [(&str, &str); 14] = [
    ("SYSTEMD_COLORS", "1"),
    ("SYSTEMD_PAGER", "cat -n"),
    ("SYSTEMD_LOG_LEVEL", "debug"),
    ("JOURNAL_STREAM", "1:2"),
    ("TZ", "Asia/Tokyo"),
    ("DOCKER_HOST", "tcp://192.0.2.9:2375"),
    ("DOCKER_CONTEXT", "elsewhere"),
    ("CONTAINER_HOST", "ssh://192.0.2.9/run/podman.sock"),
    ("CONTAINER_CONNECTION", "elsewhere"),
    ("LS_COLORS", "di=01;34"),
    ("GREP_OPTIONS", "-v"),
    ("POSIXLY_CORRECT", "1"),
    ("BLOCK_SIZE", "human-readable"),
    ("OMP_NUM_THREADS", "1"),
];

fn put(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn put_all(folder: &Path, notes: &Path) {
    put(folder, "systemctl", SYSTEMCTL);
    put(folder, "nproc", NPROC);
    for (name, script) in [("docker", DOCKER), ("podman", PODMAN)] {
        put(folder, name, &script.replace("NOTES", &notes.display().to_string()));
    }
}

/// Once `docker context use elsewhere` was run here.
fn use_another_context(home: &Path) {
    std::fs::create_dir_all(home.join(".docker")).unwrap();
    std::fs::write(home.join(".docker/config.json"), "{\"currentContext\":\"elsewhere\"}\n").unwrap();
}

/// A controller and a node, both in an environment that somebody else chose.
struct Led {
    home: Home,
    node: Sshd,
}

impl Led {
    fn new() -> Self {
        let rc: String = HOSTILE.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
        let node = Sshd::builder().shell_rc(&rc).start().unwrap();
        put_all(&node.stub_dir(), &node.home().join("notes"));
        use_another_context(&node.home());
        let config = format!(
            "[container]\nruntime = \"docker\"\n[ssh]\nidentity = [{:?}]\n[[nodes]]\nname = \"web\"\nhost = \"127.0.0.1\"\n\
             port = {}\nuser = {:?}\n",
            node.identity(),
            node.port(),
            node.user()
        );
        let home = Home::with_config(&config);
        std::fs::create_dir(home.path().join("bin")).unwrap();
        put_all(&home.path().join("bin"), &home.path().join("notes"));
        use_another_context(home.path());
        Self { home, node }
    }

    fn nixi(&self, args: &[&str]) -> Ran {
        let path = format!("{}/bin:/usr/bin:/bin", self.home.path().display());
        let mut command = self.home.command(&[args, &["--json"]].concat());
        Ran::from(command.envs(HOSTILE).env("PATH", path).output().unwrap())
    }

    fn data(&self, action: &str, node: &str) -> serde_json::Value {
        let ran = self.nixi(&["call", action, "--node", node]);
        assert_eq!(ran.code, 0, "{action} on {node}: {ran:?}");
        ran.document()["results"][0]["data"].clone()
    }
}

const BOTH: [&str; 2] = ["local", "web"];

#[test]
fn what_is_read_is_read_as_ever() {
    let led = Led::new();
    for node in BOTH {
        assert!(led.data("service.list", node).to_string().contains("a.service"), "{node}");
        let clock = led.data("clock.now", node);
        // The zone of the machine and the offset of that zone: a variable of somebody's own would give another.
        let offset = std::process::Command::new("date").arg("+%:z").env_remove("TZ").output().unwrap();
        let offset = String::from_utf8(offset.stdout).unwrap();
        assert!(clock["time"].as_str().unwrap().ends_with(offset.trim()), "{node}: {clock}");
        assert_ne!(clock["zone"], "JST", "{node}");
        assert_eq!(led.data("system.resources", node)["cpus"], 2, "{node}");
    }
}

/// The plan names this machine, so what it runs has to be for this machine, reads and changes alike.
#[test]
fn a_change_is_made_on_the_machine_that_the_plan_names() {
    let led = Led::new();
    for (node, notes) in BOTH.into_iter().zip([led.home.path().join("notes"), led.node.home().join("notes")])
    {
        assert!(led.data("container.list", node).to_string().contains("here"), "{node}");
        let ran = led.nixi(&["call", "container.stop", "names=web", "--node", node, "--yes"]);
        assert_eq!(ran.code, 0, "{node}: {ran:?}");
        let notes = std::fs::read_to_string(notes).unwrap();
        assert!(notes.lines().any(|line| line.starts_with("here stop")), "{node}: {notes}");
        assert!(notes.lines().all(|line| line.starts_with("here ")), "{node}: {notes}");
    }
}

/// On the controller, by a user who is not root, with a sudo that gives root this environment. Where root runs the test, a
/// namespace makes another user of it.
struct Elevated {
    home: Home,
    root: tempfile::TempDir,
}

impl Elevated {
    fn new(runtime: &str, pam: &str) -> Self {
        let home = Home::with_config(&format!("[container]\nruntime = {runtime:?}\n"));
        let root = tempfile::tempdir().unwrap();
        let bin = home.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        put_all(&bin, &home.path().join("notes"));
        put(&bin, "sudo", &SUDO.replace("ROOT", &root.path().display().to_string()).replace("PAM", pam));
        Self { home, root }
    }

    fn nixi(&self, args: &[&str]) -> Ran {
        let user = std::process::Command::new("id").arg("-u").output().unwrap();
        let nixi = self.home.command(&[args, &["--json"]].concat());
        let mut command = if user.stdout == b"0\n" {
            let mut inside = std::process::Command::new("unshare");
            inside.args(["--user", "--map-user=1000", "--"]).arg(nixi.get_program()).args(nixi.get_args());
            for (name, value) in nixi.get_envs() {
                match value {
                    Some(value) => inside.env(name, value),
                    None => inside.env_remove(name),
                };
            }
            inside
        } else {
            nixi
        };
        let path = format!("{}/bin:/usr/bin:/bin", self.home.path().display());
        Ran::from(command.env("PATH", path).output().unwrap())
    }

    fn notes(&self) -> String {
        std::fs::read_to_string(self.home.path().join("notes")).unwrap_or_default()
    }

    fn stops_here(&self) {
        let list = self.nixi(&["call", "container.list", "--node", "local"]);
        assert!(list.code == 0 && list.out.contains("\"here\""), "{list:?}");
        let stop = self.nixi(&["call", "container.stop", "names=web", "--node", "local", "--yes"]);
        assert_eq!(stop.code, 0, "{stop:?}");
        assert!(stop.out.contains("sudo -n -- "), "{stop:?}");
        let notes = self.notes();
        assert!(notes.lines().any(|line| line.contains("stop ")), "{notes}");
        assert!(notes.lines().all(|line| line.starts_with("here ")), "{notes}");
    }
}

#[test]
fn docker_as_root_is_that_of_the_machine_whatever_context_root_has() {
    for pam in ["", "DOCKER_CONTEXT=elsewhere", "DOCKER_HOST=tcp://192.0.2.9:2375"] {
        let elevated = Elevated::new("docker", pam);
        use_another_context(elevated.root.path());
        elevated.stops_here();
    }
}

#[test]
fn podman_as_root_is_that_of_the_machine_or_is_not_used() {
    Elevated::new("podman", "").stops_here();
    for (pam, conf) in
        [("CONTAINER_HOST=ssh://192.0.2.9/x", ""), ("CONTAINER_CONNECTION=x", ""), ("", "remote = true")]
    {
        let elevated = Elevated::new("podman", pam);
        let folder = elevated.root.path().join(".config/containers");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("containers.conf"), format!("[engine]\n{conf}\n")).unwrap();
        for args in [&["container.list"][..], &["container.stop", "names=web", "--yes"]] {
            let ran = elevated.nixi(&[&["call"], args, &["--node", "local"]].concat());
            assert!(ran.code == 1 && ran.out.contains("acts on another machine"), "{ran:?}");
        }
        assert_eq!(elevated.notes(), "");
    }
}
