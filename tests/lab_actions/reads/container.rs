//! `container`

use nixi::core::ErrorKind;
use nixi_lab::Machine;
use serde_json::{Value, json};

use super::{Read, example};
use crate::fingerprint::Fingerprint;
use crate::ground::{Ground, MONITORING, call, lines};

pub(super) const READS: [Read; 3] = [
    Read { action: "container.list", args: example, check: list },
    Read {
        action: "container.inspect",
        args: |_, _, _| json!({"names": ["web", "store", "failed"]}),
        check: inspect,
    },
    Read { action: "container.logs", args: |_, _, _| json!({"name": "failed"}), check: logs },
];

fn list(_: &Ground, machine: &Machine, report: &Value) {
    let containers = report["containers"].as_array().unwrap();
    let mut ids: Vec<_> = containers.iter().map(|container| container["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    // podman's own file, which `podman ps` is made from.
    let stored =
        "grep -oE '\"id\":\"[0-9a-f]{64}\"' /var/lib/containers/storage/overlay-containers/containers.json";
    assert_eq!(ids, lines(machine, &format!("{stored} | cut -d'\"' -f4")));
    for container in containers {
        let pid = format!("podman inspect --format {{{{.State.Pid}}}} {}", container["id"].as_str().unwrap());
        let lives = machine
            .root(&format!("pid=$({pid}); test $pid != 0 && test -d /proc/$pid && echo lives || echo not"));
        assert_eq!(container["state"] == "running", lives.unwrap() == "lives", "{container}");
    }
    let told = |name: &str| {
        let container = containers.iter().find(|container| container["name"] == name).unwrap();
        json!([container["state"], container["image"], container["ports"], container["unit"]])
    };
    assert_eq!(told("web"), json!(["running", "localhost/nixi-lab/web:1", ["8080->8080/tcp"], null]));
    assert_eq!(told("idle"), json!(["created", "localhost/nixi-lab/sleeper:1", [], null]));
    assert_eq!(told("failed"), json!(["exited", "localhost/nixi-lab/crasher:1", [], null]));
    assert_eq!(told("page"), json!(["running", "localhost/nixi-lab/web:1", [], "podman-page.service"]));
    // What is said to be published is.
    machine.root("curl --fail --silent 127.0.0.1:8080").unwrap();
}

fn inspect(_: &Ground, machine: &Machine, report: &Value) {
    let [web, store, failed] = report["containers"].as_array().unwrap().as_slice() else {
        panic!("{report}")
    };
    assert_eq!(
        json!([web["state"], web["exit_code"], web["ports"]]),
        json!(["running", null, ["8080->8080/tcp"]])
    );
    assert_eq!(web["mounts"], json!([{"source": "/srv/web", "target": "/data", "read_only": false}]));
    assert_eq!(store["mounts"], json!([{"source": "rows", "target": "/var/lib/data", "read_only": false}]));
    assert_eq!(json!([failed["state"], failed["exit_code"]]), json!(["exited", 3]));

    // The address is the container's: it answers there, under the name that podman gave it.
    let address = web["networks"]["podman"].as_str().unwrap();
    let page = machine.root(&format!("curl --fail --silent http://{address}:8080/")).unwrap();
    assert_eq!(page, format!("nixi-lab web on {}", &web["id"].as_str().unwrap()[..12]));

    let names =
        |key: &str| web[key].as_array().unwrap().iter().any(|name| name == "TOKEN" || name == "owner");
    assert!(names("env") && names("labels"), "{web}");
    assert!(!report.to_string().contains("hushhush") && !report.to_string().contains("somebody"), "{report}");
}

fn logs(_: &Ground, machine: &Machine, report: &Value) {
    let [line] = report["lines"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!(json!([line["stream"], line["text"]]), json!(["stderr", "cannot go on"]));
    // podman writes it to the journal: `SECONDS.MICROSECONDS HOST ...`.
    let written = machine.root("journalctl --quiet --output=short-unix CONTAINER_NAME=failed").unwrap();
    let seconds = written.split('.').next().unwrap();
    let at = machine.root(&format!("date --utc +%FT%TZ --date @{seconds}")).unwrap();
    assert_eq!(line["time"], at, "{written}");
}

/// Podman makes its store, folders below /run and a lock beside its networks at its first call, whatever that is.
#[tokio::test]
async fn a_look_at_containers_where_podman_was_never_used_makes_nothing() {
    let shim = ("virtualisation.podman.dockerCompat = true;", "[container]\nruntime = \"docker\"\n");
    for (options, settings) in [("", ""), shim] {
        let ground = Ground::bare_with(&[MONITORING], settings, options);
        let machine = ground.machine(MONITORING);
        machine.wait_until_booted().unwrap();
        let unchanged = Fingerprint::of(machine);
        let list = || call("container.list", MONITORING, &json!({}));
        let nothing = json!({"containers": [], "left_out": []});
        assert_eq!(ground.report(list()).await, nothing);
        for (action, args) in
            [("container.inspect", json!({"names": ["web"]})), ("container.logs", json!({"name": "web"}))]
        {
            let error = ground.unasked(call(action, MONITORING, &args)).await.error.unwrap();
            assert_eq!(error.kind, ErrorKind::NotFound, "{action}: {error:?}");
        }
        unchanged.assert_holds(machine, "looking for containers");
        machine.root("test ! -e /var/lib/containers/storage").unwrap();
        // Once it was used, it is podman that is asked.
        machine.root("podman create --name idle --rootfs / /bin/true").unwrap();
        let report = ground.report(list()).await;
        assert_eq!(report["containers"][0]["name"], "idle", "{report}");
    }
}
