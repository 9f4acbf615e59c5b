//! A catalogued read takes no further argument.
use nixi_core::catalog;

fn main() {
    let _ = catalog::service::list().arg("--force");
}
