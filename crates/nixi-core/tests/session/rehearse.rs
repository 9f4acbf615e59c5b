//! Trying things out: on managed nodes alone, unasked, and without a trace.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use nixi_core::catalog::scratch;
use nixi_core::recording::Recording;
use nixi_core::registry::Args;
use nixi_core::session::{Audience, Interpreters, Model, ModelCall, ModelCx};
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, Command, Effect, ErrorKind, ErrorReport, Event, ExecError,
    Exit, Intent, Likeness, Op, Output, Plan, PlanCx, Program, Rehearse, RehearseCard, RehearseCx, Risk,
    Sameness, Stage, StepStatus, ToolError, Undo, Write, WriteCapability,
};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::bench::{Bench, CONFIG};

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoArgs {}

#[derive(Serialize, schemars::JsonSchema)]
pub(crate) struct Tried {
    file: String,
}

impl std::fmt::Display for Tried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tried {}", self.file)
    }
}

async fn try_out(stage: &Stage<'_>) -> Result<String, ToolError> {
    let file = stage.write(&"hosts/web.nix".parse().unwrap(), *b"{ }").await?;
    let folder = stage.path(&"out".parse().unwrap());
    stage.run(scratch::folder(&folder), Duration::from_secs(5)).await?;
    Ok(file.to_string())
}

/// Writes a file, and makes a folder.
pub(crate) struct Try;

impl Rehearse for Try {
    type Args = NoArgs;
    type Report = Tried;

    fn card(&self) -> RehearseCard {
        RehearseCard::new(ActionName::new("probe", "try"), "tries", WriteCapability::NixosConfig)
    }

    async fn rehearse(&self, cx: &RehearseCx<'_>, _: NoArgs) -> Result<Tried, ToolError> {
        Ok(Tried { file: try_out(cx.stage()).await? })
    }
}

/// A change that tries the same before it is planned.
pub(crate) struct Build;

impl Change for Build {
    type Args = NoArgs;

    fn card(&self) -> ChangeCard {
        let name = ActionName::new("probe", "build");
        ChangeCard::new(name, "builds", WriteCapability::NixosConfig, Risk::Routine)
    }

    async fn plan(&self, cx: &PlanCx<'_>, _: NoArgs) -> Result<Plan, ToolError> {
        try_out(cx.stage()).await?;
        let step = Command::<Write>::new(Program::new("touch")).arg("--").arg("built").elevated();
        Ok(Plan::new("build", Risk::Routine, Undo::cannot("a trial")).step(step))
    }
}

/// On which all works.
fn node() -> Recording {
    let works = ["mkdir", "dd", "rm", "sudo -n -- touch"];
    works.iter().fold(Recording::new(), |node, command| node.answering(command, ""))
}

/// A fleet of one managed node and a monitored one.
fn bench() -> Bench {
    Bench::over(CONFIG, node())
}

/// What was sent, with the folder of the stage as `STAGE`.
fn sent(bench: &Bench) -> Vec<String> {
    let seen = bench.remote.recording.seen();
    let made = seen.first().and_then(|run| run.command.strip_prefix("mkdir -m 0700 -- "));
    let folder = made.unwrap_or("no folder was made").to_owned();
    seen.into_iter().map(|run| run.command.replace(&folder, "STAGE")).collect()
}

const TRIED: [&str; 5] = [
    "mkdir -m 0700 -- STAGE",
    "mkdir -p -- STAGE/hosts",
    "dd 'bs=64K' 'iflag=fullblock' 'oflag=nofollow' 'status=none' 'of=STAGE/hosts/web.nix'",
    "mkdir -p -- STAGE/out",
    "rm -rf -- STAGE",
];

fn failed(stderr: &str) -> Result<Output, ExecError> {
    let stderr = stderr.as_bytes().to_vec();
    Ok(Output { exit: Exit::Code(1), stdout: Vec::new(), stderr, truncated: false })
}

