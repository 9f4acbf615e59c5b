//! The words of an adoption, as a person types them in any front end.

use std::path::{Path, PathBuf};

use super::protocol::AdoptRequest;
use crate::error::{ErrorKind, ErrorReport};
use crate::mode::Mode;
use crate::nearest::did_you_mean;
use crate::node::{Host, Port, UserName};
use crate::word::BadWord;
use crate::{paste, text};

/// `<name> <host> [user] [mode]` and the options beside them, not yet looked at.
#[derive(Debug, Clone, Default)]
pub struct AdoptWords<'a> {
    /// How the command is called where it was typed; hints begin with it.
    pub command: &'a str,
    /// What the machine shall be called.
    pub name: &'a str,
    /// Where it is.
    pub host: &'a str,
    /// Who logs in; without it the page's default.
    pub user: Option<&'a str>,
    /// Managed, if it is not said.
    pub mode: Option<&'a str>,
    /// That of the user's SSH configuration or SSH's own, if it is not said.
    pub port: Option<&'a str>,
    /// A private key for this node alone: a whole path, or one that begins with `~/`.
    pub identity: Option<&'a Path>,
    /// The only host key to accept.
    pub host_key: Option<&'a str>,
}

impl AdoptWords<'_> {
    /// What they ask for.
    ///
    /// # Errors
    /// A word that does not fit its place, with the command line that would, where that can be told.
    pub fn read(&self) -> Result<AdoptRequest, ErrorReport> {
        Ok(AdoptRequest {
            name: self.name.parse().map_err(|error| bad(&error))?,
            host: self.host()?,
            user: self.user()?,
            mode: self.mode()?,
            port: self.port.map(str::parse).transpose().map_err(|error| bad(&error))?,
            identity: self.identity()?,
            host_key: self.host_key.map(str::parse).transpose().map_err(|error| bad(&error))?,
        })
    }

    fn host(&self) -> Result<Host, ErrorReport> {
        self.host.parse().map_err(|error: BadWord| {
            let report = bad(&error);
            if let Some((user, host)) = self.host.rsplit_once('@') {
                return report.hint(
                    self.instead(host, &if user.is_empty() { "USER".into() } else { paste::word(user) }),
                );
            }
            if let Some(bare) = self.host.strip_prefix('[') {
                let (address, port) = bare.split_once(']').unwrap_or((bare, ""));
                let port = port.strip_prefix(':').map(|port| format!("--port {port}")).unwrap_or_default();
                return report.hint(self.instead(address, &port));
            }
            match self.host.split_once(':') {
                Some((host, port)) if port.parse::<Port>().is_ok() => {
                    report.hint(self.instead(host, &format!("--port {port}")))
                }
                Some(_) | None => report,
            }
        })
    }

    fn user(&self) -> Result<UserName, ErrorReport> {
        let Some(word) = self.user else { return Ok(UserName::page_default()) };
        if word.parse::<Mode>().is_err() {
            return word.parse().map_err(|error| bad(&error));
        }
        let user = paste::word(self.mode.filter(|other| other.parse::<Mode>().is_err()).unwrap_or("nixi"));
        let message = format!("{word:?} is a mode, and stands where the user belongs");
        Err(ErrorReport::new(ErrorKind::Usage, message)
            .hint(self.instead(self.host, &format!("{user} {word}"))))
    }

    fn mode(&self) -> Result<Mode, ErrorReport> {
        let Some(word) = self.mode else { return Ok(Mode::Managed) };
        word.parse().map_err(|error: BadWord| {
            bad(&error).maybe_hint(did_you_mean(word, Mode::ALL.into_iter().map(Mode::as_str)))
        })
    }

    fn identity(&self) -> Result<Option<PathBuf>, ErrorReport> {
        let Some(path) = self.identity else { return Ok(None) };
        if path.is_absolute() || path.starts_with("~") {
            return Ok(Some(path.to_owned()));
        }
        let shown = text::excerpt(&path.to_string_lossy());
        let message = format!("{shown:?} is not a whole path of a key");
        Err(ErrorReport::new(ErrorKind::BadArgument, message).hint("write it from / or from ~/"))
    }

    /// The command line with these words behind the name.
    fn instead(&self, host: &str, rest: &str) -> String {
        let line = format!("{} {} {} {rest}", self.command, paste::word(self.name), paste::word(host));
        text::fit(text::clean_line(&line).trim_end(), 200)
    }
}

fn bad(error: &BadWord) -> ErrorReport {
    ErrorReport::new(ErrorKind::BadArgument, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words<'a>(name: &'a str, host: &'a str) -> AdoptWords<'a> {
        AdoptWords { command: "nixi adopt", name, host, ..AdoptWords::default() }
    }

    fn hint(words: &AdoptWords<'_>) -> String {
        words.read().unwrap_err().hint.unwrap()
    }

    #[test]
    fn the_pages_defaults() {
        let request = words("web", "192.168.1.10").read().unwrap();
        assert_eq!((request.user.as_str(), request.mode, request.port), ("nixi", Mode::Managed, None));
        assert_eq!((request.identity, request.host_key), (None, None));
    }

    #[test]
    fn a_mode_is_no_user() {
        let with_mode = |user, mode| AdoptWords { user: Some(user), mode, ..words("mon", "10.0.0.3") };
        assert_eq!(hint(&with_mode("monitored", None)), "nixi adopt mon 10.0.0.3 nixi monitored");
        assert_eq!(hint(&with_mode("monitored", Some("ann"))), "nixi adopt mon 10.0.0.3 ann monitored");
        assert_eq!(hint(&with_mode("nixi", Some("monitred"))), "did you mean \"monitored\"?");
    }

    #[test]
    fn a_host_is_a_host_alone() {
        assert_eq!(hint(&words("web", "ann@10.0.0.1")), "nixi adopt web 10.0.0.1 ann");
        assert_eq!(
            hint(&words("web", "CORP\\ann@corp@10.0.0.1")),
            "nixi adopt web 10.0.0.1 'CORP\\ann@corp'"
        );
        assert_eq!(hint(&words("web", "$(reboot)@10.0.0.1")), "nixi adopt web 10.0.0.1 '$(reboot)'");
        assert_eq!(hint(&words("web", "10.0.0.1:2222")), "nixi adopt web 10.0.0.1 --port 2222");
        assert_eq!(hint(&words("web", "[::1]:2222")), "nixi adopt web ::1 --port 2222");
        assert_eq!(hint(&words("web", "[::1]")), "nixi adopt web ::1");
    }

    #[test]
    fn a_key_is_named_by_its_whole_path() {
        let with_key = |key| AdoptWords { identity: Some(Path::new(key)), ..words("web", "h") };
        for whole in ["/keys/web", "~/.ssh/web"] {
            assert_eq!(with_key(whole).read().unwrap().identity.unwrap(), Path::new(whole));
        }
        for part in ["key", ".ssh/key", "./key", ""] {
            let report = with_key(part).read().unwrap_err();
            assert_eq!(
                (report.kind, report.hint.as_deref()),
                (ErrorKind::BadArgument, Some("write it from / or from ~/"))
            );
        }
    }

    #[test]
    fn a_long_word_is_not_said_back_in_full() {
        let long = "x".repeat(100_000);
        let host = format!("{long}@h");
        let words = AdoptWords { user: Some("managed"), mode: Some(&long), ..words(&long, &host) };
        for words in
            [AdoptWords { name: "web", ..words.clone() }, AdoptWords { name: "web", host: "h", ..words }]
        {
            assert!(words.read().unwrap_err().to_string().len() < 600);
        }
    }
}
