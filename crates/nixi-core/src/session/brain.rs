//! The two ways from words to calls: a phrasebook, which never guesses, and a model, which may say anything.

use async_trait::async_trait;

use super::model_cx::ModelCx;
use crate::call::CallRequest;
use crate::error::ErrorReport;

/// What a phrasebook makes of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// The whole request, understood to the last word.
    Calls(Vec<CallRequest>),
    /// Not understood. What comes nearest, as phrases that would have been.
    Unknown {
        /// At most three.
        nearest: Vec<String>,
    },
}

/// Understands set phrases, completely or not at all. Pure: it asks nothing and does nothing.
pub trait Phrases: Send + Sync {
    /// Reads one request.
    fn read(&self, request: &str) -> Reading;

    /// Phrases that it understands, for help texts.
    fn examples(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// A language model in conversation with a person. All it can do goes through the [`ModelCx`] that it is lent.
#[async_trait]
pub trait Model: Send + Sync {
    /// The model's name, as its endpoint knows it.
    fn name(&self) -> String;

    /// From now on, another model of the same endpoint.
    ///
    /// # Errors
    /// When this one cannot be replaced.
    fn switch(&self, name: &str) -> Result<(), ErrorReport>;

    /// Answers one request of a person; the words of the answer go to [`ModelCx::say`] as they come.
    ///
    /// # Errors
    /// A report of kind `model_unavailable`, `model_broken` or `cancelled`. The conversation stays usable.
    async fn answer(&self, request: &str, model_cx: &ModelCx<'_>) -> Result<String, ErrorReport>;
}
