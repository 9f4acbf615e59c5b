//! A machine whose configuration can be edited and rebuilt.

use std::process::{Command, Stdio};

use nixi_lab::{Lab, Machine, Said};

const CONFIGURATION: &str = "/etc/nixos/configuration.nix";
/// A module beside it, which tests edit.
const MORE: &str = "/etc/nixos/more.nix";

pub(crate) struct Host {
    machine: Machine,
    /// Last, so that it ends last.
    _lab: Lab,
}

impl Host {
    /// A machine with the lab's own configuration.
    pub(crate) fn up() -> Self {
        let lab = Lab::up(&["web"]).unwrap();
        let machine = lab.machine("web").clone();
        machine.wait_until_booted().unwrap();
        let configuration = machine.read(CONFIGURATION).unwrap();
        let import = "./hardware-configuration.nix";
        machine
            .write(CONFIGURATION, &configuration.replace(import, &format!("{import} ./more.nix")))
            .unwrap();
        let host = Self { machine, _lab: lab };
        host.edit("");
        host
    }

    /// A machine that was switched to a configuration with these lines more.
    #[track_caller]
    pub(crate) fn with(lines: &str) -> Self {
        let host = Self::up();
        host.switch(lines);
        host
    }

    pub(crate) fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Makes the configuration the lab's own with these lines more, without building it.
    pub(crate) fn edit(&self, lines: &str) {
        self.machine.write(MORE, &format!("{{ config, lib, pkgs, ... }}:\n{{\n{lines}\n}}\n")).unwrap();
    }

    pub(crate) fn rebuild(&self, action: &str) -> Said {
        self.machine.try_root(&format!("cd /tmp && nixos-rebuild {action}")).unwrap()
    }

    /// Edits and switches, which has to go well.
    #[track_caller]
    pub(crate) fn switch(&self, lines: &str) -> Said {
        self.edit(lines);
        let said = self.rebuild("switch");
        assert_eq!(said.code, 0, "{said}");
        said
    }

    /// Edits and switches, which has to fail with these words before anything changes.
    #[track_caller]
    pub(crate) fn refuses(&self, lines: &str, words: &str) {
        let system = self.root("readlink -f /nix/var/nix/profiles/system /run/current-system");
        self.edit(lines);
        let said = self.rebuild("switch");
        assert!(said.code != 0 && said.stderr.contains(words), "{said}");
        assert_eq!(self.root("readlink -f /nix/var/nix/profiles/system /run/current-system"), system);
    }

    /// Runs a script as root, which has to go well.
    #[track_caller]
    pub(crate) fn root(&self, script: &str) -> String {
        self.machine.root(script).unwrap()
    }

    pub(crate) fn try_root(&self, script: &str) -> Said {
        self.machine.try_root(script).unwrap()
    }

    /// Whether a condition of the shell holds.
    pub(crate) fn holds(&self, condition: &str) -> bool {
        self.try_root(condition).code == 0
    }

    /// Runs a command over SSH as the login user: its exit code, standard output and standard error.
    pub(crate) fn ssh(&self, command: &str) -> (Option<i32>, String, String) {
        self.ssh_as(self.machine.user(), &[], command)
    }

    /// As [`Self::ssh`], as somebody else or with options of the ssh client.
    pub(crate) fn ssh_as(
        &self,
        user: &str,
        options: &[&str],
        command: &str,
    ) -> (Option<i32>, String, String) {
        let output = self.ssh_command(user, options, command).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    /// The ssh client of [`Self::ssh_as`], to be started in the caller's own way.
    pub(crate) fn ssh_command(&self, user: &str, options: &[&str], command: &str) -> Command {
        let known_hosts = self.machine.identity().with_file_name("known_hosts");
        std::fs::write(&known_hosts, self.machine.known_hosts_line().unwrap() + "\n").unwrap();
        let mut ssh = Command::new("ssh");
        ssh.args([
            "-F",
            "/dev/null",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "ConnectTimeout=2",
        ]);
        ssh.arg("-o").arg(format!("UserKnownHostsFile={}", known_hosts.display()));
        ssh.arg("-i").arg(self.machine.identity()).args(options);
        ssh.arg(format!("{user}@{}", self.machine.address())).arg(command).stdin(Stdio::null());
        ssh
    }
}
