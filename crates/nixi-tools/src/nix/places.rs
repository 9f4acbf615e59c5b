//! Where in a file an option is set.

use rnix::ast::{self, HasEntry};
use rowan::ast::AstNode;

use super::OptionPath;
use super::source::{Source, line_of, with_room};

/// The lines, counted from 1, on which a file sets an option, and of a list the one of an element, where one is named as it is
/// written: `htop` is found in `[ pkgs.htop ]` and in `with pkgs; [ htop ]`. Empty where it cannot be told by reading.
pub fn lines_of(text: &str, option: &OptionPath, element: Option<&str>) -> Vec<usize> {
    let read = with_room(text, || {
        let mut lines = Vec::new();
        visit(&Source::parse(text)?.expr()?, option.parts(), &mut |value| {
            let at = match element {
                None => Some(value.syntax().text_range().start()),
                Some(word) => element_of(value, word),
            };
            lines.extend(at.map(|at| line_of(text, usize::from(at))));
        });
        lines.sort_unstable();
        lines.dedup();
        Ok(lines)
    });
    // What cannot be parsed is told by who evaluates it.
    read.unwrap_or_default()
}

/// Hands on each expression that these names are set to.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others hold no options that reading finds")]
fn visit(expr: &ast::Expr, names: &[String], found: &mut impl FnMut(&ast::Expr)) {
    match expr {
        ast::Expr::Lambda(lambda) => {
            if let Some(body) = lambda.body() {
                visit(&body, names, found);
            }
        }
        ast::Expr::With(with) => {
            if let Some(body) = with.body() {
                visit(&body, names, found);
            }
        }
        ast::Expr::LetIn(let_in) => {
            if let Some(body) = let_in.body() {
                visit(&body, names, found);
            }
        }
        ast::Expr::Paren(paren) => {
            if let Some(inner) = paren.expr() {
                visit(&inner, names, found);
            }
        }
        // `lib.mkIf condition { … }`, `lib.mkMerge [ … ]`
        ast::Expr::Apply(apply) => {
            if let Some(argument) = apply.argument() {
                visit(&argument, names, found);
            }
        }
        ast::Expr::List(list) => list.items().for_each(|item| visit(&item, names, found)),
        ast::Expr::BinOp(operation) => {
            for side in [operation.lhs(), operation.rhs()].into_iter().flatten() {
                visit(&side, names, found);
            }
        }
        ast::Expr::AttrSet(set) => {
            for entry in set.attrpath_values() {
                let (Some(path), Some(value)) = (entry.attrpath(), entry.value()) else { continue };
                let Some(parts) = parts_of(&path) else { continue };
                let parts = match parts.split_first() {
                    // What stands under `config` is the same as what stands beside it.
                    Some((first, rest))
                        if first == "config" && names.first().is_some_and(|name| name != "config") =>
                    {
                        rest.to_vec()
                    }
                    Some(_) | None => parts,
                };
                if parts.is_empty() {
                    visit(&value, names, found);
                } else if let Some(rest) = names.strip_prefix(parts.as_slice()) {
                    match rest {
                        [] => found(&value),
                        rest => visit(&value, rest, found),
                    }
                }
            }
        }
        _ => {}
    }
}

/// The plain names of a path of attributes.
fn parts_of(path: &ast::Attrpath) -> Option<Vec<String>> {
    path.attrs()
        .map(|attr| match attr {
            ast::Attr::Ident(ident) => Some(ident.ident_token()?.text().to_owned()),
            ast::Attr::Str(text) => {
                let parts = text.normalized_parts();
                match parts.as_slice() {
                    [ast::InterpolPart::Literal(literal)] => Some(literal.clone()),
                    _ => None,
                }
            }
            ast::Attr::Dynamic(_) => None,
        })
        .collect()
}

/// Where an element of that name begins in an expression.
fn element_of(value: &ast::Expr, word: &str) -> Option<rowan::TextSize> {
    let lists = value.syntax().descendants().filter_map(ast::List::cast);
    let mut items = lists.flat_map(|list| list.items().collect::<Vec<_>>());
    let is_it = |item: &ast::Expr| {
        let text = item.syntax().text().to_string();
        text == word
            || text.strip_prefix("pkgs.") == Some(word)
            || Some(text.as_str()) == word.strip_prefix("pkgs.")
    };
    items.find(is_it).map(|item| item.syntax().text_range().start())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str, option: &str, element: Option<&str>) -> Vec<usize> {
        lines_of(text, &option.parse().unwrap(), element)
    }

    const TEXT: &str = r#"{ config, pkgs, lib, ... }:
let x = 1; in
{
  environment.systemPackages = with pkgs; [
    vim # htop
    htop
  ];
  services = {
    nginx.enable = true;
    openssh = { ports = [ 22 ]; };
  };
  config = lib.mkIf true {
    environment = { systemPackages = [ pkgs.jq (pkgs.curl) ] ++ lib.optional true pkgs.git; };
  };
  systemd.services."a@b".enable = false;
}
"#;

    #[test]
    fn options_are_found_where_people_write_them() {
        for (option, element, expected) in [
            ("environment.systemPackages", None, &[4, 13][..]),
            ("environment.systemPackages", Some("htop"), &[6]),
            ("environment.systemPackages", Some("jq"), &[13]),
            ("environment.systemPackages", Some("pkgs.vim"), &[5]),
            ("environment.systemPackages", Some("x"), &[]),
            ("services.nginx.enable", None, &[9]),
            ("services.openssh.ports", Some("22"), &[10]),
            ("systemd.services.\"a@b\".enable", None, &[15]),
            ("services.nginx", None, &[]),
            ("boot.loader.timeout", None, &[]),
        ] {
            assert_eq!(lines(TEXT, option, element), expected, "{option} {element:?}");
        }
    }

    proptest! {
        /// Whatever a file holds, no line is told that is not there.
        #[test]
        fn any_text_is_survived(text in "[ -~\n]{0,200}") {
            let count = text.lines().count().max(1);
            for line in lines(&text, "a.b", None) {
                prop_assert!((1..=count).contains(&line));
            }
        }
    }
}
