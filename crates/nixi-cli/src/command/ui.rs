//! `nixi` alone: the terminal UI.

use std::io::{self, IsTerminal};

use clap::CommandFactory;
use nixi_core::ErrorReport;

use super::Cx;
use crate::args::{Cli, Globals};
use crate::exit::Exit;
use crate::session::setup;
use crate::usage::usage;

pub(super) async fn run(cx: &Cx) -> Result<Exit, ErrorReport> {
    if let Some(option) = for_a_request_alone(&cx.globals) {
        return Err(usage(format!("{option} needs a request or a command"))
            .hint(format!("nixi {option} \"list containers\"; `nixi --help` lists the commands")));
    }
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        cx.screen.say(&Cli::command().render_help().to_string());
        return Ok(Exit::USAGE);
    }
    if let Some(refusal) = nixi_tui::refusal() {
        return Err(refusal);
    }
    let (asker, approver) = nixi::open(&setup(&cx.globals))?;
    match nixi_tui::run(asker, approver).await {
        Ok(()) => Ok(Exit::DONE),
        Err(error) => {
            cx.screen.say(&format!("error: the terminal UI failed: {error:#}"));
            Ok(Exit::FAILED)
        }
    }
}

/// An option that the UI would not keep to: better refused than forgotten.
fn for_a_request_alone(globals: &Globals) -> Option<&'static str> {
    if globals.look.json {
        return Some("--json");
    }
    if globals.reach.dry_run {
        return Some("--dry-run");
    }
    if globals.reach.yes.is_some() {
        return Some("--yes");
    }
    if globals.reach.offline {
        return Some("--offline");
    }
    (!globals.nodes.is_empty()).then_some("--node NAME")
}
