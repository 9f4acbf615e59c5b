//! Labs that stay up when the program that made them ends, and are found again by name.

use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result};

use super::lab::{self, Lab};
use super::machine::Machine;
use super::world::{World, slots};

/// A lab that somebody left standing.
#[derive(Debug)]
pub struct StandingLab {
    name: String,
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
        let text = fs::read_to_string(world.folder().join("standing")).ok()?;
        let identity = lab::identity(&world).ok()?;
        let world = Arc::new(world);
        let mut lines = text.lines();
        let name = lines.next()?.to_owned();
        let machines = (0_u8..).zip(lines);
        let machines = machines
            .map(|(number, name)| Machine::found(&world, name, number, lab::USER, identity.clone()))
            .collect();
        Some(Self { name, world, machines })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
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
        self.world.end()
    }
}

/// How many labs run in all: those that stand, and those that a running program holds.
#[must_use]
pub fn running() -> usize {
    slots().into_iter().filter(|&slot| World::find(slot).is_some()).count()
}

pub(super) fn write_down(name: &str, lab: &Lab) -> Result<()> {
    let names: Vec<_> = std::iter::once(name).chain(lab.machines().iter().map(Machine::name)).collect();
    fs::write(lab.world().folder().join("standing"), names.join("\n") + "\n")
        .context("cannot write the lab down")
}
