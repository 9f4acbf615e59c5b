mod question;

use super::*;
use std::time::Duration;

use nixi_core::fleet::{NodeRow, NodeStatus};
use nixi_core::{
    Diff, ErrorKind, ErrorReport, Event, Mode, Origin, Outcome, Risk, StepStatus, StepView, Unreachable,
};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::KeyCode;
use ratatui::style::{Color, Modifier};

use crate::app::Message;
use crate::app::tests::{app, ask, press, result, say, started, type_in};
use crate::approval::tests::proposal;
use crate::theme::Theme;

fn screen(app: &mut App, width: u16, height: u16) -> Terminal<TestBackend> {
    let now = app.now;
    app.update(Message::Resize(Size { width, height }), now);
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, app)).unwrap();
    app.update(Message::Drawn, now);
    terminal.draw(|frame| draw(frame, app)).unwrap();
    terminal
}

fn text(terminal: &Terminal<TestBackend>) -> String {
    terminal.backend().to_string()
}

fn hear(app: &mut App, event: Event) {
    let now = app.now;
    app.update(Message::Heard(event), now);
}

fn row(name: &str, host: &str, mode: Mode, status: NodeStatus) -> NodeRow {
    let local = name == "myhost";
    NodeRow {
        name: name.to_owned(),
        host: host.to_owned(),
        port: (!local).then_some(22),
        user: (!local).then(|| "nixi".to_owned()),
        mode,
        local,
        status,
        reason: (status == NodeStatus::Unreachable).then_some(Unreachable::Timeout),
        detail: (status == NodeStatus::Unreachable).then(|| "no answer within 10 s".to_owned()),
        hint: None,
        ms: Some(3),
    }
}

fn listing() -> App {
    let mut app = app();
    say(&mut app, "/nodes");
    // In life it is `local`, a name that only core can make; for node.* none is shown.
    hear(&mut app, started("node.list", "web-server"));
    for row in [
        row("db-server", "192.168.1.20", Mode::Managed, NodeStatus::Online),
        row("myhost", "192.168.1.5", Mode::Managed, NodeStatus::Online),
        row("web-server", "192.168.1.10", Mode::Managed, NodeStatus::Online),
    ] {
        hear(&mut app, Event::Node(Box::new(row)));
    }
    app
}

