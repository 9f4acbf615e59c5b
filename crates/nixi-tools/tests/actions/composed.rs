//! What a request declares on a node is done at once, by the last of its changes there.

use nixi_core::recording::Recording;
use nixi_core::session::Pending;
use nixi_core::{CallRequest, Intent, Op, Outcome, StepStatus};
use tokio_util::sync::CancellationToken;

use crate::support::{Lab, ended, evaluated_to, node};

fn install(name: &str) -> CallRequest {
    CallRequest::new("package.install").with("names", vec![name])
}

fn open(port: &str) -> CallRequest {
    CallRequest::new("firewall.open").with("ports", vec![port])
}

fn stop(name: &str) -> CallRequest {
    CallRequest::new("container.stop").with("names", vec![name])
}

async fn asked(lab: &mut Lab, calls: Vec<CallRequest>, answers: Vec<fn(Pending)>) -> Outcome {
    let calls = calls.into_iter().map(|call| call.on("db-server")).collect();
    let (op, cancel) = (Op::Call(calls), CancellationToken::new());
    let person = async {
        for answer in answers {
            answer(lab.approver.next().await.unwrap());
        }
    };
    let (outcome, ()) = tokio::join!(lab.asker.perform(op, Intent::Perform, &(), &cancel), person);
    outcome
}

fn statuses(outcome: &Outcome) -> Vec<StepStatus> {
    outcome.results.iter().map(|result| result.status).collect()
}

/// How often the node was switched, and how often it built.
fn switches_and_builds(nodes: &Recording) -> (usize, usize) {
    let count = |words: &str| nodes.seen().iter().filter(|run| run.command.contains(words)).count();
    (count("guard/run /nix/store"), count("nix-store --realise"))
}

#[tokio::test]
async fn three_changes_are_one_build_and_one_switch() {
    let mut lab = Lab::new(node());
    let review = |pending: Pending| {
        let parts = &pending.review().parts;
        let steps: Vec<usize> = parts.iter().map(|part| part.steps.len()).collect();
        assert_eq!(steps, [1, 1, 1, 8], "{parts:?}");
        let declared =
            "add pkgs.htop to environment.systemPackages, with the other changes of the configuration";
        assert_eq!(parts[0].steps[0].line, declared);
        let diff: Vec<String> =
            parts[3].steps[1].diff.as_ref().unwrap().rows().into_iter().map(|row| row.text).collect();
        let diff = diff.join("\n");
        assert!(diff.contains("pkgs.htop") && diff.contains("pkgs.jq") && diff.contains("8080"), "{diff}");
        pending.approve();
    };
    // What does not declare anything keeps its place.
    let calls = vec![install("htop"), stop("web"), open("8080"), install("jq")];
    let outcome = asked(&mut lab, calls, vec![review]).await;
    assert_eq!(statuses(&outcome), [StepStatus::Done; 4], "{outcome:?}");
    let tools: Vec<&str> = outcome.results.iter().map(|result| result.tool.as_str()).collect();
    assert_eq!(tools, ["package.install", "container.stop", "firewall.open", "package.install"]);
    assert_eq!(switches_and_builds(&lab.nodes), (1, 1));
    let changes = lab.nodes.changes();
    let place = |words: &str| changes.iter().position(|change| change.contains(words)).unwrap();
    assert!(place("podman stop") < place("guard/run"), "{changes:?}");
}

#[tokio::test]
async fn part_of_it_is_composed_anew() {
    let mut lab = Lab::new(node());
    let last = |pending: Pending| {
        let parts = &pending.review().parts;
        assert_eq!((parts.len(), parts[0].action.to_string().as_str()), (1, "package.install"));
        let diff: Vec<String> =
            parts[0].steps[1].diff.as_ref().unwrap().rows().into_iter().map(|row| row.text).collect();
        assert!(!diff.join("\n").contains("8080"), "{diff:?}");
        pending.approve();
    };
    let answers: Vec<fn(Pending)> = vec![|pending| pending.only(vec![0]), last];
    let outcome = asked(&mut lab, vec![install("htop"), open("8080")], answers).await;
    assert_eq!(statuses(&outcome), [StepStatus::Done, StepStatus::Declined], "{outcome:?}");
    assert_eq!(switches_and_builds(&lab.nodes), (1, 2));
}

