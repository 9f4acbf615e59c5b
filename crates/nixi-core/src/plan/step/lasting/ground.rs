//! Whether a node can run changes as units, which is asked while a plan is made.

use crate::catalog::lasting as catalog;
use crate::command::Login;
use crate::context::Reader;
use crate::error::ToolError;
use crate::plan::{Plan, Step};

impl Plan {
    /// The plan as this node can run it: where it has no units for us, what should be one is run directly, and a person
    /// is told what that means.
    pub(crate) async fn settled(self, reader: &Reader<'_>) -> Result<Self, ToolError> {
        let lasting = |step: &Step| match step {
            Step::Lasting(lasting) => Some(lasting.is_plain()),
            Step::Run(_)
            | Step::Settle(_)
            | Step::PutFile(_)
            | Step::HandOver(_)
            | Step::Activate(_)
            | Step::Module(_)
            | Step::Power(_)
            | Step::Rescue(_)
            | Step::Config(_)
            | Step::ForgetHostKey(_)
            | Step::RestoreNode(_) => None,
        };
        let plain: Vec<bool> = self.steps.iter().filter_map(lasting).collect();
        if plain.is_empty() {
            return Ok(self);
        }
        let why = match plain.contains(&false) {
            true => Some("systemd may misread `$` and `;`, so this is run without it".to_owned()),
            false => hindrance(reader).await?,
        };
        let Some(why) = why else { return Ok(self) };
        let directly = |step| match step {
            Step::Lasting(lasting) => Step::Run(lasting.directly()),
            step @ (Step::Run(_)
            | Step::Settle(_)
            | Step::PutFile(_)
            | Step::HandOver(_)
            | Step::Activate(_)
            | Step::Module(_)
            | Step::Power(_)
            | Step::Rescue(_)
            | Step::Config(_)
            | Step::ForgetHostKey(_)
            | Step::RestoreNode(_)) => step,
        };
        let plan = Self { steps: self.steps.into_iter().map(directly).collect(), ..self };
        Ok(plan.warn(format!(
            "{why}: if the connection is lost meanwhile, this may break off, and how it ended will not be known"
        )))
    }
}

/// Why there are no units for us, if so.
async fn hindrance(reader: &Reader<'_>) -> Result<Option<String>, ToolError> {
    let node = reader.node.name();
    let (systemd, sudo) = (catalog::has_systemd(), catalog::may_run_units());
    let (has, may) = match reader.executor.login(reader.node) {
        Login::Root => {
            let [systemd] = reader.answers([systemd]).await;
            (systemd.output()?, true)
        }
        Login::Other => {
            let [systemd, sudo] = reader.answers([systemd, sudo]).await;
            (systemd.output()?, sudo.output()?.exit.is_success())
        }
    };
    Ok(match (has.exit.is_success(), may) {
        (true, true) => None,
        (false, _) => Some(format!("{node} is not run by systemd")),
        (true, false) => Some(format!("sudo on {node} does not let the login user run systemd-run")),
    })
}
