//! What a module of the user's imports.

use rnix::ast;
use rowan::ast::AstNode;

use super::checked::{Change, checked};
use super::module::{add_to_list, bind_at, body, bound_in, collect, unbind};
use super::sequence::Sequence;
use super::source::{Source, normal, offsets, tokens, with_room};
use super::{EditError, Expr, Order};

/// How a file came to be imported, which is how that is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Import {
    /// There were no imports before.
    Bound,
    /// It stands in a list that was there.
    Listed,
    /// Its list follows a computed one.
    Appended,
}

/// The text of a module that imports this file as well, by its path from there, as `./nixi.nix`; nothing if it does
/// already, by this or one of the other spellings.
///
/// # Errors
/// When it cannot be told from the syntax where to write it.
pub fn add(text: &str, path: &str, others: &[&str]) -> Result<Option<(String, Import)>, EditError> {
    with_room(text, || added(&Source::parse(text)?, path, others))
}

fn added(source: &Source<'_>, path: &str, others: &[&str]) -> Result<Option<(String, Import)>, EditError> {
    let (body, new) = (body(source)?, Expr::parse(path)?);
    let imports = ["imports".to_owned()];
    let Some(binding) = bound_in(source, &body, &imports)? else {
        let items = Sequence::of_set(source.text, &body).ok_or(EditError::Unsafe)?;
        return bind_at(source, &items, 0, &imports, &format!("[ {path} ]"))
            .map(|text| Some((text, Import::Bound)));
    };
    let value = binding.value().ok_or(EditError::Unsafe)?;
    add_to_value(source, &value, &new, others)
}

/// The same for any expression that comes to a list of modules.
pub(super) fn add_to_value(
    source: &Source<'_>,
    value: &ast::Expr,
    new: &Expr,
    others: &[&str],
) -> Result<Option<(String, Import)>, EditError> {
    let mut lists = Vec::new();
    collect(value, &mut Vec::new(), &mut lists);
    let is_there = |item: ast::Expr| {
        let words = normal(item.syntax());
        words == new.normal() || others.contains(&words.as_str())
    };
    if lists.iter().any(|(list, _)| list.items().any(is_there)) {
        return Ok(None);
    }
    if let Some((list, _)) = lists.first() {
        return add_to_list(source, list, new, Order::Last).map(|text| Some((text, Import::Listed)));
    }
    // What a function gives, or what a name stands for: another list can follow it.
    let binds_tighter = matches!(
        value,
        ast::Expr::Apply(_) | ast::Expr::Select(_) | ast::Expr::Ident(_) | ast::Expr::Paren(_)
    ) || matches!(value, ast::Expr::BinOp(both) if both.operator() == Some(ast::BinOpKind::Concat));
    if !binds_tighter {
        return Err(source.unfit(value.syntax(), "the list of imports is computed"));
    }
    let mut text = source.text.to_owned();
    let added = format!(" ++ [ {new} ]");
    text.insert_str(offsets(value.syntax().text_range()).end, &added);
    let about = ["++".to_owned(), "[".to_owned()].into_iter().chain(tokens_of(new)?).chain(["]".to_owned()]);
    checked(source, text, Change::Added, &about.collect::<Vec<_>>())
        .map(|text| Some((text, Import::Appended)))
}

fn tokens_of(expr: &Expr) -> Result<Vec<String>, EditError> {
    Ok(Source::parse(&expr.to_string())?.tokens())
}

/// The text without this import, which [`add`] made `how` it says: to the byte as it was. Nothing if it is not imported.
///
/// # Errors
/// When that would change more than the import.
pub fn remove(text: &str, path: &str, how: Import) -> Result<Option<String>, EditError> {
    with_room(text, || removed(&Source::parse(text)?, path, how))
}

fn removed(source: &Source<'_>, path: &str, how: Import) -> Result<Option<String>, EditError> {
    let (body, old) = (body(source)?, Expr::parse(path)?);
    let Some(binding) = bound_in(source, &body, &["imports".to_owned()])? else { return Ok(None) };
    let value = binding.value().ok_or(EditError::Unsafe)?;
    let mut lists = Vec::new();
    collect(&value, &mut Vec::new(), &mut lists);
    for (list, _) in lists {
        let Some(at) = list.items().position(|item| normal(item.syntax()) == old.normal()) else { continue };
        let items = Sequence::of_list(source.text, &list).ok_or(EditError::Unsafe)?;
        let is_all = items.is_bare_but_for(at);
        match how {
            Import::Bound if is_all && list.syntax() == value.syntax() => {
                return unbind(source, &binding).map(Some);
            }
            Import::Appended if is_all => {
                if let Some(text) = without_right_side(source, &list)? {
                    return Ok(Some(text));
                }
            }
            Import::Bound | Import::Listed | Import::Appended => {}
        }
        let item = list.items().nth(at).ok_or(EditError::Unsafe)?;
        return checked(source, items.remove(at), Change::Removed, &tokens(item.syntax())).map(Some);
    }
    Ok(None)
}

/// The text without ` ++ [ … ]`, where the list is the right side of a `++`.
fn without_right_side(source: &Source<'_>, list: &ast::List) -> Result<Option<String>, EditError> {
    let both = list.syntax().parent().and_then(ast::BinOp::cast);
    let Some((left, right)) = both.and_then(|both| Some((both.lhs()?, both.rhs()?))) else { return Ok(None) };
    if right.syntax() != list.syntax() {
        return Ok(None);
    }
    let mut text = source.text.to_owned();
    let start = offsets(left.syntax().text_range()).end;
    text.replace_range(start..offsets(right.syntax().text_range()).end, "");
    checked(source, text, Change::Removed, &tokens(list.syntax())).map(Some)
}
