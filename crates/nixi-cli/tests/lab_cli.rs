//! The command against whole machines: the page's table, its JSON, a look, a change, and a refusal.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test, which runs the program it is about"
)]

mod common;

use common::Home;
use nixi_lab::{Image, Lab, LabBuilder, Machine, MachineSpec};
use serde_json::{Value, json};

const WEB: &str = "web-server";
const MONITORING: &str = "monitoring";

/// Two machines with a container each, and a home that knows them by the names of the page.
fn fleet() -> (Lab, Home) {
    home_of(Lab::up(&[WEB, MONITORING]).unwrap())
}

fn home_of(lab: Lab) -> (Lab, Home) {
    for machine in lab.machines() {
        machine.wait_until_booted().unwrap();
        machine.import(Image::Sleeper).unwrap();
        machine.run(Image::Sleeper, "sleeper").unwrap();
    }
    let config = lab.config(|machine| if machine.name() == MONITORING { "monitored" } else { "managed" });
    let home = Home::with_config(&config);
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    std::fs::write(home.path().join(".ssh/known_hosts"), lab.known_hosts().unwrap()).unwrap();
    (lab, home)
}

#[test]
fn the_page_is_true_of_whole_machines() {
    let (lab, home) = fleet();
    let (web, monitoring) = (lab.machine(WEB), lab.machine(MONITORING));
    let (at_web, at_monitoring) = (web.address().to_string(), monitoring.address().to_string());

    let ran = home.nixi(&["nodes"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let rows: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["NAME", "HOST", "USER", "MODE", "STATUS"]);
    assert_eq!(rows[2], [WEB, &at_web, "nixi", "managed", "online"]);
    assert_eq!(rows[3], [MONITORING, &at_monitoring, "nixi", "monitored", "online"]);
    let (code, table) = home.json(&["nodes"]);
    let (row, keys) = (&table["nodes"][2], ["name", "host", "port", "mode", "status"]);
    let row = keys.map(|key| row[key].clone());
    assert_eq!((code, json!(row)), (0, json!([MONITORING, at_monitoring, 22, "monitored", "online"])));

    let ran = home.nixi(&[&format!("show me system info for {WEB}")]);
    let version = web.root("cat /run/current-system/nixos-version").unwrap();
    assert!(ran.code == 0 && ran.out.contains(WEB) && ran.out.contains(&version), "{ran:?}");

    let running = "podman inspect --format {{.State.Running}} sleeper";
    for (node, machine, code, status, runs) in
        [(MONITORING, monitoring, 3, "refused", "true"), (WEB, web, 0, "done", "false")]
    {
        let stop = ["call", "container.stop", "names=sleeper", "--node", node];
        let (asked, document) = home.json(&stop);
        assert_eq!((asked, machine.root(running).unwrap().as_str()), (3, "true"), "{document}");
        let (ended, document) = home.json(&[&stop[..], &["--yes"]].concat());
        assert_eq!((ended, &document["results"][0]["status"]), (code, &json!(status)), "{document}");
        assert_eq!(machine.root(running).unwrap(), runs);
    }
}

const DB: &str = "db-server";

/// The changes of a sentence over several machines are one review, and the machine that may not be changed is named in it.
#[test]
fn one_request_on_several_machines_is_one_review() {
    let site = "systemd.services.site = { wantedBy = [ \"multi-user.target\" ]; serviceConfig = { Type = \"oneshot\"; \
                RemainAfterExit = true; ExecStart = \"/bin/sh -c 'echo started >>/run/site'\"; }; };";
    let machines = [WEB, MONITORING, DB].map(|name| MachineSpec::new(name).options(site));
    let (lab, home) = home_of(machines.into_iter().fold(Lab::builder(), LabBuilder::machine).up().unwrap());
    let (web, db) = (lab.machine(WEB), lab.machine(DB));
    let running =
        |machine: &Machine| machine.root("podman inspect --format {{.State.Running}} sleeper").unwrap();
    let starts = || db.read("/run/site").unwrap().matches("started").count();
    let told = |document: &Value| {
        let results = document["results"].as_array().unwrap().clone();
        let fact = |key: &str| results.iter().map(|result| result[key].clone()).collect::<Vec<_>>();
        (fact("node"), fact("status"), fact("review"))
    };

    // What was to follow the refusal is not covered by a yes in advance.
    let torn = "stop container sleeper on web-server and monitoring, then restart site service on db-server";
    let (code, document) = home.json(&["--yes", torn]);
    let (nodes, statuses, _) = told(&document);
    assert_eq!((code, json!(nodes)), (3, json!([WEB, MONITORING, DB])), "{document}");
    assert_eq!(json!(statuses), json!(["declined", "refused", "declined"]), "{document}");
    assert_eq!((running(web).as_str(), starts()), ("true", 1));

    let whole = "stop container sleeper on web-server, then restart site service on db-server, then stop container sleeper on \
                 web-server, then stop container sleeper on monitoring";
    let ran = home.nixi(&["--yes", whole]);
    assert!(ran.err.contains("Plan: 2 changes on 2 nodes"), "{ran:?}");
    assert!(ran.err.contains("left out  container.stop on monitoring: monitoring is monitored"), "{ran:?}");
    assert!(ran.out.contains("sleeper is not running"), "the second stop knows of the first: {ran:?}");
    assert_eq!((ran.code, running(web).as_str(), starts()), (3, "false", 2), "{ran:?}");

    let (code, document) = home
        .json(&["--yes", "start container sleeper on web-server, then restart site service on db-server"]);
    let (_, statuses, reviews) = told(&document);
    assert_eq!((code, json!(statuses)), (0, json!(["done", "done"])), "{document}");
    assert!(reviews[0].is_string() && reviews[0] == reviews[1], "{document}");
}

/// What was left waiting runs by its number if it still comes to the same review, and is shown anew otherwise.
#[test]
fn a_request_that_waits_is_approved_as_it_was_shown_or_not_at_all() {
    let (lab, home) = fleet();
    let web = lab.machine(WEB);
    let running = || web.root("podman inspect --format {{.State.Running}} sleeper").unwrap();
    let stop = ["stop sleeper on web-server", "--no-wait"];
    let waits = || {
        let (code, document) = home.json(&stop);
        assert_eq!((code, &document["results"][0]["status"]), (3, &json!("declined")), "{document}");
        document["results"][0]["request"].to_string()
    };

    let of_another = waits();
    web.root("podman rm --force --time 1 sleeper").unwrap();
    web.run(Image::Sleeper, "sleeper").unwrap();
    let ran = home.nixi(&["approve", &of_another]);
    assert_eq!((ran.code, running().as_str()), (3, "true"), "{ran:?}");
    assert!(ran.err.contains("comes to another plan by now"), "{ran:?}");
    assert!(ran.err.contains("` runs it, `nixi deny "), "as it is now it waits: {ran:?}");

    let denied = waits();
    let ran = home.nixi(&["deny", &denied]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = home.nixi(&["approve", &denied]);
    assert_eq!((ran.code, running().as_str()), (1, "true"), "{ran:?}");

    let same = waits();
    let ran = home.nixi(&["approve", &same]);
    assert_eq!((ran.code, running().as_str()), (0, "false"), "{ran:?}");
    let ran = home.nixi(&["undo", &same, "--yes"]);
    assert_eq!((ran.code, running().as_str()), (0, "true"), "{ran:?}");
    let ran = home.nixi(&["log", "verify"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}
