//! The rows of NixOS: its systems, what is declared, and what becomes of a machine as a whole.

use crate::phrasebook::row::{Row, changes, looks};

pub(super) const ROWS: &[Row] = &[
    looks(
        "nixos.generations",
        &[
            "[SHOW] [the|all] [nixos|system] generations [of {node}]",
            "[SHOW] [the|all] [nixos|system] generations {at}",
            "does {node} need a reboot",
        ],
        &["list generations on web-server", "does web-server need a reboot"],
    ),
    looks(
        "nixos.channels",
        &[
            "[SHOW] [the|all] [nix|nixos] channels {on}",
            "[SHOW] [the|all] [nix|nixos] channels of {node}",
            "(what|which) channels does {node} (have|use)",
        ],
        &["list channels on web-server", "which channels does web-server use"],
    ),
    changes(
        "nixos.channel_add",
        &[
            "add [the|a] channel {url%} as {name~} {on}",
            "add {url%} as [the|a] channel {name~} {on}",
            "add [the|a] channel {name~} from {url%} {on}",
        ],
        &["add channel https://nixos.org/channels/nixos-25.05 as stable on web-server"],
    ),
    changes(
        "nixos.channel_remove",
        &["remove [the] channel {name~} {on}", "remove [the] {name~} channel {on}"],
        &["remove channel stable on web-server"],
    ),
    changes(
        "nixos.channel_update",
        &[
            "update [the|all] [the] [nix] channels {on}",
            "update [the] channel {names~*} {on}",
            "update [the] {names~} channel {on}",
        ],
        &["update the channels on web-server", "update channel nixos on web-server"],
    ),
    changes(
        "nixos.upgrade",
        &["upgrade {node}", "upgrade [the] (nixos|system) {on}", "upgrade {at}", "upgrade nixos of {node}"],
        &["upgrade web-server"],
    ),
    changes(
        "nixos.collect_garbage",
        &["collect [the] garbage {on}", "clean up [the] [old] generations {on}"],
        &["collect garbage on web-server", "clean up old generations on web-server"],
    ),
    changes(
        "nixos.rollback",
        &[
            "roll back {node}",
            "rollback {node}",
            "roll back {at}",
            "rollback {at}",
            "roll back {node} to generation {generation#}",
            "roll back to generation {generation#} {at}",
        ],
        &["roll back web-server", "roll back web-server to generation 12"],
    ),
    changes(
        "system.reboot",
        &["reboot {node}", "reboot {at}", "reboot [the] (machine|node) {node}"],
        &["reboot web-server"],
    ),
    changes(
        "system.poweroff",
        &["poweroff {node}", "power off {node}", "power off {at}", "power off [the] (machine|node) {node}"],
        &["power off web-server"],
    ),
    changes(
        "nixos.rebuild",
        &["rebuild {node}", "rebuild [the] [nixos|system|configuration] {at}"],
        &["rebuild web-server"],
    ),
    changes(
        "package.install",
        &["install [the] (package|packages) {names*} {on}", "install {names*} {on}"],
        &["install nginx on web-server", "install the packages htop and jq on web-server"],
    ),
    changes(
        "package.remove",
        &["remove [the] (package|packages) {names*} {on}", "remove [the] {names*} (package|packages) {on}"],
        &["remove the package htop on web-server"],
    ),
    looks(
        "package.list",
        &[
            "[SHOW] [the|all] [installed] packages {on}",
            "(what|which) packages are installed {on}",
            "(what|which) packages does {node} have",
        ],
        &["list packages on web-server", "which packages are installed on web-server"],
    ),
    looks(
        "package.search",
        &[
            "search [for] [the] (package|packages) {query} {on}",
            "search [for] {query} in [the] packages {on}",
            "find [the|a] (package|packages) {query} {on}",
        ],
        &["search for the package htop on web-server"],
    ),
    looks(
        "nixos.option",
        &[
            "[SHOW] [the] [nixos] option {option} {on}",
            "(what|where) is [the] [nixos] option {option} [set] {on}",
            "who sets [the] [nixos] [option] {option} {on}",
        ],
        &[
            "show the option services.openssh.enable on web-server",
            "who sets networking.hostName on web-server",
        ],
    ),
    changes(
        "firewall.open",
        &["open [the] [firewall|tcp] (port|ports) {ports*} {on}", "open {ports*} in the firewall {on}"],
        &["open port 8080 on web-server", "open ports 80 and 443 on web-server"],
    ),
    changes(
        "firewall.close",
        &["close [the] [firewall|tcp] (port|ports) {ports*} {on}", "close {ports*} in the firewall {on}"],
        &["close port 8080 on web-server"],
    ),
    looks(
        "firewall.list",
        &[
            "[SHOW] [the|all] [open] firewall (ports|rules) {on}",
            "[SHOW] [the|all] [open] firewall (ports|rules) of {node}",
            "SHOW [the] firewall {on}",
            "SHOW [the] firewall of {node}",
            "[SHOW] [all] [the] [open] ports (in|of) the firewall {on}",
            "[SHOW] [all] [the] [open] ports (in|of) the firewall of {node}",
            "(what|which) ports are (open|allowed) in the firewall {on}",
            "(what|which) ports are (open|allowed) in the firewall of {node}",
            "(what|which) ports does the firewall of {node} (open|allow|let in)",
            "(what|which) ports does the firewall (open|allow|let in) {on}",
            "what does the firewall of {node} (allow|let in)",
        ],
        &[
            "which ports are open in the firewall of web-server",
            "list firewall ports on web-server",
            "show the firewall of web-server",
        ],
    ),
    looks(
        "nixos.diff",
        &["what would a rebuild change {on}", "what would a rebuild of {node} change"],
        &["what would a rebuild change on web-server"],
    ),
    looks(
        "nixos.check",
        &[
            "(check|test) [whether] [the] [nixos] (configuration|config) [builds] {on}",
            "does [the] [nixos] (configuration|config) build {on}",
        ],
        &["does the configuration build on web-server"],
    ),
    looks(
        "nixos.show",
        &[
            "SHOW [the] nixos [configuration|config] {on}",
            "SHOW [the] nixos (configuration|config) of {node}",
            "where is the [nixos] (configuration|config) of {node}",
        ],
        &["show the nixos configuration on web-server", "where is the configuration of web-server"],
    ),
];
