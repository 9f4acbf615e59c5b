//! A NixOS module that is edited option by option.

use rnix::ast::{self, HasEntry};
use rowan::ast::AstNode;

use super::checked::{Change, checked};
use super::option_path::{of_attr, of_attrpath};
use super::sequence::{Sequence, sorted_place};
use super::source::{Source, normal, offsets, tokens, with_room};
use super::{EditError, Expr, OptionPath};

/// How a new module begins.
const NEW: &str = "# Nixi keeps this file. You may edit it: Nixi changes nothing that it did not write itself.\n\
                   { config, lib, pkgs, ... }:\n\n{\n}\n";

/// One change of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// An element more in the list of an option.
    Add {
        /// The option.
        option: OptionPath,
        /// The element.
        element: Expr,
        /// Its place in the list.
        order: Order,
    },
    /// An element less.
    Remove {
        /// The option.
        option: OptionPath,
        /// The element.
        element: Expr,
        /// Whether the option goes with its last element.
        with_last: bool,
    },
    /// Another value of an option.
    Set {
        /// The option.
        option: OptionPath,
        /// Its value.
        value: Expr,
    },
    /// No value of an option any more.
    Unset {
        /// The option.
        option: OptionPath,
    },
}

/// Where in a list a new element goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The order means nothing: where it belongs, if the list is sorted, else at the end.
    Sorted,
    /// Behind all others.
    Last,
    /// Before the element that is there now, counted from 0.
    At(usize),
}

/// A module that parses, and whose options can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    text: String,
}

/// Where an option is set, or would be.
enum Place {
    /// Here.
    Bound(ast::AttrpathValue),
    /// Not yet: in this set, under this name.
    Free(ast::AttrSet, Vec<String>),
}

/// The lists that are written out in the value of an option.
struct Written {
    lists: Vec<(ast::List, Vec<String>)>,
}

/// One that sets nothing.
impl Default for Module {
    fn default() -> Self {
        Self::new()
    }
}

impl Module {
    /// A module that sets nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { text: NEW.to_owned() }
    }

    /// The module with this text.
    ///
    /// # Errors
    /// When it does not parse, or is not written as a set of options.
    pub fn parse(text: &str) -> Result<Self, EditError> {
        with_room(text, || body(&Source::parse(text)?).map(drop))?;
        Ok(Self { text: text.to_owned() })
    }

    /// The whole file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What an option is set to here, if it is.
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn value(&self, option: &OptionPath) -> Result<Option<Expr>, EditError> {
        with_room(&self.text, || {
            Ok(match find(&Source::parse(&self.text)?, option)? {
                Place::Bound(binding) => binding.value().map(|value| Expr::of(&value)),
                Place::Free(..) => None,
            })
        })
    }

    /// Whether an element is in the list of an option, as far as that is written out here.
    ///
    /// # Errors
    /// When the option cannot be found.
    pub fn has(&self, option: &OptionPath, element: &Expr) -> Result<bool, EditError> {
        with_room(&self.text, || {
            Ok(match find(&Source::parse(&self.text)?, option)? {
                Place::Bound(binding) => {
                    binding.value().is_some_and(|value| Written::of(&value).has(element))
                }
                Place::Free(..) => false,
            })
        })
    }

    /// Makes an edit, and gives the one that takes it back; nothing if there was nothing to do.
    ///
    /// # Errors
    /// When the place for it cannot be told; nothing has changed then.
    pub fn apply(&mut self, edit: &Edit) -> Result<Option<Edit>, EditError> {
        let edited = self.edited(edit)?;
        // What stands there twice goes twice.
        let mut back = None;
        if let Some((text, inverse)) = edited {
            self.text = text;
            back = Some(inverse);
            if matches!(edit, Edit::Remove { .. }) {
                while let Some((text, _)) = self.edited(edit)? {
                    self.text = text;
                }
            }
        }
        Ok(back)
    }

    fn edited(&self, edit: &Edit) -> Result<Edited, EditError> {
        with_room(&self.text, || {
            let source = Source::parse(&self.text)?;
            match edit {
                Edit::Add { option, element, order } => add(&source, option, element, *order),
                Edit::Remove { option, element, with_last } => remove(&source, option, element, *with_last),
                Edit::Set { option, value } => set(&source, option, value),
                Edit::Unset { option } => unset(&source, option),
            }
        })
    }
}

