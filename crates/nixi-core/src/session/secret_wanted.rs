//! A secret that a change needs and nobody gave, and the person who types it.

use std::fmt;

use tokio::sync::oneshot;

use crate::action::ActionName;
use crate::node::NodeName;
use crate::secret::Secret;

/// Why there is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotGiven {
    /// The person was asked, and typed nothing.
    NothingTyped,
    /// Nobody was asked, or nobody answered.
    NobodyHere,
}

/// A secret that the person is asked for. Dropped unanswered, the change is not made.
pub struct SecretWanted {
    name: String,
    purpose: String,
    answer: oneshot::Sender<Option<Secret>>,
}

/// Without the answer, which would be the secret.
impl fmt::Debug for SecretWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretWanted").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SecretWanted {
    pub(super) fn new(
        action: ActionName,
        node: &NodeName,
        name: &str,
    ) -> (Self, oneshot::Receiver<Option<Secret>>) {
        let (answer, waiting) = oneshot::channel();
        let (name, purpose) = (crate::text::clean_line(name), format!("{action} on {node}"));
        (Self { name, purpose, answer }, waiting)
    }

    /// Its name, such as `DB_PASSWORD`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for, as `container.deploy on web-server`.
    #[must_use]
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// The person typed it.
    pub fn give(self, secret: Secret) {
        // Whoever asked may have gone; then it is wiped.
        let _ = self.answer.send(Some(secret));
    }

    /// The person typed nothing.
    pub fn give_none(self) {
        let _ = self.answer.send(None);
    }
}
