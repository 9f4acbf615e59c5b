//! The steps by which a node gets to another system.

use std::time::Duration;

use nixi_core::command::{Program, StorePath};
use nixi_core::{Activate, Command, NewWay, Plan, Rescue, Step, Write};

/// How long what is not the switch itself may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);
const PROFILE: &str = "/nix/var/nix/profiles/system";

/// A way from one system to another.
pub(super) struct Switch {
    pub(super) new: StorePath,
    /// The system that runs.
    pub(super) old: StorePath,
    /// The generation that it is already; none where it becomes a new one.
    pub(super) generation: Option<u64>,
    /// The system that boots next as it is, where there is one.
    pub(super) booting: Option<StorePath>,
    /// What of the way to the node it changes.
    pub(super) way: NewWay,
    /// How long the node waits to be told that it is still reached.
    pub(super) guard: Duration,
    /// What belongs to the new system, which is done once it has proved itself.
    pub(super) then: Vec<Then>,
    /// What comes of it, a line each.
    pub(super) notes: Vec<String>,
}

/// A step that belongs to a new system.
pub(super) struct Then {
    step: Step,
    /// What takes it back if a later step fails, where something does.
    back: Option<Command<Write>>,
}

impl<S: Into<Step>> From<S> for Then {
    fn from(step: S) -> Self {
        Self { step: step.into(), back: None }
    }
}

impl Then {
    /// The same, taken back by this command if a later step fails.
    pub(super) fn or_back(self, back: Command<Write>) -> Self {
        Self { back: Some(back), ..self }
    }
}

impl Switch {
    /// The steps, in their order: it runs and is confirmed before a file changes, and boots only after that.
    pub(super) fn add_to(self, plan: Plan) -> Plan {
        let is_other = self.new != self.old;
        let boots_next = Some(&self.new) == self.booting.as_ref();
        let mut steps: Vec<Step> = Vec::new();
        if is_other {
            let activate = Activate::new(self.new.clone(), self.old.clone(), self.guard);
            steps.push(activate.noting(self.notes).moving(self.way).into());
        }
        let mut backs = Vec::new();
        for Then { step, back } in self.then {
            backs.extend(back.map(|back| (steps.len(), back)));
            steps.push(step);
        }
        let mut profile_at = None;
        if !boots_next {
            profile_at = Some(steps.len());
            let profile = match self.generation {
                None => set_profile(&self.new),
                Some(number) => profile().arg("--switch-generation").arg(number.to_string()),
            };
            steps.push(profile.lasting(PATIENCE).into());
        }
        // Also where the profile leads there already: what boots may not have been written after it.
        if is_other || !boots_next {
            steps.push(switch_to(&self.new, "boot").lasting(PATIENCE).into());
        }
        let last = steps.len().saturating_sub(1);
        let mut plan = steps.into_iter().fold(plan, Plan::step);
        if let (Some(at), Some(former)) = (profile_at, &self.booting) {
            plan = plan.step(Rescue::of(at, last, set_profile(former).elevated()));
            plan = plan.step(Rescue::of(at, last, at_once(former, "boot")));
        }
        for (at, back) in backs.into_iter().rev().filter(|(at, _)| *at < last) {
            plan = plan.step(Rescue::of(at, last, back));
        }
        match is_other && last > 0 {
            true => plan.step(Rescue::of(0, last, at_once(&self.old, "test"))),
            false => plan,
        }
    }
}

pub(super) fn profile() -> Command<Write> {
    Command::<Write>::new(Program::new("nix-env")).args(["-p", PROFILE])
}

fn set_profile(to: &StorePath) -> Command<Write> {
    profile().args(["--set", to.as_str()])
}

pub(super) fn switch_to(system: &StorePath, action: &str) -> Command<Write> {
    let program = format!("{}/bin/switch-to-configuration", system.as_str());
    Command::<Write>::new(Program::new("env")).arg(program).arg(action)
}

/// The same, waited for.
fn at_once(system: &StorePath, action: &str) -> Command<Write> {
    let program = format!("{}/bin/switch-to-configuration", system.as_str());
    Command::<Write>::new(Program::new("systemd-run"))
        .args(["--wait", "--quiet", "--collect", "--setenv=NIXOS_NO_CHECK=1", "--"])
        .args([program.as_str(), action])
        .elevated()
}
