//! What a command said, cut to a size that a person reads.

use std::fmt;

/// The last lines of some output, at most 20 lines and 2,000 bytes; what was left out is said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Excerpt<'a> {
    shown: &'a str,
    left_out: usize,
}

impl<'a> Excerpt<'a> {
    const LINES: usize = 20;
    const BYTES: usize = 2_000;

    /// The end of the text: what failed is said last.
    pub(crate) fn of(text: &'a str) -> Self {
        let text = text.trim();
        let mut start = text.len().saturating_sub(Self::BYTES);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        let mut shown = &text[start..];
        if start > 0 {
            shown = shown.split_once('\n').map_or(shown, |(_, whole_lines)| whole_lines);
        }
        if let Some((at, _)) = shown.rmatch_indices('\n').nth(Self::LINES - 1) {
            shown = &shown[at + 1..];
        }
        let left_out = text.lines().count() - shown.lines().count();
        Self { shown, left_out }
    }
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.left_out > 0 {
            writeln!(f, "({} earlier lines left out)", self.left_out)?;
        }
        f.write_str(self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept() {
        assert_eq!(Excerpt::of(" one\n").to_string(), "one");
        let many: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let shown = Excerpt::of(&many.join("\n")).to_string();
        assert!(shown.starts_with("(80 earlier lines left out)\n80\n") && shown.ends_with("99"), "{shown}");
        let long = "é".repeat(5_000);
        assert!(Excerpt::of(&long).to_string().len() <= 2_000);
    }
}
