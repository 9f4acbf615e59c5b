//! A folder of the cache, named for the hash of what it is made from.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use super::Progress;
use crate::machines::programs::program;

/// A layer that no checkout asked for in this time is thrown away when the next one is built.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);
/// What goes before every script: a layer is the same, whoever builds it with whatever umask.
const FOR_ANYBODY: &str = "umask 022; chmod 0755 -- \"$1\"\n";
/// The ending of what is being deleted.
const DOOMED: &str = "doomed";

pub(super) struct Layer {
    folder: PathBuf,
    hash: String,
}

impl Layer {
    pub(super) fn new(cache: &Path, name: &str, hash: String) -> Self {
        Self { folder: cache.join(format!("{name}-{hash}")), hash }
    }

    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    pub(super) fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// The name is given last and taken away first, so a folder that has it is whole.
    pub(super) fn is_complete(&self) -> bool {
        self.tree().is_dir()
    }

    /// Says that it is in use: see [`forget_old`].
    pub(super) fn mark_used(&self) {
        // Unmarked, it is only built again some day.
        let _ = File::open(&self.folder).and_then(|folder| folder.set_modified(SystemTime::now()));
    }

    /// Runs `SCRIPT TREE ARGS...` for a new folder, then gives it its name. The script tells its steps as lines
    /// `step NAME`; all else it says goes to the log.
    pub(super) fn build(
        &self,
        script: &str,
        args: &[&std::ffi::OsStr],
        progress: Progress<'_>,
    ) -> Result<()> {
        self.build_if(script, args, progress, || Ok(self.hash.clone()))
    }

    /// As [`Self::build`], for a script that reads what may be edited meanwhile: it has no name unless what `hash`
    /// tells afterwards is the hash that is part of it.
    pub(super) fn build_if(
        &self,
        script: &str,
        args: &[&std::ffi::OsStr],
        progress: Progress<'_>,
        hash: impl FnOnce() -> Result<String>,
    ) -> Result<()> {
        let partial = self.folder.with_extension("partial");
        clear(&partial)?;
        fs::create_dir_all(partial.join("tree")).context("cannot make the layer's folder")?;
        let log = self.folder.with_extension("log");
        let mut written = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut child = program("setpriv")
            // It ends with us, so that a second build never meets the first.
            .args(["--pdeathsig", "KILL", "unshare"])
            // Whatever the script mounts goes with it, and so does whatever it leaves running.
            .args([
                "--mount",
                "--propagation",
                "private",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "--",
            ])
            .args(["bash", "-c", &[FOR_ANYBODY, script].concat(), "build"])
            .arg(partial.join("tree"))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(written.try_clone()?)
            .spawn()
            .context("cannot start setpriv (Debian package util-linux)")?;
        let out = child.stdout.take().context("the build has no output")?;
        for line in BufReader::new(out).lines() {
            let line = line.unwrap_or_default();
            match line.strip_prefix("step ") {
                Some(step) => progress(step),
                None => writeln!(written, "{line}")?,
            }
        }
        if !child.wait()?.success() {
            bail!("the machines' file tree cannot be built; the end of {}:\n{}", log.display(), tail(&log));
        }
        ensure!(
            hash()? == self.hash,
            "what the machines' file tree is made from was edited while it was built: try again"
        );
        fs::rename(&partial, &self.folder).context("cannot name the new layer")?;
        let _ = fs::remove_file(log);
        Ok(())
    }
}

fn tail(log: &Path) -> String {
    let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// A hash over names and contents.
pub(super) fn hash<'a>(parts: impl IntoIterator<Item = (&'a Path, &'a [u8])>) -> String {
    let mut hash = Sha256::new();
    for (name, bytes) in parts {
        for piece in [name.as_os_str().as_encoded_bytes(), bytes] {
            hash.update((piece.len() as u64).to_le_bytes());
            hash.update(piece);
        }
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// All files below a folder, by their names below `root`, each with its content after a letter that tells whether it
/// can be executed.
pub(super) fn files_below(root: &Path, folder: &Path, into: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files_below(root, &path, into)?;
        } else {
            let read = || -> std::io::Result<_> {
                let mode = fs::metadata(&path)?.permissions().mode();
                Ok([if mode & 0o111 == 0 { b"-".to_vec() } else { b"x".to_vec() }, fs::read(&path)?].concat())
            };
            let bytes = read().with_context(|| format!("cannot read {}", path.display()))?;
            into.push((path.strip_prefix(root)?.to_owned(), bytes));
        }
    }
    Ok(())
}

