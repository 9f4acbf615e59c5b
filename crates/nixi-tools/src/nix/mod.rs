//! Editing Nix files by their syntax trees, so that every byte which an edit is not about stays as it is.
//!
//! [`Module`] is a NixOS module that Nixi writes itself: elements are added to and removed from the lists of options, and
//! options are set and unset. [`imports`] and [`flake`] make one change to a file of the user's: they add Nixi's module to
//! what it imports.
//!
//! ```
//! use nixi_tools::nix::{Edit, Expr, Module, Order};
//!
//! let mut module = Module::parse("{ pkgs, ... }:\n{\n  environment.systemPackages = [ pkgs.vim ]; # mine\n}\n")?;
//! let edit = Edit::Add {
//!     option: "environment.systemPackages".parse()?,
//!     element: Expr::parse("pkgs.htop")?,
//!     order: Order::Sorted,
//! };
//! let back = module.apply(&edit)?.ok_or("it is there already")?;
//! assert_eq!(module.text(), "{ pkgs, ... }:\n{\n  environment.systemPackages = [ pkgs.htop pkgs.vim ]; # mine\n}\n");
//! module.apply(&back)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where the right place for an edit cannot be told from the syntax alone, such as in a computed list, the edit is
//! refused with an [`EditError`]; nothing is guessed and nothing is evaluated.
//!
//! **Invariant.** The text after an edit parses, and its tokens are those of the text before, comments included, but for
//! those that the edit adds or removes. Each edit is checked for that before its text is given out.

mod bounds;
mod checked;
mod data;
mod error;
mod expr;
pub mod flake;
pub mod imports;
mod module;
mod option_path;
mod places;
mod sequence;
mod source;

#[cfg(test)]
mod tests;

pub use error::EditError;
pub use expr::Expr;
pub use module::{Edit, Module, Order};
pub use option_path::OptionPath;
pub use places::lines_of;
pub use source::MOST;
