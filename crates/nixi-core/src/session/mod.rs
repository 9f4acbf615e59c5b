//! The session: what front ends drive.
//!
//! A session has two halves. The [`Asker`] performs [`Op`]s and tells [`Event`]s; anyone may hold it. The
//! [`ApproverHandle`] answers the questions that come of it; only a person's own front end holds that, so a model or a
//! program behind a door has no way to approve.

mod adopt;
mod adopt_words;
mod appetite;
mod approver;
mod asker;
mod bare;
mod batch;
mod choice;
mod desk;
mod door;
mod doubt;
mod machine;
mod needs;
mod outward;
mod places;
mod protocol;
mod roster;
mod selection;
mod workflow;

use std::sync::Arc;

pub use crate::call::CallRequest;
pub use adopt_words::AdoptWords;
pub use approver::{ApproverHandle, Pending, Question, Questions, Standing, Vouched, Voucher};
pub use asker::Asker;
pub use desk::{Desk, ModelCall};
pub use doubt::{Doubt, Meaning};
pub use protocol::{
    AdoptRequest, Adopted, Audience, CallAhead, CallResult, Event, Intent, Minds, Op, Outcome,
};

use self::approver::Asking;
use self::roster::Roster;
use crate::brain::{Model, Phrases};
use crate::call_id::CallIds;
use crate::config::{ConfigError, ConfigStore};
use crate::context::Settings;
use crate::error::{ErrorKind, ErrorReport};
use crate::exec::{Enrol, Executor, HostKeys};
use crate::fleet::Controller;
use crate::node::{Node, Target};
use crate::outputs::Outputs;
use crate::registry::Registry;

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
        (Asker::new(Inner { parts: self, asking, outputs, calls: CallIds::default() }), approver)
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
}

impl Inner {
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

    fn executor(&self, node: &Node) -> &dyn Executor {
        match node.target() {
            Target::Local => &*self.parts.local,
            Target::Ssh(_) => &*self.parts.remote,
        }
    }
}

impl Roster {
    fn settings(&self) -> Settings {
        Settings { runtime: self.config.container.runtime, command_timeout: self.config.ssh.command_timeout }
    }
}

fn config_report(error: &ConfigError) -> ErrorReport {
    ErrorReport::new(ErrorKind::Config, error.to_string())
}