/// What cannot be built is asked about by nobody, and takes nothing else with it.
#[tokio::test]
async fn where_it_cannot_be_built_none_of_it_is_done() {
    let broken = ended(1, "", "error: attribute 'nosuch' missing\n       at /tmp/x/nixi.nix:3:1\n");
    let mut lab = Lab::new(node().ending("nix-instantiate", broken));
    let calls = vec![install("htop"), stop("web"), open("8080")];
    let outcome = asked(
        &mut lab,
        calls,
        vec![|pending| {
            assert_eq!((pending.review().parts.len(), pending.review().left_out.len()), (1, 2));
            pending.approve();
        }],
    )
    .await;
    assert_eq!(statuses(&outcome), [StepStatus::Failed, StepStatus::Done, StepStatus::Failed], "{outcome:?}");
    for at in [0, 2] {
        let message = &outcome.results[at].error.as_ref().unwrap().message;
        assert!(message.contains("attribute 'nosuch' missing"), "{message}");
    }
    assert_eq!(switches_and_builds(&lab.nodes), (0, 0));
}

/// Only the derivation whose builder failed is named, and only its last lines are told, which are asked for where they did not come.
#[tokio::test]
async fn a_build_that_fails_says_whose_builder_it_was() {
    let derivation = format!("/nix/store/{}-broken-1.0.drv", "e".repeat(32));
    let said = format!(
        "error: builder for '{derivation}' failed with exit code 3\nerror: 1 dependencies of derivation 'x' failed to build\n"
    );
    let log: String = (0..100).map(|n| format!("line {n}\n")).collect();
    let lab = Lab::new(
        node()
            .ending("nix-store --realise", ended(1, "", &said))
            .answering(&format!("nix-store --read-log {derivation}"), &log),
    );
    let error = lab.plan(install("htop").on("db-server")).await.error.unwrap();
    let head = "the new system cannot be built, and nothing was changed: broken-1.0 failed with exit code 3\n> line 85\n";
    assert!(error.message.starts_with(head) && error.message.ends_with("\n> line 99"), "{error:?}");
    assert!(error.hint.unwrap().contains(&derivation));
}

/// A Nix before 2.4 builds as well, and is asked in the words that it knows.
#[tokio::test]
async fn a_nix_that_tells_programs_nothing_builds() {
    let refused = "error: unrecognised flag '--log-format'\nTry 'nix-store --help' for more information.\n";
    let lab =
        Lab::new(node().ending("nix-store --realise --no-build-output --log-format", ended(1, "", refused)));
    let result = lab.plan(install("htop").on("db-server")).await;
    assert!(result.error.is_none() && result.plan.is_some(), "{result:?}");
    assert_eq!(switches_and_builds(&lab.nodes), (0, 2));
}

#[tokio::test]
async fn what_a_node_lacks_is_told_wherever_it_shows() {
    let full = "No space left on device";
    for (command, stderr, what) in [
        ("cp -R", format!("cp: error writing '/tmp/x': {full}\n"), "a disk of db-server is full: "),
        ("dd", format!("dd: error writing '/tmp/x': {full}\n"), "a disk of db-server is full: "),
        (
            "mkdir",
            format!("mkdir: cannot create directory '/tmp/x': {full}\n"),
            "a disk of db-server is full: ",
        ),
        (
            "nix-instantiate --eval",
            format!("error: writing to file: {full}\n"),
            "a disk of db-server is full: ",
        ),
        ("nix-store --realise", format!("error: writing to file: {full}\n"), "a disk of db-server is full: "),
    ] {
        let lab = Lab::new(node().ending(command, ended(1, "", &stderr)));
        let error = lab.plan(install("htop").on("db-server")).await.error.unwrap();
        assert!(error.message.starts_with(what), "{command}: {error:?}");
        assert!(
            error.message.contains("nothing was changed") && error.hint.is_some(),
            "{command}: {error:?}"
        );
    }
    for command in ["nix-instantiate --eval", "nix-store --realise"] {
        let lab = Lab::new(node().ending(command, ended(137, "", "")));
        let error = lab.plan(install("htop").on("db-server")).await.error.unwrap();
        assert!(error.message.contains("most likely because db-server ran out of memory"), "{error:?}");
    }
}

