//! Many commands at once on one host.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};

use crate::contest::{Contender, Contest};
use crate::ground::Ground;
use crate::ours::Ours;
use crate::peers;
use crate::peers::bare::{Bare, on_threads};
use crate::peers::openssh::{self, Master};
use crate::peers::pssh::Pssh;
use crate::peers::russh::Russh;
use crate::report::{Bound, Section};
use crate::stage::{Stage, timed};

const NAME: &str = "uname -n";
const AT_ONCE: usize = 32;

pub(super) fn run(stage: &Stage) -> Result<Section> {
    let mut section = Section::new("throughput");
    let sizes = stage.sizes();
    section.say(format!(
        "{AT_ONCE} commands on their way at any time on one host; all run `{NAME}`, {} commands each in {} turns. sshd allows 64 \
         sessions a connection here, so that `ssh -S` and russh can use one for all; nixi keeps to 8 a connection, as \
         the usual limit is 10. ssh2 has 8 connections and a thread for each, parallel-ssh {AT_ONCE} connections. clush, \
         pyinfra and ansible cannot do it: they run one command a host at a time.",
        sizes.commands, sizes.rounds
    ));
    let ground = Ground::of(1)?;
    let way = ground.way();
    let runtime = stage.enter();
    let (ours, master) = (Ours::open(way)?, Master::connect(way, way.first())?);
    let russh = stage.wait(Russh::connect(way, way.first()))?;
    drop(runtime);
    let bare: Vec<Bare> = (0..8).map(|_| Bare::connect(way, way.first())).collect::<Result<_>>()?;
    let mut pssh =
        Pssh::crowd(stage.peers(), way, AT_ONCE).and_then(|mut pssh| pssh.renew(AT_ONCE).map(|()| pssh));

    let turn = sizes.commands.div_ceil(sizes.rounds).max(AT_ONCE);
    let lost = Cell::new(0);
    let expected: Arc<str> = ground.expected().into();
    let ours_turn = |count| {
        let (seconds, wrong) = timed(|| stage.wait(crowd(&ours, count, &expected)))?;
        lost.set(lost.get() + wrong);
        Ok(count as f64 / seconds)
    };
    let work: Vec<String> = vec![way.first().to_owned(); turn];
    let mut contest = Contest::of(Contender::new("nixi", || ours_turn(turn)))
        .with(Contender::new("ssh -S", || {
            let client = |_, _: &str| ground.check(&openssh::output(master.client(way, NAME))?);
            Ok(turn as f64 / timed(|| on_threads(&work, AT_ONCE, client))?.0)
        }))
        .with(Contender::new("russh, one connection", || {
            let (seconds, wrong) = timed(|| stage.wait(russh_crowd(&russh, turn, &expected)))?;
            ensure!(wrong == 0, "{wrong} lost");
            Ok(turn as f64 / seconds)
        }))
        .with(Contender::new("ssh2, 8 connections", || {
            let share: Vec<String> = (0..bare.len()).map(|at| at.to_string()).collect();
            let each = turn / bare.len();
            let work = |at: usize, _: &str| {
                let session = bare.get(at).context("no such connection")?;
                (0..each).try_for_each(|_| ground.check(&session.run(NAME)?))
            };
            Ok((each * share.len()) as f64 / timed(|| on_threads(&share, share.len(), work))?.0)
        }))
        .with_if(
            "parallel-ssh",
            peers::lent_mut(&mut pssh).map(|pssh| {
                Contender::new("parallel-ssh, 32 connections", move || {
                    let times = turn / AT_ONCE;
                    let seconds: f64 = (0..times).map(|_| pssh.run(NAME)).sum::<Result<f64>>()?;
                    Ok((times * AT_ONCE) as f64 / seconds)
                })
            }),
        )
        .with(Contender::new("ssh, a new process each", || {
            let work = work.get(..AT_ONCE).unwrap_or(&work);
            let client = |_, host: &str| ground.check(&openssh::output(openssh::ssh(way, host, NAME))?);
            Ok(work.len() as f64 / timed(|| on_threads(work, AT_ONCE, client))?.0)
        }));
    contest.run(1, sizes.rounds)?;
    section.say(contest.table("commands a second"));
    section.target("times the throughput of `ssh -S`", contest.ratio("ssh -S"), Bound::AtLeast(3.0));
    drop(contest);
    if let Some(count) = sizes.soak {
        let rate = ours_turn(count)?;
        section
            .say(format!("After that nixi ran {count} commands, {AT_ONCE} at a time, {rate:.0} a second."));
    }
    section.target(
        "commands of nixi that were lost or answered wrongly",
        Some(lost.get() as f64),
        Bound::AtMost(0.0),
    );
    Ok(section)
}

/// Our commands; how many did not come back as they should.
async fn crowd(ours: &Ours, count: usize, expected: &Arc<str>) -> Result<usize> {
    let ours = ours.clone();
    let one = move |expected: Arc<str>| {
        let ours = ours.clone();
        async move {
            match ours.one().await {
                Ok(answer) => answer.trim_end() == &*expected,
                Err(error) => {
                    eprintln!("  nixi lost one: {error:#}");
                    false
                }
            }
        }
    };
    in_crowd(count, expected, one).await
}

async fn russh_crowd(russh: &Russh, count: usize, expected: &Arc<str>) -> Result<usize> {
    let russh = russh.clone();
    let one = move |expected: Arc<str>| {
        let russh = russh.clone();
        async move { russh.run(NAME).await.is_ok_and(|answer| answer.trim_end() == &*expected) }
    };
    in_crowd(count, expected, one).await
}

/// Does it so many times, [`AT_ONCE`] at a time, each on a task; how many were not good.
async fn in_crowd<F>(
    count: usize,
    expected: &Arc<str>,
    one: impl Fn(Arc<str>) -> F + Clone + Send + 'static,
) -> Result<usize>
where
    F: Future<Output = bool> + Send + 'static,
{
    let left = Arc::new(AtomicUsize::new(count));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE.min(count) {
        let (left, one, expected) = (Arc::clone(&left), one.clone(), Arc::clone(expected));
        tasks.spawn(async move {
            let mut wrong = 0;
            let take = |left: usize| left.checked_sub(1);
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                wrong += usize::from(!one(Arc::clone(&expected)).await);
            }
            wrong
        });
    }
    let mut wrong = 0;
    while let Some(of_task) = tasks.join_next().await {
        wrong += of_task?;
    }
    Ok(wrong)
}
