//! `nixi remove`: what is recorded for a host is taken out, and nothing else.

use std::io;
use std::path::Path;

use nixi_core::{Forgotten, SshTarget};

use super::Names;
use super::file::{Locked, read};
use super::line::Line;

/// Takes the host out of the file; see [`nixi_core::HostKeys::forget`].
pub(crate) fn forget(file: &Path, target: &SshTarget, kept: &[SshTarget]) -> io::Result<Forgotten> {
    let unchanged = Forgotten { lines: 0, file: file.to_path_buf() };
    // No lock, no folder and no file are made for nothing.
    if read(file)?.is_empty() {
        return Ok(unchanged);
    }
    let locked = Locked::open(file)?;
    let (left, lines) = take_out(&locked.read()?, target, kept);
    if lines > 0 {
        locked.replace(&left)?;
    }
    Ok(Forgotten { lines, ..unchanged })
}

/// What is left of a text without the host, and how many lines that changes.
pub(crate) fn take_out(text: &[u8], target: &SshTarget, kept: &[SshTarget]) -> (Vec<u8>, usize) {
    let names = names_of(target);
    if kept.iter().any(|other| is_needed_by(other, &names, text)) {
        return (text.to_vec(), 0);
    }
    let mut left = Vec::with_capacity(text.len());
    let mut lines = 0;
    for raw in text.split_inclusive(|&b| b == b'\n') {
        let shortened = without(raw, &names);
        lines += usize::from(shortened.is_some());
        left.extend_from_slice(shortened.as_deref().unwrap_or(raw));
    }
    (left, lines)
}

pub(super) fn names_of(target: &SshTarget) -> Names {
    Names::of(target.host.as_str(), target.port.get())
}

/// Whether another host is known by these names: it is the same one, or it has no line under its own port.
fn is_needed_by(other: &SshTarget, names: &Names, text: &[u8]) -> bool {
    let own = names_of(other);
    if own.main() == names.main() {
        return true;
    }
    let has_own_line = || {
        text.split(|&b| b == b'\n')
            .filter_map(Line::read)
            .any(|line| line.mark.is_none() && line.covers(&own) && line.key().is_some())
    };
    Names::without_port(other.host.as_str()).main() == names.main() && !has_own_line()
}

