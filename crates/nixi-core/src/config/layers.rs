//! The two files, one over the other.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::declared::Declared;
use super::diagnose::{ConfigError, Misfit, Problem, Problems, Sheet, show_path};
use super::jumps::Jumps;
use super::machines::Machines;
use super::model::{Config, Layer, LlmSettings, NodeEntry};
use super::read::{FileSettings, Scalars, at_odds, read};
use super::{NODES_OPTION, excerpt};
use crate::jump::Hop;
use crate::node::NodeName;
use crate::small_file::{self, SmallFile, Unread};
use crate::trust::{Distrust, distrust};

/// A configuration file is at most this long: that of twenty thousand nodes is.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Where the two configuration files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFiles {
    /// The user's own file; the one that Nixi writes.
    pub user: PathBuf,
    /// The system's file, `/etc/nixi/config.toml`.
    pub system: PathBuf,
}

impl ConfigFiles {
    /// Reads both files. A file that is not there says nothing; if neither is, [`Config::builtin`] holds.
    ///
    /// A `~/` in a path of either file is the given home directory. The user's scalars win over the system's; nodes
    /// add up.
    ///
    /// # Errors
    ///
    /// Every problem of both files, or a node of the user's file that the system's declares as well.
    pub fn load(&self, home: &Path) -> Result<Config, ConfigError> {
        let system = Loaded::read(&self.system, home);
        let user = if same_file(&self.user, &self.system) {
            Ok(Loaded::absent())
        } else {
            Loaded::read(&self.user, home)
        };
        match (system, user) {
            (Ok(system), Ok(user)) => self.merge(system, user),
            (Err(mut problems), Err(more)) => {
                problems.append(more);
                Err(ConfigError::new(problems))
            }
            (Err(problems), Ok(_)) | (Ok(_), Err(problems)) => Err(ConfigError::new(problems)),
        }
    }

    /// Both layers as they would be, if the user's file had this text.
    pub(crate) fn load_with(&self, user: String, home: &Path) -> Result<Config, ConfigError> {
        let system = Loaded::read(&self.system, home).map_err(ConfigError::new)?;
        let user = Loaded::of_text(&self.user, user, home).map_err(ConfigError::new)?;
        self.merge(system, user)
    }

    /// What is wrong with nodes beyond what the files themselves tell, each at the place where it is declared.
    pub(crate) fn points_at(&self, misfits: &[Misfit], home: &Path) -> ConfigError {
        let mut problems = Problems::default();
        let mut by_node: HashMap<&NodeName, Vec<&Misfit>> = HashMap::new();
        misfits.iter().for_each(|misfit| by_node.entry(&misfit.node).or_default().push(misfit));
        let user = (!same_file(&self.user, &self.system)).then_some(&self.user);
        for file in std::iter::once(&self.system).chain(user) {
            let Ok(loaded) = Loaded::read(file, home) else { continue };
            let mut sheet = Sheet::new(file, &loaded.text);
            for declared in &loaded.settings.nodes {
                for misfit in by_node.get(declared.node.name()).into_iter().flatten() {
                    sheet.report(declared.name_at.clone(), &misfit.message, misfit.hint.clone());
                }
            }
            problems.append(sheet.into_problems());
        }
        // The files may have changed since the nodes were read.
        if problems.count() < misfits.len() {
            let whole = |misfit: &Misfit| Problem::of_file(&self.user, &*misfit.message, misfit.hint.clone());
            problems = Problems::default();
            misfits.iter().map(whole).for_each(|problem| problems.push(problem));
        }
        ConfigError::new(problems)
    }

    fn merge(&self, system: Loaded, user: Loaded) -> Result<Config, ConfigError> {
        let mut sheet = Sheet::new(&self.user, &user.text);
        let names: HashSet<&NodeName> = system.settings.nodes.iter().map(|node| node.node.name()).collect();
        for declared in &user.settings.nodes {
            let name = declared.node.name();
            if names.contains(name) {
                let message = format!("node {name} is declared in {}", show_path(&self.system));
                let hint = format!("give it another name here, or change {NODES_OPTION} there");
                sheet.report(declared.name_at.clone(), &message, Some(hint));
            }
        }
        let machines = Machines::of(&system.settings.nodes);
        for declared in &user.settings.nodes {
            if let Some(other) = machines.at_odds_with(declared) {
                let (message, hint) = at_odds(&declared.node, &system.settings.nodes[other].node);
                sheet.report(declared.name_at.clone(), &message, Some(hint));
            }
        }
        if !sheet.is_clean() {
            return Err(ConfigError::new(sheet.into_problems()));
        }
        let (system, user) = self.joined(system, user)?;
        let mut config = Config::builtin();
        overlay(&mut config, system.settings.scalars);
        overlay(&mut config, user.settings.scalars);
        config.nodes.extend(system.settings.nodes.into_iter().map(|node| entry(node, Layer::System)));
        config.nodes.extend(user.settings.nodes.into_iter().map(|node| entry(node, Layer::User)));
        Ok(config)
    }

