//! One table of a file, read key by key; what does not fit is noted with its place and left out.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnose::{Sheet, closest};
use crate::jump::Hop;
use crate::word::BadWord;

pub(crate) const NODE_KEYS: &[&str] =
    &["name", "host", "user", "mode", "port", "identity", "tags", "proxy_jump"];

/// Every table with its keys, in the order of the documentation.
pub(crate) const TABLES: [(&str, &[&str]); 7] = [
    ("[[nodes]]", NODE_KEYS),
    ("[container]", &["runtime"]),
    ("[ssh]", &["connect_timeout", "command_timeout", "known_hosts", "identity"]),
    ("[llm]", &["base_url", "model", "api_key_env", "api_key_file"]),
    ("[approval]", &["routine"]),
    ("[guard]", &["timeout"]),
    ("[file]", &["roots"]),
];

/// What a value may be, for the message when it is something else.
type Wanted = &'static str;

pub(crate) struct Section<'a, 's, 't> {
    sheet: &'a mut Sheet<'s>,
    title: &'static str,
    table: &'a DeTable<'t>,
    home: &'a Path,
    misspelt: Vec<&'static str>,
}

impl<'a, 's, 't> Section<'a, 's, 't> {
    /// The table under this title of [`TABLES`]; its unknown keys are noted at once.
    pub(crate) fn new(
        sheet: &'a mut Sheet<'s>,
        title: &'static str,
        table: &'a DeTable<'t>,
        home: &'a Path,
    ) -> Self {
        let mut section = Self { sheet, title, table, home, misspelt: Vec::new() };
        let known = TABLES.iter().find(|(name, _)| *name == title).map_or(&[][..], |(_, keys)| keys);
        for (key, _) in table {
            let word = key.get_ref().as_ref();
            if known.contains(&word) {
                continue;
            }
            let near = closest(word, known.iter().copied());
            section.misspelt.extend(near);
            let message = format!("unknown key {word:?} in {title}");
            section.sheet.report(key.span(), &message, Some(unknown_key_hint(word, near, known)));
        }
        section
    }

