//! Every action, on whole machines: what it reports is what the machine itself says in another way, what it changes is
//! changed, and nothing else is.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test that cannot go on should fail there and then"
)]

mod changes;
mod configurations;
mod examples;
mod files;
mod fingerprint;
mod ground;
mod looping;
mod monitored;
mod nodes;
mod promises;
mod reads;
mod stale;

use std::collections::BTreeSet;

use nixi::core::registry::Access;

/// An action without a test of its own in here is not done.
#[test]
fn every_action_is_tried_on_a_machine() {
    let registry = nixi::tools::registry().unwrap();
    let (mut reads, mut changes) = (BTreeSet::new(), BTreeSet::new());
    for spec in registry.specs() {
        let of_its_kind = if spec.access == Access::Read { &mut reads } else { &mut changes };
        of_its_kind.insert(spec.name.to_string());
    }
    let tried_reads = reads::all().map(|read| read.action.to_owned()).collect();
    // Those of a command line with secrets are tried by `lab_deploy` of nixi-cli, what is declared, and the power, by `lab_nixos`,
    // `lab_services` and `lab_guard`, channels, upgrades and garbage by `lab_channels`.
    let deployed = [
        "container.deploy",
        "container.update",
        "firewall.close",
        "firewall.open",
        "nixos.channel_add",
        "nixos.channel_remove",
        "nixos.channel_update",
        "nixos.check",
        "nixos.collect_garbage",
        "nixos.diff",
        "nixos.edit",
        "nixos.rebuild",
        "nixos.rollback",
        "nixos.upgrade",
        "package.install",
        "package.remove",
        "service.disable",
        "service.enable",
        "service.reload",
        "system.poweroff",
        "system.reboot",
    ];
    let tried_changes = changes::ALL
        .iter()
        .map(|change| change.action)
        .chain([nodes::REMOVE])
        .chain(files::ACTIONS)
        .chain(deployed);
    let tried_changes = tried_changes.map(str::to_owned).collect();
    assert_eq!((reads, changes), (tried_reads, tried_changes));
}
