//! Parameters, read off the JSON Schema of an action's arguments.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::secret::arg;

/// What a parameter takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamKind {
    /// A word or text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// Several words.
    List,
    /// Names with values.
    Map,
    /// A secret: its handle, or `@ask`.
    Secret,
    /// Names with secrets.
    Secrets,
    /// One of these words.
    Choice(Vec<String>),
}

impl ParamKind {
    /// How the kind is shown in a list of parameters.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::List => "list".to_owned(),
            Self::Map => "KEY=VALUE".to_owned(),
            Self::Secret => "@FILE, @- or @ask".to_owned(),
            Self::Secrets => "KEY=@FILE, KEY=@- or KEY=@ask".to_owned(),
            Self::Choice(words) => words.join("|"),
        }
    }

    fn of(schema: &Value) -> Self {
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            return Self::Choice(words.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        }
        let is_secret = |schema: Option<&Value>| {
            schema.and_then(|schema| schema.get("format")).is_some_and(|format| format == arg::FORMAT)
        };
        if is_secret(Some(schema)) {
            return Self::Secret;
        }
        if is_secret(schema.get("additionalProperties")) {
            return Self::Secrets;
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("integer" | "number") => Self::Number,
            Some("boolean") => Self::Flag,
            Some("array") => Self::List,
            Some("object") => Self::Map,
            _ => Self::Text,
        }
    }
}

/// Who may give a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Givers {
    /// Anyone.
    All,
    /// Persons, and no model.
    Persons,
}

/// The parameter that has a read go on without an end. A model has no use for what does not end.
pub(crate) const FOLLOW: &str = "follow";

/// One parameter of an action.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub kind: ParamKind,
    /// Whether the action needs it.
    pub required: bool,
    /// What it means.
    pub about: String,
    /// Who may give it.
    #[serde(skip)]
    pub(crate) givers: Givers,
    /// Its JSON Schema, without `null`.
    #[serde(skip)]
    pub schema: Value,
}

/// The parameters of an object schema, in the order they were declared; `None` if it is no object schema.
pub(super) fn params(schema: &Value) -> Option<Vec<Param>> {
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return None;
    }
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let param = |(name, schema): (&String, &Value)| {
        let (kind, schema) = kind_and_schema(schema);
        Param {
            name: name.clone(),
            kind,
            required: required.contains(&name.as_str()),
            about: about(&schema),
            givers: if name == FOLLOW { Givers::Persons } else { Givers::All },
            schema,
        }
    };
    Some(properties.iter().map(param).collect())
}

/// What it takes, and its schema without what only tells that.
fn kind_and_schema(schema: &Value) -> (ParamKind, Value) {
    let mut schema = without_null(schema.clone());
    let kind = ParamKind::of(&schema);
    if let Some(object) = schema.as_object_mut() {
        object.remove("format");
        if let Some(Value::Object(values)) = object.get_mut("additionalProperties") {
            values.remove("format");
        }
    }
    (kind, schema)
}

fn about(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `Option<T>` reads as "T or null"; models and people are better off with "T, not required".
fn without_null(mut schema: Value) -> Value {
    let Some(object) = schema.as_object_mut() else { return schema };
    if let Some(Value::Array(kinds)) = object.get("type") {
        let rest: Vec<Value> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
        if let [one] = rest.as_slice() {
            object.insert("type".into(), one.clone());
        }
    }
    if let Some(Value::Array(words)) = object.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    object.remove("default");
    if let Some(Value::Array(options)) = object.remove("anyOf") {
        let mut rest =
            options.into_iter().filter(|option| option.get("type").is_none_or(|kind| kind != "null"));
        if let Some(Value::Object(only)) = rest.next() {
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
    if let Some(Value::Array(options)) = object.remove("oneOf") {
        // An enum whose words are documented one by one comes as a list of constants.
        let words: Vec<Value> = options.iter().filter_map(|option| option.get("const").cloned()).collect();
        object.insert("enum".into(), Value::Array(words));
        object.insert("type".into(), "string".into());
    }
    schema
}
