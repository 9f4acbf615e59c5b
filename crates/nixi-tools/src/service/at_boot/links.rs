//! What a NixOS system starts at boot, by the links among its units.

use std::collections::{BTreeMap, BTreeSet};

use nixi_core::command::UnitName;
use nixi_core::text::clean_line;

/// How one unit asks for another to be started with it (systemd.unit(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dependency {
    /// `Wants=`
    Wants,
    /// `Requires=`
    Requires,
    /// `Upholds=`
    Upholds,
}

impl Dependency {
    pub(super) const ALL: [Self; 3] = [Self::Wants, Self::Requires, Self::Upholds];

    /// The end of the name of the folder with its links.
    fn folder(self) -> &'static str {
        match self {
            Self::Wants => ".wants",
            Self::Requires => ".requires",
            Self::Upholds => ".upholds",
        }
    }

    /// The option of a unit that makes the links.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Wants => "wantedBy",
            Self::Requires => "requiredBy",
            Self::Upholds => "upheldBy",
        }
    }
}

/// The units of a system, and what starts them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct BootLinks {
    /// Where the file of each unit leads.
    files: BTreeMap<String, String>,
    /// Units that are amended by a file of their own.
    amended: BTreeSet<String>,
    /// For each unit those that start it, and how.
    starters: BTreeMap<String, BTreeSet<(Dependency, String)>>,
}

impl BootLinks {
    /// Out of an answer to [`nixi_core::catalog::nixos::running_units`]; what is no link of a unit says nothing of one.
    pub(super) fn told(text: &str) -> Self {
        let mut links = Self::default();
        for line in text.lines() {
            let Some((path, leads)) = line.split_once(' ') else { continue };
            match path.split_once('/') {
                None => {
                    links.files.insert(path.to_owned(), leads.to_owned());
                }
                Some((folder, unit)) => {
                    if let Some(of) = folder.strip_suffix(".d") {
                        links.amended.insert(of.to_owned());
                    }
                    for dependency in Dependency::ALL {
                        let Some(starter) = folder.strip_suffix(dependency.folder()) else { continue };
                        let of_it = links.starters.entry(unit.to_owned()).or_default();
                        of_it.insert((dependency, clean_line(starter)));
                    }
                }
            }
        }
        links
    }

    /// Whether the configuration declares a unit by this very name.
    pub(super) fn declares(&self, unit: &str) -> bool {
        self.files.contains_key(unit) || self.amended.contains(unit)
    }

    /// The names of the units that it declares, as far as they are names of units.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.files.keys().chain(&self.amended).map(String::as_str);
        names.filter(|name| name.parse::<UnitName>().is_ok_and(|unit| !unit.is_template()))
    }

    /// Whether the configuration switches a unit off altogether.
    pub(super) fn masks(&self, unit: &str) -> bool {
        self.files.get(unit).is_some_and(|leads| leads == "/dev/null")
    }

    /// The units that start a unit, and how.
    pub(super) fn starters<'a>(&'a self, unit: &str) -> impl Iterator<Item = (Dependency, &'a str)> {
        self.starters
            .get(unit)
            .into_iter()
            .flatten()
            .map(|(dependency, starter)| (*dependency, starter.as_str()))
    }

    /// Whether a unit is started when the system boots.
    pub(super) fn starts(&self, unit: &str) -> bool {
        self.starters(unit).any(|(_, starter)| is_of_boot(starter))
    }
}

/// Whether a target is one that a boot gets to (systemd.special(7)); those of an end, of sleep and of repairs are not.
fn is_of_boot(target: &str) -> bool {
    const OTHERS: &[&str] = &[
        "shutdown",
        "umount",
        "final",
        "reboot",
        "soft-reboot",
        "poweroff",
        "halt",
        "kexec",
        "exit",
        "sleep",
        "suspend",
        "hibernate",
        "hybrid-sleep",
        "suspend-then-hibernate",
        "rescue",
        "emergency",
    ];
    target.strip_suffix(".target").is_some_and(|name| !OTHERS.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As find(1) prints the units of a NixOS system.
    const TOLD: &str = "nginx.service /nix/store/a-unit-nginx.service/nginx.service\n\
        multi-user.target.wants/nginx.service ../nginx.service\n\
        off.service /dev/null\n\
        db.service /nix/store/a-unit-db.service/db.service\n\
        multi-user.target.requires/db.service ../db.service\n\
        app.service.wants/db.service ../db.service\n\
        late.service /nix/store/a-unit-late.service/late.service\n\
        shutdown.target.wants/late.service ../late.service\n\
        dbus.service.d/overrides.conf /nix/store/b/overrides.conf\n\
        getty@.service /nix/store/c/getty@.service\n\
        getty.target.wants/getty@tty1.service ../getty@.service\n\
        odd\n";

    #[test]
    fn links_tell_what_is_declared_and_what_starts_it() {
        let links = BootLinks::told(TOLD);
        assert!(links.starts("nginx.service") && links.starts("db.service"));
        assert!(
            !links.starts("off.service") && !links.starts("late.service") && !links.starts("dbus.service")
        );
        assert!(links.masks("off.service") && !links.masks("nginx.service"));
        assert!(links.declares("dbus.service") && links.declares("off.service"));
        assert!(!links.declares("getty@tty1.service") && links.starts("getty@tty1.service"));
        let starters: Vec<_> = links.starters("db.service").collect();
        assert_eq!(
            starters,
            [(Dependency::Wants, "app.service"), (Dependency::Requires, "multi-user.target")]
        );
        assert_eq!(links.starters("other.service").count(), 0);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|([a-z.]{0,9}(\\.wants|\\.d|/)?[a-z./]{0,9} ?[a-z/]{0,9}\n){0,6}") {
            let links = BootLinks::told(&text);
            prop_assert!(!links.starts("no such unit"));
        }
    }
}
