//! Where every place on a connection is taken, and how one gets free.

use std::time::Duration;

use futures_util::future::join_all;
use nixi_core::command::Elevation;
use nixi_core::shell::Mark;
use nixi_core::{Effect, ExecError};
use nixi_lab::Sshd;
use tokio_util::sync::CancellationToken;

use super::{Controller, exec, target, until};
use crate::actor::{Exec, Trace};

/// Waits on the node until the test says go.
const WAIT: &str = "while [ ! -e $HOME/go ]; do sleep 0.05; done";

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_long_goes_over_a_second_connection() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let eight = join_all((0..8).map(|n| {
        let (controller, node) = (&controller, &node);
        async move { controller.change(node, &format!("touch $HOME/{n}; {WAIT}; echo {n}")).await }
    }));
    let others = async {
        until(|| (0..8).all(|n| sshd.home().join(n.to_string()).exists())).await;
        let change = controller.change(&node, "echo x >>$HOME/once; cat $HOME/once").await;
        let read = controller.read(&node, "echo read").await;
        std::fs::write(sshd.home().join("go"), "").unwrap();
        (change.unwrap().stdout, read.unwrap().stdout)
    };
    let (eight, others) = tokio::join!(eight, others);
    assert_eq!(others, (b"x\n".to_vec(), b"read\n".to_vec()));
    assert!(eight.iter().all(Result::is_ok), "{eight:?}");
    assert_eq!(sshd.logins(), 2);
}

/// There is no second connection to be had: the one that is there serves, in turn.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_second_connection_one_waits() {
    let mut sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    controller.read(&node, "echo on").await.unwrap();
    sshd.stop_listening();
    let home = sshd.home();
    let eight = join_all((0..8).map(|n| {
        let (controller, node) = (&controller, &node);
        async move { controller.change(node, &format!("touch $HOME/{n}; {WAIT}; echo {n}")).await }
    }));
    let ninth = async {
        until(|| (0..8).all(|n| home.join(n.to_string()).exists())).await;
        controller.change(&node, "echo x >>$HOME/once; cat $HOME/once").await
    };
    let go = async {
        // Longer than a queue may stand still.
        tokio::time::sleep(Duration::from_millis(1200)).await;
        until(|| (0..8).all(|n| home.join(n.to_string()).exists())).await;
        std::fs::write(home.join("go"), "").unwrap();
    };
    let (eight, ninth, ()) = tokio::join!(eight, ninth, go);
    assert!(eight.iter().all(Result::is_ok), "{eight:?}");
    assert_eq!(ninth.unwrap().stdout, b"x\n");
    assert_eq!(sshd.logins(), 1);
}

/// A line as core makes it, which writes down under which process it runs.
fn marked(number: u128, elevation: Elevation) -> Exec {
    let mark = Mark::new(number);
    let run = "work";
    let line = match elevation {
        Elevation::LoginUser => format!("NIXI_MARK={number:032x} exec {run}"),
        Elevation::Root => format!("printf '%s %d\\n' {number:032x} $$ >&2; exec {run}"),
    };
    Exec { trace: Some(Trace { mark, elevation }), ..exec(&line) }
}

