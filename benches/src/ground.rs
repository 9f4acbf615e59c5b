//! Where the contest takes place: one sshd that is many hosts, and the files by which each contender knows them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nixi_lab::{KeyKind, LinkQuality, SlowLink, Sshd};

/// How long sshd may take to notice that everybody has gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// An sshd on every address of 127.0.0.0/8, and what leads to it. It takes its files with it.
#[derive(Debug)]
pub(crate) struct Ground {
    sshd: Sshd,
    way: Way,
    expected: String,
    /// What stands before it.
    _link: Option<SlowLink>,
}

/// How to reach the hosts; what another process needs to know of them.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// Addresses, each a host of its own.
    pub(crate) hosts: Vec<String>,
    /// Ports of 127.0.0.1 behind which nobody answers.
    pub(crate) holes: Vec<u16>,
    /// The port of all of them.
    pub(crate) port: u16,
    /// The login user.
    pub(crate) user: String,
    /// The folder of all files here.
    pub(crate) folder: PathBuf,
}

impl Way {
    /// The private key.
    pub(crate) fn identity(&self) -> PathBuf {
        self.folder.join("id")
    }

    /// Nixi's configuration: every host is a node with the tag `fleet`.
    pub(crate) fn nixi_config(&self) -> PathBuf {
        self.folder.join("nixi.toml")
    }

    /// ssh_config(5) for those who use it: the same key, the same known hosts, strictly checked.
    pub(crate) fn ssh_config(&self) -> PathBuf {
        self.folder.join("ssh_config")
    }

    /// Every host's key.
    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.folder.join("known_hosts")
    }

    /// Everybody: name, address, port. A host is called by its address.
    pub(crate) fn places(&self) -> Vec<(String, String, u16)> {
        let hosts = self.hosts.iter().map(|host| (host.clone(), host.clone(), self.port));
        let hole = |(at, port): (usize, &u16)| (format!("hole{at}"), "127.0.0.1".to_owned(), *port);
        hosts.chain(self.holes.iter().enumerate().map(hole)).collect()
    }

    /// One of the hosts.
    pub(crate) fn first(&self) -> &str {
        self.hosts.first().map_or("127.0.0.1", String::as_str)
    }

    /// The words from which [`Self::from_words`] makes it again, without the holes.
    pub(crate) fn words(&self) -> [String; 4] {
        let count = self.hosts.len().to_string();
        [count, self.port.to_string(), self.user.clone(), self.folder.display().to_string()]
    }

    /// A way that another process told.
    pub(crate) fn from_words(words: &[String]) -> Result<Self> {
        let [count, port, user, folder] = words else { anyhow::bail!("a way is four words") };
        Ok(Self {
            hosts: addresses(count.parse()?),
            holes: Vec::new(),
            port: port.parse()?,
            user: user.clone(),
            folder: folder.into(),
        })
    }
}

/// 127.0.1.1, 127.0.1.2, …
fn addresses(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("127.0.{}.{}", 1 + at / 250, 1 + at % 250)).collect()
}

/// The name of the node at this place.
pub(crate) fn node_name(place: &str) -> String {
    format!("n{}", place.replace('.', "-"))
}

impl Ground {
    /// So many hosts, with a login shell that costs little.
    pub(crate) fn of(hosts: usize) -> Result<Self> {
        Self::with(hosts, &[], "/bin/sh")
    }

    /// So many hosts, with this login shell if this user may say so, and black holes among them.
    pub(crate) fn with(hosts: usize, holes: &[u16], shell: &str) -> Result<Self> {
        let builder = || Sshd::builder().every_loopback_address().line("MaxSessions 64");
        let sshd = match builder().login_shell(shell).start() {
            Ok(sshd) => sshd,
            Err(error) => {
                eprintln!("  the login shell stays this user's own: {error:#}");
                builder().start().context("the benches need sshd on this machine")?
            }
        };
        Self::before(sshd, None, hosts, holes)
    }

    /// So many hosts behind a link on which all arrives so much later, in each direction.
    pub(crate) fn far(hosts: usize, delay: Duration) -> Result<Self> {
        let Self { sshd, .. } = Self::of(0)?;
        let link = SlowLink::to_every_loopback_address(sshd.port(), LinkQuality::delayed(delay))?;
        Self::before(sshd, Some(link), hosts, &[])
    }

