//! Variables that name a node: the name is replaced by the node's address, since the names of containers mean something on
//! their own node only.

use nixi_core::command::EnvName;
use nixi_core::{InspectCx, NodeName, ToolError};

/// What makes a value the name of a node, also of the container's own.
const PREFIX: &str = "node:";

/// The value with the address of the node that it names, and a remark for a person if it does.
pub(super) fn resolved(
    cx: &InspectCx<'_>,
    name: &EnvName,
    value: &str,
) -> Result<(String, Option<String>), ToolError> {
    let said = value.strip_prefix(PREFIX);
    let word = said.unwrap_or(value);
    let named: Option<NodeName> = word.parse().ok();
    let is_own = named.as_ref() == Some(cx.node().name());
    let node = match (&named, said) {
        (Some(node), None) if !is_own => cx.fleet().find(node),
        (Some(node), Some(_)) => cx.fleet().find(node),
        (None | Some(_), _) => None,
    };
    let bad = |message: String, hint: &str| ToolError::BadArgument { message, hint: Some(hint.to_owned()) };
    match (node.as_ref().map(|node| (node.name(), node.ssh())), said) {
        (None, None) => Ok((value.to_owned(), None)),
        (None, Some(_)) => {
            let message = format!("{name}={value}: there is no node {word:?}");
            Err(bad(message, "`nixi nodes` lists all of them"))
        }
        (Some((_, None)), _) => {
            let message = format!("{name}={value}: the controller's address is not known");
            Err(bad(message, "give the address at which the node reaches it"))
        }
        (Some((node, Some(ssh))), _) => {
            let host = ssh.host.as_str();
            let is_loopback = host
                .parse::<std::net::IpAddr>()
                .map_or(host == "localhost", |address| address.is_loopback() || address.is_unspecified());
            if is_loopback {
                let message = format!(
                    "{name}={value}: {node} is {host} in the configuration, which is another machine for a container"
                );
                return Err(bad(message, "give the address at which the node reaches it"));
            }
            Ok((host.to_owned(), Some(format!("{name} is {host}, the address of {node}"))))
        }
    }
}
