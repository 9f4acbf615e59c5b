//! The `%` tokens of ssh_config(5), as far as they are known without running anything.

use std::path::{Path, PathBuf};

/// What tokens stand for; those that a keyword does not know are empty there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tokens<'a> {
    /// `%n`: the host as it was asked for.
    pub(crate) original: Option<&'a str>,
    /// `%h`: the host that is connected to.
    pub(crate) host: Option<&'a str>,
    /// `%k`: the name of the host key.
    pub(crate) key_name: Option<&'a str>,
    /// `%p`
    pub(crate) port: Option<u16>,
    /// `%r`: the user on the other side.
    pub(crate) user: Option<&'a str>,
    /// `%u`: the user here.
    pub(crate) local_user: Option<&'a str>,
    /// `%d`
    pub(crate) home: Option<&'a Path>,
}

/// Puts the values in. The token that is not known is the error.
pub(crate) fn expand(text: &str, tokens: &Tokens<'_>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut left = text.chars();
    while let Some(c) = left.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let token = left.next();
        let value = match token {
            Some('%') => Some("%".to_owned()),
            Some('n') => tokens.original.map(str::to_owned),
            Some('h') => tokens.host.map(str::to_owned),
            Some('k') => tokens.key_name.map(str::to_owned),
            Some('p') => tokens.port.map(|port| port.to_string()),
            Some('r') => tokens.user.map(str::to_owned),
            Some('u') => tokens.local_user.map(str::to_owned),
            Some('d') => tokens.home.map(|home| home.display().to_string()),
            Some(_) | None => None,
        };
        match value {
            Some(value) => out.push_str(&value),
            None => return Err(format!("%{}", token.map(String::from).unwrap_or_default())),
        }
    }
    Ok(out)
}

/// A path: tokens, `~/`, and no variable of the environment, which is not known here.
pub(crate) fn expand_path(text: &str, tokens: &Tokens<'_>) -> Result<PathBuf, String> {
    if text.contains("${") {
        return Err("${".to_owned());
    }
    let path = expand(text, tokens)?;
    match (path.strip_prefix("~/"), tokens.home) {
        (Some(below), Some(home)) => Ok(home.join(below.trim_start_matches('/'))),
        (Some(_), None) => Err("~".to_owned()),
        (None, _) if path.starts_with('~') => Err("~USER".to_owned()),
        (None, _) => Ok(PathBuf::from(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_tokens_are_filled_in_and_others_told() {
        let tokens = Tokens {
            host: Some("10.0.0.1"),
            user: Some("ops"),
            home: Some(Path::new("/home/a")),
            ..Tokens::default()
        };
        assert_eq!(expand("%h-%r%%", &tokens).unwrap(), "10.0.0.1-ops%");
        for (text, unknown) in [("%C", "%C"), ("%n", "%n"), ("a%", "%")] {
            assert_eq!(expand(text, &tokens).unwrap_err(), unknown);
        }
        assert_eq!(expand_path("~/.ssh/%r", &tokens).unwrap(), Path::new("/home/a/.ssh/ops"));
        assert_eq!(expand_path("%d//k", &tokens).unwrap(), Path::new("/home/a//k"));
        for text in ["${HOME}/k", "~other/k"] {
            assert!(expand_path(text, &tokens).is_err(), "{text}");
        }
    }
}
