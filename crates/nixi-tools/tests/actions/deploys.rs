//! Containers that are deployed and updated: what a plan of that does, refuses and warns of.

use nixi_core::recording::Recording;
use nixi_core::{CallRequest, CallResult, ErrorKind, Intent, Op, Secret, StepStatus};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{GREETER, Lab, as_shown, ended, node};

/// What a container was deployed with.
const DEPLOYED: &str =
    "sudo -n -- podman inspect '--syslog=false' --type container --format '{{.Id}}\n{{.Image}}";

async fn planned(on: Recording, call: CallRequest) -> CallResult {
    Lab::new(on).plan(call.on("db-server")).await
}

fn update() -> CallRequest {
    CallRequest::new("container.update").with("name", "greeter").with("env", json!({"LANG": "C.UTF-8"}))
}

/// The commands that run if all goes well.
fn commands(result: &CallResult) -> Vec<String> {
    let plan = result.plan.as_ref().unwrap_or_else(|| panic!("{result:?}"));
    let is_step = |line: &String| !line.starts_with("if a later step fails");
    plan.lines().map(as_shown).filter(is_step).collect()
}

/// A process that goes on would write to the same data as the new container, and outlive the record of the old one.
#[tokio::test]
async fn the_old_container_is_stopped_unless_it_surely_has_no_process() {
    for (state, is_stopped) in [
        ("running", true),
        ("stopping", true),
        ("restarting", true),
        ("initialized", true),
        ("removing", true),
        ("unknown", true),
        ("exited", false),
        ("stopped", false),
        ("dead", false),
        ("created", false),
        ("configured", false),
    ] {
        let on = node().answering(DEPLOYED, &GREETER.replace("running", state));
        let commands = commands(&planned(on, update()).await);
        let at = |word: &str| commands.iter().position(|command| command.contains(word));
        assert_eq!(at(" podman stop ").is_some(), is_stopped, "{state}: {commands:?}");
        assert!(at(" podman stop ") < at(" podman rename "), "{state}: {commands:?}");
    }
}

/// An image from a registry, with its entry point and command.
const FROM_A_REGISTRY: &str = r#"["0000000000000000000000000000000000000000000000000000000000000001",["docker.io/library/app:1"],["docker.io/library/app@sha256:aa"],null,null,["/entry"],["serve"]]"#;

/// The same node with podman 4.3.1, where `greeter` is of an image from a registry, and with a secret given to this call.
async fn with_a_secret(on: Recording, call: CallRequest) -> CallResult {
    let on = on
        .answering("sudo -n -- podman version", "4.3.1\n")
        .answering(DEPLOYED, &GREETER.replace("localhost/nixi-lab/sleeper:1", "docker.io/library/app:1"));
    let lab = Lab::new(on);
    let secret = lab.asker.keep_secret(Secret::new(b"hunter22".to_vec()).ok().unwrap());
    lab.plan(call.with("secrets", json!({"KEY": secret})).on("db-server")).await
}

fn warnings(result: &CallResult) -> &[String] {
    &result.plan.as_ref().unwrap_or_else(|| panic!("{result:?}")).warnings
}

/// Before podman 5.3 a variable of a secret is shown by `podman inspect`. What an image runs, which keeps that from it, is
/// known of one that is there.
#[tokio::test]
async fn no_secret_is_shown_by_older_podman_without_a_warning() {
    let image = "sudo -n -- podman inspect '--syslog=false' --type image";
    let there = || node().answering(image, FROM_A_REGISTRY);
    let missing = || node().ending(image, ended(125, "", "Error: no such image docker.io/library/app:1\n"));
    let deploy = || {
        let name = CallRequest::new("container.deploy").with("name", "app");
        name.with("image", "docker.io/library/app:1")
    };
    for (call, on, is_pulled) in [
        (deploy(), there(), false),
        (deploy(), missing(), true),
        (update(), there(), false),
        (update(), missing(), true),
    ] {
        let told = format!("{} {is_pulled}", call.action);
        let result = with_a_secret(on, call).await;
        let commands = commands(&result);
        let has = |words: &str| commands.iter().any(|command| command.contains(words));
        assert_eq!(has(" podman pull "), is_pulled, "{told}: {commands:?}");
        assert_eq!(has("type=env"), is_pulled, "{told}: {commands:?}");
        assert_eq!(has("-- docker.io/library/app:1 /entry serve"), !is_pulled, "{told}: {commands:?}");
        let shows = "podman before version 5.3 shows KEY to root";
        let warnings = warnings(&result);
        let warning = warnings.iter().find(|warning| warning.starts_with(shows));
        assert_eq!(warning.is_some(), is_pulled, "{told}: {warnings:?}");
        let way_out = "run `sudo podman pull docker.io/library/app:1`";
        assert!(warning.is_none_or(|warning| warning.contains(way_out)), "{told}: {warnings:?}");
    }
    // It is not pulled again, and the plan says so.
    let updated = with_a_secret(there(), update()).await;
    let is_said =
        |warning: &String| warning.starts_with("docker.io/library/app:1 is taken as it is on the node");
    assert!(warnings(&updated).iter().any(is_said), "{updated:?}");
    // Where nothing is hidden by it, it is.
    let on = there()
        .answering(DEPLOYED, &GREETER.replace("localhost/nixi-lab/sleeper:1", "docker.io/library/app:1"));
    assert!(commands(&planned(on, update()).await).iter().any(|command| command.contains(" podman pull ")));
}

