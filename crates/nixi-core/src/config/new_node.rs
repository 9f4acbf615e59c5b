//! A node that is to be declared.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::jump::Jump;
use crate::mode::Mode;
use crate::node::{Given, Host, Node, NodeName, Port, SshTarget, Tag, UserName};

/// A node to declare. What was given is what is written: user and mode always, a port only if one was named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewNode {
    /// Its name; must be new.
    pub name: NodeName,
    /// Name or address.
    pub host: Host,
    /// Login user.
    pub user: UserName,
    /// What Nixi may do there.
    pub mode: Mode,
    /// TCP port; without it, that of the user's SSH configuration or SSH's own.
    pub port: Option<Port>,
    /// A private key of its own: absolute, or below `~/`.
    pub identity: Option<PathBuf>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

impl NewNode {
    /// The keys to write, in their order, with their values in TOML.
    pub(crate) fn keys(&self) -> Vec<(&'static str, String)> {
        let quote = |text: &str| toml::Value::from(text).to_string();
        let mut keys = vec![
            ("name", quote(self.name.as_str())),
            ("host", quote(self.host.as_str())),
            ("user", quote(self.user.as_str())),
            ("mode", quote(self.mode.as_str())),
        ];
        if let Some(port) = self.port {
            keys.push(("port", port.to_string()));
        }
        if let Some(identity) = &self.identity {
            keys.push(("identity", quote(&identity.to_string_lossy())));
        }
        if !self.tags.is_empty() {
            let tags: Vec<String> = self.tags.iter().map(|tag| quote(tag.as_str())).collect();
            keys.push(("tags", format!("[{}]", tags.join(", "))));
        }
        keys
    }

    /// The node that the declaration makes, with this home directory.
    pub(crate) fn node(&self, home: &Path) -> Node {
        let identity = self.identity.as_ref().map(|path| match path.strip_prefix("~") {
            Ok(below) => home.join(below),
            Err(_) => path.clone(),
        });
        let target = SshTarget {
            host: self.host.clone(),
            port: self.port.unwrap_or(Port::SSH),
            user: self.user.clone(),
            identity,
            given: Given { port: self.port.is_some(), user: true },
            jump: Jump::Unsaid,
        };
        Node::remote(self.name.clone(), target, self.mode).with_tags(self.tags.clone())
    }
}
