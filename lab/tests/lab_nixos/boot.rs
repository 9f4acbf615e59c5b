//! Generations, and what a boot brings back.

use crate::host::Host;

const HELLO: &str = "environment.systemPackages = [ pkgs.hello ];";

#[test]
fn after_a_test_a_reboot_brings_the_old_generation_back() {
    let host = Host::up();
    host.edit(HELLO);
    let said = host.rebuild("test");
    assert_eq!(said.code, 0, "{said}");
    assert!(host.holds("hello"));
    host.machine().reboot().unwrap();
    assert!(!host.holds("command -v hello"));
}

#[test]
fn boot_changes_nothing_until_the_reboot() {
    let host = Host::up();
    host.edit(HELLO);
    assert_eq!(host.rebuild("boot").code, 0);
    assert!(!host.holds("command -v hello"));
    host.machine().reboot().unwrap();
    assert!(host.holds("hello"));
}

#[test]
fn a_reboot_is_needed_when_the_kernel_differs() {
    let host = Host::up();
    let differs = "for part in kernel initrd kernel-modules; do
          test $(readlink -f /run/booted-system/$part) = $(readlink -f /run/current-system/$part) || echo $part; done";
    host.switch(HELLO);
    assert_eq!(host.root(differs), "");
    host.switch("boot.kernelParams = [ \"quiet\" ];");
    assert_eq!(host.root(differs), "kernel");
    host.machine().reboot().unwrap();
    assert_eq!(host.root(differs), "");
}

#[test]
fn the_boot_loader_knows_every_generation_and_the_default() {
    let host = Host::with(HELLO);
    let entries = host.root("ls /boot/loader/entries; grep default /boot/loader/loader.conf");
    assert_eq!(entries, "nixos-generation-1.conf\nnixos-generation-2.conf\ndefault nixos-generation-2.conf");
    host.root("nix-env -p /nix/var/nix/profiles/system --delete-generations 1");
    host.root("/nix/var/nix/profiles/system/bin/switch-to-configuration boot");
    assert_eq!(host.root("ls /boot/loader/entries"), "nixos-generation-2.conf");
}

#[test]
fn the_journal_outlives_a_reboot() {
    let host = Host::up();
    host.root("echo before the reboot | systemd-cat -t marker; journalctl --sync");
    host.machine().reboot().unwrap();
    assert_eq!(host.ssh("journalctl -b -1 -t marker -o cat").1, "before the reboot");
}
