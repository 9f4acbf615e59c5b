//! `cargo xtask lab`: machines that stay until they are taken down.

mod base;
mod demo;

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nixi_lab::{Lab, LabBuilder, MachineSpec, StandingLab, Variant};

use crate::checkout::root;
use crate::say::say;

pub(crate) use base::bring as bring_base;

const USAGE: &str = "\
usage:
  cargo xtask lab up [N|NAME...] [--docker] [--name LAB]
                                                machines that stay: 3 unless told; with the Docker Engine
  cargo xtask lab status                        the labs that run
  cargo xtask lab down [LAB|--all]              takes one down, with all that belongs to it; or all of this checkout
  cargo xtask lab demo [--name LAB]             the three nodes of the documentation, and their table by nixi
";

/// The name of a lab that was given none.
const UNNAMED: &str = "lab";

pub(crate) fn run(args: &[String]) -> Result<()> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help"] => say(USAGE.trim_end()),
        words if words.iter().any(|word| ["-h", "--help"].contains(word)) => say(USAGE.trim_end()),
        ["up", rest @ ..] => up(rest),
        ["status"] => status(),
        ["down"] => down(UNNAMED),
        ["down", "--all"] => down_all(),
        ["down", name] if !name.starts_with('-') => down(name),
        ["demo", rest @ ..] => {
            let (name, rest) = named(rest)?;
            ensure!(rest.is_empty(), "the demo takes no more than a name\n\n{USAGE}");
            demo::run(name.unwrap_or("demo"))
        }
        _ => bail!("no such thing to do with the lab\n\n{USAGE}"),
    }
}

fn up(args: &[&str]) -> Result<()> {
    let (name, args) = named(args)?;
    let name = name.unwrap_or(UNNAMED);
    let (variant, args) = variant(&args);
    let specs: Vec<_> = machine_names(&args)?.into_iter().map(|name| spec(name, variant)).collect();
    ensure!(
        StandingLab::find(name).is_none(),
        "a lab named {name} is up already: `cargo xtask lab down {name}` takes it down, `--name` gives another name"
    );
    base::bring_variant(variant)?;
    let begun = Instant::now();
    let lab = standing(name, specs)?;
    introduce(name, &lab, begun.elapsed()).with_context(|| format!("the lab named {name} is up all the same"))
}

/// Tells what is there, and how to reach it.
fn introduce(name: &str, lab: &Lab, time: Duration) -> Result<()> {
    say(format_args!("{} answered SSH after {:.1} s\n", machines(lab.machines().len()), time.as_secs_f64()))?;
    for machine in lab.machines() {
        say(format_args!("{:<16} {:<15} {}", machine.name(), machine.address(), machine.user()))?;
    }
    let first = lab.machines().first().context("a lab has machines")?;
    // Other labs had the same addresses, and other keys.
    let known_hosts = lab.folder().join("known_hosts");
    fs::write(&known_hosts, lab.known_hosts()?).context("cannot write the lab's known_hosts")?;
    say(format_args!(
        "\n  ssh -i {} -o UserKnownHostsFile={} {}@{}",
        first.identity().display(),
        known_hosts.display(),
        first.user(),
        first.address()
    ))?;
    say(format_args!(
        "  cargo xtask lab down{}",
        if name == UNNAMED { String::new() } else { format!(" {name}") }
    ))
}

/// The lab's name, if one was given, and the other words.
fn named<'a>(args: &[&'a str]) -> Result<(Option<&'a str>, Vec<&'a str>)> {
    let (mut name, mut rest) = (None, Vec::new());
    let mut args = args.iter();
    while let Some(&arg) = args.next() {
        let given = match arg {
            "--name" => Some(*args.next().with_context(|| format!("--name needs a name\n\n{USAGE}"))?),
            arg => arg.strip_prefix("--name="),
        };
        ensure!(given.is_none() || name.is_none(), "a lab has one name\n\n{USAGE}");
        match given {
            Some(given) => name = Some(given),
            None => rest.push(arg),
        }
    }
    Ok((name, rest))
}

/// What the machines' tree shall hold, and the other words.
fn variant<'a>(args: &[&'a str]) -> (Variant, Vec<&'a str>) {
    let rest: Vec<_> = args.iter().copied().filter(|&arg| arg != "--docker").collect();
    (if rest.len() == args.len() { Variant::Plain } else { Variant::Docker }, rest)
}

