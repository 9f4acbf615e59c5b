//! What was started is `done` when the node says that it stays up, `failed` when it dies, and else `unknown`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should fail there and then")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use nixi_core::command::{ContainerCli, ContainerName};
use nixi_core::config::{ConfigFiles, ConfigStore};
use nixi_core::fleet::Controller;
use nixi_core::journal::MemoryJournal;
use nixi_core::recording::{Nobody, Recording};
use nixi_core::session::Audience;
use nixi_core::{
    ActionName, Arrival, CallRequest, CallResult, Change, ChangeCard, Command, Effect, ErrorKind, Event,
    ExecError, Executor, Exit, Intent, Invocation, Node as NodeConfig, Op, Output, Parts, Plan, PlanCx,
    Program, Registry, Risk, Settle, StepStatus, ToolError, Undo, Unreachable, Write, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

type Answer = Result<Output, ExecError>;

#[derive(Serialize, Deserialize, JsonSchema)]
struct What {
    /// A unit, or a container
    kind: String,
}

/// `trial.start`: starts something, waits for it, and does one thing more.
struct Start;

impl Change for Start {
    type Args = What;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("trial", "start"),
            "starts something",
            WriteCapability::Services,
            Risk::Routine,
        )
        .example(json!({"kind": "unit"}))
    }

    async fn plan(&self, _: &PlanCx<'_>, args: What) -> Result<Plan, ToolError> {
        let unit = |at| Settle::unit(&"web".parse().unwrap(), at);
        let container = |at| {
            Settle::container(
                ContainerCli::Podman,
                "0f".repeat(32).parse::<ContainerName>().unwrap(),
                "web",
                at,
            )
        };
        let command = |word| Command::<Write>::new(Program::new("run")).args([word]);
        let plan = Plan::new("start", Risk::Routine, Undo::cannot("a trial")).step(command("first"));
        let plan = match args.kind.as_str() {
            "unit" => plan.step(unit(0)),
            "container" => plan.step(container(0)),
            _ => plan.step(command("second")).step(unit(0)).step(container(1)),
        };
        Ok(plan.step(command("then")))
    }
}

struct Node {
    start: Answer,
    /// The first change that fails, of those after the start.
    refused: Option<&'static str>,
    log: Option<Answer>,
    /// In turn; the last one is given again and again.
    looks: Mutex<VecDeque<Answer>>,
    changes: Mutex<Vec<String>>,
}

/// What others than a unit or a container say while its log is read.
const REMARKS: &str = "sudo: unable to resolve host web: Name or service not known\n\
    time=\"2026-11-25T10:00:00Z\" level=warning msg=\"Using cgroups-v1 which is deprecated\"\n";

fn exit(code: i32, stdout: &str, stderr: &str) -> Answer {
    Ok(Output { exit: Exit::Code(code), stdout: stdout.into(), stderr: stderr.into(), truncated: false })
}

#[async_trait]
impl Executor for Node {
    async fn exec(&self, run: Invocation) -> Answer {
        let command = run.to_string();
        let is = |begins: &str| command.starts_with(begins);
        match run.effect() {
            Effect::Change => {
                let is_refused = self.refused.is_some_and(|word| command.ends_with(word));
                self.changes.lock().unwrap().push(command);
                if is_refused { exit(1, "", "no\n") } else { self.start.clone() }
            }
            Effect::Read if is("sudo -n -- journalctl") => {
                let said = exit(0, "\u{1b}[31mcannot open\u{1b}[0m /srv/data\n", REMARKS);
                self.log.clone().unwrap_or(said)
            }
            Effect::Read if is("sudo -n -- podman logs '--syslog=false' --timestamps") => {
                let stderr =
                    format!("{REMARKS}2026-11-25T10:00:01.5Z \u{1b}[31mcannot open\u{1b}[0m /srv/data\n");
                let said = exit(0, "2026-11-25T10:00:00.5+00:00 up we go\n", &stderr);
                self.log.clone().unwrap_or(said)
            }
            Effect::Read | Effect::Scratch => {
                let look = {
                    let mut looks = self.looks.lock().unwrap();
                    if looks.len() > 1 { looks.pop_front().unwrap() } else { looks[0].clone() }
                };
                if let Err(ExecError::Deadline(limit)) = &look {
                    tokio::time::sleep(*limit).await;
                }
                look
            }
        }
    }

    async fn reach(&self, _: &NodeConfig, _: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        Ok(None)
    }

    async fn reach_anew(
        &self,
        node: &NodeConfig,
        cancel: &CancellationToken,
    ) -> Result<Option<Arrival>, ExecError> {
        self.reach(node, cancel).await
    }
}

#[derive(Default)]
struct Phases(Mutex<Vec<String>>);

