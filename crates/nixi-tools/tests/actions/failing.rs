//! Containers that die again and again, in the list.

use nixi_core::CallRequest;
use nixi_core::recording::Recording;
use serde_json::{Value, json};

use crate::support::{CACHE, Lab, WEB, ended};

const OTHER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
/// Ten seconds after 16:00 UTC.
const NOW: &str = "2025-11-24T17:00:10+01:00\nCET\n1764000010\n";
const INSPECT: &str = "sudo -n -- podman inspect '--syslog=false' --type container -- ";

async fn list(lab: &Lab) -> (Value, String) {
    let result = lab.call(CallRequest::new("container.list").on("db-server")).await;
    assert_eq!(result.error, None);
    (result.data.unwrap(), result.text.unwrap())
}

fn listed(id: &str, name: &str, state: &str, status: &str, more: &str) -> String {
    format!(
        r#"{{"Id":"{id}","Names":["{name}"],"Image":"localhost/{name}:1","State":"{state}","Status":"{status}","ExitCode":3{more}}}"#
    )
}

fn past(id: &str, state: &str, restarts: u64, policy: &str, started: &str) -> String {
    format!(
        r#"{{"Id":"{id}","State":{{"Status":"{state}","ExitCode":3,"StartedAt":"{started}","FinishedAt":"2025-11-24T16:00:04.5Z"}},
            "RestartCount":{restarts},"Config":{{"Env":["TOKEN=hunter2"]}},"HostConfig":{{"RestartPolicy":{{"Name":"{policy}"}}}}}}"#
    )
}

/// `web` dies every few seconds, `calm` was started a moment ago, and `cache` ended well.
fn node() -> Recording {
    let containers = [
        listed(CACHE, "cache", "exited", "Exited (0) 2 hours ago", "").replace(":3", ":0"),
        listed(OTHER, "calm", "running", "Up 2 seconds ago", ""),
        listed(WEB, "web", "running", "Up 5 seconds ago", ""),
    ];
    let pasts = [
        past(OTHER, "running", 0, "always", "2025-11-24T16:00:08Z"),
        past(WEB, "running", 12, "always", "2025-11-24T16:00:05.5Z"),
    ];
    Recording::new()
        .answering("sudo -n -- podman ps", &format!("[{}]", containers.join(",")))
        .answering(&format!("{INSPECT}{OTHER} {WEB}"), &format!("[{}]", pasts.join(",")))
        .answering("date", NOW)
        .ending(
            &format!("sudo -n -- podman logs '--syslog=false' --timestamps --tail 10 -- {WEB}"),
            ended(0, "2025-11-24T16:00:04Z starting\n", "2025-11-24T16:00:05Z cannot go on\n"),
        )
}

