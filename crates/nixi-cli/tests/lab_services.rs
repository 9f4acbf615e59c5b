//! Services on whole machines: what starts at boot, and what is reloaded; and what the firewall lets in. Each effect is told by
//! the machine itself, and what is undone is as it was.
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

use common::{Home, Ran};
use nixi_lab::{Lab, Machine, MachineSpec};

const WEB: &str = "web-server";
const OWN: &str = "/etc/nixos/nixi.nix";
const OPTIONS: &str = r#"
  systemd.services.page = {
    wantedBy = [ "multi-user.target" ];
    reload = "echo once >>/run/reloaded";
    script = "exec /run/current-system/sw/bin/sleep infinity";
  };
  systemd.services.plain = {
    wantedBy = [ "multi-user.target" ];
    script = "exec /run/current-system/sw/bin/sleep infinity";
  };
  systemd.services.resting = {
    script = "exec /run/current-system/sw/bin/sleep infinity";
  };
  systemd.services.tick.script = "true";
  systemd.timers.tick.timerConfig.OnCalendar = "hourly";
  systemd.services."worker@".script = "exec /run/current-system/sw/bin/sleep infinity";
  systemd.services.silenced = {
    enable = false;
    script = "true";
  };
"#;

/// A machine with a few services, and Nixi's own module, which has something in it already.
fn ground(mode: &'static str) -> (Lab, Home) {
    let lab = Lab::builder().machine(MachineSpec::new(WEB).options(OPTIONS)).up().unwrap();
    let web = lab.machine(WEB);
    web.wait_until_booted().unwrap();
    web.write(
        OWN,
        "{ config, lib, pkgs, ... }:\n\n{\n  environment.systemPackages = [\n    pkgs.htop\n  ];\n}\n",
    )
    .unwrap();
    web.root("sed -i 's,./hardware-configuration.nix,& ./nixi.nix,' /etc/nixos/configuration.nix").unwrap();
    web.root("cd /root && nixos-rebuild switch").unwrap();
    let home = Home::with_config(&format!("[guard]\ntimeout = \"15s\"\n{}", lab.config(|_| mode)));
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    std::fs::write(home.path().join(".ssh/known_hosts"), lab.known_hosts().unwrap()).unwrap();
    (lab, home)
}

fn nixi(home: &Home, args: &[&str]) -> Ran {
    let ran = home.nixi(args);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran
}

fn own(web: &Machine) -> String {
    web.read(OWN).unwrap()
}

fn running(web: &Machine) -> String {
    web.root("readlink -f /run/current-system").unwrap()
}

