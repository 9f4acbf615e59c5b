//! What an action is lent while it works.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::call_id::CallId;
use crate::command::{Command, Read, ReadOnly};
use crate::config::Runtime;
use crate::error::ToolError;
use crate::exec::{ExecError, Executor, Invocation, Output};
use crate::file_roots::FileRoots;
use crate::fleet::Survey;
use crate::gathered::Gathered;
use crate::node::Node;
use crate::plan::{Declared, Expectation};
use crate::read_answer::ReadAnswer;
use crate::secret::{SecretArg, Vault};
use crate::session::{Audience, Event};
use crate::shell::Streams;
use crate::sink::Sink;
use crate::stage::Stage;
use crate::text;

/// Settings that change how actions work.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which container runtime the fleet uses.
    pub runtime: Runtime,
    /// How long a read may run.
    pub command_timeout: Duration,
    /// How long a node waits for the confirmation of a switch.
    pub guard: Duration,
    /// The folders that file actions may reach.
    pub roots: FileRoots,
}

/// Runs reads on one node, and nothing else.
pub(crate) struct Reader<'a> {
    pub(crate) node: &'a Node,
    pub(crate) executor: &'a dyn Executor,
    pub(crate) settings: Settings,
    pub(crate) cancel: &'a CancellationToken,
}

/// How many pieces of a streamed answer wait between the one who reads them off the node and the one who takes them.
const PIECES: usize = 4;
/// How long a read without an end is followed at most.
const FOLLOWED: Duration = Duration::from_secs(24 * 3600);
/// How long its end is waited for once nobody wants it any more.
const STOPPING: Duration = Duration::from_millis(500);

impl Reader<'_> {
    fn invocation(&self, command: &Command<Read>) -> Invocation {
        Invocation::read(self.node, command, self.settings.command_timeout, self.cancel.clone())
    }

    pub(crate) async fn run(&self, command: &Command<Read>) -> Result<Output, ToolError> {
        Ok(self.executor.exec(self.invocation(command)).await?)
    }

    /// How each of these ended, in their order.
    async fn gather(&self, commands: &[Command<Read>]) -> Vec<Result<Output, ExecError>> {
        let reads = Gathered::new(self.node, commands, self.settings.command_timeout, self.cancel);
        self.executor.gather(reads).await
    }

    /// How each of so many reads ended that go out together.
    pub(crate) async fn answers<const N: usize>(&self, commands: [Command<Read>; N]) -> [ReadAnswer; N] {
        let answer = self.ends(&commands).await;
        commands.map(answer)
    }

    /// Puts each command and its end together, one after the other.
    async fn ends(&self, commands: &[Command<Read>]) -> impl FnMut(Command<Read>) -> ReadAnswer + use<> {
        let login = self.executor.login(self.node);
        let mut ends = self.gather(commands).await.into_iter();
        // An executor that answers too few has lost the others.
        let lost = || Err(ExecError::Lost("the executor did not tell how this read ended".to_owned()));
        move |command| {
            let shown = command.for_login(login);
            ReadAnswer::new(command, shown, ends.next().unwrap_or_else(lost))
        }
    }

    /// Runs a read that has no end of its own, until it is cancelled or ended; nothing where it was cancelled.
    async fn follow(
        &self,
        command: &Command<Read>,
        streams: Streams,
        mut take: impl FnMut(&[u8]) + Send,
    ) -> Result<Option<Output>, ToolError> {
        let (sink, mut outlet) = Sink::with_room(PIECES);
        let stop = CancellationToken::new();
        let invocation = Invocation::read(self.node, command, FOLLOWED, stop.clone()).into_sink(sink);
        let invocation = match streams {
            Streams::Apart => invocation,
            Streams::Together => invocation.together(),
        };
        let mut run = std::pin::pin!(self.executor.exec(invocation));
        let taken = async {
            // A node that never pauses must not keep an interruption from being seen.
            while outlet.next(&mut take).await.is_some() {
                tokio::task::yield_now().await;
            }
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            biased;
            () = self.cancel.cancelled() => None,
            output = &mut run => Some(output),
            () = taken => None,
        };
        match ended {
            Some(output) => {
                // What came last is still to be taken.
                while outlet.next(&mut take).await.is_some() {}
                Ok(Some(output?))
            }
            None => {
                // The command on the node is stopped as well, and that is waited for, though not for long.
                stop.cancel();
                let _ = tokio::time::timeout(STOPPING, run).await;
                Ok(None)
            }
        }
    }

    async fn stream(
        &self,
        command: &Command<Read>,
        mut take: impl FnMut(&[u8]) -> ControlFlow<()> + Send,
    ) -> Result<Option<Output>, ToolError> {
        let (sink, mut outlet) = Sink::with_room(PIECES);
        let enough = self.cancel.child_token();
        let timeout = self.settings.command_timeout;
        let invocation = Invocation::read(self.node, command, timeout, enough.clone());
        let run = self.executor.exec(invocation.into_sink(sink));
        // The outlet goes when it has enough, so that nobody waits for room in it.
        let taken = async move {
            while let Some(flow) = outlet.next(&mut take).await {
                if flow.is_break() {
                    enough.cancel();
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        };
        match tokio::join!(run, taken) {
            (_, ControlFlow::Break(())) => Ok(None),
            (output, ControlFlow::Continue(())) => Ok(Some(output?)),
        }
    }
}

/// Where what a read follows is told while it runs.
pub(crate) struct Watch<'a> {
    pub(crate) call: CallId,
    pub(crate) audience: &'a dyn Audience,
    /// Whether the read has begun to follow something: then it is given a moment to end well.
    pub(crate) has_begun: AtomicBool,
}

