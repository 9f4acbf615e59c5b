//! A model of other people's making, and whole machines: what it plans is one review, which a person decides.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test that cannot go on should fail there and then"
)]

mod controller;

use nixi::core::session::Interpreters;
use nixi::core::{ApproverHandle, Asker, ErrorKind, Intent, Op, Origin, Outcome, Refusal, StepStatus};
use nixi_lab::{Image, Lab, LabBuilder, Llmock, Machine, MachineSpec};
use serde_json::json;

const NGINX: &str = "systemd.services.nginx = { wantedBy = [ \"multi-user.target\" ]; serviceConfig = { Type = \"oneshot\"; \
                     RemainAfterExit = true; ExecStart = \"/bin/sh -c 'echo started >>/run/nginx'\"; }; };";
const WORDS: &str =
    "the caches over there are no good, my friend: away with them, and let the database's proxy begin afresh";

struct House {
    lab: Lab,
    llmock: Llmock,
    asker: Asker,
    approver: ApproverHandle,
    _folder: tempfile::TempDir,
}

/// Nothing where llmock is not installed, and that is said.
fn house() -> Option<House> {
    if !Llmock::is_installed() {
        eprintln!("NOT RUN: it needs llmock; `cargo xtask test` brings it");
        return None;
    }
    let specs = ["web-server", "db-server", "monitoring"].map(|name| MachineSpec::new(name).options(NGINX));
    let lab = specs.into_iter().fold(Lab::builder(), LabBuilder::machine).up().unwrap();
    lab.machines().iter().for_each(|machine| machine.wait_until_booted().unwrap());
    let web = lab.machine("web-server");
    web.import(Image::Sleeper).unwrap();
    for name in ["redis", "cache"] {
        web.run(Image::Sleeper, name).unwrap();
    }
    let (llmock, folder) = (Llmock::start().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("known_hosts"), lab.known_hosts().unwrap()).unwrap();
    let mode = |machine: &Machine| if machine.name() == "monitoring" { "monitored" } else { "managed" };
    let text = format!("[llm]\nbase_url = {:?}\nmodel = \"mock\"\n\n{}", llmock.base_url(), lab.config(mode));
    let (asker, approver) = controller::open(&folder, &text, nixi::tools::registry().unwrap());
    Some(House { lab, llmock, asker, approver, _folder: folder })
}

impl House {
    /// The model calls for three changes in one reply.
    fn model_plans(&self) {
        let call = |tool: &str, action: &str, node: &str, names: &[&str]| {
            let arguments = json!({"action": action, "node": node, "names": names});
            json!({"name": tool, "arguments": arguments})
        };
        let calls = json!({"type": "reply", "tool_calls": [
            call("container", "stop", "web-server", &["redis", "cache"]),
            call("service", "restart", "db-server", &["nginx"]),
            call("service", "restart", "monitoring", &["nginx"]),
        ]});
        self.llmock.behave(&json!([calls, {"type": "reply", "text": "That is all."}]).to_string()).unwrap();
    }

    /// What comes of the words if a person decides like this; and each question that they were asked, as its parts.
    async fn asked(
        &mut self,
        mut decide: impl FnMut(nixi::core::session::Pending, &Lab),
    ) -> (Outcome, Vec<Vec<String>>) {
        self.model_plans();
        let op = Op::Ask { words: WORDS.to_owned(), interpreters: Interpreters::PhrasebookThenModel };
        let (asker, mut questions) = (self.asker.clone(), Vec::new());
        let (audience, stop) = ((), Default::default());
        let mut asking = std::pin::pin!(asker.perform(op, Intent::Perform, &audience, &stop));
        loop {
            tokio::select! {
                outcome = &mut asking => return (outcome, questions),
                Some(pending) = self.approver.next() => {
                    let review = pending.review();
                    assert_eq!(review.origin, Origin::Model);
                    let [left_out] = &review.left_out[..] else { panic!("{review:?}") };
                    assert_eq!(left_out.node.as_str(), "monitoring");
                    questions.push(review.parts.iter().map(|part| part.summary.clone()).collect());
                    decide(pending, &self.lab);
                }
            }
        }
    }

    fn running(&self) -> String {
        let all = "podman inspect --format {{.State.Running}} redis cache";
        let said = self.lab.machine("web-server").root(all).unwrap();
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn starts(&self, name: &str) -> usize {
        self.lab.machine(name).read("/run/nginx").unwrap().matches("started").count()
    }
}

#[tokio::test]
async fn what_a_model_plans_is_one_review() {
    let Some(mut house) = house() else { return };

    let (outcome, questions) = house.asked(|pending, _| pending.deny(Refusal::Person)).await;
    let [question] = &questions[..] else { panic!("{questions:?}") };
    assert_eq!(question.len(), 2, "{question:?}");
    let kinds: Vec<_> = outcome.results.iter().map(|result| result.error.as_ref().map(|e| e.kind)).collect();
    assert_eq!(kinds, [Some(ErrorKind::Declined), Some(ErrorKind::Declined), Some(ErrorKind::ReadOnly)]);
    assert_eq!((house.running().as_str(), house.starts("db-server")), ("true true", 1));

    // Somebody else is quicker: what was approved is not what would be done.
    let (outcome, questions) = house
        .asked(|pending, lab| {
            let web = lab.machine("web-server");
            web.root("podman rm --force --time 1 cache").unwrap();
            web.run(Image::Sleeper, "cache").unwrap();
            pending.approve();
        })
        .await;
    let statuses: Vec<_> = outcome.results.iter().map(|result| result.status).collect();
    assert_eq!(
        statuses,
        [StepStatus::NotStarted, StepStatus::NotStarted, StepStatus::Refused],
        "{outcome:?}"
    );
    assert_eq!(outcome.results[0].error.as_ref().unwrap().kind, ErrorKind::Changed);
    assert_eq!(questions.len(), 1, "{questions:?}");
    assert_eq!((house.running().as_str(), house.starts("db-server")), ("true true", 1), "{outcome:?}");

    let (outcome, questions) = house.asked(|pending, _| pending.approve()).await;
    assert_eq!(questions.len(), 1, "{questions:?}");
    let statuses: Vec<_> = outcome.results.iter().map(|result| result.status).collect();
    assert_eq!(statuses, [StepStatus::Done, StepStatus::Done, StepStatus::Refused], "{outcome:?}");
    assert_eq!(outcome.answer.as_deref(), Some("That is all."));
    assert_eq!(
        (house.running().as_str(), house.starts("db-server"), house.starts("monitoring")),
        ("false false", 2, 1)
    );
}
