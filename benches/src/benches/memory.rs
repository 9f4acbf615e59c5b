//! What idle sessions cost in memory.

use anyhow::{Context, Result};

use crate::figures::short;
use crate::ground::Ground;
use crate::peers::bare::on_threads;
use crate::peers::openssh::Master;
use crate::peers::pssh::Pssh;
use crate::report::{Bound, Section, Table};
use crate::roles;
use crate::stage::Stage;

/// Masters of ssh are processes; so many tell enough.
const MASTERS: usize = 100;

pub(super) fn run(stage: &Stage) -> Result<Section> {
    let mut section = Section::new("memory");
    let ground = Ground::of(stage.sizes().idle)?;
    let way = ground.way();
    let count = way.hosts.len();
    section.say(format!(
        "{count} idle sessions, each with a host of its own and after one command, in one process: how much its resident memory has grown \
         since there was one session. A master of ssh is a process of its own; told is its proportional share (PSS), of {} \
         masters. clush, pyinfra and ansible keep no sessions in a process.",
        MASTERS.min(count)
    ));
    let mut table = Table::new(&["", "KiB a session", "nixi : it"].map(String::from));
    let mut ours = None;
    for who in ["nixi", "russh", "ssh2"] {
        let told = roles::play("idle", who, way, &[])?;
        let [first, all] = told[..] else { anyhow::bail!("{who} told too little") };
        let each = (all - first) / (count.max(2) - 1) as f64;
        eprintln!("  {who}: {} KiB a session", short(each));
        row(&mut table, who, Ok(each), *ours.get_or_insert(each));
        ground.settle()?;
    }
    let ours = ours.context("nothing was measured")?;
    row(&mut table, "parallel-ssh", parallel(stage, &ground), ours);
    ground.settle()?;
    row(&mut table, "ssh, a master each", masters(&ground), ours);
    section.say(table);
    section.target("KiB a session", Some(ours), Bound::AtMost(256.0));
    Ok(section)
}

fn row(table: &mut Table, name: &str, each: Result<f64>, ours: f64) {
    table.row(match each {
        Ok(each) => vec![name.to_owned(), short(each), format!("{:.3}", ours / each)],
        Err(error) => vec![name.to_owned(), format!("not measured: {error:#}")],
    });
}

fn parallel(stage: &Stage, ground: &Ground) -> Result<f64> {
    let mut pssh = Pssh::start(stage.peers(), ground.way())?;
    pssh.renew(16)?;
    let first = pssh.resident()?;
    pssh.run("true")?;
    Ok((pssh.resident()? - first) / ground.way().hosts.len() as f64)
}

fn masters(ground: &Ground) -> Result<f64> {
    let way = ground.way();
    let hosts: Vec<String> = way.hosts.iter().take(MASTERS).cloned().collect();
    let masters = on_threads(&hosts, 16, |_, host| Master::connect(way, host))?;
    let shares = masters.iter().map(|master| roles::of_process(master.pid(), "smaps_rollup", "Pss"));
    Ok(shares.sum::<Result<f64>>()? / masters.len() as f64)
}
