//! The steps by which a node gets to another system.

use std::time::Duration;

use nixi_core::command::{Program, StorePath};
use nixi_core::{Activate, Command, Plan, PutFile, Rescue, Write};

/// How long what is not the switch itself may take.
const PATIENCE: Duration = Duration::from_secs(600);
const PROFILE: &str = "/nix/var/nix/profiles/system";

/// A way from one system to another.
pub(super) struct Switch {
    pub(super) new: StorePath,
    /// The system that runs.
    pub(super) old: StorePath,
    /// The generation that it is already; none where it becomes a new one.
    pub(super) generation: Option<u64>,
    /// Whether it boots next already.
    pub(super) boots_next: bool,
    /// How long the node waits to be told that it is still reached.
    pub(super) guard: Duration,
    /// Files that belong to the new system, which are put there once it has proved itself.
    pub(super) files: Vec<PutFile>,
    /// What shows a new file to git.
    pub(super) tracked: Option<Command<Write>>,
    /// What comes of it, a line each.
    pub(super) notes: Vec<String>,
}

impl Switch {
    /// The steps, in their order: it runs and is confirmed before a file changes, and boots only after that.
    pub(super) fn add_to(self, plan: Plan) -> Plan {
        let is_other = self.new != self.old;
        let mut last = 0;
        let mut plan = plan;
        if is_other {
            plan =
                plan.step(Activate::new(self.new.clone(), self.old.clone(), self.guard).noting(self.notes));
            last += 1;
        }
        for (at, file) in self.files.into_iter().enumerate() {
            plan = plan.step(file);
            last += 1;
            if let Some(tracked) = self.tracked.as_ref().filter(|_| at == 0) {
                plan = plan.step(tracked.clone());
                last += 1;
            }
        }
        if !self.boots_next {
            let profile = Command::<Write>::new(Program::new("nix-env")).args(["-p", PROFILE]);
            let profile = match self.generation {
                None => profile.args(["--set", self.new.as_str()]),
                Some(number) => profile.arg("--switch-generation").arg(number.to_string()),
            };
            let boot = switch_to(&self.new, "boot");
            plan = plan.step(profile.lasting(PATIENCE)).step(boot.lasting(PATIENCE));
            last += 2;
        }
        match is_other && last > 1 {
            true => plan.step(Rescue::of(0, last - 1, back_to(&self.old))),
            false => plan,
        }
    }
}

fn switch_to(system: &StorePath, action: &str) -> Command<Write> {
    let program = format!("{}/bin/switch-to-configuration", system.as_str());
    Command::<Write>::new(Program::new("env")).arg(program).arg(action)
}

fn back_to(system: &StorePath) -> Command<Write> {
    let program = format!("{}/bin/switch-to-configuration", system.as_str());
    Command::<Write>::new(Program::new("systemd-run"))
        .args(["--wait", "--quiet", "--collect", "--"])
        .args([program.as_str(), "test"])
        .elevated()
}
