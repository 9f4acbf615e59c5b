//! What a line says, where it holds.

use super::{Walk, name};
use crate::ssh_config::jump::{Hops, hops};
use crate::ssh_config::pattern::List;
use crate::ssh_config::settings::{Family, KeyFiles, Proxy};
use crate::ssh_config::table::Setting;
use crate::ssh_config::tokens::{Tokens, expand};
use crate::ssh_config::{Fault, Place, Refusal, system};

/// The most files that ssh takes of a kind.
const MOST_IDENTITIES: usize = 100;
const MOST_KEY_FILES: usize = 32;

impl Walk<'_> {
    pub(super) fn set(&mut self, place: &Place, setting: Setting, values: &[String]) -> Result<(), Refusal> {
        let Some(value) = values.first() else { return Ok(()) };
        let said = || (place.clone(), value.clone());
        let found = &mut self.found;
        match setting {
            Setting::HostName => self.host_name(place, value),
            Setting::Port => {
                if found.port.is_none() {
                    // The service had a port when the file was read: not to find it now is this machine's trouble.
                    let port = system::port(value).and_then(|port| port.try_into().ok());
                    found.port = Some(port.ok_or_else(|| no_port_just_now(place, value))?);
                }
            }
            Setting::User => {
                found.user.get_or_insert_with(said);
            }
            Setting::IdentityFile => {
                // As in ssh, none may follow the last one, not even one that was named before.
                let before = found.identities.len() + usize::from(found.no_identities);
                room_for_one(place, "IdentityFile", before)?;
                if value.eq_ignore_ascii_case("none") {
                    found.no_identities = true;
                } else if !found.identities.contains(value) {
                    found.identities.push(value.clone());
                }
            }
            Setting::IdentitiesOnly => {
                found.identities_only.get_or_insert(is_yes(value));
            }
            Setting::IdentityAgent => {
                found.identity_agent.get_or_insert_with(said);
            }
            Setting::HostKeyAlias => {
                found.host_key_alias.get_or_insert_with(said);
            }
            Setting::AddressFamily => {
                if self.is_first(setting) {
                    self.found.family = match value.to_ascii_lowercase().as_str() {
                        "inet" => Some(Family::V4),
                        "inet6" => Some(Family::V6),
                        _ => None,
                    };
                }
            }
            Setting::StrictHostKeyChecking => {
                found.strict.get_or_insert(is_yes(value));
            }
            Setting::CheckHostIp => {
                found.check_ip.get_or_insert(is_yes(value));
            }
            Setting::UserKnownHostsFile => {
                key_files(&mut found.user_key_files, place, "UserKnownHostsFile", values)?
            }
            Setting::GlobalKnownHostsFile => {
                key_files(&mut found.system_key_files, place, "GlobalKnownHostsFile", values)?
            }
            Setting::RequiredRsaSize => {
                let bits = system::number(value, u64::from(u32::MAX)).and_then(|bits| bits.try_into().ok());
                found.rsa_bits = found.rsa_bits.or(bits);
            }
            Setting::Tag => {
                self.tag.get_or_insert_with(|| value.clone());
            }
            Setting::IgnoreUnknown => {
                self.ignored.get_or_insert_with(|| List::of(&value.to_ascii_lowercase()));
            }
            Setting::ProxyJump => self.jump(place, value),
            Setting::ProxyCommand => self.command(place, value),
            Setting::CertificateFile => {
                room_for_one(place, "CertificateFile", self.certificates.len())?;
                self.certificates.insert(value.clone());
                self.remark(format!("CertificateFile of {place} is not honoured"));
            }
            Setting::BindAddress
            | Setting::BindInterface
            | Setting::CanonicalizeHostname
            | Setting::KnownHostsCommand
            | Setting::RefuseConnection
            | Setting::RevokedHostKeys
            | Setting::Pkcs11Provider
            | Setting::PreferredAuthentications
            | Setting::PubkeyAuthentication
            | Setting::SecurityKeyProvider => {
                if self.is_first(setting) {
                    self.not_honoured(place, setting, value);
                }
            }
        }
        Ok(())
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

    /// Jump hosts count unless a command was said before. `none` is only about other jump hosts: it leaves a command that
    /// follows in force.
    fn jump(&mut self, place: &Place, value: &str) {
        if self.found.proxy.is_some() || self.query.way_given {
            return;
        }
        match hops(value) {
            Some(Hops::None) | None => self.found.proxy = Some(Proxy::None),
            Some(Hops::Some(_)) if self.said.contains(&Setting::ProxyCommand) => {}
            Some(Hops::Some(hops)) => self.found.proxy = Some(Proxy::Jump(place.clone(), hops)),
        }
    }

    /// A command is never run, and a host behind one is never reached around it. `none` keeps out what follows.
    fn command(&mut self, place: &Place, value: &str) {
        if matches!(self.found.proxy, Some(Proxy::Jump(..))) || self.query.way_given {
            return;
        }
        if self.is_first(Setting::ProxyCommand) && !value.eq_ignore_ascii_case("none") {
            self.refuse(
                place,
                "the host is reached by a ProxyCommand, which Nixi does not run; it is not reached around it",
                "where the command is a jump host, say so with ProxyJump there, or with proxy_jump in Nixi's configuration",
            );
        }
    }

    /// What would lead elsewhere is refused; what would log in otherwise is told.
    fn not_honoured(&mut self, place: &Place, setting: Setting, value: &str) {
        let is = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
        let keyword = name(setting);
        match setting {
            Setting::CanonicalizeHostname if !is(&["no", "false"]) => self.refuse(
                place,
                "CanonicalizeHostname is not honoured, and it may lead to another host",
                "write the whole name with HostName, and `CanonicalizeHostname no` under `Host`",
            ),
            Setting::BindAddress | Setting::BindInterface => self.refuse(
                place,
                format!("{keyword} is not honoured, and without it the connection may take another way"),
                "reach the node by a route of the system instead",
            ),
            Setting::RevokedHostKeys | Setting::KnownHostsCommand if !is(&["none"]) => self.refuse(
                place,
                format!("{keyword} is not honoured, and without it a key may be taken that must not be"),
                "put the keys into known_hosts, those that are revoked with @revoked",
            ),
            Setting::RefuseConnection => self.refuse(
                place,
                format!("RefuseConnection says not to connect: {value}"),
                "remove that RefuseConnection line to connect",
            ),
            Setting::Pkcs11Provider | Setting::SecurityKeyProvider if !is(&["none"]) => {
                self.remark(format!("{keyword} of {place} is not honoured"));
            }
            Setting::PubkeyAuthentication if is(&["no", "false"]) => {
                self.remark(format!("PubkeyAuthentication {value} of {place} is not honoured"));
            }
            Setting::PreferredAuthentications if !value.split(',').any(|way| way == "publickey") => {
                self.remark(format!("PreferredAuthentications {value} of {place} is not honoured"));
            }
            // Of the rest, nothing is said for the first time only, or it is off.
            Setting::CanonicalizeHostname
            | Setting::RevokedHostKeys
            | Setting::KnownHostsCommand
            | Setting::Pkcs11Provider
            | Setting::SecurityKeyProvider
            | Setting::PubkeyAuthentication
            | Setting::PreferredAuthentications
            | Setting::AddressFamily
            | Setting::CheckHostIp
            | Setting::GlobalKnownHostsFile
            | Setting::HostKeyAlias
            | Setting::HostName
            | Setting::IdentitiesOnly
            | Setting::IdentityAgent
            | Setting::IdentityFile
            | Setting::IgnoreUnknown
            | Setting::Port
            | Setting::ProxyJump
            | Setting::RequiredRsaSize
            | Setting::StrictHostKeyChecking
            | Setting::Tag
            | Setting::User
            | Setting::UserKnownHostsFile
            | Setting::ProxyCommand
            | Setting::CertificateFile => {}
        }
    }
}

