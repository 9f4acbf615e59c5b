//! What differs between two systems.

use nixi_core::catalog::nixos;
use nixi_core::command::StorePath;
use nixi_core::text::clean_line;
use nixi_core::{InspectCx, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use crate::reading::{parsed_of, whole_of};

/// How many packages and units are named.
const NAMED: usize = 40;

/// What differs between the system that runs and another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Difference {
    /// Packages, as `nix store diff-closures` tells them: `hello: ∅ → 2.12, +226.5 KiB`.
    pub packages: Vec<String>,
    /// Units that only the new system has.
    pub new_units: Vec<String>,
    /// Units whose text is another one: those that run are restarted or reloaded, as they declare.
    pub changed_units: Vec<String>,
    /// Units that the new system does not have: those that run are stopped.
    pub gone_units: Vec<String>,
    /// Whether the kernel, its modules or the initial file system differ from those that were booted.
    pub needs_reboot: bool,
}

impl Difference {
    /// Between the system that runs and a new one.
    pub(super) async fn of(cx: &InspectCx<'_>, old: &StorePath, new: &StorePath) -> Result<Self, ToolError> {
        let [closures, before, after, kernels] = cx
            .gather([
                nixos::closure_difference(old, new),
                nixos::units(old),
                nixos::units(new),
                nixos::kernels_beside(new),
            ])
            .await;
        let closures = whole_of(closures)?;
        // Nix before 2.4 does not know how.
        let closures = match closures.exit.is_success() {
            true => String::from_utf8_lossy(&closures.stdout).into_owned(),
            false => String::new(),
        };
        let packages = closures.lines().map(plain).filter(|line| !line.is_empty()).collect();
        let units = |text: &str| Ok(units(text));
        let (before, after) = (parsed_of(before, units)?, parsed_of(after, units)?);
        let kernels = whole_of(kernels)?;
        let kernels = String::from_utf8_lossy(&kernels.stdout).into_owned();
        let needs_reboot = match kernels.lines().collect::<Vec<_>>()[..] {
            [a, b, c, x, y, z] => [a, b, c] != [x, y, z],
            _ => false,
        };
        let find = |name: &str, list: &[(String, String)]| {
            list.iter().find(|(other, _)| other == name).map(|(_, link)| link.clone())
        };
        let changed = |(name, link): &&(String, String)| find(name, &after).is_some_and(|now| now != *link);
        let names = |list: Vec<&(String, String)>| list.into_iter().map(|(name, _)| name.clone()).collect();
        Ok(Self {
            packages,
            new_units: names(after.iter().filter(|(name, _)| find(name, &before).is_none()).collect()),
            changed_units: names(before.iter().filter(changed).collect()),
            gone_units: names(before.iter().filter(|(name, _)| find(name, &after).is_none()).collect()),
            needs_reboot,
        })
    }

    /// A line for each kind of difference.
    pub(super) fn lines(&self) -> Vec<String> {
        let list = |what: &str, names: &[String]| {
            let more = names.len().checked_sub(NAMED).filter(|more| *more > 0);
            let named = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
            (!names.is_empty()).then(|| format!("{what}: {named}{more}"))
        };
        let mut lines: Vec<String> = self.packages.iter().take(NAMED).cloned().collect();
        if let Some(more) = self.packages.len().checked_sub(NAMED).filter(|more| *more > 0) {
            lines.push(format!("and {more} more packages"));
        }
        lines.extend(list("new units", &self.new_units));
        lines.extend(list("changed units, restarted or reloaded if they run", &self.changed_units));
        lines.extend(list("units that go, stopped if they run", &self.gone_units));
        lines
    }
}

/// The units of a system and where their files lead.
fn units(text: &str) -> Vec<(String, String)> {
    let mut units: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| {
            let (name, link) = line.split_once(' ')?;
            let name = name.strip_suffix(".d/overrides.conf").unwrap_or(name);
            let is_unit = !name.contains('/') && name.contains('.') && !link.is_empty();
            is_unit.then(|| (clean_line(name), link.to_owned()))
        })
        .collect();
    units.sort();
    units
}

/// Without the colours that old versions of Nix print whether or not anybody sees them.
fn plain(line: &str) -> String {
    clean_line(line).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_by_where_their_files_lead() {
        let told = units(
            "nginx.service /nix/store/a-unit-nginx.service/nginx.service\nsystem \nx.mount /dev/null\n\
             multi-user.target.wants/nginx.service ../nginx.service\n\
             dbus.service.d/overrides.conf /nix/store/b/overrides.conf\n",
        );
        let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["dbus.service", "nginx.service", "x.mount"]);
    }

    #[test]
    fn what_differs_is_told_kind_by_kind() {
        let difference = Difference {
            packages: vec!["hello: ∅ → 2.12, +226.5 KiB".to_owned()],
            new_units: vec!["a.service".to_owned(), "b.service".to_owned()],
            changed_units: Vec::new(),
            gone_units: (0..42).map(|at| format!("{at}.service")).collect(),
            needs_reboot: false,
        };
        let lines = difference.lines();
        assert_eq!(lines[..2], ["hello: ∅ → 2.12, +226.5 KiB", "new units: a.service, b.service"]);
        assert!(
            lines[2].starts_with("units that go, stopped if they run: 0.service, ")
                && lines[2].ends_with("39.service and 2 more")
        );
    }
}
