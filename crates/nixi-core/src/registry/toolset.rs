//! Tools as a model sees them: one function a noun, with an `action` and flat, merged parameters.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::param::{Givers, Param};
use super::spec::{Access, ActionSpec};
use crate::action::Scope;

/// One function for a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolSchema {
    /// The noun.
    pub name: String,
    /// What its actions do, a line each.
    pub description: String,
    /// The JSON Schema of its parameters.
    pub parameters: Value,
}

pub(super) fn group<'a>(specs: impl Iterator<Item = &'a ActionSpec>) -> Vec<ToolSchema> {
    let mut tools: Vec<(&str, Vec<&ActionSpec>)> = Vec::new();
    for spec in specs {
        match tools.iter_mut().find(|(tool, _)| *tool == spec.name.tool()) {
            Some((_, actions)) => actions.push(spec),
            None => tools.push((spec.name.tool(), vec![spec])),
        }
    }
    tools.into_iter().map(|(tool, actions)| schema(tool, &actions)).collect()
}

fn is_change(spec: &ActionSpec) -> bool {
    match spec.access {
        Access::Write(_) => true,
        Access::Read | Access::Rehearse => false,
    }
}

fn schema(tool: &str, actions: &[&ActionSpec]) -> ToolSchema {
    let lines: Vec<String> = actions
        .iter()
        .map(|spec| {
            let needs: Vec<&str> =
                spec.params.iter().filter(|param| param.required).map(|param| param.name.as_str()).collect();
            let needs = if needs.is_empty() { String::new() } else { format!("({})", needs.join(", ")) };
            let asked = match spec.access {
                Access::Read | Access::Write(_) => "",
                Access::Rehearse => "; on managed nodes only",
            };
            let mark = if is_change(spec) { "*" } else { "" };
            format!("{}{needs}{mark}: {}{asked}", spec.name.action(), spec.about)
        })
        .collect();
    let asked = actions.iter().any(|spec| is_change(spec)).then(|| "*: a person is asked first".to_owned());
    let lines: Vec<String> = lines.into_iter().chain(asked).collect();
    let names: Vec<&str> = actions.iter().map(|spec| spec.name.action()).collect();
    let mut properties = Map::new();
    properties.insert("action".to_owned(), json!({ "type": "string", "enum": names }));
    if actions.iter().any(|spec| spec.scope == Scope::Node) {
        properties
            .insert("node".to_owned(), json!({ "type": "string", "description": "Usual: the controller" }));
    }
    let offered = |param: &&Param| param.givers == Givers::All;
    for param in actions.iter().flat_map(|spec| &spec.params).filter(offered) {
        properties.entry(param.name.clone()).or_insert_with(|| param.schema.clone());
    }
    ToolSchema {
        name: tool.to_owned(),
        description: lines.join("\n"),
        parameters: json!({
            "type": "object",
            "properties": properties,
            "required": ["action"],
        }),
    }
}
