//! SSH key pairs, made by ssh-keygen(1).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// A type of SSH key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Ed25519.
    Ed25519,
    /// ECDSA on nistp256.
    Ecdsa,
    /// RSA, 2048 bit.
    Rsa,
}

impl KeyKind {
    pub(crate) fn keygen_args(self) -> &'static [&'static str] {
        match self {
            Self::Ed25519 => &["-t", "ed25519"],
            Self::Ecdsa => &["-t", "ecdsa", "-b", "256"],
            Self::Rsa => &["-t", "rsa", "-b", "2048"],
        }
    }

    pub(crate) fn file_name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Ecdsa => "ecdsa",
            Self::Rsa => "rsa",
        }
    }
}

/// A key pair on disk: `PATH` and `PATH.pub`.
#[derive(Debug, Clone)]
pub struct Key {
    path: PathBuf,
}

impl Key {
    /// Makes a key pair, over whatever was there; without a passphrase it is not encrypted.
    ///
    /// # Errors
    /// If ssh-keygen is missing or refuses.
    pub fn generate(kind: KeyKind, path: &Path, passphrase: Option<&str>) -> Result<Self> {
        for old in [path.to_path_buf(), path.with_extension("pub")] {
            if old.exists() {
                fs::remove_file(&old)?;
            }
        }
        let out = Command::new("ssh-keygen")
            .args(["-q", "-C", "nixi-lab", "-N", passphrase.unwrap_or_default()])
            .args(kind.keygen_args())
            .arg("-f")
            .arg(path)
            .stdin(Stdio::null())
            .output()
            .context("failed to start ssh-keygen; the lab needs Debian's `openssh-client`")?;
        ensure!(out.status.success(), "ssh-keygen refused: {}", String::from_utf8_lossy(&out.stderr));
        Ok(Self { path: path.to_path_buf() })
    }

    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The private key.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Type and base64 of the public key, without comment.
    ///
    /// # Errors
    /// If the file is gone.
    pub fn public(&self) -> Result<String> {
        let text = fs::read_to_string(self.path.with_extension("pub"))?;
        let mut words = text.split_whitespace();
        match (words.next(), words.next()) {
            (Some(kind), Some(blob)) => Ok(format!("{kind} {blob}")),
            _ => bail!("{} is no public key", self.path.display()),
        }
    }

    /// The fingerprint as `ssh-keygen -l` prints it.
    ///
    /// # Errors
    /// If ssh-keygen refuses.
    pub fn fingerprint(&self) -> Result<String> {
        let out = Command::new("ssh-keygen").arg("-lf").arg(self.path.with_extension("pub")).output()?;
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        text.split_whitespace().nth(1).map(str::to_owned).context("ssh-keygen -l printed nothing")
    }
}
