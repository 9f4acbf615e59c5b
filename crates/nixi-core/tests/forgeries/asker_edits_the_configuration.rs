//! Who asks has no way to say that a node is managed.
use nixi_core::Asker;
use nixi_core::config::ConfigEdit;

fn edit(asker: &Asker, edit: &ConfigEdit) {
    let _ = asker.config().apply(edit);
}

fn main() {
    let _ = edit;
}
