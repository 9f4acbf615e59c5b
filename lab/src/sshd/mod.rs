//! A real sshd on loopback, run by the user who runs the test.

mod config;

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

pub use config::SshdBuilder;

use crate::keys::{Key, KeyKind};
use crate::processes::Watcher;
use crate::{processes, stubs};

const SSHD: &str = "/usr/sbin/sshd";
/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running sshd with its own keys, home and stub programs; ends, with everything it started, when dropped.
#[derive(Debug)]
pub struct Sshd {
    builder: SshdBuilder,
    dir: TempDir,
    port: u16,
    user: String,
    identity: Key,
    child: Option<(Child, Watcher)>,
}

impl Sshd {
    /// What a test may ask for.
    pub fn builder() -> SshdBuilder {
        SshdBuilder::default()
    }

    /// Starts one with an Ed25519 host key, on 127.0.0.1 to 127.0.0.4.
    ///
    /// # Errors
    /// If sshd is not installed, or refuses to start.
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// Whether this machine can carry the lab's sshd at all.
    #[must_use]
    pub fn is_installed() -> bool {
        Path::new(SSHD).exists()
    }

    fn start_with(builder: SshdBuilder) -> Result<Self> {
        ensure!(
            Self::is_installed(),
            "the lab needs a real sshd: {SSHD} is missing; install `openssh-server`"
        );
        if rustix::process::geteuid().is_root() {
            fs::create_dir_all("/run/sshd").context("sshd run by root needs the folder /run/sshd")?;
        }
        let dir = tempfile::Builder::new().prefix("nixi-lab-").tempdir()?;
        for folder in ["home", "stubs"] {
            fs::create_dir(dir.path().join(folder))?;
        }
        fs::write(dir.path().join("home/.bashrc"), &builder.rc)?;
        let identity = Key::generate(KeyKind::Ed25519, &dir.path().join("id"), None)?;
        fs::write(dir.path().join("authorized_keys"), identity.public()? + "\n")?;
        write_script(
            &dir.path().join("record"),
            &format!(
                "#!/bin/sh\nprintf '%s\\n' \"$SSH_ORIGINAL_COMMAND\" >>'{}'\nexec /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"\n",
                dir.path().join("commands").display()
            ),
        )?;
        let mut sshd = Self { builder, dir, port: 0, user: current_user()?, identity, child: None };
        sshd.make_host_keys()?;
        for _ in 0..5 {
            sshd.port = free_port()?;
            match sshd.launch() {
                // Somebody else took the port in between.
                Err(error) if error.to_string().contains("Address already in use") => {}
                done => return done.map(|()| sshd),
            }
        }
        bail!("no free port on loopback")
    }

    fn make_host_keys(&self) -> Result<()> {
        for kind in &self.builder.host_keys {
            Key::generate(*kind, &self.host_key(*kind), None)?;
        }
        Ok(())
    }

    fn host_key(&self, kind: KeyKind) -> PathBuf {
        self.dir.path().join(format!("host_{}", kind.file_name()))
    }

