//! From a target and the user's SSH configuration to a route. Pure.

use std::sync::Arc;

use nixi_core::{Given, Host, Jump, Port, SshTarget, UserName};

use super::records::Usual;
use super::{Keys, Records, Route};
use crate::options::Agent;
use crate::ssh_config::{
    Fault, Place, Proxy, Query, RawHop, Refusal, Settings, SshConfig, System, Tokens, expand, expand_path,
    expand_variables, settings,
};

/// The most machines on one way.
const MOST: usize = 9;

/// The fewest bits of an RSA key that ssh takes, whatever its configuration says.
pub(crate) const RSA_BITS: u32 = 1024;

/// Who asks, and from where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) config: &'a SshConfig,
    pub(super) system: System<'a>,
    /// The files of known keys where the SSH configuration names none.
    pub(super) usual: &'a Usual,
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
pub(super) struct Looked {
    host: Host,
    port: Port,
    user: UserName,
    known_as: (Host, Port),
    pub(super) settings: Settings,
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

    /// The files that the host's keys are recorded in.
    pub(super) fn records(&self, target: &SshTarget) -> Result<Records, Refusal> {
        let looked = self.look(target, Named::ByNixi)?;
        self.records_of(target, &looked)
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
                of: Fault::Files,
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
        let records = self.records_of(target, &looked)?;
        let keys = self.keys(target, &looked, &mut remarks)?;
        let Looked { host, port, user, known_as, settings } = looked;
        let (strict, check_ip) = (settings.strict == Some(true), settings.check_ip == Some(true));
        Ok(Route {
            name: target.host.clone(),
            host,
            port,
            user,
            known_as,
            records,
            rsa_bits: settings.rsa_bits.unwrap_or_default().max(RSA_BITS),
            keys,
            family: settings.family,
            strict,
            check_ip,
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
                port_given: target.given.port,
                local_user: self.system.local_user,
                way_given: target.jump != Jump::Unsaid,
            },
        )?;
        let word = |what: &str, error: &dyn std::fmt::Display| Refusal {
            why: format!("the {what} of the SSH configuration cannot be used: {error}"),
            hint: "change it there, or say it in Nixi's configuration".to_owned(),
            of: Fault::Files,
        };
        let host = match &found.host_name {
            Some(name) => name.parse().map_err(|error| word("HostName", &error))?,
            None => target.host.clone(),
        };
        if let Some((_, zone)) = host.as_str().split_once('%')
            && zone.bytes().all(|b| b.is_ascii_digit())
        {
            // ssh looks its keys up under the name.
            return Err(Refusal {
                why: format!(
                    "the address {host} names its interface by a number, which is another at the next start"
                ),
                hint: "write the name of the interface behind the %, as in fe80::1%eth0".to_owned(),
                of: Fault::Files,
            });
        }
        let port = match found.port {
            Some(port) if !target.given.port => port,
            Some(_) | None => target.port,
        };
        let user = match &found.user {
            Some((place, user)) if !target.given.user => {
                let alias = found.host_key_alias.as_ref().map_or(original, |(_, alias)| alias);
                let tokens = Tokens {
                    original: Some(original),
                    host: Some(host.as_str()),
                    key_name: Some(alias),
                    port: Some(port.get()),
                    local_user: self.system.local_user,
                    home: Some(self.system.home),
                    user: None,
                };
                let what = format!("User ({place})");
                let filled = expand_variables(user, &tokens, &self.system);
                let user = filled.map_err(|unknown| word(&what, &format!("it knows no {unknown}")))?;
                user.parse().map_err(|error| word(&what, &error))?
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
            (Jump::Unsaid, Some(Proxy::Jump(place, hops))) => {
                let tokens = self.tokens(target, looked);
                hops.iter().map(|hop| self.stranger(hop, place, &tokens)).collect()
            }
        }
    }

    fn default_user(&self, named: Named) -> UserName {
        let us = match named {
            Named::ByNixi => None,
            Named::ByFiles => self.system.local_user.and_then(|user| user.parse().ok()),
        };
        us.unwrap_or_else(UserName::page_default)
    }

    /// A jump host that only the files name.
    fn stranger(&self, hop: &RawHop, place: &Place, tokens: &Tokens<'_>) -> Result<SshTarget, Refusal> {
        let bad = |error: &dyn std::fmt::Display| Refusal {
            why: format!("{place}: {error}"),
            hint: "write [user@]host[:port], several with commas between".to_owned(),
            of: Fault::Files,
        };
        let filled =
            |word: &str| expand(word, tokens).map_err(|token| bad(&format!("ProxyJump knows no {token}")));
        let user = match &hop.user {
            Some(user) => Some(filled(user)?.parse().map_err(|error| bad(&error))?),
            None => None,
        };
        let port = hop.port.map(Port::try_from).transpose().map_err(|error| bad(&error))?;
        Ok(SshTarget {
            host: filled(&hop.host)?.parse().map_err(|error| bad(&error))?,
            given: Given { port: port.is_some(), user: user.is_some() },
            port: port.unwrap_or(Port::SSH),
            user: user.unwrap_or_else(|| self.default_user(Named::ByFiles)),
            identity: None,
            jump: Jump::Unsaid,
        })
    }

    pub(super) fn tokens<'b>(&'b self, target: &'b SshTarget, looked: &'b Looked) -> Tokens<'b> {
        let original = target.host.as_str();
        let alias = looked.settings.host_key_alias.as_ref();
        Tokens {
            original: Some(original),
            host: Some(looked.host.as_str()),
            key_name: Some(alias.map_or(original, |(_, alias)| alias)),
            port: Some(looked.port.get()),
            user: Some(looked.user.as_str()),
            local_user: self.system.local_user,
            home: Some(self.system.home),
        }
    }

    fn keys(&self, target: &SshTarget, looked: &Looked, remarks: &mut Vec<String>) -> Result<Keys, Refusal> {
        let tokens = self.tokens(target, looked);
        let found = &looked.settings;
        let mut of_config = Vec::new();
        for text in &found.identities {
            match expand_path(text, &tokens, &self.system) {
                Ok(path) => of_config.push(path),
                Err(unknown) => remarks.push(format!(
                    "IdentityFile {text} has {unknown} in it, which is not set, or which Nixi does not know"
                )),
            }
        }
        let agent = match &found.identity_agent {
            None => None,
            Some((_, word)) if word == "none" => Some(Agent::Off),
            Some((_, word)) if word == "SSH_AUTH_SOCK" => Some(Agent::Environment),
            // The older way to name a variable: without one that is set there is no agent.
            Some((_, word)) if word.starts_with('$') && !word.starts_with("${") => {
                Some((self.system.variable)(&word[1..]).map_or(Agent::Off, |path| Agent::Socket(path.into())))
            }
            Some((place, word)) => match expand_path(word, &tokens, &self.system) {
                Ok(path) => Some(Agent::Socket(path)),
                Err(unknown) => {
                    return Err(Refusal {
                        why: format!(
                            "{place}: IdentityAgent {word} has {unknown} in it, which Nixi does not know"
                        ),
                        hint: "write the path of the socket, or SSH_AUTH_SOCK".to_owned(),
                        of: Fault::Files,
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
        of: Fault::Files,
    }
}
