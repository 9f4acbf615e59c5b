//! `nixi remove`: what is recorded for a host is taken out, and nothing else.

use std::io;
use std::path::Path;

use nixi_core::{Forgotten, SshTarget};

use super::file::{Locked, read};
use super::{line, name_of};

/// Takes the host out of the file; see [`nixi_core::HostKeys::forget`].
pub(crate) fn forget(file: &Path, target: &SshTarget, kept: &[SshTarget]) -> io::Result<Forgotten> {
    let unchanged = Forgotten { lines: 0, file: file.to_path_buf() };
    // No lock, no folder and no file are made for nothing.
    if read(file)?.is_empty() {
        return Ok(unchanged);
    }
    let locked = Locked::open(file)?;
    let text = locked.read()?;
    let name = name_of(target.host.as_str(), target.port.get());
    if kept.iter().any(|other| is_needed_by(other, &name, &text)) {
        return Ok(unchanged);
    }
    let mut left = Vec::with_capacity(text.len());
    let mut lines = 0;
    for raw in text.split_inclusive(|&b| b == b'\n') {
        let shortened = without(raw, &name);
        lines += usize::from(shortened.is_some());
        left.extend_from_slice(shortened.as_deref().unwrap_or(raw));
    }
    if lines > 0 {
        locked.replace(&left)?;
    }
    Ok(Forgotten { lines, ..unchanged })
}

/// Whether another host is known by this name: it is the same one, or it has no line under its own port.
fn is_needed_by(other: &SshTarget, name: &str, text: &[u8]) -> bool {
    let (host, port) = (other.host.as_str(), other.port.get());
    let own = name_of(host, port);
    if own == name {
        return true;
    }
    let has_own_line = || {
        text.split(|&b| b == b'\n').any(|raw| {
            line::parse(raw)
                .is_some_and(|entry| entry.marker.is_none() && line::covers(&raw[entry.hosts], &own))
        })
    };
    name_of(host, 22) == name && !has_own_line()
}

/// The line without the name: empty if nothing else was on it. Nothing if it need not change.
fn without(raw: &[u8], name: &str) -> Option<Vec<u8>> {
    let entry = line::parse(raw)?;
    let hosts = &raw[entry.hosts.clone()];
    if entry.marker.is_some() || !line::names(hosts, name) {
        return None;
    }
    let others: Vec<&[u8]> = if line::is_hashed(hosts) {
        Vec::new()
    } else {
        hosts.split(|&b| b == b',').filter(|word| !word.eq_ignore_ascii_case(name.as_bytes())).collect()
    };
    // Refusals alone name nobody.
    if others.iter().all(|word| word.starts_with(b"!") || word.is_empty()) {
        return Some(Vec::new());
    }
    let mut left = raw[..entry.hosts.start].to_vec();
    left.extend_from_slice(&others.join(&b','));
    left.extend_from_slice(&raw[entry.hosts.end..]);
    Some(left)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{Hmac, Mac};
    use proptest::prelude::*;

    use super::super::{HostKey, KnownHosts};
    use super::*;

    fn key() -> String {
        let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
        blob.extend([7; 32]);
        HostKey::from_blob(&blob).unwrap().text()
    }

    fn hashed(name: &str) -> String {
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(b"salt").unwrap();
        mac.update(name.as_bytes());
        format!("|1|{}|{}", STANDARD.encode("salt"), STANDARD.encode(mac.finalize().into_bytes()))
    }

    fn target(host: &str, port: u16) -> SshTarget {
        SshTarget {
            host: host.parse().unwrap(),
            port: port.try_into().unwrap(),
            user: "nixi".parse().unwrap(),
            identity: None,
            given: nixi_core::Given::ALL,
            jump: nixi_core::Jump::Unsaid,
        }
    }

    /// Runs `forget` over a file with this text; what is left, and how many lines it says it changed.
    fn run(text: &str, host: &SshTarget, kept: &[SshTarget]) -> (String, usize) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("known_hosts");
        fs::write(&file, text).unwrap();
        let lines = forget(&file, host, kept).unwrap().lines;
        (fs::read_to_string(&file).unwrap(), lines)
    }

    #[test]
    fn every_form_goes_and_the_rest_stays() {
        let key = key();
        let stays = format!(
            "# web\n\n*.lan {key}\n@revoked web {key}\n@cert-authority web {key}\n[web]:2222 {key}\nweb not-a-key\n"
        );
        let goes = format!("web {key}\nWEB {key} note\n{} {key}\n", hashed("web"));
        let text = format!("{stays}{goes}a,web,b {key} x y");
        assert_eq!(run(&text, &target("web", 22), &[]), (format!("{stays}a,b {key} x y"), 4));
        // A node of the same host and port, or one that only this line knows, still needs it.
        assert_eq!(run(&text, &target("web", 22), &[target("Web", 22)]).1, 0);
        assert_eq!(run(&text, &target("web", 22), &[target("web", 23)]).1, 0);
        assert_eq!(run(&text, &target("web", 22), &[target("web", 2222)]).1, 4);
        assert_eq!(run(&text, &target("web", 2222), &[]).1, 1);
    }

    proptest! {
        #[test]
        fn other_lines_keep_every_byte(
            lines in proptest::collection::vec((0..9_usize, "[ -~]{0,12}"), 0..12),
            newline in any::<bool>(),
        ) {
            let key = key();
            let line = |(form, noise): &(usize, String)| match form {
                0 => format!("web {key} {noise}"),
                1 => format!("{} {key}", hashed("web")),
                2 => format!("a,web,[b]:1 {key} {noise}"),
                3 => format!("#{noise}"),
                4 => noise.clone(),
                5 => format!("@revoked web {key} {noise}"),
                6 => format!("w?b,*.{} {key}", noise.replace([' ', ','], "")),
                7 => format!("{} {key}\r", hashed("other")),
                _ => format!("other,!web\t {key} {noise}"),
            };
            let mut text = lines.iter().map(line).collect::<Vec<_>>().join("\n");
            if newline {
                text.push('\n');
            }
            let (left, changed) = run(&text, &target("web", 22), &[]);
            let expected: String = text
                .split_inclusive('\n')
                .filter(|line| !line.starts_with("web ssh-") && !line.starts_with(&hashed("web")))
                .map(|line| if line.starts_with("a,web,[b]:1 ssh-") { line.replacen("web,", "", 1) } else { line.to_owned() })
                .collect();
            prop_assert_eq!(&left, &expected);
            prop_assert_eq!(changed, lines.iter().filter(|(form, _)| *form < 3).count());
            // Re-adoption starts clean: at most a pattern still speaks for the host.
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("k"), &left).unwrap();
            let known = KnownHosts::load(&dir.path().join("k"), &[]).unwrap().of("web", 22);
            prop_assert!(known.keys.iter().all(|(_, place)| !place.removable));
        }
    }
}
