//! The executor for the controller itself: a list of words, never a shell.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use async_trait::async_trait;
use nixi_core::command::{Elevation, Login, Program};
use nixi_core::environment;
use nixi_core::shell::{SYSTEM_PROFILE, Streams, TOGETHER, WRAPPERS};
use nixi_core::{Arrival, ExecError, Executor, Exit, Input, Invocation, Listener, Node, Output, Sink};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, prlimit};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio_util::sync::CancellationToken;

use crate::actor::{Exec, keep};
use crate::files::restore_file_limit;
use crate::shortage::Shortage;

/// Runs commands on the controller, as the user who runs Nixi, with `sudo -n` where root's rights are needed.
pub struct LocalExecutor {
    path: OsString,
    /// What commands get of Nixi's own environment.
    passed: Vec<(&'static str, OsString)>,
    /// [`WRAPPERS`], but in tests.
    wrappers: PathBuf,
    /// [`SYSTEM_PROFILE`], but in tests.
    system: PathBuf,
    /// The limit for core dumps that programs begin with, if it is not this process's own.
    core_limit: Option<Rlimit>,
}

/// How a command comes to the rights it needs.
#[derive(Debug, Clone, Copy)]
enum Sudo {
    /// The user's own are enough.
    NotAsked,
    /// It needs root's, and we are root.
    NotNeeded,
    /// It needs root's.
    Needed,
}

impl Sudo {
    fn of(elevation: Elevation) -> Self {
        match elevation {
            Elevation::LoginUser => Self::NotAsked,
            Elevation::Root if rustix::process::geteuid().is_root() => Self::NotNeeded,
            Elevation::Root => Self::Needed,
        }
    }
}

/// Words that are ready to be run.
#[derive(Debug)]
struct Argv {
    program: PathBuf,
    args: Vec<OsString>,
    path: OsString,
}

impl Argv {
    /// The same, by a shell that makes one of both streams.
    fn together(self) -> Self {
        let [shell, first @ ..] = TOGETHER;
        let first = first.map(OsString::from).into_iter();
        let args = first.chain([self.program.into_os_string()]).chain(self.args).collect();
        Self { program: PathBuf::from(shell), args, path: self.path }
    }
}

impl LocalExecutor {
    /// An executor that looks for programs as NixOS lays them out, and then in the `PATH` of this environment.
    ///
    /// Of the environment, programs get what [`environment`] lists: a command on this machine has to mean this machine.
    #[must_use]
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let (mut path, mut passed) = (OsString::new(), Vec::new());
        for (name, value) in variables {
            if name == "PATH" {
                path = value;
            } else if let Some(listed) = environment::PASSED.iter().find(|listed| name == **listed) {
                passed.push((*listed, value));
            }
        }
        let (wrappers, system) = (PathBuf::from(WRAPPERS), PathBuf::from(SYSTEM_PROFILE));
        Self { path, passed, wrappers, system, core_limit: None }
    }

    /// The same, for a process that has changed its own limit for core dumps: what a program starts and leaves running, as a
    /// container, begins with this one.
    #[must_use]
    pub fn with_core_limit(mut self, limit: Option<Rlimit>) -> Self {
        self.core_limit = limit;
        self
    }

