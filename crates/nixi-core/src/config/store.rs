//! The configuration on disk: read at any time, changed by one process at a time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::diagnose::{ConfigError, Misfit, Problem};
use super::edit::{ConfigEdit, EditError, OldNode};
use super::layers::{ConfigFiles, Loaded, read_text, same_file};
use super::model::Config;
use super::removal::Removal;
use super::target::Target;
use super::write_error::ConfigWriteError;

/// How long another process may hold the lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// The two files, and the one way to change the user's.
#[derive(Debug, Clone)]
pub struct ConfigStore {
    files: ConfigFiles,
    home: PathBuf,
    patience: Duration,
}

impl ConfigStore {
    /// A store over these files; `home` stands for `~/` in their paths. Nothing is read yet.
    #[must_use]
    pub fn new(files: ConfigFiles, home: PathBuf) -> Self {
        Self { files, home, patience: PATIENCE }
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &ConfigFiles {
        &self.files
    }

    /// What `~/` in the files stands for.
    #[must_use]
    pub fn home(&self) -> &std::path::Path {
        &self.home
    }

    /// Both layers, as they are now. Needs no lock: a change replaces the file in one step.
    ///
    /// # Errors
    ///
    /// As [`ConfigFiles::load`].
    pub fn load(&self) -> Result<Config, ConfigError> {
        self.files.load(&self.home)
    }

    /// What is wrong with nodes beyond what the files themselves tell.
    pub(crate) fn points_at(&self, misfits: &[Misfit]) -> ConfigError {
        self.files.points_at(misfits, &self.home)
    }

    /// Makes the change to the user's file and returns what holds now. Blocks: on the disk, and up to five seconds
    /// while another process changes the file; so not on a thread of the runtime.
    ///
    /// The file is read again under the lock, so no change of another process is lost. It is replaced in one step,
    /// behind symbolic links, and keeps its permissions. A file that is missing is made (0600, its directories 0700).
    /// Before that, both layers are put together as they would be after the change.
    ///
    /// # Errors
    ///
    /// The configuration is broken, or would be after the change, the change does not fit it, the system's file declares the node, the file is in
    /// the Nix store, the lock is held, or the disk refuses. Then nothing was changed.
    pub fn apply(&self, edit: &ConfigEdit) -> Result<Config, ConfigWriteError> {
        // Without the lock first: a change that cannot be made leaves no lock file and no directory behind.
        self.changed(edit, &self.files.user)?;
        let target = Target::find(&self.files.user)?;
        let _lock = target.lock(self.patience)?;
        let (text, after) = self.changed(edit, target.file())?;
        target.replace(&text)?;
        Ok(after)
    }

    /// What would hold after the change, which is not made.
    ///
    /// # Errors
    ///
    /// As [`ConfigStore::apply`]; nothing is written.
    pub(crate) fn preview(&self, edit: &ConfigEdit) -> Result<Config, ConfigWriteError> {
        let (_, after) = self.changed(edit, &self.files.user)?;
        Target::find(&self.files.user)?;
        Ok(after)
    }

    /// What removing this node would take out of the user's file.
    ///
    /// # Errors
    ///
    /// As [`ConfigStore::apply`] of that removal; nothing is written.
    pub fn removal(&self, old: OldNode) -> Result<Removal, ConfigWriteError> {
        let file = &self.files.user;
        let broken = |problem: Box<Problem>| ConfigWriteError::Broken(ConfigError::new((*problem).into()));
        let text = read_text(file).map_err(broken)?.unwrap_or_default();
        let error = |error| ConfigWriteError::Edit { file: file.clone(), error };
        Removal::of(&ConfigEdit::RemoveNode(old), &text).map_err(error)
    }

    /// The user's file, read from there, after the change, and what holds with it.
    fn changed(&self, edit: &ConfigEdit, from: &Path) -> Result<(String, Config), ConfigWriteError> {
        let now = self.load().map_err(ConfigWriteError::Broken)?;
        let broken = |problems| ConfigWriteError::Broken(ConfigError::new(problems));
        let system = Loaded::read(&self.files.system, &self.home).map_err(broken)?;
        let name = edit.name();
        let declared = system.settings.nodes.iter().any(|node| node.node.name() == name);
        if declared || same_file(&self.files.user, &self.files.system) {
            let file = self.files.system.clone();
            return Err(ConfigWriteError::DeclaredBySystem { name: name.clone(), file });
        }
        if let ConfigEdit::RemoveNode(old) | ConfigEdit::MoveNode(old, _) = edit
            && now.node(name).is_some_and(|entry| !old.is_still(&entry.node))
        {
            return Err(ConfigWriteError::Changed { name: name.clone(), file: self.files.user.clone() });
        }
        let text = read_text(from).map_err(|problem| broken((*problem).into()))?;
        let file = self.files.user.clone();
        let text = edit.apply(&text.unwrap_or_default()).map_err(|error| match error {
            EditError::Broken(error) => ConfigWriteError::Broken(error),
            EditError::Duplicate(name) => ConfigWriteError::Duplicate { name, file },
            EditError::NotFound { name, nearest } => ConfigWriteError::NotFound { name, nearest, file },
            EditError::Changed(name) => ConfigWriteError::Changed { name, file },
            EditError::Identity | EditError::Unverified => ConfigWriteError::Edit { file, error },
        })?;
        let after = self.files.load_with(text.clone(), &self.home).map_err(ConfigWriteError::Unfit)?;
        Ok((text, after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    #[test]
    fn a_held_lock_is_told_after_a_while() {
        let dir = tempfile::tempdir().unwrap();
        let files = ConfigFiles { user: dir.path().join("config.toml"), system: dir.path().join("etc.toml") };
        fs::write(&files.user, "[[nodes]]\nname = \"web\"\nhost = \"h\"\n").unwrap();
        let lock = File::create(dir.path().join("config.toml.lock")).unwrap();
        lock.lock().unwrap();
        let mut store = ConfigStore::new(files, PathBuf::from("/home/a"));
        store.patience = Duration::from_millis(20);
        let old = store.load().unwrap().nodes.first().and_then(|entry| OldNode::of(&entry.node)).unwrap();
        let edit = ConfigEdit::RemoveNode(old);
        assert!(matches!(store.apply(&edit), Err(ConfigWriteError::Locked { .. })));
        assert_eq!(store.load().unwrap().nodes.len(), 1);
        drop(lock);
        assert_eq!(store.apply(&edit).unwrap().nodes.len(), 0);
    }
}
