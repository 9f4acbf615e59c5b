//! `container.remove`

use nixi_core::{Fate, Risk};

use super::lifecycle::{Back, Deed, Lifecycle, Way, comes_back};

/// Removes containers, running or not, and keeps their data.
pub const REMOVE: Lifecycle = Lifecycle(Deed {
    word: "remove",
    about: "remove containers by names, or all; volumes and data stay",
    risk: Risk::Destructive,
    command: "rm",
    // Without --volumes: data stays.
    options: &["--force", "--"],
    way: Way::AsUnit,
    fate: Fate::Gone,
    undo: Back::Cannot("the container is gone; its volumes and folders are still there"),
    needless: |_| None,
    warnings: |chosen| {
        let killed = format!("{} is running and will be killed", chosen.name);
        let killed = chosen.container.is_running().then_some((Risk::Destructive, killed));
        killed.into_iter().chain(comes_back(chosen)).collect()
    },
});
