//! Changes of several things of one kind, such as containers or units: which of them are meant, which need nothing, what
//! their names are pinned to, and the words and the undo for all of them.

use nixi_core::{
    ActionName, CallRequest, Command, ErrorKind, ErrorReport, Expectation, Node, Plan, PlanCx, Read, Settle,
    ToolError, Undo,
};

use crate::reading::unreadable;
use crate::table::count;

/// A thing that a change acts on.
pub(crate) trait Target {
    /// What one of its kind is called.
    const NOUN: &'static str;

    /// The word for it in a plan.
    fn word(&self) -> &str;

    /// What the call that takes the change back names it by.
    fn key(&self) -> &str;
}

/// Which things are meant: some by their names, or all there are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meant<'a, N> {
    Named(&'a [N]),
    All,
}

impl<'a, N> Meant<'a, N> {
    /// By the two parameters of an action.
    ///
    /// # Errors
    /// If both are given, or neither.
    pub(crate) fn by(names: &'a [N], all: bool) -> Result<Self, ToolError> {
        let message = match (names, all) {
            ([_, ..], false) => return Ok(Self::Named(names)),
            ([], true) => return Ok(Self::All),
            ([_, ..], true) => "names and all exclude each other",
            ([], false) => "neither names nor all is given",
        };
        let hint = Some("give names=A,B or all=true".to_owned());
        Err(ToolError::BadArgument { message: message.to_owned(), hint })
    }
}

/// Each of the things that these names stand for, once, in the order of the names; and the names that stand for nothing.
///
/// # Errors
/// The first that `find` has.
pub(crate) fn each_once<N, T: PartialEq>(
    names: &[N],
    find: impl Fn(&N) -> Result<Option<T>, ToolError>,
) -> Result<(Vec<T>, Vec<&N>), ToolError> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        match find(name)? {
            None => missing.push(name),
            Some(thing) if found.contains(&thing) => {}
            Some(thing) => found.push(thing),
        }
    }
    Ok((found, missing))
}

/// The things that are meant: those to act on, and why the others need nothing.
pub(crate) struct Targets<T> {
    pub(crate) acted: Vec<T>,
    needless: Vec<String>,
}

impl<T: Target> Targets<T> {
    /// Sorts out those that need nothing, for the reason that `needless` has for it.
    pub(crate) fn of(meant: Vec<T>, needless: impl Fn(&T) -> Option<&'static str>) -> Self {
        let mut targets = Self { acted: Vec::new(), needless: Vec::new() };
        for thing in meant {
            match needless(&thing) {
                Some(why) => targets.needless.push(format!("{} is {why}", thing.word())),
                None => targets.acted.push(thing),
            }
        }
        targets
    }

    /// The words for those to act on.
    pub(crate) fn words(&self) -> String {
        self.acted.iter().map(T::word).collect::<Vec<_>>().join(", ")
    }

    /// The plan that says so, if there is nothing to do.
    pub(crate) fn nothing_to_do(&self, action: ActionName, node: &Node) -> Option<Plan> {
        let (verb, node) = (action.action(), node.name());
        let why = match (self.acted.as_slice(), self.needless.as_slice()) {
            ([_, ..], _) => return None,
            ([], []) => format!("no {}s on {node}: nothing to {verb}", T::NOUN),
            ([], needless) => format!("nothing to {verb} on {node}: {}", needless.join(", ")),
        };
        Some(Plan::nothing(why))
    }

    /// `stop 2 containers on db-server: cache, web (store is not running)`
    pub(crate) fn summary(&self, action: ActionName, node: &Node) -> String {
        let (things, words) = (count(self.acted.len(), T::NOUN), self.words());
        let summary = format!("{} {things} on {}: {words}", action.action(), node.name());
        if self.needless.is_empty() { summary } else { format!("{summary} ({})", self.needless.join(", ")) }
    }

    /// Undo by another action, on these very things.
    pub(crate) fn undone_by(&self, action: ActionName, node: &Node) -> Undo {
        Undo::Calls(self.call(action, node, |_| true).into_iter().collect())
    }

    /// The call of another action on those of these very things that fit; nothing if none does.
    pub(crate) fn call(
        &self,
        action: ActionName,
        node: &Node,
        fits: impl Fn(&T) -> bool,
    ) -> Option<CallRequest> {
        let keys: Vec<&str> = self.acted.iter().filter(|thing| fits(thing)).map(T::key).collect();
        let call = CallRequest::new(action.to_string()).on(node.name().as_str());
        (!keys.is_empty()).then(|| call.with("names", keys))
    }

