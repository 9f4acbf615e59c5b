//! A unit, and the options of NixOS that decide whether it starts at boot.

use nixi_core::{ModuleEdit, PlanCx, ToolError};

use super::links::{BootLinks, Dependency};
use crate::nix::{Expr, Module, OptionPath};
use crate::service::show::UnitStatus;

/// What takes every starter from a unit, whoever declares it.
const NONE: &str = "lib.mkForce [ ]";

/// A unit, and the options that decide whether it starts at boot.
pub(super) struct Unit {
    status: UnitStatus,
    /// `services`, `timers`, …: where its options are, below `systemd`.
    kind: &'static str,
    /// Its name there.
    name: String,
    /// The target that has units of its kind started at boot.
    target: &'static str,
}

impl Unit {
    /// # Errors
    /// If it is of a kind that has no options, or none that Nixi sets.
    pub(super) fn of(status: UnitStatus) -> Result<Self, ToolError> {
        const KINDS: [(&str, &str, &str); 4] = [
            (".service", "services", "multi-user.target"),
            (".socket", "sockets", "sockets.target"),
            (".timer", "timers", "timers.target"),
            (".path", "paths", "paths.target"),
        ];
        let id = status.unit.as_str();
        let found = KINDS
            .iter()
            .find_map(|(suffix, kind, target)| Some((id.strip_suffix(suffix)?.to_owned(), *kind, *target)));
        let (name, kind, target) = found.ok_or_else(|| ToolError::BadArgument {
            message: format!("{id} is no service, socket, timer or path"),
            hint: None,
        })?;
        Ok(Self { status, kind, name, target })
    }

    /// Its full name.
    pub(super) fn id(&self) -> &str {
        self.status.unit.as_str()
    }

    /// Its state, in systemd's word.
    pub(super) fn active(&self) -> &str {
        &self.status.active
    }

    /// The option that lists what starts it.
    fn option(&self, dependency: Dependency) -> Result<OptionPath, ToolError> {
        self.own_option(&[dependency.option()])
    }

    /// An option of its own, or all of them.
    fn own_option(&self, name: &[&str]) -> Result<OptionPath, ToolError> {
        OptionPath::of_parts(["systemd", self.kind, &self.name].iter().chain(name).copied()).ok_or_else(
            || ToolError::BadArgument {
                message: format!("{} has a name that no option can have", self.id()),
                hint: None,
            },
        )
    }

    /// The option of NixOS that goes by its name, which it may have or not.
    fn own_switch(&self) -> Option<String> {
        let path = OptionPath::of_parts(["services", &self.name, "enable"])?;
        (self.kind == "services").then(|| path.to_string())
    }

    /// The same, where these edits are about that and nothing else.
    pub(super) fn switch_unset_by(&self, edits: &[ModuleEdit]) -> Option<String> {
        let switch = self.own_switch()?;
        (edits == [ModuleEdit::Unset { option: switch.clone() }]).then_some(switch)
    }

    fn element(&self) -> Expr {
        Expr::string(self.target)
    }

    /// Whether a module lists the target of its kind among what starts it.
    fn is_added(&self, module: &Module) -> Result<bool, ToolError> {
        module.has(&self.option(Dependency::Wants)?, &self.element()).map_err(unreadable_module)
    }

    /// The options by which a module takes from it whatever starts it.
    fn forced(&self, module: &Module) -> Result<Vec<OptionPath>, ToolError> {
        let none = Expr::parse(NONE).map_err(unreadable_module)?;
        let mut forced = Vec::new();
        for dependency in Dependency::ALL {
            let option = self.option(dependency)?;
            if value(module, &option)?.is_some_and(|value| value == none) {
                forced.push(option);
            }
        }
        Ok(forced)
    }

