//! How a new release reaches a machine.

use crate::host::Host;

/// Makes what the channel's address gives a release that calls itself so.
fn publish(host: &Host, suffix: &str) {
    host.root(&format!(
        "cd /usr/lib/nixi-lab && printf '{suffix}' >nixpkgs/.version-suffix
         tar --create --gzip --file channel/nixos-25.05.tar.gz --transform 's/^nixpkgs/nixos/' nixpkgs"
    ));
}

const WOULD_BE: &str =
    "nix-instantiate --eval --strict --json '<nixpkgs/nixos>' -A config.system.nixos.version";
/// What was fetched counts as new for an hour, unless one says otherwise.
const UPDATE: &str = "nix-channel --option tarball-ttl 0 --update";

#[test]
fn an_update_of_the_channel_brings_a_release_and_its_rollback_takes_it_back() {
    let host = Host::up();
    let old = host.root("nix-build '<nixpkgs/nixos>' -A system --no-out-link");
    host.root(UPDATE);
    assert_eq!(host.root("nix-build '<nixpkgs/nixos>' -A system --no-out-link"), old);

    publish(&host, ".next");
    assert_eq!(host.root(WOULD_BE), "\"25.05.lab\"");
    host.root(UPDATE);
    assert_eq!(host.root(WOULD_BE), "\"25.05.next\"");
    // An update alone changes nothing that runs.
    assert_eq!(host.root("nixos-version"), "25.05.lab (Warbler)");
    assert_eq!(host.rebuild("switch").code, 0);
    assert_eq!(host.root("nixos-version --json"), "{\"nixosVersion\":\"25.05.next\"}");
    assert_eq!(host.root(&format!("{old}/sw/bin/nixos-version")), "25.05.lab (Warbler)");

    host.root("nix-channel --rollback");
    assert_eq!(host.root(WOULD_BE), "\"25.05.lab\"");
    assert_eq!(host.root("nix-build '<nixpkgs/nixos>' -A system --no-out-link"), old);
}

#[test]
fn a_rebuild_can_update_the_channel_first() {
    let host = Host::up();
    publish(&host, ".next");
    assert_eq!(host.rebuild("switch").code, 0);
    assert_eq!(host.root("nixos-version"), "25.05.lab (Warbler)");
    assert_eq!(host.rebuild("switch --upgrade").code, 0);
    assert_eq!(host.root("nixos-version"), "25.05.next (Warbler)");
}

#[test]
fn channels_of_a_user_are_his_own_and_a_rebuild_takes_those_of_root() {
    let host = Host::up();
    assert_eq!(host.ssh("nix-channel --list"), (Some(0), String::new(), String::new()));
    host.root("ln -s nixos-25.05.tar.gz /usr/lib/nixi-lab/channel/mine.tar.gz");
    let (code, _, said) = host
        .ssh("nix-channel --add file:///usr/lib/nixi-lab/channel/mine.tar.gz mine && nix-channel --update");
    assert_eq!(code, Some(0), "{said}");
    assert!(host.ssh("nix-channel --list").1.starts_with("mine "));
    assert!(host.root("nix-channel --list").starts_with("nixos "));

    host.root("nix-channel --remove nixos");
    let said = host.rebuild("build");
    assert!(said.code == 1 && said.stderr.contains("file 'nixpkgs/nixos' was not found"), "{said}");
}
