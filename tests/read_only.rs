//! Monitored means read-only, whatever a model says: every action of every tool, with any arguments, in any order,
//! and with a person who says yes to everything.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should fail there and then")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use nixi::core::config::{ConfigFiles, ConfigStore};
use nixi::core::fleet::Controller;
use nixi::core::journal::MemoryJournal;
use nixi::core::recording::{Nobody, Recording};
use nixi::core::registry::{Access, ActionSpec, Args, ParamKind};
use nixi::core::session::{Interpreters, Model, ModelCall, ModelCx};
use nixi::core::{Effect, ErrorKind, ErrorReport, Intent, Op, Outcome, Parts, Scope, StepStatus};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Makes the calls that it was given, all in one turn or one a turn.
struct Scripted(Mutex<Vec<Vec<ModelCall>>>);

#[async_trait]
impl Model for Scripted {
    fn name(&self) -> String {
        "scripted".to_owned()
    }

    fn switch(&self, _: &str) -> Result<(), ErrorReport> {
        Ok(())
    }

    async fn answer(&self, _: &str, model_cx: &ModelCx<'_>) -> Result<String, ErrorReport> {
        let turns = std::mem::take(&mut *self.0.lock().unwrap());
        for turn in turns {
            model_cx.call(turn).await;
        }
        Ok(String::new())
    }
}

const CONFIG: &str =
    "[[nodes]]\nname = \"watch\"\nhost = \"192.0.2.2\"\nmode = \"monitored\"\ntags = [\"t\"]\n";

/// A container, a unit and what else the tools ask for, so that plans come far enough to be refused.
fn node() -> Recording {
    let id = "a".repeat(64);
    Recording::new()
        .answering(
            "sudo -n -- podman ps",
            &json!([{"Id": id, "Names": ["web"], "State": "running", "Image": "x"}]).to_string(),
        )
        .answering("sudo -n -- podman inspect", &format!("{id} web\n"))
        .answering("systemctl show", "Id=nginx.service\nLoadState=loaded\nActiveState=active\n")
        .answering("systemctl list-units", "[]")
}

/// What came of it, and what the node was asked.
fn perform(turns: Vec<Vec<ModelCall>>) -> (Outcome, Arc<Recording>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let files = ConfigFiles {
            user: folder.path().join("config.toml"),
            system: folder.path().join("system.toml"),
        };
        std::fs::write(&files.user, CONFIG).unwrap();
        let remote = Arc::new(node());
        let parts = Parts {
            registry: nixi::tools::registry().unwrap(),
            local: Arc::new(Recording::new()),
            remote: remote.clone(),
            enrol: Arc::new(Nobody),
            host_keys: Arc::new(Nobody),
            config: ConfigStore::new(files, folder.path().to_owned()),
            journal: Arc::new(MemoryJournal::new()),
            controller: Controller { host_name: "here".to_owned(), address: "127.0.0.1".to_owned() },
            phrases: Arc::new(Nobody),
            model: Some(Arc::new(Scripted(Mutex::new(turns)))),
        };
        let (asker, mut approver) = parts.open();
        let yes = async {
            while let Some(pending) = approver.next().await {
                pending.approve();
            }
        };
        let cancel = CancellationToken::new();
        let op = Op::Ask { words: "do it".to_owned(), interpreters: Interpreters::PhrasebookThenModel };
        let outcome = tokio::select! {
            outcome = asker.perform(op, Intent::Perform, &(), &cancel) => outcome,
            () = yes => panic!("the session ended before its question"),
        };
        (outcome, remote)
    })
}

fn value(kind: &ParamKind) -> BoxedStrategy<Value> {
    let word = || {
        prop_oneof![Just("web".to_owned()), Just("nginx".to_owned()), Just("watch".to_owned()), "\\PC{0,12}"]
    };
    match kind {
        ParamKind::Text => word().prop_map(Value::from).boxed(),
        ParamKind::Number => any::<u32>().prop_map(Value::from).boxed(),
        ParamKind::Flag => any::<bool>().prop_map(Value::from).boxed(),
        ParamKind::List => prop::collection::vec(word(), 0..3).prop_map(Value::from).boxed(),
        ParamKind::Map => Just(json!({"a": "b", "TOKEN": "c"})).boxed(),
        ParamKind::Secret => Just(json!("@ask")).boxed(),
        ParamKind::Secrets => word().prop_map(|word| json!({"PASSWORD": word})).boxed(),
        ParamKind::Choice(words) => prop::sample::select(words.clone()).prop_map(Value::from).boxed(),
    }
}

