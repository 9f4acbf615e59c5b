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
    for name in ["one", "two", "held", "web", "next"]
        .iter()
        .filter(|name| Path::new("/run/netns").join(name).exists())
    {
        found.insert(format!("named namespace {name}"));
    }
    if folder.exists() {
        found.insert(format!("folder {}", folder.display()));
    }
    found
}

/// The world's first process, and all that runs on its machines.
fn processes(folder: &Path) -> BTreeSet<u32> {
    let world = std::fs::read_to_string(folder.join("world")).unwrap();
    let first = world.split(' ').next().unwrap();
    let mut all = BTreeSet::from([first.parse().unwrap()]);
    let slot = folder.file_name().unwrap().to_str().unwrap();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(cgroup) = std::fs::read_to_string(entry.path().join("cgroup")) else { continue };
        if cgroup.contains(&format!("/nixi-lab{slot}/")) {
            all.insert(pid);
        }
    }
    all
}

fn output(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

fn assert_gone(folder: &Path, processes: &BTreeSet<u32>) {
    let begun = Instant::now();
    loop {
        let alive: Vec<_> =
            processes.iter().filter(|pid| Path::new(&format!("/proc/{pid}")).exists()).collect();
        let left = traces(folder);
        if alive.is_empty() && left.is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "left: {left:#?}, processes {alive:?}");
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
    let (folder, processes) = (lab.folder(), processes(&lab.folder()));
    assert!(traces(&folder).len() >= 4, "the test would see nothing: {:#?}", traces(&folder));
    assert!(processes.len() > 10, "{processes:?}");
    // Somebody still holds a machine; it ends with its lab all the same.
    let machine = lab.machine("one").clone();
    drop(lab);
    assert_eq!(traces(&folder), BTreeSet::new());
    assert!(processes.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists()));
    assert!(!machine.is_on());
}

#[test]
fn a_lab_whose_program_is_killed_goes_with_it() {
    let mut holder = Holder::start();
    let processes = processes(&holder.folder);
    kill_process(holder.pid(), Signal::KILL).unwrap();
    holder.child.wait().unwrap();
    assert_gone(&holder.folder, &processes);
}

#[test]
fn ctrl_c_ends_the_lab() {
    let mut holder = Holder::start();
    let processes = processes(&holder.folder);
    // What a terminal sends to all processes of the foreground.
    kill_process_group(holder.pid(), Signal::INT).unwrap();
    holder.child.wait().unwrap();
    assert_gone(&holder.folder, &processes);
}

#[test]
fn the_next_lab_clears_up_after_a_keeper_that_was_killed_too() {
    let mut holder = Holder::start();
    let processes = processes(&holder.folder);
    let keeper = keeper_of(&holder.folder);
    kill_process(keeper, Signal::KILL).unwrap();
    kill_process(holder.pid(), Signal::KILL).unwrap();
    holder.child.wait().unwrap();
    let begun = Instant::now();
    while processes.iter().any(|pid| Path::new(&format!("/proc/{pid}")).exists()) {
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
        assert_gone(&holder.folder, &processes);
    }
}

fn keeper_of(folder: &Path) -> Pid {
    let world = std::fs::read_to_string(folder.join("world")).unwrap();
    let parent = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap().to_owned()
    };
    // The first process is unshare's, and that is the keeper's.
    let keeper = parent(&parent(world.split(' ').next().unwrap()));
    Pid::from_raw(keeper.parse().unwrap()).unwrap()
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
    let processes = processes(&folder);
    standing.down().unwrap();
    assert_gone(&folder, &processes);
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
