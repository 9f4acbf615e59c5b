//! `container.stop`

use nixi_core::{Fate, Risk};

use super::lifecycle::{Back, Deed, Lifecycle, Way, comes_back};

/// Stops containers that run.
pub const STOP: Lifecycle = Lifecycle(Deed {
    word: "stop",
    about: "stop containers",
    risk: Risk::Routine,
    command: "stop",
    options: &["--"],
    way: Way::Ending,
    fate: Fate::Is("exited"),
    undo: Back::By("start"),
    needless: |container| container.is_stopped().then_some("not running"),
    hindrance: |_| None,
    warnings: |chosen| comes_back(chosen).into_iter().collect(),
});
