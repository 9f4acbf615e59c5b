//! The half of a session that says yes or no.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::doubt::{Ambiguity, Doubt};
use super::protocol::{AdoptRequest, Op};
use super::secret_wanted::{NotGiven, SecretWanted};
use crate::action::ActionName;
use crate::journal::{Consent, RequestId};
use crate::node::NodeName;
use crate::plan::{Decision, Origin, Refusal, Review, Risk};
use crate::secret::Secret;

/// How long a person has for an answer. No answer is a no.
const PATIENCE: Duration = Duration::from_secs(600);

/// A review that waits for an answer. Dropped unanswered, it is a no.
#[derive(Debug)]
pub struct Pending {
    review: Box<Review>,
    answer: oneshot::Sender<Answer>,
}

/// What was decided, and how the yes was given, if it is one.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) decision: Decision,
    pub(super) consent: Consent,
}

impl Pending {
    /// What is asked.
    #[must_use]
    pub fn review(&self) -> &Review {
        &self.review
    }

    /// Yes, to exactly what the review shows.
    pub fn approve(self) {
        let digest = self.review.digest;
        self.decide(Decision::Approve(digest));
    }

    /// Yes, as a person said before they saw it: see [`AdvanceConsent::covers`].
    pub fn approve_in_advance(self) {
        let decision = Decision::Approve(self.review.digest);
        self.answer(decision, Consent::InAdvance);
    }

    /// No answer yet: it waits, and a person may approve it by its number.
    pub fn leave_waiting(self) {
        self.decide(Decision::Deny(Refusal::Waits));
    }

    /// Only these parts, counted from 0: a review of them is asked about anew, and the others are declined.
    pub fn only(self, parts: Vec<usize>) {
        self.decide(Decision::Only(parts));
    }

    /// No.
    pub fn deny(self, why: Refusal) {
        self.decide(Decision::Deny(why));
    }

    /// Any decision; an approval that names another digest than the review's is a no.
    pub fn decide(self, decision: Decision) {
        self.answer(decision, Consent::Answered);
    }

    fn answer(self, decision: Decision, consent: Consent) {
        // Whoever asked may have gone; then nothing is applied, and nobody is left to tell.
        let _ = self.answer.send(Answer { decision, consent });
    }
}

/// Something that a session asks the person.
#[derive(Debug)]
pub enum Question {
    /// Whether to do what a review shows.
    Approval(Pending),
    /// Which of several things their words mean.
    Meaning(Doubt),
    /// Whether a node keeps a system in which something newly failed; without an answer it goes back.
    Verdict(Doubt),
    /// A secret that was not given.
    Secret(SecretWanted),
}

/// The half of a session that only a person's own front end holds. A model or another program never gets one.
#[derive(Debug)]
pub struct ApproverHandle {
    questions: mpsc::Receiver<Question>,
    takes_questions: Arc<AtomicBool>,
}

/// All that a session asks the person, for a front end that settles doubts and takes secrets as well; see [`ApproverHandle::questions`].
#[derive(Debug)]
pub struct Questions(mpsc::Receiver<Question>);

impl Questions {
    /// The next question; `None` once the session is gone.
    pub async fn next(&mut self) -> Option<Question> {
        self.0.recv().await
    }
}

impl ApproverHandle {
    /// The next review that waits for an answer; `None` once the session is gone.
    pub async fn next(&mut self) -> Option<Pending> {
        loop {
            match self.questions.recv().await? {
                Question::Approval(pending) => return Some(pending),
                Question::Meaning(_) | Question::Verdict(_) | Question::Secret(_) => {}
            }
        }
    }

    /// From now on the person is also asked what ambiguous words mean, and for secrets that were not given. Without it, both
    /// are errors.
    #[must_use]
    pub fn questions(self) -> Questions {
        self.takes_questions.store(true, Ordering::Relaxed);
        Questions(self.questions)
    }

    /// The means to give a person's word, for the same front end.
    #[must_use]
    pub fn typed_consent(&self) -> TypedConsent {
        TypedConsent(())
    }
}

/// A person's own word that a machine be adopted: typing the command is the approval. Only a [`TypedConsent`] gives it, so a
/// model or a program behind a door cannot add a machine, or a second name and mode for one.
#[derive(Debug, Clone)]
pub struct ConsentedAdoption(pub(super) AdoptRequest);

