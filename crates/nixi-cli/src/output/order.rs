//! The calls of an operation and what came of each; results end in any order.

use std::collections::HashMap;

use nixi_core::session::{CallAhead, CallResult, LeftBehind, Reached};
use nixi_core::{CallId, names};

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
    /// Whether it is one of calls on several nodes.
    pub(crate) beside: bool,
}

impl Slot {
    /// Whether it is of that call.
    pub(crate) fn is_of(&self, call: CallId) -> bool {
        self.result.call == call
    }

    /// `service.stop on web`
    pub(crate) fn called(&self) -> String {
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
        self.slots.push(Slot { result, state: State::Open, beside });
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

    /// `12 of 40; waiting for web-[3-7]`
    pub(crate) fn how_far(&self) -> String {
        let open = self.slots.iter().filter(|slot| !slot.has_ended()).map(Slot::node);
        let ended = self.slots.len() - self.waiting;
        format!("{ended} of {}; waiting for {}", self.slots.len(), names::fold(open))
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
        assert_eq!((order.waiting(), order.how_far().as_str()), (1, "2 of 3; waiting for c"));
        order.end(result(2, "c"));
        assert_eq!(names(&order.give_next()), ["c"]);
        assert_eq!(order.waiting(), 0);
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
