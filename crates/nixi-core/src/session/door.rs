//! The one door to a node: every call of every front end, phrase and model goes through here.

use std::sync::Arc;
use std::time::Instant;

use super::batch::{Batch, Checked, Site};
use super::protocol::{CallResult, Event};
use super::roster::{LiveRoster, Roster};
use crate::arrival::Arrival;
use crate::context::{InspectCx, PlanCx, Reader, RehearseCx};
use crate::error::{ErrorKind, ErrorReport, ToolError};
use crate::exec::ExecError;
use crate::journal::RequestId;
use crate::node::{Node, NodeName};
use crate::plan::{
    ApprovedPart, Bench, Declared, Page, Part, Plan, Refusal, Review, Step, StepReport, StepStatus,
    Uncovered, Writable, apply, stands_apart,
};
use crate::registry::{Body, Found};
use crate::stage::{Ground, Stage, Today};

/// One call on one node.
pub(super) struct Door<'a> {
    pub(super) batch: &'a Batch<'a>,
    pub(super) roster: &'a Roster,
    pub(super) call: &'a Checked,
    pub(super) site: &'a Site,
}

/// What looking came to.
pub(super) enum Prepared {
    /// The call is over: it was a read, or a change that never gets to a plan.
    Ended(Box<CallResult>),
    /// A plan to be asked about.
    Planned(Box<Proposal>),
}

/// A plan, and all that has to come with it.
pub(super) struct Proposal {
    pub(super) plan: Plan,
    pub(super) part: Part,
    pub(super) writable: Writable,
    pub(super) result: CallResult,
}

impl Proposal {
    /// The result with the plan, which is not going to be applied.
    pub(super) fn shown(self) -> CallResult {
        CallResult { plan: Some(self.part), ..self.result }
    }

    /// The same, asked about in this review.
    pub(super) fn asked_in(mut self, review: &Review) -> Self {
        self.result.review = Some(review.digest);
        self.result.request = review.request;
        self
    }

    /// How the call ends if nobody is asked: as done where nothing has to be done.
    pub(super) fn only_planned(self) -> CallResult {
        let summary = self.part.summary.clone();
        if self.plan.is_empty() {
            return CallResult { status: StepStatus::Done, text: Some(summary), ..self.result };
        }
        CallResult { text: Some(format!("would {summary}")), ..self.shown() }
    }
}

