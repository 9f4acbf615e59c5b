//! `nixi-tui`: the terminal UI by itself. `nixi` without words on a terminal is the same.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
Manages many NixOS machines from one place, over SSH.

Usage: nixi-tui [--config FILE]

  --config FILE   in place of the user's configuration
  -h, --help      this text
  -V, --version   the version
";

enum Asked {
    Run(nixi::Setup),
    Help,
    Version,
}

#[tokio::main]
async fn main() -> ExitCode {
    nixi::leave_no_dumps();
    let said = match asked(std::env::args_os().skip(1)) {
        Ok(Asked::Run(setup)) => {
            nixi::raise_file_limit();
            return run(&setup).await;
        }
        Ok(Asked::Help) => std::io::stdout().write_all(USAGE.as_bytes()),
        Ok(Asked::Version) => writeln!(std::io::stdout(), "nixi-tui {}", env!("CARGO_PKG_VERSION")),
        Err(wrong) => return failed(&format!("{wrong}\n\n{}", USAGE.trim_end()), 2),
    };
    // Whoever closed the pipe has read enough.
    said.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

fn asked(words: impl Iterator<Item = std::ffi::OsString>) -> Result<Asked, String> {
    let mut setup = nixi::Setup::default();
    let mut words = words;
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("-h" | "--help") => return Ok(Asked::Help),
            Some("-V" | "--version") => return Ok(Asked::Version),
            Some("--config") => {
                setup.config = Some(PathBuf::from(words.next().ok_or("--config needs a file")?));
            }
            _ => return Err(format!("nixi-tui takes no {word:?}")),
        }
    }
    Ok(Asked::Run(setup))
}

async fn run(setup: &nixi::Setup) -> ExitCode {
    if let Some(report) = nixi_tui::refusal() {
        return failed(&report.to_string(), 2);
    }
    let (asker, approver) = match nixi::open(setup) {
        Ok(session) => session,
        Err(report) => return failed(&report.to_string(), 2),
    };
    match nixi_tui::run(asker, approver).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("{error:#}"), 1),
    }
}

fn failed(why: &str, code: u8) -> ExitCode {
    // With standard error gone there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "error: {why}");
    ExitCode::from(code)
}
