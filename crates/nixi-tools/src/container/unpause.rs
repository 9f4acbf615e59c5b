//! `container.unpause`

use nixi_core::{EndState, Risk};

use super::lifecycle::{Back, Lifecycle, Operation, Way};

/// Lets paused containers go on.
pub const UNPAUSE: Lifecycle = Lifecycle(Operation {
    word: "unpause",
    about: "let containers go on",
    risk: Risk::Routine,
    command: "unpause",
    options: &["--"],
    way: Way::AsUnit,
    end_state: EndState::Is("running"),
    undo: Back::By("pause"),
    needless: |container| (!container.is_paused()).then_some("not paused"),
    hindrance: |_| None,
    warnings: |_| Vec::new(),
});
