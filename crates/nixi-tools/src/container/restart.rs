//! `container.restart`

use nixi_core::{Fate, Risk};

use super::lifecycle::{Back, Deed, Lifecycle, Way};

/// Stops and starts containers.
pub const RESTART: Lifecycle = Lifecycle(Deed {
    word: "restart",
    about: "restart containers",
    risk: Risk::Routine,
    command: "restart",
    options: &["--"],
    way: Way::Restarting,
    fate: Fate::Is("running"),
    undo: Back::Cannot("what ran before the restart has ended"),
    needless: |_| None,
    hindrance: |_| None,
    warnings: |_| Vec::new(),
});
