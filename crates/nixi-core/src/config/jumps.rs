//! From the words of `proxy_jump` to targets: a jump host may be a node.

use std::collections::HashMap;

use super::declared::Declared;
use crate::jump::{Hop, Jump};
use crate::node::{Given, Node, Port, SshTarget, UserName};

/// The most jump hosts on one way. ssh has no bound; nobody has that many.
const MOST: usize = 8;

/// The nodes of both files, by name, with the words that name their jump hosts.
pub(super) struct Jumps {
    nodes: HashMap<String, (Node, Option<Vec<Hop>>)>,
}

/// What of a way has been gone.
struct Trail {
    /// The node that is to be reached, and those that lie between it and here by each other's lists.
    names: Vec<String>,
    /// How many jump hosts there were.
    hosts: usize,
}

impl Jumps {
    pub(super) fn of<'a>(declared: impl Iterator<Item = &'a Declared>) -> Self {
        let entry = |node: &Declared| (node.node.name().to_string(), (node.node.clone(), node.hops.clone()));
        Self { nodes: declared.map(entry).collect() }
    }

    /// The way to a node.
    ///
    /// # Errors
    /// When it leads in a circle, or is too long: a sentence for people.
    pub(super) fn way_to(&self, declared: &Declared) -> Result<Jump, String> {
        let mut trail = Trail { names: vec![declared.node.name().to_string()], hosts: 0 };
        self.way(declared.hops.as_deref(), &mut trail)
    }

    fn way(&self, hops: Option<&[Hop]>, trail: &mut Trail) -> Result<Jump, String> {
        match hops {
            None => Ok(Jump::Unsaid),
            Some([]) => Ok(Jump::Direct),
            Some(hops) => {
                let targets = hops.iter().map(|hop| self.target(hop, trail));
                targets.collect::<Result<_, _>>().map(Jump::Through)
            }
        }
    }

    /// A node's target if its name stands there and nothing else, the machine of that address otherwise.
    fn target(&self, hop: &Hop, trail: &mut Trail) -> Result<SshTarget, String> {
        let name = hop.to_string();
        // All of them count, not how deep they lie: eight lists of eight are millions of ways.
        trail.hosts += 1;
        if trail.hosts > MOST {
            return Err(format!("the way to {} has more than {MOST} jump hosts", trail.names[0]));
        }
        if let Some((node, hops)) = self.nodes.get(&name)
            && let Some(ssh) = node.ssh()
        {
            if trail.names.contains(&name) {
                return Err(format!("the way to {} leads in a circle by way of {name}", trail.names[0]));
            }
            trail.names.push(name);
            let jump = self.way(hops.as_deref(), trail)?;
            trail.names.pop();
            return Ok(SshTarget { jump, ..ssh.clone() });
        }
        let Hop { user, host, port } = hop.clone();
        Ok(SshTarget {
            host,
            given: Given { port: port.is_some(), user: user.is_some() },
            port: port.unwrap_or(Port::SSH),
            user: user.unwrap_or_else(UserName::page_default),
            identity: None,
            jump: Jump::Unsaid,
        })
    }
}
