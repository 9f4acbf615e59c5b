//! The criteria of `Match`.

use super::Place;
use super::pattern::List;
use super::words::{Words, delimited};

/// One condition of a `Match`, perhaps turned round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Criterion {
    negated: bool,
    of: Of,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Of {
    All,
    /// That the files are read once more, which this itself brings about.
    Final,
    /// That the files are read once more.
    Canonical,
    Host(List),
    OriginalHost(List),
    User(List),
    LocalUser(List),
    /// The `Tag` that holds so far; the empty list is for none.
    Tagged(Option<List>),
    /// A command, which is not kept: nothing here could run it.
    Exec,
    /// What cannot be decided here, by its name.
    Other(&'static str),
}

/// What stands behind a `Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    Of(Vec<Criterion>),
    /// Older and newer ssh read the line each in its own way; those of them that take it.
    Unclear(Vec<Vec<Criterion>>),
}

/// Which reading of the files it is. ssh reads them twice if a `Match final` stands in them, wherever and for whomever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    First,
    Final,
}

/// Whether a block is for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fits {
    Yes,
    No,
    /// It takes something that is not known here, or running a command.
    Unknown,
}

impl Fits {
    /// Of two conditions that both have to hold.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }
}

/// A connection as a `Match` sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) pass: Pass,
    pub(super) original: &'a str,
    /// After the `HostName` that holds so far.
    pub(super) host: &'a str,
    pub(super) user: &'a str,
    pub(super) local_user: Option<&'a str>,
    pub(super) tag: Tagged<'a>,
}

/// The `Tag` that holds so far.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tagged<'a> {
    No,
    With(&'a str),
    /// One stands in a block of which it is not known whether it holds.
    Unknown,
}

impl Condition {
    /// Reads the words behind `Match`. Older ssh cuts them in another way than newer, which counts where both know the words.
    pub(super) fn read(words: &Words<'_>) -> Result<Self, String> {
        let newer = criteria(words.arguments.iter().cloned());
        let mut rest = Some(words.rest);
        let cut = std::iter::from_fn(|| {
            let (word, left) = delimited(rest.filter(|rest| !rest.is_empty())?)?;
            rest = left;
            Some(word)
        });
        match (newer, criteria(cut)) {
            (Ok(newer), Ok(older)) if newer != older => Ok(Self::Unclear(vec![newer, older])),
            (Ok(newer), _) => Ok(Self::Of(newer)),
            (Err(_), Ok(older)) => Ok(Self::Unclear(vec![older])),
            (Err(wrong), Err(_)) => Err(wrong),
        }
    }

    /// Whether every ssh that takes the line has the files read once more for it.
    pub(super) fn asks_for_final_pass(&self) -> bool {
        let asks = |criterion: &Criterion| matches!(criterion.of, Of::Final) && !criterion.negated;
        self.readings().iter().all(|criteria| criteria.iter().any(asks))
    }

    /// Whether some ssh reads them once more for it: older ssh does so for `!final` too.
    pub(super) fn may_ask_for_final_pass(&self) -> bool {
        self.readings().iter().flatten().any(|criterion| matches!(criterion.of, Of::Final))
    }

    fn readings(&self) -> &[Vec<Criterion>] {
        match self {
            Self::Of(criteria) => std::slice::from_ref(criteria),
            Self::Unclear(readings) => readings,
        }
    }

    /// Whether all of it holds, by every ssh. What cannot be decided does not matter beside one that does not hold.
    pub(super) fn fits(&self, subject: Subject<'_>) -> Fits {
        let fits = |criteria: &Vec<Criterion>| {
            criteria.iter().map(|criterion| criterion.fits(subject)).fold(Fits::Yes, Fits::and)
        };
        match self {
            Self::Of(criteria) => fits(criteria),
            Self::Unclear(readings) if readings.iter().all(|reading| fits(reading) == Fits::No) => Fits::No,
            Self::Unclear(_) => Fits::Unknown,
        }
    }

    /// What of this cannot be decided, for people.
    pub(super) fn undecided(&self, place: &Place) -> String {
        let names = self.readings().iter().flatten().filter_map(|criterion| match &criterion.of {
            Of::Other(name) => Some(*name),
            Of::Exec => Some("exec"),
            Of::LocalUser(_) => Some("localuser"),
            Of::Tagged(_) => Some("tagged"),
            Of::All | Of::Final | Of::Canonical | Of::Host(_) | Of::OriginalHost(_) | Of::User(_) => None,
        });
        match self {
            Self::Of(_) => format!("the `Match {}` block at {place}", names.collect::<Vec<_>>().join(" ")),
            Self::Unclear(_) => {
                format!("the `Match` block at {place}, which older and newer ssh read in different ways,")
            }
        }
    }
}

