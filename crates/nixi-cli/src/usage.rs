//! clap's complaints as error reports.

use clap::error::ErrorKind as Clap;
use nixi_core::text::{excerpt, fit};
use nixi_core::{ErrorKind, ErrorReport};

/// What clap wants said: a text that was asked for, or an error.
pub(crate) enum Said {
    /// Help or the version.
    Asked(String),
    /// Bad usage.
    Wrong(ErrorReport),
}

impl From<&clap::Error> for Said {
    fn from(error: &clap::Error) -> Self {
        let text = error.to_string();
        if matches!(error.kind(), Clap::DisplayHelp | Clap::DisplayVersion) {
            return Self::Asked(text);
        }
        let mut paragraphs = text.split("\n\n").map(on_one_line);
        let first = paragraphs.next().unwrap_or_default();
        let message = first.strip_prefix("error: ").unwrap_or(&first).to_owned();
        let rest: Vec<String> = paragraphs.collect();
        let tips: Vec<&str> = rest
            .iter()
            .flat_map(|line| line.split("tip: ").skip(1))
            .map(|tip| tip.trim().trim_end_matches("  "))
            .collect();
        let usage = rest.iter().find(|line| line.starts_with("Usage: "));
        let hint = match (tips.as_slice(), usage) {
            ([], Some(usage)) => Some(usage.replacen("Usage", "usage", 1)),
            ([], None) => Some("`nixi --help` shows what there is".to_owned()),
            (tips, _) => Some(tips.join("; ")),
        };
        let hint = hint.map(|hint| fit(&hint, MOST_COLUMNS));
        Self::Wrong(ErrorReport::new(ErrorKind::Usage, fit(&message, MOST_COLUMNS)).maybe_hint(hint))
    }
}

/// A message of clap's repeats what was typed; it need not repeat all of it.
const MOST_COLUMNS: usize = 400;

fn on_one_line(paragraph: &str) -> String {
    paragraph.split_whitespace().map(excerpt).collect::<Vec<_>>().join(" ")
}

/// An error in how the command was typed.
pub(crate) fn usage(message: impl Into<String>) -> ErrorReport {
    ErrorReport::new(ErrorKind::Usage, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::Parser;

    fn wrong(args: &[&str]) -> ErrorReport {
        match Said::from(&Cli::try_parse_from(args).unwrap_err()) {
            Said::Wrong(report) => report,
            Said::Asked(text) => panic!("{text}"),
        }
    }

    #[test]
    fn a_misspelt_option_gets_the_nearest() {
        let report = wrong(&["nixi", "nodes", "--no-prob"]);
        assert_eq!(report.kind, ErrorKind::Usage);
        assert_eq!(report.message, "unexpected argument '--no-prob' found");
        assert!(report.hint.unwrap().contains("'--no-probe'"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let report = wrong(&["nixi", "adopt", "web"]);
        assert_eq!(report.message, "the following required arguments were not provided: <HOST>");
        assert!(report.hint.unwrap().starts_with("usage: nixi adopt"));
    }
}
