//! The circumstances of a request, and its way from checked calls to results.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use super::calls::{Checked, Site, ahead};
use super::choice::Settled;
use super::ending::status_of_read;
use super::ledger::{Cause, Ledger};
use super::left_behind::not_begun;
use super::proposal::Prepared;
use super::protocol::{Audience, CallAhead, CallResult, Event, Intent};
use super::result_budget::ResultBudget;
use super::roster::Roster;
use super::visit::Visit;
use super::workflow::Workflow;
use super::{Inner, Work};
use crate::action::Scope;
use crate::call::CallRequest;
use crate::card::Callers;
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::node::{Node, NodeName};
use crate::plan::{Declared, Origin, StepStatus};
use crate::registry::{Action, Args, FOLLOW, Givers};

/// The circumstances of a request: who asked, how far to go, who listens.
#[derive(Clone, Copy)]
pub(super) struct RequestCx<'a> {
    pub(super) inner: &'a Inner,
    pub(super) origin: Origin,
    pub(super) intent: Intent,
    pub(super) audience: &'a dyn Audience,
    pub(super) cancel: &'a CancellationToken,
    /// Why it is made.
    pub(super) cause: &'a Cause,
    /// The person's own words, where a model made the calls.
    pub(super) words: Option<&'a str>,
    /// What the person has answered in this request.
    pub(super) answers: &'a Answers,
    /// How much of a model's results is held; what a person asks for has no such bound.
    pub(super) result_budget: Option<&'a ResultBudget>,
}

