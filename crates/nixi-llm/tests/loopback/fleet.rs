//! A session on nodes that run nothing, with one read and one change, and a model behind an endpoint.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nixi_core::config::{ConfigFiles, ConfigStore};
use nixi_core::fleet::Controller;
use nixi_core::journal::MemoryJournal;
use nixi_core::recording::{Nobody, Recording};
use nixi_core::session::{Audience, Interpreters, Model};
use nixi_core::{
    ActionName, ApproverHandle, Asker, Change, ChangeCard, Command, Event, Inspect, InspectCx, Intent, Op,
    Outcome, Parts, Plan, PlanCx, Program, ReadCapability, ReadCard, Registry, Risk, ToolError, Undo,
    WriteCapability, catalog,
};
use nixi_llm::{ChatModel, ModelSettings, Patience, Phrasebook};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;

pub(crate) const KEY: &str = "sk-loopback-0123456789";

pub(crate) struct Fleet {
    pub(crate) asker: Asker,
    pub(crate) approver: ApproverHandle,
    pub(crate) node: Arc<Recording>,
    pub(crate) heard: Heard,
    _config: tempfile::TempDir,
}

impl Fleet {
    /// `web-server` is managed, `monitoring` is not.
    pub(crate) fn new(base_url: &str) -> Self {
        Self::with_patience(
            base_url,
            Patience {
                first: Duration::from_secs(5),
                next: Duration::from_millis(300),
                turn: Duration::from_secs(60),
            },
        )
    }

    pub(crate) fn with_patience(base_url: &str, patience: Patience) -> Self {
        let config = tempfile::tempdir().unwrap();
        let files = ConfigFiles {
            user: config.path().join("config.toml"),
            system: config.path().join("system.toml"),
        };
        let nodes = "[[nodes]]\nname = \"web-server\"\nhost = \"192.0.2.1\"\n\n\
                     [[nodes]]\nname = \"monitoring\"\nhost = \"192.0.2.2\"\nmode = \"monitored\"\n";
        std::fs::write(&files.user, nodes).unwrap();
        let node = Arc::new(Recording::new().answering("date", "12:34").answering("podman", ""));
        let settings = ModelSettings {
            base_url: base_url.to_owned(),
            model: "test-model".to_owned(),
            api_key: Some(SecretString::from(format!("{KEY}\n"))),
        };
        let model: Arc<dyn Model> = Arc::new(ChatModel::with_patience(&settings, patience));
        let (asker, approver) = Parts {
            registry: Registry::new().inspect(Now).unwrap().change(Stop).unwrap(),
            local: node.clone(),
            remote: node.clone(),
            enrol: Arc::new(Nobody),
            host_keys: Arc::new(Nobody),
            config: ConfigStore::new(files, PathBuf::from("/nonexistent")),
            journal: Arc::new(MemoryJournal::new()),
            controller: Controller { host_name: "ctrl".to_owned(), address: "127.0.0.1".to_owned() },
            phrases: Arc::new(Phrasebook::new()),
            model: Some(model),
        }
        .open();
        Self { asker, approver, node, heard: Heard::default(), _config: config }
    }

    pub(crate) async fn ask(&self, words: &str) -> Outcome {
        self.ask_until(words, &CancellationToken::new()).await
    }

    pub(crate) async fn ask_until(&self, words: &str, cancel: &CancellationToken) -> Outcome {
        let op = Op::Ask { words: words.to_owned(), interpreters: Interpreters::PhrasebookThenModel };
        self.asker.perform(op, Intent::Perform, &self.heard, cancel).await
    }

    /// What was run on the nodes.
    pub(crate) fn ran(&self) -> Vec<String> {
        self.node.seen().into_iter().map(|run| format!("{}: {}", run.node, run.command)).collect()
    }
}

/// What a front end would have shown.
#[derive(Default)]
pub(crate) struct Heard(Mutex<String>);

impl Heard {
    pub(crate) fn words(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl Audience for Heard {
    fn hear(&self, event: Event) {
        match event {
            Event::Said(words) | Event::Notice(words) => self.0.lock().unwrap().push_str(&words),
            Event::TakenBack(words) => {
                let mut heard = self.0.lock().unwrap();
                let left = heard.strip_suffix(words.as_str()).expect("what was said last").len();
                heard.truncate(left);
            }
            Event::CallsAhead(_)
            | Event::CallStarted { .. }
            | Event::ChangeBegins(_)
            | Event::Progress { .. }
            | Event::Output { .. }
            | Event::CallEnded(_)
            | Event::Node(_) => {}
        }
    }
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct NoArgs {}

struct Now;

impl Inspect for Now {
    type Args = NoArgs;
    type Report = String;

    fn card(&self) -> ReadCard {
        ReadCard::new(ActionName::new("clock", "now"), "the time", ReadCapability::SystemStatus)
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<String, ToolError> {
        cx.stdout(catalog::clock::date()).await
    }
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Names {
    names: Vec<String>,
}

struct Stop;

impl Change for Stop {
    type Args = Names;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("container", "stop"),
            "stops containers",
            WriteCapability::Containers,
            Risk::Routine,
        )
        .example(json!({"names": ["web"]}))
    }

    async fn plan(&self, _: &PlanCx<'_>, args: Names) -> Result<Plan, ToolError> {
        let plan = Plan::new("stop containers", Risk::Routine, Undo::cannot("a trial"));
        Ok(args
            .names
            .into_iter()
            .fold(plan, |plan, name| plan.step(Command::new(Program::new("podman")).arg("stop").arg(name))))
    }
}
