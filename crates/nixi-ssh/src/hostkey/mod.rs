//! Host keys: what known_hosts says, what follows from it, and how it is written.
//!
//! The format is that of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".

mod file;
mod forget;
mod line;
mod policy;
mod record;

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use nixi_core::Fingerprint;
use sha2::{Digest, Sha256};

pub(crate) use file::{Known, KnownHosts, Place};
pub(crate) use forget::forget;
pub(crate) use policy::{Verdict, algorithms, judge};
pub(crate) use record::record;

/// A public host key, in the wire form of RFC 4253, section 6.6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostKey {
    kind: String,
    blob: Vec<u8>,
}

impl HostKey {
    /// The key in this blob; nothing if it does not even name its type.
    pub(crate) fn from_blob(blob: &[u8]) -> Option<Self> {
        let (length, rest) = blob.split_first_chunk::<4>()?;
        let kind = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let kind = std::str::from_utf8(kind)
            .ok()
            .filter(|kind| !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_graphic()))?;
        Some(Self { kind: kind.to_owned(), blob: blob.to_vec() })
    }

    /// The type: `ssh-ed25519`.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// Type and base64, as known_hosts holds them.
    fn text(&self) -> String {
        format!("{} {}", self.kind, STANDARD.encode(&self.blob))
    }

    /// As `ssh-keygen -l` prints it.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let text = format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&self.blob)));
        Fingerprint::from_str(&text).unwrap_or_else(|_| unreachable!("32 bytes are 43 letters of base64"))
    }
}

/// The name under which known_hosts files keep a host: `[host]:port` unless the port is 22, in small letters.
pub(crate) fn name_of(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}
