//! Files that a plan puts on a node: there whole, or not at all, and told truly.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on should fail there and then"
)]

mod controller;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nixi::core::command::FilePath;
use nixi::core::{
    ActionName, ApproverHandle, Asker, CallRequest, CallResult, Change, ChangeCard, ErrorKind, Intent, Op,
    Plan, PlanCx, PutFile, Replaces, Risk, StepStatus, ToolError, Undo, WriteCapability,
};
use nixi_lab::Sshd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// What is put where.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct File {
    /// The path
    path: FilePath,
    /// One letter of the content
    letter: String,
    /// So often
    times: usize,
    /// What is there now, if anything is
    replaces: Option<String>,
}

/// `trial.put`: a file of one letter.
struct Put;

impl Change for Put {
    type Args = File;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("trial", "put"),
            "puts a file on a node",
            WriteCapability::Files,
            Risk::Routine,
        )
        .example(json!({"path": "/srv/page", "letter": "x", "times": 1}))
    }

    async fn plan(&self, _: &PlanCx<'_>, file: File) -> Result<Plan, ToolError> {
        let there = file.replaces.map(|text| Replaces::Content(text.into_bytes().into()));
        let content = file.letter.repeat(file.times).into_bytes();
        let put = PutFile::new(file.path, content, there.unwrap_or(Replaces::Nothing)).mode(0o640);
        Ok(Plan::new("put a file", Risk::Routine, Undo::cannot("a trial")).step(put))
    }
}

struct House {
    sshd: Sshd,
    asker: Asker,
    approver: Mutex<ApproverHandle>,
    _folder: tempfile::TempDir,
}

/// Nothing where there is no sshd, and that is said.
fn house() -> Option<House> {
    if !Sshd::is_installed() {
        eprintln!("NOT RUN: it needs sshd; `cargo xtask test` brings it");
        return None;
    }
    let sshd = Sshd::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let tools = nixi::tools::registry().unwrap().change(Put).unwrap();
    let (asker, approver) = controller::open(&folder, &sshd.node("web", "managed"), tools);
    Some(House { sshd, asker, approver: Mutex::new(approver), _folder: folder })
}

impl House {
    fn path(&self) -> PathBuf {
        self.sshd.home().join("page.html")
    }

    fn call(&self, letter: &str, times: usize) -> CallRequest {
        let path = self.path().to_str().unwrap().to_owned();
        CallRequest::new("trial.put").on("web").with("path", path).with("letter", letter).with("times", times)
    }

    async fn put(&self, call: CallRequest, cancel: &CancellationToken) -> CallResult {
        let mut approver = self.approver.lock().await;
        let person = async {
            approver.next().await.unwrap().approve();
            std::future::pending::<()>().await;
        };
        let outcome = tokio::select! {
            outcome = self.asker.perform(Op::Call(vec![call]), Intent::Perform, &(), cancel) => outcome,
            () = person => unreachable!("a person stays to see the end"),
        };
        outcome.results.into_iter().next().unwrap()
    }

    async fn done(&self, call: CallRequest) -> CallResult {
        let result = self.put(call, &CancellationToken::new()).await;
        assert_eq!(result.status, StepStatus::Done, "{result:?}");
        result
    }

    fn content(&self) -> Option<String> {
        std::fs::read_to_string(self.path()).ok()
    }

