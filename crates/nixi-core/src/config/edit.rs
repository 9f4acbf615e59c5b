//! A change of the configuration as data: shown in a plan, then applied to the file's text.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::declared::Declared;
use super::diagnose::{ConfigError, closest};
use super::layers::BYTE_ORDER_MARK;
use super::new_node::NewNode;
use super::read::{FileSettings, read};
use super::removal::Removal;
use super::splice;
use crate::fleet::address;
use crate::jump::{Hop, Jump};
use crate::mode::Mode;
use crate::new_way::NewWay;
use crate::node::{Given, Host, Node, NodeName, Port, SshTarget, UserName};

/// A change of the user's configuration file.
///
/// `Display` is what a person reads in a plan; the file is not known here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigEdit {
    /// Declares a node.
    AddNode(NewNode),
    /// Removes a node's declaration, if it is still this one.
    RemoveNode(OldNode),
    /// Puts a removed declaration back.
    RestoreNode(Removal),
    /// Declares that a node is reached by another way, if it is still this one.
    MoveNode(OldNode, NewWay),
}

/// A node as it was when its removal was planned: another one under its name is not what a person said yes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OldNode {
    name: NodeName,
    host: Host,
    user: UserName,
    port: Port,
    mode: Mode,
    #[serde(skip)]
    given: Given,
    #[serde(skip)]
    identity: Option<PathBuf>,
    #[serde(skip)]
    jump: Jump,
}

impl OldNode {
    /// This node; nothing for the controller, which is not declared anywhere.
    #[must_use]
    pub fn of(node: &Node) -> Option<Self> {
        let SshTarget { host, port, user, given, identity, jump } = node.ssh()?.clone();
        Some(Self { name: node.name().clone(), host, user, port, mode: node.mode(), given, identity, jump })
    }

    /// Whether the declaration still makes this node. What it leaves open is not its to say: the user's SSH
    /// configuration may have filled it in.
    fn is_declared_by(&self, node: &Node) -> bool {
        let Some(ssh) = node.ssh() else { return false };
        let same = (node.name(), &ssh.host, node.mode(), ssh.given)
            == (&self.name, &self.host, self.mode, self.given);
        same && (!self.given.port || ssh.port == self.port) && (!self.given.user || ssh.user == self.user)
    }

    /// Whether the configuration still makes this node, with its key and its jump hosts. One file's text alone cannot tell: a
    /// jump host may be a node of the other one.
    pub(crate) fn is_still(&self, node: &Node) -> bool {
        let same = |ssh: &SshTarget| ssh.identity == self.identity && ssh.jump == self.jump;
        self.is_declared_by(node) && node.ssh().is_some_and(same)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &NodeName {
        &self.name
    }
}

impl fmt::Display for ConfigEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = match self {
            Self::AddNode(node) => node,
            Self::RemoveNode(OldNode { name, host, user, port, mode, .. }) => {
                return write!(f, "remove node {name} ({}, {mode})", address(user, host, *port));
            }
            Self::RestoreNode(removal) => return write!(f, "put back node {}", removal.shown),
            Self::MoveNode(old, to) => return write!(f, "node {} is reached by another way: {to}", old.name),
        };
        let NewNode { name, host, user, mode, port, identity, tags } = node;
        write!(f, "add node {name} ({}, {mode}", address(user, host, port.unwrap_or(Port::SSH)))?;
        if let Some(identity) = identity {
            write!(f, ", key {}", super::diagnose::show_path(identity))?;
        }
        for tag in tags {
            write!(f, ", @{tag}")?;
        }
        f.write_str(")")
    }
}

/// Why a change cannot be made to a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text has problems of its own.
    #[error("{0}")]
    Broken(ConfigError),
    /// A node of that name is declared already.
    #[error("node {0} is declared already")]
    Duplicate(NodeName),
    /// There is no node of that name.
    #[error("no node {name} is declared")]
    NotFound {
        /// The name that was looked for.
        name: NodeName,
        /// The nearest one that is there.
        nearest: Option<NodeName>,
    },
    /// Another node stands under that name now.
    #[error("node {0} is not the one that was meant")]
    Changed(NodeName),
    /// The path of the key cannot be written down.
    #[error("the key's path must be UTF-8 text without control characters, from / or from ~/")]
    Identity,
    /// The changed text did not read back as meant; it was thrown away.
    #[error("the changed text would not say what was meant; nothing was written")]
    Unverified,
}

