//! `container.inspect`

use std::fmt;

use nixi_core::catalog::container;
use nixi_core::command::ContainerName;
use nixi_core::text::clean_line;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::details::{ContainerDetails, details};
use super::identity::{short, shown};
use super::{lookup, store};
use crate::reading::{json, unreadable};
use crate::rows::{LeftOut, write_left_out};
use crate::table::{count, facts};

/// Details of some containers.
pub struct Inspection;

/// Parameters of `container.inspect`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectionArgs {
    /// Which ones
    #[schemars(with = "Vec<String>")]
    pub names: Vec<ContainerName>,
}

/// `data` of `container.inspect`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InspectionReport {
    /// The containers, in the order asked.
    pub containers: Vec<ContainerDetails>,
    /// Containers and mounts that could not be read.
    pub left_out: Vec<LeftOut>,
}

impl Inspect for Inspection {
    type Args = InspectionArgs;
    type Report = InspectionReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("container", "inspect"),
            "image, state, ports, mounts, networks; names of variables, never their values",
            ReadCapability::ContainerStatus,
        )
        .example(json!({"names": ["web"]}))
    }

    async fn inspect(&self, cx: &InspectCx<'_>, args: InspectionArgs) -> Result<InspectionReport, ToolError> {
        if args.names.is_empty() {
            return Err(ToolError::BadArgument { message: "names is empty".to_owned(), hint: None });
        }
        let ground = store::ground(cx).await;
        let command = container::inspect(ground.cli, &args.names);
        let shown = command.to_string();
        let output = lookup::run(cx, ground, &args.names, command).await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let found = details(&text).map_err(|why| unreadable(&shown, &why))?;
        let told = json::<Vec<IgnoredAny>>(&text).map_err(|why| unreadable(&shown, &why))?.len();
        if told != args.names.len() {
            let why = format!("it tells of {}, not of {}", count(told, "container"), args.names.len());
            return Err(unreadable(&shown, &why));
        }
        Ok(InspectionReport { containers: found.rows, left_out: found.left_out })
    }
}

impl fmt::Display for InspectionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, container) in self.containers.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "\n\n" })?;
            block(f, container)?;
        }
        write_left_out(f, &self.left_out)
    }
}

fn block(f: &mut fmt::Formatter<'_>, container: &ContainerDetails) -> fmt::Result {
    let listed = |items: &[String]| (!items.is_empty()).then(|| items.join(", "));
    let mounts: Vec<String> = container
        .mounts
        .iter()
        .map(|mount| {
            format!(
                "{} -> {}{}",
                mount.source,
                mount.target,
                if mount.read_only { " (read-only)" } else { "" }
            )
        })
        .collect();
    let networks: Vec<String> = container
        .networks
        .iter()
        .map(|(name, address)| format!("{name} {address}").trim_end().to_owned())
        .collect();
    let restarts = container.restarts.filter(|count| *count > 0).map(|count| format!(" ({count} so far)"));
    writeln!(f, "{}: {}", shown(&container.id, &container.name), clean_line(&state(container)))?;
    facts(
        f,
        2,
        &[
            ("id", Some(short(&container.id).to_owned())),
            ("image", Some(container.image.clone())),
            ("restart", Some(format!("{}{}", container.restart_policy, restarts.unwrap_or_default()))),
            ("ports", listed(&container.ports)),
            ("mounts", listed(&mounts)),
            ("networks", listed(&networks)),
            ("env", listed(&container.env).map(|names| format!("{names} (names only)"))),
            ("labels", listed(&container.labels).map(|names| format!("{names} (names only)"))),
        ],
    )
}

fn state(container: &ContainerDetails) -> String {
    let mut words = container.state.clone();
    if let Some(health) = &container.health {
        words.push_str(&format!(", {health}"));
    }
    match (container.exit_code, &container.started, &container.finished) {
        (Some(code), _, Some(finished)) => words.push_str(&format!(" with code {code} at {finished}")),
        (None, Some(started), _) => words.push_str(&format!(", since {started}")),
        (Some(code), _, None) => words.push_str(&format!(" with code {code}")),
        (None, None, _) => {}
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_for_people() {
        let found = details(super::super::details::tests::PODMAN).unwrap();
        insta::assert_snapshot!(InspectionReport { containers: found.rows, left_out: found.left_out }, @r"
        web: running, healthy, since 2025-11-24T16:00:00Z
          id        0f1e2d3c4b5a
          image     docker.io/library/nginx:1.27
          restart   always (2 so far)
          ports     443/tcp, 8080->80/tcp
          mounts    /srv/web -> /data (read-only), cache -> /cache
          networks  podman 10.88.0.2
          env       DB_PASSWORD, PATH (names only)
          labels    maintainer (names only)
        ");
    }
}
