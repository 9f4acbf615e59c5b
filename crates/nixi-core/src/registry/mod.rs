//! All actions, by name: their schemas, and the one door to each.

mod args;
mod erased;
mod param;
mod spec;
mod toolset;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use args::Args;
pub(crate) use erased::{Body, Found};
pub(crate) use param::{FOLLOW, Givers};
pub use param::{Param, ParamKind};
pub use spec::{Access, ActionSpec};
pub use toolset::ToolSchema;

use crate::action::{Change, Inspect, Rehearse};
use crate::card::Callers;
use crate::compose::Compose;
use crate::error::{ErrorKind, ErrorReport};
use crate::nearest::did_you_mean;
use crate::text;

/// Why an action cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Two actions of one name.
    #[error("the action {0} is registered twice")]
    Twice(String),
    /// A parameter that core adds itself.
    #[error("{action} declares the parameter `{param}`, which every tool has already")]
    Reserved {
        /// The action.
        action: String,
        /// The parameter.
        param: String,
    },
    /// Tools show one flat list of parameters, so a name means one thing in a tool.
    #[error("{action} and {other} declare the parameter `{param}` with different types")]
    Conflict {
        /// The action.
        action: String,
        /// The action registered before it.
        other: String,
        /// The parameter.
        param: String,
    },
    /// Arguments that are not a struct with named fields.
    #[error("the arguments of {0} are not an object with named parameters")]
    NotAnObject(String),
    /// An example that its own action does not take.
    #[error("{action} does not take its own example: {why}")]
    Example {
        /// The action.
        action: String,
        /// What is wrong with it.
        why: String,
    },
}

/// One registered action.
pub(crate) struct Action {
    pub(crate) spec: ActionSpec,
    pub(crate) body: Body,
}

/// All actions of a program.
#[derive(Clone, Default)]
pub struct Registry {
    actions: BTreeMap<String, Arc<Action>>,
    composer: Option<Arc<dyn Compose>>,
}

impl Registry {
    /// A registry without actions.
    #[must_use]
    pub fn new() -> Self {
        Self { actions: BTreeMap::new(), composer: None }
    }

    /// With one more action that looks.
    ///
    /// # Errors
    /// [`RegistrationError`] if its name or parameters clash with what is there.
    pub fn inspect<T: Inspect>(self, action: T) -> Result<Self, RegistrationError> {
        self.with(ActionSpec::of_inspect(&action)?, erased::inspect(action))
    }

    /// With one more action that tries something out.
    ///
    /// # Errors
    /// [`RegistrationError`] if its name or parameters clash with what is there.
    pub fn rehearse<T: Rehearse>(self, action: T) -> Result<Self, RegistrationError> {
        self.with(ActionSpec::of_rehearse(&action)?, erased::rehearse(action))
    }

    /// With one more action that plans a change.
    ///
    /// # Errors
    /// [`RegistrationError`] if its name or parameters clash with what is there.
    pub fn change<T: Change>(self, action: T) -> Result<Self, RegistrationError> {
        self.with(ActionSpec::of_change(&action)?, erased::change(action))
    }

    /// With what makes one plan of all that a request declares on a node, in place of one that was there.
    #[must_use]
    pub fn composing(self, composer: impl Compose) -> Self {
        Self { composer: Some(Arc::new(composer)), ..self }
    }

    pub(crate) fn composer(&self) -> Option<&dyn Compose> {
        self.composer.as_deref()
    }

    fn with(mut self, spec: ActionSpec, body: Body) -> Result<Self, RegistrationError> {
        let name = spec.name.to_string();
        if self.actions.contains_key(&name) {
            return Err(RegistrationError::Twice(name));
        }
        for param in &spec.params {
            for other in self.specs().filter(|other| other.name.tool() == spec.name.tool()) {
                if other.params.iter().any(|theirs| theirs.name == param.name && theirs.kind != param.kind) {
                    return Err(RegistrationError::Conflict {
                        action: name,
                        other: other.name.to_string(),
                        param: param.name.clone(),
                    });
                }
            }
        }
        if let Err(why) = taken(&spec, &body) {
            return Err(RegistrationError::Example { action: name, why });
        }
        self.actions.insert(name, Arc::new(Action { spec, body }));
        Ok(self)
    }

    /// What is known of every action that can be called, by name.
    pub fn specs(&self) -> impl Iterator<Item = &ActionSpec> {
        self.actions.values().map(|action| &action.spec).filter(|spec| spec.callers == Callers::Anyone)
    }

    /// What is known of one action, named as `container.list`.
    ///
    /// # Errors
    /// A report with the nearest names.
    pub fn spec(&self, name: &str) -> Result<&ActionSpec, ErrorReport> {
        match self.actions.get(name) {
            Some(action) => Ok(&action.spec),
            None => Err(self.unknown(name)),
        }
    }

    pub(crate) fn action(&self, name: &str) -> Result<Arc<Action>, ErrorReport> {
        self.actions.get(name).cloned().ok_or_else(|| self.unknown(name))
    }

    /// The tools as a model is offered them: one function a noun.
    #[must_use]
    pub fn toolset(&self) -> Vec<ToolSchema> {
        toolset::group(self.specs())
    }

    fn unknown(&self, name: &str) -> ErrorReport {
        let tool = name.split('.').next().unwrap_or(name);
        let of_tool: Vec<String> =
            self.specs().filter(|spec| spec.name.tool() == tool).map(|spec| spec.name.to_string()).collect();
        let names: Vec<String> = self.specs().map(|spec| spec.name.to_string()).collect();
        let hint = did_you_mean(name, names.iter().map(String::as_str))
            .filter(|_| of_tool.is_empty() || name.contains('.'))
            .or_else(|| (!of_tool.is_empty()).then(|| format!("{tool} has: {}", of_tool.join(", "))))
            .unwrap_or_else(|| "`nixi tools` lists all there are".to_owned());
        ErrorReport::new(ErrorKind::UnknownAction, format!("there is no action {:?}", text::excerpt(name)))
            .hint(hint)
    }
}

/// Whether an action takes the example of its own card, and if not, why.
fn taken(spec: &ActionSpec, body: &Body) -> Result<(), String> {
    let example = spec.example.as_object().cloned().ok_or("it is no object")?;
    let args = spec.check(example).map_err(|error| error.message)?;
    body.parse(args).map(|_| ()).map_err(|error| error.message)
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.actions.keys()).finish()
    }
}