    /// Puts the jump hosts in where they are named: those of either file may be nodes of the other.
    fn joined(&self, mut system: Loaded, mut user: Loaded) -> Result<(Loaded, Loaded), ConfigError> {
        let jumps = Jumps::of(system.settings.nodes.iter().chain(&user.settings.nodes));
        let mut problems = Problems::default();
        for (file, loaded) in [(&self.system, &mut system), (&self.user, &mut user)] {
            let mut sheet = Sheet::new(file, &loaded.text);
            for declared in &mut loaded.settings.nodes {
                match jumps.way_to(declared) {
                    Ok(jump) => declared.node = declared.node.clone().by(jump),
                    Err(message) => {
                        let hint = "a way by way of jump hosts has to end somewhere: take one of them out";
                        sheet.report(declared.name_at.clone(), &message, Some(hint.to_owned()));
                    }
                }
            }
            problems.append(sheet.into_problems());
        }
        if problems.count() == 0 { Ok((system, user)) } else { Err(ConfigError::new(problems)) }
    }
}

/// Whether both paths lead to one file that is there.
pub(crate) fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn entry(declared: Declared, layer: Layer) -> NodeEntry {
    let words = |hops: Vec<Hop>| match hops.is_empty() {
        true => "none".to_owned(),
        false => hops.iter().map(Hop::to_string).collect::<Vec<_>>().join(","),
    };
    NodeEntry { node: declared.node, proxy_jump: declared.hops.map(words), layer }
}

fn overlay(config: &mut Config, over: Scalars) {
    set(&mut config.container.runtime, over.runtime);
    set(&mut config.ssh.connect_timeout, over.connect_timeout);
    set(&mut config.ssh.command_timeout, over.command_timeout);
    config.ssh.known_hosts = over.known_hosts.or(config.ssh.known_hosts.take());
    set(&mut config.ssh.identity, over.identity);
    set(&mut config.approval.routine, over.routine);
    set(&mut config.guard.timeout, over.guard_timeout);
    set(&mut config.file.roots, over.roots);
    if let Some(over) = over.llm {
        let llm = config.llm.get_or_insert_with(LlmSettings::builtin);
        set(&mut llm.base_url, over.base_url);
        set(&mut llm.model, over.model);
        // Two ways to one key: a layer that names either replaces both.
        if over.api_key_env.is_some() || over.api_key_file.is_some() {
            llm.api_key_env = over.api_key_env;
            llm.api_key_file = over.api_key_file;
        }
    }
}

fn set<T>(slot: &mut T, over: Option<T>) {
    if let Some(value) = over {
        *slot = value;
    }
}

/// One file as it was read.
pub(crate) struct Loaded {
    /// Without a byte order mark.
    text: String,
    pub(crate) settings: FileSettings,
}

impl Loaded {
    fn absent() -> Self {
        Self { text: String::new(), settings: FileSettings::default() }
    }

    pub(crate) fn read(file: &Path, home: &Path) -> Result<Self, Problems> {
        let text = read_text(file).map_err(|problem| Problems::from(*problem))?.unwrap_or_default();
        Self::of_text(file, text, home)
    }

    fn of_text(file: &Path, text: String, home: &Path) -> Result<Self, Problems> {
        let text = text.strip_prefix(BYTE_ORDER_MARK).map(str::to_owned).unwrap_or(text);
        let settings = read(file, &text, home)?;
        Ok(Self { text, settings })
    }
}

/// What some editors put before a text; it says nothing and is kept where it is.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// The file's text with every byte of it; `None` if there is no file.
pub(crate) fn read_text(file: &Path) -> Result<Option<String>, Box<Problem>> {
    let SmallFile { bytes, about, .. } = match small_file::read(file, MOST_BYTES) {
        Ok(read) => read,
        Err(Unread::Missing) => return Ok(None),
        Err(error) => {
            let hint = match error {
                Unread::Special("a directory") => Some("name the file in it"),
                Unread::Special(_) => Some("save its contents to a regular file and pass that file"),
                Unread::Missing | Unread::TooLong(_) | Unread::Failed(_) => None,
            };
            let message = format!("failed to read the file: {error}");
            return Err(Box::new(Problem::of_file(file, message, hint.map(str::to_owned))));
        }
    };
    if let Some(Distrust { why, hint, .. }) = distrust(file, &about) {
        let message = format!("{why}, and Nixi does not use it: whoever can write it chooses your machines");
        return Err(Box::new(Problem::of_file(file, message, Some(hint))));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let at = excerpt::Excerpt::new(&text, good..good + 1, false);
            Err(Box::new(Problem::at(file, at, "the file is not UTF-8 text")))
        }
    }
}
