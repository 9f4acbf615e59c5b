//! What Nixi writes on a container that it deploys: how it was deployed, so that it can be changed and taken back.

use sha2::{Digest, Sha256};

use super::args::DeployArgs;

/// The name of the label. Its value is the JSON of the parameters, with handles in place of secrets.
pub(in crate::container) const LABEL: &str = "nixi.deploy";

/// How the name ends of a container that an update sets aside: its short id stands before that.
pub(in crate::container) const SET_ASIDE: &str = "-before";

/// The value of the label.
pub(super) fn label(args: &DeployArgs) -> String {
    serde_json::to_string(args).unwrap_or_default()
}

/// Stands for the value of a label: 16 hexadecimal digits.
pub(super) fn digest(label: &str) -> String {
    Sha256::digest(label).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
