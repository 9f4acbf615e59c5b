//! One row of the table.

/// Whether the calls of a row look or change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// They look; questions are welcome.
    Looks,
    /// They change something; `stop nginx?` is a question and no order.
    Changes,
}

/// One meaning, and the ways to say it.
#[derive(Debug)]
pub(super) struct Row {
    /// The action, or two that the words leave open, and arguments that they imply, as `container.remove all=true`.
    pub(super) call: &'static str,
    pub(super) kind: Kind,
    pub(super) patterns: &'static [&'static str],
    /// For help; each is read by this row and no other.
    pub(super) examples: &'static [&'static str],
}

impl Row {
    /// Whether a place can be said with it.
    pub(super) fn takes_place(&self) -> bool {
        let places = ["{on}", "{at}", "{node}"];
        self.patterns.iter().any(|pattern| places.iter().any(|place| pattern.contains(place)))
    }
}
