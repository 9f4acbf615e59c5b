//! What Nix, channels, flakes and nixos-rebuild do on the machines as on NixOS.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    missing_docs,
    reason = "a test fails by panicking"
)]

use nixi_lab::Lab;

mod channels;
mod flakes;
mod generations;
#[path = "../lab_nixos/host.rs"]
#[allow(dead_code, reason = "lab_nixos uses more of it")]
mod host;
mod programs;
mod rebuild;
mod releases;
mod sources;

/// Every case of the module evaluator has the exact words that NixOS has for it.
#[test]
fn the_evaluator_keeps_all_of_its_cases() {
    let lab = Lab::up(&["web"]).unwrap();
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/nixos/tests");
    let cases: usize = ["lib", "nixos"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(format!("{tests}/{folder}")).unwrap())
        .filter(|entry| {
            entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "nix")
        })
        .count();
    let said = lab.machine("web").root("bash /usr/lib/nixi-lab/tests/run.sh").unwrap();
    assert_eq!(said.lines().last(), Some(&*format!("{cases} cases, 0 failed")), "{said}");
}