/// The words of the error of a plan that is refused.
fn refused(result: &CallResult) -> (ErrorKind, String, String) {
    let error = result.error.clone().unwrap_or_else(|| panic!("{result:?}"));
    (error.kind, error.message, error.hint.unwrap_or_default())
}

/// A container that may write to `data` puts what it likes in the place of `data/sub`, such as a link to /etc.
#[tokio::test]
async fn no_volume_lies_where_a_container_may_write() {
    let sleeper = |volumes: &[&str]| {
        let deploy = CallRequest::new("container.deploy").with("name", "greeter");
        deploy.with("image", "localhost/nixi-lab/sleeper:1").with("volumes", volumes.to_vec())
    };
    let (kind, message, _) = refused(&planned(node(), sleeper(&["data:/x", "data/sub:/y"])).await);
    assert_eq!(kind, ErrorKind::BadArgument);
    assert!(message.starts_with("the volume data/sub:/y lies in the folder of data:/x"), "{message}");
    let sub = "realpath --canonicalize-missing --zero -- /srv/greeter/data/sub";
    let there = || node().answering(sub, "/srv/greeter/data/sub\0");
    assert!(planned(there(), sleeper(&["data:/x:ro", "data/sub:/y"])).await.plan.is_some());
    // That of the container that is replaced goes on writing until it is stopped.
    for (access, is_refused) in [("", true), (":ro", false)] {
        let old = format!("\"volumes\":[\"data:/x{access}\"],\"env\"");
        let on = there().answering(DEPLOYED, &GREETER.replace("\"env\"", &old));
        let result = planned(on, update().with("volumes", vec!["data/sub:/y"])).await;
        assert_eq!(result.plan.is_none(), is_refused, "{result:?}");
    }
}

/// What an update left that was interrupted may still hold data, or even run: whoever goes on is told.
#[tokio::test]
async fn what_an_interrupted_update_left_is_named() {
    let row = |id: &str, name: &str, state: &str| {
        format!(
            r#"{{"Id":"{id}","Names":["{name}"],"Image":"x","State":"{state}","Status":"x","AutoRemove":false,
                "Labels":{{"nixi.deploy":"{{\"name\":\"greeter\"}}"}}}}"#
        )
    };
    let (greeter, old) = ("b".repeat(64), "c".repeat(64));
    let left = row(&old, "cccccccccccc-before", "exited");
    let both = || {
        node().answering(
            "sudo -n -- podman ps '--syslog=false' --all --no-trunc --format",
            &format!("[{},{left}]", row(&greeter, "greeter", "running")),
        )
    };
    let identity = format!("{greeter} greeter\n");
    let both = || {
        both().answering(
            "sudo -n -- podman inspect '--syslog=false' --type container --format '{{.Id}} {{.Name}}'",
            &identity,
        )
    };
    let remove = CallRequest::new("container.remove").with("names", vec!["greeter"]);
    for call in [update(), remove] {
        let told = call.action.clone();
        let result = planned(both(), call).await;
        let is_named = |warning: &String| {
            warning.contains("is what an interrupted update left")
                && warning.contains("names=cccccccccccc-before")
        };
        assert!(warnings(&result).iter().any(is_named), "{told}: {result:?}");
    }
    // It was interrupted before the new one was made.
    let gone = both()
        .answering("sudo -n -- podman ps '--syslog=false' --all --no-trunc --format", &format!("[{left}]"))
        .ending(DEPLOYED, ended(125, "", "Error: no such container greeter\n"));
    let (kind, message, hint) = refused(&planned(gone, update()).await);
    assert_eq!(kind, ErrorKind::NotFound);
    assert!(message.ends_with("left it as cccccccccccc-before"), "{message}");
    assert!(hint.contains("podman rename cccccccccccc-before greeter"), "{hint}");
}

/// Folders and secrets go by the name that it was deployed under, and anybody can write a label.
#[tokio::test]
async fn a_container_under_another_name_is_not_updated() {
    let renamed = || node().answering(DEPLOYED, &GREETER.replace("\"name\":\"greeter\"", "\"name\":\"web\""));
    let (kind, message, hint) = refused(&planned(renamed(), update()).await);
    assert_eq!(kind, ErrorKind::BadArgument);
    assert!(message.contains("so it was renamed") && hint.contains("back to web"), "{message}; {hint}");
    let by_id = update().with("name", "b".repeat(12));
    let (_, message, hint) = refused(&planned(node(), by_id).await);
    assert!(message.contains("is the id of") && hint.ends_with("name=greeter"), "{message}; {hint}");
}

