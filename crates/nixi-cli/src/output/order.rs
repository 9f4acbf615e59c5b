//! Results end in any order, and are shown in the order of the calls.

use nixi_core::session::CallResult;

/// The calls in the order in which they began, each with its result once it has one.
#[derive(Debug, Default)]
pub(crate) struct Order {
    slots: Vec<Slot>,
    released: usize,
}

/// One call on one node.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) action: String,
    pub(crate) node: String,
    /// Nothing while it runs.
    pub(crate) result: Option<CallResult>,
}

impl Order {
    /// A call began.
    pub(crate) fn begin(&mut self, action: String, node: String) {
        self.slots.push(Slot { action, node, result: None });
    }

    /// A call ended, or never began. Gives the results that are next in order and have all arrived.
    pub(crate) fn end(&mut self, result: CallResult) -> Vec<CallResult> {
        let open = self
            .slots
            .iter_mut()
            .skip(self.released)
            .find(|slot| slot.result.is_none() && slot.action == result.tool && slot.node == result.node);
        match open {
            Some(slot) => slot.result = Some(result),
            None => self.slots.push(Slot {
                action: result.tool.clone(),
                node: result.node.clone(),
                result: Some(result),
            }),
        }
        let mut ready = Vec::new();
        while let Some(result) = self.next() {
            ready.push(result);
            self.released += 1;
        }
        ready
    }

    /// Once every call so far has its result: those that were not given out yet, twins as they ended.
    pub(crate) fn flush(&mut self) -> Vec<CallResult> {
        let held = self.slots.get(self.released..).unwrap_or_default();
        let Some(ready) = held.iter().map(|slot| slot.result.clone()).collect::<Option<Vec<_>>>() else {
            return Vec::new();
        };
        self.released = self.slots.len();
        ready
    }

    /// All calls so far, in order.
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// How many results were given out.
    pub(crate) fn released(&self) -> usize {
        self.released
    }

    /// Two calls of one action on one node cannot be told apart here; they wait for the outcome, which has them in
    /// order.
    fn next(&self) -> Option<CallResult> {
        let (head, rest) = self.slots.get(self.released..)?.split_first()?;
        let twin = rest.iter().any(|slot| slot.action == head.action && slot.node == head.node);
        head.result.clone().filter(|_| !twin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nixi_core::StepStatus;
    use serde_json::Value;

    fn result(node: &str) -> CallResult {
        CallResult {
            tool: "x.y".into(),
            node: node.into(),
            args: Value::Null,
            status: StepStatus::Done,
            data: None,
            text: None,
            plan: None,
            steps: Vec::new(),
            error: None,
            ms: 0,
        }
    }

    fn order(nodes: &[&str]) -> Order {
        let mut order = Order::default();
        nodes.iter().for_each(|node| order.begin("x.y".into(), (*node).into()));
        order
    }

    fn names(results: &[CallResult]) -> Vec<&str> {
        results.iter().map(|result| result.node.as_str()).collect()
    }

    #[test]
    fn the_first_holds_up_the_others_and_then_lets_them_go() {
        let mut order = order(&["a", "b", "c"]);
        assert!(order.end(result("b")).is_empty());
        assert_eq!(names(&order.end(result("a"))), ["a", "b"]);
        assert!(order.slots()[2].result.is_none());
        assert_eq!(names(&order.end(result("c"))), ["c"]);
        assert_eq!(order.released(), 3);
    }

    #[test]
    fn what_never_began_comes_last() {
        let mut order = order(&["a"]);
        assert!(order.end(result("z")).is_empty());
        assert_eq!(names(&order.end(result("a"))), ["a", "z"]);
    }

    #[test]
    fn twins_are_left_to_the_outcome() {
        let mut order = order(&["a", "a"]);
        assert!(order.end(result("a")).is_empty());
        assert!(order.end(result("a")).is_empty());
        assert_eq!((order.released(), order.slots().len()), (0, 2));
    }

    #[test]
    fn what_was_held_back_is_given_out_once_all_have_ended() {
        let mut order = order(&["a", "a", "b"]);
        order.end(result("a"));
        order.end(result("a"));
        assert!(order.flush().is_empty(), "one still runs");
        assert!(order.end(result("b")).is_empty());
        assert_eq!(names(&order.flush()), ["a", "a", "b"]);
        assert!(order.flush().is_empty());
        assert_eq!(order.released(), 3);
    }
}
