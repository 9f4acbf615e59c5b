//! Names of variables and parameters that hold secrets.

/// How the names end that hold a secret; not `_FILE`, which names a file, nor `TOKENS`, which are counted.
const ENDS: [&str; 15] = [
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "PWD",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "APIKEY",
    "APIKEYS",
    "SECRETKEY",
    "PRIVATEKEY",
    "CREDENTIAL",
    "CREDENTIALS",
];
/// Keys that open nothing: `SSH_PUBLIC_KEY`, `SORT_KEY`.
const NO_SECRET: [&str; 5] = ["PUBLIC", "PRIMARY", "FOREIGN", "SORT", "PARTITION"];
/// What may stand behind such an end: `DB_PASSWORD_OLD`, `SECRET_KEY_BASE`.
const BEHIND: [&str; 12] = [
    "_OLD",
    "_NEW",
    "_PREVIOUS",
    "_CURRENT",
    "_NEXT",
    "_BACKUP",
    "_BASE",
    "_VALUE",
    "_PROD",
    "_STAGING",
    "_TEST",
    "_DEV",
];

/// Whether a variable of this name holds a secret, as `DB_PASSWORD`, `apiKey`, `password1` or `X_KEY` do.
pub(crate) fn names_a_secret(name: &str) -> bool {
    let mut whole = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for letter in name.chars() {
        if was_small && letter.is_ascii_uppercase() {
            whole.push('_');
        }
        was_small = letter.is_ascii_lowercase();
        whole.push(if letter == '-' { '_' } else { letter.to_ascii_uppercase() });
    }
    let numbered = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_').to_owned();
    let bare = numbered(&whole);
    let stem =
        BEHIND.iter().find_map(|behind| bare.strip_suffix(behind)).map_or_else(|| bare.clone(), numbered);
    ends_as_secret(&stem) || is_key(&stem)
}

fn ends_as_secret(name: &str) -> bool {
    ENDS.iter().any(|end| {
        name.strip_suffix(end).is_some_and(|before| {
            // `PASS` and `PWD` end other words as well: `COMPASS`, `OLDPWD`.
            end.len() > 4 || before.is_empty() || before.ends_with('_')
        })
    })
}

/// Whether it is the key to something: `API_KEYS`, `STRIPE_KEY`. A `KEY` alone may be anything.
fn is_key(name: &str) -> bool {
    let before = name.strip_suffix("_KEY").or_else(|| name.strip_suffix("_KEYS"));
    before.is_some_and(|before| !before.is_empty() && !NO_SECRET.iter().any(|no| before.ends_with(no)))
}

/// Passwords that attackers try first.
const DEFAULTS: [&str; 16] = [
    "password",
    "passwd",
    "pass",
    "admin",
    "root",
    "secret",
    "changeme",
    "change_me",
    "change-me",
    "default",
    "postgres",
    "mysql",
    "example",
    "test",
    "1234",
    "123456",
];

/// Whether a secret is one of the well-known defaults.
pub(super) fn is_default(value: &[u8]) -> bool {
    DEFAULTS.iter().any(|default| value.eq_ignore_ascii_case(default.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_by_their_end() {
        for secret in [
            "DB_PASSWORD",
            "password",
            "password1",
            "PASSWORD_2",
            "DB_PASSWORD_OLD",
            "dbPassword",
            "PGPASSWORD",
            "api_key",
            "API-KEY",
            "apiKey",
            "API_KEYS",
            "X_KEY",
            "SECRET_KEY_BASE",
            "GITHUB_TOKEN",
            "DB_PASS",
            "PWD",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            assert!(names_a_secret(secret), "{secret}");
        }
        for plain in [
            "DB_HOST",
            "POSTGRES_PASSWORD_FILE",
            "COMPASS",
            "OLDPWD",
            "PASSWORDLESS",
            "KEY",
            "_KEY",
            "KEYS",
            "MONKEY",
            "SSH_PUBLIC_KEY",
            "SORT_KEY",
            "TOKENS",
            "MAX_TOKENS",
            "MD5",
            "_",
            "",
        ] {
            assert!(!names_a_secret(plain), "{plain}");
        }
    }
}
