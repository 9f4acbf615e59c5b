//! Where the configuration of a node is, and whether Nixi could add a module of its own to it.

use nixi_core::catalog::{file, nixos};
use nixi_core::command::{FilePath, SearchEntry};
use nixi_core::{InspectCx, ReadAnswer, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::file::real_told;
use crate::nix::{EditError, MOST, Module, flake, imports};
use crate::reading::{json, whole_of};

const FLAKE: &str = "/etc/nixos/flake.nix";
const CONFIGURATION: &str = "/etc/nixos/configuration.nix";
/// What nixos-rebuild of NixOS 26.05 builds before a module, where there is no flake.
const SYSTEM: &str = "/etc/nixos/system.nix";
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
    /// Where Nix looks for what is named in `<…>`; nothing of it counts for a flake.
    pub(super) search_path: Vec<SearchEntry>,
}

/// What would be done there.
pub(super) struct Prospect {
    pub(super) own: OwnModule,
    /// Why no file can be written there: half a sentence.
    pub(super) unwritable: Option<String>,
    /// Why Nixi could not import its module there: half a sentence.
    pub(super) obstacle: Option<String>,
    /// Whether git keeps the folder.
    pub(super) is_kept_by_git: bool,
    /// The texts that an edit is about, unless something stands in its way.
    pub(super) texts: Option<Texts>,
}

/// The texts that an edit is about.
pub(super) struct Texts {
    /// Nixi's own module.
    pub(super) own: Text,
    /// The file that imports it, or shall.
    pub(super) importer: Text,
    /// The same with the import, where it is not there yet.
    pub(super) with_import: Option<String>,
}

/// A file, and what is in it, if it is there.
pub(super) struct Text {
    pub(super) path: FilePath,
    pub(super) content: Option<String>,
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
            let search_path = Vec::new();
            return Ok(Self { kind: Kind::Flake, named: Some(at_flake), real: Some(real), search_path });
        }
        let entries = self::search_path(&String::from_utf8_lossy(&whole_of(search_path)?.stdout));
        let named = configured(&entries);
        let (named, real) = match named.filter(|named| *named != at_usual) {
            None => (at_usual.clone(), usual),
            Some(other) => {
                let [real] = cx.gather([file::real(&other)]).await;
                (other, real)
            }
        };
        Ok(match real_told(cx, &named, real)? {
            Some(real) => {
                Self { kind: Kind::Plain, named: Some(named), real: Some(real), search_path: entries }
            }
            None => Self { kind: Kind::Elsewhere, named: None, real: None, search_path: entries },
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
        let [entry, there, second, system, mount, repositories] = cx
            .gather([
                text(real),
                text(&own),
                text(&configuration),
                text(&path(SYSTEM)?),
                nixos::mount_of(real),
                file::repositories(real),
            ])
            .await;
        let repositories = String::from_utf8_lossy(&whole_of(repositories)?.stdout).into_owned();
        let read = |answer: ReadAnswer| -> Result<Option<String>, ToolError> {
            let output = whole_of(answer)?;
            // What is not UTF-8 could not be put back as it was.
            Ok(output.exit.is_success().then(|| String::from_utf8(output.stdout).ok()).flatten())
        };
        let (entry, there, second, system) = (read(entry)?, read(there)?, read(second)?, read(system)?);
        let is_read_only = is_read_only(&String::from_utf8_lossy(&whole_of(mount)?.stdout));
        let import = match (&entry, self.kind) {
            (None, _) => Import { by: real, end: Err(format!("the login user cannot read {real} as UTF-8")) },
            (Some(text), Kind::Flake) => {
                in_flake(text, real, second.as_deref(), &configuration, &own, machine)
            }
            (Some(text), Kind::Plain | Kind::Elsewhere) => Import::of_module(text, real, &own),
        };
        let state = match (&import.end, &there) {
            (Ok(None), _) => OwnState::Imported,
            (Ok(Some(_)) | Err(_), Some(_)) => OwnState::Unused,
            (Ok(Some(_)) | Err(_), None) => OwnState::Missing,
        };
        let own_is_broken = || {
            let error = Module::parse(there.as_deref()?).err()?;
            Some(format!("{own}: {error}"))
        };
        let unwritable = match self.kind {
            _ if real.as_str().starts_with("/nix/store/") => {
                Some(format!("{real} is in the Nix store, where nothing can be written"))
            }
            _ if is_read_only => Some(format!("the file system of {real} is mounted read-only")),
            Kind::Plain if system.is_some_and(|text| makes_a_system(&text)) => Some(format!(
                "{SYSTEM} makes the system there (NixOS 26.05), and Nixi does not edit that yet"
            )),
            Kind::Flake if is_kept_above(&repositories, real) => {
                Some(format!("{real} lies in a git repository that is kept further up, or is a worktree"))
            }
            Kind::Flake | Kind::Plain | Kind::Elsewhere => None,
        };
        let obstacle = match (&unwritable, &import.end) {
            (Some(why), _) | (None, Err(why)) => Some(why.clone()),
            (None, Ok(_)) => own_is_broken(),
        };
        let module = OwnModule { path: own.to_string(), state, imported_by: Some(import.by.to_string()) };
        let content = if import.by == real { entry } else { second };
        let importer = Text { path: import.by.clone(), content };
        let texts = match import.end {
            Ok(with_import) if obstacle.is_none() => {
                Some(Texts { own: Text { path: own, content: there }, importer, with_import })
            }
            Ok(_) | Err(_) => None,
        };
        let is_kept_by_git = repositories.lines().any(|line| line == repository_of(real));
        Ok(Some(Prospect { own: module, unwritable, obstacle, is_kept_by_git, texts }))
    }
}

