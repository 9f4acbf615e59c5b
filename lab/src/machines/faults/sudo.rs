//! A login user who may not become root just like that.
//!
//! Both take the place of /etc/sudoers until the next activation, by a switch or a boot, which writes it anew.

use anyhow::Result;

use super::Fault;
use crate::machines::machine::Machine;

/// In memory, so that a boot, which writes /etc/sudoers anew, forgets it.
const BEFORE: &str = "/run/nixi-lab-sudoers";
/// The first line of what we put there: what has none was activated since, and stays.
const MARK: &str = "# Put here by the lab.";

impl Machine {
    /// Has sudo ask for a password where it did not before: every NOPASSWD goes from /etc/sudoers.
    ///
    /// `sudo -n` ends with exit code 1 and "sudo: a password is required", whatever the command; without `-n`, sudo asks
    /// on the terminal, and no answer will do, for the account has no password. `sudo -n -l` fails alike.
    ///
    /// # Errors
    /// If the machine is off, or has such a fault already.
    pub fn sudo_asks_password(&self) -> Result<Fault> {
        self.replace_sudoers(&format!("sed -E 's/NOPASSWD:[[:space:]]*//g' {BEFORE}"))
    }

    /// Takes every right to use sudo from all users but root.
    ///
    /// `sudo -n` ends just as with [`Self::sudo_asks_password`], since sudo asks who it is before it tells that the
    /// user is not in the sudoers file.
    ///
    /// # Errors
    /// As [`Self::sudo_asks_password`].
    pub fn user_without_sudo(&self) -> Result<Fault> {
        self.replace_sudoers("echo 'root ALL=(ALL:ALL) SETENV: ALL'")
    }

    fn replace_sudoers(&self, text: &str) -> Result<Fault> {
        self.root(&format!(
            "set -e; test ! -e {BEFORE}; cp -p /etc/sudoers {BEFORE}; umask 0227
             {{ echo '{MARK}'; {text}; }} >/etc/sudoers.new; mv /etc/sudoers.new /etc/sudoers"
        ))?;
        Ok(Fault::new(self, put_back))
    }
}

fn put_back(machine: &Machine) -> Result<()> {
    if machine.is_on() {
        machine.root(&format!(
            "set -e; test -e {BEFORE} || exit 0
             if head -n 1 /etc/sudoers | grep -qxF '{MARK}'; then mv {BEFORE} /etc/sudoers; else rm {BEFORE}; fi"
        ))?;
    }
    Ok(())
}
