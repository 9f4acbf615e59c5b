//! `container.pause`

use nixi_core::{EndState, Risk};

use super::lifecycle::{Back, Lifecycle, Operation, Way};

/// Freezes containers that run, where they are.
pub const PAUSE: Lifecycle = Lifecycle(Operation {
    word: "pause",
    about: "pause containers",
    risk: Risk::Routine,
    command: "pause",
    options: &["--"],
    way: Way::AsUnit,
    end_state: EndState::Is("paused"),
    undo: Back::By("unpause"),
    needless: |container| match container.state.as_str() {
        "paused" => Some("already paused"),
        _ => container.is_stopped().then_some("not running"),
    },
    hindrance: |_| None,
    warnings: |_| Vec::new(),
});
