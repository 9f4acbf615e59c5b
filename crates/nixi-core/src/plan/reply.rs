//! What a person's words say to a review: the one place that knows what counts as yes.

use super::Risk;

/// The word that approves any plan.
pub const YES: &str = "yes";

/// What a line below a review says. It decides nothing: a front end makes a [`Decision`](super::Decision) of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Yes, to all of it.
    Yes,
    /// These parts, counted from 0; they are asked about once more.
    Keep(Vec<usize>),
    /// No.
    No,
}

impl Reply {
    /// Reads a line, in small letters and without blanks around it, as the answer to a review of this risk with so many
    /// parts. Anything but a clear yes, or the numbers of parts that there are, is a no.
    #[must_use]
    pub fn of(line: &str, risk: Risk, parts: usize) -> Self {
        if risk.is_yes(line) {
            return Self::Yes;
        }
        let number = |word: &str| word.parse::<usize>().ok()?.checked_sub(1).filter(|at| *at < parts);
        let words = line.split([',', ' ']).filter(|word| !word.is_empty());
        match words.map(number).collect::<Option<Vec<usize>>>() {
            Some(kept) if parts > 1 && !kept.is_empty() => Self::Keep(kept),
            Some(_) | None => Self::No,
        }
    }
}

impl Risk {
    /// Whether a word approves a plan of this risk: [`YES`], or `y` where nothing is lost. To the letter: capitals and
    /// blanks are no part of either.
    #[must_use]
    pub fn is_yes(self, word: &str) -> bool {
        match self {
            Self::Routine => matches!(word, "y" | YES),
            Self::Destructive => word == YES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reply::{Keep, No, Yes};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        for no in ["", "n", "no", "yep", "Y", "Yes", " y", "y y", "yes yes", "\u{fffd}"] {
            assert_eq!(Reply::of(no, Risk::Routine, 1), No, "{no:?}");
        }
        assert_eq!(["y", "yes"].map(|line| Reply::of(line, Risk::Routine, 3)), [Yes, Yes]);
    }

    #[test]
    fn what_destroys_needs_the_whole_word() {
        assert_eq!(["y", "yes"].map(|line| Reply::of(line, Risk::Destructive, 2)), [No, Yes]);
    }

    #[test]
    fn parts_are_kept_by_their_numbers() {
        let said = |line: &str, parts| Reply::of(line, Risk::Routine, parts);
        assert_eq!(
            [said("1", 3), said("1,3", 3), said("3, 1", 3)],
            [Keep(vec![0]), Keep(vec![0, 2]), Keep(vec![2, 0])]
        );
        for none in ["0", "4", "1,4", "1-3", "1,y", "-1", "", ",", "one"] {
            assert_eq!(said(none, 3), No, "{none:?}");
        }
        assert_eq!(said("1", 1), No, "there is nothing to choose");
        assert_eq!(Reply::of("2", Risk::Destructive, 2), Keep(vec![1]));
    }

    proptest! {
        /// Whatever is typed approves nothing but by the two words, and keeps no part that is not there.
        #[test]
        fn noise_approves_nothing(line in "\\PC{0,12}|[yes0-9, ]{0,8}", parts in 0usize..5) {
            for risk in [Risk::Routine, Risk::Destructive] {
                match Reply::of(&line, risk, parts) {
                    Yes => prop_assert!(line == "yes" || (line == "y" && risk == Risk::Routine)),
                    Keep(kept) => prop_assert!(!kept.is_empty() && kept.iter().all(|part| *part < parts)),
                    No => {}
                }
            }
        }
    }
}
