//! The `nixi` command: one session, driven by the words of a command line.
//!
//! It knows no tool, no policy and nothing of SSH. `args` and `arrange` read the command line, `command` has one file a
//! command, `session` performs and interrupts, `approve` is the person on the terminal, `output` is all that is printed.

mod approve;
mod args;
mod arrange;
mod command;
mod exit;
mod help;
mod hidden;
mod output;
mod session;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use nixi_core::{ErrorKind, ErrorReport};

use crate::args::Cli;
use crate::command::Cx;
use crate::exit::Exit;
use crate::output::Screen;
use crate::usage::Said;

fn main() -> ExitCode {
    nixi::leave_no_dumps();
    let args: Vec<OsString> = std::env::args_os().collect();
    let json = arrange::wants_json(&args);
    let (screen, ended) = match read(args) {
        Ok(cli) => {
            let screen = Arc::new(Screen::new(&cli.globals.look));
            let ended = run(cli, Arc::clone(&screen));
            (screen, ended)
        }
        Err(Said::Asked(text)) => {
            let screen = Arc::new(Screen::early(json));
            screen.result(&text);
            (screen, Ok(Exit::DONE))
        }
        Err(Said::Wrong(error)) => (Arc::new(Screen::early(json)), Err(error)),
    };
    let exit = ended.unwrap_or_else(|error| {
        screen.fail(&error);
        Exit::of_error(&error)
    });
    match screen.verdict() {
        Ok(()) => exit.into(),
        Err(why) => {
            screen.say(&format!("error: {why}"));
            if exit == Exit::DONE { Exit::FAILED.into() } else { exit.into() }
        }
    }
}

fn read(args: Vec<OsString>) -> Result<Cli, Said> {
    let args = arrange::arrange(args).map_err(Said::Wrong)?;
    let verb = args.get(1).and_then(|verb| verb.to_str()).unwrap_or_default().to_owned();
    Cli::try_parse_from(args).map_err(|error| match Said::from(&error) {
        Said::Asked(text) => Said::Asked(help::of_verb(&text, &verb)),
        wrong @ Said::Wrong(_) => wrong,
    })
}

fn run(cli: Cli, screen: Arc<Screen>) -> Result<Exit, ErrorReport> {
    nixi::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        ErrorReport::new(ErrorKind::Internal, format!("failed to start the runtime: {error}"))
    })?;
    let ended = runtime.block_on(Cx { globals: cli.globals, screen }.run(cli.verb));
    // Somebody may still be asked a question that no longer matters; that is not waited for.
    runtime.shutdown_background();
    hidden::restore();
    ended
}
