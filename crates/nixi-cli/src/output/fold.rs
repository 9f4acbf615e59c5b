//! What several nodes say alike, said once.
//!
//! A result waits a moment for others like it, and is then shown with all of those that came. What ended badly waits
//! for nothing, and never comes here.

use std::collections::HashMap;
use std::time::Duration;

use nixi_core::session::CallResult;
use nixi_core::{ErrorKind, ErrorReport, StepStatus, names};
use tokio::time::Instant;

/// Once nothing has come for so long, what waits is shown.
const QUIET: Duration = Duration::from_millis(150);
/// Nothing waits longer than this, however much still comes.
const LONGEST: Duration = Duration::from_millis(500);
/// What others said before waits longer, so that hundreds of nodes are one list of names and not dozens.
const REPEATS: Duration = Duration::from_secs(3);

/// What can be the same on several nodes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Same {
    /// A result, and what its heading says behind the nodes.
    Text { title: String, text: String },
    /// Why a call was not begun.
    Reason { status: StepStatus, action: String, report: ErrorReport },
}

impl Same {
    /// What of a result others may say as well. A change that was made is for itself, as is what ended badly.
    pub(super) fn of(result: &CallResult, title: String) -> Option<Self> {
        let is_change = result.plan.is_some() && result.status != StepStatus::NotStarted;
        match (&result.error, &result.text) {
            (None, Some(text)) if !is_change => Some(Self::Text { title, text: text.clone() }),
            (Some(report), None)
                if result.status == StepStatus::NotStarted && report.kind != ErrorKind::Cancelled =>
            {
                let (action, report) = (result.tool.clone(), report.clone());
                Some(Self::Reason { status: result.status, action, report })
            }
            _ => None,
        }
    }
}

/// What is the same on these nodes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) same: Same,
    /// The nodes, in few words.
    pub(super) nodes: String,
    /// A node that said so before, where it can be read.
    pub(super) as_on: Option<String>,
}

/// What waits for its like.
#[derive(Debug, Default)]
pub(super) struct Fold {
    /// What has not been said yet.
    fresh: Waiting,
    /// What stands on the screen already under another name: nobody misses it for a while.
    repeats: Waiting,
    /// What was shown, and a node under whose name.
    shown: HashMap<Same, String>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The places and names of those who say it.
    said: HashMap<Same, Vec<(usize, String)>>,
    /// When the first of those that wait came, and the last.
    since: Option<(Instant, Instant)>,
}

impl Waiting {
    fn take(&mut self) -> Vec<(Same, Vec<(usize, String)>)> {
        self.since = None;
        self.said.drain().collect()
    }
}

impl Fold {
    /// One more node says so; `at` is its place in the order of the calls.
    pub(super) fn add(&mut self, same: Same, at: usize, node: &str, now: Instant) {
        let part = if self.shown.contains_key(&same) { &mut self.repeats } else { &mut self.fresh };
        part.said.entry(same).or_default().push((at, node.to_owned()));
        part.since = Some((part.since.map_or(now, |(first, _)| first), now));
    }

    fn fresh_due(&self) -> Option<Instant> {
        self.fresh.since.map(|(first, last)| (last + QUIET).min(first + LONGEST))
    }

    fn repeats_due(&self) -> Option<Instant> {
        self.repeats.since.map(|(first, _)| first + REPEATS)
    }

    /// When something of it has waited long enough.
    pub(super) fn due(&self) -> Option<Instant> {
        self.fresh_due().into_iter().chain(self.repeats_due()).min()
    }

