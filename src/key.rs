//! The key of the model's endpoint: read here, once, and never written anywhere.

use async_trait::async_trait;
use nixi_core::brain::Model;
use nixi_core::config::LlmSettings;
use nixi_core::session::Desk;
use nixi_core::{ErrorKind, ErrorReport};
use nixi_llm::SecretString;

/// Reads the key that the settings name; `None` if they name none.
pub(crate) fn api_key(settings: &LlmSettings) -> Result<Option<SecretString>, ErrorReport> {
    if let Some(name) = &settings.api_key_env {
        return match std::env::var(name) {
            Ok(key) if !key.trim().is_empty() => Ok(Some(SecretString::from(key.trim()))),
            Ok(_) | Err(_) => Err(missing(&format!("the environment variable {name} holds no key"))),
        };
    }
    let Some(file) = &settings.api_key_file else { return Ok(None) };
    match std::fs::read_to_string(file) {
        Ok(key) if !key.trim().is_empty() => Ok(Some(SecretString::from(key.trim()))),
        Ok(_) => Err(missing(&format!("{} is empty", file.display()))),
        Err(error) => Err(missing(&format!("cannot read {}: {error}", file.display()))),
    }
}

fn missing(message: &str) -> ErrorReport {
    ErrorReport::new(ErrorKind::ModelUnavailable, format!("there is no key for the model: {message}"))
        .hint("see api_key_env and api_key_file in the [llm] section of the configuration")
}

/// A model whose key is missing: all else works, and asking it tells why it does not.
pub(crate) struct Keyless {
    pub(crate) name: String,
    pub(crate) why: ErrorReport,
}

#[async_trait]
impl Model for Keyless {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn switch(&self, _: &str) -> Result<(), ErrorReport> {
        Err(self.why.clone())
    }

    async fn answer(&self, _: &str, _: &Desk<'_>) -> Result<String, ErrorReport> {
        Err(self.why.clone())
    }
}
