//! The loop with a real session of nixi-core behind it, and a screen in memory before it.

use super::*;
use std::convert::Infallible;
use std::sync::Mutex;

use async_trait::async_trait;
use nixi_core::config::{ConfigFiles, ConfigStore};
use nixi_core::fleet::Controller;
use nixi_core::journal::MemoryJournal;
use nixi_core::recording::Recording;
use nixi_core::session::{Phrases, Reading};
use nixi_core::{
    ActionName, Arrival, CallRequest, Change, ChangeCard, Command as NodeCommand, Enrol, ExecError,
    Fingerprint, Forgotten, HostKeys, Likeness, Node, Parts, Plan, PlanCx, Program, Registry, Risk,
    SshTarget, ToolError, Undo, Welcome, Write, WriteCapability,
};
use ratatui::backend::{ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Position;
use serde_json::json;
use tempfile::TempDir;

struct Stop;

#[derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
struct StopArgs {
    names: Vec<String>,
}

impl Change for Stop {
    type Args = StopArgs;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("container", "stop"),
            "stop containers",
            WriteCapability::Containers,
            Risk::Routine,
        )
        .example(json!({"names": ["redis"]}))
    }

    async fn plan(&self, _: &PlanCx<'_>, args: StopArgs) -> Result<Plan, ToolError> {
        let command = NodeCommand::<Write>::new(Program::new("podman")).arg("stop").args(args.names);
        Ok(Plan::new("stop the container redis", Risk::Routine, Undo::cannot("a trial")).step(command))
    }
}

struct OnePhrase;

impl Phrases for OnePhrase {
    fn read(&self, request: &str) -> Reading {
        match request {
            "stop redis on web-server" => {
                let call = CallRequest::new("container.stop").on("web-server");
                Reading::Calls(vec![call.with("names", vec!["redis"])])
            }
            _ => Reading::Unknown { nearest: vec!["stop redis on web-server".to_owned()] },
        }
    }
}

struct Nobody;

#[async_trait]
impl Enrol for Nobody {
    async fn key_login(
        &self,
        _: &SshTarget,
        _: Option<&Fingerprint>,
        cancel: &CancellationToken,
    ) -> Result<Welcome, ExecError> {
        cancel.cancelled().await;
        Err(ExecError::CancelledUnsent)
    }
}

#[async_trait]
impl HostKeys for Nobody {
    async fn likenesses(
        &self,
        _: &Node,
        _: Option<&Arrival>,
        others: &[Node],
    ) -> Result<Vec<Likeness>, String> {
        Ok(vec![Likeness::Another; others.len()])
    }

    fn forget(&self, _: &SshTarget, _: &[SshTarget]) -> Result<Forgotten, String> {
        Err("there is no record".to_owned())
    }

    fn on_record(&self, _: &SshTarget, _: &[SshTarget]) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn remember(&self, _: &SshTarget, _: &[String]) -> Result<Forgotten, String> {
        Err("there is no record".to_owned())
    }
}

/// A screen that can be looked at while it is drawn on.
#[derive(Clone)]
struct Shared(Arc<Mutex<TestBackend>>);

impl Shared {
    fn text(&self) -> String {
        self.0.lock().unwrap().to_string()
    }
}

impl Backend for Shared {
    type Error = Infallible;
    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> Result<(), Infallible> {
        self.0.lock().unwrap().draw(content)
    }
    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.0.lock().unwrap().hide_cursor()
    }
    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.0.lock().unwrap().show_cursor()
    }
    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        panic!("a terminal on a link that stalls does not answer")
    }
    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.0.lock().unwrap().set_cursor_position(position)
    }
    fn clear(&mut self) -> Result<(), Infallible> {
        self.0.lock().unwrap().clear()
    }
    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), Infallible> {
        self.0.lock().unwrap().clear_region(clear_type)
    }
    fn size(&self) -> Result<Size, Infallible> {
        self.0.lock().unwrap().size()
    }
    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.0.lock().unwrap().window_size()
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Backend::flush(&mut *self.0.lock().unwrap())
    }
}

struct Seat {
    screen: Shared,
    inputs: mpsc::Sender<Input>,
    node: Arc<Recording>,
    running: JoinHandle<anyhow::Result<()>>,
    _dir: TempDir,
}

