//! How many tests ran, and how they ended.

use std::fmt;
use std::iter::Sum;

use anyhow::{Context as _, Result};

/// Counts of one run. `broken` is a run that ended badly whatever its counts say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) broken: bool,
}

impl Count {
    pub(crate) fn ran(&self) -> usize {
        self.passed + self.failed
    }

    pub(crate) fn is_good(&self) -> bool {
        self.failed == 0 && !self.broken
    }

    /// From the first element of a JUnit report.
    pub(crate) fn from_junit(report: &str) -> Result<Self> {
        let (_, rest) = report.split_once("<testsuites").context("the report has no <testsuites>")?;
        let (head, _) = rest.split_once('>').context("the report ends early")?;
        let number = |name: &str| -> Result<usize> {
            let (_, value) = head
                .split_once(&format!(" {name}=\""))
                .with_context(|| format!("the report has no {name}"))?;
            let (value, _) = value.split_once('"').unwrap_or((value, ""));
            value.parse().with_context(|| format!("{name} is no number: {value}"))
        };
        let (tests, failed) = (number("tests")?, number("failures")? + number("errors")?);
        Ok(Self { passed: tests.saturating_sub(failed), failed, broken: false })
    }

    /// From the `test result:` lines that rustdoc's tests print.
    pub(crate) fn from_libtest(output: &str) -> Self {
        let results = output.lines().filter_map(|line| line.trim().strip_prefix("test result: "));
        results
            .map(|line| {
                let number = |word: &str| {
                    let part = line.split(['.', ';']).find_map(|part| part.trim().strip_suffix(word));
                    part.and_then(|part| part.trim().parse().ok()).unwrap_or(0)
                };
                Self { passed: number("passed"), failed: number("failed"), broken: false }
            })
            .sum()
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |a, b| Self {
            passed: a.passed + b.passed,
            failed: a.failed + b.failed,
            broken: a.broken || b.broken,
        })
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let report = "<?xml version=\"1.0\"?>\n<testsuites name=\"nextest-run\" tests=\"12\" failures=\"2\" errors=\"1\" uuid=\"x\">\n<testsuite tests=\"99\"/>";
        let count = Count::from_junit(report).unwrap();
        assert_eq!(count, Count { passed: 9, failed: 3, broken: false });
        assert!(!count.is_good());
        assert!(Count::from_junit("<testsuites tests=\"x\">").is_err());
        assert!(Count::from_junit("").is_err());
    }

    #[test]
    fn results_of_several_crates_add_up() {
        let output = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured\n\
                      test result: FAILED. 1 passed; 3 failed; 0 ignored\n";
        assert_eq!(Count::from_libtest(output).to_string(), "3 passed, 3 failed");
    }

    #[test]
    fn a_broken_run_is_never_good() {
        assert!(!Count { passed: 1, failed: 0, broken: true }.is_good());
    }
}
