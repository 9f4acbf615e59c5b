//! Reads of a model that reach out to places which no person named, and turns that ask for too much.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use nixi_core::recording::Recording;
use nixi_core::session::{Interpreters, Model, ModelCall, ModelCx};
use nixi_core::{ErrorReport, Op, Outcome, Refusal, Review, StepStatus};
use serde_json::json;

use super::bench::{Bench, CONFIG};

/// A model that makes these turns of calls, and answers with what it was told in the last one.
struct Turns(Vec<Vec<ModelCall>>, Arc<Mutex<Vec<Vec<String>>>>);

#[async_trait]
impl Model for Turns {
    fn name(&self) -> String {
        "turns".to_owned()
    }

    fn switch(&self, _: &str) -> Result<(), ErrorReport> {
        Ok(())
    }

    async fn answer(&self, _: &str, model_cx: &ModelCx<'_>) -> Result<String, ErrorReport> {
        for turn in &self.0 {
            let told = model_cx.call(turn.clone()).await;
            self.1.lock().unwrap().push(told);
        }
        Ok(String::new())
    }
}

fn echo(target: &str, node: &str) -> ModelCall {
    let serde_json::Value::Object(args) = json!({"action": "echo", "target": target, "node": node}) else {
        unreachable!()
    };
    ModelCall { tool: "probe".to_owned(), args }
}

fn name(node: &str) -> ModelCall {
    let serde_json::Value::Object(args) = json!({"action": "name", "node": node}) else { unreachable!() };
    ModelCall { tool: "probe".to_owned(), args }
}

pub(crate) struct Asked {
    pub(crate) outcome: Outcome,
    told: Vec<Vec<String>>,
    pub(crate) reviews: Vec<Review>,
}

/// What comes of these turns where the person answers each question like this.
pub(crate) async fn asked(words: &str, config: &str, turns: Vec<Vec<ModelCall>>, answers: &[bool]) -> Asked {
    let told = Arc::default();
    let model = Arc::new(Turns(turns, Arc::clone(&told)));
    let node = Recording::new().answering("uname -n", "web").answering("sudo -n -- touch", "");
    let mut bench = Bench::open(config, node, Some(model));
    let mut approver = bench.approver.take().unwrap();
    let mut reviews = Vec::new();
    let op = Op::Ask { words: words.to_owned(), interpreters: Interpreters::PhrasebookThenModel };
    let person = async {
        let mut answers = answers.iter();
        while let Some(pending) = approver.next().await {
            reviews.push(pending.review().clone());
            match answers.next() {
                Some(true) => pending.approve(),
                Some(false) => pending.deny(Refusal::Person),
                None => unreachable!("asked once more: {:?}", pending.review()),
            }
        }
    };
    let outcome = tokio::select! {
        outcome = bench.perform(op) => outcome,
        () = person => unreachable!("the session outlives its own call"),
    };
    let told = told.lock().unwrap().clone();
    Asked { outcome, told, reviews }
}

fn statuses(asked: &Asked) -> Vec<StepStatus> {
    asked.outcome.results.iter().map(|result| result.status).collect()
}

#[tokio::test]
async fn one_question_lists_all_places_of_a_turn() {
    let turn = vec![
        echo("a.example", "web"),
        echo("b.example", "watch"),
        name("web"),
        echo("a.example", "web,watch"),
    ];
    let asked = asked("look", CONFIG, vec![turn.clone(), turn], &[true]).await;
    let [review] = &asked.reviews[..] else { unreachable!("{:?}", asked.reviews) };
    assert_eq!(review.summary(), "reach out to a.example, b.example, which you did not name");
    assert_eq!((review.parts[0].node.as_str(), review.parts[0].address.as_str()), ("2 nodes", "watch, web"));
    assert_eq!(review.parts[0].steps.len(), 4, "{:?}", review.parts[0].steps);
    assert!(
        review.parts[0].steps[1].line.contains("b.example")
            && review.parts[0].steps[1].line.ends_with("on watch"),
        "{:?}",
        review.parts[0].steps
    );
    // The second turn asks for nothing that was not answered.
    assert_eq!(statuses(&asked), [StepStatus::Done; 10]);
}