/// A person's yes to a request that waits, by its number; from a [`TypedConsent`].
#[derive(Debug, Clone)]
pub struct Approval(pub(super) RequestId);

/// Gives a person's word; from the approving half of a session.
#[derive(Debug, Clone)]
pub struct TypedConsent(());

impl TypedConsent {
    /// The operation that adopts this machine.
    #[must_use]
    pub fn adopt(&self, request: AdoptRequest) -> Op {
        Op::Adopt(ConsentedAdoption(request))
    }

    /// The operation that runs a request which waits. If it comes to another review by now, that one is asked about.
    #[must_use]
    pub fn approve(&self, request: RequestId) -> Op {
        Op::Approve(Approval(request))
    }
}

/// What a person said yes to in advance, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdvanceConsent {
    /// Nothing.
    Nothing,
    /// Plans up to this risk: `--yes`, or `--yes=destructive`.
    UpTo(Risk),
}

impl AdvanceConsent {
    /// Whether a review is covered. What a model made never is, nor what may change a node of another mode, nor what has a
    /// reason against it in [`Review::uncovered`].
    #[must_use]
    pub fn covers(self, review: &Review) -> bool {
        match self {
            Self::Nothing => false,
            Self::UpTo(risk) => {
                review.origin == Origin::Person
                    && review.risk <= risk
                    && !review.is_for_a_person()
                    && review.uncovered.is_none()
            }
        }
    }
}

/// The other end, inside the session.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    questions: mpsc::Sender<Question>,
    takes_questions: Arc<AtomicBool>,
}

pub(super) fn channel() -> (Asking, ApproverHandle) {
    let (sender, questions) = mpsc::channel(16);
    let takes_questions = Arc::default();
    let asking = Asking { questions: sender, takes_questions: Arc::clone(&takes_questions) };
    (asking, ApproverHandle { questions, takes_questions })
}

impl Asking {
    /// Asks a person, and waits. Nobody there, gone away, too late: all of it is a no.
    pub(super) async fn decide(&self, review: &Review) -> Answer {
        let no = |why| Answer { decision: Decision::Deny(why), consent: Consent::Answered };
        let (answer, waiting) = oneshot::channel();
        let pending = Pending { review: Box::new(review.clone()), answer };
        if self.questions.send(Question::Approval(pending)).await.is_err() {
            return no(Refusal::NobodyToAsk);
        }
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => no(Refusal::Gone),
            Err(_) => no(Refusal::TimedOut),
        }
    }

    /// Asks for a secret, and waits.
    pub(super) async fn secret(
        &self,
        action: ActionName,
        node: &NodeName,
        name: &str,
    ) -> Result<Secret, NotGiven> {
        if !self.takes_questions.load(Ordering::Relaxed) {
            return Err(NotGiven::NobodyHere);
        }
        let (wanted, waiting) = SecretWanted::new(action, node, name);
        if self.questions.send(Question::Secret(wanted)).await.is_err() {
            return Err(NotGiven::NobodyHere);
        }
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(Ok(Some(secret))) => Ok(secret),
            Ok(Ok(None)) => Err(NotGiven::NothingTyped),
            Ok(Err(_)) | Err(_) => Err(NotGiven::NobodyHere),
        }
    }

    /// Asks whether a new system stays in which this failed, and waits so long. Without an answer it does not.
    pub(crate) async fn keeps(&self, failed: &str, left: Duration) -> bool {
        if !self.takes_questions.load(Ordering::Relaxed) {
            return false;
        }
        let (doubt, waiting) = Doubt::new(Ambiguity::of_a_switch(failed, left));
        let asked = async {
            self.questions.send(Question::Verdict(doubt)).await.ok()?;
            waiting.await.ok()
        };
        tokio::time::timeout(left, asked).await.ok().flatten() == Some(Ambiguity::KEEP)
    }

    /// Asks which of several things was meant, and waits; its number. Without an answer it is none of them.
    pub(super) async fn which(&self, ambiguity: Ambiguity) -> Option<usize> {
        if !self.takes_questions.load(Ordering::Relaxed) {
            return None;
        }
        let (doubt, waiting) = Doubt::new(ambiguity);
        self.questions.send(Question::Meaning(doubt)).await.ok()?;
        tokio::time::timeout(PATIENCE, waiting).await.ok()?.ok()
    }
}