/// Whether the processes whose numbers stand in these files are gone.
fn are_gone(sshd: &Sshd) -> bool {
    ["pid", "child"].iter().all(|name| {
        let pid = std::fs::read_to_string(sshd.home().join(name)).unwrap();
        let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_is_stopped_on_the_node() {
    let sshd = Sshd::start().unwrap();
    sshd.stub("sudo", "#!/bin/sh\necho \"$*\" >>$HOME/sudo\nshift 2\nexec \"$@\"\n").unwrap();
    let work = "#!/bin/sh\necho $$ >$HOME/pid\nsleep 60 &\necho $! >$HOME/child\nwait\n";
    sshd.stub("work", work).unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let number = u128::from(std::process::id()) << 64;
    let cases = [
        (Elevation::LoginUser, Effect::Read),
        (Elevation::LoginUser, Effect::Change),
        (Elevation::Root, Effect::Read),
        (Elevation::Root, Effect::Change),
    ];
    for (at, (elevation, effect)) in (1..).zip(cases) {
        let begun = || {
            ["pid", "child"].iter().all(|name| {
                std::fs::read_to_string(sshd.home().join(name)).is_ok_and(|text| text.ends_with('\n'))
            })
        };
        let forget = || ["pid", "child"].map(|name| std::fs::remove_file(sshd.home().join(name)));
        // By hand.
        let cancel = CancellationToken::new();
        let run = controller.ssh.run(&node, None, marked(number + at, elevation), effect, &cancel);
        let canceller = async {
            until(begun).await;
            cancel.cancel();
        };
        assert_eq!(tokio::join!(run, canceller).0, Err(ExecError::Cancelled));
        until(|| are_gone(&sshd)).await;
        forget().into_iter().for_each(Result::unwrap);
        // By the clock.
        let short = Duration::from_secs(3);
        let exec = Exec { deadline: short, ..marked(number + at + 100, elevation) };
        let late = controller.ssh.run(&node, None, exec, effect, &CancellationToken::new()).await;
        assert_eq!(late, Err(ExecError::Deadline(short)));
        until(|| are_gone(&sshd)).await;
        forget().into_iter().for_each(Result::unwrap);
        // By leaving.
        let never = CancellationToken::new();
        let run = controller.ssh.run(&node, None, marked(number + at + 200, elevation), effect, &never);
        tokio::select! {
            ended = run => panic!("{ended:?}"),
            () = until(begun) => {}
        }
        until(|| are_gone(&sshd)).await;
        forget().into_iter().for_each(Result::unwrap);
        assert_eq!(controller.read(&node, "echo on").await.unwrap().stdout, b"on\n");
    }
    let asked = std::fs::read_to_string(sshd.home().join("sudo")).unwrap();
    assert!(asked.lines().all(|line| line.starts_with("-n -- kill -s ")), "{asked}");
    // Its places are free again: all of it went over one connection.
    assert_eq!(sshd.logins(), 1);
}

/// A node that says nothing any more, and a sudo that never begins, cannot be told to stop; whoever waits is told in time.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_holds_where_nothing_can_be_stopped() {
    let short = Duration::from_secs(2);
    for (at, (elevation, frozen)) in
        (1_u128..).zip([(Elevation::Root, false), (Elevation::Root, true), (Elevation::LoginUser, true)])
    {
        let sshd = Sshd::start().unwrap();
        let sudo = if frozen { "shift 2; exec \"$@\"" } else { "echo x >>$HOME/sudo; exec sleep 60" };
        sshd.stub("sudo", &format!("#!/bin/sh\n{sudo}\n")).unwrap();
        sshd.stub("work", "#!/bin/sh\n: >$HOME/begun\nsleep 60\n").unwrap();
        // Nothing else would end it.
        let controller = Controller::with(|options| {
            options.identities = vec![sshd.identity().to_path_buf()];
            options.connect_timeout = Duration::from_secs(3600);
        });
        let node = target(&sshd);
        let number = (u128::from(std::process::id()) << 64) + at;
        let exec = Exec { deadline: short, ..marked(number, elevation) };
        let never = CancellationToken::new();
        let run = controller.ssh.run(&node, None, exec, Effect::Read, &never);
        let freeze = async {
            if frozen {
                until(|| sshd.home().join("begun").exists()).await;
                sshd.freeze_connections();
            }
        };
        assert_eq!(tokio::join!(run, freeze).0, Err(ExecError::Deadline(short)), "{elevation:?} {frozen}");
        let asked = std::fs::read_to_string(sshd.home().join("sudo")).unwrap_or_default();
        assert_eq!(asked.lines().count(), usize::from(!frozen), "it was sent once");
    }
}

/// The places are those of commands that run, and what would stop one of them needs a place too.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stopped_for_want_of_a_place_is_told_all_the_same() {
    let sshd = Sshd::builder().line("MaxSessions 2").start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let short = Duration::from_secs(1);
    let late = async {
        until(|| sshd.home().join("first").exists()).await;
        let traced = Trace { mark: Mark::new(1), elevation: Elevation::LoginUser };
        let exec = Exec { deadline: short, trace: Some(traced), ..exec("touch $HOME/second; sleep 60") };
        let late = controller.ssh.run(&node, None, exec, Effect::Change, &CancellationToken::new()).await;
        std::fs::write(sshd.home().join("go"), "").unwrap();
        late
    };
    let line = format!("touch $HOME/first; {WAIT}; echo done");
    let (first, late) = tokio::join!(controller.change(&node, &line), late);
    assert_eq!(late, Err(ExecError::Deadline(short)));
    assert_eq!(first.unwrap().stdout, b"done\n");
    assert_eq!(controller.read(&node, "echo on").await.unwrap().stdout, b"on\n");
}
