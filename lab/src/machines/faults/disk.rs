//! A machine that cannot write.

use anyhow::Result;

use super::Fault;
use crate::machines::machine::Machine;

impl Machine {
    /// Leaves no room on its disk, which also holds /home, /nix, /var and the containers' store.
    ///
    /// Whatever needs a new block fails with ENOSPC, "No space left on device", root's writes too; reading, logging in and
    /// /run, which is memory, still work. An empty file can be made, and what is removed makes room for as much again, as
    /// on any disk. `df` shows 0 available and 100 % used of a disk that shrank to what it holds. It lasts through a boot.
    ///
    /// # Errors
    /// If the disk's size cannot be changed.
    pub fn disk_full(&self) -> Result<Fault> {
        self.disk_script("full", &[])?;
        Ok(Fault::new(self, |machine| machine.disk_script("free", &[])))
    }
}
