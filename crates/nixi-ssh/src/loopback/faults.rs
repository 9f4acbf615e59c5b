//! Hosts that do not answer as they should, each with its own reason.

use std::time::Duration;

use futures_util::future::join_all;
use nixi_core::Unreachable;
use nixi_lab::{BlackHole, GarbageBanner, Silent, Sshd};

use super::{Controller, at, target, unreachable};

const SHORT: Duration = Duration::from_millis(1500);

#[tokio::test(flavor = "multi_thread")]
async fn each_silence_has_its_reason() {
    let controller = Controller::with(|options| options.connect_timeout = SHORT);
    let hole = BlackHole::start().unwrap();
    let silent = Silent::start().unwrap();
    let garbage = GarbageBanner::start().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut nowhere = at(22, "nixi");
    nowhere.host = "x".repeat(64).parse().unwrap();
    let nodes = [
        at(hole.port(), "nixi"),
        at(silent.port(), "nixi"),
        at(garbage.port(), "nixi"),
        at(closed, "nixi"),
        nowhere,
    ];
    let told = join_all(nodes.iter().map(|node| controller.reach(node))).await.into_iter().map(unreachable);
    let (reasons, details): (Vec<_>, Vec<_>) = told.map(|(reason, detail, _)| (reason, detail)).unzip();
    use Unreachable::{Dns, Protocol, Refused, Timeout};
    assert_eq!(reasons, [Timeout, Timeout, Protocol, Refused, Dns], "{details:#?}");
    assert!(details[2].contains("HTTP/1.1"), "{details:#?}");
}

#[test]
fn hosts_that_do_not_answer_take_no_place_of_one_that_does() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().max_blocking_threads(2).enable_all().build().unwrap();
    let sshd = Sshd::start().unwrap();
    let silent = Silent::start().unwrap();
    let controller = Controller::of(&sshd);
    runtime.block_on(async {
        let dead: Vec<_> = (0..300).map(|n| at(silent.port(), &format!("user{n}"))).collect();
        let crowd = join_all(dead.iter().map(|node| controller.reach(node)));
        let node = target(&sshd);
        tokio::select! {
            biased;
            _ = crowd => panic!("the crowd is done before the one who answers"),
            output = controller.read(&node, "echo here") => assert_eq!(output.unwrap().stdout, b"here\n"),
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_up_is_no_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let controller = Controller::with(|_| {});
    let (reason, detail, _) = unreachable(controller.reach(&at(port, "nixi")).await);
    assert_eq!(reason, Unreachable::Protocol, "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_calls_itself_is_told_in_few_and_clean_words() {
    let sends = |greeting: Vec<u8>| async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut peer, _)) = listener.accept().await {
                let _ = tokio::io::AsyncWriteExt::write_all(&mut peer, &greeting).await;
            }
        });
        let controller = Controller::with(|options| options.connect_timeout = SHORT);
        unreachable(controller.reach(&at(port, "nixi")).await)
    };
    let long = "x\u{301}\u{1b}[2J".repeat(30);
    for greeting in [
        format!("SSH-2.0-{long}\r\n"),
        format!("SSH-1.5-{}\r\n", "y".repeat(3000)),
        format!("{}\r\n", "z".repeat(3000)),
        format!("220 {long}\r\n"),
    ] {
        let (reason, detail, _) = sends(greeting.clone().into_bytes()).await;
        assert_eq!(reason, Unreachable::Protocol, "{detail}");
        assert!(detail.chars().count() < 400 && !detail.contains('\u{1b}'), "{detail}");
    }
}
