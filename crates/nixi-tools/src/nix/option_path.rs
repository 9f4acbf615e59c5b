//! The name of an option.

use std::fmt;
use std::str::FromStr;

use rnix::ast;

/// The longest name that is taken, in bytes.
const MOST: usize = 512;
/// Words that are no names in an attribute path.
const KEYWORDS: [&str; 9] = ["if", "then", "else", "assert", "with", "let", "in", "rec", "inherit"];

/// The name of a NixOS option: attributes with dots between them, as `services.nginx.enable`. A part that is no plain
/// word is quoted: `systemd.services."nixi-backup@home".enable`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OptionPath(Vec<String>);

impl OptionPath {
    /// Its parts, without quotes; one at least.
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// Made of these parts, if there are any and they can be written down.
    pub fn of_parts(parts: impl IntoIterator<Item = impl Into<String>>) -> Option<Self> {
        let parts: Vec<String> = parts.into_iter().map(Into::into).collect();
        let fits = |part: &String| !part.is_empty() && !part.chars().any(char::is_control);
        let length: usize = parts.iter().map(|part| part.len() + 1).sum();
        (!parts.is_empty() && length <= MOST && parts.iter().all(fits)).then_some(Self(parts))
    }
}

/// One part as it is written: in quotes, unless it is a plain word.
pub(super) fn shown(part: &str) -> String {
    let mut chars = part.chars();
    let begins = chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    let is_plain = begins && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\''));
    if is_plain && !KEYWORDS.contains(&part) && part != "or" {
        return part.to_owned();
    }
    super::expr::quoted(part)
}

/// As it is written in a module.
impl fmt::Display for OptionPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|part| shown(part)).collect();
        f.write_str(&parts.join("."))
    }
}

impl FromStr for OptionPath {
    /// A sentence that says what is wrong with it.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let no_name = || format!("`{text}` is not the name of an option, such as `services.nginx.enable`");
        if text.len() > MOST {
            return Err(format!("the name of an option has at most {MOST} bytes"));
        }
        let (mut parts, mut rest) = (Vec::new(), text);
        loop {
            let part = if let Some(quoted) = rest.strip_prefix('"') {
                let (part, after) = quoted.split_once('"').ok_or_else(no_name)?;
                // What means something in a string of Nix is in the name of no option that people write.
                if part.contains(['\\', '$']) {
                    return Err(no_name());
                }
                rest = after;
                part
            } else {
                let end = rest.find('.').unwrap_or(rest.len());
                let (part, after) = rest.split_at(end);
                rest = after;
                if shown(part) != part {
                    return Err(no_name());
                }
                part
            };
            parts.push(part);
            match rest.strip_prefix('.') {
                Some(after) => rest = after,
                None if rest.is_empty() => break,
                None => return Err(no_name()),
            }
        }
        Self::of_parts(parts).ok_or_else(no_name)
    }
}

/// The parts of a path in a file; nothing where one of them is computed.
pub(super) fn of_attrpath(path: &ast::Attrpath) -> Option<Vec<String>> {
    path.attrs().map(|attr| of_attr(&attr)).collect()
}

pub(super) fn of_attr(attr: &ast::Attr) -> Option<String> {
    match attr {
        ast::Attr::Ident(ident) => Some(ident.ident_token()?.text().to_owned()),
        ast::Attr::Str(text) => match text.normalized_parts().as_slice() {
            [] => Some(String::new()),
            [ast::InterpolPart::Literal(literal)] => Some(literal.clone()),
            _ => None,
        },
        ast::Attr::Dynamic(_) => None,
    }
}