#[tokio::test]
async fn a_rehearsal_needs_no_yes_and_leaves_nothing_behind() {
    let bench = bench();
    let outcome = bench.call(CallRequest::new("probe.try").on("web")).await;
    let result = &outcome.results[0];
    assert_eq!((result.status, &result.plan), (StepStatus::Done, &None), "{:?}", result.error);
    assert!(result.text.as_ref().unwrap().ends_with("/hosts/web.nix"));
    assert_eq!(sent(&bench), TRIED);
    let effects: Vec<_> = bench.remote.recording.seen().into_iter().map(|run| run.effect).collect();
    assert_eq!(effects, [Effect::Scratch; 5]);
}

/// Not even asked about: a monitored node is not written to, wherever that is.
#[tokio::test]
async fn a_monitored_node_is_sent_nothing() {
    let bench = bench();
    let outcome = bench.call(CallRequest::new("probe.try").on("watch,web")).await;
    let ends: Vec<_> = outcome.results.iter().map(|result| result.status).collect();
    assert_eq!(ends, [StepStatus::Refused, StepStatus::Done]);
    assert_eq!(outcome.results[0].error.as_ref().unwrap().kind, ErrorKind::ReadOnly);
    assert!(bench.remote.recording.seen().iter().all(|run| run.node.as_str() == "web"));
}

#[tokio::test]
async fn a_machine_that_may_be_monitored_under_another_name_is_sent_nothing() {
    for likeness in [Ok(Likeness::Same(Sameness::Address)), Ok(Likeness::Untold), Err("no record".to_owned())]
    {
        let bench = bench();
        *bench.record.likeness.lock().unwrap() = likeness;
        let outcome = bench.call(CallRequest::new("probe.try").on("web")).await;
        let result = &outcome.results[0];
        assert_eq!(result.status, StepStatus::Refused);
        assert!(result.error.as_ref().unwrap().message.contains("web"), "{:?}", result.error);
        assert_eq!(sent(&bench), [""; 0]);
    }
}

/// Tries something before and after somebody else changes the configuration, in one conversation.
struct TriesTwice {
    config: OnceLock<PathBuf>,
    becomes: String,
}

#[async_trait]
impl Model for TriesTwice {
    fn name(&self) -> String {
        "twice".to_owned()
    }

    fn switch(&self, _: &str) -> Result<(), ErrorReport> {
        Ok(())
    }

    async fn answer(&self, _: &str, model_cx: &ModelCx<'_>) -> Result<String, ErrorReport> {
        let args: Args = [("action", "try"), ("node", "web")]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let call = ModelCall { tool: "probe".to_owned(), args };
        model_cx.call(vec![call.clone()]).await;
        std::fs::write(self.config.get().unwrap(), &self.becomes).unwrap();
        model_cx.call(vec![call]).await;
        Ok(String::new())
    }
}

/// What was managed when a conversation began may be monitored when something is tried there again.
#[tokio::test]
async fn what_the_configuration_says_by_now_counts() {
    let alone = CONFIG.split("\n[[nodes]]\nname = \"watch\"").next().unwrap();
    let monitored = alone.replace("tags", "mode = \"monitored\"\ntags");
    for (becomes, status, kind) in [
        (monitored.as_str(), StepStatus::Refused, ErrorKind::ReadOnly),
        // A monitored node is new, and it is the same machine.
        (CONFIG, StepStatus::Refused, ErrorKind::ReadOnly),
        (&alone.replace("192.0.2.1", "192.0.2.9"), StepStatus::Failed, ErrorKind::Changed),
        ("", StepStatus::Failed, ErrorKind::Changed),
    ] {
        let model = Arc::new(TriesTwice { config: OnceLock::new(), becomes: becomes.to_owned() });
        let bench = Bench::open(alone, node(), Some(model.clone()));
        model.config.set(bench.folder.path().join("config.toml")).unwrap();
        *bench.record.likeness.lock().unwrap() = Ok(Likeness::Same(Sameness::Address));
        let words =
            Op::Ask { words: "try it twice".to_owned(), interpreters: Interpreters::PhrasebookThenModel };
        let outcome = bench.perform(words).await;
        let [first, second] = &outcome.results[..] else { panic!("{outcome:?}") };
        assert_eq!(first.status, StepStatus::Done, "{becomes}: {:?}", first.error);
        let error = second.error.as_ref().unwrap();
        assert_eq!((second.status, error.kind), (status, kind), "{becomes}: {error:?}");
        assert_eq!(sent(&bench), TRIED, "{becomes}");
    }
}

