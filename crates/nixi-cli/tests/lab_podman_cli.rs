//! The command against a machine whose containers are podman's, by either name, and whose root may act on another machine.
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

use common::Home;
use nixi_lab::{Image, Lab, MachineSpec};

#[test]
fn podman_acts_on_its_own_machine_by_either_name_or_not_at_all() {
    let spec = MachineSpec::new("web").options("virtualisation.podman.dockerCompat = true;");
    let lab = Lab::builder().machine(spec).up().unwrap();
    let web = lab.machine("web");
    web.wait_until_booted().unwrap();
    web.import(Image::Sleeper).unwrap();
    web.run(Image::Sleeper, "sleeper").unwrap();
    let homes = ["podman", "docker"].map(|runtime| {
        let config = format!("{}[container]\nruntime = {runtime:?}\n", lab.config(|_| "managed"));
        let home = Home::with_config(&config);
        std::fs::create_dir(home.path().join(".ssh")).unwrap();
        std::fs::write(home.path().join(".ssh/known_hosts"), lab.known_hosts().unwrap()).unwrap();
        home
    });
    let status = || web.root("podman inspect --format {{.State.Status}} sleeper").unwrap();

    for home in &homes {
        for (deed, then) in [("stop", "exited"), ("start", "running")] {
            let (code, document) =
                home.json(&["call", &format!("container.{deed}"), "names=sleeper", "--node", "web", "--yes"]);
            assert_eq!((code, status().as_str()), (0, then), "{document}");
            assert!(document["results"][0]["plan"].to_string().contains("--syslog=false"), "{document}");
        }
    }

    // The other machine is this one once more, so that podman could reach it if it tried.
    web.root("systemd-run podman system service --time 0 && mkdir -p /etc/containers/containers.conf.d")
        .unwrap();
    web.wait_until("offer podman's socket", || {
        web.root("test -S /run/podman/podman.sock && echo y || true").map(|said| said == "y")
    })
    .unwrap();
    let remote = "[engine]\\nremote = true\\nactive_service = \"other\"\\n[engine.service_destinations.other]\\nuri = \"unix:///run/podman/podman.sock\"\\n";
    web.root(&format!("printf '{remote}' >/etc/containers/containers.conf.d/remote.conf")).unwrap();
    assert_eq!(web.root("podman info --format '{{.Host.ServiceIsRemote}}'").unwrap(), "true");
    for home in &homes {
        for call in [&["container.list"][..], &["container.stop", "names=sleeper", "--yes"]] {
            let (code, document) = home.json(&[&["call"], call, &["--node", "web"]].concat());
            assert!(code == 1 && document.to_string().contains("acts on another machine"), "{document}");
        }
    }
    assert_eq!(status(), "running");
}
