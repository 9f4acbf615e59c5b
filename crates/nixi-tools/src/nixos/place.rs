//! Where the configuration of a node is, and whether Nixi could add a module of its own to it.

use nixi_core::catalog::{file, nixos};
use nixi_core::command::FilePath;
use nixi_core::{InspectCx, ReadAnswer, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::file::real_told;
use crate::nix::{EditError, MOST, Module, flake, imports};
use crate::reading::{json, whole_of};

const FLAKE: &str = "/etc/nixos/flake.nix";
const CONFIGURATION: &str = "/etc/nixos/configuration.nix";
/// The file that Nixi keeps its options in, beside the configuration.
const OWN: &str = "nixi.nix";
const IMPORT: &str = "./nixi.nix";

/// How the configuration of a node is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A module that is found by `NIX_PATH`, as `/etc/nixos/configuration.nix`.
    Plain,
    /// `/etc/nixos/flake.nix`, which goes before a module.
    Flake,
    /// Not on the node, as far as can be told: it is deployed from elsewhere.
    Elsewhere,
}

/// Nixi's own module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OwnModule {
    /// Its file.
    pub path: String,
    /// Whether it is there.
    pub state: OwnState,
    /// The file that imports it, or would.
    pub imported_by: Option<String>,
}

/// Whether Nixi's own module is part of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnState {
    /// There is none yet.
    Missing,
    /// There is one, and the configuration does not import it.
    Unused,
    /// The configuration imports it.
    Imported,
}

/// Where a configuration begins.
pub(super) struct Place {
    pub(super) kind: Kind,
    /// The file by the name that NixOS finds it by.
    pub(super) named: Option<FilePath>,
    /// The same without links.
    pub(super) real: Option<FilePath>,
}

/// What would be done there.
pub(super) struct Prospect {
    pub(super) own: OwnModule,
    /// Why Nixi could not import its module there: half a sentence.
    pub(super) obstacle: Option<String>,
}

impl Place {
    /// Out of the answers of `NIX_PATH` and of where the two usual files lead.
    pub(super) async fn find(
        cx: &InspectCx<'_>,
        search_path: ReadAnswer,
        flake: ReadAnswer,
        usual: ReadAnswer,
    ) -> Result<Self, ToolError> {
        let (at_flake, at_usual) = (path(FLAKE)?, path(CONFIGURATION)?);
        if let Some(real) = real_told(cx, &at_flake, flake)? {
            return Ok(Self { kind: Kind::Flake, named: Some(at_flake), real: Some(real) });
        }
        let named = configured(&String::from_utf8_lossy(&whole_of(search_path)?.stdout));
        let (named, real) = match named.filter(|named| *named != at_usual) {
            None => (at_usual.clone(), usual),
            Some(other) => {
                let [real] = cx.gather([file::real(&other)]).await;
                (other, real)
            }
        };
        Ok(match real_told(cx, &named, real)? {
            Some(real) => Self { kind: Kind::Plain, named: Some(named), real: Some(real) },
            None => Self { kind: Kind::Elsewhere, named: None, real: None },
        })
    }

    /// Looks at the files, and at what Nixi would do with them.
    pub(super) async fn prospect(
        &self,
        cx: &InspectCx<'_>,
        machine: Option<&str>,
    ) -> Result<Option<Prospect>, ToolError> {
        let Some(real) = &self.real else { return Ok(None) };
        let beside = |name: &str| path(&format!("{}/{name}", real.folder().trim_end_matches('/')));
        let (own, configuration) = (beside(OWN)?, beside("configuration.nix")?);
        let text = |path| file::beginning(path, MOST + 1);
        let [entry, there, second, mount] =
            cx.gather([text(real), text(&own), text(&configuration), nixos::mount_of(real)]).await;
        let read = |answer: ReadAnswer| -> Result<Option<String>, ToolError> {
            let output = whole_of(answer)?;
            Ok(output.exit.is_success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
        };
        let (entry, there, second) = (read(entry)?, read(there)?, read(second)?);
        let is_read_only = is_read_only(&String::from_utf8_lossy(&whole_of(mount)?.stdout));
        let import = match (&entry, self.kind) {
            (None, _) => Import { by: real, end: Err(format!("the login user cannot read {real}")) },
            (Some(text), Kind::Flake) => in_flake(text, real, second.as_deref(), &configuration, machine),
            (Some(text), Kind::Plain | Kind::Elsewhere) => Import::of_module(text, real, &own),
        };
        let state = match (&import.end, &there) {
            (Ok(true), _) => OwnState::Imported,
            (Ok(false) | Err(_), Some(_)) => OwnState::Unused,
            (Ok(false) | Err(_), None) => OwnState::Missing,
        };
        let own_is_broken = || {
            let error = Module::parse(there.as_deref()?).err()?;
            Some(format!("{own}: {error}"))
        };
        let obstacle = match import.end {
            _ if real.as_str().starts_with("/nix/store/") => {
                Some(format!("{real} is in the Nix store, where nothing can be written"))
            }
            _ if is_read_only => Some(format!("the file system of {real} is mounted read-only")),
            Err(why) => Some(why),
            Ok(_) => own_is_broken(),
        };
        let own = OwnModule { path: own.to_string(), state, imported_by: Some(import.by.to_string()) };
        Ok(Some(Prospect { own, obstacle }))
    }
}

/// How the import of Nixi's module stands in a file.
struct Import<'a> {
    by: &'a FilePath,
    /// Whether it is there; or why it cannot be.
    end: Result<bool, String>,
}

