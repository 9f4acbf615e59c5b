//! Whose rights file actions have: those of the login user.

use nixi_core::{PlanCx, ReadAnswer, ToolError};

use super::place::There;
use crate::reading::parsed_of;

/// The login user of a node, by number.
pub(super) struct Login {
    pub(super) user: u32,
    /// Its own group.
    pub(super) group: u32,
    /// All of its groups.
    groups: Vec<u32>,
}

impl Login {
    /// From the answers of [`nixi_core::catalog::file::user`] and [`nixi_core::catalog::file::groups`].
    pub(super) fn told(user: ReadAnswer, groups: ReadAnswer) -> Result<Self, ToolError> {
        let (user, groups) = (parsed_of(user, number)?, parsed_of(groups, numbers)?);
        // id(1) prints the user's own group first.
        Ok(Self { user, group: groups[0], groups })
    }

    /// Refuses a file that could not keep its owner and its group: another file in its place would have the login user's.
    pub(super) fn can_keep(&self, cx: &PlanCx<'_>, found: &There) -> Result<(), ToolError> {
        let (owner, group) = (&found.facts.user, &found.facts.group);
        let whose = if self.user == 0 || self.user == owner.number && self.groups.contains(&group.number) {
            return Ok(());
        } else if self.user == owner.number {
            format!("is of the group {}, in which the login user is not", group.shown())
        } else {
            format!("belongs to {}, not to the login user", owner.shown())
        };
        Err(ToolError::Permission {
            message: format!("{} on {} {whose}", found.real, cx.node().name()),
            hint: "file actions never use sudo, so they cannot keep what is not the login user's: change its owner or group first"
                .to_owned(),
        })
    }
}

/// The number that id(1) prints, and nothing else.
fn number(printed: &str) -> Result<u32, String> {
    printed.trim().parse().map_err(|_| "it is no number".to_owned())
}

/// The numbers that id(1) prints; one at least.
fn numbers(printed: &str) -> Result<Vec<u32>, String> {
    let numbers: Result<Vec<u32>, _> = printed.split_whitespace().map(str::parse).collect();
    numbers.ok().filter(|numbers| !numbers.is_empty()).ok_or_else(|| "it is no number".to_owned())
}
