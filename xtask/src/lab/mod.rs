//! `cargo xtask lab`: machines that stay until they are taken down.

mod base;
mod demo;

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use nixi_lab::{Lab, Machine, MachineSpec, StandingLab};

use crate::checkout::root;

pub(crate) use base::bring as bring_base;

const USAGE: &str = "\
usage:
  cargo xtask lab up [N|NAME...] [--name LAB]   machines that stay: 3 unless told
  cargo xtask lab status                        the labs that run
  cargo xtask lab down [LAB|--all]              takes one down, with all that belongs to it; or all of this checkout
  cargo xtask lab demo [--name LAB]             the three nodes of the documentation, and their table by nixi
";

/// The name of a lab that was given none.
const UNNAMED: &str = "lab";

pub(crate) fn run(args: &[String]) -> Result<()> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["up", rest @ ..] => up(rest),
        ["status"] => status(),
        ["down"] => down(UNNAMED),
        ["down", "--all"] => down_all(),
        ["down", name] if !name.starts_with('-') => down(name),
        ["demo", rest @ ..] => match named(rest) {
            (name, []) => demo::run(name.unwrap_or("demo")),
            _ => bail!("the demo takes no more than a name\n\n{USAGE}"),
        },
        _ => bail!("no such thing to do with the lab\n\n{USAGE}"),
    }
}

fn up(args: &[&str]) -> Result<()> {
    let (name, args) = named(args);
    let name = name.unwrap_or(UNNAMED);
    let names = machine_names(args)?;
    base::bring()?;
    let begun = Instant::now();
    let lab = standing(name, &names)?;
    println!("{} answered SSH after {:.1} s\n", machines(names.len()), begun.elapsed().as_secs_f64());
    lab.machines().iter().for_each(show);
    let first = lab.machines().first().context("a lab has machines")?;
    // Other labs had the same addresses, and other keys.
    let known_hosts = lab.folder().join("known_hosts");
    fs::write(&known_hosts, lab.known_hosts()?).context("cannot write the lab's known_hosts")?;
    println!(
        "\n  ssh -i {} -o UserKnownHostsFile={} {}@{}",
        first.identity().display(),
        known_hosts.display(),
        first.user(),
        first.address()
    );
    println!("  cargo xtask lab down{}", if name == UNNAMED { String::new() } else { format!(" {name}") });
    Ok(())
}

/// The lab's name, if one was given, and the other words.
fn named<'a>(args: &'a [&'a str]) -> (Option<&'a str>, &'a [&'a str]) {
    match args {
        [rest @ .., "--name", name] | ["--name", name, rest @ ..] => (Some(name), rest),
        rest => (None, rest),
    }
}

/// `3`, or names; an empty list is three machines.
fn machine_names(args: &[&str]) -> Result<Vec<String>> {
    if let [flag, ..] = args.iter().filter(|arg| arg.starts_with('-')).collect::<Vec<_>>().as_slice() {
        bail!("no such option: {flag}\n\n{USAGE}");
    }
    let count = match args {
        [] => 3,
        [count] if count.bytes().all(|byte| byte.is_ascii_digit()) => {
            count.parse::<usize>().with_context(|| format!("so many machines are too many: {count}"))?
        }
        names => return Ok(names.iter().map(|&name| name.to_owned()).collect()),
    };
    Ok((1..=count).map(|number| format!("node-{number}")).collect())
}

fn standing(name: &str, machines: &[String]) -> Result<Lab> {
    machines
        .iter()
        .fold(Lab::builder(), |lab, machine| lab.machine(MachineSpec::new(machine)))
        .up_standing(name, &owner()?)
}

/// Whose the labs are that this chore brings up. Tests call themselves otherwise, so that nobody takes theirs down.
fn owner() -> Result<String> {
    std::env::var("NIXI_LAB_OWNER").or_else(|_| Ok(root()?.display().to_string()))
}

fn machines(count: usize) -> String {
    format!("{count} machine{}", if count == 1 { "" } else { "s" })
}

fn show(machine: &Machine) {
    println!("{:<16} {:<15} {}", machine.name(), machine.address(), machine.user());
}

fn status() -> Result<()> {
    nixi_lab::clear_dead()?;
    let labs = StandingLab::all();
    for lab in &labs {
        println!("{}:", lab.name());
        for machine in lab.machines() {
            let state = match (machine.is_on(), machine.answers_ssh()) {
                (false, _) => "off",
                (true, true) => "answers SSH",
                (true, false) => "on, but does not answer SSH",
            };
            println!("  {:<16} {:<15} {state}", machine.name(), machine.address());
        }
    }
    let held = nixi_lab::running().saturating_sub(labs.len());
    match (labs.len(), held) {
        (0, 0) => println!("no lab runs"),
        (_, 0) => {}
        (_, held) => println!("{held} more belong to programs that run, and end with them"),
    }
    Ok(())
}

fn down(name: &str) -> Result<()> {
    nixi_lab::clear_dead()?;
    let lab = StandingLab::find(name);
    let known: Vec<_> = StandingLab::all().iter().map(|lab| lab.name().to_owned()).collect();
    take_down(lab.with_context(|| match known.as_slice() {
        [] => "no lab stands".to_owned(),
        known => format!("no lab is named {name}; there is {}", known.join(", ")),
    })?)
}

/// All that this checkout brought up; those of others need their name.
fn down_all() -> Result<()> {
    nixi_lab::clear_dead()?;
    let owner = owner()?;
    let (ours, others): (Vec<_>, Vec<_>) =
        StandingLab::all().into_iter().partition(|lab| lab.owner() == owner);
    for lab in &others {
        println!("{} stays: it belongs to {} (cargo xtask lab down {0})", lab.name(), lab.owner());
    }
    let names: Vec<_> = ours.iter().map(|lab| lab.name().to_owned()).collect();
    match names.as_slice() {
        [] => println!("no lab of {owner} stands"),
        names => println!("taking down {}", names.join(", ")),
    }
    let failed: Vec<_> = ours
        .into_iter()
        .zip(names)
        .filter_map(|(lab, name)| Some(format!("{name}: {:#}", take_down(lab).err()?)))
        .collect();
    ensure!(failed.is_empty(), "not taken down: {}", failed.join("; "));
    Ok(())
}

fn take_down(lab: StandingLab) -> Result<()> {
    let (name, count) = (lab.name().to_owned(), lab.machines().len());
    lab.down()?;
    println!(
        "{name} is down: {}, and all that belonged to {}",
        machines(count),
        if count == 1 { "it" } else { "them" }
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_counted_or_named() {
        assert_eq!(machine_names(&[]).unwrap().len(), 3);
        assert_eq!(machine_names(&["2"]).unwrap(), ["node-1", "node-2"]);
        assert_eq!(machine_names(&["web", "db"]).unwrap(), ["web", "db"]);
        assert!(
            machine_names(&["--nmae", "x"]).unwrap_err().to_string().starts_with("no such option: --nmae")
        );
    }
}
