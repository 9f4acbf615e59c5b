//! The way through the files for one connection. The first value wins, as in ssh.

mod doubt;
mod set;

use std::collections::BTreeSet;

use nixi_core::nearest::did_you_mean;

use super::criteria::{Fits, Pass, Subject, Tagged};
use super::parse::{Entry, Included, Line};
use super::pattern::List;
use super::settings::{Family, Query, Settings};
use super::table::{Setting, WORDS};
use super::{Place, Refusal, SshConfig};
use crate::address::usual;

pub(super) struct Walk<'a> {
    query: &'a Query<'a>,
    pass: Pass,
    /// What `Host` is compared with.
    named: String,
    asks_for_final_pass: bool,
    /// The first `Match` that only some versions of ssh take for such a wish.
    may_be_asked: Option<Place>,
    found: Settings,
    /// Settings that were said, for those of which the value itself does not tell.
    said: BTreeSet<Setting>,
    /// Settings that stand in a block of which it is not known whether it holds.
    open: BTreeSet<Setting>,
    tag: Option<String>,
    ignored: Option<List>,
    /// The `CertificateFile`s, each once.
    certificates: BTreeSet<String>,
}

/// The lines around those that are read.
#[derive(Clone)]
struct Around {
    fits: Fits,
    /// The block that cannot be decided.
    doubt: Option<String>,
}

impl<'a> Walk<'a> {
    /// What is found, and where a `Match` stands that leads some versions of ssh through the files once more. `twice` does as they.
    pub(super) fn through(
        config: &SshConfig,
        query: &'a Query<'a>,
        twice: bool,
    ) -> Result<(Settings, Option<Place>), Refusal> {
        let mut walk = Self {
            query,
            pass: Pass::First,
            named: query.original.to_owned(),
            asks_for_final_pass: false,
            may_be_asked: None,
            found: Settings::default(),
            said: BTreeSet::new(),
            open: BTreeSet::new(),
            tag: None,
            ignored: None,
            certificates: BTreeSet::new(),
        };
        walk.files(config)?;
        let differing = walk.may_be_asked.clone().filter(|_| !walk.asks_for_final_pass);
        if walk.asks_for_final_pass || (twice && differing.is_some()) {
            walk.begin_final_pass();
            walk.files(config)?;
        }
        walk.settle();
        Ok((walk.found, differing))
    }

    fn files(&mut self, config: &SshConfig) -> Result<(), Refusal> {
        config.files.iter().try_for_each(|file| self.lines(file, &Around { fits: Fits::Yes, doubt: None }))
    }

    /// What was found stays, the host's name is settled, and `Host` is for that name from now on.
    fn begin_final_pass(&mut self) {
        self.named = resolved(self.subject().host, self.found.family);
        self.found.host_name = Some(self.named.clone());
        self.pass = Pass::Final;
        self.said.insert(Setting::CanonicalizeHostname);
    }

    /// An address in another spelling is another name to whoever looks a key up; a name is not.
    fn settle(&mut self) {
        let host = self.subject().host;
        let usual = resolved(host, self.found.family);
        if !usual.eq_ignore_ascii_case(host) {
            self.found.host_name = Some(usual);
        }
    }

    /// The lines of one file. What holds around its `Include` holds for all of it.
    fn lines(&mut self, lines: &[Line], outer: &Around) -> Result<(), Refusal> {
        let mut here = outer.clone();
        for line in lines {
            match &line.entry {
                Entry::Host(words, patterns) => {
                    if self.reads_empty(words, outer.fits) {
                        return Err(Refusal::at(
                            &line.place,
                            "host is given an empty name",
                            "take the quotes out",
                        ));
                    }
                    here.doubt.clone_from(&outer.doubt);
                    here.fits = outer.fits.and(if patterns.fits(&self.named) { Fits::Yes } else { Fits::No });
                }
                Entry::Match(condition) => {
                    here.doubt.clone_from(&outer.doubt);
                    self.asks_for_final_pass |= condition.asks_for_final_pass();
                    if condition.may_ask_for_final_pass() {
                        self.may_be_asked.get_or_insert_with(|| line.place.clone());
                    }
                    here.fits = outer.fits.and(condition.fits(self.subject()));
                    if here.fits == Fits::Unknown {
                        here.doubt.get_or_insert_with(|| condition.undecided(&line.place));
                    }
                }
                Entry::Include(_, parts) => {
                    for part in parts {
                        match part {
                            Included::File(lines) => self.lines(lines, &here)?,
                            Included::Unclear(word) if here.fits != Fits::No => self.refuse(
                                &line.place,
                                format!("which file `Include {word}` means is not known to Nixi"),
                                "write the path in full",
                            ),
                            Included::Unclear(_) => {}
                        }
                    }
                }
                Entry::Unknown(word) => self.unknown(&line.place, word)?,
                Entry::Set(setting, values) => match here.fits {
                    Fits::Yes => self.set(&line.place, *setting, values)?,
                    Fits::Unknown => self.doubtful(&line.place, *setting, values, here.doubt.as_deref()),
                    Fits::No => {}
                },
            }
        }
        Ok(())
    }