#[tokio::test]
async fn one_that_dies_again_and_again_comes_first_and_says_why() {
    let lab = Lab::new(node());
    let (data, text) = list(&lab).await;
    insta::assert_snapshot!(text, @r"
    NAME   IMAGE              STATUS                     PORTS
    web    localhost/web:1    FAILING: Up 5 seconds ago
    cache  localhost/cache:1  Exited (0) 2 hours ago
    calm   localhost/calm:1   Up 2 seconds ago

    web is failing: restarted 12 times, started last at 2025-11-24 16:00:05 UTC
      said last: cannot go on
    ");
    let failing = json!({
        "restarts": 12, "since": "2025-11-24T16:00:05Z", "exit_code": null, "last_line": "cannot go on"
    });
    assert_eq!(data["containers"][0]["failing"], failing);
    assert_eq!(data["containers"][0]["name"], "web", "the rest of it is as it always was");
    assert!(data["containers"][1]["failing"].is_null() && data["left_out"] == json!([]), "{data}");
    assert!(!data.to_string().contains("hunter2"));
}

#[tokio::test]
async fn where_nothing_is_in_doubt_no_more_is_asked() {
    let quiet = [
        listed(CACHE, "cache", "exited", "Exited (0) 2 hours ago", "").replace(":3", ":0"),
        listed(OTHER, "calm", "running", "Up 2 minutes ago", ""),
        listed(WEB, "web", "running", "Up 5 seconds ago", r#","Restarts":0"#),
    ];
    let lab = Lab::new(Recording::new().answering("sudo -n -- podman ps", &format!("[{}]", quiet.join(","))));
    let (data, _) = list(&lab).await;
    assert!(data["containers"].as_array().unwrap().iter().all(|row| row["failing"].is_null()), "{data}");
    let seen = lab.nodes.seen();
    assert_eq!(seen.len(), 2, "{seen:?}");
}

/// NixOS's `oci-containers` leave restarts to systemd, and each time the container is a new one.
#[tokio::test]
async fn one_that_systemd_starts_again_is_failing_too() {
    let labels = r#","Restarts":0,"Labels":{"PODMAN_SYSTEMD_UNIT":"podman-web.service"}"#;
    let unit = |restarts: u64| {
        format!(
            "Id=podman-web.service\nDescription=d\nLoadState=loaded\nActiveState=active\nSubState=running\nNRestarts={restarts}\n"
        )
    };
    let node = |restarts| {
        let web = past(WEB, "running", 0, "no", "2025-11-24T16:00:05Z");
        Recording::new()
            .answering(
                "sudo -n -- podman ps",
                &format!("[{}]", listed(WEB, "web", "running", "Up 5 seconds ago", labels)),
            )
            .answering(&format!("{INSPECT}{WEB}"), &format!("[{web}]"))
            .answering("date", NOW)
            .answering("systemctl show", &unit(restarts))
    };
    let (data, text) = list(&Lab::new(node(603))).await;
    assert_eq!(data["containers"][0]["failing"]["restarts"], 603, "{data}");
    assert!(text.contains("web is failing: restarted 603 times"), "{text}");
    let (data, _) = list(&Lab::new(node(1))).await;
    assert!(data["containers"][0]["failing"].is_null(), "{data}");
}

/// Any image can carry the label of a unit.
#[tokio::test]
async fn a_unit_that_is_not_there_or_cannot_be_read_hides_no_other() {
    let running = |id: &str, name: &str, unit: &str| {
        let labels = format!(r#","Restarts":0,"Labels":{{"PODMAN_SYSTEMD_UNIT":"{unit}"}}"#);
        listed(id, name, "running", "Up 5 seconds ago", &labels)
    };
    let rows = [
        running(CACHE, "cache", "gone.service"),
        running(OTHER, "other", "odd.service"),
        running(WEB, "web", "podman-web.service"),
    ];
    let pasts = [CACHE, OTHER, WEB].map(|id| past(id, "running", 0, "no", "2025-11-24T16:00:05Z"));
    let units = "Id=gone.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n\n\
                 Id=odd.service\nLoadState=loaded\ngarbage\n\n\
                 Id=podman-web.service\nLoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=603\n";
    let node = Recording::new()
        .answering("sudo -n -- podman ps", &format!("[{}]", rows.join(",")))
        .answering(&format!("{INSPECT}{CACHE} {OTHER} {WEB}"), &format!("[{}]", pasts.join(",")))
        .answering("date", NOW)
        .answering("systemctl show", units);
    let (data, text) = list(&Lab::new(node)).await;
    assert_eq!(data["containers"][0]["failing"]["restarts"], 603, "{data}");
    let left_out = data["left_out"].as_array().unwrap();
    assert_eq!((left_out.len(), &left_out[0]["what"]), (1, &json!("odd.service")), "{data}");
    assert!(text.contains("left out: odd.service: "), "{text}");
}

#[tokio::test]
async fn one_that_is_gone_meanwhile_hides_no_other() {
    let web = past(WEB, "running", 12, "always", "2025-11-24T16:00:05.5Z");
    let gone = ended(125, &format!("[{web}]\n"), &format!("Error: no such container {OTHER}\n"));
    let lab = Lab::new(node().ending(&format!("{INSPECT}{OTHER} {WEB}"), gone));
    let (data, _) = list(&lab).await;
    assert_eq!((&data["containers"][0]["failing"]["restarts"], &data["left_out"]), (&json!(12), &json!([])));
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_named_and_the_list_is_shown() {
    let refused =
        ended(1, "", "Sorry, user nixi is not allowed to execute 'podman inspect' as root on web.\n");
    let lab = Lab::new(node().ending(&format!("{INSPECT}{OTHER} {WEB}"), refused));
    let (data, text) = list(&lab).await;
    assert_eq!(data["containers"].as_array().unwrap().len(), 3);
    assert_eq!(data["left_out"][0]["what"], "containers that keep failing");
    assert!(text.contains("left out: containers that keep failing: "), "{text}");
    for no_time in [ended(0, "garbage", ""), ended(127, "", "date: not found")] {
        let (data, _) = list(&Lab::new(node().ending("date", no_time))).await;
        assert_eq!(data["left_out"][0]["what"], "containers that are up between two failures", "{data}");
    }
}
