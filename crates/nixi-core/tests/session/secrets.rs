//! Secrets: where they are taken out, who is asked for them, and where they never are.

use std::collections::BTreeMap;
use std::sync::Mutex;

use nixi_core::recording::Recording;
use nixi_core::session::{Audience, Event, Interpreters, Question};
use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, Command, ErrorKind, ExecError, Exit, HandOver, Intent, Op,
    Outcome, Output, Plan, PlanCx, Program, Rescue, Risk, Secret, SecretArg, StepStatus, ToolError, Undo,
    Write, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, CONFIG};

/// `probe.whisper`: hands each secret to a command, and then does something that may fail.
pub(crate) struct Whisper;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whispered {
    /// In the open.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Not in the open.
    #[serde(default)]
    secrets: BTreeMap<String, SecretArg>,
}

impl Change for Whisper {
    type Args = Whispered;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("probe", "whisper"),
            "hands over secrets",
            WriteCapability::Files,
            Risk::Routine,
        )
        .example(json!({}))
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: Whispered) -> Result<Plan, ToolError> {
        let missing =
            |(name, secret): (&String, &SecretArg)| (!cx.secrets().has(secret)).then(|| name.clone());
        let missing: Vec<String> = args.secrets.iter().filter_map(missing).collect();
        if !missing.is_empty() {
            return Err(ToolError::SecretsNeeded(missing));
        }
        let run = |program: &'static str, word: &str| Command::<Write>::new(Program::new(program)).arg(word);
        let mut plan = Plan::new(format!("whisper {:?}", args.env), Risk::Routine, Undo::cannot("a trial"));
        let count = args.secrets.len();
        for (name, secret) in &args.secrets {
            plan = plan.step(HandOver::on_input(run("tee", name), name.as_str(), secret.clone()));
        }
        plan = plan.step(run("touch", "end"));
        for (at, name) in args.secrets.keys().enumerate().rev() {
            plan = plan.step(Rescue::of(at, count, run("rm", name)));
        }
        Ok(plan)
    }
}

/// Writes down all that is told.
#[derive(Default)]
struct Ear(Mutex<String>);

impl Audience for Ear {
    fn hear(&self, event: Event) {
        self.0.lock().unwrap().push_str(&format!("{event:?}\n"));
    }
}

fn recording() -> Recording {
    Recording::new()
        .answering("uname -n", "web")
        .answering("sudo -n -- tee", "")
        .answering("touch", "")
        .answering("rm", "")
}

/// What comes of it, and how often the person was asked for a secret. They give this one, and say yes to all else.
async fn perform(bench: &mut Bench, op: Op, secret: Option<&str>) -> (Outcome, usize, String) {
    let (ear, cancel) = (Ear::default(), CancellationToken::new());
    let mut questions = bench.approver.take().unwrap().questions();
    let mut asked = 0;
    let outcome = {
        let mut performed = std::pin::pin!(bench.asker.perform(op, Intent::Perform, &ear, &cancel));
        loop {
            tokio::select! {
                outcome = &mut performed => break outcome,
                Some(question) = questions.next() => match question {
                    Question::Approval(pending) => {
                        ear.0.lock().unwrap().push_str(&format!("{:?}\n", pending.review()));
                        pending.approve();
                    }
                    Question::Secret(wanted) => {
                        asked += 1;
                        ear.0.lock().unwrap().push_str(&format!("{wanted:?} {}\n", wanted.purpose()));
                        match secret {
                            Some(secret) => wanted.give(Secret::new(secret.into()).ok().unwrap()),
                            None => wanted.give_none(),
                        }
                    }
                    Question::Meaning(_) | Question::Verdict(_) => unreachable!(),
                },
            }
        }
    };
    let told = ear.0.into_inner().unwrap();
    (outcome, asked, told)
}

fn whisper(args: &serde_json::Value) -> CallRequest {
    CallRequest::new("probe.whisper").with_args(args.as_object().unwrap().clone())
}

fn call(args: &serde_json::Value) -> Op {
    Op::Call(vec![whisper(args).on("web")])
}