impl Audience for Phases {
    fn hear(&self, event: Event) {
        if let Event::Progress { progress, .. } = event {
            self.0.lock().unwrap().push(progress.phase);
        }
    }
}

/// What came of it, how long it took, and what a person was told meanwhile.
struct Told {
    result: CallResult,
    took: Duration,
    phases: Vec<String>,
    changes: usize,
}

impl Told {
    fn statuses(&self) -> Vec<StepStatus> {
        self.result.steps.iter().map(|step| step.status).collect()
    }

    fn message(&self) -> &str {
        &self.result.error.as_ref().unwrap().message
    }
}

async fn started(kind: &str, start: Answer, looks: impl IntoIterator<Item = Answer>) -> Told {
    trial(kind, Trial { start: Some(start), ..Trial::default() }, looks).await
}

#[derive(Default)]
struct Trial {
    /// When a person interrupts it.
    patience: Option<Duration>,
    start: Option<Answer>,
    refused: Option<&'static str>,
    log: Option<Answer>,
}

async fn trial(kind: &str, trial: Trial, looks: impl IntoIterator<Item = Answer>) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let files =
        ConfigFiles { user: folder.path().join("config.toml"), system: folder.path().join("system.toml") };
    std::fs::write(&files.user, "[[nodes]]\nname = \"web\"\nhost = \"192.0.2.1\"\n").unwrap();
    let looks = Mutex::new(looks.into_iter().collect());
    let node = Arc::new(Node {
        start: trial.start.unwrap_or_else(fine),
        refused: trial.refused,
        log: trial.log,
        looks,
        changes: Mutex::default(),
    });
    let (asker, mut approver) = Parts {
        registry: Registry::new().change(Start).unwrap(),
        local: Arc::new(Recording::new()),
        remote: node.clone(),
        enrol: Arc::new(Nobody),
        host_keys: Arc::new(Nobody),
        config: ConfigStore::new(files, folder.path().to_owned()),
        journal: Arc::new(MemoryJournal::new()),
        controller: Controller { host_name: "here".to_owned(), address: "127.0.0.1".to_owned() },
        phrases: Arc::new(Nobody),
        model: None,
    }
    .open();
    let (cancel, phases, begun) = (CancellationToken::new(), Phases::default(), Instant::now());
    let op = Op::Call(vec![CallRequest::new("trial.start").on("web").with("kind", kind)]);
    let person = async {
        approver.next().await.unwrap().approve();
        tokio::time::sleep(trial.patience.unwrap_or(Duration::MAX)).await;
        cancel.cancel();
        std::future::pending::<()>().await;
    };
    let outcome = tokio::select! {
        outcome = asker.perform(op, Intent::Perform, &phases, &cancel) => outcome,
        () = person => unreachable!("a person stays to see the end"),
    };
    let changes = node.changes.lock().unwrap().len();
    Told {
        result: outcome.results.into_iter().next().unwrap(),
        took: begun.elapsed(),
        phases: phases.0.into_inner().unwrap(),
        changes,
    }
}

fn fine() -> Answer {
    exit(0, "", "")
}

fn unit(active: &str, sub: &str, id: &str, restarts: u32) -> Answer {
    let state = format!(
        "Type=simple\nNRestarts={restarts}\nResult=success\nExecMainStatus=0\nLoadState=loaded\n\
         ActiveState={active}\nSubState={sub}\nInvocationID={id}\n"
    );
    exit(0, &state, "")
}

