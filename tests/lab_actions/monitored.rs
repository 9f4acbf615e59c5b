//! A monitored machine is looked at, and never changed.

use nixi::core::registry::Access;
use nixi::core::{ErrorKind, StepStatus};
use nixi_lab::Machine;
use serde_json::json;

use crate::examples::examples;
use crate::fingerprint::Fingerprint;
use crate::ground::{Ground, MONITORING, call};

/// What sshd and sudo told the journal: each login, each command that was sent, each time that somebody became root.
fn heard(machine: &Machine) -> usize {
    let entries = "journalctl --sync && journalctl --output=cat --identifier=sshd --identifier=sudo | grep -cE \
                   '^Accepted |^Starting session: |COMMAND=' || test $? = 1";
    machine.root(entries).unwrap().parse().unwrap()
}

#[tokio::test]
async fn every_change_is_refused_and_nothing_is_sent() {
    let ground = Ground::of(&[MONITORING]);
    let machine = ground.machine(MONITORING);
    let (unchanged, nothing) = (Fingerprint::of(machine), heard(machine));
    ground.report(call("container.list", MONITORING, &json!({}))).await;
    // A login, a session for the command, and root's right for it.
    let before = heard(machine);
    assert!(before >= nothing + 3, "a read is heard: {nothing}, then {before}");

    for change in examples(|access| access != Access::Read) {
        let refused = ground.unasked(change.clone().on(MONITORING)).await;
        assert_eq!(refused.status, StepStatus::Refused, "{refused:?}");
        assert_eq!(refused.error.unwrap().kind, ErrorKind::ReadOnly, "{change:?}");
        assert_eq!(heard(machine), before, "{change:?}");
    }
    unchanged.assert_holds(machine, "what was refused");
}
