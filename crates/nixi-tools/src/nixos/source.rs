//! Configurations that are evaluated where they are, without a change.

use nixi_core::catalog::nixos::Source;
use nixi_core::catalog::{file, nixos, system};
use nixi_core::command::{FilePath, HostName, SearchEntry};
use nixi_core::{Command, ErrorKind, ErrorReport, InspectCx, Read, ToolError};
use serde::de::DeserializeOwned;

use super::failure::reason;
use super::ground::Ground;
use super::place::{Kind, Place, path};
use crate::reading::{json, parsed_of, unreadable, whole_of};

/// Where a configuration is, for whoever evaluates it.
pub(crate) struct Whereabouts {
    kind: Kind,
    file: FilePath,
    search_path: Vec<SearchEntry>,
    host: HostName,
}

impl Whereabouts {
    /// Looks for it.
    pub(crate) async fn of(cx: &InspectCx<'_>) -> Result<Self, ToolError> {
        let (flake, usual) = (path("/etc/nixos/flake.nix")?, path("/etc/nixos/configuration.nix")?);
        let [name, search_path, flake, usual] = cx
            .gather([system::host_name(), nixos::search_path(), file::real(&flake), file::real(&usual)])
            .await;
        let host = parsed_of(name, |name| {
            name.trim().parse().map_err(|error: nixi_core::BadWord| error.to_string())
        })?;
        let place = Place::find(cx, search_path, flake, usual).await?;
        let file = place.real.ok_or_else(|| ToolError::NotFound {
            message: format!(
                "the configuration of {} is not there: it is deployed from elsewhere",
                cx.node().name()
            ),
            hint: Some("ask where it is kept".to_owned()),
        })?;
        Ok(Self { kind: place.kind, file, search_path: place.search_path, host })
    }

    /// Of a configuration that was found already.
    pub(super) fn in_ground(ground: &Ground, file: &FilePath) -> Self {
        Self {
            kind: ground.kind,
            file: file.clone(),
            search_path: ground.search_path.clone(),
            host: ground.host.clone(),
        }
    }

    fn source(&self) -> Source<'_> {
        match self.kind {
            Kind::Flake => Source::Flake(&self.file, &self.host),
            Kind::Plain | Kind::Elsewhere => Source::Module(&self.file, &self.search_path),
        }
    }

    /// Asks it by a read of the catalog, and gives what that tells.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        cx: &InspectCx<'_>,
        read: fn(Source<'_>, &[String]) -> Command<Read>,
        words: &[String],
    ) -> Result<T, ToolError> {
        let [answer] = cx.gather([read(self.source(), words)]).await;
        let output = whole_of(answer)?;
        if output.exit.is_success() {
            let told = String::from_utf8_lossy(&output.stdout);
            return json(&told).map_err(|why| unreadable("nix-instantiate --eval", &why));
        }
        Err(self.failed(cx, &String::from_utf8_lossy(&output.stderr)))
    }

    /// Why it cannot be evaluated.
    fn failed(&self, cx: &InspectCx<'_>, said: &str) -> ToolError {
        let shown = reason(said);
        let message =
            format!("the configuration of {} cannot be evaluated:\n{}", cx.node().name(), shown.join("\n"));
        let is_missing = |line: &&str| line.contains("-source") && line.contains("does not exist");
        let is_gone = self.kind == Kind::Flake && shown.iter().any(is_missing);
        let gone = is_gone.then(|| {
            "an input of the flake is not in the store any more, and a read fetches nothing".to_owned()
        });
        let is_outside = shown.iter().any(|line| line.contains("restricted mode"));
        let outside = is_outside.then(|| {
            "a read follows a configuration to its own folder and the store, and fetches nothing".to_owned()
        });
        let hint = gone.or(outside);
        ToolError::Reported(ErrorReport::new(ErrorKind::CommandFailed, message).maybe_hint(hint))
    }

    /// A file as the configuration calls it: a flake is seen in the store by what is declared in it.
    pub(crate) fn file_of(&self, told: &str) -> Option<FilePath> {
        let in_folder = told.strip_prefix("/nix/store/").and_then(|rest| rest.split_once("-source/"));
        match in_folder {
            Some((_, below)) if self.kind == Kind::Flake => {
                format!("{}/{below}", self.file.folder().trim_end_matches('/')).parse().ok()
            }
            Some(_) | None => told.parse().ok(),
        }
    }
}
