//! Units that are not as they should be: their file is gone, or they die again and again.

use nixi_core::recording::Recording;
use nixi_core::{CallRequest, CallResult, ErrorKind, StepStatus};

use crate::support::{Lab, node};

fn on_db(action: &str) -> CallRequest {
    CallRequest::new(action).on("db-server")
}

fn named(action: &str, name: &str) -> CallRequest {
    on_db(action).with("names", vec![name])
}

fn done(result: CallResult) -> String {
    assert_eq!(result.status, StepStatus::Done, "{result:?}");
    result.text.unwrap()
}

/// A unit whose file is gone, in this state: recorded words of systemd 252.
fn gone(active: &str, sub: &str) -> Recording {
    let listed = format!(
        r#"[{{"unit":"old-app.service","load":"not-found","active":"{active}","sub":"{sub}","description":"old-app.service"}}]"#
    );
    let shown = format!(
        "Id=old-app.service\nDescription=old-app.service\nLoadState=not-found\nActiveState={active}\nSubState={sub}\n\
         UnitFileState=\nMainPID=812\nActiveEnterTimestamp=Wed 2026-11-25 10:00:00 UTC\nMemoryCurrent=1048576\n\
         NRestarts=0\nResult=success\nExecMainStatus=0\n"
    );
    node()
        .answering("systemctl list-units", &listed)
        .answering("systemctl show --no-pager '--property=Id,Description", &shown)
        .answering(
            "systemctl show --no-pager '--property=Id,LoadState'",
            "Id=old-app.service\nLoadState=not-found\n",
        )
        .answering("journalctl", "")
}

#[tokio::test]
async fn a_failed_unit_whose_file_is_gone_has_failed() {
    let lab = Lab::new(gone("failed", "failed"));
    let failed = done(lab.call(on_db("service.failed")).await);
    assert!(failed.contains("old-app.service") && failed.contains("1 failed"), "{failed}");
    let list = done(lab.call(on_db("service.list")).await);
    assert!(list.contains("old-app.service  failed"), "{list}");
    let status = done(lab.call(named("service.status", "old-app")).await);
    assert!(status.contains("old-app.service: failed") && status.contains("not-found"), "{status}");
    assert_eq!(done(lab.call(on_db("service.logs").with("name", "old-app")).await), "no entries");
    let stop = lab.call(named("service.stop", "old-app")).await;
    assert_eq!(done(stop), "nothing to stop on db-server: old-app.service is not active");
}

#[tokio::test]
async fn a_running_unit_whose_file_is_gone_is_shown_and_stopped() {
    for (active, sub) in [("active", "running"), ("activating", "auto-restart"), ("active", "exited")] {
        let lab = Lab::new(gone(active, sub));
        let status = done(lab.call(named("service.status", "old-app")).await);
        assert!(status.contains(&format!("old-app.service: {active} ({sub})")), "{status}");
        let list = done(lab.call(on_db("service.list")).await);
        assert!(list.contains("old-app.service"), "{list}");
        let stop = lab.plan(named("service.stop", "old-app")).await;
        let plan = stop.plan.unwrap();
        assert_eq!(plan.summary, "stop 1 unit on db-server: old-app.service");
        assert!(plan.lines().eq(["sudo -n -- systemd-run … -- systemctl stop -- old-app.service"]));
    }
}

#[tokio::test]
async fn a_unit_whose_file_is_gone_or_broken_cannot_be_started() {
    for load in ["not-found", "bad-setting", "error", "masked"] {
        let lab = Lab::new(node().answering(
            "systemctl show",
            &format!("Id=old-app.service\nLoadState={load}\nActiveState=active\nSubState=running\n"),
        ));
        let error = lab.call(named("service.restart", "old-app")).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::BadArgument, "{load}: {error}");
        assert!(error.message.contains("cannot be started"), "{error}");
        assert!(lab.plan(named("service.stop", "old-app")).await.plan.is_some(), "{load}");
    }
}

#[tokio::test]
async fn a_name_that_only_others_refer_to_is_not_there() {
    let lab = Lab::new(gone("inactive", "dead"));
    for call in [named("service.status", "old-app"), named("service.stop", "old-app")] {
        let error = lab.call(call).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert!(error.message.contains("no unit named old-app.service"), "{error}");
    }
    assert_eq!(done(lab.call(on_db("service.list")).await), "no units");
    assert_eq!(done(lab.call(on_db("service.failed")).await), "no failed units");
}

#[tokio::test]
async fn a_template_is_told_from_its_instances() {
    let lab = Lab::new(node());
    let error = lab.call(named("service.status", "getty@")).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::BadArgument);
    assert_eq!(lab.nodes.seen(), []);
    let shown = "Id=dev-disk\\x2dby@a.b.service\nLoadState=loaded\nActiveState=active\nSubState=running\n";
    let lab = Lab::new(node().answering("systemctl show", shown));
    assert!(done(lab.call(named("service.status", r"dev-disk\x2dby@a.b")).await).contains("active"));
}

const LISTED: &str = r#"[{"unit":"cam.service","load":"loaded","active":"activating","sub":"auto-restart","description":"Camera"},
{"unit":"srv-data.mount","load":"loaded","active":"failed","sub":"failed","description":"/srv/data"}]"#;

