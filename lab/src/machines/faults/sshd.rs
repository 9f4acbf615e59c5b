//! A machine that is up, without its sshd.

use anyhow::Result;

use super::Fault;
use crate::machines::machine::Machine;

impl Machine {
    /// Stops its sshd, as `systemctl stop sshd` does.
    ///
    /// A client that connects is refused at once ("Connection refused"). Sessions that are open live on, since only the
    /// listening process is ended (KillMode=process). The next boot starts it again.
    ///
    /// # Errors
    /// If the machine is off, or it does not stop.
    pub fn stop_sshd(&self) -> Result<Fault> {
        self.root("systemctl stop sshd")?;
        Ok(Fault::new(self, start))
    }
}

fn start(machine: &Machine) -> Result<()> {
    if machine.is_on() {
        machine.root("systemctl start sshd")?;
        machine.wait_for_ssh()?;
    }
    Ok(())
}
