//! What changes containers and services: nothing happens before a yes, and then what was shown.

use nixi::core::session::Pending;
use nixi::core::{ErrorKind, Refusal, Risk, StepStatus, Undo};
use nixi_lab::Machine;
use serde_json::{Value, json};

use crate::fingerprint::Fingerprint;
use crate::ground::{Ground, WEB, call};

/// A change, and how the machine tells that it was made. Scripts end with 0 for yes.
pub(crate) struct Change {
    pub(crate) action: &'static str,
    /// What it is for.
    pub(crate) name: &'static str,
    risk: Risk,
    /// So it is before.
    before: &'static str,
    /// So it is then, and not before.
    then: &'static str,
}

impl Change {
    pub(crate) fn args(&self) -> Value {
        json!({"names": [self.name]})
    }
}

/// Each finds the machine as the one before left it.
pub(crate) const ALL: &[Change] = &[
    Change {
        action: "container.restart",
        name: "web",
        risk: Risk::Routine,
        before: "podman inspect --format {{.State.Pid}} web >/run/before && kill -0 $(cat /run/before)",
        then: "! kill -0 $(cat /run/before) && curl -sf -m 9 127.0.0.1:8080",
    },
    Change {
        action: "container.stop",
        name: "web",
        risk: Risk::Routine,
        before: "curl -sf -m 9 127.0.0.1:8080",
        then: "! curl -sf -m 9 127.0.0.1:8080 && podman inspect --format {{.State.Status}} web | grep -x exited",
    },
    Change {
        action: "container.start",
        name: "web",
        risk: Risk::Routine,
        before: "! curl -sf -m 9 127.0.0.1:8080",
        then: "curl -sf -m 9 127.0.0.1:8080",
    },
    Change {
        action: "container.pause",
        name: "web",
        risk: Risk::Routine,
        before: "curl -sf -m 9 127.0.0.1:8080",
        then: "! curl -sf -m 2 127.0.0.1:8080 && podman inspect --format {{.State.Status}} web | grep -x paused",
    },
    Change {
        action: "container.unpause",
        name: "web",
        risk: Risk::Routine,
        before: "! curl -sf -m 2 127.0.0.1:8080",
        then: "curl -sf -m 9 127.0.0.1:8080",
    },
    Change {
        action: "container.remove",
        name: "web",
        risk: Risk::Destructive,
        before: "podman container exists web && curl -sf -m 9 127.0.0.1:8080",
        then: "! podman container exists web && ! curl -sf -m 9 127.0.0.1:8080 && grep -x kept /srv/web/data",
    },
    Change {
        action: "service.restart",
        name: "greeter",
        risk: Risk::Routine,
        before: "systemctl show --property=MainPID --value greeter >/run/before && kill -0 $(cat /run/before)",
        then: "! kill -0 $(cat /run/before) && systemctl is-active greeter",
    },
    Change {
        action: "service.stop",
        name: "greeter",
        risk: Risk::Routine,
        before: "pid=$(systemctl show --property=MainPID --value greeter) && test -d /proc/$pid && test $pid != 0",
        then: "test ! -e /sys/fs/cgroup/system.slice/greeter.service/cgroup.procs",
    },
    Change {
        action: "service.start",
        name: "resting",
        risk: Risk::Routine,
        before: "test ! -e /sys/fs/cgroup/system.slice/resting.service/cgroup.procs",
        then: "xargs -n 1 ps -o args= -p </sys/fs/cgroup/system.slice/resting.service/cgroup.procs | grep sleep",
    },
];

fn is_so(machine: &Machine, script: &str) -> bool {
    machine.try_root(script).unwrap().code == 0
}

#[tokio::test]
async fn a_change_is_made_if_a_person_says_yes_and_only_then_and_is_taken_back() {
    let ground = Ground::of(&[WEB]);
    let web = ground.machine(WEB);
    for change in ALL {
        let action = change.action;
        let request = || call(action, WEB, &change.args());
        assert!(is_so(web, change.before) && !is_so(web, change.then), "{action}");

        let unchanged = Fingerprint::of(web);
        let (declined, asked) = ground.call(request(), |pending| pending.deny(Refusal::Person)).await;
        assert_eq!(declined.error.unwrap().kind, ErrorKind::Declined, "{action}");
        assert_eq!(asked.unwrap().risk, change.risk, "{action}");
        unchanged.assert_holds(web, action);
        assert!(is_so(web, change.before), "{action}");

        let (made, asked) = ground.call(request(), Pending::approve).await;
        assert_eq!(made.status, StepStatus::Done, "{action}: {made:?}");
        assert_eq!(made.plan, asked, "{action}");
        // What was started takes a moment until it serves.
        let is_made = || web.wait_until(change.then, || Ok(is_so(web, change.then))).unwrap();
        is_made();

        let Undo::Calls(undo) = asked.unwrap().undo else { continue };
        let again = ground.unasked(request()).await;
        assert_eq!(again.status, StepStatus::Done, "{action}: {again:?}");
        assert!(again.text.unwrap().starts_with("nothing to "), "{action} is made already");
        for call in undo {
            let (taken_back, _) = ground.call(call, Pending::approve).await;
            assert_eq!(taken_back.status, StepStatus::Done, "{action}: {taken_back:?}");
        }
        web.wait_until(change.before, || Ok(is_so(web, change.before))).unwrap();
        assert!(!is_so(web, change.then), "{action} is taken back");
        ground.call(request(), Pending::approve).await;
        is_made();
    }
}
