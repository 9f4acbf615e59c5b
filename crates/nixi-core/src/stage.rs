//! A temporary folder on a managed node, for what has to be tried before it can be planned.
//!
//! **Invariant.** A stage is made with the proof that its node may be changed, reads the configuration anew before it sends
//! anything, runs nothing but [`Command<Scratch>`](crate::Scratch), and sends nothing to a machine that is monitored under
//! another name, or that may be. Whoever lends it takes it back, whatever became of the one it was lent to; then its folder goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OnceCell, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::catalog::scratch;
use crate::command::{Command, Elevation, Scratch, ScratchFolder, ScratchName, ScratchPath};
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::{ExecError, Executor, Fingerprint, HostKeys, Invocation, Output};
use crate::listener::Listener;
use crate::node::{Node, NodeName};
use crate::plan::{Progress, Reporter, Writable, stands_apart};
use crate::text;

/// How long each of its own small commands may take.
const STEP: Duration = Duration::from_secs(60);
/// How long a file may take: some MiB over a slow line.
const TRANSFER: Duration = Duration::from_secs(600);
/// How long the folder's removal may take.
const REMOVAL: Duration = Duration::from_secs(10);
/// The same for a person who interrupted: they wait for no more than a second.
const HASTY_REMOVAL: Duration = Duration::from_millis(600);
/// How often it is told at most how far a command is.
const BEAT: Duration = Duration::from_millis(100);

/// A temporary folder on a managed node, and the right to try things there that nothing of its running system sees.
///
/// [`PlanCx`](crate::PlanCx) and [`RehearseCx`](crate::RehearseCx) lend one. Nothing is sent until it is first used; the
/// folder is removed when the action has ended, failed or been interrupted.
pub struct Stage<'a> {
    ground: Ground<'a>,
    folder: ScratchFolder,
    /// The host key of the machine, once it is known that it stands apart; none on the controller.
    met: OnceCell<Option<Fingerprint>>,
    made: OnceCell<()>,
    /// Whether the folder may be there: its making was sent.
    may_be_there: AtomicBool,
    /// How many commands that make folders may still be on their way: they were sent, and how they ended is not known.
    making: AtomicUsize,
}

/// Where a stage is put up.
pub(crate) struct Ground<'a> {
    pub(crate) writable: &'a Writable,
    pub(crate) executor: &'a dyn Executor,
    pub(crate) host_keys: &'a dyn HostKeys,
    /// Reads the configuration anew: minutes may have passed since the node was chosen. Most stages are never used, and
    /// never ask.
    pub(crate) today: &'a (dyn Fn() -> Result<Today, ErrorReport> + Sync),
    pub(crate) cancel: &'a CancellationToken,
    pub(crate) reporter: Reporter<'a>,
}

/// What the configuration says now.
pub(crate) struct Today {
    /// The node of the stage, unless it is gone.
    pub(crate) current: Option<Node>,
    /// All remote nodes, none of which may be this machine in another mode.
    pub(crate) nodes: Vec<Node>,
}

/// What goes with a command.
struct Job {
    input: Option<Arc<[u8]>>,
    listener: Option<Listener>,
    deadline: Duration,
}

impl Job {
    /// A command that reads nothing, and that nobody listens to.
    fn within(deadline: Duration) -> Self {
        Self { input: None, listener: None, deadline }
    }
}

impl<'a> Stage<'a> {
    pub(crate) fn new(ground: Ground<'a>) -> Self {
        Self {
            ground,
            folder: ScratchFolder::new(),
            met: OnceCell::new(),
            made: OnceCell::new(),
            may_be_there: AtomicBool::new(false),
            making: AtomicUsize::new(0),
        }
    }
}

