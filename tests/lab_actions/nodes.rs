//! Nixi's own list of nodes, with machines behind it.

use nixi::core::session::{CallRequest, Pending};
use nixi::core::{ErrorKind, Refusal, StepStatus};
use serde_json::{Value, json};

use crate::fingerprint::Fingerprint;
use crate::ground::{Ground, MONITORING, WEB, call};

/// The change that no node sees.
pub(crate) const REMOVE: &str = "node.remove";

#[tokio::test]
async fn a_node_is_forgotten_and_the_machine_is_not_touched() {
    let ground = Ground::bare(&[WEB, MONITORING], "");
    let web = ground.machine(WEB);
    web.wait_until_booted().unwrap();
    ground.report(call("clock.now", WEB, &json!({}))).await;
    let unchanged = Fingerprint::of(web);
    let files = || (ground.file("config.toml"), ground.file("known_hosts"));
    let before = files();
    let request = || CallRequest::new(REMOVE).with("name", WEB);

    let (declined, _) = ground.call(request(), |pending| pending.deny(Refusal::Person)).await;
    assert_eq!((declined.status, files()), (StepStatus::Declined, before.clone()));

    let (removed, asked) = ground.call(request(), Pending::approve).await;
    assert_eq!(removed.status, StepStatus::Done, "{removed:?}");
    assert!(asked.is_some());
    let (config, known_hosts) = files();
    assert!(!config.contains(WEB) && !config.contains(&web.address().to_string()), "{config}");
    assert!(config.contains(ground.machine(MONITORING).node("monitored").trim_end()), "{config}");
    assert_eq!(known_hosts, before.1.replace(&format!("{}\n", web.known_hosts_line().unwrap()), ""));
    unchanged.assert_holds(web, REMOVE);

    let (outcome, _) = ground.perform(call("clock.now", WEB, &json!({})), Pending::approve).await;
    assert_eq!(outcome.error.unwrap().kind, ErrorKind::UnknownNode);
    ground.report(call("clock.now", MONITORING, &json!({}))).await;
}

#[tokio::test]
async fn a_table_tells_why_a_machine_does_not_answer() {
    const DB: &str = "db-server";
    const BACKUP: &str = "backup";
    let ground = Ground::bare(&[WEB, DB, BACKUP, MONITORING], "connect_timeout = \"5s\"");
    let _no_sshd = ground.machine(WEB).stop_sshd().unwrap();
    let _no_network = ground.machine(DB).black_hole().unwrap();
    ground.machine(BACKUP).reinstall().unwrap();
    let report = ground.report(CallRequest::new("node.list")).await;
    let rows = report["nodes"].as_array().unwrap();
    let told: Vec<_> =
        rows[1..].iter().map(|row| (row["name"].as_str().unwrap(), &row["status"], &row["reason"])).collect();
    let (unreachable, online) = (&json!("unreachable"), &json!("online"));
    assert_eq!(
        told,
        [
            (WEB, unreachable, &json!("refused")),
            (DB, unreachable, &json!("timeout")),
            (BACKUP, unreachable, &json!("host_key_changed")),
            (MONITORING, online, &Value::Null),
        ]
    );
}
