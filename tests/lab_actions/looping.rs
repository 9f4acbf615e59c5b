//! What dies again and again, at its start and in the lists.

use nixi::core::session::Pending;
use nixi::core::{ErrorKind, StepStatus};
use nixi_lab::Image;
use serde_json::json;

use crate::ground::{Ground, WEB, call};

/// The service dies whenever it is started; the oneshot does its work and ends.
const UNITS: [(&str, &str); 2] = [
    (
        "looping",
        "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=200ms\n\
         ExecStart=/bin/sh -c 'echo there is no camera; exit 1'\n",
    ),
    ("once", "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'exit 0'\n"),
];

#[tokio::test]
async fn what_dies_again_and_again_is_failed_and_listed_as_that() {
    let ground = Ground::bare_with(&[WEB], "", "");
    let web = ground.machine(WEB);
    web.wait_until_booted().unwrap();
    for (name, text) in UNITS {
        web.write(&format!("/run/systemd/system/{name}.service"), text).unwrap();
    }
    web.root("systemctl daemon-reload").unwrap();

    // The one that dies keeps the other from nothing.
    let request = call("service.start", WEB, &json!({"names": ["looping", "once"]}));
    let result = ground.call(request, Pending::approve).await.0;
    let statuses: Vec<StepStatus> = result.steps.iter().map(|step| step.status).collect();
    assert_eq!(
        statuses,
        [StepStatus::Done, StepStatus::Done, StepStatus::Failed, StepStatus::Done],
        "{result:?}"
    );
    let error = result.error.unwrap();
    assert_eq!(error.kind, ErrorKind::CommandFailed, "{error:?}");
    assert!(error.message.starts_with("looping.service does not stay up: "), "{error:?}");
    assert!(error.message.contains("there is no camera"), "{error:?}");

    let report = ground.report(call("service.failed", WEB, &json!({}))).await;
    let units = report["units"].as_array().unwrap();
    let looping = units.iter().find(|unit| unit["unit"] == "looping.service");
    let looping = looping.unwrap_or_else(|| panic!("{report}"));
    assert!(looping["restarts"].as_u64().unwrap() >= 1, "{report}");
    assert_eq!(looping["last_line"], "there is no camera", "{report}");
    web.root("systemctl stop looping").unwrap();
}

#[tokio::test]
async fn a_container_that_dies_again_and_again_is_failed() {
    let ground = Ground::bare_with(&[WEB], "", "");
    let web = ground.machine(WEB);
    web.wait_until_booted().unwrap();
    web.import(Image::Crasher).unwrap();
    web.root("podman create --restart=always --name flappy localhost/nixi-lab/crasher:1").unwrap();

    let request = call("container.start", WEB, &json!({"names": ["flappy"]}));
    let result = ground.call(request, Pending::approve).await.0;
    let statuses: Vec<StepStatus> = result.steps.iter().map(|step| step.status).collect();
    assert_eq!(statuses, [StepStatus::Done, StepStatus::Failed], "{result:?}");
    let error = result.error.unwrap();
    assert!(error.message.starts_with("flappy does not stay up: "), "{error:?}");

    // In the list it is failing at any moment: while it runs, and between two runs.
    for _ in 0..20 {
        let report = ground.report(call("container.list", WEB, &json!({}))).await;
        let failing = &report["containers"][0]["failing"];
        assert!(failing["restarts"].as_u64().unwrap_or(0) >= 2, "{report}");
        assert_eq!(failing["last_line"], "cannot go on", "{report}");
    }
    // Between two runs, podman takes it for stopped already, and starts it again all the same.
    let is_stopped = || {
        let state = "podman stop flappy && sleep 1 && podman inspect --format '{{.State.Status}}' flappy";
        Ok(web.root(state)?.ends_with("exited"))
    };
    web.wait_until("stop the container", is_stopped).unwrap();
    web.root("sleep 6").unwrap();
    let report = ground.report(call("container.list", WEB, &json!({}))).await;
    assert!(report["containers"][0]["failing"].is_null(), "it was stopped: {report}");

    // One that is given up after its third try stays failing.
    web.root("podman run --detach --restart=on-failure:3 --name lost localhost/nixi-lab/crasher:1").unwrap();
    let is_given_up =
        || Ok(web.root("podman inspect --format '{{.RestartCount}} {{.State.Status}}' lost")? == "3 exited");
    web.wait_until("give the container up", is_given_up).unwrap();
    web.root("sleep 6").unwrap();
    let report = ground.report(call("container.list", WEB, &json!({}))).await;
    assert_eq!(report["containers"][0]["name"], "lost", "the worst comes first: {report}");
    let failing = &report["containers"][0]["failing"];
    assert_eq!((&failing["restarts"], &failing["exit_code"]), (&json!(3), &json!(3)), "{report}");
    web.root("podman rm --force lost").unwrap();
    web.root("podman rm --force flappy").unwrap();
}