#[tokio::test]
async fn what_fails_is_cleaned_up_as_well() {
    let bench = bench();
    bench.remote.recording.end("dd", failed("No space left on device"));
    let outcome = bench.call(CallRequest::new("probe.try").on("web")).await;
    assert_eq!(outcome.results[0].status, StepStatus::Failed);
    assert_eq!(sent(&bench), [TRIED[0], TRIED[1], TRIED[2], TRIED[4]]);
}

/// Whether the folder was made is not known; that it may be there is.
#[tokio::test]
async fn a_folder_whose_making_was_not_told_of_is_removed() {
    let bench = bench();
    bench.remote.recording.end("mkdir -m", Err(ExecError::Lost("reset".to_owned())));
    let outcome = bench.call(CallRequest::new("probe.try").on("web")).await;
    assert_eq!(outcome.results[0].status, StepStatus::Unknown);
    assert_eq!(sent(&bench), [TRIED[0], TRIED[4]]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_rehearsal_is_cleaned_up() {
    let bench = bench();
    *bench.remote.stuck.lock().unwrap() = Some(("web", "dd"));
    let cancel = CancellationToken::new();
    let op = Op::Call(vec![CallRequest::new("probe.try").on("web")]);
    let person = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(bench.asker.perform(op, Intent::Perform, &(), &cancel), person);
    assert_eq!(outcome.results[0].error.as_ref().unwrap().kind, ErrorKind::Cancelled);
    // What never ends is not written down by the script.
    assert_eq!(sent(&bench), [TRIED[0], TRIED[1], TRIED[4]]);
}

#[derive(Default)]
struct Notices(Mutex<Vec<String>>);

impl Audience for Notices {
    fn hear(&self, event: Event) {
        if let Event::Notice(words) = event {
            self.0.lock().unwrap().push(words);
        }
    }
}

#[tokio::test]
async fn what_is_left_behind_is_told() {
    let bench = bench();
    bench.remote.recording.end("rm", failed("Operation not permitted"));
    let (notices, never) = (Notices::default(), CancellationToken::new());
    let op = Op::Call(vec![CallRequest::new("probe.try").on("web")]);
    let outcome = bench.asker.perform(op, Intent::Perform, &notices, &never).await;
    assert_eq!(outcome.results[0].status, StepStatus::Done, "what was found is true all the same");
    let told = notices.0.into_inner().unwrap().concat();
    assert!(told.contains("on web was not removed") && told.contains("rm -rf -- /tmp/nixi-"), "{told}");
}

/// Also by a plan that was only made to tell what was meant.
#[tokio::test]
async fn what_is_left_behind_by_looking_is_told() {
    for intent in [Intent::PlanOnly, Intent::Perform] {
        let mut bench = bench();
        bench.approver = None;
        bench.remote.recording.end("rm", failed("Operation not permitted"));
        let (notices, never) = (Notices::default(), CancellationToken::new());
        let either = CallRequest::new("probe.build").or("odd.forget").on("web");
        let outcome = bench.asker.perform(Op::Call(vec![either]), intent, &notices, &never).await;
        assert!(outcome.results.is_empty(), "which one is meant is not told: {outcome:?}");
        let told = notices.0.into_inner().unwrap().concat();
        assert!(told.contains("on web was not removed"), "{told}");
    }
}

/// What is tried for a plan is over before anybody is asked.
#[tokio::test]
async fn a_plan_is_shown_when_its_stage_is_gone() {
    let mut bench = bench();
    let asked = |bench: &Bench| assert_eq!(sent(bench), TRIED);
    let outcome = bench.call_approved(CallRequest::new("probe.build").on("web"), asked).await;
    assert_eq!(outcome.results[0].status, StepStatus::Done, "{:?}", outcome.results[0].error);
    assert_eq!(bench.changes(), ["sudo -n -- touch -- built"]);
}

#[tokio::test]
async fn a_plan_for_a_monitored_node_tries_nothing() {
    let bench = bench();
    let outcome = bench.call(CallRequest::new("probe.build").on("watch")).await;
    assert_eq!(outcome.results[0].status, StepStatus::Refused);
    assert_eq!(sent(&bench), [""; 0]);
}
