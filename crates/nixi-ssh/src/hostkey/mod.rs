//! Host keys: what known_hosts says, what follows from it, and how it is written.
//!
//! The format is that of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".

mod file;
mod forget;
mod gap;
mod line;
mod names;
mod own;
mod owners;
mod policy;
mod record;
mod remember;
mod shown;

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use nixi_core::Fingerprint;
use sha2::{Digest, Sha256};

pub(crate) use file::{Known, KnownHosts, Place};
pub(crate) use forget::forget;
#[cfg(feature = "fuzzing")]
pub(crate) use forget::take_out;
pub(crate) use gap::Gap;
#[cfg(test)]
pub(crate) use line::hashed;
use names::Names;
pub(crate) use names::name_of;
pub(crate) use own::own_keys;
pub(crate) use owners::keys_named;
pub(crate) use policy::{Verdict, algorithms, is_checkable, judge};
#[cfg(feature = "fuzzing")]
pub(crate) use record::line_of;
pub(crate) use record::record;
pub(crate) use remember::{on_record, remember};
pub(crate) use shown::Shown;

/// A public host key, in the wire form of RFC 4253, section 6.6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostKey {
    kind: String,
    blob: Vec<u8>,
}

impl HostKey {
    /// The key in this blob; nothing if it does not even name its type.
    pub(crate) fn from_blob(blob: &[u8]) -> Option<Self> {
        let (kind, _) = split_field(blob)?;
        let kind = std::str::from_utf8(kind)
            .ok()
            .filter(|kind| !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_graphic()))?;
        Some(Self { kind: kind.to_owned(), blob: blob.to_vec() })
    }

    /// Whether it has the fields of its type and nothing else, as far as we know the type.
    fn is_whole(&self) -> bool {
        let mut fields = Vec::new();
        let mut rest = self.blob.as_slice();
        while let Some((field, after)) = split_field(rest) {
            fields.push(field);
            rest = after;
        }
        let right = match self.kind.as_str() {
            "ssh-ed25519" => matches!(fields.as_slice(), [_, point] if point.len() == 32),
            "ssh-rsa" => fields.len() == 3,
            kind if kind.starts_with("ecdsa-sha2-") => fields.len() == 3,
            _ => return true,
        };
        right && rest.is_empty()
    }

    /// The length of an RSA key.
    pub(crate) fn rsa_bits(&self) -> Option<u32> {
        rsa_bits(&self.blob)
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

/// A field of the wire form, behind its length, and what follows it.
fn split_field(blob: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// The length of an RSA key in the wire form, in bits; nothing if it is another key.
pub(crate) fn rsa_bits(blob: &[u8]) -> Option<u32> {
    let (kind, rest) = split_field(blob)?;
    let (_exponent, rest) = split_field(rest)?;
    let (modulus, _) = split_field(rest).filter(|_| kind == b"ssh-rsa")?;
    Some(bits(modulus))
}

/// The bits of a number, the highest byte first.
pub(crate) fn bits(number: &[u8]) -> u32 {
    let number = &number[number.iter().position(|b| *b != 0).unwrap_or(number.len())..];
    let bytes = u32::try_from(number.len()).unwrap_or(u32::MAX);
    number.first().map_or(0, |first| bytes.saturating_mul(8) - first.leading_zeros())
}
