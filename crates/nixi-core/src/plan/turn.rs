//! One step's turn, while a plan is applied.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::PlanDigest;
use super::progress::Reporter;
use crate::command::ChangeId;

/// A step that is about to run.
pub(crate) struct Turn<'a> {
    /// The step as it was shown.
    pub(crate) shown: String,
    /// The number under which the node keeps its record of the step, if its kind leaves one.
    pub(crate) id: ChangeId,
    /// Hears meanwhile how far it is.
    pub(crate) reporter: &'a Reporter<'a>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(shown: String, plan: PlanDigest, reporter: &'a Reporter<'a>) -> Self {
        Self { shown, id: fresh_id(plan), reporter }
    }
}

/// A number that no other change has: not another step of the plan, nor the same plan a moment later, nor one of
/// another controller.
fn fresh_id(plan: PlanDigest) -> ChangeId {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let chance = RandomState::new().hash_one(());
    let digest = PlanDigest::of_value(&(plan, now.to_string(), chance, count));
    ChangeId::of(digest.bytes())
}
