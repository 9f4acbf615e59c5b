//! The levels of test, by what the machine must offer.

/// A level of test.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level {
    /// Needs nothing but the toolchain.
    Anywhere,
    /// Needs an sshd, which the tests start on loopback, without privileges.
    Loopback,
    /// Needs root, and whole machines.
    Lab,
}

/// Tests of level 2, by the start of the binary's name or of the module's.
const LOOPBACK: &str = "(binary(/^(loopback|tui)/) | test(/^loopback::/))";
/// Tests of level 3, likewise.
const LAB: &str = "binary(/^lab_/)";

impl Level {
    /// The tests of this level, and of a filter that the person gave, as nextest writes it.
    pub(crate) fn filter(self, given: Option<&str>) -> String {
        let level = match self {
            Self::Anywhere => format!("not ({LOOPBACK} | {LAB})"),
            Self::Loopback => LOOPBACK.to_owned(),
            Self::Lab => LAB.to_owned(),
        };
        match given {
            Some(given) => format!("({level}) and ({given})"),
            None => level,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_filter_narrows_each_level() {
        assert_eq!(Level::Loopback.filter(None), LOOPBACK);
        assert_eq!(
            Level::Anywhere.filter(Some("test(a) or test(b)")),
            format!("(not ({LOOPBACK} | {LAB})) and (test(a) or test(b))")
        );
    }
}