type Edited = Option<(String, Edit)>;

fn add(source: &Source<'_>, option: &OptionPath, element: &Expr, order: Order) -> Result<Edited, EditError> {
    let back = |with_last| Edit::Remove { option: option.clone(), element: element.clone(), with_last };
    match find(source, option)? {
        Place::Free(set, name) => {
            let list = format!("[\n  {}\n]", element.element());
            let text = bind(source, &set, &name, &list)?;
            Ok(Some((text, back(true))))
        }
        Place::Bound(binding) => {
            let value = binding.value().ok_or(EditError::Unsafe)?;
            let written = Written::of(&value);
            if written.has(element) {
                return Ok(None);
            }
            let Some((list, _)) = written.lists.first() else {
                return Err(source.unfit(value.syntax(), format!("the value of {option} is computed")));
            };
            let text = add_to_list(source, list, element, order)?;
            Ok(Some((text, back(false))))
        }
    }
}

/// The text with one element more in a list.
pub(super) fn add_to_list(
    source: &Source<'_>,
    list: &ast::List,
    element: &Expr,
    order: Order,
) -> Result<String, EditError> {
    let items = Sequence::of_list(source.text, list).ok_or(EditError::Unsafe)?;
    let place = match order {
        Order::Sorted => {
            let words: Vec<String> = list.items().map(|item| normal(item.syntax())).collect();
            sorted_place(words.iter().map(String::as_str), element.normal())
        }
        Order::Last => items.len(),
        Order::At(place) => place,
    };
    let text = items.insert(place, &element.element());
    checked(source, text, Change::Added, &element_tokens(element)?)
}

fn element_tokens(element: &Expr) -> Result<Vec<String>, EditError> {
    Ok(Source::parse(&element.element())?.tokens())
}

fn remove(
    source: &Source<'_>,
    option: &OptionPath,
    element: &Expr,
    with_last: bool,
) -> Result<Edited, EditError> {
    let Place::Bound(binding) = find(source, option)? else { return Ok(None) };
    let Some(value) = binding.value() else { return Ok(None) };
    let Some((list, at)) = Written::of(&value).find(element) else { return Ok(None) };
    let items = Sequence::of_list(source.text, &list).ok_or(EditError::Unsafe)?;
    // A value that is more than this list stays.
    let is_whole = value.syntax() == list.syntax();
    if with_last && is_whole && items.is_bare_but_for(at) {
        let text = unbind(source, &binding)?;
        let back = Edit::Add { option: option.clone(), element: element.clone(), order: Order::Last };
        return Ok(Some((text, back)));
    }
    let item = list.items().nth(at).ok_or(EditError::Unsafe)?;
    let text = checked(source, items.remove(at), Change::Removed, &tokens(item.syntax()))?;
    let back = Edit::Add { option: option.clone(), element: Expr::of(&item), order: Order::At(at) };
    Ok(Some((text, back)))
}

fn set(source: &Source<'_>, option: &OptionPath, value: &Expr) -> Result<Edited, EditError> {
    match find(source, option)? {
        Place::Free(place, name) => {
            let text = bind(source, &place, &name, &value.to_string())?;
            Ok(Some((text, Edit::Unset { option: option.clone() })))
        }
        Place::Bound(binding) => {
            let former = binding.value().ok_or(EditError::Unsafe)?;
            let former_value = Expr::of(&former);
            if former_value == *value {
                return Ok(None);
            }
            let mut text = source.text.to_owned();
            text.replace_range(offsets(former.syntax().text_range()), &value.to_string());
            Source::parse(&text).map_err(|_| EditError::Unsafe)?;
            Ok(Some((text, Edit::Set { option: option.clone(), value: former_value })))
        }
    }
}

fn unset(source: &Source<'_>, option: &OptionPath) -> Result<Edited, EditError> {
    let Place::Bound(binding) = find(source, option)? else { return Ok(None) };
    let former = binding.value().ok_or(EditError::Unsafe)?;
    let back = Edit::Set { option: option.clone(), value: Expr::of(&former) };
    Ok(Some((unbind(source, &binding)?, back)))
}

