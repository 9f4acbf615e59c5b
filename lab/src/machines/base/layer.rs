//! A folder of the cache, named for the hash of what it is made from.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::Progress;

/// A layer that no checkout asked for in this time is thrown away when the next one is built.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);

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

    /// The name is given last, so a folder that has it is whole.
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
        let partial = self.folder.with_extension("partial");
        clear(&partial)?;
        fs::create_dir_all(partial.join("tree")).context("cannot make the layer's folder")?;
        let log = self.folder.with_extension("log");
        let mut written = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut child = Command::new("setpriv")
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
            .args(["bash", "-c", script, "build"])
            .arg(partial.join("tree"))
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(written.try_clone()?)
            .spawn()
            .context("cannot start unshare (Debian package util-linux)")?;
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

/// All files below a folder, by their names below `root`, each with its content.
pub(super) fn files_below(root: &Path, folder: &Path, into: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files_below(root, &path, into)?;
        } else {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            into.push((path.strip_prefix(root)?.to_owned(), bytes));
        }
    }
    Ok(())
}

/// Removes what nobody used for long.
pub(super) fn forget_old(cache: &Path) {
    let entries = fs::read_dir(cache).into_iter().flatten().flatten();
    for folder in entries.map(|entry| entry.path()).filter(|path| path.is_dir()) {
        let age =
            fs::metadata(&folder).and_then(|meta| meta.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > KEPT) {
            let _ = fs::remove_dir_all(folder);
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
    fn a_build_that_fails_leaves_no_layer_and_tells_its_last_words() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let cache = tempfile::tempdir().unwrap();
        let layer = Layer::new(cache.path(), "test", "0".to_owned());
        let mut steps = Vec::new();
        let failed =
            layer.build("echo step one; echo said >&2; exit 1", &[], &mut |step| steps.push(step.to_owned()));
        assert!(failed.unwrap_err().to_string().ends_with("said"));
        assert_eq!(steps, ["one"]);
        assert!(!layer.is_complete());
        layer.build("echo x >\"$1/file\"", &[], &mut |_| ()).unwrap();
        assert_eq!(fs::read_to_string(layer.tree().join("file")).unwrap(), "x\n");
    }
}
