//! Words that leave open what they mean: `stop nginx` is a container, if there is one, or else a unit.
//!
//! Looking tells. The change whose plan finds what was named, on any of the nodes, is the one that was meant; the read that
//! finds it on a node is the one that was meant there. What fits both is not guessed: the person says which. A node out
//! of reach tells nothing, and holds up no other.

use super::bare::{Found, fits, found_on, one_name_each};
use super::calls::Checked;
use super::doubt::Ambiguity;
use super::left_behind::not_begun;
use super::protocol::{Audience, CallResult, Event, Intent};
use super::request_cx::RequestCx;
use super::roster::Roster;
use crate::call::CallRequest;
use crate::error::{ErrorKind, ErrorReport};
use crate::node::NodeName;
use crate::plan::StepStatus;
use crate::registry::FOLLOW;

const SAY_WHICH: &str = "say which is meant, as in `stop container NAME` or `stop service NAME`";

/// What the words of one call came to.
pub(super) enum Settled {
    /// This call, which is still to be made.
    Call(Checked),
    /// It was made, and found this on each node.
    Told(Vec<(NodeName, CallResult)>),
}

/// Hears nothing of calls that are made to tell what was meant; what they leave behind has to be told all the same.
struct NoticesAlone<'a>(&'a dyn Audience);

impl Audience for NoticesAlone<'_> {
    fn hear(&self, event: Event) {
        if let Event::Notice(_) = event {
            self.0.hear(event);
        }
    }
}

/// What planning one of the changes came to, on all its nodes.
#[derive(Default)]
struct Fit {
    /// On one of them at least it finds what was named.
    fits: bool,
    /// Where there is no such thing: why.
    missing: Vec<String>,
    /// What is in the way on a node that answers.
    unclear: Option<ErrorReport>,
    /// Why a node is out of reach, or has a login that runs nothing: it cannot be asked for any of the meanings.
    silent: Option<ErrorReport>,
}

impl RequestCx<'_> {
    /// Checks all calls before anything runs, and settles what their words left open.
    pub(super) async fn settle(
        &self,
        calls: Vec<CallRequest>,
        roster: &Roster,
    ) -> Result<Vec<Settled>, ErrorReport> {
        let mut open = Vec::with_capacity(calls.len());
        for call in calls.into_iter().flat_map(one_name_each) {
            let looks = match call.args.contains_key(FOLLOW) && !call.or.is_empty() {
                true => self.meanings(without_follow(call.clone()), roster)?,
                false => Vec::new(),
            };
            open.push((self.meanings(call, roster)?, looks));
        }
        let only_reads = open.iter().flat_map(|(meanings, _)| meanings).all(Checked::is_read);
        let mut settled = Vec::with_capacity(open.len());
        for (meanings, looks) in open {
            if meanings.len() == 1 || !meanings.iter().all(Checked::is_read) {
                settled.push(Settled::Call(self.choose(meanings, roster).await?));
            } else if !looks.is_empty() {
                // What is followed has no end, so it is looked for first.
                let told = self.look_for_all(&looks, roster).await?;
                settled.extend(again(meanings, &told));
            } else {
                let told = self.look_for_all(&meanings, roster).await?;
                if only_reads {
                    settled.push(Settled::Told(told));
                } else {
                    settled.extend(again(meanings, &told));
                }
            }
        }
        Ok(settled)
    }

    /// All that the words of a call may mean, checked.
    fn meanings(&self, call: CallRequest, roster: &Roster) -> Result<Vec<Checked>, ErrorReport> {
        let CallRequest { action, or, nodes, args } = call;
        let meaning = |action| {
            let call = CallRequest { action, or: Vec::new(), nodes: nodes.clone(), args: args.clone() };
            self.check(roster, call)
        };
        std::iter::once(action).chain(or).map(meaning).collect()
    }

    /// Makes the reads of all meanings on all nodes at once; on each node the one counts that finds something.
    async fn look_for_all(
        &self,
        meanings: &[Checked],
        roster: &Roster,
    ) -> Result<Vec<(NodeName, CallResult)>, ErrorReport> {
        let looking = RequestCx { audience: &NoticesAlone(self.audience), ..*self };
        let results = looking.side_by_side(meanings, roster).await;
        let sites = meanings.first().map(|meaning| meaning.sites.as_slice()).unwrap_or_default();
        let mut found = Vec::with_capacity(sites.len());
        for (at, site) in sites.iter().enumerate() {
            let here: Vec<&CallResult> = results.iter().skip(at).step_by(sites.len()).collect();
            found.push((site.node.name().clone(), found_on(&here)));
        }
        self.settle_doubt(meanings, found).await
    }

    /// Where several meanings found something, the person says which counts: once for all nodes.
    async fn settle_doubt(
        &self,
        meanings: &[Checked],
        found: Vec<(NodeName, Found)>,
    ) -> Result<Vec<(NodeName, CallResult)>, ErrorReport> {
        let (mut fitting, mut nodes) = (vec![false; meanings.len()], Vec::new());
        for (node, found) in &found {
            if let Found::Several(results) = found {
                nodes.push(node.as_str());
                fitting.iter_mut().zip(results).for_each(|(fit, result)| *fit |= fits(result));
            }
        }
        let meant = match nodes.as_slice() {
            [] => None,
            nodes => {
                let fitting: Vec<usize> = (0..meanings.len()).filter(|at| fitting[*at]).collect();
                Some(self.which(meanings, &fitting, nodes).await?)
            }
        };
        let of_those = |found: Found| match found {
            Found::One(result) => Some(*result),
            Found::Several(results) => results.into_iter().nth(meant?),
        };
        Ok(found.into_iter().filter_map(|(node, found)| Some((node, of_those(found)?))).collect())
    }

    /// Asks the person which of these meanings is the one; its place among all.
    async fn which(
        &self,
        meanings: &[Checked],
        fitting: &[usize],
        nodes: &[&str],
    ) -> Result<usize, ErrorReport> {
        let names: Vec<String> =
            meanings.iter().map(|meaning| meaning.action.spec.name.to_string()).collect();
        let choices = fitting.iter().map(|at| (names[*at].as_str(), &meanings[*at].understood));
        let ambiguity = Ambiguity::between(choices, nodes);
        let report = ambiguity.report();
        let answer = tokio::select! {
            answer = self.inner.asking.which(ambiguity) => answer,
            () = self.cancel.cancelled() => {
                return Err(not_begun());
            }
        };
        answer.and_then(|answer| fitting.get(answer).copied()).ok_or(report)
    }

    async fn choose(&self, mut meanings: Vec<Checked>, roster: &Roster) -> Result<Checked, ErrorReport> {
        let refused = |meaning: &Checked| meaning.nodes().all(|node| node.writable().is_err());
        if meanings.len() == 1 || meanings.iter().all(refused) {
            return Ok(meanings.swap_remove(0));
        }
        let looking = RequestCx { intent: Intent::PlanOnly, audience: &NoticesAlone(self.audience), ..*self };
        let mut fits = Vec::with_capacity(meanings.len());
        for meaning in &meanings {
            fits.push(Fit::of(&looking.side_by_side(std::slice::from_ref(meaning), roster).await));
        }
        let fitting: Vec<usize> =
            fits.iter().enumerate().filter(|(_, fit)| fit.fits).map(|(at, _)| at).collect();
        if fitting.len() > 1 {
            let nodes: Vec<&str> = meanings[0].nodes().map(|node| node.name().as_str()).collect();
            let meant = self.which(&meanings, &fitting, &nodes).await?;
            return Ok(meanings.swap_remove(meant));
        }
        // Where one does not fit and it cannot be told why, it may have been meant all the same.
        if let Some(error) = fits.iter().filter(|fit| !fit.fits).find_map(|fit| fit.unclear.clone()) {
            return Err(with_hint(error));
        }
        match fitting.first() {
            Some(&one) => Ok(meanings.swap_remove(one)),
            None => Err(nowhere(fits)),
        }
    }
}

