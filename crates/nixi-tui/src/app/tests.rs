use super::*;
use nixi_core::{CallId, CallResult, ErrorKind, Presentation, Risk, Shape, StepStatus};

use crate::approval::tests::proposal;

const SIZE: Size = Size { width: 80, height: 24 };

pub(crate) fn app() -> App {
    let mut app = App::new(Theme::PLAIN, SIZE);
    app.update(Message::Fleet(Ok(vec!["web-server".to_owned(), "db-server".to_owned()])), Duration::ZERO);
    app
}

pub(crate) fn press(app: &mut App, code: KeyCode) -> Vec<Command> {
    let now = app.now;
    app.update(Message::Key(KeyEvent::new(code, KeyModifiers::NONE), now), now)
}

fn control(app: &mut App, c: char) -> Vec<Command> {
    let now = app.now;
    app.update(Message::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL), now), now)
}

pub(crate) fn type_in(app: &mut App, text: &str) {
    for c in text.chars() {
        assert!(press(app, KeyCode::Char(c)).is_empty());
    }
}

/// Types a line and sends it.
pub(crate) fn say(app: &mut App, line: &str) -> Vec<Command> {
    type_in(app, line);
    press(app, KeyCode::Enter)
}

fn pass(app: &mut App, ms: u64) {
    let now = app.now + Duration::from_millis(ms);
    app.update(Message::Tick, now);
}

fn heard(app: &mut App, event: Event) {
    let now = app.now;
    app.update(Message::Heard(event), now);
}

fn finished(app: &mut App, outcome: Outcome) -> Vec<Command> {
    let now = app.now;
    app.update(Message::Finished(Box::new(outcome)), now)
}

pub(crate) fn ask(app: &mut App, risk: Risk) {
    let now = app.now;
    app.update(Message::Asked(Box::new(proposal(risk))), now);
    app.update(Message::Drawn, now);
}

/// The call of an action on a node: here each is made once.
fn call_of(tool: &str, node: &str) -> CallId {
    let bytes = tool.bytes().chain([b' ']).chain(node.bytes());
    CallId::new(bytes.fold(0, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))))
}

/// That the call begins whose end is [`result`].
pub(crate) fn started(action: &str, node: &str) -> Event {
    let call = call_of(action, node);
    let (action, node, presentation) = (action.to_owned(), node.parse().unwrap(), presentation(action));
    Event::CallStarted { call, action, node, presentation }
}

/// As the cards of these actions have it.
fn presentation(action: &str) -> Presentation {
    match action.split_once('.') {
        Some(("node", "list")) => Presentation { shape: Shape::NodeTable, ..Presentation::OF_THE_CONTROLLER },
        Some(("node", _)) => Presentation::OF_THE_CONTROLLER,
        _ => Presentation::OF_A_NODE,
    }
}

pub(crate) fn result(tool: &str, node: &str, status: StepStatus, text: &str) -> CallResult {
    CallResult {
        status,
        text: (!text.is_empty()).then(|| text.to_owned()),
        ms: 41,
        presentation: presentation(tool),
        ..CallResult::new(call_of(tool, node), tool, node, serde_json::json!({}))
    }
}

pub(crate) fn shown(app: &App) -> String {
    app.transcript.lines_from(0).map(|line| line.to_string().trim_end().to_owned() + "\n").collect()
}

fn told(commands: &[Command]) -> String {
    format!("{commands:?}")
}

#[test]
fn words_become_a_request_and_only_one_at_a_time() {
    let mut app = app();
    let commands = say(&mut app, "show me system info");
    assert!(told(&commands).starts_with("[Perform(Ask { words: \"show me system info\""), "{commands:?}");
    assert!(app.prompt.is_empty());
    assert!(say(&mut app, "and more").is_empty());
    assert_eq!(app.prompt.text(), "and more");
    assert_eq!(app.aside.as_deref(), Some("still running the last request; Ctrl-C stops it"));
    finished(&mut app, Outcome::default());
    assert_eq!(press(&mut app, KeyCode::Enter).len(), 1);
}

