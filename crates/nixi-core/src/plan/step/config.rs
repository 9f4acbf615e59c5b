//! Editing Nixi's own configuration, on the controller.

use async_trait::async_trait;

use super::Kind;
use super::activate::way::forget_former;
use crate::card::Edits;
use crate::command::Login;
use crate::config::{ConfigEdit, ConfigStore, ConfigWriteError};
use crate::error::{ErrorKind, ErrorReport};
use crate::new_way::NewWay;
use crate::node::NodeName;
use crate::plan::applied::{done, failed};
use crate::plan::apply_cx::ApplyCx;
use crate::plan::{ApprovedPart, PlanDigest, Risk, StepReport, Turn};
use crate::session::Event;

#[async_trait]
impl Kind for ConfigEdit {
    fn edits(&self) -> Edits {
        Edits::NodeList
    }

    /// The list of nodes says what may be done where.
    fn least_risk(&self) -> Risk {
        Risk::Destructive
    }

    fn leaving(&self) -> Option<&NodeName> {
        match self {
            // What is recorded of where it was is its own and nobody else's.
            Self::RemoveNode(old) | Self::MoveNode(old, _) => Some(old.name()),
            Self::AddNode(_) | Self::RestoreNode(_) => None,
        }
    }

    fn line(&self, _: Login) -> String {
        format!("config: {self}")
    }

    fn digest(&self) -> PlanDigest {
        PlanDigest::of_value(&("config", self))
    }

    async fn run(
        &self,
        Turn { shown, .. }: Turn<'_>,
        approved: &ApprovedPart,
        cx: &ApplyCx<'_>,
    ) -> StepReport {
        if let Self::MoveNode(_, way) = self {
            return match move_node(self, way, approved, cx).await {
                Ok(said) => done(shown, said),
                Err(error) => failed(shown, error),
            };
        }
        match write_config(cx.config, self.clone()).await {
            Ok(()) => done(shown, None),
            Err(error) => failed(shown, error),
        }
    }
}

/// Has what is declared and on record of a node follow it, if a step moved it.
async fn move_node(
    edit: &ConfigEdit,
    way: &NewWay,
    approved: &ApprovedPart,
    cx: &ApplyCx<'_>,
) -> Result<Option<String>, ErrorReport> {
    let node = approved.writable.node();
    if !approved.has_moved() {
        let what = format!(
            "{} is still reached as before, and was not as {}: what is declared of it stays",
            node.name(),
            way.words(node)
        );
        cx.audience.hear(Event::Notice(what.clone()));
        return Ok(Some(what));
    }
    if way.is_declared_otherwise() {
        write_config(cx.config, edit.clone()).await?;
    }
    if let Err(error) = forget_former(way, node, cx).await {
        let what = format!("the former host keys of {} are still on record: {error}", node.name());
        cx.audience.hear(Event::Notice(what));
    }
    Ok(None)
}

/// Edits the configuration, off the runtime's threads: another Nixi may hold the lock for a while.
pub(crate) async fn write_config(store: &ConfigStore, edit: ConfigEdit) -> Result<(), ErrorReport> {
    let store = store.clone();
    match tokio::task::spawn_blocking(move || store.apply(&edit)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(unwritten(&error)),
        Err(_) => Err(ErrorReport::new(ErrorKind::Internal, "writing the configuration broke off")
            .hint("`nixi config check` tells whether it is whole")),
    }
}

/// Why the configuration was not changed.
pub(super) fn unwritten(error: &ConfigWriteError) -> ErrorReport {
    let kind = match error {
        ConfigWriteError::Duplicate { .. } => ErrorKind::NodeExists,
        ConfigWriteError::NotFound { .. } => ErrorKind::UnknownNode,
        ConfigWriteError::Changed { .. } => ErrorKind::Changed,
        ConfigWriteError::Locked { .. } | ConfigWriteError::Write { .. } => ErrorKind::WriteFailed,
        ConfigWriteError::Broken(_)
        | ConfigWriteError::Unfit(_)
        | ConfigWriteError::DeclaredBySystem { .. }
        | ConfigWriteError::Edit { .. }
        | ConfigWriteError::WrittenByNix { .. } => ErrorKind::Config,
    };
    ErrorReport::new(kind, error.to_string()).maybe_hint(error.hint())
}
