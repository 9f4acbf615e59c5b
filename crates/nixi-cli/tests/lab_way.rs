//! A change of the way in on purpose, on whole machines: it is confirmed over the new way, and what Nixi knows of the node follows; or
//! the node goes back, and nothing of what Nixi knows has changed.
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

use std::fs::read_to_string;
use std::net::Ipv4Addr;
use std::thread::scope;

use common::{Home, Ran};
use nixi_lab::{Lab, Machine};

const CONFIGURATION: &str = "/etc/nixos/configuration.nix";

/// A controller that knows this machine alone.
fn home(machine: &Machine) -> Home {
    let home =
        Home::with_config(&format!("[guard]\ntimeout = \"30s\"\n\n# Mine.\n{}", machine.node("managed")));
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    let line = machine.known_hosts_line().unwrap();
    std::fs::write(home.path().join(".ssh/known_hosts"), format!("{line}\n")).unwrap();
    home
}

fn known_hosts(home: &Home) -> String {
    read_to_string(home.path().join(".ssh/known_hosts")).unwrap()
}

fn with_line(machine: &Machine, line: &str) {
    let text = machine.read(CONFIGURATION).unwrap();
    let (before, _) = text.rsplit_once('}').unwrap();
    machine.write(CONFIGURATION, &format!("{before}\n  {line}\n}}\n")).unwrap();
}

fn replace(machine: &Machine, from: &str, to: &str) {
    let text = machine.read(CONFIGURATION).unwrap();
    assert!(text.contains(from));
    machine.write(CONFIGURATION, &text.replace(from, to)).unwrap();
}

fn rebuild(home: &Home, machine: &Machine) -> Ran {
    home.nixi(&["call", "nixos.rebuild", "--node", machine.name(), "--yes=destructive"])
}

/// Another address of the same network.
fn other(address: Ipv4Addr) -> Ipv4Addr {
    let [a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d + 100)
}

fn declared(address: Ipv4Addr) -> String {
    format!(
        "networking.interfaces.eth0.ipv4.addresses = [ {{ address = \"{address}\"; prefixLength = 24; }} ];"
    )
}

#[test]
fn the_way_in_is_changed_on_purpose() {
    let names = ["port", "address", "user", "host-key", "port-and-keys"];
    let lab = Lab::up(&names).unwrap();
    scope(|scope| {
        for machine in lab.machines() {
            scope.spawn(move || {
                machine.wait_until_booted().unwrap();
                let (name, home) = (machine.name(), home(machine));
                let address = machine.address();
                let (entry, recorded) = match name {
                    "port" => {
                        with_line(machine, "services.openssh.ports = [ 2222 ];");
                        ("port = 2222".to_owned(), format!("[{address}]:2222 "))
                    }
                    // The one that is known stays, another one goes.
                    "port-and-keys" => {
                        let key = "{ type = \"ed25519\"; path = \"/etc/ssh/ssh_host_ed25519_key\"; }";
                        with_line(
                            machine,
                            &format!("services.openssh = {{ ports = [ 2222 ]; hostKeys = [ {key} ]; }};"),
                        );
                        replace(machine, "services.openssh.enable = true;", "services.openssh.enable = lib.mkForce true;");
                        ("port = 2222".to_owned(), format!("[{address}]:2222 "))
                    }
                    "address" => {
                        with_line(machine, &declared(address));
                        machine.root("nixos-rebuild switch").unwrap();
                        replace(machine, &declared(address), &declared(other(address)));
                        (format!("host = \"{}\"", other(address)), format!("{} ", other(address)))
                    }
                    "user" => {
                        replace(machine, "users.users.nixi =", "users.users.admin =");
                        replace(machine, "users = [ \"nixi\" ];", "users = [ \"admin\" ];");
                        ("user = \"admin\"".to_owned(), format!("{address} "))
                    }
                    _ => {
                        machine.root("ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/new_key").unwrap();
                        with_line(
                            machine,
                            "services.openssh.hostKeys = [ { type = \"ed25519\"; path = \"/etc/ssh/new_key\"; } ];",
                        );
                        let key = machine.read("/etc/ssh/new_key.pub").unwrap();
                        let key: Vec<&str> = key.split_whitespace().take(2).collect();
                        ("# Mine.".to_owned(), format!("{address} {}", key.join(" ")))
                    }
                };
                let dry = home.nixi(&["call", "nixos.rebuild", "--node", name, "--dry-run"]);
                assert!(dry.err.contains("the way in changes:") && dry.err.contains("destructive"), "{name}: {dry:?}");
                let ran = rebuild(&home, machine);
                assert_eq!(ran.code, 0, "{name}: {ran:?}");
                let config = read_to_string(home.config()).unwrap();
                assert!(config.contains(&entry) && config.contains("# Mine."), "{name}: {config}");
                let known = known_hosts(&home);
                assert!(known.lines().count() == 1 && known.starts_with(&recorded), "{name}: {known}");
                // It is there, it boots so, and nothing waits any more.
                let next = home.nixi(&["call", "clock.now", "--node", name]);
                assert_eq!(next.code, 0, "{name}: {next:?}");
                let systems = machine.root("readlink -f /run/current-system /nix/var/nix/profiles/system").unwrap();
                let systems: Vec<&str> = systems.lines().collect();
                assert!(systems.len() == 2 && systems[0] == systems[1], "{name}: {systems:?}");
                let again = rebuild(&home, machine);
                assert!(again.code == 0 && again.out.contains("nothing to rebuild"), "{name}: {again:?}");
            });
        }
    });
}

