//! What a bench has to tell, as Markdown: the same on a terminal and in the documents.

use std::fmt::{self, Display};

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(head: &[String]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// One more row; what it does not fill is empty.
    pub(crate) fn row(&mut self, mut cells: Vec<String>) {
        cells.resize(self.head.len(), String::new());
        self.rows.push(cells);
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |cells: &[String]| {
            let cells: Vec<String> =
                cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
            format!("| {} |", cells.join(" | "))
        };
        writeln!(f, "{}", line(&self.head))?;
        let rule: Vec<&str> =
            (0..self.head.len()).map(|column| if column == 0 { "---" } else { "---:" }).collect();
        writeln!(f, "|{}|", rule.join("|"))?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{}", line(row)))
    }
}

/// What a figure has to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

impl Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "at most {limit}"),
            Self::AtLeast(limit) => write!(f, "at least {limit}"),
        }
    }
}

/// All that one bench tells.
#[derive(Debug, Default)]
pub(crate) struct Section {
    title: String,
    parts: Vec<String>,
    targets: Vec<String>,
}

impl Section {
    /// A section under this heading.
    pub(crate) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), ..Self::default() }
    }

    /// The heading.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// Words, or a table.
    pub(crate) fn say(&mut self, part: impl Display) {
        self.parts.push(part.to_string().trim_end().to_owned());
    }

    /// A figure that was aimed at, and whether it was reached.
    pub(crate) fn target(&mut self, what: &str, value: Option<f64>, bound: Bound) {
        let told = match value {
            Some(value) if bound.holds(value) => format!("{value:.3}, reached"),
            Some(value) => format!("{value:.3}, **not reached**"),
            None => "not measured".to_owned(),
        };
        self.targets.push(format!("- {what}: {told} ({bound})"));
    }
}

impl Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## {}\n\n{}", self.title, self.parts.join("\n\n"))?;
        if !self.targets.is_empty() {
            writeln!(f, "\nAimed at:\n\n{}", self.targets.join("\n"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_markdown() {
        let mut section = Section::new("latency");
        section.say("Words.");
        let mut table = Table::new(&["".to_owned(), "ms".to_owned()]);
        table.row(vec!["a|b".to_owned(), "1".to_owned()]);
        table.row(vec!["c".to_owned()]);
        section.say(table);
        section.target("of ssh", Some(0.3), Bound::AtMost(0.35));
        section.target("of russh", Some(1.3), Bound::AtMost(1.15));
        section.target("rate", None, Bound::AtLeast(3.0));
        assert_eq!(
            section.to_string(),
            "## latency\n\nWords.\n\n|  | ms |\n|---|---:|\n| a\\|b | 1 |\n| c |  |\n\nAimed at:\n\n\
             - of ssh: 0.300, reached (at most 0.35)\n- of russh: 1.300, **not reached** (at most 1.15)\n\
             - rate: not measured (at least 3)\n"
        );
    }
}
