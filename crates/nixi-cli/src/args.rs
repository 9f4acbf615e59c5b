//! The command line, as clap reads it after [`crate::arrange`] put the verb first.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use nixi_core::Intent;
use nixi_core::Risk;
use nixi_core::session::{Minds, Standing};

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

Several nodes:
  --node web-1,db-1         these, in this order, each once; --node web-1 --node db-1 is the same
  --node @web               the nodes with this tag, in the order of the configuration
  --node 'web-*'            * is any characters, ? any one; in quotes, so that the shell leaves it alone
  --node 'web-[1-3,7]'      web-1, web-2, web-3 and web-7; in quotes as well
  --node all                the controller, then every node
A word that chooses no node is an error, and nothing runs. A change refuses monitored nodes singly and goes on with the
others. What several nodes say alike is shown once, below their names; Ctrl-C tells what is known of each node.

Exit codes:
  0    all done
  1    a step failed, or its outcome is unknown
  2    bad usage or bad configuration
  3    refused, or not approved
  4    a node could not be reached
  5    the request was not understood, or no model answered
  130  interrupted
With several nodes the highest of 1 to 4 wins. Results go to standard output, all else to standard error.

With --json there is one document: {\"results\":[…],\"answer\":…,\"error\":{\"kind\":…,\"message\":…,\"hint\":…}}. \
error.kind is one of: usage, config, write_failed, unknown_action, unknown_node, bad_argument, \
node_exists, read_only, approval_required, declined, secret_required, changed, not_started, timeout, refused, auth, \
host_key_changed, dns, protocol, controller, unfit, sudo_password, permission, program_missing, not_found, \
command_failed, deadline, lost, cancelled, unreadable, not_understood, model_unavailable, \
model_broken, journal, cannot_undo, internal.";

const ABOUT: &str = "\
Manages many NixOS machines from one controller, over SSH.

A change is shown as a plan first, and runs only if you approve it. A monitored node is never changed.";

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
#[command(next_help_heading = "Options everywhere")]
pub(crate) struct Globals {
    /// Where to act: names, `local`, @tag, globs, `all`; several with commas, or repeated. See below
    #[arg(long = "node", value_name = "NAME", global = true)]
    pub(crate) nodes: Vec<String>,
    /// This file in place of the user's, which has to be there except for adopt; $NIXI_CONFIG names one as well
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(flatten)]
    pub(crate) look: Look,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options everywhere")]
pub(crate) struct Reach {
    /// Reads run, changes are only planned
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
    /// Approves plans; --yes=destructive also those that destroy. A plan that a model made is asked about
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
    /// Leaves what needs approval waiting: `nixi approve` lists it and runs it
    #[arg(long, global = true)]
    pub(crate) no_wait: bool,
    /// Never asks a model
    #[arg(long, global = true)]
    pub(crate) offline: bool,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options everywhere")]
pub(crate) struct Look {
    /// Prints one JSON document on standard output, errors included
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Colours: auto, always or never; NO_COLOR is honoured
    #[arg(long, value_name = "WHEN", global = true, value_enum, default_value_t = Colour::Auto, hide_default_value = true, hide_possible_values = true)]
    pub(crate) color: Colour,
    /// Tells more on standard error
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Tells less on standard error: errors and questions alone
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

    pub(crate) fn minds(&self) -> Minds {
        if self.reach.offline { Minds::Phrasebook } else { Minds::PhrasebookThenModel }
    }

    pub(crate) fn standing(&self) -> Standing {
        match self.reach.yes {
            None => Standing::Nothing,
            Some(Yes::Routine) => Standing::UpTo(Risk::Routine),
            Some(Yes::Destructive) => Standing::UpTo(Risk::Destructive),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Verb {
    /// Answers one request in words
    #[command(after_help = "Examples:
  nixi ask list containers on db-server
  nixi \"stop redis and cache on web-server\" --dry-run
  echo 'check the logs for nginx on web-server' | nixi -")]
    Ask {
        /// The request; - reads it from standard input
        #[arg(required = true, value_name = "REQUEST")]
        words: Vec<String>,
    },
    /// Lists the nodes, and whether they answer
    Nodes {
        /// Lists them without asking any
        #[arg(long)]
        no_probe: bool,
    },
    /// Adds a node, if a login with your SSH keys works
    #[command(after_help = "Examples:
  nixi adopt web-server 192.168.1.10
  nixi adopt db-server 192.168.1.20 nixi managed
  nixi adopt monitoring 192.168.1.30 nixi monitored --port 2222")]
    Adopt(Adopt),
    /// Removes a node from the configuration, and its host key from known_hosts
    Remove {
        /// The node
        name: String,
    },
    /// Lists every tool and action: access, risk, parameters
    Tools {
        /// One tool, as `container`, or one action, as `container.list`
        name: Option<String>,
    },
    /// Makes one typed call
    #[command(after_help = "Examples:
  nixi call container.list --node db-server
  nixi call service.restart names=nginx --node web-server
  nixi call system.info --node 'web-*',db-1
  nixi call log.query --args '{\"unit\":\"nginx\",\"lines\":50}' --node web-server --json")]
    Call {
        /// The action, as container.list; `nixi tools` lists them
        #[arg(value_name = "TOOL.ACTION")]
        action: String,
        /// Its parameters; a repeated key appends, and lists take commas: names=nginx,certbot
        #[arg(value_name = "KEY=VALUE")]
        words: Vec<String>,
        /// Parameters as a JSON object
        #[arg(long, value_name = "JSON")]
        args: Option<String>,
    },
    /// Shows what was changed, by whom, and what became of it
    #[command(after_help = "Examples:
  nixi log
  nixi log --last 3 --node web-server
  nixi log verify              whether the journal is as it was written

After a crash this looks up on the node how an interrupted step ended.")]
    Log {
        /// verify: check that no line of the journal was changed, removed or moved
        #[arg(value_enum, value_name = "verify", hide_possible_values = true)]
        what: Option<LogVerb>,
        /// How many requests
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = count, conflicts_with = "what")]
        last: usize,
    },
    /// Takes back what a request did
    #[command(
        after_help = "Without a number, Nixi takes back the newest request that has not been taken back yet. What
takes it back is planned and asked about like any other change."
    )]
    Undo {
        /// The number of the request; `nixi log` shows it
        #[arg(value_name = "ID")]
        request: Option<String>,
    },
    /// Runs a request that waits, or lists those that do
    #[command(
        after_help = "The request is planned once more. It runs if it still comes to the same plan; else the new plan is asked
about. A plan of a model, one with warnings and one that changes a file are always asked about."
    )]
    Approve {
        /// The number of the request; without it, the requests that wait are listed
        #[arg(value_name = "ID")]
        request: Option<String>,
    },
    /// Drops a request that waits
    Deny {
        /// The number of the request
        #[arg(value_name = "ID")]
        request: String,
    },
    /// Shows where the configuration is, what is wrong with it, or what holds
    Config {
        /// path: the user's file; check: what is wrong, with file and line; show: what holds now
        #[arg(value_enum, value_name = "path|check|show", hide_possible_values = true)]
        what: ConfigVerb,
    },
    /// Prints a completion script
    #[command(after_help = "Example:
  nixi completions bash > ~/.local/share/bash-completion/completions/nixi")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Adopt {
    /// What it shall be called: letters, digits, - and _
    pub(crate) name: String,
    /// Host name, IPv4 or IPv6 address
    pub(crate) host: String,
    /// Login user [default: nixi]
    pub(crate) user: Option<String>,
    /// managed (full control) or monitored (read-only) [default: managed]
    pub(crate) mode: Option<String>,
    /// SSH port [default: that of the SSH configuration, else 22]
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<String>,
    /// A private key for this node alone
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// The only host key to accept, as `ssh-keygen -l` prints it
    #[arg(long, value_name = "SHA256:...")]
    pub(crate) host_key: Option<String>,
    /// Not built yet: put your key there with ssh-copy-id first
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
