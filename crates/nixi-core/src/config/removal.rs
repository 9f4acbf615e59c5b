//! What a removal takes out of the file, so that it can be put back.

use serde::{Deserialize, Serialize};

use super::declared::Declared;
use super::edit::{ConfigEdit, EditError, parse};
use super::layers::BYTE_ORDER_MARK;
use super::read::FileSettings;
use crate::fleet::address;
use crate::node::NodeName;

/// The text that declared a node: what removing it takes away, and putting it back returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// Its name.
    pub name: NodeName,
    /// What a person is shown of it: all that is declared of it. Text that declares anything else is not put back.
    pub shown: String,
    /// The text, to the byte.
    pub text: String,
    /// What was left in its place: nothing, but for what separates the items of an array.
    pub instead: String,
    /// Where it began, in bytes.
    pub at: usize,
}

impl Removal {
    /// What this edit, which removes a node, takes out of the text.
    ///
    /// # Errors
    /// As [`ConfigEdit::apply`].
    pub fn of(edit: &ConfigEdit, text: &str) -> Result<Self, EditError> {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let left = edit.apply(text)?;
        let same = text.bytes().zip(left.bytes()).take_while(|(one, other)| one == other).count();
        let at = floor(text, same);
        let most = text.len().min(left.len()) - at;
        let behind = text.bytes().rev().zip(left.bytes().rev()).take(most);
        let behind = behind.take_while(|(one, other)| one == other).count();
        let end = ceiling(text, text.len() - behind);
        let (taken, instead) = (&text[at..end], &left[at..left.len() - (text.len() - end)]);
        let name = edit.name().clone();
        let before = parse(text).map_err(EditError::Broken)?;
        let shown = find(&before, &name).map(shown).ok_or(EditError::Unverified)?;
        Ok(Self { name, shown, text: taken.to_owned(), instead: instead.to_owned(), at })
    }

    /// The text with the node in it again: where it stood, else at the end.
    pub(super) fn put_back(&self, text: &str) -> Result<String, EditError> {
        let before = parse(text).map_err(EditError::Broken)?;
        if find(&before, &self.name).is_some() {
            return Err(EditError::Duplicate(self.name.clone()));
        }
        let there =
            text.get(..self.at).zip(text.get(self.at..).and_then(|rest| rest.strip_prefix(&self.instead)));
        let there = there.map(|(before, after)| format!("{before}{}{after}", self.text));
        let at_the_end = format!("{}\n\n{}", text.trim_end_matches('\n'), self.text.trim_start_matches('\n'));
        let mut candidates = there.into_iter().chain([at_the_end]);
        candidates.find(|after| self.is_all_that_differs(&before, after)).ok_or(EditError::Unverified)
    }

    fn is_all_that_differs(&self, before: &FileSettings, after: &str) -> bool {
        let Ok(mut after) = parse(after) else { return false };
        let Some(at) = after.nodes.iter().position(|node| node.node.name() == &self.name) else {
            return false;
        };
        let new = after.nodes.remove(at);
        let same = |one: &Declared, other: &Declared| (&one.node, &one.hops) == (&other.node, &other.hops);
        shown(&new) == self.shown
            && after.scalars == before.scalars
            && after.nodes.len() == before.nodes.len()
            && after.nodes.iter().zip(&before.nodes).all(|(one, other)| same(one, other))
    }
}

fn find<'a>(settings: &'a FileSettings, name: &NodeName) -> Option<&'a Declared> {
    settings.nodes.iter().find(|node| node.node.name() == name)
}

fn shown(declared: &Declared) -> String {
    let node = &declared.node;
    let at = node.ssh().map(|ssh| address(&ssh.user, &ssh.host, ssh.port)).unwrap_or_default();
    let mut said = format!("{at}, {}", node.mode());
    if let Some(identity) = node.ssh().and_then(|ssh| ssh.identity.as_ref()) {
        said.push_str(&format!(", key {}", identity.display()));
    }
    if let Some(hops) = &declared.hops {
        let hops: Vec<String> = hops.iter().map(ToString::to_string).collect();
        let way = if hops.is_empty() { "no jump host".to_owned() } else { hops.join(", ") };
        said.push_str(&format!(", by way of {way}"));
    }
    if !node.tags().is_empty() {
        let tags: Vec<String> = node.tags().iter().map(|tag| format!("@{tag}")).collect();
        said.push_str(&format!(", {}", tags.join(" ")));
    }
    format!("{} ({said})", node.name())
}

/// The nearest boundary of a character, here or before.
fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The nearest boundary of a character, here or behind.
fn ceiling(text: &str, at: usize) -> usize {
    (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}
