//! A call as a person types it.

use serde_json::Value;

use super::protocol::CallRequest;
use crate::shell;

impl CallRequest {
    /// The command that makes this call.
    #[must_use]
    pub fn typed(&self) -> String {
        let nodes: Vec<&str> = self.nodes.iter().map(String::as_str).collect();
        typed(&self.action, &Value::Object(self.args.clone()), &nodes)
    }
}

/// The call as a person types it.
pub(super) fn typed(action: &str, args: &Value, nodes: &[&str]) -> String {
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
