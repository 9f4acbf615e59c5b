//! Dropping a host from the user's known_hosts, on the controller.

use std::sync::Arc;

use async_trait::async_trait;

use super::Kind;
use crate::card::Edits;
use crate::command::Login;
use crate::error::{ErrorKind, ErrorReport};
use crate::exec::Forgotten;
use crate::node::{Port, SshTarget};
use crate::plan::applied::{done, failed};
use crate::plan::apply_cx::ApplyCx;
use crate::plan::{ApprovedPart, PlanDigest, Risk, StepReport, Turn};

#[async_trait]
impl Kind for SshTarget {
    fn edits(&self) -> Edits {
        Edits::NodeList
    }

    /// Whoever answers next is believed.
    fn least_risk(&self) -> Risk {
        Risk::Destructive
    }

    fn line(&self, _: Login) -> String {
        match (self.host.as_str(), self.port) {
            (host, Port::SSH) => format!("known_hosts: forget {host}"),
            (host, port) => format!("known_hosts: forget [{host}]:{port}"),
        }
    }

    fn digest(&self) -> PlanDigest {
        PlanDigest::of_value(&("forget_host_key", self.host.as_str(), self.port.get()))
    }

    async fn run(&self, Turn { shown, .. }: Turn<'_>, _: &ApprovedPart, cx: &ApplyCx<'_>) -> StepReport {
        match forget(cx, self.clone()).await {
            Ok(Forgotten { lines, file }) => {
                let lines = match lines {
                    0 => "no line".to_owned(),
                    1 => "1 line".to_owned(),
                    n => format!("{n} lines"),
                };
                done(shown, Some(format!("{lines} of {}", file.display())))
            }
            Err(error) => failed(shown, ErrorReport::new(ErrorKind::WriteFailed, error)),
        }
    }
}

/// Off the runtime's threads: another Nixi may hold the lock for a while.
async fn forget(cx: &ApplyCx<'_>, target: SshTarget) -> Result<Forgotten, String> {
    let (keys, others) = (Arc::clone(&cx.host_keys), cx.others.clone());
    let done = tokio::task::spawn_blocking(move || keys.forget(&target, &others)).await;
    done.unwrap_or_else(|_| Err("writing known_hosts broke off".to_owned()))
}
