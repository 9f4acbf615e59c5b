//! What the configuration leaves open, filled in from the user's own SSH configuration.

use std::collections::HashMap;

use crate::config::Config;
use crate::error::{ErrorKind, ErrorReport};
use crate::exec::Executor;
use crate::node::Node;

/// Gives every node the port and the user that it is reached with, so that what is shown, approved and elevated is
/// what happens.
///
/// # Errors
/// When two nodes of different modes turn out to be one machine: one that is read-only under one name only is a trap.
pub(super) fn fill_in(config: &mut Config, remote: &dyn Executor) -> Result<(), ErrorReport> {
    let mut machines: HashMap<(String, u16), Node> = HashMap::new();
    for entry in &mut config.nodes {
        let Some(ssh) = entry.node.ssh() else { continue };
        let place = remote.place(ssh);
        entry.node = entry.node.clone().at(&place);
        let machine = (place.host.as_str().to_ascii_lowercase(), place.port.get());
        let node = &entry.node;
        let other = machines.entry(machine).or_insert_with(|| node.clone());
        if other.mode() != node.mode() {
            let message = format!(
                "{} ({}) and {} ({}) are one machine: the SSH configuration leads both to {} port {}",
                other.name(),
                other.mode(),
                node.name(),
                node.mode(),
                place.host,
                place.port
            );
            return Err(ErrorReport::new(ErrorKind::Config, message).hint(
                "one machine cannot be both managed and monitored: give both names the same mode in the configuration",
            ));
        }
    }
    Ok(())
}
