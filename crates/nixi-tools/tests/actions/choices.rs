//! Words that leave open whether a container or a unit is meant: looking settles it, and nothing is guessed.

use nixi_core::recording::Recording;
use nixi_core::{CallRequest, ErrorKind, ExecError, Intent, Outcome, StepStatus, Unreachable};

use crate::support::{CONFIG, Lab, ended, node};

fn stop(name: &str) -> CallRequest {
    CallRequest::new("container.stop").or("service.stop").on("db-server").with("names", vec![name])
}

async fn planned(lab: &Lab, name: &str) -> Outcome {
    lab.perform(stop(name), Intent::PlanOnly).await
}

fn unit(name: &str, load: &str) -> String {
    let active = if load == "not-found" { "inactive" } else { "active" };
    format!("Id={name}.service\nLoadState={load}\nActiveState={active}\nSubState=x\nDescription=d\n")
}

#[tokio::test]
async fn it_is_the_one_that_is_there() {
    let lab = Lab::new(node().answering("systemctl show", &unit("web", "not-found")));
    let outcome = planned(&lab, "web").await;
    assert_eq!(outcome.results[0].tool, "container.stop", "{outcome:?}");
    assert!(outcome.results[0].plan.is_some());

    let lab = Lab::new(node().answering("systemctl show", &unit("nginx", "loaded")));
    let outcome = planned(&lab, "nginx").await;
    assert_eq!(outcome.results[0].tool, "service.stop", "{outcome:?}");
    assert!(outcome.results[0].plan.is_some());
}

#[tokio::test]
async fn it_is_the_one_that_is_there_on_every_node() {
    let second = CONFIG.replace("name = \"monitoring\"", "name = \"second\"").replace("monitored", "managed");
    let lab = Lab::with_config(node().answering("systemctl show", &unit("web", "not-found")), &second);
    let call = CallRequest { nodes: vec!["db-server".to_owned(), "second".to_owned()], ..stop("web") };
    let outcome = lab.perform(call, Intent::PlanOnly).await;
    assert_eq!(outcome.error, None);
    let planned: Vec<_> =
        outcome.results.iter().map(|result| (&*result.tool, result.plan.is_some())).collect();
    assert_eq!(planned, [("container.stop", true), ("container.stop", true)]);
}

fn on_both(name: &str) -> CallRequest {
    CallRequest { nodes: vec!["db-server".to_owned(), "second".to_owned()], ..stop(name) }
}

/// A node that does not answer.
fn silent() -> Recording {
    let error = ExecError::Unreachable {
        reason: Unreachable::Timeout,
        detail: "no answer within 10 s".to_owned(),
        hint: None,
    };
    Recording::new().ending("", Err(error))
}

#[tokio::test]
async fn a_node_out_of_reach_leaves_it_to_the_others() {
    let lab = Lab::two(node().answering("systemctl show", &unit("web", "not-found")), silent());
    let outcome = lab.perform(on_both("web"), Intent::PlanOnly).await;
    assert_eq!(outcome.error, None);
    let ends: Vec<_> = outcome.results.iter().map(|result| (&*result.tool, result.status)).collect();
    assert_eq!(
        ends,
        [("container.stop", StepStatus::NotStarted), ("container.stop", StepStatus::Unreachable)]
    );
    assert_eq!(outcome.exit_code(), 4);

    let lab = Lab::two(node().answering("systemctl show", &unit("none", "not-found")), silent());
    let outcome = lab.perform(on_both("none"), Intent::PlanOnly).await;
    let error = outcome.error.as_ref().unwrap();
    assert_eq!((error.kind, outcome.exit_code()), (ErrorKind::Timeout, 4), "it may be on the other one");
    assert!(error.message.contains("none.service") && error.message.contains("no answer"), "{error}");
}

#[tokio::test]
async fn one_here_and_the_other_there_is_a_question() {
    let container = node().answering("systemctl show", &unit("web", "not-found"));
    let service =
        node().answering("sudo -n -- podman ps", "[]").answering("systemctl show", &unit("web", "loaded"));
    let outcome = Lab::two(container, service).perform(on_both("web"), Intent::PlanOnly).await;
    assert_eq!((outcome.error.as_ref().unwrap().kind, outcome.exit_code()), (ErrorKind::NotUnderstood, 5));
}

#[tokio::test]
async fn a_node_that_lacks_it_leaves_it_to_the_others() {
    let container = node().answering("systemctl show", &unit("web", "not-found"));
    let neither =
        node().answering("sudo -n -- podman ps", "[]").answering("systemctl show", &unit("web", "not-found"));
    let outcome = Lab::two(container, neither).perform(on_both("web"), Intent::PlanOnly).await;
    assert_eq!(outcome.error, None);
    let planned: Vec<_> =
        outcome.results.iter().map(|result| (&*result.tool, result.plan.is_some())).collect();
    assert_eq!(planned, [("container.stop", true), ("container.stop", false)]);
}

#[tokio::test]
async fn a_node_without_containers_has_units() {
    let nothing = ended(127, "", "podman: not found");
    let lab = Lab::new(
        node().ending("sudo -n -- podman", nothing).answering("systemctl show", &unit("nginx", "loaded")),
    );
    assert_eq!(planned(&lab, "nginx").await.results[0].tool, "service.stop");
}

#[tokio::test]
async fn both_or_neither_is_nothing() {
    let lab = Lab::new(node().answering("systemctl show", &unit("web", "loaded")));
    let outcome = planned(&lab, "web").await;
    assert_eq!((outcome.error.as_ref().unwrap().kind, outcome.exit_code()), (ErrorKind::NotUnderstood, 5));

    let lab = Lab::new(node().answering("systemctl show", &unit("none", "not-found")));
    let outcome = planned(&lab, "none").await;
    let error = outcome.error.as_ref().unwrap();
    assert_eq!((error.kind, outcome.exit_code()), (ErrorKind::NotFound, 1));
    assert!(error.message.contains("container") && error.message.contains("none.service"), "{error}");
    assert_eq!(lab.nodes.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_monitored_node_is_not_even_looked_at() {
    let lab = Lab::new(node());
    let call = CallRequest { nodes: vec!["monitoring".to_owned()], ..stop("web") };
    let outcome = lab.perform(call, Intent::Perform).await;
    assert_eq!((outcome.results[0].status, outcome.exit_code()), (StepStatus::Refused, 3));
    assert_eq!(lab.nodes.seen(), []);
}
