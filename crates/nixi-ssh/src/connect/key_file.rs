//! A key's file, looked at before it is used: libssh2 only says that it cannot.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nixi_core::paste;
use nixi_core::small_file::{self, SmallFile, Unread};

use crate::hostkey::{bits, rsa_bits};

/// The longest file that is still a key: RSA of 16,384 bit takes 13 KiB.
const LONGEST: u64 = 64 * 1024;

/// A file that was named as a private key.
pub(super) struct KeyFile {
    /// Why it cannot be used, and what to do.
    pub(super) trouble: Option<String>,
    /// The public half, where it can be had without a passphrase: by it an agent's key is known.
    pub(super) public: Option<Vec<u8>>,
}

impl KeyFile {
    /// Reads it; an RSA key of fewer bits than these cannot be used. Blocks on the disk.
    pub(super) fn read(path: &Path, least: u32) -> Self {
        let (trouble, of_file, bits) = match open(path) {
            Ok((about, text)) => (trouble(path, &about, &text), public_half(&text), pem_bits(&text)),
            Err(why) => (Some(why), None, None),
        };
        let public = of_file.or_else(|| beside(path));
        let short = || too_short(bits.or_else(|| rsa_bits(public.as_deref()?))?, least);
        Self { trouble: trouble.or_else(short), public }
    }
}

/// Why an RSA key of so many bits is not used, if it is not.
pub(super) fn too_short(bits: u32, least: u32) -> Option<String> {
    (bits < least).then(|| {
        format!("it is an RSA key of {bits} bits, and fewer than {least} are not taken; `ssh-keygen -t ed25519` makes a better one")
    })
}

fn open(path: &Path) -> Result<(Metadata, String), String> {
    let SmallFile { bytes, about, .. } =
        small_file::read(path, LONGEST).map_err(|error| cannot(path, &error))?;
    Ok((about, String::from_utf8_lossy(&bytes).into_owned()))
}

fn cannot(path: &Path, error: &Unread) -> String {
    match error {
        Unread::Failed(error) if error.kind() == ErrorKind::PermissionDenied => {
            format!("your user may not read it; see `ls -l {}` and the folders above", paste::path(path))
        }
        Unread::Missing | Unread::Special(_) | Unread::TooLong(_) | Unread::Failed(_) => error.to_string(),
    }
}

/// What is wrong with it, if something is.
fn trouble(path: &Path, about: &Metadata, text: &str) -> Option<String> {
    let shown = paste::path(path);
    let ours = about.uid() == rustix::process::geteuid().as_raw();
    if is_public(text) {
        return Some("it is a public key; name the private one, without .pub".to_owned());
    }
    if text.starts_with("PuTTY-User-Key-File-") {
        return Some(format!(
            "it is a key of PuTTY; `puttygen {shown} -O private-openssh -o NEW` makes it one of OpenSSH"
        ));
    }
    if !text.contains("-----BEGIN ") || !text.contains("PRIVATE KEY-----") {
        return Some("it is no private key".to_owned());
    }
    // As with ssh: a key that others can read is not one's own any more.
    if ours && about.mode() & 0o077 != 0 {
        let mode = about.mode() & 0o777;
        return Some(format!(
            "others may read it, mode {mode:04o}; `chmod 600 {shown}` makes it yours alone"
        ));
    }
    is_encrypted(text)
        .then(|| format!("it is encrypted, and no agent holds it; `ssh-add {shown}` gives it to one"))
}

fn is_public(text: &str) -> bool {
    let kind = text.split_whitespace().next().unwrap_or_default();
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| kind.starts_with(start))
}

fn is_encrypted(text: &str) -> bool {
    if !text.contains("BEGIN OPENSSH PRIVATE KEY") {
        return text.contains("ENCRYPTED");
    }
    container(text).and_then(|blob| Some(field(&blob)?.0 != b"none")).unwrap_or(false)
}

/// What is in a key of OpenSSH's own form, behind its magic (OpenSSH, PROTOCOL.key).
fn container(text: &str) -> Option<Vec<u8>> {
    let lines = text.lines().map(str::trim).skip_while(|line| !line.starts_with("-----BEGIN ")).skip(1);
    let body: String = lines.take_while(|line| !line.starts_with("-----")).collect();
    let blob = STANDARD.decode(body).ok()?;
    blob.strip_prefix(b"openssh-key-v1\0").map(<[u8]>::to_vec)
}

