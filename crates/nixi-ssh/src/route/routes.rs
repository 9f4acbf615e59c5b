//! The routes of all targets, found anew when a file has changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use nixi_core::{ExecError, Place, SshTarget};

use super::find::Asker;
use super::records::Usual;
use super::{Records, Route, refused};
use crate::options::{SshConfigOptions, SshOptions};
use crate::ssh_config::{Fault, Owner, Refusal, Source, SshConfig, Stamps, System, load};

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
        let done = with(read.insert(now));
        // What this machine could not read just now, it may read the next time.
        let is_ours = |refusal: &Refusal| refusal.of == Fault::Controller;
        if read.as_ref().is_some_and(|read| read.config.as_ref().is_err_and(is_ours)) {
            *read = None;
        }
        done
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use nixi_core::{Given, Jump, Port, Unreachable};

    use super::*;

    #[test]
    fn what_cannot_be_read_just_now_is_our_own_and_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config");
        let node = SshTarget {
            host: "web".parse().unwrap(),
            port: Port::SSH,
            user: "nixi".parse().unwrap(),
            identity: None,
            given: Given { port: false, user: false },
            jump: Jump::Unsaid,
        };
        symlink("loop", dir.path().join("loop")).unwrap();
        // Reading the one is an error of input and output, listing the other leads nowhere.
        for include in ["/proc/self/mem", "loop/*.conf", "loop/*/a.conf"] {
            fs::write(&config, format!("Include {include}\nHost web\n  Port 7\n")).unwrap();
            fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
            let mut options = SshOptions::of_home(dir.path());
            options.ssh_config.user = Some(config.clone());
            let routes = Routes::new(&options);
            let ExecError::Unreachable { reason, detail, .. } = routes.find(&node).unwrap_err() else {
                panic!("{include}")
            };
            assert_eq!(reason, Unreachable::Controller, "{detail}");
            assert!(detail.contains("no fault of the node"), "{detail}");
            assert!(routes.read.lock().unwrap().is_none(), "{include}");
        }
        for include in ["none/*.conf", "config/*.conf", "none"] {
            fs::write(&config, format!("Include {include}\nHost web\n  Port 7\n")).unwrap();
            let mut options = SshOptions::of_home(dir.path());
            options.ssh_config.user = Some(config.clone());
            assert_eq!(Routes::new(&options).find(&node).unwrap().port.get(), 7, "{include}");
        }
    }
}