    /// Where the key and its value stand, if the key is there.
    pub(crate) fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(name, _)| name.span())
    }

    /// Where the value of the key stands, if it is there.
    pub(crate) fn value_span(&self, key: &str) -> Option<Range<usize>> {
        self.raw(key).map(Spanned::span)
    }

    fn raw(&self, key: &str) -> Option<&'a Spanned<DeValue<'t>>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    pub(crate) fn report(&mut self, span: Range<usize>, message: &str, hint: Option<String>) {
        self.sheet.report(span, message, hint);
    }

    pub(crate) fn report_hidden(&mut self, span: Range<usize>, message: &str, hint: Option<String>) {
        self.sheet.report_hidden(span, message, hint);
    }

    /// Notes that the table lacks the key, unless a misspelt one was probably meant to be it.
    pub(crate) fn require(&mut self, key: &'static str, at: Range<usize>, example: &str) {
        if self.raw(key).is_none() && !self.misspelt.contains(&key) {
            let message = format!("a {} table needs a {key:?}", self.title);
            self.sheet.report(at, &message, Some(format!("add {key} = {example}")));
        }
    }

    fn wrong_type(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: Wanted, hint: Option<String>) {
        let is = match value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        self.sheet.report(value.span(), &format!("{key:?} must be {wanted}, not {is}"), hint);
    }

    pub(crate) fn string(&mut self, key: &str) -> Option<&'a str> {
        self.text(key, "a string", None)
    }

    fn text(&mut self, key: &str, wanted: Wanted, hint: Option<String>) -> Option<&'a str> {
        let value = self.raw(key)?;
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.as_ref());
        }
        self.wrong_type(key, value, wanted, hint);
        None
    }

    /// A checked word, such as a node's name.
    pub(crate) fn word<T: FromStr<Err = BadWord>>(&mut self, key: &str) -> Option<T> {
        let text = self.string(key)?;
        match text.parse() {
            Ok(word) => Some(word),
            Err(error) => {
                self.sheet.report(self.value_span(key)?, &format!("{error}"), None);
                None
            }
        }
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&mut self, key: &str, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
        let text = self.string(key)?;
        if let Some(choice) = all.iter().find(|choice| name(**choice) == text) {
            return Some(*choice);
        }
        let words: Vec<&str> = all.iter().map(|choice| name(*choice)).collect();
        let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        let message = format!("{key:?} must be {}, not {text:?}", quoted.join(" or "));
        let hint = closest(text, words).map(|word| format!("did you mean {word:?}?"));
        self.sheet.report(self.value_span(key)?, &message, hint);
        None
    }

    /// An integer from 1 to 65535.
    pub(crate) fn port<T: TryFrom<u16>>(&mut self, key: &str) -> Option<T> {
        const WANTED: Wanted = "an integer from 1 to 65535";
        let value = self.raw(key)?;
        let DeValue::Integer(integer) = value.get_ref() else {
            let number = value.get_ref().as_str().filter(|text| text.parse::<u16>().is_ok());
            let hint = number.map(|number| format!("write {key} = {number}"));
            self.wrong_type(key, value, WANTED, hint);
            return None;
        };
        let number = u16::from_str_radix(integer.as_str(), integer.radix()).ok();
        let port = number.and_then(|number| T::try_from(number).ok());
        if port.is_none() {
            self.sheet.report(value.span(), &format!("{key:?} must be {WANTED}, not {integer}"), None);
        }
        port
    }

    /// A length of time above zero and at most an hour: `"500ms"`, `"10s"`, `"2m"`, `"1h"`.
    pub(crate) fn duration(&mut self, key: &str) -> Option<Duration> {
        let hint = match self.raw(key)?.get_ref().as_integer() {
            Some(n) => format!("write {key} = \"{n}s\" for seconds"),
            None => format!("write a number and ms, s, m or h, such as {key} = \"10s\""),
        };
        let text = self.text(key, "a length of time in quotes", Some(hint.clone()))?;
        let span = self.value_span(key)?;
        match parse_duration(text) {
            Some(time) if time.is_zero() => {
                self.sheet.report(span, &format!("{key:?} must be more than zero"), None);
            }
            Some(time) if time > Duration::from_secs(3600) => {
                self.sheet.report(span, &format!("{key:?} must be at most an hour"), None);
            }
            Some(time) => return Some(time),
            None => self.sheet.report(span, &format!("{text:?} is not a length of time"), Some(hint)),
        }
        None
    }

    /// An absolute path; `~/` stands for the home directory.
    pub(crate) fn path(&mut self, key: &str) -> Option<PathBuf> {
        let text = self.string(key)?;
        self.checked_path(key, text, self.value_span(key)?)
    }

    /// A list of such paths.
    pub(crate) fn paths(&mut self, key: &str) -> Option<Vec<PathBuf>> {
        let texts = self.strings(key)?;
        Some(texts.into_iter().filter_map(|(text, span)| self.checked_path(key, text, span)).collect())
    }

    /// A list of checked words.
    pub(crate) fn words<T: FromStr<Err = BadWord>>(&mut self, key: &str) -> Option<Vec<T>> {
        let mut words = Vec::new();
        for (text, span) in self.strings(key)? {
            match text.parse() {
                Ok(word) => words.push(word),
                Err(error) => self.sheet.report(span, &format!("{error}"), None),
            }
        }
        Some(words)
    }

    /// The jump hosts of one string, the nearest first; none for `"none"`.
    pub(crate) fn hops(&mut self, key: &str) -> Option<Vec<Hop>> {
        let hint = "write [user@]host[:port] or the name of a node, several with commas between".to_owned();
        let text = self.text(key, "a string", Some(hint.clone()))?;
        match Hop::list(text) {
            Ok(hops) => Some(hops),
            Err(error) => {
                self.sheet.report(self.value_span(key)?, &error.to_string(), Some(hint));
                None
            }
        }
    }

    fn strings(&mut self, key: &str) -> Option<Vec<(&'a str, Range<usize>)>> {
        const WANTED: Wanted = "a list of strings";
        let value = self.raw(key)?;
        let DeValue::Array(array) = value.get_ref() else {
            let hint = value.get_ref().as_str().map(|text| format!("write {key} = [{text:?}]"));
            self.wrong_type(key, value, WANTED, hint);
            return None;
        };
        let mut texts = Vec::new();
        for item in array {
            match item.get_ref().as_str() {
                Some(text) => texts.push((text, item.span())),
                None => self.wrong_type(key, item, WANTED, None),
            }
        }
        Some(texts)
    }

    fn checked_path(&mut self, key: &str, text: &str, span: Range<usize>) -> Option<PathBuf> {
        let why = if text.is_empty() {
            "is empty"
        } else if text.chars().any(char::is_control) {
            "has a control character in it"
        } else if let Some(below) = text.strip_prefix("~/") {
            return Some(self.home.join(below.trim_start_matches('/')));
        } else if text.starts_with('/') {
            return Some(PathBuf::from(text));
        } else {
            "is neither absolute nor below ~/"
        };
        let hint = "write the whole path, from / or from ~/".to_owned();
        self.sheet.report(span, &format!("the path in {key:?} {why}"), Some(hint));
        None
    }
}

fn unknown_key_hint(word: &str, near: Option<&str>, known: &[&str]) -> String {
    if matches!(word, "api_key" | "apikey" | "key" | "token" | "password") && known.contains(&"api_key_env") {
        return "no secret belongs in this file: name a variable with api_key_env, or a file with api_key_file"
            .to_owned();
    }
    let home = TABLES.iter().find(|(_, keys)| keys.contains(&word));
    if let Some((title, _)) = home {
        return format!("{word:?} belongs in {title}");
    }
    if let Some(near) = near {
        return format!("did you mean {near:?}?");
    }
    format!("the keys here are {}", known.join(", "))
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit.trim_start() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("10s"), Some(Duration::from_secs(10)));
        assert_eq!(parse_duration("2m"), Some(Duration::from_secs(120)));
        assert_eq!(parse_duration("1h"), Some(Duration::from_secs(3600)));
        for bad in
            ["", "10", "s", "-1s", "1.5s", "10 parsecs", "99999999999999999999s", "9999999999999999999h"]
        {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
