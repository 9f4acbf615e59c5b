//! Text tables for people: aligned columns that fit 80 terminal columns where that can be.

use std::fmt;

use nixi_core::text::{clean_line, fit, pad, width};

const PAGE: usize = 80;
const GAP: usize = 2;
/// No column is cut to less than this.
const LEAST: usize = 12;

/// How the cells of a column behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// Never cut: names, which people copy.
    Whole,
    /// Cut with `…` when the line is too long.
    Elastic,
    /// Numbers: never cut, aligned to the right.
    Number,
}

/// Rows under a header. No cell can break out of its line.
#[derive(Debug, Clone)]
pub(crate) struct Table<const N: usize> {
    header: [(&'static str, Column); N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(header: [(&'static str, Column); N]) -> Self {
        Self { header, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| clean_line(&cell)));
    }

    /// The same table with a row for each item.
    pub(crate) fn rows<T>(
        mut self,
        items: impl IntoIterator<Item = T>,
        cells: impl Fn(T) -> [String; N],
    ) -> Self {
        for item in items {
            self.row(cells(item));
        }
        self
    }

    fn widths(&self) -> [usize; N] {
        let mut widths = self.header.map(|(title, _)| width(title));
        for row in &self.rows {
            for (column, cell) in widths.iter_mut().zip(row) {
                *column = (*column).max(width(cell));
            }
        }
        // The widest elastic column gives first, so that all of them end about equally wide.
        let mut over = (widths.iter().sum::<usize>() + GAP * N.saturating_sub(1)).saturating_sub(PAGE);
        while over > 0 {
            let elastic = widths.iter_mut().zip(&self.header);
            let elastic =
                elastic.filter(|(columns, (_, kind))| *kind == Column::Elastic && **columns > LEAST);
            let Some((widest, _)) = elastic.max_by_key(|(columns, _)| **columns) else { break };
            *widest -= 1;
            over -= 1;
        }
        widths
    }

    fn line(&self, cells: [&str; N], widths: [usize; N]) -> String {
        let mut line = String::new();
        for ((cell, columns), (_, kind)) in cells.into_iter().zip(widths).zip(self.header) {
            let cell = fit(cell, columns);
            let cell = match kind {
                Column::Number => " ".repeat(columns.saturating_sub(width(&cell))) + &cell,
                Column::Whole | Column::Elastic => pad(&cell, columns),
            };
            line.push_str(&cell);
            line.push_str(&" ".repeat(GAP));
        }
        line.truncate(line.trim_end().len());
        line
    }
}

impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        f.write_str(&self.line(self.header.map(|(title, _)| title), widths))?;
        for row in &self.rows {
            write!(f, "\n{}", self.line(row.each_ref().map(String::as_str), widths))?;
        }
        Ok(())
    }
}

/// `1 container`, `2 containers`.
pub(crate) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// Titled lines of one block, aligned: `  image     nginx`.
pub(crate) fn facts(
    f: &mut fmt::Formatter<'_>,
    indent: usize,
    facts: &[(&str, Option<String>)],
) -> fmt::Result {
    let known = || facts.iter().filter_map(|(title, value)| value.as_ref().map(|value| (title, value)));
    let columns = known().map(|(title, _)| width(title)).max().unwrap_or(0);
    for (at, (title, value)) in known().enumerate() {
        let newline = if at == 0 { "" } else { "\n" };
        write!(f, "{newline}{:indent$}{}  {}", "", pad(title, columns), clean_line(value))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_cut_fairly_and_stay_on_their_line() {
        let mut table = Table::new([
            ("NAME", Column::Whole),
            ("SIZE", Column::Number),
            ("A", Column::Elastic),
            ("B", Column::Elastic),
        ]);
        table.row(["web".into(), "7".into(), "a".repeat(50), "b\nb".into()]);
        table.row(["a-longer-name".into(), "1000".into(), "short".into(), "é".repeat(60)]);
        let shown = table.to_string();
        insta::assert_snapshot!(shown, @r"
        NAME           SIZE  A                              B
        web               7  aaaaaaaaaaaaaaaaaaaaaaaaaaaa…  b b
        a-longer-name  1000  short                          ééééééééééééééééééééééééééé…
        ");
        assert!(shown.lines().all(|line| width(line) <= PAGE));
    }

    #[test]
    fn names_are_never_cut() {
        let mut table = Table::new([("NAME", Column::Whole), ("A", Column::Elastic)]);
        table.row(["n".repeat(90), "a".repeat(30)]);
        assert!(table.to_string().contains(&"n".repeat(90)));
    }
}
