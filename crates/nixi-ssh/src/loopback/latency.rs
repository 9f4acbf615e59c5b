//! The cost of a warm command, next to OpenSSH's own client.

use std::time::{Duration, Instant};

use nixi_lab::{ControlMaster, Sshd};

use super::{Controller, target};

/// Prints the medians; asserts nothing about time.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn warm_true() {
    let sshd = Sshd::start().unwrap();
    let controller = Controller::of(&sshd);
    let node = target(&sshd);
    let master = ControlMaster::connect(&sshd).unwrap();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..220 {
        let begun = Instant::now();
        assert!(controller.read(&node, "true").await.unwrap().exit.is_success());
        let our = begun.elapsed();
        let begun = Instant::now();
        assert!(tokio::task::block_in_place(|| master.command("true").output()).unwrap().status.success());
        if round >= 20 {
            ours.push(our);
            theirs.push(begun.elapsed());
        }
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!("nixi {ours:?}, ssh -S {theirs:?}, ratio {:.2}", ours.as_secs_f64() / theirs.as_secs_f64());
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
