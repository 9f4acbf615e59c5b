//! Trying things out on real hosts: what lies there meanwhile, and that nothing lies there afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on should fail there and then"
)]

mod controller;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use nixi::core::catalog::scratch;
use nixi::core::{
    ActionName, Asker, CallRequest, Intent, Op, Outcome, Registry, Rehearse, RehearseCard, RehearseCx,
    StepStatus, ToolError, WriteCapability,
};
use nixi_lab::Sshd;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// Writes a file that is larger than any window or packet.
struct Draft;

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Where the test learns of the folder, and says that it has seen it.
    meet: String,
}

#[derive(Serialize, schemars::JsonSchema)]
struct Drafted {
    file: String,
}

impl std::fmt::Display for Drafted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)
    }
}

fn body() -> Vec<u8> {
    (0..3_000_000u32).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

impl Rehearse for Draft {
    type Args = Args;
    type Report = Drafted;

    fn card(&self) -> RehearseCard {
        RehearseCard::new(ActionName::new("module", "draft"), "drafts a module", WriteCapability::NixosConfig)
            .example(serde_json::json!({ "meet": "/nowhere" }))
    }

    async fn rehearse(&self, cx: &RehearseCx<'_>, args: Args) -> Result<Drafted, ToolError> {
        let stage = cx.stage();
        let file = stage.write(&"hosts/web server.nix".parse().unwrap(), body()).await?.to_string();
        let out = stage.path(&"out".parse().unwrap());
        stage.run(scratch::folder(&out), Duration::from_secs(10)).await?;
        fs::write(&args.meet, &file).unwrap();
        // The test looks at it, and takes the note away.
        until(|| !Path::new(&args.meet).exists()).await;
        Ok(Drafted { file })
    }
}

async fn until(happened: impl Fn() -> bool) {
    for _ in 0..1000 {
        if happened() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not happen");
}

struct House {
    managed: Sshd,
    monitored: Sshd,
    asker: Asker,
    folder: tempfile::TempDir,
}

/// Nothing where sshd is not installed, and that is said.
fn house() -> Option<House> {
    if !Sshd::is_installed() {
        eprintln!("NOT RUN: it needs sshd; `cargo xtask test` brings it");
        return None;
    }
    let start = || Sshd::builder().record_commands().start().unwrap();
    let (managed, monitored) = (start(), start());
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{}\n{}", managed.node("web", "managed"), monitored.node("watch", "monitored"));
    let tools = Registry::new().rehearse(Draft).unwrap();
    let (asker, _) = controller::open(&folder, &text, tools);
    Some(House { managed, monitored, asker, folder })
}

impl House {
    fn meet(&self) -> String {
        self.folder.path().join("meet").display().to_string()
    }

    async fn draft(&self, node: &str, cancel: &CancellationToken) -> Outcome {
        let call = CallRequest::new("module.draft").on(node).with("meet", self.meet());
        self.asker.perform(Op::Call(vec![call]), Intent::Perform, &(), cancel).await
    }

    /// The file of the rehearsal that is under way.
    async fn file(&self) -> String {
        let meet = self.meet();
        until(|| fs::read_to_string(&meet).is_ok_and(|file| !file.is_empty())).await;
        fs::read_to_string(meet).unwrap()
    }
}

/// The folder of the stage, two above the file.
fn stage_of(file: &str) -> &Path {
    Path::new(file).parent().and_then(Path::parent).unwrap()
}

#[tokio::test]
async fn a_stage_is_closed_to_others_and_goes_when_the_rehearsal_has_ended() {
    let Some(house) = house() else { return };
    let never = CancellationToken::new();
    let look = async {
        let file = house.file().await;
        let stage = stage_of(&file).to_owned();
        assert_eq!(fs::metadata(&stage).unwrap().permissions().mode() & 0o7777, 0o700, "{}", stage.display());
        assert!(fs::read(&file).unwrap() == body(), "{file}");
        assert!(stage.join("out").is_dir());
        fs::remove_file(house.meet()).unwrap();
        stage
    };
    let (outcome, stage) = tokio::join!(house.draft("web", &never), look);
    assert_eq!(outcome.results[0].status, StepStatus::Done, "{:?}", outcome.results[0].error);
    assert!(stage.starts_with("/tmp") && !stage.exists(), "{}", stage.display());
}

#[tokio::test]
async fn an_interrupted_rehearsal_leaves_nothing() {
    let Some(house) = house() else { return };
    let cancel = CancellationToken::new();
    let interrupt = async {
        let stage = stage_of(&house.file().await).to_owned();
        assert!(stage.exists());
        cancel.cancel();
        stage
    };
    let (outcome, stage) = tokio::join!(house.draft("web", &cancel), interrupt);
    assert_eq!(outcome.exit_code(), 130, "{outcome:?}");
    assert!(!stage.exists(), "{}", stage.display());
}

#[tokio::test]
async fn a_monitored_host_sees_nothing_of_a_rehearsal() {
    let Some(house) = house() else { return };
    let outcome = house.draft("watch", &CancellationToken::new()).await;
    assert_eq!(outcome.results[0].status, StepStatus::Refused, "{outcome:?}");
    assert_eq!((house.monitored.logins(), house.managed.execs()), (0, 0));
}
