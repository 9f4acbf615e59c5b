//! What a person is told before a change, and what a change leaves alone.

use nixi::core::session::Pending;
use nixi::core::{ErrorKind, Refusal, Risk, StepStatus};
use serde_json::json;

use crate::fingerprint::Fingerprint;
use crate::ground::{Ground, WEB, call};

#[tokio::test]
async fn a_unit_that_keeps_the_machine_within_reach_is_asked_about() {
    let ground = Ground::with_settings(&[WEB], "[approval]\nroutine = \"auto\"\n");
    let web = ground.machine(WEB);
    // The configuration says yes to this one.
    let result = ground.unasked(call("service.restart", WEB, &json!({"names": ["greeter"]}))).await;
    assert_eq!(result.status, StepStatus::Done, "{result:?}");

    let unchanged = Fingerprint::of(web);
    for (action, unit) in [
        ("stop", "sshd"),
        ("restart", "sshd"),
        ("stop", "dbus"),
        ("stop", "firewall"),
        ("start", "systemd-reboot"),
    ] {
        let request = call(&format!("service.{action}"), WEB, &json!({"names": [unit]}));
        let (result, asked) = ground.call(request, |pending| pending.deny(Refusal::Person)).await;
        let asked = asked.unwrap_or_else(|| panic!("{action} {unit}: {result:?}"));
        assert_eq!((asked.risk, asked.warnings.len()), (Risk::Destructive, 1), "{asked:?}");
        assert_eq!(result.status, StepStatus::Declined, "{result:?}");
    }
    unchanged.assert_holds(web, "plans that were declined");

    // Our own connection lives through it, and so does the answer.
    let pid = web.root("cat /run/sshd.pid").unwrap();
    let request = call("service.restart", WEB, &json!({"names": ["sshd"]}));
    let (result, _) = ground.call(request, Pending::approve).await;
    assert_eq!(result.status, StepStatus::Done, "{result:?}");
    assert_ne!(web.root("cat /run/sshd.pid").unwrap(), pid);
    ground.report(call("clock.now", WEB, &json!({}))).await;
}

/// Its name is on no list: systemd says what stands on it.
#[tokio::test]
async fn a_unit_that_sshd_stands_on_is_asked_about() {
    let ground = Ground::with_settings(&[WEB], "[approval]\nroutine = \"auto\"\n");
    let web = ground.machine(WEB);
    web.root(
        "cd /run/systemd/system && mkdir -p sshd.service.d && \
         printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/sh -c :\\n' >footing.service && \
         printf '[Unit]\\nRequires=footing.service\\n' >sshd.service.d/footing.conf && \
         systemctl daemon-reload && systemctl start footing",
    )
    .unwrap();
    let request = call("service.stop", WEB, &json!({"names": ["footing"]}));
    let (result, asked) = ground.call(request, |pending| pending.deny(Refusal::Person)).await;
    let asked = asked.unwrap_or_else(|| panic!("{result:?}"));
    let [reach, undo] = &asked.warnings[..] else { panic!("{asked:?}") };
    assert_eq!(asked.risk, Risk::Destructive, "{asked:?}");
    assert!(reach.starts_with("footing.service takes along sshd.service, which"), "{asked:?}");
    assert_eq!(undo, "this also stops sshd.service, which undoing it does not start again");
    assert_eq!(result.status, StepStatus::Declined, "{result:?}");
    assert_eq!(web.root("systemctl is-active sshd footing").unwrap(), "active\nactive");
}

/// Neither its name nor its program is on any list: this very login came in by it.
#[tokio::test]
async fn the_unit_that_this_login_came_in_by_is_asked_about() {
    let options = "networking.firewall.allowedTCPPorts = [ 2200 ];";
    let ground = Ground::bare_with(&[WEB], "[approval]\nroutine = \"auto\"\n", options);
    let web = ground.machine(WEB);
    web.wait_until_booted().unwrap();
    web.root(
        "cp /usr/sbin/sshd /usr/local/bin/porter && cp /etc/pam.d/sshd /etc/pam.d/porter && cd /run/systemd/system && \
         printf '[Service]\nExecStart=/usr/local/bin/porter -D -f /etc/ssh/sshd_config -p 2200 -o PidFile=none\n' >door.service && \
         printf '[Service]\nExecStart=/bin/sleep 1000\n' >other.service && \
         systemctl daemon-reload && systemctl start door other",
    )
    .unwrap();
    let listens = || Ok(web.root("ss -ltn 'sport = 2200'")?.contains(":2200"));
    web.wait_until("listen at the door", listens).unwrap();
    let config = ground.file("config.toml");
    let stop = |unit: &str| call("service.stop", WEB, &json!({"names": [unit]}));

    // By the usual way in, it is a unit like any other.
    let planned = ground.call(stop("other"), |pending| panic!("asked: {:?}", pending.review())).await;
    assert_eq!(planned.0.status, StepStatus::Done, "{planned:?}");

    let host = format!("host = \"{}\"", web.address());
    assert!(config.contains(&host), "{config}");
    ground.write_file("config.toml", &config.replace(&host, &format!("{host}\nport = 2200")));
    let (result, asked) = ground.call(stop("door"), |pending| pending.deny(Refusal::Person)).await;
    let asked = asked.unwrap_or_else(|| panic!("{result:?}"));
    assert_eq!((asked.risk, asked.warnings.len()), (Risk::Destructive, 1), "{asked:?}");
    assert!(asked.warnings[0].starts_with("door.service is how this login came in"), "{asked:?}");
    assert_eq!(result.status, StepStatus::Declined, "{result:?}");

    ground.write_file("config.toml", &config);
    let result = ground.unasked(stop("door")).await;
    assert_eq!(result.status, StepStatus::Done, "{result:?}");
}

