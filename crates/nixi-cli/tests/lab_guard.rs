//! The guard, on whole machines: whatever a switch cuts off, and whoever dies meanwhile, the node is back on the system before, in
//! time and by itself; and what is said of it is true.
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

use std::process::Stdio;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use common::terminal::Terminal;
use common::{Home, Ran};
use nixi_lab::{Lab, Machine};

const CONFIGURATION: &str = "/etc/nixos/configuration.nix";
/// How long the guard of these tests waits.
const GUARD: Duration = Duration::from_secs(10);
/// How much later a node has to be back.
const MARGIN: Duration = Duration::from_secs(30);

const FIREWALL: &str = "services.openssh.openFirewall = false;";

fn ground(names: &[&str]) -> (Lab, Home) {
    let lab = Lab::up(names).unwrap();
    for machine in lab.machines() {
        machine.wait_until_booted().unwrap();
    }
    let home = Home::with_config(&format!(
        "[guard]\ntimeout = \"{}s\"\n{}",
        GUARD.as_secs(),
        lab.config(|_| "managed")
    ));
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    std::fs::write(home.path().join(".ssh/known_hosts"), lab.known_hosts().unwrap()).unwrap();
    (lab, home)
}

/// Builds a second generation out of an edited configuration, which neither runs nor boots next, and gives the system of the first.
fn second_generation(machine: &Machine, edit: impl Fn(&str) -> String) -> String {
    let text = machine.read(CONFIGURATION).unwrap();
    machine.write(CONFIGURATION, &edit(&text)).unwrap();
    machine.root("nixos-rebuild boot").unwrap();
    machine.write(CONFIGURATION, &text).unwrap();
    machine
        .root(
            "nix-env -p /nix/var/nix/profiles/system --switch-generation 1 2>/dev/null
             /nix/var/nix/profiles/system/bin/switch-to-configuration boot >/dev/null 2>&1",
        )
        .unwrap();
    running(machine)
}

fn with_line(line: &str) -> impl Fn(&str) -> String {
    move |text| {
        let (before, _) = text.rsplit_once('}').unwrap();
        format!("{before}\n  {line}\n}}\n")
    }
}

fn running(machine: &Machine) -> String {
    machine.root("readlink -f /run/current-system").unwrap()
}

fn boots_next(machine: &Machine) -> String {
    machine.root("readlink -f /nix/var/nix/profiles/system").unwrap()
}

fn switch(machine: &str) -> [&str; 6] {
    ["call", "nixos.rollback", "generation=2", "--node", machine, "--yes=destructive"]
}

/// What of the guard is still there, besides its records.
fn left(machine: &Machine) -> String {
    let script = "systemctl list-units 'nixi-*' --no-legend --plain
                  for link in /nix/var/nix/gcroots/nixi-*; do if [ -e $link ]; then echo $link; fi; done";
    machine.root(script).unwrap()
}

/// It is on the system before, which also boots next, takes our key, and has nothing left of the guard.
fn is_back(home: &Home, machine: &Machine, before: &str) {
    let name = machine.name();
    machine.wait_until("go back", || Ok(running(machine) == before)).unwrap();
    machine.wait_until("be done with it", || Ok(left(machine).is_empty())).unwrap();
    assert_eq!(boots_next(machine), before, "{name}");
    let ran = home.nixi(&["call", "clock.now", "--node", name]);
    assert_eq!(ran.code, 0, "{name}: {ran:?}");
}

/// A switch that was not confirmed: what is said of it, and how long it took.
fn cut_off(home: &Home, machine: &Machine, edit: impl Fn(&str) -> String) -> (Ran, Duration) {
    let before = second_generation(machine, edit);
    let begun = Instant::now();
    let ran = home.nixi(&switch(machine.name()));
    let took = begun.elapsed();
    assert_eq!(ran.code, 1, "{}: {ran:?}", machine.name());
    is_back(home, machine, &before);
    (ran, took)
}

