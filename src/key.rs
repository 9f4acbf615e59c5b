//! The key of the model's endpoint: read here, once, and never written anywhere.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use async_trait::async_trait;
use nixi_core::config::LlmSettings;
use nixi_core::session::{Model, ModelCx};
use nixi_core::small_file::{self, SmallFile};
use nixi_core::{ErrorKind, ErrorReport, paste};
use nixi_llm::{SecretString, Zeroizing};

/// No key is longer, in bytes.
const MOST: u64 = 16 * 1024;

/// Reads the key that the settings name; `None` if they name none. No copy of it is left behind but the environment's own.
pub(crate) fn api_key(settings: &LlmSettings) -> Result<Option<SecretString>, ErrorReport> {
    let (place, key) = match (&settings.api_key_env, &settings.api_key_file) {
        (Some(name), _) => {
            let place = format!("the environment variable {name}");
            (place, std::env::var(name).map(Zeroizing::new).unwrap_or_default())
        }
        (None, Some(file)) => (file.display().to_string(), read(file)?),
        (None, None) => return Ok(None),
    };
    match key.trim() {
        "" => Err(missing(&format!("{place} holds no key"))),
        key => Ok(Some(SecretString::from(key))),
    }
}

/// What the file says. One that others may read is no secret, and one that is no small file is a mistake.
fn read(file: &Path) -> Result<Zeroizing<String>, ErrorReport> {
    let cannot = |why: &str| missing(&format!("cannot use {}: {why}", file.display()));
    let SmallFile { bytes, about, .. } =
        small_file::read(file, MOST).map_err(|error| cannot(&error.to_string()))?;
    let bytes = Zeroizing::new(bytes);
    let is_open = match about.mode() & 0o077 {
        0 => false,
        // Managers of secrets give root's files to a group.
        rights => rights & 0o007 != 0 || about.uid() != 0,
    };
    if is_open {
        let hint = format!("chmod 600 {}", paste::path(file));
        return Err(cannot("others may read or change it").hint(hint));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| cannot("it is no text"))?;
    Ok(Zeroizing::new(text.to_owned()))
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

    async fn answer(&self, _: &str, _: &ModelCx<'_>) -> Result<String, ErrorReport> {
        Err(self.why.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use nixi_llm::ExposeSecret;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn of(file: PathBuf) -> Result<String, String> {
        let settings = LlmSettings { api_key_file: Some(file), ..LlmSettings::builtin() };
        let key = api_key(&settings).map_err(|error| error.to_string())?;
        Ok(key.unwrap().expose_secret().to_owned())
    }

    fn file(folder: &Path, text: &[u8], mode: u32) -> PathBuf {
        let file = folder.join("key");
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn a_key_is_read_from_a_small_file_of_ones_own() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(of(file(folder.path(), b" sk-secret\n", 0o600)).as_deref(), Ok("sk-secret"));
        assert_eq!(of(file(folder.path(), b"sk-secret", 0o400)).as_deref(), Ok("sk-secret"));
    }

    #[test]
    fn what_is_to_be_pasted_is_one_word_whatever_the_file_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my $(key)");
        std::fs::write(&path, "sk-secret").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let settings = LlmSettings { api_key_file: Some(path.clone()), ..LlmSettings::builtin() };
        let hint = api_key(&settings).unwrap_err().hint.unwrap();
        assert_eq!(hint, format!("chmod 600 '{}'", path.display()));
    }

    #[test]
    fn a_key_file_that_is_none_is_an_error_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let huge = folder.path().join("huge");
        std::fs::File::create(&huge).unwrap().set_len(1 << 40).unwrap();
        for (path, why) in [
            (pipe, "a named pipe"),
            (PathBuf::from("/dev/zero"), "a device"),
            (PathBuf::from("/dev/tty"), "a device"),
            (folder.path().to_owned(), "a directory"),
            (huge, "longer than"),
            (folder.path().join("none"), "no such file"),
            (file(folder.path(), b"\n", 0o600), "holds no key"),
        ] {
            let told = of(path.clone()).unwrap_err();
            assert!(told.contains(why) && told.contains(&path.display().to_string()), "{told}");
        }
        for mode in [0o644, 0o604, 0o606, 0o602] {
            let told = of(file(folder.path(), b"sk-secret", mode)).unwrap_err();
            assert!(
                told.contains("others may read or change it") && told.contains("chmod 600 "),
                "{mode:o}: {told}"
            );
            assert!(!told.contains("sk-secret"), "{told}");
        }
        assert!(of(file(folder.path(), &[0xff, 0xfe], 0o600)).unwrap_err().contains("no text"));
    }
}
