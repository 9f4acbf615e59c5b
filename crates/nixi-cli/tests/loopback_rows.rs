//! Nodes on which a command hangs, or prints something odd: the rest of the answer is there.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test, which runs the program it is about"
)]

mod common;

use std::path::Path;
use std::time::Duration;

use common::Home;
use nixi_lab::Sshd;
use serde_json::json;

fn home(sshd: &Sshd, settings: &str) -> Home {
    Home::with_config(&format!(
        "[ssh]\ncommand_timeout = \"3s\"\nidentity = [{:?}]\n{settings}\n[[nodes]]\nname = \"web\"\nhost = \"127.0.0.1\"\n\
         port = {}\nuser = {:?}\n",
        sshd.identity(),
        sshd.port(),
        sshd.user()
    ))
}

/// Whether the process of which a stub wrote down the number ends; what hangs would not for a quarter of an hour.
fn ends(pid: &Path) -> bool {
    let process = Path::new("/proc").join(std::fs::read_to_string(pid).unwrap().trim());
    (0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        !process.exists()
    })
}

/// A dead NFS server holds up df for good.
#[test]
fn a_df_that_does_not_return_loses_the_disks_alone_and_is_stopped() {
    let sshd = Sshd::start().unwrap();
    sshd.stub_programs().unwrap();
    let home = home(&sshd, "");
    let pid = home.path().join("df.pid");
    let hangs = format!("#!/bin/sh\ntrap '' TERM HUP INT\necho $$ >{}\nexec sleep 1000\n", pid.display());
    sshd.stub("df", &hangs).unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", sshd.stub_dir().display());
    for node in ["web", "local"] {
        for (action, part) in [("system.resources", "disks"), ("system.info", "disk /")] {
            let mut command = home.command(&["call", action, "--node", node, "--json"]);
            let output = command.env("PATH", &path).output().unwrap();
            let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let result = &document["results"][0];
            assert_eq!(result["status"], "done", "{node}: {document}");
            let left_out = json!([{"what": part, "why": "`df` did not answer within 3s"}]);
            assert_eq!(result["data"]["left_out"], left_out, "{node}");
            assert!(result["data"]["memory"]["total_bytes"].is_u64(), "{node}: {document}");
            assert!(ends(&pid), "{node}: df still runs");
        }
    }
}

const SHIM: &str = r#"#!/bin/sh
echo 'Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg.' >&2
# Outside the usual places it is asked like Docker: podman 4.1 and later then asks its own service at that socket.
[ "$1 $2 $3" = "--host unix:///var/run/docker.sock ps" ] || exit 125
cat <<'END'
{"AutoRemove":false,"Command":null,"Created":"2026-01-10T15:43:29.65-06:00","CreatedAt":"","Exited":false,"ExitCode":0,"Id":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Image":"docker.io/library/nginx:1.27","Labels":{},"Names":["web"],"Ports":[{"host_ip":"","container_port":80,"host_port":8080,"range":1,"protocol":"tcp"}],"State":"running","Status":""}
this is no container
{"AutoRemove":false,"Command":["sleep","9"],"Created":"2026-01-09T10:00:00Z","CreatedAt":"","Exited":true,"ExitCode":137,"Id":"1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Image":"docker.io/library/redis:7","Labels":null,"Names":["db"],"Ports":null,"State":"exited","Status":""}
END
"#;

#[test]
fn docker_that_is_podman_lists_its_containers_and_names_an_odd_line() {
    let sshd = Sshd::start().unwrap();
    sshd.stub_programs().unwrap();
    sshd.stub("docker", SHIM).unwrap();
    let home = home(&sshd, "[container]\nruntime = \"docker\"");
    let ran = home.nixi(&["list containers on web"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for told in ["exited (137)", "8080->80/tcp", "left out: row 2: "] {
        assert!(ran.out.contains(told), "{told}: {ran:?}");
    }
}
