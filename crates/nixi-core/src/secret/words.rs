//! Secrets in the words of a request: found and replaced before anything else sees the text.
//!
//! Found are a value behind a name that holds secrets (`DB_PASSWORD=…`, `?user=u&password=…`, `"password":"…"`), a word behind
//! `password`, `token`, `Bearer` and the like, the password in a URL, private keys in PEM, and what looks like a key of a
//! well-known service. Each other place in the text that holds the same value is replaced too. This is a safeguard, not a guarantee: a secret that looks like any other word is not found.

use std::ops::Range;

use super::{forms, names_a_secret};

/// Nouns that a secret follows, as in `with password MySecretPW`.
const NOUNS: [&str; 8] = ["password", "passwd", "passphrase", "token", "secret", "apikey", "api-key", "pin"];
/// Words that may stand between the noun and the secret.
const BETWEEN: [&str; 5] = ["is", "=", ":", "as", "being"];
/// Words that are no secret behind such a noun: `the password for alice`.
const NO_SECRET: [&str; 40] = [
    "a",
    "again",
    "an",
    "and",
    "are",
    "at",
    "before",
    "by",
    "change",
    "expires",
    "file",
    "files",
    "for",
    "from",
    "has",
    "hash",
    "hashes",
    "if",
    "in",
    "into",
    "it",
    "login",
    "manager",
    "not",
    "of",
    "off",
    "on",
    "or",
    "policy",
    "prompt",
    "protected",
    "then",
    "to",
    "was",
    "when",
    "which",
    "with",
    "without",
    "authentication",
    "change.",
];
/// How tokens of well-known services begin.
const SHAPES: [&str; 11] =
    ["ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "sk-", "xoxb-", "xoxp-", "AKIA", "hf_", "tskey-"];
/// The least length of a token of that shape.
const SHAPED: usize = 16;
/// The least length of a token behind `Bearer`.
const BORNE: usize = 8;
/// The least length of a value that is looked for elsewhere in the text.
const REPEATED: usize = 4;

/// The text with each secret replaced by what `keep` gives for it. What is a handle already stays.
pub(crate) fn without_secrets(text: &str, mut keep: impl FnMut(&str) -> Option<String>) -> String {
    let mut found = spans(text);
    // The same value may stand elsewhere, where nothing tells what it is.
    let values: Vec<String> =
        found.iter().filter_map(|span| text.get(span.clone()).map(str::to_owned)).collect();
    for value in values.iter().filter(|value| value.len() >= REPEATED) {
        found.extend(
            text.match_indices(value.as_str())
                .map(|(at, _)| at..at + value.len())
                .filter(|span| is_alone(text, span)),
        );
    }
    found.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let (mut replaced, mut end) = (String::with_capacity(text.len()), 0);
    for span in found {
        if span.start < end {
            continue;
        }
        let Some(value) = text.get(span.clone()) else { continue };
        let Some(handle) = keep(value) else { continue };
        replaced.push_str(text.get(end..span.start).unwrap_or_default());
        replaced.push_str(&handle);
        end = span.end;
    }
    replaced.push_str(text.get(end..).unwrap_or_default());
    replaced
}

/// Whether a match is a word by itself, and not a part of another one.
fn is_alone(text: &str, span: &Range<usize>) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let before = text.get(..span.start).and_then(|text| text.chars().next_back());
    let after = text.get(span.end..).and_then(|text| text.chars().next());
    !before.is_some_and(is_word) && !after.is_some_and(is_word)
}

/// A word of the text, without blanks.
struct Word<'t> {
    at: usize,
    text: &'t str,
}

fn words(text: &str) -> Vec<Word<'_>> {
    text.split_whitespace()
        .map(|word| Word { at: word.as_ptr() as usize - text.as_ptr() as usize, text: word })
        .collect()
}

/// Where secrets are, in any order.
fn spans(text: &str) -> Vec<Range<usize>> {
    let words = words(text);
    let mut found = forms::in_json(text);
    found.extend(forms::private_keys(text));
    for (at, word) in words.iter().enumerate() {
        found.extend(in_url(word));
        found.extend(forms::in_parameters(word.at, word.text));
        found.extend(behind_bearer(text, &words, at));
        if is_shaped(word.text) {
            found.extend(value(text, word.at, word.at + word.text.len()));
        }
        if let Some((name, _)) = word.text.split_once('=') {
            let name = name.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).next();
            if name.is_some_and(|name| names_a_secret(name) || is_noun(name)) {
                let start = word.at + word.text.find('=').unwrap_or(0) + 1;
                found.extend(value(text, start, word.at + word.text.len()));
                continue;
            }
        }
        found.extend(behind_noun(text, &words, at));
    }
    // A word may be found twice, as a token behind `token`.
    found
}

