//! What the configuration leaves open, filled in from the user's own SSH configuration.

use std::collections::HashMap;

use super::machine::Way;
use crate::config::{Config, Misfit};
use crate::exec::Executor;
use crate::node::{Node, Place};

/// Gives every node the port and the user that it is reached with, so that what is shown, approved and elevated is
/// what happens.
///
/// # Errors
/// When two nodes of different modes turn out to be one machine: one that is read-only under one name only is a trap. The
/// places are filled in all the same.
pub(super) fn fill_in(config: &mut Config, remote: &dyn Executor) -> Result<(), Vec<Misfit>> {
    let mut at_odds = Ok(());
    let mut machines: HashMap<(String, u16), Vec<(Way, Node)>> = HashMap::new();
    for entry in &mut config.nodes {
        let Some(ssh) = entry.node.ssh() else { continue };
        let place = remote.place(ssh);
        entry.node = entry.node.clone().at(&place);
        let machine = (place.host.as_str().to_ascii_lowercase(), place.port.get());
        let node = &entry.node;
        let way = node.ssh().map_or(Way::Open, |ssh| Way::of(&ssh.jump, remote));
        let seen = machines.entry(machine).or_default();
        let other = seen.iter().find(|(other, seen)| seen.mode() != node.mode() && other.may_be(&way));
        if let (Some((_, other)), Ok(())) = (other, &at_odds) {
            at_odds = Err(misfits(other, node, &place));
        }
        if !seen.iter().any(|(other, seen)| seen.mode() == node.mode() && *other == way) {
            seen.push((way, node.clone()));
        }
    }
    at_odds
}

fn misfits(one: &Node, other: &Node, place: &Place) -> Vec<Misfit> {
    let message = format!(
        "{} ({}) and {} ({}) are one machine: both lead to {} port {}",
        one.name(),
        one.mode(),
        other.name(),
        other.mode(),
        place.host,
        place.port
    );
    let hint = "one machine cannot be both managed and monitored: give both names the same mode, or remove one with \
                `nixi remove`; if they are two, behind different jump hosts, say so with proxy_jump";
    vec![
        Misfit { node: one.name().clone(), message, hint: None },
        Misfit {
            node: other.name().clone(),
            message: "the other name of that machine".to_owned(),
            hint: Some(hint.to_owned()),
        },
    ]
}