    /// What has it start at boot; nothing where it does.
    pub(super) fn enabling(
        &self,
        before: &Module,
        module: &Module,
        links: &BootLinks,
    ) -> Result<Vec<ModuleEdit>, ToolError> {
        let forced = self.forced(module)?;
        if !forced.is_empty() {
            return Ok(forced
                .iter()
                .map(|option| ModuleEdit::Unset { option: option.to_string() })
                .collect());
        }
        // What starts it may be what an earlier change of this request takes out.
        let is_linked = links.starts(self.id()) && !self.is_added(before)?;
        if self.is_added(module)? || is_linked || !self.forced(before)?.is_empty() {
            return Ok(Vec::new());
        }
        let option = self.option(Dependency::Wants)?.to_string();
        Ok(vec![ModuleEdit::Add { option, element: self.element().to_string() }])
    }

    /// What has it start at boot no more; nothing where it does not.
    pub(super) fn disabling(
        &self,
        cx: &PlanCx<'_>,
        before: &Module,
        module: &Module,
        links: &BootLinks,
    ) -> Result<Vec<ModuleEdit>, ToolError> {
        let option = self.option(Dependency::Wants)?;
        if self.is_added(module)? {
            let element = self.element().to_string();
            return Ok(vec![ModuleEdit::Remove { option: option.to_string(), element }]);
        }
        if !self.forced(module)?.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(switch) = self.own_switch() {
            let path: OptionPath = switch.parse().map_err(bad_words)?;
            if value(module, &path)?.is_some_and(|value| value == Expr::bool(true)) {
                return Ok(vec![ModuleEdit::Unset { option: switch }]);
            }
        }
        // An earlier change of this request took out what starts it now.
        if self.is_added(before)? {
            return Ok(Vec::new());
        }
        let former = self.forced(before)?;
        let mut edits = Vec::new();
        for dependency in Dependency::ALL {
            let option = self.option(dependency)?;
            let is_linked = links.starters(self.id()).any(|(other, _)| other == dependency);
            if !is_linked && !former.contains(&option) {
                continue;
            }
            if let Some(value) = value(module, &option)? {
                return Err(ToolError::BadArgument {
                    message: format!(
                        "nixi.nix on {} sets {option} = {value}, which Nixi did not write",
                        cx.node().name()
                    ),
                    hint: Some("change it there by hand".to_owned()),
                });
            }
            edits.push(ModuleEdit::Set { option: option.to_string(), value: NONE.to_owned() });
        }
        Ok(edits)
    }

    /// Whether the configuration is where it is decided if a unit starts at boot.
    pub(super) fn check(&self, cx: &PlanCx<'_>, links: &BootLinks) -> Result<(), ToolError> {
        let (id, node) = (self.id(), cx.node().name());
        if links.masks(id) {
            return Err(ToolError::BadArgument {
                message: format!("{id} is masked on {node}: {} is false", self.own_option(&["enable"])?),
                hint: Some("the configuration has to unmask it first".to_owned()),
            });
        }
        if links.declares(id) {
            return Ok(());
        }
        if let Some((template, _)) = self.name.split_once('@') {
            let option = self.own_option(&[])?;
            return Err(ToolError::BadArgument {
                message: format!(
                    "{id} on {node} is an instance of {template}@, which the configuration does not declare by itself"
                ),
                hint: Some(format!(
                    "declare it yourself: {option} = {{ overrideStrategy = \"asDropin\"; wantedBy = [ \"{}\" ]; }};",
                    self.target
                )),
            });
        }
        Err(ToolError::BadArgument {
            message: format!(
                "{id} is on {node}, but not of its NixOS configuration: something made it at run time"
            ),
            hint: Some("whether it starts at boot is up to what made it".to_owned()),
        })
    }
}

fn value(module: &Module, option: &OptionPath) -> Result<Option<Expr>, ToolError> {
    module.value(option).map_err(unreadable_module)
}

fn unreadable_module(error: impl std::fmt::Display) -> ToolError {
    bad_words(format!("nixi.nix: {error}"))
}

fn bad_words(message: String) -> ToolError {
    ToolError::BadArgument { message, hint: None }
}
