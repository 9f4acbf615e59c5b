//! How many commands an action costs a node: each takes a round trip and a login shell, so none comes by itself.

use nixi_core::recording::Recording;
use nixi_core::registry::Access;
use nixi_core::{CallRequest, Intent};

use crate::reads;
use crate::support::{Lab, STATES, WEB, examples, node};

/// What an action costs, and why it is more than one where it is: a read that depends on the answer of another cannot go out
/// with it.
const READS: &[(&str, usize, &str)] = &[
    ("clock.now", 1, ""),
    ("container.inspect", 2, "where podman was never used it must not be called, so that is looked at first"),
    ("container.list", 3, "likewise; and those of the list that may be failing are looked at once more"),
    ("container.logs", 2, "as to inspect"),
    ("file.list", 2, "what the path leads to is looked at first"),
    ("file.read", 2, "likewise"),
    (
        "firewall.list",
        4,
        "its services; its text, which one of them names; and beside that what Nixi has declared, as to nixos.show",
    ),
    ("log.query", 1, ""),
    ("network.interfaces", 1, ""),
    ("network.ping", 1, ""),
    ("network.ports", 1, ""),
    ("nixos.channels", 2, "which channels there are is looked at before what they say of themselves"),
    ("nixos.generations", 1, ""),
    ("nixos.option", 3, "where the configuration is; the evaluation; and the files that set it"),
    ("nixos.show", 2, "which files are looked at depends on where the configuration is"),
    ("package.list", 1, ""),
    ("package.search", 2, "where the configuration is, and the evaluation"),
    ("service.failed", 1, ""),
    ("service.list", 1, ""),
    ("service.logs", 1, ""),
    ("service.status", 1, ""),
    ("system.info", 1, ""),
    ("system.resources", 2, "df waits for every network share, and holds up none of the others"),
];

/// The same for making a plan. Whether the node can run it as a unit is asked once it is made, and what it relies on is read
/// once it is known what that is.
const PLANS: &[(&str, usize, &str)] = &[
    ("container.deploy", 2, "the store; then all that is looked at goes out together"),
    ("container.pause", 4, "the store, the list, the pin, and whether it can be run as a unit"),
    ("container.remove", 4, "likewise"),
    ("container.restart", 4, "likewise; one that is paused is let go as a unit"),
    ("container.start", 3, "likewise, without a unit"),
    ("container.stop", 4, "as to pause"),
    ("container.unpause", 4, "likewise"),
    (
        "container.update",
        4,
        "the store, the container, all that is looked at, and whether it can be run as a unit",
    ),
    ("file.delete", 3, "the place, what is in it, and the pins"),
    ("file.write", 3, "the place, what is in it, and the pin"),
    ("firewall.close", 18, DECLARED),
    ("firewall.open", 20, ADDED),
    ("nixos.channel_add", 3, "whether channels are on; the pins, and whether it can be run as a unit"),
    ("nixos.channel_remove", 3, "likewise"),
    ("nixos.channel_update", 3, "likewise"),
    ("nixos.check", 9, "where the configuration is; and the folder, the copy, the evaluation and the build"),
    ("nixos.collect_garbage", 3, "the pins, the clock, and whether it can be run as a unit"),
    ("nixos.diff", 10, "likewise; and what differs"),
    ("nixos.edit", 19, DECLARED),
    (
        "nixos.rebuild",
        14,
        "as to check; and the way in, what differs, the pins, and whether it can be run as a unit",
    ),
    ("nixos.rollback", 3, "the pins, what differs, and whether it can be run as a unit"),
    ("nixos.upgrade", 23, "as to edit; and the channels, and fetching one"),
    ("package.install", 20, ADDED),
    ("package.remove", 18, DECLARED),
    ("service.disable", 19, DECLARED),
    ("service.enable", 21, ADDED),
    ("service.reload", 3, "as to restart"),
    ("service.restart", 3, "the units, the pin, and whether it can be run as a unit"),
    ("service.start", 3, "likewise"),
    ("service.stop", 3, "likewise"),
    ("system.poweroff", 0, "-"),
    ("system.reboot", 1, ""),
];

/// Why a change of what is declared costs what it does.
const DECLARED: &str = "where the configuration is, for the change and for all of them; the folder, the copy, what it comes to as it is, \
                        a file or two, the evaluation and the build; the way in, what differs, whose the files are, the pins, and whether \
                        it can be run as a unit";

const ADDED: &str = "likewise; and who else declares it";