impl<'a> Import<'a> {
    fn of_module(text: &str, by: &'a FilePath, own: &FilePath) -> Self {
        let added = imports::add(text, IMPORT, &[own.as_str()]).map(|added| added.is_none());
        Self { by, end: added.map_err(|error| refused(by, &error)) }
    }
}

/// In the flake itself; where its modules are computed, in the configuration that it names.
fn in_flake<'a>(
    flake: &str,
    by: &'a FilePath,
    configuration: Option<&str>,
    beside: &'a FilePath,
    machine: Option<&str>,
) -> Import<'a> {
    let Some(machine) = machine else {
        return Import { by, end: Err("the host name of the node is not known".to_owned()) };
    };
    match (flake::add_module(flake, machine, IMPORT), configuration) {
        (Err(EditError::Unfit { .. }), Some(text)) if flake.contains("./configuration.nix") => {
            let own = by.as_str().replace("flake.nix", OWN);
            let added = imports::add(text, IMPORT, &[&own]).map(|added| added.is_none());
            Import { by: beside, end: added.map_err(|error| refused(beside, &error)) }
        }
        (added, _) => {
            let added = added.map(|added| added.is_none());
            Import { by, end: added.map_err(|error| refused(by, &error)) }
        }
    }
}

fn refused(path: &FilePath, error: &EditError) -> String {
    format!("{path}: {error}")
}

pub(super) fn path(text: &str) -> Result<FilePath, ToolError> {
    text.parse().map_err(|error| ToolError::BadArgument { message: format!("{text}: {error}"), hint: None })
}

/// The configuration that `NIX_PATH` names, if it is a file of the node's.
fn configured(search_path: &str) -> Option<FilePath> {
    let named = search_path.trim_end().split(':').find_map(|entry| entry.strip_prefix("nixos-config="));
    named?.parse().ok()
}

#[derive(Deserialize)]
struct Mounts {
    filesystems: Vec<Mount>,
}

#[derive(Deserialize)]
struct Mount {
    options: Option<String>,
}

/// Whether a file system is mounted read-only; what cannot be read is not taken for that.
fn is_read_only(mounts: &str) -> bool {
    json::<Mounts>(mounts)
        .ok()
        .and_then(|mounts| mounts.filesystems.into_iter().next()?.options)
        .is_some_and(|options| options.split(',').any(|option| option == "ro"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_the_one_that_the_search_path_names() {
        let named = |text: &str| configured(text).map(|path| path.to_string());
        assert_eq!(
            named(
                "nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos:nixos-config=/etc/nixos/mine.nix:/x\n"
            ),
            Some("/etc/nixos/mine.nix".to_owned())
        );
        for none in ["", "nixpkgs=flake:nixpkgs", "nixos-config=", "nixos-config=./x", "nixos-config=<x>"] {
            assert_eq!(named(none), None, "{none}");
        }
    }

    #[test]
    fn a_mount_is_read_only_if_its_options_say_so() {
        let of = |options: &str| format!(r#"{{"filesystems":[{{"target":"/","options":"{options}"}}]}}"#);
        assert!(is_read_only(&of("ro,relatime")) && is_read_only(&of("noatime,ro")));
        for not in [of("rw,errors=remount-ro"), of("rw"), String::new(), r#"{"filesystems":[]}"#.to_owned()] {
            assert!(!is_read_only(&not), "{not}");
        }
    }
}
