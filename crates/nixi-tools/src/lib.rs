//! nixi-tools
