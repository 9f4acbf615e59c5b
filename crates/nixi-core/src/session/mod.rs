//! The session: what front ends drive.
//!
//! A session has two halves. The [`Asker`] performs [`Op`]s and tells [`Event`]s; anyone may hold it. The
//! [`ApproverHandle`] answers the questions that come of it; only a person's own front end holds that, so a model or a
//! program behind a door has no way to approve.

mod adopt;
mod adopt_words;
mod answers;
mod approver;
mod asker;
mod bare;
mod brain;
mod calls;
mod choice;
mod doubt;
mod ending;
mod entrusted;
mod ledger;
mod left_behind;
mod log;
mod machine;
mod model_cx;
mod needs;
mod outward;
mod places;
mod proposal;
mod protocol;
mod request_cx;
mod result_budget;
mod roster;
mod secret_wanted;
mod selection;
mod undo;
mod visit;
mod waiting;
mod workflow;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use crate::call::CallRequest;
pub use adopt_words::AdoptWords;
pub use approver::{
    AdvanceConsent, Approval, ApproverHandle, ConsentedAdoption, Pending, Question, Questions, TypedConsent,
};
pub use asker::Asker;
pub use brain::{Model, Phrases, Reading};
pub use doubt::{Doubt, Meaning};
pub use left_behind::{LeftBehind, Reached};
pub use model_cx::{ModelCall, ModelCx};
pub use protocol::{
    AdoptRequest, Adopted, Audience, CallAhead, CallResult, Event, Intent, Interpreters, Op, Outcome,
};
pub use secret_wanted::SecretWanted;

pub(crate) use self::approver::Asking;
use self::roster::Roster;
use crate::call_id::CallIds;
use crate::config::{ConfigError, ConfigStore};
use crate::context::Settings;
use crate::error::{ErrorKind, ErrorReport};
use crate::exec::{Enrol, Executor, HostKeys};
use crate::file_roots::FileRoots;
use crate::fleet::Controller;
use crate::journal::{Journal, Request, history};
use crate::node::{Node, Target};
use crate::outputs::Outputs;
use crate::registry::Registry;
use crate::secret::Vault;

/// What a session is made of. The facade puts the parts together; nothing else knows them all.
pub struct Parts {
    /// All actions.
    pub registry: Registry,
    /// Runs commands on the controller.
    pub local: Arc<dyn Executor>,
    /// Runs commands on remote nodes.
    pub remote: Arc<dyn Executor>,
    /// Tries first logins.
    pub enrol: Arc<dyn Enrol>,
    /// The record of host keys.
    pub host_keys: Arc<dyn HostKeys>,
    /// The configuration.
    pub config: ConfigStore,
    /// The journal, without which no change is run.
    pub journal: Arc<dyn Journal>,
    /// Who the controller is.
    pub controller: Controller,
    /// Understands set phrases.
    pub phrases: Arc<dyn Phrases>,
    /// Understands the rest, if one is configured.
    pub model: Option<Arc<dyn Model>>,
}

impl Parts {
    /// Opens a session.
    #[must_use]
    pub fn open(self) -> (Asker, ApproverHandle) {
        self.open_keeping(None)
    }

    /// The same, with a place for results that are too long to be held.
    #[must_use]
    pub fn open_keeping(self, outputs: Option<Arc<dyn Outputs>>) -> (Asker, ApproverHandle) {
        let (asking, approver) = approver::channel();
        (Asker::new(Inner::new(self, asking, outputs)), approver)
    }
}

/// What the nodes are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// To reach them. No machine may be read-only under one of two names only.
    OnNodes,
    /// To change the list itself, which is how a machine in two modes is taken out of it.
    OnTheList,
}

struct Inner {
    parts: Parts,
    asking: Asking,
    outputs: Option<Arc<dyn Outputs>>,
    calls: CallIds,
    vault: Vault,
    /// Whether the person was told of requests that were cut off.
    told_of_cut_off: AtomicBool,
}

impl Inner {
    fn new(parts: Parts, asking: Asking, outputs: Option<Arc<dyn Outputs>>) -> Self {
        let (calls, told_of_cut_off) = (CallIds::default(), AtomicBool::new(false));
        Self { parts, asking, outputs, calls, vault: Vault::new(), told_of_cut_off }
    }

    /// The nodes as the configuration has them now: another program may have changed it.
    fn roster(&self) -> Result<Roster, ErrorReport> {
        self.roster_for(Work::OnNodes)
    }

    fn roster_for(&self, work: Work) -> Result<Roster, ErrorReport> {
        let store = &self.parts.config;
        let mut config = store.load().map_err(|error| config_report(&error))?;
        let at_odds = places::fill_in(&mut config, &*self.parts.remote);
        match (at_odds, work) {
            (Ok(()), _) | (Err(_), Work::OnTheList) => {}
            (Err(misfits), Work::OnNodes) => return Err(config_report(&store.points_at(&misfits))),
        }
        Ok(Roster { config: Arc::new(config), controller: self.parts.controller.clone() })
    }

    /// All requests of the journal, the oldest first.
    async fn requests(&self) -> Result<Vec<Request>, ErrorReport> {
        match self.parts.journal.read().await {
            Ok(lines) => Ok(history(lines)),
            Err(why) => Err(ErrorReport::new(ErrorKind::Journal, why)),
        }
    }

    fn executor(&self, node: &Node) -> &dyn Executor {
        match node.target() {
            Target::Local => &*self.parts.local,
            Target::Ssh(_) => &*self.parts.remote,
        }
    }
}

impl Roster {
    fn settings(&self) -> Settings {
        Settings {
            runtime: self.config.container.runtime,
            command_timeout: self.config.ssh.command_timeout,
            guard: self.config.guard.timeout,
            roots: FileRoots::with(&self.config.file.roots),
        }
    }
}

fn config_report(error: &ConfigError) -> ErrorReport {
    ErrorReport::new(ErrorKind::Config, error.to_string())
}
