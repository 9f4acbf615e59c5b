//! What stands in a block of which it is not known whether it holds.

use super::{Walk, name};
use crate::ssh_config::Place;
use crate::ssh_config::settings::Proxy;
use crate::ssh_config::table::Setting;

impl Walk<'_> {
    /// A setting under a `Match` that cannot be decided: of no concern unless it may change where a connection goes.
    pub(super) fn doubtful(
        &mut self,
        place: &Place,
        setting: Setting,
        values: &[String],
        doubt: Option<&str>,
    ) {
        let found = &self.found;
        let value = values.first().map(String::as_str).unwrap_or_default();
        let matters = match setting {
            Setting::HostName => found.host_name.is_none(),
            Setting::Port => found.port.is_none() && !self.query.port_given,
            Setting::User => found.user.is_none() && self.query.user.is_none(),
            Setting::HostKeyAlias => found.host_key_alias.is_none(),
            Setting::ProxyJump | Setting::ProxyCommand => {
                !self.query.way_given && !self.way_is_settled(setting)
            }
            Setting::IdentityFile => !found.identities.iter().any(|known| known == value),
            Setting::IdentitiesOnly => found.identities_only.is_none(),
            Setting::IdentityAgent => found.identity_agent.is_none(),
            Setting::StrictHostKeyChecking => found.strict.is_none(),
            Setting::CheckHostIp => found.check_ip.is_none(),
            Setting::UserKnownHostsFile => found.user_key_files.is_none() && !values.is_empty(),
            Setting::GlobalKnownHostsFile => found.system_key_files.is_none() && !values.is_empty(),
            Setting::RequiredRsaSize => found.rsa_bits.is_none(),
            Setting::AddressFamily
            | Setting::BindAddress
            | Setting::BindInterface
            | Setting::CanonicalizeHostname
            | Setting::RevokedHostKeys
            | Setting::KnownHostsCommand => !self.said.contains(&setting),
            Setting::RefuseConnection => true,
            // These matter by what they bring about.
            Setting::Tag | Setting::IgnoreUnknown => {
                let said = if setting == Setting::Tag { self.tag.is_some() } else { self.ignored.is_some() };
                if !said {
                    self.open.insert(setting);
                }
                false
            }
            Setting::CertificateFile
            | Setting::Pkcs11Provider
            | Setting::PreferredAuthentications
            | Setting::PubkeyAuthentication
            | Setting::SecurityKeyProvider => false,
        };
        if matters {
            let block = doubt.unwrap_or_default();
            let would = match setting {
                Setting::HostName | Setting::Port | Setting::AddressFamily => "change where it is reached",
                Setting::User => "change who logs in",
                Setting::ProxyJump | Setting::ProxyCommand => "change the route",
                Setting::IdentityFile | Setting::IdentitiesOnly | Setting::IdentityAgent => {
                    "change with which key the login is tried"
                }
                Setting::HostKeyAlias
                | Setting::StrictHostKeyChecking
                | Setting::CheckHostIp
                | Setting::UserKnownHostsFile
                | Setting::GlobalKnownHostsFile
                | Setting::RequiredRsaSize => "change which host key is taken",
                Setting::BindAddress
                | Setting::BindInterface
                | Setting::CanonicalizeHostname
                | Setting::RevokedHostKeys
                | Setting::KnownHostsCommand
                | Setting::RefuseConnection
                | Setting::Tag
                | Setting::IgnoreUnknown
                | Setting::CertificateFile
                | Setting::Pkcs11Provider
                | Setting::PreferredAuthentications
                | Setting::PubkeyAuthentication
                | Setting::SecurityKeyProvider => "rule the connection out",
            };
            let why = format!(
                "Nixi cannot tell whether {block} applies to this host; its {} would {would}",
                name(setting)
            );
            self.refuse(place, why, "say it under `Host` before that block: the first value counts");
        }
    }

    /// Whether what one of the two says of the way no longer counts.
    fn way_is_settled(&self, setting: Setting) -> bool {
        match (&self.found.proxy, setting) {
            (Some(Proxy::Jump(..)), _) => true,
            (Some(Proxy::None), Setting::ProxyJump) => true,
            (Some(Proxy::None), _) => self.said.contains(&Setting::ProxyCommand),
            (None, _) => self.said.contains(&Setting::ProxyCommand),
        }
    }
}
