//! Whether a read needs root is the catalog's to say.
use nixi_core::catalog;

fn main() {
    let _ = catalog::network::ports().elevated();
}
