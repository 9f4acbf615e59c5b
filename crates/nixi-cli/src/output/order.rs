//! The calls of an operation and what came of each; results end in any order.

use std::collections::HashMap;

use nixi_core::session::{CallAhead, CallResult, LeftBehind, Reached};
use nixi_core::{CallId, names};
use tokio::time::Instant;

/// From how many seconds on it is told how long something takes.
const LONG: u64 = 3;
/// Of how many nodes it is told at most what each does.
const NODES: usize = 3;

/// The calls in their order, each with its result once it has one.
#[derive(Debug, Default)]
pub(crate) struct Order {
    slots: Vec<Slot>,
    /// Where each call stands.
    places: HashMap<CallId, usize>,
    /// All before this one were given out.
    given: usize,
    waiting: usize,
}

/// One call on one node.
#[derive(Debug)]
pub(crate) struct Slot {
    /// What came of it; while it runs, a call that has not begun.
    result: CallResult,
    state: State,
    /// What it does, and since when.
    doing: Option<(String, Instant)>,
    /// Whether it is one of calls on several nodes.
    pub(crate) beside: bool,
}

impl Slot {
    /// `nixos.check on web: building hello (3 of 17) … 12 s`
    fn how_far(&self, now: Instant) -> String {
        let Some((words, since)) = &self.doing else { return format!("{} …", self.called()) };
        match now.saturating_duration_since(*since).as_secs() {
            0..LONG => format!("{}: {words} …", self.called()),
            seconds => format!("{}: {words} … {seconds} s", self.called()),
        }
    }

    /// Whether it is of that call.
    pub(crate) fn is_of(&self, call: CallId) -> bool {
        self.result.call == call
    }

    /// `service.stop on web`
    fn called(&self) -> String {
        format!("{} on {}", self.result.tool, self.result.node)
    }
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// It is a change that was approved, so that something of it may have been sent.
    Begun,
    Ended,
    /// Its result was given out.
    Given,
}

impl Slot {
    /// How the call ended, or else what is left of it by how far it had come.
    pub(crate) fn left_behind(&self, left: &LeftBehind<'_>) -> CallResult {
        match self.state {
            State::Ended | State::Given => self.result.clone(),
            State::Open => left.end(self.result.clone(), Reached::Nothing),
            State::Begun => left.end(self.result.clone(), Reached::ChangeBegun),
        }
    }

    fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended | State::Given)
    }

    /// The node.
    pub(crate) fn node(&self) -> &str {
        &self.result.node
    }
}

impl Order {
    /// These calls are to be made.
    pub(crate) fn expect(&mut self, calls: Vec<CallAhead>) {
        let beside = calls.iter().any(|call| calls.first().is_some_and(|first| first.node != call.node));
        for CallAhead { call, action, node, args, presentation } in calls {
            self.waiting += 1;
            let blank = CallResult::new(call, &action, node.as_str(), args);
            self.put(blank.shown_as(presentation), beside);
        }
    }

    /// A change was approved, and may have been sent from now on.
    pub(crate) fn begin(&mut self, call: CallId) {
        if let Some(slot) = self.places.get(&call).and_then(|&at| self.slots.get_mut(at)) {
            slot.state = State::Begun;
        }
    }

    /// A call that has not ended tells what it does now.
    pub(crate) fn go_on(&mut self, call: CallId, words: String, now: Instant) {
        let slot = self.places.get(&call).and_then(|&at| self.slots.get_mut(at));
        if let Some(slot) = slot.filter(|slot| !slot.has_ended())
            && slot.doing.as_ref().is_none_or(|(before, _)| *before != words)
        {
            slot.doing = Some((words, now));
        }
    }

    /// A call ended; where it stands.
    pub(crate) fn end(&mut self, result: CallResult) -> usize {
        let at = match self.places.get(&result.call) {
            Some(&at) => {
                self.waiting -= usize::from(!self.slots[at].has_ended());
                at
            }
            None => self.put(result.clone(), false),
        };
        let slot = &mut self.slots[at];
        (slot.result, slot.state) = (result, State::Ended);
        at
    }

    /// One more call; where it stands.
    fn put(&mut self, result: CallResult, beside: bool) -> usize {
        let at = self.slots.len();
        self.places.insert(result.call, at);
        self.slots.push(Slot { result, state: State::Open, doing: None, beside });
        at
    }

    /// The result at this place, if it was not given out before.
    pub(crate) fn give(&mut self, at: usize) -> Option<CallResult> {
        let slot = self.slots.get_mut(at).filter(|slot| slot.state == State::Ended)?;
        slot.state = State::Given;
        Some(slot.result.clone())
    }

    /// The results that are next in order and have all arrived.
    pub(crate) fn give_next(&mut self) -> Vec<CallResult> {
        let mut ready = Vec::new();
        while self.slots.get(self.given).is_some_and(Slot::has_ended) {
            ready.extend(self.give(self.given));
            self.given += 1;
        }
        ready
    }

