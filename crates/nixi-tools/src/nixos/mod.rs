//! The tool `nixos`.

mod build;
pub(crate) mod channel;
mod channel_add;
mod channel_remove;
mod channel_update;
mod channels;
mod check;
mod collect_garbage;
mod compose;
pub(crate) mod declared_by;
mod diff;
mod difference;
mod edit;
mod failure;
mod fetch;
mod files;
mod flake_lock;
pub(crate) mod generation;
mod generations;
pub(crate) mod ground;
mod in_flight;
mod newer;
pub(crate) mod nix_output;
mod option;
mod place;
mod proposal;
mod rebuild;
mod rollback;
mod root_channels;
mod show;
pub(crate) mod source;
mod switch;
mod upgrade;
mod way_in;

use nixi_core::Registry;
use nixi_core::registry::RegistrationError;

pub use channel::Channel;
pub use channel_add::{AddChannel, AddChannelArgs};
pub use channel_remove::{RemoveChannel, RemoveChannelArgs};
pub use channel_update::{UpdateChannels, UpdateChannelsArgs};
pub use channels::{Channels, ChannelsReport, Used};
pub use check::{Check, CheckReport};
pub use collect_garbage::{CollectGarbage, CollectGarbageArgs};
pub use compose::Composer;
pub use diff::{Diff, DiffReport};
pub use difference::Difference;
pub use edit::{EditArgs, SetOption};
pub use flake_lock::Input;
pub use generation::Generation;
pub use generations::{Generations, GenerationsReport};
pub use option::{OptionArgs, OptionReport, Setting, ShowOption};
pub use place::{Kind, OwnModule, OwnState};
pub use rebuild::Rebuild;
pub use rollback::{Rollback, RollbackArgs};
pub use show::{Show, ShowReport};
pub use upgrade::Upgrade;

/// Adds the actions of this tool.
///
/// # Errors
/// If the registry has them already.
pub fn register(registry: Registry) -> Result<Registry, RegistrationError> {
    registry
        .inspect(Show)?
        .inspect(Generations)?
        .inspect(ShowOption)?
        .inspect(Channels)?
        .rehearse(Check)?
        .rehearse(Diff)?
        .change(AddChannel)?
        .change(RemoveChannel)?
        .change(UpdateChannels)?
        .change(Rollback)?
        .change(SetOption)?
        .change(Rebuild)?
        .change(Upgrade)?
        .change(CollectGarbage)
}
