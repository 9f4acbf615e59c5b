//! Content of files: how much of it is read, and what of it is not shown.

use nixi_core::catalog::file;
use nixi_core::command::FilePath;
use nixi_core::{InspectCx, ToolError};

use super::place::{failed, in_place};
use crate::bytes::human;

/// The most bytes of one file that are read, and that are written: 256 KiB.
pub(super) const MOST: usize = 256 * 1024;

/// The first bytes of a file, one more than [`MOST`] at most. It has to be a regular file, and the path without links.
pub(super) async fn beginning(cx: &InspectCx<'_>, path: &FilePath) -> Result<Vec<u8>, ToolError> {
    let command = file::beginning(path, MOST + 1);
    let (shown, program) = (command.to_string(), command.program());
    let output = in_place(cx, path, command).await?;
    if output.exit.is_success() { Ok(output.stdout) } else { Err(failed(cx, path, &shown, program, &output)) }
}

/// Content as text, or half a sentence why it is not shown.
pub(super) fn text(content: &[u8]) -> Result<&str, &'static str> {
    let text =
        std::str::from_utf8(content).ok().filter(|text| !text.contains('\0')).ok_or("it is not text")?;
    if holds_private_key(text) { Err("it holds a private key") } else { Ok(text) }
}

/// Whether there is key material in it that its owner would not want to see on a screen, in a file or before a model.
fn holds_private_key(text: &str) -> bool {
    let pem = |line: &str| line.contains("-----BEGIN ") && line.contains("PRIVATE KEY");
    text.lines().any(|line| pem(line) || line.contains("AGE-SECRET-KEY-1"))
        || text.starts_with("PuTTY-User-Key-File-")
}

/// The whole lines at the beginning of a text that was cut; a single line is cut where a character ends.
pub(super) fn whole_lines(cut: &[u8]) -> &[u8] {
    match cut.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => &cut[..=at],
        None => match std::str::from_utf8(cut) {
            Err(error) if error.error_len().is_none() => &cut[..error.valid_up_to()],
            Ok(_) | Err(_) => cut,
        },
    }
}

/// Why the rest is missing.
pub(super) fn cut(shown: usize, bytes: u64) -> String {
    let shown = human(u64::try_from(shown).unwrap_or(u64::MAX));
    format!(
        "Nixi reads no more than {} of a file: here are the first {shown} of {}",
        human(MOST as u64),
        human(bytes)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_binaries_are_not_shown() {
        assert_eq!(text(b"a = 1\n"), Ok("a = 1\n"));
        assert_eq!(text(b"-----BEGIN CERTIFICATE-----\n"), Ok("-----BEGIN CERTIFICATE-----\n"));
        for binary in [&b"a\0b"[..], b"\xff\xfe"] {
            assert_eq!(text(binary), Err("it is not text"));
        }
        for key in [
            &b"x\n-----BEGIN OPENSSH PRIVATE KEY-----\n"[..],
            b"  -----BEGIN RSA PRIVATE KEY-----",
            b"# made by age\nAGE-SECRET-KEY-1QQQ\n",
            b"PuTTY-User-Key-File-3: ssh-ed25519\n",
        ] {
            assert_eq!(text(key), Err("it holds a private key"));
        }
    }

    #[test]
    fn what_was_cut_ends_with_a_line_or_a_character() {
        assert_eq!(whole_lines(b"one\ntwo\nthr"), b"one\ntwo\n");
        assert_eq!(whole_lines("aé".as_bytes().split_last().unwrap().1), b"a");
        assert_eq!(whole_lines(b"a\xffb"), b"a\xffb");
    }
}
