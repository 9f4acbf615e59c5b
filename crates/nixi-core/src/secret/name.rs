//! Names of variables and parameters that hold secrets.

/// How the names end that hold a secret; not `_FILE`, which names a file.
const ENDS: [&str; 13] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "PWD",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "SECRET_KEY",
    "CREDENTIALS",
];

/// Whether a variable of this name holds a secret, as `DB_PASSWORD` or `apiKey` do.
pub(crate) fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_");
    ENDS.iter().any(|end| {
        name.strip_suffix(end).is_some_and(|before| {
            // `PASS` and `PWD` end other words as well: `COMPASS`, `OLDPWD`.
            end.len() > 4 || *end == "TOKEN" || before.is_empty() || before.ends_with('_')
        })
    })
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
            "PGPASSWORD",
            "api_key",
            "API-KEY",
            "GITHUB_TOKEN",
            "DB_PASS",
            "PWD",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            assert!(names_a_secret(secret), "{secret}");
        }
        for plain in
            ["DB_HOST", "POSTGRES_PASSWORD_FILE", "COMPASS", "OLDPWD", "PASSWORDLESS", "KEY", "TOKENS", ""]
        {
            assert!(!names_a_secret(plain), "{plain}");
        }
    }
}
