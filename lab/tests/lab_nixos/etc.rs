//! What lies in /etc.

use crate::host::Host;

#[test]
fn most_files_are_links_into_the_store_and_cannot_be_written() {
    let host = Host::up();
    for file in ["ssh/sshd_config", "fstab", "systemd/system/sshd.service", "nix/nix.conf", "hosts"] {
        assert!(host.root(&format!("readlink -f /etc/{file}")).starts_with("/nix/store/"), "{file}");
        let said = host.try_root(&format!("echo x >>/etc/{file}"));
        assert!(said.code != 0 && said.stderr.contains("Read-only file system"), "{file}: {said}");
    }
}

#[test]
fn sudoers_is_a_copy_that_each_activation_replaces() {
    let host = Host::up();
    assert_eq!(host.root("stat -c '%F %a %U:%G' /etc/sudoers"), "regular file 440 root:root");
    host.root("echo '# by hand' >>/etc/sudoers");
    host.switch("");
    assert_eq!(host.root("grep -c hand /etc/sudoers || true"), "0");
}

#[test]
fn files_come_and_go_with_the_configuration_and_those_of_people_stay() {
    let host = Host::with(
        "environment.etc.\"app/link\".text = \"a\"; environment.etc.copy = { text = \"b\"; mode = \"0640\"; };",
    );
    host.root("echo mine >/etc/app/mine");
    assert_eq!(host.root("cat /etc/app/link /etc/copy; stat -c %a /etc/copy"), "ab640");
    host.switch("");
    assert!(!host.holds("test -e /etc/copy || test -L /etc/app/link"));
    assert_eq!(host.root("cat /etc/app/mine"), "mine");
}

#[test]
fn units_cannot_be_enabled_by_hand() {
    let host = Host::up();
    let said = host.try_root("ln -s x /etc/systemd/system/multi-user.target.wants/x.service");
    assert!(said.stderr.contains("Read-only file system"), "{said}");
    let said = host.try_root("systemctl mask dbus.socket");
    assert!(said.code != 0 && said.stderr.contains("Read-only file system"), "{said}");
}