/// The text with one binding more, at the end of a set.
fn bind(source: &Source<'_>, set: &ast::AttrSet, name: &[String], value: &str) -> Result<String, EditError> {
    let items = Sequence::of_set(source.text, set).ok_or(EditError::Unsafe)?;
    bind_at(source, &items, items.len(), name, value)
}

/// The same at another place.
pub(super) fn bind_at(
    source: &Source<'_>,
    items: &Sequence<'_>,
    at: usize,
    name: &[String],
    value: &str,
) -> Result<String, EditError> {
    let name = OptionPath::of_parts(name).ok_or(EditError::Unsafe)?;
    let binding = format!("{name} = {value};");
    // The value is one of several lines where it stands on lines of its own.
    let flat = binding.replace("[\n  ", "[ ").replace("\n]", " ]");
    let flat = if value.contains('\n') && value.starts_with("[\n") { flat } else { binding.clone() };
    let probe = items.insert(at, &flat);
    let place = probe.find(&flat).unwrap_or_default();
    let start = probe.get(..place).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let indent = probe.get(start..place).unwrap_or_default();
    let is_on_its_lines = indent.trim().is_empty() && place > 0;
    let text = if is_on_its_lines {
        let newline = if source.text.contains("\r\n") { "\r\n" } else { "\n" };
        items.insert(at, &binding.replace('\n', &format!("{newline}{indent}")))
    } else {
        probe
    };
    let about = Source::parse(&format!("{{ {flat} }}"))?.tokens();
    let about = about.get(1..about.len().saturating_sub(1)).unwrap_or_default();
    checked(source, text, Change::Added, about)
}

/// The text without a binding.
pub(super) fn unbind(source: &Source<'_>, binding: &ast::AttrpathValue) -> Result<String, EditError> {
    let set = binding.syntax().parent().and_then(ast::AttrSet::cast).ok_or(EditError::Unsafe)?;
    let at = set.entries().position(|entry| entry.syntax() == binding.syntax()).ok_or(EditError::Unsafe)?;
    let items = Sequence::of_set(source.text, &set).ok_or(EditError::Unsafe)?;
    checked(source, items.remove(at), Change::Removed, &tokens(binding.syntax()))
}

/// The set that a module is, below its arguments and what it names.
pub(super) fn body(source: &Source<'_>) -> Result<ast::AttrSet, EditError> {
    let expr = source.expr()?;
    set_within(&expr)
        .ok_or_else(|| source.unfit(expr.syntax(), "the module is not written as a set of options"))
}

/// The set that an expression comes to, if that can be told without evaluating it.
#[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum: what else there is comes to the same")]
pub(super) fn set_within(expr: &ast::Expr) -> Option<ast::AttrSet> {
    let inner = match expr {
        ast::Expr::AttrSet(set) => return Some(set.clone()),
        ast::Expr::Lambda(lambda) => lambda.body(),
        ast::Expr::LetIn(bindings) => bindings.body(),
        ast::Expr::With(with) => with.body(),
        ast::Expr::Assert(assert) => assert.body(),
        ast::Expr::Paren(paren) => paren.expr(),
        _ => None,
    };
    set_within(&inner?)
}

/// Where an option of the module is set; below `config`, where the module has one.
fn find(source: &Source<'_>, option: &OptionPath) -> Result<Place, EditError> {
    let body = body(source)?;
    let is_split = |entry: ast::AttrpathValue| {
        let first = entry.attrpath().and_then(|path| of_attr(&path.attrs().next()?));
        first.is_some_and(|first| first == "config" || first == "options")
    };
    let below = body.attrpath_values().any(is_split).then(|| "config".to_owned());
    let parts: Vec<String> = below.into_iter().chain(option.parts().iter().cloned()).collect();
    find_in(source, &body, &parts)
}

