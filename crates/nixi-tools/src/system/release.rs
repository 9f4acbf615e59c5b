//! What system it is: os-release(5), nixos-version(8), uname(1).

use serde::Deserialize;

/// The value of `PRETTY_NAME`, unquoted.
pub(super) fn pretty_name(text: &str) -> Result<String, String> {
    let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or_default().trim();
    let inner = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    // Inside double quotes a backslash keeps the next character as it is.
    let mut plain = String::new();
    let mut chars = inner.unwrap_or(value).chars();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    Some(plain).filter(|name| !name.is_empty()).ok_or_else(|| "it has no PRETTY_NAME".to_owned())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NixosVersion {
    nixos_version: String,
}

pub(super) fn nixos_version(text: &str) -> Result<String, String> {
    crate::reading::json::<NixosVersion>(text).map(|version| version.nixos_version)
}

/// Kernel name with release, and machine.
pub(super) fn kernel(text: &str) -> Result<(String, String), String> {
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [name, release, machine] => Ok((format!("{name} {release}"), (*machine).to_owned())),
        _ => Err("it is not three words".to_owned()),
    }
}

/// A host name: one word on one line. The kernel takes any bytes for one.
pub(super) fn host_name(text: &str) -> Result<String, String> {
    match text.trim_end().lines().collect::<Vec<_>>().as_slice() {
        [line] if !line.is_empty() && line.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) => {
            Ok((*line).to_owned())
        }
        _ => Err("it is not a host name".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nixos() {
        let os = "ANSI_COLOR=\"0;38;2;126;186;228\"\nID=nixos\nNAME=NixOS\nPRETTY_NAME=\"NixOS 25.05 (Warbler)\"\n";
        assert_eq!(pretty_name(os).unwrap(), "NixOS 25.05 (Warbler)");
        let version = r#"{"nixosVersion":"25.05.20250901.ddd1826","nixpkgsRevision":"ddd1826"}"#;
        assert_eq!(nixos_version(version).unwrap(), "25.05.20250901.ddd1826");
        assert_eq!(
            kernel("Linux 6.12.44 x86_64\n").unwrap(),
            ("Linux 6.12.44".to_owned(), "x86_64".to_owned())
        );
    }

    #[test]
    fn others_and_nonsense() {
        assert_eq!(pretty_name("PRETTY_NAME=Debian\\ 12\n").unwrap(), "Debian 12");
        assert!(pretty_name("NAME=x\n").is_err() && pretty_name("PRETTY_NAME=\n").is_err());
        assert_eq!(pretty_name("PRETTY_NAME=\"\n").unwrap(), "\"");
        assert!(nixos_version("25.05").is_err() && kernel("Linux").is_err());
        for text in ["", "a\nb", "a b", "{\"a\":", "\u{1b}[2J"] {
            assert!(host_name(text).is_err(), "{text}");
        }
        assert_eq!(host_name("web-1.example_x\n").unwrap(), "web-1.example_x");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|PRETTY_NAME=[\"'\\\\a]*") {
            let _ = (pretty_name(&text), nixos_version(&text), kernel(&text), host_name(&text));
        }
    }
}
