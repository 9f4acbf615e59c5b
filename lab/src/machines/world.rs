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

use super::programs::{self, program};

const KEEPER: &str = include_str!("../../world/keeper.sh");
const WORLD: &str = include_str!("../../world/world.sh");

/// Where labs are written down while they run.
pub(super) const RUNNING: &str = "/run/nixi-lab";
/// The file of a lab's folder that names the first process of its world.
const LIVES: &str = "world";
/// The file that names its keeper.
const KEEPS: &str = "keeper";
/// How many labs may run beside each other.
const SLOTS: u8 = 250;
/// A folder without a keeper is one that is just being made, for so long.
const BIRTH: Duration = Duration::from_secs(60);

/// A running world.
#[derive(Debug)]
pub(super) struct World {
    slot: u8,
    process: Process,
    /// Whoever clears up; another world in the same slot has another.
    keeper: Process,
    /// The keeper, if it is ours to wait for: not when the world is to stay.
    held: Mutex<Option<Child>>,
}

impl World {
    /// A new world with a bridge, joined to this machine by one link.
    pub(super) fn start() -> Result<Self> {
        prepare()?;
        clear_dead()?;
        let slot = reserve()?;
        // The keeper clears its own folder, after which it may be another lab's.
        let keeper = start_keeper(slot).inspect_err(|_| {
            let _ = fs::remove_dir_all(folder(slot));
        })?;
        Self::kept(slot, keeper)
    }

    fn kept(slot: u8, mut held: Child) -> Result<Self> {
        let keeper =
            Process::of(Pid::from_child(&held).as_raw_nonzero().get()).context("the keeper ended at once")?;
        keeper.record(slot, KEEPS)?;
        let mut said = String::new();
        BufReader::new(held.stdout.take().context("the keeper has no output")?).read_line(&mut said)?;
        let Some(process) = said.trim().parse().ok().and_then(Process::of) else {
            let log = fs::read_to_string(folder(slot).join("keeper.log")).unwrap_or_default();
            drop(held.stdin.take());
            let _ = held.wait();
            bail!("the lab's namespaces could not be made: {}", log.trim());
        };
        let world = Self { slot, process, keeper, held: Mutex::new(Some(held)) };
        world.process.record(slot, LIVES)?;
        world.join_network()?;
        Ok(world)
    }

    /// One that runs already.
    pub(super) fn find(slot: u8) -> Option<Self> {
        let process = Process::recorded(slot, LIVES).filter(Process::is_alive)?;
        let keeper = Process::recorded(slot, KEEPS)?;
        Some(Self { slot, process, keeper, held: Mutex::new(None) })
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

    /// The address of the machine in this place, counted from 0.
    pub(super) fn machine_address(&self, number: u8) -> Ipv4Addr {
        self.address(10 + number)
    }

    fn address(&self, host: u8) -> Ipv4Addr {
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
    pub(super) fn command(&self, name: &str) -> Command {
        let mut command = nsenter();
        command.arg("--target").arg(self.process.pid.to_string());
        command.args(["--mount", "--net", "--pid", "--", name]);
        command
    }

    /// Runs a program in the world; an error holds what it said.
    pub(super) fn run(&self, name: &str, args: &[&str]) -> Result<()> {
        done(self.command(name).args(args), name)
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
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends it, unless it was released or is somebody else's.
    pub(super) fn end_if_ours(&self) {
        let is_ours = self.held.lock().unwrap_or_else(PoisonError::into_inner).is_some();
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
            if !self.keeper.is_alive() {
                // The slot may be another lab's by now.
                if Process::recorded(self.slot, KEEPS).as_ref() != Some(&self.keeper) {
                    return Ok(());
                }
                clear_dead()?;
            }
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

    fn record(&self, slot: u8, name: &str) -> Result<()> {
        write_down(&folder(slot), name, &format!("{} {}\n", self.pid, self.started))
    }

    /// Alive or not.
    fn recorded(slot: u8, name: &str) -> Option<Self> {
        let text = fs::read_to_string(folder(slot).join(name)).ok()?;
        let (pid, started) = text.trim().split_once(' ')?;
        Some(Self { pid: pid.parse().ok()?, started: started.to_owned() })
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

/// Writes a file of a lab's folder, of which others see all or nothing.
pub(super) fn write_down(folder: &Path, name: &str, text: &str) -> Result<()> {
    let new = folder.join(format!("{name}.new"));
    fs::write(&new, text)
        .and_then(|()| fs::rename(new, folder.join(name)))
        .with_context(|| format!("cannot write {name} of the lab in {}", folder.display()))
}

/// Starts what makes the world and clears up after it.
fn start_keeper(slot: u8) -> Result<Child> {
    let log = File::create(folder(slot).join("keeper.log")).context("cannot write the keeper's log")?;
    let mut keeper = program("bash");
    keeper.args(["-c", KEEPER, "keeper.sh", WORLD]).arg(folder(slot)).arg(slot.to_string());
    // A group of its own: Ctrl-C is for us, and the world ends with us.
    keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).process_group(0);
    keeper.spawn().context("cannot start bash (Debian package bash)")
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

/// Sees to it that there can be labs.
pub(super) fn prepare() -> Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "only root can run lab machines (`cargo xtask test` leaves their tests out for others)"
    );
    programs::check()?;
    fs::create_dir_all(RUNNING).with_context(|| format!("cannot make {RUNNING}"))
}

/// Waits for a lock among all labs of this machine, which lasts as long as what is returned.
pub(super) fn lock(name: &str) -> Result<File> {
    let lock = File::options().create(true).append(true).open(Path::new(RUNNING).join(name));
    let lock = lock.context("cannot open the labs' lock")?;
    flock(&lock, FlockOperation::LockExclusive).context("cannot lock the labs")?;
    Ok(lock)
}

/// Clears up after labs whose program and whose keeper were killed, if this user may.
///
/// # Errors
/// If something of them does not go away.
pub fn clear_dead() -> Result<()> {
    if !rustix::process::geteuid().is_root() || !Path::new(RUNNING).exists() {
        return Ok(());
    }
    // One at a time, so that a slot that was cleared and taken again in between is not cleared twice.
    let _lock = lock("lock")?;
    for slot in slots().into_iter().filter(|&slot| is_dead(slot)) {
        // With no world to run, all that the keeper does is clear up.
        let mut keeper = program("bash");
        keeper.args(["-c", KEEPER, "keeper.sh", "exit"]).arg(folder(slot)).arg(slot.to_string());
        done(&mut keeper, "keeper.sh")?;
    }
    Ok(())
}

fn is_dead(slot: u8) -> bool {
    let alive = |name: &str| Process::recorded(slot, name).is_some_and(|process| process.is_alive());
    if alive(LIVES) || alive(KEEPS) {
        return false;
    }
    let made = fs::metadata(folder(slot)).and_then(|meta| meta.modified());
    let age = made.ok().and_then(|time| time.elapsed().ok());
    folder(slot).join(KEEPS).exists() || age.is_some_and(|age| age > BIRTH)
}

/// nsenter(1), for what comes next. What it runs makes files that others can read, whatever the umask here.
pub(super) fn nsenter() -> Command {
    let mut command = program("sh");
    command.args(["-c", "umask 022 && exec nsenter \"$@\"", "nsenter"]);
    command
}

fn ip(args: &[&str]) -> Result<()> {
    done(program("ip").args(args), "ip")
}

pub(super) fn done(command: &mut Command, name: &str) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot start {name}"))?;
    ensure!(
        output.status.success(),
        "{name} failed in the lab ({}): {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}