/// The log of a container that the plan removes again is nowhere.
#[tokio::test]
async fn no_log_is_hinted_at_that_is_gone() {
    let died =
        r#"[{"State":{"Status":"exited","ExitCode":3,"StartedAt":"2026-11-25T10:00:00Z"},"RestartCount":0}]"#;
    let on = node()
        .answering("sudo -n -- podman inspect '--syslog=false' --type container -- ", died)
        .answering("sudo -n -- podman logs", "");
    let mut lab = Lab::new(on);
    let call = CallRequest::new("container.deploy").with("name", "greeter");
    let call = call.with("image", "localhost/nixi-lab/sleeper:1").on("db-server");
    let result = lab.approved(call, |_| ()).await;
    let hints: Vec<String> =
        result.steps.iter().filter_map(|step| step.error.as_ref()?.hint.clone()).collect();
    assert!(lab.nodes.changes().iter().any(|change| change.contains("podman rm ")), "{result:?}");
    assert!(hints.iter().any(|hint| hint.starts_with("the plan takes greeter back")), "{hints:?}");
    assert!(!hints.iter().any(|hint| hint.contains("container.logs")), "{hints:?}");
}

/// What was changed once more is taken back in its order, and that order is told.
#[tokio::test]
async fn undoing_below_a_newer_request_names_that_one() {
    let mut lab = Lab::new(node());
    let deploy = CallRequest::new("container.deploy").with("name", "greeter");
    let deploy = deploy.with("image", "localhost/nixi-lab/sleeper:1").with("env", json!({"LANG": "X"}));
    let mut requests = Vec::new();
    for call in [deploy, update()] {
        let result = lab.approved(call.on("db-server"), |_| ()).await;
        assert_eq!(result.status, StepStatus::Done, "{result:?}");
        requests.extend(result.request);
    }
    let (first, newer) = (requests[0], requests[1]);
    let undo = Op::Undo(Some(first));
    let outcome = lab.asker.perform(undo, Intent::PlanOnly, &(), &CancellationToken::new()).await;
    let (kind, _, hint) = refused(&outcome.results[0]);
    assert_eq!(kind, ErrorKind::Changed, "{outcome:?}");
    assert_eq!(hint, format!("request {newer} changed it since: `nixi undo {newer}` takes that back first"));
}

#[tokio::test]
async fn a_variable_is_no_secret_as_well() {
    let deploy = CallRequest::new("container.deploy").with("name", "greeter");
    for call in [deploy.with("image", "localhost/nixi-lab/sleeper:1"), update()] {
        let call = call.with("env", json!({"LANG": "C", "A": "2"})).with("secrets", json!({"A": "@ask"}));
        let (kind, message, _) = refused(&planned(node(), call).await);
        assert_eq!(
            (kind, message.as_str()),
            (ErrorKind::BadArgument, "A is given twice: in env and in secrets")
        );
    }
}

/// An update that pulled another image under the same name is taken back: the container is of the image before again.
#[tokio::test]
async fn an_update_that_moved_a_tag_is_taken_back() {
    let image = "sudo -n -- podman inspect '--syslog=false' --type image";
    let deployed = GREETER.replace("localhost/nixi-lab/sleeper:1", "docker.io/library/app:1");
    let mut lab = Lab::new(node().answering(image, FROM_A_REGISTRY).answering(DEPLOYED, &deployed));
    let update = CallRequest::new("container.update").with("name", "greeter").on("db-server");
    let result = lab.approved(update, |_| ()).await;
    assert_eq!(result.status, StepStatus::Done, "{result:?}");

    let (old, new) = (format!("{:064}", 1), format!("{:064}", 2));
    lab.nodes.answer(image, &FROM_A_REGISTRY.replace(&old, &new));
    lab.nodes.answer(DEPLOYED, &deployed.replace(&old, &new));
    let by_id = format!("-- {old}");
    let format =
        lab.nodes.seen().into_iter().map(|run| run.command).find(|run| run.starts_with(image)).unwrap();
    let read = format.replace("-- docker.io/library/app:1", &by_id);
    lab.nodes.answer(&read, FROM_A_REGISTRY);
    let cancel = CancellationToken::new();
    let undo = || lab.asker.perform(Op::Undo(None), Intent::PlanOnly, &(), &cancel);
    let commands = commands(&undo().await.results[0]);
    assert!(
        commands.iter().any(|run| run.contains(" podman create ") && run.ends_with(&by_id)),
        "{commands:?}"
    );

    lab.nodes.end(&read, ended(125, "", "Error: no such image\n"));
    let (kind, message, _) = refused(&undo().await.results[0]);
    assert_eq!(kind, ErrorKind::NotFound);
    assert!(message.starts_with("the image that the container was made of is no longer"), "{message}");
}
