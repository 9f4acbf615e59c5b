//! A rebuild of a whole machine beside its own `nixos-rebuild`.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nixi_lab::LinkQuality;

use crate::apart::Nix;
use crate::contest::{Contender, Contest};
use crate::figures::{Sample, median, median_of, paired_differences, short};
use crate::machine::{Asked, Door, NAME, Whole};
use crate::report::{Bound, Section, Table};
use crate::stage::{Stage, timed};

const OURS: &str = "nixi";
const THEIRS: &str = "`nixos-rebuild test`, as root on the machine";
const BY_SSH: &str = "`ssh`, `sudo nixos-rebuild test`";
const OUR_NIX: &str = "evaluation and build as Nixi has them, alone";
const THEIR_NIX: &str = "`nix-build` as `nixos-rebuild` has it, alone";
const OWN_MODULE: &str = "/etc/nixos/nixi.nix";
/// Each way.
const DELAY: Duration = Duration::from_millis(25);

pub(super) fn run(stage: &Stage) -> Result<Section> {
    let mut section = Section::new("rebuild");
    section.say(
        "One whole machine of the lab ([lab.md](lab.md)): systemd, sshd and a real Nix 2.8, with a `nixos-rebuild` and a nixpkgs \
         of the lab's own, both far smaller than the real ones. An evaluation takes a fraction of a second here and many elsewhere, so \
         that what counts are the differences, which hold what Nixi does beside it. For nixi it is the released program, start, \
         connection and end included. The machine's sshd writes down every command.",
    );
    let machine = Whole::up()?;
    let door = machine.door()?;
    let near = nothing_changed(stage, &machine, &door, &mut section)?;
    far(stage, &machine, near, &mut section)?;
    one_package(stage, &machine, &door, &mut section)?;
    Ok(section)
}

/// Has Nixi rebuild a machine of which nothing changed; how long that took.
fn rebuilt(stage: &Stage, door: &Door) -> Result<f64> {
    let words = ["call", "nixos.rebuild", "--yes=destructive"];
    let (seconds, said) = timed(|| door.nixi(stage.nixi(), &words))?;
    ensure!(said.contains("nothing to rebuild"), "{NAME} was rebuilt: {said}");
    Ok(seconds)
}

fn by_ssh(door: &Door) -> Result<f64> {
    let (seconds, said) = timed(|| door.ssh("sudo nixos-rebuild test"))?;
    ensure!(said.contains("Done. The new configuration is"), "an odd end: {said}");
    Ok(seconds)
}

/// Our median, in seconds.
fn nothing_changed(stage: &Stage, machine: &Whole, door: &Door, section: &mut Section) -> Result<f64> {
    let runtime = stage.enter();
    let nix = Nix::open(&door.config(), NAME)?;
    drop(runtime);
    let mut contest = Contest::of(Contender::new(OURS, || rebuilt(stage, door)))
        .with(Contender::new(THEIRS, || Ok(timed(|| machine.root("cd /root && nixos-rebuild test 2>&1"))?.0)))
        .with(Contender::new(BY_SSH, || by_ssh(door)))
        .with(Contender::new(OUR_NIX, || {
            let (evaluation, build) = stage.wait(nix.measure())?;
            Ok(evaluation + build)
        }))
        .with(Contender::new(THEIR_NIX, || {
            let build = "cd /root && nix-build '<nixpkgs/nixos>' --attr system --no-out-link 2>&1";
            Ok(timed(|| machine.root(build))?.0)
        }));
    contest.run(1, stage.sizes().rebuilds)?;
    section.say(
        "Nothing changed. Nixi copies the configuration, evaluates and builds the copy, and finds that it runs; its evaluation \
         tells the way in beside the system. `nixos-rebuild test` switches to the same system once more, which Nixi does not.",
    );
    section.say(contest.table("s"));
    let of = |name| contest.samples(name);
    let ours = paired_differences(of(OURS), of(OUR_NIX));
    let theirs = paired_differences(of(THEIRS), of(THEIR_NIX));
    let told = |samples: &[Sample]| median_of(samples).map_or_else(|| "-".to_owned(), short);
    let mut table = Table::new(&["round by round".to_owned(), "median, s".to_owned()]);
    for (what, samples) in [
        ("nixi, less its evaluation and build", &ours),
        ("`nixos-rebuild test` on the machine, less its `nix-build`", &theirs),
        ("nixi, less `nixos-rebuild test` on the machine", &paired_differences(of(OURS), of(THEIRS))),
        ("nixi, less `nixos-rebuild test` by ssh", &paired_differences(of(OURS), of(BY_SSH))),
    ] {
        table.row(vec![what.to_owned(), told(samples)]);
    }
    section.say(table);
    let whole = median_of(&paired_differences(of(OURS), of(THEIRS)));
    let apart = median_of(&paired_differences(&ours, &theirs));
    section.target(
        "seconds more than `nixos-rebuild test`, evaluation and build apart",
        apart,
        Bound::AtMost(1.0),
    );
    section.target("seconds more than it, as a whole", whole, Bound::AtMost(1.0));
    let near = contest.our_median().context("nothing was measured")?;
    drop(contest);
    drop(nix);
    let (asked, _) = machine.asked(|| rebuilt(stage, door))?;
    section.say(format!("Of nixi, the machine's sshd saw {}.", words(asked)));
    Ok(near)
}

