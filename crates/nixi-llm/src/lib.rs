//! nixi-llm
