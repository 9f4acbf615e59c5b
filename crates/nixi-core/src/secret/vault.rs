//! Where a session keeps its secrets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, Mac};
use rustix::rand::{GetRandomFlags, getrandom};
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

use super::name::is_default;
use super::{Secret, SecretArg};

/// All secrets of one session, by their handles. It lives as long as the session does, and so does its key.
pub(crate) struct Vault {
    /// Handles are keyed hashes of the values: they name a value to the digest of a plan, and nobody can guess a value by
    /// its handle.
    key: Zeroizing<[u8; 32]>,
    kept: Mutex<HashMap<SecretArg, Arc<Secret>>>,
}

impl Vault {
    /// An empty vault with a key of its own.
    pub(crate) fn new() -> Self {
        let mut key = Zeroizing::new([0; 32]);
        // 32 bytes come whole or not at all (getrandom(2)). Without them the handles of this session could be guessed,
        // so they are made of chance that is weaker and still secret.
        if getrandom(key.as_mut_slice(), GetRandomFlags::empty()) != Ok(32) {
            use std::hash::BuildHasher;
            for chunk in key.chunks_mut(8) {
                let chance = std::collections::hash_map::RandomState::new().hash_one(());
                chunk.copy_from_slice(&chance.to_ne_bytes());
            }
        }
        Self { key, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<SecretArg, Arc<Secret>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a secret, and gives the handle that stands for it: the same one for the same value.
    pub(crate) fn keep(&self, secret: Secret) -> SecretArg {
        let mut kept = self.kept();
        for count in 0_u64.. {
            let handle = self.handle(&secret, count);
            match kept.get(&handle) {
                Some(other) if other.bytes() == secret.bytes() => return handle,
                // Two values with one handle: the next number makes another.
                Some(_) => {}
                None => {
                    kept.insert(handle.clone(), Arc::new(secret));
                    return handle;
                }
            }
        }
        SecretArg::ask()
    }

    fn handle(&self, secret: &Secret, count: u64) -> SecretArg {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.as_slice()) else {
            return SecretArg::ask();
        };
        mac.update(&count.to_be_bytes());
        mac.update(secret.bytes());
        SecretArg::of_digest(&mac.finalize().into_bytes())
    }

    /// The secret behind a handle of this session. For steps of approved plans alone.
    pub(crate) fn get(&self, handle: &SecretArg) -> Option<Arc<Secret>> {
        self.kept().get(handle).cloned()
    }

    /// Whether the handle is one of this session's.
    pub(crate) fn knows(&self, handle: &SecretArg) -> bool {
        self.kept().contains_key(handle)
    }

    /// Whether the secret is a password that attackers try first.
    pub(crate) fn is_default(&self, handle: &SecretArg) -> bool {
        self.get(handle).is_some_and(|secret| is_default(secret.bytes()))
    }

    /// Whether the secret has more than one line, which a file of variables cannot hold.
    pub(crate) fn has_lines(&self, handle: &SecretArg) -> bool {
        self.get(handle).is_some_and(|secret| secret.bytes().iter().any(|byte| b"\r\n".contains(byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(value: &str) -> Secret {
        Secret::new(value.into()).ok().unwrap()
    }

    #[test]
    fn a_value_has_one_handle_a_session() {
        let (vault, other) = (Vault::new(), Vault::new());
        let handle = vault.keep(secret("hunter2"));
        assert_eq!(vault.keep(secret("hunter2")), handle);
        assert_ne!(vault.keep(secret("hunter3")), handle);
        assert_ne!(other.keep(secret("hunter2")), handle, "another session has another key");
        assert!(vault.knows(&handle) && !other.knows(&handle));
        assert_eq!(vault.get(&handle).unwrap().bytes(), b"hunter2");
        assert!(vault.is_default(&vault.keep(secret("ChangeMe"))) && !vault.is_default(&handle));
    }
}
