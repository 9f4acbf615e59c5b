//! `container.unpause`

use nixi_core::{Fate, Risk};

use super::lifecycle::{Back, Deed, Lifecycle, Way};

/// Lets paused containers go on.
pub const UNPAUSE: Lifecycle = Lifecycle(Deed {
    word: "unpause",
    about: "let containers go on",
    risk: Risk::Routine,
    command: "unpause",
    options: &["--"],
    way: Way::AsUnit,
    fate: Fate::Is("running"),
    undo: Back::By("pause"),
    needless: |container| (!container.is_paused()).then_some("not paused"),
    hindrance: |_| None,
    warnings: |_| Vec::new(),
});
