//! `file.write`, `file.read`, `file.list` and `file.delete` on real folders, links and pipes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on should fail there and then"
)]

mod controller;

use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nixi::core::session::Audience;
use nixi::core::{
    ApproverHandle, Asker, CallRequest, CallResult, ErrorKind, Event, Intent, Op, StepStatus, Undo,
};
use nixi_lab::Sshd;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;
use tokio::sync::Mutex;

struct House {
    _sshd: Sshd,
    asker: Asker,
    approver: Mutex<ApproverHandle>,
    folder: tempfile::TempDir,
}

/// Nothing where there is no sshd, and that is said.
fn house() -> Option<House> {
    if !Sshd::is_installed() {
        eprintln!("NOT RUN: it needs sshd; `cargo xtask test` brings it");
        return None;
    }
    let sshd = Sshd::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("root")).unwrap();
    std::fs::create_dir(folder.path().join("outside")).unwrap();
    let root = folder.path().canonicalize().unwrap().join("root");
    let text = format!("[file]\nroots = [{root:?}]\n{}", sshd.node("web", "managed"));
    let (asker, approver) = controller::open(&folder, &text, nixi::tools::registry().unwrap());
    Some(House { _sshd: sshd, asker, approver: Mutex::new(approver), folder })
}

impl House {
    /// Below the root.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("root").join(name)
    }

    fn outside(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("outside")
    }

    fn call(&self, action: &str, path: &Path) -> CallRequest {
        CallRequest::new(action).on("web").with("path", path.to_str().unwrap())
    }

    fn write(&self, name: &str, content: &str) -> CallRequest {
        self.call("file.write", &self.path(name)).with("content", content)
    }

    /// What comes of a call whose plan is approved after `before`.
    async fn perform(&self, call: CallRequest, before: impl FnOnce()) -> CallResult {
        self.heard(call, before, &()).await
    }

    /// The same, before somebody who listens.
    async fn heard(&self, call: CallRequest, before: impl FnOnce(), audience: &dyn Audience) -> CallResult {
        let mut approver = self.approver.lock().await;
        let cancel = Default::default();
        let mut before = Some(before);
        let mut performed =
            std::pin::pin!(self.asker.perform(Op::Call(vec![call]), Intent::Perform, audience, &cancel));
        let outcome = loop {
            tokio::select! {
                outcome = &mut performed => break outcome,
                Some(pending) = approver.next() => {
                    before.take().unwrap()();
                    pending.approve();
                }
            }
        };
        assert_eq!(outcome.error, None);
        outcome.results.into_iter().next().unwrap()
    }

    async fn done(&self, call: CallRequest) -> CallResult {
        let result = self.perform(call, || ()).await;
        assert_eq!(result.status, StepStatus::Done, "{result:?}");
        result
    }

    async fn kind(&self, call: CallRequest) -> ErrorKind {
        let result = self.perform(call, || panic!("nothing is to be approved")).await;
        result.error.unwrap().kind
    }

    async fn report(&self, call: CallRequest) -> Value {
        self.done(call).await.data.unwrap()
    }

    fn content(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.path(name)).ok()
    }

    fn mode(&self, name: &str) -> u32 {
        std::fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777
    }
}

