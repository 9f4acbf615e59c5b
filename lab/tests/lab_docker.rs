//! The Docker Engine, on machines that were made with it and on none else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use nixi_lab::{Image, Lab, Machine, MachineSpec, Said};

const CONFIGURATION: &str = "/etc/nixos/configuration.nix";
const ENGINE: &str = "virtualisation.docker.enable = true;";

/// A lab of one machine with the engine switched on.
fn with_engine() -> Lab {
    let lab = Lab::builder().machine(MachineSpec::new("web").with_docker().options(ENGINE)).up().unwrap();
    lab.machine("web").wait_until_booted().unwrap();
    lab
}

/// Switches to the lab's own configuration with these lines more.
fn switch(machine: &Machine, own: &str, lines: &str) -> Said {
    let (before, after) = own.rsplit_once('}').unwrap();
    machine.write(CONFIGURATION, &format!("{before}{lines}\n}}{after}")).unwrap();
    machine.try_root("cd /tmp && nixos-rebuild switch").unwrap()
}

/// Says something to a published port, and returns the answer.
fn ask(machine: &Machine, port: u16, words: &str) -> String {
    let mut stream = TcpStream::connect((machine.address(), port)).unwrap();
    stream.write_all(words.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn wait_for(machine: &Machine, container: &str, line: &str) {
    let logs = || Ok(machine.root(&format!("docker logs {container} 2>&1"))?.contains(line));
    machine.wait_until(&format!("log {line:?} in {container}"), logs).unwrap();
}

#[test]
fn a_switch_starts_the_engine_as_it_is_told_and_a_removal_stops_it() {
    let lab = Lab::builder().machine(MachineSpec::new("web").with_docker()).up().unwrap();
    let web = lab.machine("web");
    web.wait_until_booted().unwrap();
    let own = web.read(CONFIGURATION).unwrap();
    assert_ne!(web.try_root("command -v docker").unwrap().code, 0);

    let settings = format!(
        "{ENGINE} virtualisation.docker.daemon.settings.log-driver = \"json-file\";\n\
         users.groups.docker.members = [ \"nixi\" ];"
    );
    let said = switch(web, &own, &settings);
    assert!(said.code == 0 && said.stderr.contains("docker.service, docker.socket"), "{said}");
    assert_eq!(web.root("command -v docker").unwrap(), "/run/current-system/sw/bin/docker");
    let info = "docker info --format '{{.Driver}} {{.LoggingDriver}} {{.Name}}'";
    assert_eq!(web.root(info).unwrap(), "overlay2 json-file web");
    assert_eq!(web.root("stat -c '%a %U:%G' /run/docker.sock; getent group docker").unwrap(), {
        "660 root:docker\ndocker:x:131:nixi"
    });
    // Whoever is in its group may do everything, and nobody else anything.
    let as_nixi = |groups: &str| {
        let asked =
            format!("setpriv --reuid=nixi --regid=users {groups} docker info --format '{{{{.Name}}}}'");
        web.try_root(&asked).unwrap()
    };
    assert_eq!(as_nixi("--init-groups").stdout, "web\n");
    assert!(as_nixi("--clear-groups").stderr.contains("permission denied"));

    web.import_to_docker(Image::Sleeper).unwrap();
    web.root(&format!("docker run -d --name calm {}", Image::Sleeper.name())).unwrap();
    let said = switch(web, &own, "");
    assert!(said.code == 0 && said.stderr.contains("docker.service, docker.socket"), "{said}");
    assert_eq!(web.root("systemctl show -p LoadState --value docker.service docker.socket").unwrap(), {
        "not-found\n\nnot-found"
    });
    for gone in ["command -v docker", "pgrep dockerd", "pgrep containerd", "getent group docker"] {
        assert_ne!(web.try_root(gone).unwrap().code, 0, "{gone}");
    }
}

#[test]
fn a_web_server_is_reached_by_its_published_port_and_survives_a_reboot() {
    let lab = with_engine();
    let web = lab.machine("web");
    web.import_to_docker(Image::WebServer).unwrap();
    let image = Image::WebServer.name();
    web.root(&format!("docker run -d --name page --hostname front --restart always -p 80:8080 {image}"))
        .unwrap();
    wait_for(web, "page", "listening on 8080");
    let page = || ask(web, 80, "GET / HTTP/1.0\r\n\r\n");
    assert!(page().ends_with("nixi-lab web on front\n"), "{}", page());
    wait_for(web, "page", "url:/");

    web.reboot().unwrap();
    web.wait_until("run the page again", || {
        Ok(web.root("docker inspect --format '{{.State.Status}}' page")? == "running")
    })
    .unwrap();
    web.wait_until("serve again", || Ok(TcpStream::connect((web.address(), 80)).is_ok())).unwrap();
    assert!(page().ends_with("nixi-lab web on front\n"), "{}", page());
    web.root("docker stop page").unwrap();
    assert_eq!(web.root("docker inspect --format '{{.State.ExitCode}}' page").unwrap(), "0");
}

#[test]
fn containers_find_each_other_by_name_on_a_network_of_their_own() {
    let lab = with_engine();
    let web = lab.machine("web");
    web.import_to_docker(Image::Database).unwrap();
    web.import_to_docker(Image::Sleeper).unwrap();
    web.root("docker network create shop").unwrap();
    let run = |name: &str, image: Image| {
        let image = image.name();
        web.root(&format!("docker run -d --name {name} --network shop -v {name}:/var/lib/data {image}"))
            .unwrap();
    };
    run("rows", Image::Database);
    run("till", Image::Sleeper);
    wait_for(web, "rows", "listening on 5432");
    assert_eq!(web.root("docker exec till sh -c 'echo put one | nc rows 5432'").unwrap(), "stored");

    web.root("docker rm --force rows").unwrap();
    run("rows", Image::Database);
    wait_for(web, "rows", "listening on 5432");
    assert_eq!(web.root("docker exec till sh -c 'echo get | nc rows 5432'").unwrap(), "one");
}

#[test]
fn a_configuration_may_declare_its_containers() {
    let lab = with_engine();
    let web = lab.machine("web");
    web.import_to_docker(Image::WebServer).unwrap();
    let own = web.read(CONFIGURATION).unwrap();
    let page = format!(
        "virtualisation.oci-containers = {{ backend = \"docker\"; containers.page = {{\n\
         image = \"{}\"; ports = [ \"80:8080\" ]; hostname = \"declared\"; }}; }};",
        Image::WebServer.name()
    );
    let said = switch(web, &own, &page);
    assert_eq!(said.code, 0, "{said}");
    wait_for(web, "page", "listening on 8080");
    let answer = ask(web, 80, "GET / HTTP/1.0\r\n\r\n");
    assert!(answer.ends_with("nixi-lab web on declared\n"), "{answer}");
    assert_eq!(web.root("systemctl is-active docker-page.service").unwrap(), "active");
    assert_eq!(switch(web, &own, "").code, 0);
    assert_eq!(web.root("docker ps --all --quiet").unwrap(), "");
}

#[test]
fn elsewhere_it_is_not_built_and_the_way_to_it_is_told() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    web.wait_until_booted().unwrap();
    let own = web.read(CONFIGURATION).unwrap();
    let system = || web.root("readlink -f /nix/var/nix/profiles/system /run/current-system").unwrap();
    let before = system();
    let said = switch(web, &own, ENGINE);
    assert!(said.code != 0 && said.stderr.contains("MachineSpec::with_docker"), "{said}");
    assert_eq!(system(), before);
}