/// How the import of Nixi's module stands in a file.
struct Import<'a> {
    by: &'a FilePath,
    /// The text with it, unless it is there already; or why it cannot be.
    end: Result<Option<String>, String>,
}

impl<'a> Import<'a> {
    fn of_module(text: &str, by: &'a FilePath, own: &FilePath) -> Self {
        Self { by, end: import_in(text, by, own) }
    }
}

/// In the flake itself; where its modules are computed, in the configuration that it names.
fn in_flake<'a>(
    flake: &str,
    by: &'a FilePath,
    configuration: Option<&str>,
    beside: &'a FilePath,
    own: &FilePath,
    machine: Option<&str>,
) -> Import<'a> {
    let Some(machine) = machine else {
        return Import { by, end: Err("the host name of the node is not known".to_owned()) };
    };
    match (flake::add_module(flake, machine, IMPORT), configuration) {
        (Err(EditError::Unfit { .. }), Some(text)) if flake.contains("./configuration.nix") => {
            Import { by: beside, end: import_in(text, beside, own) }
        }
        (added, _) => Import { by, end: added.map(new_text).map_err(|error| refused(by, &error)) },
    }
}

/// The text of a module with the import. One by the absolute path would lead out of a copy.
fn import_in(text: &str, by: &FilePath, own: &FilePath) -> Result<Option<String>, String> {
    let added = imports::add(text, IMPORT, &[]).map_err(|error| refused(by, &error))?;
    let is_absolute = imports::add(text, IMPORT, &[own.as_str()]).is_ok_and(|added| added.is_none());
    match added {
        Some(_) if is_absolute => {
            Err(format!("{by} imports {own} by its absolute path: write {IMPORT} there"))
        }
        added => Ok(new_text(added)),
    }
}

fn new_text(added: Option<(String, imports::Import)>) -> Option<String> {
    added.map(|(text, _)| text)
}

fn refused(path: &FilePath, error: &EditError) -> String {
    format!("{path}: {error}")
}

pub(super) fn path(text: &str) -> Result<FilePath, ToolError> {
    text.parse().map_err(|error| ToolError::BadArgument { message: format!("{text}: {error}"), hint: None })
}

/// Whether an expression is a whole system, as nixos-rebuild takes it; another file of that name is a module.
fn makes_a_system(text: &str) -> bool {
    ["nixosSystem", "eval-config", "nixpkgs/nixos"].iter().any(|words| text.contains(words))
}

