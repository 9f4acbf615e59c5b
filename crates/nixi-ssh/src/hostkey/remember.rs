//! Putting back what was recorded for a host before it was removed.

use std::io;
use std::path::Path;

use nixi_core::{Forgotten, SshTarget};

use super::Names;
use super::file::{Locked, read};
use super::forget::{names_of, take_out};
use super::line::Line;

/// The lines of the file that forgetting the host would drop or shorten, without the names and patterns of others.
pub(crate) fn on_record(file: &Path, target: &SshTarget, kept: &[SshTarget]) -> io::Result<Vec<String>> {
    let text = read(file)?;
    let (left, lines) = take_out(&text, target, kept);
    if lines == 0 {
        return Ok(Vec::new());
    }
    let left: Vec<&[u8]> = lines_of(&left).collect();
    let gone = lines_of(&text).filter(|line| !left.contains(line));
    let names = names_of(target);
    gone.map(|line| match String::from_utf8(part_of(&names, line)) {
        Ok(line) => Ok(line),
        Err(_) => Err(io::Error::other("a line about it is no UTF-8")),
    })
    .collect()
}

/// The line without the names and patterns of others.
fn part_of(names: &Names, raw: &[u8]) -> Vec<u8> {
    let Some(line) = Line::read(raw).filter(|line| !line.names_only(names)) else { return raw.to_vec() };
    let own: Vec<&[u8]> = line.patterns().filter(|word| names.has(word)).collect();
    [&raw[..line.hosts.start], &own.join(&b','), &raw[line.hosts.end..]].concat()
}

/// Adds those of these lines that the file does not have. Each has to be one line with one key that vouches for this host and
/// for nobody else.
pub(crate) fn remember(file: &Path, target: &SshTarget, lines: &[String]) -> io::Result<Forgotten> {
    let names = names_of(target);
    for line in lines {
        let is_key = !line.contains(['\n', '\r', '\0'])
            && Line::read(line.as_bytes())
                .is_some_and(|line| line.mark.is_none() && line.key().is_some() && line.names_only(&names));
        if !is_key {
            let host = &target.host;
            return Err(io::Error::other(format!("what is to be put back is no key of {host} alone")));
        }
    }
    let locked = Locked::open(file)?;
    let text = locked.read()?;
    let there: Vec<&[u8]> = lines_of(&text).collect();
    let missing: Vec<&String> = lines.iter().filter(|line| !there.contains(&line.as_bytes())).collect();
    let mut added = String::new();
    if !missing.is_empty() && !text.is_empty() && !text.ends_with(b"\n") {
        added.push('\n');
    }
    for line in &missing {
        added.push_str(line);
        added.push('\n');
    }
    if !missing.is_empty() {
        locked.append(added.as_bytes())?;
    }
    Ok(Forgotten { lines: missing.len(), file: file.to_path_buf() })
}

fn lines_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::super::{HostKey, forget, hashed};
    use super::*;

    fn key_text(byte: u8) -> String {
        let blob = [b"\0\0\0\x0bssh-ed25519\0\0\0\x20".as_slice(), &[byte; 32]].concat();
        HostKey::from_blob(&blob).unwrap().text()
    }

    fn web() -> SshTarget {
        SshTarget {
            host: "web".parse().unwrap(),
            port: 22.try_into().unwrap(),
            user: "nixi".parse().unwrap(),
            identity: None,
            given: nixi_core::Given::ALL,
            jump: nixi_core::Jump::Unsaid,
        }
    }

    #[test]
    fn what_was_forgotten_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known_hosts");
        let (key, other) = (key_text(7), key_text(8));
        let text = format!("# mine\nother {other}\nweb {key} note\n[web]:22 {other}\n");
        std::fs::write(&file, &text).unwrap();
        let target = web();
        let lines = on_record(&file, &target, &[]).unwrap();
        assert_eq!(lines, [format!("web {key} note"), format!("[web]:22 {other}")]);
        assert_eq!(forget(&file, &target, &[]).unwrap().lines, 2);
        assert_eq!(on_record(&file, &target, &[]).unwrap(), [""; 0]);
        for _ in 0..2 {
            remember(&file, &target, &lines).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "each once");
        }
    }

    #[test]
    fn only_keys_of_the_host_itself_are_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known_hosts");
        let key = key_text(7);
        for bad in [
            format!("@cert-authority * {key}"),
            format!("@revoked web {key}"),
            format!("web {key}\n* {key}"),
            "web".to_owned(),
            "# note".to_owned(),
            String::new(),
            format!("* {key}"),
            format!("we? {key}"),
            format!("other {key}"),
            format!("web,other {key}"),
            format!("web,* {key}"),
            format!("web,!other {key}"),
            format!("!web {key}"),
            format!("[web]:2222 {key}"),
            format!("{} {key}", hashed("other")),
            format!("{},* {key}", hashed("web")),
        ] {
            assert!(remember(&file, &web(), &[format!("web {key}"), bad.clone()]).is_err(), "{bad:?}");
            assert!(!file.exists());
        }
        let good = [format!("WEB,[web]:22 {key}"), format!("{} {key}", hashed("web"))];
        assert_eq!(remember(&file, &web(), &good).unwrap().lines, 2);
    }

    #[test]
    fn of_a_line_of_several_hosts_each_gets_its_own_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known_hosts");
        let key = key_text(7);
        std::fs::write(&file, format!("a,web,b {key} note\nweb,*.lan {key}\nweb,!c {key}\n")).unwrap();
        let lines = on_record(&file, &web(), &[]).unwrap();
        assert_eq!(lines, [format!("web {key} note"), format!("web {key}"), format!("web {key}")]);
        assert_eq!(forget(&file, &web(), &[]).unwrap().lines, 3);
        remember(&file, &web(), &lines).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with(&format!("a,b {key} note\n*.lan {key}\nweb {key} note\n")), "{text}");
    }
}