impl RequestCx<'_> {
    /// Checks all calls before any of them runs, then runs them.
    pub(super) async fn run(&self, calls: Vec<CallRequest>) -> Result<Vec<CallResult>, ErrorReport> {
        let on_the_list = |call: &CallRequest| {
            let action = self.inner.parts.registry.action(&call.action);
            call.or.is_empty() && action.is_ok_and(|action| action.work() == Work::OnTheList)
        };
        let work = if calls.iter().all(on_the_list) { Work::OnTheList } else { Work::OnNodes };
        let roster = self.inner.roster_for(work)?;
        let mut results = Vec::new();
        let mut checked = Vec::new();
        let settled = self.settle(calls, &roster).await?;
        let of = |settled: &Settled| match settled {
            Settled::Call(call) => (call.follows(), !call.is_read()),
            Settled::Told(_) => (false, false),
        };
        let (follows, changes) = settled.iter().map(of).fold((false, false), |a, b| (a.0 || b.0, a.1 || b.1));
        if follows && changes {
            let why = "a log is followed until it is stopped, so the changes beside it would never be made";
            return Err(ErrorReport::new(ErrorKind::BadArgument, why).hint("make two requests of it"));
        }
        for settled in settled {
            match settled {
                Settled::Call(call) => checked.push(call),
                Settled::Told(told) => {
                    results.extend(self.run_checked(std::mem::take(&mut checked), &roster).await);
                    results.extend(self.tell(told).await);
                }
            }
        }
        results.extend(self.run_checked(checked, &roster).await);
        Ok(results)
    }

    pub(super) fn check(&self, roster: &Roster, call: CallRequest) -> Result<Checked, ErrorReport> {
        let action = self.inner.parts.registry.action(&call.action)?;
        if action.spec.callers == Callers::UndoAlone && self.cause.undoes.is_none() {
            let why = format!("{} is called by `nixi undo` alone", action.spec.name);
            return Err(ErrorReport::new(ErrorKind::UnknownAction, why));
        }
        let nodes = match action.spec.scope {
            Scope::Node => roster.choose(&call.nodes)?,
            Scope::Controller if call.nodes.is_empty() => vec![Node::controller()],
            Scope::Controller => {
                return Err(ErrorReport::new(
                    ErrorKind::BadArgument,
                    format!("{} works on the controller and takes no node", call.action),
                )
                .hint("name the node it is about by its own parameter, `name` or `names`"));
            }
        };
        self.check_follow(&action, &call.args)?;
        let args = self.entrusted(&action.spec, action.spec.check(call.args)?)?;
        let understood = action.body.parse(args.clone())?;
        let site = |node| Site { call: self.inner.calls.next(), node };
        Ok(Checked { action, sites: nodes.into_iter().map(site).collect(), args, understood })
    }

    /// A model follows nothing, and what has no end is not planned.
    fn check_follow(&self, action: &Action, args: &Args) -> Result<(), ErrorReport> {
        let is_for_persons = action.spec.param(FOLLOW).is_some_and(|param| param.givers == Givers::Persons);
        if !(is_for_persons && args.contains_key(FOLLOW)) {
            return Ok(());
        }
        let bad = |why: String| Err(ErrorReport::new(ErrorKind::BadArgument, why));
        match (self.origin, self.intent) {
            (Origin::Model, _) => bad(format!("{} has no parameter {FOLLOW:?}", action.spec.name)),
            (Origin::Person, Intent::PlanOnly) if args.get(FOLLOW) == Some(&true.into()) => {
                bad(format!("{} follows until it is stopped, which a dry run does not", action.spec.name))
            }
            (Origin::Person, Intent::PlanOnly | Intent::Perform) => Ok(()),
        }
    }

    /// Reads that come before any change are made at once, side by side; the rest is a [`Workflow`].
    pub(super) async fn run_checked(&self, calls: Vec<Checked>, roster: &Roster) -> Vec<CallResult> {
        if calls.is_empty() {
            return Vec::new();
        }
        self.audience.hear(Event::CallsAhead(ahead(&calls)));
        let change = calls.iter().position(|call| !call.is_read()).unwrap_or(calls.len());
        let (reads, calls) = calls.split_at(change);
        let mut results = self.side_by_side(reads, roster).await;
        if !calls.is_empty() {
            results.extend(Workflow { cx: self, roster, calls }.run().await);
        }
        results
    }

    /// What was found out by looking already, told as if it were made now.
    async fn tell(&self, told: Vec<(NodeName, CallResult)>) -> Vec<CallResult> {
        let ahead = |(node, result): &(NodeName, CallResult)| CallAhead {
            call: result.call,
            action: result.tool.clone(),
            node: node.clone(),
            args: result.args.clone(),
            presentation: result.presentation,
        };
        self.audience.hear(Event::CallsAhead(told.iter().map(ahead).collect()));
        let mut results = Vec::with_capacity(told.len());
        for (_, result) in told {
            results.push(self.ended(result).await);
        }
        results
    }

    /// Reads, and plans that are not to be applied, all at once, however many: one that waits takes neither a thread nor a
    /// place that another one needs.
    pub(super) async fn side_by_side(&self, calls: &[Checked], roster: &Roster) -> Vec<CallResult> {
        // Loops and no closures: with those, rustc cannot see that the future may move between threads.
        let mut jobs = FuturesUnordered::new();
        for call in calls {
            for site in &call.sites {
                let at = jobs.len();
                jobs.push(async move { (at, self.run_one(call, site, roster).await) });
            }
        }
        let mut results: Vec<Option<CallResult>> = vec![None; jobs.len()];
        while let Some((at, result)) = jobs.next().await {
            if let Some(place) = results.get_mut(at) {
                *place = Some(result);
            }
        }
        results.into_iter().flatten().collect()
    }

    /// Why a change was not begun after another one. Whoever interrupted that one interrupted all that was to follow.
    pub(super) fn not_begun(&self) -> ErrorReport {
        if self.cancel.is_cancelled() {
            return not_begun();
        }
        ErrorReport::new(ErrorKind::NotStarted, "an earlier change did not succeed")
    }

    /// One call on one node, from its beginning to its end.
    pub(super) async fn run_one(&self, call: &Checked, site: &Site, roster: &Roster) -> CallResult {
        let Some(result_budget) = self.result_budget else { return self.run_now(call, site, roster).await };
        // A node that does not answer takes no place of one that does.
        if call.action.spec.scope == Scope::Node
            && let Err(error) = self.inner.executor(&site.node).reach(&site.node, self.cancel).await
        {
            let error = ToolError::Exec(error);
            let result = self.blank(call, site).failed(status_of_read(&error), error.report());
            return self.ended(result).await;
        }
        let place = tokio::select! {
            place = result_budget.place(call) => place,
            () = self.cancel.cancelled() => None,
        };
        if place.is_none() {
            return self.ended(self.blank(call, site).failed(StepStatus::NotStarted, not_begun())).await;
        }
        self.run_now(call, site, roster).await
    }

    async fn run_now(&self, call: &Checked, site: &Site, roster: &Roster) -> CallResult {
        let result = match self.prepare(call, site, roster, &Declared::default()).await {
            Prepared::Ended(result) => *result,
            // A plan that is not to be applied; those that are go through a workflow.
            Prepared::Planned(proposal) => proposal.only_planned(),
        };
        self.ended(result).await
    }

    /// Looks, on one node: a read to its end, a change to its plan.
    pub(super) async fn prepare(
        &self,
        call: &Checked,
        site: &Site,
        roster: &Roster,
        declared: &Declared,
    ) -> Prepared {
        let spec = &call.action.spec;
        let (action, node) = (spec.name.to_string(), site.node.name().clone());
        let presentation = spec.presentation();
        self.audience.hear(Event::CallStarted { call: site.call, action, node, presentation });
        Visit { cx: self, roster, call, site }.prepare(self.blank(call, site), declared).await
    }

    pub(super) fn ledger(&self) -> Ledger<'_> {
        Ledger { inner: self.inner, audience: self.audience, cause: self.cause }
    }

    pub(super) async fn ended(&self, result: CallResult) -> CallResult {
        let result = match self.result_budget {
            Some(result_budget) => result_budget.held(result, self.inner.outputs.as_deref()).await,
            None => result,
        };
        self.audience.hear(Event::CallEnded(Box::new(result.clone())));
        result
    }

    fn blank(&self, call: &Checked, site: &Site) -> CallResult {
        let (spec, node) = (&call.action.spec, site.node.name());
        CallResult::new(site.call, &spec.name.to_string(), node.as_str(), call.understood.clone())
            .shown_as(spec.presentation())
    }
}
