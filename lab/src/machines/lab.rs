//! A set of machines that reach each other and this machine, and nothing else.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, bail, ensure};

use super::base::BaseTree;
use super::limits;
use super::machine::{Machine, MachineSpec};
use super::neighbours;
use super::standing::Standing;
use super::world::{World, prepare};
use crate::keys::{Key, KeyKind};

/// The login user of every machine.
pub(super) const USER: &str = "nixi";
pub(super) const IDENTITY: &str = "id_ed25519";
/// Addresses end in a byte, and some are taken.
const MOST: usize = 200;

/// Running machines; they end when this is dropped, or when the process that holds it ends.
#[derive(Debug)]
pub struct Lab {
    world: Arc<World>,
    machines: Vec<Machine>,
}

/// What a lab shall be.
#[derive(Debug, Default)]
pub struct LabBuilder {
    machines: Vec<MachineSpec>,
}

impl LabBuilder {
    /// One machine more.
    #[must_use]
    pub fn machine(mut self, spec: MachineSpec) -> Self {
        self.machines.push(spec);
        self
    }

    /// Brings them up, all at once, until each answers SSH.
    ///
    /// # Errors
    /// If this user is not root, the base tree is not built, or a machine does not come up.
    pub fn up(self) -> Result<Lab> {
        Lab::start(self.machines, None)
    }

    /// Brings up machines that stay when this process ends, under a name by which
    /// [`StandingLab`](super::StandingLab) finds them again. The owner is whoever calls himself so.
    ///
    /// # Errors
    /// As [`Self::up`]; or the name is taken.
    pub fn up_standing(self, name: &str, owner: &str) -> Result<Lab> {
        let lab = Lab::start(self.machines, Some(&Standing { name, owner }))?;
        lab.world.release()?;
        Ok(lab)
    }
}

impl Lab {
    /// What a test may ask for.
    #[must_use]
    pub fn builder() -> LabBuilder {
        LabBuilder::default()
    }

    /// Machines of these names, each as the lab configures it.
    ///
    /// # Errors
    /// As [`LabBuilder::up`].
    pub fn up(names: &[&str]) -> Result<Self> {
        names.iter().fold(Self::builder(), |lab, name| lab.machine(MachineSpec::new(*name))).up()
    }

    fn start(specs: Vec<MachineSpec>, standing: Option<&Standing<'_>>) -> Result<Self> {
        ensure!(
            !specs.is_empty() && specs.len() <= MOST,
            "a lab has 1 to {MOST} machines, not {}",
            specs.len()
        );
        for (at, spec) in specs.iter().enumerate() {
            check_name("machine", &spec.name)?;
            ensure!(
                !specs[..at].iter().any(|other| other.name == spec.name),
                "two machines are named {}",
                spec.name
            );
        }
        if let Some(standing) = standing {
            check_name("lab", standing.name)?;
        }
        prepare()?;
        limits::check(specs.len())?;
        let variant = specs.iter().map(|spec| spec.variant).max().unwrap_or_default();
        let tree = BaseTree::at_hand(variant)?.context(
            "the machines' file tree is not built: `cargo xtask lab up` or `cargo xtask test` builds it",
        )?;
        let reserved = standing.map(Standing::reserve).transpose()?;
        let world = Arc::new(World::start()?);
        let identity = Key::generate(KeyKind::Ed25519, &world.folder().join(IDENTITY), None)?;
        if let Some(standing) = standing {
            standing.write_down(&world, specs.iter().map(|spec| &*spec.name))?;
        }
        drop(reserved);
        neighbours::write_down(&world, specs.iter().map(|spec| &*spec.name))?;
        let installed = thread::scope(|scope| {
            let (world, tree, identity) = (&world, &tree, &identity);
            let threads: Vec<_> = (0_u8..)
                .zip(specs)
                .map(|(number, spec)| {
                    scope.spawn(move || -> Result<Machine> {
                        let machine = Machine::install(world, spec, number, USER, identity, tree)?;
                        machine.power_on()?;
                        machine.wait_for_ssh()?;
                        Ok(machine)
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread of the lab panicked")))
                .collect::<Result<Vec<_>>>()
        });
        Ok(Self { world, machines: installed? })
    }

    /// The machines, in the order in which they were asked for.
    #[must_use]
    pub fn machines(&self) -> &[Machine] {
        &self.machines
    }

    /// A machine by its name.
    ///
    /// # Panics
    /// If there is none: the test that asks is wrong.
    #[must_use]
    #[expect(clippy::panic, reason = "only a wrong test asks for a machine that it did not make")]
    pub fn machine(&self, name: &str) -> &Machine {
        self.machines
            .iter()
            .find(|machine| machine.name() == name)
            .unwrap_or_else(|| panic!("no machine {name}"))
    }

    /// The text of a Nixi configuration with all machines in it, each of the mode given for it.
    #[must_use]
    pub fn config(&self, mode: impl Fn(&Machine) -> &'static str) -> String {
        self.machines.iter().map(|machine| machine.node(mode(machine))).collect()
    }

    /// A folder on this machine that goes with the lab.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.world.folder()
    }

    /// Known-hosts lines of all machines.
    ///
    /// # Errors
    /// If a machine's key cannot be read.
    pub fn known_hosts(&self) -> Result<String> {
        self.machines.iter().map(|machine| Ok(machine.known_hosts_line()? + "\n")).collect()
    }
}

impl Drop for Lab {
    /// The machines may be held elsewhere too, so the world would not end with our share of it.
    fn drop(&mut self) {
        self.world.end_if_ours();
    }
}

/// A name that can be a host name, an interface's namespace, a folder, a line and a word of a command.
fn check_name(whose: &str, name: &str) -> Result<()> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let ends = [name.starts_with('-'), name.ends_with('-')];
    let good = name.bytes().all(fits) && ends == [false, false] && (1..=40).contains(&name.len());
    ensure!(good, "a {whose}'s name is 1 to 40 of a-z, 0-9 and -, with no - at either end, not {name:?}");
    Ok(())
}

/// The private key of a lab that was found.
pub(super) fn identity(world: &World) -> Result<PathBuf> {
    let path = world.folder().join(IDENTITY);
    fs::metadata(&path).with_context(|| format!("{} is gone", path.display()))?;
    Ok(path)
}
