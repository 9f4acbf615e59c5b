//! A secret is neither printed nor shown for debugging.
use nixi_core::Secret;

fn sneak(secret: &Secret) -> String {
    format!("{secret:?} {secret}")
}

fn main() {
    let _ = sneak;
}
