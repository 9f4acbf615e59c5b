//! Nixi: a session of the library with one tool of its own, the smallest read that there is.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use nixi::core::{
    ActionName, Asker, CallRequest, Inspect, InspectCx, Intent, Op, ReadCapability, ReadCard, ToolError,
    catalog,
};
use nixi::{Setup, core::session::CallResult};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ground::{Way, node_name};

/// `bench.name`: one `uname -n`.
struct Name;

#[derive(Serialize, Deserialize, JsonSchema)]
struct NoArgs {}

#[derive(Serialize, JsonSchema)]
struct Named(String);

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Inspect for Name {
    type Args = NoArgs;
    type Report = Named;

    fn card(&self) -> ReadCard {
        ReadCard::new(ActionName::new("bench", "name"), "the node's own name", ReadCapability::SystemStatus)
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<Named, ToolError> {
        Ok(Named(cx.stdout(catalog::system::host_name()).await?))
    }
}

/// `bench.drain`: reads a long answer and throws it away.
struct Drain;

/// What is read by [`Drain`].
#[derive(Serialize, Deserialize, JsonSchema)]
struct What {
    /// The whole journal, and not only the node's name
    #[serde(default)]
    journal: bool,
}

#[derive(Serialize, JsonSchema)]
struct Drained(u64);

impl std::fmt::Display for Drained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Inspect for Drain {
    type Args = What;
    type Report = Drained;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("bench", "drain"),
            "how many bytes the journal has",
            ReadCapability::SystemStatus,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, what: What) -> Result<Drained, ToolError> {
        let command = if what.journal { catalog::log::access() } else { catalog::system::host_name() };
        let mut bytes = 0;
        let count = |chunk: &[u8]| {
            bytes += chunk.len() as u64;
            std::ops::ControlFlow::Continue(())
        };
        cx.stream(command, count).await?;
        Ok(Drained(bytes))
    }
}

/// A session that has connected to nobody yet.
#[derive(Clone)]
pub(crate) struct Ours {
    asker: Asker,
    first: String,
    nodes: usize,
}

impl Ours {
    /// Opens it; from inside a runtime.
    pub(crate) fn open(way: &Way) -> Result<Self> {
        let setup = Setup { config: Some(way.nixi_config()), ..Setup::default() };
        // The half that could approve a change is dropped.
        let tools = nixi::tools::registry()?.inspect(Name)?.inspect(Drain)?;
        let (asker, _) = nixi::open_with(&setup, tools)?;
        Ok(Self { asker, first: node_name(way.first()), nodes: way.hosts.len() })
    }

    /// One command on one node; the answer.
    pub(crate) async fn one(&self) -> Result<String> {
        let results = self.perform(CallRequest::new("bench.name").on(&self.first)).await?;
        results.first().map(answer).context("no result")?
    }

    /// `system.info` of one node.
    pub(crate) async fn info(&self) -> Result<String> {
        let results = self.perform(CallRequest::new("system.info").on(&self.first)).await?;
        results.first().map(answer).context("no result")?
    }

    /// The same command on all nodes; how long it took in seconds, and the answers.
    pub(crate) async fn all(&self) -> Result<(f64, Vec<String>)> {
        self.on_all("bench.name").await
    }

    /// `clock.now` of all nodes, likewise.
    pub(crate) async fn clocks(&self) -> Result<(f64, Vec<String>)> {
        self.on_all("clock.now").await
    }

    async fn on_all(&self, action: &str) -> Result<(f64, Vec<String>)> {
        let begun = Instant::now();
        let results = self.perform(CallRequest::new(action).on("@fleet")).await?;
        let took = begun.elapsed().as_secs_f64();
        ensure!(results.len() == self.nodes, "{} results for {} nodes", results.len(), self.nodes);
        Ok((took, results.iter().map(answer).collect::<Result<_>>()?))
    }

    /// Opens the connection that long answers come over.
    pub(crate) async fn open_wide(&self) -> Result<()> {
        self.count(false).await.map(drop)
    }

    /// Reads what the first node's stub journal holds; how many bytes that is.
    pub(crate) async fn drain(&self) -> Result<u64> {
        self.count(true).await
    }

    async fn count(&self, journal: bool) -> Result<u64> {
        let call = CallRequest::new("bench.drain").on(&self.first).with("journal", journal);
        let results = self.perform(call).await?;
        Ok(results.first().map(answer).context("no result")??.parse()?)
    }

    async fn perform(&self, call: CallRequest) -> Result<Vec<CallResult>> {
        let outcome =
            self.asker.perform(Op::Call(vec![call]), Intent::Perform, &(), &Default::default()).await;
        match outcome.error {
            Some(error) => Err(error.into()),
            None => Ok(outcome.results),
        }
    }
}

fn answer(result: &CallResult) -> Result<String> {
    match (&result.error, &result.text) {
        (None, Some(text)) => Ok(text.trim_end().to_owned()),
        (error, _) => anyhow::bail!("{}: {:?} {error:?}", result.node, result.status),
    }
}
