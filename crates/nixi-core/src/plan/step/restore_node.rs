//! Putting a node back into Nixi's own configuration, with the host keys that were on record for it.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;

use super::{Kind, write_config};
use crate::card::Edits;
use crate::command::Login;
use crate::config::{ConfigEdit, Removal};
use crate::error::{ErrorKind, ErrorReport};
use crate::plan::applied::{done, failed};
use crate::plan::bench::Bench;
use crate::plan::{ApprovedPart, PlanDigest, Risk, StepReport, Turn};

/// A node as it was before it was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoreNode {
    /// Its declaration.
    pub removal: Removal,
    /// The lines of known_hosts that were about it.
    pub host_keys: Vec<String>,
}

#[async_trait]
impl Kind for RestoreNode {
    fn edits(&self) -> Edits {
        Edits::NodeList
    }

    /// The list of nodes says what may be done where.
    fn least_risk(&self) -> Risk {
        Risk::Destructive
    }

    fn line(&self, _: Login) -> String {
        let keys = match self.host_keys.as_slice() {
            [] => String::new(),
            [_] => ", and 1 line of known_hosts".to_owned(),
            lines => format!(", and {} lines of known_hosts", lines.len()),
        };
        format!("config: put back node {}{keys}", self.removal.shown)
    }

    fn digest(&self) -> PlanDigest {
        PlanDigest::of_value(&("restore_node", self))
    }

    /// The keys first: a node that is back is never without them.
    async fn run(&self, Turn { shown, .. }: Turn<'_>, _: &ApprovedPart, bench: &Bench<'_>) -> StepReport {
        let (keys, lines) = (Arc::clone(&bench.host_keys), self.host_keys.clone());
        let remembered = tokio::task::spawn_blocking(move || keys.remember(&lines)).await;
        let remembered = remembered.unwrap_or_else(|_| Err("writing known_hosts broke off".to_owned()));
        if let Err(error) = remembered {
            return failed(shown, ErrorReport::new(ErrorKind::WriteFailed, error));
        }
        match write_config(bench.config, ConfigEdit::RestoreNode(self.removal.clone())).await {
            Ok(()) => done(shown, None),
            Err(error) => failed(shown, error),
        }
    }
}
