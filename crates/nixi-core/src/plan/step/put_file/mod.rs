//! Putting a file on a node.
//!
//! **Invariant.** The path itself is touched by one command, a rename within its folder, and by that only if the bytes
//! beside it are the right ones and what is to be replaced is still there. Before it, nothing has happened to the path,
//! whatever became of the connection; after it, the path is read to see whether it did.

mod file;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use file::Folder;
pub use file::{FileDigest, PutFile, Replaces};

use super::Kind;
use crate::catalog;
use crate::command::{Command, Elevation, Login, Program, Read, Write};
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::{ExecError, Exit, Invocation};
use crate::node::Node;
use crate::plan::applied::{done, failed, unended};
use crate::plan::apply_cx::ApplyCx;
use crate::plan::progress::{Progress, Reporter};
use crate::plan::{ApprovedPart, PlanDigest, StepReport, StepStatus, StepView, Turn};
use crate::said;

/// How long the content may take: 1 GiB over a slow line.
const TRANSFER: Duration = Duration::from_secs(3600);
/// How long each of the small commands may take.
const STEP: Duration = Duration::from_secs(60);

/// A file on its way.
struct Putting<'a> {
    put: &'a PutFile,
    node: &'a Node,
    approved: &'a ApprovedPart,
    cx: &'a ApplyCx<'a>,
    reporter: &'a Reporter<'a>,
    /// Where it is written first: in the same folder, so that the rename is one (rename(2)).
    beside: String,
}

/// What is done one after the other.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Look,
    Send,
    Check,
    Place,
}

impl Stage {
    const ALL: u64 = 4;

    fn progress(self, put: &PutFile) -> Progress {
        let (phase, behind) = match self {
            Self::Look => (format!("looking at {}", put.path), 0),
            Self::Send => (format!("sending {} bytes", put.content.len()), 1),
            Self::Check => ("checking what arrived".to_owned(), 2),
            Self::Place => (format!("putting it at {}", put.path), 3),
        };
        Progress::phase(phase).behind(behind, Self::ALL)
    }
}

/// Why it is not there.
enum Stopped {
    /// A command ran and failed, or said something else than it should.
    Failed(ToolError),
    /// The path does not hold what it should.
    Changed(String),
    /// A command did not run to its end.
    Unended(ExecError),
}

#[async_trait]
impl Kind for PutFile {
    fn line(&self, login: Login) -> String {
        match login {
            Login::Root => Self { elevation: Elevation::LoginUser, ..self.clone() }.to_string(),
            Login::Other => self.to_string(),
        }
    }

    fn view(&self, login: Login) -> StepView {
        StepView::of_line(&self.line(login)).with_diff(self.diff())
    }

    fn digest(&self) -> PlanDigest {
        PlanDigest::of_value(&("put_file", self.fingerprint()))
    }

    async fn run(&self, turn: Turn<'_>, approved: &ApprovedPart, cx: &ApplyCx<'_>) -> StepReport {
        run(self, turn, approved, cx).await
    }
}

/// Puts the file there, whole or not at all.
async fn run(
    put: &PutFile,
    Turn { shown, reporter, .. }: Turn<'_>,
    approved: &ApprovedPart,
    cx: &ApplyCx<'_>,
) -> StepReport {
    let node = approved.node();
    // Two who put the same file at the same time must not write into one another's.
    let number = RandomState::new().hash_one(approved.digest);
    let beside = put.path.beside(&format!("nixi-{number:016x}")).to_string();
    let putting = Putting { put, node, approved, cx, reporter, beside };
    match putting.prepare().await {
        Ok(()) => putting.place(shown).await,
        Err(stopped) => {
            putting.clear().await;
            putting.unplaced(shown, stopped)
        }
    }
}