    /// What has waited long enough by now, in the order of the calls.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<Group> {
        let mut taken = Vec::new();
        if self.fresh_due().is_some_and(|due| due <= now) {
            taken.extend(self.fresh.take());
        }
        if self.repeats_due().is_some_and(|due| due <= now) {
            taken.extend(self.repeats.take());
        }
        self.groups(taken)
    }

    /// All that waits, in the order of the calls.
    pub(super) fn take(&mut self) -> Vec<Group> {
        let mut taken = self.fresh.take();
        taken.extend(self.repeats.take());
        self.groups(taken)
    }

    fn groups(&mut self, mut groups: Vec<(Same, Vec<(usize, String)>)>) -> Vec<Group> {
        for (_, nodes) in &mut groups {
            nodes.sort_unstable();
        }
        groups.sort_unstable_by_key(|(_, nodes)| nodes.first().map(|(at, _)| *at));
        groups.into_iter().map(|(same, nodes)| self.group(same, &nodes)).collect()
    }

    fn group(&mut self, same: Same, members: &[(usize, String)]) -> Group {
        let nodes = names::fold(members.iter().map(|(_, node)| node.as_str()));
        let as_on = match (&same, members.first()) {
            (Same::Text { .. }, Some((_, first))) => {
                let before = self.shown.get(&same).cloned();
                if before.is_none() {
                    self.shown.insert(same.clone(), first.clone());
                }
                before
            }
            (Same::Text { .. }, None) | (Same::Reason { .. }, _) => None,
        };
        Group { same, nodes, as_on }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Same {
        Same::Text { title: String::new(), text: text.to_owned() }
    }

    fn shown(groups: &[Group]) -> Vec<(&str, &Same, Option<&str>)> {
        groups.iter().map(|group| (group.nodes.as_str(), &group.same, group.as_on.as_deref())).collect()
    }

    #[test]
    fn the_same_is_shown_once_in_the_order_of_the_calls() {
        let (mut fold, now) = (Fold::default(), Instant::now());
        for (at, node, said) in [(3, "web-3", "a"), (0, "db-1", "b"), (1, "web-1", "a"), (2, "web-2", "a")] {
            fold.add(text(said), at, node, now);
        }
        assert_eq!(shown(&fold.take()), [("db-1", &text("b"), None), ("web-[1-3]", &text("a"), None)]);
        assert_eq!(fold.due(), None);
        fold.add(text("a"), 4, "web-4", now);
        assert_eq!(shown(&fold.take()), [("web-4", &text("a"), Some("web-1"))], "it was shown already");
        assert_eq!(fold.take(), []);
    }

    #[test]
    fn the_same_words_of_two_actions_are_not_the_same() {
        let (mut fold, now) = (Fold::default(), Instant::now());
        for (at, title) in ["x.y", "x.z"].into_iter().enumerate() {
            fold.add(Same::Text { title: title.to_owned(), text: "a".to_owned() }, at, "web", now);
        }
        assert_eq!(fold.take().len(), 2);
    }

    #[test]
    fn nothing_waits_for_ever() {
        let (mut fold, begun) = (Fold::default(), Instant::now());
        let after = |ms| begun + Duration::from_millis(ms);
        fold.add(text("a"), 0, "a", begun);
        assert_eq!(fold.due(), Some(after(150)));
        for ms in (100..=1000).step_by(100) {
            fold.add(text("a"), 1, "b", after(ms));
            assert!(fold.due() <= Some(after(500)));
        }
        assert_eq!(fold.take_due(after(499)), []);
        assert_eq!(shown(&fold.take_due(after(500))), [("a, b", &text("a"), None)]);
        fold.add(text("a"), 2, "c", after(600));
        fold.add(text("b"), 3, "d", after(700));
        assert_eq!(shown(&fold.take_due(after(850))), [("d", &text("b"), None)]);
        assert_eq!(fold.due(), Some(after(3600)), "what is known is not missed");
        assert_eq!(shown(&fold.take_due(after(3600))), [("c", &text("a"), Some("a"))]);
        assert_eq!(fold.due(), None);
    }

    proptest! {
        #[test]
        fn nobody_is_left_out_or_named_twice(said in proptest::collection::vec(0..4_u8, 0..40)) {
            let (mut fold, now) = (Fold::default(), Instant::now());
            for (at, words) in said.iter().enumerate().rev() {
                fold.add(text(&words.to_string()), at, &format!("web-{at}"), now);
            }
            let groups = fold.take();
            let mut places = Vec::new();
            for group in &groups {
                let Same::Text { text, .. } = &group.same else { unreachable!("only texts went in") };
                for node in names::expand(&group.nodes).unwrap() {
                    let at: usize = node.strip_prefix("web-").unwrap().parse().unwrap();
                    prop_assert_eq!(&said[at].to_string(), text);
                    places.push(at);
                }
            }
            let firsts: Vec<usize> = groups.iter().map(|group| {
                let Same::Text { text, .. } = &group.same else { unreachable!("only texts went in") };
                said.iter().position(|words| words.to_string() == *text).unwrap()
            }).collect();
            prop_assert!(firsts.is_sorted(), "groups in the order of their first node: {firsts:?}");
            places.sort_unstable();
            prop_assert_eq!(places, (0..said.len()).collect::<Vec<_>>());
        }
    }
}
