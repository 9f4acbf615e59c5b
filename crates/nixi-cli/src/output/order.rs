//! The calls of an operation and what came of each; results end in any order.

use std::collections::{HashMap, VecDeque};

use nixi_core::session::{CallAhead, CallResult};
use nixi_core::{ErrorKind, ErrorReport, StepStatus, names};
use serde_json::Value;

/// The calls in their order, each with its result once it has one.
#[derive(Debug, Default)]
pub(crate) struct Order {
    slots: Vec<Slot>,
    /// Where the calls stand that have no result yet.
    open: HashMap<Call, VecDeque<usize>>,
    /// All before this one were given out.
    given: usize,
    waiting: usize,
}

/// One call on one node.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) action: String,
    pub(crate) node: String,
    pub(crate) args: Value,
    /// Nothing while it runs.
    pub(crate) result: Option<CallResult>,
    /// Whether it is one of calls on several nodes.
    pub(crate) beside: bool,
    given: bool,
}

/// What tells a call from others; two that are alike in all of it are as good as each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Call {
    action: String,
    node: String,
    args: String,
}

impl Call {
    fn of(result: &CallResult) -> Self {
        let (action, node) = (result.tool.clone(), result.node.clone());
        Self { action, node, args: result.args.to_string() }
    }
}

impl Slot {
    /// What is known of the call when its operation had to be left behind. A change may have been sent, so what became
    /// of it is not known; a read has only not answered.
    pub(crate) fn left_behind(&self, is_change: bool) -> CallResult {
        if let Some(result) = &self.result {
            return result.clone();
        }
        let (status, error) = if is_change {
            let unknown =
                ErrorReport::new(ErrorKind::Cancelled, "interrupted; it may have been sent already")
                    .hint("look on the node before you repeat it");
            (StepStatus::Unknown, unknown)
        } else {
            (StepStatus::Failed, ErrorReport::new(ErrorKind::Cancelled, "interrupted before it answered"))
        };
        CallResult {
            tool: self.action.clone(),
            node: self.node.clone(),
            args: self.args.clone(),
            status,
            data: None,
            text: None,
            plan: None,
            steps: Vec::new(),
            error: Some(error),
            ms: 0,
        }
    }
}

impl Order {
    /// These calls are to be made.
    pub(crate) fn expect(&mut self, calls: Vec<CallAhead>) {
        let beside = calls.iter().any(|call| calls.first().is_some_and(|first| first.node != call.node));
        for CallAhead { action, node, args } in calls {
            let call = Call { action: action.clone(), node: node.to_string(), args: args.to_string() };
            self.open.entry(call).or_default().push_back(self.slots.len());
            self.waiting += 1;
            let node = node.to_string();
            self.slots.push(Slot { action, node, args, result: None, beside, given: false });
        }
    }

    /// A call ended; where it stands.
    pub(crate) fn end(&mut self, result: CallResult) -> usize {
        let open = self.open.get_mut(&Call::of(&result)).and_then(VecDeque::pop_front);
        match open.and_then(|at| Some((at, self.slots.get_mut(at)?))) {
            Some((at, slot)) => {
                self.waiting -= 1;
                slot.result = Some(result);
                at
            }
            None => {
                self.slots.push(Slot {
                    action: result.tool.clone(),
                    node: result.node.clone(),
                    args: result.args.clone(),
                    result: Some(result),
                    beside: false,
                    given: false,
                });
                self.slots.len() - 1
            }
        }
    }

    /// The result at this place, if it was not given out before.
    pub(crate) fn give(&mut self, at: usize) -> Option<CallResult> {
        let slot = self.slots.get_mut(at).filter(|slot| !slot.given)?;
        let result = slot.result.clone()?;
        slot.given = true;
        Some(result)
    }

    /// The results that are next in order and have all arrived.
    pub(crate) fn give_next(&mut self) -> Vec<CallResult> {
        let mut ready = Vec::new();
        while self.slots.get(self.given).is_some_and(|slot| slot.result.is_some()) {
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
        let open = self.slots.iter().filter(|slot| slot.result.is_none()).map(|slot| slot.node.as_str());
        let ended = self.slots.len() - self.waiting;
        format!("{ended} of {}; waiting for {}", self.slots.len(), names::fold(open))
    }

    /// Whether the result at this place was given out.
    pub(crate) fn is_given(&self, at: usize) -> bool {
        self.slots.get(at).is_some_and(|slot| slot.given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn result(node: &str, args: Value) -> CallResult {
        CallResult {
            tool: "x.y".into(),
            node: node.into(),
            args,
            status: StepStatus::Done,
            data: None,
            text: None,
            plan: None,
            steps: Vec::new(),
            error: None,
            ms: 0,
        }
    }

    fn order(calls: &[(&str, Value)]) -> Order {
        let mut order = Order::default();
        let ahead = |(node, args): &(&str, Value)| CallAhead {
            action: "x.y".into(),
            node: node.parse().unwrap(),
            args: args.clone(),
        };
        order.expect(calls.iter().map(ahead).collect());
        order
    }

    fn names(results: &[CallResult]) -> Vec<&str> {
        results.iter().map(|result| result.node.as_str()).collect()
    }

    #[test]
    fn the_first_holds_up_the_others_and_then_lets_them_go() {
        let none = Value::Null;
        let mut order = order(&[("a", none.clone()), ("b", none.clone()), ("c", none.clone())]);
        assert_eq!(order.end(result("b", none.clone())), 1);
        assert!(order.give_next().is_empty());
        assert_eq!(order.end(result("a", none.clone())), 0);
        assert_eq!(names(&order.give_next()), ["a", "b"]);
        assert_eq!((order.waiting(), order.how_far().as_str()), (1, "2 of 3; waiting for c"));
        order.end(result("c", none));
        assert_eq!(names(&order.give_next()), ["c"]);
        assert_eq!(order.waiting(), 0);
    }

    #[test]
    fn what_was_given_out_of_order_is_not_given_again() {
        let none = Value::Null;
        let mut order = order(&[("a", none.clone()), ("b", none.clone())]);
        let at = order.end(result("b", none.clone()));
        assert!(order.give(at).is_some() && order.give(at).is_none() && order.is_given(at));
        order.end(result("a", none));
        assert_eq!(names(&order.give_next()), ["a"]);
    }

    #[test]
    fn what_was_not_expected_comes_last() {
        let mut order = order(&[("a", Value::Null)]);
        assert_eq!(order.end(result("z", Value::Null)), 1);
        assert_eq!(order.end(result("a", Value::Null)), 0);
        assert_eq!(names(&order.give_next()), ["a", "z"]);
    }

    #[test]
    fn calls_of_one_action_on_one_node_are_told_apart_by_their_arguments() {
        let (nginx, redis) = (json!({ "unit": "nginx" }), json!({ "unit": "redis" }));
        let mut order = order(&[("a", nginx.clone()), ("a", redis.clone()), ("a", redis.clone())]);
        assert!(order.slots().iter().all(|slot| !slot.beside), "one node");
        assert_eq!(order.end(result("a", redis.clone())), 1);
        assert_eq!(order.end(result("a", nginx)), 0);
        assert_eq!(order.end(result("a", redis)), 2);
    }
}