/// A node that answers the example of every read.
fn telling() -> Recording {
    let inspected = format!(
        r#"[{{"Id":"{WEB}","Name":"web","State":{{"Status":"running"}},"Path":"x","Args":[],"Config":{{}},"HostConfig":{{}},"NetworkSettings":{{}}}}]"#
    );
    reads::telling(node())
        .answering("sudo -n -- podman inspect '--syslog=false' --type container -- web", &inspected)
        .answering("sudo -n -- podman logs", "2025-11-24T17:00:00Z up we go\n")
        .answering("journalctl", reads::ENTRY)
        .answering(
            "ip -json address show",
            r#"[{"ifname":"lo","operstate":"UNKNOWN","address":"00:00:00:00:00:00"}]"#,
        )
        .answering("ss -Htulpn", "tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n")
        .answering(
            r#"nix-instantiate --eval --strict --json --readonly-mode --store dummy:// --argstr words '["services""#,
            r#"{"type":"boolean","description":"","default":false,"value":[true],"definitions":[{"file":"/etc/nixos/configuration.nix","value":true}]}"#,
        )
        .answering(
            r#"nix-instantiate --eval --strict --json --readonly-mode --store dummy:// --argstr words '["htop"]'"#,
            r#"{"packages":[{"name":"htop","version":"3","description":"x"}],"matching":1}"#,
        )
        .answering(
            "find /run/current-system/sw/",
            "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-htop-3.3.0/bin/htop\n",
        )
        .answering("ping ", "3 packets transmitted, 3 received, 0% packet loss, time 0ms\n")
}

/// The most that an action costs on one of these nodes.
async fn costs(call: &CallRequest, intent: Intent) -> usize {
    let (mut most, mut is_good) = (0, false);
    for on in STATES.into_iter().chain([telling as fn() -> Recording]) {
        let lab = Lab::new(on());
        let outcome = lab.perform(call.clone().on("db-server"), intent).await;
        is_good |= outcome.exit_code() == 0;
        most = most.max(lab.nodes.execs());
    }
    assert!(is_good, "{} came to its end on none of them", call.action);
    most
}

async fn table(kind: impl Fn(Access) -> bool, intent: Intent) -> Vec<(String, usize)> {
    let mut table = Vec::new();
    for call in examples(kind) {
        let costs = costs(&call, intent).await;
        table.push((call.action, costs));
    }
    table.sort();
    table
}

fn expected(table: &[(&str, usize, &str)]) -> Vec<(String, usize)> {
    let reasoned = |(_, costs, why): &(&str, usize, &str)| *costs == 1 || !why.is_empty();
    assert!(table.iter().all(reasoned), "more than one has a reason");
    table.iter().map(|(action, costs, _)| ((*action).to_owned(), *costs)).collect()
}

#[tokio::test]
async fn no_read_costs_a_node_more_commands_than_it_says() {
    assert_eq!(table(|access| access == Access::Read, Intent::Perform).await, expected(READS));
}

#[tokio::test]
async fn no_plan_costs_a_node_more_commands_than_it_says() {
    assert_eq!(table(|access| access != Access::Read, Intent::PlanOnly).await, expected(PLANS));
}

/// What is looked at once more, and only then: those that have failed, each kind by one command.
#[tokio::test]
async fn however_many_have_failed_their_last_lines_are_one_command() {
    let failed = |n: usize| {
        let unit = |n| {
            format!(
                r#"{{"unit":"u{n}.service","load":"loaded","active":"failed","sub":"failed","description":"d"}}"#
            )
        };
        let units: Vec<String> = (0..n).map(unit).collect();
        Recording::new()
            .answering("systemctl list-units", &format!("[{}]", units.join(",")))
            .answering(
                "systemctl show",
                "Id=x.service\nActiveState=active\nSubState=running\nLoadState=loaded\n",
            )
            .answering("cat -- /proc/uptime", "10.00 5.00\n")
            .answering("journalctl", "died\n")
    };
    for (n, costs) in [(0, 1), (1, 2), (8, 2), (20, 2)] {
        let lab = Lab::new(failed(n));
        let result = lab.call(CallRequest::new("service.failed").on("db-server")).await;
        assert_eq!((result.error, lab.nodes.execs()), (None, costs), "{n}");
    }
    // As root where the login user sees nothing.
    let lab = Lab::new(failed(3).answering("journalctl", "").answering("sudo -n -- journalctl", "died\n"));
    let result = lab.call(CallRequest::new("service.failed").on("db-server")).await;
    assert_eq!(lab.nodes.execs(), 3);
    assert_eq!(result.text.unwrap().matches("said last: died").count(), 3);
}
