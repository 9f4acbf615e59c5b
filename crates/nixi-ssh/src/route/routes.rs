//! The routes of all targets, found anew when a file has changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use nixi_core::{ExecError, Place, SshTarget};

use super::find::Asker;
use super::records::Usual;
use super::{Records, Route, refused};
use crate::options::{SshConfigOptions, SshOptions};
use crate::ssh_config::{Owner, Refusal, Source, SshConfig, Stamps, System, load};

/// Finds routes.
pub(crate) struct Routes {
    options: SshConfigOptions,
    usual: Usual,
    read: Mutex<Option<Read>>,
}

/// The files as they were read last.
struct Read {
    config: Result<SshConfig, Refusal>,
    stamps: Stamps,
    found: HashMap<SshTarget, Result<Arc<Route>, Refusal>>,
}

impl Routes {
    pub(crate) fn new(options: &SshOptions) -> Self {
        Self { options: options.ssh_config.clone(), usual: Usual::of(options), read: Mutex::new(None) }
    }

    /// The route of a target, by the files as they are now.
    pub(crate) fn find(&self, target: &SshTarget) -> Result<Arc<Route>, ExecError> {
        let found = self.with(|read| {
            if let Some(found) = read.found.get(target) {
                return found.clone();
            }
            let found = self.ask(read, |asker| asker.route(target)).map(Arc::new);
            read.found.insert(target.clone(), found.clone());
            found
        });
        found.map_err(|refusal| refused(&target.host, &refusal))
    }

    /// Where it leads, as far as that can be told.
    pub(crate) fn place(&self, target: &SshTarget) -> Place {
        let unasked =
            || Place { host: target.host.clone(), port: target.port, user: target.user.clone(), alias: None };
        self.find(target).map_or_else(|_| unasked(), |route| route.place())
    }

    /// The same target by the name under which its host keys are recorded.
    pub(crate) fn as_recorded(&self, target: &SshTarget) -> Result<SshTarget, ExecError> {
        let known_as = self.with(|read| self.ask(read, |asker| asker.known_as(target)));
        let (host, port) = known_as.map_err(|refusal| refused(&target.host, &refusal))?;
        Ok(SshTarget { host, port, ..target.clone() })
    }

    /// The files that the keys of a target are recorded in.
    pub(crate) fn records(&self, target: &SshTarget) -> Result<Records, ExecError> {
        let records = self.with(|read| self.ask(read, |asker| asker.records(target)));
        records.map_err(|refusal| refused(&target.host, &refusal))
    }

    fn with<T>(&self, with: impl FnOnce(&mut Read) -> T) -> T {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match read.take() {
            Some(read) if read.stamps.hold() => read,
            Some(_) | None => self.read_anew(),
        };
        with(read.insert(now))
    }

    fn ask<T>(
        &self,
        read: &Read,
        question: impl FnOnce(Asker<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let config = read.config.as_ref().map_err(Refusal::clone)?;
        question(Asker { config, system: self.system(), usual: &self.usual })
    }

    fn system(&self) -> System<'_> {
        let SshConfigOptions { home, local_user, variable, .. } = &self.options;
        System { home, local_user: local_user.as_deref(), variable: *variable }
    }

    fn read_anew(&self) -> Read {
        let SshConfigOptions { user, system, .. } = &self.options;
        let user = user.iter().map(|file| Source { file: file.clone(), of: Owner::User });
        let system = system.iter().map(|file| Source { file: file.clone(), of: Owner::System });
        let (config, stamps) = load(&user.chain(system).collect::<Vec<_>>(), self.system());
        Read { config, stamps, found: HashMap::new() }
    }
}
