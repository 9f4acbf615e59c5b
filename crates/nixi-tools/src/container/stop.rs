//! `container.stop`

use nixi_core::{EndState, Risk};

use super::lifecycle::{Back, Lifecycle, Operation, Way, comes_back};

/// Stops containers that run.
pub const STOP: Lifecycle = Lifecycle(Operation {
    word: "stop",
    about: "stop containers",
    risk: Risk::Routine,
    command: "stop",
    options: &["--"],
    way: Way::Ending,
    end_state: EndState::Is("exited"),
    undo: Back::By("start"),
    needless: |container| container.is_stopped().then_some("not running"),
    hindrance: |_| None,
    warnings: |chosen| comes_back(chosen).into_iter().collect(),
});
