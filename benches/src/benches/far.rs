//! Hosts behind a link that takes its time.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::contest::{Contender, Contest};
use crate::ground::Ground;
use crate::ours::Ours;
use crate::peers;
use crate::peers::bare::Bare;
use crate::peers::openssh::{self, Master};
use crate::peers::programs::{self, Programs};
use crate::report::{Bound, Section};
use crate::stage::{Stage, timed};

/// Each way.
const DELAY: Duration = Duration::from_millis(25);
const ROUND_TRIP_MS: f64 = 50.0;
const ONE: &str = "ssh2, `true`";
const PYINFRA: &str = "pyinfra, `hostname`";

pub(super) fn run(stage: &Stage) -> Result<Section> {
    let mut section = Section::new("far");
    section.say(format!(
        "The same over a link on which every byte arrives {} ms later, in each direction; only the connecting itself takes no \
         time. What counts here is how often one side waits for the other.",
        DELAY.as_millis()
    ));
    warm(stage, &mut section)?;
    cold(stage, &mut section)?;
    Ok(section)
}

/// A typed action of seven reads beside one command, over connections that are up.
fn warm(stage: &Stage, section: &mut Section) -> Result<()> {
    let ground = Ground::far(1, DELAY)?;
    let (way, runtime) = (ground.way(), stage.enter());
    let ours = Ours::open(way)?;
    drop(runtime);
    let (master, bare) = (Master::connect(way, way.first())?, Bare::connect(way, way.first())?);
    stage.wait(ours.one())?;
    let mut contest = Contest::of(Contender::new("nixi, `system.info`", || {
        let (seconds, told) = timed(|| stage.wait(ours.info()))?;
        ensure!(told.contains(ground.expected()), "a wrong answer: {told}");
        Ok(seconds * 1e3)
    }))
    .with(Contender::new("nixi, `uname -n`", || {
        let (seconds, name) = timed(|| stage.wait(ours.one()))?;
        ground.check(&name)?;
        Ok(seconds * 1e3)
    }))
    .with(Contender::new(ONE, || Ok(timed(|| bare.run("true"))?.0 * 1e3)))
    .with(Contender::new("ssh -S, `true`", || {
        Ok(timed(|| openssh::output(master.client(way, "true")))?.0 * 1e3)
    }));
    contest.run(2, stage.sizes().far_rounds)?;
    section.say("One host, over a connection that is up:");
    section.say(contest.table("ms"));
    let more =
        contest.our_median().zip(contest.median_of(ONE)).map(|(ours, one)| (ours - one) / ROUND_TRIP_MS);
    section.target(
        "round trips of `system.info` more than one bare command takes",
        more,
        Bound::AtMost(1.25),
    );
    Ok(())
}

/// A typed action of three reads on hosts to which there is no connection.
fn cold(stage: &Stage, section: &mut Section) -> Result<()> {
    let sizes = stage.sizes();
    let ground = Ground::far(sizes.far, DELAY)?;
    let way = ground.way();
    let (hosts, programs) = (way.hosts.len(), Programs::of(stage.peers(), way));
    let mut contest = Contest::of(Contender::new("nixi, `clock.now`", || {
        let runtime = stage.enter();
        let ours = Ours::open(way)?;
        drop(runtime);
        let (seconds, told) = stage.wait(ours.clocks())?;
        ensure!(told.iter().all(|time| time.contains(':')), "a wrong answer: {told:?}");
        Ok(seconds)
    }))
    .between(|| ground.clear())
    .with_if(
        PYINFRA,
        peers::lent(&programs).map(|programs| {
            let expected = ground.expected();
            Contender::new(PYINFRA, move || {
                let (seconds, count) = timed(|| programs::answers(programs.pyinfra("hostname"), expected))?;
                ensure!(count == hosts, "{count} answered");
                Ok(seconds)
            })
        }),
    );
    contest.run(0, sizes.rounds)?;
    section.say(format!(
        "{hosts} hosts, to none of which there is a connection; nixi runs in a process that is there, and the figure of pyinfra \
         holds its start:"
    ));
    section.say(contest.table("s"));
    section.target("of pyinfra", contest.ratio(PYINFRA), Bound::AtMost(0.75));
    contest.our_median().context("nothing was measured").map(drop)
}
