//! Large inputs and outputs, taken while the command runs.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nixi_core::recording::{listener, sink};
use nixi_core::{Effect, ExecError, Exit, Output};
use nixi_lab::{Flood, Key, KeyKind, Sshd};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{Controller, at, exec, target, until};
use crate::actor::Exec;

/// What a command printed and how it ended, its output taken as it came.
pub(super) async fn streamed(
    controller: &Controller,
    sshd: &Sshd,
    exec: Exec,
) -> (Vec<u8>, Result<Output, ExecError>) {
    let (sink, mut outlet) = sink(4);
    let exec = Exec { sink: Some(sink), ..exec };
    let (node, cancel) = (target(sshd), CancellationToken::new());
    let taken = async {
        let mut all = Vec::new();
        while let Some(()) = outlet.next(|bytes| all.extend(bytes)).await {}
        all
    };
    let run = controller.ssh.run(&node, None, exec, Effect::Read, &cancel);
    let (output, all) = tokio::join!(run, taken);
    (all, output)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_comes_in_order_whatever_stands_on_the_other_stream() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let line = "head -c 2000000 /dev/zero >&2; seq 1 1000000; head -c 2000000 /dev/zero >&2; exit 7";
    let (all, output) = streamed(&controller, &sshd, exec(line)).await;
    let output = output.unwrap();
    let expected: String = (1..=1_000_000).map(|n| format!("{n}\n")).collect();
    assert!(all == expected.as_bytes(), "{} bytes", all.len());
    assert_eq!((output.exit, output.stdout.len(), output.stderr.len()), (Exit::Code(7), 0, 4_000_000));
    // One that says nothing is asked again with a witness, and said nothing.
    let (all, output) = streamed(&controller, &sshd, exec("true")).await;
    assert_eq!((all.len(), output.unwrap().exit), (0, Exit::Code(0)));
}

