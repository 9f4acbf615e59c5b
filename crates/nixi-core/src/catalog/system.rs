//! Reads of the machine as a whole.

use super::cat;
use crate::command::{Command, Program, Read};

/// os-release(5).
pub fn os_release() -> Command<Read> {
    cat("/etc/os-release")
}

/// uname(1): kernel name, release and machine.
pub fn kernel() -> Command<Read> {
    Command::read(Program::new("uname"), ["-srm"])
}

/// uname(1): the node's own host name.
pub fn host_name() -> Command<Read> {
    Command::read(Program::new("uname"), ["-n"])
}

/// nixos-version(8) as JSON; absent on other systems.
pub fn nixos_version() -> Command<Read> {
    Command::read(Program::new("nixos-version"), ["--json"])
}

/// proc_meminfo(5).
pub fn memory() -> Command<Read> {
    cat("/proc/meminfo")
}

/// proc_loadavg(5).
pub fn load() -> Command<Read> {
    cat("/proc/loadavg")
}

/// nproc(1): how many processors may be used.
pub fn processors() -> Command<Read> {
    Command::read(Program::new("nproc"), [])
}

/// Kinds of file systems that hold no data of their own.
pub const WITHOUT_DATA: [&str; 7] =
    ["tmpfs", "devtmpfs", "ramfs", "efivarfs", "squashfs", "overlay", "fuse.portal"];

/// df(1) in bytes, in the POSIX form, without file systems that hold no data of their own.
pub fn disks() -> Command<Read> {
    Command::read(Program::new("df"), ["-P", "-B1"])
        .and(WITHOUT_DATA.map(|kind| format!("--exclude-type={kind}")))
}

/// df(1) for versions that can leave nothing out, such as that of BusyBox: all file systems with their kinds, in blocks
/// of 1024 bytes.
pub fn all_disks_by_kind() -> Command<Read> {
    Command::read(Program::new("df"), ["-P", "-k", "-T"])
}

/// The same for versions that tell no kind either.
pub fn all_disks() -> Command<Read> {
    Command::read(Program::new("df"), ["-P", "-k"])
}

/// df(1) of the root file system alone.
pub fn root_disk() -> Command<Read> {
    Command::read(Program::new("df"), ["-P", "-B1", "--", "/"])
}

/// All processes: number, parent, name, control groups.
pub fn processes() -> Command<Read> {
    Command::read(Program::new("ps"), ["-ww", "-e", "-o", "pid=,ppid=,comm=,cgroup="])
}

/// Which boot it is: the kernel's id of it, then the status of the first process (proc_pid_stat(5)).
pub fn boot() -> Command<Read> {
    Command::read(Program::new("cat"), ["--", "/proc/sys/kernel/random/boot_id", "/proc/1/stat"])
}
