//! A call, as whoever asks makes it, and as a person types it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::action::ActionName;
use crate::fleet::Probing;
use crate::registry::Args;
use crate::shell;

/// One typed call, on one or more nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRequest {
    /// The action, as `container.list`.
    pub action: String,
    /// Other actions that the same words may mean. The one that finds what the arguments name is made, a read on each node
    /// by itself; if several do, none is. Empty, unless the words left it open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub or: Vec<String>,
    /// Which nodes: names, `local`, `@tag`, globs, `all`, each also as a list with commas. Empty: the controller.
    pub nodes: Vec<String>,
    /// The arguments.
    pub args: Args,
}

impl CallRequest {
    /// A call on the controller, without arguments.
    #[must_use]
    pub fn new(action: impl Into<String>) -> Self {
        Self { action: action.into(), or: Vec::new(), nodes: Vec::new(), args: Args::new() }
    }

    /// The call that lists the nodes. Each row comes as an [`crate::Event::Node`] as soon as it is known.
    #[must_use]
    pub fn list_nodes(probing: Probing) -> Self {
        let probe = match probing {
            Probing::Probe => true,
            Probing::Skip => false,
        };
        Self::new(ActionName::NODE_LIST.to_string()).with("probe", probe)
    }

    /// The call that takes a node off the list. The node is not contacted.
    #[must_use]
    pub fn remove_node(name: &str) -> Self {
        Self::new(ActionName::NODE_REMOVE.to_string()).with("name", name)
    }

    /// Or this other action, if what the arguments name is found by that one.
    #[must_use]
    pub fn or(mut self, action: impl Into<String>) -> Self {
        self.or.push(action.into());
        self
    }

    /// On this node, or these.
    #[must_use]
    pub fn on(mut self, node: impl Into<String>) -> Self {
        self.nodes.push(node.into());
        self
    }

    /// With one more argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.args.insert(name.to_owned(), value.into());
        self
    }

    /// With all these arguments; one named `node` says where.
    #[must_use]
    pub fn with_args(mut self, mut args: Args) -> Self {
        let words = match args.get("node") {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(Value::String(node)) => Some(vec![node.clone()]),
            Some(Value::Array(nodes)) if !nodes.is_empty() => {
                nodes.iter().map(|node| node.as_str().map(str::to_owned)).collect()
            }
            // Kept where it stands, to be refused as an argument that does not fit: never taken for "nowhere said".
            Some(Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => None,
        };
        if let Some(words) = words {
            args.remove("node");
            self.nodes.extend(words);
        }
        self.args.extend(args);
        self
    }
}

impl CallRequest {
    /// The command that makes this call.
    #[must_use]
    pub fn typed(&self) -> String {
        let nodes: Vec<&str> = self.nodes.iter().map(String::as_str).collect();
        typed(&self.action, &Value::Object(self.args.clone()), &nodes)
    }
}

/// The call as a person types it.
pub(crate) fn typed(action: &str, args: &Value, nodes: &[&str]) -> String {
    let mut words = vec!["nixi".to_owned(), "call".to_owned(), action.to_owned()];
    for (key, value) in args.as_object().into_iter().flatten() {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
        };
        // A value that no shell could be given was refused long before.
        let quoted = shell::word(&value).map(std::borrow::Cow::into_owned).unwrap_or_default();
        words.push(format!("{key}={quoted}"));
    }
    if !matches!(nodes, [] | ["local"]) {
        words.extend(["--node".to_owned(), nodes.join(",")]);
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_is_typed_as_a_shell_reads_it() {
        let args = json!({"name": "redis", "lines": null, "since": "2 hours ago"});
        assert_eq!(
            typed("service.logs", &args, &["web"]),
            "nixi call service.logs name=redis since='2 hours ago' --node web"
        );
        let names = json!({"names": ["a", "b"]});
        assert_eq!(typed("container.stop", &names, &["local"]), "nixi call container.stop names=a,b");
        assert_eq!(typed("x.y", &json!({}), &["a", "b"]), "nixi call x.y --node a,b");
    }
}
