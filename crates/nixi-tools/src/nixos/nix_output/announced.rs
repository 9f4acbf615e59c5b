//! What Nix announces and begins, in the words for people.

/// So many derivations, paths and bytes, and how many of them were begun.
#[derive(Debug, Default)]
pub(super) struct Announced {
    /// How many derivations are built in all; 0 where it was not said.
    pub(super) builds: u64,
    /// How many paths are fetched in all.
    pub(super) paths: u64,
    /// How many bytes that is to download.
    pub(super) bytes: u64,
    /// How many builds began.
    pub(super) built: u64,
    /// How many copies of paths began.
    pub(super) copied: u64,
    /// What it said last of what it does.
    pub(super) last: Option<Heard>,
    /// Of what the paths are that follow.
    list: Option<List>,
}

/// What it does, with the path in the store.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Building(String),
    Copying(String),
    /// Another build has locked this; nothing where it was not said what.
    Waiting(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Builds,
    Paths,
}

impl Announced {
    /// A line without its end and without colours.
    pub(super) fn take(&mut self, line: &str) {
        match self.list {
            // A path a line; the first line that is none ends the list.
            Some(list) if line.starts_with("  /") => {
                let count = match list {
                    List::Builds => &mut self.builds,
                    List::Paths => &mut self.paths,
                };
                *count = count.saturating_add(1);
                return;
            }
            Some(_) | None => self.list = None,
        }
        if line.ends_with(" will be built:") {
            (self.list, self.builds) = (Some(List::Builds), 0);
        } else if let Some((_, amount)) = line.split_once(" will be fetched (") {
            (self.list, self.paths) = (Some(List::Paths), 0);
            self.bytes = amount.split_once(" download").and_then(|(amount, _)| bytes(amount)).unwrap_or(0);
        } else if let Some(path) = quoted(line, "building '") {
            self.built = self.built.saturating_add(1);
            self.last = Some(Heard::Building(path));
        } else if let Some(path) = quoted(line, "copying path '") {
            self.copied = self.copied.saturating_add(1);
            self.last = Some(Heard::Copying(path));
        } else if let Some(path) = lock(line) {
            self.last = Some(Heard::Waiting(path));
        }
    }
}

/// The text between the quotation marks behind these words.
fn quoted(line: &str, before: &str) -> Option<String> {
    let (path, rest) = line.strip_prefix(before)?.split_once('\'')?;
    (path.starts_with('/') && !rest.is_empty()).then(|| path.to_owned())
}

/// What another build has locked, if that is what the line says.
pub(super) fn lock(line: &str) -> Option<String> {
    let line = line.trim_start_matches("warning: ");
    if line.starts_with("waiting for the big Nix store lock") || line.starts_with("waiting for locks") {
        return Some(String::new());
    }
    let locked = line.strip_prefix("waiting for lock on ")?;
    let first = locked.split(['\'', ',', ' ']).find(|part| part.starts_with('/'));
    Some(first.unwrap_or_default().trim_end_matches('.').to_owned())
}

/// `12.34 MiB` in bytes.
fn bytes(amount: &str) -> Option<u64> {
    let (number, unit) = amount.trim().split_once(' ')?;
    let unit: u32 = match unit {
        "B" | "bytes" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    let bytes = number * f64::from(unit);
    // What is not a sensible amount of bytes is none.
    if !(0.0..1e18).contains(&bytes) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in between")]
    Some(bytes as u64)
}
