//! A part of an approval is applied by core alone, once.
use nixi_core::Approved;

fn take(approved: Approved) {
    let parts = approved.into_parts();
    let _ = (parts.clone(), parts);
}

fn main() {
    let _ = take;
}