/// An address that was given by other means stays, and so does what Nixi knows.
#[test]
fn what_was_thought_to_change_may_stay() {
    let lab = Lab::up(&["web-server"]).unwrap();
    let machine = lab.machine("web-server");
    machine.wait_until_booted().unwrap();
    let home = home(machine);
    // The lab gave it its address, which stays; this one leads nowhere.
    with_line(machine, &declared(Ipv4Addr::new(198, 51, 100, 7)));
    let (config, known) = (read_to_string(home.config()).unwrap(), known_hosts(&home));
    let ran = rebuild(&home, machine);
    assert!(ran.code == 0 && ran.err.contains("still reached as before"), "{ran:?}");
    assert_eq!((read_to_string(home.config()).unwrap(), known_hosts(&home)), (config, known));
}

/// The new way is derived, and does not lead there all the same.
#[test]
fn a_way_that_leads_nowhere_is_taken_back() {
    let lab = Lab::up(&["port", "address", "user"]).unwrap();
    scope(|scope| {
        for machine in lab.machines() {
            scope.spawn(move || {
                machine.wait_until_booted().unwrap();
                let (name, home) = (machine.name(), home(machine));
                let address = machine.address();
                let before = match name {
                    "port" => {
                        // Something that the evaluated firewall does not tell of.
                        with_line(
                            machine,
                            "services.openssh.ports = [ 2222 ]; networking.firewall.extraCommands = \"iptables -I INPUT -p tcp --dport 2222 -j DROP\";",
                        );
                        machine.root("readlink -f /run/current-system").unwrap()
                    }
                    // Who logs in may not say so: sudo asks them for a password.
                    "user" => {
                        replace(machine, "users.users.nixi =", "users.users.admin =");
                        machine.root("readlink -f /run/current-system").unwrap()
                    }
                    _ => {
                        with_line(machine, &declared(address));
                        machine.root("nixos-rebuild switch").unwrap();
                        let nowhere = declared(Ipv4Addr::new(198, 51, 100, 7));
                        replace(machine, &declared(address), &nowhere);
                        machine.root("readlink -f /run/current-system").unwrap()
                    }
                };
                let (config, known) = (read_to_string(home.config()).unwrap(), known_hosts(&home));
                let ran = rebuild(&home, machine);
                assert!(ran.code == 1 && ran.err.contains("went back to the system before"), "{name}: {ran:?}");
                let is_met = ran.err.contains("which could not be confirmed (") && ran.err.contains("sudo");
                assert_eq!(is_met, name == "user", "{name}: {ran:?}");
                assert_eq!(read_to_string(home.config()).unwrap(), config, "{name}");
                assert_eq!(known_hosts(&home), known, "{name}");
                assert_eq!(machine.root("readlink -f /run/current-system").unwrap(), before, "{name}");
                let next = home.nixi(&["call", "clock.now", "--node", name]);
                assert_eq!(next.code, 0, "{name}: {next:?}");
            });
        }
    });
}
