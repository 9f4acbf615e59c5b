//! From what the changes of a request declare on a node to what is done there, once.

use async_trait::async_trait;

use crate::context::PlanCx;
use crate::error::ToolError;
use crate::plan::{ModuleEdit, Plan};

/// Makes one plan of all [`ModuleEdit`]s of a request on one node: one edit of its configuration, one build, one switch.
///
/// A registry has one at most: see [`crate::Registry::composing`].
#[async_trait]
pub trait Compose: Send + Sync + 'static {
    /// The plan that does all of them, which takes the place of the last one. A plan without steps says that there is
    /// nothing to do; how it is undone is told by the plans that the edits come from.
    ///
    /// # Errors
    /// When they cannot be done: none of the changes that they come from is, then.
    async fn compose(&self, cx: &PlanCx<'_>, edits: &[ModuleEdit]) -> Result<Plan, ToolError>;
}
