//! The command line, as clap reads it after [`crate::arrange`] put the verb first.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use nixi_core::Intent;
use nixi_core::Risk;
use nixi_core::session::{AdvanceConsent, Interpreters};

const USAGE: &str = "nixi                        the terminal UI
       nixi \"REQUEST\" [OPTIONS]    one request in words; - reads it from standard input
       nixi COMMAND [OPTIONS]";

const AFTER: &str = "\
Examples:
  nixi \"show me system info for web-server\"
  nixi adopt web-server 192.168.1.10
  nixi adopt monitoring 192.168.1.30 nixi monitored
  nixi nodes
  nixi call container.remove names=old --node web-server --dry-run

Choosing nodes:
  --node web-1,db-1         these nodes; --node web-1 --node db-1 is the same
  --node @web               the nodes with the tag `web`
  --node 'web-*'            names by pattern: * is any characters, ? is one
  --node 'web-[1-3,7]'      web-1, web-2, web-3 and web-7
  --node all                the controller and every node
A name or pattern that matches no node is an error, and nothing runs. A change skips monitored nodes, names them, and goes on with the others.

Exit codes:
  0    success
  1    a step failed, or its outcome is unknown
  2    wrong usage or configuration
  3    refused, or not approved
  4    a node could not be reached
  5    the request was not understood, or no model answered
  130  interrupted
With several nodes, the highest of 1 to 4 counts. Results go to standard output, everything else to standard error.