    /// What is said of it where all are waited for; see [`Self::waited_for`].
    pub(crate) fn waiting(&self) -> &'static str {
        if self.acted.len() > 1 { "; all of them first, then each is waited for" } else { "" }
    }

    /// With a wait for each behind the steps of all, so that one that dies at once keeps no other from being started.
    /// `settle` is told the place of its step.
    pub(crate) fn waited_for(&self, plan: Plan, settle: impl Fn(usize, &T) -> Settle) -> Plan {
        self.acted.iter().enumerate().fold(plan, |plan, (at, thing)| plan.step(settle(at, thing)))
    }

    /// Pins what the names stand for: what was made anew under an old name is not touched. `agrees` says whether what
    /// the read printed is about these very things.
    ///
    /// # Errors
    /// If the read fails, or is not about them any more.
    pub(crate) async fn pin(
        &self,
        cx: &PlanCx<'_>,
        says: String,
        command: Command<Read>,
        agrees: impl FnOnce(&str) -> Result<bool, String>,
    ) -> Result<Expectation, ToolError> {
        let shown = command.to_string();
        let (printed, expectation) = cx.pin(says, command).await?;
        if agrees(&printed).map_err(|why| unreadable(&shown, &why))? {
            return Ok(expectation);
        }
        let message = format!("the {}s of {} changed meanwhile", T::NOUN, cx.node().name());
        let report = ErrorReport::new(ErrorKind::Changed, message);
        Err(ToolError::Reported(report.hint("nothing was run; ask again")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOP: ActionName = ActionName::new("lamp", "stop");

    #[derive(Debug, PartialEq, Eq)]
    struct Lamp(&'static str, bool);

    impl Target for Lamp {
        const NOUN: &'static str = "lamp";

        fn word(&self) -> &str {
            self.0
        }

        fn key(&self) -> &str {
            self.0
        }
    }

    fn lit(lamps: &[(&'static str, bool)]) -> Targets<Lamp> {
        let lamps = lamps.iter().map(|(name, lit)| Lamp(name, *lit)).collect();
        Targets::of(lamps, |lamp| (!lamp.1).then_some("out"))
    }

    fn nothing(lamps: &[(&'static str, bool)]) -> Option<String> {
        let plan = lit(lamps).nothing_to_do(STOP, &Node::controller())?;
        Some(format!("{plan:?}").split('"').nth(1).unwrap_or_default().to_owned())
    }

    #[test]
    fn either_names_or_all_are_given() {
        assert_eq!(Meant::by(&["red"], false).unwrap(), Meant::Named(&["red"]));
        assert_eq!(Meant::<&str>::by(&[], true).unwrap(), Meant::All);
        for (names, all) in [(&["red"][..], true), (&[], false)] {
            assert!(matches!(Meant::by(names, all), Err(ToolError::BadArgument { .. })), "{names:?}, {all}");
        }
    }

    #[test]
    fn each_is_meant_once_and_what_is_missing_is_named() {
        let find = |name: &u8| Ok((*name < 8).then_some(name % 4));
        assert_eq!(each_once(&[5, 1, 9, 2, 5, 8], find).unwrap(), (vec![1, 2], vec![&9, &8]));
        let odd = |_: &u8| -> Result<Option<u8>, ToolError> {
            Err(ToolError::BadArgument { message: "it is ambiguous".to_owned(), hint: None })
        };
        assert!(each_once(&[1], odd).is_err() && each_once(&[], odd).is_ok());
    }

    #[test]
    fn what_needs_nothing_is_told_beside_what_is_done() {
        let some = lit(&[("red", true), ("blue", false), ("green", true)]);
        let node = Node::controller();
        assert_eq!(some.summary(STOP, &node), "stop 2 lamps on local: red, green (blue is out)");
        assert_eq!(lit(&[("red", true)]).summary(STOP, &node), "stop 1 lamp on local: red");
        assert!(some.nothing_to_do(STOP, &node).is_none());
        assert_eq!((some.waiting().is_empty(), lit(&[("red", true)]).waiting()), (false, ""));
    }

    #[test]
    fn where_nothing_has_to_be_done_the_plan_says_why() {
        assert_eq!(nothing(&[]).unwrap(), "no lamps on local: nothing to stop");
        assert_eq!(
            nothing(&[("red", false), ("blue", false)]).unwrap(),
            "nothing to stop on local: red is out, blue is out"
        );
    }

    #[test]
    fn it_is_taken_back_on_these_very_things() {
        let undo = lit(&[("red", true), ("blue", false)]).undone_by(STOP, &Node::controller());
        let Undo::Calls(calls) = undo else { panic!("{undo:?}") };
        assert_eq!(calls[0].typed(), "nixi call lamp.stop names=red");
    }
}