/// What an [`crate::Inspect`] is lent: reads on its node, and the list of nodes.
pub struct InspectCx<'a> {
    pub(crate) reader: Reader<'a>,
    pub(crate) survey: &'a dyn Survey,
    pub(crate) watch: Watch<'a>,
}

impl InspectCx<'_> {
    /// The node that is looked at.
    #[must_use]
    pub fn node(&self) -> &Node {
        self.reader.node
    }

    /// Settings that the action has to follow.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.reader.settings
    }

    /// The nodes and their live state.
    #[must_use]
    pub fn fleet(&self) -> &dyn Survey {
        self.survey
    }

    /// Runs a read to its end, whatever its exit code.
    ///
    /// Several reads of one action go out together: see [`Self::gather`].
    ///
    /// # Errors
    /// When the read did not run to its end.
    pub async fn run(&self, command: Command<impl ReadOnly>) -> Result<Output, ToolError> {
        self.reader.run(&ReadOnly::read(command)).await
    }

    /// Runs several reads that do not depend on each other, and tells how each ended.
    ///
    /// A node behind SSH gets them as one command, which takes one round trip and one login shell. Each begins when the one
    /// before it has ended, and they share the limit of time that a read has by itself: put one last that may hang, and run one by itself that
    /// may take long or print much.
    pub async fn gather<const N: usize>(&self, commands: [Command<impl ReadOnly>; N]) -> [ReadAnswer; N] {
        self.reader.answers(commands.map(ReadOnly::read)).await
    }

    /// The same for as many reads as there happen to be; an answer for each, in their order.
    pub async fn gather_each(
        &self,
        commands: impl IntoIterator<Item = Command<impl ReadOnly>>,
    ) -> Vec<ReadAnswer> {
        let commands: Vec<Command<Read>> = commands.into_iter().map(ReadOnly::read).collect();
        let answer = self.reader.ends(&commands).await;
        commands.into_iter().map(answer).collect()
    }

    /// Runs a read and hands on what it prints while it runs, in order, whatever the amount; a node that is faster than
    /// `take` waits. The output's `stdout` is empty. Once `take` breaks off, the read is stopped on its node, and there is
    /// no output. A read that is lost after its first bytes is not asked again.
    ///
    /// # Errors
    /// When the read did not run to its end; what was taken until then is a beginning.
    pub async fn stream(
        &self,
        command: Command<impl ReadOnly>,
        take: impl FnMut(&[u8]) -> ControlFlow<()> + Send,
    ) -> Result<Option<Output>, ToolError> {
        self.reader.stream(&ReadOnly::read(command), take).await
    }

    /// Runs a read that has no end of its own, such as a log that is followed, and hands on what it prints while it runs; a
    /// node that is faster than `take` waits. It ends when the person interrupts it, which is no error and gives no output,
    /// when the command ends by itself, or after 24 hours.
    ///
    /// # Errors
    /// When the read was lost, or not begun.
    pub async fn follow(
        &self,
        command: Command<impl ReadOnly>,
        streams: Streams,
        take: impl FnMut(&[u8]) + Send,
    ) -> Result<Option<Output>, ToolError> {
        self.watch.has_begun.store(true, Ordering::Relaxed);
        self.reader.follow(&ReadOnly::read(command), streams, take).await
    }

    /// Tells lines of what is followed, as an [`crate::Event::Output`]; they are cleaned here.
    pub fn tell(&self, lines: &str) {
        let chunk = text::clean(lines);
        self.watch.audience.hear(Event::Output { call: self.watch.call, chunk });
    }

    /// Runs a read that has to succeed, and gives what it printed.
    ///
    /// # Errors
    /// When the read did not run to its end, failed, or printed more than is kept.
    pub async fn stdout(&self, command: Command<impl ReadOnly>) -> Result<String, ToolError> {
        let command = ReadOnly::read(command);
        let shown = command.for_login(self.reader.executor.login(self.reader.node));
        let end = self.reader.executor.exec(self.reader.invocation(&command)).await;
        ReadAnswer::new(command, shown, end).stdout()
    }
}

