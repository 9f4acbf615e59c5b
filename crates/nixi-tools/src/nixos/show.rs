//! `nixos.show`

use std::fmt;

use nixi_core::catalog::{file, nixos, system};
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::generations::{boot_default, first_path};
use super::place::{Kind, OwnModule, OwnState, Place};
use crate::NoArgs;
use crate::parts::Parts;
use crate::reading::{json, parsed_of};
use crate::rows::{LeftOut, write_left_out};
use crate::table::facts;

/// Where the configuration of a node is, and what of it runs.
pub struct Show;

/// `data` of `nixos.show`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ShowReport {
    /// How the configuration is kept.
    pub kind: Kind,
    /// The file that NixOS begins with; `null` where it is not on the node.
    pub file: Option<String>,
    /// The same without links.
    pub real_file: Option<String>,
    /// Nixi's own module beside it.
    pub own_module: Option<OwnModule>,
    /// Why Nixi cannot add its module to the configuration; `null` where it can.
    pub obstacle: Option<String>,
    /// What to add by hand, where Nixi cannot.
    pub snippet: Option<String>,
    /// The version of NixOS that runs.
    pub nixos_version: Option<String>,
    /// The revision that the system was built from, where its builder said so.
    pub revision: Option<String>,
    /// The number of the generation that boots next.
    pub boots_next: Option<u64>,
    /// The system that runs: a path in the Nix store.
    pub running: Option<String>,
    /// What could not be read.
    pub left_out: Vec<LeftOut>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    nixos_version: String,
    configuration_revision: Option<String>,
}

impl Inspect for Show {
    type Args = NoArgs;
    type Report = ShowReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("nixos", "show"),
            "where the NixOS configuration is, and what runs",
            ReadCapability::SystemStatus,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<ShowReport, ToolError> {
        let of = |path: &str| -> Result<_, ToolError> {
            let path = path.parse().map_err(|error| ToolError::BadArgument {
                message: format!("{path}: {error}"),
                hint: None,
            })?;
            Ok(file::real(&path))
        };
        let [version, name, boot, running, search_path, flake, usual] = cx
            .gather([
                system::nixos_version(),
                system::host_name(),
                nixos::boot_default(),
                nixos::running(),
                nixos::search_path(),
                of("/etc/nixos/flake.nix")?,
                of("/etc/nixos/configuration.nix")?,
            ])
            .await;
        let mut parts = Parts::default();
        let version = match parsed_of(version, |text| json::<Version>(text)) {
            Err(ToolError::ProgramMissing(_)) => {
                let message = format!("{} is not a NixOS machine: it has no nixos-version", cx.node().name());
                return Err(ToolError::NotFound { message, hint: None });
            }
            version => version?,
        };
        let name = parts.take("host name", "uname -n", parsed_of(name, host_name))?;
        let boots_next = parts.take("boot default", "readlink", parsed_of(boot, boot_default))?;
        let running = parts.take("running system", "readlink", parsed_of(running, first_path))?;
        let place = Place::find(cx, search_path, flake, usual).await?;
        let prospect = place.prospect(cx, name.as_deref()).await?;
        let revision = version.configuration_revision.filter(|revision| !revision.is_empty());
        let (own_module, obstacle) = match prospect {
            Some(prospect) => (Some(prospect.own), prospect.obstacle),
            None => (None, Some(elsewhere(revision.as_deref()))),
        };
        Ok(ShowReport {
            kind: place.kind,
            file: place.named.map(|path| path.to_string()),
            real_file: place.real.map(|path| path.to_string()),
            own_module,
            snippet: obstacle.is_some().then(|| "imports = [ ./nixi.nix ];".to_owned()),
            obstacle,
            nixos_version: Some(version.nixos_version),
            revision,
            boots_next,
            running,
            left_out: parts.left_out(),
        })
    }
}

fn host_name(text: &str) -> Result<String, String> {
    Some(text.trim())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| "it is empty".to_owned())
}

fn elsewhere(revision: Option<&str>) -> String {
    let found = "there is no configuration in /etc/nixos, so the node is deployed from elsewhere";
    match revision {
        Some(revision) => format!("{found}: its system was built from revision {revision} (nixos-version)"),
        None => format!("{found}; nixos-version does not name the revision"),
    }
}

impl fmt::Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let linked = self.real_file.as_ref().filter(|real| Some(*real) != self.file.as_ref());
        let configuration = match (&self.file, linked) {
            (Some(file), Some(real)) => format!("{file}, a link to {real}"),
            (Some(file), None) => file.clone(),
            (None, _) => "not on this node".to_owned(),
        };
        let own = self.own_module.as_ref().map(|own| match own.state {
            OwnState::Missing => format!("{} (not there yet)", own.path),
            OwnState::Unused => format!("{} (not imported)", own.path),
            OwnState::Imported => own.path.clone(),
        });
        facts(
            f,
            0,
            &[
                ("configuration", Some(configuration)),
                ("Nixi's module", own),
                ("nixos", self.nixos_version.clone()),
                ("revision", self.revision.clone()),
                ("boots next", self.boots_next.map(|number| format!("generation {number}"))),
                ("runs", self.running.clone()),
            ],
        )?;
        if let (Some(obstacle), Some(snippet)) = (&self.obstacle, &self.snippet) {
            let obstacle = nixi_core::text::clean_line(obstacle);
            write!(f, "\nNixi cannot add its module to this configuration: {obstacle}.\n")?;
            write!(f, "Add it by hand where the configuration is kept: {snippet}")?;
        }
        write_left_out(f, &self.left_out)
    }
}
