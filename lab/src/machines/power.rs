//! Switching a machine on and off, as a person at its power button would.

use std::fs;
use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::machine::Machine;

const POWER: &str = include_str!("../../world/power.sh");
/// How long a boot may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
const STEP: Duration = Duration::from_millis(20);

impl Machine {
    /// Switches it on, without waiting for it.
    ///
    /// # Errors
    /// If it is on, or systemd-nspawn is missing.
    pub fn power_on(&self) -> Result<()> {
        ensure!(!self.is_on(), "{} is on", self.name());
        self.network("plug")?;
        let console = self.console_log()?;
        let cgroup = self.world().cgroup(self.name());
        let mut power = self.world().command("bash");
        power.args(["-c", POWER, "power.sh", self.name(), &self.port()]).arg(cgroup);
        power.stdout(console.try_clone()?).stderr(console).process_group(0);
        let mut child = power.spawn().context("cannot start nsenter (Debian package util-linux)")?;
        // From here on, a machine that is not on is one that went off.
        while !self.is_on() && child.try_wait()?.is_none() {
            std::thread::sleep(STEP);
        }
        // Somebody has to take its end; the machine ends with its world at the latest.
        std::thread::spawn(move || child.wait());
        Ok(())
    }

    /// Takes its power away: nothing in it gets to do another thing. What was written stays.
    ///
    /// # Errors
    /// If it does not end.
    pub fn power_off(&self) -> Result<()> {
        let cgroup = self.world().cgroup(self.name());
        if !cgroup.exists() {
            return Ok(());
        }
        // First, or the kernel behind the cable would close the connections of what is killed, and answer for what is off.
        self.network("unplug")?;
        fs::write(cgroup.join("cgroup.kill"), "1").context("cannot end the machine's processes")?;
        self.wait_until("go off", || Ok(!self.is_on()))
    }

    /// Whether anything runs on it.
    #[must_use]
    pub fn is_on(&self) -> bool {
        let events = self.world().cgroup(self.name()).join("cgroup.events");
        fs::read_to_string(events).is_ok_and(|events| events.contains("populated 1"))
    }

    /// Boots it anew, as `systemctl reboot` does, and waits until SSH answers again.
    ///
    /// # Errors
    /// If it does not come back.
    pub fn reboot(&self) -> Result<()> {
        let before = self.boot_id()?;
        self.root("systemctl --no-block reboot")?;
        self.wait_until("reboot", || Ok(self.boot_id().is_ok_and(|now| now != before)))?;
        self.wait_for_ssh()
    }

    /// Tells one boot from the next: when the first process began. (The kernel, and its boot id, stay the same.)
    fn boot_id(&self) -> Result<String> {
        let first = self.first_process()?;
        let stat = fs::read_to_string(format!("/proc/{first}/stat"))?;
        stat.rsplit_once(')')
            .and_then(|(_, rest)| rest.split_whitespace().nth(19))
            .map(|started| format!("{first} {started}"))
            .context("the first process has no start time")
    }

    /// Waits until its sshd says its banner.
    ///
    /// # Errors
    /// If it is off or goes off, or does not answer in one and a half minutes; the error holds the end of its console.
    pub fn wait_for_ssh(&self) -> Result<()> {
        self.wait_until("answer SSH", || Ok(!self.is_on() || self.answers_ssh()))?;
        ensure!(
            self.is_on(),
            "{} is off, and answers no SSH; its console ends:\n{}",
            self.name(),
            self.end_of_console()
        );
        Ok(())
    }

    /// Waits until systemd has started all that it starts at boot.
    ///
    /// # Errors
    /// If that does not happen in one and a half minutes.
    pub fn wait_until_booted(&self) -> Result<()> {
        self.wait_until("finish its boot", || {
            let state = self.try_root("systemctl is-system-running")?;
            Ok(["running", "degraded"].contains(&state.stdout.trim()))
        })
    }

    /// Whether its sshd says its banner within a second.
    #[must_use]
    pub fn answers_ssh(&self) -> bool {
        let patience = Duration::from_secs(1);
        let banner = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect_timeout(&SocketAddr::from((self.address(), 22)), patience)?;
            stream.set_read_timeout(Some(patience))?;
            let mut banner = [0; 4];
            stream.read_exact(&mut banner)?;
            Ok(&banner == b"SSH-")
        };
        banner().unwrap_or(false)
    }

    /// Waits for something to become true of this machine; `what` is what it should do.
    ///
    /// # Errors
    /// If it does not in one and a half minutes.
    pub fn wait_until(&self, what: &str, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if done().unwrap_or(false) {
                return Ok(());
            }
            std::thread::sleep(STEP);
        }
        let end = self.end_of_console();
        bail!("{} did not {what} in {} s; its console ends:\n{end}", self.name(), PATIENCE.as_secs())
    }

    fn end_of_console(&self) -> String {
        let console = self.console();
        let lines: Vec<_> = console.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// The id, on this machine, of its first process.
    pub(super) fn first_process(&self) -> Result<u32> {
        let scope = self.world().cgroup(self.name()).join("payload/init.scope/cgroup.procs");
        let first = fs::read_to_string(scope).ok().and_then(|pids| pids.lines().next()?.parse().ok());
        first.with_context(|| format!("{} is off, or has only begun to boot", self.name()))
    }
}
