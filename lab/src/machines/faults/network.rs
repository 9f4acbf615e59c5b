//! A machine that is there, but out of reach.

use anyhow::Result;

use super::Fault;
use crate::machines::machine::Machine;

impl Machine {
    /// Drops every packet that comes to the machine or leaves it, and tells nobody, as a firewall does or a route that
    /// ends nowhere.
    ///
    /// A client that connects waits until its own timeout ("Connection timed out"); it is neither refused nor told that
    /// there is no route. An open connection hangs without an end, and goes on where it was when the fault is over, if
    /// both sides waited. The machine runs on and learns nothing of it either. It lasts through a boot, and a machine that
    /// hangs does not keep it from ending; of two at a time, both have to end.
    ///
    /// # Errors
    /// If the kernel cannot filter what passes a bridge.
    pub fn black_hole(&self) -> Result<Fault> {
        self.network("drop")?;
        Ok(Fault::new(self, |machine| machine.network("pass")))
    }
}
