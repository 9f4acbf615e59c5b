//! Arguments on their way into an action: from words, from JSON, checked against the action's parameters.

use serde_json::{Map, Value};

use super::param::{Param, ParamKind};
use super::spec::ActionSpec;
use crate::error::{ErrorKind, ErrorReport};
use crate::nearest::did_you_mean;
use crate::secret::SecretArg;
use crate::text::excerpt;

/// Arguments by name, not yet checked.
pub type Args = Map<String, Value>;

fn bad(message: String) -> ErrorReport {
    ErrorReport::new(ErrorKind::BadArgument, message)
}

impl ActionSpec {
    /// Reads `key=value` words as this action's parameters: a repeated key appends, lists may be written with commas,
    /// maps as `env=KEY=VALUE`.
    ///
    /// # Errors
    /// A report with the nearest names, or what the value should be.
    pub fn parse_words(&self, words: &[String]) -> Result<Args, ErrorReport> {
        let mut args = Args::new();
        for word in words {
            let (key, value) = word.split_once('=').ok_or_else(|| {
                bad(format!("{:?} is not a parameter", excerpt(word)))
                    .hint(format!("write it as key=value; {}", self.usage()))
            })?;
            let param = self.known(key)?;
            match &param.kind {
                ParamKind::List => {
                    let list = args.entry(key).or_insert_with(|| Value::Array(Vec::new()));
                    if let Value::Array(list) = list {
                        list.extend(value.split(',').map(|item| Value::from(item.trim())));
                    }
                }
                ParamKind::Map | ParamKind::Secrets => {
                    // The value may be a secret, so the message does not repeat it.
                    let (name, value) = value.split_once('=').ok_or_else(|| {
                        bad(format!("{key}: the value is not NAME=VALUE")).hint(self.usage())
                    })?;
                    let map = args.entry(key).or_insert_with(|| Value::Object(Map::new()));
                    if let Value::Object(map) = map {
                        map.insert(name.to_owned(), value.into());
                    }
                }
                ParamKind::Text
                | ParamKind::Secret
                | ParamKind::Number
                | ParamKind::Flag
                | ParamKind::Choice(_) => {
                    if args.contains_key(key) {
                        return Err(bad(format!("{key} is given twice")));
                    }
                    args.insert(key.to_owned(), plain_value(param, value)?);
                }
            }
        }
        Ok(args)
    }

    /// Checks names, and mends what is said clearly enough: one word where a list belongs, digits in quotes.
    pub(crate) fn check(&self, mut args: Args) -> Result<Args, ErrorReport> {
        args.retain(|_, value| !value.is_null());
        for (key, value) in &mut args {
            let param = self.known(key)?;
            let mended = match (&param.kind, &*value) {
                (ParamKind::List, Value::String(one)) => Some(Value::Array(vec![Value::from(one.as_str())])),
                (ParamKind::Number, Value::String(digits)) => Some(plain_value(param, digits)?),
                (ParamKind::Flag, Value::String(word)) => Some(plain_value(param, word)?),
                _ => None,
            };
            if let Some(mended) = mended {
                *value = mended;
            }
        }
        match self.params.iter().find(|param| param.required && !args.contains_key(&param.name)) {
            Some(missing) => Err(bad(format!("{} needs {}", self.name, missing.name)).hint(self.usage())),
            None => Ok(args),
        }
    }

    /// Puts a secret where the action takes the one of this name; whether that is anything new.
    pub(crate) fn set_secret(&self, args: &mut Args, name: &str, secret: &SecretArg) -> bool {
        let handle = Value::from(secret.as_str());
        let old = match self.param(name).map(|param| &param.kind) {
            Some(ParamKind::Secret) => args.insert(name.to_owned(), handle.clone()),
            Some(_) | None => {
                let Some(param) = self.params.iter().find(|param| param.kind == ParamKind::Secrets) else {
                    return false;
                };
                let secrets = args.entry(param.name.as_str()).or_insert_with(|| Value::Object(Map::new()));
                let Value::Object(secrets) = secrets else { return false };
                secrets.insert(name.to_owned(), handle.clone())
            }
        };
        old != Some(handle)
    }

    fn known(&self, key: &str) -> Result<&Param, ErrorReport> {
        self.param(key).ok_or_else(|| {
            let hint = did_you_mean(key, self.params.iter().map(|param| param.name.as_str()))
                .unwrap_or_else(|| self.usage());
            bad(format!("{} has no parameter {:?}", self.name, excerpt(key))).hint(hint)
        })
    }

    fn usage(&self) -> String {
        if self.params.is_empty() {
            return format!("{} takes no parameters", self.name);
        }
        let shown: Vec<String> = self
            .params
            .iter()
            .map(|param| {
                let words = format!("{}=<{}>", param.name, param.kind.words());
                if param.required { words } else { format!("[{words}]") }
            })
            .collect();
        format!("{} takes {}", self.name, shown.join(" "))
    }
}

fn plain_value(param: &Param, word: &str) -> Result<Value, ErrorReport> {
    let name = &param.name;
    match &param.kind {
        ParamKind::Number => word
            .trim()
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| bad(format!("{name}: {:?} is not a whole number", excerpt(word)))),
        ParamKind::Flag => match word.trim() {
            "true" | "yes" => Ok(Value::Bool(true)),
            "false" | "no" => Ok(Value::Bool(false)),
            _ => Err(bad(format!("{name}: {:?} is neither true nor false", excerpt(word)))),
        },
        ParamKind::Choice(words) if !words.iter().any(|known| known == word) => {
            Err(bad(format!("{name}: {:?} is not one of {}", excerpt(word), words.join(", ")))
                .maybe_hint(did_you_mean(word, words.iter().map(String::as_str))))
        }
        ParamKind::Choice(_)
        | ParamKind::Text
        | ParamKind::Secret
        | ParamKind::List
        | ParamKind::Map
        | ParamKind::Secrets => Ok(word.into()),
    }
}