fn words(Asked { commands, connections }: Asked) -> String {
    let plural = if connections == 1 { "" } else { "s" };
    format!("{commands} commands over {connections} connection{plural}")
}

/// The same where the other side is far away.
fn far(stage: &Stage, machine: &Whole, near: f64, section: &mut Section) -> Result<()> {
    let door = machine.door_behind(LinkQuality::delayed(DELAY))?;
    let mut contest = Contest::of(Contender::new(OURS, || rebuilt(stage, &door)))
        .with(Contender::new(BY_SSH, || by_ssh(&door)));
    contest.run(1, stage.sizes().rounds)?;
    section.say(format!(
        "The same over a link on which every byte arrives {} ms later, in each direction:",
        DELAY.as_millis()
    ));
    section.say(contest.table("s"));
    let more = contest.our_median().context("nothing was measured")? - near;
    let trips = more / (2.0 * DELAY.as_secs_f64());
    section.say(format!(
        "That is {} s more than nearby, or {trips:.0} round trips, connecting included.",
        short(more)
    ));
    Ok(())
}

/// A package more, and the same one less.
fn one_package(stage: &Stage, machine: &Whole, door: &Door, section: &mut Section) -> Result<()> {
    let change = |action: &str| {
        let words = ["call", action, "names=htop", "--yes"];
        let (seconds, said) = timed(|| door.nixi(stage.nixi(), &words))?;
        ensure!(!said.contains("nothing to"), "nothing was changed: {said}");
        Ok(seconds)
    };
    let (installing, removing) = ("package.install", "package.remove");
    // The first edit of all adds the import to the user's own file, too.
    change(installing)?;
    machine.root(&format!("cp {OWN_MODULE} /tmp/with.nix"))?;
    change(removing)?;
    machine.root(&format!("cp {OWN_MODULE} /tmp/without.nix"))?;
    let theirs = |action: &'static str| {
        move || {
            let one = |text: &str| {
                let script =
                    format!("cd /root && cp /tmp/{text}.nix {OWN_MODULE} && nixos-rebuild {action} 2>&1");
                Ok(timed(|| machine.root(&script))?.0)
            };
            let changes: Result<Vec<f64>> = ["with", "without"].into_iter().map(one).collect();
            median(&changes?).context("no changes")
        }
    };
    let mut contest =
        Contest::of(Contender::new(OURS, || Ok((change(installing)? + change(removing)?) / 2.0)))
            .with(Contender::new("the edit, and `nixos-rebuild test`", theirs("test")))
            .with(Contender::new("the edit, and `nixos-rebuild switch`", theirs("switch")));
    contest.run(0, stage.sizes().changes)?;
    section.say(
        "A package more (`package.install`) and the same one less (`package.remove`), the mean of both. Nixi evaluates twice, to \
         tell what is declared already from what was asked for, and compares the systems; it switches under the guard, confirms over \
         a new connection, and makes it the system that boots, as only `switch` does. The same edit by hand, as root on the machine:",
    );
    section.say(contest.table("s"));
    drop(contest);
    let (installed, _) = machine.asked(|| change(installing))?;
    let (removed, _) = machine.asked(|| change(removing))?;
    section.say(format!(
        "Of nixi, the machine's sshd saw {} for the one, and {} for the other.",
        words(installed),
        words(removed)
    ));
    Ok(())
}
