//! How sshd is configured, and what that does.

use crate::host::Host;

#[test]
fn keys_of_the_configuration_lie_in_etc_and_are_written_anew() {
    let host = Host::up();
    let file = "/etc/ssh/authorized_keys.d/nixi";
    assert_eq!(host.root(&format!("stat -c %a {file}")), "444");
    let before = host.root(&format!("cat {file}"));
    host.root(&format!("echo edited >>{file}"));
    host.switch("");
    assert_eq!(host.root(&format!("cat {file}")), before);
}

#[test]
fn keys_at_home_survive_a_switch() {
    let host = Host::up();
    host.root("install -d -o nixi -m 0700 /home/nixi/.ssh; echo kept >/home/nixi/.ssh/authorized_keys");
    host.switch("");
    assert_eq!(host.root("cat /home/nixi/.ssh/authorized_keys"), "kept");
}

#[test]
fn keys_at_home_do_nothing_where_they_are_switched_off() {
    let host = Host::with(
        "services.openssh.authorizedKeysInHomedir = false; users.users.guest.isNormalUser = true;",
    );
    let public = host.root("cat /etc/ssh/authorized_keys.d/nixi");
    host.root(&format!(
        "install -d -o guest -m 0700 /home/guest/.ssh
         echo '{public}' >/home/guest/.ssh/authorized_keys; chown guest /home/guest/.ssh/*"
    ));
    assert_eq!(host.ssh_as("guest", &[], "true").0, Some(255));
    assert_eq!(
        host.ssh("grep AuthorizedKeysFile /etc/ssh/sshd_config").1,
        "AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u"
    );
    host.switch("users.users.guest.isNormalUser = true;");
    assert_eq!(host.ssh_as("guest", &[], "true").0, Some(0));
}

#[test]
fn algorithms_are_cut_down() {
    let host = Host::up();
    for option in [
        "MACs=hmac-sha2-256",
        "KexAlgorithms=ecdh-sha2-nistp256",
        "Ciphers=aes128-cbc",
        "HostKeyAlgorithms=ecdsa-sha2-nistp256",
    ] {
        // A cipher of the AEAD kind needs no MAC, so the client is kept from it.
        let (code, _, said) = host.ssh_as("nixi", &["-o", option, "-o", "Ciphers=aes256-ctr"], "true");
        assert!(code == Some(255) && said.contains("no matching"), "{option}: {said}");
    }
    assert_eq!(host.ssh_as("nixi", &["-o", "MACs=hmac-sha2-256-etm@openssh.com"], "true").0, Some(0));
}

#[test]
fn sessions_survive_a_restart_of_sshd() {
    let host = Host::up();
    let control = host.machine().identity().with_file_name("control");
    let path = format!("ControlPath={}", control.display());
    let open = ["-o", &path, "-o", "ControlMaster=yes", "-o", "ControlPersist=60"];
    assert_eq!(host.ssh_as("nixi", &open, "true").0, Some(0));
    let said = host.switch("services.openssh.settings.LogLevel = \"VERBOSE\";");
    assert!(said.stderr.contains("restarting the following units: sshd.service"), "{said}");
    // Without a connection of its own, the client has only the old one.
    assert_eq!(host.ssh_as("nixi", &["-o", &path, "-o", "ProxyCommand=false"], "echo alive").1, "alive");
}

#[test]
fn sshd_goes_with_its_port_and_comes_back_with_the_same_keys() {
    let host = Host::up();
    let key = host.machine().known_hosts_line().unwrap();
    let said = host.switch("services.openssh.enable = lib.mkForce false;");
    assert!(said.stderr.contains("stopping the following units: sshd.service"), "{said}");
    assert!(!host.holds("systemctl is-active sshd || test -e /etc/ssh/sshd_config"));
    assert!(!host.root("/usr/sbin/iptables -S nixos-fw").contains("--dport 22"));
    assert!(!host.machine().answers_ssh());
    host.switch("");
    host.machine().wait_for_ssh().unwrap();
    assert_eq!(host.ssh("true").0, Some(0));
    assert_eq!(host.machine().known_hosts_line().unwrap(), key);
}

#[test]
fn what_is_not_set_is_as_nixos_sets_it() {
    let host = Host::up();
    let effective = host.root("/usr/sbin/sshd -T -f /etc/ssh/sshd_config");
    for line in [
        "port 22",
        "passwordauthentication yes",
        "kbdinteractiveauthentication yes",
        "permitrootlogin without-password",
        "strictmodes yes",
        "usepam yes",
        "authorizedkeysfile %h/.ssh/authorized_keys /etc/ssh/authorized_keys.d/%u",
    ] {
        assert!(effective.lines().any(|other| other == line), "{line}: {effective}");
    }
    let keys = "ls /etc/ssh/ssh_host_*_key";
    assert_eq!(host.root(keys), "/etc/ssh/ssh_host_ed25519_key\n/etc/ssh/ssh_host_rsa_key");
}

#[test]
fn a_configuration_that_sshd_refuses_is_not_built() {
    let host = Host::up();
    host.refuses("services.openssh.extraConfig = \"NoSuchKeyword yes\";", "sshd.conf-validated");
}

#[test]
fn a_wrong_but_valid_configuration_cuts_us_off() {
    let host = Host::up();
    host.switch("services.openssh.settings.AllowUsers = [ \"somebody\" ];");
    assert_eq!(host.ssh("true").0, Some(255));
}
