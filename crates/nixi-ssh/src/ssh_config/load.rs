//! The files on disk, with all that they include.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fnmatch::Name;
use super::parse::{Entry, Included, Line, Text, parse};
use super::system::System;
use super::tokens::{Tokens, expand_variables};
use super::{Fault, Place, Refusal, SshConfig};

/// A file longer than this is none that a person wrote.
const LARGEST: u64 = 4 * 1024 * 1024;
/// How deep files may include others, as in ssh.
const DEEPEST: usize = 16;
/// How many files there may be altogether: a file that includes two that include two would never end.
const MOST: usize = 1000;

/// Where one of the files is.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) file: PathBuf,
    /// Whose it is.
    pub(crate) of: Owner,
}

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The user's own: nobody else may be able to write it.
    User,
    /// The system's. What it includes is looked at as strictly as what is the user's.
    System,
}

/// How every file and folder looked that was asked, so that a change is noticed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stamps(BTreeMap<PathBuf, Option<Stamp>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    changed: (i64, i64),
    length: u64,
    inode: u64,
}

impl Stamps {
    /// Whether all of it still looks the same.
    pub(crate) fn hold(&self) -> bool {
        self.0.iter().all(|(path, stamp)| look(path) == *stamp)
    }

    fn note(&mut self, path: &Path) {
        self.0.insert(path.to_path_buf(), look(path));
    }
}

fn look(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some(Stamp { changed: (about.ctime(), about.ctime_nsec()), length: about.len(), inode: about.ino() })
}

/// Reads the files; one that is missing says nothing.
pub(crate) fn load(sources: &[Source], system: System<'_>) -> (Result<SshConfig, Refusal>, Stamps) {
    let mut loader = Loader { system, stamps: Stamps::default(), files: 0 };
    let mut config = SshConfig::default();
    for source in sources {
        let base = source.file.parent().unwrap_or(Path::new("/"));
        let around = Around { of: source.of, base, depth: 0 };
        match loader.file(&source.file, source.of == Owner::User, around) {
            Ok(lines) => config.files.push(lines),
            Err(refusal) => return (Err(refusal), loader.stamps),
        }
    }
    (Ok(config), loader.stamps)
}

/// Where a file is included.
#[derive(Debug, Clone, Copy)]
struct Around<'a> {
    of: Owner,
    /// What paths that do not begin at the root begin at.
    base: &'a Path,
    depth: usize,
}

struct Loader<'a> {
    system: System<'a>,
    stamps: Stamps,
    files: usize,
}

impl Loader<'_> {
    fn file(&mut self, path: &Path, guarded: bool, around: Around<'_>) -> Result<Vec<Line>, Refusal> {
        self.stamps.note(path);
        self.files += 1;
        let shared: Arc<Path> = path.into();
        let whole = Place { file: Arc::clone(&shared), line: 1 };
        if around.depth > DEEPEST || self.files > MOST {
            return Err(Refusal::at(
                &whole,
                "too many files include each other",
                "look for a circle of Include lines",
            ));
        }
        let Some(bytes) = read(path, guarded, &whole)? else { return Ok(Vec::new()) };
        let mut lines = parse(Text { file: &shared, bytes: &bytes }, &self.system)?;
        let below = Around { depth: around.depth + 1, ..around };
        for line in &mut lines {
            if let Entry::Include(words, parts) = &mut line.entry {
                for word in words {
                    match self.paths(word, &line.place, around)? {
                        Found::Paths(paths) => {
                            for path in paths {
                                parts.push(Included::File(self.file(&path, true, below)?));
                            }
                        }
                        Found::Unclear => parts.push(Included::Unclear(word.clone())),
                    }
                }
            }
        }
        Ok(lines)
    }

    /// The files that a word of `Include` means, in the order of their names.
    fn paths(&mut self, word: &str, place: &Place, around: Around<'_>) -> Result<Found, Refusal> {
        let tokens =
            Tokens { home: Some(self.system.home), local_user: self.system.local_user, ..Tokens::default() };
        // A variable that is not set leads nowhere, as in newer ssh; older takes the words for a name, which is nowhere either.
        let word = match expand_variables(word, &tokens, &self.system) {
            Ok(word) => word,
            Err(missing) if missing.starts_with("${") && missing.ends_with('}') => {
                return Ok(Found::Paths(Vec::new()));
            }
            Err(_) => return Ok(Found::Unclear),
        };
        if word.starts_with('~') && around.of == Owner::System {
            let why = format!("include {word:?} begins with `~`, which the system's file cannot");
            return Err(Refusal::at(place, why, "write the path in full"));
        }
        let Ok(path) = self.system.tilde(&word) else { return Ok(Found::Unclear) };
        let mut found = vec![PathBuf::new()];
        for part in &around.base.join(path) {
            let Some(pattern) = Name::of(&part.to_string_lossy()) else { return Ok(Found::Unclear) };
            if let Some(only) = pattern.literal() {
                found.iter_mut().for_each(|path| path.push(&only));
                continue;
            }
            let mut deeper = Vec::new();
            for folder in found {
                self.stamps.note(&folder);
                let names = names(&folder).map_err(|error| ours(place, &folder, &error))?;
                deeper.extend(
                    names
                        .into_iter()
                        .filter(|name| pattern.fits(&name.to_string_lossy()))
                        .map(|name| folder.join(name)),
                );
            }
            found = deeper;
        }
        found.sort_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
        Ok(Found::Paths(found))
    }
}

