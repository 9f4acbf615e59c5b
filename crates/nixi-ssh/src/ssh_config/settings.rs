//! What the files say of one connection.

use nixi_core::Port;

use super::jump::RawHop;
use super::walk::Walk;
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
    /// Whether Nixi's own configuration names the port: then the files do not.
    pub(crate) port_given: bool,
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

/// By way of whom, as far as that is honoured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proxy {
    /// Nobody, and that was said.
    None,
    /// These jump hosts, the nearest first.
    Jump(Place, Vec<RawHop>),
}

/// Files of known keys that stand in place of the usual ones; none at all for `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyFiles {
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
    /// `IdentityFile none` stands for no file, and takes the place of the usual names.
    pub(crate) no_identities: bool,
    pub(crate) identities_only: Option<bool>,
    pub(crate) identity_agent: Option<(Place, String)>,
    pub(crate) host_key_alias: Option<(Place, String)>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) family: Option<Family>,
    /// A host that was never seen is not taken.
    pub(crate) strict: Option<bool>,
    /// The host key has to be right for the address too, if one is on record for that.
    pub(crate) check_ip: Option<bool>,
    pub(crate) user_key_files: Option<KeyFiles>,
    pub(crate) system_key_files: Option<KeyFiles>,
    /// The fewest bits of an RSA key.
    pub(crate) rsa_bits: Option<u32>,
    /// Why the host must not be reached.
    pub(crate) refusals: Vec<Refusal>,
    /// What is not honoured and changes with which keys a login is tried.
    pub(crate) remarks: Vec<String>,
}

/// Asks the files. The error is that ssh would take them for nobody, or not for this host.
pub(crate) fn settings(config: &SshConfig, query: &Query<'_>) -> Result<Settings, Refusal> {
    let (found, differing) = Walk::through(config, query, false)?;
    if let Some(place) = differing {
        let (twice, _) = Walk::through(config, query, true)?;
        let named = |settings: &Settings| {
            let host = settings.host_name.as_deref().unwrap_or(query.original);
            Settings { host_name: Some(host.to_ascii_lowercase()), ..settings.clone() }
        };
        if named(&twice) != named(&found) {
            let why = "versions of ssh differ in whether they read the files twice for this `Match`, and that leads to different places";
            let hint =
                "write it without `!`, quotes or blanks around `final`, or add an empty `Match final all`";
            let refusals = vec![Refusal::at(&place, why, hint)];
            return Ok(Settings { refusals, ..found });
        }
    }
    Ok(found)
}
