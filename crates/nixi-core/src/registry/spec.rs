//! What is known of an action without running it.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::RegistrationError;
use super::param::{Param, params};
use crate::action::{ActionName, Change, Inspect, Rehearse, Scope};
use crate::card::{Callers, Card, Edits, Presentation, Shape};
use crate::mode::Capability;
use crate::plan::Risk;

/// Whether an action looks, tries something out or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It looks.
    Read,
    /// It tries something out on a managed node.
    Rehearse,
    /// It changes, with at least this risk.
    Write(Risk),
}

impl Access {
    /// The words of `nixi tools`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Rehearse => "rehearsal",
            Self::Write(Risk::Routine) => "change",
            Self::Write(Risk::Destructive) => "destructive",
        }
    }
}

/// What is known of an action: for help texts, completion, models and checks.
#[derive(Debug, Clone, Serialize)]
pub struct ActionSpec {
    /// Its name.
    pub name: ActionName,
    /// One line of what it does.
    pub about: &'static str,
    /// Whether it looks, tries something out or changes.
    pub access: Access,
    /// What it looks at or changes.
    pub capability: Capability,
    /// On a node, or on the controller only.
    pub scope: Scope,
    /// The form of its report.
    pub shape: Shape,
    #[serde(skip)]
    pub(crate) callers: Callers,
    /// What it may edit of what only the controller has.
    pub edits: Edits,
    /// Its parameters, without `node`.
    pub params: Vec<Param>,
    /// Arguments that it takes.
    pub example: Value,
    /// The JSON Schema of `data` in its results; `null` for a change.
    pub report: Value,
}

impl ActionSpec {
    pub(super) fn of_inspect<T: Inspect>(action: &T) -> Result<Self, RegistrationError> {
        let Card { name, about, scope, shape, example, kind } = action.card();
        Ok(Self {
            name,
            about,
            access: Access::Read,
            capability: Capability::Read(kind.capability),
            scope,
            shape,
            callers: Callers::Anyone,
            edits: Edits::Nothing,
            params: params_of::<T::Args>(name)?,
            example,
            report: schema_of::<T::Report>(),
        })
    }

    pub(super) fn of_rehearse<T: Rehearse>(action: &T) -> Result<Self, RegistrationError> {
        let Card { name, about, scope, shape, example, kind } = action.card();
        Ok(Self {
            name,
            about,
            access: Access::Rehearse,
            capability: Capability::Rehearse(kind.capability),
            scope,
            shape,
            callers: Callers::Anyone,
            edits: Edits::Nothing,
            params: params_of::<T::Args>(name)?,
            example,
            report: schema_of::<T::Report>(),
        })
    }

    pub(super) fn of_change<T: Change>(action: &T) -> Result<Self, RegistrationError> {
        let Card { name, about, scope, shape, example, kind } = action.card();
        Ok(Self {
            name,
            about,
            access: Access::Write(kind.risk),
            capability: Capability::Write(kind.capability),
            scope,
            shape,
            callers: kind.callers,
            edits: kind.edits,
            params: params_of::<T::Args>(name)?,
            example,
            report: Value::Null,
        })
    }

    /// How its results are shown.
    #[must_use]
    pub fn presentation(&self) -> Presentation {
        Presentation { scope: self.scope, shape: self.shape }
    }

    /// The parameter of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| param.name == name)
    }
}

fn params_of<T: JsonSchema>(name: ActionName) -> Result<Vec<Param>, RegistrationError> {
    let found = params(&schema_of::<T>()).ok_or_else(|| RegistrationError::NotAnObject(name.to_string()))?;
    match found.iter().find(|param| matches!(param.name.as_str(), "node" | "action")) {
        Some(param) => {
            Err(RegistrationError::Reserved { action: name.to_string(), param: param.name.clone() })
        }
        None => Ok(found),
    }
}

fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>().into()
}
