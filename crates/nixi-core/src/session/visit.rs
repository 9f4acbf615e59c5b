//! One call on one node: every call of an action, whoever makes it, is a visit.

use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::calls::{Checked, Site};
use super::ending::{concluded, looked, status_of_plan};
use super::ledger::Recorded;
use super::proposal::{Prepared, Proposal};
use super::protocol::{CallResult, Event};
use super::request_cx::RequestCx;
use super::roster::{LiveRoster, Roster};
use super::secret_wanted::NotGiven;
use crate::arrival::Arrival;
use crate::context::{InspectCx, PlanCx, Reader, RehearseCx, Secrets, Watch};
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::ExecError;
use crate::node::{Node, NodeName};
use crate::plan::{
    ApplyCx, ApprovedPart, Declared, ModuleEdit, Page, Part, Plan, Reporter, Step, StepStatus, Writable,
    apply, done_elsewhere, stands_apart,
};
use crate::registry::{Args, Body};
use crate::secret::SecretArg;
use crate::stage::{Ground, Stage, Today};

/// How long what is followed may take to end: a person who interrupts waits no longer than a second for all of it.
const LAST_WORD: Duration = Duration::from_millis(650);

/// One call on one node.
pub(super) struct Visit<'a> {
    pub(super) cx: &'a RequestCx<'a>,
    pub(super) roster: &'a Roster,
    pub(super) call: &'a Checked,
    pub(super) site: &'a Site,
}

