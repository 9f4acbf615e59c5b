//! What the phrasebook understands: this table, and nothing else.
//!
//! A pattern is matched against a whole sentence. In it,
//! - a small word is that word, in any case; `SHOW` is any of [`SHOW`]'s ways to ask for something;
//! - `[x]` may be left out, and `(x|y)` is one of the two;
//! - `{name}` is one name, taken to the letter, as the argument `name`; `{names*}` is a list of names;
//!   `{lines#}` is a number; `{since@}` is a time, as `yesterday` or `2 hours ago`; `{path/}` is a path from `/` on;
//!   `{url%}` is an address, as `https://nixos.org/channels/nixos-25.05`; `{name~}`, `{names~}` and `{names~*}` are channels, for which
//!   `nixos` is a name too; `{image:}` is an image, as `postgres:16`; `{env=}` is a list of settings, as `A=1, B=2 and password x`;
//! - `{node}` is the node, and `{on}` is a place that may be left out: `on`, `for` or `from`, and one or more nodes.
//!   `{at}` is the same with `on` alone, where another word would be ambiguous.
//!
//! A bare name leaves open whether a container or a unit is meant, which the session settles by looking:
//! `container.stop|service.stop` is the one that finds the names, and `service.logs|container.logs` that on each node. A bare `remove` means nothing: say what.

mod nixos;

use super::row::{Row, changes, looks};

/// Ways to ask for something to be shown.
pub(super) const SHOW: &str =
    "(show|list|display|print|view|check|get|give) [me] | tell me | what (is|are) | what's | what're";

/// Every row; their order means nothing.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().chain(nixos::ROWS)
}

