//! Logging in: keys and the agent's keys, nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libssh2_sys::{
    LIBSSH2_ERROR_AUTHENTICATION_FAILED, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED, LIBSSH2_ERROR_SOCKET_DISCONNECT,
    LIBSSH2_ERROR_SOCKET_RECV, LIBSSH2_ERROR_SOCKET_SEND,
};
use nixi_core::SshTarget;
use nixi_core::text::clean_line;
use ssh2::Session;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::budget::Budget;
use super::link::{Link, code};
use super::{ConnectError, Places};
use crate::options::{Agent, SshOptions};

/// What became of the keys.
#[derive(Debug, Default)]
struct Report {
    tried: Vec<String>,
    unusable: Vec<String>,
}

/// What one key led to.
enum Answer {
    In,
    Refused,
    /// The other side hung up; it has heard enough keys.
    HungUp,
    Unusable(String),
}

/// Tries the node's own key, the agent's keys, the configured keys and the default ones; stops at the first that
/// opens.
pub(super) async fn login(
    link: &mut Link,
    target: &SshTarget,
    options: &SshOptions,
    budget: &mut Budget,
    places: &Places,
) -> Result<(), ConnectError> {
    let mut login = Login {
        link,
        user: target.user.to_string(),
        budget,
        computing: &places.computing,
        report: Report::default(),
    };
    let mut seen: Vec<&Path> = Vec::new();
    let own = target.identity.as_deref();
    if let Some(path) = own {
        seen.push(path);
        if login.file(path).await? {
            return Ok(());
        }
    }
    let configured = options.identities.iter().map(PathBuf::as_path);
    let wanted: Vec<PathBuf> = own.into_iter().chain(configured.clone()).map(Path::to_path_buf).collect();
    if login.agent(&options.agent, wanted, &places.agent).await? {
        return Ok(());
    }
    let defaults = options.default_identities.iter().map(PathBuf::as_path).filter(|path| path.exists());
    for path in configured.chain(defaults) {
        if !seen.contains(&path) {
            seen.push(path);
            if login.file(path).await? {
                return Ok(());
            }
        }
    }
    Err(login.failed())
}

struct Login<'a> {
    link: &'a mut Link,
    user: String,
    budget: &'a mut Budget,
    computing: &'a Arc<Semaphore>,
    report: Report,
}

impl Login<'_> {
    fn failed(&mut self) -> ConnectError {
        let Report { tried, unusable } = std::mem::take(&mut self.report);
        ConnectError::Auth { tried, unusable }
    }

    /// Notes what a key led to; whether it opened. An error ends the login.
    fn note(&mut self, key: String, answer: Answer) -> Result<bool, ConnectError> {
        match answer {
            Answer::In => return Ok(true),
            Answer::Refused => self.report.tried.push(key),
            Answer::Unusable(why) => self.report.unusable.push(format!("{key} ({why})")),
            Answer::HungUp => {
                self.report.tried.push(format!("{key} (there the node hung up)"));
                return Err(self.failed());
            }
        }
        Ok(false)
    }

    async fn file(&mut self, path: &Path) -> Result<bool, ConnectError> {
        let shown = path.display().to_string();
        if let Err(error) = tokio::fs::File::open(path).await {
            return self.note(shown, Answer::Unusable(missing(&error)));
        }
        let state = (self.user.clone(), path.to_path_buf());
        let step = |session: &Session, (user, path): &mut (String, PathBuf)| {
            session.userauth_pubkey_file(user, None, path, None)
        };
        let (_, done) = self.link.drive("login", self.budget, self.computing, state, step).await?;
        let mut answer = answer(done);
        if matches!(answer, Answer::Unusable(_)) && is_encrypted(path).await {
            answer = Answer::Unusable("it is encrypted, and no agent holds it".to_owned());
        }
        self.note(shown, answer)
    }

    /// Offers what the agent holds, the keys that were asked for first.
    async fn agent(
        &mut self,
        agent: &Agent,
        wanted: Vec<PathBuf>,
        places: &Arc<Semaphore>,
    ) -> Result<bool, ConnectError> {
        if *agent == Agent::Off {
            return Ok(false);
        }
        // The agent may ask a person or a token, so its answers have places of their own.
        let (socket, session) = (agent.clone(), self.link.session.clone());
        let place =
            self.budget.queue(Arc::clone(places).acquire_owned()).await.map_err(ConnectError::internal)?;
        let list = spawn_blocking(move || {
            let _place = place;
            list(&session, &socket, &wanted)
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
            let shown = format!("{} (agent)", clean_line(key.comment()));
            let state = (agent, self.user.clone(), key);
            let step = |_: &Session, (agent, user, key): &mut (ssh2::Agent, String, ssh2::PublicKey)| {
                agent.userauth(user, key)
            };
            let (back, done) =
                self.link.drive("login by the agent", self.budget, places, state, step).await?;
            agent = back.0;
            if self.note(shown, answer(done))? {
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
    wanted: &[PathBuf],
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
    let blobs: Vec<Vec<u8>> = wanted.iter().filter_map(|path| public_blob(path)).collect();
    keys.sort_by_key(|key| blobs.iter().position(|blob| blob == key.blob()).unwrap_or(usize::MAX));
    Ok((agent, keys))
}

/// The public key beside a private one.
fn public_blob(path: &Path) -> Option<Vec<u8>> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    let text = std::fs::read_to_string(PathBuf::from(beside)).ok()?;
    STANDARD.decode(text.split_whitespace().nth(1)?).ok()
}

fn answer(done: Result<(), ssh2::Error>) -> Answer {
    match done {
        Ok(()) => Answer::In,
        Err(error) => match code(&error) {
            LIBSSH2_ERROR_AUTHENTICATION_FAILED | LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED => Answer::Refused,
            LIBSSH2_ERROR_SOCKET_DISCONNECT | LIBSSH2_ERROR_SOCKET_RECV | LIBSSH2_ERROR_SOCKET_SEND => {
                Answer::HungUp
            }
            _ => Answer::Unusable(error.message().to_owned()),
        },
    }
}

fn missing(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::NotFound {
        "there is no such file".to_owned()
    } else {
        error.to_string()
    }
}

/// Whether a private key wants a passphrase; libssh2 only says that it cannot read it.
async fn is_encrypted(path: &Path) -> bool {
    let Ok(text) = tokio::fs::read_to_string(path).await else { return false };
    if !text.contains("BEGIN OPENSSH PRIVATE KEY") {
        return text.contains("ENCRYPTED");
    }
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    let blob = STANDARD.decode(body.trim()).unwrap_or_default();
    // PROTOCOL.key of OpenSSH: the magic, then the name of the cipher.
    blob.strip_prefix(b"openssh-key-v1\0").is_some_and(|rest| !rest.starts_with(b"\0\0\0\x04none"))
}