/// `3`, or names; an empty list is three machines.
fn machine_names(args: &[&str]) -> Result<Vec<String>> {
    if let [flag, ..] = args.iter().filter(|arg| arg.starts_with('-')).collect::<Vec<_>>().as_slice() {
        bail!("no such option: {flag}\n\n{USAGE}");
    }
    let count = match args {
        [] => 3,
        [count] if is_number(count) => {
            count.parse::<u8>().with_context(|| format!("so many machines are too many: {count}"))?
        }
        names if names.iter().any(|name| is_number(name)) => {
            bail!("a number of machines, or their names, and not both: {}\n\n{USAGE}", names.join(" "))
        }
        names => return Ok(names.iter().map(|&name| name.to_owned()).collect()),
    };
    Ok((1..=count).map(|number| format!("node-{number}")).collect())
}

fn spec(name: String, variant: Variant) -> MachineSpec {
    match variant {
        Variant::Plain => MachineSpec::new(name),
        Variant::Docker => MachineSpec::new(name).with_docker(),
    }
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn standing(name: &str, machines: Vec<MachineSpec>) -> Result<Lab> {
    machines.into_iter().fold(Lab::builder(), LabBuilder::machine).up_standing(name, &owner()?)
}

/// Whose the labs are that this chore brings up. Tests call themselves otherwise, so that nobody takes theirs down.
fn owner() -> Result<String> {
    std::env::var("NIXI_LAB_OWNER").or_else(|_| Ok(root()?.display().to_string()))
}

fn machines(count: usize) -> String {
    format!("{count} machine{}", if count == 1 { "" } else { "s" })
}

fn status() -> Result<()> {
    nixi_lab::clear_dead()?;
    let labs = StandingLab::all();
    for lab in &labs {
        say(format_args!("{}:", lab.name()))?;
        for machine in lab.machines() {
            let state = match (machine.is_on(), machine.answers_ssh()) {
                (false, _) => "off",
                (true, true) => "answers SSH",
                (true, false) => "on, but does not answer SSH",
            };
            say(format_args!("  {:<16} {:<15} {state}", machine.name(), machine.address()))?;
        }
    }
    let held = nixi_lab::running().saturating_sub(labs.len());
    match (labs.len(), held) {
        (0, 0) => say("no lab runs"),
        (_, 0) => Ok(()),
        (_, 1) => say("1 more belongs to a program that runs, and ends with it"),
        (_, held) => say(format_args!("{held} more belong to programs that run, and end with them")),
    }
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
    let mut labs = StandingLab::all();
    labs.sort_by(|one, other| one.name().cmp(other.name()));
    let (ours, others): (Vec<_>, Vec<_>) = labs.into_iter().partition(|lab| lab.owner() == owner);
    for lab in &others {
        say(format_args!("{} stays: it belongs to {} (cargo xtask lab down {0})", lab.name(), lab.owner()))?;
    }
    let names: Vec<_> = ours.iter().map(|lab| lab.name().to_owned()).collect();
    match names.as_slice() {
        [] => say(format_args!("no lab of {owner} stands"))?,
        names => say(format_args!("taking down {}", names.join(", ")))?,
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
    let them = if count == 1 { "it" } else { "them" };
    say(format_args!("{name} is down: {}, and all that belonged to {them}", machines(count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_is_no_name_of_a_machine() {
        assert_eq!(variant(&["web", "--docker"]), (Variant::Docker, vec!["web"]));
        assert_eq!(variant(&["docker"]), (Variant::Plain, vec!["docker"]));
    }

    #[test]
    fn a_lab_is_named_wherever_its_name_stands() {
        for args in
            [&["web", "--name", "x", "db"][..], &["--name=x", "web", "db"], &["web", "db", "--name", "x"]]
        {
            assert_eq!(named(args).unwrap(), (Some("x"), vec!["web", "db"]));
        }
        assert!(named(&["web", "--name"]).unwrap_err().to_string().starts_with("--name needs a name"));
        assert!(
            named(&["--name", "x", "--name=y"]).unwrap_err().to_string().starts_with("a lab has one name")
        );
    }

    #[test]
    fn machines_are_counted_or_named() {
        assert_eq!(machine_names(&[]).unwrap().len(), 3);
        assert_eq!(machine_names(&["2"]).unwrap(), ["node-1", "node-2"]);
        assert_eq!(machine_names(&["web", "db"]).unwrap(), ["web", "db"]);
        assert_eq!(machine_names(&[""]).unwrap(), [""]);
        for (words, says) in [(&["3", "web"][..], "a number of machines, or"), (&["256"], "so many machines")]
        {
            assert!(machine_names(words).unwrap_err().to_string().starts_with(says), "{words:?}");
        }
        assert!(
            machine_names(&["--nmae", "x"]).unwrap_err().to_string().starts_with("no such option: --nmae")
        );
    }
}
