//! Nodes by name.

use nixi_core::fleet::{Probing, Survey};
use nixi_core::nearest::did_you_mean;
use nixi_core::text::excerpt;
use nixi_core::{ErrorKind, ErrorReport, Node, NodeName, ToolError};

/// The configured remote node of that name.
pub(super) fn remote(fleet: &dyn Survey, name: &str) -> Result<Node, ToolError> {
    let nodes = fleet.remote();
    let names = || nodes.iter().map(|node| node.name().as_str());
    nodes.iter().find(|node| node.name().as_str() == name).cloned().ok_or_else(|| {
        let hint =
            did_you_mean(name, names()).unwrap_or_else(|| "`nixi nodes` lists all there are".to_owned());
        ToolError::Reported(
            ErrorReport::new(ErrorKind::UnknownNode, format!("there is no node {:?}", excerpt(name)))
                .hint(hint),
        )
    })
}

/// The name of a configured node, or of the controller, which is `local` and goes by its host name unless a node does.
pub(super) async fn any(fleet: &dyn Survey, name: &str) -> Result<NodeName, ToolError> {
    let unknown = match remote(fleet, name) {
        Ok(node) => return Ok(node.name().clone()),
        Err(unknown) => unknown,
    };
    let controller = Node::controller().name().clone();
    if name == controller.as_str() {
        return Ok(controller);
    }
    let rows = fleet.rows(Some(std::slice::from_ref(&controller)), Probing::Skip).await;
    if rows.iter().any(|row| row.name == name) { Ok(controller) } else { Err(unknown) }
}
