//! Where results lie that are too long to be kept in memory.

use async_trait::async_trait;

/// Keeps long results outside of this process. The wiring fills it in.
#[async_trait]
pub trait Outputs: Send + Sync {
    /// Keeps a text, and says where a person finds it. It must not block whoever waits for it.
    ///
    /// # Errors
    /// Why it cannot be kept, in words.
    async fn keep(&self, text: String) -> Result<String, String>;
}
