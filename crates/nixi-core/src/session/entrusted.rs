//! Secrets on their way into the vault: out of the words of a request, and out of arguments.

use serde_json::{Map, Value};

use super::Inner;
use super::request_cx::RequestCx;
use crate::error::{ErrorKind, ErrorReport};
use crate::plan::Origin;
use crate::registry::{ActionSpec, Args, ParamKind};
use crate::secret::{Secret, SecretArg, names_a_secret, without_secrets};

impl Inner {
    /// The words with a handle in place of each secret.
    pub(super) fn without_secrets(&self, words: &str) -> String {
        without_secrets(words, |value| {
            let bare = value.trim_matches(['"', '\'', '`']);
            let secret = Secret::new(bare.as_bytes().to_vec()).ok()?;
            Some(self.vault.keep(secret).to_string())
        })
    }
}

impl RequestCx<'_> {
    /// The arguments with a handle in place of each secret. Where an action takes secrets by name, variables that hold one by
    /// their name, or whose value holds one, are given as secrets.
    pub(super) fn entrusted(&self, spec: &ActionSpec, mut args: Args) -> Result<Args, ErrorReport> {
        let of_kind = |wanted: ParamKind| {
            spec.params.iter().filter(move |param| param.kind == wanted).map(|param| param.name.as_str())
        };
        for name in of_kind(ParamKind::Secret) {
            if let Some(Value::String(value)) = args.get_mut(name) {
                *value = self.handle(name, std::mem::take(value))?;
            }
        }
        let Some(secrets) = of_kind(ParamKind::Secrets).next() else { return Ok(args) };
        let mut named = match args.remove(secrets) {
            None => Map::new(),
            Some(Value::Object(named)) => named,
            // Kept as it is, to be refused as an argument that does not fit.
            Some(other) => {
                args.insert(secrets.to_owned(), other);
                return Ok(args);
            }
        };
        for (name, value) in &mut named {
            if let Value::String(value) = value {
                *value = self.handle(name, std::mem::take(value))?;
            }
        }
        for map in of_kind(ParamKind::Map) {
            let Some(Value::Object(variables)) = args.get_mut(map) else { continue };
            let is_secret = |name: &str, value: &str| {
                SecretArg::is_one(value)
                    || names_a_secret(name)
                    || without_secrets(value, |_| Some(String::new())) != value
            };
            let hidden: Vec<String> = variables
                .iter()
                .filter(|(name, value)| {
                    value.as_str().is_some_and(|value| !value.is_empty() && is_secret(name, value))
                })
                .map(|(name, _)| name.clone())
                .collect();
            for name in hidden {
                let Some(Value::String(value)) = variables.remove(&name) else { continue };
                if named.contains_key(&name) {
                    let message = format!("{name} is given twice: in {map} and in {secrets}");
                    return Err(ErrorReport::new(ErrorKind::BadArgument, message));
                }
                let handle = self.handle(&name, value)?;
                named.insert(name, handle.into());
            }
        }
        if !named.is_empty() {
            args.insert(secrets.to_owned(), Value::Object(named));
        }
        Ok(args)
    }

    /// The handle for a value. What is one already stays.
    fn handle(&self, name: &str, value: String) -> Result<String, ErrorReport> {
        if SecretArg::is_one(&value) {
            return Ok(value);
        }
        let bad = |why: String| ErrorReport::new(ErrorKind::BadArgument, format!("{name}: {why}"));
        if value.starts_with('@') && value.len() > 1 {
            let why = "`@FILE` and `@-` are read by `nixi call` alone".to_owned();
            return Err(bad(why).hint("give `@ask` to have the person asked"));
        }
        // A model makes up a password where it has none. The person is asked instead.
        let is_typed = self.words.is_none_or(|words| words.contains(&value));
        if self.origin == Origin::Model && !is_typed {
            return Ok(SecretArg::ask().to_string());
        }
        let secret = Secret::new(value.into_bytes())
            .map_err(|why| bad(format!("the secret cannot be used: {why}")))?;
        Ok(self.inner.vault.keep(secret).to_string())
    }
}
