//! How the containers of the very machine are asked for, and of no other.

use super::Program;
use crate::config::Runtime;
use crate::error::{ErrorKind, ErrorReport};
use crate::exec::Output;

/// Where root's Docker Engine listens, unless its administrator says otherwise.
const ENGINE: &str = "unix:///var/run/docker.sock";

/// A program for containers, with what binds it to the machine it runs on.
///
/// docker and podman act on another machine where a variable or a file of root says so (`docker context use`, `DOCKER_HOST`,
/// `remote` in containers.conf(5), `CONTAINER_HOST`). The environment cannot forbid it, for sudo and PAM make that anew;
/// so the words of every command do, reads and changes alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerCli {
    /// podman(1), 1.2 and later.
    Podman,
    /// docker(1), which asks the Docker Engine: `--host` goes before all variables and contexts, in every version.
    Docker,
    /// podman by the name `docker`. `--context` and `--host` would make a remote client of it.
    Shim,
}

impl ContainerCli {
    /// The one of this runtime, where `docker` is not known to be podman.
    #[must_use]
    pub const fn usual(runtime: Runtime) -> Self {
        match runtime {
            Runtime::Podman => Self::Podman,
            Runtime::Docker => Self::Docker,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn program(self) -> Program {
        match self {
            Self::Podman => Program::new("podman"),
            Self::Docker | Self::Shim => Program::new("docker"),
        }
    }

    /// The words that a command of it begins with.
    #[must_use]
    pub fn words(self, command: &str) -> Vec<&str> {
        // Nothing turns podman's `remote` off: `--remote=false` does not, and podman 2.0 takes it for `--remote`. But a
        // remote client does not know the options that are for podman itself, and does nothing when it is given one.
        let words: &[&str] = match self {
            Self::Podman | Self::Shim => &[command, "--syslog=false"],
            Self::Docker => &["--host", ENGINE, command],
        };
        words.to_vec()
    }

    /// The same for a command of a group, as `network create`. What binds podman is an option of the last word.
    #[must_use]
    pub fn words_of<'w>(self, group: &'w str, command: &'w str) -> Vec<&'w str> {
        let mut words = self.words(command);
        if let Some(at) = words.iter().position(|word| *word == command) {
            words.insert(at, group);
        }
        words
    }

    /// What it means that podman does not know the words which bind it to its machine.
    pub(crate) fn refusal(program: Program, output: &Output) -> Option<ErrorReport> {
        if output.exit.is_success() || !["podman", "docker"].contains(&program.as_str()) {
            return None;
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        let says = |words: &str| {
            stderr.lines().any(|line| line.trim().trim_start_matches("Error: ").starts_with(words))
        };
        let report = |message: String| ErrorReport::new(ErrorKind::Unfit, message);
        if says("unknown flag: --syslog") {
            let message =
                format!("root's `{program}` on the node acts on another machine, so nothing was done");
            return Some(report(message).hint(
                "on the node, take `remote = true` out of the file that \
                 `sudo grep -rs remote /etc/containers /usr/share/containers ~root/.config/containers` names, \
                 and CONTAINER_HOST and CONTAINER_CONNECTION out of root's environment",
            ));
        }
        let is_podman = says("unknown flag: --host") || says("Cannot connect to Podman");
        (program.as_str() == "docker" && is_podman).then(|| {
            report(
                "`docker` on the node is podman by another name, and does not answer at Docker's socket"
                    .to_owned(),
            )
            .hint("set `runtime = \"podman\"` under `[container]` in the configuration")
        })
    }
}
