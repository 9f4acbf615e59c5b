//! There is no answer that nobody gave.
use nixi_core::Decision;

fn main() {
    let _: Decision = Default::default();
}
