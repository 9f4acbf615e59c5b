//! clush, pyinfra and ansible by their own command lines: what a person would type.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::ground::Way;

/// The Python programs in their virtual environment, with the files that they want.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    bin: PathBuf,
    way: Way,
}

impl Programs {
    /// Writes their files.
    pub(crate) fn of(bin: &Path, way: &Way) -> Result<Self> {
        ensure!(bin.join("clush").is_file(), "the peers are not installed; run this by `cargo xtask bench`");
        let mut pyinfra = "fleet = [\n".to_owned();
        let mut ansible = "[fleet]\n".to_owned();
        for (name, address, port) in way.places() {
            let _ = writeln!(
                pyinfra,
                "    ({name:?}, {{'ssh_hostname': {address:?}, 'ssh_user': {:?}, 'ssh_port': {port}, 'ssh_key': {:?}, 'ssh_known_hosts_file': {:?}, \
                 'ssh_strict_host_key_checking': 'yes', 'ssh_allow_agent': False, 'ssh_look_for_keys': False}}),",
                way.user,
                way.identity().display().to_string(),
                way.known_hosts().display().to_string(),
            );
            let _ = writeln!(ansible, "{name}");
        }
        std::fs::write(way.folder.join("inventory.py"), pyinfra + "]\n")?;
        std::fs::write(way.folder.join("inventory.ini"), ansible)?;
        Ok(Self { bin: bin.to_owned(), way: way.clone() })
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.env("HOME", &self.way.folder).env_remove("SSH_AUTH_SOCK").stdin(Stdio::null());
        command.current_dir(&self.way.folder);
        command
    }

    /// clush, with so many ssh clients at once.
    pub(crate) fn clush(&self, fanout: usize, command: &str) -> Command {
        let mut clush = self.program("clush");
        let names: Vec<String> = self.way.places().into_iter().map(|(name, ..)| name).collect();
        clush.args(["-q", "-S", "-f", &fanout.to_string(), "-o"]);
        clush.arg(format!("-F {}", self.way.ssh_config().display()));
        clush.args(["-t", "10", "-w", &names.join(","), command]);
        clush
    }

    /// pyinfra; by itself it works on all hosts at once.
    pub(crate) fn pyinfra(&self, command: &str) -> Command {
        let mut pyinfra = self.program("pyinfra");
        pyinfra.args(["-y", "inventory.py", "exec", "--"]).args(command.split(' '));
        pyinfra
    }

    /// ansible's raw module, which needs no Python on the hosts, with so many forks. Its ssh keeps connections for a minute.
    pub(crate) fn ansible(&self, forks: usize, command: &str) -> Command {
        let mut ansible = self.program("ansible");
        ansible
            .args([
                "fleet",
                "-i",
                "inventory.ini",
                "-T",
                "10",
                "-f",
                &forks.to_string(),
                "-m",
                "raw",
                "-a",
                command,
            ])
            .env("ANSIBLE_HOME", self.way.folder.join("ansible"))
            .env("ANSIBLE_LOCAL_TEMP", self.way.folder.join("ansible/tmp"))
            .env("ANSIBLE_SSH_CONTROL_PATH_DIR", self.way.folder.join("cp"))
            .env(
                "ANSIBLE_SSH_ARGS",
                format!("-F {} -o ControlMaster=auto -o ControlPersist=60s", self.way.ssh_config().display()),
            );
        ansible
    }

    /// What the programs call themselves.
    pub(crate) fn versions(bin: &Path) -> Vec<String> {
        let ask = |name: &str, arg: &str| {
            let told = Command::new(bin.join(name)).arg(arg).output().ok()?;
            let text = String::from_utf8_lossy(&told.stdout).into_owned();
            text.lines().next().map(|line| line.replace(": v", " "))
        };
        let pssh = || {
            let script =
                "from importlib.metadata import version; print('parallel-ssh', version('parallel-ssh'))";
            let told = Command::new(bin.join("python")).args(["-c", script]).output().ok()?;
            Some(String::from_utf8_lossy(&told.stdout).trim().to_owned())
        };
        [ask("clush", "--version"), pssh(), ask("pyinfra", "--version"), ask("ansible", "--version")]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// How many lines that a command printed have this as their last word; clush, pyinfra and ansible put the host before or above it.
pub(crate) fn answers(mut command: Command, expected: &str) -> Result<usize> {
    let output = command.output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    let count = text.lines().filter(|line| line.split_whitespace().next_back() == Some(expected)).count();
    ensure!(
        output.status.success() || count > 0,
        "{:?} failed: {}",
        command.get_program(),
        text.lines().last().unwrap_or_default()
    );
    Ok(count)
}
