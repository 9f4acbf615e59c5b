//! `nixi remove`: from the configuration, and its host key from known_hosts. The node is not contacted.

use nixi_core::session::CallRequest;
use nixi_core::{ErrorReport, Op};

use super::Cx;
use crate::exit::Exit;

pub(super) async fn run(cx: &Cx, name: &str) -> Result<Exit, ErrorReport> {
    let session = cx.session()?;
    let calls = vec![CallRequest::remove_node(name)];
    let live = cx.listen(&calls);
    Ok(session.perform(Op::Call(calls), &live).await.conclude(&live))
}
