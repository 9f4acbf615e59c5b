//! Building a system out of sight: from a copy of its configuration, in a temporary folder.

use std::time::Duration;

use nixi_core::catalog::scratch;
use nixi_core::command::{FilePath, ScratchName, ScratchPath, StorePath};
use nixi_core::{ErrorKind, ErrorReport, Output, Stage, ToolError};

use super::ground::{Ground, below};
use super::place::{Kind, Texts};
use super::way_in::Evaluated;
use crate::nix::Module;
use crate::reading::{json, unreadable};

/// How long an evaluation may take.
const EVALUATION: Duration = Duration::from_secs(1800);
/// How long a build may take.
const PATIENCE: Duration = Duration::from_secs(3 * 3600);
/// How long copying a configuration may take.
const COPY: Duration = Duration::from_secs(120);
/// How many lines of a failure are shown.
const LINES: usize = 30;

/// A system that was built, what it is evaluated to, and what Nix warned of.
pub(super) struct Built {
    pub(super) system: StorePath,
    pub(super) evaluated: Evaluated,
    /// What the configuration comes to without the edit, where there is one.
    pub(super) unedited: Option<Unedited>,
    pub(super) warnings: Vec<String>,
}

/// What a configuration comes to without an edit.
pub(super) struct Unedited {
    /// Its system, which need not be built.
    pub(super) system: Option<StorePath>,
    pub(super) evaluated: Evaluated,
}

/// Builds the system of a node as it is, or with this module in place of Nixi's own.
pub(super) async fn build(
    stage: &Stage<'_>,
    ground: &Ground,
    entry: &FilePath,
    edited: Option<(&Texts, &Module)>,
) -> Result<Built, ToolError> {
    let place = place_of(entry)?;
    let folder = stage.path(&place);
    if let Some((above, _)) = place.as_str().rsplit_once('/') {
        stage.run(scratch::folder(&stage.path(&name(above)?)), COPY).await?;
    }
    let copied = stage.run(scratch::copy(entry, &folder), COPY).await?;
    stage.run(scratch::unlock(&folder), COPY).await?;
    let at = |path| name(&format!("{}/{}", place.as_str(), below(entry, path)));
    let configuration = stage.path(&at(entry)?);
    let evaluate = || match ground.kind {
        Kind::Flake => scratch::evaluate_flake(&folder, &ground.host),
        Kind::Plain | Kind::Elsewhere => scratch::evaluate(&configuration, &ground.search_path),
    };
    let unread = |stderr: &[u8]| told(&String::from_utf8_lossy(stderr), &folder, entry);
    let evaluated = async || -> Result<(Evaluated, String), ToolError> {
        let output = stage.run(evaluate(), EVALUATION).await?;
        let said = unread(&output.stderr);
        if !output.exit.is_success() {
            return Err(failure(&said, &copied, stage_folder(&folder, &place)));
        }
        let evaluated = json(&String::from_utf8_lossy(&output.stdout))
            .map_err(|why| unreadable("nix-instantiate --eval", &why))?;
        Ok((evaluated, said))
    };
    let mut unedited = None;
    if let Some((texts, module)) = edited {
        // What cannot be evaluated as it is may be what the edit mends.
        if let Ok((before, _)) = evaluated().await {
            let output = stage.run(scratch::outcome(&before.system), COPY).await?;
            let system = String::from_utf8_lossy(&output.stdout).trim_end().parse().ok();
            unedited = Some(Unedited { system, evaluated: before });
        }
        stage.rewrite(&at(&texts.own.path)?, module.text().as_bytes()).await?;
        if let Some(with_import) = &texts.with_import {
            stage.rewrite(&at(&texts.importer.path)?, with_import.as_bytes()).await?;
        }
    }
    if let (Kind::Flake, Some((texts, _))) = (ground.kind, edited) {
        // Without git, or where it keeps nothing here, a flake is all that is in its folder.
        let _ = stage.run(scratch::track(&folder, below(entry, &texts.own.path)), COPY).await?;
    }
    let (evaluated, said) = evaluated().await?;
    let output = stage.run(scratch::build(&evaluated.system), PATIENCE).await?;
    if !output.exit.is_success() {
        return Err(failure(&unread(&output.stderr), &copied, stage_folder(&folder, &place)));
    }
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let system = printed.lines().last().and_then(|last| last.parse().ok());
    let system =
        system.ok_or_else(|| unreadable("nix-store --realise", "it printed no path of the Nix store"))?;
    Ok(Built { system, evaluated, unedited, warnings: warnings(&said) })
}

