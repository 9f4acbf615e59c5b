//! A stage on a machine that records what it is sent.

use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::arrival::{Arrival, Stop};
use crate::exec::{Effect, Exit};
use crate::node::Port;
use crate::recording::Nobody;

const KEY: &str = "SHA256:AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKK";
const OK: Output = Output { exit: Exit::Code(0), stdout: Vec::new(), stderr: Vec::new(), truncated: false };

/// A command's first word, and how long it may take.
type Sent = (&'static str, Duration);

/// Writes down what it is sent. Of two programs, one never ends, and one does not work.
#[derive(Default)]
struct Machine {
    sent: Mutex<Vec<Sent>>,
    stuck: Option<&'static str>,
    fails: Option<&'static str>,
}

#[async_trait]
impl Executor for Machine {
    async fn exec(&self, run: Invocation) -> Result<Output, ExecError> {
        assert_eq!((run.effect(), run.host_key().map(Fingerprint::as_str)), (Effect::Scratch, Some(KEY)));
        let program = run.program().as_str();
        self.sent.lock().unwrap().push((program, run.deadline()));
        if self.stuck == Some(program) {
            return std::future::pending().await;
        }
        if let Some(listener) = run.listener() {
            for piece in ["o", "ne", "two", "three", ""] {
                listener.hear(piece.as_bytes());
                tokio::time::sleep(BEAT / 2).await;
            }
        }
        let exit = Exit::Code(i32::from(self.fails == Some(program)));
        Ok(Output { exit, stderr: b"no \x1b[2Jspace\n".to_vec(), ..OK })
    }

    async fn reach(&self, _: &Node, _: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        let (host, user) = ("web.lan".parse().unwrap(), "nixi".parse().unwrap());
        let way = vec![Stop { host, address: None, port: Port::SSH, user }];
        Ok(Some(Arrival { host_key: KEY.parse().unwrap(), way }))
    }

    async fn reach_anew(&self, _: &Node, _: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        Err(ExecError::CancelledUnsent)
    }
}

impl Machine {
    fn programs(&self) -> Vec<&'static str> {
        self.sent.lock().unwrap().iter().map(|(program, _)| *program).collect()
    }
}

fn stage<'a>(machine: &'a Machine, writable: &'a Writable, cancel: &'a CancellationToken) -> Stage<'a> {
    let reporter = Reporter::before_steps(&(), crate::CallId::default());
    Stage::new(Ground { writable, executor: machine, host_keys: &Nobody, today: &alone, cancel, reporter })
}

/// A configuration without nodes.
fn alone() -> Result<Today, ErrorReport> {
    Ok(Today { current: Some(Node::controller()), nodes: Vec::new() })
}

fn name(name: &str) -> ScratchName {
    name.parse().unwrap()
}

#[tokio::test]
async fn a_stage_that_nobody_uses_sends_nothing() {
    let (machine, writable) = (Machine::default(), Node::controller().writable().unwrap());
    let never = CancellationToken::new();
    assert_eq!(stage(&machine, &writable, &never).remove().await, None);
    assert!(machine.programs().is_empty());
}

#[tokio::test]
async fn each_command_has_a_deadline_of_its_own() {
    let (machine, writable) = (Machine::default(), Node::controller().writable().unwrap());
    let never = CancellationToken::new();
    let stage = stage(&machine, &writable, &never);
    let deadline = Duration::from_secs(4321);
    let path = stage.path(&name("hosts"));
    assert_eq!(stage.run(scratch::folder(&path), deadline).await.unwrap().exit, Exit::Code(0));
    stage.write(&name("flake.nix"), *b"{ }").await.unwrap();
    assert_eq!(stage.remove().await, None);
    let sent = machine.sent.lock().unwrap().clone();
    let expected = [("mkdir", STEP), ("mkdir", deadline), ("dd", TRANSFER), ("rm", REMOVAL)];
    assert_eq!(sent, expected, "the folder is made once");
}

/// Hears how far a call is.
#[derive(Default)]
struct Person(Mutex<Vec<Progress>>);

impl crate::session::Audience for Person {
    fn hear(&self, event: crate::session::Event) {
        let crate::session::Event::Progress { step: None, progress, .. } = event else { panic!("{event:?}") };
        self.0.lock().unwrap().push(progress);
    }
}

