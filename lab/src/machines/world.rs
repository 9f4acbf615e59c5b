//! Where the machines of one lab live: mount, network and PID namespaces under one first process.
//!
//! **Invariant.** Nothing is cleared away by a list of what was made. When the world's first process ends, the kernel
//! kills every process in it, and mounts, namespaces and links vanish with them; that process ends with the one that
//! started it, whichever way that went. Control groups and the folder are left, which `keeper.sh` removes, or the
//! next lab if the keeper was killed.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};

const KEEPER: &str = include_str!("../../world/keeper.sh");
const WORLD: &str = include_str!("../../world/world.sh");

/// Where labs are written down while they run.
pub(super) const RUNNING: &str = "/run/nixi-lab";
/// How many labs may run beside each other.
const SLOTS: u8 = 250;
/// A folder without a keeper is one that is just being made, for so long.
const BIRTH: Duration = Duration::from_secs(60);

/// A running world.
#[derive(Debug)]
pub(super) struct World {
    slot: u8,
    process: Process,
    /// Ours to wait for, unless the world is to stay.
    keeper: Mutex<Option<Child>>,
}

impl World {
    /// A new world with a bridge, joined to this machine by one link.
    pub(super) fn start() -> Result<Self> {
        ensure!(rustix::process::geteuid().is_root(), "only root can run lab machines");
        fs::create_dir_all(RUNNING).with_context(|| format!("cannot make {RUNNING}"))?;
        clear_dead()?;
        let slot = reserve()?;
        Self::in_slot(slot).inspect_err(|_| {
            let _ = fs::remove_dir_all(folder(slot));
        })
    }

    fn in_slot(slot: u8) -> Result<Self> {
        let mut keeper = Command::new("bash");
        keeper.args(["-c", KEEPER, "keeper.sh", WORLD]).arg(folder(slot)).arg(slot.to_string());
        // A group of its own: Ctrl-C is for us, and the world ends with us.
        keeper.stdin(Stdio::piped()).process_group(0);
        let log = File::create(folder(slot).join("keeper.log")).context("cannot write the keeper's log")?;
        let mut keeper = keeper
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("cannot start bash (Debian package bash)")?;
        // The keeper clears its own folder; nobody else does while it lives.
        Process::of(Pid::from_child(&keeper).as_raw_nonzero().get())
            .context("the keeper ended at once")?
            .record(&folder(slot).join("keeper"))?;
        let mut said = String::new();
        BufReader::new(keeper.stdout.take().context("the keeper has no output")?).read_line(&mut said)?;
        let Some(process) = said.trim().parse().ok().and_then(Process::of) else {
            let log = fs::read_to_string(folder(slot).join("keeper.log")).unwrap_or_default();
            drop(keeper.stdin.take());
            let _ = keeper.wait();
            bail!("the lab's namespaces could not be made: {}", log.trim());
        };
        let world = Self { slot, process, keeper: Mutex::new(Some(keeper)) };
        world.process.record(&folder(slot).join("world"))?;
        world.join_network()?;
        Ok(world)
    }

    /// One that runs already.
    pub(super) fn find(slot: u8) -> Option<Self> {
        let process = Process::recorded(&folder(slot).join("world"))?;
        Some(Self { slot, process, keeper: Mutex::new(None) })
    }

    fn join_network(&self) -> Result<()> {
        let link = format!("nixi-lab{}", self.slot);
        let pid = self.process.pid.to_string();
        ip(&["link", "add", &link, "type", "veth", "peer", "name", "uplink", "netns", &pid])?;
        ip(&["address", "add", &format!("{}/24", self.gateway()), "dev", &link])?;
        ip(&["link", "set", &link, "up"])?;
        self.run("ip", &["link", "set", "uplink", "master", "lan", "up"])
    }

    /// This machine's own address, as the lab's machines see it.
    pub(super) fn gateway(&self) -> Ipv4Addr {
        self.address(1)
    }