/// What a [`crate::Change`] is lent while it plans: the same reads, pins for what it found, and a stage.
pub struct PlanCx<'a> {
    pub(crate) inspect: InspectCx<'a>,
    pub(crate) declared: &'a Declared,
    pub(crate) stage: &'a Stage<'a>,
    pub(crate) secrets: Secrets<'a>,
}

/// What a plan may know of secrets: whether they were given, and nothing of their values.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    vault: &'a Vault,
    /// Whether the plan is going to be applied if it is approved.
    is_for_real: bool,
}

impl<'a> Secrets<'a> {
    pub(crate) fn of(vault: &'a Vault, intent: crate::session::Intent) -> Self {
        let is_for_real = match intent {
            crate::session::Intent::Perform => true,
            crate::session::Intent::PlanOnly => false,
        };
        Self { vault, is_for_real }
    }

    /// Whether the secret was given in this session. A plan that is only shown needs no secret.
    #[must_use]
    pub fn has(&self, secret: &SecretArg) -> bool {
        !self.is_for_real || self.vault.knows(secret)
    }

    /// Whether the secret is a password that attackers try first.
    #[must_use]
    pub fn is_default(&self, secret: &SecretArg) -> bool {
        self.vault.is_default(secret)
    }

    /// Whether the secret has more than one line.
    #[must_use]
    pub fn has_lines(&self, secret: &SecretArg) -> bool {
        self.vault.has_lines(secret)
    }
}

impl<'a> std::ops::Deref for PlanCx<'a> {
    type Target = InspectCx<'a>;
    fn deref(&self) -> &InspectCx<'a> {
        &self.inspect
    }
}

impl PlanCx<'_> {
    /// What earlier changes of the same request will have made of this node.
    #[must_use]
    pub fn declared(&self) -> &Declared {
        self.declared
    }

    /// Which secrets were given.
    #[must_use]
    pub fn secrets(&self) -> Secrets<'_> {
        self.secrets
    }

    /// A temporary folder on the node, which is there as soon as it is used and goes when the plan is made.
    #[must_use]
    pub fn stage(&self) -> &Stage<'_> {
        self.stage
    }

    /// Runs a read that has to succeed, and pins what it printed: the plan is applied only while the same read still
    /// prints the same. `says` tells a person what is being relied on.
    ///
    /// # Errors
    /// As [`InspectCx::stdout`].
    pub async fn pin(
        &self,
        says: impl Into<String>,
        command: Command<impl ReadOnly>,
    ) -> Result<(String, Expectation), ToolError> {
        let [pinned] = self.pin_all([(says.into(), command)]).await;
        pinned
    }

    /// The same for several reads, which go out together: see [`InspectCx::gather`].
    pub async fn pin_all<const N: usize>(
        &self,
        pins: [(String, Command<impl ReadOnly>); N],
    ) -> [Result<(String, Expectation), ToolError>; N] {
        let mut says = Vec::with_capacity(N);
        let commands = pins.map(|(words, command)| {
            says.push(words);
            ReadOnly::read(command)
        });
        let mut says = says.into_iter();
        self.inspect.gather(commands).await.map(|answer| answer.pinned(says.next().unwrap_or_default()))
    }
}

/// What a [`crate::Rehearse`] is lent: the reads of an [`crate::Inspect`], and a stage.
pub struct RehearseCx<'a> {
    pub(crate) inspect: InspectCx<'a>,
    pub(crate) stage: &'a Stage<'a>,
}

impl<'a> std::ops::Deref for RehearseCx<'a> {
    type Target = InspectCx<'a>;
    fn deref(&self) -> &InspectCx<'a> {
        &self.inspect
    }
}

impl RehearseCx<'_> {
    /// A temporary folder on the node, which is there as soon as it is used and goes when the action has ended.
    #[must_use]
    pub fn stage(&self) -> &Stage<'_> {
        self.stage
    }
}