/// The secret behind a noun: `password hunter2`, `password: hunter2`, `the password is hunter2`.
fn behind_noun(text: &str, words: &[Word<'_>], at: usize) -> Option<Range<usize>> {
    let noun = words.get(at)?;
    let bare = noun.text.trim_start_matches(['(', '"', '\'']);
    let is_two = |first: &str| {
        words.get(at.wrapping_sub(1)).is_some_and(|before| before.text.eq_ignore_ascii_case(first))
    };
    let is_key = bare.trim_end_matches(':').eq_ignore_ascii_case("key")
        && (is_two("api") || is_two("access") || is_two("secret"));
    if !is_noun(bare.trim_end_matches(':')) && !is_key {
        return None;
    }
    let mut next = at + 1;
    while words
        .get(next)
        .is_some_and(|word| BETWEEN.iter().any(|between| word.text.eq_ignore_ascii_case(between)))
    {
        next += 1;
    }
    let word = words.get(next)?;
    let is_said = next > at + 1 || bare.ends_with(':');
    let is_no_secret =
        NO_SECRET.iter().any(|no| word.text.trim_end_matches([',', '.', '?']).eq_ignore_ascii_case(no));
    // `api key`, `token password`: the next noun will tell.
    let is_next_noun = is_noun(word.text) || word.text.eq_ignore_ascii_case("key");
    if !is_said && (is_no_secret || is_next_noun) || word.text.contains('=') {
        return None;
    }
    value(text, word.at, word.at + word.text.len())
}

/// The token of `Authorization: Bearer …`. One of small letters alone is a word of a sentence.
fn behind_bearer(text: &str, words: &[Word<'_>], at: usize) -> Option<Range<usize>> {
    let scheme = words.get(at)?.text.rsplit(['"', '\'', ':', '=', '(']).next()?;
    let token = words.get(at + 1)?;
    let is_token = token.text.len() >= BORNE && !token.text.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_borne = scheme.eq_ignore_ascii_case("bearer") && is_token;
    let end = token.text.find(['"', '\'']).unwrap_or(token.text.len());
    is_borne.then(|| value(text, token.at, token.at + end)).flatten()
}

pub(super) fn is_noun(word: &str) -> bool {
    NOUNS.iter().any(|noun| word.eq_ignore_ascii_case(noun))
}

fn is_shaped(word: &str) -> bool {
    word.len() >= SHAPED && SHAPES.iter().any(|shape| word.starts_with(shape))
}

/// The value that begins here: in quotes up to the closing one, else up to the blank, without a comma or semicolon behind it.
/// A full stop, `!` or `?` may belong to a password.
fn value(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let rest = text.get(start..)?;
    if let Some(quote) = rest.chars().next().filter(|c| ['"', '\'', '`'].contains(c)) {
        let inside = rest.get(1..)?;
        if let Some(length) = inside.find(quote) {
            return (length > 0 && !is_handle(&inside[..length])).then_some(start..start + length + 2);
        }
    }
    let word = text.get(start..end)?.trim_end_matches([',', ';', ')']);
    (!word.is_empty() && !is_handle(word)).then_some(start..start + word.len())
}

pub(super) fn is_handle(word: &str) -> bool {
    super::SecretArg::is_one(word) || word.starts_with('@')
}

/// The password of `scheme://user:password@host`.
fn in_url(word: &Word<'_>) -> Option<Range<usize>> {
    let authority = word.text.find("://")? + 3;
    let rest = word.text.get(authority..)?;
    let rest = rest.get(..rest.find(['/', '?', '#']).unwrap_or(rest.len()))?;
    let (user, _) = rest.rsplit_once('@')?;
    let colon = user.find(':')? + 1;
    let (start, end) = (word.at + authority + colon, word.at + authority + user.len());
    (start < end && !is_handle(user.get(colon..)?)).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hidden(text: &str) -> String {
        without_secrets(text, |value| Some(format!("<{}>", value.trim_matches(['"', '\'']).len())))
    }

    #[test]
    fn the_page_s_own_sentence() {
        let text = "deploy postgres on db-server with password MySecretPW, then deploy my-app on web-server with \
                    DB_HOST=192.168.1.20 and DB_PASSWORD=MySecretPW";
        assert_eq!(
            hidden(text),
            "deploy postgres on db-server with password <10>, then deploy my-app on web-server with \
             DB_HOST=192.168.1.20 and DB_PASSWORD=<10>"
        );
    }

    #[test]
    fn secrets_are_found_where_people_write_them() {
        for (text, right) in [
            ("password: hunter2", "password: <7>"),
            ("the password is hunter2!", "the password is <8>"),
            ("with PASSWORD=\"a b c\" and X=1", "with PASSWORD=<5> and X=1"),
            ("set API_KEY='k' now", "set API_KEY=<1> now"),
            ("use api key abc123, please", "use api key <6>, please"),
            ("DATABASE_URL=postgres://app:s3cr3t@db/app", "DATABASE_URL=postgres://app:<6>@db/app"),
            ("token ghp_0123456789abcdef0123", "token <24>"),
            ("here is ghp_0123456789abcdef0123", "here is <24>"),
            (
                "password hunter2; then log in with hunter2, not hunter22",
                "password <7>; then log in with <7>, not hunter22",
            ),
            ("X_TOKEN=päss", "X_TOKEN=<5>"),
            ("password=hunter2", "password=<7>"),
            ("password1=hunter2 X_KEY=abc", "password1=<7> X_KEY=<3>"),
            (
                "jdbc:postgresql://h/db?user=u&password=X1&ssl=on",
                "jdbc:postgresql://h/db?user=u&password=<2>&ssl=on",
            ),
            ("https://h/?user=u&api_key=k1", "https://h/?user=u&api_key=<2>"),
            ("Server=db;Uid=u;Pwd=X1;Port=3", "Server=db;Uid=u;Pwd=<2>;Port=3"),
            (r#"{"user":"u","password":"X\"1"}"#, r#"{"user":"u","password":"<4>"}"#),
            (r#"{ "api_key" : "a b", "n": 1 }"#, r#"{ "api_key" : "<3>", "n": 1 }"#),
            ("Authorization: Bearer abc.DEF-123", "Authorization: Bearer <11>"),
            ("-H 'Authorization:Bearer abcDEF123'", "-H 'Authorization:Bearer <9>'"),
            ("KEY=-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- end", "KEY=<66> end"),
            ("-----BEGIN PRIVATE KEY----- cut off", "<35>"),
        ] {
            assert_eq!(hidden(text), right, "{text}");
        }
    }

    #[test]
    fn other_words_stay() {
        for text in [
            "show the logs of nginx on web-server",
            "change the password for alice",
            "the password policy of web-server",
            "is password authentication on",
            "POSTGRES_PASSWORD_FILE=/run/x",
            "password secret:4f1d2a9c0b1e",
            "DB_PASSWORD=@ask",
            "password",
            "http://host:8080/x@y",
            "http://host/?user=u&page=2",
            "{\"user\":\"password\",\"password\":\"\"}",
            "{\"password\":\"secret:4f1d2a9c0b1e\"}",
            "-----BEGIN CERTIFICATE----- x -----END CERTIFICATE-----",
            "turn bearer authentication on",
            "Bearer x",
            "",
        ] {
            assert_eq!(hidden(text), text);
        }
    }

    #[test]
    fn what_cannot_be_kept_stays() {
        assert_eq!(without_secrets("password x", |_| None), "password x");
    }

    proptest! {
        #[test]
        fn a_named_secret_never_stays(secret in "[a-zA-Z0-9]{5,30}", before in "[a-z ]{0,20}", after in "( [a-z]{1,8}){0,4}") {
            prop_assume!(!before.contains(&secret) && !after.contains(&secret) && !NOUNS.contains(&secret.as_str()));
            for text in [format!("{before} DB_PASSWORD={secret}{after}"), format!("{before} with password: {secret}{after}")] {
                let hidden = without_secrets(&text, |_| Some("@@".to_owned()));
                prop_assert!(!hidden.contains(&secret), "{hidden}");
            }
        }

        #[test]
        fn never_panics(text in "\\PC*|([pP]assword|[= :\"'@/é&;?\\\\]|token|://|x|[bB]earer|BEGIN|-----| PRIVATE KEY|END){0,14}") {
            let _ = hidden(&text);
            prop_assert_eq!(without_secrets(&text, |value| Some(value.to_owned())), text);
        }
    }
}
