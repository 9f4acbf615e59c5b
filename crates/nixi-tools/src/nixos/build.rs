//! Building a system out of sight: from a copy of its configuration, in a temporary folder.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nixi_core::catalog::scratch;
use nixi_core::command::{FilePath, ScratchName, ScratchPath, SearchEntry, StorePath};
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
/// What Nix says where it takes what it has of an input, because it does not reach the address.
const OUT_OF_REACH: [&str; 2] = ["using cached version", "continuing with the most recent version"];
/// How long a look at why it failed may take.
const LOOK: Duration = Duration::from_secs(20);
/// How many warnings are shown.
const WARNINGS: usize = 30;

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
        stage.tell(Progress::phase("copying the configuration"));
        let place = place_of(entry)?;
        let folder = stage.path(&place);
        let copying = async || -> Result<Output, ToolError> {
            if let Some((above, _)) = place.as_str().rsplit_once('/') {
                stage.run(scratch::folder(&stage.path(&name(above)?)), COPY).await?;
            }
            let copied = stage.run(scratch::copy(entry, &folder), COPY).await?;
            if let Some(full) = lacking(stage.node(), &String::from_utf8_lossy(&copied.stderr)) {
                return Err(full);
            }
            stage.run(scratch::unlock(&folder), COPY).await?;
            Ok(copied)
        };
        let copied = copying().await.map_err(|error| out_of_room(stage, error))?;
        let search_path = ground.search_path.clone();
        Ok(Self { stage, ground, entry, place, folder, copied, search_path })
    }

    /// What the copy comes to as it is.
    pub(super) async fn before(&self) -> Result<Before, ToolError> {
        let Ok((evaluated, _)) = self.evaluated("evaluating what is declared now").await else {
            return Ok(Before::Broken);
        };
        Ok(Before::Other(Box::new(Unedited { system: evaluated.outcome.parse().ok(), evaluated })))
    }

    /// Puts this module in place of Nixi's own, and the import where it is missing.
    pub(super) async fn put_module(&self, texts: &Texts, module: &Module) -> Result<(), ToolError> {
        self.put(&texts.own.path, module.text()).await?;
        if let Some(with_import) = &texts.with_import {
            self.put(&texts.importer.path, with_import).await?;
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
        self.stage.tell(Progress::phase("fetching the newest inputs"));
        let output = self.stage.run(scratch::update_flake(&self.folder), EVALUATION).await?;
        let said = self.told(&String::from_utf8_lossy(&output.stderr));
        // What is out of reach counts as unchanged for Nix, which only warns.
        let is_stale = OUT_OF_REACH.iter().any(|words| said.contains(words));
        if !output.exit.is_success() || is_stale {
            let what = "the inputs of the flake cannot be updated";
            return Err(failure(what, self.stage.node(), &said, &self.copied, self.stage_folder()));
        }
        let output = self.stage.run(scratch::text(&self.stage.path(&self.at(lock)?)), COPY).await?;
        let text = String::from_utf8(output.stdout).ok();
        let text = text.filter(|_| output.exit.is_success() && !output.truncated);
        text.ok_or_else(|| unreadable("nix flake update", "it left no lock file that can be read"))
    }

    /// Puts a file there in place of another.
    pub(super) async fn put(&self, path: &FilePath, text: &str) -> Result<(), ToolError> {
        let put = self.stage.rewrite(&self.at(path)?, text.as_bytes()).await;
        put.map(drop).map_err(|error| out_of_room(self.stage, error))
    }

    /// Builds the system of the copy.
    pub(super) async fn build(&self) -> Result<Built, ToolError> {
        self.built().await.map_err(|error| out_of_room(self.stage, error))
    }

    async fn built(&self) -> Result<Built, ToolError> {
        let (evaluated, said) = self.evaluated("evaluating").await?;
        let output = realised(self.stage, &evaluated.system, |said| self.failure(&self.told(said))).await?;
        self.stage.tell(Progress::phase("comparing"));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let system = printed.lines().last().and_then(|last| last.parse().ok());
        let system =
            system.ok_or_else(|| unreadable("nix-store --realise", "it printed no path of the Nix store"))?;
        Ok(Built { system, evaluated, warnings: warnings(&said) })
    }

    /// What the copy is evaluated to, and what Nix said meanwhile.
    async fn evaluated(&self, what: &str) -> Result<(Evaluated, String), ToolError> {
        let evaluate = match self.ground.kind {
            Kind::Flake => scratch::evaluate_flake(&self.folder, &self.ground.host),
            Kind::Plain | Kind::Elsewhere => {
                scratch::evaluate(&self.stage.path(&self.at(self.entry)?), &self.search_path)
            }
        };
        self.stage.tell(Progress::phase(what));
        let (output, _) = followed(self.stage, evaluate, EVALUATION).await?;
        if is_killed(&output.exit) {
            return Err(killed(self.stage.node(), "the evaluation"));
        }
        let said = self.told(&String::from_utf8_lossy(&output.stderr));
        if !output.exit.is_success() {
            return Err(explained(self.stage, &said, self.failure(&said)).await);
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
    fn told(&self, said: &str) -> String {
        said.replace(self.folder.as_str(), self.entry.folder().trim_end_matches('/'))
    }

    fn failure(&self, said: &str) -> ToolError {
        let what = "the new system cannot be built";
        failure(what, self.stage.node(), said, &self.copied, self.stage_folder())
    }

    /// The folder of the stage itself.
    fn stage_folder(&self) -> &str {
        let folder = self.folder.as_str();
        folder.strip_suffix(self.place.as_str()).unwrap_or(folder)
    }
}

/// What a node has no room for may be any file on the way.
fn out_of_room(stage: &Stage<'_>, error: ToolError) -> ToolError {
    let is_of_a_command = matches!(error, ToolError::Command { .. });
    let lacking = is_of_a_command.then(|| lacking(stage.node(), &error.to_string())).flatten();
    lacking.unwrap_or(error)
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

/// Why something of a configuration failed, in the words of Nix.
fn failure(what: &str, node: &NodeName, said: &str, copied: &Output, stage: &str) -> ToolError {
    let shown = reason(said);
    if let Some(lacking) = lacking(node, &shown.join("\n")) {
        return lacking;
    }
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
