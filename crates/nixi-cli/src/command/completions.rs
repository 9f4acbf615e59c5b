//! `nixi completions`: a script for a shell.

use clap::CommandFactory;
use clap_complete::Shell;
use nixi_core::ErrorReport;

use super::Cx;
use crate::args::Cli;
use crate::exit::Exit;
use crate::output::Format;
use crate::usage::usage;

pub(super) fn run(cx: &Cx, shell: Shell) -> Result<Exit, ErrorReport> {
    if cx.screen.format == Format::Json {
        return Err(usage("a completion script is not JSON").hint("leave out --json"));
    }
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "nixi", &mut script);
    cx.screen.result(&String::from_utf8_lossy(&script));
    Ok(Exit::DONE)
}
