//! Jump hosts: machines behind machines, each with its own key and login.

use std::fs;
use std::time::Duration;

use futures_util::future::join_all;
use nixi_core::{ExecError, HostKeys, Jump, SshTarget, Unreachable};
use nixi_lab::{BlackHole, Sshd};

use super::{Controller, at, target, unreachable, until};

/// A controller whose keys open all of these.
fn keys_of(sshds: &[&Sshd]) -> Controller {
    Controller::with(|options| {
        options.identities = sshds.iter().map(|sshd| sshd.identity().to_path_buf()).collect();
    })
}

fn behind(hops: &[&Sshd], target: SshTarget) -> SshTarget {
    SshTarget { jump: Jump::Through(hops.iter().map(|sshd| super::target(sshd)).collect()), ..target }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_reached_over_one_hop_and_over_two() {
    let (first, second, web) = (Sshd::start().unwrap(), Sshd::start().unwrap(), Sshd::start().unwrap());
    let controller = keys_of(&[&first, &second, &web]);
    let node = behind(&[&first, &second], target(&web));
    // More than any window or socket holds, both ways through two tunnels.
    let said = controller.read(&node, "seq 1 400000").await.unwrap();
    let expected: String = (1..=400_000).map(|n| format!("{n}\n")).collect();
    assert!(said.stdout == expected.as_bytes(), "{} bytes", said.stdout.len());
    assert_eq!([first.logins(), second.logins(), web.logins()], [1, 1, 1]);
    assert_eq!([first.execs(), second.execs()], [0, 0], "nothing is run on a jump host");
    let known = fs::read_to_string(controller.known_hosts()).unwrap();
    for sshd in [&first, &second, &web] {
        assert!(known.contains(&sshd.known_hosts_line("127.0.0.1").unwrap()), "{known}");
    }
    let one = behind(&[&second], target(&web));
    assert_eq!(controller.read(&one, "echo near").await.unwrap().stdout, b"near\n");
    assert_eq!([first.logins(), second.logins(), web.logins()], [1, 2, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hop_that_fails_is_named() {
    let (mut bastion, mut web) = (Sshd::start().unwrap(), Sshd::start().unwrap());
    let controller = keys_of(&[&bastion, &web]);
    let node = behind(&[&bastion], target(&web));
    controller.reach(&node).await.unwrap();

    // Nothing listens there any more, behind a jump host that lives.
    web.stop();
    let controller = controller.again();
    let (reason, detail, _) = unreachable(controller.reach(&node).await);
    assert_eq!(reason, Unreachable::Refused, "{detail}");
    let way = format!("the jump host 127.0.0.1 opens no way to 127.0.0.1 port {}", web.port());
    assert!(detail.contains(&way) && detail.contains("does not reach the machine"), "{detail}");
    web.restart().unwrap();
    controller.reach(&node).await.unwrap();

    // The jump host has another key: it is not even logged in to, and the machine behind it sees nothing.
    bastion.restart_with_new_host_keys().unwrap();
    let seen_by = |sshd: &Sshd| sshd.log().matches("Connection from").count();
    let (before, seen) = (bastion.log().len(), seen_by(&web));
    let controller = controller.again();
    let (reason, detail, hint) = unreachable(controller.reach(&node).await);
    assert_eq!(reason, Unreachable::HostKeyChanged, "{detail}");
    assert!(detail.starts_with("the jump host of 127.0.0.1 cannot be used: the host key of"), "{detail}");
    assert!(!hint.contains("nixi remove"), "the node is not the one whose key changed: {hint}");
    assert!(!bastion.log().split_off(before).contains("publickey"));
    assert_eq!(seen_by(&web), seen);

    bastion.stop();
    let controller = controller.again();
    let (reason, detail, _) = unreachable(controller.reach(&node).await);
    assert_eq!(reason, Unreachable::Refused, "{detail}");
    assert!(detail.contains("the jump host of") && detail.contains("nothing listens"), "{detail}");

    let closed = Sshd::builder().line("AllowTcpForwarding no").start().unwrap();
    let controller = keys_of(&[&closed, &web]);
    let (reason, detail, _) = unreachable(controller.reach(&behind(&[&closed], target(&web))).await);
    assert_eq!(reason, Unreachable::Refused, "{detail}");
    assert!(detail.contains("it is not allowed to"), "{detail}");

    let strange = Sshd::start().unwrap();
    let controller = keys_of(&[&web]);
    let (reason, detail, _) = unreachable(controller.reach(&behind(&[&strange], target(&web))).await);
    assert_eq!(reason, Unreachable::Auth, "{detail}");
    assert!(detail.contains("the jump host of"), "{detail}");
}

/// Its `MaxSessions` is about commands, of which there are none on it.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_nodes_share_one_session_with_their_jump_host() {
    let bastion = Sshd::builder().line("MaxSessions 1").start().unwrap();
    let web = Sshd::builder().every_loopback_address().start().unwrap();
    let controller = keys_of(&[&bastion, &web]);
    let nodes: Vec<SshTarget> = (10..30)
        .map(|n| SshTarget { host: format!("127.0.0.{n}").parse().unwrap(), ..target(&web) })
        .map(|node| behind(&[&bastion], node))
        .collect();
    let said = join_all(nodes.iter().map(|node| controller.read(node, "echo here"))).await;
    assert!(said.iter().all(|said| said.as_ref().is_ok_and(|said| said.stdout == b"here\n")), "{said:?}");
    assert_eq!((bastion.logins(), web.logins()), (1, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ran_when_the_jump_host_died_is_lost_and_the_next_is_not() {
    let (bastion, web) = (Sshd::start().unwrap(), Sshd::start().unwrap());
    let controller = keys_of(&[&bastion, &web]);
    let node = behind(&[&bastion], target(&web));
    let begun = web.home().join("begun");
    let change = controller.change(&node, "touch $HOME/begun; sleep 60");
    let cut = async {
        until(|| begun.exists()).await;
        bastion.drop_connections();
        std::future::pending::<()>().await;
    };
    let lost = tokio::select! {
        lost = change => lost,
        () = cut => unreachable!("it waits for ever"),
    };
    assert!(matches!(lost, Err(ExecError::Lost(_))), "{lost:?}");
    assert_eq!(controller.change(&node, "echo again").await.unwrap().stdout, b"again\n");
    assert_eq!(bastion.logins(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_does_not_answer_holds_up_nobody_behind_the_same_jump_host() {
    let bastion = Sshd::start().unwrap();
    let web = Sshd::builder().every_loopback_address().start().unwrap();
    let hole = BlackHole::start().unwrap();
    let controller = keys_of(&[&bastion, &web]);
    let dead: Vec<SshTarget> =
        (0..4).map(|n| behind(&[&bastion], at(hole.port(), &format!("user{n}")))).collect();
    let live: Vec<SshTarget> = (10..20)
        .map(|n| SshTarget { host: format!("127.0.0.{n}").parse().unwrap(), ..target(&web) })
        .map(|node| behind(&[&bastion], node))
        .collect();
    let crowd = join_all(dead.iter().map(|node| controller.reach(node)));
    tokio::select! {
        biased;
        dead = crowd => panic!("the dead were told before the living: {dead:?}"),
        live = join_all(live.iter().map(|node| controller.read(node, "echo here"))) => {
            assert!(live.iter().all(Result::is_ok), "{live:?}");
        }
    }
    let quick = Controller::with(|options| {
        options.identities = vec![bastion.identity().to_path_buf()];
        options.connect_timeout = Duration::from_millis(1500);
    });
    let (reason, detail, _) = unreachable(quick.reach(&dead[0]).await);
    assert_eq!(reason, Unreachable::Timeout);
    assert!(detail.contains("waiting for its jump host to reach it"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_key_behind_a_jump_host_is_its_own() {
    let (bastion, web) = (Sshd::start().unwrap(), Sshd::start().unwrap());
    let controller = keys_of(&[&bastion, &web]);
    let node = behind(&[&bastion], target(&web));
    controller.reach(&node).await.unwrap();
    assert_eq!(controller.ssh.forget(&node, &[]).unwrap().lines, 1);
    let left = fs::read_to_string(controller.known_hosts()).unwrap();
    assert_eq!(left.trim(), bastion.known_hosts_line("127.0.0.1").unwrap());
}
