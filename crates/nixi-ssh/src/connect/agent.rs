//! Agents, asked for a sign of life before libssh2 asks them: it would wait for ever, and hold its session meanwhile.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::ConnectError;
use crate::options::Agent;
use crate::shortage::Shortage;

/// How many ask one agent at a time.
const AT_ONCE: usize = 8;
/// How long an agent may take to say which keys it holds.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long one that kept silent is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(30);
/// The question for its keys (draft-ietf-sshm-ssh-agent, section 3.5).
const WHICH_KEYS: [u8; 5] = [0, 0, 0, 1, 11];

/// All agents that were asked, by their sockets: one that keeps silent holds up nobody who goes by another one.
#[derive(Default)]
pub(super) struct Agents {
    all: Mutex<HashMap<PathBuf, Arc<Asked>>>,
}

struct Asked {
    places: Arc<Semaphore>,
    silent: Mutex<Option<Instant>>,
}

/// What came of the question.
pub(super) enum Sign {
    /// It answers, or says itself what is wrong; a place among those who ask it.
    Speaks(OwnedSemaphorePermit),
    Silent(PathBuf),
}

impl Agents {
    /// Asks an agent, or waits for others who ask it.
    pub(super) async fn sign_of_life(&self, agent: &Agent) -> Result<Sign, ConnectError> {
        let path = match agent {
            Agent::Socket(path) => path.clone(),
            Agent::Environment | Agent::Off => {
                std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from).unwrap_or_default()
            }
        };
        let asked = self.asked(&path);
        let place = Arc::clone(&asked.places).acquire_owned().await.map_err(ConnectError::internal)?;
        if asked.silent().is_some_and(|since| since.elapsed() < LEFT_ALONE) {
            return Ok(Sign::Silent(path));
        }
        let answer = timeout(PATIENCE, ask(&path)).await;
        asked.note(answer.is_err().then(Instant::now));
        match answer {
            Err(_) => Ok(Sign::Silent(path)),
            Ok(Ok(())) => Ok(Sign::Speaks(place)),
            // What is wrong with it is told by whoever asks it in earnest.
            Ok(Err(error)) => match Shortage::of(&error).filter(Shortage::is_of_files) {
                Some(shortage) => Err(ConnectError::Short(shortage)),
                None => Ok(Sign::Speaks(place)),
            },
        }
    }

    fn asked(&self, path: &Path) -> Arc<Asked> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Asked { places: Arc::new(Semaphore::new(AT_ONCE)), silent: Mutex::default() };
        Arc::clone(all.entry(path.to_owned()).or_insert_with(|| Arc::new(new())))
    }
}

impl Asked {
    fn silent(&self) -> Option<Instant> {
        *self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, silent: Option<Instant>) {
        *self.silent.lock().unwrap_or_else(PoisonError::into_inner) = silent;
    }
}

async fn ask(path: &Path) -> io::Result<()> {
    let mut socket = loop {
        match UnixStream::connect(path).await {
            // Its queue is full of those who were not answered either.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            socket => break socket?,
        }
    };
    socket.write_all(&WHICH_KEYS).await?;
    socket.read_exact(&mut [0; 5]).await.map(drop)
}

/// One that says nothing when asked for its keys.
pub(super) fn silent(path: &Path) -> Shortage {
    Shortage::new(
        format!("the agent at {} takes the call and does not answer", path.display()),
        "see whether `ssh-add -l` answers; start the agent anew, or go without it: `SSH_AUTH_SOCK= nixi nodes`, or \
         `IdentityAgent none` in ~/.ssh/config",
    )
}

/// One that says nothing when asked to sign.
pub(super) fn does_not_sign() -> Shortage {
    Shortage::new(
        "the agent was asked to sign and did not answer in time",
        "it may be waiting for you: a window, or a touch of your token; try again and look there",
    )
}
