//! nixi-tui
