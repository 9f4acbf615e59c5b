//! Words that leave open which change they mean: `stop nginx` is a container, if there is one, or else a unit.
//!
//! Planning tells, since it only looks: the change whose plan finds what was named is the one that was meant.

use super::batch::{Batch, Checked};
use super::protocol::{CallRequest, CallResult, Intent};
use super::roster::Roster;
use crate::error::{ErrorKind, ErrorReport};
use crate::plan::StepStatus;

const SAY_WHICH: &str = "say which: `stop container NAME` or `stop service NAME`";

/// What planning one of the changes came to.
enum Fit {
    /// It finds what was named, or is refused before it looks.
    Fits,
    /// There is no such thing; why.
    Missing(Vec<String>),
    /// It cannot be told; what is in the way.
    Unclear(ErrorReport),
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
        let mut fitting = Vec::new();
        let mut missing = Vec::new();
        for (at, meaning) in meanings.iter().enumerate() {
            match fit(&looking.side_by_side(std::slice::from_ref(meaning), roster).await) {
                Fit::Fits => fitting.push(at),
                Fit::Missing(why) => missing.extend(why),
                Fit::Unclear(error) if error.hint.is_some() => return Err(error),
                Fit::Unclear(error) => return Err(error.hint(SAY_WHICH)),
            }
        }
        match fitting.as_slice() {
            [one] => Ok(meanings.swap_remove(*one)),
            [] => Err(ErrorReport::new(ErrorKind::NotFound, missing.join("; "))),
            _ => {
                let names: Vec<String> = meanings.iter().map(|m| m.action.spec.name.to_string()).collect();
                let message = format!("the request can mean {}: both find what it names", names.join(" or "));
                Err(ErrorReport::new(ErrorKind::NotUnderstood, message).hint(SAY_WHICH))
            }
        }
    }
}

fn fit(results: &[CallResult]) -> Fit {
    let mut missing = Vec::new();
    for result in results.iter().filter(|result| result.status != StepStatus::Refused) {
        match &result.error {
            None => {}
            Some(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::ProgramMissing) => {
                missing.push(error.message.clone());
            }
            Some(error) => return Fit::Unclear(error.clone()),
        }
    }
    if missing.is_empty() { Fit::Fits } else { Fit::Missing(missing) }
}
