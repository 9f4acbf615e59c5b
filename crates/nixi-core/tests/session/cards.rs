//! Cards: no action is registered with one that is wrong, and no plan goes beyond it.

use nixi_core::{
    ActionName, CallRequest, Change, ChangeCard, Command, Edits, ErrorKind, Inspect, InspectCx, Node, Plan,
    PlanCx, Program, ReadCapability, ReadCard, RegistrationError, Registry, Risk, Step, StepStatus,
    ToolError, Undo, Write, WriteCapability,
};
use serde_json::{Value, json};

use super::bench::{Bench, Files, Named};

/// `odd.forget`: says that it acts on nodes, and would edit what the controller has.
pub(crate) struct Forget;

impl Change for Forget {
    type Args = super::bench::Nothing;

    fn card(&self) -> ChangeCard {
        ChangeCard::new(ActionName::new("odd", "forget"), "forgets", WriteCapability::System, Risk::Routine)
    }

    async fn plan(&self, cx: &PlanCx<'_>, _: Self::Args) -> Result<Plan, ToolError> {
        let target = cx.node().ssh().unwrap().clone();
        Ok(Plan::new("forget", Risk::Routine, Undo::cannot("a trial")).step(Step::ForgetHostKey(target)))
    }
}

/// `odd.touch`: says that it edits the list of nodes, and would run something.
pub(crate) struct Touch;

impl Change for Touch {
    type Args = super::bench::Nothing;

    fn card(&self) -> ChangeCard {
        let name = ActionName::new("odd", "touch");
        ChangeCard::new(name, "touches", WriteCapability::System, Risk::Routine).editing(Edits::NodeList)
    }

    async fn plan(&self, cx: &PlanCx<'_>, _: Self::Args) -> Result<Plan, ToolError> {
        assert_eq!(cx.node(), &Node::controller());
        let touch = Command::<Write>::new(Program::new("touch")).arg("x");
        Ok(Plan::new("touch", Risk::Routine, Undo::cannot("a trial")).step(touch))
    }
}

#[tokio::test]
async fn a_plan_beyond_its_card_is_refused() {
    let bench = Bench::new();
    for call in [CallRequest::new("odd.forget").on("web"), CallRequest::new("odd.touch")] {
        let outcome = bench.call(call).await;
        let result = &outcome.results[0];
        let error = result.error.as_ref().unwrap();
        assert_eq!((result.status, error.kind), (StepStatus::Failed, ErrorKind::Internal), "{outcome:?}");
        assert!(error.message.contains("what its card does not allow"), "{error}");
        assert!(result.plan.is_none());
    }
    assert_eq!(bench.changes(), Vec::<String>::new());
    assert_eq!(bench.record.forgotten.load(std::sync::atomic::Ordering::SeqCst), 0);
}

/// `odd.look`: an action with this example.
struct Look(Value);

impl Inspect for Look {
    type Args = Files;
    type Report = Named;

    fn card(&self) -> ReadCard {
        let name = ActionName::new("odd", "look");
        ReadCard::new(name, "looks", ReadCapability::SystemStatus).example(self.0.clone())
    }

    async fn inspect(&self, _: &InspectCx<'_>, _: Files) -> Result<Named, ToolError> {
        Err(ToolError::BadArgument { message: "never asked".to_owned(), hint: None })
    }
}

#[test]
fn an_example_that_is_not_taken_is_no_example() {
    assert!(Registry::new().inspect(Look(json!({"names": ["a"], "lines": 3}))).is_ok());
    for (example, why) in [
        (json!({}), "names"),
        (json!({"names": ["a"], "more": 1}), "more"),
        (json!({"names": ["a"], "lines": -1}), "lines"),
        (json!(["a"]), "no object"),
        (json!({"names": ["a"], "node": "web"}), "node"),
    ] {
        let Err(RegistrationError::Example { action, why: told }) =
            Registry::new().inspect(Look(example.clone()))
        else {
            panic!("{example}")
        };
        assert!(action == "odd.look" && told.contains(why), "{example}: {told}");
    }
}