fn call(spec: &ActionSpec) -> BoxedStrategy<ModelCall> {
    let (tool, action) = (spec.name.tool().to_owned(), spec.name.action().to_owned());
    let nodes = prop::sample::select(vec!["watch", "@t", "w*", "watch,watch"]);
    let params: Vec<_> = spec
        .params
        .iter()
        .map(|param| (Just(param.name.clone()), prop::option::weighted(0.7, value(&param.kind))))
        .collect();
    (nodes, params)
        .prop_map(move |(node, params)| {
            let mut args = Args::new();
            args.insert("action".to_owned(), action.clone().into());
            args.insert("node".to_owned(), node.into());
            args.extend(params.into_iter().filter_map(|(name, value)| Some((name, value?))));
            ModelCall { tool: tool.clone(), args }
        })
        .boxed()
}

/// A change with the names of what is there, so that nothing but the node's mode speaks against it.
fn fitting_change() -> BoxedStrategy<ModelCall> {
    calls(|spec| spec.access != Access::Read)
        .prop_map(|mut call| {
            call.args.retain(|name, _| ["action", "node"].contains(&name.as_str()));
            let action = format!("{}.{}", call.tool, call.args["action"].as_str().unwrap());
            let registry = nixi::tools::registry().unwrap();
            call.args.extend(registry.spec(&action).unwrap().example.as_object().unwrap().clone());
            call
        })
        .boxed()
}

/// The actions that a node sees; those of the controller are about Nixi's own list.
fn calls(wanted: impl Fn(&ActionSpec) -> bool) -> BoxedStrategy<ModelCall> {
    let registry = nixi::tools::registry().unwrap();
    let specs: Vec<BoxedStrategy<ModelCall>> =
        registry.specs().filter(|spec| spec.scope == Scope::Node && wanted(spec)).map(call).collect();
    prop::strategy::Union::new(specs).boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_calls_of_a_model_change_a_monitored_node(
        turns in prop::collection::vec(prop::collection::vec(calls(|_| true), 1..4), 1..4)
    ) {
        let (_, remote) = perform(turns);
        prop_assert!(remote.seen().iter().all(|run| run.effect == Effect::Read), "{:?}", remote.seen());
    }

    #[test]
    fn a_change_for_a_monitored_node_sends_nothing_at_all(
        turn in prop::collection::vec(calls(|spec| spec.access != Access::Read), 1..4)
    ) {
        let (outcome, remote) = perform(vec![turn]);
        prop_assert_eq!(remote.seen(), vec![]);
        prop_assert!(outcome.results.iter().all(|result| result.status == StepStatus::Refused), "{:?}", outcome);
    }

    /// The same with arguments that fit, so that every call comes as far as being refused for the node's mode.
    #[test]
    fn a_change_that_fits_is_refused_as_read_only(
        turn in prop::collection::vec(fitting_change(), 1..4)
    ) {
        let count = turn.len();
        let (outcome, remote) = perform(vec![turn]);
        prop_assert_eq!(remote.seen(), vec![]);
        prop_assert_eq!(outcome.results.len(), count, "{:?}", &outcome);
        for result in &outcome.results {
            prop_assert_eq!(result.status, StepStatus::Refused, "{:?}", &outcome);
            prop_assert_eq!(result.error.as_ref().unwrap().kind, ErrorKind::ReadOnly);
        }
    }
}

/// Or else the properties above would hold of anything.
#[test]
fn there_are_changes_to_refuse() {
    let registry = nixi::tools::registry().unwrap();
    let changes =
        registry.specs().filter(|spec| spec.access != Access::Read && spec.scope == Scope::Node).count();
    assert!(changes >= 7, "{changes}");
}
