//! Results and errors, as a person reads them.

use nixi_core::session::CallResult;
use nixi_core::{ErrorReport, Scope, StepStatus, text};
use serde_json::Value;

use super::{Paint, Tone};

/// Which headings blocks need to be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Headings {
    /// Blocks of several nodes.
    pub(crate) nodes: bool,
    /// Blocks of several actions.
    pub(crate) actions: bool,
}

impl Headings {
    /// What the heading over a result says behind the nodes.
    pub(crate) fn title(self, result: &CallResult) -> String {
        if self.actions { result.tool.clone() } else { String::new() }
    }

    /// The heading over what these nodes say; nothing if there is only one kind.
    pub(crate) fn over(self, nodes: &str, title: &str, paint: Paint) -> Option<String> {
        match (self.nodes, title) {
            (false, "") => None,
            (false, title) => Some(paint.of(Tone::Title, &format!("{title}:"))),
            (true, title) => Some(heading(nodes, title, paint)),
        }
    }
}

/// The heading over what these nodes say.
pub(crate) fn heading(nodes: &str, title: &str, paint: Paint) -> String {
    let words = if title.is_empty() { format!("{nodes}:") } else { format!("{nodes}, {title}:") };
    paint.of(Tone::Title, &words)
}

/// What the heading says over a result that a model asked for: nobody typed the call, so it says all of it.
pub(crate) fn title_of_a_model(result: &CallResult) -> String {
    let args = result.args.as_object().into_iter().flatten();
    let args: Vec<String> =
        args.filter(|(_, value)| !value.is_null()).map(|(name, value)| arg(name, value)).collect();
    let call = format!("{} {}", result.tool, args.join(" "));
    text::excerpt(call.trim_end())
}

fn arg(name: &str, value: &Value) -> String {
    // Words of a model's own stand in quotes, so that they cannot be read as words of the heading.
    let is_plain =
        |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_.@/+%=".contains(c));
    let word =
        |value: &Value| value.as_str().filter(is_plain).map_or_else(|| value.to_string(), str::to_owned);
    match value.as_array() {
        Some(values) => format!("{name}={}", values.iter().map(word).collect::<Vec<_>>().join(",")),
        None => format!("{name}={}", word(value)),
    }
}

/// An error with its hint.
pub(crate) fn error(report: &ErrorReport, paint: Paint) -> String {
    headed(&paint.of(Tone::Bad, "error:"), report)
}

/// Why a call did not end as done: `refused: container.remove on monitoring: …`.
pub(crate) fn failure(result: &CallResult, paint: Paint) -> Option<String> {
    let report = result.error.as_ref()?;
    // What the controller does with its own list of nodes names the node it is about.
    let nodes = match result.presentation.scope {
        Scope::Node => Some(result.node.as_str()),
        Scope::Controller => None,
    };
    Some(failure_on(nodes, result.status, &result.tool, report, paint))
}

/// Why a call did not end as done on these nodes.
pub(crate) fn failure_on(
    nodes: Option<&str>,
    ended: StepStatus,
    action: &str,
    report: &ErrorReport,
    paint: Paint,
) -> String {
    let at = nodes.map(|nodes| format!(" on {nodes}")).unwrap_or_default();
    headed(&format!("{}: {action}{at}:", status(ended, paint)), report)
}

/// The word of a status, with its colour.
pub(crate) fn status(status: StepStatus, paint: Paint) -> String {
    let tone = match status {
        StepStatus::Done => Tone::Good,
        StepStatus::NotStarted | StepStatus::Declined => Tone::Warn,
        StepStatus::Failed | StepStatus::Refused | StepStatus::Unreachable | StepStatus::Unknown => Tone::Bad,
    };
    paint.of(tone, &status.as_str().replace('_', " "))
}

fn headed(head: &str, report: &ErrorReport) -> String {
    let mut text = format!("{head} {}", report.message);
    if let Some(hint) = &report.hint {
        text.push_str("\nhint: ");
        text.push_str(hint);
    }
    text
}

/// A remark about a node, with what to do about it.
pub(crate) fn beside(node: &str, remark: &str, hint: Option<&str>, paint: Paint) -> String {
    let mut text = format!("{} {remark}", paint.of(Tone::Warn, &format!("{node}:")));
    if let Some(hint) = hint {
        text.push_str("\nhint: ");
        text.push_str(hint);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use nixi_core::{CallId, ErrorKind, Presentation};

    #[test]
    fn words_of_a_model_stand_in_quotes_in_a_heading() {
        for (value, shown) in [
            (serde_json::json!("nginx.service"), "grep=nginx.service"),
            (serde_json::json!("a: done: restart"), "grep=\"a: done: restart\""),
            (serde_json::json!(["a", "b c"]), "grep=a,\"b c\""),
            (serde_json::json!("\" x"), "grep=\"\\\" x\""),
            (serde_json::json!(""), "grep=\"\""),
            (serde_json::json!(7), "grep=7"),
        ] {
            assert_eq!(arg("grep", &value), shown);
        }
    }

    #[test]
    fn a_failure_names_its_node_the_controller_too() {
        let paint = Paint::new(crate::args::Colour::Never, false);
        let (of_a_node, own) = (Presentation::OF_A_NODE, Presentation::OF_THE_CONTROLLER);
        for (tool, node, presentation, said) in [
            ("x.list", "local", of_a_node, "failed: x.list on local: no"),
            ("x.list", "web", of_a_node, "failed: x.list on web: no"),
            ("x.adopt", "local", own, "failed: x.adopt: no"),
        ] {
            let result = CallResult {
                status: StepStatus::Failed,
                error: Some(ErrorReport::new(ErrorKind::NotFound, "no")),
                ..CallResult::new(CallId::default(), tool, node, Value::Null).shown_as(presentation)
            };
            assert_eq!(failure(&result, paint).as_deref(), Some(said));
        }
    }
}
