//! Building a system out of sight: from a copy of its configuration, in a temporary folder.

use std::time::Duration;

use nixi_core::catalog::scratch;
use nixi_core::command::{FilePath, ScratchName, ScratchPath, StorePath};
use nixi_core::{ErrorKind, ErrorReport, Output, Stage, ToolError};

use super::ground::{Ground, below};
use super::place::{Kind, Texts};
use crate::nix::Module;

/// How long a build may take.
const PATIENCE: Duration = Duration::from_secs(3 * 3600);
/// How long copying a configuration may take.
const COPY: Duration = Duration::from_secs(120);
/// How many lines of a failure are shown.
const LINES: usize = 30;

/// A system that was built, and what Nix warned of.
pub(super) struct Built {
    pub(super) system: StorePath,
    pub(super) warnings: Vec<String>,
}

/// Builds the system of a node as it is, or with this module in place of Nixi's own.
pub(super) async fn build(
    stage: &Stage<'_>,
    ground: &Ground,
    entry: &FilePath,
    edited: Option<(&Texts, &Module)>,
) -> Result<Built, ToolError> {
    let folder = stage.path(&name("configuration")?);
    let copied = stage.run(scratch::copy(entry, &folder), COPY).await?;
    stage.run(scratch::unlock(&folder), COPY).await?;
    let at = |path| name(&format!("configuration/{}", below(entry, path)));
    if let Some((texts, module)) = edited {
        stage.rewrite(&at(&texts.own.path)?, module.text().as_bytes()).await?;
        if let Some(with_import) = &texts.with_import {
            stage.rewrite(&at(&texts.importer.path)?, with_import.as_bytes()).await?;
        }
    }
    let configuration = stage.path(&at(entry)?);
    let command = match ground.kind {
        Kind::Flake => {
            if let Some((texts, _)) = edited {
                // Without git, or where it keeps nothing here, a flake is all that is in its folder.
                let _ = stage.run(scratch::track(&folder, below(entry, &texts.own.path)), COPY).await?;
            }
            scratch::build_flake(&folder, &ground.host)
        }
        Kind::Plain | Kind::Elsewhere => scratch::build_system(&configuration, &ground.search_path),
    };
    let output = stage.run(command, PATIENCE).await?;
    let said = told(&String::from_utf8_lossy(&output.stderr), &folder, entry);
    if !output.exit.is_success() {
        return Err(failure(&said, &copied));
    }
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = printed.lines().last().unwrap_or_default();
    let system = last.parse().map_err(|_| ToolError::Unreadable {
        command: "nix-build".to_owned(),
        why: "it printed no path of the Nix store".to_owned(),
    })?;
    Ok(Built { system, warnings: warnings(&said) })
}

fn name(text: &str) -> Result<ScratchName, ToolError> {
    text.parse().map_err(|error: nixi_core::BadWord| ToolError::BadArgument {
        message: format!("Nixi cannot build this configuration: {error}"),
        hint: None,
    })
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
fn failure(said: &str, copied: &Output) -> ToolError {
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
    let hint = (!copied.exit.is_success()).then(|| {
        format!(
            "the login user cannot read all of the configuration: {}",
            unread.lines().next().unwrap_or_default()
        )
    });
    ToolError::Reported(ErrorReport::new(ErrorKind::CommandFailed, message).maybe_hint(hint))
}
