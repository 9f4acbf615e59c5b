//! The images run on a machine as any other would: ports, networks, names, volumes, logs, exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use nixi_lab::{Image, Lab, Machine, MachineSpec};

/// Says something to a published port, and returns the answer.
fn ask(machine: &Machine, port: u16, words: &str) -> String {
    let mut stream = TcpStream::connect((machine.address(), port)).unwrap();
    stream.write_all(words.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Whether anybody accepts; the machine's firewall drops what no container takes.
fn is_open(machine: &Machine, port: u16) -> bool {
    TcpStream::connect_timeout(&(machine.address(), port).into(), Duration::from_secs(2)).is_ok()
}

/// Waits until a container has said that it is ready.
fn wait_for(machine: &Machine, container: &str, line: &str) {
    let logs = || Ok(machine.root(&format!("podman logs {container} 2>&1"))?.contains(line));
    machine.wait_until(&format!("log {line:?} in {container}"), logs).unwrap();
}

#[test]
fn a_web_server_is_reached_by_its_published_port_and_restarts() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    web.import(Image::WebServer).unwrap();
    let image = Image::WebServer.name();
    web.root(&format!("podman run -d --name page --hostname front -p 80:8080 {image}")).unwrap();
    wait_for(web, "page", "listening on 8080");
    let page = || ask(web, 80, "GET / HTTP/1.0\r\n\r\n");
    assert!(page().ends_with("nixi-lab web on front\n"), "{}", page());
    wait_for(web, "page", "url:/");

    web.root("podman restart page").unwrap();
    web.wait_until("serve again", || Ok(is_open(web, 80))).unwrap();
    wait_for(web, "page", "listening on 8080");
    assert!(page().ends_with("nixi-lab web on front\n"), "{}", page());
    web.root("podman stop page").unwrap();
    assert_eq!(web.root("podman inspect --format '{{.State.ExitCode}}' page").unwrap(), "0");
    assert!(!is_open(web, 80));
}

#[test]
fn a_sleeper_sleeps_and_a_crasher_crashes() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    web.import(Image::Sleeper).unwrap();
    web.import(Image::Crasher).unwrap();
    web.root(&format!("podman run -d --name calm {}", Image::Sleeper.name())).unwrap();
    web.root(&format!("podman run -d --name wild {}", Image::Crasher.name())).unwrap();
    assert_eq!(web.root("podman wait wild").unwrap(), "3");
    let said = web.try_root("podman logs wild").unwrap();
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", "cannot go on\n"));
    let running = "podman ps --format '{{.Names}} {{.Image}}'";
    assert_eq!(web.root(running).unwrap(), "calm localhost/nixi-lab/sleeper:1");
    assert_eq!(web.root("podman exec calm cat /proc/1/comm").unwrap(), "sh");
    web.root("podman stop calm").unwrap();
    assert_eq!(web.root("podman wait calm").unwrap(), "0");
    assert_eq!(web.root(running).unwrap(), "");
}

#[test]
fn a_database_keeps_its_rows_in_its_volume_and_is_found_by_name() {
    // As on NixOS, names are answered on podman's own network alone, unless the firewall is told otherwise.
    let names = "networking.firewall.interfaces.\"podman+\".allowedUDPPorts = [ 53 ];";
    let lab = Lab::builder().machine(MachineSpec::new("db").options(names)).up().unwrap();
    let db = lab.machine("db");
    db.import(Image::Database).unwrap();
    db.import(Image::Sleeper).unwrap();
    db.root("podman network create shop && mkdir -p /srv/rows").unwrap();
    let run = format!(
        "podman run -d --name rows --network shop -p 5432:5432 -v /srv/rows:/var/lib/data {}",
        Image::Database.name()
    );
    db.root(&run).unwrap();
    wait_for(db, "rows", "listening on 5432");
    assert_eq!(ask(db, 5432, "put one\nput two words\n"), "stored\nstored\n");

    let shop = format!("podman run -d --name till --network shop {}", Image::Sleeper.name());
    db.root(&shop).unwrap();
    assert_eq!(db.root("podman exec till sh -c 'echo get | nc rows 5432'").unwrap(), "one\ntwo words");
    assert_eq!(db.read("/srv/rows/rows").unwrap(), "one\ntwo words\n");

    db.root("podman rm --force rows").unwrap();
    assert!(!is_open(db, 5432));
    db.root(&run).unwrap();
    wait_for(db, "rows", "listening on 5432");
    assert_eq!(ask(db, 5432, "get\n"), "one\ntwo words\n");
}

#[test]
fn a_database_without_room_says_so() {
    let lab = Lab::up(&["db"]).unwrap();
    let db = lab.machine("db");
    db.import(Image::Database).unwrap();
    db.root(&format!("podman run -d --name rows -p 5432:5432 {}", Image::Database.name())).unwrap();
    wait_for(db, "rows", "listening on 5432");
    let full = db.disk_full().unwrap();
    assert_eq!(ask(db, 5432, "put more\n"), "cannot store\n");
    assert!(db.import(Image::Sleeper).is_err());
    full.end().unwrap();
    assert_eq!(ask(db, 5432, "put more\n"), "stored\n");
    db.import(Image::Sleeper).unwrap();
}
