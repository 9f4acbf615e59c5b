//! `container.start`

use nixi_core::{EndState, Risk};

use super::lifecycle::{Back, Lifecycle, Operation, Way};

/// Starts containers that do not run.
pub const START: Lifecycle = Lifecycle(Operation {
    word: "start",
    about: "start containers",
    risk: Risk::Routine,
    command: "start",
    options: &["--"],
    way: Way::Starting,
    end_state: EndState::Is("running"),
    undo: Back::By("stop"),
    needless: |container| container.is_running().then_some("already running"),
    hindrance: |container| container.is_paused().then_some(("paused", "unpause")),
    warnings: |_| Vec::new(),
});
