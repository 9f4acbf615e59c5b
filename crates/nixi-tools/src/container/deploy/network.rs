//! The network that the containers of a node share: in it each finds the others by their names.

use nixi_core::command::ContainerCli;
use nixi_core::{Command, Write};

/// Its name. One that is made by hand, by podman or docker, has DNS; their default networks have none.
pub(super) const NETWORK: &str = "nixi";

/// What makes it.
pub(super) fn create(cli: ContainerCli) -> Command<Write> {
    Command::<Write>::new(cli.program())
        .args(cli.words_of("network", "create"))
        .args(["--", NETWORK])
        .elevated()
}

/// What removes it.
pub(super) fn remove(cli: ContainerCli) -> Command<Write> {
    Command::<Write>::new(cli.program()).args(cli.words_of("network", "rm")).args(["--", NETWORK]).elevated()
}
