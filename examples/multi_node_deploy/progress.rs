//! What happens, told while it happens, and summed up at the end.

use nixi::core::session::Audience;
use nixi::core::{Event, Outcome, StepStatus};

/// Prints each call as it ends: its steps as they were shown, or what a read found.
pub(crate) struct Progress;

impl Audience for Progress {
    fn hear(&self, event: Event) {
        let result = match event {
            Event::CallEnded(result) => result,
            Event::Notice(notice) => return println!("note: {notice}"),
            Event::CallsAhead(_)
            | Event::CallStarted { .. }
            | Event::ChangeBegins(_)
            | Event::Node(_)
            | Event::Said(_)
            | Event::Progress { .. }
            | Event::Output { .. }
            | Event::TakenBack(_) => return,
        };
        println!("{} {}: {}", result.node, result.tool, result.status.as_str());
        result.steps.iter().for_each(|step| println!("  {}: {}", step.status.as_str(), step.step));
        if let Some(text) = result.text.as_ref().filter(|_| result.steps.is_empty()) {
            text.lines().for_each(|line| println!("  {line}"));
        }
        if let Some(error) = &result.error {
            println!("  {error}");
        }
    }
}

/// How many calls ended in which way.
pub(crate) fn summary(outcome: &Outcome) {
    const ALL: [StepStatus; 7] = [
        StepStatus::Done,
        StepStatus::Failed,
        StepStatus::Unknown,
        StepStatus::Unreachable,
        StepStatus::Refused,
        StepStatus::Declined,
        StepStatus::NotStarted,
    ];
    let count = |status| outcome.results.iter().filter(|result| result.status == status).count();
    let ended =
        ALL.map(|status| (count(status), status.as_str())).into_iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = ended.map(|(count, status)| format!("{count} {status}")).collect();
    println!("summary: {}", words.join(", "));
}
