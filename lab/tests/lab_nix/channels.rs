//! Channels, and what is found by them.

use nixi_lab::Lab;

#[test]
fn programs_find_nixpkgs_by_the_channel_of_root() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    assert!(web.root("nix-channel --list").unwrap().starts_with("nixos "));
    assert_eq!(web.root("sudo -u nixi -- env HOME=/home/nixi nix-channel --list").unwrap(), "");

    let name = "nix-instantiate --eval --strict --json '<nixpkgs/nixos>' -A config.networking.hostName";
    assert_eq!(web.root(name).unwrap(), "\"web\"");
    let found: String = web
        .root("nix --extra-experimental-features 'nix-command flakes' search nixpkgs '^hello' --json")
        .unwrap();
    assert!(found.contains("\"pname\":\"hello\""), "{found}");
    assert_eq!(
        web.root("nix-build '<nixpkgs/nixos>' -A system --no-out-link").unwrap(),
        web.root("readlink -f /run/current-system").unwrap()
    );
}

#[test]
fn a_syntax_error_is_told_with_its_place_by_the_parser_alone() {
    let lab = Lab::up(&["web"]).unwrap();
    let web = lab.machine("web");
    web.write("/etc/nixos/broken.nix", "{ a = ; }\n").unwrap();
    let said = web.try_root("nix-instantiate --parse /etc/nixos/broken.nix").unwrap();
    assert_eq!(said.code, 1, "{said}");
    assert!(said.stderr.contains("syntax error, unexpected ';'"), "{said}");
    assert!(said.stderr.contains("broken.nix:1:7"), "{said}");
}
