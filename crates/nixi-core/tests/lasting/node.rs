//! A node that answers from scripts, and a session with one action of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use nixi_core::config::{ConfigFiles, ConfigStore};
use nixi_core::fleet::Controller;
use nixi_core::journal::MemoryJournal;
use nixi_core::recording::{Nobody, Recording};
use nixi_core::{
    ActionName, ApproverHandle, Arrival, Asker, CallRequest, CallResult, Change, ChangeCard, Command, Effect,
    ExecError, Executor, Exit, Intent, Invocation, Node as NodeConfig, Op, Output, Parts, Plan, PlanCx,
    Program, Registry, Risk, ToolError, Undo, Write, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;

pub(crate) type Answer = Result<Output, ExecError>;

/// How long the change is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);
/// How long a silent node is waited for: three times as long as a read may take.
pub(crate) const SILENCE: Duration = Duration::from_secs(180);

const CONFIG: &str = "[[nodes]]\nname = \"web\"\nhost = \"192.0.2.1\"\n";

#[derive(Serialize, Deserialize, JsonSchema)]
struct What {
    /// What to rebuild
    what: String,
}

/// `trial.rebuild`: one change that may take long.
struct Rebuild;

impl Change for Rebuild {
    type Args = What;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("trial", "rebuild"),
            "takes long",
            WriteCapability::NixosConfig,
            Risk::Routine,
        )
        .example(json!({"what": "all"}))
    }

    async fn plan(&self, _: &PlanCx<'_>, args: What) -> Result<Plan, ToolError> {
        let rebuild = Command::<Write>::new(Program::new("rebuild")).args([args.what.as_str(), "now"]);
        Ok(Plan::new("rebuild", Risk::Routine, Undo::cannot("a trial")).step(rebuild.lasting(PATIENCE)))
    }
}

/// Answers in turn; the last one is given again and again.
struct Script(Mutex<VecDeque<Answer>>);

impl Script {
    fn of(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self(Mutex::new(answers.into_iter().collect()))
    }

    fn next(&self) -> Answer {
        let mut answers = self.0.lock().unwrap();
        if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() }
    }
}

pub(crate) struct Node {
    systemd: Answer,
    sudo: Answer,
    start: Answer,
    states: Script,
    records: Script,
    said: Answer,
    stop: Answer,
    /// What it answers then, when it is asked for the state.
    then: Answer,
    directly: Answer,
    changes: Mutex<Vec<String>>,
}

fn exit(code: i32, stdout: &str) -> Answer {
    Ok(Output { exit: Exit::Code(code), stdout: stdout.into(), stderr: Vec::new(), truncated: false })
}

impl Node {
    /// It runs units for us, and none of them has a state or a record.
    pub(crate) fn new() -> Self {
        Self {
            systemd: exit(0, ""),
            sudo: exit(0, "/run/current-system/sw/bin/systemd-run"),
            start: exit(0, ""),
            states: Script::of([exit(1, "")]),
            records: Script::of([exit(1, "")]),
            said: exit(0, ""),
            stop: exit(1, ""),
            then: exit(1, ""),
            directly: exit(127, ""),
            changes: Mutex::default(),
        }
    }

    pub(crate) fn without_systemd(self) -> Self {
        Self { systemd: exit(1, ""), ..self }
    }

    pub(crate) fn without_sudo(self) -> Self {
        Self { sudo: exit(1, ""), ..self }
    }

    pub(crate) fn starts(self, start: Answer) -> Self {
        Self { start, ..self }
    }

    pub(crate) fn states(self, states: impl IntoIterator<Item = Answer>) -> Self {
        Self { states: Script::of(states), ..self }
    }

    pub(crate) fn records(self, records: impl IntoIterator<Item = Answer>) -> Self {
        Self { records: Script::of(records), ..self }
    }

    pub(crate) fn output(self, said: &str) -> Self {
        Self { said: exit(0, said), ..self }
    }

    /// How it answers to being told to stop the unit, and how the unit is then.
    pub(crate) fn stops(self, stop: Answer, then: Answer) -> Self {
        Self { stop, then, ..self }
    }

    pub(crate) fn directly(self, directly: Answer) -> Self {
        Self { directly, ..self }
    }
}

#[async_trait]
impl Executor for Node {
    async fn exec(&self, run: Invocation) -> Answer {
        let command = run.to_string();
        if run.effect() == Effect::Change {
            self.changes.lock().unwrap().push(command.clone());
        }
        let told_to_stop = self.changes.lock().unwrap().len() > 1;
        let is = |begins: &str| command.starts_with(begins);
        match run.effect() {
            Effect::Change if is("sudo -n -- systemd-run ") => self.start.clone(),
            Effect::Change if is("sudo -n -- systemctl stop ") => self.stop.clone(),
            Effect::Change => self.directly.clone(),
            Effect::Read if is("test -d /run/systemd/system") => self.systemd.clone(),
            Effect::Read if is("sudo -n -l -- systemd-run") => self.sudo.clone(),
            Effect::Read if is("systemctl show ") && told_to_stop => self.then.clone(),
            Effect::Read if is("systemctl show ") => self.states.next(),
            Effect::Read if is("head ") => self.records.next(),
            Effect::Read if is("sudo -n -- journalctl ") => self.said.clone(),
            Effect::Read | Effect::Scratch => exit(127, ""),
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

pub(crate) struct Session {
    asker: Asker,
    approver: ApproverHandle,
    node: Arc<Node>,
    what: &'static str,
    _folder: tempfile::TempDir,
}

impl Session {
    pub(crate) fn open(node: Node) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = ConfigFiles {
            user: folder.path().join("config.toml"),
            system: folder.path().join("system.toml"),
        };
        std::fs::write(&files.user, CONFIG).unwrap();
        let node = Arc::new(node);
        let (asker, approver) = Parts {
            registry: Registry::new().change(Rebuild).unwrap(),
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
        Self { asker, approver, node, what: "all of it", _folder: folder }
    }

    /// The same with another word in the command.
    pub(crate) fn told(self, what: &'static str) -> Self {
        Self { what, ..self }
    }

    /// What comes of the change with a person who says yes.
    pub(crate) async fn approved(&mut self) -> CallResult {
        self.interrupted_after(Duration::MAX).await
    }

    /// The same, with a person who loses patience so long after saying yes.
    pub(crate) async fn interrupted_after(&mut self, patience: Duration) -> CallResult {
        let cancel = CancellationToken::new();
        let op = Op::Call(vec![CallRequest::new("trial.rebuild").on("web").with("what", self.what)]);
        let person = async {
            self.approver.next().await.unwrap().approve();
            tokio::time::sleep(patience).await;
            cancel.cancel();
            std::future::pending::<()>().await;
        };
        let outcome = tokio::select! {
            outcome = self.asker.perform(op, Intent::Perform, &(), &cancel) => outcome,
            () = person => unreachable!("a person stays to see the end"),
        };
        outcome.results.into_iter().next().unwrap()
    }

    /// Every change that was sent.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.node.changes.lock().unwrap().clone()
    }
}
