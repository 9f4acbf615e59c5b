//! Links that stall or break, wherever that hits: in the greeting, the key exchange, the login, or a command.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use nixi_core::{Effect, ExecError, Exit, Unreachable};
use nixi_lab::{LinkQuality, SlowLink, Sshd};
use tokio_util::sync::CancellationToken;

use super::{Controller, at, exec};
use crate::actor::Exec;

/// As long as a connect may take here, and a command again.
const LIMIT: Duration = Duration::from_secs(2);
/// More bytes than the whole exchange has, both directions together.
const WHOLE: u64 = 9_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    Stall,
    Cut,
}

/// One change over a link of which each connection breaks after so many bytes.
async fn change_over(sshd: &Sshd, how: Break, bytes: u64) {
    let quality = LinkQuality::delayed(Duration::ZERO);
    let quality = match how {
        Break::Stall => quality.stall_after(bytes),
        Break::Cut => quality.cut_after(bytes),
    };
    let far = std::net::SocketAddr::from(([127, 0, 0, 1], sshd.port()));
    let link = SlowLink::to(far, quality).unwrap();
    let controller = Controller::with(|options| {
        options.identities = vec![sshd.identity().to_path_buf()];
        options.connect_timeout = LIMIT;
    });
    let node = at(link.address().port(), sshd.user());
    let ran = sshd.home().join(format!("{how:?}-{bytes}"));
    let line = format!("echo x >>{}; echo done", ran.display());
    let change = Exec { deadline: LIMIT, ..exec(&line) };
    let begun = std::time::Instant::now();
    let end = controller.ssh.run(&node, None, change, Effect::Change, &CancellationToken::new()).await;
    // Two connects, a command, and what a busy machine adds. Not a measure: without any limit this never ends.
    assert!(begun.elapsed() < 30 * LIMIT, "{how:?} after {bytes} bytes: {end:?}");
    let times = std::fs::read_to_string(&ran).map_or(0, |text| text.lines().count());
    let expected = match &end {
        Ok(output) => {
            assert_eq!((&output.exit, output.stdout.as_slice()), (&Exit::Code(0), &b"done\n"[..]));
            1..=1
        }
        Err(ExecError::Unreachable { reason, .. }) => {
            assert!(
                matches!(reason, Unreachable::Timeout | Unreachable::Protocol),
                "{how:?} {bytes}: {end:?}"
            );
            0..=0
        }
        Err(ExecError::Lost(_) | ExecError::Deadline(_)) => 0..=1,
        Err(error) => panic!("{how:?} after {bytes} bytes: {error:?}"),
    };
    assert!(
        expected.contains(&times),
        "{how:?} after {bytes} bytes: ran {times} times, and was told {end:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_link_breaks_the_end_is_true_and_a_change_runs_at_most_once() {
    let sshd = Sshd::builder().line("MaxStartups 100").start().unwrap();
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40_u64);
    let breaks = (0..cases.min(WHOLE)).flat_map(|case| {
        let bytes = case * WHOLE / cases.min(WHOLE);
        [(Break::Stall, bytes), (Break::Cut, bytes)]
    });
    stream::iter(breaks).for_each_concurrent(8, |(how, bytes)| change_over(&sshd, how, bytes)).await;
    // The last ones broke nothing.
    let whole = sshd.home().join(format!("Cut-{}", (cases.min(WHOLE) - 1) * WHOLE / cases.min(WHOLE)));
    assert_eq!(std::fs::read_to_string(whole).unwrap(), "x\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_link_is_slow_and_nothing_else() {
    let sshd = Sshd::start().unwrap();
    let far = std::net::SocketAddr::from(([127, 0, 0, 1], sshd.port()));
    let link = SlowLink::to(far, LinkQuality::delayed(Duration::from_millis(150))).unwrap();
    let controller = Controller::of(&sshd);
    let node = at(link.address().port(), sshd.user());
    let reads = futures_util::future::join_all((0..20).map(|n| {
        let (controller, node) = (&controller, &node);
        async move { controller.read(node, &format!("echo {n}")).await.unwrap().stdout }
    }));
    for (n, stdout) in reads.await.into_iter().enumerate() {
        assert_eq!(stdout, format!("{n}\n").into_bytes());
    }
    // Channels are opened one after the other, which takes its time; nobody takes that for a full connection.
    assert_eq!(sshd.logins(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_further_logins_says_so_and_is_asked_again_later() {
    let sshd = Sshd::builder().line("MaxStartups 1:100:1").start().unwrap();
    let controller = Controller::of(&sshd);
    let node = at(sshd.port(), sshd.user());
    // Somebody who never logs in takes the only place.
    let squatter = std::net::TcpStream::connect(("127.0.0.1", sshd.port())).unwrap();
    let mut greeting = [0; 4];
    std::io::Read::read_exact(&mut &squatter, &mut greeting).unwrap();
    let (reason, detail, _) = super::unreachable(controller.reach(&node).await);
    assert_eq!(reason, Unreachable::Protocol, "{detail}");
    drop(squatter);
    for _ in 0..100 {
        if controller.reach(&node).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the place did not get free");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_lines_is_whole() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = at(sshd.port(), sshd.user());
    // One write a line, on both streams.
    let burst = "i=0; while [ $i -lt 10000 ]; do echo $i; echo $i >&2; i=$((i+1)); done";
    let output = controller.read(&node, burst).await.unwrap();
    let expected: String = (0..10_000).map(|n| format!("{n}\n")).collect();
    assert!(output.stdout == expected.as_bytes() && output.stderr == expected.as_bytes());
    assert_eq!(controller.read(&node, "echo on").await.unwrap().stdout, b"on\n");
}
