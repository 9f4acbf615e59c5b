//! What the files say of one connection. The first value wins, as in ssh.

use std::collections::HashSet;
use std::net::IpAddr;

use nixi_core::Port;

use super::criteria::{Criterion, Fits, Pass, Subject};
use super::parse::{Entry, Line};
use super::tokens::{Tokens, expand};
use super::{Place, Refusal, SshConfig};

/// Whom it is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a> {
    /// The host as it was asked for.
    pub(crate) original: &'a str,
    /// The user, where Nixi's own configuration names one.
    pub(crate) user: Option<&'a str>,
    /// Who logs in if nobody says anything.
    pub(crate) default_user: &'a str,
    /// The user here.
    pub(crate) local_user: Option<&'a str>,
    /// Whether Nixi's own configuration says by way of whom: then the files do not.
    pub(crate) way_given: bool,
}

/// Which addresses are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    V4,
    V6,
}

/// Whether and how there is somebody in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proxy {
    /// Nobody, and that was said.
    None,
    /// These jump hosts, as they are written.
    Jump(Place, String),
}

/// Files of known keys that are named in place of the usual ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyFiles {
    pub(crate) keyword: String,
    pub(crate) place: Place,
    pub(crate) files: Vec<String>,
}

/// What holds for a connection. Texts are as they are written, their tokens included, but for the host's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) host_name: Option<String>,
    pub(crate) port: Option<Port>,
    pub(crate) user: Option<(Place, String)>,
    pub(crate) identities: Vec<String>,
    /// `IdentityFile none` ends the list, and with it the keys of the usual names.
    pub(crate) no_identities: bool,
    pub(crate) identities_only: Option<bool>,
    pub(crate) identity_agent: Option<(Place, String)>,
    pub(crate) host_key_alias: Option<(Place, String)>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) family: Option<Family>,
    /// A host that was never seen is not taken.
    pub(crate) strict: Option<bool>,
    pub(crate) key_files: Vec<KeyFiles>,
    /// Why the host must not be reached.
    pub(crate) refusals: Vec<Refusal>,
    /// What is not honoured and changes with which keys a login is tried.
    pub(crate) remarks: Vec<String>,
}

/// Asks the files.
pub(crate) fn settings(config: &SshConfig, query: &Query<'_>) -> Settings {
    let mut walk = Walk {
        query,
        pass: Pass::First,
        named: query.original.to_owned(),
        asks_for_final_pass: false,
        found: Settings::default(),
        said: HashSet::new(),
    };
    walk.files(config);
    if walk.asks_for_final_pass {
        walk.begin_final_pass();
        walk.files(config);
    }
    walk.found
}

struct Walk<'a> {
    query: &'a Query<'a>,
    pass: Pass,
    /// What `Host` is compared with.
    named: String,
    asks_for_final_pass: bool,
    found: Settings,
    /// Keywords that were said, for those of which the value itself does not tell.
    said: HashSet<String>,
}