    /// What lies beside the file, but for what the test itself put there.
    fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.sshd.home()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains("nixi-")).collect()
    }

    /// Does something once a stub has told that it runs.
    async fn when_begun(&self, act: impl FnOnce()) {
        for _ in 0..1000 {
            if self.sshd.home().join("begun").exists() {
                return act();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it did not begin");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_there_whole_with_its_mode_and_only_in_place_of_what_was_expected() {
    let Some(house) = house() else { return };
    let made = house.done(house.call("a", 20_000_000)).await;
    let step = &made.plan.unwrap().steps[0].line;
    assert!(
        step.contains("page.html: 20000000 bytes, SHA-256 ") && step.ends_with(", where there is none"),
        "{step}"
    );
    assert!(house.content().unwrap() == "a".repeat(20_000_000));
    let mode = std::fs::metadata(house.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o640);

    house.done(house.call("b", 3).with("replaces", "a".repeat(20_000_000))).await;
    assert_eq!(house.content().unwrap(), "bbb");
    house.done(house.call("c", 0).with("replaces", "bbb")).await;
    assert_eq!(house.content().unwrap(), "");
    for call in [house.call("d", 1).with("replaces", "bbb"), house.call("d", 1)] {
        let refused = house.put(call, &CancellationToken::new()).await;
        assert_eq!((refused.status, refused.error.unwrap().kind), (StepStatus::Failed, ErrorKind::Changed));
        assert_eq!(house.content().unwrap(), "");
    }
    let nowhere = house.call("d", 1).with("path", format!("{}/none/x", house.sshd.home().display()));
    let failed = house.put(nowhere, &CancellationToken::new()).await;
    assert_eq!((failed.status, failed.error.unwrap().kind), (StepStatus::Failed, ErrorKind::CommandFailed));
    assert_eq!(house.left(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_off_on_the_way_leaves_the_path_as_it_was() {
    let Some(house) = house() else { return };
    house.done(house.call("a", 3)).await;
    let next = || house.call("b", 3).with("replaces", "aaa");
    // The line is cut while the content is on its way.
    house.sshd.stub("dd", "#!/bin/sh\ntouch $HOME/begun\nsleep 60\n").unwrap();
    let never = CancellationToken::new();
    let put = house.put(next(), &never);
    let (cut, ()) = tokio::join!(put, house.when_begun(|| house.sshd.drop_connections()));
    assert_eq!(cut.status, StepStatus::Failed, "{cut:?}");
    let hint = cut.error.unwrap().hint.unwrap();
    assert!(hint.contains("page.html is as it was"), "{hint}");
    // A person gives up.
    std::fs::remove_file(house.sshd.home().join("begun")).unwrap();
    let cancel = Arc::new(CancellationToken::new());
    let put = house.put(next(), &cancel);
    let (given_up, ()) = tokio::join!(put, house.when_begun(|| cancel.cancel()));
    assert_eq!(given_up.status, StepStatus::Failed, "{given_up:?}");
    // Something else arrives than was sent.
    house.sshd.stub("dd", "#!/bin/sh\ncat >/dev/null\n").unwrap();
    let wrong = house.put(next(), &never).await;
    assert_eq!((wrong.status, wrong.error.unwrap().kind), (StepStatus::Failed, ErrorKind::Changed));
    // The disk is full.
    house
        .sshd
        .stub(
            "dd",
            "#!/bin/sh\ncat >/dev/null\necho 'dd: error writing: No space left on device' >&2\nexit 1\n",
        )
        .unwrap();
    let full = house.put(next(), &never).await;
    assert_eq!(full.status, StepStatus::Failed);
    assert!(full.error.unwrap().message.contains("No space left on device"));
    assert_eq!((house.content().unwrap().as_str(), house.left().len()), ("aaa", 0));
    // Whoever comes next finds nothing in the way.
    std::fs::remove_file(house.sshd.stub_dir().join("dd")).unwrap();
    house.done(next()).await;
    assert_eq!(house.content().unwrap(), "bbb");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_that_nobody_told_of_is_looked_for() {
    let Some(house) = house() else { return };
    let never = CancellationToken::new();
    let cut = || house.when_begun(|| house.sshd.drop_connections());
    house.sshd.stub("mv", "#!/bin/sh\n/bin/mv \"$@\"\ntouch $HOME/begun\nsleep 60\n").unwrap();
    let (moved, ()) = tokio::join!(house.put(house.call("a", 3), &never), cut());
    assert_eq!((moved.status, house.content().unwrap().as_str()), (StepStatus::Done, "aaa"), "{moved:?}");

    std::fs::remove_file(house.sshd.home().join("begun")).unwrap();
    house.sshd.stub("mv", "#!/bin/sh\ntouch $HOME/begun\nsleep 60\n").unwrap();
    let next = house.call("b", 3).with("replaces", "aaa");
    let (lost, ()) = tokio::join!(house.put(next, &never), cut());
    assert_eq!((lost.status, house.content().unwrap().as_str()), (StepStatus::Unknown, "aaa"), "{lost:?}");
}
