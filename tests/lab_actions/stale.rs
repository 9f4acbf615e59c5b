//! What was approved is done to what was shown, or not at all.

use nixi::core::session::CallResult;
use nixi::core::{ErrorKind, StepStatus};
use nixi_lab::Machine;
use serde_json::{Value, json};

use crate::fingerprint::Fingerprint;
use crate::ground::{Ground, WEB, call};

/// Asks for something, lets something else happen before saying yes, and fails unless that yes did nothing.
async fn too_late(ground: &Ground, action: &str, args: &Value, happens: impl FnOnce(&Machine)) -> CallResult {
    let web = ground.machine(WEB);
    let mut by_now = None;
    let (result, asked) = ground
        .call(call(action, WEB, args), |pending| {
            happens(web);
            by_now = Some(Fingerprint::of(web));
            pending.approve();
        })
        .await;
    assert!(asked.is_some(), "{result:?}");
    assert_ne!(result.status, StepStatus::Done, "{result:?}");
    assert!(result.steps.iter().all(|step| step.status == StepStatus::NotStarted), "{result:?}");
    by_now.unwrap().assert_holds(web, action);
    result
}

fn assert_changed(result: CallResult, what: &str) {
    assert_eq!(result.status, StepStatus::NotStarted, "{result:?}");
    let error = result.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Changed, "{error:?}");
    assert!(error.message.contains(what), "{error:?}");
}

#[tokio::test]
async fn nothing_is_done_to_what_is_not_what_was_shown() {
    let ground = Ground::of(&[WEB]);
    let web = ground.machine(WEB);
    let another = |machine: &Machine| {
        let script = "podman rm idle && podman create --name idle localhost/nixi-lab/web:1";
        drop(machine.root(script).unwrap());
    };
    let idle = json!({"names": ["idle"]});
    assert_changed(too_late(&ground, "container.remove", &idle, another).await, "idle is ");
    assert_changed(too_late(&ground, "container.start", &idle, another).await, "idle is ");
    let gone = |machine: &Machine| drop(machine.root("podman rm idle").unwrap());
    assert_changed(too_late(&ground, "container.remove", &idle, gone).await, "idle is ");
    // The other one, approved in the same breath, stays as well.
    let both = json!({"names": ["web", "failed"]});
    let one_gone = |machine: &Machine| drop(machine.root("podman rm failed").unwrap());
    assert_changed(too_late(&ground, "container.remove", &both, one_gone).await, "web is ");

    const PASSING: &str = "/run/systemd/system/passing.service";
    web.write(PASSING, "[Service]\nExecStart=/run/current-system/sw/bin/sleep infinity\n").unwrap();
    web.root("systemctl daemon-reload").unwrap();
    let removed =
        |machine: &Machine| drop(machine.root(&format!("rm {PASSING}; systemctl daemon-reload")).unwrap());
    let passing = json!({"names": ["passing"]});
    assert_changed(too_late(&ground, "service.start", &passing, removed).await, "passing.service");

    let greeter = json!({"names": ["greeter"]});
    let monitored = |_: &Machine| {
        let config = ground.file("config.toml").replace("\"managed\"", "\"monitored\"");
        ground.write_file("config.toml", &config);
    };
    assert_changed(
        too_late(&ground, "service.stop", &greeter, monitored).await,
        "configuration of web-server",
    );
    assert_eq!(web.root("systemctl is-active greeter").unwrap(), "active");
}

#[tokio::test]
async fn nothing_is_done_on_another_machine_at_the_same_address() {
    let ground = Ground::of(&[WEB]);
    let reinstalled = |machine: &Machine| {
        machine.reinstall().unwrap();
        machine.wait_until_booted().unwrap();
    };
    let greeter = json!({"names": ["greeter"]});
    let result = too_late(&ground, "service.stop", &greeter, reinstalled).await;
    assert_eq!(result.status, StepStatus::Unreachable, "{result:?}");
    assert_eq!(result.error.unwrap().kind, ErrorKind::HostKeyChanged);
}
