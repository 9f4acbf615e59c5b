//! Commands, many and odd ones.

use std::time::Duration;

use futures_util::future::join_all;
use nixi_core::{Effect, ExecError, Exit};
use nixi_lab::Sshd;
use tokio_util::sync::CancellationToken;

use super::{Controller, exec, target, until};
use crate::actor::Exec;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_at_once_over_one_session() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let lines: Vec<String> = (0..200).map(|n| format!("echo {n}; echo {n} >&2; exit {}", n % 7)).collect();
    let outputs = join_all(lines.iter().map(|line| controller.read(&node, line))).await;
    for (n, output) in outputs.into_iter().enumerate() {
        let output = output.unwrap();
        assert_eq!(output.exit, Exit::Code(i32::try_from(n % 7).unwrap()));
        assert_eq!(
            (output.stdout, output.stderr),
            (format!("{n}\n").into_bytes(), format!("{n}\n").into_bytes())
        );
    }
    assert_eq!(sshd.logins(), 1);
    // One more: the canary.
    assert_eq!(sshd.execs(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_and_ends_are_told_as_they_are() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let read = async |line: &str| controller.read(&node, line).await.unwrap();

    // More on one stream than its window holds, before the first byte of the other.
    let out = read("head -c 5000000 /dev/zero >&2; echo done; head -c 5000000 /dev/zero >&2").await;
    assert_eq!(
        (out.stdout.as_slice(), out.stderr.len(), out.truncated),
        (&b"done\n"[..], 8 * 1024 * 1024, true)
    );
    let out = read("head -c 3000000 /dev/zero").await;
    assert_eq!((out.stdout.len(), out.truncated, out.exit), (3_000_000, false, Exit::Code(0)));

    assert_eq!(read("kill -9 $$").await.exit, Exit::Signal("KILL".to_owned()));
    assert_eq!(read("exec no-such-program").await.exit, Exit::Code(127));
    // The input has ended: nothing waits for it. The output has ended before the command.
    assert_eq!(read("cat; exec >&- 2>&-; sleep 0.3; exit 3").await.exit, Exit::Code(3));

    let small = Exec { limit: 10, ..exec("echo 0123456789abc; echo ok >&2") };
    let out = controller.ssh.run(&node, None, small, Effect::Read, &CancellationToken::new()).await.unwrap();
    assert_eq!(
        (out.stdout.as_slice(), out.stderr.as_slice(), out.truncated),
        (&b"0123456789"[..], &b"ok\n"[..], true)
    );

    let long = format!("echo {}", "x".repeat(31_000));
    assert_eq!(read(&long).await.stdout.len(), 31_001);
    let too_long = controller.read(&node, &"x".repeat(40_000)).await;
    assert!(matches!(too_long, Err(ExecError::Unfit { .. })), "{too_long:?}");
    assert_eq!(sshd.logins(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_takes_too_long_ends_alone() {
    // What was given up may run on there, and sshd counts it as long as it does.
    let sshd = Sshd::builder().line("MaxSessions 20").start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let run = async |exec: Exec, cancel: &CancellationToken| {
        controller.ssh.run(&node, None, exec, Effect::Change, cancel).await
    };
    let never = CancellationToken::new();
    let patient = run(exec("sleep 2; echo still here"), &never);

    let short = Duration::from_millis(200);
    let impatient = run(Exec { deadline: short, ..exec("yes") }, &never);
    let cancel = CancellationToken::new();
    let cancelled = run(exec("touch $HOME/begun; sleep 30"), &cancel);
    let canceller = async {
        until(|| sshd.home().join("begun").exists()).await;
        cancel.cancel();
    };
    let (patient, impatient, cancelled, ()) = tokio::join!(patient, impatient, cancelled, canceller);
    assert_eq!(impatient, Err(ExecError::Deadline(short)));
    assert_eq!(cancelled, Err(ExecError::Cancelled));
    assert_eq!(patient.unwrap().stdout, b"still here\n");

    assert_eq!(run(exec("touch $HOME/no"), &cancel).await, Err(ExecError::CancelledUnsent));
    // One that waits for a place behind eight others was not sent either.
    let cancel = CancellationToken::new();
    let wait = "while [ ! -e $HOME/go ]; do sleep 0.05; done";
    let eight = join_all((0..8).map(|n| run(exec(&format!("touch $HOME/{n}; {wait}")), &never)));
    let ninth = async {
        until(|| (0..8).all(|n| sshd.home().join(n.to_string()).exists())).await;
        let canceller = async {
            tokio::time::sleep(short).await;
            cancel.cancel();
        };
        let ninth = tokio::join!(run(exec("touch $HOME/no"), &cancel), canceller).0;
        std::fs::write(sshd.home().join("go"), "").unwrap();
        ninth
    };
    let (eight, ninth) = tokio::join!(eight, ninth);
    assert_eq!(ninth, Err(ExecError::CancelledUnsent));
    assert!(eight.iter().all(Result::is_ok), "{eight:?}");
    assert!(!sshd.home().join("no").exists());
    assert_eq!(sshd.logins(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_one_session_serves_all_in_turn() {
    let sshd = Sshd::builder().line("MaxSessions 1").start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let outputs = join_all((0..20).map(|n| {
        let (controller, node) = (&controller, &node);
        async move { controller.change(node, &format!("echo {n}")).await }
    }))
    .await;
    for (n, output) in outputs.into_iter().enumerate() {
        assert_eq!(output.unwrap().stdout, format!("{n}\n").into_bytes());
    }
    assert_eq!((sshd.logins(), sshd.execs()), (1, 21));
    // One that was given up runs on there, and keeps the only place: the next goes over another connection.
    let short = Exec { deadline: Duration::from_millis(100), ..exec("sleep 60") };
    let given_up = controller.ssh.run(&node, None, short, Effect::Change, &CancellationToken::new()).await;
    assert!(matches!(given_up, Err(ExecError::Deadline(_))), "{given_up:?}");
    assert_eq!(controller.change(&node, "echo on").await.unwrap().stdout, b"on\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_never_repeats_a_change() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let once = "echo x >>$HOME/NAME; [ $(wc -l <$HOME/NAME) -gt 1 ] || sleep 60; cat $HOME/NAME";
    let cut = |name: &'static str| {
        let file = sshd.home().join(name);
        let sshd = &sshd;
        async move {
            until(|| std::fs::read_to_string(&file).is_ok_and(|text| text == "x\n")).await;
            sshd.drop_connections();
        }
    };
    let [for_change, for_read] = ["change", "read"].map(|name| once.replace("NAME", name));
    let (change, ()) = tokio::join!(controller.change(&node, &for_change), cut("change"));
    assert!(matches!(change, Err(ExecError::Lost(_))), "{change:?}");
    let (read, ()) = tokio::join!(controller.read(&node, &for_read), cut("read"));
    assert_eq!(read.unwrap().stdout, b"x\nx\n");
    // On a connection that died unnoticed nothing is sent, so a change may go over the next one.
    sshd.drop_connections();
    controller.change(&node, "echo x >>$HOME/late").await.unwrap();
    assert_eq!(std::fs::read_to_string(sshd.home().join("late")).unwrap(), "x\n");
    assert_eq!(std::fs::read_to_string(sshd.home().join("change")).unwrap(), "x\n");
    sshd.drop_connections();
    assert_eq!(controller.reach(&node).await.unwrap(), sshd.fingerprint().unwrap());
}

/// sshd closes the channel of a command that is silent, and does not say how it ended. It counts whole seconds, so that
/// one would be no time at all.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_nobody_told_is_no_success() {
    let sshd = Sshd::builder().line("ChannelTimeout session*=2s").start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let lost = |answer: Result<nixi_core::Output, ExecError>| {
        assert!(matches!(&answer, Err(ExecError::Lost(why)) if why.contains("did not say")), "{answer:?}");
    };
    lost(controller.change(&node, "echo x >>$HOME/once; sleep 30; exit 3").await);
    assert_eq!(std::fs::read_to_string(sshd.home().join("once")).unwrap(), "x\n", "a change is sent once");
    // What it said before proves nothing, in whatever amount.
    lost(controller.change(&node, "echo done; head -c 9000000 /dev/zero >&2; sleep 30").await);
    lost(controller.read(&node, "echo x >>$HOME/reads; sleep 30").await);
    assert_eq!(
        std::fs::read_to_string(sshd.home().join("reads")).unwrap(),
        "x\nx\n",
        "a read is asked again"
    );
    // What is not silent is not closed, and ends as it says.
    let busy = "for n in 1 2 3 4 5; do sleep 0.3; echo $n; done; exit 5";
    let output = controller.change(&node, busy).await.unwrap();
    assert_eq!((output.exit, output.stdout.as_slice()), (Exit::Code(5), &b"1\n2\n3\n4\n5\n"[..]));
    assert_eq!(sshd.logins(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_leaves_no_trace() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let change = async |line: &str| controller.change(&node, line).await;
    let output = change("echo out; printf err >&2; exit 3").await.unwrap();
    assert_eq!((output.exit, output.truncated), (Exit::Code(3), false));
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err"[..]));
    let output = change("head -c 9000000 /dev/zero >&2; exit 4").await.unwrap();
    assert_eq!((output.exit, output.stderr.len(), output.truncated), (Exit::Code(4), 8 * 1024 * 1024, true));
    // What a signal ended is told by the shell that saw it; if that was ended itself, nobody saw anything.
    assert_eq!(change("exec timeout -s KILL 0.1 sleep 60").await.unwrap().exit, Exit::Code(137));
    let unseen = change("kill -9 $$").await;
    assert!(matches!(unseen, Err(ExecError::Lost(_))), "{unseen:?}");
    // One whose child still writes has not had the last word.
    let unseen = change("(sleep 0.5; echo late >&2) & exit 0").await;
    assert!(matches!(unseen, Err(ExecError::Lost(_))), "{unseen:?}");
    // A read that finds nothing is asked twice, and believed.
    let before = sshd.execs();
    let output = controller.read(&node, "echo none >&2").await.unwrap();
    assert_eq!((output.exit, output.stderr.as_slice()), (Exit::Code(0), &b"none\n"[..]));
    assert_eq!(sshd.execs(), before + 2);
    assert_eq!(controller.read(&node, "exit 1").await.unwrap().exit, Exit::Code(1));
    assert_eq!(sshd.execs(), before + 3);
    assert_eq!(sshd.logins(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_is_given_up_says_whether_it_was_sent() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let cancel = CancellationToken::new();
    let read = controller.ssh.run(&node, None, exec("touch $HOME/begun; sleep 30"), Effect::Read, &cancel);
    let canceller = async {
        until(|| sshd.home().join("begun").exists()).await;
        cancel.cancel();
    };
    assert_eq!(tokio::join!(read, canceller).0, Err(ExecError::Cancelled));
    let unsent = controller.ssh.run(&node, None, exec("touch $HOME/no"), Effect::Read, &cancel).await;
    assert_eq!(unsent, Err(ExecError::CancelledUnsent));
    assert_eq!(controller.read(&node, "echo on; ls $HOME").await.unwrap().stdout, b"on\nbegun\n");
    assert_eq!(sshd.logins(), 1);
}