const ROWS: &[Row] = &[
    looks(
        "clock.now",
        &[
            "what time is it {on}",
            "[SHOW] [the] [current] (time|date) {on}",
            "what (timezone|time zone) is {node} in",
            "what (timezone|time zone) is {node} set to",
            "[SHOW] [the] (timezone|time zone) {on}",
        ],
        &["what time is it on web-server", "what timezone is web-server in"],
    ),
    looks(
        "system.info",
        &[
            "[SHOW] [the] system (info|information) {on}",
            "how long has {node} been up",
            "[SHOW] [the] uptime {on}",
            "[SHOW] [the] uptime of {node}",
            "what version of nixos is {node} running",
            "what nixos version is {node} running",
        ],
        &["show me system info for web-server", "how long has web-server been up"],
    ),
    looks(
        "system.resources",
        &[
            "[SHOW] [the] [system] (resources|resource usage) {on}",
            "[SHOW] [the] (memory|cpu|disk) [usage|use] {on}",
            "[SHOW] [the] [free] (disk space|memory) {on}",
            "how much (memory|disk space|space) is (free|used|left) {on}",
            "how (full is the disk|full are the disks) {on}",
        ],
        &["show resources on web-server", "how much memory is free on db-server"],
    ),
    looks(
        "container.list",
        &["SHOW [all] [the] containers {on}", "(what|which) containers are (there|running) {on}"],
        &["list containers on db-server"],
    ),
    looks(
        "container.inspect",
        &[
            "inspect [the] (container|containers) {names*} {on}",
            "inspect [the] {names*} (container|containers) {on}",
            "is [the] container {names} running {on}",
            "is [the] {names} container running {on}",
            "[SHOW] [the] status of [the] (container|containers) {names*} {on}",
            "[SHOW] [the] status of [the] {names*} (container|containers) {on}",
            "SHOW [the] details (of|for) [the] container {names*} {on}",
            "SHOW [the] details (of|for) [the] {names*} container {on}",
        ],
        &["inspect container redis on web-server"],
    ),
    looks(
        "container.logs",
        &[
            "[SHOW] [the] logs (of|for|from) [the] container {name} [since {since@}] {on}",
            "[SHOW] [the] logs (of|for|from) [the] {name} container [since {since@}] {on}",
            "[SHOW] [the] container logs (of|for|from) {name} [since {since@}] {on}",
            "[SHOW] [the] last {lines#} [log] lines (of|for|from) [the] container {name} {on}",
            "[SHOW] [the] last {lines#} [log] lines (of|for|from) [the] {name} container {on}",
        ],
        &["show the logs of container redis on web-server"],
    ),
    looks(
        "file.list",
        &["SHOW [all] [the] files in [the] [folder] {path/} {on}", "SHOW [the] folder {path/} {on}"],
        &["list files in /srv on web-server"],
    ),
    looks(
        "file.read",
        &["read [the] [file] {path/} {on}", "SHOW [the] file {path/} {on}"],
        &["read /srv/web/motd on web-server"],
    ),
    changes(
        "container.deploy",
        &[
            "deploy [the] [container] {name} [(from|using) [the] [image] {image:}] {on} [with {env=}]",
            "deploy [the] [container] {name} [(from|using) [the] [image] {image:}] with {env=} {at}",
        ],
        &[
            "deploy web from nginx:1.27 on web-server",
            "deploy postgres on db-server with password MySecretPW",
            "deploy my-app on web-server with DB_HOST=db-server and DB_PASSWORD=MySecretPW",
        ],
    ),
    changes(
        "container.update",
        &[
            "update [the] container {name} [to [the] [image] {image:}] {on} [with {env=}]",
            "update [the] {name} container [to [the] [image] {image:}] {on} [with {env=}]",
            "update [the] {name} to [the] [image] {image:} {on} [with {env=}]",
        ],
        &[
            "update web to nginx:1.28 on web-server",
            "update the my-app container on web-server with LEVEL=debug",
        ],
    ),
    changes(
        "container.start|service.start",
        &["start {names*} {on}"],
        &["start redis and cache on web-server"],
    ),
    changes(
        "container.start",
        &[
            "start [the] (container|containers) {names*} {on}",
            "start [the] {names*} (container|containers) {on}",
        ],
        &["start containers redis and cache on web-server"],
    ),
    changes(
        "container.start all=true",
        &["start all [the] containers {on}"],
        &["start all containers on web-server"],
    ),
    changes("container.stop|service.stop", &["stop {names*} {on}"], &["stop redis and cache on web-server"]),
    changes(
        "container.stop",
        &[
            "stop [the] (container|containers) {names*} {on}",
            "stop [the] {names*} (container|containers) {on}",
        ],
        &["stop the redis container"],
    ),
    changes(
        "container.stop all=true",
        &["stop all [the] containers {on}"],
        &["stop all containers on web-server"],
    ),
    changes(
        "container.restart|service.restart",
        &["restart {names*} {on}"],
        &["restart redis and cache on web-server"],
    ),
    changes(
        "container.restart",
        &[
            "restart [the] (container|containers) {names*} {on}",
            "restart [the] {names*} (container|containers) {on}",
        ],
        &["restart container redis on web-server"],
    ),
    changes(
        "container.restart all=true",
        &["restart all [the] containers {on}"],
        &["restart all containers on web-server"],
    ),
    changes(
        "container.pause",
        &[
            "pause [the] [container|containers] {names*} {on}",
            "pause [the] {names*} (container|containers) {on}",
        ],
        &["pause the redis container"],
    ),
    changes(
        "container.pause all=true",
        &["pause all [the] containers {on}"],
        &["pause all containers on web-server"],
    ),
    changes(
        "container.unpause",
        &[
            "unpause [the] [container|containers] {names*} {on}",
            "unpause [the] {names*} (container|containers) {on}",
        ],
        &["unpause the redis container"],
    ),
    changes(
        "container.unpause all=true",
        &["unpause all [the] containers {on}"],
        &["unpause all containers on web-server"],
    ),
    changes(
        "container.remove",
        &[
            "remove [the] (container|containers) {names*} {on}",
            "remove [the] {names*} (container|containers) {on}",
        ],
        &["remove containers redis and cache on web-server"],
    ),
    changes(
        "container.remove all=true",
        &["remove all [the] containers {on}"],
        &["remove all containers on db-server"],
    ),
    looks(
        "service.list",
        &["SHOW [all] [the] (services|units) {on}", "which services are there {on}"],
        &["list services on web-server"],
    ),
    looks(
        "service.failed",
        &[
            "[SHOW] [all] [the] failed (services|units) {on}",
            "(what|which) (services|units) [have] failed {on}",
            "what (failed|has failed) {on}",
            "are there [any] failed (services|units) {on}",
        ],
        &["list failed services on web-server"],
    ),
    looks(
        "service.status",
        &[
            "is [the] {names} (service|unit) (running|active) {on}",
            "is [the] service {names} (running|active) {on}",
            "[SHOW] [the] status of [the] (service|services|unit|units) {names*} {on}",
            "[SHOW] [the] status of [the] {names*} (service|services|unit|units) {on}",
            "[SHOW] [the] service status of {names*} {on}",
        ],
        &["show status of the nginx service on web-server"],
    ),
    looks(
        "service.status|container.inspect",
        &["is [the] {names} (running|active) {on}", "[SHOW] [the] status of [the] {names*} {on}"],
        &["is nginx running on web-server"],
    ),
    looks(
        "service.logs",
        &[
            "[SHOW] [the] logs (of|for) [the] (service|unit) {name} [since {since@}] {on}",
            "[SHOW] [the] logs (of|for) [the] {name} (service|unit) [since {since@}] {on}",
            "[SHOW] [the] last {lines#} [log] lines (of|for) [the] (service|unit) {name} {on}",
            "[SHOW] [the] last {lines#} [log] lines (of|for) [the] {name} (service|unit) {on}",
        ],
        &["show the logs of the nginx service on web-server"],
    ),
    looks(
        "service.logs|container.logs",
        &[
            "[SHOW] [the] logs (of|for) [the] {name} [since {since@}] {on}",
            "[SHOW] [the] {name} logs [since {since@}] {on}",
            "[SHOW] [the] last {lines#} [log] lines (of|for) [the] {name} {on}",
        ],
        &["check the logs for nginx on web-server", "show the logs for nginx since 2 hours ago"],
    ),
    looks(
        "service.logs follow=true",
        &[
            "follow [the] logs (of|for) [the] (service|unit) {name} {on}",
            "follow [the] logs (of|for) [the] {name} (service|unit) {on}",
        ],
        &["follow the logs of the nginx service on web-server"],
    ),
    looks(
        "container.logs follow=true",
        &[
            "follow [the] logs (of|for) [the] container {name} {on}",
            "follow [the] logs (of|for) [the] {name} container {on}",
        ],
        &["follow the logs of the redis container on web-server"],
    ),
    looks(
        "service.logs|container.logs follow=true",
        &["follow [the] logs (of|for) [the] {name} {on}", "follow [the] {name} logs {on}"],
        &["follow the logs of nginx on web-server"],
    ),
    looks(
        "log.query follow=true",
        &["follow [the] [system] (log|journal) {at}"],
        &["follow the journal on web-server"],
    ),
    changes(
        "service.start",
        &[
            "start [the] (service|services|unit|units) {names*} {on}",
            "start [the] {names*} (service|services|unit|units) {on}",
        ],
        &["start the nginx service on web-server"],
    ),
    changes(
        "service.stop",
        &[
            "stop [the] (service|services|unit|units) {names*} {on}",
            "stop [the] {names*} (service|services|unit|units) {on}",
        ],
        &["stop the nginx service on web-server"],
    ),
    changes(
        "service.restart",
        &[
            "restart [the] (service|services|unit|units) {names*} {on}",
            "restart [the] {names*} (service|services|unit|units) {on}",
        ],
        &["restart nginx service on web-server"],
    ),
    changes(
        "service.reload",
        &[
            "reload {names*} {on}",
            "reload [the] (service|services|unit|units) {names*} {on}",
            "reload [the] {names*} (service|services|unit|units) {on}",
        ],
        &["reload nginx.service on web-server"],
    ),
    changes(
        "service.enable",
        &[
            "enable {names*} [at boot] {on}",
            "enable [the] (service|services|unit|units) {names*} [at boot] {on}",
            "enable [the] {names*} (service|services|unit|units) [at boot] {on}",
        ],
        &["enable nginx on web-server"],
    ),
    changes(
        "service.disable",
        &[
            "disable {names*} [at boot] {on}",
            "disable [the] (service|services|unit|units) {names*} [at boot] {on}",
            "disable [the] {names*} (service|services|unit|units) [at boot] {on}",
        ],
        &["disable nginx and redis on web-server"],
    ),
    looks(
        "log.query",
        &[
            "SHOW [the] [system] (logs|log|journal) [since {since@}] {at}",
            "SHOW [the] last {lines#} (log lines|lines of the (log|journal)) {at}",
        ],
        &["show the journal on web-server", "show the last 50 log lines on web-server"],
    ),
    looks(
        "log.query priority=err",
        &["SHOW [the|all] errors [in the (logs|log|journal)] [since {since@}] {at}"],
        &["show errors in the journal on web-server"],
    ),
    looks(
        "network.interfaces",
        &["SHOW [all] [the] network interfaces {on}", "SHOW [the] ip (address|addresses) (of {node}|{on})"],
        &["show network interfaces on web-server"],
    ),
    looks(
        "network.ports",
        &["[SHOW] [all] [the] (listening|open) ports {on}", "(what|which) ports are (listening|open) {on}"],
        &["show listening ports on web-server"],
    ),
    looks(
        "network.ping",
        &["ping {target} [{count#} times] [(from|on) {node}]"],
        &["ping 192.168.1.20 from web-server"],
    ),
    looks("node.list", &["SHOW [all] [the|my] nodes", "which nodes are there", "nodes"], &["list nodes"]),
    looks(
        "node.status",
        &[
            "is [the] [node] {names} [node] (online|reachable)",
            "[SHOW] [the] status of [the] (node|nodes) {names*}",
            "[SHOW] [the] status of [the] {names*} (node|nodes)",
        ],
        &["is web-server online", "show the status of node web-server"],
    ),
    changes(
        "node.remove",
        &["remove [the] node {name}", "remove [the] {name} node"],
        &["remove the monitoring node"],
    ),
];
