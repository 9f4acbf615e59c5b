//! `container.remove`

use nixi_core::{EndState, Risk};

use super::lifecycle::{Back, Lifecycle, Operation, Way, comes_back};

/// Removes containers, running or not, and keeps their data.
pub const REMOVE: Lifecycle = Lifecycle(Operation {
    word: "remove",
    about: "remove containers; volumes and data stay",
    risk: Risk::Destructive,
    command: "rm",
    // Without --volumes: data stays.
    options: &["--force", "--"],
    way: Way::AsUnit,
    end_state: EndState::Gone,
    undo: Back::Cannot("the container is gone; its volumes and folders are still there"),
    needless: |_| None,
    hindrance: |_| None,
    warnings: |chosen| {
        let state = chosen.container.state.as_str();
        let killed = matches!(state, "running" | "paused")
            .then(|| (Risk::Destructive, format!("{} is {state} and will be killed", chosen.name)));
        killed.into_iter().chain(comes_back(chosen)).collect()
    },
});
