//! The nodes of the configuration, and whether they answer.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use super::protocol::{Audience, Event};
use crate::config::{Config, ConfigStore, Layer, OldNode, Removal};
use crate::error::{ErrorKind, ErrorReport};
use crate::exec::{ExecError, Executor, HostKeys};
use crate::fleet::{Controller, NodeRow, Probing, Survey};
use crate::node::{Node, NodeName, SshTarget};

/// The nodes as the configuration has them at one moment.
#[derive(Debug, Clone)]
pub(super) struct Roster {
    pub(super) config: Arc<Config>,
    pub(super) controller: Controller,
}

impl Roster {
    pub(super) fn remote(&self) -> impl Iterator<Item = &Node> {
        self.config.nodes.iter().map(|entry| &entry.node)
    }

    pub(super) fn find(&self, name: &NodeName) -> Option<Node> {
        self.named(name.as_str())
    }

    /// The node of this name, which need not be a valid one.
    pub(super) fn named(&self, name: &str) -> Option<Node> {
        let controller = Node::controller();
        if name == controller.name().as_str() {
            return Some(controller);
        }
        self.remote().find(|node| node.name().as_str() == name).cloned()
    }

    /// Every node but these, and its jump hosts.
    pub(super) fn others_than(&self, leaving: &[NodeName]) -> Vec<SshTarget> {
        self.remote()
            .filter(|node| !leaving.contains(node.name()))
            .filter_map(Node::ssh)
            .flat_map(|ssh| std::iter::once(ssh).chain(ssh.jump.hosts()).cloned())
            .collect()
    }

    pub(super) fn row(&self, node: &Node) -> NodeRow {
        NodeRow::unprobed(node, &self.controller)
    }
}

/// A roster with the means to ask the nodes.
pub(super) struct LiveRoster<'a> {
    pub(super) roster: &'a Roster,
    pub(super) remote: &'a dyn Executor,
    pub(super) store: &'a ConfigStore,
    pub(super) host_keys: &'a dyn HostKeys,
    pub(super) audience: &'a dyn Audience,
    pub(super) cancel: &'a CancellationToken,
}

impl LiveRoster<'_> {
    /// The row of a node, and whether it says how the node is: one that was given up asking says nothing.
    async fn probe(&self, node: &Node) -> (NodeRow, bool) {
        let row = self.roster.row(node);
        if node.is_controller() {
            return (row, true);
        }
        let begun = Instant::now();
        let answer = self.remote.reach(node, self.cancel).await;
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        match answer {
            Ok(_) => (row.answered(ms), true),
            Err(ExecError::Cancelled | ExecError::CancelledUnsent) => (row, false),
            Err(error) => (row.silent(&error, ms), true),
        }
    }
}

#[async_trait]
impl Survey for LiveRoster<'_> {
    async fn rows(&self, of: Option<&[NodeName]>, probing: Probing) -> Vec<NodeRow> {
        let of: Option<HashSet<&NodeName>> = of.map(|names| names.iter().collect());
        let nodes: Vec<Node> = std::iter::once(Node::controller())
            .chain(self.roster.remote().cloned())
            .filter(|node| of.as_ref().is_none_or(|names| names.contains(node.name())))
            .collect();
        let show = |row: &NodeRow| self.audience.hear(Event::Node(Box::new(row.clone())));
        if probing == Probing::Skip {
            return nodes
                .iter()
                .map(|node| {
                    let row = self.roster.row(node);
                    show(&row);
                    row
                })
                .collect();
        }
        let mut rows: Vec<Option<NodeRow>> = vec![None; nodes.len()];
        let mut probes: FuturesUnordered<_> =
            nodes.iter().enumerate().map(|(at, node)| async move { (at, self.probe(node).await) }).collect();
        while let Some((at, (row, is_known))) = probes.next().await {
            if is_known {
                show(&row);
            }
            rows[at] = Some(row);
        }
        rows.into_iter().flatten().collect()
    }

    fn find(&self, name: &NodeName) -> Option<Node> {
        self.roster.find(name)
    }

    fn remote(&self) -> Vec<Node> {
        self.roster.remote().cloned().collect()
    }

    fn jumping_through(&self, name: &NodeName) -> Vec<NodeName> {
        let entries = self.roster.config.nodes.iter().filter(|entry| entry.jumps_through(name));
        entries.map(|entry| entry.node.name().clone()).collect()
    }

    fn declared_by_nixos(&self, name: &NodeName) -> Option<PathBuf> {
        let entry = self.roster.config.node(name)?;
        (entry.layer == Layer::System).then(|| self.store.files().system.clone())
    }

    fn on_record(&self, node: &Node) -> Result<(Removal, Vec<String>), ErrorReport> {
        let no_node = || ErrorReport::new(ErrorKind::Config, "the controller is not declared anywhere");
        let (old, ssh) = OldNode::of(node).zip(node.ssh()).ok_or_else(no_node)?;
        let removal = self.store.removal(old);
        let removal = removal.map_err(|error| ErrorReport::new(ErrorKind::Config, error.to_string()))?;
        let others: Vec<SshTarget> = self.roster.others_than(&[node.name().clone()]);
        let lines = self.host_keys.on_record(ssh, &others);
        Ok((removal, lines.map_err(|error| ErrorReport::new(ErrorKind::Config, error))?))
    }
}
