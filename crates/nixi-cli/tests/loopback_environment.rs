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

/// Docker of this machine has an image `here`; led elsewhere by a variable, it has one `there`. A file notes where it was
/// asked to do what.
const DOCKER: &str = "#!/bin/sh
where=here
[ -n \"$DOCKER_HOST$CONTAINER_HOST\" ] && where=there
[ -n \"$DOCKER_CONTEXT\" ] && [ \"$DOCKER_CONTEXT\" != default ] && where=there
echo \"$where $*\" >>NOTES
case \"$*\" in
*AutoRemove*) echo \"1111111111111111111111111111111111111111111111111111111111111111 false\" ;;
*--format*.Id*) echo \"1111111111111111111111111111111111111111111111111111111111111111 /web\" ;;
*ps*) printf '{\"ID\":\"1111111111111111111111111111111111111111111111111111111111111111\",\"Names\":\"web\",\"Image\":\"%s\",\"State\":\"running\",\"Status\":\"Up 5 minutes\"}\\n' \"$where\" ;;
*stop*) echo web ;;
*) exit 1 ;;
esac
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
    put(folder, "sudo", "#!/bin/sh\nshift 2\nexec \"$@\"\n");
    put(folder, "docker", &DOCKER.replace("NOTES", &notes.display().to_string()));
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
