//! Where the configuration lies.

use std::path::PathBuf;

use etcetera::{BaseStrategy, choose_base_strategy};
use nixi_core::config::{ConfigFiles, ConfigStore};
use nixi_core::{ErrorKind, ErrorReport};

/// The system's file: written by the NixOS module, edited by nobody.
const SYSTEM_FILE: &str = "/etc/nixi/config.toml";

/// What a front end was told on its command line.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// In place of the user's file: `--config`, else `$NIXI_CONFIG`, else `$XDG_CONFIG_HOME/nixi/config.toml`.
    pub config: Option<PathBuf>,
    /// In place of `$XDG_STATE_HOME/nixi`: where the journal and long results are kept.
    pub state: Option<PathBuf>,
}

impl Setup {
    /// The configuration's files, which need not exist.
    ///
    /// # Errors
    /// When neither the environment nor the user database tells a home directory.
    pub fn store(&self) -> Result<ConfigStore, ErrorReport> {
        let folders = choose_base_strategy().map_err(|_| no_home())?;
        let of_environment =
            || std::env::var_os("NIXI_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        let user = self
            .config
            .clone()
            .or_else(of_environment)
            .unwrap_or_else(|| folders.config_dir().join("nixi/config.toml"));
        let files = ConfigFiles { user, system: PathBuf::from(SYSTEM_FILE) };
        Ok(ConfigStore::new(files, folders.home_dir().to_owned()))
    }

    /// Where the journal and long results are kept.
    pub(crate) fn state(&self) -> Result<PathBuf, ErrorReport> {
        if let Some(folder) = &self.state {
            return Ok(folder.clone());
        }
        let folders = choose_base_strategy().map_err(|_| no_home())?;
        let state = folders.state_dir().unwrap_or_else(|| folders.home_dir().join(".local/state"));
        Ok(state.join("nixi"))
    }
}

fn no_home() -> ErrorReport {
    ErrorReport::new(ErrorKind::Config, "there is no home directory").hint("set HOME")
}