#[test]
fn typed_commands_become_calls() {
    let mut app = app();
    assert!(told(&say(&mut app, "/nodes")).contains("node.list"));
    finished(&mut app, Outcome::default());
    assert!(told(&say(&mut app, "/remove web-server")).contains("node.remove"));
    finished(&mut app, Outcome::default());
    assert!(told(&say(&mut app, "/undo")).contains("Undo(None)"));
    finished(&mut app, Outcome::default());
    assert!(told(&say(&mut app, "/undo 12")).contains("Undo(Some(RequestId(12)))"));
    finished(&mut app, Outcome::default());
    assert!(say(&mut app, "/undo web").is_empty());
    assert!(shown(&app).contains("is not the number of a request"));
    app.prompt.clear();
    let adopt = told(&say(&mut app, "/adopt web 10.0.0.1"));
    assert!(adopt.contains("Adopt(AdoptRequest"), "{adopt}");
    assert!(say(&mut app, "/adopt other 10.0.0.2").is_empty(), "one at a time");
    app.prompt.clear();
    // In life it is on `local`, a name that only core can make.
    heard(&mut app, started("node.adopt", "web"));
    assert!(shown(&app).contains("node.adopt …"), "{}", shown(&app));
    let done = result("node.adopt", "web", StepStatus::Done, "adopted web");
    finished(&mut app, Outcome { results: vec![done], ..Outcome::default() });
    assert!(shown(&app).contains("adopted web") && !shown(&app).contains('…'), "{}", shown(&app));
    assert!(say(&mut app, "/adopt web 10.0.0.1 monitored").is_empty());
    assert!(shown(&app).contains("/adopt web 10.0.0.1 nixi monitored"));
    assert!(say(&mut app, "/nods").is_empty());
    assert!(shown(&app).contains("did you mean \"/nodes\""));
    assert!(told(&say(&mut app, "/model qwen3:8b")).contains("SwitchModel(\"qwen3:8b\")"));
    assert!(told(&say(&mut app, "/quit")).contains("Quit"));
}

#[test]
fn calls_take_the_place_of_what_was_begun() {
    let mut app = app();
    say(&mut app, "show me system info for web-server");
    for node in ["web-server", "db-server"] {
        heard(&mut app, started("system.info", node));
    }
    assert!(shown(&app).contains("web-server  system.info …"), "{}", shown(&app));
    let answers = [
        result("system.info", "db-server", StepStatus::Done, "NixOS of db"),
        result("system.info", "web-server", StepStatus::Done, "NixOS of web"),
    ];
    for answer in &answers {
        heard(&mut app, Event::CallEnded(Box::new(answer.clone())));
    }
    finished(&mut app, Outcome { results: answers.to_vec(), ..Outcome::default() });
    let text = shown(&app);
    assert_eq!(text.matches("NixOS of web").count(), 1, "{text}");
    assert!(text.find("NixOS of web") < text.find("NixOS of db"), "{text}");
    assert!(!text.contains('…'), "{text}");
}

#[test]
fn words_of_a_model_are_shown_once() {
    let mut app = app();
    say(&mut app, "hello");
    for words in ["Good ", "morning."] {
        heard(&mut app, Event::Said(words.to_owned()));
    }
    finished(&mut app, Outcome { answer: Some("Good morning.".to_owned()), ..Outcome::default() });
    assert_eq!(shown(&app).matches("Good morning.").count(), 1, "{}", shown(&app));
    say(&mut app, "hello");
    finished(&mut app, Outcome { answer: Some("Unsaid.".to_owned()), ..Outcome::default() });
    assert!(shown(&app).contains("Unsaid."));
}

#[test]
fn errors_are_shown_with_their_hints() {
    let mut app = app();
    say(&mut app, "make tea");
    let error = ErrorReport::new(ErrorKind::NotUnderstood, "the request was not understood").hint("try less");
    finished(&mut app, Outcome::error(error));
    assert!(shown(&app).contains("✗ the request was not understood\n    → try less"), "{}", shown(&app));
}

#[test]
fn a_broken_configuration_is_told() {
    let mut app = app();
    let error = ErrorReport::new(ErrorKind::Config, "line 3, column 1: unknown key");
    app.update(Message::Fleet(Err(error)), Duration::ZERO);
    assert!(shown(&app).contains("line 3, column 1"));
}

#[test]
fn y_approves_what_is_shown_and_nothing_typed_ahead_does() {
    let mut app = app();
    say(&mut app, "stop redis on web-server");
    type_in(&mut app, "y");
    ask(&mut app, Risk::Routine);
    assert!(press(&mut app, KeyCode::Char('y')).is_empty());
    pass(&mut app, 1000);
    app.update(Message::Paste("y".to_owned()), Duration::from_secs(1));
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    assert_eq!(told(&press(&mut app, KeyCode::Char('y'))), "[Approve(Ticket(1))]");
    assert!(app.approvals.is_empty());
    assert_eq!(app.prompt.text(), "y");
}

#[test]
fn every_way_out_of_a_question_is_a_no() {
    let all: [fn(&mut App) -> Vec<Command>; 5] = [
        |app| press(app, KeyCode::Char('n')),
        |app| press(app, KeyCode::Esc),
        |app| control(app, 'c'),
        |app| app.update(Message::Terminate, app.now),
        |app| finished(app, Outcome::default()),
    ];
    for way in all {
        let mut app = app();
        say(&mut app, "stop redis on web-server");
        ask(&mut app, Risk::Destructive);
        pass(&mut app, 1000);
        let commands = told(&way(&mut app));
        assert!(commands.contains("Deny(Ticket(1))") && !commands.contains("Approve"), "{commands}");
        assert!(app.approvals.is_empty());
    }
}