    /// The words to run, or the name of what is missing. The folders are those of [`nixi_core::shell`].
    fn resolve(&self, program: Program, args: &[String], sudo: Sudo) -> Result<Argv, &'static str> {
        let words = args.iter().map(OsString::from);
        let path = match sudo {
            Sudo::NotAsked => self.behind(&[&self.wrappers, &self.system]),
            Sudo::NotNeeded | Sudo::Needed => self.behind(&[&self.system]),
        };
        let program = find(program.as_str(), &path).ok_or(program.as_str())?;
        match sudo {
            Sudo::NotAsked | Sudo::NotNeeded => Ok(Argv { program, args: words.collect(), path }),
            Sudo::Needed => {
                let sudo = find("sudo", self.wrappers.as_os_str()).or_else(|| find("sudo", &self.path));
                let sudo = sudo.ok_or("sudo")?;
                let first = ["-n".into(), "--".into(), program.into_os_string()];
                Ok(Argv { program: sudo, args: first.into_iter().chain(words).collect(), path })
            }
        }
    }

    /// The user's `PATH` behind these folders.
    fn behind(&self, folders: &[&Path]) -> OsString {
        let folders = folders.iter().map(|folder| folder.as_os_str());
        folders
            .chain((!self.path.is_empty()).then_some(self.path.as_os_str()))
            .collect::<Vec<_>>()
            .join(OsStr::new(":"))
    }

    /// Runs a program to its end; see [`Executor::exec`].
    async fn run(
        &self,
        program: Program,
        args: &[String],
        sudo: Sudo,
        limits: &Exec,
        cancel: &CancellationToken,
    ) -> Result<Output, ExecError> {
        if cancel.is_cancelled() {
            return Err(ExecError::CancelledUnsent);
        }
        let argv = match self.resolve(program, args, sudo) {
            Ok(argv) => match limits.streams {
                Streams::Apart => argv,
                Streams::Together => argv.together(),
            },
            Err(missing) => return Ok(unstarted(127, &format!("{missing}: not found"))),
        };
        let stdin = if limits.input.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = match spawn(&argv, &self.passed, stdin) {
            Ok(child) => child,
            // A program that may not be run is told as such.
            Err(error) => {
                let shown = argv.program.display();
                let refused = error.kind() == io::ErrorKind::PermissionDenied;
                return match Shortage::of(&error).filter(|_| !refused) {
                    Some(shortage) => Err(shortage.explain(&format!("start {shown}"))),
                    None => Ok(unstarted(126, &format!("{shown}: {error}"))),
                };
            }
        };
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let (Some(limit), Some(pid)) = (self.core_limit, pid) {
            // Refused where the program has other rights already; then its own system sets its limits.
            let _ = prlimit(Some(pid), Resource::Core, limit);
        }
        pid.into_iter().for_each(restore_file_limit);
        let mut group = Group(pid);
        let ended = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ExecError::Cancelled),
            ended = tokio::time::timeout(limits.deadline, to_its_end(&mut child, limits)) => {
                ended.map_err(|_| ExecError::Deadline(limits.deadline))
            }
        };
        match ended {
            Ok(Ok(output)) => {
                group.0 = None;
                Ok(output)
            }
            Ok(Err(error)) => Err(ExecError::Lost(error.to_string())),
            Err(error) => {
                drop(group);
                // It is dead; this only takes its remains. One that runs as root may outlive us.
                tokio::spawn(async move { child.wait().await });
                Err(error)
            }
        }
    }
}

/// What a shell would answer.
fn unstarted(code: i32, why: &str) -> Output {
    Output {
        exit: Exit::Code(code),
        stdout: Vec::new(),
        stderr: format!("{why}\n").into_bytes(),
        truncated: false,
    }
}

fn find(program: &str, path: &OsStr) -> Option<PathBuf> {
    let folders = path.as_bytes().split(|&b| b == b':').filter(|folder| !folder.is_empty());
    let candidates = folders.map(|folder| Path::new(OsStr::from_bytes(folder)).join(program));
    candidates.into_iter().find(|file| {
        file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    })
}