/// Where a name is bound in a set, or in the sets that it holds.
fn find_in(source: &Source<'_>, set: &ast::AttrSet, parts: &[String]) -> Result<Place, EditError> {
    let name = || OptionPath::of_parts(parts).map(|path| path.to_string()).unwrap_or_default();
    let mut deepest = None;
    for entry in set.entries() {
        let binding = match entry {
            ast::Entry::AttrpathValue(binding) => binding,
            ast::Entry::Inherit(inherit) => {
                let is_inherited = inherit.attrs().any(|attr| of_attr(&attr).as_ref() == parts.first());
                if is_inherited {
                    return Err(source.unfit(inherit.syntax(), format!("{} is inherited", name())));
                }
                continue;
            }
        };
        let Some(path) = binding.attrpath().as_ref().and_then(of_attrpath) else { continue };
        if path == parts {
            return Ok(Place::Bound(binding));
        }
        if path.starts_with(parts) {
            return Err(source.unfit(binding.syntax(), format!("{} is set part by part", name())));
        }
        let Some(rest) = parts.strip_prefix(path.as_slice()) else { continue };
        let value = binding.value();
        let Some(inner) = value.as_ref().and_then(plain_set) else {
            let what = format!("{} is not written as a set", path.join("."));
            return Err(source.unfit(binding.syntax(), what));
        };
        match find_in(source, &inner, rest)? {
            bound @ Place::Bound(_) => return Ok(bound),
            free @ Place::Free(..) => deepest = Some(free),
        }
    }
    Ok(deepest.unwrap_or_else(|| Place::Free(set.clone(), parts.to_vec())))
}

/// A binding of a set, by its name, where it is bound as a whole.
pub(super) fn bound_in(
    source: &Source<'_>,
    set: &ast::AttrSet,
    parts: &[String],
) -> Result<Option<ast::AttrpathValue>, EditError> {
    Ok(match find_in(source, set, parts)? {
        Place::Bound(binding) => Some(binding),
        Place::Free(..) => None,
    })
}

/// A set as it is written, without what would make another one of it.
fn plain_set(expr: &ast::Expr) -> Option<ast::AttrSet> {
    if let ast::Expr::Paren(paren) = expr {
        return plain_set(&paren.expr()?);
    }
    ast::AttrSet::cast(expr.syntax().clone())
}

impl Written {
    fn of(value: &ast::Expr) -> Self {
        let mut lists = Vec::new();
        collect(value, &mut Vec::new(), &mut lists);
        Self { lists }
    }

    /// The list that has an element, and its place there.
    fn find(&self, element: &Expr) -> Option<(ast::List, usize)> {
        self.lists.iter().find_map(|(list, spaces)| {
            let is_it = |item: ast::Expr| {
                let words = normal(item.syntax());
                words == element.normal()
                    || unwrapped(&item).is_some_and(|inner| inner == element.normal())
                    || spaces.iter().any(|space| format!("{space}\0.\0{words}") == element.normal())
            };
            Some((list.clone(), list.items().position(is_it)?))
        })
    }

    fn has(&self, element: &Expr) -> bool {
        self.find(element).is_some()
    }
}

/// What stands in parentheses.
fn unwrapped(item: &ast::Expr) -> Option<String> {
    let ast::Expr::Paren(paren) = item else { return None };
    Some(normal(paren.expr()?.syntax()))
}

/// The lists of a value that are written out, each with the sets whose names need no prefix in it.
#[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum: what else there is comes to the same")]
pub(super) fn collect(expr: &ast::Expr, spaces: &mut Vec<String>, lists: &mut Vec<(ast::List, Vec<String>)>) {
    match expr {
        ast::Expr::List(list) => lists.push((list.clone(), spaces.clone())),
        ast::Expr::Paren(paren) => {
            if let Some(inner) = paren.expr() {
                collect(&inner, spaces, lists);
            }
        }
        ast::Expr::With(with) => {
            if let (Some(space), Some(body)) = (with.namespace(), with.body()) {
                spaces.push(normal(space.syntax()));
                collect(&body, spaces, lists);
                spaces.pop();
            }
        }
        ast::Expr::BinOp(both) if both.operator() == Some(ast::BinOpKind::Concat) => {
            for side in [both.lhs(), both.rhs()].into_iter().flatten() {
                collect(&side, spaces, lists);
            }
        }
        _ => {}
    }
}
