//! Building a system out of sight: from a copy of its configuration, in a temporary folder.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nixi_core::catalog::scratch;
use nixi_core::command::{FilePath, ScratchName, ScratchPath, StorePath};
use nixi_core::plan::Progress;
use nixi_core::{
    Command, ErrorKind, ErrorReport, ExecError, Exit, NodeName, Output, Scratch, Stage, ToolError,
};

use super::failure::{Broken, held_up, killed, lacking, lost_its_daemon, reason, without_daemon};
use super::ground::{Ground, below};
use super::nix_output::NixOutput;
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
/// How long a look at why it failed may take.
const LOOK: Duration = Duration::from_secs(20);
/// How many warnings are shown.
const WARNINGS: usize = 30;

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
    let built = unguarded(stage, ground, entry, edited).await;
    // What a node has no room for may be any file on the way.
    built.map_err(|error| {
        let is_of_a_command = matches!(error, ToolError::Command { .. });
        let lacking = is_of_a_command.then(|| lacking(stage.node(), &error.to_string())).flatten();
        lacking.unwrap_or(error)
    })
}

async fn unguarded(
    stage: &Stage<'_>,
    ground: &Ground,
    entry: &FilePath,
    edited: Option<(&Texts, &Module)>,
) -> Result<Built, ToolError> {
    let node = stage.node();
    stage.tell(Progress::phase("copying the configuration"));
    let place = place_of(entry)?;
    let folder = stage.path(&place);
    if let Some((above, _)) = place.as_str().rsplit_once('/') {
        stage.run(scratch::folder(&stage.path(&name(above)?)), COPY).await?;
    }
    let copied = stage.run(scratch::copy(entry, &folder), COPY).await?;
    if let Some(full) = lacking(node, &String::from_utf8_lossy(&copied.stderr)) {
        return Err(full);
    }
    stage.run(scratch::unlock(&folder), COPY).await?;
    let at = |path| name(&format!("{}/{}", place.as_str(), below(entry, path)));
    let configuration = stage.path(&at(entry)?);
    let evaluate = || match ground.kind {
        Kind::Flake => scratch::evaluate_flake(&folder, &ground.host),
        Kind::Plain | Kind::Elsewhere => scratch::evaluate(&configuration, &ground.search_path),
    };
    let unread = |stderr: &str| told(stderr, &folder, entry);
    let evaluated = async |what| -> Result<(Evaluated, String), ToolError> {
        stage.tell(Progress::phase(what));
        let (output, _) = followed(stage, evaluate(), EVALUATION).await?;
        if is_killed(&output.exit) {
            return Err(killed(node, "the evaluation"));
        }
        let said = unread(&String::from_utf8_lossy(&output.stderr));
        if !output.exit.is_success() {
            let failure = failure(node, &said, &copied, stage_folder(&folder, &place));
            return Err(explained(stage, &said, failure).await);
        }
        let evaluated = json(&String::from_utf8_lossy(&output.stdout))
            .map_err(|why| unreadable("nix-instantiate --eval", &why))?;
        Ok((evaluated, said))
    };
    let mut unedited = None;
    if let Some((texts, module)) = edited {
        // What cannot be evaluated as it is may be what the edit mends.
        if let Ok((before, _)) = evaluated("evaluating what is declared now").await {
            unedited = Some(Unedited { system: before.outcome.parse().ok(), evaluated: before });
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
    let (evaluated, said) = evaluated("evaluating").await?;
    let output = realised(stage, &evaluated.system, |said| {
        failure(node, &unread(said), &copied, stage_folder(&folder, &place))
    })
    .await?;
    stage.tell(Progress::phase("comparing"));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let system = printed.lines().last().and_then(|last| last.parse().ok());
    let system =
        system.ok_or_else(|| unreadable("nix-store --realise", "it printed no path of the Nix store"))?;
    Ok(Built { system, evaluated, unedited, warnings: warnings(&said) })
}

/// Builds what was evaluated; `failure` makes an error of the words of Nix where no builder is to blame.
async fn realised(
    stage: &Stage<'_>,
    derivation: &StorePath,
    failure: impl FnOnce(&str) -> ToolError,
) -> Result<Output, ToolError> {
    let node = stage.node();
    stage.tell(Progress::phase("building"));
    let (mut output, mut heard) = followed(stage, scratch::build(derivation), PATIENCE).await?;
    if knows_no_json(&output, &heard) {
        (output, heard) = followed(stage, scratch::build_plainly(derivation), PATIENCE).await?;
    }
    if output.exit.is_success() {
        return Ok(output);
    }
    if is_killed(&output.exit) {
        return Err(killed(node, "the build"));
    }
    let Some(mut broken) = Broken::of(&heard) else {
        let said = heard.said();
        return Err(explained(stage, &said, failure(&said)).await);
    };
    if let (true, Ok(derivation)) = (broken.lines.is_empty(), broken.derivation.parse()) {
        // Better no last lines than another error than the one that happened.
        if let Ok(log) = stage.run(scratch::build_log(&derivation), LOOK).await {
            broken.lines = String::from_utf8_lossy(&log.stdout).lines().map(str::to_owned).collect();
        }
    }
    Err(broken.error(node))
}

/// The same error, or what is behind it where Nix says no more than that it lost its daemon.
async fn explained(stage: &Stage<'_>, said: &str, error: ToolError) -> ToolError {
    if !lost_its_daemon(said) {
        return error;
    }
    let room = stage.run(scratch::room(), LOOK).await;
    let room = room.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    without_daemon(stage.node(), said, &room.unwrap_or_default())
}

/// Runs a command of Nix to its end, and tells meanwhile how far it is; with all that it said.
async fn followed(
    stage: &Stage<'_>,
    command: Command<Scratch>,
    deadline: Duration,
) -> Result<(Output, NixOutput), ToolError> {
    let heard = Arc::new(Mutex::new(NixOutput::default()));
    let hearing = Arc::clone(&heard);
    let output = stage
        .follow(command, deadline, move |piece| {
            let mut heard = hearing.lock().unwrap_or_else(PoisonError::into_inner);
            heard.take(piece);
            heard.progress()
        })
        .await;
    let mut heard = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
    heard.end();
    match output {
        Err(ToolError::Exec(ExecError::Deadline(_))) if heard.is_waiting() => Err(held_up(stage.node())),
        // The output has nothing but the words of Nix, but of very many only the first.
        Ok(output) if !output.truncated => {
            let said = NixOutput::of(&output.stderr);
            Ok((output, said))
        }
        output => Ok((output?, heard)),
    }
}

/// Whether it is a Nix before 2.4, which did nothing since it knows no format but its own.
fn knows_no_json(output: &Output, heard: &NixOutput) -> bool {
    let refuses = |line: &str| line.contains("flag '--log-format'");
    !output.exit.is_success() && heard.said().lines().any(refuses)
}

/// What became of a program that the kernel ended, itself or below a shell.
fn is_killed(exit: &Exit) -> bool {
    match exit {
        Exit::Code(code) => *code == 137,
        Exit::Signal(name) => name == "KILL",
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
    said.lines().filter_map(of).take(WARNINGS).collect()
}

/// Why a system could not be built, in the words of Nix.
fn failure(node: &NodeName, said: &str, copied: &Output, stage: &str) -> ToolError {
    let shown = reason(said);
    if let Some(lacking) = lacking(node, &shown.join("\n")) {
        return lacking;
    }
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