/// The bits of an RSA key in the older forms that are not encrypted: PKCS#1 and PKCS#8 (RFC 8017, RFC 5208).
fn pem_bits(text: &str) -> Option<u32> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| !line.starts_with("-----BEGIN "));
    let wrapped = match lines.next()? {
        "-----BEGIN RSA PRIVATE KEY-----" => false,
        "-----BEGIN PRIVATE KEY-----" => true,
        _ => return None,
    };
    let body: String = lines.take_while(|line| !line.starts_with("-----")).collect();
    let mut der = STANDARD.decode(body).ok()?;
    if wrapped {
        const RSA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
        let (_, fields) = element(&der, 0x30)?;
        let (after_version, _) = element(fields, 0x02)?;
        let (after_algorithm, algorithm) = element(after_version, 0x30)?;
        if !algorithm.starts_with(&RSA) {
            return None;
        }
        der = element(after_algorithm, 0x04)?.1.to_vec();
    }
    let (_, fields) = element(&der, 0x30)?;
    let (rest, _version) = element(fields, 0x02)?;
    let (_, modulus) = element(rest, 0x02)?;
    Some(bits(modulus))
}

/// The contents of an element of DER with this tag, and what follows it, which comes first.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (_, rest) = der.split_first().filter(|(first, _)| **first == tag)?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*length) {
        short if short < 0x80 => (short, rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(long - 0x80).filter(|(bytes, _)| bytes.len() <= 4)?;
            (bytes.iter().fold(0, |sum, b| sum << 8 | usize::from(*b)), rest)
        }
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((after, content))
}

/// A string of RFC 4251, section 5, and what follows it.
fn field(blob: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// The public key that a file is, or that it holds in the clear.
fn public_half(text: &str) -> Option<Vec<u8>> {
    if is_public(text) {
        return STANDARD.decode(text.split_whitespace().nth(1)?).ok();
    }
    let blob = container(text)?;
    let (_cipher, rest) = field(&blob)?;
    let (_kdf, rest) = field(rest)?;
    let (_options, rest) = field(rest)?;
    let (_count, rest) = rest.split_first_chunk::<4>()?;
    field(rest).map(|(public, _)| public.to_vec())
}

/// The public key in the file beside a private one.
fn beside(path: &Path) -> Option<Vec<u8>> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    let (_, text) = open(&PathBuf::from(beside)).ok()?;
    is_public(&text).then(|| public_half(&text)).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_that_may_not_be_read_says_where_to_look() {
        let told = cannot(Path::new("/k"), &Unread::Failed(ErrorKind::PermissionDenied.into()));
        assert!(told.contains("`ls -l /k`"), "{told}");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "asks ssh-keygen")]
    fn an_rsa_key_that_is_too_short_is_not_used_in_whatever_form() {
        let dir = tempfile::tempdir().unwrap();
        for form in ["RFC4716", "PEM", "PKCS8"] {
            let file = dir.path().join(form);
            let mut make = std::process::Command::new("ssh-keygen");
            make.args(["-q", "-t", "rsa", "-b", "1024", "-N", "", "-m", form, "-f"]).arg(&file);
            let Ok(done) = make.status() else { return };
            assert!(done.success());
            std::fs::remove_file(file.with_extension("pub")).unwrap();
            assert_eq!(KeyFile::read(&file, 1024).trouble, None, "{form}");
            let trouble = KeyFile::read(&file, 1025).trouble.unwrap();
            assert!(trouble.contains("an RSA key of 1024 bits"), "{form}: {trouble}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fall(text in "\\PC{0,80}", body in proptest::collection::vec(any::<u8>(), 0..80)) {
            let key = format!(
                "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n",
                STANDARD.encode([b"openssh-key-v1\0".as_slice(), &body].concat())
            );
            for text in [text, key] {
                let _ = (public_half(&text), is_encrypted(&text), is_public(&text), pem_bits(&text));
            }
        }
    }
}
