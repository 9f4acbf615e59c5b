//! Modes and decisions: what becomes of every change of this crate on a managed and on a monitored node, whatever the
//! answer.

use nixi_core::recording::Recording;
use nixi_core::registry::Access;
use nixi_core::session::Pending;
use nixi_core::{CallRequest, CallResult, ErrorKind, Intent, Refusal, StepStatus, Undo};

use crate::support::{Lab, STATES, examples, node};

fn changes() -> Vec<CallRequest> {
    let changes = examples(|access| matches!(access, Access::Write(_)));
    assert!(changes.len() >= 7, "{changes:?}");
    changes
}

#[tokio::test]
async fn no_change_sends_anything_to_a_monitored_node() {
    let lab = Lab::new(node());
    for change in changes() {
        for intent in [Intent::Perform, Intent::PlanOnly] {
            let outcome = lab.perform(change.clone().on("monitoring"), intent).await;
            assert_eq!(outcome.exit_code(), 3, "{change:?}");
            let result = &outcome.results[0];
            assert_eq!(result.status, StepStatus::Refused, "{change:?}");
            assert_eq!(result.error.as_ref().unwrap().kind, ErrorKind::ReadOnly, "{change:?}");
        }
    }
    assert_eq!((lab.nodes.seen(), lab.local.seen()), (Vec::new(), Vec::new()));
}

/// What comes of a change on a managed node, and what was run; `None` if nothing had to be asked.
async fn answered(
    change: &CallRequest,
    on: fn() -> Recording,
    answer: impl FnOnce(Pending),
) -> Option<(CallResult, Vec<String>)> {
    let mut lab = Lab::new(on());
    let result = lab.answered(change.clone().on("db-server"), answer).await?;
    Some((result, lab.nodes.changes()))
}

/// Each has something to do in one of the states at least.
#[tokio::test]
async fn what_is_decided_is_done() {
    for change in changes() {
        let mut asked = 0;
        for on in STATES {
            let Some((done, ran)) = answered(&change, on, Pending::approve).await else { continue };
            asked += 1;
            assert_eq!(done.status, StepStatus::Done, "{done:?}");
            assert!(!ran.is_empty(), "{change:?}");

            let denied = answered(&change, on, |pending| pending.deny(Refusal::Person)).await.unwrap();
            assert_eq!((denied.0.status, &denied.1[..]), (StepStatus::Declined, &[][..]), "{change:?}");
            let gone = answered(&change, on, drop).await.unwrap();
            assert_eq!((gone.0.status, &gone.1[..]), (StepStatus::Declined, &[][..]), "{change:?}");
        }
        assert!(asked > 0, "{change:?} was never asked about");
    }
}

