//! Several changes on several nodes as one workflow: planned first, shown whole, approved once, reported step by step.
//!
//! Each argument is one sentence of the phrasebook (`nixi tools` lists them), so no model is asked:
//!
//! ```console
//! cargo run --example multi_node_deploy -- "stop container cache on web-1 and web-2" "restart nginx service on web-1 and web-2" "list containers on web-1"
//! ```
//!
//! `container.deploy`, which pulls and runs an image, is not built yet; so this starts, stops, restarts and removes what is
//! there. The session plans every change before it asks about one, and asks once; what was shown is what runs. This person
//! wants all or nothing: where something cannot be planned, they say no to the rest. (With `routine = "auto"` the
//! configuration itself says yes to routine plans.)
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example prints what it found")]

#[path = "../shared/cli.rs"]
mod cli;
mod person;
mod progress;
#[path = "../shared/review.rs"]
mod review;

use std::process::ExitCode;

use nixi::core::session::AdvanceConsent;
use nixi::core::{
    ApproverHandle, Asker, CallRequest, ErrorKind, ErrorReport, Intent, Op, Refusal, Review, Risk,
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
        None => AdvanceConsent::Nothing,
        Some("") => AdvanceConsent::UpTo(Risk::Routine),
        Some("destructive") => AdvanceConsent::UpTo(Risk::Destructive),
        Some(_) => {
            return Err(
                ErrorReport::new(ErrorKind::Usage, "--yes takes `destructive` or nothing").hint(USAGE)
            );
        }
    };
    let (asker, approver) = nixi::open(&cli.setup()?)?;
    let workflow = read(&asker, &cli.words)?;

    tokio::spawn(decide(approver, standing));

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

/// Shows what is asked about, and answers.
async fn decide(mut approver: ApproverHandle, standing: AdvanceConsent) {
    while let Some(pending) = approver.next().await {
        let review = pending.review();
        review.parts.iter().for_each(review::show);
        match answer(review, standing) {
            Ok(()) => pending.approve(),
            Err(error) => {
                eprintln!("{error}");
                pending.deny(Refusal::Person);
            }
        }
    }
}

fn answer(review: &Review, standing: AdvanceConsent) -> Result<(), ErrorReport> {
    if let Some(left) = review.left_out.first() {
        let message =
            format!("nothing was changed: {} on {} cannot be done: {}", left.action, left.node, left.why);
        return Err(ErrorReport::new(ErrorKind::Declined, message));
    }
    if standing.covers(review) { Ok(()) } else { person::ask(review) }
}
