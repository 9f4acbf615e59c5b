//! Words that leave open which change they mean: `stop nginx` is a container, if there is one, or else a unit.
//!
//! Planning tells, since it only looks: the change whose plan finds what was named, on any of the nodes, is the one that was
//! meant. A node out of reach tells nothing, and holds up no other.

use super::batch::{Batch, Checked};
use super::protocol::{CallRequest, CallResult, Intent};
use super::roster::Roster;
use crate::error::{ErrorKind, ErrorReport};
use crate::plan::StepStatus;

const SAY_WHICH: &str = "say which: `stop container NAME` or `stop service NAME`";

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

impl Batch<'_> {
    /// Checks all calls before anything runs, and settles what their words left open.
    pub(super) async fn settle(
        &self,
        calls: Vec<CallRequest>,
        roster: &Roster,
    ) -> Result<Vec<Checked>, ErrorReport> {
        let mut open = Vec::with_capacity(calls.len());
        for call in calls {
            let CallRequest { action, or, nodes, args } = call;
            let mut meanings = Vec::with_capacity(1 + or.len());
            for action in std::iter::once(action).chain(or) {
                let call = CallRequest { action, or: Vec::new(), nodes: nodes.clone(), args: args.clone() };
                meanings.push(self.check(roster, call)?);
            }
            open.push(meanings);
        }
        let mut settled = Vec::with_capacity(open.len());
        for meanings in open {
            settled.push(self.choose(meanings, roster).await?);
        }
        Ok(settled)
    }

    async fn choose(&self, mut meanings: Vec<Checked>, roster: &Roster) -> Result<Checked, ErrorReport> {
        let refused = |meaning: &Checked| meaning.nodes.iter().all(|node| node.writable().is_err());
        if meanings.len() == 1 || meanings.iter().all(refused) {
            return Ok(meanings.swap_remove(0));
        }
        let looking = Batch { intent: Intent::PlanOnly, audience: &(), ..*self };
        let mut fits = Vec::with_capacity(meanings.len());
        for meaning in &meanings {
            fits.push(Fit::of(&looking.side_by_side(std::slice::from_ref(meaning), roster).await));
        }
        let fitting: Vec<usize> =
            fits.iter().enumerate().filter(|(_, fit)| fit.fits).map(|(at, _)| at).collect();
        if fitting.len() > 1 {
            let names: Vec<String> = meanings.iter().map(|m| m.action.spec.name.to_string()).collect();
            let message = format!("the request can mean {}: both find what it names", names.join(" or "));
            return Err(ErrorReport::new(ErrorKind::NotUnderstood, message).hint(SAY_WHICH));
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
            match &result.error {
                None => fit.fits = true,
                Some(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::ProgramMissing) => {
                    fit.missing.push(error.message.clone());
                }
                Some(error) if result.status == StepStatus::Unreachable || error.kind == ErrorKind::Unfit => {
                    fit.silent.get_or_insert_with(|| error.clone());
                }
                Some(error) => {
                    fit.unclear.get_or_insert_with(|| error.clone());
                }
            }
        }
        fit
    }
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

fn with_hint(error: ErrorReport) -> ErrorReport {
    if error.hint.is_some() { error } else { error.hint(SAY_WHICH) }
}
