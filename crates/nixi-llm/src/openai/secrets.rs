//! What must not be shown of an endpoint's settings: the key, and what an address may carry in its place.

use std::fmt;

use reqwest::Url;
use secrecy::zeroize::Zeroizing;

/// The least length of a part of the address that is taken for a secret; a shorter one hides nothing, and would tear
/// holes into every message.
const SHORTEST: usize = 6;

/// The least length of a secret that is looked for in a model's own words.
const SHORTEST_IN_WORDS: usize = 8;

/// What people write where a server wants no key: words like any others.
const PLACEHOLDERS: [&str; 6] =
    ["lm-studio", "sk-no-key-required", "no-key-required", "not-needed", "anything", "placeholder"];

/// The address as it may be shown, and the words that may not; wiped from memory when they are gone.
pub(crate) struct Secrets {
    url: String,
    words: Vec<Zeroizing<String>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Secrets {
    pub(crate) fn new(url: &str, key: Option<&str>) -> Self {
        let mut words: Vec<Zeroizing<String>> =
            key.map(str::to_owned).map(Zeroizing::new).into_iter().collect();
        let in_url = Url::parse(url).map(|url| {
            let query = url.query().unwrap_or_default().split('&');
            let raw = query.filter_map(|pair| Some(pair.split_once('=')?.1.to_owned()));
            let decoded = url.query_pairs().map(|(_, value)| value.into_owned());
            let user = [Some(url.username()), url.password()].into_iter().flatten().map(str::to_owned);
            raw.chain(decoded).chain(user).collect::<Vec<_>>()
        });
        let in_url = in_url.unwrap_or_default().into_iter().map(Zeroizing::new);
        words.extend(in_url.filter(|word| word.len() >= SHORTEST));
        // A word may hold another.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let mut secrets = Self { url: String::new(), words };
        secrets.url = secrets.hidden(&bare(url));
        secrets
    }

    /// The address without user, password and query.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The text without the secrets.
    pub(crate) fn hidden(&self, text: &str) -> String {
        self.words.iter().fold(text.to_owned(), |text, word| text.replace(word.as_str(), "[key]"))
    }

    /// A model's words without the secrets.
    pub(crate) fn masked(&self, text: &str) -> String {
        self.long().fold(text.to_owned(), |text, word| text.replace(word, "[key]"))
    }

    /// How many bytes at the end of a model's words may be the beginning of a secret.
    pub(super) fn begun(&self, text: &str) -> usize {
        let begun = |word: &str| {
            (1..word.len()).rev().find(|len| word.is_char_boundary(*len) && text.ends_with(&word[..*len]))
        };
        self.long().filter_map(begun).max().unwrap_or(0)
    }

    fn long(&self) -> impl Iterator<Item = &str> {
        let words = self.words.iter().map(|word| word.as_str());
        words.filter(|word| word.len() >= SHORTEST_IN_WORDS && !PLACEHOLDERS.contains(word))
    }
}

fn bare(url: &str) -> String {
    // By hand: what is no URL may hold a secret too, and what is one is shown as it was written.
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host_ends = rest.find('/').unwrap_or(rest.len());
    let host_begins = rest[..host_ends].rfind('@').map_or(0, |at| at + 1);
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{}", &rest[host_begins..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_it_carries() {
        for (url, shown) in [
            ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
            ("https://me:pass-word@m.example/v1?key=abcdef12#x", "https://m.example/v1"),
            ("https://m.example?key=abcdef12", "https://m.example"),
            ("me:pass@nonsense?key=abc", "nonsense"),
            ("https://m.example/sk-secret/v1", "https://m.example/[key]/v1"),
            ("", ""),
        ] {
            assert_eq!(Secrets::new(url, Some("sk-secret")).url(), shown, "{url}");
        }
    }

    #[test]
    fn what_an_address_carries_is_hidden_elsewhere() {
        let secrets = Secrets::new("https://me:pass-word@m/v1?key=ab%2Fdef12&v=2", Some("sk-secret"));
        let text = "pass-word ab%2Fdef12 ab/def12 sk-secret v=2";
        assert_eq!(secrets.hidden(text), "[key] [key] [key] [key] v=2");
    }
}