/// All that a change of what is declared may touch, what runs, and what starts at boot.
fn state(web: &Machine) -> String {
    let script = "readlink -f /run/current-system /nix/var/nix/profiles/system
                  sha256sum /etc/nixos/*; ls /tmp | grep ^nixi- || true
                  ls /etc/systemd/system/*.wants/; iptables-save | sed -e 's/\\[[0-9:]*\\]//' -e /^#/d
                  systemctl show --property=Id,ActiveState,InvocationID page plain resting tick.timer firewall sshd";
    web.root(script).unwrap()
}

/// Whether a target starts a unit, as systemd finds it; and what systemctl says.
fn starts(web: &Machine, target: &str, unit: &str) -> bool {
    let link = format!("test -e /etc/systemd/system/{target}.wants/{unit}");
    let is_linked = web.try_root(&link).unwrap().code == 0;
    let wanted = web.root(&format!("systemctl show --property=WantedBy --value {unit}")).unwrap();
    assert_eq!(wanted.split_whitespace().any(|by| by == target), is_linked, "{unit}: {wanted}");
    is_linked
}

fn is_active(web: &Machine, unit: &str) -> bool {
    web.try_root(&format!("systemctl is-active --quiet {unit}")).unwrap().code == 0
}

#[test]
fn services_are_enabled_and_taken_back() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    let (module, system) = (own(web), running(web));
    let ran = nixi(&home, &["--yes", "enable resting and tick.timer on web-server"]);
    let told = "the switch also starts resting.service, which is inactive now";
    assert!(ran.err.contains(told), "{ran:?}");
    assert!(starts(web, "multi-user.target", "resting.service"));
    assert!(starts(web, "timers.target", "tick.timer"));
    assert_eq!(web.root("systemctl is-enabled resting.service tick.timer").unwrap(), "enabled\nenabled");
    assert!(is_active(web, "resting") && is_active(web, "tick.timer"));
    let text = own(web);
    assert!(text.contains("systemd.services.resting.wantedBy = ["), "{text}");
    assert!(text.contains("systemd.timers.tick.wantedBy = ["), "{text}");

    let before = state(web);
    let again = nixi(&home, &["--yes", "enable resting and page on web-server"]);
    let nothing =
        "nothing to enable on web-server: resting.service is started at boot already, page.service is";
    assert!(again.out.contains(nothing), "{again:?}");
    assert_eq!(state(web), before);

    nixi(&home, &["undo", "--yes"]);
    assert_eq!((own(web), running(web)), (module, system));
    assert!(
        !starts(web, "multi-user.target", "resting.service") && !starts(web, "timers.target", "tick.timer")
    );
    assert!(is_active(web, "resting"), "what runs goes on");
}

#[test]
fn services_of_others_are_disabled_and_taken_back() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    let (module, system) = (own(web), running(web));
    let ran = nixi(&home, &["--yes", "disable page and plain on web-server"]);
    for told in [
        "page.service keeps running until it is stopped",
        "page.service is declared by somebody else, whose files stay as they are",
    ] {
        assert!(ran.err.contains(told), "{told}: {ran:?}");
    }
    let off = |unit: &str| !starts(web, "multi-user.target", unit);
    assert!(off("page.service") && off("plain.service"));
    assert!(web.try_root("systemctl is-enabled page").unwrap().code != 0);
    assert!(is_active(web, "page") && is_active(web, "plain"));
    assert!(own(web).contains("systemd.services.page.wantedBy = lib.mkForce [ ];"), "{}", own(web));

    let before = state(web);
    let again = nixi(&home, &["--yes", "disable page and resting on web-server"]);
    assert!(again.out.contains("nothing to disable on web-server: page.service is not started"), "{again:?}");
    assert_eq!(state(web), before);
    web.reboot().unwrap();
    web.wait_until_booted().unwrap();
    assert!(!is_active(web, "page") && !is_active(web, "plain"), "neither starts at boot");

    nixi(&home, &["undo", "--yes"]);
    assert_eq!((own(web), running(web)), (module.clone(), system.clone()));
    assert!(!off("page.service") && !off("plain.service"));

    // One after the other in one request, they come to nothing.
    let both = home.nixi(&["--yes", "disable page on web-server, then enable page on web-server"]);
    assert_eq!((both.code, own(web), running(web)), (0, module, system), "{both:?}");
    assert!(!off("page.service"), "{both:?}");
}

/// An option that Nixi set is set no more, and again.
#[test]
fn a_service_that_nixi_switched_on_is_switched_off() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    let declared = "{ config, lib, ... }:\n{\n  options.services.gadget.enable = lib.mkEnableOption \"gadget\";\n  \
        config = lib.mkIf config.services.gadget.enable {\n    systemd.services.gadget = {\n      \
        wantedBy = [ \"multi-user.target\" ];\n      script = \"exec /run/current-system/sw/bin/sleep infinity\";\n    };\n  };\n}\n";
    web.write("/etc/nixos/gadget.nix", declared).unwrap();
    web.root("sed -i 's,./nixi.nix,& ./gadget.nix,' /etc/nixos/configuration.nix").unwrap();
    // What is missing is told with the way by which it comes to be.
    let missing = home.nixi(&["--yes", "enable gadget on web-server"]);
    let way = "nixi call nixos.edit option=services.gadget.enable value=true --node web-server";
    assert!(missing.code == 1 && missing.err.contains(way), "{missing:?}");

    nixi(
        &home,
        &["call", "nixos.edit", "option=services.gadget.enable", "value=true", "--node", WEB, "--yes"],
    );
    assert!(starts(web, "multi-user.target", "gadget.service") && is_active(web, "gadget"));
    let module = own(web);
    let ran = nixi(&home, &["--yes", "disable the gadget service on web-server"]);
    let told = "services.gadget.enable goes from nixi.nix: where nothing else sets it, gadget.service stops and goes";
    assert!(ran.err.contains(told), "{ran:?}");
    assert!(!is_active(web, "gadget") && !own(web).contains("gadget"), "{}", own(web));
    nixi(&home, &["undo", "--yes"]);
    assert!(starts(web, "multi-user.target", "gadget.service") && is_active(web, "gadget"));
    assert_eq!(own(web), module);
}

#[test]
fn what_cannot_be_enabled_or_must_not_be_disabled_changes_nothing() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    web.root(
        "printf '[Service]\\nExecStart=/bin/sleep 900\\n' >/run/systemd/system/passing.service && systemctl daemon-reload",
    )
    .unwrap();
    let before = state(web);
    for (words, code, said) in [
        (
            "enable restin on web-server",
            1,
            &[
                "no unit named restin.service on web-server",
                "resting.service",
                "option=services.restin.enable",
            ][..],
        ),
        ("disable restin on web-server", 1, &["no unit named restin.service", "resting.service"]),
        ("enable worker@1 on web-server", 2, &["is an instance of worker@", "overrideStrategy"]),
        ("enable passing on web-server", 2, &["something made it at run time"]),
        (
            "enable silenced on web-server",
            2,
            &["silenced.service is masked", "systemd.services.silenced.enable"],
        ),
        ("enable multi-user.target on web-server", 2, &["is not a service"]),
    ] {
        let ran = home.nixi(&["--yes", words]);
        assert_eq!(ran.code, code, "{words}: {ran:?}");
        assert!(said.iter().all(|said| ran.err.contains(said)), "{words}: {said:?}: {ran:?}");
        assert_eq!(state(web), before, "{words}");
    }
    let lockout = nixi(&home, &["--dry-run", "disable sshd on web-server"]);
    for said in [
        "sshd.service keeps the node within reach: without it you may be cut off",
        "this would cut Nixi off: sshd does not start at boot any more",
        "risk      destructive",
    ] {
        assert!(lockout.err.contains(said), "{said}: {lockout:?}");
    }
    // A yes to what is routine does not cover it.
    let refused = home.nixi(&["--yes", "disable sshd on web-server"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert_eq!(state(web), before);
}

#[test]
fn a_service_is_reloaded_if_it_can_be() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    let pid = || web.root("systemctl show --property=MainPID --value page").unwrap();
    let (before, first) = (state(web), pid());
    nixi(&home, &["--yes", "reload page.service on web-server"]);
    assert_eq!(web.root("cat /run/reloaded").unwrap(), "once");
    assert_eq!((state(web), pid()), (before.clone(), first.clone()), "it runs on");

    let unable = home.nixi(&["--yes", "reload page and plain on web-server"]);
    assert_eq!(unable.code, 2, "{unable:?}");
    for said in ["plain.service cannot be reloaded", "nixi call service.restart names=plain.service"] {
        assert!(unable.err.contains(said), "{said}: {unable:?}");
    }
    let resting = nixi(&home, &["--yes", "reload resting on web-server"]);
    assert!(
        resting.out.contains("nothing to reload on web-server: resting.service is not active"),
        "{resting:?}"
    );
    assert_eq!(web.root("cat /run/reloaded").unwrap(), "once");
    assert_eq!((state(web), pid()), (before, first));
}

/// On a node that is only looked at.
#[test]
fn the_firewall_is_told_as_it_is_and_left_so() {
    let (lab, home) = ground("monitored");
    let web = lab.machine(WEB);
    let module = own(web).replace(
        "{\n  environment",
        "{\n  networking.firewall.allowedTCPPorts = [ 8080 ];\n  networking.firewall.allowedUDPPortRanges = [ { from = 6000; to = 6010; } ];\n  environment",
    );
    web.write(OWN, &module).unwrap();
    let custom = "networking.firewall.extraCommands = \"iptables -A nixos-fw -p tcp -s 10.0.0.0/8 --dport 3306 -j nixos-fw-accept\\niptables -A nixos-fw -s 10.6.6.6 -j DROP\";";
    web.root(&format!(
        "sed -i 's,^  system.stateVersion,  {}\\n&,' /etc/nixos/configuration.nix && cd /root && nixos-rebuild switch",
        custom.replace('\\', "\\\\").replace('\'', "")
    ))
    .unwrap();
    let before = state(web);
    let ran = nixi(&home, &["which ports are open in the firewall of web-server"]);
    let rows: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    let rules = web.root("iptables -S nixos-fw").unwrap();
    for (row, rule) in [
        (&["22/tcp", "all", "-"][..], "-p tcp -m tcp --dport 22 -j"),
        (&["8080/tcp", "all", "Nixi"], "-p tcp -m tcp --dport 8080 -j"),
        (&["6000-6010/udp", "all", "Nixi"], "-p udp -m udp --dport 6000:6010 -j"),
        (&["53/udp", "podman0", "-"], "-i podman0 -p udp -m udp --dport 53 -j"),
        (
            &["3306/tcp", "all", "-", "IPv4", "-s", "10.0.0.0/8"],
            "-s 10.0.0.0/8 -p tcp -m tcp --dport 3306 -j",
        ),
    ] {
        assert!(rows.iter().any(|told| told == row), "{row:?}: {}", ran.out);
        assert!(rules.contains(rule), "{rule}: {rules}");
    }
    assert!(ran.out.contains("left out: iptables -A nixos-fw -s 10.6.6.6 -j DROP"), "{ran:?}");
    assert_eq!(state(web), before, "looking changes nothing");

    web.root("systemctl stop firewall").unwrap();
    let off = nixi(&home, &["list firewall ports on web-server"]);
    assert!(
        off.out.contains("the firewall is off, and keeps nothing out: its service is inactive"),
        "{off:?}"
    );
    web.root("systemctl start firewall").unwrap();
}
