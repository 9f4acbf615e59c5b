//! What is not even parsed: the parser needs a time for it that grows with the square of its length.

use rnix::SyntaxKind::{self, *};

/// Nobody writes a call with more arguments, or a name with more parts.
const LONGEST: usize = 200;

/// Nobody opens so many brackets, one in the other.
const DEEPEST: usize = 200;

/// Whether an expression of the text has so many arguments, signs or parts of a name in a row, or is so deep, that it would
/// take long to parse.
pub(super) fn is_overlong(text: &str) -> bool {
    // For each bracket that is open: whether it is that of a list, and how many tokens there are in a row.
    let mut open = vec![(false, 0_usize)];
    let mut before = TOKEN_SEMICOLON;
    for (kind, _) in rnix::tokenize(text) {
        if kind.is_trivia() {
            continue;
        }
        if closes(kind) && open.len() > 1 {
            open.pop();
        }
        let Some((is_list, run)) = open.last_mut() else { return true };
        let is_part = |kind| matches!(kind, TOKEN_DOT | TOKEN_OR);
        if separates(kind) || (*is_list && !is_part(kind) && !is_part(before)) {
            *run = 0;
        }
        *run += 1;
        if *run > LONGEST {
            return true;
        }
        if opens(kind) {
            open.push((kind == TOKEN_L_BRACK, 0));
            if open.len() > DEEPEST {
                return true;
            }
        }
        before = kind;
    }
    false
}

fn opens(kind: SyntaxKind) -> bool {
    matches!(kind, TOKEN_L_BRACE | TOKEN_L_BRACK | TOKEN_L_PAREN | TOKEN_INTERPOL_START | TOKEN_STRING_START)
}

fn closes(kind: SyntaxKind) -> bool {
    matches!(kind, TOKEN_R_BRACE | TOKEN_R_BRACK | TOKEN_R_PAREN | TOKEN_INTERPOL_END | TOKEN_STRING_END)
}

/// What stands between two operands, or begins something else.
fn separates(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        TOKEN_SEMICOLON
            | TOKEN_COMMA
            | TOKEN_ASSIGN
            | TOKEN_COLON
            | TOKEN_CONCAT
            | TOKEN_UPDATE
            | TOKEN_AND_AND
            | TOKEN_OR_OR
            | TOKEN_IMPLICATION
            | TOKEN_EQUAL
            | TOKEN_NOT_EQUAL
            | TOKEN_ADD
            | TOKEN_MUL
            | TOKEN_LESS
            | TOKEN_LESS_OR_EQ
            | TOKEN_MORE
            | TOKEN_MORE_OR_EQ
            | TOKEN_STRING_CONTENT
    )
}
