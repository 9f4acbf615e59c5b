//! `nixi undo`: takes back what a request did, by a request of its own.

use nixi_core::{ErrorReport, Op};

use super::{Cx, request_id};
use crate::exit::Exit;

pub(super) async fn run(cx: &Cx, request: Option<&str>) -> Result<Exit, ErrorReport> {
    let request = request.map(request_id).transpose()?;
    let session = cx.session()?;
    let live = cx.listen(&[]);
    Ok(session.perform(Op::Undo(request), &live).await.conclude(&live))
}
