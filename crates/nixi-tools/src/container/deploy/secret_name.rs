//! What podman's secrets of a container are called.

use nixi_core::SecretArg;
use nixi_core::command::{ContainerName, EnvName};
use sha2::{Digest, Sha256};

/// The most characters that podman takes.
const MOST: usize = 64;
/// The longest name of a container that stands in the name of a secret as it is.
const SHORT: usize = 40;

/// The name of the secret behind a variable: `nixi.postgres.POSTGRES_PASSWORD.4f1d2a9c0b1e`. Another value has another
/// name, so that the one before stays for as long as a change can be undone. What is too long is a digest.
pub(super) fn secret_name(of: &ContainerName, variable: &EnvName, secret: &SecretArg) -> String {
    let digits = secret.digits().unwrap_or("asked");
    let (begin, end) = (begin(of), format!("{variable}.{digits}"));
    match begin.len() + end.len() <= MOST {
        true => format!("{begin}{end}"),
        false => format!("{begin}{}", hex(&end, 16)),
    }
}

fn begin(of: &ContainerName) -> String {
    match of.as_str() {
        name if name.len() <= SHORT => format!("nixi.{name}."),
        name => format!("nixi.{}.", hex(name, 32)),
    }
}

fn hex(text: &str, digits: usize) -> String {
    Sha256::digest(text).iter().take(digits / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// Of these names of secrets, those of a container.
pub(in crate::container) fn secrets_of(of: &ContainerName, names: &str) -> Vec<String> {
    let begin = begin(of);
    let is_hex =
        |word: &str, digits: usize| word.len() == digits && word.bytes().all(|b| b.is_ascii_hexdigit());
    // The name of a container may have a dot in it: those of `web.1` are not those of `web`.
    let is_its_own = |end: &str| match end.split_once('.') {
        Some((variable, digits)) => variable.parse::<EnvName>().is_ok() && is_hex(digits, 12),
        None => is_hex(end, 16),
    };
    let own = names.lines().filter(|name| name.strip_prefix(&begin).is_some_and(is_its_own));
    own.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_s_secrets_are_found_by_their_names() {
        let handle: SecretArg = "secret:4f1d2a9c0b1e".parse().unwrap();
        let variable = |word: &str| word.parse::<EnvName>().unwrap();
        let container = |word: &str| word.parse::<ContainerName>().unwrap();
        let (web, web1, long) = (container("web"), container("web.1"), container(&"x".repeat(128)));
        let name = secret_name(&web, &variable("DB_PASSWORD"), &handle);
        assert_eq!(name, "nixi.web.DB_PASSWORD.4f1d2a9c0b1e");
        let all: Vec<String> = [&web, &web1, &long]
            .into_iter()
            .flat_map(|of| {
                ["DB_PASSWORD".to_owned(), "V".repeat(128)]
                    .map(|name| secret_name(of, &variable(&name), &handle))
            })
            .collect();
        assert!(all.iter().all(|name| name.len() <= MOST), "{all:?}");
        let listed = format!("other\n{}\nnixi.web.\nnixi.web\n", all.join("\n"));
        assert_eq!(secrets_of(&web, &listed), all[..2]);
        assert_eq!(secrets_of(&web1, &listed), all[2..4]);
        assert_eq!(secrets_of(&long, &listed), all[4..]);
    }
}