const NO_FILE: &str = "it is a pipe, a socket or a device, and no file";

/// What a word of `Include` led to.
enum Found {
    Paths(Vec<PathBuf>),
    /// It has something in it that is known only for a host, or not here at all.
    Unclear,
}

fn is_empty(error: &io::Error) -> bool {
    use ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
}

/// What is in a folder; as in ssh, nothing if it is none or is closed to the user.
fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.file_name())).collect(),
        Err(error) if is_empty(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// This machine fails to read what is there.
fn ours(place: &Place, path: &Path, error: &io::Error) -> Refusal {
    let why = format!(
        "failed to read {}: {error}; that is no fault of the node, and nothing was sent",
        path.display()
    );
    let hint = "try again; look at the open files (`ulimit -n`), the memory and the disk of this machine";
    Refusal { of: Fault::Controller, ..Refusal::at(place, why, hint) }
}

/// The bytes of a file; nothing if there is none.
fn read(path: &Path, guarded: bool, whole: &Place) -> Result<Option<Vec<u8>>, Refusal> {
    let ours = |error: io::Error| ours(whole, path, &error);
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    // Opened first and looked at then, so that both are the same file; a pipe is not waited for.
    let file = match File::options().read(true).custom_flags(flags).open(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let why = format!("the file cannot be read: {error}");
            return Err(Refusal::at(whole, why, "let your user read it, or take it away"));
        }
        // A socket.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            return Err(Refusal::at(whole, NO_FILE, "put a regular file there, or take it away"));
        }
        file => file.map_err(ours)?,
    };
    let about = file.metadata().map_err(ours)?;
    if guarded && let Some(refusal) = distrust(&about, path, whole) {
        return Err(refusal);
    }
    // As ssh has it, a folder says nothing.
    if about.is_dir() {
        return Ok(None);
    }
    if !about.is_file() {
        return Err(Refusal::at(whole, NO_FILE, "put a regular file there, or take it away"));
    }
    if about.len() > LARGEST {
        return Err(Refusal::at(whole, "the file is longer than 4 MiB", "take it apart, or away"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(ours)?;
    Ok(Some(bytes))
}

/// Why a file is not trusted, as ssh has it: it must belong to the user or to root, and only the owner may write it.
fn distrust(about: &Metadata, path: &Path, whole: &Place) -> Option<Refusal> {
    let us = rustix::process::geteuid().as_raw();
    let shown = nixi_core::paste::path(path);
    if about.uid() != 0 && about.uid() != us {
        let why = format!(
            "the file belongs to {}, and neither to you nor to root, so it is not trusted, as with ssh",
            super::system::name_of(about.uid())
        );
        let hint = format!(
            "put a copy of your own in its place: `cp {shown} {shown}.own && mv -f {shown}.own {shown}`"
        );
        return Some(Refusal::at(whole, why, &hint));
    }
    if about.mode() & 0o022 == 0 {
        return None;
    }
    let why = "somebody else may write this file, so it is not trusted";
    let hint = if about.uid() == us || us == 0 {
        format!("take it back: `chmod go-w {shown}`")
    } else {
        format!("root has to take it back: `sudo chmod go-w {shown}`")
    };
    Some(Refusal::at(whole, why, &hint))
}