/// The secret is on the command's input, and in nothing that is told, kept or written down.
#[tokio::test]
async fn only_the_command_that_it_is_for_gets_a_secret() {
    let mut bench = Bench::over(CONFIG, recording());
    let (outcome, asked, told) =
        perform(&mut bench, call(&json!({"secrets": {"KEY": "hunter2"}})), None).await;
    assert_eq!((outcome.exit_code(), asked), (0, 0), "{outcome:?}");
    assert_eq!(*bench.remote.inputs.lock().unwrap(), ["hunter2"]);
    assert_eq!(bench.changes(), ["sudo -n -- tee KEY", "touch end"]);
    let result = &outcome.results[0];
    let plan = result.plan.as_ref().unwrap();
    assert_eq!(plan.steps[0].line, "sudo -n -- tee KEY  (on its input: the secret KEY)");
    assert_eq!(plan.steps[0].secrets, ["KEY"]);
    assert!(result.args["secrets"]["KEY"].as_str().unwrap().starts_with("secret:"), "{result:?}");
    let everything = format!("{told}{outcome:?}{:?}", bench.journal.entries());
    assert!(everything.contains("secret:") && !everything.contains("hunter2"), "{everything}");
}

/// What is called a secret, or holds one, is given as one wherever it stands.
#[tokio::test]
async fn variables_that_hold_secrets_are_secrets() {
    let mut bench = Bench::over(CONFIG, recording());
    let env = json!({"env": {"DB_PASSWORD": "hunter2", "HOST": "db", "URL": "postgres://a:hunter3@db/x", "EMPTY_TOKEN": ""}});
    let (outcome, _, told) = perform(&mut bench, call(&env), None).await;
    let args = &outcome.results[0].args;
    assert_eq!(args["env"], json!({"HOST": "db", "EMPTY_TOKEN": ""}), "{outcome:?}");
    assert_eq!(*bench.remote.inputs.lock().unwrap(), ["hunter2", "postgres://a:hunter3@db/x"]);
    assert!(!format!("{told}{outcome:?}").contains("hunter"), "{told}");

    let twice = json!({"env": {"DB_PASSWORD": "hunter2"}, "secrets": {"DB_PASSWORD": "@ask"}});
    let mut bench = Bench::over(CONFIG, recording());
    let (outcome, ..) = perform(&mut bench, call(&twice), None).await;
    assert_eq!(outcome.error.unwrap().kind, ErrorKind::BadArgument);
}

/// On however many nodes it is needed, the person types it once; without an answer nothing is done.
#[tokio::test]
async fn a_secret_that_was_not_given_is_asked_for_once() {
    let config = CONFIG.replace("mode = \"monitored\"", "mode = \"managed\"");
    let both = || Op::Call(vec![whisper(&json!({"secrets": {"KEY": "@ask"}})).on("web").on("watch")]);
    let mut bench = Bench::over(&config, recording());
    let (outcome, asked, told) = perform(&mut bench, both(), Some("hunter2")).await;
    assert_eq!((outcome.exit_code(), asked), (0, 1), "{outcome:?}");
    assert_eq!(*bench.remote.inputs.lock().unwrap(), ["hunter2", "hunter2"]);
    assert!(told.contains("probe.whisper on "), "{told}");
    let written = format!("{:?}", bench.journal.entries());
    assert!(
        written.contains("secret:") && !written.contains("@ask") && !written.contains("hunter2"),
        "{written}"
    );

    let mut bench = Bench::over(&config, recording());
    let (outcome, asked, _) = perform(&mut bench, both(), None).await;
    assert_eq!((outcome.exit_code(), asked), (3, 1), "{outcome:?}");
    for result in &outcome.results {
        let kind = result.error.as_ref().map(|error| error.kind);
        assert_eq!((result.status, kind), (StepStatus::Declined, Some(ErrorKind::SecretRequired)));
        let message = &result.error.as_ref().unwrap().message;
        assert_eq!(message, "the secret KEY is needed, and nothing was typed");
    }
    let mut alone = Bench::over(&config, recording());
    drop(alone.approver.take());
    let outcome = alone.asker.perform(both(), Intent::Perform, &(), &CancellationToken::new()).await;
    let message = &outcome.results[0].error.as_ref().unwrap().message;
    assert_eq!(message, "the secret KEY is needed, and nobody is here to type it");
    assert_eq!(bench.changes(), Vec::<String>::new());

    // A plan that is only shown needs none.
    let bench = Bench::over(&config, recording());
    let outcome = bench.asker.perform(both(), Intent::PlanOnly, &(), &CancellationToken::new()).await;
    assert_eq!(outcome.exit_code(), 0, "{outcome:?}");
}

