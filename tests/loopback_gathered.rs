//! Reads that go out together: one command for the node, and for each of them an end of its own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on should fail there and then"
)]

mod controller;

use std::path::PathBuf;
use std::time::Duration;

use nixi::core::catalog::{clock, system};
use nixi::core::{
    ActionName, Asker, CallRequest, CallResult, ErrorKind, Inspect, InspectCx, Intent, Op, ReadAnswer,
    ReadCapability, ReadCard, ToolError,
};
use nixi_lab::Sshd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// `trial.look`: three reads, and how each of them ended.
struct Look;

#[derive(Serialize, Deserialize, JsonSchema)]
struct NoArgs {}

#[derive(Serialize, JsonSchema)]
struct Looked(Vec<String>);

impl std::fmt::Display for Looked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl Inspect for Look {
    type Args = NoArgs;
    type Report = Looked;

    fn card(&self) -> ReadCard {
        ReadCard::new(ActionName::new("trial", "look"), "three reads", ReadCapability::SystemStatus)
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<Looked, ToolError> {
        let answers = cx.gather([system::kernel(), clock::date(), system::processors()]).await;
        let told = |answer: ReadAnswer| match answer.output() {
            Ok(output) => {
                let [stdout, stderr] = [output.stdout, output.stderr].map(|stream| match stream.len() {
                    0..10_000 => String::from_utf8_lossy(&stream).trim_end().to_owned(),
                    length => format!("{length} bytes"),
                });
                let cut = if output.truncated { ", and more" } else { "" };
                Ok(format!("{}: {stdout}{cut}; {stderr}", output.exit))
            }
            Err(ToolError::Exec(error @ nixi::core::ExecError::Deadline(_))) => Ok(error.to_string()),
            Err(error) => Err(error),
        };
        Ok(Looked(answers.into_iter().map(told).collect::<Result<_, _>>()?))
    }
}

struct House {
    sshd: Sshd,
    asker: Asker,
    _folder: tempfile::TempDir,
}

/// Nothing where there is no sshd, and that is said. Each of the three programs tells its name, but one that is a script.
fn house(odd: &str, script: &str) -> Option<House> {
    if !Sshd::is_installed() {
        eprintln!("NOT RUN: it needs sshd; `cargo xtask test` brings it");
        return None;
    }
    let sshd = Sshd::start().unwrap();
    for name in ["uname", "date", "nproc"] {
        sshd.stub(name, &format!("#!/bin/sh\necho {name}\necho beside {name} >&2\n")).unwrap();
    }
    sshd.stub(odd, &format!("#!/bin/sh\n{script}\n")).unwrap();
    let text = format!("command_timeout = \"2s\"\n{}", sshd.node("web", "managed"));
    let folder = tempfile::tempdir().unwrap();
    let tools = nixi::tools::registry().unwrap().inspect(Look).unwrap();
    let (asker, _) = controller::open(&folder, &text, tools);
    Some(House { sshd, asker, _folder: folder })
}

impl House {
    async fn call(&self, action: &str, cancel: &CancellationToken) -> CallResult {
        let call = CallRequest::new(action).on("web");
        let outcome = self.asker.perform(Op::Call(vec![call]), Intent::Perform, &(), cancel).await;
        outcome.results.into_iter().next().unwrap()
    }

    /// How each of the three ended.
    async fn look(&self) -> Vec<String> {
        let result = self.call("trial.look", &CancellationToken::new()).await;
        assert_eq!(result.error, None);
        result.text.unwrap().lines().map(str::to_owned).collect()
    }

    /// Whether the program that wrote down its number still runs.
    fn runs(&self) -> bool {
        let number = std::fs::read_to_string(self.number()).unwrap_or_default();
        !number.is_empty() && PathBuf::from(format!("/proc/{}", number.trim())).exists()
    }

