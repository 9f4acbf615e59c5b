//! What is known of an action without running it.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::RegistrationError;
use super::param::{Param, params};
use crate::action::{ActionName, Change, Inspect, Scope};
use crate::mode::Capability;
use crate::plan::Risk;

/// Whether an action looks or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It looks.
    Read,
    /// It changes, with at least this risk.
    Write(Risk),
}

impl Access {
    /// The words of `nixi tools`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Read => "read",
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
    /// Whether it looks or changes.
    pub access: Access,
    /// The row of the page's table.
    pub capability: Capability,
    /// On a node, or on the controller only.
    pub scope: Scope,
    /// Its parameters, without `node`.
    pub params: Vec<Param>,
    /// The JSON Schema of `data` in its results; `null` for a change.
    pub report: Value,
}

impl ActionSpec {
    pub(super) fn of_inspect<T: Inspect>() -> Result<Self, RegistrationError> {
        Ok(Self {
            name: T::NAME,
            about: T::ABOUT,
            access: Access::Read,
            capability: Capability::Read(T::CAPABILITY),
            scope: T::SCOPE,
            params: params_of::<T::Args>(T::NAME)?,
            report: schema_of::<T::Report>(),
        })
    }

    pub(super) fn of_change<T: Change>() -> Result<Self, RegistrationError> {
        Ok(Self {
            name: T::NAME,
            about: T::ABOUT,
            access: Access::Write(T::RISK),
            capability: Capability::Write(T::CAPABILITY),
            scope: T::SCOPE,
            params: params_of::<T::Args>(T::NAME)?,
            report: Value::Null,
        })
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
