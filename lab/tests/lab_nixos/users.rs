//! Users and groups.

use crate::host::Host;

const BOB: &str = "users.users.bob = { isNormalUser = true; extraGroups = [ \"wheel\" ]; shell = pkgs.zsh;
    openssh.authorizedKeys.keys = [ \"ssh-ed25519 AAAAbob\" ]; packages = [ pkgs.hello ]; };
    programs.zsh.enable = true;";

#[test]
fn a_declared_user_is_made_and_reset_on_each_switch() {
    let host = Host::with(BOB);
    let entry = "bob:x:1001:100::/home/bob:/run/current-system/sw/bin/zsh";
    assert_eq!(host.root("getent passwd bob"), entry);
    assert_eq!(
        host.root("stat -c '%U %a' /home/bob; cat /etc/ssh/authorized_keys.d/bob"),
        "bob 700\nssh-ed25519 AAAAbob"
    );
    assert!(host.holds("/etc/profiles/per-user/bob/bin/hello"));
    host.root("usermod -aG video -s /bin/sh bob; echo 'bob:secret' | chpasswd");
    let hash = host.root("grep ^bob: /etc/shadow");
    host.switch(BOB);
    assert_eq!(host.root("getent passwd bob; id -Gn bob"), format!("{entry}\nusers wheel"));
    assert_eq!(host.root("grep ^bob: /etc/shadow"), hash);
}

#[test]
fn a_removed_user_leaves_his_home_and_nothing_else() {
    let host = Host::with(BOB);
    host.switch("");
    assert!(!host.holds("getent passwd bob"));
    assert!(!host.holds("test -e /etc/ssh/authorized_keys.d/bob || test -e /etc/profiles/per-user/bob"));
    assert_eq!(host.root("stat -c %u /home/bob"), "1001");
    host.switch(BOB);
    assert_eq!(host.root("id -u bob"), "1001");
}

#[test]
fn users_that_were_never_declared_stay_if_users_are_mutable() {
    let host = Host::up();
    host.root("useradd byhand");
    host.switch("users.groups.team = { };");
    assert!(host.holds("getent passwd byhand && getent group team"));
    let fixed = "users.mutableUsers = false; users.users.root.hashedPassword = \"$6$a$b\";";
    host.switch(fixed);
    assert!(!host.holds("getent passwd byhand"));
    assert_eq!(
        host.root("grep -o '^root:[^:]*' /etc/shadow; grep -o '^nixi:[^:]*' /etc/shadow"),
        "root:$6$a$b\nnixi:!"
    );
}

#[test]
fn fixed_users_need_somebody_who_can_administer() {
    let host = Host::up();
    host.refuses(
        "users.mutableUsers = false;",
        "Neither the root account nor any wheel user has a password or SSH authorized key",
    );
}

#[test]
fn a_password_from_a_file_is_read_on_the_machine() {
    let host = Host::up();
    host.root("echo '$6$x$y' >/home/nixi/hash");
    host.switch("users.users.bob = { isNormalUser = true; hashedPasswordFile = \"/home/nixi/hash\"; };");
    assert_eq!(host.root("grep -o '^bob:[^:]*' /etc/shadow"), "bob:$6$x$y");
}
