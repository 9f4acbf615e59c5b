//! What went wrong, in a form that people, scripts and models can use.

use schemars::JsonSchema;
use serde::Serialize;

use crate::command::{ContainerCli, Program};
use crate::exec::{ExecError, Exit, Output, Unreachable};
use crate::said::{self, Refusal};
use crate::text;

/// The closed list of `error.kind` in results and documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// A flag or word that the command line does not take.
    Usage,
    /// The configuration cannot be read or written as asked.
    Config,
    /// A file on the controller cannot be written.
    WriteFailed,
    /// No such tool or action.
    UnknownAction,
    /// No such node.
    UnknownNode,
    /// A parameter is unknown, missing, or not of its type.
    BadArgument,
    /// A node of that name is there already.
    NodeExists,
    /// The node's mode does not allow it.
    ReadOnly,
    /// A person has to approve the plan first, and none was asked.
    ApprovalRequired,
    /// A person said no.
    Declined,
    /// A secret is needed that was not given, and nobody could be asked for it.
    SecretRequired,
    /// What the plan was made for is no longer so.
    Changed,
    /// An earlier step or call failed, so this one was not begun.
    NotStarted,
    /// No answer in time while connecting.
    Timeout,
    /// The connection was refused, or there is no route.
    Refused,
    /// The node takes none of our keys.
    Auth,
    /// The host key is not the known one.
    HostKeyChanged,
    /// The host's name has no address.
    Dns,
    /// The other side does not speak SSH as we do.
    Protocol,
    /// The controller itself lacks something: open files, memory, a port, its agent.
    Controller,
    /// The login cannot run commands as they are sent, or sudo there cannot.
    Unfit,
    /// sudo asks for a password, or is not there.
    SudoPassword,
    /// The login user may not see all of it, or may not run it.
    Permission,
    /// The program is not on the node.
    ProgramMissing,
    /// There is no such thing on the node.
    NotFound,
    /// The command ran and failed.
    CommandFailed,
    /// The command did not end in time.
    Deadline,
    /// The connection was lost after the command was sent.
    Lost,
    /// Interrupted by the person.
    Cancelled,
    /// What the node printed is not what the tool understands.
    Unreadable,
    /// The request was not understood without a model, and no model is to be asked.
    NotUnderstood,
    /// The model cannot be reached, or refuses to serve.
    ModelUnavailable,
    /// What the model sent is broken or incomplete.
    ModelBroken,
    /// The journal cannot be read or written.
    Journal,
    /// The request cannot be undone.
    CannotUndo,
    /// A fault of Nixi's own.
    Internal,
}

impl From<Unreachable> for ErrorKind {
    fn from(reason: Unreachable) -> Self {
        match reason {
            Unreachable::Timeout => Self::Timeout,
            Unreachable::Refused => Self::Refused,
            Unreachable::Auth => Self::Auth,
            Unreachable::HostKeyChanged => Self::HostKeyChanged,
            Unreachable::Dns => Self::Dns,
            Unreachable::Protocol => Self::Protocol,
            Unreachable::Controller => Self::Controller,
        }
    }
}

/// `{"kind","message","hint"}`: one error as every front end shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
pub struct ErrorReport {
    /// The class, from a closed list.
    pub kind: ErrorKind,
    /// What failed, in a sentence.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl ErrorReport {
    /// An error without advice.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: text::clean(&message.into()), hint: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(text::clean(&hint.into()));
        self
    }

    /// The same with advice, if there is any.
    #[must_use]
    pub fn maybe_hint(self, hint: Option<impl Into<String>>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }
}

impl std::fmt::Display for ErrorReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ErrorReport {}

/// Why an action has no report or no plan.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The command did not run to its end.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// A read ran and failed.
    #[error("`{command}` failed ({exit}){}", tail(.stderr))]
    Command {
        /// The command, as a person would type it.
        command: String,
        /// The program that was to run.
        program: Program,
        /// How it ended.
        exit: Exit,
        /// What it said.
        stderr: String,
    },
    /// sudo would not run the command without a password.
    #[error("sudo on the node asks for a password, or has no rule for `{command}`")]
    SudoPassword {
        /// The command, as a person would type it.
        command: String,
    },
    /// sudo would not run the command for another reason.
    #[error("sudo on the node would not run `{command}`: {said}")]
    SudoRefused {
        /// The command, as a person would type it.
        command: String,
        /// Why.
        why: Refusal,
        /// In sudo's own words.
        said: String,
    },
    /// There is no sudo.
    #[error("there is no `sudo` on the node; doas and run0 are not supported")]
    SudoMissing,
    /// The program is not on the node.
    #[error("there is no `{0}` on the node")]
    ProgramMissing(Program),
    /// The login user does not see everything.
    #[error("{message}")]
    Permission {
        /// What is hidden from whom.
        message: String,
        /// How to grant it.
        hint: String,
    },
    /// The output is not in the form that the tool reads.
    #[error("cannot read the output of `{command}`: {why}")]
    Unreadable {
        /// The command, as a person would type it.
        command: String,
        /// What was wrong with it.
        why: String,
    },
    /// The arguments fit their types, but not each other or the node.
    #[error("{message}")]
    BadArgument {
        /// What does not fit.
        message: String,
        /// What would.
        hint: Option<String>,
    },
    /// What was named is not there.
    #[error("{message}")]
    NotFound {
        /// What is missing, and where.
        message: String,
        /// The nearest that is there.
        hint: Option<String>,
    },
    /// These secrets are needed and were not given, by their names. The session asks the person for them, and has the change
    /// planned again.
    #[error("the secret {} is needed, and nobody is here to type it", .0.join(", "))]
    SecretsNeeded(Vec<String>),
    /// Any other error that already has its report.
    #[error("{0}")]
    Reported(ErrorReport),
}