    fn before(sshd: Sshd, link: Option<SlowLink>, hosts: usize, holes: &[u16]) -> Result<Self> {
        let way = Way {
            hosts: addresses(hosts),
            holes: holes.to_vec(),
            port: link.as_ref().map_or_else(|| sshd.port(), |link| link.address().port()),
            user: sshd.user().to_owned(),
            folder: sshd.dir().to_owned(),
        };
        let key = sshd.public_host_key(KeyKind::Ed25519)?;
        let known: Vec<String> =
            way.hosts.iter().map(|host| format!("[{host}]:{} {key}", way.port)).collect();
        std::fs::write(way.known_hosts(), known.join("\n") + "\n")?;
        std::fs::write(way.nixi_config(), nixi_config(&way))?;
        std::fs::write(way.ssh_config(), ssh_config(&way))?;
        Ok(Self { sshd, way, expected: own_name()?, _link: link })
    }

    /// How to reach it.
    pub(crate) fn way(&self) -> &Way {
        &self.way
    }

    /// What `uname -n` prints on every host.
    pub(crate) fn expected(&self) -> &str {
        &self.expected
    }

    /// Whether this is what a host answers.
    pub(crate) fn check(&self, answer: &str) -> Result<()> {
        ensure!(answer.trim_end() == self.expected, "a wrong answer: {answer:?}");
        Ok(())
    }

    /// Puts a program of this name first on every host.
    pub(crate) fn stub(&self, name: &str, script: &str) -> Result<()> {
        self.sshd.stub(name, script)
    }

    /// Waits until nobody is connected.
    pub(crate) fn settle(&self) -> Result<()> {
        let begun = Instant::now();
        while self.sshd.connections() > 0 {
            ensure!(begun.elapsed() < PATIENCE, "somebody stays connected");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Cuts every connection.
    pub(crate) fn clear(&self) -> Result<()> {
        self.sshd.drop_connections();
        self.settle()
    }
}

fn own_name() -> Result<String> {
    let told = std::process::Command::new("uname").arg("-n").output()?;
    Ok(String::from_utf8(told.stdout)?.trim_end().to_owned())
}

fn nixi_config(way: &Way) -> String {
    let mut text = format!(
        "[ssh]\nknown_hosts = {:?}\nidentity = [{:?}]\n",
        path(&way.known_hosts()),
        path(&way.identity())
    );
    for (name, address, port) in way.places() {
        let _ = write!(
            text,
            "\n[[nodes]]\nname = {:?}\nhost = {address:?}\nport = {port}\nuser = {:?}\ntags = [\"fleet\"]\n",
            node_name(&name),
            way.user
        );
    }
    text
}

fn ssh_config(way: &Way) -> String {
    let mut text = String::new();
    for (name, address, port) in way.places().iter().skip(way.hosts.len()) {
        let _ = writeln!(text, "Host {name}\n  HostName {address}\n  Port {port}");
    }
    let _ = write!(
        text,
        "Host *\n  User {}\n  Port {}\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n  \
         GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  UpdateHostKeys no\n  BatchMode yes\n  \
         LogLevel ERROR\n  ConnectTimeout 10\n",
        way.user,
        way.port,
        path(&way.identity()),
        path(&way.known_hosts()),
    );
    text
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hosts_of_loopback() {
        let all = addresses(501);
        assert_eq!((all[0].as_str(), all[249].as_str()), ("127.0.1.1", "127.0.1.250"));
        assert_eq!((all[250].as_str(), all[500].as_str()), ("127.0.2.1", "127.0.3.1"));
    }

    #[test]
    fn a_way_can_be_told() {
        let way = Way {
            hosts: addresses(3),
            holes: Vec::new(),
            port: 2222,
            user: "eve".into(),
            folder: "/tmp/x".into(),
        };
        let again = Way::from_words(&way.words()).unwrap();
        assert_eq!(
            (again.hosts, again.port, again.user, again.folder),
            (way.hosts, 2222, way.user, way.folder)
        );
    }
}
