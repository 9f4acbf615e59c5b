//! A session over recording executors, with two small actions of its own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use nixi_core::catalog;
use nixi_core::config::{ConfigFiles, ConfigStore};
use nixi_core::fleet::Controller;
use nixi_core::recording::Recording;
use nixi_core::session::{Model, ModelCall, ModelCx, Phrases, Reading};
use nixi_core::{
    ActionName, ApproverHandle, Arrival, Asker, CallRequest, Change, ChangeCard, Command, Effect, EndState,
    Enrol, ErrorReport, ExecError, Executor, Fingerprint, Forgotten, HostKeyState, HostKeys, Inspect,
    InspectCx, Intent, Invocation, Likeness, Node, Op, Outcome, Output, Parts, Place, Plan, PlanCx, Port,
    Program, ReadCapability, ReadCard, Registry, Risk, SshTarget, Stop, Thing, ToolError, Undo, Welcome,
    Write, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;

use super::journal::Journal;
use super::{cards, rehearse, secrets};

pub(crate) const KEY: &str = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
pub(crate) const OTHER_KEY: &str = "SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Nothing {}

/// `probe.name`: asks the node its name.
pub(crate) struct Name;

#[derive(Serialize, JsonSchema)]
pub(crate) struct Named {
    name: String,
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "called {}", self.name)
    }
}

impl Inspect for Name {
    type Args = Nothing;
    type Report = Named;

    fn card(&self) -> ReadCard {
        ReadCard::new(ActionName::new("probe", "name"), "the node's own name", ReadCapability::SystemStatus)
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: Nothing) -> Result<Named, ToolError> {
        Ok(Named { name: cx.stdout(catalog::system::host_name()).await? })
    }
}

/// `probe.echo`: sends something to a place.
pub(crate) struct Echo;

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Whereto {
    /// Where to.
    target: String,
}

impl Inspect for Echo {
    type Args = Whereto;
    type Report = Named;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("probe", "echo"),
            "whether a place answers",
            ReadCapability::NetworkDiagnostics,
        )
        .example(json!({"target": "db"}))
    }

    fn outward(args: &Whereto) -> Option<String> {
        Some(args.target.clone())
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: Whereto) -> Result<Named, ToolError> {
        Ok(Named { name: cx.stdout(catalog::system::host_name()).await? })
    }
}

/// `probe.touch`: two steps, pinned to the node's name.
pub(crate) struct Touch;

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Files {
    /// What to touch.
    names: Vec<String>,
    /// How carefully.
    lines: Option<u32>,
}

impl Change for Touch {
    type Args = Files;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("probe", "touch"),
            "touches files",
            WriteCapability::Files,
            Risk::Routine,
        )
        .example(json!({"names": ["a"]}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: Files) -> Result<Plan, ToolError> {
        let (_, name) = cx.pin("the node's name", catalog::system::host_name()).await?;
        // As if that took it back.
        let back: Vec<String> = args.names.iter().map(|name| format!("{name}-back")).collect();
        let undo = match args.lines {
            Some(_) => Undo::cannot("a trial"),
            None => Undo::Calls(vec![touch(&[]).with("names", back).on(cx.node().name().as_str())]),
        };
        let plan = Plan::new(format!("touch {} files", args.names.len()), Risk::Routine, undo).expect(name);
        Ok(args.names.iter().fold(plan, |plan, file| {
            plan.step(Command::<Write>::new(Program::new("touch")).arg("--").arg(file.as_str()).elevated())
        }))
    }
}

/// `probe.halt`: stops a unit, if it does not rest already.
pub(crate) struct Halt;

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Halted {
    /// Which one.
    unit: String,
    /// Why.
    why: Option<String>,
}

impl Change for Halt {
    type Args = Halted;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("probe", "halt"),
            "stops a unit",
            WriteCapability::Services,
            Risk::Routine,
        )
        .example(json!({"unit": "nginx"}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: Halted) -> Result<Plan, ToolError> {
        let thing = Thing::Unit(args.unit.parse().unwrap());
        let why = args.why.unwrap_or_default();
        if cx.declared().end_state(&thing) == Some(EndState::Is("inactive")) {
            return Ok(Plan::new(
                format!("{} rests {why}", args.unit),
                Risk::Routine,
                Undo::cannot("a trial"),
            ));
        }
        let step = Command::<Write>::new(Program::new("touch")).arg("--").arg(args.unit.as_str()).elevated();
        Ok(Plan::new(format!("halt {} {why}", args.unit), Risk::Routine, Undo::cannot("a trial"))
            .leaves(thing, EndState::Is("inactive"))
            .step(step))
    }
}