fn shown(said: &str) -> String {
    text::clean(&crate::command::Excerpt::of(said).to_string())
}

fn tail(stderr: &str) -> String {
    match stderr.trim() {
        "" => String::new(),
        text => format!(": {text}"),
    }
}

impl ToolError {
    /// The error of a command that ran and failed, told apart by what is known of sudo(8) and of shells ([`said`]).
    #[must_use]
    pub fn of_output(command: &str, program: Program, elevated: bool, output: &Output) -> Self {
        let command = command.to_owned();
        match said::refusal(output).filter(|_| elevated) {
            Some((Refusal::Password, _)) => return Self::SudoPassword { command },
            Some((why, said)) => return Self::SudoRefused { command, why, said: shown(&said) },
            None => {}
        }
        if said::is_missing(program.as_str(), elevated, output) {
            return Self::ProgramMissing(program);
        }
        if elevated && output.exit == Exit::Code(127) && said::is_missing("sudo", elevated, output) {
            return Self::SudoMissing;
        }
        if said::is_forbidden(program.as_str(), output) {
            return Self::Permission {
                message: format!("the login user may not run `{program}` on the node"),
                hint: "give the login user the right to run it, or log in as a user who may".to_owned(),
            };
        }
        if let Some(report) = ContainerCli::refusal(program, output) {
            return Self::Reported(report);
        }
        let stderr = shown(&said::reason(&String::from_utf8_lossy(&output.stderr)));
        Self::Command { command, program, exit: output.exit.clone(), stderr }
    }

    /// The class of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Exec(error) => match error {
                ExecError::Unreachable { reason, .. } => (*reason).into(),
                ExecError::Unfit { .. } => ErrorKind::Unfit,
                ExecError::Lost(_) => ErrorKind::Lost,
                ExecError::Deadline(_) => ErrorKind::Deadline,
                ExecError::CancelledUnsent | ExecError::Cancelled => ErrorKind::Cancelled,
                ExecError::Unquotable(_) => ErrorKind::BadArgument,
            },
            Self::Command { .. } => ErrorKind::CommandFailed,
            Self::SudoPassword { .. } => ErrorKind::SudoPassword,
            Self::SudoMissing => ErrorKind::SudoPassword,
            Self::SudoRefused { why, .. } => match why {
                Refusal::Password => ErrorKind::SudoPassword,
                Refusal::NotAllowed | Refusal::Account => ErrorKind::Permission,
                Refusal::Terminal | Refusal::Broken => ErrorKind::Unfit,
            },
            Self::ProgramMissing(_) => ErrorKind::ProgramMissing,
            Self::Permission { .. } => ErrorKind::Permission,
            Self::Unreadable { .. } => ErrorKind::Unreadable,
            Self::BadArgument { .. } => ErrorKind::BadArgument,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::SecretsNeeded(_) => ErrorKind::SecretRequired,
            Self::Reported(report) => report.kind,
        }
    }

    /// The error as front ends show it.
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        if let Self::Reported(report) = self {
            return report.clone();
        }
        let hint = match self {
            Self::Exec(ExecError::Unreachable { hint, .. }) => hint.clone(),
            Self::Exec(ExecError::Unfit { hint, .. }) | Self::Permission { hint, .. } => Some(hint.clone()),
            Self::Command { stderr, .. } if said::ends_with_sudo(stderr) => Some(
                "sudo said that: see on the node whether `sudo -n true` works for the login user".to_owned(),
            ),
            Self::Exec(_) | Self::Command { .. } | Self::Unreadable { .. } => None,
            Self::SudoPassword { .. } => Some(Refusal::Password.hint().to_owned()),
            Self::SudoRefused { why, .. } => Some(why.hint().to_owned()),
            Self::SudoMissing => {
                Some("turn it on (NixOS: security.sudo.enable), or let Nixi log in as root".to_owned())
            }
            Self::ProgramMissing(program) if matches!(program.as_str(), "podman" | "docker") => Some(
                "install it on the node, or set [container] runtime in the configuration to the one that is there"
                    .to_owned(),
            ),
            Self::ProgramMissing(_) => Some("install it on the node".to_owned()),
            Self::BadArgument { hint, .. } | Self::NotFound { hint, .. } => hint.clone(),
            Self::SecretsNeeded(names) => {
                let name = names.first().map(String::as_str).unwrap_or_default();
                Some(format!("give it from a file, as secrets={name}=@FILE, or on standard input, as secrets={name}=@-"))
            }
            Self::Reported(report) => report.hint.clone(),
        };
        ErrorReport::new(self.kind(), self.to_string()).maybe_hint(hint)
    }
}
