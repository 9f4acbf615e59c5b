//! Which declared nodes are one machine in two modes: looked up, since there may be thousands.

use std::collections::HashMap;

use super::declared::Declared;
use crate::canonical::CanonicalHost;
use crate::jump::Hop;
use crate::mode::Mode;
use crate::node::{NodeName, Port};

/// What may make two nodes one machine.
type Place = (CanonicalHost, Port, Mode);

/// Nodes by the places where they are.
#[derive(Default)]
pub(super) struct Machines {
    anyhow: HashMap<Place, First>,
    by_way: HashMap<(Place, Option<Vec<Hop>>), First>,
}

/// The first node at a place, and the first of another name than that.
struct First {
    one: (usize, NodeName),
    other: Option<usize>,
}

impl First {
    fn add(&mut self, at: usize, name: &NodeName) {
        if self.one.1 != *name && self.other.is_none() {
            self.other = Some(at);
        }
    }

    /// The first whose name is not this one.
    fn but(&self, name: &NodeName) -> Option<usize> {
        if self.one.1 == *name { self.other } else { Some(self.one.0) }
    }
}

impl Machines {
    pub(super) fn of<'a>(declared: impl IntoIterator<Item = &'a Declared>) -> Self {
        let mut machines = Self::default();
        declared.into_iter().enumerate().for_each(|(at, node)| machines.insert(at, node));
        machines
    }

    /// Adds the node at this index; they come in their order.
    pub(super) fn insert(&mut self, at: usize, declared: &Declared) {
        let name = declared.node.name();
        let Some(place) = place(declared, declared.node.mode()) else { return };
        let first = || First { one: (at, name.clone()), other: None };
        self.anyhow.entry(place.clone()).or_insert_with(first).add(at, name);
        self.by_way.entry((place, declared.hops.clone())).or_insert_with(first).add(at, name);
    }

    /// The first of another name that is the same host and port in another mode. Only jump hosts that both of them name can
    /// make them two machines; whether other words mean other jump hosts, the session knows.
    pub(super) fn at_odds_with(&self, declared: &Declared) -> Option<usize> {
        let name = declared.node.name();
        let others = Mode::ALL.into_iter().filter(|mode| *mode != declared.node.mode());
        let found = others.filter_map(|mode| {
            let place = place(declared, mode)?;
            if declared.hops.is_none() {
                return self.anyhow.get(&place)?.but(name);
            }
            let ways = [None, declared.hops.clone()];
            ways.into_iter().filter_map(|way| self.by_way.get(&(place.clone(), way))?.but(name)).min()
        });
        found.min()
    }
}

fn place(declared: &Declared, mode: Mode) -> Option<Place> {
    declared.node.spot().map(|(host, port)| (host, port, mode))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::super::read::read;
    use super::*;

    /// As it is said, pair by pair.
    fn are_at_odds(a: &Declared, b: &Declared) -> bool {
        let apart = matches!((&a.hops, &b.hops), (Some(ours), Some(theirs)) if ours != theirs);
        a.node.name() != b.node.name() && a.node.is_at_odds_with(&b.node) && !apart
    }

    proptest! {
        #[test]
        fn what_is_looked_up_is_what_every_pair_would_tell(
            words in proptest::collection::vec(("[a-d]", "h|H\\.|127\\.1|2130706433|::1", any::<bool>(), 0_u8..4, any::<bool>()), 1..9),
        ) {
            let mut nodes: Vec<Declared> = Vec::new();
            for (name, host, is_monitored, way, has_port) in words {
                let mode = if is_monitored { "monitored" } else { "managed" };
                let way = ["", "proxy_jump = \"none\"", "proxy_jump = \"x\"", "proxy_jump = \"y\""][usize::from(way)];
                let port = if has_port { "port = 2222" } else { "" };
                let text = format!("[[nodes]]\nname = {name:?}\nhost = {host:?}\nmode = {mode:?}\n{way}\n{port}\n");
                nodes.extend(read(Path::new("f"), &text, Path::new("/h")).expect("a node").nodes);
            }
            for upto in 0..nodes.len() {
                let (before, node) = (&nodes[..upto], &nodes[upto]);
                let expected = before.iter().position(|other| are_at_odds(other, node));
                prop_assert_eq!(Machines::of(before).at_odds_with(node), expected);
            }
        }
    }
}
