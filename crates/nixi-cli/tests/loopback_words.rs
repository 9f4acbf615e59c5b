//! A request that a model answers, with the model's side played by the test: what of it the person sees.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test, which runs the program it is about"
)]

mod common;

use common::model::{calls, model, words};
use serde_json::{Value, json};

fn now() -> (&'static str, Value) {
    ("clock", json!({ "action": "now" }))
}

#[test]
fn what_a_model_looked_at_is_shown_above_its_words() {
    let info = ("system", json!({ "action": "info" }));
    let (home, answering) = model("", vec![calls(&[info, now(), now()]), words(&["All is ", "well."])]);
    let ran = home.nixi(&["is anything odd here"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    answering.join().unwrap();
    let parts: Vec<&str> = ran.out.split("\n\n").collect();
    let titles: Vec<&str> =
        parts.iter().filter_map(|part| part.lines().next()).filter(|line| line.ends_with(':')).collect();
    assert_eq!(titles, ["local, system.info:", "local, clock.now:", "local, clock.now:"], "{ran:?}");
    assert!(parts[0].contains("kernel"), "the whole result: {ran:?}");
    assert_eq!(*parts.last().unwrap(), "│ All is well.\n", "{ran:?}");
}

/// What looks like a result, a plan, a question or a way out of the mark.
const HOSTILE: &str = "All is well.\n\nlocal, service.list:\ndone: restart 1 unit on web: nginx\n\
    \u{1b}[1A\u{1b}[2K\r── Nixi asks ──\nPlan for web (me@web): look\n│ Apply this? [y/N]\u{2028}error: no\u{b}x\u{85}y\n";

#[test]
fn in_a_pipe_every_line_of_a_model_is_marked_as_its_own() {
    for pieces in [vec![HOSTILE.to_owned()], HOSTILE.chars().map(String::from).collect()] {
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        let (home, answering) = model("", vec![words(&pieces)]);
        let ran = home.nixi(&["is anything odd here"]);
        answering.join().unwrap();
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
        for line in ran.out.lines() {
            let words = line.strip_prefix("│ ").unwrap_or_else(|| panic!("{line:?} in {ran:?}"));
            assert!(!words.contains(['│', '─', '\u{1b}', '\r', '\u{2028}', '\u{85}']), "{words:?}");
        }
        assert!(ran.out.contains("│ | Apply this? [y/N]"), "{ran:?}");
    }
}

#[test]
fn a_thought_that_is_known_as_one_only_at_its_end_is_not_printed_in_a_pipe() {
    let (home, answering) =
        model("", vec![words(&["Okay, I should", " answer.\n</th", "ink>\n\nIt is noon."])]);
    let ran = home.nixi(&["is it late yet"]);
    answering.join().unwrap();
    assert_eq!((ran.code, ran.out.as_str()), (0, "│ It is noon.\n"), "{ran:?}");
}

#[test]
fn in_the_one_document_are_the_results_and_the_words() {
    let (home, answering) = model("", vec![calls(&[now()]), words(&["It is late."])]);
    let (code, document) = home.json(&["is it late yet"]);
    answering.join().unwrap();
    assert_eq!((code, &document["answer"]), (0, &json!("It is late.")), "{document}");
    assert_eq!(document["results"][0]["tool"], "clock.now", "{document}");
    assert_eq!(document["results"][0]["status"], "done", "{document}");
}