/// From systemd 252: a service between two deaths, one that is up again since 10 s, and a healthy one.
const HISTORIES: &str = "NRestarts=603\nResult=exit-code\nId=cam.service\nDescription=Camera\nLoadState=loaded\n\
    ActiveState=activating\nSubState=auto-restart\nStateChangeTimestamp=Wed 2026-11-25 10:00:00 UTC\n\
    ActiveEnterTimestampMonotonic=0\n\
    \n\
    NRestarts=12\nResult=success\nId=bot.service\nDescription=Bot\nLoadState=loaded\nActiveState=active\n\
    SubState=running\nStateChangeTimestamp=Wed 2026-11-25 10:00:07 UTC\nActiveEnterTimestampMonotonic=350725000000\n\
    \n\
    NRestarts=0\nResult=success\nId=nginx.service\nDescription=Nginx\nLoadState=loaded\nActiveState=active\n\
    SubState=running\nStateChangeTimestamp=Wed 2026-11-25 10:00:07 UTC\nActiveEnterTimestampMonotonic=350725000000\n";

#[tokio::test]
async fn what_dies_again_and_again_has_failed() {
    let looping = Recording::new()
        .answering("systemctl list-units", LISTED)
        .answering("systemctl show", HISTORIES)
        .answering("cat -- /proc/uptime", "350735.47 234388.90\n")
        .answering("journalctl", "")
        .answering(
            "sudo -n -- journalctl '--output=cat' --quiet --no-pager '--lines=1' '_SYSTEMD_UNIT=cam.service'",
            "no such camera\n",
        );
    let lab = Lab::new(looping);
    let result = lab.call(on_db("service.failed")).await;
    insta::assert_snapshot!(result.text.clone().unwrap(), @r"
    UNIT            STATE                   RESTARTS  SINCE                        DESCRIPTION
    bot.service     restarting (running)    12        Wed 2026-11-25 10:00:07 UTC  Bot
    cam.service     restarting (exit-code)  603       Wed 2026-11-25 10:00:00 UTC  Camera
    srv-data.mount  failed (failed)                                                /srv/data

    cam.service said last: no such camera

    1 failed, 2 restarting
    ");
    let data = result.data.unwrap();
    assert_eq!(data["units"][1]["restarts"], 603);
    assert_eq!(data["units"][1]["last_line"], "no such camera");

    // What is known of them beyond their names is an addition, and what is missing of it is named.
    let lab = Lab::new(Recording::new().answering("systemctl list-units", LISTED));
    let text = done(lab.call(on_db("service.failed")).await);
    assert!(text.contains("cam.service") && text.contains("1 failed, 1 restarting"), "{text}");
    assert!(text.contains("left out: services that keep restarting: "), "{text}");
}

#[tokio::test]
async fn what_was_not_looked_at_has_not_been_found_well() {
    let fine = || {
        Recording::new()
            .answering("systemctl list-units", "[]\n")
            .answering("systemctl show", HISTORIES.rsplit("\n\n").next().unwrap())
            .answering("cat -- /proc/uptime", "350735.47 234388.90\n")
    };
    assert_eq!(done(Lab::new(fine()).call(on_db("service.failed")).await), "no failed units");
    for (missing, node) in [
        ("services that keep restarting", fine().answering("systemctl show", "hello\n")),
        ("unit 2", fine().answering("systemctl show", &HISTORIES.replace("Id=bot.service\n", ""))),
        (
            "services that are up between two failures",
            fine().answering("systemctl show", HISTORIES).answering("cat -- /proc/uptime", "soon\n"),
        ),
    ] {
        let text = done(Lab::new(node).call(on_db("service.failed")).await);
        assert!(!text.contains("no failed units"), "{text}");
        assert!(text.contains(&format!("left out: {missing}: ")), "{text}");
    }
}

#[tokio::test]
async fn an_odd_unit_hides_no_other_that_was_asked_for_and_is_never_acted_on() {
    let shown = "Id=cam.service\nLoadState=loaded\nActiveState=active\nSubState=running\n\n\
                 Id=bot.service\nLoadState=loaded\nActiveState=\nSubState=running\n";
    let lab = Lab::new(Recording::new().answering("systemctl show", shown));
    let status = done(lab.call(on_db("service.status").with("names", vec!["cam", "bot"])).await);
    assert!(status.contains("cam.service: active"), "{status}");
    assert!(status.contains("left out: bot.service: ActiveState is missing"), "{status}");
    let stop = lab.plan(on_db("service.stop").with("names", vec!["cam", "bot"])).await;
    assert_eq!(stop.error.unwrap().kind, ErrorKind::Unreadable);
}

#[tokio::test]
async fn a_unit_that_changes_while_a_plan_is_made_is_told_as_that() {
    let pinned = "systemctl show --no-pager '--property=Id,LoadState'";
    for (told, kind) in [
        ("Id=nginx.service\nLoadState=masked\n", ErrorKind::Changed),
        ("Id=other.service\nLoadState=loaded\n", ErrorKind::Changed),
        ("Id=nginx.service\nLoadState=loaded\ngarbage\n", ErrorKind::Unreadable),
    ] {
        let lab = Lab::new(node().answering(pinned, told));
        let error = lab.plan(named("service.restart", "nginx")).await.error.unwrap();
        assert_eq!(error.kind, kind, "{error}");
    }
}
