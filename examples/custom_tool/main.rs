//! A program that embeds Nixi with a tool of its own beside Nixi's: registered, shown, asked, and made to plan.
//!
//! The tool is in `site.rs`. It passes the same door as Nixi's own: the mode check, the review, the approval.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example prints what it found")]

#[path = "../shared/cli.rs"]
mod cli;
#[path = "../shared/review.rs"]
mod review;
mod site;

use std::process::ExitCode;

use nixi::core::registry::RegistrationError;
use nixi::core::session::AdvanceConsent;
use nixi::core::{
    ApproverHandle, Asker, CallRequest, CallResult, ErrorKind, ErrorReport, Intent, Op, Refusal, Registry,
    Risk,
};

const USAGE: &str = "usage: custom_tool [--config FILE] [--yes] NODE UNIT   (--yes: apply the plan)";

#[tokio::main]
async fn main() -> ExitCode {
    cli::main(USAGE, &["--yes"], run).await
}

/// Nixi's own tools, and ours beside them.
fn tools() -> Result<Registry, RegistrationError> {
    nixi::tools::registry()?.inspect(site::Health)?.change(site::Reload)
}

async fn run(cli: cli::Cli) -> Result<u8, ErrorReport> {
    let [node, unit] = cli.words.as_slice() else {
        return Err(ErrorReport::new(ErrorKind::Usage, "a node and a unit are needed").hint(USAGE));
    };
    let tools = tools().map_err(|error| ErrorReport::new(ErrorKind::Internal, error.to_string()))?;
    let (asker, approver) = nixi::open_with(&cli.setup()?, tools.clone())?;

    println!("# The tool, as a model is offered it");
    let schema = tools.toolset().into_iter().find(|tool| tool.name == "site");
    println!("{}", serde_json::to_string_pretty(&schema).unwrap_or_default());

    println!("\n# A name that is taken is not given away");
    if let Err(error) = tools.change(site::Reload) {
        println!("{error}");
    }

    println!("\n# It looks");
    let call = |action: &str| CallRequest::new(action).on(node.as_str()).with("unit", unit.as_str());
    let health = perform(&asker, call("site.health"), Intent::Perform).await?;
    println!("text: {}", health.text.unwrap_or_default());
    println!("data: {}", health.data.unwrap_or_default());

    println!("\n# It plans, which changes nothing");
    let planned = perform(&asker, call("site.reload"), Intent::PlanOnly).await?;
    planned.plan.iter().for_each(review::show);

    if cli.option("--yes").is_none() {
        println!("\nNothing was changed. With --yes the plan is applied.");
        return Ok(0);
    }
    println!("\n# What was planned is applied, because --yes covers a routine plan that a person asked for");
    tokio::spawn(answer(approver));
    let applied = perform(&asker, call("site.reload"), Intent::Perform).await?;
    applied.steps.iter().for_each(|step| println!("{}: {}", step.status.as_str(), step.step));
    Ok(0)
}

/// The person's side: only a front end holds this half of the session, never a tool.
async fn answer(mut approver: ApproverHandle) {
    while let Some(pending) = approver.next().await {
        if AdvanceConsent::UpTo(Risk::Routine).covers(pending.review()) {
            pending.approve();
        } else {
            pending.deny(Refusal::Person);
        }
    }
}

/// One call on one node; whatever keeps it from its end is an error.
async fn perform(asker: &Asker, call: CallRequest, intent: Intent) -> Result<CallResult, ErrorReport> {
    let outcome = asker.perform(Op::Call(vec![call]), intent, &(), &Default::default()).await;
    let result = outcome.results.into_iter().next();
    let error = outcome.error.or_else(|| result.as_ref()?.error.clone());
    match (error, result) {
        (None, Some(result)) => Ok(result),
        (Some(error), _) => Err(error),
        (None, None) => Err(ErrorReport::new(ErrorKind::UnknownNode, "that names no node")),
    }
}
