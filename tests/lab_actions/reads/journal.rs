//! `log`, and the logs of services.

use nixi::core::ErrorKind;
use nixi_lab::Machine;
use serde_json::{Value, json};

use super::Read;
use crate::ground::{Ground, MONITORING, call};

pub(super) const READS: [Read; 2] = [
    Read { action: "service.logs", args: |_, _, _| json!({"name": "greeter"}), check: of_service },
    Read { action: "log.query", args: |_, _, _| json!({"priority": "err", "grep": "marker"}), check: query },
];

/// Time in microseconds, process and message, as the journal has them for export.
fn entries(machine: &Machine, matches: &str) -> Vec<[String; 3]> {
    let export = machine.root(&format!("journalctl --output=export {matches}")).unwrap();
    let field = |entry: &str, name: &str| {
        let value = entry.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().to_owned()
    };
    let fields = |entry: &str| ["__REALTIME_TIMESTAMP", "_PID", "MESSAGE"].map(|name| field(entry, name));
    export.split("\n\n").filter(|entry| !entry.trim().is_empty()).map(fields).collect()
}

fn assert_same(machine: &Machine, report: &Value, entries: &[[String; 3]]) {
    let told = report["entries"].as_array().unwrap();
    assert_eq!(told.len(), entries.len(), "{report}\n{entries:?}");
    for (told, [micros, pid, message]) in told.iter().zip(entries) {
        let seconds = micros.parse::<u64>().unwrap() / 1_000_000;
        let time = machine.root(&format!("date --utc +%FT%TZ --date @{seconds}")).unwrap();
        assert_eq!(json!([told["time"], told["message"]]), json!([time, message]));
        assert_eq!(told["pid"].to_string(), *pid);
    }
}

fn of_service(_: &Ground, machine: &Machine, report: &Value) {
    let written = entries(machine, "_SYSTEMD_UNIT=greeter.service + UNIT=greeter.service");
    assert_same(machine, report, &written);
    let hello =
        report["entries"].as_array().unwrap().iter().find(|entry| entry["message"] == "hello").unwrap();
    assert_eq!(hello["source"], "greeter.service");
}

fn query(_: &Ground, machine: &Machine, report: &Value) {
    assert_same(machine, report, &entries(machine, "SYSLOG_IDENTIFIER=lab PRIORITY=3"));
    let [marker] = report["entries"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!(
        json!([marker["message"], marker["source"], marker["priority"]]),
        json!(["a marker for the tests", "lab", "err"])
    );
}

/// journalctl shows such a user nothing, and ends well.
#[tokio::test]
async fn a_user_who_may_not_read_the_journal_reads_it_as_root_or_is_told() {
    let ground = Ground::bare(&[MONITORING], "");
    let machine = ground.machine(MONITORING);
    machine
        .root(
            "sed -i '/^systemd-journal:/s/:[^:]*$/:/' /etc/group; logger --tag lab marker; journalctl --sync",
        )
        .unwrap();
    let query = || call("log.query", MONITORING, &json!({"grep": "^marker$"}));
    let report = ground.report(query()).await;
    assert_same(machine, &report, &entries(machine, "SYSLOG_IDENTIFIER=lab"));
    assert_eq!(report["entries"][0]["message"], "marker");

    let _fault = machine.user_without_sudo().unwrap();
    let error = ground.unasked(query()).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Permission, "{error:?}");
    assert!(error.hint.unwrap().contains("users.users.nixi.extraGroups"));
}

/// With each option that changes what `--lines` means to journalctl: the newest that match, the oldest first.
#[tokio::test]
async fn the_newest_that_match_are_shown_whatever_is_asked_for() {
    let ground = Ground::bare(&[MONITORING], "");
    let machine = ground.machine(MONITORING);
    let write = "for n in 1 2 3 4 5 6 7 8; do logger --tag counter \"number $n\"; sleep 1.1; done; \
                 logger --tag other noise; journalctl --sync";
    machine.root(write).unwrap();
    let written = entries(machine, "SYSLOG_IDENTIFIER=counter");
    let second = |at: usize| {
        let seconds = written[at][0].parse::<u64>().unwrap() / 1_000_000;
        machine.root(&format!("date +'%F %T' --date @{seconds}")).unwrap()
    };
    for (options, shown) in [
        (json!({"grep": "^number", "lines": 3}), 5..8),
        (json!({"grep": "^number", "lines": 2, "since": second(1)}), 6..8),
        (json!({"grep": "^number", "lines": 2, "until": second(4)}), 2..4),
        (json!({"grep": "^number", "lines": 9, "since": second(2), "until": second(5)}), 2..5),
        (json!({"grep": "^number [1-3]$", "lines": 2}), 1..3),
        (json!({"grep": "^number 9$", "lines": 2}), 0..0),
    ] {
        let report = ground.report(call("log.query", MONITORING, &options)).await;
        let messages: Vec<&str> = report["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["message"].as_str().unwrap())
            .collect();
        let expected: Vec<&str> = written[shown].iter().map(|entry| entry[2].as_str()).collect();
        assert_eq!(messages, expected, "{options}");
    }
    // Whatever else is written in between, there are two before that.
    let report = ground.report(call("log.query", MONITORING, &json!({"lines": 2, "until": second(4)}))).await;
    assert_eq!(report["entries"].as_array().unwrap().len(), 2);
}
