//! What the configuration leaves open, filled in from the user's own SSH configuration.

use std::collections::HashMap;

use super::machine::Way;
use crate::canonical::CanonicalHost;
use crate::config::{Config, Misfit};
use crate::exec::Executor;
use crate::node::{Host, Node, Place, Port};

/// Gives every node the port and the user that it is reached with, so that what is shown, approved and elevated is
/// what happens.
///
/// # Errors
/// When two nodes of different modes turn out to be one machine: one that is read-only under one name only is a trap. The
/// places are filled in all the same.
pub(super) fn fill_in(config: &mut Config, remote: &dyn Executor) -> Result<(), Vec<Misfit>> {
    let mut at_odds = Ok(());
    let mut machines: HashMap<Spot, Vec<(Way, Node)>> = HashMap::new();
    for entry in &mut config.nodes {
        let Some(ssh) = entry.node.ssh() else { continue };
        let place = remote.place(ssh);
        entry.node = entry.node.clone().at(&place);
        let node = &entry.node;
        let way = node.ssh().map_or(Way::Open, |ssh| Way::of(&ssh.jump, remote));
        let address = (Spot::Address(CanonicalHost::of(&place.host), place.port), way);
        // Whatever is known by that name is one machine, wherever it is.
        let alias = place.alias.clone().map(|alias| (Spot::Alias(alias), Way::Open));
        for (spot, way) in std::iter::once(address).chain(alias) {
            let words = spot.words(&place);
            let seen = machines.entry(spot).or_default();
            let other = seen.iter().find(|(other, seen)| seen.mode() != node.mode() && other.may_be(&way));
            if let (Some((_, other)), Ok(())) = (other, &at_odds) {
                at_odds = Err(misfits(other, node, &words));
            }
            if !seen.iter().any(|(other, seen)| seen.mode() == node.mode() && *other == way) {
                seen.push((way, node.clone()));
            }
        }
    }
    at_odds
}

/// What makes two nodes one machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Spot {
    Address(CanonicalHost, Port),
    Alias(Host),
}

impl Spot {
    /// What is told of both.
    fn words(&self, place: &Place) -> String {
        match self {
            Self::Address(..) => format!("both lead to {} port {}", place.host, place.port),
            Self::Alias(alias) => format!("the SSH configuration gives both the HostKeyAlias {alias}"),
        }
    }
}

fn misfits(one: &Node, other: &Node, why: &str) -> Vec<Misfit> {
    let message = format!(
        "{} ({}) and {} ({}) are one machine: {why}",
        one.name(),
        one.mode(),
        other.name(),
        other.mode()
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
