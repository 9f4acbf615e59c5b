//! Configuration + executors + tools + model -> a session.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixi_core::config::{Config, LlmSettings, SshSettings};
use nixi_core::outputs::Outputs;
use nixi_core::registry::RegistrationError;
use nixi_core::session::Model;
use nixi_core::{ApproverHandle, Asker, ErrorKind, ErrorReport, Parts, Registry};
use nixi_llm::{ChatModel, ModelSettings, Phrasebook};
use nixi_ssh::{Agent, LocalExecutor, NamedBy, SshConfigOptions, SshExecutor, SshOptions};

use crate::controller::controller;
use crate::dumps::limit_of_others;
use crate::journal::DiskJournal;
use crate::key::{Keyless, api_key};
use crate::outputs::OutputFolder;
use crate::setup::Setup;
use crate::user::local_user;

/// Opens a session with all of Nixi's own tools.
///
/// The session comes in two halves: the [`Asker`] performs requests; the [`ApproverHandle`] is for a person's own front
/// end. Drop it, and every change is declined.
///
/// # Errors
/// When the configuration cannot be read; the report points at the line.
pub fn open(setup: &Setup) -> Result<(Asker, ApproverHandle), ErrorReport> {
    open_with(setup, nixi_tools::registry().map_err(|error| internal(&error))?)
}

/// Opens a session with the tools of an embedding program, beside Nixi's own or in place of them.
///
/// A tool of one's own looks with the reads of [`nixi_core::catalog`], which is closed, tries things out with the
/// catalog's scratch commands, or plans a change, whose commands are free and run only as a person approved them. It needs
/// `serde` 1 and `schemars` 1.
///
/// ```no_run
/// use nixi::core::{
///     ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError, catalog,
/// };
///
/// struct Kernel;
///
/// #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// struct NoArguments {}
///
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Release(String);
///
/// impl std::fmt::Display for Release {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str(&self.0)
///     }
/// }
///
/// impl Inspect for Kernel {
///     type Args = NoArguments;
///     type Report = Release;
///
///     fn card(&self) -> ReadCard {
///         ReadCard::new(ActionName::new("kernel", "release"), "which kernel runs", ReadCapability::SystemStatus)
///     }
///
///     async fn inspect(&self, cx: &InspectCx<'_>, _: NoArguments) -> Result<Release, ToolError> {
///         Ok(Release(cx.stdout(catalog::system::kernel()).await?))
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tools = nixi::tools::registry()?.inspect(Kernel)?;
/// let (asker, approver) = nixi::open_with(&nixi::Setup::default(), tools)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the configuration cannot be read; the report points at the line.
pub fn open_with(setup: &Setup, registry: Registry) -> Result<(Asker, ApproverHandle), ErrorReport> {
    let (store, state) = (setup.store()?, setup.state()?);
    let config = store.load().map_err(|error| ErrorReport::new(ErrorKind::Config, error.to_string()))?;
    let ssh = Arc::new(SshExecutor::new(ssh_options(&config, store.home())));
    let parts = Parts {
        registry,
        local: Arc::new(LocalExecutor::new(std::env::vars_os()).with_core_limit(limit_of_others())),
        remote: ssh.clone(),
        enrol: ssh.clone(),
        host_keys: ssh,
        config: store,
        journal: Arc::new(DiskJournal::new(state.clone(), local_user())),
        controller: controller(),
        phrases: Arc::new(Phrasebook::new()),
        model: config.llm.as_ref().map(model),
    };
    let outputs: Arc<dyn Outputs> = Arc::new(OutputFolder::new(state.join("outputs")));
    Ok(parts.open_keeping(Some(outputs)))
}

fn ssh_options(config: &Config, home: &Path) -> SshOptions {
    let SshSettings { connect_timeout, known_hosts, identity, .. } = config.ssh.clone();
    let ssh = home.join(".ssh");
    SshOptions {
        connect_timeout,
        known_hosts_by: if known_hosts.is_some() { NamedBy::Nixi } else { NamedBy::Nobody },
        known_hosts: known_hosts.unwrap_or_else(|| ssh.join("known_hosts")),
        more_known_hosts: vec![ssh.join("known_hosts2")],
        system_known_hosts: ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]
            .map(PathBuf::from)
            .into(),
        identities: identity,
        default_identities: ["id_ed25519", "id_ecdsa", "id_rsa"].map(|name| ssh.join(name)).into(),
        agent: Agent::Environment,
        ssh_config: SshConfigOptions {
            user: Some(ssh.join("config")),
            system: Some(PathBuf::from("/etc/ssh/ssh_config")),
            home: home.to_owned(),
            local_user: local_user(),
            variable: |name| std::env::var(name).ok(),
        },
    }
}

fn model(settings: &LlmSettings) -> Arc<dyn Model> {
    match api_key(settings) {
        Ok(api_key) => Arc::new(ChatModel::new(&ModelSettings {
            base_url: settings.base_url.clone(),
            model: settings.model.clone(),
            api_key,
        })),
        Err(why) => Arc::new(Keyless { name: settings.model.clone(), why }),
    }
}

fn internal(error: &RegistrationError) -> ErrorReport {
    ErrorReport::new(ErrorKind::Internal, error.to_string())
}
