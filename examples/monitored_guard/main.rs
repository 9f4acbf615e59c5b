//! Tries to change a monitored node in every way that a front end has, and shows that nothing was even sent to it.
//!
//! Every changing action that there is, as a typed call; phrases; adopting the machine once more, as a managed one; and a
//! person who says yes to whatever they are asked. Should a guard fail, no harm is done: all of it is about things named
//! `nixi-guard-example`, which no machine has. What a model may try is in `tests/read_only.rs`, with calls at random.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example prints what it found")]

#[path = "../shared/cli.rs"]
mod cli;
mod tap;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nixi::core::registry::{Access, ActionSpec, ParamKind};
use nixi::core::session::{AdoptRequest, Interpreters};
use nixi::core::{
    ApproverHandle, CallRequest, ErrorKind, ErrorReport, Intent, Mode, Node, Op, Outcome, Scope, SshTarget,
};
use serde_json::{Value, json};
use tap::Tap;

const USAGE: &str = "usage: monitored_guard [--config FILE] [NODE]   (the first monitored node, unless told)";
/// What nobody has.
const NOTHING: &str = "nixi-guard-example";

#[tokio::main]
async fn main() -> ExitCode {
    cli::main(USAGE, &[], run).await
}

async fn run(cli: cli::Cli) -> Result<u8, ErrorReport> {
    let config = |error: &dyn std::fmt::Display| ErrorReport::new(ErrorKind::Config, error.to_string());
    let store = cli.setup()?.store()?;
    let settings = store.load().map_err(|error| config(&error))?;
    let tap = Arc::new(Tap::new(&settings, store.home()));
    let tools = nixi::tools::registry().map_err(|error| config(&error))?;
    let (asker, approver) = tap.parts(store, tools).open();

    let wanted = |node: &Node| match cli.words.first() {
        Some(word) => node.name().as_str() == word,
        None => node.mode() == Mode::Monitored,
    };
    let Some(node) = asker.nodes()?.into_iter().find(wanted) else {
        return Err(config(&"there is no such node").hint("name one, or adopt one as monitored"));
    };
    let Some(ssh) = node.ssh().filter(|_| node.mode() == Mode::Monitored) else {
        return Err(config(&format!("{} is not monitored", node.name())).hint(USAGE));
    };
    let consent = approver.typed_consent();
    let asked = Arc::new(AtomicUsize::new(0));
    tokio::spawn(say_yes(approver, asked.clone()));

    let mut tried = 0_usize;
    let mut got_through = 0_usize;
    println!("{} ({}) is monitored. Trying to change it:", node.name(), ssh.host);
    for (way, op) in attempts(asker.registry().specs(), &node, ssh, |request| consent.adopt(request)) {
        let intent = if matches!(op, Op::Adopt(_)) { Intent::PlanOnly } else { Intent::Perform };
        let outcome = asker.perform(op, intent, &(), &Default::default()).await;
        tried += 1;
        match refusal(&outcome) {
            Some(why) => println!("  refused      {way}: {why}"),
            None => {
                got_through += 1;
                println!("  GOT THROUGH  {way}: {outcome:?}");
            }
        }
    }
    let (sent, asked) = (tap.sent(), asked.load(Ordering::SeqCst));
    println!(
        "{tried} tried, {got_through} got through, {asked} plans to approve, {} sent to the node",
        sent.len()
    );

    // The other way round: what is sent is seen. A read does reach the node, if it is up.
    let read = Op::Call(vec![CallRequest::new("clock.now").on(node.name().as_str())]);
    let read = asker.perform(read, Intent::Perform, &(), &Default::default()).await;
    let seen = tap.sent().len() - sent.len();
    let ended = read.results.first().map_or("not begun", |result| result.status.as_str());
    println!("a read, to compare: {ended}, {seen} sent to the node");

    let held = got_through == 0 && asked == 0 && sent.is_empty() && tried > 0 && seen > 0;
    println!("{}", if held { "The guard holds." } else { "THE GUARD DOES NOT HOLD." });
    Ok(u8::from(!held))
}

/// Everything that a front end can ask for, with the words for it.
fn attempts<'a>(
    specs: impl Iterator<Item = &'a ActionSpec>,
    node: &Node,
    ssh: &SshTarget,
    adopt: impl Fn(AdoptRequest) -> Op,
) -> Vec<(String, Op)> {
    let name = node.name().as_str();
    let mut all = Vec::new();
    for spec in specs.filter(|spec| spec.scope == Scope::Node && spec.access != Access::Read) {
        let mut call = CallRequest::new(spec.name.to_string()).on(name);
        for param in spec.params.iter().filter(|param| param.required || param.name == "names") {
            call = call.with(&param.name, nothing(&param.kind, &spec.example[&param.name]));
        }
        all.push((format!("typed call {}", spec.name), Op::Call(vec![call])));
    }
    for phrase in ["stop", "restart", "start the service", "remove the container"] {
        let words = format!("{phrase} {NOTHING} on {name}");
        all.push((format!("phrase {words:?}"), Op::Ask { words, interpreters: Interpreters::Phrasebook }));
    }
    if let Ok(second) = NOTHING.parse() {
        let request = AdoptRequest {
            name: second,
            host: ssh.host.clone(),
            user: ssh.user.clone(),
            mode: Mode::Managed,
            port: ssh.given.port.then_some(ssh.port),
            identity: None,
            host_key: None,
        };
        all.push(("the same machine under a second name, managed".to_owned(), adopt(request)));
    }
    all
}

/// A value like that of the example, for a thing that is not there.
fn nothing(kind: &ParamKind, example: &Value) -> Value {
    match kind {
        ParamKind::Text if example.as_str().is_some_and(|text| text.starts_with('/')) => {
            json!(format!("/srv/{NOTHING}"))
        }
        ParamKind::Text if example.as_str().is_some_and(|text| text.contains("://")) => {
            json!(format!("file:///{NOTHING}"))
        }
        ParamKind::Text => json!(NOTHING),
        ParamKind::Number => json!(1),
        ParamKind::Flag => json!(false),
        ParamKind::List => json!([NOTHING]),
        ParamKind::Map | ParamKind::Secrets => json!({}),
        ParamKind::Secret => json!("@ask"),
        ParamKind::Choice(words) => json!(words.first()),
    }
}

/// Why it was refused; nothing if any of it was not, or for another reason than the node's mode.
fn refusal(outcome: &Outcome) -> Option<String> {
    let errors: Option<Vec<&ErrorReport>> = match &outcome.error {
        Some(error) => Some(vec![error]),
        None => outcome.results.iter().map(|result| result.error.as_ref()).collect(),
    };
    let errors = errors?;
    let guarded = |error: &&ErrorReport| matches!(error.kind, ErrorKind::ReadOnly | ErrorKind::NodeExists);
    errors.iter().all(guarded).then(|| errors.first().map(|error| error.message.clone()))?
}

/// The most careless person there is.
async fn say_yes(mut approver: ApproverHandle, asked: Arc<AtomicUsize>) {
    while let Some(pending) = approver.next().await {
        asked.fetch_add(1, Ordering::SeqCst);
        pending.approve();
    }
}