#[test]
fn what_cuts_us_off_is_taken_back_by_the_node() {
    const READDRESS: &str = "systemd.services.readdress = { wantedBy = [ \"multi-user.target\" ]; serviceConfig = { \
        Type = \"oneshot\"; RemainAfterExit = true; ExecStart = \"/bin/sh -c 'PATH=/run/current-system/sw/bin; ip address show dev eth0 >/run/was; \
        ip address del @/24 dev eth0; ip address add 10.213.250.9/24 dev eth0'\"; \
        ExecStop = \"/bin/sh -c 'PATH=/run/current-system/sw/bin; ip address del 10.213.250.9/24 dev eth0; ip address add @/24 dev eth0; \
        ip route replace default via $(echo @ | cut -d. -f1-3).1 || true'\"; }; };";
    let names = ["firewall", "sshd", "key", "user", "port", "address"];
    let (lab, home) = ground(&names);
    scope(|scope| {
        for machine in lab.machines() {
            let (name, home) = (machine.name(), &home);
            scope.spawn(move || {
                let address = machine.address().to_string();
                let edit: Box<dyn Fn(&str) -> String> = match name {
                    "firewall" => Box::new(with_line(FIREWALL)),
                    "sshd" => Box::new(|text: &str| {
                        text.replace("services.openssh.enable = true", "services.openssh.enable = false")
                    }),
                    "key" => Box::new(|text: &str| text.replace("ssh-ed25519 AAAA", "ssh-ed25519 BBBB")),
                    "user" => {
                        Box::new(|text: &str| text.replace("users.users.nixi =", "users.users.other ="))
                    }
                    "port" => Box::new(with_line("services.openssh.ports = [ 2222 ];")),
                    _ => {
                        let line = READDRESS.replace('@', &address);
                        Box::new(move |text: &str| with_line(&line)(text))
                    }
                };
                let (ran, took) = cut_off(home, machine, edit);
                let what = "could not be reached over a new connection";
                assert!(
                    ran.err.contains(what) && ran.err.contains("went back to the system before"),
                    "{ran:?}"
                );
                assert!(took < GUARD + MARGIN + MARGIN, "{name}: {took:?}");
            });
        }
    });
}

