//! Whom a block is for: the patterns of `Host` and the criteria of `Match`.

use wildmatch::WildMatch;

/// Patterns with `*` and `?`, some of them refusals.
#[derive(Debug)]
pub(super) struct Patterns(Vec<(bool, WildMatch)>);

impl Patterns {
    pub(super) fn words(words: &[String]) -> Self {
        Self(words.iter().map(|word| pattern(word)).collect())
    }

    fn list(words: &str) -> Self {
        Self(words.split(',').map(pattern).collect())
    }

    /// Of hosts, in small letters: here ssh takes both cases for one, unlike in `Host`.
    fn hosts(words: &str) -> Self {
        Self::list(&words.to_ascii_lowercase())
    }

    /// Whether one of them fits and no refusal does.
    pub(super) fn fit(&self, word: &str) -> bool {
        let mut fit = false;
        for (refuses, pattern) in &self.0 {
            match (pattern.matches(word), refuses) {
                (true, true) => return false,
                (true, false) => fit = true,
                (false, _) => {}
            }
        }
        fit
    }
}

fn pattern(word: &str) -> (bool, WildMatch) {
    match word.strip_prefix('!') {
        Some(word) => (true, WildMatch::new(word)),
        None => (false, WildMatch::new(word)),
    }
}

/// One condition of a `Match`, perhaps turned round.
#[derive(Debug)]
pub(super) struct Criterion {
    negated: bool,
    of: Of,
}

#[derive(Debug)]
enum Of {
    All,
    /// That the files are read once more, which this itself brings about.
    Final,
    /// That the files are read once more.
    Canonical,
    Host(Patterns),
    OriginalHost(Patterns),
    User(Patterns),
    LocalUser(Patterns),
    /// A command, which is not kept: nothing here could run it.
    Exec,
    /// What cannot be decided here, by its name.
    Other(String),
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
    /// It would take running a command to know.
    Exec,
    /// It takes something that is not known here.
    Unknown,
}

impl Fits {
    /// Of two conditions that both have to hold.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Exec, _) | (_, Self::Exec) => Self::Exec,
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
}

impl Criterion {
    /// Reads the words behind `Match`.
    pub(super) fn all(words: &[String]) -> Result<Vec<Self>, String> {
        let mut criteria = Vec::new();
        let mut left = words.iter();
        while let Some(word) = left.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word.as_str(), None),
            };
            let (negated, name) = match name.strip_prefix('!') {
                Some(name) => (true, name),
                None => (false, name),
            };
            let name = name.to_ascii_lowercase();
            let mut value = || {
                let next = || left.next().map(String::as_str);
                value.or_else(next).ok_or_else(|| format!("Match {name} is given no value"))
            };
            let of = match name.as_str() {
                "all" => Of::All,
                "final" => Of::Final,
                "canonical" => Of::Canonical,
                "host" => Of::Host(Patterns::hosts(value()?)),
                "originalhost" => Of::OriginalHost(Patterns::hosts(value()?)),
                "user" => Of::User(Patterns::list(value()?)),
                "localuser" => Of::LocalUser(Patterns::list(value()?)),
                "exec" => value().map(|_| Of::Exec)?,
                _ => {
                    value()?;
                    Of::Other(name)
                }
            };
            criteria.push(Self { negated, of });
        }
        Ok(criteria)
    }

    /// Whether one of them has the files read once more.
    pub(super) fn ask_for_final_pass(criteria: &[Self]) -> bool {
        criteria.iter().any(|criterion| matches!(criterion.of, Of::Final))
    }

    /// Whether all of them hold. What cannot be decided does not matter beside one that does not hold.
    pub(super) fn fit(criteria: &[Self], subject: Subject<'_>) -> Fits {
        criteria.iter().map(|criterion| criterion.fits(subject)).fold(Fits::Yes, Fits::and)
    }

    fn fits(&self, subject: Subject<'_>) -> Fits {
        let holds = match &self.of {
            Of::All => true,
            Of::Final | Of::Canonical => subject.pass == Pass::Final,
            Of::Host(patterns) => patterns.fit(&subject.host.to_ascii_lowercase()),
            Of::OriginalHost(patterns) => patterns.fit(&subject.original.to_ascii_lowercase()),
            Of::User(patterns) => patterns.fit(subject.user),
            Of::LocalUser(patterns) => match subject.local_user {
                Some(user) => patterns.fit(user),
                None => return Fits::Unknown,
            },
            Of::Exec => return Fits::Exec,
            Of::Other(_) => return Fits::Unknown,
        };
        if holds == self.negated { Fits::No } else { Fits::Yes }
    }

    /// What of these cannot be decided, for people.
    pub(super) fn undecided(criteria: &[Self]) -> String {
        let names = criteria.iter().filter_map(|criterion| match &criterion.of {
            Of::Other(name) => Some(name.as_str()),
            Of::LocalUser(_) => Some("localuser"),
            Of::All
            | Of::Final
            | Of::Canonical
            | Of::Host(_)
            | Of::OriginalHost(_)
            | Of::User(_)
            | Of::Exec => None,
        });
        names.collect::<Vec<_>>().join(" ")
    }
}
