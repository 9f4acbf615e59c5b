//! Reads of files that a plan is about to replace.

use crate::command::{Command, Elevation, FilePath, Program, Read};

/// The SHA-256 of a file, as sha256sum(1) prints it; the exit code is 1 if there is none.
pub(crate) fn digest(path: &FilePath, reader: Elevation) -> Command<Read> {
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