With --json, Nixi prints one document: {\"results\":[…],\"answer\":…,\"error\":{\"kind\":…,\"message\":…,\"hint\":…}}. \
error.kind is one of: usage, config, write_failed, unknown_action, unknown_node, bad_argument, \
node_exists, read_only, approval_required, declined, secret_required, changed, not_started, timeout, refused, auth, \
host_key_changed, dns, protocol, controller, unfit, sudo_password, permission, program_missing, not_found, \
command_failed, deadline, lost, cancelled, unreadable, not_understood, model_unavailable, \
model_broken, journal, cannot_undo, internal.";

const ABOUT: &str = "\
Manages many NixOS machines from one controller, over SSH.

Nixi shows every change as a plan and runs it only if you approve it. It never changes a monitored node.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "nixi",
    version,
    about = ABOUT,
    long_about = None,
    override_usage = USAGE,
    after_help = AFTER,
    max_term_width = 100,
    help_template = "{about-with-newline}\n{usage-heading} {usage}\n\n{all-args}{after-help}"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Act on these nodes: names, @tags, patterns, `local` or `all` [default: local]
    #[arg(long = "node", value_name = "NAME", global = true)]
    pub(crate) nodes: Vec<String>,
    /// Use this configuration file instead of your own [env: NIXI_CONFIG]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) switching: Switching,
    #[command(flatten)]
    pub(crate) look: Look,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Switching {
    /// Go back without asking when a unit fails after a switch that had not failed before
    #[arg(long, global = true)]
    pub(crate) strict: bool,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Reach {
    /// Show what would change, and change nothing
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
    /// Approve routine changes; --yes=destructive approves all. Neither approves a plan made by a model
    #[arg(
        long,
        value_name = "RISK",
        global = true,
        num_args = 0..=1,
        require_equals = true,
        hide_possible_values = true,
        default_missing_value = "routine"
    )]
    pub(crate) yes: Option<Yes>,
    /// Leave changes waiting for `nixi approve` instead of asking
    #[arg(long, global = true)]
    pub(crate) no_wait: bool,
    /// Never ask a model
    #[arg(long, global = true)]
    pub(crate) offline: bool,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Look {
    /// Print one JSON document, errors included
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Use colours: auto, always or never
    #[arg(long, value_name = "WHEN", global = true, value_enum, default_value_t = Colour::Auto, hide_default_value = true, hide_possible_values = true)]
    pub(crate) color: Colour,
    /// Say more on standard error
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Say only errors and questions on standard error
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// What `--yes` covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Yes {
    Routine,
    Destructive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
}

impl Globals {
    pub(crate) fn intent(&self) -> Intent {
        if self.reach.dry_run { Intent::PlanOnly } else { Intent::Perform }
    }

    pub(crate) fn interpreters(&self) -> Interpreters {
        if self.reach.offline { Interpreters::Phrasebook } else { Interpreters::PhrasebookThenModel }
    }

    pub(crate) fn standing(&self) -> AdvanceConsent {
        match self.reach.yes {
            None => AdvanceConsent::Nothing,
            Some(Yes::Routine) => AdvanceConsent::UpTo(Risk::Routine),
            Some(Yes::Destructive) => AdvanceConsent::UpTo(Risk::Destructive),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Verb {
    /// Answer one request in words
    #[command(after_help = "Examples:
  nixi ask list containers on db-server
  nixi \"stop redis and cache on web-server\" --dry-run
  echo 'check the logs for nginx on web-server' | nixi -")]
    Ask {
        /// The request; `-` reads it from standard input
        #[arg(required = true, value_name = "REQUEST")]
        words: Vec<String>,
    },
    /// List the nodes and whether they answer
    Nodes {
        /// List the nodes without connecting to them
        #[arg(long)]
        no_probe: bool,
    },
    /// Add a node
    #[command(after_help = "Examples:
  nixi adopt web-server 192.168.1.10
  nixi adopt db-server 192.168.1.20 nixi managed
  nixi adopt monitoring 192.168.1.30 nixi monitored --port 2222")]
    Adopt(Adopt),
    /// Remove a node and its host key
    Remove {
        /// The node
        name: String,
    },
    /// List the tools, their actions and parameters
    Tools {
        /// A tool, such as container, or an action, such as container.list
        name: Option<String>,
    },
    /// Run one typed action
    #[command(after_help = "Examples:
  nixi call container.list --node db-server
  nixi call service.restart names=nginx --node web-server
  nixi call system.info --node 'web-*',db-1
  nixi call container.deploy name=db image=postgres:16 secrets=POSTGRES_PASSWORD=@ask --node db-server
  nixi call service.logs name=nginx follow=true --node web-server
  nixi call log.query --args '{\"unit\":\"nginx\",\"lines\":50}' --node web-server --json")]
    Call {
        /// The action, such as container.list
        #[arg(value_name = "TOOL.ACTION")]
        action: String,
        /// Parameters of the action; lists take commas, and a repeated key adds to its list
        #[arg(value_name = "KEY=VALUE")]
        words: Vec<String>,
        /// Parameters as a JSON object
        #[arg(long, value_name = "JSON")]
        args: Option<String>,
    },
    /// Show what was changed
    #[command(after_help = "Examples:
  nixi log
  nixi log --last 3 --node web-server
  nixi log verify

If Nixi was interrupted in the middle of a step, `nixi log` asks the node how that step ended.")]
    Log {
        /// Check that no line of the journal was changed, removed or moved
        #[arg(value_enum, value_name = "verify", hide_possible_values = true)]
        what: Option<LogVerb>,
        /// Show this many requests
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = count, conflicts_with = "what")]
        last: usize,
    },
    /// Undo a request
    #[command(
        after_help = "Without a number, Nixi undoes the newest request that can be undone. Undoing is a change like any other: Nixi plans it and asks you."
    )]
    Undo {
        /// The number of the request; `nixi log` shows it
        #[arg(value_name = "ID")]
        request: Option<String>,
    },
    /// Run a waiting request, or list all of them
    #[command(
        after_help = "Nixi plans the request again. If the plan is still the same, it runs; otherwise Nixi shows the new plan and asks. It always asks about a plan made by a model, a plan with warnings, and a plan that changes a file."
    )]
    Approve {
        /// The number of the request
        #[arg(value_name = "ID")]
        request: Option<String>,
    },
    /// Drop a waiting request
    Deny {
        /// The number of the request
        #[arg(value_name = "ID")]
        request: String,
    },
    /// Find, check or show the configuration
    Config {
        /// path: where your file is; check: what is wrong with it; show: all settings
        #[arg(value_enum, value_name = "path|check|show", hide_possible_values = true)]
        what: ConfigVerb,
    },
    /// Print a completion script for a shell
    #[command(after_help = "Example:
  nixi completions bash > ~/.local/share/bash-completion/completions/nixi")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Adopt {
    /// A name for the node: letters, digits, - and _
    pub(crate) name: String,
    /// Its host name or address
    pub(crate) host: String,
    /// Login user [default: nixi]
    pub(crate) user: Option<String>,
    /// `managed` (full control) or `monitored` (read-only) [default: managed]
    pub(crate) mode: Option<String>,
    /// SSH port [default: from your SSH configuration, or 22]
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<String>,
    /// Use this private key for the node
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// Accept only this host key, as `ssh-keygen -l` prints it
    #[arg(long, value_name = "SHA256:...")]
    pub(crate) host_key: Option<String>,
    /// Not built yet: install your key with ssh-copy-id first
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogVerb {
    Verify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConfigVerb {
    Path,
    Check,
    Show,
}

/// A number of things, of which there is one at least.
fn count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "it is not a number from 1 on".to_owned())
}
