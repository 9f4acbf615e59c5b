//! One odd row, or one command that does not answer, hides nothing else.

use std::time::Duration;

use nixi_core::recording::Recording;
use nixi_core::{CallRequest, ErrorKind, ExecError, Exit, Output, StepStatus};
use serde_json::{Value, json};

use crate::support::{Lab, ended, podman_list};

async fn data(lab: &Lab, action: &str) -> (Value, String) {
    let result = lab.call(CallRequest::new(action).on("db-server")).await;
    assert_eq!(result.error, None, "{action}");
    (result.data.unwrap(), result.text.unwrap())
}

fn named(data: &Value) -> Vec<&str> {
    data["left_out"].as_array().unwrap().iter().map(|odd| odd["what"].as_str().unwrap()).collect()
}

const LINK: &str = "lrwxrwxrwx 1 root root 60 Jan  1  1970 /run/current-system/sw/bin/docker -> /nix/store/x-podman-docker-compat-5.2.3/bin/docker\n";

const SHIM: &str = r#"{"AutoRemove":false,"Command":null,"Created":"2026-01-10T15:43:29.65-06:00","CreatedAt":"","Exited":false,"ExitCode":0,"Id":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Image":"docker.io/library/nginx:1.27","Labels":{},"Names":["web"],"Ports":[{"host_ip":"","container_port":80,"host_port":8080,"range":1,"protocol":"tcp"}],"State":"running","Status":""}
{"AutoRemove":false,"Command":["sleep","9"],"Created":"2026-01-09T10:00:00Z","CreatedAt":"","Exited":true,"ExitCode":137,"Id":"1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Image":"docker.io/library/redis:7","Labels":null,"Names":["db"],"Ports":null,"State":"exited","Status":""}
"#;

