//! Whether a machine is a node of another mode as well, under another name.

use crate::arrival::{Arrival, Likeness, Sameness};
use crate::error::{ErrorKind, ErrorReport};
use crate::exec::HostKeys;
use crate::mode::Mode;
use crate::node::{Node, NodeName};

/// So many names are told; of more, how many.
const MOST_NAMES: usize = 3;

/// Refuses what would change a machine that is monitored under another name, whatever name, spelling or way led there.
///
/// # Errors
/// If it is, or if that cannot be found out. What no record and no address tells of is [`Untold`].
pub(crate) async fn stands_apart(
    host_keys: &dyn HostKeys,
    node: &Node,
    arrival: Option<&Arrival>,
    others: &[Node],
) -> Result<Option<Untold>, ErrorReport> {
    let others: Vec<Node> = others.iter().filter(|other| other.mode() != node.mode()).cloned().collect();
    if others.is_empty() {
        return Ok(None);
    }
    let likenesses = host_keys.likenesses(node, arrival, &others).await.map_err(|why| {
        let message = format!("cannot tell whether {} is another node as well: {why}", node.name());
        ErrorReport::new(ErrorKind::ReadOnly, message).hint("nothing was sent for the change; mend that file")
    })?;
    let mut untold: Vec<&Node> = Vec::new();
    // A likeness that is missing tells nothing.
    let likenesses = likenesses.iter().map(Some).chain(std::iter::repeat(None));
    for (other, likeness) in others.iter().zip(likenesses) {
        match likeness {
            Some(Likeness::Another) => {}
            Some(Likeness::Untold) | None => untold.push(other),
            Some(Likeness::Same(why)) => return Err(refusal(node, other, why)),
        }
    }
    Ok(Untold::of(&untold))
}

/// Nodes of another mode that the machine may be as well: neither a key nor an address tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Untold {
    mode: Mode,
    pub(crate) nodes: Vec<NodeName>,
}

impl Untold {
    /// `None` where there are no such nodes.
    pub(crate) fn of(nodes: &[&Node]) -> Option<Self> {
        let mode = nodes.first()?.mode();
        Some(Self { mode, nodes: nodes.iter().map(|node| node.name().clone()).collect() })
    }

    /// What a person is told of it, and how it can be mended.
    pub(crate) fn remark(&self) -> String {
        let (first, rest) = self.nodes.split_at(self.nodes.len().min(MOST_NAMES));
        let mut names = first.iter().map(NodeName::as_str).collect::<Vec<_>>().join(", ");
        if !rest.is_empty() {
            names.push_str(&format!(" and {} more", rest.len()));
        }
        let (that, gone) = match self.nodes.as_slice() {
            [_] => ("that one", "a machine that is gone"),
            _ => ("those", "machines that are gone"),
        };
        format!(
            "it may be the machine that is {} as {names}: no host key of {that} is known, and none was shown now \
             (`nixi nodes` records it as soon as it answers; `nixi remove NAME` takes {gone} off the list)",
            self.mode
        )
    }
}

fn refusal(node: &Node, other: &Node, why: &Sameness) -> ErrorReport {
    let (node, mode, other) = (node.name(), other.mode(), other.name());
    let how = match why {
        Sameness::Key(key) => format!("both have the host key {key}"),
        Sameness::Address => "both are at one address and port".to_owned(),
    };
    let two = match why {
        Sameness::Key(_) => {
            format!(
                "give {node} host keys of its own (there, as root: rm /etc/ssh/ssh_host_*; ssh-keygen -A) and adopt it anew"
            )
        }
        Sameness::Address => format!("mend the address of one of them ({node} and {other})"),
    };
    ErrorReport::new(
        ErrorKind::ReadOnly,
        format!("{node} is the machine that is {mode} as {other}: {how}; nothing was sent for the change"),
    )
    .hint(format!(
        "if they are one machine, give both names the same mode, or take one out: nixi remove {node}; if they are two, {two}"
    ))
}