#[test]
fn a_destructive_plan_is_approved_by_the_word() {
    let mut app = app();
    say(&mut app, "remove redis on web-server");
    ask(&mut app, Risk::Destructive);
    pass(&mut app, 1000);
    assert!(press(&mut app, KeyCode::Char('y')).is_empty());
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    type_in(&mut app, "es");
    assert_eq!(told(&press(&mut app, KeyCode::Enter)), "[Approve(Ticket(1))]");
}

#[test]
fn control_c_stops_and_then_leaves() {
    let mut app = app();
    say(&mut app, "show me system info");
    assert_eq!(told(&control(&mut app, 'c')), "[Interrupt]");
    assert_eq!(told(&control(&mut app, 'c')), "[Quit]");
    finished(&mut app, Outcome::default());
    type_in(&mut app, "draft");
    assert!(control(&mut app, 'c').is_empty());
    assert!(app.prompt.is_empty());
    press(&mut app, KeyCode::Char('x'));
    press(&mut app, KeyCode::Backspace);
    assert!(control(&mut app, 'c').is_empty());
    assert_eq!(told(&control(&mut app, 'c')), "[Quit]");
}

#[test]
fn leaving_waits_for_what_runs() {
    let mut app = app();
    type_in(&mut app, "x");
    assert!(control(&mut app, 'd').is_empty());
    press(&mut app, KeyCode::Backspace);
    assert_eq!(told(&control(&mut app, 'd')), "[Quit]");
    say(&mut app, "show me system info");
    assert_eq!(told(&control(&mut app, 'd')), "[Interrupt]");
    assert_eq!(told(&finished(&mut app, Outcome::default())), "[Quit]");
}

#[test]
fn what_is_read_stays_while_more_comes() {
    let mut app = app();
    say(&mut app, "hello");
    (0..100).for_each(|n| heard(&mut app, Event::Notice(format!("notice {n}"))));
    press(&mut app, KeyCode::PageUp);
    let height = usize::from(view::areas(SIZE).transcript.height);
    let top = |app: &App| app.transcript.len() - height - app.scrolled;
    let before = top(&app);
    heard(&mut app, Event::Notice("one more".to_owned()));
    assert_eq!(top(&app), before);
    for _ in 0..100 {
        press(&mut app, KeyCode::PageUp);
    }
    assert_eq!(top(&app), 0);
    press(&mut app, KeyCode::PageDown);
    assert!(top(&app) > 0);
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.scrolled, 0);
}

#[test]
fn tab_says_what_could_follow() {
    let mut app = app();
    type_in(&mut app, "/");
    press(&mut app, KeyCode::Tab);
    assert!(app.aside.as_deref().unwrap().starts_with("/adopt  /nodes"));
    press(&mut app, KeyCode::Char('q'));
    assert_eq!(app.aside, None);
    press(&mut app, KeyCode::Tab);
    assert_eq!(app.prompt.text(), "/quit ");
}

#[test]
fn help_has_a_few_phrases_from_all_over() {
    let mut app = app();
    let phrases = vec!["list nodes", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "remove the x node"];
    let now = app.now;
    app.update(Message::Phrases(phrases), now);
    say(&mut app, "/help");
    assert!(shown(&app).contains("Some that need no model:"), "{}", shown(&app));
    assert!(shown(&app).contains("list nodes") && shown(&app).contains("    k"), "{}", shown(&app));
    assert!(!shown(&app).contains("remove the x node"), "{}", shown(&app));
}

#[test]
fn a_doubt_is_settled_by_a_number_and_withdrawn_by_ctrl_c() {
    let mut app = app();
    say(&mut app, "stop redis on web-server");
    let unclear = |app: &mut App| {
        let now = app.now;
        app.update(Message::Unclear(crate::doubt::tests::doubt()), now);
        app.update(Message::Drawn, now);
        pass(app, 1_000);
    };
    unclear(&mut app);
    assert!(app.update(Message::Paste("1".to_owned()), app.now).is_empty());
    assert!(app.prompt.is_empty(), "a paste answers nothing");
    assert_eq!(told(&press(&mut app, KeyCode::Char('2'))), "[Settle(Ticket(1), 1)]");
    assert!(app.doubt.is_none());
    unclear(&mut app);
    assert_eq!(told(&press(&mut app, KeyCode::Esc)), "[LeaveOpen(Ticket(1))]");
    unclear(&mut app);
    assert_eq!(told(&control(&mut app, 'c')), "[LeaveOpen(Ticket(1)), Interrupt]");
}
