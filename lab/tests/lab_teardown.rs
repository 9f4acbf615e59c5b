//! Nothing of a lab outlives it, whichever way it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nixi_lab::{Lab, StandingLab};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// What a lab in this folder has on this machine, outside its own namespaces.
fn traces(folder: &Path) -> BTreeSet<String> {
    let slot = folder.file_name().unwrap().to_str().unwrap();
    let mark = format!("nixi-lab{slot}");
    let mut found = BTreeSet::new();
    let mut find = |kind: &str, text: String, word: &str| {
        let lines = text.lines().filter(|line| line.split([' ', ':', '@', '/']).any(|part| part == word));
        found.extend(lines.map(|line| format!("{kind} {line}")));
    };
    find("link", output(Command::new("ip").args(["-o", "link"])), &mark);
    find("address", output(Command::new("ip").args(["-o", "address"])), &mark);
    find("control group", output(Command::new("find").args(["/sys/fs/cgroup", "-name", &mark])), &mark);
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    found.extend(
        mounts.lines().filter(|line| line.contains("/run/machines")).map(|line| format!("mount {line}")),
    );
    if folder.exists() {
        found.insert(format!("folder {}", folder.display()));
    }
    found
}

/// A process, which no later one of its id is taken for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Process {
    pid: u32,
    /// In ticks since the boot.
    started: u64,
}

impl Process {
    fn of(pid: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // One that has ended, and that nobody waits for, is none.
        let is_over = stat.rsplit_once(')')?.1.starts_with(" Z");
        Some(Self { pid, started: started(&stat)? }).filter(|_| !is_over)
    }

    /// The namespaces that it is in, as `net:[4026531840]`.
    fn namespaces(&self) -> BTreeSet<String> {
        let links = std::fs::read_dir(format!("/proc/{}/ns", self.pid)).into_iter().flatten().flatten();
        links.filter_map(|link| Some(std::fs::read_link(link.path()).ok()?.to_str()?.to_owned())).collect()
    }

    fn all() -> Vec<Self> {
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        entries.filter_map(|entry| Self::of(entry.file_name().to_str()?.parse().ok()?)).collect()
    }
}

/// Field 22 of proc_pid_stat(5); the second is a name in parentheses, which may itself hold spaces and parentheses.
fn started(stat: &str) -> Option<u64> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

/// What a lab consists of, inside.
#[derive(Debug)]
struct Inside {
    namespaces: BTreeSet<String>,
    /// Whatever is in one of them, and the keeper.
    processes: BTreeSet<Process>,
    /// When we looked, in ticks since the boot.
    seen: u64,
}

impl Inside {
    fn of(folder: &Path) -> Self {
        let slot = folder.file_name().unwrap().to_str().unwrap();
        let first = Process::of(first_of(folder)).unwrap();
        let on_machines = |process: &Process| {
            std::fs::read_to_string(format!("/proc/{}/cgroup", process.pid))
                .is_ok_and(|cgroup| cgroup.contains(&format!("/nixi-lab{slot}/")))
        };
        let own = Process::of(std::process::id()).unwrap().namespaces();
        let all = Process::all();
        let namespaces: BTreeSet<_> = all
            .iter()
            .filter(|process| **process == first || on_machines(process))
            .flat_map(Process::namespaces)
            .filter(|namespace| !own.contains(namespace))
            .collect();
        let mut processes: BTreeSet<_> =
            all.into_iter().filter(|process| !process.namespaces().is_disjoint(&namespaces)).collect();
        processes.insert(Process::of(keeper_of(folder)).unwrap());
        let seen = output(Command::new("cat").arg("/proc/self/stat"));
        let seen = started(&seen).unwrap();
        Self { namespaces, processes, seen }
    }

    fn has(&self, program: &str) -> bool {
        let runs = |process: &Process| std::fs::read_to_string(format!("/proc/{}/comm", process.pid));
        self.processes.iter().any(|process| runs(process).is_ok_and(|comm| comm.trim() == program))
    }

    /// What of it is there. Others may get the numbers of its namespaces, so only who is as old as it can be in them.
    fn left(&self) -> BTreeSet<String> {
        let is_ours = |process: &Process| {
            self.processes.contains(process)
                || process.started <= self.seen && !process.namespaces().is_disjoint(&self.namespaces)
        };
        let mut left: BTreeSet<_> = Process::all()
            .iter()
            .filter(|process| is_ours(process))
            .map(|process| format!("{process:?}"))
            .collect();
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let held =
            mounts.lines().filter(|line| self.namespaces.iter().any(|namespace| line.contains(namespace)));
        left.extend(held.map(|line| format!("held namespace {line}")));
        left
    }
}