impl Stage<'_> {
    /// Where a file or folder of this name is, or would be.
    #[must_use]
    pub fn path(&self, name: &ScratchName) -> ScratchPath {
        self.folder.path(name)
    }

    /// Writes a file, and makes the folders above it. What was there before is replaced.
    ///
    /// # Errors
    /// As [`Stage::run`], or when the node does not write it.
    pub async fn write(
        &self,
        name: &ScratchName,
        body: impl Into<Arc<[u8]>>,
    ) -> Result<ScratchPath, ToolError> {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            self.succeed(&scratch::folder(&parent), Job::within(STEP)).await?;
        }
        self.rewrite(name, body).await
    }

    /// The same in a folder that is there.
    ///
    /// # Errors
    /// As [`Stage::run`], or when the node does not write it.
    pub async fn rewrite(
        &self,
        name: &ScratchName,
        body: impl Into<Arc<[u8]>>,
    ) -> Result<ScratchPath, ToolError> {
        let path = self.path(name);
        self.succeed(&scratch::write(&path), Job { input: Some(body.into()), ..Job::within(TRANSFER) })
            .await?;
        Ok(path)
    }

    /// Runs a command to its end, whatever its exit code. `deadline` is how long it may take.
    ///
    /// # Errors
    /// When the machine is monitored under another name or may be, when the folder cannot be made, or when the command
    /// did not run to its end.
    pub async fn run(&self, command: Command<Scratch>, deadline: Duration) -> Result<Output, ToolError> {
        self.exec(&command, Job::within(deadline)).await
    }

    /// The same for a command that may take long: `hear` gets its standard error while it runs, piece by piece and not line by
    /// line, and tells how far it is. At its end may stand a line that is not in the output: see [`Listener`].
    ///
    /// # Errors
    /// As [`Stage::run`].
    pub async fn follow(
        &self,
        command: Command<Scratch>,
        deadline: Duration,
        mut hear: impl FnMut(&[u8]) -> Option<Progress> + Send + 'static,
    ) -> Result<Output, ToolError> {
        let (latest, mut told) = watch::channel(None);
        let listener = Listener::new(move |piece| {
            if let Some(progress) = hear(piece) {
                latest.send_replace(Some(progress));
            }
        });
        let telling = async {
            while told.changed().await.is_ok() {
                let progress = told.borrow_and_update().clone();
                progress.into_iter().for_each(|progress| self.tell(progress));
                // Of thousands, a person sees the last.
                tokio::time::sleep(BEAT).await;
            }
            std::future::pending().await
        };
        let job = Job { listener: Some(listener), ..Job::within(deadline) };
        tokio::select! {
            biased;
            output = self.exec(&command, job) => output,
            never = telling => never,
        }
    }

    /// The node that it is on.
    #[must_use]
    pub fn node(&self) -> &NodeName {
        self.ground.writable.node().name()
    }

    /// Tells people how far it is.
    pub fn tell(&self, progress: Progress) {
        self.ground.reporter.tell(progress);
    }

    async fn exec(&self, command: &Command<Scratch>, job: Job) -> Result<Output, ToolError> {
        let host_key = self.met.get_or_try_init(|| self.meet()).await?.as_ref();
        self.made.get_or_try_init(|| self.make(host_key)).await?;
        self.send(command, job, host_key).await
    }

    /// The same for a command that has to work.
    async fn succeed(&self, command: &Command<Scratch>, job: Job) -> Result<(), ToolError> {
        let output = self.exec(command, job).await?;
        self.worked(command, &output)
    }

    fn worked(&self, command: &Command<Scratch>, output: &Output) -> Result<(), ToolError> {
        if output.exit.is_success() {
            return Ok(());
        }
        let is_elevated = command.elevation() == Elevation::Root;
        Err(ToolError::of_output(&command.to_string(), command.program(), is_elevated, output))
    }

    async fn send(
        &self,
        command: &Command<Scratch>,
        job: Job,
        host_key: Option<&Fingerprint>,
    ) -> Result<Output, ToolError> {
        let Job { input, listener, deadline } = job;
        let Ground { writable, executor, cancel, .. } = &self.ground;
        let run = Invocation::scratch(writable, command, deadline, (*cancel).clone()).pinned(host_key);
        let run = match input {
            Some(input) => run.reading(input),
            None => run,
        };
        let run = match listener {
            Some(listener) => run.heard_by(listener),
            None => run,
        };
        let makes_folders = command.program() == scratch::MAKES_FOLDERS;
        if makes_folders {
            self.making.fetch_add(1, Ordering::Relaxed);
        }
        // Whoever interrupts leaves here for good.
        let ended = executor.exec(run).await;
        if makes_folders && !may_come_later(&ended) {
            self.making.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(ended?)
    }

    /// Finds out that the node is as it was when its proof was made, and that the machine is in one mode, by whatever name.
    async fn meet(&self) -> Result<Option<Fingerprint>, ToolError> {
        let Ground { writable, executor, host_keys, today, cancel, .. } = &self.ground;
        let node = writable.node();
        let arrival = executor.reach(node, cancel).await?;
        let Today { current, nodes } = today().map_err(ToolError::Reported)?;
        still_managed(node, current.as_ref()).map_err(ToolError::Reported)?;
        let untold = stands_apart(*host_keys, node, arrival.as_ref(), &nodes).await;
        match untold.map_err(ToolError::Reported)? {
            None => Ok(arrival.map(|arrival| arrival.host_key)),
            Some(untold) => {
                let message = format!("nothing is tried on {}: {}", node.name(), untold.remark());
                Err(ToolError::Reported(ErrorReport::new(ErrorKind::ReadOnly, message)))
            }
        }
    }

    async fn make(&self, host_key: Option<&Fingerprint>) -> Result<(), ToolError> {
        self.may_be_there.store(true, Ordering::Relaxed);
        let make = scratch::make(&self.folder);
        let output = self.send(&make, Job::within(STEP), host_key).await?;
        self.worked(&make, &output)
    }

    /// Takes the folder away, if there may be one. What is left if that fails, or may be left, in a sentence for people.
    pub(crate) async fn remove(self) -> Option<String> {
        if !self.may_be_there.load(Ordering::Relaxed) {
            return None;
        }
        let limit = if self.ground.cancel.is_cancelled() { HASTY_REMOVAL } else { REMOVAL };
        let Ground { writable, executor, .. } = &self.ground;
        let remove = scratch::remove(&self.folder);
        // Whoever interrupted the action did not interrupt this.
        let run = Invocation::scratch(writable, &remove, limit, CancellationToken::new());
        let run = run.pinned(self.met.get().and_then(Option::as_ref));
        let left = match timeout(limit, executor.exec(run)).await {
            Ok(Ok(output)) => match self.worked(&remove, &output) {
                Ok(()) if self.making.load(Ordering::Relaxed) > 0 => {
                    "may be there again: its making was cut off and may have come after its removal"
                        .to_owned()
                }
                Ok(()) => return None,
                Err(error) => format!("was not removed: {error}"),
            },
            Ok(Err(error)) => format!("was not removed: {error}"),
            Err(_) => format!("was not removed: no answer within {limit:?}"),
        };
        let node = writable.node().name();
        Some(text::clean_line(&format!(
            "the temporary folder {} on {node} {left}; remove it there: {remove}",
            self.folder
        )))
    }
}

/// Whether a node is in the configuration as it was, and may be changed.
fn still_managed(node: &Node, current: Option<&Node>) -> Result<(), ErrorReport> {
    if let Some(Err(refused)) = current.map(Node::writable) {
        return Err(refused.report());
    }
    if current != Some(node) {
        let message = format!("the configuration of {} changed since it was chosen", node.name());
        return Err(ErrorReport::new(ErrorKind::Changed, message).hint("nothing was tried there; ask again"));
    }
    Ok(())
}

/// Whether a command may run after its caller was answered.
fn may_come_later(ended: &Result<Output, ExecError>) -> bool {
    match ended {
        Err(ExecError::Lost(_) | ExecError::Deadline(_) | ExecError::Cancelled) => true,
        Ok(_)
        | Err(
            ExecError::Unreachable { .. }
            | ExecError::Unfit { .. }
            | ExecError::Unquotable(_)
            | ExecError::CancelledUnsent,
        ) => false,
    }
}

#[cfg(test)]
mod tests;
