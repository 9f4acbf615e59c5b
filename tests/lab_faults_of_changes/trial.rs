//! A machine, a session that knows it, and one action of its own, which may take long.

use std::sync::Arc;
use std::time::Duration;

use nixi::Setup;
use nixi::core::session::{ApproverHandle, Asker};
use nixi::core::{
    ActionName, CallRequest, CallResult, Change, ChangeCard, Command, Intent, Op, Plan, PlanCx, Program,
    Risk, ToolError, Undo, Write, WriteCapability,
};
use nixi_lab::{Lab, Machine};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// The machine.
pub(crate) const WEB: &str = "web-server";
/// Says that it runs, waits for a file, and says that it is done. What it says of itself lies in memory and on the disk.
pub(crate) const WAITS: &str = "echo at work
echo ran | tee -a /srv/ran >>/run/ran
until test -e /run/go
do sleep 0.05
done
echo finished";
/// Lets it go on.
pub(crate) const GO: &str = "touch /run/go";

/// What is run, as root.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Words {
    /// A program, and what it is given
    words: Vec<String>,
    /// For how many seconds its end is waited for
    seconds: u64,
}

/// `trial.run`: runs them.
struct Run;

impl Change for Run {
    type Args = Words;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(
            ActionName::new("trial", "run"),
            "runs something that may take long",
            WriteCapability::System,
            Risk::Routine,
        )
        .example(json!({"words": ["true"], "seconds": 10}))
    }

    async fn plan(&self, _: &PlanCx<'_>, run: Words) -> Result<Plan, ToolError> {
        let patience = Duration::from_secs(run.seconds);
        let run = Command::<Write>::new(Program::new("env")).args(run.words);
        Ok(Plan::new("run something", Risk::Routine, Undo::cannot("a trial")).step(run.lasting(patience)))
    }
}

/// A script of bash. Without `$` and `;`: one with them would not run as a unit.
pub(crate) fn script(script: &str) -> CallRequest {
    words(&["bash", "-c", script])
}

pub(crate) fn words(words: &[&str]) -> CallRequest {
    CallRequest::new("trial.run").on(WEB).with("words", words.to_vec()).with("seconds", 120)
}

/// One machine, and the person before it.
pub(crate) struct Trial {
    lab: Lab,
    asker: Asker,
    approver: Mutex<ApproverHandle>,
    _folder: tempfile::TempDir,
}

impl Trial {
    /// A boot is waited for.
    pub(crate) fn new() -> Self {
        Self::with_read_timeout(30)
    }

    /// A node that is silent for three times so many seconds is given up.
    pub(crate) fn with_read_timeout(seconds: u32) -> Self {
        let lab = Lab::up(&[WEB]).unwrap();
        lab.machine(WEB).wait_until_booted().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let known_hosts = folder.path().join("known_hosts");
        std::fs::write(&known_hosts, lab.known_hosts().unwrap()).unwrap();
        let config = folder.path().join("config.toml");
        let ssh = format!(
            "[ssh]\nknown_hosts = {known_hosts:?}\nconnect_timeout = \"3s\"\ncommand_timeout = \"{seconds}s\""
        );
        std::fs::write(&config, format!("{ssh}\n\n{}", lab.config(|_| "managed"))).unwrap();
        let tools = nixi::tools::registry().unwrap().change(Run).unwrap();
        let (asker, approver) =
            nixi::open_with(&Setup { config: Some(config), state: Some(folder.path().join("state")) }, tools)
                .unwrap();
        Self { lab, asker, approver: Mutex::new(approver), _folder: folder }
    }

    pub(crate) fn web(&self) -> &Machine {
        self.lab.machine(WEB)
    }

    /// What comes of a change that is approved.
    pub(crate) async fn run(&self, call: CallRequest) -> CallResult {
        self.run_until(call, &CancellationToken::new(), || {}).await
    }

    /// The same, if this happens before the yes; and what came of that.
    pub(crate) async fn run_after<T>(
        &self,
        call: CallRequest,
        happens: impl FnOnce(&Machine) -> T,
    ) -> (CallResult, T) {
        let mut happened = None;
        let before = || happened = Some(happens(self.web()));
        let result = self.run_until(call, &CancellationToken::new(), before).await;
        (result, happened.unwrap())
    }

    async fn run_until(
        &self,
        call: CallRequest,
        cancel: &CancellationToken,
        before: impl FnOnce(),
    ) -> CallResult {
        let mut approver = self.approver.lock().await;
        let person = async {
            let pending = approver.next().await.unwrap();
            before();
            pending.approve();
            std::future::pending::<()>().await;
        };
        let outcome = tokio::select! {
            outcome = self.asker.perform(Op::Call(vec![call]), Intent::Perform, &(), cancel) => outcome,
            () = person => unreachable!("a person stays to see the end"),
        };
        outcome.results.into_iter().next().unwrap()
    }

    /// What comes of [`WAITS`] if this happens while it runs. A cancellation token is at hand for the person's Ctrl-C.
    pub(crate) async fn while_it_runs(
        &self,
        happens: impl FnOnce(&Machine, &CancellationToken) + Send + 'static,
    ) -> CallResult {
        self.while_this_runs(script(WAITS), happens).await
    }

    pub(crate) async fn while_this_runs(
        &self,
        call: CallRequest,
        happens: impl FnOnce(&Machine, &CancellationToken) + Send + 'static,
    ) -> CallResult {
        let cancel = Arc::new(CancellationToken::new());
        let (web, token) = (self.web().clone(), Arc::clone(&cancel));
        let happening = tokio::task::spawn_blocking(move || {
            web.wait_until("run the script", || Ok(web.try_root("test -s /run/ran")?.code == 0)).unwrap();
            happens(&web, &token);
        });
        let (result, happened) = tokio::join!(self.run_until(call, &cancel, || {}), happening);
        happened.unwrap();
        result
    }

    /// Fails unless the script ran once, and the machine does what it is asked next.
    pub(crate) async fn assert_ran_once(&self) {
        self.assert_ran(1).await;
    }

    pub(crate) async fn assert_ran(&self, times: usize) {
        let ran = self.web().root("cat /srv/ran 2>/dev/null || true").unwrap();
        assert_eq!(ran.lines().count(), times);
        let asked = CallRequest::new("clock.now").on(WEB);
        let outcome =
            self.asker.perform(Op::Call(vec![asked]), Intent::Perform, &(), &CancellationToken::new()).await;
        assert_eq!(outcome.exit_code(), 0, "{outcome:?}");
    }
}
