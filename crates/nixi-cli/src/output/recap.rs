//! How the calls on several nodes ended, in a line; and after an interruption, node by node.

use std::collections::HashMap;

use nixi_core::session::CallResult;
use nixi_core::{StepStatus, names};

use super::Paint;
use super::text::status;

/// What to do about a change whose end is not known.
const LOOK_THERE: &str = "a change of unknown end may have happened: look there before you repeat it";

/// The seven words, in the order in which they are told.
const WORDS: [StepStatus; 7] = [
    StepStatus::Done,
    StepStatus::Failed,
    StepStatus::NotStarted,
    StepStatus::Refused,
    StepStatus::Declined,
    StepStatus::Unreachable,
    StepStatus::Unknown,
];

/// Whether these are results of more than one node.
pub(super) fn is_of_several(results: &[CallResult]) -> bool {
    results.iter().any(|result| results.first().is_some_and(|first| first.node != result.node))
}

/// `done 18 · failed 1 · unreachable 1`: only the words that occur.
pub(super) fn recap(results: &[CallResult], paint: Paint) -> String {
    let count = |word| results.iter().filter(|result| result.status == word).count();
    let told: Vec<String> = WORDS
        .into_iter()
        .map(|word| (word, count(word)))
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{} {count}", status(word, paint)))
        .collect();
    told.join(" · ")
}

/// Which nodes ended how, a line each way and action, with what to do about those whose end is not known.
pub(super) fn account(results: &[CallResult], paint: Paint) -> String {
    let mut lines = Vec::new();
    for word in WORDS {
        let mut actions: Vec<&str> = Vec::new();
        let mut nodes: HashMap<&str, Vec<&str>> = HashMap::new();
        for result in results.iter().filter(|result| result.status == word) {
            let of_action = nodes.entry(&result.tool).or_insert_with(|| {
                actions.push(&result.tool);
                Vec::new()
            });
            of_action.push(&result.node);
        }
        for action in actions {
            let names = names::fold(nodes.remove(action).unwrap_or_default());
            lines.push(format!("{}: {action} on {names}", status(word, paint)));
        }
    }
    // Only a change whose end is not known comes with advice; a read may be repeated at will.
    let is_in_doubt = |result: &CallResult| {
        result.status == StepStatus::Unknown
            && result.error.as_ref().is_some_and(|error| error.hint.is_some())
    };
    if results.iter().any(is_in_doubt) {
        lines.push(format!("hint: {LOOK_THERE}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Colour;
    use nixi_core::{CallId, ErrorKind, ErrorReport};
    use serde_json::Value;

    fn results(of: &[(&str, &str, StepStatus)]) -> Vec<CallResult> {
        let result = |(tool, node, status): &(&str, &str, StepStatus)| CallResult {
            status: *status,
            ..CallResult::new(CallId::default(), tool, node, Value::Null)
        };
        of.iter().map(result).collect()
    }

    fn plain() -> Paint {
        Paint::new(Colour::Never, false)
    }

    #[test]
    fn only_the_words_that_occur_in_a_fixed_order() {
        use StepStatus as S;
        let mixed = results(&[
            ("x.y", "a", S::Unknown),
            ("x.y", "b", S::Done),
            ("x.y", "c", S::NotStarted),
            ("x.y", "d", S::Done),
        ]);
        assert_eq!(recap(&mixed, plain()), "done 2 · not started 1 · unknown 1");
        let all: Vec<_> = WORDS.iter().rev().map(|word| ("x.y", "a", *word)).collect();
        assert_eq!(
            recap(&results(&all), plain()),
            "done 1 · failed 1 · not started 1 · refused 1 · declined 1 · unreachable 1 · unknown 1"
        );
    }

    #[test]
    fn one_node_is_not_several() {
        let done = StepStatus::Done;
        assert!(!is_of_several(&results(&[])));
        assert!(!is_of_several(&results(&[("x.y", "a", done), ("x.z", "a", done)])));
        assert!(is_of_several(&results(&[("x.y", "a", done), ("x.y", "b", done)])));
    }

    #[test]
    fn an_account_names_every_node() {
        use StepStatus as S;
        let of = results(&[
            ("x.y", "web-1", S::Done),
            ("x.y", "web-2", S::Done),
            ("x.z", "web-2", S::Done),
            ("x.y", "web-3", S::Unknown),
            ("x.y", "db", S::NotStarted),
        ]);
        let told =
            "done: x.y on web-[1-2]\ndone: x.z on web-2\nnot started: x.y on db\nunknown: x.y on web-3";
        assert_eq!(account(&of, plain()), told);
        let mut of = of;
        of[3].error = Some(ErrorReport::new(ErrorKind::Cancelled, "interrupted").hint("look at web-3"));
        assert_eq!(account(&of, plain()), format!("{told}\nhint: {LOOK_THERE}"));
    }
}
