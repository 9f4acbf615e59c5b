//! Targets and files on their way to routes.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nixi_core::{Given, Jump, Port, SshTarget};
use tempfile::TempDir;

use super::Routes;
use crate::options::SshOptions;

fn routes(text: &str) -> (TempDir, Routes) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let mut options = SshOptions::of_home(dir.path());
    options.ssh_config.user = Some(file);
    options.ssh_config.local_user = Some("me".to_owned());
    options.system_known_hosts = vec!["/etc/ssh/ssh_known_hosts".into()];
    (dir, Routes::new(&options))
}

/// A node of which only the host is said.
fn node(host: &str) -> SshTarget {
    SshTarget {
        host: host.parse().unwrap(),
        port: Port::SSH,
        user: "nixi".parse().unwrap(),
        identity: None,
        given: Given { port: false, user: false },
        jump: Jump::Unsaid,
    }
}

/// A session fills in what it learnt, and asks again with that when it connects.
#[test]
fn what_is_filled_in_leads_to_the_same_place() {
    let (_dir, routes) = routes("Match user ops\n  HostName 10.0.0.2\nHost web\n  User ops\n  Port 2222\n");
    let open = node("web");
    let place = routes.place(&open);
    assert_eq!((place.host.as_str(), place.user.as_str(), place.port.get()), ("web", "ops", 2222));
    let filled = SshTarget { user: place.user.clone(), port: place.port, ..open };
    assert_eq!(routes.place(&filled), place);
    // A user that Nixi's own configuration names is one that counts.
    let given = SshTarget { given: Given { port: false, user: true }, ..filled };
    assert_eq!(routes.place(&given).host.as_str(), "10.0.0.2");
}

#[test]
fn whoever_sits_here_logs_in_to_jump_hosts_of_the_files_alone() {
    let (_dir, routes) = routes("Host web\n  ProxyJump far,near\nMatch user me\n  Port 2222\n");
    let users = |target: &SshTarget| {
        let mut users = Vec::new();
        let mut route = routes.find(target).ok();
        while let Some(at) = route {
            users.push(format!("{}@{}:{}", at.user, at.name, at.port));
            route = at.via.clone();
        }
        users.join(" ")
    };
    assert_eq!(users(&node("web")), "nixi@web:22 me@near:2222 me@far:2222");
    // Of the machines in a list only the first has jump hosts of its own.
    let behind = |host, hop| SshTarget { jump: Jump::Through(vec![node(hop)]), ..node(host) };
    let list =
        SshTarget { jump: Jump::Through(vec![behind("far", "gate"), behind("near", "left")]), ..node("db") };
    assert_eq!(users(&list), "nixi@db:22 nixi@near:22 nixi@far:22 nixi@gate:22");
    let ours = SshTarget { jump: Jump::Through(vec![node("far"), node("near")]), ..node("db") };
    assert_eq!(users(&ours), "nixi@db:22 nixi@near:22 nixi@far:22");
}

#[test]
fn files_of_known_keys_that_are_read_anyway_are_not_remarked_on() {
    let (_dir, routes) = routes(
        "Host *\n  GlobalKnownHostsFile /etc/ssh/ssh_known_hosts\n  UserKnownHostsFile ~/ssh/known_hosts %d/ssh/known_hosts\n",
    );
    assert_eq!(routes.find(&node("web")).unwrap().remarks, Vec::<String>::new());
    let (_dir, routes) = self::routes(
        "Host *\n  GlobalKnownHostsFile /etc/ssh/ssh_known_hosts /etc/more\n  UserKnownHostsFile none\n",
    );
    let remarks = routes.find(&node("web")).unwrap().remarks.clone();
    assert!(
        remarks[0].starts_with("globalknownhostsfile of ") && remarks[1].contains("config:3 "),
        "{remarks:?}"
    );
}
