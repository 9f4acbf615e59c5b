//! Steps of a plan: a file a kind, and what all of them have in common.

mod activate;
mod config;
mod forget_host_key;
mod hand_over;
mod lasting;
mod module;
mod power;
mod put_file;
mod rescue;
mod restore_node;
mod run;
mod settle;
mod unit_names;

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use async_trait::async_trait;

pub use activate::Activate;
use config::unwritten;
pub(crate) use config::write_config;
pub use hand_over::HandOver;
pub(crate) use lasting::{Afterwards, afterwards};
pub use power::Power;
pub use put_file::{FileDigest, PutFile, Replaces};
pub use rescue::Rescue;
pub use restore_node::RestoreNode;
pub use settle::Settle;

use super::apply_cx::ApplyCx;
use super::{ApprovedPart, ModuleEdit, PlanDigest, Risk, StepReport, StepView, Turn};
use crate::card::Edits;
use crate::command::{Command, Lasting, Login, Write};
use crate::config::ConfigEdit;
use crate::node::{NodeName, SshTarget};

/// One thing to do, as data.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Runs a command on the node.
    Run(Command<Write>),
    /// Runs a command as a unit of the node, which goes on if the connection is lost.
    Lasting(Lasting),
    /// Waits until what was started stays up.
    Settle(Settle),
    /// Puts a file on the node.
    PutFile(PutFile),
    /// Runs a command on the node that is handed secrets.
    HandOver(HandOver),
    /// Switches to a system that was built, and back unless that is confirmed.
    Activate(Activate),
    /// Declares something, which is done with all else that a request declares on the node.
    Module(ModuleEdit),
    /// Boots the node anew, or switches it off.
    Power(Power),
    /// Takes an earlier step back if a later one fails.
    Rescue(Rescue),
    /// Edits Nixi's own configuration, on the controller.
    Config(ConfigEdit),
    /// Drops a host from the user's known_hosts, on the controller.
    ForgetHostKey(SshTarget),
    /// Puts a removed node back, on the controller.
    RestoreNode(RestoreNode),
}

/// What every kind of step tells of itself, and how it runs.
#[async_trait]
pub(super) trait Kind: Sync {
    /// What it edits of what only the controller has; a kind that edits nothing of that acts on the node.
    fn edits(&self) -> Edits {
        Edits::Nothing
    }

    /// The least risk of a plan with it.
    fn least_risk(&self) -> Risk {
        Risk::Routine
    }

    /// The step, counted from 0, of which it tells what became: that one alone has to be done before it.
    fn tells_of(&self) -> Option<usize> {
        None
    }

    /// The step, counted from 0, that it takes back, and the last one whose failure makes it run. If none of them failed, it is
    /// passed over without a report.
    fn takes_back(&self) -> Option<RangeInclusive<usize>> {
        None
    }

    /// How long the node waits to be told that it is still reached, where it goes back without that.
    fn guard(&self) -> Option<Duration> {
        None
    }

    /// The node that it takes out of the configuration.
    fn leaving(&self) -> Option<&NodeName> {
        None
    }

    /// As a person reads it in a plan: a command word for word as this login runs it.
    fn line(&self, login: Login) -> String;

    /// The same with all that belongs to it.
    fn view(&self, login: Login) -> StepView {
        StepView::of_line(&self.line(login))
    }

    /// Stands for every word of it by itself, so that no two steps look alike. The kind's own name is part of it.
    fn digest(&self) -> PlanDigest;

    /// Whether the node keeps a record of how it ended, under the number of its turn.
    fn leaves_record(&self) -> bool {
        false
    }

    /// Does it, and tells what became of it; and its turn's reporter meanwhile, where it has to tell something.
    async fn run(&self, turn: Turn<'_>, approved: &ApprovedPart, cx: &ApplyCx<'_>) -> StepReport;

    /// More of why another step failed, which this one tells of.
    async fn explain(&self, failed: StepReport, _: &ApprovedPart, _: &ApplyCx<'_>) -> StepReport {
        failed
    }
}

impl Step {
    pub(super) fn kind(&self) -> &dyn Kind {
        match self {
            Self::Run(command) => command,
            Self::Lasting(lasting) => lasting,
            Self::Settle(settle) => settle,
            Self::PutFile(put) => put,
            Self::HandOver(hand_over) => hand_over,
            Self::Activate(activate) => activate,
            Self::Module(edit) => edit,
            Self::Power(power) => power,
            Self::Rescue(rescue) => rescue,
            Self::Config(edit) => edit,
            Self::ForgetHostKey(target) => target,
            Self::RestoreNode(node) => node,
        }
    }

    /// What it declares, if that is what it does.
    pub(super) fn module_edit(&self) -> Option<&ModuleEdit> {
        match self {
            Self::Module(edit) => Some(edit),
            Self::Run(_)
            | Self::Lasting(_)
            | Self::Settle(_)
            | Self::PutFile(_)
            | Self::HandOver(_)
            | Self::Activate(_)
            | Self::Power(_)
            | Self::Rescue(_)
            | Self::Config(_)
            | Self::ForgetHostKey(_)
            | Self::RestoreNode(_) => None,
        }
    }

    /// What it edits of what only the controller has.
    pub(crate) fn edits(&self) -> Edits {
        self.kind().edits()
    }

    /// Whether it takes place on the node, and not on the controller.
    pub(crate) fn is_on_node(&self) -> bool {
        self.edits() == Edits::Nothing
    }

    /// As a person reads it in a plan: a command word for word as this login runs it.
    pub(crate) fn for_login(&self, login: Login) -> String {
        self.kind().line(login)
    }
}

/// As a person reads it in a plan.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.for_login(Login::Other))
    }
}

impl From<Command<Write>> for Step {
    fn from(command: Command<Write>) -> Self {
        Self::Run(command)
    }
}

impl From<Lasting> for Step {
    fn from(lasting: Lasting) -> Self {
        Self::Lasting(lasting)
    }
}

impl From<Settle> for Step {
    fn from(settle: Settle) -> Self {
        Self::Settle(settle)
    }
}

impl From<PutFile> for Step {
    fn from(put: PutFile) -> Self {
        Self::PutFile(put)
    }
}

impl From<HandOver> for Step {
    fn from(hand_over: HandOver) -> Self {
        Self::HandOver(hand_over)
    }
}

impl From<Activate> for Step {
    fn from(activate: Activate) -> Self {
        Self::Activate(activate)
    }
}

impl From<ModuleEdit> for Step {
    fn from(edit: ModuleEdit) -> Self {
        Self::Module(edit)
    }
}

impl From<Power> for Step {
    fn from(power: Power) -> Self {
        Self::Power(power)
    }
}

impl From<Rescue> for Step {
    fn from(rescue: Rescue) -> Self {
        Self::Rescue(rescue)
    }
}
