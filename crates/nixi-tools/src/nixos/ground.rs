//! What an edit of a node's configuration starts from.

use nixi_core::catalog::{file, nixos, system};
use nixi_core::command::{Elevation, FilePath, HostName, SearchEntry, StorePath};
use nixi_core::{ErrorKind, ErrorReport, Expectation, InspectCx, ModuleEdit, PlanCx, ToolError};

use super::generations::first_path;
use super::in_flight::InFlight;
use super::place::{Kind, Place, Texts, path};
use super::rollback::store_path;
use crate::nix::{Edit, EditError, Expr, Module, OptionPath, Order};
use crate::reading::{parsed_of, whole_of};

/// What an edit starts from.
pub(crate) struct Ground {
    pub(super) kind: Kind,
    /// Where Nix looks for what is named in `<…>`.
    pub(super) search_path: Vec<SearchEntry>,
    /// By which a flake knows it.
    pub(super) host: HostName,
    /// The system that runs.
    pub(super) running: StorePath,
    /// The system that boots next, where there is one.
    pub(super) boots_next: Option<StorePath>,
    /// Who else changes the system right now.
    pub(super) in_flight: Option<InFlight>,
    /// The file that NixOS begins with, without links, where it is on the node.
    entry: Option<FilePath>,
    /// Why no file can be written beside it: half a sentence.
    pub(super) unwritable: Option<String>,
    /// Whether git keeps its folder.
    pub(super) is_kept_by_git: bool,
    /// The files; or why nothing can be edited.
    texts: Result<Texts, String>,
}

impl Ground {
    /// Looks at all of it.
    pub(crate) async fn of(cx: &InspectCx<'_>) -> Result<Self, ToolError> {
        let flake = path("/etc/nixos/flake.nix")?;
        let usual = path("/etc/nixos/configuration.nix")?;
        let [name, running, profile, search_path, flake, usual, rebuilds] = cx
            .gather([
                system::host_name(),
                nixos::running(),
                nixos::profile(),
                nixos::search_path(),
                file::real(&flake),
                file::real(&usual),
                nixos::rebuilds(),
            ])
            .await;
        let running = parsed_of(running, first_path).map_err(|_| not_nixos(cx))?;
        let host =
            parsed_of(name, |name| name.trim().parse::<HostName>().map_err(|error| error.to_string()))?;
        let profile = whole_of(profile)?;
        let boots_next = String::from_utf8_lossy(&profile.stdout).trim_end().parse().ok();
        let place = Place::find(cx, search_path, flake, usual).await?;
        let prospect = place.prospect(cx, Some(host.as_str())).await?;
        let unwritable = prospect.as_ref().and_then(|prospect| prospect.unwritable.clone());
        let is_kept_by_git = prospect.as_ref().is_some_and(|prospect| prospect.is_kept_by_git);
        let texts = match prospect {
            None => Err("its configuration is not there: the node is deployed from elsewhere".to_owned()),
            Some(prospect) => match (prospect.texts, prospect.obstacle) {
                (Some(texts), None) => Ok(texts),
                (_, obstacle) => Err(obstacle.unwrap_or_else(|| "its files could not be read".to_owned())),
            },
        };
        let search_path = place.search_path;
        let entry = place.real;
        Ok(Self {
            kind: place.kind,
            entry,
            search_path,
            host,
            running: store_path(&running)?,
            boots_next,
            in_flight: whole_of(rebuilds).ok().as_ref().and_then(InFlight::of),
            unwritable,
            is_kept_by_git,
            texts,
        })
    }

    /// The file that NixOS begins with, without links.
    pub(super) fn entry(&self, cx: &InspectCx<'_>) -> Result<&FilePath, ToolError> {
        self.entry.as_ref().ok_or_else(|| ToolError::NotFound {
            message: format!(
                "the configuration of {} is not there: the node is deployed from elsewhere",
                cx.node().name()
            ),
            hint: None,
        })
    }

    /// The files, and Nixi's module as it is, or a new one.
    pub(crate) fn module(&self) -> Result<Module, ToolError> {
        match self.texts.as_ref().ok().and_then(|texts| texts.own.content.as_deref()) {
            Some(text) => Module::parse(text).map_err(|error| bad_edit(&error)),
            None => Ok(Module::new()),
        }
    }