impl Door<'_> {
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
        request: RequestId,
    ) -> CallResult {
        let (begun, looked) = (Instant::now(), result.ms);
        let steps = match self.bench(&approved.plan().leaving(), request) {
            Ok(bench) => {
                self.batch.audience.hear(Event::ChangeBegins(self.site.call));
                apply(approved, &bench).await
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

    async fn inspect(&self, result: CallResult) -> CallResult {
        let Body::Inspect(action) = &self.call.action.body else { return result };
        if let Some(error) = self.batch.outward_refusal(self.call, &self.site.node, self.roster) {
            return result.failed(StepStatus::Declined, error);
        }
        let survey = self.survey();
        let cx = self.inspect_cx(&survey);
        // What the read itself says of an interruption comes first: it knows whether anything was sent.
        let found = tokio::select! {
            biased;
            found = action.inspect(&cx, self.call.args.clone()) => found,
            () = self.batch.cancel.cancelled() => Err(ToolError::Exec(ExecError::Cancelled)),
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
            () = self.batch.cancel.cancelled() => Err(ToolError::Exec(ExecError::Cancelled)),
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
        let plan = tokio::select! {
            plan = self.plan(declared, &stage) => plan,
            () = self.batch.cancel.cancelled() => Err(ToolError::Exec(ExecError::CancelledUnsent)),
        };
        self.remove(stage).await;
        match plan {
            Ok((plan, part)) => Prepared::Planned(Box::new(Proposal { plan, part, writable, result })),
            Err(error) => ended(result.failed(status_of_plan(&error), error.report())),
        }
    }

    async fn plan(&self, declared: &Declared, stage: &Stage<'_>) -> Result<(Plan, Part), ToolError> {
        let Body::Change(action) = &self.call.action.body else {
            return Err(ToolError::Reported(ErrorReport::new(
                ErrorKind::Internal,
                "a read cannot be planned",
            )));
        };
        let survey = self.survey();
        let cx = PlanCx { inspect: self.inspect_cx(&survey), declared, stage };
        let plan = action.plan(&cx, self.call.args.clone()).await?.settled(&cx.reader).await?;
        let executor = self.batch.inner.executor(&self.site.node);
        let login = executor.login(&self.site.node);
        let runs = plan.steps.iter().any(Step::is_on_node);
        let (plan, arrival) = if runs { self.meet(plan).await? } else { (plan, None) };
        self.is_the_machine(arrival.as_ref())?;
        let action = self.call.action.spec.name;
        let part =
            Part::of(&plan, self.site.call, action, &self.site.node, arrival, login, self.batch.origin);
        Ok((plan, part))
    }

    /// What takes a change back is for the machine that was changed, whatever goes by its name by now.
    fn is_the_machine(&self, arrival: Option<&Arrival>) -> Result<(), ToolError> {
        let node = self.site.node.name();
        let meant = self.batch.cause.machines.get(node.as_str());
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
        let inner = self.batch.inner;
        let arrival = inner.executor(&self.site.node).reach(&self.site.node, self.batch.cancel).await?;
        let host_keys = &*inner.parts.host_keys;
        let untold = stands_apart(host_keys, &self.site.node, arrival.as_ref(), &self.remote()).await;
        match untold.map_err(ToolError::Reported)? {
            Some(untold) => Ok((plan.may_be(untold), arrival)),
            None => Ok((plan, arrival)),
        }
    }

    /// What applying needs, with the configuration read anew: minutes may have passed since the plan was made.
    fn bench(&self, leaving: &[NodeName], request: RequestId) -> Result<Bench<'_>, ErrorReport> {
        let inner = self.batch.inner;
        let now = inner.roster_for(self.call.action.work())?;
        let others = now.others_than(leaving);
        Ok(Bench {
            executor: inner.executor(&self.site.node),
            config: &inner.parts.config,
            host_keys: Arc::clone(&inner.parts.host_keys),
            current: now.find(self.site.node.name()),
            others,
            nodes: now.remote().cloned().collect(),
            settings: now.settings(),
            cancel: self.batch.cancel,
            audience: self.batch.audience,
            page: Page { journal: &*inner.parts.journal, request, call: self.site.call },
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
            executor: self.batch.inner.executor(&self.site.node),
            host_keys: &*self.batch.inner.parts.host_keys,
            today,
            cancel: self.batch.cancel,
        })
    }

    /// The node and all others, with the configuration read anew.
    fn today(&self) -> Result<Today, ErrorReport> {
        let now = self.batch.inner.roster_for(self.call.action.work())?;
        Ok(Today { current: now.find(self.site.node.name()), nodes: now.remote().cloned().collect() })
    }

    fn remote(&self) -> Vec<Node> {
        self.roster.remote().cloned().collect()
    }

    async fn remove(&self, stage: Stage<'_>) {
        if let Some(left) = stage.remove().await {
            self.batch.audience.hear(Event::Notice(left));
        }
    }

    fn survey(&self) -> LiveRoster<'_> {
        LiveRoster {
            roster: self.roster,
            remote: &*self.batch.inner.parts.remote,
            store: &self.batch.inner.parts.config,
            host_keys: &*self.batch.inner.parts.host_keys,
            audience: self.batch.audience,
            cancel: self.batch.cancel,
        }
    }

    fn inspect_cx<'a>(&'a self, survey: &'a LiveRoster<'a>) -> InspectCx<'a> {
        let reader = Reader {
            node: &self.site.node,
            executor: self.batch.inner.executor(&self.site.node),
            settings: self.roster.settings(),
            cancel: self.batch.cancel,
        };
        InspectCx { reader, survey }
    }
}

