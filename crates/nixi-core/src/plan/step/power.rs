//! Booting a node anew, and switching it off.
//!
//! **Invariant.** What asks for it is sent once. A reboot is done only if somebody has just logged in on the same machine over a new
//! connection, and it tells of another boot than before.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use tokio::time::Instant;

use super::Kind;
use super::unit_names::unit_names;
use crate::catalog::{guard, system};
use crate::command::{Command, Login, Program, Read, Write};
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::{ExecError, Invocation, Output, Unreachable};
use crate::node::Node;
use crate::plan::applied::{done, failed, unended, unknown};
use crate::plan::apply_cx::ApplyCx;
use crate::plan::{ApprovedPart, PlanDigest, Progress, Risk, StepReport, Turn};

/// How long systemd may take to accept it.
const START: Duration = Duration::from_secs(60);
/// How long a node may take to boot: a server with much memory checks all of it first.
const BOOT: Duration = Duration::from_secs(20 * 60);
/// How long it may take to go off.
const GOING_OFF: Duration = Duration::from_secs(5 * 60);
/// Between two looks.
const REST: Duration = Duration::from_secs(2);
/// How long one look may take.
const QUESTION: Duration = Duration::from_secs(10);
/// How many units are named that have failed.
const NAMED: usize = 10;
/// How often in a row a node that is off does not answer.
const SILENT: u32 = 2;

/// What is done with a node as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// It boots anew, which is waited for.
    Reboot,
    /// It goes off, and stays off.
    Off,
}

impl Power {
    fn command(self) -> Command<Write> {
        let verb = match self {
            Self::Reboot => "reboot",
            Self::Off => "poweroff",
        };
        Command::<Write>::new(Program::new("systemctl")).arg(verb).elevated()
    }
}

/// As a person reads it in a plan.
impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(Login::Other))
    }
}

/// Tells one boot from another: the kernel's id of it, and when the first process began. A container has the id of its host.
#[derive(Debug, PartialEq, Eq)]
struct Boot {
    id: String,
    first: String,
}

impl Boot {
    /// Out of what [`system::boot`] printed.
    fn read(printed: &str) -> Option<Self> {
        let (id, stat) = printed.split_once('\n')?;
        let (_, fields) = stat.rsplit_once(')')?;
        // proc_pid_stat(5), `starttime`: the 22nd field, of which two stand before the parenthesis.
        let first = fields.split_whitespace().nth(19)?;
        Some(Self { id: id.to_owned(), first: first.to_owned() })
    }
}

#[async_trait]
impl Kind for Power {
    fn least_risk(&self) -> Risk {
        Risk::Destructive
    }

    fn line(&self, login: Login) -> String {
        let command = self.command().for_login(login);
        match self {
            Self::Reboot => format!("{command}, and wait until the node has booted"),
            Self::Off => format!("{command}, and wait until the node does not answer any more"),
        }
    }

    fn digest(&self) -> PlanDigest {
        PlanDigest::of_value(&("power", self))
    }

    async fn run(
        &self,
        Turn { shown, reporter, .. }: Turn<'_>,
        approved: &ApprovedPart,
        cx: &ApplyCx<'_>,
    ) -> StepReport {
        let going = Going { node: approved.node(), approved, cx };
        let before = match going.boot().await {
            Ok(before) => before,
            Err(error) => return failed(shown, error.report()),
        };
        let command = self.command();
        let asked =
            Invocation::change(going.node, &command, START, cx.cancel.clone()).pinned(approved.host_key());
        match cx.executor.exec(asked).await {
            Ok(output) if output.exit.is_success() => {}
            Ok(output) => {
                let words = command.for_login(cx.executor.login(going.node));
                return failed(
                    shown,
                    ToolError::of_output(&words, command.program(), true, &output).report(),
                );
            }
            // A node that goes down takes the connection with it.
            Err(ExecError::Lost(_) | ExecError::Deadline(_)) => {}
            Err(error) => return unended(shown, error, going.node),
        }
        let name = going.node.name();
        match self {
            Self::Reboot => {
                reporter.tell(Progress::phase(format!("waiting until {name} has booted")));
                going.booted(shown, &before).await
            }
            Self::Off => {
                reporter.tell(Progress::phase(format!("waiting until {name} is off")));
                going.off(shown).await
            }
        }
    }
}

/// A node that was asked to go down.
struct Going<'a> {
    node: &'a Node,
    approved: &'a ApprovedPart,
    cx: &'a ApplyCx<'a>,
}