#[tokio::test]
async fn a_rebuild_in_flight_is_warned_of() {
    let lab = Lab::new(node().answering("pgrep", "4711 sudo nixos-rebuild switch --flake .\n"));
    let part = lab.plan(install("htop").on("db-server")).await.plan.unwrap();
    let warning = "somebody else changes the system of db-server right now (nixos-rebuild switch --flake ., process 4711)";
    assert!(part.warnings.iter().any(|told| told.starts_with(warning)), "{:?}", part.warnings);
    let lab = Lab::new(node().ending("pgrep", ended(1, "", "")));
    let part = lab.plan(install("htop").on("db-server")).await.plan.unwrap();
    assert!(!part.warnings.iter().any(|told| told.contains("somebody")), "{:?}", part.warnings);
}

/// Each change ends as the switch does that it is part of.
#[tokio::test]
async fn a_switch_that_goes_back_is_the_failure_of_all() {
    let back = "switching\nswitched 0 8\nback unconfirmed\nreturned 0\n";
    let mut lab = Lab::new(node().answering("tail -n 4 -- /run/nixi/", back));
    let outcome = asked(&mut lab, vec![install("htop"), open("8080")], vec![Pending::approve]).await;
    assert_eq!(statuses(&outcome), [StepStatus::Failed; 2], "{outcome:?}");
    let files = lab.nodes.changes().into_iter().filter(|change| change.contains("nixi.nix")).count();
    assert_eq!(files, 0, "no file was touched");
}

#[tokio::test]
async fn what_runs_already_is_not_rebuilt() {
    let system = format!("/nix/store/{}-nixos-system-db-25.05.20250901.ddd1826\n", "b".repeat(32));
    let lab = Lab::new(node().answering("nix-store --realise", &system));
    let result = lab.call(CallRequest::new("nixos.rebuild").on("db-server")).await;
    assert_eq!(result.status, StepStatus::Done);
    assert!(result.text.unwrap().contains("nothing to rebuild on db-server"));
    assert!(result.plan.is_none() && lab.nodes.changes().is_empty());
}

/// What runs is not what is declared: the next change brings more than it says, which a person has to see.
#[tokio::test]
async fn more_than_was_asked_for_is_told() {
    let other = format!("/nix/store/{}-nixos-system-db-26.05\n", "e".repeat(32));
    let lab = Lab::new(node().answering("nix-instantiate --eval", &evaluated_to(&other)));
    let part = lab.plan(install("htop").on("db-server")).await.plan.unwrap();
    assert_eq!(part.risk, nixi_core::Risk::Destructive);
    let warning = "what is declared is not what runs: this brings more than was asked for";
    assert!(part.warnings.iter().any(|told| told == warning), "{:?}", part.warnings);

    let same = format!("/nix/store/{}-nixos-system-db-25.05.20250901.ddd1826\n", "b".repeat(32));
    let lab = Lab::new(node().answering("nix-store --realise", &same));
    let part = lab.plan(install("htop").on("db-server")).await.plan.unwrap();
    assert!(
        part.warnings.iter().any(|told| told.starts_with("the system stays as it is")),
        "{:?}",
        part.warnings
    );
}

/// What somebody computed by hand is lost by an edit: Nixi would not evaluate it to set it again.
#[tokio::test]
async fn what_was_computed_is_not_taken_back() {
    let own = "{ lib, ... }:\n{\n  time.timeZone = \"Europe/\" + \"Berlin\";\n}\n";
    let lab = Lab::new(node().answering("head '--bytes=262145' -- /home/me/nixos/nixi.nix", own));
    let edit = CallRequest::new("nixos.edit").with("option", "time.timeZone").with("value", "\"UTC\"");
    let part = lab.plan(edit.on("db-server")).await.plan.unwrap();
    let why = "time.timeZone was computed before: \"Europe/\" + \"Berlin\"";
    assert_eq!(part.undo, nixi_core::Undo::cannot(why));
}