    /// All calls so far, in order.
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// How many have no result yet.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Of calls on one node what the first of them does that has not ended; of calls on several nodes, `12 of 40; web-1: evaluating,
    /// web-2: building hello (3 of 17); waiting for web-[3-7]`.
    pub(crate) fn how_far(&self, now: Instant) -> String {
        let open: Vec<&Slot> = self.slots.iter().filter(|slot| !slot.has_ended()).collect();
        if let Some(first) = open.first().filter(|first| !first.beside) {
            return first.how_far(now);
        }
        let (doing, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|slot| slot.doing.is_some());
        let told = doing.iter().take(NODES).filter_map(|slot| {
            let (words, _) = slot.doing.as_ref()?;
            Some(format!("{}: {words}", slot.node()))
        });
        let told = told.collect::<Vec<_>>().join(", ");
        let more = doing.into_iter().skip(NODES);
        let silent: Vec<&str> = more.chain(others).map(Slot::node).collect();
        let ended = self.slots.len() - self.waiting;
        let mut words = format!("{ended} of {}", self.slots.len());
        if !told.is_empty() {
            words.push_str(&format!("; {told}"));
        }
        if !silent.is_empty() {
            words.push_str(&format!("; waiting for {}", names::fold(silent)));
        }
        words
    }

    /// Whether the result of this call was given out.
    pub(crate) fn is_given(&self, call: CallId) -> bool {
        self.places
            .get(&call)
            .and_then(|&at| self.slots.get(at))
            .is_some_and(|slot| slot.state == State::Given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nixi_core::{Presentation, StepStatus};
    use serde_json::Value;

    fn result(call: u64, node: &str) -> CallResult {
        let result = CallResult::new(CallId::new(call), "x.y", node, Value::Null);
        CallResult { status: StepStatus::Done, ..result }
    }

    /// Calls on these nodes, numbered from 0.
    fn order(nodes: &[&str]) -> Order {
        let mut order = Order::default();
        let ahead = |(call, node): (u64, &&str)| CallAhead {
            call: CallId::new(call),
            action: "x.y".into(),
            node: node.parse().unwrap(),
            args: Value::Null,
            presentation: Presentation::OF_A_NODE,
        };
        order.expect((0..).zip(nodes).map(ahead).collect());
        order
    }

    fn names(results: &[CallResult]) -> Vec<&str> {
        results.iter().map(|result| result.node.as_str()).collect()
    }

    #[test]
    fn the_first_holds_up_the_others_and_then_lets_them_go() {
        let mut order = order(&["a", "b", "c"]);
        assert_eq!(order.end(result(1, "b")), 1);
        assert!(order.give_next().is_empty());
        assert_eq!(order.end(result(0, "a")), 0);
        assert_eq!(names(&order.give_next()), ["a", "b"]);
        assert_eq!((order.waiting(), order.how_far(Instant::now()).as_str()), (1, "2 of 3; waiting for c"));
        order.end(result(2, "c"));
        assert_eq!(names(&order.give_next()), ["c"]);
        assert_eq!(order.waiting(), 0);
    }

    #[test]
    fn what_each_node_does_is_one_line() {
        let now = Instant::now();
        let mut order = order(&["a", "b", "c", "d-1", "d-2", "e"]);
        assert_eq!(order.how_far(now), "0 of 6; waiting for a, b, c, d-[1-2], e");
        for (call, words) in [(1, "evaluating"), (0, "building hello (3 of 17)"), (3, "x"), (4, "y")] {
            order.go_on(CallId::new(call), words.to_owned(), now);
        }
        let told = "a: building hello (3 of 17), b: evaluating, d-1: x";
        assert_eq!(order.how_far(now), format!("0 of 6; {told}; waiting for d-2, c, e"));
        order.end(result(0, "a"));
        order.go_on(CallId::new(0), "late".to_owned(), now);
        assert_eq!(order.how_far(now), "1 of 6; b: evaluating, d-1: x, d-2: y; waiting for c, e");
        for (call, node) in [(1, "b"), (2, "c"), (3, "d-1"), (5, "e")] {
            order.end(result(call, node));
        }
        assert_eq!(order.how_far(now), "5 of 6; d-2: y");
    }

    #[test]
    fn one_node_tells_what_it_does_and_for_how_long() {
        let now = Instant::now();
        let mut order = order(&["a", "a"]);
        let after = |seconds| now + std::time::Duration::from_secs(seconds);
        assert_eq!(order.how_far(after(9)), "x.y on a …");
        order.go_on(CallId::new(0), "evaluating".to_owned(), now);
        order.go_on(CallId::new(0), "evaluating".to_owned(), after(5));
        assert_eq!(order.how_far(after(2)), "x.y on a: evaluating …");
        assert_eq!(order.how_far(after(12)), "x.y on a: evaluating … 12 s");
        order.end(result(0, "a"));
        assert_eq!(order.how_far(after(12)), "x.y on a …");
    }

    #[test]
    fn what_was_given_out_of_order_is_not_given_again() {
        let mut order = order(&["a", "b"]);
        let at = order.end(result(1, "b"));
        assert!(order.give(at).is_some() && order.give(at).is_none());
        assert!(order.is_given(CallId::new(1)) && !order.is_given(CallId::new(0)));
        order.end(result(0, "a"));
        assert_eq!(names(&order.give_next()), ["a"]);
    }

    #[test]
    fn what_was_not_expected_comes_last() {
        let mut order = order(&["a"]);
        assert_eq!(order.end(result(7, "z")), 1);
        assert_eq!(order.end(result(0, "a")), 0);
        assert_eq!(names(&order.give_next()), ["a", "z"]);
    }

    #[test]
    fn calls_that_are_alike_are_told_apart_by_their_numbers() {
        let mut order = order(&["a", "a", "a"]);
        assert!(order.slots().iter().all(|slot| !slot.beside), "one node");
        order.begin(CallId::new(2));
        let begun: Vec<bool> = order.slots().iter().map(|slot| slot.state == State::Begun).collect();
        assert_eq!(begun, [false, false, true]);
        for (call, at) in [(1, 1), (2, 2), (0, 0)] {
            assert_eq!(order.end(result(call, "a")), at);
        }
    }
}
