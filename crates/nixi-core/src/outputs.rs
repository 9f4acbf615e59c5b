//! Where results lie that are too long to be kept in memory.

/// Keeps long results outside of this process. The wiring fills it in.
pub trait Outputs: Send + Sync {
    /// Keeps a text, and says where a person finds it.
    ///
    /// # Errors
    /// Why it cannot be kept, in words.
    fn keep(&self, text: &str) -> Result<String, String>;
}