#[test]
fn a_unit_that_newly_fails_takes_the_switch_back_and_an_old_failure_does_not() {
    let (lab, home) = ground(&["web-server"]);
    let machine = lab.machine("web-server");
    let bad = "systemd.services.bad = { wantedBy = [ \"multi-user.target\" ]; serviceConfig.Type = \"oneshot\"; \
               script = \"echo the reason; exit 3\"; };";
    let (ran, _) = cut_off(&home, machine, with_line(bad));
    let said = ["bad.service failed after the switch", "the reason", "went back to the system before"];
    assert!(said.iter().all(|said| ran.err.contains(said)), "{ran:?}");

    // What had failed before keeps nothing from being confirmed, and a good switch boots next.
    machine.try_root("systemd-run --unit=old --property=Type=oneshot false").unwrap();
    let before = second_generation(machine, with_line("networking.firewall.allowedTCPPorts = [ 8080 ];"));
    let ran =
        home.nixi(&["call", "nixos.rollback", "generation=3", "--node", "web-server", "--yes=destructive"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(running(machine) != before && running(machine) == boots_next(machine), "{ran:?}");
    assert_eq!(left(machine), "");
    let ran = home.nixi(&["undo", "--yes=destructive"]);
    assert_eq!((ran.code, running(machine) == before), (0, true), "{ran:?}");
}

/// Who sits at the terminal is asked whether the new system stays; without an answer, and with `--strict`, it does not.
#[test]
fn a_unit_that_newly_fails_is_asked_about() {
    let (lab, home) = ground(&["keep", "back", "strict", "silent"]);
    let bad = "systemd.services.bad = { wantedBy = [ \"multi-user.target\" ]; serviceConfig.Type = \"oneshot\"; \
               script = \"echo the reason; exit 3\"; };";
    scope(|scope| {
        for machine in lab.machines() {
            let (name, home) = (machine.name(), &home);
            scope.spawn(move || {
                let before = second_generation(machine, with_line(bad));
                let mut terminal = Terminal::open();
                let mut args = switch(name).to_vec();
                if name == "strict" {
                    args.push("--strict");
                }
                let child = terminal.run(home, &args);
                if name != "strict" {
                    let asked = terminal.takes("What is it to be?");
                    let said = ["bad.service failed after the switch", "the reason", "go back", "keep"];
                    assert!(said.iter().all(|said| asked.contains(said)), "{name}: {asked}");
                }
                match name {
                    "keep" => terminal.answers("2\n"),
                    "back" => terminal.answers("1\n"),
                    _ => {}
                }
                let ran = Ran::from(child.wait_with_output().unwrap());
                if name == "keep" {
                    assert_eq!(ran.code, 0, "{ran:?}");
                    assert!(running(machine) != before && running(machine) == boots_next(machine), "{ran:?}");
                    machine.wait_until("be done with it", || Ok(left(machine).is_empty())).unwrap();
                } else {
                    assert_eq!(ran.code, 1, "{name}: {ran:?}");
                    is_back(home, machine, &before);
                }
            });
        }
    });
}

/// Whoever dies meanwhile: the controller, what watches over the switch, the node itself.
#[test]
fn whoever_dies_meanwhile_the_node_goes_back() {
    let (lab, home) = ground(&["controller-dies", "guard-dies", "power-cut", "killed-halfway"]);
    scope(|scope| {
        for machine in lab.machines() {
            let (name, home) = (machine.name(), &home);
            scope.spawn(move || {
                // A switch that takes long, or one that cannot be confirmed.
                let slow = "systemd.services.slow = { wantedBy = [ \"multi-user.target\" ]; serviceConfig = { \
                            Type = \"oneshot\"; RemainAfterExit = true; ExecStart = \"/bin/sh -c 'sleep 8'\"; }; };";
                let line = if name == "killed-halfway" { slow } else { FIREWALL };
                let before = second_generation(machine, with_line(line));
                let mut child = home
                    .command(&switch(name))
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap();
                let word = if name == "killed-halfway" { "switching" } else { "switched" };
                let state = format!("grep -q '^{word}' /run/nixi/*.guard/state");
                machine.wait_until("switch", || Ok(machine.try_root(&state)?.code == 0)).unwrap();
                let unit = "$(systemctl list-units 'nixi-*' --no-legend --plain | cut -d' ' -f1)";
                let kill = format!("kill -KILL $(systemctl show --property=MainPID --value {unit})");
                let begun = Instant::now();
                match name {
                    "controller-dies" => {
                        child.kill().unwrap();
                        child.wait().unwrap();
                        machine.wait_until("go back", || Ok(running(machine) == before)).unwrap();
                        assert!(begun.elapsed() < GUARD + MARGIN, "{name}: {:?}", begun.elapsed());
                        is_back(home, machine, &before);
                        // The next start knows of it, and the node's record completes it.
                        let log = home.nixi(&["log", "--last", "1", "--node", name]);
                        assert!(log.out.contains("failed") && !log.out.contains("  done"), "{log:?}");
                        return;
                    }
                    "guard-dies" | "killed-halfway" => {
                        sleep(Duration::from_secs(1));
                        machine.root(&kill).unwrap();
                    }
                    _ => {
                        machine.power_off().unwrap();
                        machine.power_on().unwrap();
                        machine.wait_for_ssh().unwrap();
                    }
                }
                let ran = Ran::from(child.wait_with_output().unwrap());
                assert_eq!(ran.code, 1, "{name}: {ran:?}");
                let said = match name {
                    "guard-dies" => "could not be reached over a new connection",
                    "killed-halfway" => "was killed halfway; killed-halfway went back to the system before",
                    _ => "was restarted meanwhile",
                };
                assert!(ran.err.contains(said), "{name}: {ran:?}");
                is_back(home, machine, &before);
            });
        }
    });
}

/// How often a good switch is made: few times in CI, often with many cases a property (`cargo xtask soak`).
fn good_switches() -> usize {
    let cases: u32 = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(0);
    if cases >= 10_000 { 50 } else { 5 }
}

#[test]
fn good_switches_are_confirmed_each_time() {
    let (lab, home) = ground(&["web-server"]);
    let machine = lab.machine("web-server");
    second_generation(machine, with_line("networking.firewall.allowedTCPPorts = [ 8080 ];"));
    for turn in 0..good_switches() {
        let generation = if turn % 2 == 0 { "generation=2" } else { "generation=1" };
        let args = ["call", "nixos.rollback", generation, "--node", "web-server", "--yes=destructive"];
        let ran = home.nixi(&args);
        assert_eq!(ran.code, 0, "turn {turn}: {ran:?}");
        assert_eq!(
            (running(machine) == boots_next(machine), left(machine)),
            (true, String::new()),
            "turn {turn}"
        );
    }
}

/// What others switch meanwhile is theirs; and two switches never wait at once.
#[test]
fn another_switch_is_neither_joined_nor_taken_back() {
    let (lab, home) = ground(&["web-server"]);
    let machine = lab.machine("web-server");
    let before = second_generation(machine, with_line(FIREWALL));
    machine
        .root(
            "mkdir -p /run/nixi/aaaaaaaaaaaaaaaa.guard && echo 'switched 0 1' >/run/nixi/aaaaaaaaaaaaaaaa.guard/state
             systemd-run --quiet --unit=nixi-aaaaaaaaaaaaaaaa sleep 300",
        )
        .unwrap();
    let ran = home.nixi(&switch("web-server"));
    assert!(ran.code == 1 && ran.err.contains("another switch by Nixi is under way"), "{ran:?}");
    assert_eq!((running(machine), boots_next(machine)), (before.clone(), before.clone()));
    machine.root("systemctl stop nixi-aaaaaaaaaaaaaaaa && rm -r /run/nixi/aaaaaaaaaaaaaaaa.guard").unwrap();

    // Somebody switches to a third system while the second one waits for a confirmation that cannot come.
    let child =
        home.command(&switch("web-server")).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let waits = "grep -q '^switched' /run/nixi/*.guard/state";
    machine.wait_until("switch", || Ok(machine.try_root(waits)?.code == 0)).unwrap();
    let text = machine.read(CONFIGURATION).unwrap();
    machine.write(CONFIGURATION, &with_line("environment.systemPackages = [ pkgs.jq ];")(&text)).unwrap();
    machine.root("nixos-rebuild test").unwrap();
    let third = running(machine);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(ran.err.contains("somebody else switched web-server while it waited"), "{ran:?}");
    assert!(third != before && running(machine) == third, "{ran:?}");
    assert_eq!(boots_next(machine), before);
}

/// A reboot is done when another boot answers; what is off is told as that, and a monitored node hears of neither.
#[test]
fn a_node_is_booted_anew_and_switched_off() {
    let (lab, home) = ground(&["web-server"]);
    let machine = lab.machine("web-server");
    let first = machine.root("touch /run/here && cut -d' ' -f22 /proc/1/stat").unwrap();
    let ran = home.nixi(&["--yes=destructive", "reboot web-server"]);
    assert!(ran.code == 0 && ran.out.contains("done: reboot web-server"), "{ran:?}");
    let again = machine.root("ls /run/here 2>/dev/null; cut -d' ' -f22 /proc/1/stat").unwrap();
    assert_ne!(first, again);
    let undo = home.nixi(&["undo", "--yes=destructive"]);
    assert!(undo.code != 0 && undo.err.contains("what ran before the reboot has ended"), "{undo:?}");

    let ran = home.nixi(&["call", "system.poweroff", "--node", "web-server", "--yes=destructive"]);
    assert!(ran.code == 0 && ran.err.contains("Nixi cannot switch web-server on again"), "{ran:?}");
    machine.wait_until("be off", || Ok(!machine.is_on())).unwrap();
    let ran = home.nixi(&["call", "system.reboot", "--node", "web-server", "--yes=destructive"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    let here = home.nixi(&["call", "system.reboot", "--yes=destructive"]);
    assert!(here.code == 2 && here.err.contains("would go down with it"), "{here:?}");
}

/// What keeps a node from going back at first only delays it: a lock that somebody else holds, and a system that fails to switch.
#[test]
fn going_back_is_tried_until_it_works() {
    let (lab, home) = ground(&["locked", "failing"]);
    scope(|scope| {
        for machine in lab.machines() {
            let (name, home) = (machine.name(), &home);
            scope.spawn(move || {
                let before = second_generation(machine, with_line(FIREWALL));
                let child =
                    home.command(&switch(name)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
                let waits = "grep -q '^switched' /run/nixi/*.guard/state";
                machine.wait_until("switch", || Ok(machine.try_root(waits)?.code == 0)).unwrap();
                let system = before.trim();
                let hindrance = match name {
                    "locked" => {
                        "systemd-run --quiet flock /run/nixos/switch-to-configuration.lock sleep 20".to_owned()
                    }
                    // It fails twice, and then it is what it was.
                    _ => format!(
                        "cp {system}/bin/switch-to-configuration /run/real
                         printf '#!/bin/sh\\necho tried >>/run/tries; [ $(wc -l </run/tries) -gt 2 ] || exit 1; exec /run/real \"$@\"\\n' >/run/odd
                         chmod +x /run/odd /run/real && mount --bind /run/odd {system}/bin/switch-to-configuration"
                    ),
                };
                machine.root(&hindrance).unwrap();
                let ran = Ran::from(child.wait_with_output().unwrap());
                assert!(ran.code == 1 && ran.err.contains("went back to the system before"), "{name}: {ran:?}");
                is_back(home, machine, &before);
                if name == "failing" {
                    assert_eq!(machine.read("/run/tries").unwrap().lines().count(), 3);
                }
            });
        }
    });
}
