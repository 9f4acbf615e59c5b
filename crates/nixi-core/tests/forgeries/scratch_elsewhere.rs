//! A path on a stage is made by the stage alone, so that nothing is written elsewhere.
use nixi_core::command::ScratchPath;

fn main() {
    let _ = ScratchPath { path: "/etc/nixos/configuration.nix".to_owned(), folder_ends: 0 };
}