/// Removes what nobody used for long, and what an earlier removal left. It loses its name first: half a layer must not
/// look like one.
pub(super) fn forget_old(cache: &Path) {
    let entries = fs::read_dir(cache).into_iter().flatten().flatten();
    for folder in entries.map(|entry| entry.path()).filter(|path| path.is_dir()) {
        let age =
            fs::metadata(&folder).and_then(|meta| meta.modified()).ok().and_then(|time| time.elapsed().ok());
        if folder.extension().is_some_and(|ending| ending == DOOMED) {
            let _ = fs::remove_dir_all(folder);
        } else if age.is_some_and(|age| age > KEPT) {
            let doomed = folder.with_extension(DOOMED);
            let _ = fs::rename(folder, &doomed).and_then(|()| fs::remove_dir_all(doomed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_tells_names_and_contents_apart() {
        let of = |parts: &[(&str, &str)]| {
            hash(parts.iter().map(|(name, text)| (Path::new(*name), text.as_bytes())))
        };
        assert_eq!(of(&[("a", "bc")]), of(&[("a", "bc")]));
        assert_ne!(of(&[("a", "bc")]), of(&[("ab", "c")]));
        assert_ne!(of(&[("a", "b"), ("c", "d")]), of(&[("a", "bcd")]));
    }

    #[test]
    fn a_hash_tells_whether_a_file_can_be_executed_and_nothing_else_of_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "text").unwrap();
        let of = |mode: u32| {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let mut parts = Vec::new();
            files_below(folder.path(), folder.path(), &mut parts).unwrap();
            hash(parts.iter().map(|(path, bytes)| (path.as_path(), bytes.as_slice())))
        };
        assert_eq!(of(0o644), of(0o600));
        assert_eq!(of(0o755), of(0o700));
        assert_ne!(of(0o755), of(0o644));
    }

    #[test]
    fn what_is_old_is_forgotten_and_what_an_interrupted_removal_left_too() {
        let cache = tempfile::tempdir().unwrap();
        let layer = |name: &str| Layer::new(cache.path(), name, "0".to_owned());
        for name in ["old", "used", "new", "left"] {
            fs::create_dir_all(layer(name).tree()).unwrap();
        }
        let long_ago = SystemTime::now() - KEPT - Duration::from_secs(60);
        for name in ["old", "used"] {
            File::open(&layer(name).folder).unwrap().set_modified(long_ago).unwrap();
        }
        layer("used").mark_used();
        fs::rename(&layer("left").folder, layer("left").folder.with_extension(DOOMED)).unwrap();
        forget_old(cache.path());
        let mut names: Vec<_> = fs::read_dir(cache.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["new-0", "used-0"]);
    }

    /// Only root can build.
    fn cache() -> Option<tempfile::TempDir> {
        rustix::process::geteuid().is_root().then(|| tempfile::tempdir().unwrap())
    }

    fn build(layer: &Layer, script: &str) -> Result<()> {
        layer.build(script, &[], &mut |_| ())
    }

    #[test]
    fn a_build_that_fails_leaves_no_layer_and_tells_its_last_words() {
        let Some(cache) = cache() else { return };
        let layer = Layer::new(cache.path(), "test", "0".to_owned());
        let mut steps = Vec::new();
        let failed =
            layer.build("echo step one; echo said >&2; exit 1", &[], &mut |step| steps.push(step.to_owned()));
        assert!(failed.unwrap_err().to_string().ends_with("said"));
        assert_eq!(steps, ["one"]);
        assert!(!layer.is_complete());
        build(&layer, "echo x >\"$1/file\"").unwrap();
        assert_eq!(fs::read_to_string(layer.tree().join("file")).unwrap(), "x\n");
    }

    #[test]
    fn nothing_of_a_build_that_broke_off_is_in_the_next_one() {
        let Some(cache) = cache() else { return };
        let layer = Layer::new(cache.path(), "test", "0".to_owned());
        build(&layer, "echo x >\"$1/half\"; exit 1").unwrap_err();
        assert!(!layer.is_complete());
        assert!(layer.folder.with_extension("partial").join("tree/half").exists());
        build(&layer, "echo x >\"$1/whole\"").unwrap();
        assert!(!layer.tree().join("half").exists() && layer.tree().join("whole").exists());
    }

    #[test]
    fn a_layer_whose_source_was_edited_meanwhile_gets_no_name() {
        let Some(cache) = cache() else { return };
        let layer = Layer::new(cache.path(), "test", "0".to_owned());
        let built = layer.build_if("true", &[], &mut |_| (), || Ok("1".to_owned()));
        assert!(built.unwrap_err().to_string().contains("was edited while it was built"));
        assert!(!layer.is_complete());
    }

    #[test]
    fn a_layer_does_not_depend_on_the_umask_of_its_builder() {
        let Some(cache) = cache() else { return };
        let layer = Layer::new(cache.path(), "test", "0".to_owned());
        let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        let built = build(&layer, "echo x >\"$1/file\"");
        rustix::process::umask(before);
        built.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&layer.tree()), mode(&layer.tree().join("file"))), (0o755, 0o644));
    }
}