impl Seat {
    fn take() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let user = dir.path().join("config.toml");
        std::fs::write(&user, "[[nodes]]\nname = \"web-server\"\nhost = \"192.168.1.10\"\n").unwrap();
        let node = Arc::new(Recording::new().answering("podman stop", "redis\n"));
        let files = ConfigFiles { user, system: dir.path().join("none.toml") };
        let session = Parts {
            registry: Registry::new().change(Stop).unwrap(),
            local: node.clone(),
            remote: node.clone(),
            enrol: Arc::new(Nobody),
            host_keys: Arc::new(Nobody),
            config: ConfigStore::new(files, dir.path().to_owned()),
            journal: Arc::new(MemoryJournal::new()),
            controller: Controller { host_name: "myhost".to_owned(), address: "127.0.0.1".to_owned() },
            phrases: Arc::new(OnePhrase),
            model: None,
        }
        .open();
        let screen = Shared(Arc::new(Mutex::new(TestBackend::new(80, 24))));
        let (inputs, receiver) = mpsc::channel(256);
        let drawn_on = screen.clone();
        let running = tokio::spawn(async move {
            let mut terminal = Terminal::new(drawn_on)?;
            drive(&mut terminal, Theme::PLAIN, session, receiver, std::future::pending()).await
        });
        Self { screen, inputs, node, running, _dir: dir }
    }

    async fn press(&self, code: KeyCode, modifiers: KeyModifiers, at: Instant) {
        let event = TerminalEvent::Key(KeyEvent::new(code, modifiers));
        self.inputs.send(Input { event, at }).await.unwrap();
    }

    async fn say(&self, line: &str) {
        for c in line.chars() {
            self.press(KeyCode::Char(c), KeyModifiers::NONE, Instant::now()).await;
        }
        self.press(KeyCode::Enter, KeyModifiers::NONE, Instant::now()).await;
    }

    /// A key long after whatever is on the screen has appeared.
    async fn later(&self, c: char) {
        let at = Instant::now() + Duration::from_secs(60);
        self.press(KeyCode::Char(c), KeyModifiers::NONE, at).await;
    }

    async fn sees(&self, what: &str) {
        for _ in 0..1000 {
            if self.screen.text().contains(what) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what:?} does not appear:\n{}", self.screen.text());
    }

    /// The terminal goes away.
    async fn hang_up(self) -> Arc<Recording> {
        drop(self.inputs);
        self.running.await.unwrap().unwrap();
        self.node
    }
}

#[tokio::test]
async fn what_is_approved_runs_and_is_told() {
    let seat = Seat::take();
    seat.sees("1 node · no model").await;
    seat.say("stop redis on web-server").await;
    seat.sees("Approve this change?").await;
    seat.sees("1  podman stop redis").await;
    assert_eq!(seat.node.changes(), Vec::<String>::new());
    seat.later('y').await;
    seat.sees("done: stop the container redis").await;
    assert_eq!(seat.hang_up().await.changes(), ["podman stop redis"]);
}

#[tokio::test]
async fn what_is_denied_does_not_run() {
    let seat = Seat::take();
    seat.say("stop redis on web-server").await;
    seat.sees("Approve this change?").await;
    seat.later('n').await;
    seat.sees("you said no; nothing was run").await;
    seat.say("make tea").await;
    seat.sees("→ did you mean: stop redis on web-server").await;
    assert_eq!(seat.hang_up().await.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_typed_ahead_approves_nothing_and_leaving_means_no() {
    let seat = Seat::take();
    seat.say("stop redis on web-server").await;
    for _ in 0..3 {
        seat.press(KeyCode::Char('y'), KeyModifiers::NONE, Instant::now()).await;
    }
    seat.sees("Approve this change?").await;
    assert_eq!(seat.hang_up().await.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_terminal_that_does_not_answer_is_drawn_anew() {
    let seat = Seat::take();
    seat.sees("1 node · no model").await;
    seat.screen.0.lock().unwrap().clear().unwrap();
    assert!(!seat.screen.text().contains("no model"));
    seat.press(KeyCode::Char('l'), KeyModifiers::CONTROL, Instant::now()).await;
    seat.sees("1 node · no model").await;
    seat.hang_up().await;
}

#[tokio::test]
async fn control_c_stops_what_hangs() {
    let seat = Seat::take();
    seat.say("/adopt db-server 192.168.1.20").await;
    seat.sees("working").await;
    seat.press(KeyCode::Char('c'), KeyModifiers::CONTROL, Instant::now()).await;
    seat.sees("node.adopt  not started").await;
    seat.say("/quit").await;
    seat.running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_model_that_is_not_there_cannot_be_chosen() {
    let seat = Seat::take();
    seat.say("/model qwen3:8b").await;
    seat.sees("✗ no model is configured").await;
    seat.hang_up().await;
}
