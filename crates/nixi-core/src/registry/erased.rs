//! Actions without their types: JSON in, JSON or a plan out.

use std::fmt;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::args::Args;
use crate::action::{Change, Inspect, Rehearse};
use crate::card::ChangeCard;
use crate::context::{InspectCx, PlanCx, RehearseCx};
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::plan::Plan;
use crate::text;

/// What an action that looks found, or one that tried something out.
pub(crate) struct Found {
    pub(crate) data: Value,
    pub(crate) text: String,
}

impl Found {
    /// The one place where a report leaves its action: nothing of a node reaches a terminal or a model uncleaned.
    fn of(report: &(impl Serialize + fmt::Display)) -> Result<Self, ToolError> {
        let mut data = to_value(report).map_err(ToolError::Reported)?;
        // JSON escapes no more than the first 32 control characters, so the data is cleaned as the text is.
        clean_strings(&mut data);
        Ok(Self { data, text: text::clean(report.to_string().trim_end()) })
    }
}

#[async_trait]
pub(crate) trait AnyInspect: Send + Sync {
    /// The arguments as the action understood them.
    fn parse(&self, args: Args) -> Result<Value, ErrorReport>;
    /// Where the arguments send something out to.
    fn outward(&self, args: Args) -> Result<Option<String>, ErrorReport>;
    async fn inspect(&self, cx: &InspectCx<'_>, args: Args) -> Result<Found, ToolError>;
}

#[async_trait]
pub(crate) trait AnyRehearse: Send + Sync {
    /// The arguments as the action understood them.
    fn parse(&self, args: Args) -> Result<Value, ErrorReport>;
    async fn rehearse(&self, cx: &RehearseCx<'_>, args: Args) -> Result<Found, ToolError>;
}

#[async_trait]
pub(crate) trait AnyChange: Send + Sync {
    /// The arguments as the action understood them.
    fn parse(&self, args: Args) -> Result<Value, ErrorReport>;
    async fn plan(&self, cx: &PlanCx<'_>, args: Args) -> Result<Plan, ToolError>;
}

/// The three kinds of action; nothing lies between them.
pub(crate) enum Body {
    Inspect(Box<dyn AnyInspect>),
    Rehearse(Box<dyn AnyRehearse>),
    Change(Box<dyn AnyChange>),
}

impl Body {
    pub(crate) fn parse(&self, args: Args) -> Result<Value, ErrorReport> {
        match self {
            Self::Inspect(action) => action.parse(args),
            Self::Rehearse(action) => action.parse(args),
            Self::Change(action) => action.parse(args),
        }
    }
}

struct Inspecting<T>(T);
struct Rehearsing<T>(T);
struct Changing<T> {
    action: T,
    card: ChangeCard,
}

pub(super) fn inspect<T: Inspect>(action: T) -> Body {
    Body::Inspect(Box::new(Inspecting(action)))
}

pub(super) fn rehearse<T: Rehearse>(action: T) -> Body {
    Body::Rehearse(Box::new(Rehearsing(action)))
}

pub(super) fn change<T: Change>(action: T) -> Body {
    Body::Change(Box::new(Changing { card: action.card(), action }))
}

fn typed<A: DeserializeOwned>(args: Args) -> Result<A, ErrorReport> {
    serde_path_to_error::deserialize(Value::Object(args)).map_err(|error| {
        let path = error.path().to_string();
        let why = error.into_inner().to_string();
        let message = if path == "." { why } else { format!("{path}: {why}") };
        ErrorReport::new(ErrorKind::BadArgument, message)
    })
}

fn echo<A: Serialize + DeserializeOwned>(args: Args) -> Result<Value, ErrorReport> {
    let mut value = to_value(&typed::<A>(args)?)?;
    if let Value::Object(map) = &mut value {
        map.retain(|_, value| !value.is_null());
    }
    Ok(value)
}

fn to_value(value: &impl Serialize) -> Result<Value, ErrorReport> {
    serde_json::to_value(value)
        .map_err(|error| ErrorReport::new(ErrorKind::Internal, format!("cannot write it as JSON: {error}")))
}

fn clean_strings(value: &mut Value) {
    match value {
        Value::String(text) => *text = text::clean(text),
        Value::Array(items) => items.iter_mut().for_each(clean_strings),
        Value::Object(fields) => fields.values_mut().for_each(clean_strings),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[async_trait]
impl<T: Inspect> AnyInspect for Inspecting<T> {
    fn parse(&self, args: Args) -> Result<Value, ErrorReport> {
        echo::<T::Args>(args)
    }

    fn outward(&self, args: Args) -> Result<Option<String>, ErrorReport> {
        Ok(T::outward(&typed(args)?))
    }

    async fn inspect(&self, cx: &InspectCx<'_>, args: Args) -> Result<Found, ToolError> {
        let args = typed(args).map_err(ToolError::Reported)?;
        Found::of(&self.0.inspect(cx, args).await?)
    }
}

#[async_trait]
impl<T: Rehearse> AnyRehearse for Rehearsing<T> {
    fn parse(&self, args: Args) -> Result<Value, ErrorReport> {
        echo::<T::Args>(args)
    }

    async fn rehearse(&self, cx: &RehearseCx<'_>, args: Args) -> Result<Found, ToolError> {
        let args = typed(args).map_err(ToolError::Reported)?;
        Found::of(&self.0.rehearse(cx, args).await?)
    }
}

#[async_trait]
impl<T: Change> AnyChange for Changing<T> {
    fn parse(&self, args: Args) -> Result<Value, ErrorReport> {
        echo::<T::Args>(args)
    }

    async fn plan(&self, cx: &PlanCx<'_>, args: Args) -> Result<Plan, ToolError> {
        let args = typed(args).map_err(ToolError::Reported)?;
        let plan = self.action.plan(cx, args).await?;
        if let Some(step) = plan.steps.iter().find(|step| !self.card.allows(step)) {
            let message = format!("{} planned what its card does not allow: {step}", self.card.name);
            return Err(ToolError::Reported(ErrorReport::new(ErrorKind::Internal, message)));
        }
        let inherent = plan.inherent_risk();
        Ok(plan.at_least(self.card.kind.risk).at_least(inherent))
    }
}
