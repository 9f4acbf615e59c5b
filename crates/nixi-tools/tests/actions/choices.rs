//! Words that leave open whether a container or a unit is meant: looking settles it, and nothing is guessed.

use nixi_core::{CallRequest, ErrorKind, Intent, Outcome, StepStatus};

use crate::support::{CONFIG, Lab, ended, node};

fn stop(name: &str) -> CallRequest {
    CallRequest::new("container.stop").or("service.stop").on("db-server").with("names", vec![name])
}

async fn planned(lab: &Lab, name: &str) -> Outcome {
    lab.perform(stop(name), Intent::PlanOnly).await
}

fn unit(name: &str, load: &str) -> String {
    format!("Id={name}.service\nLoadState={load}\nActiveState=active\nSubState=running\nDescription=d\n")
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
