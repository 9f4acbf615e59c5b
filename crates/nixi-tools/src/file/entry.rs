//! What lies in a folder, row by row.

use nixi_core::instant::Instant;
use schemars::JsonSchema;
use serde::Serialize;

use super::facts::{FileKind, octal};
use super::shown::shown;
use crate::rows::{Rows, Sifted};

/// Something in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Entry {
    /// Its name. `\`, and what does not show or is not UTF-8, is escaped: `a\\b`, `a\nb`, `\u{202e}`, `\xff`.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// The size.
    pub bytes: u64,
    /// Permissions in octal, as `0644`.
    pub mode: String,
    /// The user whose it is; a number where it has no name.
    pub user: String,
    /// The group whose it is; a number where it has no name.
    pub group: String,
    /// When it was last changed, in RFC 3339.
    pub modified: String,
    /// Where a link leads, written as the name is; else `null`.
    pub target: Option<String>,
}

/// Reads what [`nixi_core::catalog::file::list`] printed, in the order of the names.
pub(crate) fn entries(printed: &[u8]) -> Result<Sifted<Entry>, String> {
    let mut sifted = Rows::Files.sift(
        records(printed),
        |record| entry(record),
        |at, record| name_of(record).map_or_else(|| format!("row {at}"), shown),
    )?;
    sifted.rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(sifted)
}

/// Each record ends with a NUL and a newline. No field begins with a newline, so that no name looks like an end.
fn records(printed: &[u8]) -> Vec<&[u8]> {
    let (mut records, mut rest) = (Vec::new(), printed);
    while let Some(at) = rest.windows(2).position(|two| two == b"\0\n") {
        records.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    if !rest.is_empty() {
        records.push(rest);
    }
    records
}

fn fields(record: &[u8]) -> Vec<&[u8]> {
    record.split(|byte| *byte == 0).collect()
}

fn name_of(record: &[u8]) -> Option<&[u8]> {
    fields(record).get(1)?.strip_prefix(b"f").filter(|name| !name.is_empty())
}

fn entry(record: &[u8]) -> Result<Entry, String> {
    let odd = || "it is not a file or folder as find prints it".to_owned();
    let fields = fields(record);
    let [target, name, user, group, facts] = fields[..] else { return Err(odd()) };
    let of = |field: &[u8], prefix: &[u8]| field.strip_prefix(prefix).map(shown).ok_or_else(odd);
    let (name, target) = (of(name, b"f")?, of(target, b"l")?);
    let facts = std::str::from_utf8(facts).map_err(|_| odd())?;
    let [letter, bytes, mode, modified] = facts.split(' ').collect::<Vec<_>>()[..] else { return Err(odd()) };
    let mode = u32::from_str_radix(mode, 8).ok().filter(|mode| *mode <= 0o7777).ok_or_else(odd)?;
    // With a fraction.
    let seconds = modified.split('.').next().and_then(|whole| whole.parse().ok()).ok_or_else(odd)?;
    if name.is_empty() || letter.len() != 1 {
        return Err(odd());
    }
    let kind = FileKind::of_letter(letter);
    Ok(Entry {
        name,
        kind,
        bytes: bytes.parse().map_err(|_| odd())?,
        mode: octal(mode),
        user: of(user, b"u")?,
        group: of(group, b"g")?,
        modified: Instant::of_seconds(seconds).rfc3339(),
        target: (kind == FileKind::Link).then_some(target),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// As find printed them, each without its end.
    pub(crate) const ROWS: [&str; 4] = [
        "l\0fnotes\0uanna\0gusers\0d 4096 755 1764000000.0000000000",
        "l\0fa\nname\u{1b}\0u4711\0groot\0f 12 4644 1764000000.1234567890",
        "l\ntarget\0flink\0uroot\0groot\0l 7 777 1764000000.5000000000",
        "l\0f\u{e9}\\n\0uroot\0gdomain users\0p 0 600 -1.0000000000",
    ];

    pub(crate) fn printed(rows: &[impl AsRef<str>]) -> String {
        rows.iter().map(|row| format!("{}\0\n", row.as_ref())).collect()
    }

    /// For the tests of all kinds of rows.
    pub(crate) fn told(text: &str) -> Result<(Vec<String>, usize), String> {
        let sifted = entries(text.as_bytes())?;
        Ok((sifted.rows.iter().map(|row| format!("{row:?}")).collect(), sifted.left_out.len()))
    }

    #[test]
    fn odd_names_are_kept_and_hide_no_other() {
        let sifted = entries(printed(&ROWS).as_bytes()).unwrap();
        assert_eq!(sifted.left_out, []);
        let told: Vec<_> = sifted.rows.iter().map(|row| (row.name.as_str(), row.kind)).collect();
        let expected = [
            ("a\\nname\\u{1b}", FileKind::File),
            ("link", FileKind::Link),
            ("notes", FileKind::Folder),
            ("é\\\\n", FileKind::Pipe),
        ];
        assert_eq!(told, expected);
        assert_eq!(sifted.rows[1].target.as_deref(), Some("\\ntarget"));
        assert_eq!((sifted.rows[0].mode.as_str(), sifted.rows[0].user.as_str()), ("4644", "4711"));
        assert_eq!(sifted.rows[3].group, "domain users");
    }

    #[test]
    fn a_name_that_is_not_utf8_is_a_name() {
        let sifted = entries(b"l\0f\xff\xfe\0ua\0gb\0f 1 644 0.0\0\n").unwrap();
        assert_eq!(sifted.rows[0].name, "\\xff\\xfe");
    }

    #[test]
    fn an_odd_row_is_named_and_the_rest_is_shown() {
        let mut rows = ROWS.map(str::to_owned);
        rows[0] = rows[0].replace("755", "999");
        let sifted = entries(printed(&rows).as_bytes()).unwrap();
        assert_eq!((sifted.rows.len(), sifted.left_out[0].what.as_str()), (3, "notes"));
        assert!(entries(b"").unwrap().rows.is_empty());
    }
}
