//! The files of known keys of one host.

use std::path::{Path, PathBuf};

use nixi_core::SshTarget;

use super::find::{Asker, Looked};
use crate::options::{NamedBy, SshOptions};
use crate::ssh_config::{Fault, Refusal, expand_path};

/// Where the keys of a host are on record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Records {
    /// The user's, which `nixi remove` takes hosts out of.
    pub(crate) user: Vec<PathBuf>,
    /// The system's, which are only read.
    pub(crate) system: Vec<PathBuf>,
    /// The one that a new key is written into; with none, it is not kept.
    pub(crate) new: Option<PathBuf>,
}

/// The files where the SSH configuration names none.
#[derive(Debug, Clone)]
pub(super) struct Usual {
    main: PathBuf,
    by: NamedBy,
    more: Vec<PathBuf>,
    system: Vec<PathBuf>,
}

impl Usual {
    pub(super) fn of(options: &SshOptions) -> Self {
        Self {
            main: options.known_hosts.clone(),
            by: options.known_hosts_by,
            more: options.more_known_hosts.clone(),
            system: options.system_known_hosts.clone(),
        }
    }
}

impl Asker<'_> {
    pub(super) fn records_of(&self, target: &SshTarget, looked: &Looked) -> Result<Records, Refusal> {
        let tokens = self.tokens(target, looked);
        let Usual { main, by, more, system } = self.usual.clone();
        let unknown = |place: &dyn std::fmt::Display, file: &str, unknown: &str| Refusal {
            why: format!(
                "{place}: the file {file} has {unknown} in it, which is not set, or which Nixi does not know"
            ),
            hint: "write the path of the known_hosts file in full".to_owned(),
            of: Fault::Files,
        };
        let named = match &looked.settings.user_key_files {
            Some(named) => {
                let path = |file: &String| {
                    expand_path(file, &tokens, &self.system)
                        .map_err(|token| unknown(&named.place, file, &token))
                };
                named.files.iter().map(path).collect::<Result<Vec<_>, _>>()?
            }
            None => std::iter::once(main.clone()).chain(more).collect(),
        };
        let user = match by {
            NamedBy::Nixi if !named.contains(&main) => std::iter::once(main).chain(named).collect(),
            NamedBy::Nixi | NamedBy::Nobody => named,
        };
        let system = match &looked.settings.system_key_files {
            // No tokens here, as in ssh.
            Some(named) => {
                let path = |file: &String| {
                    self.system
                        .tilde(file)
                        .map(PathBuf::from)
                        .map_err(|user| unknown(&named.place, file, &user))
                };
                named.files.iter().map(path).collect::<Result<Vec<_>, _>>()?
            }
            None => system,
        };
        let new = user.first().filter(|file| *file != Path::new(NOTHING)).cloned();
        let kept =
            |files: Vec<PathBuf>| files.into_iter().filter(|file| file != Path::new(NOTHING)).collect();
        Ok(Records { user: kept(user), system: kept(system), new })
    }
}

/// The file that is always empty, whatever is written into it.
const NOTHING: &str = "/dev/null";
