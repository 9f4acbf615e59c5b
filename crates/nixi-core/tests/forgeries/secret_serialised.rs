//! A secret is no part of any JSON.
use nixi_core::Secret;

fn sneak(secret: &Secret) -> String {
    serde_json::to_string(secret).unwrap_or_default()
}

fn main() {
    let _ = sneak;
}
