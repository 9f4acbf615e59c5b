//! A monitored node: every action that changes something on a node is refused, and nothing is sent there.

use nixi_core::registry::Access;
use nixi_core::{CallRequest, ErrorKind, Intent, Scope, StepStatus};

use crate::support::{Lab, node};

/// Arguments that any change of this crate takes.
fn call(action: &str) -> CallRequest {
    CallRequest::new(action).on("monitoring").with("names", vec!["web", "nginx"])
}

#[tokio::test]
async fn no_change_sends_anything_to_a_monitored_node() {
    let lab = Lab::new(node());
    let changes: Vec<String> = lab
        .asker
        .registry()
        .specs()
        .filter(|spec| spec.access != Access::Read && spec.scope == Scope::Node)
        .map(|spec| spec.name.to_string())
        .collect();
    assert_eq!(
        changes,
        [
            "container.remove",
            "container.restart",
            "container.start",
            "container.stop",
            "service.restart",
            "service.start",
            "service.stop"
        ]
    );
    for action in changes {
        for intent in [Intent::Perform, Intent::PlanOnly] {
            let outcome = lab.perform(call(&action), intent).await;
            assert_eq!(outcome.exit_code(), 3, "{action}");
            let result = &outcome.results[0];
            assert_eq!(result.status, StepStatus::Refused, "{action}");
            assert_eq!(result.error.as_ref().unwrap().kind, ErrorKind::ReadOnly, "{action}");
        }
    }
    assert_eq!((lab.nodes.seen(), lab.local.seen()), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn reads_work_on_a_monitored_node() {
    let lab = Lab::new(node());
    let result = lab.call(CallRequest::new("container.list").on("monitoring")).await;
    assert_eq!(result.status, StepStatus::Done);
    // A look whether podman was ever used, and podman.
    let run: Vec<String> = lab.nodes.seen().into_iter().map(|run| run.command).collect();
    assert!(run.len() == 2 && run[0].starts_with("ls -ld -- ") && run[1].contains("podman ps"), "{run:?}");
    assert_eq!(lab.nodes.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn without_a_person_nothing_is_changed() {
    let mut lab = Lab::new(node());
    drop(std::mem::replace(&mut lab.approver, Lab::new(node()).approver));
    let result = lab.call(call("container.remove").with("names", vec!["web"])).await;
    assert_eq!(result.status, StepStatus::Refused);
    let on_managed = CallRequest::new("container.remove").on("db-server").with("names", vec!["web"]);
    let result = lab.call(on_managed).await;
    assert_eq!(result.status, StepStatus::Declined);
    assert_eq!(result.error.unwrap().kind, ErrorKind::ApprovalRequired);
    assert_eq!(lab.nodes.changes(), Vec::<String>::new());
}
