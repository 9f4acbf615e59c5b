//! Packages by their names in nixpkgs.

use nixi_core::{ModuleEdit, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declared::Element;
use crate::nix::{Expr, OptionPath};

/// The option that lists packages for everybody.
const OPTION: &str = "environment.systemPackages";

/// Parameters of the actions that take packages.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackageArgs {
    /// As in nixpkgs: htop, python3Packages.requests
    pub names: Vec<String>,
}

/// What declares each of them.
pub(super) fn elements(
    args: &PackageArgs,
    edit: impl Fn(String, String) -> ModuleEdit,
) -> Result<Vec<Element>, ToolError> {
    if args.names.is_empty() {
        let message = "names is empty".to_owned();
        return Err(ToolError::BadArgument { message, hint: Some("give names=htop,nginx".to_owned()) });
    }
    let element = |name: &String| {
        let plain = name.strip_prefix("pkgs.").unwrap_or(name);
        let path: OptionPath = plain.parse().map_err(|_| ToolError::BadArgument {
            message: format!("`{name}` is not the name of a package, such as htop"),
            hint: None,
        })?;
        let package = Expr::package(&path).to_string();
        Ok(Element { word: plain.to_owned(), edit: edit(OPTION.to_owned(), package) })
    };
    args.names.iter().map(element).collect()
}