fn key_files(
    found: &mut Option<KeyFiles>,
    place: &Place,
    keyword: &str,
    values: &[String],
) -> Result<(), Refusal> {
    if found.is_some() {
        return Ok(());
    }
    if values.len() > MOST_KEY_FILES {
        let why = format!(
            "{keyword} names {}: ssh accepts at most {MOST_KEY_FILES} known_hosts files here",
            values.len()
        );
        return Err(Refusal::at(place, why, "take some out"));
    }
    let none = values.iter().any(|value| value.eq_ignore_ascii_case("none"));
    let files = if none { Vec::new() } else { values.to_vec() };
    *found = Some(KeyFiles { place: place.clone(), files });
    Ok(())
}

fn room_for_one(place: &Place, keyword: &str, before: usize) -> Result<(), Refusal> {
    if before < MOST_IDENTITIES {
        return Ok(());
    }
    let why = format!("ssh accepts no further {keyword} after {MOST_IDENTITIES} of them for one host");
    Err(Refusal::at(place, why, "take some out"))
}

fn no_port_just_now(place: &Place, service: &str) -> Refusal {
    let why = format!("the port of the service {service} cannot be looked up just now");
    let refusal = Refusal::at(place, why, "see whether /etc/services can be read, and try again");
    Refusal { of: Fault::Controller, ..refusal }
}

fn is_yes(value: &str) -> bool {
    value.eq_ignore_ascii_case("yes") || value.eq_ignore_ascii_case("true")
}