#[expect(clippy::disallowed_methods, reason = "this is the executor that programs are started by")]
fn spawn(argv: &Argv, passed: &[(&'static str, OsString)], stdin: Stdio) -> io::Result<Child> {
    Command::new(&argv.program)
        .args(&argv.args)
        .env_clear()
        .env("PATH", &argv.path)
        .envs(passed.iter().map(|(name, value)| (name, value)))
        .envs(environment::SET)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
}

/// All processes of a command; killed when this is dropped, unless they have ended.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Root's processes are not ours to kill.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn to_its_end(child: &mut Child, limits: &Exec) -> io::Result<Output> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let ((), stdout, stderr, status) = tokio::try_join!(
        write_all(stdin, limits.input.as_ref().map(Input::bytes)),
        read_all(stdout, limits.limit, limits.sink.as_ref(), None),
        read_all(stderr, limits.limit, None, limits.listener.as_ref()),
        child.wait()
    )?;
    Ok(Output { exit: exit(status), stdout: stdout.0, stderr: stderr.0, truncated: stdout.1 || stderr.1 })
}

/// Writes the whole input; a program need not read it to its end.
async fn write_all(stream: Option<ChildStdin>, input: Option<&[u8]>) -> io::Result<()> {
    let (Some(mut stream), Some(input)) = (stream, input) else { return Ok(()) };
    match stream.write_all(input).await {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Reads a stream to its end, into the sink if there is one, and lets the listener hear it; what is beyond the limit is
/// dropped, and that is told.
async fn read_all(
    stream: Option<impl AsyncRead + Unpin>,
    limit: usize,
    sink: Option<&Sink>,
    listener: Option<&Listener>,
) -> io::Result<(Vec<u8>, bool)> {
    let (mut kept, mut truncated) = (Vec::new(), false);
    let Some(mut stream) = stream else { return Ok((kept, truncated)) };
    if let Some(sink) = sink {
        loop {
            sink.room().await;
            let mut piece = sink.piece();
            match stream.read(piece.rest()).await? {
                0 => return Ok((kept, truncated)),
                length => piece.fill(length),
            }
            sink.put(piece);
        }
    }
    let mut buffer = vec![0; 32 * 1024];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok((kept, truncated)),
            length => {
                let bytes = buffer.get(..length).unwrap_or_default();
                listener.into_iter().for_each(|listener| listener.hear(bytes));
                truncated |= keep(&mut kept, bytes, limit);
            }
        }
    }
}

fn exit(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal_name(signal)),
        (None, None) => Exit::Code(-1),
    }
}

/// The names of RFC 4254, section 6.10; any other signal by its number.
fn signal_name(signal: i32) -> String {
    const NAMES: [(Signal, &str); 13] = [
        (Signal::ABORT, "ABRT"),
        (Signal::ALARM, "ALRM"),
        (Signal::FPE, "FPE"),
        (Signal::HUP, "HUP"),
        (Signal::ILL, "ILL"),
        (Signal::INT, "INT"),
        (Signal::KILL, "KILL"),
        (Signal::PIPE, "PIPE"),
        (Signal::QUIT, "QUIT"),
        (Signal::SEGV, "SEGV"),
        (Signal::TERM, "TERM"),
        (Signal::USR1, "USR1"),
        (Signal::USR2, "USR2"),
    ];
    let named = NAMES.iter().find(|(known, _)| known.as_raw() == signal);
    named.map_or_else(|| signal.to_string(), |(_, name)| (*name).to_owned())
}

#[async_trait]
impl Executor for LocalExecutor {
    fn login(&self, _: &Node) -> Login {
        if rustix::process::geteuid().is_root() { Login::Root } else { Login::Other }
    }

    async fn exec(&self, run: Invocation) -> Result<Output, ExecError> {
        let limits = Exec {
            input: run.input().cloned(),
            sink: run.sink().cloned(),
            listener: run.listener().cloned(),
            streams: run.streams(),
            ..Exec::new("", run.deadline(), Invocation::OUTPUT_LIMIT)
        };
        self.run(run.program(), run.args(), Sudo::of(run.elevation()), &limits, run.cancel()).await
    }

    async fn reach(&self, _: &Node, _: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        Ok(None)
    }

    /// Nobody logs in to the controller.
    async fn reach_anew(&self, _: &Node, _: &CancellationToken) -> Result<Option<Arrival>, ExecError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
