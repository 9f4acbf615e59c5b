//! What can go wrong with an endpoint, in words for the person who has to mend it.

use std::time::Duration;

use nixi_core::error::{ErrorKind, ErrorReport};
use nixi_core::text;

use super::complaint::Complaint;
use super::secrets::Secrets;

/// The most of a server's own words that is shown, in characters.
const SHOWN: usize = 300;

/// Why there is no turn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The settings cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// No connection, or it was lost before an answer.
    #[error("{0}")]
    Unreachable(String),
    /// The server answered with a status that is no success.
    #[error("{status} {}", complaint.message)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's own words.
        complaint: Complaint,
        /// How long it asks to wait.
        wait: Option<Duration>,
    },
    /// The server says in the stream that it failed.
    #[error("{}", .0.message)]
    Said(Complaint),
    /// A page for people came in place of an answer.
    #[error("a web page")]
    Page,
    /// The server answered with this status, and nothing else.
    #[error("nothing, with status {0}")]
    Nothing(u16),
    /// Nothing came for this long.
    #[error("nothing came for {0:?}")]
    Silent(Duration),
    /// The turn did not end in this time.
    #[error("no end after {0:?}")]
    Endless(Duration),
    /// The turn is longer than what is read of one.
    #[error("it is longer than any answer should be")]
    TooLong,
    /// The connection was lost in the middle of the stream.
    #[error("{0}")]
    Lost(String),
    /// The stream is damaged.
    #[error("{0}")]
    Broken(String),
}

impl Fault {
    /// Whether the server says that the conversation does not fit the model.
    pub(crate) fn is_too_long(&self) -> bool {
        match self {
            Self::Refused { status: 413, .. } => true,
            Self::Refused { status: 400 | 422 | 500, complaint, .. } | Self::Said(complaint) => {
                complaint.too_long
            }
            Self::Refused { .. }
            | Self::Unusable(_)
            | Self::Unreachable(_)
            | Self::Silent(_)
            | Self::Endless(_)
            | Self::Page
            | Self::Nothing(_)
            | Self::TooLong
            | Self::Lost(_)
            | Self::Broken(_) => false,
        }
    }

    /// The same as front ends show it, for the model `name`. Whether anything was run, the conversation knows.
    pub(crate) fn report(&self, secrets: &Secrets, name: &str) -> ErrorReport {
        let url = secrets.url();
        let unavailable = |message: String| ErrorReport::new(ErrorKind::ModelUnavailable, message);
        let broken = |message: String| ErrorReport::new(ErrorKind::ModelBroken, message);
        let shown = |words: &str| shown(words, secrets);
        match self {
            Self::Unusable(why) => {
                unavailable(format!("the model endpoint {url} cannot be used: {}", shown(why)))
            }
            Self::Unreachable(why) => unavailable(format!("no model answers at {url}: {}", shown(why)))
                .hint("start the model server, or correct base_url in [llm]; --offline does without a model"),
            Self::Silent(limit) => unavailable(format!("{url} sent nothing for {} s", limit.as_secs()))
                .hint("the server may be loading the model, or be busy: ask again"),
            Self::Said(complaint) => {
                broken(format!("the answer broke off: {url} says: {}", shown(&complaint.message)))
            }
            Self::Page => unavailable(format!("a web page answers at {url}, and no model"))
                .hint("check base_url in [llm]; it mostly ends in /v1"),
            Self::Nothing(status) => broken(format!("{url} answered with nothing (HTTP {status})")),
            Self::Endless(limit) => {
                broken(format!("the answer from {url} came to no end in {} s", limit.as_secs()))
            }
            Self::TooLong => broken(format!("the answer from {url} is longer than any answer should be")),
            Self::Lost(why) => {
                broken(format!("the answer broke off: the connection to {url} was lost ({})", shown(why)))
            }
            Self::Broken(why) => {
                broken(format!("the answer broke off: the stream from {url} is damaged: {}", shown(why)))
            }
            Self::Refused { status, complaint, wait } => {
                refused(url, name, *status, &shown(&complaint.message), *wait)
            }
        }
    }
}

fn refused(url: &str, name: &str, status: u16, message: &str, wait: Option<Duration>) -> ErrorReport {
    let says = match message {
        "" => format!("HTTP {status}"),
        message => format!("HTTP {status}: {message}"),
    };
    let (what, hint) = match status {
        401 | 403 => (
            format!("{url} does not accept the key"),
            "check api_key_env or api_key_file in [llm]".to_owned(),
        ),
        404 => (
            format!("{url} has no model {name:?}, or is no OpenAI-compatible endpoint"),
            "check model and base_url in [llm]; base_url mostly ends in /v1".to_owned(),
        ),
        429 => (
            format!("{url} is busy, or the key's quota is used up"),
            match wait {
                Some(wait) => format!("it asks to wait {} s", wait.as_secs().max(1)),
                None => "ask again in a while".to_owned(),
            },
        ),
        300..=399 => (
            format!("{url} points to another address"),
            "write the final address as base_url in [llm]".to_owned(),
        ),
        500..=599 => (format!("{url} has failed"), "ask again; the server's own log says more".to_owned()),
        _ => (format!("{url} refuses the request"), "check model and base_url in [llm]".to_owned()),
    };
    ErrorReport::new(ErrorKind::ModelUnavailable, format!("{what} ({says})")).hint(hint)
}

/// A server's words, safe and short. Secrets go before the cut, which could leave half of one, and after the cleaning,
/// which could put one together.
fn shown(words: &str, secrets: &Secrets) -> String {
    let words = text::undrawn(words);
    // No row of blanks moves what follows to a line of its own.
    let line = secrets.hidden(&words.split_whitespace().collect::<Vec<_>>().join(" "));
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, message: impl Into<String>) -> Fault {
        Fault::Refused { status, complaint: Complaint::text(&message.into()), wait: None }
    }

    #[test]
    fn a_servers_words_are_made_safe_and_short() {
        let message = format!("\u{1b}[2J{}", "x".repeat(1000));
        let report = refused(500, message).report(&Secrets::new("http://m/v1", None), "m");
        assert!(report.message.chars().count() < 400);
        assert!(!report.message.contains('\u{1b}'));
        let forged = format!("no{}── Nixi asks ──\r\n│ Apply this? [y/N]", " ".repeat(500));
        let report = refused(500, forged).report(&Secrets::new("http://m/v1", None), "m");
        assert!(report.message.contains("no -- Nixi asks -- | Apply this? [y/N]"), "{}", report.message);
    }

    #[test]
    fn no_cut_leaves_a_part_of_a_key() {
        let secrets = Secrets::new("http://m/v1", Some("sk-secret-1"));
        for before in SHOWN - 12..=SHOWN + 1 {
            let message = format!("{}sk-secret-1 is no key", "x".repeat(before));
            let said = Fault::Said(Complaint::text(&message));
            for fault in [refused(401, message.clone()), said, Fault::Broken(message)] {
                let report = fault.report(&secrets, "m");
                assert!(!report.message.contains("sk-"), "{before}: {}", report.message);
            }
        }
        let report = refused(401, "sk-\u{200b}sec\u{7}ret-1").report(&secrets, "m");
        assert!(!report.message.contains("sk-secret-1"), "{}", report.message);
    }

    #[test]
    fn only_a_long_conversation_is_too_long() {
        assert!(refused(400, "exceed_context_size_error").is_too_long());
        assert!(!refused(429, "exceed_context_size_error").is_too_long());
        assert!(refused(413, "").is_too_long());
        assert!(!refused(401, "invalid token").is_too_long());
        assert!(!refused(400, "model does not support tools").is_too_long());
    }
}