/// The line without the names: empty if nothing else was on it. Nothing if it need not change.
fn without(raw: &[u8], names: &Names) -> Option<Vec<u8>> {
    let line = Line::read(raw)?;
    if line.mark.is_some() || !line.names(names) {
        return None;
    }
    if line.is_hashed() {
        return Some(Vec::new());
    }
    // In front, a word that names nobody could make a comment, a marker or a hash of what is left.
    let odd = |word: &&[u8]| matches!(word.first(), Some(b'#' | b'@' | b'|'));
    let others: Vec<&[u8]> = line.patterns().filter(|word| !names.has(word)).skip_while(odd).collect();
    // Refusals alone name nobody.
    if others.iter().all(|word| word.starts_with(b"!") || word.is_empty()) {
        return Some(Vec::new());
    }
    let mut left = raw[..line.hosts.start].to_vec();
    left.extend_from_slice(&others.join(&b','));
    left.extend_from_slice(&raw[line.hosts.end..]);
    Some(left)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::super::{HostKey, KnownHosts, Verdict, hashed, judge, name_of};
    use super::*;

    fn key_of(byte: u8) -> HostKey {
        HostKey::from_blob(&[b"\0\0\0\x0bssh-ed25519\0\0\0\x20".as_slice(), &[byte; 32]].concat()).unwrap()
    }

    fn key() -> String {
        key_of(7).text()
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

    /// What is left of a text, and how many lines were changed.
    fn run(text: &str, host: &SshTarget, kept: &[SshTarget]) -> (String, usize) {
        let (left, lines) = take_out(text.as_bytes(), host, kept);
        (String::from_utf8(left).unwrap(), lines)
    }

    #[test]
    fn every_form_goes_and_the_rest_stays() {
        let key = key();
        let stays = format!(
            "# web\n\n*.lan {key}\n@revoked web {key}\n@cert-authority web {key}\n@odd web {key}\n[web]:2222 {key}\n"
        );
        let goes = format!(
            "web {key}\nWEB {key} note\n{} {key}\n[web]:22 {key}\r\nweb not-a-key\nweb\n{} {key}\n",
            hashed("web"),
            hashed("[web]:22")
        );
        let text = format!("{stays}{goes}a,web,b {key} x y");
        assert_eq!(run(&text, &target("web", 22), &[]), (format!("{stays}a,b {key} x y"), 8));
        // A node of the same host and port, or one that only this line knows, still needs it.
        assert_eq!(run(&text, &target("web", 22), &[target("Web", 22)]).1, 0);
        assert_eq!(run(&text, &target("web", 22), &[target("web", 23)]).1, 0);
        assert_eq!(run(&text, &target("web", 22), &[target("web", 2222)]).1, 8);
        assert_eq!(run(&text, &target("web", 2222), &[]).1, 1);
    }

    #[test]
    fn an_address_is_one_host_however_it_is_spelt() {
        let key = key();
        let (at_22, at_2222) = (
            format!("::1 {key}\n[::1]:22 {key}\n0:0::1 {key}\n"),
            format!("[::1]:2222 {key}\n[0:0::1]:2222 {key}\n"),
        );
        let text = at_22.clone() + &at_2222 + &format!("{} {key}\n", hashed("[::1]:2222"));
        assert_eq!(run(&text, &target("0:0::1", 2222), &[]), (at_22, 3));
        // Under another spelling only what ssh would look up, and what can be nothing else.
        assert_eq!(run(&text, &target("::1", 22), &[]).1, 2);
        assert_eq!(run(&text, &target("0:0::1", 22), &[]).1, 3);
        assert_eq!(run(&text, &target("0:0::1", 22), &[target("0::1", 22)]).1, 0);
    }

    #[test]
    fn what_is_left_of_a_line_still_means_the_same() {
        let key = key();
        for (words, left) in [
            ("web,#b,c", "c"),
            ("web,@revoked,c", "c"),
            ("web,|1|x,c", "c"),
            ("c,web,#b", "c,#b"),
            ("web,!c,*.lan", "!c,*.lan"),
            ("web,,c", ",c"),
        ] {
            let text = format!("{words} {key}\n");
            assert_eq!(run(&text, &target("web", 22), &[]).0, format!("{left} {key}\n"));
        }
        for words in ["web,", "web,!c", "web,#c", "web,web,[WEB]:22"] {
            assert_eq!(run(&format!("{words} {key}\n"), &target("web", 22), &[]), (String::new(), 1));
        }
    }

    #[test]
    fn the_file_is_replaced_only_for_a_reason() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("known_hosts");
        let host = target("web", 22);
        assert_eq!(forget(&file, &host, &[]).unwrap().lines, 0);
        assert!(!file.exists());
        fs::write(&file, format!("web {0}\nother {0}", key())).unwrap();
        assert_eq!(forget(&file, &host, &[]).unwrap().lines, 1);
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("other {}", key()));
        let before = fs::metadata(&file).unwrap();
        assert_eq!(forget(&file, &host, &[]).unwrap().lines, 0);
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), before.modified().unwrap());
    }

    /// A line of a file, and what is left of it without `web` at this port.
    fn line(port: u16) -> impl Strategy<Value = (String, String)> {
        let key = key();
        let (name, other) = (name_of("web", port), name_of("web", port ^ 1));
        (0..14_usize, "[ -~]{0,12}", prop_oneof![Just("\n"), Just("\r\n"), Just(" note\n")]).prop_map(
            move |(form, noise, end)| {
                let upper = name.to_uppercase();
                let pattern = noise.replace([' ', ',', '!'], "");
                let (before, after) = match form {
                    0 => (format!("{name} {key} {noise}"), None),
                    1 => (format!("  {upper}\t{key}"), None),
                    2 => (format!("{} {key}", hashed(&name)), None),
                    3 => (format!("a,{upper},[b]:1 {key} {noise}"), Some(format!("a,[b]:1 {key} {noise}"))),
                    4 => (format!("{name},w*,!x {key}"), Some(format!("w*,!x {key}"))),
                    5 => (format!("{name} broken"), None),
                    6 => same(format!("#{noise}")),
                    7 => same(format!("x{noise}")),
                    8 => same(format!("@revoked {name} {key}")),
                    9 => same(format!("@cert-authority {name},* {key}")),
                    10 => same(format!("@odd{pattern} {name} {key}")),
                    11 => same(format!("w?b,[w?b]:*,*.{pattern} {key}")),
                    12 => same(format!("{} {key}", hashed(&other))),
                    _ => same(format!("{other},!{name}\t {key} {noise}")),
                };
                (before + end, after.map(|after| after + end).unwrap_or_default())
            },
        )
    }

    fn same(line: String) -> (String, Option<String>) {
        (line.clone(), Some(line))
    }

    proptest! {
        #[test]
        fn other_lines_keep_every_byte(
            (port, lines) in prop_oneof![Just(22_u16), Just(2222)]
                .prop_flat_map(|port| (Just(port), proptest::collection::vec(line(port), 0..12))),
            newline in any::<bool>(),
        ) {
            let mut lines = lines;
            if let Some((before, after)) = lines.last_mut().filter(|_| !newline) {
                for line in [before, after] {
                    line.truncate(line.trim_end_matches('\n').len());
                }
            }
            let text: String = lines.iter().map(|(before, _)| before.as_str()).collect();
            let expected: String = lines.iter().map(|(_, after)| after.as_str()).collect();
            let (left, changed) = run(&text, &target("Web", port), &[]);
            prop_assert_eq!(&left, &expected);
            prop_assert_eq!(changed, lines.iter().filter(|(before, after)| before != after).count());
            // Re-adoption starts clean: at most a pattern, or a mark, still speaks for the host.
            let known = KnownHosts::of_text(left.as_bytes()).of("web", port);
            prop_assert!(known.keys.iter().all(|(_, place)| !place.removable));
            prop_assert!(known.unreadable.iter().all(|place| !place.removable));
            // For everybody else nothing has changed.
            let verdict = |text: &str, (host, port)| judge(&KnownHosts::of_text(text.as_bytes()).of(host, port), &key_of(7));
            for other in [("a", 22), ("b", 1), ("x", 22), ("wxb", 22), ("b.lan", 2222)] {
                let same = match (verdict(&text, other), verdict(&left, other)) {
                    (Verdict::Undecided(_), Verdict::Undecided(_)) => true,
                    (before, after) => before == after,
                };
                prop_assert!(same, "{:?}", other);
            }
        }

        #[test]
        fn no_file_makes_it_fall(text in proptest::collection::vec(
            prop_oneof![Just(b'\n'), Just(b','), Just(b' '), Just(b'@'), Just(b'w'), any::<u8>()], 0..200,
        )) {
            let host = target("w", 22);
            let (left, changed) = take_out(&text, &host, &[]);
            prop_assert_eq!(changed == 0, left == text);
            prop_assert_eq!(take_out(&left, &host, &[]).1, 0);
        }
    }
}