    /// What all processes of this machine, and no others, have in their environment.
    fn mark(&self) -> String {
        format!("HOME={}", self.home().display())
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// sshd, or what becomes sshd once it has a user database of its own.
    fn program(&self) -> Result<Command> {
        let Some(shell) = &self.builder.login_shell else { return Ok(Command::new(SSHD)) };
        ensure!(rustix::process::geteuid().is_root(), "another login shell for the user needs root");
        let database = fs::read_to_string("/etc/passwd")?;
        let entry = format!("{}:", self.user);
        let ours = database.lines().map(|line| match line.rsplit_once(':') {
            Some((rest, _)) if line.starts_with(&entry) => format!("{rest}:{shell}\n"),
            _ => format!("{line}\n"),
        });
        let path = self.dir.path().join("passwd");
        fs::write(&path, ours.collect::<String>())?;
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "--", "/bin/sh", "-c"]);
        command.arg("mount --bind \"$1\" /etc/passwd && shift && exec \"$@\"").arg("sh").arg(path).arg(SSHD);
        Ok(command)
    }

    fn launch(&mut self) -> Result<()> {
        let config = self.dir.path().join("sshd_config");
        fs::write(&config, self.builder.render(self.dir.path(), self.port))?;
        let before = self.log().len();
        let log = File::options().create(true).append(true).open(self.log_path())?;
        let mut child = self
            .program()?
            .args(["-D", "-e", "-f"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("failed to start {SSHD}"))?;
        let wanted = if self.builder.any_address { 1 } else { 4 };
        let begun = std::time::Instant::now();
        loop {
            let log = self.log();
            let said = log.get(before..).unwrap_or_default();
            if said.matches("Server listening on").count() >= wanted {
                let watcher = Watcher::of(child.id(), self.dir.path())?;
                self.child = Some((child, watcher));
                return Ok(());
            }
            if child.try_wait()?.is_some()
                || said.contains("Address already in use")
                || begun.elapsed() > PATIENCE
            {
                let _ = child.kill();
                let _ = child.wait();
                bail!("sshd did not start:\n{said}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the listener and every connection, as a power loss would.
    pub fn stop(&mut self) {
        if let Some((mut child, watcher)) = self.child.take() {
            drop(watcher);
            self.end_children(child.id());
            let _ = child.kill();
            let _ = child.wait();
            self.end_children(child.id());
        }
    }

    /// Cuts every connection, with what runs on it; the listener stays.
    pub fn drop_connections(&self) {
        if let Some((child, _)) = &self.child {
            self.end_children(child.id());
        }
    }

    /// Stops every connection, with what runs on it: it stays open and says nothing any more. They end with the sshd.
    pub fn freeze_connections(&self) {
        if let Some((child, _)) = &self.child {
            processes::signal_descendants(child.id(), rustix::process::Signal::STOP);
        }
    }

    /// Takes no new connection any more; those that are there live on.
    pub fn stop_listening(&mut self) {
        if let Some((child, _)) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// How many connections there are: sshd has a process for each.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.child.as_ref().map_or(0, |(child, _)| processes::children(child.id()))
    }

    fn end_children(&self, listener: u32) {
        processes::kill_descendants(listener);
        processes::kill_marked(&self.mark());
    }

    /// Starts again on the same port, after [`Self::stop`].
    ///
    /// # Errors
    /// If the port was taken in between.
    pub fn restart(&mut self) -> Result<()> {
        self.stop();
        self.launch()
    }

    /// Comes back on the same port as a machine that was installed anew.
    ///
    /// # Errors
    /// If it does not start.
    pub fn restart_with_new_host_keys(&mut self) -> Result<()> {
        self.stop();
        self.make_host_keys()?;
        self.launch()
    }

    /// The `[[nodes]]` table of a Nixi configuration that names it so.
    #[must_use]
    pub fn node(&self, name: &str, mode: &str) -> String {
        format!(
            "[[nodes]]\nname = {name:?}\nhost = {:?}\nport = {}\nuser = {:?}\nmode = {mode:?}\nidentity = {:?}\n",
            self.host(),
            self.port(),
            self.user(),
            self.identity(),
        )
    }

    /// The address a test uses first; 127.0.0.2 to 127.0.0.4 answer as well.
    #[must_use]
    pub fn host(&self) -> &'static str {
        "127.0.0.1"
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The login user: the one who runs the test.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The private key that opens it.
    #[must_use]
    pub fn identity(&self) -> &Path {
        self.identity.path()
    }

    /// Authorizes one more public key (a line of authorized_keys(5)).
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn authorize(&self, line: &str) -> Result<()> {
        let path = self.dir.path().join("authorized_keys");
        fs::write(&path, fs::read_to_string(&path)? + line + "\n")?;
        Ok(())
    }

    /// A scratch folder of this machine, for a test's own files.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// `$HOME` of the commands that run on it.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// The folder that comes first in the `PATH` of the commands that run on it.
    #[must_use]
    pub fn stub_dir(&self) -> PathBuf {
        self.dir.path().join("stubs")
    }

    /// Puts a program of this name first in the `PATH`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn stub(&self, name: &str, script: &str) -> Result<()> {
        write_script(&self.stub_dir().join(name), script)
    }

    /// Puts the ready-made podman, systemctl, journalctl and sudo into the `PATH`; see [`Self::container`] and
    /// [`Self::unit`] for their state, and [`Self::ran`] for what they were asked.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn stub_programs(&self) -> Result<()> {
        stubs::ALL.iter().try_for_each(|(name, script)| self.stub(name, script))
    }

    /// Puts a container before the stub podman.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn container(&self, name: &str, image: &str, running: bool) -> Result<()> {
        stubs::put_container(&self.home(), name, image, running)
    }

    /// The state of a container as the stub podman keeps it (`running`, `exited`), or nothing once it was removed.
    #[must_use]
    pub fn container_state(&self, name: &str) -> Option<String> {
        stubs::state(&self.home().join("containers").join(name))
    }

    /// Puts a unit before the stub systemctl: `active`, `inactive` or `failed`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn unit(&self, name: &str, active: &str) -> Result<()> {
        stubs::put_unit(&self.home(), name, active)
    }

    /// The state of a unit as the stub systemctl keeps it.
    #[must_use]
    pub fn unit_state(&self, name: &str) -> Option<String> {
        stubs::state(&self.home().join("units").join(name))
    }

    /// Puts a line into the stub journal, as one JSON object of `journalctl -o json`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn journal(&self, unit: &str, message: &str) -> Result<()> {
        stubs::put_journal(&self.home(), unit, message)
    }

    /// What the stub programs were asked, a line each: the name and its arguments.
    #[must_use]
    pub fn ran(&self) -> Vec<String> {
        lines(&self.home().join("argv.log"))
    }

    /// The command lines that clients sent, if [`SshdBuilder::record_commands`] was asked for.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        lines(&self.dir.path().join("commands"))
    }

    /// How many commands were started, by sshd's own log.
    #[must_use]
    pub fn execs(&self) -> usize {
        self.log().matches("Starting session: ").count()
    }

    /// How many logins worked, by sshd's own log.
    #[must_use]
    pub fn logins(&self) -> usize {
        self.log().matches("Accepted publickey for ").count()
    }

    /// What sshd logged so far, at VERBOSE: DEBUG would write into the commands' own standard error.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    /// The public host key of a type.
    ///
    /// # Errors
    /// If it offers no such key.
    pub fn public_host_key(&self, kind: KeyKind) -> Result<String> {
        Key::at(self.host_key(kind)).public().with_context(|| format!("this sshd offers no {kind:?} key"))
    }

    /// The line by which known_hosts knows one of its addresses, under its first host key.
    ///
    /// # Errors
    /// If the key file is gone.
    pub fn known_hosts_line(&self, address: &str) -> Result<String> {
        Ok(format!("[{address}]:{} {}", self.port, self.public_host_key(self.first_kind())?))
    }

    /// The SHA-256 fingerprint of its first host key.
    ///
    /// # Errors
    /// If ssh-keygen refuses.
    pub fn fingerprint(&self) -> Result<String> {
        Key::at(self.host_key(self.first_kind())).fingerprint()
    }

    fn first_kind(&self) -> KeyKind {
        self.builder.host_keys.first().copied().unwrap_or(KeyKind::Ed25519)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn write_script(path: &Path, script: &str) -> Result<()> {
    fs::write(path, script)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn current_user() -> Result<String> {
    let out = Command::new("id").arg("-un").output().context("failed to ask id(1) for the user's name")?;
    Ok(String::from_utf8(out.stdout)?.trim().to_owned())
}
