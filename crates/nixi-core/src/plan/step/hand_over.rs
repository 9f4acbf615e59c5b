//! Running a command that is handed secrets: on its standard input, or in a file of variables that root alone can read.
//!
//! **Invariant.** The value of a secret is in no word of a command, in no environment of one, and in no report. It goes
//! over the connection as standard input and nowhere else.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::Kind;
use super::run::run_with;
use crate::command::{Command, Login, Program, Write};
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::{Input, Invocation};
use crate::plan::applied::{failed, unended};
use crate::plan::apply_cx::ApplyCx;
use crate::plan::{ApprovedPart, PlanDigest, StepReport, StepStatus, StepView, Turn};
use crate::secret::{Secret, SecretArg};

/// How long each of the commands for the file may take.
const FILE: Duration = Duration::from_secs(60);
/// How long the file's removal is waited for; a person who interrupts does not wait longer.
const REMOVAL: Duration = Duration::from_secs(5);

/// A command that is handed secrets, as a step of a plan. The plan names them, and shows no value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a change does nothing by itself"]
pub struct HandOver {
    command: Command<Write>,
    /// Each with the name that a person knows it by.
    secrets: Vec<(String, SecretArg)>,
    form: Form,
}

/// How the secrets reach the command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// The one secret is the command's standard input.
    Input,
    /// As lines `NAME=VALUE` in this file, which is gone when the command has ended.
    Variables { file: String },
}

impl HandOver {
    /// A command with the rights of root that reads one secret on its standard input.
    pub fn on_input(command: Command<Write>, name: impl Into<String>, secret: SecretArg) -> Self {
        Self { command: command.elevated(), secrets: vec![(name.into(), secret)], form: Form::Input }
    }

    /// A command with the rights of root that finds these secrets as variables in a file. `command` is given the path of
    /// the file, which lies in memory under `/run`, belongs to root, and is removed when the command has ended.
    pub fn in_file(secrets: Vec<(String, SecretArg)>, command: impl FnOnce(&str) -> Command<Write>) -> Self {
        let digits = secrets.first().and_then(|(_, secret)| secret.digits()).unwrap_or("ask");
        let file = format!("/run/nixi-{digits}.env");
        Self { command: command(&file).elevated(), secrets, form: Form::Variables { file } }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(|(name, _)| name.as_str())
    }

    /// What goes over the connection; the names of secrets that this session does not have, if there are any.
    fn input(&self, cx: &ApplyCx<'_>) -> Result<Arc<Secret>, Vec<&str>> {
        let missing: Vec<&str> = self
            .secrets
            .iter()
            .filter(|(_, secret)| !cx.vault.knows(secret))
            .map(|(name, _)| name.as_str())
            .collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        let known = |(name, secret): &(String, SecretArg)| Some((name.clone(), cx.vault.get(secret)?));
        let known: Vec<(String, Arc<Secret>)> = self.secrets.iter().filter_map(known).collect();
        match (&self.form, known.as_slice()) {
            (Form::Input, [(_, secret)]) => Ok(Arc::clone(secret)),
            (Form::Input, _) => Err(self.names().collect()),
            (Form::Variables { .. }, known) => Ok(Arc::new(Secret::variables(known))),
        }
    }
}

/// As a person reads it in a plan.
impl fmt::Display for HandOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(Login::Other))
    }
}

#[async_trait]
impl Kind for HandOver {
    fn line(&self, login: Login) -> String {
        let (command, names) = (self.command.for_login(login), self.names().collect::<Vec<_>>().join(", "));
        match &self.form {
            Form::Input => format!("{command}  (on its input: the secret {names})"),
            Form::Variables { .. } => {
                format!("{command}  (in that file, for as long as it runs: the secret {names})")
            }
        }
    }

    fn view(&self, login: Login) -> StepView {
        StepView::of_line(&self.line(login)).with_secrets(self.names())
    }

