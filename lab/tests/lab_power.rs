//! A machine is a computer: it has a power button, a boot of its own, and an address.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    missing_docs,
    reason = "a test fails by panicking"
)]

use nixi_lab::{Lab, Machine};

fn uptime_marker(machine: &Machine) -> bool {
    machine.try_root("test -e /run/marker").unwrap().code == 0
}

#[test]
fn power_loss_keeps_the_disk_and_nothing_else() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    web.root("touch /run/marker; echo kept >/var/file").unwrap();
    web.power_off().unwrap();
    assert!(!web.is_on() && !web.answers_ssh());
    assert_eq!(web.read("/var/file").unwrap(), "kept\n");
    assert!(web.try_root("true").unwrap_err().to_string().starts_with("web is off"));
    web.power_on().unwrap();
    web.wait_for_ssh().unwrap();
    assert!(!uptime_marker(web));
    assert_eq!(web.read("/var/file").unwrap(), "kept\n");
}

#[test]
fn a_machine_that_is_off_does_not_even_refuse() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    let connect = || {
        let address = std::net::SocketAddr::from((web.address(), 9));
        std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_secs(8)).unwrap_err().kind()
    };
    let firewall = "iptables -I INPUT -p tcp --dport 9 -j REJECT --reject-with tcp-reset";
    web.root(firewall).unwrap();
    assert_eq!(connect(), std::io::ErrorKind::ConnectionRefused);
    web.power_off().unwrap();
    assert_ne!(connect(), std::io::ErrorKind::ConnectionRefused);
    web.power_on().unwrap();
    web.wait_for_ssh().unwrap();
    // Switched off from within.
    web.root("systemctl --no-block poweroff").unwrap();
    web.wait_until("go off", || Ok(!web.is_on())).unwrap();
    assert_ne!(connect(), std::io::ErrorKind::ConnectionRefused);
}

/// Its files are as NixOS has them, whoever brings it up.
#[test]
fn a_machine_does_not_depend_on_the_umask_of_its_maker() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    web.write("/srv/new/file", "").unwrap();
    let modes =
        "stat -c '%a %n' / /etc /nix/store /usr/lib/nixi-lab/bin/nixos-rebuild /srv/new /srv/new/file";
    assert_eq!(
        web.root(modes).unwrap(),
        "755 /\n755 /etc\n755 /nix/store\n755 /usr/lib/nixi-lab/bin/nixos-rebuild\n755 /srv/new\n644 /srv/new/file"
    );
    web.root("sudo -u nixi -- sh -c 'cd / && ls /etc/nixos'").unwrap();
    web.reboot().unwrap();
    assert_eq!(web.root("stat -c %a /").unwrap(), "755");
}

#[test]
fn a_reboot_is_a_new_boot() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    web.root("touch /run/marker").unwrap();
    web.reboot().unwrap();
    assert!(!uptime_marker(web));
    web.reboot().unwrap();
    assert!(web.answers_ssh());
}

#[test]
fn each_machine_has_its_own_name_address_and_host_keys() {
    let lab = Lab::up(&["web", "db"]).unwrap();
    let (web, db) = (lab.machine("web"), lab.machine("db"));
    for machine in [web, db] {
        assert_eq!(machine.root("uname -n").unwrap(), machine.name());
        assert_eq!(machine.root("cat /proc/1/comm").unwrap(), "systemd");
        let addresses = machine.root("ip -4 -o address show eth0").unwrap();
        assert!(addresses.contains(&machine.address().to_string()), "{addresses}");
    }
    assert_ne!(web.known_hosts_line().unwrap(), db.known_hosts_line().unwrap());
    assert_ne!(web.root("cat /etc/machine-id").unwrap(), db.root("cat /etc/machine-id").unwrap());
    web.root(&format!("ping -c 1 -W 2 {}", db.address())).unwrap();
}

#[test]
fn a_file_inside_is_never_one_of_this_machine() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    let here = tempfile::NamedTempFile::new().unwrap();
    let path = here.path().to_str().unwrap();
    web.root(&format!("ln -s {path} /var/link")).unwrap();
    web.write("/var/link", "inside").unwrap();
    assert_eq!(web.read(path).unwrap(), "inside");
    web.power_off().unwrap();
    web.write("/var/link", "inside, while off").unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), "");
}

#[test]
fn a_machine_may_be_switched_on_as_soon_as_it_is_off() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    for _ in 0..3 {
        web.power_off().unwrap();
        web.power_on().unwrap();
        web.wait_for_ssh().unwrap();
        web.root("systemctl --no-block poweroff").unwrap();
        web.wait_until("go off", || Ok(!web.is_on())).unwrap();
        web.power_on().unwrap();
        web.wait_for_ssh().unwrap();
    }
}

#[test]
fn machines_know_each_other_by_name() {
    let lab = Lab::up(&["web", "db"]).unwrap();
    let (web, db) = (lab.machine("web"), lab.machine("db"));
    assert_eq!(web.root("getent hosts db | cut -d ' ' -f 1").unwrap(), db.address().to_string());
    db.root("ping -c 1 -W 10 web").unwrap();
}

#[test]
fn a_machine_that_dies_at_its_boot_is_not_waited_for_and_its_console_tells_why() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    assert!(web.console().contains("Welcome to NixOS"), "{}", web.console());
    web.power_off().unwrap();
    assert!(web.wait_for_ssh().unwrap_err().to_string().starts_with("web is off"));
    web.write("/nix/var/nix/profiles/system/init", "#!/bin/sh\necho no more of this; exit 1\n").unwrap();
    web.power_on().unwrap();
    let told = web.wait_for_ssh().unwrap_err().to_string();
    assert!(told.starts_with("web is off") && told.ends_with("no more of this"), "{told}");
}

#[test]
fn a_machine_changes_the_kernel_for_nobody_but_itself() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    // Were it allowed, it would change nothing.
    let refused = web
        .try_root("cat /proc/sys/kernel/panic >/run/panic; cat /run/panic >/proc/sys/kernel/panic")
        .unwrap();
    assert!(refused.code != 0 && refused.stderr.contains("Read-only file system"), "{refused}");
    web.root("echo 17 >/proc/sys/net/ipv4/tcp_retries2").unwrap();
    assert_ne!(std::fs::read_to_string("/proc/sys/net/ipv4/tcp_retries2").unwrap(), "17\n");
}
