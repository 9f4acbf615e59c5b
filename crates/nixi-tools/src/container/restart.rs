//! `container.restart`

use nixi_core::{EndState, Risk};

use super::lifecycle::{Back, Lifecycle, Operation, Way};

/// Stops and starts containers.
pub const RESTART: Lifecycle = Lifecycle(Operation {
    word: "restart",
    about: "restart containers",
    risk: Risk::Routine,
    command: "restart",
    options: &["--"],
    way: Way::Restarting,
    end_state: EndState::Is("running"),
    undo: Back::Cannot("what ran before the restart has ended"),
    needless: |_| None,
    hindrance: |_| None,
    warnings: |_| Vec::new(),
});
