//! Labs that stay up when the program that made them ends, and are found again by name.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, ensure};

use super::lab;
use super::machine::Machine;
use super::world::{World, lock, slots, write_down};

/// The file of a lab's folder that tells its name, its owner and its machines.
const STANDING: &str = "standing";

/// A lab that somebody left standing.
#[derive(Debug)]
pub struct StandingLab {
    name: String,
    owner: String,
    world: Arc<World>,
    machines: Vec<Machine>,
}

impl StandingLab {
    /// All that stand, by slot.
    #[must_use]
    pub fn all() -> Vec<Self> {
        slots().into_iter().filter_map(|slot| World::find(slot).and_then(Self::of)).collect()
    }

    /// The one of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|lab| lab.name == name)
    }

    fn of(world: World) -> Option<Self> {
        let text = fs::read_to_string(world.folder().join(STANDING)).ok()?;
        let identity = lab::identity(&world).ok()?;
        let world = Arc::new(world);
        let mut lines = text.lines();
        let (name, owner) = (lines.next()?.to_owned(), lines.next()?.to_owned());
        let machines = (0_u8..).zip(lines);
        let machines = machines
            .map(|(number, name)| Machine::found(&world, name, number, lab::USER, identity.clone()))
            .collect();
        Some(Self { name, owner, world, machines })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who brought it up, as they called themselves.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// A folder on this machine that goes with it.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.world.folder()
    }

    /// Its machines.
    #[must_use]
    pub fn machines(&self) -> &[Machine] {
        &self.machines
    }

    /// Ends it; when this returns, nothing of it is left.
    ///
    /// # Errors
    /// If something of it does not go away.
    pub fn down(self) -> Result<()> {
        ensure!(rustix::process::geteuid().is_root(), "only root can take lab machines down");
        self.world.end()
    }
}

/// How many labs run in all: those that stand, and those that a running program holds.
#[must_use]
pub fn running() -> usize {
    slots().into_iter().filter(|&slot| World::find(slot).is_some()).count()
}

/// What a lab is found by.
#[derive(Debug)]
pub(super) struct Standing<'a> {
    pub(super) name: &'a str,
    pub(super) owner: &'a str,
}

impl<'a> Standing<'a> {
    /// Keeps others from taking the name, until it is written down and what is returned is dropped.
    pub(super) fn reserve(&self) -> Result<File> {
        let lock = lock("names")?;
        ensure!(StandingLab::find(self.name).is_none(), "a lab named {} is up already", self.name);
        Ok(lock)
    }

    pub(super) fn write_down(&self, world: &World, machines: impl Iterator<Item = &'a str>) -> Result<()> {
        let lines: Vec<_> = [self.name, self.owner].into_iter().chain(machines).collect();
        ensure!(lines.iter().all(|line| !line.contains('\n')), "a lab's name and owner are one line each");
        write_down(&world.folder(), STANDING, &(lines.join("\n") + "\n"))
    }
}