/// A recording executor whose host key can change under one's hands.
pub(crate) struct Remote {
    pub(crate) recording: Recording,
    pub(crate) key: Mutex<Result<&'static str, ExecError>>,
    /// Where it is.
    pub(crate) address: Mutex<&'static str>,
    /// So many commands have to be under way before any of them ends.
    pub(crate) together: Mutex<Option<Arc<Barrier>>>,
    /// A node, and how the commands begin that never end there.
    pub(crate) stuck: Mutex<Option<(&'static str, &'static str)>>,
    /// A node, and how every command ends there.
    pub(crate) failing: Mutex<Option<(&'static str, ExecError)>>,
    /// What commands read on their standard input.
    pub(crate) inputs: Mutex<Vec<String>>,
}

#[async_trait]
impl Executor for Remote {
    async fn exec(&self, run: Invocation) -> Result<Output, ExecError> {
        // What a person approved is for the machine that they saw.
        if run.effect() == Effect::Change {
            assert_eq!(
                run.host_key().map(ToString::to_string),
                self.key.lock().unwrap().clone().ok().map(str::to_owned)
            );
        }
        if let Some(input) = run.input() {
            assert!(!format!("{run:?}").contains("hunter"), "an invocation is printed without its secret");
            self.inputs.lock().unwrap().push(String::from_utf8(input.bytes().to_vec()).unwrap());
        }
        let together = self.together.lock().unwrap().clone();
        if let Some(together) = together {
            together.wait().await;
        }
        let stuck = *self.stuck.lock().unwrap();
        if stuck.is_some_and(|(node, command)| {
            run.node().name().as_str() == node && run.to_string().starts_with(command)
        }) {
            std::future::pending::<()>().await;
        }
        let failing = self.failing.lock().unwrap().clone();
        if let Some((_, error)) = failing.filter(|(node, _)| run.node().name().as_str() == *node) {
            return Err(error);
        }
        self.recording.exec(run).await
    }

    /// `alias` is another name of the monitored node, and `elsewhere` is at port 2222 unless told otherwise. The keys of
    /// what begins with `known-` are known as `known`.
    fn place(&self, target: &SshTarget) -> Place {
        let (name, user) = (target.host.as_str(), target.user.clone());
        let host = if name == "alias" { "192.0.2.2".parse().unwrap() } else { target.host.clone() };
        let is_open = name == "elsewhere" && !target.given.port;
        let port = if is_open { Port::try_from(2222).unwrap() } else { target.port };
        let alias = name.starts_with("known-").then(|| "known".parse().unwrap());
        Place { host, port, user, alias }
    }

    async fn reach(&self, _: &Node, _: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        let key = self.key.lock().unwrap().clone()?;
        let stop = Stop {
            host: "web.lan".parse().unwrap(),
            address: Some((*self.address.lock().unwrap()).parse().unwrap()),
            port: Port::SSH,
            user: "nixi".parse().unwrap(),
        };
        Ok(Some(Arrival { host_key: key.parse().unwrap(), way: vec![stop] }))
    }

    async fn reach_anew(
        &self,
        node: &Node,
        cancel: &CancellationToken,
    ) -> Result<Option<Arrival>, ExecError> {
        self.reach(node, cancel).await
    }
}

/// Every login works, and every host is forgotten.
pub(crate) struct Welcoming {
    /// How every other node is the machine that answered.
    pub(crate) likeness: Mutex<Result<Likeness, String>>,
    /// How often a host was forgotten.
    pub(crate) forgotten: AtomicUsize,
}

#[async_trait]
impl Enrol for Welcoming {
    async fn key_login(
        &self,
        _: &SshTarget,
        _: Option<&Fingerprint>,
        _: &CancellationToken,
    ) -> Result<Welcome, ExecError> {
        Ok(Welcome { fingerprint: KEY.parse().unwrap(), host_key: HostKeyState::New, way: Vec::new() })
    }
}

#[async_trait]
impl HostKeys for Welcoming {
    async fn likenesses(
        &self,
        _: &Node,
        _: Option<&Arrival>,
        others: &[Node],
    ) -> Result<Vec<Likeness>, String> {
        let likeness = self.likeness.lock().unwrap().clone()?;
        let here = |other: &Node| if other.is_controller() { Likeness::Another } else { likeness.clone() };
        Ok(others.iter().map(here).collect())
    }

    fn forget(&self, _: &SshTarget, _: &[SshTarget]) -> Result<Forgotten, String> {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        Ok(Forgotten { lines: 1, file: PathBuf::from("known_hosts") })
    }

    fn on_record(&self, _: &SshTarget, _: &[SshTarget]) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn remember(&self, _: &SshTarget, _: &[String]) -> Result<Forgotten, String> {
        Err("there is no record".to_owned())
    }
}

/// Understands `touch a` on the managed node, and nothing else.
struct OnePhrase;

impl Phrases for OnePhrase {
    fn read(&self, request: &str) -> Reading {
        match request.strip_prefix("touch ") {
            Some(file) => Reading::Calls(vec![
                CallRequest::new("probe.touch").on("web").with("names", vec![file.to_owned()]),
            ]),
            None => Reading::Unknown { nearest: vec!["touch FILE".to_owned()] },
        }
    }
}

struct OneCall(CallRequest, Arc<AtomicUsize>);

#[async_trait]
impl Model for OneCall {
    fn name(&self) -> String {
        "one".to_owned()
    }