/// A handle of another session stands for nothing here.
#[tokio::test]
async fn a_handle_of_another_session_is_asked_for_anew() {
    let mut bench = Bench::over(CONFIG, recording());
    let foreign = json!({"secrets": {"KEY": "secret:0123456789ab"}});
    let (outcome, asked, _) = perform(&mut bench, call(&foreign), Some("hunter2")).await;
    assert_eq!((outcome.exit_code(), asked), (0, 1), "{outcome:?}");
    assert_eq!(*bench.remote.inputs.lock().unwrap(), ["hunter2"]);
    assert_ne!(outcome.results[0].args["secrets"]["KEY"], "secret:0123456789ab");
}

/// A model sees handles. What it makes up is not used: the person is asked instead.
#[tokio::test]
async fn a_model_is_told_no_secret_and_makes_up_none() {
    let made_up = whisper(&json!({"secrets": {"KEY": "changeme"}, "env": {"PASSWORD": "made-up"}})).on("web");
    let mut bench = Bench::with_model(CONFIG, recording(), made_up);
    let words = Op::Ask {
        words: "set it up, the password is hunter9".to_owned(),
        interpreters: Interpreters::PhrasebookThenModel,
    };
    let (outcome, asked, told) = perform(&mut bench, words, Some("hunter2")).await;
    assert_eq!((outcome.exit_code(), asked), (0, 2), "{outcome:?}");
    assert_eq!(*bench.remote.inputs.lock().unwrap(), ["hunter2", "hunter2"]);
    assert!(!format!("{told}{outcome:?}").contains("hunter"), "{outcome:?}");
}

#[tokio::test]
async fn what_no_handle_can_stand_for_is_refused() {
    for (value, why) in [("", "it is empty"), ("@some/file", "read by `nixi call`"), ("a\0b", "NUL")] {
        let mut bench = Bench::over(CONFIG, recording());
        let (outcome, ..) = perform(&mut bench, call(&json!({"secrets": {"KEY": value}})), None).await;
        let error = outcome.error.unwrap();
        assert_eq!(error.kind, ErrorKind::BadArgument);
        assert!(error.message.starts_with("KEY: ") && error.message.contains(why), "{error}");
    }
}

/// If a later step fails, what is done is taken back, the newest first; where the outcome of one is unknown, nothing is.
#[tokio::test]
async fn a_change_that_fails_halfway_is_taken_back() {
    let failed =
        Ok(Output { exit: Exit::Code(1), stdout: Vec::new(), stderr: b"full".to_vec(), truncated: false });
    let lost = Err(ExecError::Lost("gone".to_owned()));
    let secrets = json!({"secrets": {"A": "hunter1", "B": "hunter2"}});
    let tees = ["sudo -n -- tee A", "sudo -n -- tee B"];
    for (command, end, ran) in [
        ("touch", failed.clone(), vec![tees[0], tees[1], "touch end", "rm B", "rm A"]),
        ("sudo -n -- tee B", failed, vec![tees[0], tees[1], "rm A"]),
        ("touch", lost, vec![tees[0], tees[1], "touch end"]),
    ] {
        let mut bench = Bench::over(CONFIG, recording().ending(command, end));
        let (outcome, ..) = perform(&mut bench, call(&secrets), None).await;
        assert_eq!(bench.changes(), ran, "{outcome:?}");
        assert_eq!(outcome.exit_code(), 1, "{outcome:?}");
    }
    // Where all went well, nothing is taken back, nor told of.
    let mut bench = Bench::over(CONFIG, recording());
    let (outcome, ..) = perform(&mut bench, call(&secrets), None).await;
    assert_eq!(outcome.results[0].steps.len(), 3, "{outcome:?}");
}
