//! A long output, read and thrown away.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;

use anyhow::{Result, ensure};

use crate::contest::{Contender, Contest};
use crate::figures::short;
use crate::ground::Ground;
use crate::peers::bare::Bare;
use crate::peers::openssh;
use crate::report::{Bound, Section, Table};
use crate::roles;
use crate::stage::Stage;

const MIB: f64 = 1024.0 * 1024.0;

pub(super) fn run(stage: &Stage) -> Result<Section> {
    let mut section = Section::new("bulk");
    let sizes = stage.sizes();
    let ground = Ground::of(1)?;
    let way = ground.way();
    let file = way.folder.join("bulk");
    File::create(&file)?.set_len(sizes.bulk)?;
    let file = file.display().to_string();
    let line = format!("cat {file}");
    // Nixi runs nothing that is not in its catalog: its turn is to read a journal, which is this file.
    ground.stub("journalctl", &format!("#!/bin/sh\nexec {line}\n"))?;
    section.say(format!(
        "{} MiB of output (`cat` of a file without blocks on disk) over one connection, read and thrown away; each in a process of \
         its own, whose most resident memory is told. ssh2 reads blockingly into 128 KiB, and agreed on {}.",
        sizes.bulk >> 20,
        Bare::connect(way, way.first())?.cipher()
    ));

    let memory = RefCell::new(BTreeMap::new());
    let rate = |name: &str, told: Vec<f64>| {
        let [bytes, seconds, most] = told[..] else { anyhow::bail!("{name} told too little") };
        ensure!(bytes == sizes.bulk as f64, "{name} read {bytes} bytes");
        memory
            .borrow_mut()
            .entry(name.to_owned())
            .and_modify(|old: &mut f64| *old = old.max(most))
            .or_insert(most);
        Ok(bytes / MIB / seconds)
    };
    let role = |who: &'static str, name: &str| {
        rate(name, roles::play("drain", who, way, std::slice::from_ref(&file))?)
    };
    let mut contest = Contest::of(Contender::new("nixi", || role("nixi", "nixi")))
        .with(Contender::new("ssh2", || role("ssh2", "ssh2")));
    contest = contest
        .with(Contender::new("russh", || role("russh", "russh")))
        .with(Contender::new("ssh cat", || {
            rate("ssh cat", roles::drain_program(openssh::ssh(way, way.first(), &line))?)
        }));
    // The first round of all is the slowest: the kernel makes the pages of the file in it.
    contest.run(1, 2 * sizes.rounds)?;
    section.say(contest.table("MiB/s"));
    let (to_bare, to_ssh) = (contest.ratio("ssh2"), contest.ratio("ssh cat"));
    drop(contest);
    let memory = memory.into_inner();
    let mut table = Table::new(&["".to_owned(), "most resident, MiB".to_owned()]);
    for (name, most) in &memory {
        table.row(vec![name.clone(), short(most / 1024.0)]);
    }
    section.say(table);
    section.target("of bare ssh2's rate", to_bare, Bound::AtLeast(0.95));
    if let Some(ratio) = to_ssh {
        section.say(format!("nixi to `ssh cat`: {ratio:.3}."));
    }
    section.target("MiB of memory", memory.get("nixi").map(|most| most / 1024.0), Bound::AtMost(64.0));
    Ok(section)
}
