//! A whole machine of the lab, which looks like NixOS, and what leads to it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use nixi_lab::{BaseTree, KeyKind, Lab, LinkQuality, Machine, MachineSpec, SlowLink, Variant};

/// Its name, by which Nixi and ssh know it too.
pub(crate) const NAME: &str = "web";
/// Where its configuration begins.
pub(crate) const CONFIGURATION: &str = "/etc/nixos/configuration.nix";
/// Where its Nix looks for what is named in `<…>`.
pub(crate) const SEARCH_PATH: [&str; 3] = [
    "nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos",
    "nixos-config=/etc/nixos/configuration.nix",
    "/nix/var/nix/profiles/per-user/root/channels",
];
/// Has sshd write down every command that it is told to run.
const LOUD: &str = "  services.openssh.settings.LogLevel = \"VERBOSE\";";

/// The machine. It goes when this is dropped.
pub(crate) struct Whole {
    lab: Lab,
}

/// A way to it: files by which Nixi and ssh find it.
pub(crate) struct Door {
    folder: PathBuf,
    /// What stands before it.
    _link: Option<SlowLink>,
}

/// What a machine was asked over SSH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Commands; each comes from a login shell.
    pub(crate) commands: usize,
    pub(crate) connections: usize,
}

impl Whole {
    /// Boots it.
    pub(crate) fn up() -> Result<Self> {
        BaseTree::bring(Variant::Plain, &mut |step| eprintln!("  the machine's file tree: {step}"))?;
        let lab = Lab::builder().machine(MachineSpec::new(NAME).options(LOUD)).up()?;
        lab.machine(NAME).wait_until_booted()?;
        Ok(Self { lab })
    }

    fn machine(&self) -> &Machine {
        self.lab.machine(NAME)
    }

    /// Straight to it.
    pub(crate) fn door(&self) -> Result<Door> {
        self.door_at("near", (self.machine().address(), 22).into(), None)
    }

    /// Over a link.
    pub(crate) fn door_behind(&self, quality: LinkQuality) -> Result<Door> {
        let link = SlowLink::to((self.machine().address(), 22), quality)?;
        self.door_at("far", link.address(), Some(link))
    }

    fn door_at(&self, name: &str, at: SocketAddr, link: Option<SlowLink>) -> Result<Door> {
        let (folder, machine) = (self.lab.folder().join(name), self.machine());
        std::fs::create_dir(&folder).context("cannot make a folder for a way to the machine")?;
        let door = Door { folder, _link: link };
        let (host, port, user) = (at.ip(), at.port(), machine.user());
        let (known_hosts, identity) = (door.folder.join("known_hosts"), machine.identity().display());
        let key = machine.public_host_key(KeyKind::Ed25519)?;
        std::fs::write(&known_hosts, format!("{host} {key}\n[{host}]:{port} {key}\n"))?;
        let known_hosts = known_hosts.display();
        let nixi = format!(
            "[ssh]\nknown_hosts = \"{known_hosts}\"\nidentity = [\"{identity}\"]\n\n[[nodes]]\nname = \"{NAME}\"\n\
             host = \"{host}\"\nport = {port}\nuser = \"{user}\"\nmode = \"managed\"\n"
        );
        std::fs::write(door.config(), nixi)?;
        let ssh = format!(
            "Host {NAME}\n  HostName {host}\n  Port {port}\n  User {user}\n  IdentityFile {identity}\n  IdentitiesOnly yes\n  \
             UserKnownHostsFile {known_hosts}\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  \
             UpdateHostKeys no\n  BatchMode yes\n  LogLevel ERROR\n"
        );
        std::fs::write(door.ssh_config(), ssh)?;
        Ok(door)
    }

    /// Runs a script on it as root, past its sshd; what it printed.
    pub(crate) fn root(&self, script: &str) -> Result<String> {
        self.machine().root(script)
    }

    /// What it was asked over SSH meanwhile, as its sshd wrote down.
    pub(crate) fn asked<T>(&self, act: impl FnOnce() -> Result<T>) -> Result<(Asked, T)> {
        let line = self.root("journalctl --sync && journalctl -n 0 --show-cursor")?;
        let (_, cursor) = line.rsplit_once("cursor: ").context("the journal gave no cursor")?;
        let value = act()?;
        let said = self
            .root(&format!("journalctl --sync && journalctl -q -o cat -t sshd --after-cursor='{cursor}'"))?;
        let count = |words: &str| said.lines().filter(|line| line.starts_with(words)).count();
        let asked =
            Asked { commands: count("Starting session: "), connections: count("Accepted publickey ") };
        ensure!(asked.connections > 0, "sshd wrote nothing down");
        Ok((asked, value))
    }
}

impl Door {
    /// Nixi's configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.join("nixi.toml")
    }

    fn ssh_config(&self) -> PathBuf {
        self.folder.join("ssh_config")
    }

    /// Runs the released program with its node; what it said on both outputs.
    pub(crate) fn nixi(&self, program: &Path, words: &[&str]) -> Result<String> {
        let mut nixi = Command::new(program);
        nixi.arg("--config").arg(self.config()).args(words).args(["--node", NAME]);
        nixi.env("HOME", &self.folder).env_remove("SSH_AUTH_SOCK").stdin(Stdio::null());
        said(nixi)
    }

    /// `ssh` as a new process; what the command said on both outputs.
    pub(crate) fn ssh(&self, command: &str) -> Result<String> {
        let mut ssh = Command::new("ssh");
        ssh.arg("-F").arg(self.ssh_config()).args([NAME, command]).stdin(Stdio::null());
        said(ssh)
    }
}

fn said(mut command: Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    ensure!(output.status.success(), "{:?} failed: {text}", command.get_program());
    Ok(text)
}
