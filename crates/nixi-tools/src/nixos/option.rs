//! `nixos.option`

use std::collections::BTreeSet;
use std::fmt;

use nixi_core::catalog::{file, nixos};
use nixi_core::command::FilePath;
use nixi_core::text::clean_line;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::source::Whereabouts;
use crate::nix::{MOST, OptionPath, lines_of};
use crate::reading::whole_of;
use crate::table::facts;

/// At most so many files are looked at for the lines on which they set an option.
pub(super) const FILES: usize = 8;
/// At most so many names of options are shown.
const NAMES: usize = 200;

/// What an option is, which value it has, and who sets it.
pub struct ShowOption;

/// Parameters of `nixos.option`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionArgs {
    /// As services.nginx.enable
    pub option: String,
}

/// `data` of `nixos.option`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OptionReport {
    /// Its name.
    pub option: String,
    /// The names of the options in it, where it is no option but a set of them.
    pub options: Vec<String>,
    /// What values it takes, in words.
    pub kind: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What it is unless anybody sets it; packages and what else JSON has no word for stand there as `«name»`.
    pub default: Option<Value>,
    /// What it is.
    pub value: Option<Value>,
    /// Who sets it to what.
    pub set_by: Vec<Setting>,
}

/// A file that sets an option.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Setting {
    /// The file.
    pub file: String,
    /// The line, where that can be told.
    pub line: Option<usize>,
    /// What it sets it to.
    pub value: Value,
}

/// What `option.nix` of core tells.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Told {
    Option {
        #[serde(rename = "type")]
        kind: String,
        description: String,
        default: Value,
        value: Vec<Value>,
        definitions: Vec<Definition>,
    },
    Set {
        within: Option<Vec<String>>,
        nearby: Vec<String>,
    },
}

#[derive(Debug, Deserialize)]
pub(super) struct Definition {
    file: String,
    value: Value,
}

impl Inspect for ShowOption {
    type Args = OptionArgs;
    type Report = OptionReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("nixos", "option"),
            "an option: its value and who sets it",
            ReadCapability::SystemStatus,
        )
        .example(json!({"option": "services.openssh.enable"}))
    }

    async fn inspect(&self, cx: &InspectCx<'_>, args: OptionArgs) -> Result<OptionReport, ToolError> {
        let option: OptionPath =
            args.option.parse().map_err(|message| ToolError::BadArgument { message, hint: None })?;
        if option.parts().iter().any(|part| part.starts_with('_')) {
            let message = format!("{option} is no option: names with `_` are the module system's own");
            return Err(ToolError::BadArgument { message, hint: None });
        }
        let whereabouts = Whereabouts::of(cx).await?;
        let report = OptionReport {
            option: option.to_string(),
            options: Vec::new(),
            kind: None,
            description: None,
            default: None,
            value: None,
            set_by: Vec::new(),
        };
        match whereabouts.ask(cx, nixos::option, option.parts()).await? {
            Told::Set { within: Some(options), .. } => Ok(OptionReport { options, ..report }),
            Told::Set { within: None, nearby } => Err(missing(cx, &option, &nearby)),
            Told::Option { kind, description, default, value, definitions } => {
                let set_by = settings(cx, &whereabouts, &option, definitions).await?;
                let filled = |text: String| Some(text).filter(|text| !text.trim().is_empty());
                let (kind, description) = (filled(kind), filled(description));
                let value = value.into_iter().next();
                Ok(OptionReport { kind, description, default: Some(default), value, set_by, ..report })
            }
        }
    }
}

/// The files that set it, each with the line, where that can be read.
async fn settings(
    cx: &InspectCx<'_>,
    whereabouts: &Whereabouts,
    option: &OptionPath,
    definitions: Vec<Definition>,
) -> Result<Vec<Setting>, ToolError> {
    let texts = texts_of(cx, whereabouts, &definitions).await?;
    let settings = definitions.into_iter().map(|Definition { file, value }| {
        let path = whereabouts.file_of(&file);
        let text = texts.iter().find(|(read, _)| Some(read) == path.as_ref()).map(|(_, text)| text.as_str());
        let line = text.and_then(|text| lines_of(text, option, None).first().copied());
        Setting { file: path.map_or(file, |path| path.to_string()), line, value }
    });
    Ok(settings.collect())
}

/// The texts of the files that set an option. What nixpkgs itself sets is in the store, and nobody looks for the line there.
pub(super) async fn texts_of(
    cx: &InspectCx<'_>,
    whereabouts: &Whereabouts,
    definitions: &[Definition],
) -> Result<Vec<(FilePath, String)>, ToolError> {
    let files = definitions.iter().filter_map(|definition| whereabouts.file_of(&definition.file));
    let read: BTreeSet<FilePath> =
        files.filter(|path| !path.as_str().starts_with("/nix/store/")).take(FILES).collect();
    let answers = cx.gather_each(read.iter().map(|path| file::beginning(path, MOST + 1))).await;
    let mut texts = Vec::new();
    for (path, answer) in read.into_iter().zip(answers) {
        texts.push((path, String::from_utf8_lossy(&whole_of(answer)?.stdout).into_owned()));
    }
    Ok(texts)
}

fn missing(cx: &InspectCx<'_>, option: &OptionPath, nearby: &[String]) -> ToolError {
    let last = option
        .parts()
        .iter()
        .map(String::as_str)
        .max_by_key(|part| nearby.iter().map(|name| likeness(name, part)).max().unwrap_or_default());
    let near = last.and_then(|part| {
        nearby.iter().max_by_key(|name| likeness(name, part)).filter(|name| likeness(name, part) > 2)
    });
    ToolError::NotFound {
        message: format!("{} has no option {option}", cx.node().name()),
        hint: near.map(|near| format!("did you mean the one with `{near}` in it?")),
    }
}

/// How many letters two names begin with alike.
fn likeness(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
}

/// A value as a person reads it: as Nix writes it, on one line.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(is) => is.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.starts_with('«') => text.clone(),
        Value::String(text) => format!("\"{text}\""),
        Value::Array(items) => match items.as_slice() {
            [] => "[ ]".to_owned(),
            items => format!("[ {} ]", items.iter().map(shown).collect::<Vec<_>>().join(" ")),
        },
        Value::Object(fields) if fields.is_empty() => "{ }".to_owned(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name} = {};", shown(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(" "))
        }
    }
}

impl fmt::Display for OptionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.options.is_empty() {
            write!(f, "{} is a set of options:", self.option)?;
            for name in self.options.iter().take(NAMES) {
                write!(f, "\n  {}", clean_line(name))?;
            }
            let more = self.options.len().saturating_sub(NAMES);
            return if more > 0 { write!(f, "\n  and {more} more") } else { Ok(()) };
        }
        let value = self.value.as_ref().map_or_else(|| "(there is no such value)".to_owned(), shown);
        let is_default = self.value == self.default;
        let default = self.default.as_ref().filter(|_| !is_default).map(shown);
        facts(
            f,
            0,
            &[
                ("option", Some(self.option.clone())),
                ("value", Some(value)),
                ("default", default),
                ("type", self.kind.clone()),
                ("about", self.description.as_deref().map(clean_line)),
            ],
        )?;
        for (at, Setting { file, line, value }) in self.set_by.iter().enumerate() {
            let lead = if at == 0 { "\nset by" } else { "      " };
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            write!(f, "\n{lead}  {}{line}: {}", clean_line(file), clean_line(&shown(value)))?;
        }
        Ok(())
    }
}
