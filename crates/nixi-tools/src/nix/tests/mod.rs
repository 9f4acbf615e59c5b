//! Nix files as people write them, and what becomes of them.

mod edits;
mod shapes;
