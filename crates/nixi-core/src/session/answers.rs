//! What a person has answered in the course of a request.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::secret_wanted::NotGiven;
use crate::action::ActionName;
use crate::call_id::CallId;
use crate::plan::{PlanDigest, Refusal};
use crate::secret::SecretArg;

/// What a person has said to what a request asked them.
#[derive(Debug, Default)]
pub(super) struct Answers {
    said: Mutex<Said>,
    /// Secrets that the person typed, by the call and the name that they are for. One is asked for at a time.
    pub(super) secrets: tokio::sync::Mutex<HashMap<(CallId, String), Result<SecretArg, NotGiven>>>,
}

#[derive(Debug, Default)]
struct Said {
    /// Plans that were refused.
    denied: Vec<PlanDigest>,
    /// Reads that may reach out.
    allowed: Vec<PlanDigest>,
    /// Kinds of reads that may not, and why.
    refused: Vec<(ActionName, Refusal)>,
}

impl Answers {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the person said no to this plan.
    pub(super) fn denies(&self, digest: PlanDigest) -> bool {
        self.said().denied.contains(&digest)
    }

    pub(super) fn deny(&self, digest: PlanDigest) {
        self.said().denied.push(digest);
    }

    /// Whether the person said yes to this very read.
    pub(super) fn allows(&self, digest: PlanDigest) -> bool {
        self.said().allowed.contains(&digest)
    }

    pub(super) fn allow(&self, digest: PlanDigest) {
        self.said().allowed.push(digest);
    }

    /// Why no read of this kind may reach out, if none may.
    pub(super) fn refusal_of(&self, kind: ActionName) -> Option<Refusal> {
        self.said().refused.iter().find(|(refused, _)| *refused == kind).map(|(_, refusal)| *refusal)
    }

    pub(super) fn refuse(&self, kind: ActionName, refusal: Refusal) {
        if self.refusal_of(kind).is_none() {
            self.said().refused.push((kind, refusal));
        }
    }
}