impl Fit {
    fn of(results: &[CallResult]) -> Self {
        let mut fit = Self::default();
        for result in results.iter().filter(|result| result.status != StepStatus::Refused) {
            // It is told without the result, so it has to say where it was.
            let named = |error: &ErrorReport| match error.message.contains(&result.node) {
                true => error.clone(),
                false => {
                    ErrorReport { message: format!("{}: {}", result.node, error.message), ..error.clone() }
                }
            };
            match &result.error {
                None => fit.fits = true,
                Some(error) if is_missing(error) => {
                    fit.missing.push(error.message.clone());
                }
                Some(error) if result.status == StepStatus::Unreachable || error.kind == ErrorKind::Unfit => {
                    fit.silent.get_or_insert_with(|| named(error));
                }
                Some(error) => {
                    fit.unclear.get_or_insert_with(|| named(error));
                }
            }
        }
        fit
    }
}

/// The same read, which ends, and prints little.
fn without_follow(mut call: CallRequest) -> CallRequest {
    call.args.remove(FOLLOW);
    call.with("lines", 1)
}

/// The meanings as calls to be made later, each on the nodes where it was the one.
fn again(meanings: Vec<Checked>, told: &[(NodeName, CallResult)]) -> Vec<Settled> {
    let meant = |action: &str, node: &NodeName| {
        told.iter().any(|(name, result)| name == node && result.tool == action)
    };
    let on_its_nodes = |mut meaning: Checked| {
        let action = meaning.action.spec.name.to_string();
        meaning.sites.retain(|site| meant(&action, site.node.name()));
        (!meaning.sites.is_empty()).then_some(Settled::Call(meaning))
    };
    meanings.into_iter().filter_map(on_its_nodes).collect()
}

/// No node that answers has what was named; one that does not answer may have it.
fn nowhere(fits: Vec<Fit>) -> ErrorReport {
    let silent = fits.iter().find_map(|fit| fit.silent.clone());
    let missing: Vec<String> = fits.into_iter().flat_map(|fit| fit.missing).collect();
    match silent {
        None => ErrorReport::new(ErrorKind::NotFound, missing.join("; ")),
        Some(error) => {
            let said: Vec<String> = missing.into_iter().chain([error.message.clone()]).collect();
            with_hint(ErrorReport { message: said.join("; "), ..error })
        }
    }
}

/// Whether it says that there is no such thing here.
pub(super) fn is_missing(error: &ErrorReport) -> bool {
    matches!(error.kind, ErrorKind::NotFound | ErrorKind::ProgramMissing)
}

fn with_hint(error: ErrorReport) -> ErrorReport {
    if error.hint.is_some() { error } else { error.hint(SAY_WHICH) }
}
