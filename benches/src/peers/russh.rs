//! A limit: the least that a client made with russh can be. It takes any host key.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use russh::ChannelMsg;
use russh::client::{self, AuthResult, Handle};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate, load_secret_key};

use crate::ground::Way;

/// Trusts anybody.
#[derive(Debug)]
struct Trusting;

impl client::Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        Ok(true)
    }
}

/// A logged-in session; the copies are the same one.
#[derive(Clone)]
pub(crate) struct Russh(Arc<Handle<Trusting>>);

impl Russh {
    /// Connects and logs in.
    pub(crate) async fn connect(way: &Way, host: &str) -> Result<Self> {
        let config = client::Config { nodelay: true, ..client::Config::default() };
        let mut session = client::connect(Arc::new(config), (host, way.port), Trusting).await?;
        let key = PrivateKeyWithHashAlg::new(Arc::new(load_secret_key(way.identity(), None)?), None);
        let entered = session.authenticate_publickey(way.user.clone(), key).await?;
        ensure!(matches!(entered, AuthResult::Success), "russh was not let in");
        Ok(Self(Arc::new(session)))
    }

    /// Runs a command; what it printed.
    pub(crate) async fn run(&self, command: &str) -> Result<String> {
        let mut said = Vec::new();
        let code = self.each(command, |data| said.extend_from_slice(data)).await?;
        ensure!(code == 0, "{command} ended with {code}");
        Ok(String::from_utf8(said)?)
    }

    /// Reads what a command prints and throws it away; how many bytes it was.
    pub(crate) async fn drain(&self, command: &str) -> Result<u64> {
        let mut total = 0;
        self.each(command, |data| total += data.len() as u64).await?;
        Ok(total)
    }

    async fn each(&self, command: &str, mut hear: impl FnMut(&[u8])) -> Result<u32> {
        let mut channel = self.0.channel_open_session().await?;
        channel.exec(true, command).await?;
        let mut code = None;
        while let Some(message) = channel.wait().await {
            if let ChannelMsg::Data { data } = &message {
                hear(data);
            } else if let ChannelMsg::ExitStatus { exit_status } = message {
                code = Some(exit_status);
            }
        }
        code.context("russh was told no exit code")
    }
}
