//! The user's own SSH configuration, `~/.ssh/config` and `/etc/ssh/ssh_config`: what of it says where, as whom and by
//! way of whom a host is reached.
//!
//! The format is that of ssh_config(5). What Nixi honours it honours as ssh does; what would lead elsewhere and is not
//! honoured is a refusal, which names the line; the rest is left alone. Nothing that stands in these files is ever run.

mod algorithms;
mod criteria;
mod fnmatch;
mod forward;
mod jump;
mod load;
mod parse;
mod pattern;
mod settings;
mod shape;
mod system;
mod table;
mod tokens;
mod walk;
mod words;

#[cfg(test)]
mod against_ssh;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use nixi_core::text::clean_line;

pub(crate) use jump::RawHop;
pub(crate) use load::{Owner, Source, Stamps, load};
pub(crate) use settings::{Family, Proxy, Query, Settings, settings};
pub(crate) use system::System;
#[cfg(test)]
pub(crate) use system::home_of_root;
pub(crate) use tokens::{Tokens, expand, expand_path, expand_variables};

use parse::Line;

/// A line of a file, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    file: Arc<Path>,
    line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", clean_line(&self.file.display().to_string()), self.line)
    }
}

/// Why a file cannot be used at all, or a host not be reached as the files say: a sentence that names the line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Refusal {
    pub(crate) why: String,
    pub(crate) hint: String,
    pub(crate) of: Fault,
}

/// Whose fault a refusal tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// What the files say, or how they are kept.
    Files,
    /// This machine could not read them just now.
    Controller,
}

impl Refusal {
    fn at(place: &Place, why: impl fmt::Display, hint: &str) -> Self {
        Self { why: clean_line(&format!("{place}: {why}")), hint: hint.to_owned(), of: Fault::Files }
    }
}

/// All files, read: the user's before the system's, so that the user's values come first.
#[derive(Debug, Default)]
pub(crate) struct SshConfig {
    files: Vec<Vec<Line>>,
}

/// What a text alone says of a host.
#[cfg(feature = "fuzzing")]
pub(crate) fn of_text(text: &[u8], host: &str) -> Result<Settings, Refusal> {
    let system = System {
        home: Path::new("/home/me"),
        local_user: Some("me"),
        variable: |name| (name == "RUN").then(|| "/run/me".to_owned()),
    };
    let text = parse::Text { file: &Arc::from(Path::new("config")), bytes: text };
    let config = SshConfig { files: vec![parse::parse(text, &system)?] };
    let query = Query {
        original: host,
        user: None,
        default_user: "nixi",
        port_given: false,
        local_user: Some("me"),
        way_given: false,
    };
    settings(&config, &query)
}
