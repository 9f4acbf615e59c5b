//! One command to many hosts, to none of which there is a connection.

use anyhow::{Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::contest::{Contender, Contest};
use crate::ground::Ground;
use crate::ours::Ours;
use crate::peers;
use crate::peers::bare::{Bare, on_threads};
use crate::peers::openssh;
use crate::peers::programs::{self, Programs};
use crate::peers::pssh::Pssh;
use crate::peers::russh::Russh;
use crate::report::{Bound, Section};
use crate::stage::{Stage, timed};

const NAME: &str = "uname -n";
/// How many at once; for each contender that wants to be told, the best of these is found out first.
const WIDTHS: [usize; 4] = [4, 8, 16, 64];
const PEERS: [&str; 5] = ["ssh, a new process each", "clush", "parallel-ssh", "pyinfra", "ansible"];

pub(super) fn run(stage: &Stage) -> Result<Section> {
    let mut section = Section::new("cold");
    let sizes = stage.sizes();
    let ground = Ground::of(sizes.cold)?;
    let way = ground.way();
    let few = Ground::of(sizes.cold.min(60))?;
    let (mut pssh, programs) = (Pssh::start(stage.peers(), way), Programs::of(stage.peers(), way));
    let (mut few_pssh, few_programs) =
        (Pssh::start(stage.peers(), few.way()), Programs::of(stage.peers(), few.way()));

    let bare = |ground: &Ground, width| {
        let one = |_, host: &str| ground.check(&Bare::connect(ground.way(), host)?.run(NAME)?);
        Ok(timed(|| on_threads(&ground.way().hosts, width, one))?.0)
    };
    let ssh = |ground: &Ground, width| {
        let one = |_, host: &str| ground.check(&openssh::output(openssh::ssh(ground.way(), host, NAME))?);
        Ok(timed(|| on_threads(&ground.way().hosts, width, one))?.0)
    };
    let clush = |ground: &Ground, programs: &Programs, width| {
        let (seconds, count) = timed(|| programs::answers(programs.clush(width, NAME), ground.expected()))?;
        ensure!(count == ground.way().hosts.len(), "{count} answered");
        Ok(seconds)
    };
    let parallel = |pssh: &mut Pssh, width| pssh.renew(width).and_then(|()| pssh.run(NAME));

    let bare_width = best("ssh2", &few, |width| bare(&few, width))?;
    let ssh_width = best("ssh", &few, |width| ssh(&few, width))?;
    let clush_width = best("clush", &few, |width| clush(&few, peers::lent(&few_programs)?, width));
    let pssh_width = best("parallel-ssh", &few, |width| parallel(peers::lent_mut(&mut few_pssh)?, width));
    drop((few_pssh, few));
    let pssh_label = pssh_width.as_ref().map_or(0, |width| *width);
    let clush_label = clush_width.as_ref().map_or(0, |width| *width);

    section.say(format!(
        "One command (`{NAME}`) to {} hosts, to none of which there is a connection; each is an address of its own with an entry \
         of its own in known_hosts, which is checked strictly by nixi, ssh, clush, pyinfra and ansible, and not by \
         parallel-ssh, russh and ssh2. Where a contender has to be told how many to do at once it got the best \
         of {WIDTHS:?} (tried on 60 hosts before): ssh {ssh_width}, clush {clush_label}, parallel-ssh {pssh_label}, ssh2 \
         {bare_width}; ansible has 50 forks, pyinfra its own choice, russh 16. nixi, russh, ssh2 and parallel-ssh run in \
         a process that is there; the figures of clush, pyinfra and ansible hold their start.",
        way.hosts.len()
    ));
    let expected = ground.expected();
    let mut contest = Contest::of(Contender::new("nixi", || {
        let runtime = stage.enter();
        let ours = Ours::open(way)?;
        drop(runtime);
        let (seconds, answers) = stage.wait(ours.all())?;
        answers.iter().try_for_each(|answer| ground.check(answer))?;
        Ok(seconds)
    }))
    .between(|| ground.clear())
    .with(Contender::new("ssh2, no host keys", || bare(&ground, bare_width)))
    .with(Contender::new("russh, no host keys", || {
        let all = async {
            let one = async |host: &String| Russh::connect(way, host).await?.run(NAME).await;
            let answers: Vec<String> =
                stream::iter(&way.hosts).map(one).buffer_unordered(16).try_collect().await?;
            answers.iter().try_for_each(|answer| ground.check(answer))
        };
        Ok(timed(|| stage.wait(all))?.0)
    }))
    .with_if(
        "parallel-ssh",
        pssh_width.and_then(|width| {
            let pssh = peers::lent_mut(&mut pssh)?;
            Ok(Contender::new("parallel-ssh", move || parallel(pssh, width)))
        }),
    )
    .with_if(
        "clush",
        clush_width.and_then(|width| {
            let programs = peers::lent(&programs)?;
            Ok(Contender::new("clush", {
                let ground = &ground;
                move || clush(ground, programs, width)
            }))
        }),
    )
    .with(Contender::new("ssh, a new process each", || ssh(&ground, ssh_width)));
    for (name, every, line) in [
        ("pyinfra", 2, Programs::pyinfra as fn(&Programs, &str) -> std::process::Command),
        ("ansible", sizes.rounds, |programs: &Programs, command: &str| programs.ansible(50, command)),
    ] {
        let hosts = way.hosts.len();
        contest = contest.with_if(
            name,
            peers::lent(&programs).map(|programs| {
                let turn = move || {
                    let (seconds, count) = timed(|| programs::answers(line(programs, NAME), expected))?;
                    ensure!(count == hosts, "{count} answered");
                    Ok(seconds)
                };
                Contender::new(name, turn).every(every)
            }),
        );
    }
    contest.run(0, sizes.rounds)?;
    section.say(contest.table("s"));
    let peer = contest.lowest(&PEERS);
    let label = format!("of the best peer ({})", peer.as_deref().unwrap_or("none"));
    section.target(&label, peer.and_then(|peer| contest.ratio(&peer)), Bound::AtMost(0.85));
    section.target("of the bare ssh2 loop", contest.ratio("ssh2, no host keys"), Bound::AtMost(1.2));
    Ok(section)
}

/// The width with which it is fastest, by one try each.
fn best(name: &str, ground: &Ground, mut act: impl FnMut(usize) -> Result<f64>) -> Result<usize> {
    let mut found = (f64::INFINITY, 0);
    for width in WIDTHS {
        ground.clear()?;
        let seconds = act(width)?;
        eprintln!("  {name}, {width} at once: {seconds:.2} s for {} hosts", ground.way().hosts.len());
        if seconds < found.0 {
            found = (seconds, width);
        }
    }
    ground.clear()?;
    Ok(found.1)
}