#[tokio::test]
async fn a_question_about_many_places_names_a_few_and_counts_the_rest() {
    for (places, summary) in [
        (3, "reach out to p1.example, p2.example, p3.example, which you did not name"),
        (5, "reach out to p1.example, p2.example, p3.example and 2 more, which you did not name"),
    ] {
        let turn = (1..=places).map(|at| echo(&format!("p{at}.example"), "web")).collect();
        let asked = asked("look", CONFIG, vec![turn], &[true]).await;
        let [review] = &asked.reviews[..] else { unreachable!("{:?}", asked.reviews) };
        assert_eq!((review.summary().as_str(), review.parts[0].node.as_str()), (summary, "web"));
        assert!(review.parts[0].address.contains('@'), "{}", review.parts[0].address);
        let last = format!("p{places}.example");
        assert!(
            review.parts[0].steps.len() == places && review.parts[0].steps[places - 1].line.contains(&last),
            "{:?}",
            review.parts[0].steps
        );
    }
}

#[tokio::test]
async fn a_no_settles_all_of_its_kind() {
    let turns = vec![
        vec![echo("a.example", "web"), echo("b.example", "web"), name("web")],
        vec![echo("c.example", "watch")],
    ];
    let asked = asked("look", CONFIG, turns, &[false]).await;
    use StepStatus::{Declined, Done};
    assert_eq!(statuses(&asked), [Declined, Declined, Done, Declined]);
    assert!(asked.told[1][0].contains("you said no"), "{:?}", asked.told);
}

#[tokio::test]
async fn a_yes_is_for_what_was_shown_and_nothing_else() {
    let turns = vec![
        vec![echo("a.example", "web")],
        vec![echo("b.example", "web")],
        vec![echo("a.example", "watch")],
    ];
    let asked = asked("look", CONFIG, turns, &[true, false]).await;
    use StepStatus::{Declined, Done};
    assert_eq!((statuses(&asked), asked.reviews.len()), (vec![Done, Declined, Declined], 2));
}

#[tokio::test]
async fn a_place_that_the_person_named_and_a_node_are_not_asked_about() {
    let turns = vec![vec![echo("a.example", "web"), echo("192.0.2.2", "web")]];
    let asked = asked("does a.example answer?", CONFIG, turns, &[]).await;
    assert_eq!(statuses(&asked), [StepStatus::Done; 2]);
}

/// A fleet of so many nodes.
fn fleet(nodes: usize) -> String {
    (0..nodes)
        .map(|at| format!("[[nodes]]\nname = \"n{at}\"\nhost = \"192.0.{}.{}\"\n", at / 250, at % 250 + 1))
        .collect()
}

#[tokio::test]
async fn what_many_nodes_say_alike_is_told_once() {
    let asked = asked("look", &fleet(300), vec![vec![name("n*")]], &[]).await;
    let told: serde_json::Value = serde_json::from_str(&asked.told[0][0]).unwrap();
    assert_eq!(told, json!({"nodes": "n[0-299]", "status": "done", "output": "called web"}));
}

#[tokio::test]
async fn a_turn_has_so_many_results_and_says_what_was_not_run() {
    let turn: Vec<ModelCall> = (0..64).map(|_| name("n*")).collect();
    let asked = asked("look", &fleet(100), vec![turn], &[]).await;
    let [told] = &asked.told[..] else { unreachable!("{:?}", asked.told) };
    let ran = |reply: &&String| reply.contains("\"done\"");
    assert_eq!(
        (told.len(), told.iter().take_while(ran).count(), told.iter().filter(ran).count()),
        (64, 20, 20)
    );
    assert!(told[20].contains("at most 2048 results") && told[20].contains("not_started"), "{}", told[20]);
    assert_eq!(asked.outcome.results.len(), 2000);
}