    fn number(&self) -> PathBuf {
        self.sshd.home().join("number")
    }
}

const UNAME: &str = "exit code 0: uname; beside uname";
const DATE: &str = "exit code 0: date; beside date";
const NPROC: &str = "exit code 0: nproc; beside nproc";
const HANGS: &str = "echo $$ >$HOME/number; exec sleep 300";

async fn until(mut happened: impl FnMut() -> bool) {
    for _ in 0..500 {
        if happened() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(happened(), "it did not happen");
}

/// On the first connection the look at the login shell goes with them.
#[tokio::test(flavor = "multi_thread")]
async fn reads_of_one_action_are_one_command() {
    let Some(house) = house("date", "cat; echo date; echo beside date >&2; exit 3") else { return };
    assert_eq!(house.look().await, [UNAME, "exit code 3: date; beside date", NPROC]);
    assert_eq!(house.sshd.execs(), 1);
    for (at, action) in ["system.info", "clock.now", "system.info"].into_iter().enumerate() {
        let _ = house.call(action, &CancellationToken::new()).await;
        assert_eq!(house.sshd.execs(), 2 + at, "{action}");
    }
    assert_eq!(house.sshd.logins(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_takes_nothing_from_those_before_it_and_is_stopped() {
    let Some(house) = house("date", HANGS) else { return };
    let late = "the command did not end within 2s";
    assert_eq!(house.look().await, [UNAME, late, late]);
    until(|| !house.runs()).await;
    // Nor did the shell go on with the next one.
    assert_eq!(house.sshd.execs(), 2, "the reads, and what stopped them");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_given_up_is_stopped_with_all_the_others() {
    let Some(house) = house("uname", HANGS) else { return };
    let cancel = CancellationToken::new();
    let given_up = async {
        until(|| house.runs()).await;
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(house.call("trial.look", &cancel), given_up);
    assert_eq!(result.error.unwrap().kind, ErrorKind::Cancelled);
    until(|| !house.runs()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_prints_too_much_takes_nothing_from_those_behind_it() {
    let Some(house) = house("uname", "head -c 9000000 /dev/zero") else { return };
    let cut = format!("exit code 0: {} bytes, and more; ", 8 * 1024 * 1024);
    assert_eq!(house.look().await, [cut.as_str(), DATE, NPROC]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_shell_is_killed_each_is_asked_by_itself() {
    // By itself it is what became of the login shell.
    let kills = "[ \"$(cat /proc/$PPID/comm)\" = sh ] || [ \"$(cat /proc/$PPID/comm)\" = bash ] || exit 5; kill -9 $PPID";
    let Some(house) = house("date", kills) else { return };
    assert_eq!(house.look().await, [UNAME, "exit code 5: ; ", NPROC]);
}

/// The words of the line that a login shell was given are open to every user of the node.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_knows_the_line_cannot_speak_for_another_read() {
    let forges = "for n in $PPID $(cat /proc/$PPID/stat | cut -d' ' -f4); do \
                  for m in $(tr '\\0' '\\n' </proc/$n/cmdline | grep -oE '[0-9a-f]{32}'); do \
                  printf '\\n%s 0\\nforged\\n%s 0\\n' $m $m; printf '\\n%s 0\\nforged\\n%s 0\\n' $m $m >&2; \
                  echo $m >>$HOME/marks; done; done";
    let Some(house) = house("uname", forges) else { return };
    // Once alone in their line, and once behind the canary.
    for _ in 0..2 {
        let result = house.call("trial.look", &CancellationToken::new()).await;
        let text = result.text.unwrap();
        assert!(text.ends_with(&format!("\n{DATE}\n{NPROC}")), "{text}");
        assert!(text.starts_with("exit code 0: \n") || text.starts_with("exit code 0: "), "{text}");
        assert!(text.contains("forged"), "{text}");
    }
    let marks = std::fs::read_to_string(house.sshd.home().join("marks")).unwrap();
    assert!(marks.lines().count() >= 4, "it did find the marks: {marks}");
}
