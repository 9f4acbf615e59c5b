//! One command to many hosts, all of which are connected.

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::contest::{Contender, Contest};
use crate::ground::Ground;
use crate::ours::Ours;
use crate::peers;
use crate::peers::bare::{Bare, on_threads};
use crate::peers::openssh::{self, Master};
use crate::peers::programs::{self, Programs};
use crate::peers::pssh::Pssh;
use crate::peers::russh::Russh;
use crate::report::{Bound, Section};
use crate::stage::{Stage, timed};

const NAME: &str = "uname -n";

pub(super) fn run(stage: &Stage) -> Result<Section> {
    let mut section = Section::new("warm");
    let sizes = stage.sizes();
    let ground = Ground::of(sizes.warm)?;
    let way = ground.way();
    section.say(format!(
        "One command (`{NAME}`) to {} hosts over connections that are up, in one process; `ssh -S` has a master a host, 16 clients \
         at once, and ansible (50 forks) keeps masters of its own. clush and pyinfra connect anew each time (see cold).",
        way.hosts.len()
    ));
    eprintln!("  connecting everybody to {} hosts", way.hosts.len());
    let runtime = stage.enter();
    let ours = Ours::open(way)?;
    drop(runtime);
    stage.wait(ours.all())?;
    let connect = async {
        let one = async |host: &String| Russh::connect(way, host).await;
        stream::iter(&way.hosts).map(one).buffered(16).try_collect::<Vec<Russh>>().await
    };
    let russh = stage.wait(connect)?;
    let bare = on_threads(&way.hosts, 16, |_, host| Bare::connect(way, host))?;
    let masters = on_threads(&way.hosts, 16, |_, host| Master::connect(way, host))?;
    let mut pssh = Pssh::start(stage.peers(), way).and_then(|mut pssh| {
        pssh.renew(100)?;
        pssh.run(NAME).map(|_| pssh)
    });
    let programs = Programs::of(stage.peers(), way);

    let (hosts, expected) = (way.hosts.len(), ground.expected());
    let mut contest = Contest::of(Contender::new("nixi", || {
        let (seconds, answers) = stage.wait(ours.all())?;
        answers.iter().try_for_each(|answer| ground.check(answer))?;
        Ok(seconds)
    }))
    .with(Contender::new("russh", || {
        let all = async {
            let one = async |session: &Russh| session.run(NAME).await;
            let answers: Vec<String> =
                stream::iter(&russh).map(one).buffer_unordered(256).try_collect().await?;
            answers.iter().try_for_each(|answer| ground.check(answer))
        };
        Ok(timed(|| stage.wait(all))?.0)
    }))
    .with(Contender::new("ssh2, 64 threads", || {
        let one = |at: usize, _: &str| ground.check(&bare.get(at).context("no such session")?.run(NAME)?);
        Ok(timed(|| on_threads(&way.hosts, 64, one))?.0)
    }))
    .with_if(
        "parallel-ssh",
        peers::lent_mut(&mut pssh).map(|pssh| Contender::new("parallel-ssh", move || pssh.run(NAME))),
    )
    .with(Contender::new("ssh -S", || {
        let one = |at: usize, _: &str| {
            let master = masters.get(at).context("no such master")?;
            ground.check(&openssh::output(master.client(way, NAME))?)
        };
        Ok(timed(|| on_threads(&way.hosts, 16, one))?.0)
    }))
    .with_if(
        "ansible",
        programs.and_then(|programs| {
            let turn = move || {
                let (seconds, count) = timed(|| programs::answers(programs.ansible(50, NAME), expected))?;
                ensure!(count == hosts, "{count} answered");
                Ok(seconds)
            };
            // It connects now, and keeps that for a minute: until its only turn, in the first round.
            turn()?;
            Ok(Contender::new("ansible", turn).every(sizes.rounds))
        }),
    );
    contest.run(1, sizes.rounds)?;
    section.say(contest.table("s"));
    section.target("seconds", contest.our_median(), Bound::AtMost(1.0));
    drop(contest);
    drop((masters, bare, russh, pssh));
    ground.clear()?;
    Ok(section)
}