#[test]
fn welcome() {
    let terminal = screen(&mut app(), 80, 24);
    insta::assert_snapshot!(text(&terminal), @r#"
    "                                                                                "
    "  Nixi  many NixOS machines, one place                                          "
    "                                                                                "
    "  Say what you want to know or to have done. For example:                       "
    "                                                                                "
    "    show me system info                                                         "
    "    list containers on db-server                                                "
    "    /adopt web-server 192.168.1.10                                              "
    "                                                                                "
    "  A change is shown to you first, and runs only if you approve it.              "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "                                                                                "
    "╭──────────────────────────────────────────────────────────────────────────────╮"
    "│ › ask for something, or /help                                                │"
    "╰──────────────────────────────────────────────────────────────────────────────╯"
    " 2 nodes · no model                        Tab completes · PgUp scrolls · /help "
    "#);
}

#[test]
fn nodes_appear_and_are_put_in_order() {
    let mut app = listing();
    insta::assert_snapshot!(text(&screen(&mut app, 80, 24)), @r#"
    "                                                                                "
    "  Nixi  many NixOS machines, one place                                          "
    "                                                                                "
    "  Say what you want to know or to have done. For example:                       "
    "                                                                                "
    "    show me system info                                                         "
    "    list containers on db-server                                                "
    "    /adopt web-server 192.168.1.10                                              "
    "                                                                                "
    "  A change is shown to you first, and runs only if you approve it.              "
    "                                                                                "
    "  › /nodes                                                                      "
    "                                                                                "
    "  ⠋ node.list …                                                                 "
    "    NAME            HOST          USER  MODE     STATUS                         "
    "    myhost (local)  192.168.1.5   -     managed  online                         "
    "    db-server       192.168.1.20  nixi  managed  online                         "
    "    web-server      192.168.1.10  nixi  managed  online                         "
    "                                                                                "
    "                                                                                "
    "╭ ⠋ working 0 s · Ctrl-C stops ────────────────────────────────────────────────╮"
    "│ › ask for something, or /help                                                │"
    "╰──────────────────────────────────────────────────────────────────────────────╯"
    " 2 nodes · no model                        Tab completes · PgUp scrolls · /help "
    "#);
    hear(
        &mut app,
        Event::Node(Box::new(row("monitoring", "192.168.1.30", Mode::Monitored, NodeStatus::Unreachable))),
    );
    let mut end = result("node.list", "web-server", StepStatus::Done, "the table");
    end.data = Some(serde_json::json!({"nodes": [
        {"name": "myhost"}, {"name": "web-server"}, {"name": "db-server"}, {"name": "monitoring"}]}));
    hear(&mut app, Event::CallEnded(Box::new(end.clone())));
    let now = app.now;
    app.update(Message::Finished(Box::new(Outcome { results: vec![end], ..Outcome::default() })), now);
    insta::assert_snapshot!(text(&screen(&mut app, 80, 24)), @r#"
    "                                                                                "
    "  Say what you want to know or to have done. For example:                       "
    "                                                                                "
    "    show me system info                                                         "
    "    list containers on db-server                                                "
    "    /adopt web-server 192.168.1.10                                              "
    "                                                                                "
    "  A change is shown to you first, and runs only if you approve it.              "
    "                                                                                "
    "  › /nodes                                                                      "
    "                                                                                "
    "  ✓ node.list  41 ms                                                            "
    "    NAME            HOST          USER  MODE       STATUS                       "
    "    myhost (local)  192.168.1.5   -     managed    online                       "
    "    web-server      192.168.1.10  nixi  managed    online                       "
    "    db-server       192.168.1.20  nixi  managed    online                       "
    "    monitoring      192.168.1.30  nixi  monitored  unreachable (timeout)        "
    "                                                                                "
    "    monitoring: no answer within 10 s                                           "
    "                                                                                "
    "╭──────────────────────────────────────────────────────────────────────────────╮"
    "│ › ask for something, or /help                                                │"
    "╰──────────────────────────────────────────────────────────────────────────────╯"
    " 2 nodes · no model                        Tab completes · PgUp scrolls · /help "
    "#);
}

#[test]
fn a_conversation() {
    let mut app = app();
    app.model = Some("qwen3:30b-a3b".to_owned());
    say(&mut app, "is the disk of web-server full?");
    hear(&mut app, Event::Said("I will look at the disks of web-server first.".to_owned()));
    hear(&mut app, started("system.resources", "web-server"));
    let answer = result(
        "system.resources",
        "web-server",
        StepStatus::Done,
        "disk /     81 % of 40 GiB\ndisk /srv  12 % of 1 TiB",
    );
    hear(&mut app, Event::CallEnded(Box::new(answer)));
    hear(
        &mut app,
        Event::Said("No: the root disk is four fifths full, and /srv is nearly empty. ".to_owned()),
    );
    let mut lost = result("service.restart", "db-server", StepStatus::Unknown, "");
    lost.ms = 12_345;
    lost.error = Some(
        ErrorReport::new(ErrorKind::Lost, "the connection was lost while the command ran: reset by peer")
            .hint("look at the service before you try again"),
    );
    hear(&mut app, Event::CallEnded(Box::new(lost)));
    type_in(&mut app, "and now");
    insta::assert_snapshot!(text(&screen(&mut app, 80, 24)), @r#"
    "    show me system info                                                         "
    "    list containers on db-server                                                "
    "    /adopt web-server 192.168.1.10                                              "
    "                                                                                "
    "  A change is shown to you first, and runs only if you approve it.              "
    "                                                                                "
    "  › is the disk of web-server full?                                             "
    "                                                                                "
    "  │ I will look at the disks of web-server first.                               "
    "                                                                                "
    "  ✓ web-server  system.resources  41 ms                                         "
    "    disk /     81 % of 40 GiB                                                   "
    "    disk /srv  12 % of 1 TiB                                                    "
    "                                                                                "
    "  │ No: the root disk is four fifths full, and /srv is nearly empty.            "
    "                                                                                "
    "  ? db-server  service.restart  outcome unknown  12.3 s                         "
    "    the connection was lost while the command ran: reset by peer                "
    "    → look at the service before you try again                                  "
    "                                                                                "
    "╭ ⠋ working 0 s · Ctrl-C stops ────────────────────────────────────────────────╮"
    "│ › and now                                                                    │"
    "╰──────────────────────────────────────────────────────────────────────────────╯"
    " 2 nodes · qwen3:30b-a3b                   Tab completes · PgUp scrolls · /help "
    "#);
    insta::assert_snapshot!(text(&screen(&mut app, 120, 40)), @r#"
    "                                                                                                                        "
    "  Nixi  many NixOS machines, one place                                                                                  "
    "                                                                                                                        "
    "  Say what you want to know or to have done. For example:                                                               "
    "                                                                                                                        "
    "    show me system info                                                                                                 "
    "    list containers on db-server                                                                                        "
    "    /adopt web-server 192.168.1.10                                                                                      "
    "                                                                                                                        "
    "  A change is shown to you first, and runs only if you approve it.                                                      "
    "                                                                                                                        "
    "  › is the disk of web-server full?                                                                                     "
    "                                                                                                                        "
    "  │ I will look at the disks of web-server first.                                                                       "
    "                                                                                                                        "
    "  ✓ web-server  system.resources  41 ms                                                                                 "
    "    disk /     81 % of 40 GiB                                                                                           "
    "    disk /srv  12 % of 1 TiB                                                                                            "
    "                                                                                                                        "
    "  │ No: the root disk is four fifths full, and /srv is nearly empty.                                                    "
    "                                                                                                                        "
    "  ? db-server  service.restart  outcome unknown  12.3 s                                                                 "
    "    the connection was lost while the command ran: reset by peer                                                        "
    "    → look at the service before you try again                                                                          "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "╭ ⠋ working 0 s · Ctrl-C stops ────────────────────────────────────────────────────────────────────────────────────────╮"
    "│ › and now                                                                                                            │"
    "╰──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────╯"
    " 2 nodes · qwen3:30b-a3b                                                           Tab completes · PgUp scrolls · /help "
    "#);
}

#[test]
fn help() {
    let mut app = app();
    say(&mut app, "/help");
    insta::assert_snapshot!(text(&screen(&mut app, 80, 24)), @r#"
    "                                                                                "
    "  A change is shown to you first, and runs only if you approve it.              "
    "                                                                                "
    "  › /help                                                                       "
    "                                                                                "
    "  /adopt <name> <host> [user] [mode]  add a node (user nixi, mode managed)      "
    "  /nodes                              list the nodes, and whether they answer   "
    "  /remove <name>                      remove a node from the configuration      "
    "  /undo [number]                      take back what a request did              "
    "  /model [name]                       which model answers, or another           "
    "  /help                               this list                                 "
    "  /quit                               leave                                     "
    "                                                                                "
    "  Tab                                 completes commands and names of nodes     "
    "  Up, Down                            what you typed before                     "
    "  PgUp, PgDn                          scroll                                    "
    "  Ctrl-C                              stops what runs; twice, leaves            "
    "                                                                                "
    "  Everything else is a request in words.                                        "
    "                                                                                "
    "╭──────────────────────────────────────────────────────────────────────────────╮"
    "│ › ask for something, or /help                                                │"
    "╰──────────────────────────────────────────────────────────────────────────────╯"
    " 2 nodes · no model                        Tab completes · PgUp scrolls · /help "
    "#);
}

#[test]
fn colour_says_nothing_alone_and_can_be_off() {
    for (theme, coloured) in [(Theme::COLOURED, true), (Theme::PLAIN, false)] {
        let mut app = App::new(theme, Size { width: 80, height: 24 });
        ask(&mut app, Risk::Destructive);
        let terminal = screen(&mut app, 80, 24);
        let buffer = terminal.backend().buffer();
        let red = buffer.content().iter().filter(|cell| cell.fg == Color::Red).count();
        assert_eq!(red > 0, coloured);
        assert!(buffer.content().iter().any(|cell| cell.modifier.contains(Modifier::BOLD)));
        assert!(text(&terminal).contains("DESTRUCTIVE"));
    }
}

/// A screen with everything on it.
fn full() -> App {
    let mut app = listing();
    hear(&mut app, Event::Said("日本語 and words that are long enough to be wrapped somewhere".to_owned()));
    hear(
        &mut app,
        Event::CallEnded(Box::new(result("log.query", "web-server", StepStatus::Failed, "a\n\nb"))),
    );
    type_in(&mut app, "日本語 and some more words in the line");
    app
}

#[test]
fn no_size_is_too_small() {
    for question in [None, Some(Risk::Routine), Some(Risk::Destructive)] {
        let mut app = full();
        question.into_iter().for_each(|risk| ask(&mut app, risk));
        for width in (1..30).chain([60, 200]) {
            for height in (1..14).chain([60]) {
                screen(&mut app, width, height);
            }
        }
    }
}

#[test]
fn at_twenty_by_five_one_can_still_read_and_say_no() {
    let mut app = full();
    ask(&mut app, Risk::Routine);
    let shown = text(&screen(&mut app, 20, 5));
    insta::assert_snapshot!(shown, @r#"
    "stop the container  "
    "redis               "
    "                    "
    "node: web-server    "
    "↓ PgDn read on, to t"
    "#);
    app.update(Message::Tick, Duration::from_secs(1));
    assert!(press(&mut app, KeyCode::Char('y')).is_empty());
    for _ in 0..40 {
        press(&mut app, KeyCode::Down);
        screen(&mut app, 20, 5);
    }
    assert_eq!(format!("{:?}", press(&mut app, KeyCode::Char('y'))), "[Approve(Ticket(1))]");
}

proptest! {
    #[test]
    fn nothing_a_terminal_obeys_is_drawn(words in any::<String>(), width in 1u16..100, height in 1u16..30) {
        let mut app = app();
        say(&mut app, "x");
        hear(&mut app, Event::Said(words.clone()));
        hear(&mut app, Event::CallEnded(Box::new(result(&words, &words, StepStatus::Done, &words))));
        app.update(Message::Paste(words.clone()), Duration::ZERO);
        let mut hostile = proposal(Risk::Routine);
        hostile.parts[0].steps[0].line = words.clone();
        hostile.left_out = vec![words.clone()];
        hostile.parts.push(hostile.parts[0].clone());
        hostile.summary = words;
        for cover in [false, true] {
            if cover {
                app.update(Message::Asked(Box::new(hostile.clone())), Duration::ZERO);
            }
            let terminal = screen(&mut app, width, height);
            for cell in terminal.backend().buffer().content() {
                prop_assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
            }
        }
    }
}