impl Visit<'_> {
    /// Does all of a call that changes nothing: the read, or the plan of the change, which follows those that are declared.
    pub(super) async fn prepare(&self, blank: CallResult, declared: &Declared) -> Prepared {
        let begun = Instant::now();
        let mut prepared = match &self.call.action.body {
            Body::Inspect(_) => Prepared::Ended(Box::new(self.inspect(blank).await)),
            Body::Rehearse(_) => Prepared::Ended(Box::new(self.rehearse(blank).await)),
            Body::Change(_) => self.look(blank, declared).await,
        };
        let result = match &mut prepared {
            Prepared::Ended(result) => result,
            Prepared::Planned(proposal) => &mut proposal.result,
        };
        result.ms = milliseconds(begun);
        prepared
    }

    /// Spends the approval of this call's plan.
    pub(super) async fn apply(
        &self,
        approved: ApprovedPart,
        result: CallResult,
        recorded: &Recorded,
    ) -> CallResult {
        let (begun, looked) = (Instant::now(), result.ms);
        let steps = match self.apply_cx(&approved.plan().leaving(), recorded) {
            Ok(apply_cx) => {
                self.cx.audience.hear(Event::ChangeBegins(self.site.call));
                apply(approved, &apply_cx).await
            }
            Err(error) => Err(ToolError::Reported(error)),
        };
        let mut result = match steps {
            Ok(steps) => concluded(result, steps),
            Err(error) => result.failed(status_of_plan(&error), error.report()),
        };
        result.ms = looked.saturating_add(milliseconds(begun));
        result
    }

    /// Spends the approval of a plan that another part has done.
    pub(super) async fn done_elsewhere(
        &self,
        approved: ApprovedPart,
        result: CallResult,
        recorded: &Recorded,
    ) -> CallResult {
        match self.apply_cx(&[], recorded) {
            Ok(apply_cx) => concluded(result, done_elsewhere(approved, &apply_cx).await),
            // It is done, whatever the configuration has become meanwhile.
            Err(_) => CallResult { status: StepStatus::Done, ..result },
        }
    }

    async fn inspect(&self, result: CallResult) -> CallResult {
        let Body::Inspect(action) = &self.call.action.body else { return result };
        if let Some(error) = self.cx.outward_refusal(self.call, &self.site.node, self.roster) {
            return result.failed(StepStatus::Declined, error);
        }
        let survey = self.survey();
        let cx = self.inspect_cx(&survey);
        // What the read itself says of an interruption comes first: it knows whether anything was sent.
        let mut inspecting = action.inspect(&cx, self.call.args.clone());
        let found = tokio::select! {
            biased;
            found = &mut inspecting => found,
            () = self.cx.cancel.cancelled() => match cx.watch.has_begun.load(Ordering::Relaxed) {
                // What is followed ends by being interrupted.
                true => timeout(LAST_WORD, inspecting)
                    .await
                    .unwrap_or(Err(ToolError::Exec(ExecError::Cancelled))),
                false => Err(ToolError::Exec(ExecError::Cancelled)),
            },
        };
        looked(result, found)
    }

    async fn rehearse(&self, result: CallResult) -> CallResult {
        let Body::Rehearse(action) = &self.call.action.body else { return result };
        let writable = match self.site.node.writable() {
            Ok(writable) => writable,
            Err(refused) => return result.failed(StepStatus::Refused, refused.report()),
        };
        let today = || self.today();
        let (survey, stage) = (self.survey(), self.stage(&writable, &today));
        let cx = RehearseCx { inspect: self.inspect_cx(&survey), stage: &stage };
        let found = tokio::select! {
            biased;
            found = action.rehearse(&cx, self.call.args.clone()) => found,
            () = self.cx.cancel.cancelled() => Err(ToolError::Exec(ExecError::Cancelled)),
        };
        self.remove(stage).await;
        looked(result, found)
    }

    async fn look(&self, result: CallResult, declared: &Declared) -> Prepared {
        let ended = |result| Prepared::Ended(Box::new(result));
        let writable = match self.site.node.writable() {
            Ok(writable) => writable,
            Err(refused) => return ended(result.failed(StepStatus::Refused, refused.report())),
        };
        let today = || self.today();
        let stage = self.stage(&writable, &today);
        let mut args = self.call.args.clone();
        let plan = tokio::select! {
            plan = self.plan_with_secrets(&mut args, declared, &stage) => plan,
            () = self.cx.cancel.cancelled() => Err(ToolError::Exec(ExecError::CancelledUnsent)),
        };
        self.remove(stage).await;
        // With the handles of what was asked for.
        let understood = self.call.action.body.parse(args).unwrap_or(result.args);
        let result = CallResult { args: understood, ..result };
        match plan {
            Ok((plan, part)) => Prepared::Planned(Box::new(Proposal { plan, part, writable, result })),
            Err(error) => ended(result.failed(status_of_plan(&error), self.with_newer(error.report()))),
        }
    }

    /// The error of an undoing of what changed since, with the request that changed it: that is taken back first.
    fn with_newer(&self, report: ErrorReport) -> ErrorReport {
        match (report.kind, &report.hint, self.cx.cause.newer) {
            (ErrorKind::Changed, Some(_), Some(newer)) => report
                .hint(format!("request {newer} changed it since: `nixi undo {newer}` takes that back first")),
            (_, Some(_) | None, Some(_) | None) => report,
        }
    }

    /// Plans, and asks the person for each secret that the plan needs and nobody gave.
    async fn plan_with_secrets(
        &self,
        args: &mut Args,
        declared: &Declared,
        stage: &Stage<'_>,
    ) -> Result<(Plan, Part), ToolError> {
        loop {
            let names = match self.plan(args.clone(), declared, stage).await {
                Err(ToolError::SecretsNeeded(names)) if !names.is_empty() => names,
                plan => return plan,
            };
            for name in &names {
                let secret = match self.secret(name).await {
                    Ok(secret) => secret,
                    Err(NotGiven::NobodyHere) => return Err(ToolError::SecretsNeeded(names)),
                    Err(NotGiven::NothingTyped) => return Err(nothing_typed(&names)),
                };
                let is_new = self.call.action.spec.set_secret(args, name, &secret);
                if !is_new {
                    return Err(ToolError::SecretsNeeded(names));
                }
            }
        }
    }

    /// The secret of this name for this call, which a person is asked for once, on however many nodes it is needed.
    async fn secret(&self, name: &str) -> Result<SecretArg, NotGiven> {
        let call = self.call.sites.first().map_or(self.site.call, |site| site.call);
        let mut given = self.cx.answers.secrets.lock().await;
        let answer = match given.entry((call, name.to_owned())) {
            Entry::Occupied(answer) => return answer.get().clone(),
            Entry::Vacant(answer) => answer,
        };
        let (inner, action) = (self.cx.inner, self.call.action.spec.name);
        let secret = inner.asking.secret(action, self.site.node.name(), name).await;
        answer.insert(secret.map(|secret| inner.vault.keep(secret))).clone()
    }

    async fn plan(
        &self,
        args: Args,
        declared: &Declared,
        stage: &Stage<'_>,
    ) -> Result<(Plan, Part), ToolError> {
        let Body::Change(action) = &self.call.action.body else {
            return Err(ToolError::Reported(ErrorReport::new(
                ErrorKind::Internal,
                "a read cannot be planned",
            )));
        };
        // Nobody is asked anything on another machine than the one that was changed.
        if self.cx.cause.machines.contains_key(self.site.node.name().as_str()) {
            let executor = self.cx.inner.executor(&self.site.node);
            let arrival = executor.reach(&self.site.node, self.cx.cancel).await?;
            self.is_the_machine(arrival.as_ref())?;
        }
        let survey = self.survey();
        let secrets = Secrets::of(&self.cx.inner.vault, self.cx.intent);
        let cx = PlanCx { inspect: self.inspect_cx(&survey), declared, stage, secrets };
        let plan = action.plan(&cx, args).await?.settled(&cx.reader).await?;
        if plan.is_mixed() {
            let what = format!(
                "the plan of {} declares something and does something else",
                self.call.action.spec.name
            );
            return Err(ToolError::Reported(ErrorReport::new(ErrorKind::Internal, what)));
        }
        let executor = self.cx.inner.executor(&self.site.node);
        let login = executor.login(&self.site.node);
        let runs = plan.steps.iter().any(Step::is_on_node);
        let (plan, arrival) = if runs { self.meet(plan).await? } else { (plan, None) };
        self.is_the_machine(arrival.as_ref())?;
        let action = self.call.action.spec.name;
        let part = Part::of(&plan, self.site.call, action, &self.site.node, arrival, login, self.cx.origin);
        Ok((plan, part))
    }

    /// Finds out what it takes to do all that a request declares on this node, of which this proposal is the last.
    pub(super) async fn compose(
        &self,
        proposal: Proposal,
        edits: &[ModuleEdit],
    ) -> Result<Proposal, Box<CallResult>> {
        let begun = Instant::now();
        let today = || self.today();
        let stage = self.stage(&proposal.writable, &today);
        let composed = tokio::select! {
            composed = self.composed(edits, &stage) => composed,
            () = self.cx.cancel.cancelled() => Err(ToolError::Exec(ExecError::CancelledUnsent)),
        };
        self.remove(stage).await;
        let Proposal { plan, part, writable, mut result } = proposal;
        result.ms = result.ms.saturating_add(milliseconds(begun));
        let composed = match composed {
            Ok(composed) => composed,
            Err(error) => return Err(Box::new(result.failed(status_of_plan(&error), error.report()))),
        };
        let plan = plan.doing(composed);
        let login = self.cx.inner.executor(&self.site.node).login(&self.site.node);
        let Part { call, action, host_key, route, .. } = part;
        let arrival = host_key.map(|host_key| Arrival { host_key, way: route });
        let part = Part::of(&plan, call, action, &self.site.node, arrival, login, self.cx.origin);
        Ok(Proposal { plan, part, writable, result })
    }

    async fn composed(&self, edits: &[ModuleEdit], stage: &Stage<'_>) -> Result<Plan, ToolError> {
        let Some(composer) = self.cx.inner.parts.registry.composer() else {
            let what = "nothing here can change what a node declares";
            return Err(ToolError::Reported(ErrorReport::new(ErrorKind::Internal, what)));
        };
        let survey = self.survey();
        let secrets = Secrets::of(&self.cx.inner.vault, self.cx.intent);
        let declared = Declared::default();
        let cx = PlanCx { inspect: self.inspect_cx(&survey), declared: &declared, stage, secrets };
        composer.compose(&cx, edits).await?.settled(&cx.reader).await
    }

    /// What takes a change back is for the machine that was changed, whatever goes by its name by now.
    fn is_the_machine(&self, arrival: Option<&Arrival>) -> Result<(), ToolError> {
        let node = self.site.node.name();
        let meant = self.cx.cause.machines.get(node.as_str());
        match (meant, arrival) {
            (Some(meant), Some(arrival)) if arrival.host_key.as_str() != meant => {
                let what = format!(
                    "{node} is another machine than the one that was changed: its host key is another"
                );
                Err(ToolError::Reported(ErrorReport::new(ErrorKind::Changed, what)))
            }
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }

    /// Who answers, and whether that machine is read-only under another name.
    async fn meet(&self, plan: Plan) -> Result<(Plan, Option<Arrival>), ToolError> {
        let inner = self.cx.inner;
        let arrival = inner.executor(&self.site.node).reach(&self.site.node, self.cx.cancel).await?;
        let host_keys = &*inner.parts.host_keys;
        let untold = stands_apart(host_keys, &self.site.node, arrival.as_ref(), &self.remote()).await;
        match untold.map_err(ToolError::Reported)? {
            Some(untold) => Ok((plan.may_be(untold), arrival)),
            None => Ok((plan, arrival)),
        }
    }

    /// What applying needs, with the configuration read anew: minutes may have passed since the plan was made.
    fn apply_cx(&self, leaving: &[NodeName], recorded: &Recorded) -> Result<ApplyCx<'_>, ErrorReport> {
        let inner = self.cx.inner;
        let now = inner.roster_for(self.call.action.work())?;
        let others = now.others_than(leaving);
        Ok(ApplyCx {
            executor: inner.executor(&self.site.node),
            config: &inner.parts.config,
            host_keys: Arc::clone(&inner.parts.host_keys),
            current: now.find(self.site.node.name()),
            others,
            nodes: now.remote().cloned().collect(),
            settings: now.settings(),
            asking: &inner.asking,
            vault: &inner.vault,
            cancel: self.cx.cancel,
            audience: self.cx.audience,
            page: Page {
                journal: &*inner.parts.journal,
                request: recorded.request,
                call: self.site.call,
                on_record: recorded.call(self.site.call),
            },
        })
    }

    /// Where the action may try things out; nothing is there until it does.
    fn stage<'a>(
        &'a self,
        writable: &'a Writable,
        today: &'a (dyn Fn() -> Result<Today, ErrorReport> + Sync),
    ) -> Stage<'a> {
        Stage::new(Ground {
            writable,
            executor: self.cx.inner.executor(&self.site.node),
            host_keys: &*self.cx.inner.parts.host_keys,
            today,
            cancel: self.cx.cancel,
            reporter: Reporter::before_steps(self.cx.audience, self.site.call),
        })
    }

    /// The node and all others, with the configuration read anew.
    fn today(&self) -> Result<Today, ErrorReport> {
        let now = self.cx.inner.roster_for(self.call.action.work())?;
        Ok(Today { current: now.find(self.site.node.name()), nodes: now.remote().cloned().collect() })
    }

    fn remote(&self) -> Vec<Node> {
        self.roster.remote().cloned().collect()
    }

    async fn remove(&self, stage: Stage<'_>) {
        if let Some(left) = stage.remove().await {
            self.cx.audience.hear(Event::Notice(left));
        }
    }

    fn survey(&self) -> LiveRoster<'_> {
        LiveRoster {
            roster: self.roster,
            remote: &*self.cx.inner.parts.remote,
            store: &self.cx.inner.parts.config,
            host_keys: &*self.cx.inner.parts.host_keys,
            audience: self.cx.audience,
            cancel: self.cx.cancel,
        }
    }

    fn inspect_cx<'a>(&'a self, survey: &'a LiveRoster<'a>) -> InspectCx<'a> {
        let reader = Reader {
            node: &self.site.node,
            executor: self.cx.inner.executor(&self.site.node),
            settings: self.roster.settings(),
            cancel: self.cx.cancel,
        };
        let watch =
            Watch { call: self.site.call, audience: self.cx.audience, has_begun: AtomicBool::new(false) };
        InspectCx { reader, survey, watch }
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The error of a change whose secrets the person was asked for, and gave none.
fn nothing_typed(names: &[String]) -> ToolError {
    let report = ToolError::SecretsNeeded(names.to_vec()).report();
    let message = format!("the secret {} is needed, and nothing was typed", names.join(", "));
    ToolError::Reported(ErrorReport { message, ..report })
}
