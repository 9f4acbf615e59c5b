//! Words that leave open whether a container or a unit is meant: looking settles it, and nothing is guessed.

use nixi_core::recording::Recording;
use nixi_core::session::{Doubt, Question};
use nixi_core::{CallRequest, ErrorKind, ExecError, Intent, Op, Outcome, Refusal, StepStatus, Unreachable};
use tokio_util::sync::CancellationToken;

use crate::support::{CONFIG, Lab, WEB, ended, node};

fn stop(name: &str) -> CallRequest {
    CallRequest::new("container.stop").or("service.stop").on("db-server").with("names", vec![name])
}

/// With a person who is asked once, and answers so.
async fn answered(lab: Lab, call: CallRequest, intent: Intent, answer: impl FnOnce(Doubt)) -> Outcome {
    let (op, cancel, mut questions) =
        (Op::Call(vec![call]), CancellationToken::new(), lab.approver.questions());
    let asked = async {
        match questions.next().await {
            Some(Question::Meaning(doubt)) => answer(doubt),
            other => panic!("{other:?}"),
        }
    };
    let (outcome, ()) = tokio::join!(lab.asker.perform(op, intent, &(), &cancel), asked);
    assert_eq!(lab.nodes.changes(), Vec::<String>::new());
    outcome
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

fn status(name: &str) -> CallRequest {
    CallRequest::new("service.status").or("container.inspect").on("db-server").with("names", vec![name])
}

fn logs(name: &str) -> CallRequest {
    CallRequest::new("service.logs").or("container.logs").on("db-server").with("name", name)
}

/// `web` is a container here, `nginx` a unit.
fn readable() -> Recording {
    let details = format!(
        r#"[{{"Id":"{WEB}","Name":"web","State":{{"Status":"running"}},"Config":{{}},"Image":"nginx"}}]"#
    );
    node()
        .ending(
            "sudo -n -- podman inspect '--syslog=false' --type container -- ",
            ended(125, "", "Error: no such container\n"),
        )
        .answering("sudo -n -- podman inspect '--syslog=false' --type container -- web", &details)
        .ending("sudo -n -- podman logs", ended(125, "", "Error: no such container\n"))
        .ending(
            "sudo -n -- podman logs '--syslog=false' --timestamps --tail 100 -- web",
            ended(0, "2025-11-24T17:00:00Z hello\n", ""),
        )
        .answering("journalctl", "")
        .answering("systemctl show --no-pager '--property=Id,Description", &unit("web", "not-found"))
}

async fn looked(lab: &Lab, call: CallRequest) -> Outcome {
    lab.perform(call, Intent::Perform).await
}

#[tokio::test]
async fn a_read_of_a_bare_name_tells_what_is_there() {
    let lab = Lab::new(readable());
    for (call, tool) in [(status("web"), "container.inspect"), (logs("web"), "container.logs")] {
        let outcome = looked(&lab, call).await;
        assert_eq!((&*outcome.results[0].tool, outcome.exit_code()), (tool, 0), "{outcome:?}");
        let text = outcome.results[0].text.as_ref().unwrap();
        assert!(text.starts_with("web is a container, and no unit\n"), "{text}");
    }
    let there = unit("nginx", "loaded");
    let lab = Lab::new(readable().answering("systemctl show --no-pager '--property=Id,Description", &there));
    for (call, tool) in [(status("nginx"), "service.status"), (logs("nginx"), "service.logs")] {
        let outcome = looked(&lab, call).await;
        assert_eq!((&*outcome.results[0].tool, outcome.exit_code()), (tool, 0), "{outcome:?}");
        let text = outcome.results[0].text.as_ref().unwrap();
        assert!(text.starts_with("nginx is a unit, and no container\n"), "{text}");
    }
}

#[tokio::test]
async fn a_read_that_fits_both_is_a_question_with_both_commands() {
    let both = || readable().answering("systemctl show", &unit("web", "loaded"));
    for (call, commands) in [
        (
            status("web"),
            "`nixi call service.status names=web --node db-server` or `nixi call container.inspect names=web --node db-server`",
        ),
        (
            logs("web"),
            "`nixi call service.logs name=web --node db-server` or `nixi call container.logs name=web --node db-server`",
        ),
    ] {
        let outcome = looked(&Lab::new(both()), call).await;
        let error = outcome.error.as_ref().unwrap();
        assert_eq!((error.kind, outcome.exit_code()), (ErrorKind::NotUnderstood, 5));
        assert_eq!(error.message, format!("web can mean a unit or a container on db-server; {commands}"));
        assert_eq!(outcome.results, []);
    }
    let outcome = planned(&Lab::new(both()), "web").await;
    let message = outcome.error.unwrap().message;
    assert!(message.contains("`nixi call container.stop names=web --node db-server`"), "{message}");
    assert!(message.contains("`nixi call service.stop names=web --node db-server`"), "{message}");
}

#[tokio::test]
async fn a_person_says_which_is_meant() {
    let both = || Lab::new(readable().answering("systemctl show", &unit("web", "loaded")));
    for (meaning, tool) in [(0, "service.status"), (1, "container.inspect")] {
        let said = |doubt: Doubt| {
            assert_eq!(doubt.message(), "web can mean a unit or a container on db-server");
            let meant = &doubt.meanings()[meaning];
            assert_eq!(meant.command, format!("nixi call {tool} names=web --node db-server"));
            doubt.settle(meaning);
        };
        let outcome = answered(both(), status("web"), Intent::Perform, said).await;
        assert_eq!((&*outcome.results[0].tool, outcome.exit_code()), (tool, 0), "{outcome:?}");
    }
    for (meaning, tool) in [(0, "container.stop"), (1, "service.stop")] {
        let said = |doubt: Doubt| doubt.settle(meaning);
        let outcome = answered(both(), stop("web"), Intent::PlanOnly, said).await;
        assert_eq!(outcome.results[0].tool, tool);
        assert!(outcome.results[0].plan.is_some(), "it is still to be approved: {outcome:?}");
    }
    for said in [drop, |doubt: Doubt| doubt.settle(2)] {
        let outcome = answered(both(), stop("web"), Intent::Perform, said).await;
        assert_eq!(
            (outcome.error.as_ref().unwrap().kind, outcome.exit_code()),
            (ErrorKind::NotUnderstood, 5)
        );
    }
}

/// Saying which is meant approves nothing.
#[tokio::test]
async fn what_is_meant_is_asked_about_all_the_same() {
    let lab = Lab::new(readable().answering("systemctl show", &unit("web", "loaded")));
    let (op, cancel, mut questions) =
        (Op::Call(vec![stop("web")]), CancellationToken::new(), lab.approver.questions());
    let asked = async {
        match questions.next().await {
            Some(Question::Meaning(doubt)) => doubt.settle(0),
            other => panic!("{other:?}"),
        }
        match questions.next().await {
            Some(Question::Approval(pending)) => pending.deny(Refusal::Person),
            other => panic!("{other:?}"),
        }
    };
    let (outcome, ()) = tokio::join!(lab.asker.perform(op, Intent::Perform, &(), &cancel), asked);
    assert_eq!((outcome.results[0].status, outcome.exit_code()), (StepStatus::Declined, 3));
    assert_eq!(lab.nodes.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn one_answer_counts_for_all_nodes_where_both_are_there() {
    let both = || readable().answering("systemctl show", &unit("web", "loaded"));
    let call = CallRequest { nodes: vec!["db-server".to_owned(), "second".to_owned()], ..status("web") };
    let said = |doubt: Doubt| {
        assert_eq!(doubt.message(), "web can mean a unit or a container on db-server, second");
        doubt.settle(1);
    };
    let outcome = answered(Lab::two(both(), both()), call.clone(), Intent::Perform, said).await;
    let told = |outcome: &Outcome| -> Vec<String> {
        outcome.results.iter().map(|result| result.tool.clone()).collect()
    };
    assert_eq!(told(&outcome), ["container.inspect"; 2]);
    // Where only one is there, nothing is in doubt.
    let unit_alone = readable()
        .ending("sudo -n -- podman inspect", ended(125, "", "Error: no such container\n"))
        .answering("systemctl show", &unit("web", "loaded"));
    let said = |doubt: Doubt| {
        assert_eq!(doubt.message(), "web can mean a unit or a container on db-server");
        doubt.settle(1);
    };
    let outcome = answered(Lab::two(both(), unit_alone), call, Intent::Perform, said).await;
    assert_eq!(told(&outcome), ["container.inspect", "service.status"]);
}

#[tokio::test]
async fn a_read_tells_of_each_node_what_is_there() {
    let service = node()
        .answering("sudo -n -- podman ps", "[]")
        .ending("sudo -n -- podman inspect", ended(125, "", "Error: no such container\n"))
        .answering("systemctl show", &unit("web", "loaded"));
    let call = CallRequest { nodes: vec!["db-server".to_owned(), "second".to_owned()], ..status("web") };
    let outcome = Lab::two(readable(), service).perform(call.clone(), Intent::Perform).await;
    let told: Vec<_> =
        outcome.results.iter().map(|result| (&*result.node, &*result.tool, result.status)).collect();
    assert_eq!(
        told,
        [
            ("db-server", "container.inspect", StepStatus::Done),
            ("second", "service.status", StepStatus::Done)
        ]
    );
    let outcome = Lab::two(readable(), silent()).perform(call, Intent::Perform).await;
    assert_eq!(outcome.results[1].status, StepStatus::Unreachable);
    assert_eq!(outcome.exit_code(), 4);
}

#[tokio::test]
async fn a_read_that_finds_neither_says_so_and_one_that_cannot_look_says_that() {
    let outcome = looked(&Lab::new(readable()), status("none")).await;
    let error = outcome.results[0].error.as_ref().unwrap();
    assert_eq!((error.kind, outcome.exit_code()), (ErrorKind::NotFound, 1));
    assert!(error.message.contains("none.service") && error.message.contains("no container"), "{error}");

    let denied = || readable().ending("sudo", ended(1, "", "sudo: a password is required\n"));
    let outcome = looked(&Lab::new(denied()), status("none")).await;
    assert_eq!(outcome.results[0].error.as_ref().unwrap().kind, ErrorKind::SudoPassword);
    let there = denied().answering("systemctl show", &unit("nginx", "loaded"));
    let outcome = looked(&Lab::new(there), status("nginx")).await;
    let text = outcome.results[0].text.as_ref().unwrap();
    assert!(
        text.starts_with("nginx is a unit, and whether it is a container too is not known (sudo"),
        "{text}"
    );
    // Where there is no runtime, there are no containers.
    let bare = readable()
        .ending("sudo -n -- podman", ended(127, "", "podman: not found"))
        .answering("systemctl show", &unit("nginx", "loaded"));
    let outcome = looked(&Lab::new(bare), status("nginx")).await;
    assert!(outcome.results[0].text.as_ref().unwrap().starts_with("nginx is a unit, and no container\n"));
}

#[tokio::test]
async fn each_of_several_names_is_looked_for_by_itself() {
    let lab = Lab::new(
        readable()
            .answering("systemctl show --no-pager '--property=Id,Description,LoadState,ActiveState,SubState,UnitFileState,MainPID,ActiveEnterTimestamp,MemoryCurrent,NRestarts,Result,ExecMainStatus' -- nginx.service", &unit("nginx", "loaded")),
    );
    let outcome = looked(&lab, status("web").with("names", vec!["web", "nginx"])).await;
    let tools: Vec<_> = outcome.results.iter().map(|result| (&*result.tool, result.status)).collect();
    assert_eq!(tools, [("container.inspect", StepStatus::Done), ("service.status", StepStatus::Done)]);
}
