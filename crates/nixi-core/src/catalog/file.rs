//! Reads of files and folders, by the login user but for what a plan of root's is about to replace.

use crate::command::{Command, Elevation, FilePath, Program, Read};

const REALPATH: Program = Program::new("realpath");

/// The path without links on its way, with a NUL behind it (realpath(1)); the exit code is 1 if there is nothing there.
pub fn real(path: &FilePath) -> Command<Read> {
    real_path(path.as_str())
}

/// The same of the folder that a file lies in.
pub fn real_folder(of: &FilePath) -> Command<Read> {
    real_path(of.folder())
}

fn real_path(path: &str) -> Command<Read> {
    Command::read(REALPATH, ["--canonicalize-existing", "--zero", "--"]).and([path])
}

/// What the path leads to, as stat(1) prints it: type and permissions in hexadecimal, bytes, number and name of its user and
/// of its group, seconds of its last change since 1970, and how many names it has; a NUL behind each of them.
pub fn facts(path: &FilePath) -> Command<Read> {
    Command::read(Program::new("stat"), ["--dereference", r"--printf=%f\0%s\0%u\0%U\0%g\0%G\0%Y\0%h\0", "--"])
        .and([path.as_str()])
}

/// Who may do what with a file, as stat(1) prints it: type and permissions in hexadecimal, and the numbers of its user and its
/// group, with a NUL behind each.
pub fn rights(path: &FilePath) -> Command<Read> {
    Command::read(Program::new("stat"), ["--dereference", r"--printf=%f\0%u\0%g\0", "--"])
        .and([path.as_str()])
}

/// The same of the folder that a file lies in.
pub fn rights_of_folder(of: &FilePath) -> Command<Read> {
    Command::read(Program::new("stat"), ["--dereference", r"--printf=%f\0%u\0%g\0", "--"]).and([of.folder()])
}

/// Where git keeps what lies in the folder of a file, or in one above it: the path of each `.git` that is there, and its
/// type (find(1), `%y`). The exit code is 1 where one of them is not there.
pub fn repositories(of: &FilePath) -> Command<Read> {
    let folder = format!("{}/", of.folder().trim_end_matches('/'));
    let ends = folder.match_indices('/').map(|(at, _)| at + 1);
    let places: Vec<String> = ends.filter_map(|end| Some(format!("{}.git", folder.get(..end)?))).collect();
    Command::read(Program::new("find"), []).and(places).and(["-maxdepth", "0", "-printf", r"%p %y\n"])
}

/// The permissions of each folder on the way to a path without links, in hexadecimal with a NUL behind each, as stat(1)
/// prints them.
pub fn folders_on_the_way(to: &FilePath) -> Command<Read> {
    let ends = to.as_str().match_indices('/').map(|(at, _)| at.max(1));
    let folders: Vec<&str> = ends.filter_map(|end| to.as_str().get(..end)).collect();
    Command::read(Program::new("stat"), ["--dereference", r"--printf=%f\0", "--"]).and(folders)
}

/// Whether there is a link at the path, wherever it leads: the exit code is 0 if there is.
pub fn is_link(path: &FilePath) -> Command<Read> {
    Command::read(Program::new("test"), ["-L"]).and([path.as_str()])
}

/// Whether the login user may put files into the folder of a file: the exit code is 0 if they may.
pub fn may_write_folder(of: &FilePath) -> Command<Read> {
    Command::read(Program::new("test"), ["-w"]).and([of.folder()])
}

/// The number of the login user (id(1)).
pub fn user() -> Command<Read> {
    Command::read(Program::new("id"), ["--user"])
}

/// The numbers of the groups of the login user.
pub fn groups() -> Command<Read> {
    Command::read(Program::new("id"), ["--groups"])
}

/// The first bytes of a file. Not for what may be a pipe or a device, which could be waited for without end.
pub fn beginning(path: &FilePath, bytes: usize) -> Command<Read> {
    Command::read(Program::new("head"), []).and([format!("--bytes={bytes}")]).and(["--", path.as_str()])
}

/// What lies in a folder, itself not: for each entry, with NULs between, `l` and where a link leads, `f` and the name, `u` and
/// the user, `g` and the group, and last the type (a letter of find(1), `-type`), bytes, permissions in octal and seconds of the
/// last change since 1970. A NUL and a newline end it: no field begins with a newline, so that no name looks like an end.
pub fn list(folder: &FilePath) -> Command<Read> {
    Command::read(Program::new("find"), []).and([folder.as_str()]).and([
        "-mindepth",
        "1",
        "-maxdepth",
        "1",
        "-printf",
        r"l%l\0f%f\0u%u\0g%g\0%y %s %m %T@\0\n",
    ])
}

/// The SHA-256 of a file, as sha256sum(1) prints it; the exit code is 1 if there is none.
pub fn digest(path: &FilePath, reader: Elevation) -> Command<Read> {
    let command = Command::read(Program::new("sha256sum"), ["--"]).and([path.as_str()]);
    match reader {
        Elevation::LoginUser => command,
        Elevation::Root => command.by_root(),
    }
}

/// Who owns the folder of a file, and who may write there, as stat(1) prints it: a user's number and permissions in
/// octal.
pub(crate) fn folder(of: &FilePath) -> Command<Read> {
    Command::read(Program::new("stat"), ["--dereference", "--format=%u %a", "--"]).and([of.folder()])
}
