//! The nodes of the configuration: chosen by name, tag and glob, and asked whether they answer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;
use wildmatch::WildMatch;

use super::protocol::{Audience, Event};
use crate::config::{Config, Layer};
use crate::error::{ErrorKind, ErrorReport};
use crate::exec::Executor;
use crate::fleet::{Controller, NodeRow, Probing, Survey};
use crate::nearest::did_you_mean;
use crate::node::{Node, NodeName};
use crate::text;

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
        let controller = Node::controller();
        if name == controller.name() {
            return Some(controller);
        }
        self.remote().find(|node| node.name() == name).cloned()
    }

    /// The nodes that the words choose, each once, in the order of the words; nothing said is the controller.
    pub(super) fn choose(&self, words: &[String]) -> Result<Vec<Node>, ErrorReport> {
        if words.is_empty() {
            return Ok(vec![Node::controller()]);
        }
        let mut chosen: Vec<Node> = Vec::new();
        for word in words.iter().flat_map(|word| word.split(',')).map(str::trim) {
            for node in self.named(word)? {
                if !chosen.contains(&node) {
                    chosen.push(node);
                }
            }
        }
        Ok(chosen)
    }

    fn named(&self, word: &str) -> Result<Vec<Node>, ErrorReport> {
        let none = |message: String| Err(ErrorReport::new(ErrorKind::UnknownNode, message));
        let everyone = || std::iter::once(Node::controller()).chain(self.remote().cloned());
        if word == "all" {
            return Ok(everyone().collect());
        }
        if let Some(tag) = word.strip_prefix('@') {
            let found: Vec<Node> =
                self.remote().filter(|node| node.tags().iter().any(|t| t.as_str() == tag)).cloned().collect();
            return if found.is_empty() { none(format!("no node has the tag {tag:?}")) } else { Ok(found) };
        }
        if let Some(node) = self.remote().find(|node| node.name().as_str() == word) {
            return Ok(vec![node.clone()]);
        }
        if word == "local" || word == self.controller.host_name {
            return Ok(vec![Node::controller()]);
        }
        if word.contains(['*', '?']) {
            let pattern = WildMatch::new(word);
            let found: Vec<Node> =
                self.remote().filter(|node| pattern.matches(node.name().as_str())).cloned().collect();
            return if found.is_empty() {
                none(format!("no node matches {:?}", text::excerpt(word)))
            } else {
                Ok(found)
            };
        }
        let names = self.remote().map(|node| node.name().as_str()).chain(["local", "all"]);
        let hint = did_you_mean(word, names).unwrap_or_else(|| "`nixi nodes` lists all there are".to_owned());
        Err(ErrorReport::new(ErrorKind::UnknownNode, format!("there is no node {:?}", text::excerpt(word)))
            .hint(hint))
    }

    pub(super) fn row(&self, node: &Node) -> NodeRow {
        NodeRow::unprobed(node, &self.controller)
    }
}

/// A roster with the means to ask the nodes.
pub(super) struct LiveRoster<'a> {
    pub(super) roster: &'a Roster,
    pub(super) remote: &'a dyn Executor,
    pub(super) system_file: &'a Path,
    pub(super) audience: &'a dyn Audience,
    pub(super) cancel: &'a CancellationToken,
}

impl LiveRoster<'_> {
    async fn probe(&self, node: &Node) -> NodeRow {
        let row = self.roster.row(node);
        if node.is_controller() {
            return row;
        }
        let begun = Instant::now();
        let answer = self.remote.reach(node, self.cancel).await;
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        match answer {
            Ok(_) => row.answered(ms),
            Err(error) => row.silent(&error, ms),
        }
    }
}

#[async_trait]
impl Survey for LiveRoster<'_> {
    async fn rows(&self, of: Option<&[NodeName]>, probing: Probing) -> Vec<NodeRow> {
        let nodes: Vec<Node> = std::iter::once(Node::controller())
            .chain(self.roster.remote().cloned())
            .filter(|node| of.is_none_or(|names| names.contains(node.name())))
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
        while let Some((at, row)) = probes.next().await {
            show(&row);
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

    fn declared_by_nixos(&self, name: &NodeName) -> Option<PathBuf> {
        let entry = self.roster.config.node(name)?;
        (entry.layer == Layer::System).then(|| self.system_file.to_owned())
    }
}
