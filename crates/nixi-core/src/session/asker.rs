//! The half of a session that asks.

use std::sync::Arc;

use secrecy::zeroize::Zeroizing;
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use super::approver::{Approval, ConsentedAdoption};
use super::brain::Reading;
use super::ledger::Cause;
use super::model_cx::ModelCx;
use super::protocol::{Audience, Intent, Interpreters, Op, Outcome};
use super::request_cx::RequestCx;
use super::result_budget::ResultBudget;
use super::undo::undo;
use super::waiting::Waiting;
use super::{Inner, adopt};
use crate::call::CallRequest;
use crate::error::{ErrorKind, ErrorReport};
use crate::node::Node;
use crate::plan::Origin;
use crate::registry::Registry;
use crate::secret::{Secret, SecretArg};

/// Performs [`Op`]s. Cheap to clone; it can approve nothing.
#[derive(Clone)]
pub struct Asker {
    inner: Arc<Inner>,
}

impl Asker {
    pub(super) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// All actions that there are.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.inner.parts.registry
    }

    /// The nodes as the configuration has them now, without the controller.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    pub fn nodes(&self) -> Result<Vec<Node>, ErrorReport> {
        Ok(self.inner.roster()?.remote().cloned().collect())
    }

    /// The nodes that these words choose: names, `local`, tags, globs, `all`.
    ///
    /// # Errors
    /// When the configuration cannot be read, or a word chooses none.
    pub fn choose(&self, words: &[String]) -> Result<Vec<Node>, ErrorReport> {
        self.inner.roster()?.choose(words)
    }

    /// Phrases that are understood without a model, for help texts.
    #[must_use]
    pub fn phrases(&self) -> Vec<&'static str> {
        self.inner.parts.phrases.examples()
    }

    /// The name of the model, if one is configured.
    #[must_use]
    pub fn model(&self) -> Option<String> {
        self.inner.parts.model.as_ref().map(|model| model.name())
    }

    /// From now on, another model of the same endpoint.
    ///
    /// # Errors
    /// When no model is configured.
    pub fn switch_model(&self, name: &str) -> Result<(), ErrorReport> {
        match &self.inner.parts.model {
            Some(model) => model.switch(name),
            None => Err(no_model("no model is configured".to_owned())),
        }
    }

    /// Performs one operation to its end, telling events as they happen.
    ///
    /// Cancelled, it ends soon: what was not begun is `not_started`, what was sent and not answered is `unknown`.
    pub async fn perform(
        &self,
        op: Op,
        intent: Intent,
        audience: &dyn Audience,
        cancel: &CancellationToken,
    ) -> Outcome {
        self.inner.tell_of_cut_off(audience).await;
        let (answers, result_budget, asked) = (Answers::default(), ResultBudget::default(), Cause::default());
        let cx = |origin, cause, words| RequestCx {
            inner: &self.inner,
            origin,
            intent,
            audience,
            cancel,
            cause,
            words,
            answers: &answers,
            result_budget: (origin == Origin::Model).then_some(&result_budget),
        };
        match op {
            Op::Call(calls) => outcome(cx(Origin::Person, &asked, None).run(calls).await),
            Op::Undo(request) => {
                let is_doubtful = self.inner.tell_of_damage(audience).await;
                match undo(&self.inner, request).await {
                    Ok((cause, calls)) => {
                        let cause = Cause { is_doubtful, ..cause };
                        outcome(cx(Origin::Person, &cause, None).run(calls).await)
                    }
                    Err(error) => Outcome::error(error),
                }
            }
            Op::Approve(Approval(request)) => match self.inner.waiting(request).await {
                Ok(Waiting { origin, cause, calls }) => {
                    let is_doubtful = self.inner.tell_of_damage(audience).await;
                    let cause = Cause { is_doubtful, ..cause };
                    let cx = RequestCx { result_budget: None, ..cx(origin, &cause, None) };
                    outcome(cx.run(calls).await)
                }
                Err(error) => Outcome::error(error),
            },
            Op::Adopt(ConsentedAdoption(request)) => {
                adopt::adopt(&self.inner, request, intent, audience, cancel)
                    .await
                    .map_or_else(Outcome::error, |result| Outcome::results(vec![result]))
            }
            Op::Ask { words, interpreters } => {
                // Before anything else sees them.
                let words = self.without_secrets(&Zeroizing::new(words));
                match self.inner.parts.phrases.read(&words) {
                    Reading::Calls(calls) => outcome(cx(Origin::Person, &asked, None).run(calls).await),
                    Reading::Unknown { nearest } => {
                        self.ask_model(
                            &words,
                            interpreters,
                            &nearest,
                            cx(Origin::Model, &asked, Some(&words)),
                        )
                        .await
                    }
                }
            }
        }
    }

    async fn ask_model(
        &self,
        words: &str,
        interpreters: Interpreters,
        nearest: &[String],
        cx: RequestCx<'_>,
    ) -> Outcome {
        let model = match (interpreters, &self.inner.parts.model) {
            (Interpreters::PhrasebookThenModel, Some(model)) => model,
            (Interpreters::Phrasebook, _) | (Interpreters::PhrasebookThenModel, None) => {
                return Outcome::error(not_understood(interpreters, nearest));
            }
        };
        let model_cx = match ModelCx::new(cx) {
            Ok(model_cx) => model_cx,
            Err(error) => return Outcome::error(error),
        };
        let answer = model.answer(words, &model_cx).await;
        let results = model_cx.into_results();
        match answer {
            Ok(answer) => Outcome { results, answer: Some(answer), error: None },
            Err(error) => Outcome { results, answer: None, error: Some(error) },
        }
    }

    /// A person's words with a handle in place of each secret that is found in them. A front end calls it before it shows or
    /// keeps what was typed; [`Op::Ask`] does the same with its words.
    #[must_use]
    pub fn without_secrets(&self, words: &str) -> String {
        self.inner.without_secrets(words)
    }

    /// Keeps a secret for as long as the session lives, and gives the handle that stands for it in arguments.
    #[must_use]
    pub fn keep_secret(&self, secret: Secret) -> SecretArg {
        self.inner.vault.keep(secret)
    }

    /// What a phrase would do, without doing it; for completion and help.
    #[must_use]
    pub fn read_phrase(&self, words: &str) -> Option<Vec<CallRequest>> {
        match self.inner.parts.phrases.read(words) {
            Reading::Calls(calls) => Some(calls),
            Reading::Unknown { .. } => None,
        }
    }
}

fn outcome(results: Result<Vec<super::CallResult>, ErrorReport>) -> Outcome {
    results.map_or_else(Outcome::error, Outcome::results)
}

fn no_model(message: String) -> ErrorReport {
    ErrorReport::new(ErrorKind::ModelUnavailable, message)
        .hint("set base_url and model in the [llm] section of the configuration")
}

fn not_understood(interpreters: Interpreters, nearest: &[String]) -> ErrorReport {
    let why = match interpreters {
        Interpreters::Phrasebook => "and --offline keeps it from asking a model",
        Interpreters::PhrasebookThenModel => "and no model is configured",
    };
    let hint = match nearest {
        [] => "`nixi tools` lists all that can be done, and the phrases that are understood".to_owned(),
        nearest => format!("did you mean: {}", nearest.join(" · ")),
    };
    ErrorReport::new(ErrorKind::NotUnderstood, format!("Nixi did not understand the request, {why}"))
        .hint(hint)
}
