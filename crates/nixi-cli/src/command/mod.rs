//! The commands, one a file.

mod adopt;
mod ask;
mod call;
mod completions;
mod config;
mod log;
mod nodes;
mod remove;
mod secrets;
mod tools;
mod ui;
mod undo;
mod waiting;

use std::sync::Arc;

use nixi_core::session::CallRequest;
use nixi_core::text::excerpt;
use nixi_core::{ErrorKind, ErrorReport, RequestId};

use crate::args::{ConfigVerb, Globals, LogVerb, Verb};
use crate::exit::Exit;
use crate::output::live::{Live, Show};
use crate::output::text::Headings;
use crate::output::{Format, Screen};
use crate::session::Session;
use crate::usage::usage;

/// What every command gets.
pub(crate) struct Cx {
    pub(crate) globals: Globals,
    pub(crate) screen: Arc<Screen>,
}

impl Cx {
    /// Runs what the command line asks for. An error has not been shown yet.
    pub(crate) async fn run(&self, verb: Option<Verb>) -> Result<Exit, ErrorReport> {
        self.config_is_there(verb.as_ref())?;
        let Some(verb) = verb else { return ui::run(self).await };
        match &verb {
            Verb::Nodes { .. } => self.takes_no_node("nodes", "it lists all nodes")?,
            Verb::Adopt(_) => self.takes_no_node("adopt", "the node's name is its first word")?,
            Verb::Remove { .. } => self.takes_no_node("remove", "the node's name is its first word")?,
            Verb::Tools { .. } => self.takes_no_node("tools", "every node has the same tools")?,
            Verb::Config { .. } => self.takes_no_node("config", "it is the controller's")?,
            Verb::Completions { .. } => self.takes_no_node("completions", "it asks no node")?,
            Verb::Undo { .. } => self.takes_no_node("undo", "it takes back a whole request")?,
            Verb::Approve { .. } => self.takes_no_node("approve", "it is about a whole request")?,
            Verb::Deny { .. } => self.takes_no_node("deny", "it is about a whole request")?,
            Verb::Ask { .. } | Verb::Call { .. } | Verb::Log { .. } => {}
        }
        match verb {
            Verb::Ask { words } => ask::run(self, &words).await,
            Verb::Nodes { no_probe } => nodes::run(self, no_probe).await,
            Verb::Adopt(adopt) => adopt::run(self, adopt).await,
            Verb::Remove { name } => remove::run(self, &name).await,
            Verb::Tools { name } => tools::run(self, name.as_deref()),
            Verb::Call { action, words, args } => call::run(self, &action, &words, args.as_deref()).await,
            Verb::Log { what: Some(LogVerb::Verify), .. } => log::verify(self).await,
            Verb::Log { what: None, last } => log::run(self, last).await,
            Verb::Undo { request } => undo::run(self, request.as_deref()).await,
            Verb::Approve { request: None } => waiting::list(self).await,
            Verb::Approve { request: Some(request) } => waiting::approve(self, &request).await,
            Verb::Deny { request } => waiting::deny(self, &request).await,
            Verb::Config { what } => config::run(self, what),
            Verb::Completions { shell } => completions::run(self, shell),
        }
    }

    fn takes_no_node(&self, verb: &str, why: &str) -> Result<(), ErrorReport> {
        if self.globals.nodes.is_empty() {
            return Ok(());
        }
        Err(usage(format!("`nixi {verb}` takes no --node: {why}")))
    }

    /// A file that was typed has to be there: without it a script would find no nodes, and find that all is well.
    fn config_is_there(&self, verb: Option<&Verb>) -> Result<(), ErrorReport> {
        let does_without = match verb {
            Some(Verb::Adopt(_) | Verb::Completions { .. }) => true,
            Some(Verb::Config { what }) => *what == ConfigVerb::Path,
            Some(
                Verb::Ask { .. }
                | Verb::Nodes { .. }
                | Verb::Remove { .. }
                | Verb::Tools { .. }
                | Verb::Log { .. }
                | Verb::Undo { .. }
                | Verb::Approve { .. }
                | Verb::Deny { .. }
                | Verb::Call { .. },
            )
            | None => false,
        };
        match &self.globals.config {
            Some(file) if !does_without && !file.exists() => {
                let message = format!("--config {}: there is no such file", excerpt(&file.to_string_lossy()));
                Err(ErrorReport::new(ErrorKind::Config, message).hint("`nixi adopt` makes it"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Opens the session that the command line asks for.
    pub(crate) fn session(&self) -> Result<Session, ErrorReport> {
        Session::open(&self.globals, &self.screen)
    }

    /// Shows the one result of a command that asks no node.
    pub(crate) fn done(
        &self,
        command: &str,
        args: serde_json::Value,
        data: serde_json::Value,
        text: &str,
    ) -> Exit {
        match self.screen.format {
            Format::Json => self.screen.document(&crate::output::json::done(command, args, data, text)),
            Format::Text => self.screen.result(text),
        }
        Exit::DONE
    }

    /// Listens for the results of these calls.
    pub(crate) fn listen(&self, calls: &[CallRequest]) -> Live<'_> {
        Live::new(&self.screen, Show::Results(headings(calls)))
    }
}

/// The number of a request, as it was typed.
fn request_id(word: &str) -> Result<RequestId, ErrorReport> {
    word.parse().map_err(|error: nixi_core::BadWord| usage(error.to_string()))
}

/// Headings where blocks of several nodes or actions would be mistaken for one another.
fn headings(calls: &[CallRequest]) -> Headings {
    let mut nodes: Vec<&str> = calls
        .iter()
        .flat_map(|call| if call.nodes.is_empty() { vec!["local"] } else { words(&call.nodes) })
        .collect();
    let chooses_several = nodes.iter().any(|word| *word == "all" || word.contains(['@', '*', '?', '[']));
    nodes.sort_unstable();
    nodes.dedup();
    let mut actions: Vec<&str> = calls.iter().map(|call| call.action.as_str()).collect();
    actions.sort_unstable();
    actions.dedup();
    Headings { nodes: chooses_several || nodes.len() > 1, actions: actions.len() > 1 }
}

fn words(nodes: &[String]) -> Vec<&str> {
    nodes.iter().flat_map(|word| word.split(',')).map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(calls: &[CallRequest]) -> (bool, bool) {
        let headings = headings(calls);
        (headings.nodes, headings.actions)
    }

    #[test]
    fn headings_only_where_they_tell_something() {
        let call = CallRequest::new;
        assert_eq!(of(&[call("a.b")]), (false, false));
        assert_eq!(of(&[call("a.b").on("x"), call("a.b").on("x")]), (false, false));
        assert_eq!(of(&[call("a.b").on("x,y")]), (true, false));
        assert_eq!(of(&[call("a.b").on("all")]), (true, false));
        assert_eq!(of(&[call("a.b").on("@web")]), (true, false));
        assert_eq!(of(&[call("a.b").on("web-[1-3]")]), (true, false));
        assert_eq!(of(&[call("a.b"), call("a.c").on("x")]), (true, true));
        assert_eq!(of(&[call("a.b").on("local"), call("a.c")]), (false, true));
    }
}