impl Walk<'_> {
    fn files(&mut self, config: &SshConfig) {
        for file in &config.files {
            self.lines(file, Fits::Yes, None);
        }
    }

    /// What was found stays, the host's name is settled, and `Host` is for that name from now on.
    fn begin_final_pass(&mut self) {
        self.named = resolved(self.subject().host);
        self.found.host_name = Some(self.named.clone());
        self.pass = Pass::Final;
        self.said.insert("canonicalizehostname".to_owned());
    }

    /// The lines of one file. What holds around its `Include` holds for all of it.
    fn lines(&mut self, lines: &[Line], around: Fits, mut doubt: Option<(Place, String)>) {
        let outer = doubt.clone();
        let mut fits = around;
        for line in lines {
            match &line.entry {
                Entry::Host(patterns) => {
                    doubt.clone_from(&outer);
                    fits = around.and(if patterns.fit(&self.named) { Fits::Yes } else { Fits::No });
                }
                Entry::Match(criteria) => {
                    doubt.clone_from(&outer);
                    self.asks_for_final_pass |= Criterion::ask_for_final_pass(criteria);
                    fits = around.and(Criterion::fit(criteria, self.subject()));
                    match fits {
                        Fits::Exec => self.refuse(
                            &line.place,
                            "whether `Match exec` is for this host takes running its command, which Nixi does not do",
                            "give the host a `Host` block of its own before it, and keep it out of the `Match exec` with `Match originalhost`",
                        ),
                        Fits::Unknown => {
                            doubt.get_or_insert((line.place.clone(), Criterion::undecided(criteria)));
                        }
                        Fits::Yes | Fits::No => {}
                    }
                }
                Entry::Include(_, files) => {
                    for file in files {
                        self.lines(file, fits, doubt.clone());
                    }
                }
                Entry::Set(keyword, arguments) => match fits {
                    Fits::Yes => self.set(&line.place, keyword, arguments),
                    Fits::Unknown => self.doubtful(&line.place, keyword, doubt.as_ref()),
                    Fits::No | Fits::Exec => {}
                },
            }
        }
    }

    fn subject(&self) -> Subject<'_> {
        let Query { original, user, default_user, local_user, .. } = *self.query;
        let found = &self.found;
        Subject {
            pass: self.pass,
            original,
            host: found.host_name.as_deref().unwrap_or(original),
            user: user.or(found.user.as_ref().map(|(_, user)| user.as_str())).unwrap_or(default_user),
            local_user,
        }
    }

    fn refuse(&mut self, place: &Place, why: impl std::fmt::Display, hint: &str) {
        let refusal = Refusal::at(place, why, hint);
        // A line may be read twice.
        if !self.found.refusals.contains(&refusal) {
            self.found.refusals.push(refusal);
        }
    }

    fn remark(&mut self, remark: String) {
        if !self.found.remarks.contains(&remark) {
            self.found.remarks.push(remark);
        }
    }

    /// Whether a keyword is said for the first time.
    fn is_first(&mut self, keyword: &str) -> bool {
        self.said.insert(keyword.to_owned())
    }

    /// A keyword under a `Match` that cannot be decided: of no concern unless it may change where a connection goes.
    fn doubtful(&mut self, place: &Place, keyword: &str, doubt: Option<&(Place, String)>) {
        let open = match keyword {
            "hostname" => self.found.host_name.is_none(),
            "port" => self.found.port.is_none(),
            "user" => self.found.user.is_none() && self.query.user.is_none(),
            "hostkeyalias" => self.found.host_key_alias.is_none(),
            "proxyjump" | "proxycommand" => self.found.proxy.is_none() && !self.query.way_given,
            "identityfile" => true,
            "identitiesonly" => self.found.identities_only.is_none(),
            "identityagent" => self.found.identity_agent.is_none(),
            "stricthostkeychecking" => self.found.strict.is_none(),
            "addressfamily"
            | "bindaddress"
            | "bindinterface"
            | "canonicalizehostname"
            | "revokedhostkeys"
            | "knownhostscommand" => !self.said.contains(keyword),
            _ => false,
        };
        if open {
            let (at, what) = match doubt {
                Some((at, what)) => (at.to_string(), what.as_str()),
                None => (String::new(), ""),
            };
            self.refuse(
                place,
                format!("{keyword} stands under the `Match {what}` of {at}, which Nixi cannot decide"),
                "say it under `Host` before that block: the first value counts",
            );
        }
    }

    fn set(&mut self, place: &Place, keyword: &str, arguments: &[String]) {
        let Some(value) = arguments.first() else { return };
        let said = || (place.clone(), value.clone());
        match keyword {
            "hostname" => self.host_name(place, value),
            "port" => match value.parse() {
                Ok(port) => {
                    self.found.port.get_or_insert(port);
                }
                Err(error) => self.refuse(place, error, "use 1 to 65535"),
            },
            "user" => {
                self.found.user.get_or_insert_with(said);
            }
            "identityfile" if value.eq_ignore_ascii_case("none") => self.found.no_identities = true,
            "identityfile" if self.found.identities.contains(value) => {}
            "identityfile" => self.found.identities.push(value.clone()),
            "identitiesonly" => {
                self.found.identities_only.get_or_insert(is_yes(value));
            }
            "identityagent" => {
                self.found.identity_agent.get_or_insert_with(said);
            }
            "hostkeyalias" => {
                self.found.host_key_alias.get_or_insert_with(said);
            }
            "addressfamily" if self.is_first(keyword) => {
                self.found.family = match value.to_ascii_lowercase().as_str() {
                    "inet" => Some(Family::V4),
                    "inet6" => Some(Family::V6),
                    _ => None,
                };
            }
            "stricthostkeychecking" => {
                self.found.strict.get_or_insert(is_yes(value));
            }
            "userknownhostsfile" | "globalknownhostsfile" if self.is_first(keyword) => {
                self.found.key_files.push(KeyFiles {
                    keyword: keyword.to_owned(),
                    place: place.clone(),
                    files: arguments.to_vec(),
                });
            }
            "proxyjump" | "proxycommand" => self.proxy(place, keyword, value),
            _ => self.not_honoured(place, keyword, value),
        }
    }

    fn host_name(&mut self, place: &Place, value: &str) {
        if self.found.host_name.is_some() {
            return;
        }
        let tokens = Tokens { host: Some(self.query.original), ..Tokens::default() };
        match expand(value, &tokens) {
            Ok(name) => self.found.host_name = Some(name),
            Err(token) => {
                self.refuse(place, format!("HostName knows no {token}"), "write %h, %% or the name")
            }
        }
    }

    /// The first of the two keywords counts.
    fn proxy(&mut self, place: &Place, keyword: &str, value: &str) {
        if self.found.proxy.is_some() || self.query.way_given {
            return;
        }
        let none = value.eq_ignore_ascii_case("none");
        self.found.proxy = Some(match keyword {
            _ if none => Proxy::None,
            "proxyjump" => Proxy::Jump(place.clone(), value.to_owned()),
            _ => {
                self.refuse(
                    place,
                    "the host is reached by a ProxyCommand, which Nixi does not run; it is not reached around it",
                    "where the command is a jump host, say so with ProxyJump there, or with proxy_jump in Nixi's configuration",
                );
                Proxy::None
            }
        });
    }

    /// What would lead elsewhere is refused; what would log in otherwise is told; the rest is of no concern.
    fn not_honoured(&mut self, place: &Place, keyword: &str, value: &str) {
        // Certificates add up; of everything else the first value counts.
        if keyword != "certificatefile" && !self.is_first(keyword) {
            return;
        }
        let off = ["no", "none", "false"].iter().any(|off| value.eq_ignore_ascii_case(off));
        match keyword {
            "canonicalizehostname" if !off => self.refuse(
                place,
                "CanonicalizeHostname is not honoured, and it may lead to another host",
                "write the whole name with HostName, and `CanonicalizeHostname no` under `Host`",
            ),
            "bindaddress" | "bindinterface" if !off => self.refuse(
                place,
                format!("{keyword} is not honoured, and without it the connection may take another way"),
                "reach the node by a route of the system instead",
            ),
            "revokedhostkeys" | "knownhostscommand" if !off => self.refuse(
                place,
                format!("{keyword} is not honoured, and without it a key may be taken that must not be"),
                "put the keys into known_hosts, those that are revoked with @revoked",
            ),
            "certificatefile" | "pkcs11provider" | "securitykeyprovider" => {
                self.remark(format!("{keyword} of {place} is not honoured"));
            }
            "pubkeyauthentication" if off => {
                self.remark(format!("PubkeyAuthentication {value} of {place} is not honoured"));
            }
            _ => {}
        }
    }
}

/// The host's name as ssh has it in the final pass: in small letters, an address as it is usually written.
fn resolved(host: &str) -> String {
    match host.parse::<IpAddr>().map(|address| address.to_string()) {
        Ok(usual) if usual.eq_ignore_ascii_case(host) => host.to_owned(),
        Ok(usual) => usual,
        Err(_) => host.to_ascii_lowercase(),
    }
}

fn is_yes(value: &str) -> bool {
    value.eq_ignore_ascii_case("yes") || value.eq_ignore_ascii_case("true")
}