/// A container, as podman and docker tell of it.
fn container(status: &str, code: i64, restarts: u32, started: &str) -> Answer {
    let state = format!(r#"{{"Status":"{status}","ExitCode":{code},"StartedAt":"{started}"}}"#);
    let policy = r#"{"RestartPolicy":{"Name":"always"}}"#;
    exit(0, &format!(r#"[{{"State":{state},"RestartCount":{restarts},"HostConfig":{policy}}}]"#), "")
}

fn lost() -> Answer {
    Err(ExecError::Lost("broken pipe".to_owned()))
}

const SETTLES: [StepStatus; 3] = [StepStatus::Done, StepStatus::Done, StepStatus::Done];
const DIES: [StepStatus; 3] = [StepStatus::Done, StepStatus::Failed, StepStatus::NotStarted];
const IN_DOUBT: [StepStatus; 3] = [StepStatus::Done, StepStatus::Unknown, StepStatus::NotStarted];

#[tokio::test(start_paused = true)]
async fn what_stays_up_is_done_after_a_moment() {
    let told =
        started("unit", fine(), [unit("activating", "start", "a", 0), unit("active", "running", "a", 0)])
            .await;
    assert_eq!(told.statuses(), SETTLES);
    assert!(told.took >= Duration::from_secs(3) && told.took < Duration::from_secs(5), "{:?}", told.took);
    let step = "wait until web.service has stayed up for 3 s, at most 20 s";
    assert_eq!(told.result.plan.unwrap().steps[1].line, step);
    assert_eq!(told.result.steps[1].step, step);
    assert_eq!(told.phases, ["waiting until web.service has settled"]);
    let up = [container("running", 0, 0, "x")];
    assert_eq!(started("container", fine(), up).await.statuses(), SETTLES);
}

#[tokio::test(start_paused = true)]
async fn what_has_nothing_to_stay_up_is_not_waited_for() {
    for looks in [
        [exit(0, "Type=oneshot\nActiveState=inactive\nSubState=dead\nResult=success\n", "")],
        [unit("active", "exited", "a", 0)],
    ] {
        let told = started("unit", fine(), looks).await;
        assert_eq!(told.statuses(), SETTLES);
        assert!(told.took < Duration::from_secs(1), "{:?}", told.took);
    }
    let told = started("unit", fine(), [unit("inactive", "dead", "a", 0)]).await;
    assert_eq!(told.statuses(), SETTLES);
    assert!(told.result.steps[1].output.as_ref().unwrap().contains("ended by itself"));
}

#[tokio::test(start_paused = true)]
async fn what_dies_again_failed_with_its_last_words() {
    let up = |id, restarts| unit("active", "running", id, restarts);
    for looks in [
        vec![up("a", 0), unit("failed", "failed", "a", 0)],
        vec![unit("activating", "auto-restart", "a", 1)],
        // It died and was up again between two looks.
        vec![up("a", 0), up("b", 1)],
        vec![up("a", 0), up("a", 0), up("a", 0), unit("activating", "auto-restart-queued", "a", 1)],
    ] {
        let told = started("unit", fine(), looks).await;
        assert_eq!((told.statuses(), told.changes), (DIES.to_vec(), 1));
        assert_eq!(
            (told.result.status, told.result.error.as_ref().unwrap().kind),
            (StepStatus::Failed, ErrorKind::CommandFailed)
        );
        assert!(told.message().starts_with("web.service does not stay up: it "), "{}", told.message());
        assert!(told.message().ends_with("it said last:\ncannot open /srv/data"), "{}", told.message());
    }
    for look in [container("restarting", 1, 2, "x"), container("exited", 3, 0, "x")] {
        let told = started("container", fine(), [container("running", 0, 0, "x"), look]).await;
        assert_eq!(told.statuses(), DIES);
        let last = "it said last:\nup we go\ncannot open /srv/data";
        assert!(told.message().ends_with(last), "{}", told.message());
    }
    let again = [container("running", 0, 1, "x"), container("running", 0, 2, "y")];
    assert_eq!(started("container", fine(), again).await.statuses(), DIES);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_started_is_told_with_its_last_words() {
    let refused =
        exit(1, "", "Job for web.service failed because the control process exited with error code.\n");
    let told = started("unit", refused, [unit("failed", "failed", "a", 0)]).await;
    assert_eq!(told.statuses(), [StepStatus::Failed, StepStatus::NotStarted, StepStatus::NotStarted]);
    assert!(told.message().contains("control process exited"), "{}", told.message());
    assert!(told.message().ends_with("web.service said last:\ncannot open /srv/data"), "{}", told.message());
}

/// Somebody else's restart is no death.
#[tokio::test(start_paused = true)]
async fn what_somebody_starts_anew_is_waited_for_anew() {
    let up = |id| unit("active", "running", id, 0);
    let told = started("unit", fine(), [up("a"), up("a"), up("b")]).await;
    assert_eq!(told.statuses(), SETTLES);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_leaves_it_unknown_and_never_failed() {
    let unreachable = || {
        Err(ExecError::Unreachable {
            reason: Unreachable::Timeout,
            detail: "no answer".to_owned(),
            hint: None,
        })
    };
    for look in [lost(), unreachable(), exit(1, "", "Failed to connect to bus\n"), exit(0, "hello\n", "")] {
        let told = started("unit", fine(), [unit("active", "running", "a", 0), look]).await;
        assert_eq!((told.statuses(), told.result.status), (IN_DOUBT.to_vec(), StepStatus::Unknown));
        assert!(told.took < Duration::from_secs(40), "{:?}", told.took);
        assert!(told.message().contains("does not tell whether it stays up"), "{}", told.message());
    }
    // A connection that comes back in time tells.
    let up = || unit("active", "running", "a", 0);
    assert_eq!(started("unit", fine(), [up(), lost(), unreachable(), up()]).await.statuses(), SETTLES);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_settle_in_time_is_unknown() {
    let told = started("unit", fine(), [unit("activating", "start", "a", 0)]).await;
    assert_eq!(
        (told.statuses(), told.result.error.as_ref().unwrap().kind),
        (IN_DOUBT.to_vec(), ErrorKind::Deadline)
    );
    assert!(told.message().ends_with("it is activating (start)"), "{}", told.message());
    assert!(told.took >= Duration::from_secs(20) && told.took < Duration::from_secs(22), "{:?}", told.took);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_is_removed_when_it_ends_is_unknown() {
    let gone = exit(125, "", "Error: no such container 0f0f\n");
    let told = started("container", fine(), [gone]).await;
    assert_eq!(told.statuses(), IN_DOUBT);
    assert!(told.message().contains("is gone"), "{}", told.message());
}

#[tokio::test(start_paused = true)]
async fn an_interruption_ends_the_wait() {
    let told = trial(
        "unit",
        Trial { patience: Some(Duration::from_secs(1)), ..Trial::default() },
        [unit("active", "running", "a", 0)],
    )
    .await;
    assert_eq!(told.statuses(), IN_DOUBT);
    let error = told.result.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Cancelled);
    assert_eq!(error.message, "web.service was started, but Nixi stopped waiting to see whether it stays up");
    assert!(told.took < Duration::from_secs(2) && told.changes == 1);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_read_is_no_empty_log() {
    let refused = || exit(1, "", "sudo: a password is required\n");
    for (kind, look) in
        [("unit", unit("failed", "failed", "a", 0)), ("container", container("exited", 3, 0, "x"))]
    {
        for log in [refused(), lost(), exit(125, "", "Error: the log driver reads nothing back\n")] {
            let log = Trial { log: Some(log), ..Trial::default() };
            let told = trial(kind, log, [look.clone()]).await;
            assert_eq!(told.statuses(), DIES);
            assert!(told.message().contains("; its log could not be read: "), "{}", told.message());
        }
        // What others say beside it makes no empty log a full one.
        let log = Trial { log: Some(exit(0, "", REMARKS)), ..Trial::default() };
        let told = trial(kind, log, [look.clone()]).await;
        assert!(told.message().ends_with("; its log tells nothing"), "{}", told.message());
    }
    let log = Trial { log: Some(exit(0, "not a log\n", "")), ..Trial::default() };
    let told = trial("container", log, [container("exited", 3, 0, "x")]).await;
    assert!(told.message().contains("; its log could not be read: "), "{}", told.message());
    // The same where the start itself failed.
    let start = exit(1, "", "Job for web.service failed.\n");
    let log = Trial { start: Some(start), log: Some(refused()), ..Trial::default() };
    let told = trial("unit", log, [unit("failed", "failed", "a", 0)]).await;
    assert!(told.message().contains("; the log of web.service could not be read: "), "{}", told.message());
}

#[tokio::test(start_paused = true)]
async fn a_node_that_hangs_is_waited_for_no_longer_than_the_plan_says() {
    let hangs = || Err(ExecError::Deadline(Duration::from_secs(8)));
    for looks in [
        vec![hangs()],
        vec![unit("active", "running", "a", 0), hangs()],
        vec![unit("activating", "start", "a", 0), unit("activating", "start", "a", 0), hangs()],
    ] {
        let told = started("unit", fine(), looks).await;
        assert_eq!(told.statuses(), IN_DOUBT);
        assert!(told.took <= Duration::from_millis(20_010), "{:?}", told.took);
        assert!(told.message().contains("does not tell whether it stays up"), "{}", told.message());
    }
}

#[tokio::test(start_paused = true)]
async fn what_dies_keeps_no_other_from_being_started_and_waited_for() {
    use StepStatus::{Done, Failed, NotStarted};
    let dead = || unit("failed", "failed", "a", 0);
    let told = started("both", fine(), [dead(), container("running", 0, 0, "x")]).await;
    assert_eq!((told.statuses(), told.changes), (vec![Done, Done, Failed, Done, NotStarted], 2));
    assert!(told.message().starts_with("web.service does not stay up: "), "{}", told.message());

    // What could not be started is not waited for; what was started before it is.
    let refused = Trial { refused: Some("second"), ..Trial::default() };
    let told = trial("both", refused, [unit("active", "exited", "a", 0)]).await;
    assert_eq!((told.statuses(), told.changes), (vec![Done, Failed, Done, NotStarted, NotStarted], 2));
    assert!(
        told.message().ends_with("web said last:\nup we go\ncannot open /srv/data"),
        "{}",
        told.message()
    );
}

#[tokio::test(start_paused = true)]
async fn a_unit_whose_condition_is_not_met_was_not_started() {
    let skipped = "Type=simple\nActiveState=inactive\nSubState=dead\nResult=success\nConditionResult=no\n\
                   ConditionTimestampMonotonic=71\n";
    let told = started("unit", fine(), [exit(0, skipped, "")]).await;
    assert_eq!(told.statuses(), DIES);
    assert_eq!(told.message(), "web.service was not started: a condition in its unit file is not met");
}
