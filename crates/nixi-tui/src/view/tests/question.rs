//! The question before a change, as it is drawn.

use super::*;

#[test]
fn a_routine_question() {
    let mut app = app();
    say(&mut app, "stop redis on web-server");
    ask(&mut app, Risk::Routine);
    insta::assert_snapshot!(text(&screen(&mut app, 80, 24)), @r#"
    "                                                                                "
    "  A change is shown to you first, and runs only if you approve it.              "
    "                                                                                "
    "  › stop redis on web-server                                                    "
    "                                                                                "
    "╭ Approve this change? ────────────────────────────────────────────────────────╮"
    "│                                                                              │"
    "│  stop the container redis                                                    │"
    "│                                                                              │"
    "│  node      web-server  nixi@192.168.1.10                                     │"
    "│  host key  SHA256:AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKK                │"
    "│  action    container.stop                                                    │"
    "│  asked by  you                                                               │"
    "│  risk      routine                                                           │"
    "│                                                                              │"
    "│  This will run:                                                              │"
    "│    1  podman stop redis                                                      │"
    "│                                                                              │"
    "│  Runs only while this holds:                                                 │"
    "│    · redis is still the container 4b1f00c0ffee                               │"
    "│                                                                              │"
    "│  y approve   n deny                                                          │"
    "╰──────────────────────────────────────────────────────────────────────────────╯"
    " 2 nodes · no model                no answer means no · Ctrl-C denies and stops "
    "#);
}

#[test]
fn a_question_shows_the_way_where_it_is_another_than_the_address() {
    let mut app = app();
    let mut proposal = proposal(Risk::Routine);
    proposal.parts[0].route = Some("nixi@192.0.2.7 (web.lan), by way of ops@192.0.2.1 (gate)".to_owned());
    app.update(Message::Asked(Box::new(proposal)), Duration::ZERO);
    let shown = text(&screen(&mut app, 80, 24));
    assert!(
        shown.contains("│  route     nixi@192.0.2.7 (web.lan), by way of ops@192.0.2.1 (gate) "),
        "{shown}"
    );
}

#[test]
fn several_changes_are_one_question() {
    let mut app = app();
    let mut whole = proposal(Risk::Routine);
    let mut restart = whole.parts[0].clone();
    restart.action = "service.restart".to_owned();
    restart.node = "db-server".to_owned();
    restart.address = "nixi@192.168.1.20".to_owned();
    restart.summary = "restart 1 unit on db-server: nginx.service".to_owned();
    restart.steps = vec![StepView::of_line("systemctl restart -- nginx.service")];
    restart.expects.clear();
    whole.summary = "2 changes on 2 nodes".to_owned();
    whole.left_out = vec!["left out: container.stop on eye: eye is monitored".to_owned()];
    whole.parts.push(restart);
    app.update(Message::Asked(Box::new(whole)), Duration::ZERO);
    insta::assert_snapshot!(text(&screen(&mut app, 80, 34)), @r#"
    "    /adopt web-server 192.168.1.10                                              "
    "                                                                                "
    "  A change is shown to you first, and runs only if you approve it.              "
    "                                                                                "
    "╭ Approve these changes? ──────────────────────────────────────────────────────╮"
    "│                                                                              │"
    "│  2 changes on 2 nodes                                                        │"
    "│                                                                              │"
    "│  asked by  you                                                               │"
    "│  risk      routine                                                           │"
    "│  ! left out: container.stop on eye: eye is monitored                         │"
    "│                                                                              │"
    "│  1. stop the container redis                                                 │"
    "│  node      web-server  nixi@192.168.1.10                                     │"
    "│  host key  SHA256:AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKK                │"
    "│  action    container.stop                                                    │"
    "│  risk      routine                                                           │"
    "│  This will run:                                                              │"
    "│    1  podman stop redis                                                      │"
    "│                                                                              │"
    "│  Runs only while this holds:                                                 │"
    "│    · redis is still the container 4b1f00c0ffee                               │"
    "│                                                                              │"
    "│  2. restart 1 unit on db-server: nginx.service                               │"
    "│  node      db-server  nixi@192.168.1.20                                      │"
    "│  host key  SHA256:AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKK                │"
    "│  action    service.restart                                                   │"
    "│  risk      routine                                                           │"
    "│  This will run:                                                              │"
    "│    1  systemctl restart -- nginx.service                                     │"
    "│                                                                              │"
    "│  y approve all   n deny all   1 2 keep one alone                             │"
    "╰──────────────────────────────────────────────────────────────────────────────╯"
    " 2 nodes · no model                no answer means no · Ctrl-C denies and stops "
    "#);
    app.update(Message::Tick, Duration::from_secs(1));
    assert!(press(&mut app, KeyCode::Char('2')).is_empty());
    insta::assert_snapshot!(text(&screen(&mut app, 80, 24)), @r#"
    "                                                                                "
    "  A change is shown to you first, and runs only if you approve it.              "
    "                                                                                "
    "╭ Approve these changes? ──────────────────────────────────────────────────────╮"
    "│                                                                              │"
    "│  2 changes on 2 nodes                                                        │"
    "│                                                                              │"
    "│  asked by  you                                                               │"
    "│  risk      routine                                                           │"
    "│  ! left out: container.stop on eye: eye is monitored                         │"
    "│                                                                              │"
    "│  1. (you leave this out) stop the container redis                            │"
    "│                                                                              │"
    "│  2. restart 1 unit on db-server: nginx.service                               │"
    "│  node      db-server  nixi@192.168.1.20                                      │"
    "│  host key  SHA256:AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKK                │"
    "│  action    service.restart                                                   │"
    "│  risk      routine                                                           │"
    "│  This will run:                                                              │"
    "│    1  systemctl restart -- nginx.service                                     │"
    "│                                                                              │"
    "│  Enter show these alone   n deny all                                         │"
    "╰──────────────────────────────────────────────────────────────────────────────╯"
    " 2 nodes · no model                no answer means no · Ctrl-C denies and stops "
    "#);
    assert_eq!(format!("{:?}", press(&mut app, KeyCode::Enter)), "[Keep(Ticket(1), [1])]");
}

#[test]
fn a_destructive_question_of_a_model() {
    let mut app = app();
    say(&mut app, "clean up web-server");
    let mut proposal = proposal(Risk::Destructive);
    proposal.origin = Origin::Model;
    proposal.summary = "remove the containers redis and cache".to_owned();
    proposal.parts[0].summary = proposal.summary.clone();
    proposal.parts[0].warnings = vec!["redis runs, and is stopped first".to_owned()];
    proposal.parts[0].steps = [
        "podman rm --force 4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f",
        "podman rm --force 99aa00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f",
    ]
    .map(StepView::of_line)
    .to_vec();
    app.update(Message::Asked(Box::new(proposal)), Duration::ZERO);
    let terminal = screen(&mut app, 80, 24);
    insta::assert_snapshot!(text(&terminal), @r#"
    "╭ Approve this DESTRUCTIVE change? ────────────────────────────────────────────╮"
    "│                                                                              │"
    "│  remove the containers redis and cache                                       │"
    "│                                                                              │"
    "│  node      web-server  nixi@192.168.1.10                                     │"
    "│  host key  SHA256:AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKK                │"
    "│  action    container.stop                                                    │"
    "│  asked by  a model, from your words                                          │"
    "│  risk      DESTRUCTIVE: it can lose data, or cut the node off                │"
    "│                                                                              │"
    "│  These will run, one after the other:                                        │"
    "│    1  podman rm --force                                                      │"
    "│       4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f       │"
    "│    2  podman rm --force                                                      │"
    "│       99aa00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f       │"
    "│                                                                              │"
    "│  ! redis runs, and is stopped first                                          │"
    "│                                                                              │"
    "│  Runs only while this holds:                                                 │"
    "│    · redis is still the container 4b1f00c0ffee                               │"
    "│                                                                              │"
    "│  type yes and Enter to approve, n to deny:                                   │"
    "╰──────────────────────────────────────────────────────────────────────────────╯"
    " 2 nodes · no model                no answer means no · Ctrl-C denies and stops "
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
    "  › clean up web-server                                                                                                 "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "                                                                                                                        "
    "╭ Approve this DESTRUCTIVE change? ────────────────────────────────────────────────────────────────────────────────────╮"
    "│                                                                                                                      │"
    "│  remove the containers redis and cache                                                                               │"
    "│                                                                                                                      │"
    "│  node      web-server  nixi@192.168.1.10                                                                             │"
    "│  host key  SHA256:AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKK                                                        │"
    "│  action    container.stop                                                                                            │"
    "│  asked by  a model, from your words                                                                                  │"
    "│  risk      DESTRUCTIVE: it can lose data, or cut the node off                                                        │"
    "│                                                                                                                      │"
    "│  These will run, one after the other:                                                                                │"
    "│    1  podman rm --force 4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f                             │"
    "│    2  podman rm --force 99aa00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f00c0ffee4b1f                             │"
    "│                                                                                                                      │"
    "│  ! redis runs, and is stopped first                                                                                  │"
    "│                                                                                                                      │"
    "│  Runs only while this holds:                                                                                         │"
    "│    · redis is still the container 4b1f00c0ffee                                                                       │"
    "│                                                                                                                      │"
    "│  type yes and Enter to approve, n to deny:                                                                           │"
    "╰──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────╯"
    " 2 nodes · no model                                                        no answer means no · Ctrl-C denies and stops "
    "#);
}

#[test]
fn a_long_plan_says_that_there_is_more() {
    let mut app = app();
    say(&mut app, "stop all");
    let mut proposal = proposal(Risk::Routine);
    proposal.parts[0].steps =
        (0..40).map(|n| StepView::of_line(&format!("podman stop container-{n}"))).collect();
    app.update(Message::Asked(Box::new(proposal)), Duration::ZERO);
    let shown = text(&screen(&mut app, 80, 24));
    assert!(shown.contains("↓ 34 more") && shown.contains("read on, to the end"), "{shown}");
    app.update(Message::Tick, Duration::from_secs(1));
    let mut seen = shown;
    for _ in 0..5 {
        press(&mut app, KeyCode::PageDown);
        seen.push_str(&text(&screen(&mut app, 80, 24)));
    }
    for n in 0..40 {
        assert!(seen.contains(&format!("podman stop container-{n} ")), "{n}: {seen}");
    }
    assert!(seen.contains("y approve"), "{seen}");
}

/// Ten thousand steps are laid out once and not at every key; with each row, the question stays in sight and says what it is about.
#[test]
fn a_plan_of_thousands_says_what_it_is_about_all_the_while() {
    for (width, height) in [(80, 24), (40, 12), (20, 8)] {
        let mut app = app();
        let mut proposal = proposal(Risk::Destructive);
        proposal.origin = Origin::Model;
        proposal.parts[0].steps =
            (0..10_000).map(|n| StepView::of_line(&format!("podman rm container-{n}"))).collect();
        app.update(Message::Asked(Box::new(proposal)), Duration::ZERO);
        app.update(Message::Tick, Duration::from_secs(1));
        for page in 0..40 {
            let shown = text(&screen(&mut app, width, height));
            let words: String = shown.replace(['"', '│', '\n'], " ");
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains("10000 steps on web-server"), "page {page}: {shown}");
            assert!(words.contains("DESTRUCTIVE, asked by a model"), "page {page}: {shown}");
            press(&mut app, KeyCode::PageDown);
        }
    }
}

#[test]
fn a_plan_that_is_all_in_sight_is_not_told_again() {
    let mut app = app();
    ask(&mut app, Risk::Routine);
    let shown = text(&screen(&mut app, 80, 40));
    assert!(!shown.contains("1 step on"), "{shown}");
}

/// A file is shown whole, however long it is, and no line of it looks like a step.
#[test]
fn a_file_that_changes_is_shown_below_its_step() {
    let mut app = app();
    app.theme = Theme::COLOURED;
    say(&mut app, "write it");
    let mut proposal = proposal(Risk::Routine);
    let diff = Diff::between(
        b"one\ntwo\n",
        b"one\n   2  podman rm everything, and more of it than fits on this row\ntwo",
    );
    proposal.parts[0].steps = vec![StepView::of_line("put file /srv/web/a").with_diff(diff)];
    app.update(Message::Asked(Box::new(proposal)), Duration::ZERO);
    let terminal = screen(&mut app, 60, 28);
    insta::assert_snapshot!(text(&terminal), @r#"
    "╭ Approve this change? ────────────────────────────────────╮"
    "│                                                          │"
    "│  stop the container redis                                │"
    "│                                                          │"
    "│  node      web-server  nixi@192.168.1.10                 │"
    "│  host key  SHA256:AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJ  │"
    "│            JJJKKK                                        │"
    "│  action    container.stop                                │"
    "│  asked by  you                                           │"
    "│  risk      routine                                       │"
    "│                                                          │"
    "│  This will run:                                          │"
    "│    1  put file /srv/web/a                                │"
    "│       │ 2 lines added, 1 removed                         │"
    "│       │ @@ -1,2 +1,3 @@                                  │"
    "│       │  one                                             │"
    "│       │ -two                                             │"
    "│       │ +   2  podman rm everything, and more of it      │"
    "│       ┊ than fits on this row                            │"
    "│       │ +two                                             │"
    "│       │ \ no newline at the end of the file              │"
    "│                                                          │"
    "│  Runs only while this holds:                             │"
    "│    · redis is still the container 4b1f00c0ffee           │"
    "│                                                          │"
    "│  y approve   n deny                                      │"
    "╰──────────────────────────────────────────────────────────╯"
    " 2 nodes · no model                                         "
    "#);
    let buffer = terminal.backend().buffer();
    let colour = |words: &str| {
        let cell = buffer
            .content()
            .windows(words.len())
            .find(|cells| cells.iter().map(|cell| cell.symbol()).collect::<String>() == words);
        cell.unwrap()[0].fg
    };
    assert_eq!((colour("-two"), colour("+two")), (Color::Red, Color::Green));
}
