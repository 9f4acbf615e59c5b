//! Words that are checked when they come in, and why one is refused.

/// Why a word is not the name, host or user it was meant to be.
///
/// The message is a fragment that fits behind "`WORD` is not a node name: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not {what}: {why}")]
pub struct BadWord {
    what: &'static str,
    word: String,
    why: &'static str,
}

impl BadWord {
    pub(crate) fn new(what: &'static str, word: &str, why: &'static str) -> Self {
        Self { what, word: crate::text::excerpt(word), why }
    }

    /// What was wrong with the word, without the word itself.
    #[must_use]
    pub fn why(&self) -> &'static str {
        self.why
    }
}

/// Declares a checked string newtype: `FromStr`, serde through it, `Display`, a string schema.
macro_rules! checked_word {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(inline)]
        pub struct $name(String);

        impl $name {
            /// The word as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::word::BadWord;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> Result<(), &'static str> = $check;
                match check(word) {
                    Ok(()) => Ok(Self(word.to_owned())),
                    Err(why) => Err($crate::word::BadWord::new($what, word, why)),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::word::BadWord;
            fn try_from(word: String) -> Result<Self, Self::Error> {
                word.parse()
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> String {
                word.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use checked_word;