fn back(result: &CallResult) -> CallRequest {
    match &result.plan.as_ref().unwrap().undo {
        Undo::Calls(calls) => calls[0].clone(),
        Undo::Cannot(why) => panic!("{why}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_a_file_can_be_taken_back_and_only_as_it_was_left() {
    let Some(house) = house() else { return };
    let made = house.done(house.write("a b", "one\ntwo\n")).await;
    assert_eq!((house.content("a b").as_deref(), house.mode("a b")), (Some("one\ntwo\n"), 0o644));
    let diff = made.plan.as_ref().unwrap().steps[0].diff.as_ref().unwrap();
    assert_eq!(diff.summary, "new file, 2 lines");
    let read = house.report(house.call("file.read", &house.path("a b"))).await;
    assert_eq!((&read["content"], &read["bytes"]), (&"one\ntwo\n".into(), &8.into()), "{read}");

    std::fs::set_permissions(house.path("a b"), std::fs::Permissions::from_mode(0o604)).unwrap();
    let written = house.done(house.write("a b", "one\n2\n")).await;
    assert_eq!((house.content("a b").as_deref(), house.mode("a b")), (Some("one\n2\n"), 0o604));
    let diff = written.plan.as_ref().unwrap().steps[0].diff.as_ref().unwrap();
    assert!(diff.to_string().ends_with("\n one\n-two\n+2"), "{diff}");
    let moded = house.done(house.write("a b", "one\n2\n").with("mode", "0600")).await;
    assert_eq!(house.mode("a b"), 0o600);

    // Somebody closes it while the question stands.
    let close =
        || std::fs::set_permissions(house.path("a b"), std::fs::Permissions::from_mode(0o400)).unwrap();
    let result = house.perform(house.write("a b", "three\n"), close).await;
    assert_eq!((result.error.unwrap().kind, house.mode("a b")), (ErrorKind::Changed, 0o400));
    std::fs::set_permissions(house.path("a b"), std::fs::Permissions::from_mode(0o600)).unwrap();

    // Somebody else writes there: what was done before is not taken back any more.
    std::fs::write(house.path("a b"), "theirs\n").unwrap();
    for result in [&made, &written] {
        assert_eq!(house.kind(back(result)).await, ErrorKind::Changed);
    }
    std::fs::write(house.path("a b"), "one\n2\n").unwrap();
    house.done(back(&moded)).await;
    assert_eq!(house.mode("a b"), 0o604);
    house.done(back(&written)).await;
    assert_eq!(house.content("a b").as_deref(), Some("one\ntwo\n"));
    house.done(back(&made)).await;
    assert_eq!(house.content("a b"), None);

    std::fs::write(house.path("gone"), "kept\n").unwrap();
    std::fs::set_permissions(house.path("gone"), std::fs::Permissions::from_mode(0o606)).unwrap();
    let deleted = house.done(house.call("file.delete", &house.path("gone"))).await;
    assert_eq!(house.content("gone"), None);
    house.done(back(&deleted)).await;
    assert_eq!((house.content("gone").as_deref(), house.mode("gone")), (Some("kept\n"), 0o606));
    assert_eq!(std::fs::read_dir(house.path("")).unwrap().count(), 1, "nothing is left beside");
}

/// What a step told of itself.
#[derive(Default)]
struct Phases(std::sync::Mutex<Vec<String>>);

impl Audience for Phases {
    fn hear(&self, event: Event) {
        if let Event::Progress { step: Some(0), progress, .. } = event {
            self.0.lock().unwrap().push(progress.to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_tells_how_far_it_is() {
    let Some(house) = house() else { return };
    let phases = Phases::default();
    let result = house.heard(house.write("x", "12345"), || (), &phases).await;
    assert_eq!((result.status, &result.steps[0].progress), (StepStatus::Done, &None), "{result:?}");
    let path = house.path("x").display().to_string();
    let expected = [
        format!("looking at {path} (0 of 4)"),
        "sending 5 bytes (1 of 4)".to_owned(),
        "checking what arrived (2 of 4)".to_owned(),
        format!("putting it at {path} (3 of 4)"),
    ];
    assert_eq!(*phases.0.lock().unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_link_leads_out_of_the_roots() {
    let Some(house) = house() else { return };
    std::fs::write(house.outside().join("secret"), "secret\n").unwrap();
    symlink(house.outside(), house.path("out")).unwrap();
    symlink(house.outside().join("secret"), house.path("file")).unwrap();
    symlink(house.path("nowhere"), house.path("dangling")).unwrap();
    symlink("loop", house.path("loop")).unwrap();
    for (name, kind) in [
        ("out/secret", ErrorKind::BadArgument),
        ("out/new", ErrorKind::BadArgument),
        ("file", ErrorKind::BadArgument),
        ("dangling", ErrorKind::BadArgument),
        ("none/new", ErrorKind::NotFound),
        ("loop", ErrorKind::CommandFailed),
    ] {
        assert_eq!(house.kind(house.write(name, "x")).await, kind, "{name}");
    }
    for (action, name) in
        [("file.read", "out/secret"), ("file.read", "file"), ("file.list", "out"), ("file.delete", "file")]
    {
        assert_eq!(house.kind(house.call(action, &house.path(name))).await, ErrorKind::BadArgument, "{name}");
    }
    assert_eq!(house.kind(house.call("file.read", Path::new("/etc/passwd"))).await, ErrorKind::BadArgument);
    assert_eq!(std::fs::read_dir(house.outside()).unwrap().count(), 1);

    // One that stays inside is followed, and told; it is still a link then.
    std::fs::create_dir(house.path("real")).unwrap();
    std::fs::write(house.path("real/target"), "one\n").unwrap();
    symlink("real/target", house.path("inside")).unwrap();
    let written = house.done(house.write("inside", "two\n")).await;
    let plan = written.plan.unwrap();
    assert!(
        plan.summary.contains("real/target") && plan.warnings[0].contains("inside is a link"),
        "{plan:?}"
    );
    assert_eq!(house.content("real/target").as_deref(), Some("two\n"));
    assert!(std::fs::symlink_metadata(house.path("inside")).unwrap().is_symlink());
    assert_eq!(house.kind(house.call("file.delete", &house.path("inside"))).await, ErrorKind::BadArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_becomes_a_link_after_the_approval_is_not_followed() {
    let Some(house) = house() else { return };
    let turn = || {
        std::fs::rename(house.path("folder"), house.path("aside")).unwrap();
        symlink(house.outside(), house.path("folder")).unwrap();
    };
    let turn_back = || {
        std::fs::remove_file(house.path("folder")).unwrap();
        std::fs::rename(house.path("aside"), house.path("folder")).unwrap();
    };
    std::fs::create_dir(house.path("folder")).unwrap();
    std::fs::write(house.path("folder/old"), "old\n").unwrap();
    std::fs::write(house.outside().join("old"), "old\n").unwrap();
    for call in [house.write("folder/new", "x"), house.write("folder/old", "x")] {
        let result = house.perform(call, turn).await;
        assert_eq!(result.status, StepStatus::Failed, "{result:?}");
        let progress = result.steps[0].progress.as_ref().unwrap().to_string();
        assert!(progress.starts_with("looking at ") && progress.ends_with("(0 of 4)"), "{progress}");
        let error = result.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Changed);
        assert!(error.message.contains("a link leads to another folder"), "{error}");
        turn_back();
    }
    let result = house.perform(house.call("file.delete", &house.path("folder/old")), turn).await;
    assert_eq!((result.status, result.error.unwrap().kind), (StepStatus::NotStarted, ErrorKind::Changed));
    turn_back();
    let other = || std::fs::write(house.path("folder/old"), "theirs\n").unwrap();
    let result = house.perform(house.call("file.delete", &house.path("folder/old")), other).await;
    assert_eq!((result.status, result.error.unwrap().kind), (StepStatus::NotStarted, ErrorKind::Changed));
    assert_eq!(house.content("folder/old").as_deref(), Some("theirs\n"));
    let outside: Vec<_> =
        std::fs::read_dir(house.outside()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(outside, ["old"]);
    assert_eq!(std::fs::read_to_string(house.outside().join("old")).unwrap(), "old\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_names_odd_files_and_large_ones_are_told_as_they_are() {
    let Some(house) = house() else { return };
    let odd = |bytes: &[u8]| house.path("").join(std::ffi::OsString::from_vec(bytes.to_vec()));
    for name in [&b"a\nb"[..], b"\xff\xfe", b"\x1b[2J", b" blank ", b"-rf", b".hidden"] {
        std::fs::write(odd(name), "x").unwrap();
    }
    std::fs::create_dir(house.path("folder")).unwrap();
    symlink("a\nb", house.path("link")).unwrap();
    let list = house.report(house.call("file.list", house.path("x").parent().unwrap())).await;
    let names: Vec<&str> =
        list["entries"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    let mut expected = ["a\\nb", "\\xff\\xfe", "\\u{1b}[2J", " blank ", "-rf", ".hidden", "folder", "link"];
    expected.sort_unstable();
    assert_eq!((names, &list["left_out"]), (expected.to_vec(), &Value::Array(Vec::new())), "{list}");
    let link = list["entries"].as_array().unwrap().iter().find(|entry| entry["name"] == "link").unwrap();
    assert_eq!((&link["kind"], &link["target"]), (&"link".into(), &"a\\nb".into()));

    mknodat(CWD, house.path("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    for name in ["pipe", "folder"] {
        assert_eq!(house.kind(house.call("file.read", &house.path(name))).await, ErrorKind::BadArgument);
        assert_eq!(house.kind(house.write(name, "x")).await, ErrorKind::BadArgument);
    }
    std::fs::write(house.path("binary"), b"a\0b").unwrap();
    std::fs::write(house.path("key"), "-----BEGIN OPENSSH PRIVATE KEY-----\nhushhush\n").unwrap();
    std::fs::write(house.path("large"), "0123456789abcde\n".repeat(20_000)).unwrap();
    for (name, why) in [("binary", "not text"), ("key", "private key")] {
        let read = house.done(house.call("file.read", &house.path(name))).await;
        let data = read.data.unwrap();
        assert_eq!(data["content"], Value::Null);
        assert!(data["left_out"][0]["why"].as_str().unwrap().contains(why), "{data}");
        assert!(!format!("{data}{}", read.text.unwrap()).contains("hushhush"));
    }
    let large = house.report(house.call("file.read", &house.path("large"))).await;
    assert_eq!(large["content"].as_str().unwrap().len(), 256 * 1024);
    assert!(large["left_out"][0]["why"].as_str().unwrap().contains("of 313 KiB"), "{large}");
    // Their former content is told by its digest, and no command brings it back.
    for name in ["binary", "key", "large"] {
        let written = house.done(house.write(name, "new\n")).await;
        let plan = written.plan.unwrap();
        let diff = plan.steps[0].diff.as_ref().unwrap().to_string();
        assert!(
            diff.contains("is not shown") && diff.contains("SHA-256") && diff.ends_with("\n+new"),
            "{diff}"
        );
        assert!(
            matches!(plan.undo, Undo::Cannot(_)) && !format!("{plan:?}").contains("hushhush"),
            "{plan:?}"
        );
        assert_eq!(house.content(name).as_deref(), Some("new\n"));
    }
}