/// What a command says on standard error is heard while it runs, and is in its output as well.
#[tokio::test(flavor = "multi_thread")]
async fn who_listens_hears_it_as_it_comes() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&heard);
    let listener = listener(move |piece| hearing.lock().unwrap().push((Instant::now(), piece.to_vec())));
    let line = "echo first >&2; sleep 1; echo out; echo last >&2; head -c 100000 /dev/zero >&2";
    let exec = Exec { listener: Some(listener), limit: 50_000, ..exec(line) };
    let (node, cancel) = (target(&sshd), CancellationToken::new());
    let output = controller.ssh.run(&node, None, exec, Effect::Scratch, &cancel).await.unwrap();
    let ended = Instant::now();
    let heard = heard.lock().unwrap();
    let (began, first) = &heard[0];
    assert_eq!(first, b"first\n");
    assert!(ended.duration_since(*began) > Duration::from_millis(800), "{:?}", ended.duration_since(*began));
    let all: Vec<u8> = heard.iter().flat_map(|(_, piece)| piece.clone()).collect();
    // With the word of the witness, which is not in the output.
    assert!(all.starts_with(b"first\nlast\n\0") && all.len() == 100_011 + 36, "{} bytes", all.len());
    // No more of it is kept than otherwise.
    assert!(all.starts_with(&output.stderr) && output.stderr.len() == 50_000 && output.truncated);
    assert_eq!(output.stdout, b"out\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_talks_faster_than_one_listens_waits() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let written = || std::fs::read_to_string(sshd.home().join("written")).map_or(0, |text| text.len());
    let line = "while :; do head -c 100000 /dev/zero; printf x >>$HOME/written; done";
    let (sink, mut outlet) = sink(4);
    let endless = Exec { sink: Some(sink), ..exec(line) };
    let cancel = CancellationToken::new();
    let listener = async {
        // As much as window, pipes and sink hold, and then no more.
        until(|| written() > 0).await;
        let mut before = 0;
        while written() > before {
            before = written();
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        assert!(before < 60, "{before} times 100,000 bytes were let in, and nobody listens");
        // Others are not held up by it.
        assert_eq!(controller.read(&node, "echo on").await.unwrap().stdout, b"on\n");
        for _ in 0..1000 {
            outlet.next(|_| ()).await.unwrap();
        }
        until(|| written() > before).await;
        cancel.cancel();
    };
    let run = controller.ssh.run(&node, None, endless, Effect::Read, &cancel);
    assert_eq!(tokio::join!(run, listener).0, Err(ExecError::Cancelled));
    // What is large has a connection of its own.
    assert_eq!(sshd.logins(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_who_has_left_holds_nothing_up() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let (sink, outlet) = sink(1);
    drop(outlet);
    let deaf = Exec { sink: Some(sink), ..exec("head -c 20000000 /dev/zero; echo end >&2") };
    let node = target(&sshd);
    let output =
        controller.ssh.run(&node, None, deaf, Effect::Read, &CancellationToken::new()).await.unwrap();
    assert_eq!(output.stderr, b"end\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_handed_on_is_not_asked_for_again() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let cut = async {
        until(|| sshd.home().join("begun").exists()).await;
        // The first bytes are on their way; this is not about whether they arrive.
        tokio::time::sleep(Duration::from_millis(300)).await;
        sshd.drop_connections();
    };
    let line = "echo first; echo x >>$HOME/begun; sleep 60";
    let ((all, output), ()) = tokio::join!(streamed(&controller, &sshd, exec(line)), cut);
    assert!(matches!(output, Err(ExecError::Lost(_))), "{output:?}");
    assert_eq!(all, b"first\n");
    assert_eq!(std::fs::read_to_string(sshd.home().join("begun")).unwrap(), "x\n");
    assert_eq!(controller.read(&target(&sshd), "echo on").await.unwrap().stdout, b"on\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_of_any_size_goes_in_while_the_output_comes_out() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    // More than both windows hold: whoever writes all of it before reading waits for ever.
    let body: Arc<[u8]> = (0..20_000_000_u32).map(|n| n.to_le_bytes()[usize::from(n % 3 == 0)]).collect();
    let input = |line: &str| Exec { input: Some(Arc::clone(&body).into()), ..exec(line) };
    let (all, output) = streamed(&controller, &sshd, input("cat; exit 3")).await;
    assert_eq!(output.unwrap().exit, Exit::Code(3));
    assert!(all == *body, "{} bytes of {}", all.len(), body.len());

    let node = target(&sshd);
    let change = async |exec: Exec| {
        controller.ssh.run(&node, None, exec, Effect::Change, &CancellationToken::new()).await.unwrap()
    };
    let output = change(input("cat >$HOME/file; wc -c <$HOME/file")).await;
    assert_eq!(output.stdout, b"20000000\n");
    assert!(std::fs::read(sshd.home().join("file")).unwrap() == *body);
    // Nobody has to read it.
    let output = change(input("exec head -c 3")).await;
    assert_eq!((output.exit, output.stdout.as_slice()), (Exit::Code(0), &body[..3]));
    assert_eq!(change(input("exit 4")).await.exit, Exit::Code(4));
    let small = Exec { input: Some(Arc::<[u8]>::from(*b"hello").into()), ..exec("cat; echo .") };
    assert_eq!(change(small).await.stdout, b"hello.\n");
    let none = Exec { input: Some(Arc::<[u8]>::from(*b"").into()), ..exec("cat; echo .") };
    assert_eq!(change(none).await.stdout, b".\n");
}

/// A controller with a key that nobody knows.
fn with_any_key() -> (TempDir, Controller) {
    let keys = tempfile::tempdir().unwrap();
    let key = Key::generate(KeyKind::Ed25519, &keys.path().join("id"), None).unwrap();
    let controller = Controller::with(|options| options.identities = vec![key.path().to_path_buf()]);
    (keys, controller)
}

/// The login shell had answered, so it is the read of which the end is not known.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_behind_the_canary_is_told_of_the_read() {
    let node = Flood::of_crumbs(1).unwrap();
    let (_keys, controller) = with_any_key();
    let read = controller.read_at_once(&at(node.port(), "nixi"), "head -c 80000000 /dev/zero").await;
    let Err(ExecError::Lost(why)) = read else { panic!("{read:?}") };
    assert!(why.contains("the node sent more than 12 MiB"), "{why}");
}

/// What frames its packets is more than what a flood is, and no flood.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_sends_much_in_small_packets_is_heard_out() {
    let node = Flood::of_crumbs(150).unwrap();
    let (_keys, controller) = with_any_key();
    let (sink, mut outlet) = sink(4);
    let much = Exec { sink: Some(sink), ..exec("head -c 80000000 /dev/zero") };
    let (target, cancel) = (at(node.port(), "nixi"), CancellationToken::new());
    let taken = async {
        let mut all = 0;
        while let Some(()) = outlet.next(|bytes| all += bytes.len()).await {}
        all
    };
    let run = controller.ssh.run(&target, None, much, Effect::Read, &cancel);
    let (output, all) = tokio::join!(run, taken);
    assert_eq!((output.unwrap().exit, all), (Exit::Code(0), 80_000_000));
}
