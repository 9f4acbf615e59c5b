//! What the targets of fuzz/ call. It may change at any time.

use nixi_core::SshTarget;

use crate::hostkey::{self, HostKey, KnownHosts, Verdict};

/// What becomes of a key that a host shows, by the text of a known_hosts file; nothing if it is no key.
#[must_use]
pub fn judge(text: &[u8], host: &str, port: u16, blob: &[u8]) -> Option<&'static str> {
    let key = HostKey::from_blob(blob)?;
    let known = KnownHosts::of_text(text).of(host, port);
    let _ = (hostkey::algorithms(&known, &[]), key.fingerprint());
    Some(match hostkey::judge(&known, &key) {
        Verdict::Known => "known",
        Verdict::New => "new",
        Verdict::Changed { .. } => "changed",
        Verdict::Revoked { .. } => "revoked",
        Verdict::Undecided(_) => "undecided",
    })
}

/// The line that is written for a new host; nothing if it shows no key.
#[must_use]
pub fn recorded(host: &str, port: u16, blob: &[u8]) -> Option<String> {
    Some(hostkey::line_of(host, port, &HostKey::from_blob(blob)?))
}

/// What `nixi remove` leaves of the text of a known_hosts file, and how many lines it changes.
#[must_use]
pub fn take_out(text: &[u8], target: &SshTarget, kept: &[SshTarget]) -> (Vec<u8>, usize) {
    hostkey::take_out(text, target, kept)
}

/// What an SSH configuration of this text says of a host.
///
/// # Errors
/// Why ssh would not take the text for that host.
pub fn ssh_config(text: &[u8], host: &str) -> Result<String, String> {
    crate::ssh_config::of_text(text, host)
        .map(|settings| nixi_core::text::clean_line(&format!("{settings:?}")))
        .map_err(|refusal| refusal.why)
}