fn criteria(words: impl Iterator<Item = String>) -> Result<Vec<Criterion>, String> {
    let mut criteria = Vec::new();
    let mut left = words;
    while let Some(word) = left.next() {
        if word.starts_with('#') {
            break;
        }
        let (negated, bare) = match word.strip_prefix('!') {
            Some(bare) => (true, bare),
            None => (false, word.as_str()),
        };
        let (name, own) = match bare.split_once('=') {
            Some((name, value)) => (name.to_ascii_lowercase(), Some(value.to_owned())),
            None => (bare.to_ascii_lowercase(), None),
        };
        if name == "all" && own.is_none() {
            let alone = left.next().is_none_or(|next| next.starts_with('#'));
            if criteria.len() > 1 || !alone {
                return Err("stands with `all` and more than one other criterion".to_owned());
            }
            criteria.push(Criterion { negated, of: Of::All });
            return Ok(criteria);
        }
        let of = match name.as_str() {
            "final" if own.is_none() => Of::Final,
            "canonical" if own.is_none() => Of::Canonical,
            "sessiontype" if own.is_some() => {
                return Err("`sessiontype` takes its value as a word of its own".to_owned());
            }
            name => {
                let value = own.or_else(|| left.next()).filter(|value| !value.starts_with('#'));
                let value = value.ok_or_else(|| format!("{name:?} is given no value"))?;
                with_value(name, &value)?
            }
        };
        criteria.push(Criterion { negated, of });
    }
    if criteria.is_empty() { Err("is given no criterion".to_owned()) } else { Ok(criteria) }
}

fn with_value(name: &str, value: &str) -> Result<Of, String> {
    if value.is_empty() && !matches!(name, "tagged" | "command") {
        return Err(format!("{name:?} is given an empty value"));
    }
    Ok(match name {
        "host" => Of::Host(List::of_hosts(value)),
        "originalhost" => Of::OriginalHost(List::of_hosts(value)),
        "user" => Of::User(List::of(value)),
        "localuser" => Of::LocalUser(List::of(value)),
        "tagged" => Of::Tagged(Some(value).filter(|value| !value.is_empty()).map(List::of)),
        "exec" => match unknown_token(value) {
            None => Of::Exec,
            Some(token) => return Err(format!("`exec` knows no {token}")),
        },
        "localnetwork" if value.split(',').all(is_network) => Of::Other("localnetwork"),
        "localnetwork" => return Err(format!("{value:?} is no list of networks")),
        "version" => Of::Other("version"),
        "command" => Of::Other("command"),
        "sessiontype" => Of::Other("sessiontype"),
        _ => return Err(format!("{name:?} is no criterion that ssh knows")),
    })
}

/// The first token of a command that ssh does not know.
fn unknown_token(command: &str) -> Option<String> {
    let mut left = command.chars();
    while let Some(c) = left.next() {
        if c != '%' {
            continue;
        }
        match left.next() {
            Some('%' | 'C' | 'L' | 'd' | 'h' | 'i' | 'j' | 'k' | 'l' | 'n' | 'p' | 'r' | 'u') => {}
            Some(token) => return Some(format!("%{token}")),
            None => return Some("%".to_owned()),
        }
    }
    None
}

/// An address, or one with the length of a prefix.
fn is_network(word: &str) -> bool {
    let (address, length) = word.split_once('/').unwrap_or((word, "0"));
    let most = match address.parse() {
        Ok(std::net::IpAddr::V4(_)) => 32,
        Ok(std::net::IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.parse::<u8>().is_ok_and(|length| length <= most)
}

impl Criterion {
    fn fits(&self, subject: Subject<'_>) -> Fits {
        let holds = match &self.of {
            Of::All => true,
            Of::Final | Of::Canonical => subject.pass == Pass::Final,
            Of::Host(patterns) => patterns.fits(&subject.host.to_ascii_lowercase()),
            Of::OriginalHost(patterns) => patterns.fits(&subject.original.to_ascii_lowercase()),
            Of::User(patterns) => patterns.fits(subject.user),
            Of::LocalUser(patterns) => match subject.local_user {
                Some(user) => patterns.fits(user),
                None => return Fits::Unknown,
            },
            Of::Tagged(patterns) => match (patterns, subject.tag) {
                (None, Tagged::No) => true,
                (None, Tagged::With(_)) | (Some(_), Tagged::No) => false,
                (Some(patterns), Tagged::With(tag)) => patterns.fits(tag),
                (_, Tagged::Unknown) => return Fits::Unknown,
            },
            Of::Exec | Of::Other(_) => return Fits::Unknown,
        };
        if holds == self.negated { Fits::No } else { Fits::Yes }
    }
}
