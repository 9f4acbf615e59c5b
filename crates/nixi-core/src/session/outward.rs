//! Reads that send something out: a model that names a place which no person named is asked about, once for all that it
//! names in one turn.

use super::calls::Checked;
use super::ending::declined;
use super::request_cx::RequestCx;
use super::roster::Roster;
use crate::call_id::CallId;
use crate::error::ErrorReport;
use crate::node::Node;
use crate::plan::{Decision, Origin, Outward, PlanDigest, Refusal, Review};
use crate::registry::Body;

impl RequestCx<'_> {
    /// Asks about all such reads among these calls, in one question. A no holds for all reads of these kinds until the
    /// request is answered.
    pub(super) async fn settle_outward(&self, calls: &[Checked], roster: &Roster) {
        let mut reads = Vec::new();
        for call in calls {
            let kind = call.action.spec.name;
            if self.answers.refusal_of(kind).is_some() {
                continue;
            }
            let Ok(Some(target)) = self.stranger(call, roster) else { continue };
            let new = call.sites.iter().filter(|site| !self.answers.allows(digest(call, &site.node)));
            reads.extend(new.map(|site| Outward {
                call: site.call,
                action: kind,
                node: &site.node,
                target: target.clone(),
                args: &call.understood,
            }));
        }
        let Some(review) = Review::of_outward(&reads) else { return };
        let decision = tokio::select! {
            answer = self.inner.asking.decide(&review) => answer.decision,
            () = self.cancel.cancelled() => Decision::Deny(Refusal::Gone),
        };
        let refusal = match decision {
            Decision::Approve(digest) if digest == review.digest => {
                reads.iter().for_each(|read| self.answers.allow(read.digest()));
                return;
            }
            Decision::Approve(_) | Decision::Only(_) => Refusal::Person,
            // A read does not wait.
            Decision::Deny(Refusal::Waits) => Refusal::NobodyToAsk,
            Decision::Deny(refusal) => refusal,
        };
        reads.iter().for_each(|read| self.answers.refuse(read.action, refusal));
    }

    /// Why this read may not be made on this node; nothing if it may.
    pub(super) fn outward_refusal(
        &self,
        call: &Checked,
        node: &Node,
        roster: &Roster,
    ) -> Option<ErrorReport> {
        match self.stranger(call, roster) {
            Ok(None) => None,
            Err(error) => Some(error),
            Ok(Some(_)) if self.answers.allows(digest(call, node)) => None,
            Ok(Some(_)) => {
                let refusal = self.answers.refusal_of(call.action.spec.name);
                Some(declined(refusal.unwrap_or(Refusal::NobodyToAsk)))
            }
        }
    }

    /// The place that a model's call reaches out to, if no person named it.
    fn stranger(&self, call: &Checked, roster: &Roster) -> Result<Option<String>, ErrorReport> {
        let Body::Inspect(action) = &call.action.body else { return Ok(None) };
        let words = match self.origin {
            Origin::Person => return Ok(None),
            Origin::Model => self.words.unwrap_or_default(),
        };
        let Some(target) = action.outward(call.args.clone())? else { return Ok(None) };
        let mut typed = words.split(|c: char| c.is_whitespace() || ",;?!\"'`()".contains(c));
        let mut ours = roster.remote().filter_map(Node::ssh).map(|ssh| ssh.host.as_str());
        let is_known =
            typed.any(|word| word.trim_end_matches('.') == target) || ours.any(|host| host == target);
        Ok((!is_known).then_some(target))
    }
}

fn digest(call: &Checked, node: &Node) -> PlanDigest {
    let read = Outward {
        call: CallId::default(),
        action: call.action.spec.name,
        node,
        target: String::new(),
        args: &call.understood,
    };
    read.digest()
}
