//! A tool that plans knows whether a secret was given. It cannot take it out of the vault.
use nixi_core::{PlanCx, SecretArg};

fn sneak(cx: &PlanCx<'_>, secret: &SecretArg) -> Vec<u8> {
    cx.secrets().vault.get(secret).map(|secret| secret.bytes().to_vec()).unwrap_or_default()
}

fn main() {
    let _ = sneak;
}
