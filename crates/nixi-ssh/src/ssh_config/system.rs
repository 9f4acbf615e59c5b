//! What the words of the files are read by, beside the files: variables, homes of users, ports of services.

use std::fmt;
use std::path::Path;

/// Where names are looked up.
#[derive(Clone, Copy)]
pub(crate) struct System<'a> {
    /// What `~/` and `%d` stand for.
    pub(crate) home: &'a Path,
    /// The user here.
    pub(crate) local_user: Option<&'a str>,
    /// A variable of the environment.
    pub(crate) variable: fn(&str) -> Option<String>,
}

impl fmt::Debug for System<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System").field("home", &self.home).finish_non_exhaustive()
    }
}

impl System<'_> {
    /// A path with its `~` or `~user` in front replaced, as ssh does that, before anything else. The error is the user whose home
    /// is not known, or is no text.
    pub(crate) fn tilde(&self, path: &str) -> Result<String, String> {
        let Some(rest) = path.strip_prefix('~') else { return Ok(path.to_owned()) };
        let (user, below) = rest.split_once('/').unwrap_or((rest, ""));
        let own = || self.home.to_str().map(str::to_owned);
        let home = if user.is_empty() { own() } else { account(0, user).and_then(|line| field(&line, 5)) };
        let mut home = home.ok_or_else(|| format!("~{user}"))?;
        if !home.ends_with('/') {
            home.push('/');
        }
        Ok(home + below.trim_start_matches('/'))
    }

    /// A text with `${VARIABLE}` filled in. The error is the one that is not set, or that has no end.
    pub(crate) fn variables(&self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut left = text;
        while let Some((before, behind)) = left.split_once("${") {
            let (name, after) = behind.split_once('}').ok_or_else(|| "${".to_owned())?;
            let value = Some(name).filter(|name| !name.is_empty()).and_then(self.variable);
            out.push_str(before);
            out.push_str(&value.ok_or_else(|| format!("${{{name}}}"))?);
            left = after;
        }
        out.push_str(left);
        Ok(out)
    }
}

/// The name of a user for people, as far as `/etc/passwd` tells, and the number.
pub(super) fn name_of(uid: u32) -> String {
    match account(2, &uid.to_string()).and_then(|line| field(&line, 0)) {
        Some(name) => format!("the user {name} ({uid})"),
        None => format!("the user {uid}"),
    }
}

/// The line of passwd(5) with this in that field, counted from 0. What is no text in another line is no concern.
fn account(at: usize, value: &str) -> Option<Vec<u8>> {
    let file = std::fs::read("/etc/passwd").ok()?;
    let is_it = |line: &&[u8]| line.split(|byte| *byte == b':').nth(at) == Some(value.as_bytes());
    file.split(|byte| *byte == b'\n').find(is_it).map(<[u8]>::to_vec)
}

/// A field of it, if that is text.
fn field(line: &[u8], at: usize) -> Option<String> {
    String::from_utf8(line.split(|byte| *byte == b':').nth(at)?.to_vec()).ok()
}

/// A port as ssh reads one: a number, or the name of a TCP service in `/etc/services`. 0 is one too.
pub(super) fn port(word: &str) -> Option<u16> {
    number(word, 65535).and_then(|port| u16::try_from(port).ok()).or_else(|| service(word))
}

/// A whole number from 0 up to a limit; ssh lets blanks and a sign stand before it.
pub(super) fn number(word: &str, most: u64) -> Option<u64> {
    let word = word.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    let digits = word.strip_prefix('+').unwrap_or(word);
    let zero =
        || word.strip_prefix('-').filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b == b'0'));
    if zero().is_some() {
        return Some(0);
    }
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten().filter(|number| *number <= most)
}

fn service(name: &str) -> Option<u16> {
    let text = std::fs::read_to_string("/etc/services").ok()?;
    text.lines().find_map(|line| {
        let line = line.split('#').next()?;
        let mut words = line.split_whitespace();
        let (first, port) = (words.next()?, words.next()?.strip_suffix("/tcp")?);
        (first == name || words.any(|alias| alias == name)).then(|| port.parse().ok()).flatten()
    })
}

/// The home of root, which every machine has somewhere.
#[cfg(test)]
pub(crate) fn home_of_root() -> String {
    let text = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = text.lines().find(|line| line.starts_with("root:")).unwrap();
    line.split(':').nth(5).unwrap().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> System<'static> {
        let variable = |name: &str| (name == "RUN").then(|| "/run/me".to_owned());
        System { home: Path::new("/home/a"), local_user: None, variable }
    }

    #[test]
    fn homes_and_variables_are_filled_in_and_what_is_not_known_is_told() {
        for (path, whole) in [
            ("~", "/home/a/"),
            ("~/", "/home/a/"),
            ("~//x", "/home/a/x"),
            ("~root/x", &format!("{}/x", home_of_root())),
            ("a~/x", "a~/x"),
        ] {
            assert_eq!(system().tilde(path).unwrap(), whole, "{path}");
        }
        assert_eq!(system().tilde("~no-such-user/x").unwrap_err(), "~no-such-user");
        assert_eq!(system().variables("${RUN}/x/${RUN}$RUN").unwrap(), "/run/me/x//run/me$RUN");
        for (text, missing) in [("${NOT}/x", "${NOT}"), ("${RUN", "${"), ("${}", "${}")] {
            assert_eq!(system().variables(text).unwrap_err(), missing, "{text}");
        }
    }

    #[test]
    fn ports_are_numbers_and_services() {
        for (word, read) in [
            ("22", Some(22)),
            ("+22", Some(22)),
            (" 022", Some(22)),
            ("0", Some(0)),
            ("-0", Some(0)),
            ("65536", None),
            ("-1", None),
            ("22 ", None),
            ("", None),
            ("0x16", None),
            ("no-such-service", None),
        ] {
            assert_eq!(port(word), read, "{word:?}");
        }
    }
}
