//! parallel-ssh, a Python library around libssh2, in a process that waits to be told.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::ground::Way;

const DRIVER: &str = include_str!("pssh.py");

/// The process. It checks no host keys; that is how parallel-ssh is.
#[derive(Debug)]
pub(crate) struct Pssh {
    child: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
    hosts: usize,
}

impl Pssh {
    /// Starts it for all hosts; it connects to nobody yet.
    pub(crate) fn start(bin: &Path, way: &Way) -> Result<Self> {
        let places: Vec<_> = way.places().into_iter().map(|(_, address, port)| (address, port)).collect();
        Self::start_at(bin, way, &places)
    }

    /// Starts it for so many connections to the first host.
    pub(crate) fn crowd(bin: &Path, way: &Way, count: usize) -> Result<Self> {
        Self::start_at(bin, way, &vec![(way.first().to_owned(), way.port); count])
    }

    fn start_at(bin: &Path, way: &Way, places: &[(String, u16)]) -> Result<Self> {
        let (driver, list) = (way.folder.join("driver.py"), way.folder.join("pssh.places"));
        let lines = places.iter().map(|(address, port)| format!("{address} {port}\n"));
        std::fs::write(&driver, DRIVER)?;
        std::fs::write(&list, lines.collect::<String>())?;
        let mut child = Command::new(bin.join("python"))
            .arg(driver)
            .arg(list)
            .arg(&way.user)
            .arg(way.identity())
            .arg("10")
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("the peers are not installed; run this by `cargo xtask bench`")?;
        let (ask, answer) =
            (child.stdin.take().context("no input")?, child.stdout.take().context("no output")?);
        Ok(Self { child, ask, answer: BufReader::new(answer), hosts: places.len() })
    }

    fn say(&mut self, line: &str) -> Result<String> {
        writeln!(self.ask, "{line}")?;
        let mut told = String::new();
        self.answer.read_line(&mut told)?;
        ensure!(!told.is_empty(), "parallel-ssh ended");
        Ok(told.trim_end().to_owned())
    }

    /// Forgets all connections, and makes the next ones with so many at once.
    pub(crate) fn renew(&mut self, pool: usize) -> Result<()> {
        self.say(&format!("connect {pool}")).map(drop)
    }

    /// Runs a command on all hosts; seconds, by its own clock, and how many answered.
    pub(crate) fn run_some(&mut self, command: &str) -> Result<(f64, usize)> {
        let told = self.say(&format!("run {command}"))?;
        let (seconds, good) = told.split_once(' ').context("parallel-ssh spoke in riddles")?;
        Ok((seconds.parse()?, good.parse()?))
    }

    /// Runs a command on all hosts, all of which have to answer; seconds.
    pub(crate) fn run(&mut self, command: &str) -> Result<f64> {
        let (seconds, good) = self.run_some(command)?;
        ensure!(good == self.hosts, "{good} of {} answered", self.hosts);
        Ok(seconds)
    }

    /// Its resident memory, in KiB.
    pub(crate) fn resident(&mut self) -> Result<f64> {
        Ok(self.say("rss")?.parse()?)
    }
}

impl Drop for Pssh {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
