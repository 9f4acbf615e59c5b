//! What a mode will need of a machine that is adopted, looked at once, so that nobody finds out in the middle of the work.

use tokio_util::sync::CancellationToken;

use super::Inner;
use super::roster::Roster;
use crate::catalog::{container, lasting, log};
use crate::command::{Command, ContainerCli, Login, Read};
use crate::context::Reader;
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::{Exit, Output};
use crate::mode::Mode;
use crate::node::Node;
use crate::said;

/// What the mode of a new node will need and its login does not have, each with the cure. None of it undoes the adoption.
pub(super) async fn lacks(
    inner: &Inner,
    roster: &Roster,
    node: &Node,
    cancel: &CancellationToken,
) -> Vec<ErrorReport> {
    let executor = inner.executor(node);
    let look = Look { reader: Reader { node, executor, settings: roster.settings(), cancel }, node };
    match node.mode() {
        Mode::Managed => look.changes().await.into_iter().collect(),
        Mode::Monitored => {
            let (journal, containers) = tokio::join!(look.journal(), look.containers());
            // A look that fails for both alike is told once.
            let containers = containers.filter(|report| journal.as_ref() != Some(report));
            journal.into_iter().chain(containers).collect()
        }
    }
}

struct Look<'a> {
    reader: Reader<'a>,
    node: &'a Node,
}

impl Look<'_> {
    /// How a read ended, or what the login cannot even be asked.
    async fn run(&self, command: &Command<Read>) -> Result<Output, ErrorReport> {
        self.reader.run(command).await.map_err(|error| {
            let report = error.report();
            let message = format!("cannot see what {} will need: {}", self.node.name(), report.message);
            ErrorReport::new(report.kind, message).maybe_hint(report.hint)
        })
    }

    /// A managed node runs what it is changed by as root.
    async fn changes(&self) -> Option<ErrorReport> {
        let command = lasting::version();
        let output = match self.run(&command).await {
            Ok(output) => output,
            Err(report) => return Some(report),
        };
        self.refused(&command, &output, "changes will fail until it lets the login user run them")
    }

    /// A monitored node is looked at as the login user, and as root where that user does not see all.
    async fn journal(&self) -> Option<ErrorReport> {
        let seen = |output: &Output| !said::hides_journal(&output.stderr);
        let asked = async {
            if seen(&self.run(&log::access()).await?) {
                return Ok(true);
            }
            let by_root = self.run(&log::access_as_root()).await?;
            Ok(by_root.exit.is_success() && seen(&by_root))
        };
        match asked.await {
            Ok(true) => None,
            Ok(false) => Some(log::hidden(self.node, None).report()),
            Err(report) => Some(report),
        }
    }

    /// Lists of containers are root's. Whether sudo lets them be read is asked of sudo, which then runs nothing: where
    /// no container ever was, the runtime would make a store for them.
    async fn containers(&self) -> Option<ErrorReport> {
        if self.reader.executor.login(self.node) == Login::Root {
            return None;
        }
        let cli = ContainerCli::usual(self.reader.settings.runtime);
        let command = container::may_list(cli);
        let output = match self.run(&command).await {
            Ok(output) => output,
            Err(report) => return Some(report),
        };
        let until = "containers cannot be read until it lets the login user list them";
        // Of a command that it does not allow, or does not find, it says nothing.
        let silent = String::from_utf8_lossy(&output.stderr).lines().all(said::is_remark);
        let lack = if output.exit == Exit::Code(1) && silent {
            let program = cli.program();
            let node = self.node.name();
            let message =
                format!("on {node}, sudo has no rule for `{program} ps`, or there is none: {until}");
            ErrorReport::new(ErrorKind::Permission, message)
        } else {
            self.refused(&command, &output, until)?
        };
        let list = sudoers(&container::list(cli));
        Some(lack.hint(format!(
            "if they are to be read, a passwordless rule for `{list}` alone is enough (NixOS: security.sudo.extraRules)"
        )))
    }

    fn refused(&self, command: &Command<Read>, output: &Output, until: &str) -> Option<ErrorReport> {
        if output.exit.is_success() {
            return None;
        }
        let shown = command.for_login(self.reader.executor.login(self.node));
        let error = ToolError::of_output(&shown, command.program(), true, output);
        let why = match &error {
            ToolError::SudoPassword { .. } => "sudo asks for a password".to_owned(),
            ToolError::SudoRefused { said, .. } => format!("sudo refuses ({said})"),
            ToolError::SudoMissing => "there is no sudo".to_owned(),
            // `sudo -l` itself is what is run.
            ToolError::ProgramMissing(program) if program.as_str() == "sudo" => "there is no sudo".to_owned(),
            // sudo let it run: what became of it then is seen when it is asked for.
            ToolError::Exec(_)
            | ToolError::Command { .. }
            | ToolError::ProgramMissing(_)
            | ToolError::Permission { .. }
            | ToolError::Unreadable { .. }
            | ToolError::BadArgument { .. }
            | ToolError::NotFound { .. }
            | ToolError::SecretsNeeded(_)
            | ToolError::Reported(_) => return None,
        };
        let report = error.report();
        let message = format!("on {}, {why}: {until}", self.node.name());
        Some(ErrorReport::new(report.kind, message).maybe_hint(report.hint))
    }
}

/// The command as sudoers(5) takes it.
fn sudoers(command: &Command<Read>) -> String {
    let mut rule = command.program().to_string();
    for word in command.arguments() {
        rule.push(' ');
        for letter in word.chars() {
            if [',', ':', '=', '\\'].contains(&letter) {
                rule.push('\\');
            }
            rule.push(letter);
        }
    }
    rule
}