impl ConfigEdit {
    /// The text after the change. Every byte that is not about the node is as it was: comments, order, line ends, and
    /// whether the last line has one. Removing a node that was added gives the very text from before; a file that was
    /// made for it stays, empty.
    ///
    /// # Errors
    ///
    /// The text is broken, or does not fit the change, or the result read back as something else than was meant.
    pub fn apply(&self, text: &str) -> Result<String, EditError> {
        let (mark, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => ("\u{feff}", rest),
            None => ("", text),
        };
        if let Self::RestoreNode(removal) = self {
            return Ok(format!("{mark}{}", removal.put_back(text)?));
        }
        let before = parse(text).map_err(EditError::Broken)?;
        let shape = splice::shape(text).ok_or(EditError::Unverified)?;
        let mut expected: Vec<Meaning> = before.nodes.iter().map(meaning).collect();
        let index = |name: &NodeName| before.nodes.iter().position(|node| node.node.name() == name);
        let result = match self {
            Self::AddNode(node) => {
                if index(&node.name).is_some() {
                    return Err(EditError::Duplicate(node.name.clone()));
                }
                check_identity(node)?;
                expected.push((node.node(HOME.as_ref()), None));
                splice::add(text, &shape, node)
            }
            Self::RemoveNode(old) => {
                let Some(index) = index(&old.name) else { return Err(not_found(&old.name, &before)) };
                if !old.is_declared_by(&before.nodes[index].node) {
                    return Err(EditError::Changed(old.name.clone()));
                }
                expected.remove(index);
                splice::remove(text, &shape, index).ok_or(EditError::Unverified)?
            }
            Self::MoveNode(old, to) => {
                let Some(index) = index(&old.name) else { return Err(not_found(&old.name, &before)) };
                if !old.is_declared_by(&before.nodes[index].node) {
                    return Err(EditError::Changed(old.name.clone()));
                }
                let Some(meant) = expected.get_mut(index) else { return Err(EditError::Unverified) };
                meant.0 = to.to(&meant.0);
                moved(text, index, to).ok_or(EditError::Unverified)?
            }
            // Returned above.
            Self::RestoreNode(_) => return Err(EditError::Unverified),
        };
        let after = parse(&result).map_err(|_| EditError::Unverified)?;
        let found: Vec<Meaning> = after.nodes.iter().map(meaning).collect();
        if found != expected || after.scalars != before.scalars {
            return Err(EditError::Unverified);
        }
        Ok(format!("{mark}{result}"))
    }

    /// The node that the change is about.
    #[must_use]
    pub fn name(&self) -> &NodeName {
        match self {
            Self::AddNode(node) => &node.name,
            Self::RemoveNode(old) | Self::MoveNode(old, _) => &old.name,
            Self::RestoreNode(removal) => &removal.name,
        }
    }
}

/// Stands for any home directory while two texts are compared.
const HOME: &str = "/~";

type Meaning = (Node, Option<Vec<Hop>>);

fn meaning(declared: &Declared) -> Meaning {
    (declared.node.clone(), declared.hops.clone())
}

pub(super) fn parse(text: &str) -> Result<FileSettings, ConfigError> {
    read(Path::new("config.toml"), text, HOME.as_ref()).map_err(ConfigError::new)
}

/// The text with another way to the node at this index.
fn moved(text: &str, index: usize, to: &NewWay) -> Option<String> {
    let NewWay { host, port, user, host_keys: _ } = to;
    let quote = |word: &str| toml::Value::from(word).to_string();
    let values = [
        ("host", host.as_ref().map(|host| quote(host.as_str()))),
        ("port", port.map(|port| port.to_string())),
        ("user", user.as_ref().map(|user| quote(user.as_str()))),
    ];
    let changed = values.into_iter().filter_map(|(key, value)| Some((key, value?)));
    changed.into_iter().try_fold(text.to_owned(), |text, (key, value)| splice::set(&text, index, key, &value))
}

fn check_identity(node: &NewNode) -> Result<(), EditError> {
    let Some(path) = &node.identity else { return Ok(()) };
    match path.to_str() {
        Some(text) if text.chars().any(char::is_control) => Err(EditError::Identity),
        Some(text) if text.starts_with('/') || text.starts_with("~/") => Ok(()),
        Some(_) | None => Err(EditError::Identity),
    }
}

fn not_found(name: &NodeName, settings: &FileSettings) -> EditError {
    let names = settings.nodes.iter().map(|node| node.node.name());
    let near = closest(name.as_str(), names.clone().map(NodeName::as_str));
    let nearest = names.into_iter().find(|name| Some(name.as_str()) == near).cloned();
    EditError::NotFound { name: name.clone(), nearest }
}
