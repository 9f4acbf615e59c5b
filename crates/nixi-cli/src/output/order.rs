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
    /// Whether it is a change that was approved, so that something of it may have been sent.
    begun: bool,
    given: bool,
}

/// What a call does, and whether it may.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    Reads,
    /// Refused, if the node is monitored.
    Changes {
        refused: Option<ErrorReport>,
    },
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

    fn ahead(call: &CallAhead) -> Self {
        Self { action: call.action.clone(), node: call.node.to_string(), args: call.args.to_string() }
    }
}

impl Slot {
    /// What is known of the call when its operation had to be left behind. A change that was approved may have been sent,
    /// so what became of it is not known; one that was not has not been begun; a read has only not answered.
    pub(crate) fn left_behind(&self, effect: Effect) -> CallResult {
        if let Some(result) = &self.result {
            return result.clone();
        }
        let cancelled = |message: &str| ErrorReport::new(ErrorKind::Cancelled, message);
        let (status, error) = match effect {
            Effect::Reads => (StepStatus::Failed, cancelled("interrupted before it answered")),
            Effect::Changes { refused: Some(refused) } => (StepStatus::Refused, refused),
            Effect::Changes { refused: None } if self.begun => {
                let unknown = cancelled("interrupted; it may have been sent already");
                (StepStatus::Unknown, unknown.hint("look on the node before you repeat it"))
            }
            Effect::Changes { refused: None } => {
                (StepStatus::NotStarted, cancelled("interrupted before it was begun"))
            }
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
        for call in calls {
            self.open.entry(Call::ahead(&call)).or_default().push_back(self.slots.len());
            self.waiting += 1;
            let CallAhead { action, node, args } = call;
            let node = node.to_string();
            self.slots.push(Slot { action, node, args, result: None, beside, begun: false, given: false });
        }
    }

    /// A change was approved, and may have been sent from now on.
    pub(crate) fn begin(&mut self, call: &CallAhead) {
        let at = self.open.get(&Call::ahead(call)).and_then(VecDeque::front);
        if let Some(slot) = at.and_then(|&at| self.slots.get_mut(at)) {
            slot.begun = true;
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
                    begun: false,
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

    /// Only what a person said yes to can have been sent.
    #[test]
    fn what_was_left_behind_is_told_by_how_far_it_was() {
        let none = Value::Null;
        let calls = ["a", "b", "c", "watch"].map(|node| (node, none.clone()));
        let mut order = order(&calls);
        order.end(result("a", none.clone()));
        order.begin(&CallAhead { action: "x.y".into(), node: "b".parse().unwrap(), args: none });
        let ends = |effect: fn(&str) -> Effect| -> Vec<_> {
            let results = order.slots().iter().map(|slot| slot.left_behind(effect(&slot.node)));
            results.map(|result| (result.status, result.error.map(|error| error.kind))).collect()
        };
        let changes = ends(|node| Effect::Changes {
            refused: (node == "watch").then(|| ErrorReport::new(ErrorKind::ReadOnly, "monitored")),
        });
        use ErrorKind::{Cancelled, ReadOnly};
        use StepStatus::{Done, Failed, NotStarted, Refused, Unknown};
        assert_eq!(
            changes,
            [
                (Done, None),
                (Unknown, Some(Cancelled)),
                (NotStarted, Some(Cancelled)),
                (Refused, Some(ReadOnly))
            ]
        );
        assert_eq!(ends(|_| Effect::Reads)[1..], [(Failed, Some(Cancelled)); 3]);
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
