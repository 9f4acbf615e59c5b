//! What can go wrong with a machine, on demand.
//!
//! A fault that lasts is a [`Fault`]: the machine is well again when that is ended or dropped. Two happen once:
//! [`Machine::power_off`](super::Machine::power_off) and [`Machine::reinstall`](super::Machine::reinstall). A link that is
//! slow or breaks off is a [`SlowLink`](super::SlowLink) that stands in the client's way, not the machine's.
//!
//! A clock that jumps is not among them: all machines have the clock of the kernel that they share, and setting it in one
//! would set it for everybody.

mod disk;
mod network;
mod reinstall;
mod sshd;
mod sudo;

use anyhow::Result;

use super::machine::Machine;

type Undo = fn(&Machine) -> Result<()>;

/// Something that is wrong with a machine, until this is ended or dropped.
#[derive(Debug)]
#[must_use = "the fault is over as soon as this is dropped"]
pub struct Fault {
    machine: Machine,
    undo: Option<Undo>,
}

impl Fault {
    fn new(machine: &Machine, undo: Undo) -> Self {
        Self { machine: machine.clone(), undo: Some(undo) }
    }

    /// Makes the machine well again. Dropping does the same, but says nothing if it fails.
    ///
    /// # Errors
    /// If the machine could not be mended.
    pub fn end(mut self) -> Result<()> {
        self.undo.take().map_or(Ok(()), |undo| undo(&self.machine))
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        if let Some(undo) = self.undo.take() {
            // A lab that is over has nothing left to mend.
            let _ = undo(&self.machine);
        }
    }
}
