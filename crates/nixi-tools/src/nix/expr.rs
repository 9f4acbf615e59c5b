//! A value as it is written in a module.

use std::fmt;

use rnix::ast;
use rowan::ast::AstNode;

use super::source::{Source, normal, with_room};
use super::{EditError, OptionPath};

/// An expression of Nix, whole by itself: it can stand as the value of an option and, in parentheses if need be, as an
/// element of a list.
#[derive(Debug, Clone)]
pub struct Expr {
    text: String,
    normal: String,
    /// Whether it is an element of a list as it stands.
    is_simple: bool,
}

/// Two are the same if they differ in white space and comments at most.
impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Eq for Expr {}

impl Expr {
    /// An expression that a person wrote.
    ///
    /// # Errors
    /// When it is no expression, or more than one.
    pub fn parse(text: &str) -> Result<Self, EditError> {
        let text = text.trim();
        with_room(text, || Ok(Self::of(&Source::parse(text)?.expr()?)))
    }

    /// Whether it is made of words, numbers, lists, sets and packages alone, so that evaluating it does nothing.
    #[must_use]
    pub fn is_data(&self) -> bool {
        with_room(&self.text, || Source::parse(&self.text)?.expr().map(|expr| super::data::is_data(&expr)))
            .unwrap_or(false)
    }

    /// `true` or `false`.
    #[must_use]
    pub fn bool(value: bool) -> Self {
        Self::simple(value.to_string())
    }

    /// A number.
    #[must_use]
    pub fn int(value: u32) -> Self {
        Self::simple(value.to_string())
    }

    /// A string, with all that means something in a string of Nix taken literally.
    #[must_use]
    pub fn string(value: &str) -> Self {
        Self::simple(quoted(value))
    }

    /// A package, by its name in nixpkgs.
    #[must_use]
    pub fn package(name: &OptionPath) -> Self {
        Self::simple(format!("pkgs.{name}"))
    }

    /// What is written here always parses.
    fn simple(text: String) -> Self {
        Self::parse(&text).unwrap_or(Self { normal: text.clone(), text, is_simple: true })
    }

    /// One that stands in a file.
    pub(super) fn of(expr: &ast::Expr) -> Self {
        let syntax = expr.syntax();
        Self { text: syntax.text().to_string(), normal: normal(syntax), is_simple: is_simple(expr) }
    }

    /// What two of the same have in common.
    pub(super) fn normal(&self) -> &str {
        &self.normal
    }

    /// As an element of a list.
    pub(super) fn element(&self) -> String {
        if self.is_simple { self.text.clone() } else { format!("({})", self.text) }
    }
}

/// As it is written.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether it stands in a list without parentheses.
pub(super) fn is_simple(expr: &ast::Expr) -> bool {
    matches!(
        expr,
        ast::Expr::Select(_)
            | ast::Expr::Str(_)
            | ast::Expr::PathAbs(_)
            | ast::Expr::PathRel(_)
            | ast::Expr::PathHome(_)
            | ast::Expr::PathSearch(_)
            | ast::Expr::Literal(_)
            | ast::Expr::List(_)
            | ast::Expr::Paren(_)
            | ast::Expr::AttrSet(_)
            | ast::Expr::Ident(_)
    )
}

/// A string of Nix with this value.
pub(super) fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' | '$' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            _ => text.push(c),
        }
    }
    text.push('"');
    text
}
