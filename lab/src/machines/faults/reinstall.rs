//! A machine that is not the one it was.

use anyhow::{Context, Result};

use crate::machines::base::BaseTree;
use crate::machines::machine::Machine;

impl Machine {
    /// Takes its power away, wipes its disk, installs it anew as it was specified and boots it, until SSH answers.
    ///
    /// Name, address, configuration and the key that logs in are as before; host keys and machine-id are new, and whatever
    /// was changed, stored or enrolled on it is gone. A client that knew it is told that its host key has changed, and
    /// must refuse it.
    ///
    /// # Errors
    /// If it cannot be installed or does not come back.
    pub fn reinstall(&self) -> Result<()> {
        let tree = BaseTree::cached(self.variant())?.context("the machines' file tree is gone")?;
        self.power_off()?;
        self.install_system(&tree)?;
        self.power_on()?;
        self.wait_for_ssh()
    }
}
