//! What Nix takes of a rebuild: the very evaluation and build that Nixi has run, without all the rest.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use nixi::Setup;
use nixi::core::catalog::scratch;
use nixi::core::command::{FilePath, ScratchName, SearchEntry, StorePath};
use nixi::core::{
    ActionName, Asker, CallRequest, Command, Exit, Intent, Op, Rehearse, RehearseCard, RehearseCx, Scratch,
    ToolError, WriteCapability,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::machine::{CONFIGURATION, SEARCH_PATH};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(300);

/// `bench.apart`: an evaluation and a build.
struct Apart;

#[derive(Serialize, Deserialize, JsonSchema)]
struct NoArgs {}

/// Seconds.
#[derive(Serialize, JsonSchema)]
struct Took {
    evaluation: f64,
    build: f64,
}

impl std::fmt::Display for Took {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.evaluation, self.build)
    }
}

impl Rehearse for Apart {
    type Args = NoArgs;
    type Report = Took;

    fn card(&self) -> RehearseCard {
        RehearseCard::new(
            ActionName::new("bench", "apart"),
            "how long an evaluation and a build take",
            WriteCapability::NixosConfig,
        )
    }

    async fn rehearse(&self, cx: &RehearseCx<'_>, _: NoArgs) -> Result<Took, ToolError> {
        let stage = cx.stage();
        let copy: ScratchName = parsed("d/nixos")?;
        let configuration: ScratchName = parsed("d/nixos/configuration.nix")?;
        let entry: FilePath = parsed(CONFIGURATION)?;
        let search_path: Vec<SearchEntry> =
            SEARCH_PATH.iter().map(|entry| parsed(entry)).collect::<Result<_, _>>()?;
        stage.run(scratch::folder(&stage.path(&parsed("d")?)), PATIENCE).await?;
        stage.run(scratch::copy(&entry, &stage.path(&copy)), PATIENCE).await?;
        let evaluate = scratch::evaluate(&stage.path(&configuration), &search_path);
        let (evaluation, printed) = timed(cx, evaluate).await?;
        let derivation = printed.split('"').find(|word| word.ends_with(".drv")).unwrap_or_default();
        let derivation: StorePath = parsed(derivation)?;
        let (build, _) = timed(cx, scratch::build(&derivation)).await?;
        Ok(Took { evaluation, build })
    }
}

/// Runs it; how long that took, and what it printed.
async fn timed(cx: &RehearseCx<'_>, command: Command<Scratch>) -> Result<(f64, String), ToolError> {
    let begun = Instant::now();
    let output = cx.stage().run(command, PATIENCE).await?;
    let took = begun.elapsed().as_secs_f64();
    match output.exit {
        Exit::Code(0) => Ok((took, String::from_utf8_lossy(&output.stdout).into_owned())),
        Exit::Code(_) | Exit::Signal(_) => Err(bad(&String::from_utf8_lossy(&output.stderr))),
    }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, ToolError> {
    text.parse().map_err(|error| bad(&format!("{text}: {error}")))
}

fn bad(message: &str) -> ToolError {
    ToolError::BadArgument { message: message.to_owned(), hint: None }
}

/// A session that measures nothing else.
pub(crate) struct Nix {
    asker: Asker,
    node: String,
}

impl Nix {
    /// Opens it; from inside a runtime.
    pub(crate) fn open(config: &Path, node: &str) -> Result<Self> {
        let setup = Setup { config: Some(config.to_owned()), ..Setup::default() };
        let (asker, _) = nixi::open_with(&setup, nixi::tools::registry()?.rehearse(Apart)?)?;
        Ok(Self { asker, node: node.to_owned() })
    }

    /// How long the evaluation took, and the build, in seconds.
    pub(crate) async fn measure(&self) -> Result<(f64, f64)> {
        let call = CallRequest::new("bench.apart").on(&self.node);
        let outcome =
            self.asker.perform(Op::Call(vec![call]), Intent::Perform, &(), &Default::default()).await;
        if let Some(error) = outcome.error {
            return Err(error.into());
        }
        let result = outcome.results.first().context("no result")?;
        let text = result.text.as_deref().with_context(|| format!("{:?}", result.error))?;
        let (evaluation, build) = text.trim().split_once(' ').context("two figures")?;
        Ok((evaluation.parse()?, build.parse()?))
    }
}
