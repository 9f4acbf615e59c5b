//! Every action of a node with the example of its card, on a whole machine: it works as it stands.

use nixi::core::registry::{Access, ActionSpec};
use nixi::core::session::{CallRequest, Pending};
use nixi::core::{Scope, StepStatus};

use crate::ground::{Ground, WEB};

/// Every action of a kind that works on nodes, with the example of its card; the destructive ones come last.
pub(crate) fn examples(is_of_the_kind: impl Fn(Access) -> bool) -> Vec<CallRequest> {
    let registry = nixi::tools::registry().unwrap();
    let of_the_kind = |spec: &&ActionSpec| spec.scope == Scope::Node && is_of_the_kind(spec.access);
    let mut chosen: Vec<&ActionSpec> = registry.specs().filter(of_the_kind).collect();
    // Nothing can be tried on a machine that is off, and nothing is built where nixpkgs is gone.
    let takes_away = |spec: &ActionSpec| match spec.name.action() {
        "poweroff" => 2,
        "channel_remove" => 1,
        _ => 0,
    };
    chosen.sort_by_key(|spec| (takes_away(spec), spec.access.words() == "destructive"));
    let call = |spec: &ActionSpec| {
        CallRequest::new(spec.name.to_string()).with_args(spec.example.as_object().unwrap().clone())
    };
    chosen.into_iter().map(call).collect()
}

#[tokio::test]
async fn every_example_works() {
    let ground = Ground::of(&[WEB]);
    for read in examples(|access| access == Access::Read) {
        ground.report(read.on(WEB)).await;
    }
    for change in examples(|access| access != Access::Read) {
        let (made, _) = ground.call(change.clone().on(WEB), Pending::approve).await;
        assert_eq!(made.status, StepStatus::Done, "{change:?}: {made:?}");
    }
}
