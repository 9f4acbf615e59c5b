//! A fleet in which some hosts do not answer at all.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use nixi_lab::BlackHole;

use crate::contest::{Contender, Contest};
use crate::figures::{median, short};
use crate::ground::{Ground, node_name};
use crate::peers;
use crate::peers::bare::on_threads;
use crate::peers::openssh;
use crate::peers::programs::{self, Programs};
use crate::peers::pssh::Pssh;
use crate::report::{Bound, Section};
use crate::stage::{Stage, timed};

const NAME: &str = "uname -n";

pub(super) fn run(stage: &Stage) -> Result<Section> {
    let mut section = Section::new("blackholed");
    let sizes = stage.sizes();
    let live = sizes.nodes - sizes.holes;
    let places: Vec<String> = (0..sizes.holes).map(|at| at.to_string()).collect();
    let holes = on_threads(&places, places.len(), |_, _| BlackHole::start())?;
    let ports: Vec<u16> = holes.iter().map(BlackHole::port).collect();
    let ground = Ground::with(live, &ports, "/bin/sh")?;
    let way = ground.way();
    section.say(format!(
        "{} nodes, of which {} take a connection and never answer (their queue is full); everybody gives up on a host after 10 s. For nixi it is \
         the released program, `nixi nodes` on a terminal, start and end included, with every host key checked; the others run \
         `{NAME}`, since they have no such table: clush and ssh with 64 at once, ansible with 50, parallel-ssh with 100, \
         pyinfra with all.",
        sizes.nodes, sizes.holes
    ));
    let programs = Programs::of(stage.peers(), way);
    let mut pssh = Pssh::start(stage.peers(), way);
    let firsts = std::cell::RefCell::new(Vec::new());
    let mut contest = Contest::of(Contender::new("nixi nodes", || {
        let (all, first) = nodes(stage, &ground)?;
        firsts.borrow_mut().push(first);
        Ok(all)
    }))
    .between(|| ground.clear())
    .with(
        Contender::new("ssh, a new process each", || {
            let names: Vec<String> = way.places().into_iter().map(|(name, ..)| name).collect();
            let one = |_, name: &str| Ok(openssh::output(openssh::ssh(way, name, NAME)).is_ok());
            let (seconds, good) = timed(|| on_threads(&names, 64, one))?;
            enough(good.into_iter().filter(|good| *good).count(), live, seconds)
        })
        .every(2),
    )
    .with_if(
        "parallel-ssh",
        peers::lent_mut(&mut pssh).map(|pssh| {
            let turn = move || {
                pssh.renew(100)?;
                let (seconds, good) = pssh.run_some(NAME)?;
                enough(good, live, seconds)
            };
            Contender::new("parallel-ssh", turn).every(2)
        }),
    );
    for (name, line) in [
        (
            "clush",
            (|programs: &Programs, command: &str| programs.clush(64, command))
                as fn(&Programs, &str) -> Command,
        ),
        ("pyinfra", Programs::pyinfra),
        ("ansible", |programs: &Programs, command: &str| programs.ansible(50, command)),
    ] {
        let expected = ground.expected();
        contest = contest.with_if(
            name,
            peers::lent(&programs).map(|programs| {
                let turn = move || {
                    let (seconds, good) = timed(|| programs::answers(line(programs, NAME), expected))?;
                    enough(good, live, seconds)
                };
                Contender::new(name, turn).every(4)
            }),
        );
    }
    contest.run(0, sizes.rounds)?;
    section.say(contest.table("s"));
    section.target("seconds until `nixi nodes` ends", contest.our_median(), Bound::AtMost(10.5));
    drop(contest);
    let first = median(&firsts.into_inner());
    section.target("seconds until its first row of a node that lives", first, Bound::AtMost(1.0));
    section.say(format!(
        "The table was right each time: {live} online, {} unreachable (timeout). First row after {} s.",
        sizes.holes,
        first.map_or_else(|| "-".to_owned(), short)
    ));
    Ok(section)
}

fn enough(good: usize, live: usize, seconds: f64) -> Result<f64> {
    ensure!(good == live, "{good} of {live} answered");
    Ok(seconds)
}

/// Runs `nixi nodes` on a terminal and checks its table; seconds to its end, and to the first live node's row.
fn nodes(stage: &Stage, ground: &Ground) -> Result<(f64, f64)> {
    let way = ground.way();
    let line = format!("'{}' --config '{}' nodes", stage.nixi().display(), way.nixi_config().display());
    let begun = Instant::now();
    let mut script = Command::new("script")
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .env("HOME", &way.folder)
        .env("SHELL", "/bin/sh")
        .env("TERM", "dumb")
        .env_remove("SSH_AUTH_SOCK")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("script(1) gives `nixi nodes` its terminal")?;
    let (mut rows, mut first) = (Vec::new(), None);
    for row in BufReader::new(script.stdout.take().context("no output")?).lines() {
        let row = row?;
        if row.starts_with("n127") && row.contains("online") {
            first.get_or_insert_with(|| begun.elapsed().as_secs_f64());
        }
        rows.push(row);
    }
    ensure!(script.wait()?.success(), "nixi nodes failed: {}", rows.join("\n"));
    let all = begun.elapsed().as_secs_f64();
    for (name, ..) in way.places() {
        let wanted = if name.starts_with("hole") { "unreachable (timeout)" } else { "online" };
        let node = format!("{} ", node_name(&name));
        let mut of_node = rows.iter().filter(|row| row.starts_with(&node));
        let row = of_node.next().with_context(|| format!("no row for {node}"))?;
        ensure!(row.trim_end().ends_with(wanted), "a wrong row: {row}");
        ensure!(of_node.all(|row| !row.contains("online")), "two rows for {node}");
    }
    Ok((all, first.context("no live row")?))
}
