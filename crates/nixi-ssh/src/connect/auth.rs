//! Logging in: keys and the agent's keys, nothing else.

use std::path::{Path, PathBuf};

use libssh2_sys::{
    LIBSSH2_ERROR_AUTHENTICATION_FAILED, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED, LIBSSH2_ERROR_SOCKET_DISCONNECT,
    LIBSSH2_ERROR_SOCKET_RECV, LIBSSH2_ERROR_SOCKET_SEND,
};
use ssh2::Session;
use tokio::task::spawn_blocking;

use super::agent::{self, Agents, Sign};
use super::budget::Budget;
use super::key_file::{KeyFile, too_short};
use super::link::{Link, SIGNING, code};
use super::{ConnectError, Places};
use crate::hostkey::rsa_bits;
use crate::options::{Agent, SshOptions};
use crate::route::Route;
use crate::said::said;

/// What became of the keys.
#[derive(Debug, Default)]
struct Report {
    tried: Vec<String>,
    unusable: Vec<String>,
    /// The agent that does not answer.
    silent: Option<PathBuf>,
}

/// What one key led to.
enum Answer {
    In,
    Refused,
    /// The other side hung up; it has heard enough keys.
    HungUp,
    Unusable(String),
}

/// Tries the node's own key, the agent's keys, the configured keys and those of the usual names; stops at the first
/// that opens. Each key is offered once: sshd holds it against an address to be asked too often.
pub(super) async fn login(
    link: &mut Link,
    route: &Route,
    options: &SshOptions,
    budget: &mut Budget,
    places: &Places,
) -> Result<(), ConnectError> {
    let keys = &route.keys;
    let rsa_bits = route.rsa_bits;
    let mut login = Login { link, user: route.user.to_string(), budget, rsa_bits, report: Report::default() };
    let mut seen: Vec<&Path> = Vec::new();
    let own = keys.own.as_deref();
    if let Some(path) = own {
        seen.push(path);
        if login.file(path).await? {
            return Ok(());
        }
    }
    let configured = keys.of_config.iter().chain(&options.identities).map(PathBuf::as_path);
    let usual: Vec<&Path> = if keys.usual {
        options.default_identities.iter().map(PathBuf::as_path).filter(|path| path.exists()).collect()
    } else {
        Vec::new()
    };
    let named = own.into_iter().chain(configured.clone());
    let wanted = Wanted {
        // With nothing named, the usual names are what IdentitiesOnly is about.
        files: match (keys.only, named.clone().next()) {
            (true, None) => usual.iter().map(|path| path.to_path_buf()).collect(),
            (true, Some(_)) | (false, _) => named.map(Path::to_path_buf).collect(),
        },
        only: keys.only,
    };
    let agent = keys.agent.as_ref().unwrap_or(&options.agent);
    if login.agent(agent, wanted, &places.agents).await? {
        return Ok(());
    }
    let usual =
        if keys.only && (own.is_some() || configured.clone().next().is_some()) { Vec::new() } else { usual };
    for path in configured.chain(usual) {
        if !seen.contains(&path) {
            seen.push(path);
            if login.file(path).await? {
                return Ok(());
            }
        }
    }
    Err(login.failed())
}

/// Which of the agent's keys are offered.
struct Wanted {
    /// The keys of these files first.
    files: Vec<PathBuf>,
    /// And no others.
    only: bool,
}

struct Login<'a> {
    link: &'a mut Link,
    user: String,
    budget: &'a mut Budget,
    /// The fewest bits of an RSA key.
    rsa_bits: u32,
    report: Report,
}

