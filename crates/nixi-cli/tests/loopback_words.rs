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
    assert_eq!(*parts.last().unwrap(), "All is well.\n", "{ran:?}");
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
