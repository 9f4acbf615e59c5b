//! From a target and the user's SSH configuration to a route. Pure.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixi_core::{Given, Hop, Host, Jump, Port, SshTarget, UserName};

use super::{Keys, Route};
use crate::options::Agent;
use crate::ssh_config::{
    KeyFiles, Proxy, Query, Refusal, Settings, SshConfig, Tokens, expand, expand_path, settings,
};

/// The most machines on one way.
const MOST: usize = 9;

/// Who asks, and from where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) config: &'a SshConfig,
    pub(super) home: &'a Path,
    /// The files of known keys that are read.
    pub(super) known_hosts: &'a [PathBuf],
    pub(super) local_user: Option<&'a str>,
}

/// Where a machine is named, and with that who logs in there if no user is. That is never taken from the target: what
/// the files said may stand there by now, and a `Match user` would be answered in another way than before.
#[derive(Debug, Clone, Copy)]
enum Named {
    /// In Nixi's configuration: `nixi` logs in.
    ByNixi,
    /// In the files alone, as a jump host: whoever sits here, as with ssh.
    ByFiles,
}

/// A target with the words of the files, without the way there.
struct Looked {
    host: Host,
    port: Port,
    user: UserName,
    known_as: (Host, Port),
    settings: Settings,
}

impl Asker<'_> {
    /// The route, or the first reason why there is none.
    pub(super) fn route(&self, target: &SshTarget) -> Result<Route, Refusal> {
        self.way(target, Named::ByNixi, &mut Vec::new())
    }

    /// The name and port by which the host's keys are recorded, whether or not it may be connected to.
    pub(super) fn known_as(&self, target: &SshTarget) -> Result<(Host, Port), Refusal> {
        self.look(target, Named::ByNixi).map(|looked| looked.known_as)
    }

    fn way(
        &self,
        target: &SshTarget,
        named: Named,
        trail: &mut Vec<(Host, Port, UserName)>,
    ) -> Result<Route, Refusal> {
        let looked = self.look(target, named)?;
        if let Some(refusal) = looked.settings.refusals.first() {
            return Err(refusal.clone());
        }
        let here = (looked.host.clone(), looked.port, looked.user.clone());
        if trail.contains(&here) {
            return Err(circle(target));
        }
        if trail.len() >= MOST {
            return Err(Refusal {
                why: format!("there are more than {} jump hosts on the way", MOST - 1),
                hint: "take some out".to_owned(),
            });
        }
        trail.push(here);
        // The rest of a list stood where its last one did.
        let named = match target.jump {
            Jump::Unsaid => Named::ByFiles,
            Jump::Through(_) | Jump::Direct => named,
        };
        let via = match self.hops(target, &looked)?.split_last() {
            None => None,
            Some((last, before)) => {
                let mut last = last.clone();
                // The words of the list go over what is said of the jump host itself, as in ssh.
                if !before.is_empty() {
                    last.jump = Jump::Through(before.to_vec());
                }
                Some(Arc::new(self.way(&last, named, trail)?))
            }
        };
        let mut remarks = looked.settings.remarks.clone();
        remarks.extend(self.unread(target, &looked));
        let keys = self.keys(target, &looked, &mut remarks)?;
        let Looked { host, port, user, known_as, settings } = looked;
        let strict = settings.strict == Some(true);
        Ok(Route {
            name: target.host.clone(),
            host,
            port,
            user,
            known_as,
            keys,
            family: settings.family,
            strict,
            remarks,
            via,
        })
    }

    fn look(&self, target: &SshTarget, named: Named) -> Result<Looked, Refusal> {
        let original = target.host.as_str();
        let default_user = self.default_user(named);
        let found = settings(
            self.config,
            &Query {
                original,
                user: target.given.user.then_some(target.user.as_str()),
                default_user: default_user.as_str(),
                local_user: self.local_user,
                way_given: target.jump != Jump::Unsaid,
            },
        );
        let word = |what: &str, error: &dyn std::fmt::Display| Refusal {
            why: format!("the {what} of the SSH configuration cannot be used: {error}"),
            hint: "change it there, or say it in Nixi's configuration".to_owned(),
        };
        let host = match &found.host_name {
            Some(name) => name.parse().map_err(|error| word("HostName", &error))?,
            None => target.host.clone(),
        };
        let port = match found.port {
            Some(port) if !target.given.port => port,
            Some(_) | None => target.port,
        };
        let user = match &found.user {
            Some((place, user)) if !target.given.user => {
                user.parse().map_err(|error| word(&format!("User ({place})"), &error))?
            }
            Some(_) | None => target.user.clone(),
        };
        let known_as = match &found.host_key_alias {
            // As in ssh, an alias stands alone, whatever the port is.
            Some((place, alias)) => {
                let alias =
                    alias.parse().map_err(|error| word(&format!("HostKeyAlias ({place})"), &error))?;
                (alias, Port::SSH)
            }
            None => (host.clone(), port),
        };
        Ok(Looked { host, port, user, known_as, settings: found })
    }

    /// The jump hosts, the nearest first.
    fn hops(&self, target: &SshTarget, looked: &Looked) -> Result<Vec<SshTarget>, Refusal> {
        match (&target.jump, &looked.settings.proxy) {
            (Jump::Through(hops), _) => Ok(hops.clone()),
            (Jump::Direct, _) | (Jump::Unsaid, Some(Proxy::None) | None) => Ok(Vec::new()),
            (Jump::Unsaid, Some(Proxy::Jump(place, words))) => {
                let bad = |error: &dyn std::fmt::Display| Refusal {
                    why: format!("{place}: {error}"),
                    hint: "write [user@]host[:port], several with commas between".to_owned(),
                };
                let tokens = self.tokens(target, looked);
                let words =
                    expand(words, &tokens).map_err(|token| bad(&format!("ProxyJump knows no {token}")))?;
                let hops = Hop::list(&words).map_err(|error| bad(&error))?;
                Ok(hops.into_iter().map(|hop| self.stranger(hop)).collect())
            }
        }
    }

    fn default_user(&self, named: Named) -> UserName {
        let us = match named {
            Named::ByNixi => None,
            Named::ByFiles => self.local_user.and_then(|user| user.parse().ok()),
        };
        us.unwrap_or_else(UserName::page_default)
    }

    /// A jump host that only the files name.
    fn stranger(&self, Hop { user, host, port }: Hop) -> SshTarget {
        SshTarget {
            host,
            given: Given { port: port.is_some(), user: user.is_some() },
            port: port.unwrap_or(Port::SSH),
            user: user.unwrap_or_else(|| self.default_user(Named::ByFiles)),
            identity: None,
            jump: Jump::Unsaid,
        }
    }

    fn tokens<'b>(&'b self, target: &'b SshTarget, looked: &'b Looked) -> Tokens<'b> {
        Tokens {
            original: Some(target.host.as_str()),
            host: Some(looked.host.as_str()),
            key_name: Some(looked.known_as.0.as_str()),
            port: Some(looked.port.get()),
            user: Some(looked.user.as_str()),
            local_user: self.local_user,
            home: Some(self.home),
        }
    }

    /// Remarks on files of known keys that are named there and not read here.
    fn unread(&self, target: &SshTarget, looked: &Looked) -> Vec<String> {
        let tokens = self.tokens(target, looked);
        let is_read =
            |file: &String| expand_path(file, &tokens).is_ok_and(|path| self.known_hosts.contains(&path));
        let named = looked.settings.key_files.iter().filter(|named| !named.files.iter().all(is_read));
        named.map(|KeyFiles { keyword, place, .. }| format!("{keyword} of {place} is not honoured")).collect()
    }

    fn keys(&self, target: &SshTarget, looked: &Looked, remarks: &mut Vec<String>) -> Result<Keys, Refusal> {
        let tokens = self.tokens(target, looked);
        let found = &looked.settings;
        let mut of_config = Vec::new();
        for text in &found.identities {
            match expand_path(text, &tokens) {
                Ok(path) => of_config.push(path),
                Err(token) => {
                    remarks.push(format!("IdentityFile {text} has a {token} in it, which Nixi does not know"))
                }
            }
        }
        let agent = match &found.identity_agent {
            None => None,
            Some((_, word)) if word.eq_ignore_ascii_case("none") => Some(Agent::Off),
            Some((_, word)) if word == "SSH_AUTH_SOCK" => Some(Agent::Environment),
            Some((place, word)) => match expand_path(word, &tokens) {
                Ok(path) if !word.starts_with('$') => Some(Agent::Socket(path)),
                Ok(_) | Err(_) => {
                    return Err(Refusal {
                        why: format!(
                            "{place}: IdentityAgent {word} is a variable or has one in it, which Nixi does not read"
                        ),
                        hint: "write the path of the socket, or SSH_AUTH_SOCK".to_owned(),
                    });
                }
            },
        };
        Ok(Keys {
            own: target.identity.clone(),
            usual: found.identities.is_empty() && !found.no_identities,
            of_config,
            only: found.identities_only == Some(true),
            agent,
        })
    }
}

fn circle(target: &SshTarget) -> Refusal {
    Refusal {
        why: format!("the way leads in a circle: {} is a jump host on the way to itself", target.host),
        hint: "a ProxyJump under `Host *` is for the jump host too: say `ProxyJump none` under a `Host` of its own before it"
            .to_owned(),
    }
}
