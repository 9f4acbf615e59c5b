//! llmock, a model server of other people's making, from PyPI into a cached venv.

use std::path::PathBuf;

use anyhow::Result;

use crate::venv;

/// The llmock executable; installed on the first call.
pub(crate) fn bring() -> Result<PathBuf> {
    Ok(venv::bring("venv-llmock", &["llmock==0.2.2"])?.join("llmock"))
}
