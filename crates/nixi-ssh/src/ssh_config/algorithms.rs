//! The names of algorithms that ssh knows, in all its versions from 9.2 on: a name that none of them knows is a mistake.

use super::pattern::List;

/// What a list of algorithms is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Cipher,
    Mac,
    Kex,
    /// Types of keys, of certificates and of signatures, and patterns of them.
    Key,
    /// What may sign a certificate: newer ssh takes no certificate there.
    Signer,
    /// The names that Debian and others add for GSSAPI.
    GssKex,
}

const CIPHERS: &[&str] = &[
    "3des-cbc",
    "aes128-cbc",
    "aes192-cbc",
    "aes256-cbc",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
];

const MACS: &[&str] = &[
    "hmac-sha1",
    "hmac-sha1-96",
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-md5",
    "hmac-md5-96",
    "umac-64@openssh.com",
    "umac-128@openssh.com",
    "hmac-sha1-etm@openssh.com",
    "hmac-sha1-96-etm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-md5-etm@openssh.com",
    "hmac-md5-96-etm@openssh.com",
    "umac-64-etm@openssh.com",
    "umac-128-etm@openssh.com",
];

const KEXES: &[&str] = &[
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group-exchange-sha256",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "sntrup761x25519-sha512",
    "sntrup761x25519-sha512@openssh.com",
    "mlkem768x25519-sha256",
    "mlkem768nistp256-sha256",
];

const KEYS: &[&str] = &[
    "ssh-ed25519",
    "ssh-ed25519-cert-v01@openssh.com",
    "sk-ssh-ed25519@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "ssh-mldsa44-ed25519@openssh.com",
    "ssh-mldsa44-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ssh-dss",
    "ssh-dss-cert-v01@openssh.com",
    "ssh-rsa",
    "ssh-rsa-cert-v01@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-256-cert-v01@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-512-cert-v01@openssh.com",
];

/// Short names of types, which ssh takes as well.
const SHORT_KEYS: &[&str] = &["ED25519", "ED25519-SK", "ECDSA", "ECDSA-SK", "DSA", "RSA"];

const GSS: &[&str] = &[
    "gss-gex-sha1-",
    "gss-group1-sha1-",
    "gss-group14-sha1-",
    "gss-group14-sha256-",
    "gss-group16-sha512-",
    "gss-nistp256-sha256-",
    "gss-curve25519-sha256-",
];

/// The first name of a list that nobody knows. A list that takes away (`-…`) may name anything.
pub(super) fn unknown(kind: Kind, list: &str) -> Option<&str> {
    if kind != Kind::GssKex && list.starts_with('-') {
        return None;
    }
    let names = list.strip_prefix(['+', '^']).filter(|_| kind != Kind::GssKex).unwrap_or(list);
    if names.is_empty() {
        return Some(list);
    }
    // An empty name ends the list.
    names.split(',').take_while(|name| !name.is_empty()).find(|name| !is_known(kind, name))
}

fn is_known(kind: Kind, name: &str) -> bool {
    let among = |names: &[&str]| names.contains(&name);
    match kind {
        Kind::Cipher => among(CIPHERS),
        Kind::Mac => among(MACS),
        Kind::Kex => among(KEXES) || among(GSS),
        Kind::GssKex => among(GSS),
        Kind::Key | Kind::Signer => {
            let pattern = List::of(name);
            let short = SHORT_KEYS.iter().any(|short| short.eq_ignore_ascii_case(name));
            among(KEYS) || short || KEYS.iter().any(|key| pattern.has_to_say(key))
        }
    }
}