/// How a call ended that leaves a running system as it is.
fn looked(result: CallResult, found: Result<Found, ToolError>) -> CallResult {
    match found {
        Ok(Found { data, text }) => {
            CallResult { status: StepStatus::Done, data: Some(data), text: Some(text), ..result }
        }
        // A machine that must not be tried things on.
        Err(error) if error.kind() == ErrorKind::ReadOnly => {
            result.failed(StepStatus::Refused, error.report())
        }
        Err(error) => result.failed(status_of_read(&error), error.report()),
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn status_of_read(error: &ToolError) -> StepStatus {
    match error {
        ToolError::Exec(ExecError::Unreachable { .. }) => StepStatus::Unreachable,
        ToolError::Exec(ExecError::Lost(_) | ExecError::Cancelled) => StepStatus::Unknown,
        ToolError::Exec(ExecError::CancelledUnsent) => StepStatus::NotStarted,
        ToolError::Exec(ExecError::Unfit { .. } | ExecError::Deadline(_) | ExecError::Unquotable(_))
        | ToolError::Command { .. }
        | ToolError::SudoPassword { .. }
        | ToolError::SudoRefused { .. }
        | ToolError::SudoMissing
        | ToolError::ProgramMissing(_)
        | ToolError::Permission { .. }
        | ToolError::Unreadable { .. }
        | ToolError::BadArgument { .. }
        | ToolError::NotFound { .. }
        | ToolError::Reported(_) => StepStatus::Failed,
    }
}

fn is_out_of_reach(error: &ToolError) -> bool {
    matches!(error, ToolError::Exec(ExecError::Unreachable { .. } | ExecError::Lost(_)))
}

/// Nothing of the plan has run.
fn status_of_plan(error: &ToolError) -> StepStatus {
    if is_out_of_reach(error) {
        StepStatus::Unreachable
    } else if error.kind() == ErrorKind::ReadOnly {
        StepStatus::Refused
    } else if matches!(error.kind(), ErrorKind::Changed | ErrorKind::Cancelled) {
        StepStatus::NotStarted
    } else {
        StepStatus::Failed
    }
}

/// The whole call ended as its first step that did not end as done; a node lost halfway through is a failure.
fn concluded(result: CallResult, steps: Vec<StepReport>) -> CallResult {
    let first_bad = steps.iter().position(|step| step.status != StepStatus::Done);
    let (status, error) = match first_bad {
        None => (StepStatus::Done, None),
        Some(at) => {
            let step = &steps[at];
            let lost_halfway =
                at > 0 && matches!(step.status, StepStatus::Unreachable | StepStatus::NotStarted);
            let status = if lost_halfway { StepStatus::Failed } else { step.status };
            (status, step.error.clone())
        }
    };
    let summary = result.plan.as_ref().map(|part| part.summary.as_str()).unwrap_or_default();
    let mut text = format!("{}: {summary}", status.as_str());
    for step in &steps {
        text.push_str(&format!("\n  {:<11} {}", step.status.as_str(), step.step));
    }
    CallResult { status, error, steps, text: Some(text), ..result }
}

/// Why nothing said in advance helps.
const ONLY_A_PERSON: &str = "run it on a terminal to be asked: it may reach a machine that is read-only, which --yes does not cover; \
                             see the warning of the plan";

/// Why not all of a request was applied in advance.
const NOT_WHOLE: &str = "not all of it can be done as asked, and a yes in advance is for the whole: run it on a terminal to be asked \
                         about the rest, or ask for that alone";

/// Why a review was not approved.
pub(super) fn unapproved(review: &Review, refusal: Refusal) -> ErrorReport {
    let error = declined(refusal);
    match refusal {
        Refusal::NobodyToAsk if review.is_for_a_person() => error.hint(ONLY_A_PERSON),
        Refusal::NobodyToAsk => match review.uncovered {
            Some(Uncovered::FollowsAGap) => error.hint(NOT_WHOLE),
            Some(Uncovered::Unseen) => error.hint("run it on a terminal, to see what it comes to now"),
            None => error,
        },
        Refusal::Waits => match review.request {
            Some(request) => waits(request),
            None => error,
        },
        Refusal::Person | Refusal::TimedOut | Refusal::Gone => error,
    }
}

fn waits(request: RequestId) -> ErrorReport {
    ErrorReport::new(
        ErrorKind::ApprovalRequired,
        format!("nothing was run: request {request} waits for a person"),
    )
    .hint(format!("`nixi approve {request}` runs it, `nixi deny {request}` drops it"))
}

pub(super) fn declined(refusal: Refusal) -> ErrorReport {
    match refusal {
        Refusal::Person => ErrorReport::new(ErrorKind::Declined, "you said no; nothing was run"),
        Refusal::NobodyToAsk => ErrorReport::new(
            ErrorKind::ApprovalRequired,
            "a person has to approve this plan; nothing was run",
        )
        .hint(
            "run it on a terminal to be asked, or add --yes (for a destructive plan --yes=destructive); \
                 a plan that a model made is always asked about",
        ),
        Refusal::Waits => {
            ErrorReport::new(ErrorKind::ApprovalRequired, "nothing was run: it waits for a person")
        }
        Refusal::TimedOut => ErrorReport::new(
            ErrorKind::ApprovalRequired,
            "nobody answered in time, which means no; nothing was run",
        ),
        Refusal::Gone => ErrorReport::new(
            ErrorKind::ApprovalRequired,
            "whoever was asked has gone, which means no; nothing was run",
        ),
    }
}
