//! The host keys of the controller itself.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::HostKey;

/// The public halves in the folder of sshd: `ssh_host_ed25519_key.pub` and the like. None where no sshd is, whose machine
/// nobody reaches by SSH.
pub(crate) fn own_keys(folder: &Path) -> Vec<HostKey> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_ours = |path: &std::path::PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("ssh_host_") && name.ends_with(".pub")
    };
    files.filter(is_ours).filter_map(|path| public_half(&super::file::read(&path).ok()?)).collect()
}

fn public_half(text: &[u8]) -> Option<HostKey> {
    let text = std::str::from_utf8(text).ok()?;
    HostKey::from_blob(&STANDARD.decode(text.split_ascii_whitespace().nth(1)?).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_halves_of_sshd_are_found_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let key =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB root@here\n";
        for (name, text) in [
            ("ssh_host_ed25519_key.pub", key),
            ("ssh_host_ed25519_key", "private"),
            ("ssh_host_rsa_key.pub", "broken"),
            ("id_ed25519.pub", key),
        ] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let kinds: Vec<String> = own_keys(dir.path()).iter().map(|key| key.kind().to_owned()).collect();
        assert_eq!(kinds, ["ssh-ed25519"]);
        assert_eq!(own_keys(&dir.path().join("none")), []);
    }
}