    /// A handle stands for its value: it is a keyed hash of it.
    fn digest(&self) -> PlanDigest {
        let command = (self.command.program().as_str(), self.command.arguments(), self.command.elevation());
        PlanDigest::of_value(&("hand_over", command, &self.secrets, &self.form))
    }

    async fn run(
        &self,
        Turn { shown, .. }: Turn<'_>,
        approved: &ApprovedPart,
        cx: &ApplyCx<'_>,
    ) -> StepReport {
        let input = match self.input(cx) {
            Ok(input) => input,
            Err(missing) => {
                let why = format!("this session does not have the secret {}", missing.join(", "));
                let error = ErrorReport::new(ErrorKind::SecretRequired, why);
                return failed(shown, error.hint("nothing was run; ask again and give the secret anew"));
            }
        };
        match &self.form {
            Form::Input => run_with(&self.command, Some(input.into()), shown, approved, cx).await,
            Form::Variables { file } => {
                let report = match write(file, input, &shown, approved, cx).await {
                    Ok(()) => run_with(&self.command, None, shown, approved, cx).await,
                    Err(report) => *report,
                };
                remove(file, report, approved, cx).await
            }
        }
    }
}

/// Puts the variables into the file, which is empty and closed to others before the first byte.
async fn write(
    file: &str,
    input: Arc<Secret>,
    shown: &str,
    approved: &ApprovedPart,
    cx: &ApplyCx<'_>,
) -> Result<(), Box<StepReport>> {
    let install =
        Command::<Write>::new(Program::new("install")).args(["-T", "-m", "600", "--", "/dev/null", file]);
    let dd = Command::<Write>::new(Program::new("dd"))
        .args(["oflag=nofollow", "conv=nocreat,notrunc", "status=none"])
        .arg(format!("of={file}"));
    let (install, dd) = (install.elevated(), dd.elevated());
    for (command, input) in [(install, None), (dd, Some(Input::from(input)))] {
        let node = approved.node();
        let run = Invocation::change(node, &command, FILE, cx.cancel.clone()).pinned(approved.host_key());
        let run = match input {
            Some(input) => run.reading(input),
            None => run,
        };
        let report = match cx.executor.exec(run).await {
            Ok(output) if output.exit.is_success() => continue,
            Ok(output) => {
                let words = command.for_login(cx.executor.login(node));
                failed(
                    shown.to_owned(),
                    ToolError::of_output(&words, command.program(), true, &output).report(),
                )
            }
            // What was begun is a file in memory: the command itself was not sent.
            Err(error) => match unended(shown.to_owned(), error, node) {
                report if report.status == StepStatus::Unknown => {
                    StepReport { status: StepStatus::Failed, ..report }
                }
                report => report,
            },
        };
        return Err(Box::new(report));
    }
    Ok(())
}

/// Removes the file whatever became of the command, and says so if that failed.
async fn remove(file: &str, report: StepReport, approved: &ApprovedPart, cx: &ApplyCx<'_>) -> StepReport {
    if report.status == StepStatus::Unreachable {
        return report;
    }
    let rm = Command::<Write>::new(Program::new("rm")).args(["-f", "--", file]).elevated();
    let run = Invocation::change(approved.node(), &rm, FILE, CancellationToken::new());
    let run = cx.executor.exec(run.pinned(approved.host_key()));
    match tokio::time::timeout(REMOVAL, run).await {
        Ok(Ok(output)) if output.exit.is_success() => report,
        Ok(Ok(_) | Err(_)) | Err(_) => {
            let left =
                format!("{file} is left there until the node restarts; root alone can read it: remove it");
            let error = report.error.clone().unwrap_or_else(|| {
                ErrorReport::new(ErrorKind::CommandFailed, "the file with the secrets was not removed")
            });
            // A command that is done and left its file behind is not all done.
            let status = if report.status == StepStatus::Done { StepStatus::Failed } else { report.status };
            StepReport { status, error: Some(error.hint(left)), ..report }
        }
    }
}
