//! Changes: what is shown is what runs.

use nixi_core::recording::Recording;
use nixi_core::registry::Access;
use nixi_core::{CallRequest, CallResult, ErrorKind, Intent, Risk, StepStatus, Undo};

use crate::support::{CACHE, Lab, STATES, WEB, as_shown, examples, node, paused, record};

fn on_db(action: &str, names: &[&str]) -> CallRequest {
    CallRequest::new(action).on("db-server").with("names", names.to_vec())
}

/// The changes that were sent, as a person was shown them.
fn ran(lab: &Lab) -> Vec<String> {
    lab.nodes.changes().iter().map(|change| as_shown(change)).collect()
}

/// The plan as a person reads it.
fn shown(result: &CallResult) -> String {
    let plan = result.plan.as_ref().unwrap();
    let lines = |title: &str, lines: &[String]| {
        lines.iter().map(|line| format!("\n{title} {line}")).collect::<String>()
    };
    format!(
        "{} [{}]{}{}{}",
        plan.summary,
        plan.risk.as_str(),
        lines("!", &plan.warnings),
        lines("=", &plan.expects),
        plan.lines().map(|line| format!("\n$ {line}")).collect::<String>()
    )
}

/// Each in the first state in which it has something to do.
#[tokio::test]
async fn every_example_is_planned_like_this() {
    let mut plans = Vec::new();
    for change in examples(|access| access != Access::Read) {
        for on in STATES {
            let planned = Lab::new(on()).plan(change.clone().on("db-server")).await;
            if planned.plan.is_some() {
                plans.push(shown(&planned));
                break;
            }
        }
    }
    insta::assert_snapshot!(plans.join("\n\n"), @r#"
    deploy greeter on db-server from localhost/nixi-lab/sleeper:1 [routine]
    ! containers find each other by name only if the firewall of db-server lets them ask: UDP port 53 on podman's interfaces (NixOS: networking.firewall.interfaces."podman+".allowedUDPPorts = [ 53 ])
    = localhost/nixi-lab/sleeper:1 is the same image
    = no other container of db-server is called greeter
    = no link leads from /srv/greeter/data to elsewhere
    $ sudo -n -- podman network create '--syslog=false' -- nixi
    $ sudo -n -- mkdir -p -- /srv/greeter/data
    $ sudo -n -- podman create '--syslog=false' --name greeter --network nixi --restart no --pull never --label 'nixi.deploy={"name":"greeter","image":"localhost/nixi-lab/sleeper:1","ports":["none"],"env":{"LANG":"C"},"volumes":["data:/data"],"restart":"no"}' --volume /srv/greeter/data:/data --env 'LANG=C' -- localhost/nixi-lab/sleeper:1
    $ sudo -n -- podman start '--syslog=false' -- greeter
    $ wait until greeter has stayed up for 3 s, at most 20 s (120 s if it has a health check, which has to pass)
    $ if a later step fails: sudo -n -- podman rm '--syslog=false' --force --volumes -- greeter
    $ if a later step fails: sudo -n -- rmdir --ignore-fail-on-non-empty -- /srv/greeter/data /srv/greeter
    $ if a later step fails: sudo -n -- podman network rm '--syslog=false' -- nixi

    pause 1 container on db-server: web [routine]
    = web is 0f1e2d3c4b5a
    $ sudo -n -- systemd-run … -- podman pause '--syslog=false' -- 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0

    remove 1 container on db-server: web [destructive]
    ! web is running and will be killed
    ! podman-web.service runs web and may bring it back: to end it, stop the unit
    = web is 0f1e2d3c4b5a
    $ sudo -n -- systemd-run … -- podman rm '--syslog=false' --force -- 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0

    restart 1 container on db-server: web [routine]
    = web is 0f1e2d3c4b5a
    $ sudo -n -- podman restart '--syslog=false' -- 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
    $ wait until web has stayed up for 3 s, at most 20 s (120 s if it has a health check, which has to pass)

    start 1 container on db-server: web [routine]
    = web is 0f1e2d3c4b5a
    $ sudo -n -- podman start '--syslog=false' -- 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
    $ wait until web has stayed up for 3 s, at most 20 s (120 s if it has a health check, which has to pass)

    stop 1 container on db-server: web [routine]
    ! podman-web.service runs web and may bring it back: to end it, stop the unit
    = web is 0f1e2d3c4b5a
    $ sudo -n -- systemd-run … -- podman stop '--syslog=false' -- 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0

    unpause 1 container on db-server: web [routine]
    = web is 0f1e2d3c4b5a
    $ sudo -n -- systemd-run … -- podman unpause '--syslog=false' -- 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0

    update greeter on db-server: a new container of localhost/nixi-lab/sleeper:1 takes the place of bbbbbbbbbbbb [routine]
    ! greeter is away while the new one starts; if that fails, the old one is started again
    ! data that greeter wrote outside /srv/greeter is lost with the old container
    ! containers find each other by name only if the firewall of db-server lets them ask: UDP port 53 on podman's interfaces (NixOS: networking.firewall.interfaces."podman+".allowedUDPPorts = [ 53 ])
    = greeter is the same container, in the same state
    = localhost/nixi-lab/sleeper:1 is the same image
    = no other container of db-server is called greeter
    $ sudo -n -- podman network create '--syslog=false' -- nixi
    $ sudo -n -- systemd-run … -- podman stop '--syslog=false' -- bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    $ sudo -n -- podman rename '--syslog=false' -- bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb bbbbbbbbbbbb-before
    $ sudo -n -- podman create '--syslog=false' --name greeter --network nixi --restart unless-stopped --pull never --label 'nixi.deploy={"name":"greeter","image":"localhost/nixi-lab/sleeper:1","env":{"LANG":"C.UTF-8"}}' --env 'LANG=C.UTF-8' -- localhost/nixi-lab/sleeper:1
    $ sudo -n -- podman start '--syslog=false' -- greeter
    $ wait until greeter has stayed up for 3 s, at most 20 s (120 s if it has a health check, which has to pass)
    $ sudo -n -- podman rm '--syslog=false' -- bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    $ if a later step fails: sudo -n -- podman rm '--syslog=false' --force --volumes -- greeter
    $ if a later step fails: sudo -n -- podman rename '--syslog=false' -- bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb greeter
    $ if a later step fails: sudo -n -- podman start '--syslog=false' -- bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    $ if a later step fails: sudo -n -- podman network rm '--syslog=false' -- nixi

    delete the file /srv/notes/old.txt on db-server [destructive]
    = /srv/notes/old.txt: the same content, SHA-256 01d09d19c2139a46aebfb577780d123d7396e97201bc7ead210a2ebff8239dee
    = /srv/notes/old.txt: the same owner and permissions
    = /srv/notes: the same folder, by no link
    $ rm -- /srv/notes/old.txt

    write the file /srv/notes/today.txt on db-server [routine]
    = /srv/notes/today.txt: the same owner and permissions
    $ put file /srv/notes/today.txt: 17 bytes, SHA-256 94e5e3e70668c974f7f9cc7f11378db02f1b46d11e3a3351d3febe3e1ad7d947, mode 0644, owner nixi:users, by no link, in place of SHA-256 143848947a1f94fb829cd9eb31a73e60a6d7ee52f9a168a5840d175dafd342b8

    close 8080/tcp on db-server [destructive]
    = db-server: the same system runs
    = db-server: the same system boots next
    = db-server: the same /home/me/nixos/configuration.nix
    $ sudo -n -- /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test, and back to /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0 unless the node is reached over a new connection within 90s
    $ put file /home/me/nixos/nixi.nix: 161 bytes, SHA-256 3dfa513a5084b26b4641da5d1f869b871631934df020d8c7b1ccd3a4d75bbf9e, mode 0644, by no link, in place of SHA-256 3bab6957c4eec0fcede2366d201d9e7cbfdcd3a5aef421cfd4e2a553aae3292d
    $ sudo -n -- systemd-run … -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826
    $ sudo -n -- systemd-run … -- env /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0/bin/switch-to-configuration test

    open 8080/tcp on db-server [routine]
    = db-server: the same system runs
    = db-server: the same system boots next
    = db-server: the same /home/me/nixos/configuration.nix
    $ sudo -n -- /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test, and back to /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826 unless the node is reached over a new connection within 90s
    $ put file /home/me/nixos/nixi.nix: 181 bytes, SHA-256 c7f8f57b8b19c87eebfb392a683847518e10a86d4da3f15c4c6b1dcf26ad8f47, mode 0644, by no link, where there is none
    $ put file /home/me/nixos/configuration.nix: 61 bytes, SHA-256 23c1d4a3da16db6dde0135032e824e768c69ef22bc3530ed6d0ef40f3f09efe8, mode 0644, by no link, in place of SHA-256 fe92a78ce11071c1ce35a165680e379c972ad6c7a41c45b469c5291977172ccd
    $ sudo -n -- systemd-run … -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826
    $ sudo -n -- systemd-run … -- env /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test

    add channel lab from file:///usr/lib/nixi-lab/channel/nixos-25.05.tar.gz on db-server; nothing runs differently until a rebuild [routine]
    = db-server: the same channels
    = db-server: the same generation of channels
    $ sudo -n -- systemd-run … -- nix-channel --add file:///usr/lib/nixi-lab/channel/nixos-25.05.tar.gz lab
    $ sudo -n -- systemd-run … -- nix-channel --option tarball-ttl 0 --update lab
    $ if a later step fails: sudo -n -- nix-channel --remove lab

    remove channel nixos on db-server; nothing runs differently until a rebuild [destructive]
    ! db-server cannot be rebuilt without it: <nixpkgs> is this channel
    = db-server: the same channels
    = db-server: the same generation of channels
    $ sudo -n -- systemd-run … -- nix-channel --remove nixos

    update channel nixos on db-server; nothing runs differently until a rebuild [routine]
    = db-server: the same channels
    = db-server: the same generation of channels
    $ sudo -n -- systemd-run … -- nix-channel --option tarball-ttl 0 --update nixos

    collect garbage on db-server; every generation stays [destructive]
    = db-server: the same generations
    = db-server: the same generation boots next
    = db-server: the same system runs, and the same was booted
    $ sudo -n -- systemd-run … -- env /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ sudo -n -- systemd-run … -- nix-store --gc

    set time.timeZone = "Europe/Berlin" on db-server [routine]
    = db-server: the same system runs
    = db-server: the same system boots next
    = db-server: the same /home/me/nixos/configuration.nix
    $ sudo -n -- /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test, and back to /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826 unless the node is reached over a new connection within 90s
    $ put file /home/me/nixos/nixi.nix: 160 bytes, SHA-256 177544ac89001023aa0b74142633152e90333a093321da838a782821d812156f, mode 0644, by no link, where there is none
    $ put file /home/me/nixos/configuration.nix: 61 bytes, SHA-256 23c1d4a3da16db6dde0135032e824e768c69ef22bc3530ed6d0ef40f3f09efe8, mode 0644, by no link, in place of SHA-256 fe92a78ce11071c1ce35a165680e379c972ad6c7a41c45b469c5291977172ccd
    $ sudo -n -- systemd-run … -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826
    $ sudo -n -- systemd-run … -- env /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test

    rebuild db-server [destructive]
    = db-server: the same system runs
    = db-server: the same system boots next
    = db-server: the same /home/me/nixos/configuration.nix
    $ sudo -n -- /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test, and back to /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826 unless the node is reached over a new connection within 90s
    $ sudo -n -- systemd-run … -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826
    $ sudo -n -- systemd-run … -- env /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test

    go to generation 1 (NixOS 24.11.1.0) on db-server [destructive]
    = db-server: the same generations
    = db-server: the same generation boots next
    = db-server: the same system runs
    $ sudo -n -- /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0/bin/switch-to-configuration test, and back to /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826 unless the node is reached over a new connection within 90s
    $ sudo -n -- systemd-run … -- nix-env -p /nix/var/nix/profiles/system --switch-generation 1
    $ sudo -n -- systemd-run … -- env /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test

    upgrade db-server [destructive]
    = db-server: the same system runs
    = db-server: the same system boots next
    = db-server: the same /home/me/nixos/configuration.nix
    = db-server: the same channels
    = db-server: the same generation of channels
    $ sudo -n -- /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test, and back to /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826 unless the node is reached over a new connection within 90s
    $ sudo -n -- systemd-run … -- nix-env -p /nix/var/nix/profiles/per-user/root/channels --set /nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-user-environment
    $ sudo -n -- systemd-run … -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826
    $ sudo -n -- systemd-run … -- env /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- nix-env -p /nix/var/nix/profiles/per-user/root/channels --switch-generation 3
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test

    install htop on db-server [routine]
    = db-server: the same system runs
    = db-server: the same system boots next
    = db-server: the same /home/me/nixos/configuration.nix
    $ sudo -n -- /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test, and back to /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826 unless the node is reached over a new connection within 90s
    $ put file /home/me/nixos/nixi.nix: 177 bytes, SHA-256 aebeb67fa3253876855c13364e71d40e37a3c439e9aaaeba88ba1f6813d98d13, mode 0644, by no link, where there is none
    $ put file /home/me/nixos/configuration.nix: 61 bytes, SHA-256 23c1d4a3da16db6dde0135032e824e768c69ef22bc3530ed6d0ef40f3f09efe8, mode 0644, by no link, in place of SHA-256 fe92a78ce11071c1ce35a165680e379c972ad6c7a41c45b469c5291977172ccd
    $ sudo -n -- systemd-run … -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826
    $ sudo -n -- systemd-run … -- env /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test

    remove htop on db-server [routine]
    = db-server: the same system runs
    = db-server: the same system boots next
    = db-server: the same /home/me/nixos/configuration.nix
    $ sudo -n -- /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test, and back to /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0 unless the node is reached over a new connection within 90s
    $ put file /home/me/nixos/nixi.nix: 165 bytes, SHA-256 a9361fa89dabba2a66d4694d5c3f21cac57678e8f36c5f9713e681c1c823c181, mode 0644, by no link, in place of SHA-256 3bab6957c4eec0fcede2366d201d9e7cbfdcd3a5aef421cfd4e2a553aae3292d
    $ sudo -n -- systemd-run … -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826
    $ sudo -n -- systemd-run … -- env /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0/bin/switch-to-configuration test

    disable 1 unit on db-server: nginx.service [routine]
    = db-server: the same system runs
    = db-server: the same system boots next
    = db-server: the same /home/me/nixos/configuration.nix
    $ sudo -n -- /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test, and back to /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0 unless the node is reached over a new connection within 90s
    $ put file /home/me/nixos/nixi.nix: 150 bytes, SHA-256 b39397b562de6aeec72ff78d0d7207fedf3d4eea2c051ec85196f0bc8cd4e9cd, mode 0644, by no link, in place of SHA-256 3bab6957c4eec0fcede2366d201d9e7cbfdcd3a5aef421cfd4e2a553aae3292d
    $ sudo -n -- systemd-run … -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826
    $ sudo -n -- systemd-run … -- env /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-db-24.11.1.0/bin/switch-to-configuration test

    enable 1 unit on db-server: nginx.service [routine]
    = db-server: the same system runs
    = db-server: the same system boots next
    = db-server: the same /home/me/nixos/configuration.nix
    $ sudo -n -- /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test, and back to /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826 unless the node is reached over a new connection within 90s
    $ put file /home/me/nixos/nixi.nix: 192 bytes, SHA-256 20f11ef43374f8198c80bfd7fb123d97fbeeea3bd9b5f405de6c8c2fe85597e2, mode 0644, by no link, where there is none
    $ put file /home/me/nixos/configuration.nix: 61 bytes, SHA-256 23c1d4a3da16db6dde0135032e824e768c69ef22bc3530ed6d0ef40f3f09efe8, mode 0644, by no link, in place of SHA-256 fe92a78ce11071c1ce35a165680e379c972ad6c7a41c45b469c5291977172ccd
    $ sudo -n -- systemd-run … -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826
    $ sudo -n -- systemd-run … -- env /nix/store/cccccccccccccccccccccccccccccccc-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- nix-env -p /nix/var/nix/profiles/system --set /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration boot
    $ if a later step fails: sudo -n -- systemd-run --wait --quiet --collect '--setenv=NIXOS_NO_CHECK=1' -- /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826/bin/switch-to-configuration test

    reload 1 unit on db-server: nginx.service [routine]
    = nginx.service: there, under the same name
    $ sudo -n -- systemd-run … -- systemctl reload -- nginx.service

    restart 1 unit on db-server: nginx.service [routine]
    = nginx.service: there, under the same name
    $ sudo -n -- systemd-run … -- systemctl restart -- nginx.service
    $ wait until nginx.service has stayed up for 3 s, at most 20 s

    start 1 unit on db-server: nginx.service [routine]
    = nginx.service: there, under the same name
    $ sudo -n -- systemd-run … -- systemctl start -- nginx.service
    $ wait until nginx.service has stayed up for 3 s, at most 20 s

    stop 1 unit on db-server: nginx.service [routine]
    = nginx.service: there, under the same name
    $ sudo -n -- systemd-run … -- systemctl stop -- nginx.service

    switch db-server off [destructive]
    ! Nixi cannot switch db-server on again
    $ sudo -n -- systemctl poweroff, and wait until the node does not answer any more

    reboot db-server [destructive]
    $ sudo -n -- systemctl reboot, and wait until the node has booted
    "#);
}

#[tokio::test]
async fn remove_all_runs_exactly_what_was_shown() {
    let mut lab = Lab::new(node());
    let all = CallRequest::new("container.remove").on("db-server").with("all", true);
    let planned = lab.plan(all.clone()).await;
    assert_eq!(planned.status, StepStatus::NotStarted);
    assert_eq!(lab.nodes.changes(), Vec::<String>::new());
    insta::assert_snapshot!(shown(&planned), @r"
    remove 2 containers on db-server: cache, web [destructive]
    ! web is running and will be killed
    ! podman-web.service runs web and may bring it back: to end it, stop the unit
    = cache is aaaaaaaaaaaa, web is 0f1e2d3c4b5a
    $ sudo -n -- systemd-run … -- podman rm '--syslog=false' --force -- aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    $ sudo -n -- systemd-run … -- podman rm '--syslog=false' --force -- 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
    ");

    let result = lab.approved(all, |_| {}).await;
    assert_eq!(result.status, StepStatus::Done);
    assert!(planned.plan.unwrap().lines().eq(ran(&lab)));
    assert_eq!(lab.local.seen(), []);
}

#[tokio::test]
async fn a_container_made_anew_under_its_name_is_left_alone() {
    let mut lab = Lab::new(node());
    let result = lab
        .approved(on_db("container.remove", &["cache"]), |node| {
            node.answer(
                "sudo -n -- podman inspect '--syslog=false' --type container --format",
                &format!("{WEB} cache\n"),
            );
        })
        .await;
    assert_eq!(result.error.unwrap().kind, ErrorKind::Changed);
    assert_eq!(lab.nodes.changes(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_needs_nothing_is_left_out() {
    let mut lab = Lab::new(node());
    let stop = lab.plan(on_db("container.stop", &["web", "cache", "web"])).await;
    insta::assert_snapshot!(shown(&stop), @r"
    stop 1 container on db-server: web (cache is not running) [routine]
    ! podman-web.service runs web and may bring it back: to end it, stop the unit
    = web is 0f1e2d3c4b5a
    $ sudo -n -- systemd-run … -- podman stop '--syslog=false' -- 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
    ");
    let start = lab.plan(on_db("container.start", &["web", "cache"])).await;
    insta::assert_snapshot!(shown(&start), @r"
    start 1 container on db-server: cache (web is already running) [routine]
    = cache is aaaaaaaaaaaa
    $ sudo -n -- podman start '--syslog=false' -- aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    $ wait until cache has stayed up for 3 s, at most 20 s (120 s if it has a health check, which has to pass)
    ");
    let restart = lab.approved(on_db("container.restart", &[&CACHE[..12]]), |_| {}).await;
    assert_eq!(restart.status, StepStatus::Done);
    assert_eq!(ran(&lab), [format!("sudo -n -- podman restart '--syslog=false' -- {CACHE}")]);

    let nothing = lab.call(on_db("container.start", &["web"])).await;
    assert_eq!(nothing.status, StepStatus::Done);
    assert_eq!(nothing.text.unwrap(), "nothing to start on db-server: web is already running");
}

/// Podman neither stops, restarts nor starts one that is paused.
#[tokio::test(start_paused = true)]
async fn a_paused_container_is_let_go_before_it_is_stopped() {
    let mut lab = Lab::new(paused());
    let stop = lab.plan(on_db("container.stop", &["web"])).await;
    insta::assert_snapshot!(shown(&stop), @r"
    stop 1 container on db-server: web [routine]
    ! web is paused: it runs for a moment before it ends
    ! podman-web.service runs web and may bring it back: to end it, stop the unit
    = web is 0f1e2d3c4b5a
    $ sudo -n -- systemd-run … -- podman unpause '--syslog=false' -- 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
    $ sudo -n -- systemd-run … -- podman stop '--syslog=false' -- 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
    ");
    let Undo::Calls(undo) = stop.plan.unwrap().undo else { panic!("a stop is taken back") };
    let undo: Vec<String> = undo.iter().map(CallRequest::typed).collect();
    let back = |action: &str| format!("nixi call container.{action} names={WEB} --node db-server");
    assert_eq!(undo, [back("start"), back("pause")]);
    let restart = lab.plan(on_db("container.restart", &["cache", "web"])).await;
    insta::assert_snapshot!(shown(&restart), @r"
    restart 2 containers on db-server: cache, web; all of them first, then each is waited for [routine]
    ! web is paused: it runs for a moment before it ends
    = cache is aaaaaaaaaaaa, web is 0f1e2d3c4b5a
    $ sudo -n -- systemd-run … -- podman unpause '--syslog=false' -- 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
    $ sudo -n -- podman restart '--syslog=false' -- aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    $ sudo -n -- podman restart '--syslog=false' -- 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
    $ wait until cache has stayed up for 3 s, at most 20 s (120 s if it has a health check, which has to pass)
    $ wait until web has stayed up for 3 s, at most 20 s (120 s if it has a health check, which has to pass)
    ");
    let done = lab.approved(on_db("container.restart", &["cache", "web"]), |_| {}).await;
    assert_eq!(done.status, StepStatus::Done, "{done:?}");

    let error = lab.call(on_db("container.start", &["cache", "web"])).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::BadArgument);
    assert_eq!(
        error.to_string(),
        "cannot start web on db-server: it is paused\n\
         hint: use `nixi call container.unpause names=web --node db-server` instead"
    );
    let all = CallRequest::new("container.start").on("db-server").with("all", true);
    let plan = lab.plan(all).await.plan.unwrap();
    assert_eq!(plan.summary, "start 1 container on db-server: cache (web is paused)");
    let remove = lab.plan(on_db("container.remove", &["web"])).await.plan.unwrap();
    assert_eq!((remove.steps.len(), &*remove.warnings[0]), (1, "web is paused and will be killed"));
}

#[tokio::test]
async fn no_containers_is_nothing_to_do() {
    let lab = Lab::new(Recording::new().answering("sudo -n -- podman ps", "[]\n"));
    let result = lab.call(CallRequest::new("container.remove").on("db-server").with("all", true)).await;
    assert_eq!(result.status, StepStatus::Done);
    assert_eq!(result.text.unwrap(), "no containers on db-server: nothing to remove");
}

#[tokio::test]
async fn names_and_all_exclude_each_other() {
    let lab = Lab::new(node());
    for call in [on_db("container.stop", &["web"]).with("all", true), on_db("container.stop", &[])] {
        let result = lab.call(call).await;
        assert_eq!(result.error.unwrap().kind, ErrorKind::BadArgument);
    }
    assert_eq!(lab.nodes.seen(), []);
}

#[tokio::test]
async fn a_name_that_is_not_there_gets_the_nearest() {
    let lab = Lab::new(node());
    let result = lab.call(on_db("container.remove", &["web", "cahce"])).await;
    let error = result.error.unwrap();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::NotFound, "no container named cahce on db-server")
    );
    assert_eq!(error.hint.unwrap(), "did you mean \"cache\"?");
    assert_eq!(result.plan, None);
}

#[tokio::test]
async fn docker_is_asked_what_it_removes_when_it_stops() {
    let row = |id: &str, name: &str| {
        let state = r#""Image":"nginx","State":"running","Status":"Up 5 minutes""#;
        format!("{{\"ID\":\"{id}\",\"Names\":\"{name}\",{state}}}\n")
    };
    let docker = node()
        .answering("sudo -n -- docker --host unix:///var/run/docker.sock ps", &(row(WEB, "web") + &row(CACHE, "cache")))
        .answering(
            "sudo -n -- docker --host unix:///var/run/docker.sock inspect --type container --format '{{.Id}} {{.Name}}'",
            &format!("{WEB} /web\n{CACHE} /cache\n"),
        )
        .answering(
            "sudo -n -- docker --host unix:///var/run/docker.sock inspect --type container --format '{{.Id}} {{.HostConfig.AutoRemove}}'",
            &format!("{WEB} false\n{CACHE} true\n"),
        );
    let lab = Lab::docker(docker);
    for action in ["container.stop", "container.restart"] {
        let plan = lab.plan(on_db(action, &["web", "cache"])).await.plan.unwrap();
        assert_eq!(plan.risk, Risk::Destructive);
        assert_eq!(plan.warnings, ["cache was made to be removed when it stops, with its unnamed volumes"]);
    }
    let plan = lab.plan(on_db("container.remove", &["web", "cache"])).await.plan.unwrap();
    assert_eq!(plan.warnings.len(), 2);
    assert!(plan.warnings.iter().all(|warning| warning.ends_with("is running and will be killed")));
}

#[tokio::test]
async fn the_first_failure_stops_the_rest() {
    let mut lab = Lab::new(
        node()
            .answering("head -v", &record(["exit-code", "exited", "2"]))
            .answering("sudo -n -- journalctl", "Error: busy\n"),
    );
    let result = lab.approved(on_db("container.remove", &["cache", "web"]), |_| {}).await;
    let statuses: Vec<StepStatus> = result.steps.iter().map(|step| step.status).collect();
    assert_eq!(statuses, [StepStatus::Failed, StepStatus::NotStarted]);
    assert_eq!(result.status, StepStatus::Failed);
    let message =
        format!("`podman rm '--syslog=false' --force -- {CACHE}` failed (exit code 2): Error: busy");
    assert_eq!(result.error.unwrap().message, message);
    assert_eq!(lab.nodes.changes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn services() {
    let mut lab = Lab::new(node());
    let planned = lab.plan(on_db("service.restart", &["nginx", "nginx.service"])).await;
    insta::assert_snapshot!(shown(&planned), @r"
    restart 1 unit on db-server: nginx.service [routine]
    = nginx.service: there, under the same name
    $ sudo -n -- systemd-run … -- systemctl restart -- nginx.service
    $ wait until nginx.service has stayed up for 3 s, at most 20 s
    ");
    let result = lab.approved(on_db("service.restart", &["nginx"]), |_| {}).await;
    assert_eq!(result.status, StepStatus::Done);
    assert_eq!(ran(&lab), ["sudo -n -- systemd-run … -- systemctl restart -- nginx.service"]);

    let start = lab.call(on_db("service.start", &["nginx"])).await;
    assert_eq!(start.text.unwrap(), "nothing to start on db-server: nginx.service is already active");
    let target = lab.call(on_db("service.start", &["poweroff.target"])).await;
    assert_eq!(target.error.unwrap().kind, ErrorKind::BadArgument);
}

#[tokio::test]
async fn a_unit_that_is_not_there_gets_the_nearest() {
    let lab = Lab::new(node().answering(
        "systemctl show --no-pager '--property=Id,Description",
        "Id=ngnix.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n",
    ));
    let error = lab.call(on_db("service.stop", &["ngnix"])).await.error.unwrap();
    assert_eq!(
        error.to_string(),
        "no unit named ngnix.service on db-server\nhint: did you mean \"nginx.service\"?"
    );
    let read = lab.call(on_db("service.status", &["ngnix"])).await.error.unwrap();
    assert_eq!(read, error);
}

#[tokio::test]
async fn lifelines_are_destructive_under_any_name() {
    let alias = "Id=dbus-broker.service\nLoadState=loaded\nActiveState=active\nSubState=running\n";
    let lab = Lab::new(
        node()
            .answering("systemctl show --no-pager '--property=Id,Description", alias)
            .answering("systemctl show --no-pager '--property=Id,LoadState'", alias),
    );
    for name in ["sshd", "bus-alias"] {
        let plan = lab.plan(on_db("service.stop", &[name])).await.plan.unwrap();
        assert_eq!(plan.risk, Risk::Destructive, "{name}");
        assert!(plan.warnings[0].contains("cut off"), "{name}");
    }
}

/// By what the node says of it: the names are of nobody's list.
#[tokio::test]
async fn lifelines_are_destructive_by_what_they_do() {
    let dependants = "systemctl show --no-pager '--property=Id,ActiveState,RequiredBy";
    let of = |unit: &str, told: &str| {
        let status = format!("Id={unit}\nLoadState=loaded\nActiveState=active\nSubState=running\n");
        node()
            .answering("systemctl show --no-pager '--property=Id,Description", &status)
            .answering("systemctl show --no-pager '--property=Id,LoadState'", &status)
            .answering(dependants, told)
    };
    for (told, expected) in [
        ("Id=door.service\nActiveState=active\n", "door.service is how this login came in"),
        (
            "Id=door.service\nActiveState=active\nConsistsOf=sshd.service\n\nId=sshd.service\nActiveState=active\n",
            "door.service is how this login came in",
        ),
        ("", "door.service is how this login came in"),
    ] {
        let lab = Lab::new(of("door.service", told));
        let plan = lab.plan(on_db("service.restart", &["door"])).await.plan.unwrap();
        assert_eq!((plan.risk, plan.warnings.len()), (Risk::Destructive, 1), "{plan:?}");
        assert!(plan.warnings[0].starts_with(expected), "{plan:?}");
    }
    let takes_along = "Id=base.service\nActiveState=active\nRequiredBy=sshd.service\n\nId=sshd.service\nActiveState=active\n";
    let left_down = "this also stops sshd.service, which undoing it does not start again";
    for (told, expected, more) in [
        (
            takes_along,
            "base.service takes along sshd.service, which keeps the node within reach",
            &[left_down][..],
        ),
        ("", "base.service may take others along: what depends on it could not be read", &[]),
    ] {
        let plan =
            Lab::new(of("base.service", told)).plan(on_db("service.stop", &["base"])).await.plan.unwrap();
        assert_eq!(
            (plan.risk, &plan.warnings[1..]),
            (Risk::Destructive, &more.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()[..]),
            "{plan:?}"
        );
        assert!(plan.warnings[0].starts_with(expected), "{plan:?}");
    }
}

/// Undoing starts what was asked to be stopped, and nothing else.
#[tokio::test]
async fn what_undoing_a_stop_leaves_down_is_told() {
    let dependants = "systemctl show --no-pager '--property=Id,ActiveState,RequiredBy";
    let unit = |name: &str| format!("Id={name}\nActiveState=active\n\n");
    let many: String = (0..10).map(|n| unit(&format!("u{n}.service"))).collect();
    let all = "u0.service u1.service u2.service u3.service u4.service u5.service u6.service u7.service u8.service u9.service";
    for (told, warnings) in [
        ("Id=nginx.service\nActiveState=active\nRequiredBy=\n".to_owned(), vec![]),
        (
            format!(
                "Id=nginx.service\nActiveState=active\nRequiredBy=app.service off.service\n\n{}",
                unit("app.service")
            ),
            vec!["this also stops app.service, which undoing it does not start again"],
        ),
        (
            format!("Id=nginx.service\nActiveState=active\nRequiredBy={all}\n\n{many}"),
            vec![
                "this also stops u0.service, u1.service, u2.service, u3.service, u4.service, u5.service, u6.service, u7.service and 2 more, which undoing it does not start again",
            ],
        ),
    ] {
        let stop =
            Lab::new(node().answering(dependants, &told)).plan(on_db("service.stop", &["nginx"])).await;
        let plan = stop.plan.unwrap();
        assert_eq!(
            (plan.risk, plan.warnings),
            (Risk::Routine, warnings.into_iter().map(str::to_owned).collect())
        );
        let restart =
            Lab::new(node().answering(dependants, &told)).plan(on_db("service.restart", &["nginx"])).await;
        assert_eq!(restart.plan.unwrap().warnings, [""; 0], "systemd starts them again");
    }
}

#[tokio::test]
async fn a_masked_unit_is_not_started() {
    let masked = "Id=nginx.service\nLoadState=masked\nActiveState=inactive\nSubState=dead\n";
    let lab = Lab::new(node().answering("systemctl show", masked));
    let error = lab.call(on_db("service.start", &["nginx"])).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::BadArgument);
}

#[tokio::test]
async fn a_node_is_forgotten() {
    let mut lab = Lab::new(node());
    let remove = CallRequest::new("node.remove").with("name", "monitoring");
    insta::assert_snapshot!(shown(&lab.plan(remove.clone()).await), @r"
    remove the node monitoring [destructive]
    ! nothing changes on the node itself: it still lets your key in
    $ known_hosts: forget 192.168.1.30
    $ config: remove node monitoring (nixi@192.168.1.30, monitored)
    ");
    let result = lab.approved(remove, |_| {}).await;
    assert_eq!(result.status, StepStatus::Done);
    let config = lab.config();
    assert!(config.starts_with("# kept\n") && !config.contains("monitoring"), "{config}");
    assert_eq!(lab.host_keys.kept(), ["192.168.1.20"]);
    assert_eq!((lab.nodes.seen(), lab.local.seen()), (Vec::new(), Vec::new()));
}

/// With all that its declaration said, to the byte; and nobody but `nixi undo` may do that.
#[tokio::test]
async fn a_removed_node_is_put_back_as_it_was() {
    let full = "[[nodes]]\nname = \"full\"\nhost = \"192.0.2.2\"\nuser = \"ops\"\nport = 2222\nmode = \"monitored\"\n\
                tags = [\"edge\"] # of the house\nproxy_jump = \"192.0.2.9\"\n";
    let config = format!("[[nodes]]\nname = \"bare\"\nhost = \"192.0.2.1\"\n{full}");
    let lab = Lab::with_config(node(), &config);
    let plan = lab.plan(CallRequest::new("node.remove").with("name", "full")).await.plan.unwrap();
    let Undo::Calls(calls) = plan.undo else { panic!("{:?}", plan.undo) };
    let [call] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((call.action.as_str(), &call.args["text"]), ("node.restore", &full.into()));
    assert_eq!(call.args["shown"], "full (ops@192.0.2.2:2222, monitored, by way of 192.0.2.9, @edge)");
    let error = lab.perform(call.clone(), Intent::Perform).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::UnknownAction);
    assert!(error.message.contains("`nixi undo` alone"), "{error}");
}

/// Without its key, the next login by way of it would take any machine for it.
#[tokio::test]
async fn the_key_of_a_jump_host_is_kept() {
    let config = "[[nodes]]\nname = \"gate\"\nhost = \"192.0.2.1\"\n\
                  [[nodes]]\nname = \"inner\"\nhost = \"10.0.0.1\"\nproxy_jump = \"192.0.2.1\"\n\
                  [[nodes]]\nname = \"web\"\nhost = \"10.0.0.2\"\nproxy_jump = \"inner\"\n";
    let mut lab = Lab::with_config(node(), config);
    let result = lab.approved(CallRequest::new("node.remove").with("name", "gate"), |_| {}).await;
    assert_eq!(result.status, StepStatus::Done);
    assert_eq!(lab.host_keys.kept(), ["10.0.0.1", "192.0.2.1", "10.0.0.2", "10.0.0.1", "192.0.2.1"]);
}

/// Its name would mean another machine then: a host `gate`, with another user and another key.
#[tokio::test]
async fn a_node_that_others_jump_through_stays() {
    let config = "[[nodes]]\nname = \"gate\"\nhost = \"192.0.2.1\"\nport = 2222\n\
                  [[nodes]]\nname = \"inner\"\nhost = \"10.0.0.1\"\nproxy_jump = \"gate\"\n\
                  [[nodes]]\nname = \"web\"\nhost = \"10.0.0.2\"\nproxy_jump = \"ops@gate,inner\"\n\
                  [[nodes]]\nname = \"db\"\nhost = \"10.0.0.3\"\nproxy_jump = \"inner, gate\"\n";
    let lab = Lab::with_config(node(), config);
    let remove = |name: &str| CallRequest::new("node.remove").with("name", name);
    let error = lab.plan(remove("gate")).await.error.unwrap();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Config, "gate is the jump host of inner, db")
    );
    assert!(error.hint.unwrap().contains("change proxy_jump of inner, db first"));
    assert!(lab.plan(remove("web")).await.plan.is_some());
}

/// One machine in two modes stops everything but what ends that.
#[tokio::test]
async fn one_of_two_names_of_a_machine_can_be_removed() {
    let mut lab = Lab::with_config(node(), TWO_MODES);
    let list = CallRequest::new("container.list").on("a");
    let outcome = lab.perform(list.clone(), Intent::Perform).await;
    assert_eq!((outcome.error.unwrap().kind, outcome.results.len()), (ErrorKind::Config, 0));
    let remove = CallRequest::new("node.remove").with("name", "b");
    assert!(lab.plan(remove.clone()).await.plan.is_some());
    assert_eq!(lab.approved(remove, |_| {}).await.status, StepStatus::Done);
    assert_eq!(lab.call(list).await.status, StepStatus::Done);
}

const TWO_MODES: &str = r#"
[[nodes]]
name = "gate"
host = "192.0.2.1"

[[nodes]]
name = "a"
host = "10.0.0.5"
proxy_jump = "gate"

[[nodes]]
name = "b"
host = "10.0.0.5"
mode = "monitored"
proxy_jump = "192.0.2.1"
"#;

#[tokio::test]
async fn a_node_that_nixos_declares_stays() {
    let lab = Lab::new(node());
    let declared = "[[nodes]]\nname = \"web-server\"\nhost = \"192.168.1.10\"\n";
    std::fs::write(lab.folder.path().join("system.toml"), declared).unwrap();
    let error = lab.plan(CallRequest::new("node.remove").with("name", "web-server")).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("system.toml") && error.hint.unwrap().contains("services.nixi.nodes"));
}

#[tokio::test]
async fn only_configured_nodes_can_be_forgotten() {
    let lab = Lab::new(node());
    let kind = async |name: &str| {
        lab.call(CallRequest::new("node.remove").with("name", name)).await.error.map(|error| error.kind)
    };
    assert_eq!(kind("monitorin").await, Some(ErrorKind::UnknownNode));
    assert_eq!(kind("local").await, Some(ErrorKind::BadArgument));
    assert_eq!(kind("-x").await, Some(ErrorKind::UnknownNode));
}
