//! The `%` tokens of ssh_config(5), as far as they are known without running anything, and variables beside them.

use std::path::{Path, PathBuf};

use super::system::System;

/// What tokens stand for; those that a keyword does not know are empty there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tokens<'a> {
    /// `%n`: the host as it was asked for.
    pub(crate) original: Option<&'a str>,
    /// `%h`: the host that is connected to.
    pub(crate) host: Option<&'a str>,
    /// `%k`: the alias of the host key, else the host as it was asked for.
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

impl Tokens<'_> {
    fn value(&self, token: char) -> Option<String> {
        match token {
            '%' => Some("%".to_owned()),
            'n' => self.original.map(str::to_owned),
            'h' => self.host.map(str::to_owned),
            'k' => self.key_name.map(str::to_owned),
            'p' => self.port.map(|port| port.to_string()),
            'r' => self.user.map(str::to_owned),
            'u' => self.local_user.map(str::to_owned),
            // A home that is no text stands for nothing else.
            'd' => self.home.and_then(Path::to_str).map(str::to_owned),
            'i' => self.home.map(|_| rustix::process::getuid().as_raw().to_string()),
            _ => None,
        }
    }
}

/// Puts the values in. The token that is not known is the error.
pub(crate) fn expand(text: &str, tokens: &Tokens<'_>) -> Result<String, String> {
    fill(text, tokens, None)
}

/// The same with `${VARIABLE}` beside the tokens, in one go: what a variable holds is not looked at again.
pub(crate) fn expand_variables(
    text: &str,
    tokens: &Tokens<'_>,
    system: &System<'_>,
) -> Result<String, String> {
    fill(text, tokens, Some(system))
}

fn fill(text: &str, tokens: &Tokens<'_>, system: Option<&System<'_>>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut left = text;
    while let Some(c) = left.chars().next() {
        if let Some(system) = system.filter(|_| left.starts_with("${")) {
            let end = left.find('}').map_or(left.len(), |end| end + 1);
            out.push_str(&system.variables(&left[..end])?);
            left = &left[end..];
            continue;
        }
        left = &left[c.len_utf8()..];
        if c != '%' {
            out.push(c);
            continue;
        }
        let token = left.chars().next().ok_or_else(|| "%".to_owned())?;
        left = &left[token.len_utf8()..];
        out.push_str(&tokens.value(token).ok_or_else(|| format!("%{token}"))?);
    }
    Ok(out)
}

/// A path: `~` and `~user` first, then tokens and variables.
pub(crate) fn expand_path(text: &str, tokens: &Tokens<'_>, system: &System<'_>) -> Result<PathBuf, String> {
    expand_variables(&system.tilde(text)?, tokens, system).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_tokens_are_filled_in_and_others_told() {
        let variable = |name: &str| (name == "RUN").then(|| "/run/%h".to_owned());
        let system = System { home: Path::new("/home/a"), local_user: None, variable };
        let tokens = Tokens {
            host: Some("10.0.0.1"),
            user: Some("CORP\\${RUN}"),
            home: Some(Path::new("/home/a")),
            ..Tokens::default()
        };
        assert_eq!(expand("%h-%%${RUN}", &tokens).unwrap(), "10.0.0.1-%${RUN}");
        for (text, unknown) in [("%C", "%C"), ("%n", "%n"), ("a%", "%")] {
            assert_eq!(expand(text, &tokens).unwrap_err(), unknown);
        }
        for (text, path) in [
            ("~/.ssh/%h", "/home/a/.ssh/10.0.0.1"),
            ("%d//k", "/home/a//k"),
            ("${RUN}/%r", "/run/%h/CORP\\${RUN}"),
            ("~root/k", &format!("{}/k", crate::ssh_config::home_of_root())),
        ] {
            assert_eq!(expand_path(text, &tokens, &system).unwrap(), Path::new(path), "{text}");
        }
        for (text, unknown) in
            [("${NOT}/k", "${NOT}"), ("~no-such-user/k", "~no-such-user"), ("${RUN", "${"), ("%z", "%z")]
        {
            assert_eq!(expand_path(text, &tokens, &system).unwrap_err(), unknown, "{text}");
        }
    }
}