#[tokio::test]
async fn containers_go_and_their_data_stays() {
    let ground = Ground::of(&[WEB]);
    let web = ground.machine(WEB);
    web.root(
        "echo put precious | nc -w 5 $(podman inspect --format {{.NetworkSettings.IPAddress}} store) 5432",
    )
    .unwrap();
    let data = "cat /srv/web/data; cat $(podman volume inspect --format {{.Mountpoint}} rows)/rows";
    assert_eq!(web.root(data).unwrap(), "kept\nprecious");

    let (result, asked) =
        ground.call(call("container.remove", WEB, &json!({"all": true})), Pending::approve).await;
    assert_eq!(result.status, StepStatus::Done, "{result:?}");
    let asked = asked.unwrap();
    assert_eq!((asked.risk, asked.steps.len(), result.steps.len()), (Risk::Destructive, 5, 5), "{asked:?}");
    for told in ["web is running and will be killed", "podman-page.service runs page and may bring it back"] {
        assert!(asked.warnings.iter().any(|warning| warning.contains(told)), "{told}: {asked:?}");
    }
    assert_eq!(web.root("podman ps --all --format {{.Names}} | grep -vx page || true").unwrap(), "");
    assert_eq!(web.root(data).unwrap(), "kept\nprecious");
}

/// Podman itself refuses each of these.
#[tokio::test]
async fn a_paused_container_is_stopped_restarted_and_not_started() {
    let ground = Ground::of(&[WEB]);
    let web = ground.machine(WEB);
    let named = || json!({"names": ["web"]});
    for (action, ends_as) in [("container.restart", "running"), ("container.stop", "exited")] {
        web.root("podman pause web").unwrap();
        let report = ground.report(call("container.list", WEB, &json!({}))).await;
        let listed = report["containers"].as_array().unwrap().iter();
        let state = listed.filter(|one| one["name"] == "web").map(|one| &one["state"]).next().unwrap();
        assert_eq!(state, "paused", "{report}");
        let (result, asked) = ground.call(call(action, WEB, &named()), Pending::approve).await;
        assert_eq!(result.status, StepStatus::Done, "{result:?}");
        let told = "web is paused: it runs for a moment before it ends";
        assert!(asked.unwrap().warnings.iter().any(|warning| warning == told), "{result:?}");
        assert_eq!(web.root("podman inspect --format {{.State.Status}} web").unwrap(), ends_as);
    }
    web.root("podman start web && podman pause web").unwrap();
    let error = ground.unasked(call("container.start", WEB, &named())).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::BadArgument, "{error:?}");
    assert_eq!(error.message, "cannot start web on web-server: it is paused");
    let (removed, _) = ground.call(call("container.remove", WEB, &named()), Pending::approve).await;
    assert_eq!(removed.status, StepStatus::Done, "{removed:?}");
    web.root("! podman container exists web").unwrap();

    // One without a cgroup, as all of a user are where cgroups are of version 1, cannot be paused.
    let (failed, _) =
        ground.call(call("container.pause", WEB, &json!({"names": ["store"]})), Pending::approve).await;
    assert_eq!(failed.status, StepStatus::Failed, "{failed:?}");
    assert!(failed.error.unwrap().message.contains("cannot pause without using Cgroups"));
    assert_eq!(web.root("podman inspect --format {{.State.Status}} store").unwrap(), "running");
}

#[tokio::test]
async fn what_goes_wrong_is_told_as_it_is() {
    let ground = Ground::of(&[WEB]);
    let web = ground.machine(WEB);
    let unchanged = Fingerprint::of(web);
    for (action, args, kind) in [
        ("container.stop", json!({"names": ["wep"]}), ErrorKind::NotFound),
        ("container.inspect", json!({"names": ["wep"]}), ErrorKind::NotFound),
        ("container.logs", json!({"name": "wep"}), ErrorKind::NotFound),
        ("service.start", json!({"names": ["greter"]}), ErrorKind::NotFound),
        ("service.status", json!({"names": ["greter"]}), ErrorKind::NotFound),
        ("service.logs", json!({"name": "greter"}), ErrorKind::NotFound),
    ] {
        let error = ground.unasked(call(action, WEB, &args)).await.error.unwrap();
        assert_eq!(error.kind, kind, "{action}: {error:?}");
        assert!(
            error.hint.as_ref().is_some_and(|hint| hint.contains("web") || hint.contains("greeter")),
            "{error:?}"
        );
    }
    unchanged.assert_holds(web, "what went wrong");

    {
        let _fault = web.user_without_sudo().unwrap();
        let denied = ground.unasked(call("container.list", WEB, &json!({}))).await;
        assert_eq!(denied.error.unwrap().kind, ErrorKind::SudoPassword);
        let request = call("service.stop", WEB, &json!({"names": ["greeter"]}));
        let denied = ground.call(request, Pending::approve).await.0;
        assert_eq!(
            (denied.status, denied.error.unwrap().kind),
            (StepStatus::Failed, ErrorKind::SudoPassword)
        );
    }

    // It runs, and systemd says how it ended.
    let request = call("service.restart", WEB, &json!({"names": ["broken", "greeter"]}));
    let failed = ground.call(request, Pending::approve).await.0;
    assert_eq!(failed.status, StepStatus::Failed, "{failed:?}");
    let error = failed.error.unwrap();
    assert_eq!(error.kind, ErrorKind::CommandFailed);
    assert!(error.message.contains("broken.service failed"), "{error:?}");
    assert_eq!(failed.steps.len(), 4, "each is waited for");
    assert_eq!(failed.steps[1].status, StepStatus::NotStarted, "{:?}", failed.steps);
}
