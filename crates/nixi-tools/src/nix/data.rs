//! Values that say what they are, and do nothing when they are evaluated.

use rnix::SyntaxKind;
use rnix::ast::{self, HasEntry};
use rowan::ast::AstNode;

use super::option_path::of_attrpath;

/// Functions of `lib` that only say how much a value counts.
const PRIORITIES: [&str; 4] = ["mkForce", "mkDefault", "mkBefore", "mkAfter"];

/// Whether an expression is made of words, numbers, lists, sets and packages alone: evaluating it reads no file, asks no other
/// machine and runs no program.
pub(super) fn is_data(expr: &ast::Expr) -> bool {
    let is_interpolated = expr
        .syntax()
        .descendants()
        .any(|node| node.kind() == SyntaxKind::NODE_INTERPOL || node.kind() == SyntaxKind::NODE_DYNAMIC);
    !is_interpolated && is_plain(expr)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum: what else there is comes to the same")]
fn is_plain(expr: &ast::Expr) -> bool {
    let all = |expr: Option<ast::Expr>| expr.is_some_and(|expr| is_plain(&expr));
    match expr {
        ast::Expr::Literal(_) | ast::Expr::Str(_) => true,
        ast::Expr::Ident(name) => {
            ["true", "false", "null"].contains(&name.syntax().text().to_string().as_str())
        }
        ast::Expr::Paren(paren) => all(paren.expr()),
        ast::Expr::UnaryOp(negated) => all(negated.expr()),
        ast::Expr::List(list) => list.items().all(|item| is_plain(&item)),
        ast::Expr::AttrSet(set) => {
            set.inherits().next().is_none()
                && set.rec_token().is_none()
                && set.attrpath_values().all(|entry| all(entry.value()))
        }
        ast::Expr::Select(select) => path_below(select).is_some_and(|(base, _)| base == "pkgs"),
        ast::Expr::Apply(apply) => {
            let function = apply.lambda().and_then(|function| match function {
                ast::Expr::Select(select) => path_below(&select),
                _ => None,
            });
            let is_priority = function.is_some_and(|(base, path)| {
                base == "lib" && matches!(path.as_slice(), [one] if PRIORITIES.contains(&one.as_str()))
            });
            is_priority && all(apply.argument())
        }
        _ => false,
    }
}

/// A plain name and the path that is selected from it, without a default.
fn path_below(select: &ast::Select) -> Option<(String, Vec<String>)> {
    if select.default_expr().is_some() {
        return None;
    }
    let ast::Expr::Ident(base) = select.expr()? else { return None };
    Some((base.syntax().text().to_string(), of_attrpath(&select.attrpath()?)?))
}

#[cfg(test)]
mod tests {
    use crate::nix::Expr;

    #[test]
    fn data_is_told_from_what_does_something() {
        for data in [
            "true",
            "-1",
            "8080",
            "\"text\"",
            "''\n  lines\n''",
            "[ 1 \"a\" pkgs.htop ]",
            "{ a.b = 1; \"c d\" = [ ]; }",
            "pkgs.python3Packages.requests",
            "lib.mkForce false",
            "(lib.mkDefault [ ])",
            "null",
        ] {
            assert!(Expr::parse(data).unwrap().is_data(), "{data}");
        }
        for other in [
            "builtins.readFile \"/etc/shadow\"",
            "import ./x.nix",
            "/etc/passwd",
            "./x",
            "<nixpkgs>",
            "\"${builtins.readFile /x}\"",
            "{ ${x} = 1; }",
            "pkgs.runCommand \"x\" { } \"id\"",
            "let x = 1; in x",
            "with pkgs; [ htop ]",
            "x: x",
            "config.networking.hostName",
            "lib.fileContents /x",
            "lib.mkForce (import /x)",
            "[ (builtins.fetchurl \"http://e\") ]",
            "{ inherit pkgs; }",
            "rec { a = 1; }",
            "pkgs.x or (import /x)",
            "a + b",
            "if true then 1 else 2",
        ] {
            assert!(!Expr::parse(other).unwrap().is_data(), "{other}");
        }
    }
}