fn output(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

fn assert_gone(folder: &Path, inside: &Inside) {
    let begun = Instant::now();
    loop {
        let left: BTreeSet<_> = traces(folder).union(&inside.left()).cloned().collect();
        if left.is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "left: {left:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program that holds a lab.
struct Holder {
    child: Child,
    folder: PathBuf,
}

impl Holder {
    fn start() -> Self {
        use std::os::unix::process::CommandExt as _;
        let tests = std::env::current_exe().unwrap();
        let held = tests.parent().unwrap().parent().unwrap().join("examples/held");
        let mut child = Command::new(held)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("the example `held` is built with the tests");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("/run/nixi-lab/"), "{line:?}");
        Self { child, folder: PathBuf::from(line.trim()) }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

#[test]
fn dropping_a_lab_leaves_nothing() {
    let lab = Lab::up(&["one", "two"]).unwrap();
    let (folder, inside) = (lab.folder(), Inside::of(&lab.folder()));
    assert!(traces(&folder).len() >= 4, "the test would see nothing: {:#?}", traces(&folder));
    assert!(inside.left().len() > 10 && inside.namespaces.len() > 6, "{inside:#?}");
    for program in ["bash", "nsenter", "unshare", "systemd-nspawn", "systemd", "sshd"] {
        assert!(inside.has(program), "no {program}: {inside:#?}");
    }
    // Somebody still holds a machine; it ends with its lab all the same.
    let machine = lab.machine("one").clone();
    drop(lab);
    assert_eq!(traces(&folder), BTreeSet::new());
    assert_eq!(inside.left(), BTreeSet::new());
    assert!(!machine.is_on());
}

/// The other tests would see it.
#[test]
fn somebody_who_stays_in_a_namespace_is_seen() {
    let lab = Lab::up(&["one"]).unwrap();
    let first = first_of(&lab.folder());
    let enter = ["--net", "--target", &first.to_string(), "--", "sleep", "60"];
    let mut stays = Command::new("nsenter").args(enter).spawn().unwrap();
    let pid = stays.id();
    let network = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
    while network(pid) != network(first) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let inside = Inside::of(&lab.folder());
    drop(lab);
    let left = inside.left();
    stays.kill().unwrap();
    stays.wait().unwrap();
    assert!(left.len() == 1 && left.iter().all(|one| one.contains(&pid.to_string())), "{left:?}");
    assert_eq!(inside.left(), BTreeSet::new());
}

#[test]
fn a_lab_whose_program_is_killed_goes_with_it() {
    let mut holder = Holder::start();
    let inside = Inside::of(&holder.folder);
    kill_process(holder.pid(), Signal::KILL).unwrap();
    holder.child.wait().unwrap();
    assert_gone(&holder.folder, &inside);
}

#[test]
fn ctrl_c_ends_the_lab() {
    let mut holder = Holder::start();
    let inside = Inside::of(&holder.folder);
    // What a terminal sends to all processes of the foreground.
    kill_process_group(holder.pid(), Signal::INT).unwrap();
    holder.child.wait().unwrap();
    assert_gone(&holder.folder, &inside);
}

#[test]
fn the_next_lab_clears_up_after_a_keeper_that_was_killed_too() {
    let mut holder = Holder::start();
    let inside = Inside::of(&holder.folder);
    let keeper = Pid::from_raw(keeper_of(&holder.folder).cast_signed()).unwrap();
    kill_process(keeper, Signal::KILL).unwrap();
    kill_process(holder.pid(), Signal::KILL).unwrap();
    holder.child.wait().unwrap();
    let begun = Instant::now();
    while !inside.left().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!traces(&holder.folder).is_empty(), "there is nothing to clear up");
    let lab = Lab::up(&["next"]).unwrap();
    let next = lab.folder();
    drop(lab);
    if next == holder.folder {
        assert_eq!(traces(&next), BTreeSet::new());
    } else {
        assert_gone(&holder.folder, &inside);
    }
}

/// The world's first process.
fn first_of(folder: &Path) -> u32 {
    let world = std::fs::read_to_string(folder.join("world")).unwrap();
    world.split(' ').next().unwrap().parse().unwrap()
}

fn keeper_of(folder: &Path) -> u32 {
    let parent = |pid: u32| -> u32 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    // The first process is unshare's, and that is the keeper's.
    parent(parent(first_of(folder)))
}

#[test]
fn labs_beside_each_other_do_not_collide() {
    let one = Lab::up(&["web"]).unwrap();
    let two = Lab::up(&["web"]).unwrap();
    let (first, second) = (one.machine("web"), two.machine("web"));
    assert_ne!(first.address(), second.address());
    assert_ne!(first.known_hosts_line().unwrap(), second.known_hosts_line().unwrap());
    first.root("echo one >/var/whose").unwrap();
    assert_ne!(second.try_root("cat /var/whose").unwrap().code, 0);
    drop(one);
    assert!(second.answers_ssh());
}

#[test]
fn a_standing_lab_is_found_again_and_taken_down() {
    let name = format!("test-{}", std::process::id());
    let up = || Lab::builder().machine(nixi_lab::MachineSpec::new("web")).up_standing(&name, "a test");
    let lab = up().unwrap();
    let folder = lab.folder();
    drop(lab);
    assert_eq!(up().unwrap_err().to_string(), format!("a lab named {name} is up already"));
    let standing = StandingLab::find(&name).unwrap();
    assert_eq!(standing.owner(), "a test");
    let machine = &standing.machines()[0];
    assert_eq!(machine.name(), "web");
    assert!(machine.answers_ssh());
    let inside = Inside::of(&folder);
    standing.down().unwrap();
    assert_gone(&folder, &inside);
    assert!(StandingLab::find(&name).is_none());
}

#[test]
fn of_two_labs_of_one_name_only_one_comes_up() {
    let name = format!("test-twice-{}", std::process::id());
    let up = || Lab::builder().machine(nixi_lab::MachineSpec::new("web")).up_standing(&name, "a test");
    let (one, two) = std::thread::scope(|scope| {
        let other = scope.spawn(up);
        (up(), other.join().unwrap())
    });
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let refused = one.and(two).unwrap_err().to_string();
    assert_eq!(refused, format!("a lab named {name} is up already"));
    StandingLab::find(&name).unwrap().down().unwrap();
}
