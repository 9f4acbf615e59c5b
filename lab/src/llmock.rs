//! llmock, an OpenAI-compatible server of other people's making that fails as real ones do (PyPI, MIT).
//!
//! `cargo xtask test` installs it and names its executable in `NIXI_LLMOCK`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// How long its start may take on a busy machine.
const START: Duration = Duration::from_secs(60);

/// A running llmock; ends when dropped.
#[derive(Debug)]
pub struct Llmock {
    process: Child,
    port: u16,
}

impl Llmock {
    /// Whether this machine has it.
    #[must_use]
    pub fn is_installed() -> bool {
        std::env::var_os("NIXI_LLMOCK").is_some()
    }

    /// Starts one on a free port of 127.0.0.1, and waits until it answers.
    ///
    /// # Errors
    /// If `NIXI_LLMOCK` names no executable, or the server does not come up.
    pub fn start() -> Result<Self> {
        let program =
            std::env::var_os("NIXI_LLMOCK").context("NIXI_LLMOCK is not set; `cargo xtask test` sets it")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new(program)
            .args(["serve", "--host", "127.0.0.1", "--log-level", "warning", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("failed to start llmock")?;
        let mut llmock = Self { process, port };
        let pause = Duration::from_millis(100);
        for _ in 0..START.as_millis() / pause.as_millis() {
            ensure!(llmock.process.try_wait()?.is_none(), "llmock ended before it began");
            if llmock.http("GET", "/health", "").is_ok() {
                return Ok(llmock);
            }
            sleep(pause);
        }
        bail!("llmock does not answer")
    }

    /// What belongs into `base_url`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// From now on it behaves like this: a JSON array of llmock's behaviours, one a request.
    ///
    /// # Errors
    /// If it refuses them.
    pub fn behave(&self, behaviors: &str) -> Result<()> {
        self.http("POST", "/_llmock/reset", "")?;
        self.http("POST", "/_llmock/scenario", &format!("{{\"behaviors\":{behaviors}}}")).map(drop)
    }

    /// What it thinks of its client, in words; `FAIL` stands where the client broke a rule.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn verdict(&self) -> Result<String> {
        self.http("GET", "/_llmock/verdict?format=text", "")
    }

    fn http(&self, method: &str, path: &str, body: &str) -> Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("an answer without a body")?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        ensure!(status.starts_with('2'), "llmock answers {status}: {body}");
        Ok(body.to_owned())
    }
}

impl Drop for Llmock {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
