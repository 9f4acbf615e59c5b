//! Several changes on several nodes as one workflow: planned first, shown whole, approved once, reported step by step.
//!
//! Each argument is one sentence of the phrasebook (`nixi tools` lists them), so no model is asked:
//!
//! ```console
//! cargo run --example multi_node_deploy -- "stop container cache on web-1 and web-2" "restart nginx service on web-1 and web-2" "list containers on web-1"
//! ```
//!
//! `container.deploy`, which pulls and runs an image, is not built yet; so this starts, stops, restarts and removes what is
//! there. What was shown is what runs: a plan that comes out differently when its turn comes is declined. So a sentence whose
//! plan depends on an earlier one (`stop X`, then `remove X`) belongs in a run of its own. (With `routine = "auto"` the
//! configuration itself says yes to routine plans.)
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example prints what it found")]

#[path = "../shared/cli.rs"]
mod cli;
mod person;
mod progress;
#[path = "../shared/review.rs"]
mod review;

use std::process::ExitCode;

use nixi::core::session::Standing;
use nixi::core::{
    ApproverHandle, Asker, CallRequest, ErrorKind, ErrorReport, Intent, Op, PlanDigest, Refusal, Review, Risk,
};
use tokio_util::sync::CancellationToken;

const USAGE: &str = "usage: multi_node_deploy [--config FILE] [--yes[=destructive]] SENTENCE…\n\
                     as: \"restart container redis on web-1 and web-2\" \"list containers on web-1\"";

#[tokio::main]
async fn main() -> ExitCode {
    cli::main(USAGE, &["--yes"], run).await
}

async fn run(cli: cli::Cli) -> Result<u8, ErrorReport> {
    let standing = match cli.option("--yes") {
        None => Standing::Nothing,
        Some("") => Standing::UpTo(Risk::Routine),
        Some("destructive") => Standing::UpTo(Risk::Destructive),
        Some(_) => {
            return Err(
                ErrorReport::new(ErrorKind::Usage, "--yes takes `destructive` or nothing").hint(USAGE)
            );
        }
    };
    let (asker, approver) = nixi::open(&cli.setup()?)?;
    let workflow = read(&asker, &cli.words)?;

    // All plans are made before anybody is asked. One that cannot be made stops the workflow here.
    let planned = asker.perform(Op::Call(workflow.clone()), Intent::PlanOnly, &(), &Default::default()).await;
    let reviews: Vec<&Review> = planned.results.iter().filter_map(|result| result.plan.as_ref()).collect();
    reviews.iter().for_each(|review| review::show(review));
    for result in &planned.results {
        if let Some(error) = result.error.as_ref().filter(|error| error.kind != ErrorKind::NotStarted) {
            eprintln!("{}: {error}", result.node);
        }
    }
    if let Some(error) = planned.error {
        return Err(error);
    }
    if planned.exit_code() != 0 {
        eprintln!("nothing was changed: not all of the workflow could be planned");
        return Ok(planned.exit_code());
    }

    if !reviews.iter().all(|review| standing.covers(review)) {
        person::ask(&reviews)?;
    }
    tokio::spawn(hold_to(approver, reviews.iter().map(|review| review.digest).collect()));

    // Ctrl-C: what was not begun stays so, and what was sent is waited for only shortly.
    let cancel = CancellationToken::new();
    let interrupted = cancel.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.cancel();
        }
    });
    let outcome = asker.perform(Op::Call(workflow), Intent::Perform, &progress::Progress, &cancel).await;
    progress::summary(&outcome);
    match &outcome.error {
        Some(error) => Err(error.clone()),
        None => Ok(outcome.exit_code()),
    }
}

/// The calls of all sentences, in order; one that is not understood stops everything.
fn read(asker: &Asker, sentences: &[String]) -> Result<Vec<CallRequest>, ErrorReport> {
    if sentences.is_empty() {
        return Err(ErrorReport::new(ErrorKind::Usage, "there is nothing to do").hint(USAGE));
    }
    let mut calls = Vec::new();
    for sentence in sentences {
        calls.extend(asker.read_phrase(sentence).ok_or_else(|| {
            ErrorReport::new(ErrorKind::NotUnderstood, format!("not understood: {sentence:?}")).hint(USAGE)
        })?);
    }
    Ok(calls)
}

/// Says yes to what was shown, and to nothing else: minutes may have passed, and another may have changed things.
async fn hold_to(mut approver: ApproverHandle, shown: Vec<PlanDigest>) {
    while let Some(pending) = approver.next().await {
        if shown.contains(&pending.review().digest) {
            pending.approve();
        } else {
            eprintln!("{}: not the plan that was shown: {}", pending.review().node, pending.review().summary);
            pending.deny(Refusal::Person);
        }
    }
}
