//! Applying is core's own.
use nixi_core::plan::apply;

fn main() {
    let _ = apply;
}
