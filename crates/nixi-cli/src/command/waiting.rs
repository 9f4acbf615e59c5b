//! `nixi approve` and `nixi deny`: requests that wait for a person.

use nixi_core::ErrorReport;
use serde_json::json;

use super::{Cx, log, request_id};
use crate::exit::Exit;
use crate::output::live::{Live, Show};

/// The requests that wait.
pub(super) async fn list(cx: &Cx) -> Result<Exit, ErrorReport> {
    let live = Live::new(&cx.screen, Show::Nothing);
    let waiting = cx.session()?.asker.waiting(&live).await?;
    log::show(cx, &waiting, "no request waits");
    Ok(Exit::DONE)
}

pub(super) async fn approve(cx: &Cx, request: &str) -> Result<Exit, ErrorReport> {
    let request = request_id(request)?;
    let session = cx.session()?;
    let live = cx.listen(&[]);
    let op = session.consent.approve(request);
    Ok(session.perform(op, &live).await.conclude(&live))
}

pub(super) async fn deny(cx: &Cx, request: &str) -> Result<Exit, ErrorReport> {
    let denied = cx.session()?.asker.deny(request_id(request)?).await?;
    let text = format!("dropped request {}: {}", denied.id, log::summary(&denied));
    Ok(cx.done("deny", json!({ "request": denied.id }), json!(denied), &text))
}