impl Putting<'_> {
    /// All but the last command.
    async fn prepare(&self) -> Result<(), Stopped> {
        let PutFile { mode, owner, elevation, .. } = self.put;
        self.begin(Stage::Look);
        if *elevation == Elevation::Root {
            self.check_folder().await?;
        }
        self.check_way().await?;
        self.check().await?;
        self.begin(Stage::Send);
        // Empty and closed to others before the first byte; whatever a former attempt left goes.
        self.run("install", &["-T", "-m", "600", "--", "/dev/null"], None).await?;
        let to = format!("of={}", self.beside);
        let writing =
            ["bs=64K", "iflag=fullblock", "oflag=nofollow", "conv=nocreat,notrunc,fsync", "status=none", &to];
        let write = self.command("dd").args(writing);
        self.exec(&write, Some(Arc::clone(&self.put.content)), TRANSFER).await?;
        // Last, so that it is told if somebody put something else in its place meanwhile; unless its owner may not read it then.
        let is_readable = mode & 0o400 != 0;
        if !is_readable {
            self.check_arrived().await?;
        }
        if let Some(owner) = owner {
            self.run("chown", &["-h", "--", owner.as_str()], None).await?;
        }
        self.run("chmod", &["--", &format!("{mode:04o}")], None).await?;
        if is_readable {
            self.check_arrived().await?;
        }
        // The transfer may have taken long.
        self.check_way().await?;
        self.check().await
    }

    /// Whether what arrived is what was sent.
    async fn check_arrived(&self) -> Result<(), Stopped> {
        self.begin(Stage::Check);
        let arrived = self.run("sha256sum", &["--"], None).await?;
        match FileDigest::from_sha256sum(&arrived) == Some(self.put.content_digest()) {
            true => Ok(()),
            false => Err(Stopped::Changed(format!("what arrived at {} is not what was sent", self.beside))),
        }
    }

    /// The rename, which is sent once. If its end was not told, the path tells.
    async fn place(&self, shown: String) -> StepReport {
        self.begin(Stage::Place);
        let rename = self.command("mv").args(["-T", "--", &self.beside, self.put.path.as_str()]);
        match self.exec(&rename, None, STEP).await {
            Ok(_) => done(shown, None),
            Err(Stopped::Unended(
                error @ (ExecError::Lost(_) | ExecError::Deadline(_) | ExecError::Cancelled),
            )) => {
                // If the content was the same before, it proves nothing.
                let was_other = self.put.replaces.digest() != Some(self.put.content_digest());
                match self.found().await {
                    Ok(Some(digest)) if was_other && digest == self.put.content_digest() => done(shown, None),
                    // It may still be on its way on the node.
                    Ok(_) | Err(_) => unended(shown, error, self.node),
                }
            }
            Err(stopped) => {
                self.clear().await;
                self.unplaced(shown, stopped)
            }
        }
    }

    fn begin(&self, stage: Stage) {
        self.reporter.tell(stage.progress(self.put));
    }

    fn command(&self, program: &'static str) -> Command<Write> {
        let command = Command::<Write>::new(Program::new(program));
        match self.put.elevation {
            Elevation::LoginUser => command,
            Elevation::Root => command.elevated(),
        }
    }

    /// Runs a command whose last word is the file beside.
    async fn run(
        &self,
        program: &'static str,
        args: &[&str],
        input: Option<Arc<[u8]>>,
    ) -> Result<String, Stopped> {
        let command = self.command(program).args(args.iter().copied()).arg(&self.beside);
        self.exec(&command, input, STEP).await
    }

    async fn exec(
        &self,
        command: &Command<Write>,
        input: Option<Arc<[u8]>>,
        deadline: Duration,
    ) -> Result<String, Stopped> {
        let invocation = Invocation::change(self.node, command, deadline, self.cx.cancel.clone());
        let invocation = invocation.pinned(self.approved.host_key());
        let invocation = match input {
            Some(input) => invocation.reading(input),
            None => invocation,
        };
        let output = self.cx.executor.exec(invocation).await.map_err(Stopped::Unended)?;
        if output.exit.is_success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let words = command.for_login(self.cx.executor.login(self.node));
        let elevated = command.elevation() == Elevation::Root;
        Err(Stopped::Failed(ToolError::of_output(&words, command.program(), elevated, &output)))
    }

    /// What is at the path: the digest of a file, or nothing.
    async fn found(&self) -> Result<Option<FileDigest>, Stopped> {
        let read = catalog::file::digest(&self.put.path, self.put.elevation);
        let invocation = Invocation::read(self.node, &read, STEP, CancellationToken::new());
        let invocation = invocation.pinned(self.approved.host_key());
        let output = self.cx.executor.exec(invocation).await.map_err(Stopped::Unended)?;
        // A shell says the same of a home folder that is not there.
        let missing = said::has_no_file(read.program().as_str(), &output.stderr);
        match output.exit {
            Exit::Code(1) if missing => Ok(None),
            Exit::Code(0) => match FileDigest::from_sha256sum(&String::from_utf8_lossy(&output.stdout)) {
                Some(digest) => Ok(Some(digest)),
                None => Err(Stopped::Changed(format!("{} cannot be read back", self.put.path))),
            },
            Exit::Code(_) | Exit::Signal(_) => {
                let words = read.for_login(self.cx.executor.login(self.node));
                let elevated = read.elevation() == Elevation::Root;
                Err(Stopped::Failed(ToolError::of_output(&words, read.program(), elevated, &output)))
            }
        }
    }

    /// Whether the path holds what is to be replaced.
    async fn check(&self) -> Result<(), Stopped> {
        let path = &self.put.path;
        match (self.found().await?, self.put.replaces.digest()) {
            (found, expected) if found == expected => Ok(()),
            (None, _) => Err(Stopped::Changed(format!("{path} is not there any more"))),
            (Some(_), None) => Err(Stopped::Changed(format!("{path} is there by now"))),
            (Some(_), Some(_)) => {
                Err(Stopped::Changed(format!("{path} is not what it was when the plan was made")))
            }
        }
    }

    /// Whether the folder is where its path says, if it has to be.
    async fn check_way(&self) -> Result<(), Stopped> {
        if self.put.folder == Folder::Any {
            return Ok(());
        }
        let (path, folder) = (&self.put.path, self.put.path.folder());
        let found = self.look(&catalog::file::real_folder(path)).await?;
        if found == format!("{folder}\0").as_bytes() {
            return Ok(());
        }
        Err(Stopped::Changed(format!("{folder} is not what it was: a link leads to another folder by now")))
    }

    /// What a read of the folder prints.
    async fn look(&self, read: &Command<Read>) -> Result<Vec<u8>, Stopped> {
        let invocation = Invocation::read(self.node, read, STEP, self.cx.cancel.clone());
        let invocation = invocation.pinned(self.approved.host_key());
        let output = self.cx.executor.exec(invocation).await.map_err(Stopped::Unended)?;
        if output.exit.is_success() {
            return Ok(output.stdout);
        }
        let words = read.for_login(self.cx.executor.login(self.node));
        Err(Stopped::Failed(ToolError::of_output(&words, read.program(), false, &output)))
    }

    /// Whether root alone may write to the folder: anybody else could put a link in the place of what is beside, and
    /// root would follow it.
    async fn check_folder(&self) -> Result<(), Stopped> {
        let told = self.look(&catalog::file::folder(&self.put.path)).await?;
        let told = String::from_utf8_lossy(&told);
        let others_write = |mode: &str| u32::from_str_radix(mode, 8).map_or(true, |mode| mode & 0o022 != 0);
        match told.trim().split_once(' ') {
            Some(("0", mode)) if !others_write(mode) => Ok(()),
            Some(_) | None => Err(Stopped::Changed(format!(
                "others than root may write to the folder of {}, and there root would follow their links",
                self.put.path
            ))),
        }
    }

    /// Takes away what lies beside, if the node can be reached; a person who gave up does not wait for it.
    async fn clear(&self) {
        let rm = self.command("rm").args(["-f", "--", &self.beside]);
        let invocation = Invocation::change(self.node, &rm, STEP, CancellationToken::new());
        let invocation = invocation.pinned(self.approved.host_key());
        let _ = tokio::time::timeout(Duration::from_millis(700), self.cx.executor.exec(invocation)).await;
    }

    /// The report of a file that was not put in its place. That is certain: the rename was not sent, or failed.
    fn unplaced(&self, shown: String, stopped: Stopped) -> StepReport {
        let path = &self.put.path;
        let as_it_was = format!("{path} is as it was; {} may be left beside it", self.beside);
        match stopped {
            Stopped::Failed(error) => failed(shown, error.report()),
            Stopped::Changed(why) => failed(shown, ErrorReport::new(ErrorKind::Changed, why).hint(as_it_was)),
            Stopped::Unended(error) => {
                let mut report = unended(shown, error, self.node);
                if report.status == StepStatus::Unknown {
                    report.status = StepStatus::Failed;
                    report.error = report.error.map(|error| error.hint(as_it_was));
                }
                report
            }
        }
    }
}
