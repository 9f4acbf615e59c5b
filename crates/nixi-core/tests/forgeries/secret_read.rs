//! Nobody outside of core reads a secret, or makes a copy of it.
use nixi_core::Secret;

fn sneak(secret: &Secret) -> Vec<u8> {
    let copy: Secret = secret.clone();
    copy.bytes().to_vec()
}

fn main() {
    let _ = sneak;
}
