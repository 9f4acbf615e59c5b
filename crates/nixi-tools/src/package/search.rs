//! `package.search`

use std::fmt;

use nixi_core::catalog::nixos;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::nixos::source::Whereabouts;
use crate::table::{Column, Table};

/// Packages that a node could install.
pub struct Search;

/// Parameters of `package.search`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchArgs {
    /// Words that its name has in it: htop
    pub query: String,
}

/// A package of nixpkgs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// As it is installed by.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it says of itself.
    pub description: String,
}

/// `data` of `package.search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SearchReport {
    /// Those that were found, by name; the first 100.
    pub packages: Vec<Found>,
    /// How many names have all of the words in them.
    pub matching: u64,
}

impl Inspect for Search {
    type Args = SearchArgs;
    type Report = SearchReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("package", "search"),
            "packages of the node's own nixpkgs, by name",
            ReadCapability::SystemStatus,
        )
        .example(json!({"query": "htop"}))
    }

    async fn inspect(&self, cx: &InspectCx<'_>, args: SearchArgs) -> Result<SearchReport, ToolError> {
        let words = words_of(&args.query)?;
        let whereabouts = Whereabouts::of(cx).await?;
        let mut report: SearchReport = whereabouts.ask(cx, nixos::packages, &words).await?;
        // What is named just so comes first, then the shortest name.
        report.packages.sort_by_key(|found| (found.name.len(), found.name.clone()));
        Ok(report)
    }
}

/// The words of a query, as names of packages have them.
fn words_of(query: &str) -> Result<Vec<String>, ToolError> {
    let words: Vec<String> = query.split_whitespace().map(str::to_owned).collect();
    let fits = |word: &String| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if words.is_empty() || words.len() > 8 || query.len() > 200 || !words.iter().all(fits) {
        return Err(ToolError::BadArgument {
            message: format!("`{query}` cannot be searched for"),
            hint: Some("give words of letters, digits, `-` and `_`, such as query=htop".to_owned()),
        });
    }
    Ok(words)
}

impl fmt::Display for SearchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.packages.is_empty() {
            return write!(f, "No package has that in its name.");
        }
        let header =
            [("PACKAGE", Column::Whole), ("VERSION", Column::Whole), ("DESCRIPTION", Column::Elastic)];
        let table = Table::new(header)
            .rows(&self.packages, |row| [row.name.clone(), row.version.clone(), row.description.clone()]);
        table.fmt(f)?;
        let more = self.matching.saturating_sub(self.packages.len() as u64);
        if more > 0 { write!(f, "\n\nand {more} more names, not all of them packages") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_names_are_searched_for() {
        assert_eq!(words_of(" python3  requests ").unwrap(), ["python3", "requests"]);
        for odd in ["", " ", "a.*", "x;y", "é", &"a".repeat(201)] {
            assert!(words_of(odd).is_err(), "{odd}");
        }
    }
}
