//! The files on disk, with all that they include.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wildmatch::WildMatch;

use super::parse::{Entry, Line, parse};
use super::{Place, Refusal, SshConfig};

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
    /// The user's own: nobody else may be able to write it.
    pub(crate) of_user: bool,
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
pub(crate) fn load(sources: &[Source], home: &Path) -> (Result<SshConfig, Refusal>, Stamps) {
    let mut loader = Loader { home, stamps: Stamps::default(), files: 0 };
    let mut config = SshConfig::default();
    for source in sources {
        let base = source.file.parent().unwrap_or(Path::new("/"));
        match loader.file(&source.file, source, base, 0) {
            Ok(lines) => config.files.push(lines),
            Err(refusal) => return (Err(refusal), loader.stamps),
        }
    }
    (Ok(config), loader.stamps)
}

struct Loader<'a> {
    home: &'a Path,
    stamps: Stamps,
    files: usize,
}

impl Loader<'_> {
    fn file(
        &mut self,
        path: &Path,
        source: &Source,
        base: &Path,
        depth: usize,
    ) -> Result<Vec<Line>, Refusal> {
        self.stamps.note(path);
        self.files += 1;
        let shared: Arc<Path> = path.into();
        let whole = Place { file: Arc::clone(&shared), line: 1 };
        if depth > DEEPEST || self.files > MOST {
            return Err(Refusal::at(
                &whole,
                "too many files include each other",
                "look for a circle of Include lines",
            ));
        }
        let Some(text) = read(path, source.of_user, &whole)? else { return Ok(Vec::new()) };
        let mut lines = parse(&shared, &text)?;
        for line in &mut lines {
            if let Entry::Include(words, files) = &mut line.entry {
                for word in words {
                    let included = self.paths(word, &line.place, base)?;
                    for path in included {
                        files.push(self.file(&path, source, base, depth + 1)?);
                    }
                }
            }
        }
        Ok(lines)
    }

    /// The files that a word of `Include` means, in the order of their names.
    fn paths(&mut self, word: &str, place: &Place, base: &Path) -> Result<Vec<PathBuf>, Refusal> {
        let path = match word.strip_prefix("~/") {
            Some(below) => self.home.join(below),
            None if word.starts_with('~') || word.contains("${") || word.contains('%') => {
                let why = format!("Include {word:?} has a variable or another user's home in it");
                return Err(Refusal::at(place, why, "write the path in full"));
            }
            None => base.join(word),
        };
        let mut found = vec![PathBuf::new()];
        for part in &path {
            let text = part.to_string_lossy();
            if text.contains('[') {
                let why = format!("Include {word:?} has a `[` in it, which Nixi does not read as a pattern");
                return Err(Refusal::at(place, why, "use * and ?"));
            }
            if !text.contains(['*', '?']) {
                found.iter_mut().for_each(|path| path.push(part));
                continue;
            }
            let pattern = WildMatch::new(&text);
            let mut deeper = Vec::new();
            for folder in found {
                self.stamps.note(&folder);
                let names =
                    fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
                let fits = |name: &std::ffi::OsString| {
                    let name = name.to_string_lossy();
                    pattern.matches(&name) && name.starts_with('.') == text.starts_with('.')
                };
                deeper.extend(names.filter(fits).map(|name| folder.join(name)));
            }
            deeper.sort();
            found = deeper;
        }
        Ok(found)
    }
}

/// The text of a file; nothing if there is none.
fn read(path: &Path, of_user: bool, whole: &Place) -> Result<Option<String>, Refusal> {
    let cannot = |error: std::io::Error| {
        Refusal::at(
            whole,
            format!("the file cannot be read: {error}"),
            "let your user read it, or take it away",
        )
    };
    let about = match fs::metadata(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        about => about.map_err(cannot)?,
    };
    // A pipe would be waited for; a folder, as ssh has it, says nothing.
    if !about.is_file() {
        return Ok(None);
    }
    if about.len() > LARGEST {
        return Err(Refusal::at(whole, "the file is longer than 4 MiB", "take it apart, or away"));
    }
    if of_user && is_open_to_others(&about) {
        let hint = format!("take it back: `chmod go-w {}`, and see that it is yours", path.display());
        return Err(Refusal::at(whole, "somebody else may write this file, so it is not trusted", &hint));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)).map_err(cannot)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// As ssh has it: it must belong to the user or to root, and only the owner may write it.
fn is_open_to_others(about: &Metadata) -> bool {
    let ours = about.uid() == 0 || about.uid() == rustix::process::geteuid().as_raw();
    !ours || about.mode() & 0o022 != 0
}