    /// Whether its files can be edited; where they cannot, the error says what to add by hand instead.
    pub(crate) fn check(&self, cx: &InspectCx<'_>, by_hand: &Module) -> Result<(), ToolError> {
        self.texts_or(cx, by_hand).map(drop)
    }

    /// The files; where there are none that can be edited, the error says what to add by hand instead.
    pub(super) fn texts_or(&self, cx: &InspectCx<'_>, by_hand: &Module) -> Result<&Texts, ToolError> {
        self.texts.as_ref().map_err(|why| {
            // What is not in Nixi's own file is not Nixi's to keep.
            let lines = by_hand.text().lines().filter(|line| !line.starts_with('#'));
            let text = lines.collect::<Vec<_>>().join("\n");
            ToolError::NotFound {
                message: format!("Nixi cannot edit the configuration of {}: {why}", cx.node().name()),
                hint: Some(format!("add this where it is kept, and rebuild:\n{}", text.trim())),
            }
        })
    }
}

fn not_nixos(cx: &InspectCx<'_>) -> ToolError {
    let message = format!("{} is not a NixOS machine: it has no /run/current-system", cx.node().name());
    ToolError::NotFound { message, hint: None }
}

/// Pins what the plan relies on.
pub(super) async fn pinned(
    cx: &PlanCx<'_>,
    ground: &Ground,
    entry: &FilePath,
) -> Result<Vec<Expectation>, ToolError> {
    let node = cx.node().name();
    let pins = cx
        .pin_all([
            (format!("{node}: the same system runs"), nixos::running()),
            (format!("{node}: the same system boots next"), nixos::profile()),
            (format!("{node}: the same {entry}"), file::digest(entry, Elevation::LoginUser)),
        ])
        .await;
    let mut expectations = Vec::new();
    let [runs, boots, same] = pins;
    let (running, expectation) = runs?;
    if first_path(&running).ok().as_deref() != Some(ground.running.as_str()) {
        let message = format!("{node} was switched to another system while this was planned");
        let next = "somebody else rebuilt it; ask again to get a plan for what runs now";
        return Err(ToolError::Reported(ErrorReport::new(ErrorKind::Changed, message).hint(next)));
    }
    expectations.push(expectation);
    expectations.push(boots?.1);
    expectations.push(same?.1);
    Ok(expectations)
}

/// In the terms of the editor; none where nothing is edited.
pub(super) fn edit_of(edit: &ModuleEdit) -> Result<Option<Edit>, ToolError> {
    let option = |text: &str| text.parse::<OptionPath>().map_err(bad_words);
    let expr = |text: &str| Expr::parse(text).map_err(|error| bad_words(format!("`{text}`: {error}")));
    Ok(match edit {
        ModuleEdit::Rebuild | ModuleEdit::Upgrade => None,
        ModuleEdit::Add { option: name, element } => {
            Some(Edit::Add { option: option(name)?, element: expr(element)?, order: Order::Sorted })
        }
        ModuleEdit::Remove { option: name, element } => {
            Some(Edit::Remove { option: option(name)?, element: expr(element)?, with_last: true })
        }
        ModuleEdit::Set { option: name, value } => {
            Some(Edit::Set { option: option(name)?, value: expr(value)? })
        }
        ModuleEdit::Unset { option: name } => Some(Edit::Unset { option: option(name)? }),
    })
}

/// Makes these edits, and tells which of them there was something to do for.
pub(crate) fn apply_all<'a>(
    module: &mut Module,
    edits: impl IntoIterator<Item = &'a ModuleEdit>,
) -> Result<Vec<&'a ModuleEdit>, ToolError> {
    let mut changed = Vec::new();
    for edit in edits {
        let Some(words) = edit_of(edit)? else { continue };
        if module.apply(&words).map_err(|error| bad_edit(&error))?.is_some() {
            changed.push(edit);
        }
    }
    Ok(changed)
}

fn bad_words(message: String) -> ToolError {
    ToolError::BadArgument { message, hint: None }
}

fn bad_edit(error: &EditError) -> ToolError {
    ToolError::BadArgument { message: format!("nixi.nix: {error}"), hint: None }
}

/// A path below the folder of the configuration, as seen from there.
pub(super) fn below<'a>(entry: &FilePath, path: &'a FilePath) -> &'a str {
    let folder = entry.folder().trim_end_matches('/');
    path.as_str().strip_prefix(folder).map_or(path.as_str(), |rest| rest.trim_start_matches('/'))
}
