//! Building a system out of sight: from a copy of its configuration, in a temporary folder.

use std::time::Duration;

use nixi_core::catalog::scratch;
use nixi_core::command::{FilePath, ScratchName, ScratchPath, SearchEntry, StorePath};
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
/// What Nix says where it takes what it has of an input, because it does not reach the address.
const OUT_OF_REACH: [&str; 2] = ["using cached version", "continuing with the most recent version"];
/// How many lines of a failure are shown.
const LINES: usize = 30;

/// A system that was built, what it is evaluated to, and what Nix warned of.
pub(super) struct Built {
    pub(super) system: StorePath,
    pub(super) evaluated: Evaluated,
    pub(super) warnings: Vec<String>,
}

/// What is declared without what a request asks for.
pub(super) enum Before {
    /// A request that asks for nothing of its own.
    Same,
    /// What it comes to.
    Other(Box<Unedited>),
    /// It cannot be evaluated, which may be what the request mends.
    Broken,
}

/// What a configuration comes to without an edit.
pub(super) struct Unedited {
    /// Its system, which need not be built.
    pub(super) system: Option<StorePath>,
    pub(super) evaluated: Evaluated,
}

/// A copy of a node's configuration on the stage, where it can be edited and built.
pub(super) struct Trial<'a, 's> {
    stage: &'a Stage<'s>,
    ground: &'a Ground,
    entry: &'a FilePath,
    place: ScratchName,
    folder: ScratchPath,
    /// What copying it said.
    copied: Output,
    /// Where Nix looks for what is named in `<…>`.
    search_path: Vec<SearchEntry>,
}

impl<'a, 's> Trial<'a, 's> {
    /// Copies the configuration that begins with this file.
    pub(super) async fn begin(
        stage: &'a Stage<'s>,
        ground: &'a Ground,
        entry: &'a FilePath,
    ) -> Result<Self, ToolError> {
        let place = place_of(entry)?;
        let folder = stage.path(&place);
        if let Some((above, _)) = place.as_str().rsplit_once('/') {
            stage.run(scratch::folder(&stage.path(&name(above)?)), COPY).await?;
        }
        let copied = stage.run(scratch::copy(entry, &folder), COPY).await?;
        stage.run(scratch::unlock(&folder), COPY).await?;
        let search_path = ground.search_path.clone();
        Ok(Self { stage, ground, entry, place, folder, copied, search_path })
    }

    /// What the copy comes to as it is.
    pub(super) async fn before(&self) -> Result<Before, ToolError> {
        let Ok((evaluated, _)) = self.evaluated().await else { return Ok(Before::Broken) };
        let output = self.stage.run(scratch::outcome(&evaluated.system), COPY).await?;
        let system = String::from_utf8_lossy(&output.stdout).trim_end().parse().ok();
        Ok(Before::Other(Box::new(Unedited { system, evaluated })))
    }

    /// Puts this module in place of Nixi's own, and the import where it is missing.
    pub(super) async fn put_module(&self, texts: &Texts, module: &Module) -> Result<(), ToolError> {
        self.stage.rewrite(&self.at(&texts.own.path)?, module.text().as_bytes()).await?;
        if let Some(with_import) = &texts.with_import {
            self.stage.rewrite(&self.at(&texts.importer.path)?, with_import.as_bytes()).await?;
        }
        if self.ground.kind == Kind::Flake {
            // Without git, or where it keeps nothing here, a flake is all that is in its folder.
            let own = below(self.entry, &texts.own.path);
            let _ = self.stage.run(scratch::track(&self.folder, own), COPY).await?;
        }
        Ok(())
    }

    /// Has what is named in `<…>` looked for elsewhere from now on.
    pub(super) fn look_in(&mut self, search_path: Vec<SearchEntry>) {
        self.search_path = search_path;
    }

    /// Locks the newest of all inputs of the flake in the copy; the lock file that comes of it.
    pub(super) async fn update_inputs(&self, lock: &FilePath) -> Result<String, ToolError> {
        let output = self.stage.run(scratch::update_flake(&self.folder), EVALUATION).await?;
        let said = self.told(&output.stderr);
        // What is out of reach counts as unchanged for Nix, which only warns.
        let is_stale = OUT_OF_REACH.iter().any(|words| said.contains(words));
        if !output.exit.is_success() || is_stale {
            let what = "the inputs of the flake cannot be updated";
            return Err(failure(what, &said, &self.copied, self.stage_folder()));
        }
        let output = self.stage.run(scratch::text(&self.stage.path(&self.at(lock)?)), COPY).await?;
        let text = String::from_utf8(output.stdout).ok();
        let text = text.filter(|_| output.exit.is_success() && !output.truncated);
        text.ok_or_else(|| unreadable("nix flake update", "it left no lock file that can be read"))
    }

    /// Puts a file there in place of another.
    pub(super) async fn put(&self, path: &FilePath, text: &str) -> Result<(), ToolError> {
        self.stage.rewrite(&self.at(path)?, text.as_bytes()).await.map(drop)
    }

    /// Builds the system of the copy.
    pub(super) async fn build(&self) -> Result<Built, ToolError> {
        let (evaluated, said) = self.evaluated().await?;
        let output = self.stage.run(scratch::build(&evaluated.system), PATIENCE).await?;
        if !output.exit.is_success() {
            return Err(self.failure(&self.told(&output.stderr)));
        }
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let system = printed.lines().last().and_then(|last| last.parse().ok());
        let system =
            system.ok_or_else(|| unreadable("nix-store --realise", "it printed no path of the Nix store"))?;
        Ok(Built { system, evaluated, warnings: warnings(&said) })
    }

    /// What the copy is evaluated to, and what Nix said meanwhile.
    async fn evaluated(&self) -> Result<(Evaluated, String), ToolError> {
        let evaluate = match self.ground.kind {
            Kind::Flake => scratch::evaluate_flake(&self.folder, &self.ground.host),
            Kind::Plain | Kind::Elsewhere => {
                scratch::evaluate(&self.stage.path(&self.at(self.entry)?), &self.search_path)
            }
        };
        let output = self.stage.run(evaluate, EVALUATION).await?;
        let said = self.told(&output.stderr);
        if !output.exit.is_success() {
            return Err(self.failure(&said));
        }
        let evaluated = json(&String::from_utf8_lossy(&output.stdout))
            .map_err(|why| unreadable("nix-instantiate --eval", &why))?;
        Ok((evaluated, said))
    }

    /// Where the copy of a file is.
    fn at(&self, path: &FilePath) -> Result<ScratchName, ToolError> {
        name(&format!("{}/{}", self.place.as_str(), below(self.entry, path)))
    }

    /// What Nix said, about the files that were copied and not about their copies.
    fn told(&self, stderr: &[u8]) -> String {
        let folder = self.entry.folder().trim_end_matches('/');
        String::from_utf8_lossy(stderr).replace(self.folder.as_str(), folder)
    }

    fn failure(&self, said: &str) -> ToolError {
        failure("the new system cannot be built", said, &self.copied, self.stage_folder())
    }

    /// The folder of the stage itself.
    fn stage_folder(&self) -> &str {
        let folder = self.folder.as_str();
        folder.strip_suffix(self.place.as_str()).unwrap_or(folder)
    }
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

/// Why something of a configuration failed: from the last error on, for what stands before it is where Nix looked.
fn failure(what: &str, said: &str, copied: &Output, stage: &str) -> ToolError {
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
    let message = format!("{what}, and nothing was changed:\n{}", shown.join("\n"));
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