#[tokio::test]
async fn docker_that_is_podman_lists_and_stops_its_containers() {
    let remark = "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg.\n";
    let id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let lab = Lab::docker(
        Recording::new()
            .answering("ls -ld -- /var/lib", LINK)
            .ending("sudo -n -- docker ps '--syslog=false'", ended(0, SHIM, remark))
            .ending("sudo -n -- docker inspect '--syslog=false'", ended(0, &format!("{id} web\n"), remark))
            .ending(
                "sudo -n -- docker inspect '--syslog=false' --type container --format '{{.Id}} {{.HostConfig",
                ended(0, &format!("{id} false\n"), remark),
            )
            .ending(
                "sudo -n -- docker inspect '--syslog=false' --type container -- ",
                ended(
                    0,
                    &format!(r#"[{{"Id":"{id}","State":{{"Status":"running"}},"RestartCount":9}}]"#),
                    remark,
                ),
            )
            .answering("date", "2026-01-11T00:00:00+00:00\nUTC\n1768089600\n"),
    );
    let (_, text) = data(&lab, "container.list").await;
    insta::assert_snapshot!(text, @r"
    NAME  IMAGE                         STATUS        PORTS
    db    docker.io/library/redis:7     exited (137)
    web   docker.io/library/nginx:1.27  running       8080->80/tcp
    ");
    let stop = CallRequest::new("container.stop").on("db-server").with("names", vec!["web"]);
    let plan = lab.plan(stop).await.plan.unwrap();
    assert_eq!(plan.summary, "stop 1 container on db-server: web");
    assert!(plan.steps[0].line.contains("docker stop '--syslog=false' -- "), "{plan:?}");
}

/// Both refuse the words that bind them to their machine, rather than go to another.
#[tokio::test]
async fn a_runtime_that_acts_on_another_machine_is_told_and_not_used() {
    let remote =
        |words: &str| ended(125, "", &format!("Error: unknown flag: {words}\nSee 'podman ps --help'\n"));
    let podman = Lab::new(Recording::new().ending("sudo -n -- podman", remote("--syslog")));
    let shim = Lab::docker(
        Recording::new()
            .answering("ls -ld -- /var/lib", LINK)
            .ending("sudo -n -- docker", remote("--syslog")),
    );
    for (lab, program) in [(podman, "podman"), (shim, "docker")] {
        for call in [
            CallRequest::new("container.list"),
            CallRequest::new("container.logs").with("name", "web"),
            CallRequest::new("container.inspect").with("names", vec!["web"]),
            CallRequest::new("container.stop").with("names", vec!["web"]),
            CallRequest::new("container.remove").with("all", true),
        ] {
            let error = lab.plan(call.on("db-server")).await.error.unwrap();
            assert_eq!(error.kind, ErrorKind::Unfit, "{error}");
            let message =
                format!("root's `{program}` on the node acts on another machine, so nothing was done");
            assert_eq!(error.message, message);
        }
        assert_eq!(lab.nodes.changes(), [] as [String; 0]);
    }
    // A shim that is not known for one, of a podman before 4.1 and after.
    for words in
        ["Error: unknown flag: --host\n", "Cannot connect to Podman. Please verify your connection\n"]
    {
        let lab = Lab::docker(Recording::new().ending("sudo -n -- docker", ended(125, "", words)));
        let error = lab.plan(CallRequest::new("container.list").on("db-server")).await.error.unwrap();
        assert!(error.hint.clone().is_some_and(|hint| hint.contains("runtime = \"podman\"")), "{error}");
    }
}

#[tokio::test]
async fn what_is_done_to_all_containers_needs_all_of_them() {
    let odd = podman_list().replace("\"cache\"", "7");
    let lab = Lab::new(crate::support::node().answering("sudo -n -- podman ps", &odd));
    let (listed, text) = data(&lab, "container.list").await;
    assert_eq!((listed["containers"].as_array().unwrap().len(), named(&listed).len()), (1, 1));
    assert!(text.contains("\nleft out: aaaaaaaaaa"), "{text}");
    let all = CallRequest::new("container.remove").on("db-server").with("all", true);
    let error = lab.plan(all).await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Unreadable, "{error}");
    // It may be the odd one that is meant.
    let absent = CallRequest::new("container.stop").on("db-server").with("names", vec!["cache"]);
    assert_eq!(lab.plan(absent).await.error.unwrap().kind, ErrorKind::Unreadable);
    let there = CallRequest::new("container.stop").on("db-server").with("names", vec!["web"]);
    assert!(lab.plan(there).await.plan.is_some());
}

fn machine() -> Recording {
    Recording::new()
        .answering("date", "2025-11-24T17:00:00+01:00\nCET\n1764000000\n")
        .answering("readlink", "/usr/share/zoneinfo/Europe/Berlin\n")
        .answering("cat -- /proc/uptime", "350735.47 234388.90\n")
        .answering("uname -n", "db\n")
        .answering("uname -srm", "Linux 6.12.44 x86_64\n")
        .answering("cat -- /etc/os-release", "PRETTY_NAME=\"NixOS 25.05 (Warbler)\"\n")
        .answering("nixos-version", r#"{"nixosVersion":"25.05.20250901.ddd1826"}"#)
        .answering("cat -- /proc/meminfo", "MemTotal: 24684084 kB\nMemAvailable: 20268704 kB\n")
        .answering("cat -- /proc/loadavg", "0.31 0.64 0.60 1/176 24773\n")
        .answering("nproc", "4\n")
        .answering("df", DF)
}

const DF: &str = "Filesystem 1-blocks Used Available Capacity Mounted on\n\
                  /dev/vda1 21474836480 1073741824 20401094656 5% /\n";

#[tokio::test]
async fn an_odd_file_system_hides_neither_the_others_nor_memory_and_load() {
    for (row, shown, left_out) in [
        ("JuiceFS:test 1125899906842624 -102400 1125899907000000 0% /mnt/jfs", None, Some("/mnt/jfs")),
        ("Work - Backup: 1099511627776 1024 1099511626752 1% /mnt/w", Some("/mnt/w"), None),
        ("//nas/Backup - Old 500000000000 1000 499999999000 1% /mnt/old", Some("/mnt/old"), None),
        ("backup 100% 1099511627776 1024 1099511626752 1% /mnt/r", Some("/mnt/r"), None),
        ("a 1 2 3 50% 1000 900 100 90% /mnt/q", Some("/mnt/q"), None),
        ("x - - - - /mnt/x", None, Some("/mnt/x")),
    ] {
        let lab = Lab::new(machine().answering("df", &format!("{DF}{row}\n")));
        let (found, text) = data(&lab, "system.resources").await;
        let mounts: Vec<&str> =
            found["disks"].as_array().unwrap().iter().map(|disk| disk["mount"].as_str().unwrap()).collect();
        assert_eq!(mounts, std::iter::once("/").chain(shown).collect::<Vec<_>>(), "{row}");
        assert_eq!(named(&found), left_out.into_iter().collect::<Vec<_>>(), "{row}");
        assert!(text.contains("memory  ") && text.contains("load    "), "{text}");
        let (found, _) = data(&lab, "system.info").await;
        assert_eq!((&found["root_disk"]["mount"], &found["left_out"]), (&json!("/"), &json!([])));
    }
}

#[tokio::test]
async fn both_reads_say_the_same_of_how_full_a_disk_is() {
    // 5 % of it are kept for root.
    let df = "Filesystem 1-blocks Used Available Capacity Mounted on\n/dev/vda1 1000 900 50 95% /\n";
    let lab = Lab::new(machine().answering("df", df));
    let (info, told) = data(&lab, "system.info").await;
    let (resources, table) = data(&lab, "system.resources").await;
    assert_eq!(info["root_disk"], resources["disks"][0]);
    assert_eq!(info["root_disk"]["used_percent"], 95);
    assert!(told.contains("900 B of 1000 B (95 %)") && table.contains("  95 %"), "{told}\n{table}");
}

#[tokio::test]
async fn a_command_that_hangs_or_is_killed_loses_its_own_part_alone() {
    let hung = || Err(ExecError::Deadline(Duration::from_secs(3)));
    let killed =
        || Ok(Output { exit: Exit::Signal("KILL".into()), stdout: vec![], stderr: vec![], truncated: false });
    let parts = [
        ("system.resources", "df", "disks"),
        ("system.resources", "nproc", "processors"),
        ("system.resources", "cat -- /proc/meminfo", "memory"),
        ("system.resources", "cat -- /proc/loadavg", "load"),
        ("system.info", "nixos-version", "nixos"),
        ("system.info", "df", "disk /"),
        ("system.info", "uname -n", "host"),
        ("system.info", "uname -srm", "kernel"),
        ("system.info", "cat -- /etc/os-release", "os"),
        ("clock.now", "readlink", "zone"),
        ("clock.now", "cat -- /proc/uptime", "uptime"),
    ];
    for (action, command, part) in parts {
        for end in [hung(), killed()] {
            let lab = Lab::new(machine().ending(command, end));
            let (found, text) = data(&lab, action).await;
            assert_eq!(named(&found), [part], "{action} {command}");
            let program = command.split(' ').next().unwrap();
            assert!(text.contains(&format!("left out: {part}: `{program}")), "{action} {command}: {text}");
        }
    }
    let lab = Lab::new(machine().ending("df", hung()));
    insta::assert_snapshot!(data(&lab, "system.resources").await.1, @r"
    memory  4.2 GiB of 24 GiB (18 %)
    swap    none
    load    0.31, 0.64, 0.60 on 4 processors

    left out: disks: `df` did not answer within 3s
    ");
    // Nothing at all is an error, with its kind.
    let lab = Lab::new(Recording::new().ending("", hung()));
    for action in ["system.info", "system.resources", "clock.now"] {
        let result = lab.call(CallRequest::new(action).on("db-server")).await;
        assert_eq!(
            (result.status, result.error.unwrap().kind),
            (StepStatus::Failed, ErrorKind::Deadline),
            "{action}"
        );
    }
}

#[tokio::test]
async fn a_df_that_is_killed_halfway_or_tells_of_a_dead_mount_shows_what_it_had() {
    let stale = "df: /mnt/nas: Stale file handle\ndf: /mnt/b: Permission denied\n";
    let lab = Lab::new(machine().ending("df", ended(1, DF, stale)));
    assert_eq!(named(&data(&lab, "system.resources").await.0), ["/mnt/nas", "/mnt/b"]);
    let killed =
        Output { exit: Exit::Signal("TERM".into()), stdout: DF.into(), stderr: vec![], truncated: false };
    let (found, _) = data(&Lab::new(machine().ending("df", Ok(killed))), "system.resources").await;
    assert_eq!((found["disks"].as_array().unwrap().len(), named(&found)), (1, vec!["disks"]));
}

/// BusyBox 1.36 has no `--exclude-type`, counts in blocks of 1024, and shows everything.
#[tokio::test]
async fn the_disks_of_busybox() {
    let refused = "df: unrecognized option '--exclude-type=tmpfs'\nBusyBox v1.36.1 multi-call binary.\n";
    let table = "Filesystem           1024-blocks    Used Available Capacity Mounted on\n\
                 devtmpfs                 10240         0     10240   0% /dev\n\
                 /dev/vda3              9974088   1234567   8213211  13% /\n\
                 tmpfs                  1018000         0   1018000   0% /run\n";
    let lab = Lab::new(machine().ending("df", ended(1, "", refused)).answering("df -P -k", table));
    let (found, _) = data(&lab, "system.resources").await;
    assert_eq!((found["disks"].as_array().unwrap().len(), named(&found)), (1, vec![]));
    assert_eq!(found["disks"][0]["total_bytes"], 9_974_088_u64 * 1024);
    // 1234567 of 9447778 are 13.07 %.
    assert_eq!(found["disks"][0]["used_percent"], 14);
    // With the kinds, what only has the name of another kind stays.
    let typed = "Filesystem           Type       1024-blocks    Used Available Capacity Mounted on\n\
                 /dev/vda3            ext4           9974088   1234567   8213211  13% /\n\
                 tmpfs                tmpfs          1018000         0   1018000   0% /run\n\
                 tmpfs                fuse.sshfs        1000       900       100  90% /mnt/t\n";
    let node = || machine().ending("df", ended(1, "", refused));
    let mounts = |found: &Value| -> Vec<Value> {
        found["disks"].as_array().unwrap().iter().map(|disk| disk["mount"].clone()).collect()
    };
    let (found, _) = data(&Lab::new(node().answering("df -P -k -T", typed)), "system.resources").await;
    assert_eq!(mounts(&found), ["/", "/mnt/t"]);
    // A df that knows no `-T`.
    let untyped = "df: unrecognized option: T\n";
    let lab = Lab::new(node().answering("df -P -k", table).ending("df -P -k -T", ended(1, "", untyped)));
    assert_eq!(mounts(&data(&lab, "system.resources").await.0), ["/"]);
}

#[tokio::test]
async fn no_file_system_is_hidden_by_the_name_of_its_device() {
    let rows = ["overlay", "tmpfs", "squashfs", "portal"]
        .map(|device| format!("{device} 1000 900 100 90% /mnt/{device}\n"))
        .concat();
    let lab = Lab::new(machine().answering("df", &format!("{DF}{rows}")));
    let (found, _) = data(&lab, "system.resources").await;
    assert_eq!((found["disks"].as_array().unwrap().len(), named(&found)), (5, vec![]));
}

const INSTALLED: &str = "-rwxr-xr-x 1 root root 44000000 Jan  1  2025 /usr/bin/podman\n";
const NO_STORE: &str = "ls: cannot access '/var/lib/containers/storage': No such file or directory\n";
const NO_CONFIGURATION: &str = "cat: /etc/containers/storage.conf: No such file or directory\n";

#[tokio::test]
async fn podman_that_was_never_used_is_not_called() {
    let unused = |configuration: &str| {
        crate::support::node()
            .ending("ls -ld -- /var/lib", ended(2, INSTALLED, NO_STORE))
            .ending("cat -- /etc/containers", ended(1, configuration, NO_CONFIGURATION))
    };
    let lab = Lab::new(unused(""));
    let (found, text) = data(&lab, "container.list").await;
    assert_eq!((found["containers"].clone(), text.as_str()), (json!([]), "no containers"));
    for call in [
        CallRequest::new("container.inspect").with("names", vec!["web"]),
        CallRequest::new("container.logs").with("name", "web"),
        CallRequest::new("container.stop").with("names", vec!["web"]),
    ] {
        let action = call.action.clone();
        let error = lab.plan(call.on("db-server")).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::NotFound, "{action}: {error}");
    }
    let all = CallRequest::new("container.remove").on("db-server").with("all", true);
    assert_eq!(lab.call(all).await.text.unwrap(), "no containers on db-server: nothing to remove");
    assert!(lab.nodes.seen().iter().all(|run| !run.command.contains("podman ps")));

    // A store in another place was used, or not.
    let elsewhere = "[storage]\ngraphroot = \"/srv/containers\"\n";
    let lab =
        Lab::new(unused(elsewhere).answering("ls -ld -- /srv/containers", "drwx------ /srv/containers\n"));
    assert_eq!(data(&lab, "container.list").await.0["containers"].as_array().unwrap().len(), 2);
    let missing = "ls: cannot access '/srv/containers': No such file or directory\n";
    let lab = Lab::new(unused(elsewhere).ending("ls -ld -- /srv/containers", ended(2, "", missing)));
    assert_eq!(data(&lab, "container.list").await.0["containers"], json!([]));
}

#[tokio::test]
async fn podman_is_called_unless_it_was_certainly_never_used() {
    let denied = "ls: cannot access '/var/lib/containers/storage': Permission denied\n";
    for (traces, configuration) in [
        (ended(2, INSTALLED, denied), ended(1, "", NO_CONFIGURATION)),
        (ended(2, INSTALLED, NO_STORE), ended(1, "graphroot = \"$X/y\"\n", NO_CONFIGURATION)),
        (
            ended(2, INSTALLED, NO_STORE),
            ended(1, "", "cat: /etc/containers/storage.conf: Permission denied\n"),
        ),
        (ended(2, INSTALLED, NO_STORE), Err(ExecError::Deadline(Duration::from_secs(1)))),
        // It may be somewhere else, with a store of its own.
        (ended(2, "", NO_STORE), ended(1, "", NO_CONFIGURATION)),
        (Err(ExecError::Deadline(Duration::from_secs(1))), ended(1, "", NO_CONFIGURATION)),
    ] {
        let node = crate::support::node();
        let lab = Lab::new(
            node.ending("ls -ld -- /var/lib", traces).ending("cat -- /etc/containers", configuration),
        );
        assert_eq!(data(&lab, "container.list").await.0["containers"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn dockers_shim_is_not_called_either_and_docker_is() {
    let no_store = |docker: &str| {
        Recording::new()
            .answering("sudo -n -- docker --host unix:///var/run/docker.sock ps", SHIM)
            .ending("ls -ld -- /var/lib", ended(2, docker, NO_STORE))
            .ending("cat -- /etc/containers", ended(1, "", NO_CONFIGURATION))
    };
    let plain = "-rwxr-xr-x 1 root root 229 Jan  1  2025 /usr/bin/docker\n";
    let script = "==> /usr/bin/docker <==\n#!/bin/sh\n[ -e /etc/containers/nodocker ] || echo Emulate >&2\nexec /usr/bin/podman \"$@\"\n";
    for (node, containers) in [
        (no_store(LINK), 0),
        (no_store(plain).answering("head -c 512", script), 0),
        (no_store(plain).answering("head -c 512", "\u{7f}ELF\u{2}\u{1}\u{1}"), 2),
        (no_store(plain), 2),
    ] {
        let found = data(&Lab::docker(node), "container.list").await.0;
        assert_eq!(found["containers"].as_array().unwrap().len(), containers);
    }
}