    pub(super) fn address(&self, host: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 213, self.slot, host)
    }

    /// What belongs to the lab on this machine's own disk; goes with the world.
    pub(super) fn folder(&self) -> PathBuf {
        folder(self.slot)
    }

    /// The control group of one of its machines.
    pub(super) fn cgroup(&self, machine: &str) -> PathBuf {
        let unified = Path::new("/sys/fs/cgroup/unified");
        let root = if unified.is_dir() { unified } else { Path::new("/sys/fs/cgroup") };
        root.join(format!("nixi-lab{}", self.slot)).join(machine)
    }

    /// A program that will run in the world, but on this machine's files.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = nsenter();
        command.arg("--target").arg(self.process.pid.to_string());
        command.args(["--mount", "--net", "--pid", "--", program]).stdin(Stdio::null());
        command
    }

    /// Runs a program in the world; an error holds what it said.
    pub(super) fn run(&self, program: &str, args: &[&str]) -> Result<()> {
        done(self.command(program).args(args), program)
    }

    /// Runs one of the world's scripts.
    pub(super) fn script(&self, name: &str, text: &str, args: &[&str]) -> Result<()> {
        done(self.command("bash").args(["-c", text, name]).args(args), name)
    }

    /// Lets it run on without us.
    pub(super) fn release(&self) -> Result<()> {
        let told = self.take_keeper().and_then(|mut keeper| keeper.stdin.take()?.write_all(b"stay\n").ok());
        told.context("the lab ended before it could be left standing")
    }

    fn take_keeper(&self) -> Option<Child> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends it, unless it was released or is somebody else's.
    pub(super) fn end_if_ours(&self) {
        let is_ours = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if is_ours {
            // What does not go away now is cleared by the next lab.
            let _ = self.end();
        }
    }

    /// Ends it, and waits until nothing of it is left.
    pub(super) fn end(&self) -> Result<()> {
        self.process.kill();
        if let Some(mut keeper) = self.take_keeper() {
            keeper.wait().context("cannot wait for the lab's keeper")?;
        }
        for _ in 0..1_000 {
            if !self.folder().exists() {
                return Ok(());
            }
            clear_dead()?;
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("the lab in {} does not go away", self.folder().display())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.end_if_ours();
    }
}

/// A process that cannot be taken for another one of the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    pid: i32,
    /// Field 22 of proc_pid_stat(5).
    started: String,
}

impl Process {
    fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the name in parentheses, which may itself hold spaces and parentheses.
        let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let is_over = ["Z", "X"].contains(fields.first()?);
        let started = (*fields.get(19)?).to_owned();
        (!is_over).then_some(Self { pid, started })
    }

    fn record(&self, file: &Path) -> Result<()> {
        fs::write(file, format!("{} {}\n", self.pid, self.started)).context("cannot write the world down")
    }

    fn recorded(file: &Path) -> Option<Self> {
        let text = fs::read_to_string(file).ok()?;
        let (pid, started) = text.trim().split_once(' ')?;
        let process = Self { pid: pid.parse().ok()?, started: started.to_owned() };
        process.is_alive().then_some(process)
    }

    fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    fn kill(&self) {
        if self.is_alive()
            && let Some(pid) = Pid::from_raw(self.pid)
        {
            // It may have ended by itself in between.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn folder(slot: u8) -> PathBuf {
    Path::new(RUNNING).join(slot.to_string())
}

/// Making the folder is taking the slot.
fn reserve() -> Result<u8> {
    for slot in 0..SLOTS {
        match fs::create_dir(folder(slot)) {
            Ok(()) => return Ok(slot),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).context("cannot make the lab's folder"),
        }
    }
    bail!("{SLOTS} labs run already: `cargo xtask lab status` names them")
}

/// The slots that are taken.
pub(super) fn slots() -> Vec<u8> {
    let entries = fs::read_dir(RUNNING).into_iter().flatten().flatten();
    let mut slots: Vec<u8> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    slots.sort_unstable();
    slots
}

/// Clears up after worlds whose keeper could not. One at a time, so that a slot that was cleared and taken again in
/// between is not cleared twice.
fn clear_dead() -> Result<()> {
    let lock = Path::new(RUNNING).join("lock");
    let lock = File::options().create(true).append(true).open(lock).context("cannot open the labs' lock")?;
    flock(&lock, FlockOperation::LockExclusive).context("cannot lock the labs")?;
    for slot in slots().into_iter().filter(|&slot| is_dead(slot)) {
        // With no world to run, all that the keeper does is clear up.
        let mut keeper = Command::new("bash");
        keeper.args(["-c", KEEPER, "keeper.sh", "exit"]).arg(folder(slot)).arg(slot.to_string());
        done(keeper.stdin(Stdio::null()), "keeper.sh")?;
    }
    Ok(())
}

fn is_dead(slot: u8) -> bool {
    let alive = |name: &str| Process::recorded(&folder(slot).join(name)).is_some();
    if alive("world") || alive("keeper") {
        return false;
    }
    let made = fs::metadata(folder(slot)).and_then(|meta| meta.modified());
    let age = made.ok().and_then(|time| time.elapsed().ok());
    folder(slot).join("keeper").exists() || age.is_some_and(|age| age > BIRTH)
}

/// nsenter(1), for what comes next. What it runs makes files that others can read, whatever the umask here.
pub(super) fn nsenter() -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "umask 022 && exec nsenter \"$@\"", "nsenter"]);
    command
}

fn ip(args: &[&str]) -> Result<()> {
    done(Command::new("ip").args(args).stdin(Stdio::null()), "ip")
}

fn done(command: &mut Command, name: &str) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot start {name}"))?;
    ensure!(
        output.status.success(),
        "{name} failed in the lab ({}): {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}
