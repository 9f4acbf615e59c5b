//! Reads: their text as people see it, and what they make of machines that differ.

use nixi_core::recording::Recording;
use nixi_core::{CallRequest, ErrorKind, StepStatus};
use serde_json::json;

use crate::support::{GENERATIONS, Lab, SYSTEMS, ended, node, podman_list};

async fn text(lab: &Lab, call: CallRequest) -> String {
    let result = lab.call(call.on("db-server")).await;
    assert_eq!(result.error, None);
    result.text.unwrap()
}

async fn kind(lab: &Lab, call: CallRequest) -> ErrorKind {
    lab.call(call.on("db-server")).await.error.unwrap().kind
}

fn machine() -> Recording {
    telling(Recording::new())
}

/// The same node, which also tells of itself.
pub(crate) fn telling(node: Recording) -> Recording {
    node.answering("date", "2025-11-24T17:00:00+01:00\nCET\n1764000000\n")
        .answering("readlink", "/nix/store/0c0x-tzdata-2025b/share/zoneinfo/Europe/Berlin\n")
        .answering("cat -- /proc/uptime", "350735.47 234388.90\n")
        .answering("uname -n", "db\n")
        .answering("uname -srm", "Linux 6.12.44 x86_64\n")
        .answering("cat -- /etc/os-release", "NAME=NixOS\nPRETTY_NAME=\"NixOS 25.05 (Warbler)\"\n")
        .answering("nixos-version", r#"{"nixosVersion":"25.05.20250901.ddd1826"}"#)
        .answering(
            "cat -- /proc/meminfo",
            "MemTotal: 24684084 kB\nMemAvailable: 20268704 kB\nSwapTotal: 2097148 kB\nSwapFree: 1048574 kB\n",
        )
        .answering("find /nix/var/nix/profiles -maxdepth", GENERATIONS)
        .answering("readlink -- /nix/var/nix/profiles/system", "system-2-link\n")
        .answering("readlink -f -- /run/current-system", SYSTEMS)
        .answering("readlink -f -- /run/booted-system/kernel", "/a\n/b\n/c\n/x\n/b\n/c\n")
        .answering("grep -hs -e NIX_PATH", "NIX_PATH DEFAULT=\"nixos-config=/etc/nixos/configuration.nix\"\n")
        .answering(
            "realpath --canonicalize-existing --zero -- /etc/nixos/configuration.nix",
            "/home/me/nixos/configuration.nix\0",
        )
        .ending(
            "realpath --canonicalize-existing --zero -- /etc/nixos/flake.nix",
            ended(1, "", "realpath: /etc/nixos/flake.nix: No such file or directory\n"),
        )
        .answering(
            "head '--bytes=262145' -- /home/me/nixos/configuration.nix",
            "{ pkgs, ... }:\n{\n  imports = if true then [ ] else [ ./a.nix ];\n}\n",
        )
        .ending("head '--bytes=262145' -- /home/me/nixos/nixi.nix", ended(1, "", "head: cannot open it\n"))
        .answering("findmnt", r#"{"filesystems":[{"target":"/","options":"rw,relatime"}]}"#)
        .answering("cat -- /proc/loadavg", "0.31 0.64 0.60 1/176 24773\n")
        .answering("nproc", "4\n")
        .answering(
            "df -P -B1",
            "Filesystem 1-blocks Used Available Capacity Mounted on\n\
             /dev/sda2 503869853696 83751862272 394448035840 18% /\n\
             /dev/sda1 535805952 112345088 423460864 21% /boot\n",
        )
        .answering(
            "df -P -B1 -- /",
            "Filesystem 1-blocks Used Available Capacity Mounted on\n\
             /dev/sda2 503869853696 83751862272 394448035840 18% /\n",
        )
}

#[tokio::test]
async fn the_machine() {
    let lab = Lab::new(machine());
    insta::assert_snapshot!(text(&lab, CallRequest::new("system.info")).await, @r"
    host    db
    os      NixOS 25.05 (Warbler)
    nixos   25.05.20250901.ddd1826
    kernel  Linux 6.12.44 (x86_64)
    uptime  4 days 1 h
    memory  4.2 GiB of 24 GiB (18 %)
    disk /  78 GiB of 469 GiB (18 %)
    ");
    insta::assert_snapshot!(text(&lab, CallRequest::new("system.resources")).await, @r"
    memory  4.2 GiB of 24 GiB (18 %)
    swap    1.0 GiB of 2.0 GiB (50 %)
    load    0.31, 0.64, 0.60 on 4 processors

    MOUNT     SIZE     USED     FREE   USE
    /      469 GiB   78 GiB  367 GiB  18 %
    /boot  511 MiB  107 MiB  404 MiB  21 %
    ");
    insta::assert_snapshot!(text(&lab, CallRequest::new("nixos.generations")).await, @r"
    GENERATION  MADE (UTC)           NIXOS
             2  2025-11-24 17:00:00  25.05.20250901.ddd1826  runs
             1  2025-11-24 16:00:00  24.11.1.0

    A reboot is needed: the kernel that runs is not that of the running system.
    ");
    insta::assert_snapshot!(text(&lab, CallRequest::new("nixos.show")).await, @r"
    configuration  /etc/nixos/configuration.nix, a link to /home/me/nixos/configuration.nix
    Nixi's module  /home/me/nixos/nixi.nix (not there yet)
    nixos          25.05.20250901.ddd1826
    boots next     generation 2
    runs           /nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-db-25.05.20250901.ddd1826
    Nixi cannot add its module to this configuration: /home/me/nixos/configuration.nix: line 3: the list of imports is computed.
    Add it by hand where the configuration is kept: imports = [ ./nixi.nix ];
    ");
    insta::assert_snapshot!(text(&lab, CallRequest::new("clock.now")).await, @"2025-11-24 17:00:00+01:00 (Europe/Berlin), up 4 days 1 h");
}

#[tokio::test]
async fn what_the_system_is_built_of() {
    let told = || node().answering("nixos-version", r#"{"nixosVersion":"25.05"}"#);
    let channels = || CallRequest::new("nixos.channels").on("db-server");
    insta::assert_snapshot!(text(&Lab::new(told()), channels()).await, @r"
    CHANNEL  RELEASE                  URL
    nixos    25.05.8123.d98ce345cdab  https://nixos.org/channels/nixos-25.05

    Generation 3 of the channels, of 2025-11-24 16:00:00 UTC.
    ");
    let refused = ended(1, "", "sudo: a password is required\n");
    let unseen = told().ending("sudo -n -- nix-channel --list", refused);
    insta::assert_snapshot!(text(&Lab::new(unseen), channels()).await, @r"
    CHANNEL  RELEASE                  URL
    nixos    25.05.8123.d98ce345cdab

    Generation 3 of the channels, of 2025-11-24 16:00:00 UTC.
    left out: addresses of the channels: sudo on the node asks for a password, or has no rule for `sudo -n -- nix-channel --list`
    ");
    let missing = ended(127, "", "nix-channel: command not found\n");
    let off = told().ending("nix-channel --version", missing);
    insta::assert_snapshot!(text(&Lab::new(off), channels()).await, @r"
    Channels are off on this node (nix.channel.enable = false), and it has no flake.

    CHANNEL  RELEASE                  URL
    nixos    25.05.8123.d98ce345cdab

    Generation 3 of the channels, of 2025-11-24 16:00:00 UTC.
    ");
}

#[tokio::test]
async fn a_machine_that_is_not_nixos_and_has_no_proc() {
    let bare = Recording::new().answering("uname -n", "pi\n").answering("uname -srm", "FreeBSD 14.1 arm64\n");
    let lab = Lab::new(bare);
    insta::assert_snapshot!(text(&lab, CallRequest::new("system.info")).await, @r"
    host    pi
    kernel  FreeBSD 14.1 (arm64)
    ");
    let data = lab.call(CallRequest::new("system.info").on("db-server")).await.data.unwrap();
    assert_eq!(data["nixos_version"], json!(null));
}

#[tokio::test]
async fn a_file_system_that_may_not_be_looked_at_hides_no_other() {
    let lab = Lab::new(machine().ending(
        "df -P -B1 '--ex",
        ended(
            1,
            "Filesystem 1-blocks Used Available Capacity Mounted on\n/dev/sda2 2048 1024 1024 50% /\n",
            "df: /mnt/secret: Permission denied\n",
        ),
    ));
    let shown = text(&lab, CallRequest::new("system.resources")).await;
    assert!(shown.ends_with("left out: /mnt/secret: Permission denied"), "{shown}");
}

#[tokio::test]
async fn containers() {
    let lab = Lab::new(node());
    insta::assert_snapshot!(text(&lab, CallRequest::new("container.list")).await, @r"
    NAME   IMAGE                         STATUS                  PORTS
    cache  docker.io/library/redis:7     Exited (0) 2 hours ago
    web    docker.io/library/nginx:1.27  Up 5 minutes            8080->80/tcp
    ");
    let empty = Lab::docker(
        Recording::new().answering("sudo -n -- docker --host unix:///var/run/docker.sock ps", ""),
    );
    assert_eq!(text(&empty, CallRequest::new("container.list")).await, "no containers");
    let compat = Lab::docker(
        Recording::new().answering("sudo -n -- docker --host unix:///var/run/docker.sock ps", &podman_list()),
    );
    assert!(text(&compat, CallRequest::new("container.list")).await.contains("nginx"));
}

#[tokio::test]
async fn an_empty_list_is_never_made_of_an_error() {
    let denied = ended(1, "", "sudo: a password is required\n");
    let lab = Lab::new(Recording::new().ending("sudo -n -- podman ps", denied));
    assert_eq!(kind(&lab, CallRequest::new("container.list")).await, ErrorKind::SudoPassword);
    let lab = Lab::new(Recording::new());
    assert_eq!(kind(&lab, CallRequest::new("container.list")).await, ErrorKind::ProgramMissing);
    let lab = Lab::new(Recording::new().answering("sudo -n -- podman ps", ""));
    assert_eq!(kind(&lab, CallRequest::new("container.list")).await, ErrorKind::Unreadable);
}

#[tokio::test]
async fn the_output_of_a_container() {
    let output = ended(
        0,
        "2025-11-24T17:00:00.5+01:00 listening\n2025-11-24T17:00:02+01:00 GET /\n",
        "2025-11-24T17:00:01+01:00 warning: \u{1b}[31mred\u{1b}[0m\n",
    );
    let lab = Lab::new(node().ending(
        "sudo -n -- podman logs '--syslog=false' --timestamps --tail 2 --since 3600s -- web",
        output,
    ));
    let logs = || CallRequest::new("container.logs").with("name", "web").with("lines", 2);
    insta::assert_snapshot!(text(&lab, logs().with("since", "1h ago")).await, @r"
    web (times in UTC)
    2025-11-24 16:00:00  listening
    2025-11-24 16:00:01  warning: red
    2025-11-24 16:00:02  GET /
    ");
    assert_eq!(kind(&lab, logs().with("since", "yesterday")).await, ErrorKind::BadArgument);
    let gone = ended(125, "", "Error: no container with name or ID \"wbe\" found: no such container\n");
    let lab = Lab::new(node().ending("sudo -n -- podman logs", gone));
    let error =
        lab.call(CallRequest::new("container.logs").with("name", "wbe").on("db-server")).await.error.unwrap();
    assert_eq!(error.to_string(), "no container named wbe on db-server\nhint: did you mean \"web\"?");
}

pub(crate) const ENTRY: &str = r#"{"__REALTIME_TIMESTAMP":"1764000000123456","PRIORITY":"3","_SYSTEMD_UNIT":"nginx.service","_PID":"42","MESSAGE":"bind failed"}"#;
const HINT: &str = "Hint: You are currently not seeing messages from other users and the system.\n      Users in groups 'adm', 'systemd-journal' can see all messages.\n";

#[tokio::test]
async fn the_journal_as_whoever_sees_it_all() {
    let logs = || CallRequest::new("service.logs").with("name", "nginx");
    let lab = Lab::new(Recording::new().answering("journalctl", ENTRY));
    insta::assert_snapshot!(text(&lab, logs()).await, @r"
    1 entry, times in UTC
    2025-11-24 16:00:00  nginx.service err: bind failed
    ");
    assert_eq!(lab.nodes.seen().len(), 2);

    // For JSON it keeps its hints to itself, and shows what little the user may see.
    let partial =
        || Recording::new().answering("journalctl", "").ending("journalctl '--lines=1'", ended(0, "", HINT));
    let lab = Lab::new(partial().answering("sudo -n -- journalctl", ENTRY));
    assert!(text(&lab, CallRequest::new("log.query").with("unit", "nginx")).await.contains("bind failed"));

    for (code, stderr) in [(1, "sudo: a password is required\n"), (0, HINT), (127, "sudo: not found\n")] {
        let lab = Lab::new(partial().ending("sudo", ended(code, "", stderr)));
        let error = lab.call(logs().on("db-server")).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Permission, "{stderr}");
        assert!(error.hint.unwrap().contains("systemd-journal"));
    }
    let closed = "No journal files were opened due to insufficient permissions.\n";
    let lab = Lab::new(
        Recording::new()
            .ending("journalctl", ended(1, "", closed))
            .ending("sudo", ended(1, "", "sudo: a password is required\n")),
    );
    assert_eq!(kind(&lab, logs()).await, ErrorKind::Permission);
    let lab = Lab::new(Recording::new().ending("journalctl", ended(0, "", "No journal files were found.\n")));
    assert_eq!(kind(&lab, logs()).await, ErrorKind::NotFound);
}

#[tokio::test]
async fn no_entries_of_a_unit_that_is_not_there_are_an_error() {
    let quiet = |state: &str| {
        Recording::new()
            .answering("journalctl", "-- No entries --\n")
            .answering(
                "systemctl show",
                &format!("Id=ngnix.service\nLoadState={state}\nActiveState=inactive\nSubState=dead\n"),
            )
            .answering(
                "systemctl list-units",
                r#"[{"unit":"nginx.service","load":"loaded","active":"active","sub":"running","description":"d"}]"#,
            )
    };
    for call in [
        CallRequest::new("service.logs").with("name", "ngnix"),
        CallRequest::new("log.query").with("unit", "ngnix"),
    ] {
        let error = Lab::new(quiet("not-found")).call(call.clone().on("db-server")).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert_eq!(
            error.to_string(),
            "no unit named ngnix.service on db-server\nhint: did you mean \"nginx.service\"?"
        );
        assert_eq!(text(&Lab::new(quiet("loaded")), call.clone()).await, "no entries");
        // Where nobody can tell, the journal's own answer stands.
        let lab = Lab::new(Recording::new().answering("journalctl", ""));
        assert_eq!(text(&lab, call).await, "no entries");
    }
    let lab = Lab::new(quiet("not-found"));
    assert_eq!(text(&lab, CallRequest::new("log.query")).await, "no entries");
    assert_eq!(lab.nodes.seen().len(), 2);
}

#[tokio::test]
async fn no_match_is_no_error_and_an_error_is_no_match() {
    let query = || CallRequest::new("log.query").with("grep", "x");
    let lab = Lab::new(Recording::new().ending("journalctl", ended(1, "", "")));
    assert_eq!(text(&lab, query()).await, "no entries");
    assert_eq!(kind(&lab, CallRequest::new("log.query")).await, ErrorKind::CommandFailed);
    let lab = Lab::new(Recording::new().ending("journalctl", ended(1, "", "Failed to parse timestamp: x\n")));
    assert_eq!(kind(&lab, query()).await, ErrorKind::CommandFailed);
}

#[tokio::test]
async fn units() {
    let lab = Lab::new(node());
    insta::assert_snapshot!(text(&lab, CallRequest::new("service.list")).await, @r"
    UNIT           STATE             DESCRIPTION
    nginx.service  active (running)  d

    0 failed, 1 active, 0 inactive
    ");
    let status = "Id=nginx.service\nDescription=Nginx Web Server\nLoadState=loaded\nActiveState=failed\nSubState=failed\n\
                  UnitFileState=enabled\nMainPID=0\nMemoryCurrent=[not set]\nNRestarts=5\nResult=exit-code\nExecMainStatus=203\n";
    let lab = Lab::new(
        Recording::new().answering("systemctl show", status).answering("systemctl list-units", "[]"),
    );
    let asked = CallRequest::new("service.status").with("names", vec!["nginx"]);
    insta::assert_snapshot!(text(&lab, asked).await, @r"
    nginx.service: failed (failed)
      what      Nginx Web Server
      at boot   enabled
      restarts  5
      ended     exit-code, code 203
    ");
    assert_eq!(text(&lab, CallRequest::new("service.failed")).await, "no failed units");
}

#[tokio::test]
async fn pings() {
    let ping = || CallRequest::new("network.ping").with("target", "192.0.2.1").with("count", 1);
    let lost = "1 packets transmitted, 0 received, 100% packet loss, time 0ms\n";
    let lab = Lab::new(Recording::new().ending("ping -n -W 2 -c 1 -- 192.0.2.1", ended(1, lost, "")));
    assert_eq!(text(&lab, ping()).await, "192.0.2.1 does not answer: 1 sent, none came back");
    for (code, stderr) in
        [(2, "ping: nosuch: Name or service not known"), (1, "ping: socket: Operation not permitted")]
    {
        let lab = Lab::new(Recording::new().ending("ping", ended(code, "", stderr)));
        assert_eq!(kind(&lab, ping()).await, ErrorKind::CommandFailed);
    }
}

#[tokio::test]
async fn the_nodes() {
    let lab = Lab::new(node());
    let list = lab.call(CallRequest::new("node.list").with("probe", false)).await;
    insta::assert_snapshot!(list.text.unwrap(), @r"
    NAME            HOST          USER  MODE       STATUS
    myhost (local)  192.168.1.5   -     managed    online
    db-server       192.168.1.20  nixi  managed    unprobed
    monitoring      192.168.1.30  nixi  monitored  unprobed
    ");
    let status = |name: &str| lab.call(CallRequest::new("node.status").with("names", vec![name.to_owned()]));
    let [web, local, host] = [status("db-server").await, status("local").await, status("myhost").await];
    let web = web.text.unwrap();
    assert!(web.starts_with("db-server: online\n  address  nixi@192.168.1.20\n  mode     managed"), "{web}");
    assert_eq!(local.data, host.data);
    assert_eq!(status("db-sever").await.error.unwrap().kind, ErrorKind::UnknownNode);
    assert_eq!(status("db-server").await.status, StepStatus::Done);
    assert_eq!(lab.nodes.seen(), []);
}