impl Login<'_> {
    fn failed(&mut self) -> ConnectError {
        let Report { tried, unusable, silent } = std::mem::take(&mut self.report);
        match silent {
            // It may hold the very key.
            Some(path) => ConnectError::Short(agent::silent(&path)),
            None => ConnectError::Auth { tried, unusable },
        }
    }

    /// What came of a key. libssh2 tells a connection that broke meanwhile as a key that was refused.
    fn answer(&self, done: Result<(), ssh2::Error>) -> Answer {
        match answer(done) {
            Answer::Refused if self.link.is_gone() => Answer::HungUp,
            answer @ (Answer::In | Answer::Refused | Answer::HungUp | Answer::Unusable(_)) => answer,
        }
    }

    /// Notes what a key led to; whether it opened. An error ends the login.
    fn note(&mut self, key: String, answer: Answer) -> Result<bool, ConnectError> {
        match answer {
            Answer::In => return Ok(true),
            Answer::Refused => self.report.tried.push(key),
            Answer::Unusable(why) => self.report.unusable.push(format!("{key} ({why})")),
            // Before it refused a single key, it was not for the keys.
            Answer::HungUp if self.report.tried.is_empty() => {
                return Err(ConnectError::Protocol(
                    "it hung up during the login, before it had refused a key".to_owned(),
                ));
            }
            Answer::HungUp => {
                self.report.tried.push(format!("{key} (there the node hung up)"));
                return Err(self.failed());
            }
        }
        Ok(false)
    }

    async fn file(&mut self, path: &Path) -> Result<bool, ConnectError> {
        let shown = path.display().to_string();
        let (looked_at, least) = (path.to_path_buf(), self.rsa_bits);
        let looked = spawn_blocking(move || KeyFile::read(&looked_at, least));
        let looked = self.budget.within("reading a key", looked).await?.map_err(ConnectError::internal)?;
        if let Some(trouble) = looked.trouble {
            return self.note(shown, Answer::Unusable(trouble));
        }
        let state = (self.user.clone(), path.to_path_buf());
        let step = |session: &Session, (user, path): &mut (String, PathBuf)| {
            session.userauth_pubkey_file(user, None, path, None)
        };
        let (_, done) = self.link.drive("login", self.budget, state, step).await?;
        let answer = self.answer(done);
        self.note(shown, answer)
    }

    /// Offers what the agent holds, the keys that were asked for first.
    async fn agent(&mut self, agent: &Agent, wanted: Wanted, agents: &Agents) -> Result<bool, ConnectError> {
        if *agent == Agent::Off {
            return Ok(false);
        }
        // It may never answer: nobody's turn is held up meanwhile, and it is no time of the host's.
        let (socket, session, least) = (agent.clone(), self.link.session.clone(), self.rsa_bits);
        self.link.steps_aside();
        let place = match self.budget.queue(agents.sign_of_life(agent)).await? {
            Sign::Speaks(place) => place,
            Sign::Silent(path) => {
                self.report.silent = Some(path);
                return Ok(false);
            }
        };
        let list = spawn_blocking(move || {
            let _place = place;
            list(&session, &socket, &wanted, least)
        });
        let listed = self.budget.within("asking the agent", list).await?.map_err(ConnectError::internal)?;
        let (mut agent, keys) = match listed {
            Ok(listed) => listed,
            Err(why) => {
                self.report.unusable.extend(why);
                return Ok(false);
            }
        };
        for key in keys {
            let shown = format!("{} (agent)", said(key.comment().as_bytes()));
            if let Some(why) = rsa_bits(key.blob()).and_then(|bits| too_short(bits, self.rsa_bits)) {
                self.note(shown, Answer::Unusable(why))?;
                continue;
            }
            let state = (agent, self.user.clone(), key);
            let step = |_: &Session, (agent, user, key): &mut (ssh2::Agent, String, ssh2::PublicKey)| {
                agent.userauth(user, key)
            };
            let (back, done) = self.link.drive(SIGNING, self.budget, state, step).await?;
            agent = back.0;
            let answer = self.answer(done);
            if self.note(shown, answer)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The agent and its keys. No agent at all is nothing to tell about; one that fails is.
fn list(
    session: &Session,
    which: &Agent,
    wanted: &Wanted,
    least: u32,
) -> Result<(ssh2::Agent, Vec<ssh2::PublicKey>), Option<String>> {
    let mut agent = session.agent().map_err(|error| Some(error.to_string()))?;
    if let Agent::Socket(path) = which {
        agent.set_identity_path(path).map_err(|error| Some(error.to_string()))?;
    }
    agent.connect().map_err(|error| match which {
        Agent::Socket(path) => Some(format!("the agent at {} ({})", path.display(), error.message())),
        Agent::Environment | Agent::Off => None,
    })?;
    agent.list_identities().map_err(|error| Some(format!("the agent ({})", error.message())))?;
    let mut keys = agent.identities().map_err(|error| Some(format!("the agent ({})", error.message())))?;
    let blobs: Vec<Vec<u8>> =
        wanted.files.iter().filter_map(|path| KeyFile::read(path, least).public).collect();
    let rank = |key: &ssh2::PublicKey| blobs.iter().position(|blob| blob == key.blob());
    if wanted.only {
        keys.retain(|key| rank(key).is_some());
    }
    keys.sort_by_key(|key| rank(key).unwrap_or(usize::MAX));
    Ok((agent, keys))
}

fn answer(done: Result<(), ssh2::Error>) -> Answer {
    match done {
        Ok(()) => Answer::In,
        Err(error) => match code(&error) {
            // One number for a key that is refused, for a connection that ends instead, and for an agent that does not
            // sign: only the words differ.
            LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED if error.message().starts_with("Waiting for") => {
                Answer::HungUp
            }
            LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED if error.message().starts_with("Callback") => {
                Answer::Unusable("the agent did not sign with it".to_owned())
            }
            LIBSSH2_ERROR_AUTHENTICATION_FAILED | LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED => Answer::Refused,
            LIBSSH2_ERROR_SOCKET_DISCONNECT | LIBSSH2_ERROR_SOCKET_RECV | LIBSSH2_ERROR_SOCKET_SEND => {
                Answer::HungUp
            }
            _ => Answer::Unusable(error.message().to_owned()),
        },
    }
}
