//! What is done in a process of its own, so that its memory can be told: this program starts itself again.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::ground::Way;
use crate::ours::Ours;
use crate::peers::bare::{Bare, on_threads};
use crate::peers::russh::Russh;

/// The first word of a command line that asks for a role.
pub(crate) const WORD: &str = "--role";
/// How long sessions are left alone before their memory is told.
const REST: Duration = Duration::from_secs(3);

/// Starts this program in a role; what it printed.
pub(crate) fn play(role: &str, who: &str, way: &Way, more: &[String]) -> Result<Vec<f64>> {
    let output = Command::new(std::env::current_exe()?)
        .args([WORD, role, who])
        .args(way.words())
        .args(more)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{role} of {who} failed");
    }
    told.split_whitespace().map(|word| word.parse().context("a role spoke in riddles")).collect()
}

/// Plays a role, with the words after [`WORD`]; what it has to tell.
pub(crate) fn run(words: &[String]) -> Result<String> {
    let (Some([role, who]), Some(way)) = (words.get(..2), words.get(2..6)) else {
        bail!("a role is six words")
    };
    let (way, more) = (Way::from_words(way)?, words.get(6..).unwrap_or_default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match (role.as_str(), more) {
        ("idle", []) => runtime.block_on(idle(who, &way)),
        ("drain", [file]) => runtime.block_on(drain(who, &way, file)),
        _ => bail!("there is no role {role}"),
    }
}

/// Connects to everybody and rests; resident memory with one session and with all, in KiB.
async fn idle(who: &str, way: &Way) -> Result<String> {
    let first;
    match who {
        "nixi" => {
            let ours = Ours::open(way)?;
            ours.one().await?;
            first = resident("VmRSS")?;
            ours.all().await?;
            tokio::time::sleep(REST).await;
            Ok(format!("{first} {}", resident("VmRSS")?))
        }
        "russh" => {
            let one = Russh::connect(way, way.first()).await?;
            one.run("true").await?;
            first = resident("VmRSS")?;
            let connect = async |host: &String| {
                let session = Russh::connect(way, host).await?;
                session.run("true").await?;
                anyhow::Ok(session)
            };
            let all: Vec<Russh> = stream::iter(&way.hosts).map(connect).buffered(16).try_collect().await?;
            tokio::time::sleep(REST).await;
            let told = format!("{first} {}", resident("VmRSS")?);
            drop(all);
            Ok(told)
        }
        "ssh2" => {
            let one = Bare::connect(way, way.first())?;
            one.run("true")?;
            first = resident("VmRSS")?;
            let all = on_threads(&way.hosts, 16, |_, host| {
                let session = Bare::connect(way, host)?;
                session.run("true").map(|_| session)
            })?;
            tokio::time::sleep(REST).await;
            let told = format!("{first} {}", resident("VmRSS")?);
            drop(all);
            Ok(told)
        }
        _ => bail!("nobody is called {who}"),
    }
}

/// Reads a file of the first host; bytes, seconds, and the most memory that was resident, in KiB.
async fn drain(who: &str, way: &Way, file: &str) -> Result<String> {
    let command = format!("cat {file}");
    let begun;
    let bytes = match who {
        "nixi" => {
            let ours = Ours::open(way)?;
            ours.open_wide().await?;
            begun = Instant::now();
            ours.drain().await?
        }
        "russh" => {
            let session = Russh::connect(way, way.first()).await?;
            begun = Instant::now();
            session.drain(&command).await?
        }
        "ssh2" => {
            let session = Bare::connect(way, way.first())?;
            begun = Instant::now();
            session.drain(&command)?
        }
        _ => bail!("nobody is called {who}"),
    };
    Ok(format!("{bytes} {} {}", begun.elapsed().as_secs_f64(), resident("VmHWM")?))
}

/// The same for a program that writes to a pipe; the clock starts with its first bytes, when it has connected.
pub(crate) fn drain_program(mut program: Command) -> Result<Vec<f64>> {
    let mut child = program.stdout(Stdio::piped()).spawn()?;
    let mut output = child.stdout.take().context("no output")?;
    let (mut buffer, mut bytes, mut most) = (vec![0; 128 * 1024], 0_u64, 0.0_f64);
    let mut length = output.read(&mut buffer)?;
    let begun = Instant::now();
    let mut looked = begun;
    while length > 0 {
        bytes += length as u64;
        if looked.elapsed() > Duration::from_millis(100) {
            looked = Instant::now();
            most = most.max(of_process(child.id(), "status", "VmHWM").unwrap_or_default());
        }
        length = output.read(&mut buffer)?;
    }
    anyhow::ensure!(child.wait()?.success(), "{:?} failed", program.get_program());
    Ok(vec![bytes as f64, begun.elapsed().as_secs_f64(), most])
}

fn resident(key: &str) -> Result<f64> {
    of_process(std::process::id(), "status", key)
}

/// A figure in KiB from a file of a process below `/proc`.
pub(crate) fn of_process(pid: u32, file: &str, key: &str) -> Result<f64> {
    figure(&std::fs::read_to_string(format!("/proc/{pid}/{file}"))?, key)
}

/// The figure that a file of the kernel has behind `key:` (proc_pid_status(5)).
fn figure(text: &str, key: &str) -> Result<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    let word = line.and_then(|line| line.split_whitespace().next());
    word.and_then(|word| word.parse().ok()).with_context(|| format!("the kernel tells no {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_of_this_process() {
        // One reading: this process grows while its other tests run.
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        assert!(figure(&status, "VmRSS").unwrap() > 100.0);
        assert!(figure(&status, "VmHWM").unwrap() >= figure(&status, "VmRSS").unwrap());
        assert!(resident("VmRSS").unwrap() > 100.0);
        assert!(resident("VmNothing").is_err());
    }

    #[test]
    fn a_pipe_is_counted_to_its_end() {
        let mut head = Command::new("head");
        head.args(["-c", "300000", "/dev/zero"]);
        assert_eq!(drain_program(head).unwrap()[0], 300_000.0);
    }
}
