//! Runs an example as its reader would.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where an example is run: a home with Nixi's configuration in it, and nothing else.
pub(crate) struct Home(tempfile::TempDir);

/// How an example ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    /// With these nodes; `hosts` are the lines of known_hosts that are there already.
    pub(crate) fn new(nodes: &str, hosts: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let known_hosts = home.path().join("known_hosts");
        std::fs::write(&known_hosts, hosts).unwrap();
        let ssh = format!("[ssh]\nknown_hosts = {known_hosts:?}\nconnect_timeout = \"5s\"\n");
        std::fs::write(home.config(), ssh + nodes).unwrap();
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn config(&self) -> PathBuf {
        self.path().join("config.toml")
    }

    /// Runs the example that cargo built beside the test.
    pub(crate) fn run(&self, example: &str, args: &[&str]) -> Ran {
        let deps = std::env::current_exe().unwrap();
        let program = deps.parent().unwrap().parent().unwrap().join("examples").join(example);
        assert!(
            program.is_file(),
            "{} is not built; `cargo build -p nixi --examples` builds it",
            program.display()
        );
        let done = Command::new(program)
            .arg("--config")
            .arg(self.config())
            .args(args)
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: done.status.code(), out: text(done.stdout), err: text(done.stderr) }
    }
}

impl Ran {
    /// The row of a node in a table.
    pub(crate) fn row(&self, node: &str) -> &str {
        let begins = format!("{node} ");
        self.out
            .lines()
            .find(|line| line.starts_with(&begins))
            .unwrap_or_else(|| panic!("no {node}: {self:?}"))
    }
}
