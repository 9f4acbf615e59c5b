//! What a change declares on its node, in place of doing it there and then.

use std::fmt;

use serde::Serialize;

/// One change of what a node declares. All those of a request on one node become one change: see [`crate::Compose`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModuleEdit {
    /// An element more in the list of an option; both in the words of the configuration language.
    Add {
        /// The option.
        option: String,
        /// The element.
        element: String,
    },
    /// An element less.
    Remove {
        /// The option.
        option: String,
        /// The element.
        element: String,
    },
    /// Another value of an option.
    Set {
        /// The option.
        option: String,
        /// Its value.
        value: String,
    },
    /// No value of an option any more.
    Unset {
        /// The option.
        option: String,
    },
    /// None: what is declared is built and run as it is.
    Rebuild,
    /// None: what is declared is built of the newest that its sources hold, and run.
    Upgrade,
}

/// In a few words.
impl fmt::Display for ModuleEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add { option, element } => write!(f, "add {element} to {option}"),
            Self::Remove { option, element } => write!(f, "remove {element} from {option}"),
            Self::Set { option, value } => write!(f, "set {option} = {value}"),
            Self::Unset { option } => write!(f, "unset {option}"),
            Self::Rebuild => f.write_str("rebuild"),
            Self::Upgrade => f.write_str("upgrade"),
        }
    }
}