/// What takes a change back is a call of its own, which can be planned once the change is made; or the reason is told.
#[tokio::test]
async fn every_change_says_how_it_is_taken_back() {
    let mut told = Vec::new();
    for change in changes() {
        for (at, before) in STATES.iter().enumerate() {
            let planned = Lab::new(before()).plan(change.clone().on("db-server")).await;
            let Some(part) = planned.plan else { continue };
            match part.undo {
                Undo::Cannot(why) => {
                    assert!(!why.is_empty() && !why.ends_with('.'), "{why}");
                    told.push(format!("{}: {why}", change.action));
                }
                Undo::Calls(calls) => {
                    for call in calls {
                        told.push(format!("{}: {}", change.action, call.typed()));
                        // What nothing but an undo may call is tried on whole machines.
                        if nixi_tools::registry()
                            .unwrap()
                            .specs()
                            .all(|spec| spec.name.to_string() != call.action)
                        {
                            continue;
                        }
                        let mut takes_back = false;
                        for (_, after) in STATES.iter().enumerate().filter(|(other, _)| *other != at) {
                            takes_back |= Lab::new(after()).plan(call.clone()).await.plan.is_some();
                        }
                        assert!(takes_back, "nothing takes {change:?} back");
                    }
                }
            }
        }
    }
    told.dedup();
    insta::assert_snapshot!(told.join("\n"), @r#"
    container.deploy: nixi call container.undeploy name=greeter expect=3a8f6ad35bedb4e0 folders=/srv/greeter/data,/srv/greeter network=made kept='' --node db-server
    container.pause: nixi call container.unpause names=0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0 --node db-server
    container.remove: the container is gone; its volumes and folders are still there
    container.restart: what ran before the restart has ended
    container.start: nixi call container.stop names=0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0 --node db-server
    container.stop: nixi call container.start names=0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0 --node db-server
    container.stop: nixi call container.pause names=0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0 --node db-server
    container.unpause: nixi call container.pause names=0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0 --node db-server
    container.update: nixi call container.redeploy name=greeter image=localhost/nixi-lab/sleeper:1 env='{"LANG":"C"}' image_id=0000000000000000000000000000000000000000000000000000000000000001 expect=084f4ea14be59b2b --node db-server
    file.delete: nixi call file.write path=/srv/notes/old.txt content='old
    ' mode=0644 expect=missing --node db-server
    file.write: nixi call file.write path=/srv/notes/today.txt content='call home
    ' expect=94e5e3e70668c974f7f9cc7f11378db02f1b46d11e3a3351d3febe3e1ad7d947 --node db-server
    firewall.close: nixi call firewall.open ports=8080/tcp --node db-server
    firewall.open: nixi call firewall.close ports=8080/tcp --node db-server
    nixos.channel_add: nixi call nixos.channel_remove name=lab --node db-server
    nixos.channel_remove: nixi call nixos.channel_add url=https://nixos.org/channels/nixos-25.05 name=nixos --node db-server
    nixos.channel_update: nixi call nixos.channel_update generation=3 --node db-server
    nixos.collect_garbage: what is removed cannot be brought back
    nixos.edit: nixi call nixos.edit option=time.timeZone --node db-server
    nixos.rebuild: nixi call nixos.rollback generation=2 --node db-server
    nixos.rebuild: nixi call nixos.rollback generation=1 --node db-server
    nixos.rebuild: nixi call nixos.rollback generation=2 --node db-server
    nixos.rollback: nixi call nixos.rollback generation=2 --node db-server
    nixos.upgrade: nixi call nixos.rollback generation=2 --node db-server
    nixos.upgrade: nixi call nixos.channel_update generation=3 --node db-server
    nixos.upgrade: nixi call nixos.rollback generation=2 --node db-server
    nixos.upgrade: nixi call nixos.channel_update generation=3 --node db-server
    package.install: nixi call package.remove names=htop --node db-server
    package.remove: nixi call package.install names=htop --node db-server
    service.disable: nixi call service.enable names=nginx.service --node db-server
    service.enable: nixi call service.disable names=nginx.service --node db-server
    service.reload: a reload reads the configuration anew
    service.restart: what ran before the restart has ended
    service.start: nixi call service.stop names=nginx.service --node db-server
    service.stop: nixi call service.start names=nginx.service --node db-server
    system.poweroff: somebody has to switch it on again
    system.reboot: what ran before the reboot has ended
    "#);
}

#[tokio::test]
async fn reads_work_on_a_monitored_node() {
    let lab = Lab::new(node());
    let result = lab.call(CallRequest::new("container.list").on("monitoring")).await;
    assert_eq!(result.status, StepStatus::Done);
    // A look whether podman was ever used, and podman.
    let run: Vec<String> = lab.nodes.seen().into_iter().map(|run| run.command).collect();
    assert!(run.len() == 2 && run[0].starts_with("ls -ld -- ") && run[1].contains("podman ps"), "{run:?}");
    assert_eq!(lab.nodes.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn without_a_person_nothing_is_changed() {
    for change in changes() {
        let mut asked = false;
        for on in STATES {
            let mut lab = Lab::new(on());
            drop(std::mem::replace(&mut lab.approver, Lab::new(on()).approver));
            let result = lab.call(change.clone().on("monitoring")).await;
            assert_eq!(result.status, StepStatus::Refused, "{change:?}");
            let result = lab.call(change.clone().on("db-server")).await;
            let kind = result.error.map(|error| error.kind);
            if result.plan.is_some() {
                asked = true;
                assert_eq!((result.status, kind), (StepStatus::Declined, Some(ErrorKind::ApprovalRequired)));
            }
            assert_eq!(lab.nodes.changes(), Vec::<String>::new(), "{change:?}");
        }
        assert!(asked, "{change:?} was never asked about");
    }
}
