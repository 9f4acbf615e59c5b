//! A few colours, where they are wanted.

use crate::args::Colour;

/// What a word means; people see it as a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// To be looked at.
    Warn,
    /// As it should not be.
    Bad,
    /// What a block is about.
    Title,
    /// Beside the point.
    Faint,
    /// Nothing of its own.
    Plain,
    /// A line that comes into a file.
    Added,
    /// A line that goes.
    Removed,
}

/// Whether words are painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Coloured,
}

impl Paint {
    /// `auto` is a terminal without NO_COLOR (<https://no-color.org>) that is not dumb.
    pub(crate) fn new(colour: Colour, terminal: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let coloured = match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                terminal
                    && set("NO_COLOR").is_none()
                    && nixi_tui::can_draw(std::env::var_os("TERM").as_deref())
            }
        };
        if coloured { Self::Coloured } else { Self::Plain }
    }

    /// The word in its colour.
    pub(crate) fn of(self, tone: Tone, word: &str) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "1;31",
            Tone::Title => "1",
            Tone::Faint => "2",
            Tone::Plain => return word.to_owned(),
            Tone::Added => "32",
            Tone::Removed => "31",
        };
        match self {
            Self::Plain => word.to_owned(),
            Self::Coloured => format!("\u{1b}[{code}m{word}\u{1b}[0m"),
        }
    }
}
