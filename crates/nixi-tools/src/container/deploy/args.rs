//! What a container is deployed with.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use nixi_core::SecretArg;
use nixi_core::command::{ContainerName, EnvName, ImageName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::port::Ports;
use super::volume::Volume;

/// Parameters of `container.deploy` and `container.update`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeployArgs {
    /// Which one
    #[schemars(with = "String")]
    pub name: ContainerName,
    /// Usual: as the name
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub image: Option<ImageName>,
    /// As 8080:80, or none
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    pub ports: Option<Ports>,
    /// A node's name is its address
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub env: BTreeMap<EnvName, String>,
    /// Handles, or @ask
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, SecretArg>")]
    pub secrets: BTreeMap<EnvName, SecretArg>,
    /// As data:/var/lib/x, below /srv/NAME
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub volumes: Vec<Volume>,
    /// Usual: the image's own
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub command: Option<CommandLine>,
    /// Usual: unless-stopped
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
}

impl DeployArgs {
    /// The image, by its name or by that of the container.
    ///
    /// # Errors
    /// The container's name, if no image can have it.
    pub(super) fn image(&self) -> Result<ImageName, nixi_core::BadWord> {
        self.image.clone().map_or_else(|| self.name.as_str().to_lowercase().parse(), Ok)
    }

    /// The same with what `newer` has in its place: lists replace lists, variables are added.
    pub(super) fn updated_by(self, newer: Self) -> Self {
        let volumes = if newer.volumes.is_empty() { self.volumes } else { newer.volumes };
        let (mut env, mut secrets) = (self.env, self.secrets);
        // What was given in the open may be a secret now, and the other way round.
        env.retain(|name, _| !newer.secrets.contains_key(name));
        secrets.retain(|name, _| !newer.env.contains_key(name));
        env.extend(newer.env);
        secrets.extend(newer.secrets);
        Self {
            name: self.name,
            image: newer.image.or(self.image),
            ports: newer.ports.or(self.ports),
            env,
            secrets,
            volumes,
            command: newer.command.or(self.command),
            restart: newer.restart.or(self.restart),
        }
    }
}

/// When the runtime starts a container again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Restart {
    /// Never.
    No,
    /// When it ends with an exit code other than 0.
    OnFailure,
    /// Whenever it ends, and when the runtime starts.
    Always,
    /// Whenever it ends by itself.
    UnlessStopped,
}

impl Restart {
    /// The runtimes' word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::OnFailure => "on-failure",
            Self::Always => "always",
            Self::UnlessStopped => "unless-stopped",
        }
    }
}

/// A command as a shell takes it apart: words, quotes, backslashes. Nothing else means anything in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandLine {
    typed: String,
    words: Vec<String>,
}

impl CommandLine {
    /// The program and its arguments.
    pub(super) fn words(&self) -> &[String] {
        &self.words
    }
}

impl FromStr for CommandLine {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        if typed.contains('\0') {
            return Err("it holds a NUL byte");
        }
        match shlex::split(typed) {
            None => Err("a quote is not closed, or a backslash stands at the end"),
            Some(words) if words.is_empty() => Err("it is empty"),
            Some(words) => Ok(Self { typed: typed.to_owned(), words }),
        }
    }
}

impl TryFrom<String> for CommandLine {
    type Error = &'static str;

    fn try_from(typed: String) -> Result<Self, Self::Error> {
        typed.parse()
    }
}

impl From<CommandLine> for String {
    fn from(command: CommandLine) -> Self {
        command.typed
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn args(value: serde_json::Value) -> DeployArgs {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn an_update_keeps_what_it_does_not_name() {
        let old = args(json!({
            "name": "web", "image": "app:1", "ports": ["8080:80"], "env": {"A": "1", "TOKEN": "x"},
            "secrets": {"PW": "secret:4f1d2a9c0b1e"}, "restart": "always",
        }));
        let new = args(json!({
            "name": "web", "image": "app:2", "env": {"B": "2"}, "secrets": {"TOKEN": "secret:aaaaaaaaaaaa"},
        }));
        let right = args(json!({
            "name": "web", "image": "app:2", "ports": ["8080:80"], "env": {"A": "1", "B": "2"},
            "secrets": {"PW": "secret:4f1d2a9c0b1e", "TOKEN": "secret:aaaaaaaaaaaa"}, "restart": "always",
        }));
        assert_eq!(old.updated_by(new), right);
    }

    #[test]
    fn a_command_is_taken_apart_as_by_a_shell() {
        let words = |typed: &str| typed.parse::<CommandLine>().map(|command| command.words.join("|"));
        assert_eq!(
            words(r#"redis-server --save "60 1" --x='$a'"#).unwrap(),
            "redis-server|--save|60 1|--x=$a"
        );
        assert_eq!(words("sh -c 'a; b'").unwrap(), "sh|-c|a; b");
        for bad in ["", "  ", "a 'b", "a\\", "a\0"] {
            assert!(words(bad).is_err(), "{bad:?}");
        }
    }
}
