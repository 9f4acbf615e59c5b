//! Holding each edit to what it is about.

use super::EditError;
use super::source::Source;

/// What an edit adds to the tokens of a file, or takes from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Added,
    Removed,
}

/// The text, if it parses and its tokens are those of the source with one run of tokens more or less: those of `about`,
/// and no more than `glue` besides.
pub(super) fn checked(
    source: &Source<'_>,
    after: String,
    change: Change,
    about: &[String],
) -> Result<String, EditError> {
    let (before, edited) = (source.tokens(), Source::parse(&after).map_err(|_| EditError::Unsafe)?.tokens());
    let is_right = match change {
        Change::Added => is_run_apart(&before, &edited, about),
        Change::Removed => is_run_apart(&edited, &before, about),
    };
    if is_right { Ok(after) } else { Err(EditError::Unsafe) }
}

/// Whether `long` is `short` with one run of tokens more, and that run holds `about`.
fn is_run_apart(short: &[String], long: &[String], about: &[String]) -> bool {
    let Some(run) = long.len().checked_sub(short.len()) else { return false };
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    // Where the tokens before the run are the same as its last ones, it may as well begin that much earlier.
    (same.saturating_sub(run)..=same).rev().any(|at| {
        let (Some(head), Some(added), Some(tail)) =
            (long.get(..at), long.get(at..at + run), long.get(at + run..))
        else {
            return false;
        };
        short.get(..at) == Some(head)
            && short.get(at..) == Some(tail)
            && (about.is_empty() || added.windows(about.len()).any(|window| window == about))
    })
}