    fn switch(&self, _: &str) -> Result<(), ErrorReport> {
        Ok(())
    }

    async fn answer(&self, request: &str, model_cx: &ModelCx<'_>) -> Result<String, ErrorReport> {
        assert!(!request.contains("hunter"), "no secret is told to a model: {request}");
        let mut args = self.0.args.clone();
        args.insert("node".to_owned(), self.0.nodes.clone().into());
        let mut said = String::new();
        for _ in 0..self.1.load(Ordering::SeqCst) {
            let call = ModelCall { tool: self.0.action.clone(), args: args.clone() };
            said = model_cx.call(vec![call]).await.concat();
        }
        Ok(said)
    }
}

pub(crate) const CONFIG: &str = "
[[nodes]]
name = \"web\"
host = \"192.0.2.1\"
tags = [\"edge\"]

[[nodes]]
name = \"watch\"
host = \"192.0.2.2\"
mode = \"monitored\"
tags = [\"edge\"]
";

pub(crate) struct Bench {
    pub(crate) asker: Asker,
    pub(crate) approver: Option<ApproverHandle>,
    pub(crate) remote: Arc<Remote>,
    pub(crate) record: Arc<Welcoming>,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) journal: Arc<Journal>,
    /// How often the model makes its call.
    pub(crate) insisting: Arc<AtomicUsize>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::over(CONFIG, Recording::new().answering("uname -n", "web").answering("sudo -n -- touch", ""))
    }

    pub(crate) fn over(config: &str, recording: Recording) -> Self {
        Self::open(config, recording, None)
    }

    /// With a model that makes this one call, and answers with what it was told.
    pub(crate) fn with_model(config: &str, recording: Recording, call: CallRequest) -> Self {
        let insisting = Arc::new(AtomicUsize::new(1));
        let model = Arc::new(OneCall(call, insisting.clone()));
        Self { insisting, ..Self::open(config, recording, Some(model)) }
    }

    pub(crate) fn open(config: &str, recording: Recording, model: Option<Arc<dyn Model>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = ConfigFiles {
            user: folder.path().join("config.toml"),
            system: folder.path().join("system.toml"),
        };
        std::fs::write(&files.user, config).unwrap();
        let remote = Arc::new(Remote {
            recording,
            key: Mutex::new(Ok(KEY)),
            address: Mutex::new("192.0.2.1"),
            together: Mutex::default(),
            stuck: Mutex::default(),
            failing: Mutex::default(),
            inputs: Mutex::default(),
        });
        let likeness = Mutex::new(Ok(Likeness::Another));
        let journal = Arc::<Journal>::default();
        let record = Arc::new(Welcoming { likeness, forgotten: AtomicUsize::default() });
        let parts = Parts {
            registry: Registry::new()
                .inspect(Name)
                .unwrap()
                .inspect(Echo)
                .unwrap()
                .change(Touch)
                .unwrap()
                .change(Halt)
                .unwrap()
                .change(cards::Forget)
                .unwrap()
                .change(cards::Touch)
                .unwrap()
                .rehearse(rehearse::Try)
                .unwrap()
                .change(rehearse::Build)
                .unwrap()
                .change(secrets::Whisper)
                .unwrap(),
            local: Arc::new(Recording::new().answering("uname -n", "here")),
            remote: remote.clone(),
            enrol: record.clone(),
            host_keys: record.clone(),
            config: ConfigStore::new(files, folder.path().to_owned()),
            journal: journal.clone(),
            controller: Controller { host_name: "here".to_owned(), address: "127.0.0.1".to_owned() },
            phrases: Arc::new(OnePhrase),
            model,
        };
        let (asker, approver) = parts.open();
        Self { journal, asker, approver: Some(approver), remote, record, folder, insisting: Arc::default() }
    }

    pub(crate) async fn perform(&self, op: Op) -> Outcome {
        self.asker.perform(op, Intent::Perform, &(), &CancellationToken::new()).await
    }

    pub(crate) async fn call(&self, call: CallRequest) -> Outcome {
        self.perform(Op::Call(vec![call])).await
    }

    /// Performs the operation, meddles while a person thinks, and then approves whatever was shown.
    pub(crate) async fn call_approved(&mut self, call: CallRequest, meddle: impl FnOnce(&Self)) -> Outcome {
        let mut approver = self.approver.take().unwrap();
        let asking = self.call(call);
        let approving = async {
            let pending = approver.next().await.unwrap();
            meddle(self);
            pending.approve();
            while let Some(pending) = approver.next().await {
                pending.approve();
            }
        };
        tokio::select! {
            outcome = asking => outcome,
            () = approving => unreachable!("the session outlives its own call"),
        }
    }

    pub(crate) fn changes(&self) -> Vec<String> {
        self.remote.recording.changes()
    }

    pub(crate) fn set_config(&self, text: &str) {
        std::fs::write(self.folder.path().join("config.toml"), text).unwrap();
    }
}

pub(crate) fn touch(files: &[&str]) -> CallRequest {
    CallRequest::new("probe.touch").with("names", files.to_vec())
}
