//! How far a node says that a switch is.

/// How far a switch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing is told yet.
    Missing,
    /// It runs.
    Switching,
    /// It ended with this exit code, and waits to be confirmed.
    Waiting(i32),
    /// It goes back.
    GoingBack(Why),
    /// It went back, which ended with this exit code; with the one of the switch, if that came to its end.
    Back { why: Why, code: i32, switched: Option<i32> },
    /// It tried to go back, and the last attempt ended with this exit code.
    Stuck { why: Why, code: i32, switched: Option<i32> },
    /// It was confirmed in time.
    Confirmed,
    /// It was not begun: another switch of ours is under way.
    Busy,
    /// It was turned away with this exit code before it touched anything.
    Unchanged(i32),
    /// Somebody else switched while it waited, which was left as it is.
    Replaced,
}

/// Why a node went back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The switch failed.
    Failed,
    /// It was told to.
    Refused,
    /// Nobody confirmed it in time.
    Unconfirmed,
    /// What watches over it was killed while it switched.
    Interrupted,
}

impl State {
    /// Reads what [`crate::catalog::guard::state`] printed; a line that is not whole is not there yet.
    pub(super) fn read(printed: &str) -> Self {
        let mut state = Self::Missing;
        let mut switched = None;
        let mut reason = Why::Interrupted;
        let whole = printed.rsplit_once('\n').map_or("", |(whole, _)| whole);
        for line in whole.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["switching"] => state = Self::Switching,
                ["switched", code, _] => {
                    let Ok(code) = code.parse() else { continue };
                    switched = Some(code);
                    state = Self::Waiting(code);
                }
                ["back", why] => {
                    reason = match why {
                        "failed" => Why::Failed,
                        "refused" => Why::Refused,
                        "unconfirmed" => Why::Unconfirmed,
                        _ => Why::Interrupted,
                    };
                    state = Self::GoingBack(reason);
                }
                ["returned", code] => {
                    let Ok(code) = code.parse() else { continue };
                    state = Self::Back { why: reason, code, switched };
                }
                ["stuck", code] => {
                    let Ok(code) = code.parse() else { continue };
                    state = Self::Stuck { why: reason, code, switched };
                }
                ["confirmed"] => state = Self::Confirmed,
                ["busy"] => state = Self::Busy,
                ["replaced"] => state = Self::Replaced,
                ["unchanged", code] => {
                    let Ok(code) = code.parse() else { continue };
                    state = Self::Unchanged(code);
                }
                _ => {}
            }
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_line_counts() {
        for (printed, state) in [
            ("", State::Missing),
            ("switching", State::Missing),
            ("switching\n", State::Switching),
            ("switching\nswitched 4 812\n", State::Waiting(4)),
            ("switching\nswitched 0 812\nconfirmed\n", State::Confirmed),
            ("switching\nback interrupted\n", State::GoingBack(Why::Interrupted)),
            (
                "switching\nswitched 0 8\nback unconfirmed\nreturned 0\n",
                State::Back { why: Why::Unconfirmed, code: 0, switched: Some(0) },
            ),
            (
                "switching\nback interrupted\nstuck 11\n",
                State::Stuck { why: Why::Interrupted, code: 11, switched: None },
            ),
            ("busy\n", State::Busy),
            ("switching\nunchanged 11\n", State::Unchanged(11)),
            ("switching\nswitched 0 8\nreplaced\n", State::Replaced),
            ("switching\nswitched x 8\nnonsense\n", State::Switching),
        ] {
            assert_eq!(State::read(printed), state, "{printed:?}");
        }
    }
}
