//! One command at a time over a connection that is up.

use anyhow::Result;

use crate::contest::{Contender, Contest};
use crate::ground::Ground;
use crate::ours::Ours;
use crate::peers;
use crate::peers::bare::Bare;
use crate::peers::openssh::{self, Master};
use crate::peers::programs::{self, Programs};
use crate::peers::pssh::Pssh;
use crate::peers::russh::Russh;
use crate::report::{Bound, Section};
use crate::stage::{Stage, timed};

const NAME: &str = "uname -n";
/// The programs that Nixi runs for it: `env` gives the command an environment that it chose.
const CHOSEN: &str = "env -i uname -n";

pub(super) fn run(stage: &Stage) -> Result<Section> {
    let mut section = Section::new("latency");
    section.say(
        "One command at a time on one host, over a connection that is up where the contender can keep one; the \
         login shell is sh. Nixi runs `uname -n` by way of `env -i`, so that nothing set on the node decides what a \
         command does; the last three of the peers do the same. clush and pyinfra connect anew each time, and ansible leaves that to `ssh -S`; their \
         figure is the whole program.",
    );
    measure(stage, &mut section, "/bin/sh", Field::Everybody)?;
    section.say("With bash as the login shell, which takes longer to start than all the rest:");
    measure(stage, &mut section, "/bin/bash", Field::Warm)?;
    Ok(section)
}

/// Who takes part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Everybody,
    /// Those that keep a connection.
    Warm,
}

fn measure(stage: &Stage, section: &mut Section, shell: &str, field: Field) -> Result<()> {
    let sizes = stage.sizes();
    let ground = Ground::with(1, &[], shell)?;
    let (way, runtime) = (ground.way(), stage.enter());
    let (ours, master) = (Ours::open(way)?, Master::connect(way, way.first())?);
    let (russh, bare) = (stage.wait(Russh::connect(way, way.first()))?, Bare::connect(way, way.first())?);
    drop(runtime);
    let mut pssh = Pssh::start(stage.peers(), way).and_then(|mut pssh| pssh.renew(1).map(|()| pssh));
    let programs = Programs::of(stage.peers(), way);

    let milliseconds = |act: &mut dyn FnMut() -> Result<String>, command: &str| {
        let (seconds, answer) = timed(act)?;
        if command != "true" {
            ground.check(&answer)?;
        }
        Ok(seconds * 1e3)
    };
    let mut contest =
        Contest::of(Contender::new("nixi", || milliseconds(&mut || stage.wait(ours.one()), NAME)));
    for command in ["true", NAME, CHOSEN] {
        let (master, russh, bare) = (&master, &russh, &bare);
        contest = contest
            .with(Contender::new(format!("ssh -S, `{command}`"), move || {
                milliseconds(&mut || openssh::output(master.client(way, command)), command)
            }))
            .with(Contender::new(format!("russh, `{command}`"), move || {
                milliseconds(&mut || stage.wait(russh.run(command)), command)
            }))
            .with(Contender::new(format!("ssh2, `{command}`"), move || {
                milliseconds(&mut || bare.run(command), command)
            }));
    }
    contest = contest.with_if(
        "parallel-ssh",
        peers::lent_mut(&mut pssh)
            .map(|pssh| Contender::new(format!("parallel-ssh, `{NAME}`"), move || Ok(pssh.run(NAME)? * 1e3))),
    );
    if field == Field::Warm {
        contest.run(sizes.warm_up, sizes.pairs.div_ceil(3))?;
        section.say(contest.table("ms"));
        return Ok(());
    }
    contest = contest.with(
        Contender::new("ssh, a new process, `true`", || {
            milliseconds(&mut || openssh::output(openssh::ssh(way, way.first(), "true")), "true")
        })
        .every(10),
    );
    for (name, command) in whole_programs(&programs) {
        let slow = sizes.pairs.div_ceil(sizes.slow);
        let expected = ground.expected();
        contest = contest.with_if(
            name,
            command.map(|command| {
                let turn = move || {
                    let (seconds, count) = timed(|| programs::answers(command(NAME), expected))?;
                    anyhow::ensure!(count == 1, "{count} answers");
                    Ok(seconds * 1e3)
                };
                Contender::new(format!("{name}, `{NAME}`"), turn).every(slow)
            }),
        );
    }
    contest.run(sizes.warm_up, sizes.pairs)?;
    section.say(contest.table("ms"));
    for (peer, most) in [("ssh -S", 0.35), ("russh", 1.15)] {
        for (command, what) in
            [("true", "`true`"), (NAME, "the program alone"), (CHOSEN, "the same programs")]
        {
            let ratio = contest.ratio(&format!("{peer}, `{command}`"));
            section.target(&format!("of {peer} with {what}"), ratio, Bound::AtMost(most));
        }
    }
    Ok(())
}

type Line<'a> = Box<dyn Fn(&str) -> std::process::Command + 'a>;

fn whole_programs(programs: &Result<Programs>) -> [(&'static str, Result<Line<'_>>); 3] {
    let of = |line: fn(&Programs, &str) -> std::process::Command| -> Result<Line<'_>> {
        let programs = peers::lent(programs)?;
        Ok(Box::new(move |command| line(programs, command)))
    };
    [
        ("clush", of(|programs, command| programs.clush(1, command))),
        ("pyinfra", of(Programs::pyinfra)),
        ("ansible", of(|programs, command| programs.ansible(1, command))),
    ]
}