/// Whether git keeps a file from a folder above its own, or by what is no folder (gitrepository-layout(5)).
fn is_kept_above(repositories: &str, file: &FilePath) -> bool {
    let own = repository_of(file);
    let mut lines = repositories.lines().peekable();
    lines.peek().is_some() && !lines.any(|line| line == own)
}

/// What [`file::repositories`] prints of a repository in the folder of a file.
fn repository_of(file: &FilePath) -> String {
    format!("{}/.git d", file.folder().trim_end_matches('/'))
}

/// The search path of Nix out of the lines that set it: what is set for who logs in comes first. What would have to be
/// expanded is left out, as it is another thing for each user.
pub(super) fn search_path(lines: &str) -> Vec<SearchEntry> {
    let quoted = |line: &str| {
        let (_, value) = line.split_once("NIX_PATH")?;
        let (_, value) = value.split_once(['"', '\''])?;
        let end = value.rfind(['"', '\''])?;
        Some(value.get(..end)?.to_owned())
    };
    let path = lines.lines().find_map(quoted).unwrap_or_default();
    entries(&path).filter_map(|entry| entry.parse().ok()).collect()
}

/// The entries of a search path: as Nix has it, a `:` that belongs to an address parts nothing (`https://…`, `flake:…`).
fn entries(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let text = rest?;
        let is_end = |at: usize| {
            let (before, after) =
                (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
            let value = before.rsplit_once('=').map_or(before, |(_, value)| value);
            !after.starts_with("//") && value != "flake"
        };
        let end = text.match_indices(':').map(|(at, _)| at).find(|at| is_end(*at));
        rest = end.and_then(|end| text.get(end + 1..));
        text.get(..end.unwrap_or(text.len()))
    })
}

/// The configuration that the search path names, if it is a file of the node's.
fn configured(search_path: &[SearchEntry]) -> Option<FilePath> {
    search_path.iter().find_map(|entry| entry.as_str().strip_prefix("nixos-config="))?.parse().ok()
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
        let named = |text: &str| configured(&search_path(text)).map(|path| path.to_string());
        let pam = "NIX_PATH DEFAULT=\"nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos:nixos-config=/etc/nixos/mine.nix:/x\"\n";
        assert_eq!(named(pam), Some("/etc/nixos/mine.nix".to_owned()));
        let shell = "export NIX_PATH=\"$HOME/.nix-defexpr/channels:nixpkgs=/n:nixos-config=/c.nix\"\n";
        assert_eq!(named(shell), Some("/c.nix".to_owned()));
        let entries: Vec<String> = search_path(shell).iter().map(ToString::to_string).collect();
        assert_eq!(entries, ["nixpkgs=/n", "nixos-config=/c.nix"]);
        let odd = "NIX_PATH DEFAULT=\"nixpkgs=flake:nixpkgs:x=https://e.org/a.tar.gz:/y\"\n";
        let entries: Vec<String> = search_path(odd).iter().map(ToString::to_string).collect();
        assert_eq!(entries, ["nixpkgs=flake:nixpkgs", "x=https://e.org/a.tar.gz", "/y"]);
        for none in [
            "",
            "NIX_PATH",
            "NIX_PATH DEFAULT=\"nixpkgs=flake:nixpkgs\"",
            "export NIX_PATH='nixos-config=./x'",
        ] {
            assert_eq!(named(none), None, "{none}");
        }
    }

    #[test]
    fn a_whole_system_is_no_module() {
        assert!(makes_a_system(
            "let pkgs = import <nixpkgs> { }; in pkgs.nixos.lib.nixosSystem { modules = [ ]; }"
        ));
        assert!(makes_a_system("import <nixpkgs/nixos> { }"));
        assert!(!makes_a_system("{ config, lib, ... }:\n{ networking.hostName = \"web\"; }"));
    }

    #[test]
    fn a_repository_further_up_is_told() {
        let flake: FilePath = "/home/a/dotfiles/nixos/flake.nix".parse().unwrap();
        for (found, above) in [
            ("", false),
            ("/home/a/dotfiles/nixos/.git d\n", false),
            ("/home/a/dotfiles/.git d\n", true),
            ("/home/a/dotfiles/nixos/.git f\n", true),
        ] {
            assert_eq!(is_kept_above(found, &flake), above, "{found}");
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