/// Of what comes faster than a person reads, the last is told; and nothing twice.
#[tokio::test(start_paused = true)]
async fn how_far_a_command_is_is_told_while_it_runs() {
    let (machine, writable) = (Machine::default(), Node::controller().writable().unwrap());
    let (person, never) = (Person::default(), CancellationToken::new());
    let reporter = Reporter::before_steps(&person, crate::CallId::default());
    let ground = Ground {
        writable: &writable,
        executor: &machine,
        host_keys: &Nobody,
        today: &alone,
        cancel: &never,
        reporter,
    };
    let stage = Stage::new(ground);
    stage.tell(Progress::phase("ready"));
    stage.tell(Progress::phase("ready"));
    let mut heard = String::new();
    let path = stage.path(&name("a"));
    let output = stage.follow(scratch::folder(&path), STEP, move |piece| {
        heard.push_str(&String::from_utf8_lossy(piece));
        // More than there are is as many as there are.
        (!piece.is_empty()).then(|| Progress::phase(&heard).behind(9, 3))
    });
    assert_eq!(output.await.unwrap().exit, Exit::Code(0));
    let told: Vec<String> = person.0.lock().unwrap().iter().map(Progress::to_string).collect();
    assert_eq!(told, ["ready", "o (3 of 3)", "onetwo (3 of 3)", "onetwothree (3 of 3)"]);
}

/// It may be there all the same: its making was sent.
#[tokio::test]
async fn a_folder_that_was_not_made_is_removed() {
    let machine = Machine { fails: Some("mkdir"), ..Machine::default() };
    let (writable, never) = (Node::controller().writable().unwrap(), CancellationToken::new());
    let stage = stage(&machine, &writable, &never);
    let error = stage.write(&name("a"), *b"").await.unwrap_err();
    assert!(error.to_string().contains("mkdir"), "{error}");
    assert_eq!(stage.remove().await, None);
    assert_eq!(machine.programs(), ["mkdir", "rm"]);
}

#[tokio::test]
async fn what_could_not_be_removed_is_told() {
    let machine = Machine { fails: Some("rm"), ..Machine::default() };
    let (writable, never) = (Node::controller().writable().unwrap(), CancellationToken::new());
    let stage = stage(&machine, &writable, &never);
    let path = stage.write(&name("a"), *b"").await.unwrap();
    let folder = path.as_str().strip_suffix("/a").unwrap().to_owned();
    let told = stage.remove().await.unwrap();
    assert!(told.starts_with(&format!("the temporary folder {folder} on local was not removed: ")), "{told}");
    assert!(told.ends_with(&format!("; remove it there: rm -rf -- {folder}")), "{told}");
    assert!(told.contains("space") && !told.contains('\u{1b}'), "{told:?}");
}

/// A person who interrupts waits for no more than a second, and for one who does not answer no longer.
#[tokio::test(start_paused = true)]
async fn after_an_interruption_the_folder_is_removed_in_haste() {
    for (stuck, told, sent) in [
        ("dd", None, ["mkdir", "dd", "rm"].as_slice()),
        ("rm", Some("was not removed: no answer within 600ms"), &["mkdir", "dd", "rm"]),
        // The removal may overtake it on the way.
        ("mkdir", Some("may be there again"), &["mkdir", "rm"]),
    ] {
        let machine = Machine { stuck: Some(stuck), ..Machine::default() };
        let (writable, cancel) = (Node::controller().writable().unwrap(), CancellationToken::new());
        let stage = stage(&machine, &writable, &cancel);
        let writing = timeout(Duration::from_secs(1), stage.write(&name("a"), *b"")).await;
        assert_eq!(writing.is_err(), stuck != "rm");
        cancel.cancel();
        let begun = tokio::time::Instant::now();
        let left = stage.remove().await;
        assert_eq!(left.is_some(), told.is_some(), "{stuck}: {left:?}");
        assert!(left.unwrap_or_default().contains(told.unwrap_or_default()), "{stuck}");
        assert!(begun.elapsed() <= HASTY_REMOVAL, "{:?}", begun.elapsed());
        assert_eq!(machine.programs(), sent);
    }
}
