//! Targets and files on their way to routes.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nixi_core::{Given, Jump, Port, SshTarget};
use tempfile::TempDir;

use super::Routes;
use crate::options::{Agent, NamedBy, SshOptions};

fn routes(text: &str) -> (TempDir, Routes) {
    let (dir, options) = options(text);
    (dir, Routes::new(&options))
}

fn options(text: &str) -> (TempDir, SshOptions) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let mut options = SshOptions::of_home(dir.path());
    options.ssh_config.user = Some(file);
    options.ssh_config.local_user = Some("me".to_owned());
    options.ssh_config.variable = |name| (name == "RUN").then(|| "/run/me".to_owned());
    options.system_known_hosts = vec!["/etc/ssh/ssh_known_hosts".into()];
    (dir, options)
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

/// It would be on record under two names.
#[test]
fn an_interface_is_named_and_not_numbered() {
    let (_dir, routes) = routes(
        "Host lab\n  HostName fe80::1%%1\nHost good\n  HostName fe80::1%%lo\nHost web\n  ProxyJump lab\n",
    );
    for host in ["lab", "web", "fe80::1%1"] {
        assert!(format!("{:?}", routes.find(&node(host)).unwrap_err()).contains("by a number"), "{host}");
    }
    assert_eq!(routes.find(&node("good")).unwrap().host.as_str(), "fe80::1%lo");
}

#[test]
fn the_files_of_known_keys_are_those_of_the_host() {
    let (dir, routes) = routes(
        "Host lab\n  HostName 10.0.0.1\n  HostKeyAlias alias\n  UserKnownHostsFile ~/a %d/b-%k-%h-%r /dev/null\n  User ops\n\
         Host twin\n  UserKnownHostsFile /dev/null ~/a\nHost none\n  UserKnownHostsFile none\n  GlobalKnownHostsFile none\n\
         Host far\n  HostName 10.0.0.2\n  UserKnownHostsFile %k-%n\n  GlobalKnownHostsFile ~/g %d\n\
         Host odd\n  UserKnownHostsFile ${NOT_SET}/a\nHost odder\n  UserKnownHostsFile ~no-such-user/a\n",
    );
    let home = dir.path();
    let of = |host: &str| routes.find(&node(host)).map(|route| route.records.clone());
    let usual = of("other").unwrap();
    assert_eq!(usual.user, [home.join("ssh/known_hosts"), home.join("ssh/known_hosts2")]);
    assert_eq!(usual.new, Some(home.join("ssh/known_hosts")));
    let lab = of("lab").unwrap();
    assert_eq!(lab.user, [home.join("a"), home.join("b-alias-10.0.0.1-ops")]);
    assert_eq!((lab.new, lab.system), (Some(home.join("a")), usual.system));
    let twin = of("twin").unwrap();
    assert_eq!((twin.user, twin.new), (vec![home.join("a")], None));
    let none = of("none").unwrap();
    assert_eq!((none.user.len(), none.system.len(), none.new), (0, 0, None));
    let far = of("far").unwrap();
    assert_eq!(far.user, [std::path::Path::new("far-far")]);
    assert_eq!(far.system, [home.join("g"), "%d".into()]);
    for (host, why) in [("odd", "${NOT_SET}"), ("odder", "~no-such-user")] {
        assert!(format!("{:?}", of(host).unwrap_err()).contains(why), "{host}");
    }
}

#[test]
fn the_file_that_nixi_names_is_read_beside_that_of_the_host() {
    let (dir, options) = options("Host lab\n  UserKnownHostsFile ~/a\n");
    let given = SshOptions { known_hosts_by: NamedBy::Nixi, ..options };
    let records = Routes::new(&given).find(&node("lab")).unwrap().records.clone();
    let main = dir.path().join("ssh/known_hosts");
    assert_eq!((records.user, records.new), (vec![main.clone(), dir.path().join("a")], Some(main)));
}

#[test]
fn the_agent_and_keys_of_the_files_are_found_as_ssh_finds_them() {
    let (dir, routes) = routes(
        "Host a\n  IdentityAgent \"${RUN}/s-%n\"\nHost b\n  IdentityAgent $RUN\nHost c\n  IdentityAgent $NOT_SET\n\
         Host d\n  IdentityAgent ~root/s\nHost e\n  IdentityAgent none\nHost f\n  IdentityAgent SSH_AUTH_SOCK\n\
         Host g\n  IdentityAgent ~no-such-user/s\nHost *\n  IdentityFile ~/%r-${RUN}\n  IdentityFile ${NOT_SET}/k\n",
    );
    let keys = |host: &str| routes.find(&node(host)).map(|route| route.keys.clone());
    for (host, agent) in [
        ("a", Some(Agent::Socket("/run/me/s-a".into()))),
        ("b", Some(Agent::Socket("/run/me".into()))),
        ("c", Some(Agent::Off)),
        ("d", Some(Agent::Socket(format!("{}/s", crate::ssh_config::home_of_root()).into()))),
        ("e", Some(Agent::Off)),
        ("f", Some(Agent::Environment)),
        ("other", None),
    ] {
        let keys = keys(host).unwrap();
        assert_eq!(keys.agent, agent, "{host}");
        assert_eq!(keys.of_config, [dir.path().join("nixi-/run/me")]);
    }
    assert!(format!("{:?}", keys("g").unwrap_err()).contains("~no-such-user"));
    assert!(routes.find(&node("a")).unwrap().remarks[0].contains("${NOT_SET}"));
}

#[test]
fn users_of_directories_are_reached() {
    for (text, user) in [
        ("User alice@corp.example.com", "alice@corp.example.com"),
        ("User \"CORP\\alice\"", "CORP\\alice"),
        ("User ops:web:ssh", "ops:web:ssh"),
        ("User svc$", "svc$"),
        ("User jürgen", "jürgen"),
        ("User %u-admin", "me-admin"),
    ] {
        let (_dir, routes) = routes(&format!("Host lab\n  {text}\n"));
        assert_eq!(routes.find(&node("lab")).unwrap().user.as_str(), user);
    }
    let (_dir, routes) =
        routes("Host lab\n  ProxyJump alice@corp.example.com@gate:22\nHost bad\n  User \"$(reboot)\"\n");
    let via = routes.find(&node("lab")).unwrap().via.clone().unwrap();
    assert_eq!((via.user.as_str(), via.host.as_str()), ("alice@corp.example.com", "gate"));
    assert!(routes.find(&node("bad")).is_err() && routes.find(&node("gate")).is_ok());
}