/// Where the copy lies on the stage: as deep as the original, so that no `..` in it leads out of the stage, and under the same name,
/// which may become part of what is built.
fn place_of(entry: &FilePath) -> Result<ScratchName, ToolError> {
    let parts: Vec<&str> = entry.folder().split('/').filter(|part| !part.is_empty()).collect();
    let last = parts.last().map_or("nixos", |last| last.trim_start_matches(['.', '-']));
    let above = "d/".repeat(parts.len().saturating_sub(1));
    name(&format!("{above}{}", if last.is_empty() { "nixos" } else { last }))
}

fn name(text: &str) -> Result<ScratchName, ToolError> {
    text.parse().map_err(|error: nixi_core::BadWord| ToolError::BadArgument {
        message: format!("Nixi cannot build this configuration: {error}"),
        hint: None,
    })
}

/// The folder of the stage itself.
fn stage_folder<'a>(folder: &'a ScratchPath, place: &ScratchName) -> &'a str {
    folder.as_str().strip_suffix(place.as_str()).unwrap_or(folder.as_str())
}

/// What Nix said, about the files that were copied and not about their copies.
fn told(stderr: &str, folder: &ScratchPath, entry: &FilePath) -> String {
    stderr.replace(folder.as_str(), entry.folder().trim_end_matches('/'))
}

/// The warnings of an evaluation, in the words of both old and new versions of Nix.
fn warnings(said: &str) -> Vec<String> {
    let of = |line: &str| {
        let line = line.trim();
        let line = line.strip_prefix("trace: ").unwrap_or(line);
        let warning = line.strip_prefix("evaluation warning: ").or_else(|| line.strip_prefix("warning: "))?;
        let is_about_git = warning.starts_with("Git tree ");
        (!is_about_git).then(|| warning.to_owned())
    };
    said.lines().filter_map(of).take(LINES).collect()
}

/// Why a system could not be built: from the last error on, for what stands before it is where Nix looked.
fn failure(said: &str, copied: &Output, stage: &str) -> ToolError {
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with("(use '--show-trace'"))
        .collect();
    let is_error = |line: &&str| line.trim_start().starts_with("error:");
    let error = lines.iter().rposition(is_error).unwrap_or(lines.len().saturating_sub(LINES));
    // The text of an error may stand on the lines before one that says no more than that something failed.
    let first = lines.iter().position(is_error).unwrap_or(error);
    let begin = if lines.len() - first <= LINES { first } else { error };
    let shown: Vec<&str> = lines.iter().skip(begin).take(LINES).copied().collect();
    let message = format!("the new system cannot be built, and nothing was changed:\n{}", shown.join("\n"));
    let unread = String::from_utf8_lossy(&copied.stderr);
    let is_outside = shown.iter().any(|line| line.contains(stage));
    let outside = is_outside.then(|| {
        "the configuration needs files outside of its folder, which Nixi does not build: keep them below it".to_owned()
    });
    let hint = (!copied.exit.is_success()).then(|| {
        format!(
            "the login user cannot read all of the configuration: {}",
            unread.lines().next().unwrap_or_default()
        )
    });
    ToolError::Reported(ErrorReport::new(ErrorKind::CommandFailed, message).maybe_hint(hint.or(outside)))
}
