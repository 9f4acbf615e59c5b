//! Colours and weights. Nothing is said by colour alone: where `NO_COLOR` is set, the words remain.

use ratatui::style::{Color, Modifier, Style};

/// How things look. Colours are the terminal's own sixteen, so that a person's palette is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Theme {
    coloured: bool,
}

impl Theme {
    /// With colours.
    pub(crate) const COLOURED: Self = Self { coloured: true };
    /// With weights alone.
    pub(crate) const PLAIN: Self = Self { coloured: false };

    /// As the person wants it: no colour if `NO_COLOR` is set and not empty (no-color.org).
    pub(crate) fn of_environment() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if plain { Self::PLAIN } else { Self::COLOURED }
    }

    /// Ordinary text.
    pub(crate) fn text(self) -> Style {
        Style::new()
    }

    /// Text that stands out by its weight.
    pub(crate) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Text that stays in the background.
    pub(crate) fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What is Nixi's own.
    pub(crate) fn accent(self) -> Style {
        self.colour(Style::new(), Color::Cyan)
    }

    /// What went well.
    pub(crate) fn good(self) -> Style {
        self.colour(Style::new(), Color::Green)
    }

    /// What goes, and is no harm by itself.
    pub(crate) fn removed(self) -> Style {
        self.colour(Style::new(), Color::Red)
    }

    /// What a person should look at.
    pub(crate) fn warning(self) -> Style {
        self.colour(self.strong(), Color::Yellow)
    }

    /// What failed, or can hurt.
    pub(crate) fn bad(self) -> Style {
        self.colour(self.strong(), Color::Red)
    }

    fn colour(self, style: Style, colour: Color) -> Style {
        if self.coloured { style.fg(colour) } else { style }
    }
}
