//! The text of a Nix file and its syntax tree.

use rnix::{ParseError, Root, SyntaxKind, SyntaxNode, TextRange, ast};
use rowan::ast::AstNode;

use super::EditError;
use super::bounds::is_overlong;

/// The largest file that is read, in bytes: no configuration that a person wrote is larger.
pub const MOST: usize = 256 * 1024;
/// So much of a file fits the stack of any thread, however deep its expressions are.
const SHALLOW: usize = 2048;
/// The stack for a tree that is as deep as a file can be: it is taken apart level by level.
const STACK: usize = 256 * 1024 * 1024;

/// Does the work on the tree of a text where its depth cannot exhaust the stack.
pub(super) fn with_room<T: Send>(
    text: &str,
    work: impl FnOnce() -> Result<T, EditError> + Send,
) -> Result<T, EditError> {
    if text.len() > MOST {
        return Err(EditError::TooLarge);
    }
    if text.len() <= SHALLOW {
        return work();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        thread.map_err(|_| EditError::TooLarge)?.join().map_err(|_| EditError::Unsafe)?
    })
}

/// A Nix file that parses.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    root: Root,
}

impl<'a> Source<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, EditError> {
        if is_overlong(text) {
            return Err(EditError::Overlong);
        }
        let parse = Root::parse(text);
        if let Some(error) = parse.errors().first() {
            return Err(syntax(text, error));
        }
        Ok(Self { text, root: parse.tree() })
    }

    /// The expression that the file is.
    pub(super) fn expr(&self) -> Result<ast::Expr, EditError> {
        self.root.expr().ok_or(EditError::Syntax { line: 1, column: 1 })
    }

    /// Says that what stands here does not fit.
    pub(super) fn unfit(&self, node: &SyntaxNode, what: impl Into<String>) -> EditError {
        let line = line_of(self.text, usize::from(node.text_range().start()));
        EditError::Unfit { line, what: what.into() }
    }

    /// All tokens but white space.
    pub(super) fn tokens(&self) -> Vec<String> {
        tokens(self.root.syntax())
    }
}

/// The tokens of a tree, comments included, without white space.
pub(super) fn tokens(node: &SyntaxNode) -> Vec<String> {
    node.descendants_with_tokens()
        .filter_map(rnix::NodeOrToken::into_token)
        .filter(|token| token.kind() != SyntaxKind::TOKEN_WHITESPACE)
        .map(|token| token.text().to_owned())
        .collect()
}

/// An expression as one text by which two of the same are told: its tokens without white space and comments.
pub(super) fn normal(node: &SyntaxNode) -> String {
    let tokens = node
        .descendants_with_tokens()
        .filter_map(rnix::NodeOrToken::into_token)
        .filter(|token| !token.kind().is_trivia())
        .map(|token| token.text().to_owned());
    tokens.collect::<Vec<_>>().join("\0")
}

/// The line of a byte, counted from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

pub(super) fn offsets(range: TextRange) -> std::ops::Range<usize> {
    range.start().into()..range.end().into()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "an open enum: the others name no place")]
fn syntax(text: &str, error: &ParseError) -> EditError {
    let at = match error {
        ParseError::Unexpected(range)
        | ParseError::UnexpectedExtra(range)
        | ParseError::UnexpectedWanted(_, range, _)
        | ParseError::UnexpectedDoubleBind(range)
        | ParseError::DuplicatedArgs(range, _) => usize::from(range.start()),
        // At its end, or nowhere in particular.
        _ => text.trim_end().len(),
    };
    let before = text.get(..at).unwrap_or(text);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    EditError::Syntax { line: line_of(text, at), column }
}