    /// Whether ssh comes upon an empty name: it reads no further than to a refusal of this host, and in a file that is
    /// included for others no further than the first.
    fn reads_empty(&self, words: &[String], around: Fits) -> bool {
        let refuses = |word: &String| {
            word.strip_prefix('!').is_some_and(|word| List::words(&[word.to_owned()]).fits(&self.named))
        };
        for word in words {
            if word.is_empty() || refuses(word) || around == Fits::No {
                return word.is_empty();
            }
        }
        false
    }

    /// ssh takes no word that it does not know, wherever it stands, but for what `IgnoreUnknown` named before.
    fn unknown(&self, place: &Place, word: &str) -> Result<(), Refusal> {
        let certain = !self.open.contains(&Setting::IgnoreUnknown);
        if certain && self.ignored.as_ref().is_some_and(|ignored| ignored.fits(word)) {
            return Ok(());
        }
        let why = match word.strip_prefix('\u{feff}') {
            Some(_) => "the file begins with a byte-order mark, which ssh takes for a part of the first word"
                .to_owned(),
            None => format!("ssh does not know the word {word:?}"),
        };
        let nearest = did_you_mean(word, WORDS.iter().map(|word| word.name));
        let hint = nearest.unwrap_or_else(|| {
            "take the line out, or name the word in an IgnoreUnknown before it; ssh refuses it too".to_owned()
        });
        Err(Refusal::at(place, why, &hint))
    }

    fn subject(&self) -> Subject<'_> {
        let Query { original, user, default_user, local_user, .. } = *self.query;
        let found = &self.found;
        Subject {
            pass: self.pass,
            original,
            host: found.host_name.as_deref().unwrap_or(original),
            user: user.or(found.user.as_ref().map(|(_, user)| user.as_str())).unwrap_or(default_user),
            local_user,
            tag: match &self.tag {
                _ if self.open.contains(&Setting::Tag) => Tagged::Unknown,
                Some(tag) => Tagged::With(tag),
                None => Tagged::No,
            },
        }
    }

    fn refuse(&mut self, place: &Place, why: impl std::fmt::Display, hint: &str) {
        let refusal = Refusal::at(place, why, hint);
        // A line may be read twice.
        if !self.found.refusals.contains(&refusal) {
            self.found.refusals.push(refusal);
        }
    }

    fn remark(&mut self, remark: String) {
        if !self.found.remarks.contains(&remark) {
            self.found.remarks.push(remark);
        }
    }

    /// Whether a setting is said for the first time.
    fn is_first(&mut self, setting: Setting) -> bool {
        self.said.insert(setting)
    }
}

/// A setting as the table names it.
fn name(setting: Setting) -> String {
    format!("{setting:?}")
}

/// The host's name as ssh has it at last: in small letters, an address of a kind that is tried as it is usually written.
fn resolved(host: &str, family: Option<Family>) -> String {
    let tried = |address: &String| match family {
        Some(Family::V4) => !address.contains(':'),
        Some(Family::V6) => address.contains(':'),
        None => true,
    };
    match usual(host).filter(tried) {
        Some(usual) if usual.eq_ignore_ascii_case(host) => host.to_owned(),
        Some(usual) => usual,
        None => host.to_ascii_lowercase(),
    }
}