impl Going<'_> {
    async fn booted(&self, shown: String, before: &Boot) -> StepReport {
        let (begun, name) = (Instant::now(), self.node.name());
        let mut last = None;
        while begun.elapsed() < BOOT {
            let looked = tokio::select! {
                biased;
                () = self.cx.cancel.cancelled() => return self.interrupted(shown),
                looked = self.look() => looked,
            };
            match looked {
                Ok(now) if now != *before => {
                    let took = begun.elapsed().as_secs();
                    return done(shown, self.told(took).await);
                }
                Ok(_) => {}
                Err(ToolError::Exec(ExecError::Unreachable {
                    reason: Unreachable::HostKeyChanged,
                    detail,
                    ..
                })) => {
                    let what = format!(
                        "{name} was told to reboot, and another machine answers in its place: {detail}"
                    );
                    return unknown(shown, ErrorReport::new(ErrorKind::HostKeyChanged, what));
                }
                Err(error) => last = Some(error.report().message),
            }
            tokio::select! {
                biased;
                () = self.cx.cancel.cancelled() => return self.interrupted(shown),
                () = tokio::time::sleep(REST) => {}
            }
        }
        let why = last.unwrap_or_else(|| "it is still in the same boot".to_owned());
        let what = format!(
            "{name} was told to reboot and did not come back within {} min: {why}",
            BOOT.as_secs() / 60
        );
        unknown(shown, ErrorReport::new(ErrorKind::Deadline, what))
    }

    async fn off(&self, shown: String) -> StepReport {
        let begun = Instant::now();
        let mut silent = 0;
        while begun.elapsed() < GOING_OFF {
            let reached = tokio::select! {
                biased;
                () = self.cx.cancel.cancelled() => return self.interrupted(shown),
                reached = self.cx.executor.reach_anew(self.node, self.cx.cancel) => reached,
            };
            silent = match reached {
                Err(ExecError::Unreachable {
                    reason: Unreachable::Timeout | Unreachable::Refused, ..
                }) => silent + 1,
                Ok(_) | Err(_) => 0,
            };
            if silent >= SILENT {
                return done(shown, None);
            }
            tokio::select! {
                biased;
                () = self.cx.cancel.cancelled() => return self.interrupted(shown),
                () = tokio::time::sleep(REST) => {}
            }
        }
        let what = format!("{} was told to go off and still answers", self.node.name());
        unknown(shown, ErrorReport::new(ErrorKind::Deadline, what))
    }

    /// Logs in anew and asks which boot it is.
    async fn look(&self) -> Result<Boot, ToolError> {
        let arrival = self.cx.executor.reach_anew(self.node, self.cx.cancel).await?;
        let host_key = arrival.map(|arrival| arrival.host_key);
        if host_key.as_ref() != self.approved.host_key() {
            let detail = "its host key is another".to_owned();
            let reason = Unreachable::HostKeyChanged;
            return Err(ToolError::Exec(ExecError::Unreachable { reason, detail, hint: None }));
        }
        self.boot().await
    }

    async fn boot(&self) -> Result<Boot, ToolError> {
        let read = system::boot();
        let output = self.ask(&read).await?;
        Boot::read(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| ToolError::Unreadable {
            command: read.to_string(),
            why: "it does not tell which boot it is".to_owned(),
        })
    }

    /// How long it took, and what has failed.
    async fn told(&self, seconds: u64) -> Option<String> {
        let mut said = format!("booted, and answers after {seconds} s");
        if let Ok(output) = self.ask(&guard::failed_units()).await {
            let failed = unit_names(&output.stdout);
            let failed = failed.get(..NAMED).unwrap_or(&failed);
            if !failed.is_empty() {
                said.push_str(&format!("; failed: {}", failed.join(", ")));
            }
        }
        Some(crate::text::clean_line(&said))
    }

    async fn ask(&self, read: &Command<Read>) -> Result<Output, ToolError> {
        let read = Invocation::read(self.node, read, QUESTION, self.cx.cancel.clone());
        Ok(self.cx.executor.exec(read.pinned(self.approved.host_key())).await?)
    }

    fn interrupted(&self, shown: String) -> StepReport {
        let what = format!("interrupted: {} was told to go down, and was not waited for", self.node.name());
        unknown(shown, ErrorReport::new(ErrorKind::Cancelled, what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_boot_is_told_from_another() {
        let stat = |start: &str| {
            format!("5d0c\n1 (systemd (1)) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 {start} 100 200\n")
        };
        let boot = Boot::read(&stat("812")).unwrap();
        assert_eq!((boot.id.as_str(), boot.first.as_str()), ("5d0c", "812"));
        assert_ne!(boot, Boot::read(&stat("813")).unwrap());
        for odd in ["", "5d0c", "5d0c\n1 (systemd) S 0\n", "5d0c\n1 systemd\n"] {
            assert_eq!(Boot::read(odd), None, "{odd}");
        }
    }
}
