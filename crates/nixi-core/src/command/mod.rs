//! Commands whose type says whether they can change a machine.
//!
//! **Invariant.** A [`Command<Read>`] or a [`Command<Scratch>`] comes from the [`crate::catalog`] alone: it has no public
//! constructor and takes no further argument. A [`Command<Write>`] can be made by anyone, and run by nobody: it is data in a
//! [`crate::Plan`] until a person has approved that plan.

mod container_cli;
mod container_words;
mod excerpt;
mod guarded;
mod lasting;
mod operand;
mod program;
mod scratch;

use std::fmt;
use std::marker::PhantomData;

pub use container_cli::ContainerCli;
pub use container_words::{EnvName, ImageName};
pub(crate) use excerpt::Excerpt;
pub(crate) use guarded::{arm, confirm, refuse, state as guard_state, watch_over};
pub use lasting::Lasting;
pub(crate) use lasting::{ChangeId, SYSTEMD_RUN, stop};
pub use operand::{
    ChannelName, ChannelUrl, ContainerId, ContainerName, FileMode, FileOwner, FilePath, Grep, HostName,
    Lines, LogPriority, NetTarget, PingCount, SearchEntry, StorePath, TimeSpec, UnitName,
};
pub use program::Program;
pub(crate) use scratch::ScratchFolder;
pub use scratch::{ScratchName, ScratchPath};

mod sealed {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot become a kind of access",
        label = "there are three kinds, and no fourth",
        note = "a command reads (`Read`), tries something out (`Scratch`) or changes (`Write`); no other kind can be declared"
    )]
    pub trait Sealed {}
}

/// What a command may do to the machine it runs on; [`Read`], [`Scratch`] and [`Write`] are all there is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of access",
    note = "a command reads (`Read`), tries something out (`Scratch`) or changes (`Write`); no other kind can be declared"
)]
pub trait Access: sealed::Sealed + Send + Sync + 'static {}

/// The command changes nothing that the machine keeps.
#[derive(Debug, Clone, Copy)]
pub enum Read {}

/// The command writes where nothing of a running system looks: into a temporary folder that Nixi removes, or into the Nix
/// store. For managed nodes alone, without approval.
#[derive(Debug, Clone, Copy)]
pub enum Scratch {}

/// The command may change anything.
#[derive(Debug, Clone, Copy)]
pub enum Write {}

impl sealed::Sealed for Read {}
impl sealed::Sealed for Scratch {}
impl sealed::Sealed for Write {}
impl Access for Read {}
impl Access for Scratch {}
impl Access for Write {}

/// The access of a command that an action may run by itself: [`Read`], and nothing else.
#[diagnostic::on_unimplemented(
    message = "a read-only tool may not run a command that changes a node",
    label = "this command may change the node, or writes there",
    note = "run a read of `nixi_core::catalog`, or return this command as a step of a `Plan`, which a person approves",
    note = "a `Command<Scratch>` runs on the `Stage` of a managed node alone, which a `Change` or a `Rehearse` is lent"
)]
pub trait ReadOnly: Access + Sized {
    /// The command as what it is.
    #[doc(hidden)]
    fn read(command: Command<Self>) -> Command<Read>;
}

impl ReadOnly for Read {
    fn read(command: Command<Self>) -> Command<Read> {
        command
    }
}

/// Whose rights a command runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Elevation {
    /// Those of the login user.
    LoginUser,
    /// Those of root, by `sudo -n --` where the login user is not root already.
    Root,
}

/// Who runs commands on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// root, for whom nothing is elevated.
    Root,
    /// Anyone else.
    Other,
}

/// One program with its arguments: no shell, no expansion, nothing implied.
#[must_use = "a command does nothing by itself"]
pub struct Command<A: Access> {
    program: Program,
    args: Vec<String>,
    elevation: Elevation,
    access: PhantomData<fn() -> A>,
}

impl<A: Access> Command<A> {
    fn blank(program: Program) -> Self {
        Self { program, args: Vec::new(), elevation: Elevation::LoginUser, access: PhantomData }
    }

    fn with_args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> Program {
        self.program
    }

    /// The arguments, without the program.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        &self.args
    }

    /// Whose rights the command needs.
    #[must_use]
    pub fn elevation(&self) -> Elevation {
        self.elevation
    }

    /// The command as it is run for this login, word for word: root needs no `sudo`.
    pub(crate) fn for_login(&self, login: Login) -> String {
        match login {
            Login::Root => Self { elevation: Elevation::LoginUser, ..self.clone() }.to_string(),
            Login::Other => self.to_string(),
        }
    }
}

impl Command<Read> {
    /// For the catalog alone.
    pub(crate) fn read<const N: usize>(program: Program, args: [&str; N]) -> Self {
        Self::blank(program).with_args(args)
    }

    /// For the catalog alone: options and operands that are only known at run time.
    pub(crate) fn and(self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with_args(args)
    }

    /// For the catalog alone: the read shows everything only to root.
    pub(crate) fn by_root(mut self) -> Self {
        self.elevation = Elevation::Root;
        self
    }
}

impl Command<Scratch> {
    /// For the catalog alone.
    pub(crate) fn scratch<const N: usize>(program: Program, args: [&str; N]) -> Self {
        Self::blank(program).with_args(args)
    }

    /// For the catalog alone: operands that are only known at run time.
    pub(crate) fn with(self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with_args(args)
    }
}

impl Command<Write> {
    /// A command that may change the machine; it runs only as a step of an approved [`crate::Plan`].
    pub fn new(program: Program) -> Self {
        Self::blank(program)
    }

    /// One more argument.
    pub fn arg(self, arg: impl Into<String>) -> Self {
        self.with_args([arg])
    }

    /// More arguments.
    pub fn args(self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with_args(args)
    }

    /// The same command with the rights of root.
    pub fn elevated(mut self) -> Self {
        self.elevation = Elevation::Root;
        self
    }
}

/// Whatever reads may stand where a change may; the reverse does not exist.
impl From<Command<Read>> for Command<Write> {
    fn from(read: Command<Read>) -> Self {
        Self { program: read.program, args: read.args, elevation: read.elevation, access: PhantomData }
    }
}

impl<A: Access> Clone for Command<A> {
    fn clone(&self) -> Self {
        Self {
            program: self.program,
            args: self.args.clone(),
            elevation: self.elevation,
            access: PhantomData,
        }
    }
}

impl<A: Access> PartialEq for Command<A> {
    fn eq(&self, other: &Self) -> bool {
        (self.program, &self.args, self.elevation) == (other.program, &other.args, other.elevation)
    }
}

impl<A: Access> Eq for Command<A> {}

/// As a person would type it, `sudo` included.
impl<A: Access> fmt::Display for Command<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.program, &self.args, self.elevation)
    }
}

pub(crate) fn show(
    f: &mut fmt::Formatter<'_>,
    program: Program,
    args: &[String],
    elevation: Elevation,
) -> fmt::Result {
    if elevation == Elevation::Root {
        f.write_str("sudo -n -- ")?;
    }
    f.write_str(program.as_str())?;
    for arg in args {
        // A word with a NUL cannot be sent; it is still shown, so that the error makes sense.
        match crate::shell::word(arg) {
            Ok(word) => write!(f, " {word}")?,
            Err(_) => write!(f, " {arg:?}")?,
        }
    }
    Ok(())
}

impl<A: Access> fmt::Debug for Command<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("program", &self.program)
            .field("args", &self.args)
            .field("elevation", &self.elevation)
            .finish()
    }
}
