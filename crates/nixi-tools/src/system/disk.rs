//! The output of df(1) in its POSIX form.

use nixi_core::catalog::system::WITHOUT_DATA;
use schemars::JsonSchema;
use serde::Serialize;

use crate::rows::{LeftOut, Rows, Sifted};

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Disk {
    /// Where it is mounted.
    pub mount: String,
    /// The device, or what stands for one.
    pub device: String,
    /// Size in bytes.
    pub total_bytes: u64,
    /// Used bytes.
    pub used_bytes: u64,
    /// Bytes that users may still fill.
    pub available_bytes: u64,
    /// How full it is for users in percent, rounded up as df does: what is reserved for root counts as neither used nor
    /// free.
    pub used_percent: u64,
}

/// Rows of `df -P`, by mount point, in blocks of any size.
pub(crate) fn disks(text: &str) -> Result<Sifted<Disk>, String> {
    read(text, |_| true)
}

/// The same of a df that could not be told to leave out what holds no data of its own.
pub(crate) fn disks_with_data(text: &str) -> Result<Sifted<Disk>, String> {
    read(text, |row| row.has_data())
}

fn read(text: &str, is_wanted: impl Fn(&Row<'_>) -> bool) -> Result<Sifted<Disk>, String> {
    let mut lines = text.lines();
    let header = lines.next().filter(|header| header.starts_with("Filesystem"));
    let header = header.ok_or("it does not begin with df's header")?;
    let block = block(header).ok_or("df's header does not tell the size of a block")?;
    let has_kinds = header.split_whitespace().nth(1) == Some("Type");
    let row = |line| Row::read(line).and_then(|row| if has_kinds { row.with_kind() } else { Some(row) });
    let Sifted { mut rows, mut left_out } = Rows::Disks.of_lines(lines, row)?;
    rows.retain(is_wanted);
    let mut disks = Vec::new();
    for row in rows {
        match row.disk(block) {
            Ok(disk) => disks.push(disk),
            Err(why) => left_out.push(LeftOut::new(row.mount, &why)),
        }
    }
    disks.sort_by(|a, b| a.mount.cmp(&b.mount));
    Rows::Disks.readable(Sifted { rows: disks, left_out })
}

/// `1-blocks`, `1024-blocks`, `1K-blocks`
fn block(header: &str) -> Option<u64> {
    let size = header.split_whitespace().find_map(|word| word.strip_suffix("-blocks"))?;
    match size.strip_suffix('K') {
        Some(kib) => kib.parse::<u64>().ok()?.checked_mul(1024),
        None => size.parse().ok(),
    }
}

/// A row whose columns were told apart: device, kind of file system if there is such a column, size, used, available, and
/// the mount point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row<'a> {
    device: &'a str,
    kind: Option<&'a str>,
    numbers: [&'a str; 3],
    mount: &'a str,
}

impl<'a> Row<'a> {
    /// Device and mount point may hold anything, numbers and `%` too, and a person without rights can choose both (FUSE).
    /// So every place is tried where four columns of numbers stand before a path. If there are several, it is the one
    /// whose numbers agree with each other; if that does not settle it, the row cannot be read.
    fn read(line: &'a str) -> Option<Self> {
        let words = words(line);
        let all = words.windows(5).filter_map(|window| {
            let [first, used, available, capacity, mount] = window else { return None };
            let row = Self {
                device: line.get(..first.0)?.trim_end(),
                kind: None,
                numbers: [first.1, used.1, available.1],
                mount: line.get(mount.0..)?,
            };
            let is_capacity = capacity.1 == "-" || capacity.1.strip_suffix('%').is_some_and(is_number);
            let fits = is_capacity && row.numbers.iter().all(|word| *word == "-" || is_number(word));
            (fits && row.mount.starts_with('/')).then_some((row, capacity.1))
        });
        let all: Vec<(Self, &str)> = all.collect();
        match all.as_slice() {
            [(row, _)] => Some(*row),
            several => {
                let mut likely = several.iter().filter(|(row, capacity)| row.agrees_with(capacity));
                likely.next().filter(|_| likely.next().is_none()).map(|(row, _)| *row)
            }
        }
    }

    /// The kind is the last word before the numbers.
    fn with_kind(self) -> Option<Self> {
        let (device, kind) = self.device.rsplit_once(' ')?;
        Some(Self { device: device.trim_end(), kind: Some(kind), ..self })
    }

    /// Whether it may hold data of its own. The name of a device says little of that (whoever mounts something by FUSE
    /// chooses it), so it counts only where no kind is told. Snaps are mounted from loop devices then.
    fn has_data(&self) -> bool {
        let is_snap = || {
            self.device.starts_with("/dev/loop")
                && ["/snap/", "/var/lib/snapd/snap/"].iter().any(|place| self.mount.starts_with(place))
        };
        match self.kind {
            Some(kind) => !WITHOUT_DATA.contains(&kind),
            None => !(WITHOUT_DATA.contains(&self.device) || self.device == "portal" || is_snap()),
        }
    }

    fn agrees_with(&self, capacity: &str) -> bool {
        match (self.disk(1), capacity.strip_suffix('%').and_then(|percent| percent.parse::<u64>().ok())) {
            (Ok(disk), Some(percent)) => disk.used_percent == percent,
            (_, None) => self.numbers == ["-"; 3] || self.numbers == ["0"; 3],
            (Err(_), Some(_)) => false,
        }
    }

    fn disk(&self, block: u64) -> Result<Disk, String> {
        let bytes = |word: &str| word.parse::<u64>().ok().and_then(|blocks| blocks.checked_mul(block));
        let [total, used, available] = self.numbers;
        // Below zero once what is kept for root is used too: nothing is left to users.
        let available = if is_number(available) && available.starts_with('-') { "0" } else { available };
        let (Some(total_bytes), Some(used_bytes), Some(available_bytes)) =
            (bytes(total), bytes(used), bytes(available))
        else {
            return Err(match self.numbers {
                ["-", "-", "-"] => "df tells no sizes of it".to_owned(),
                numbers => format!("df tells sizes that cannot be: {}", numbers.join(" ")),
            });
        };
        Ok(Disk {
            mount: self.mount.to_owned(),
            device: self.device.to_owned(),
            total_bytes,
            used_bytes,
            available_bytes,
            used_percent: percent(used_bytes, available_bytes),
        })
    }
}

/// With a sign, for file systems that count wrongly.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn percent(used: u64, available: u64) -> u64 {
    let full = u128::from(used) + u128::from(available);
    let percent = (u128::from(used) * 100).div_ceil(full.max(1));
    u64::try_from(percent).unwrap_or(u64::MAX)
}

/// Each word with where it begins.
fn words(line: &str) -> Vec<(usize, &str)> {
    line.split(' ')
        .scan(0, |at, word| {
            let begins = *at;
            *at += word.len() + 1;
            Some((begins, word))
        })
        .filter(|(_, word)| !word.is_empty())
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) const ROWS: [&str; 4] = [
        "/dev/sda2   503869853696 83751862272 394448035840      18% /",
        "//nas/my share   1000   900   100      90% /mnt/my share",
        "/dev/sda1      535805952   112345088   423460864      21% /boot",
        "JuiceFS:test 0 0 0 - /mnt/j",
    ];
    const HEADER: &str = "Filesystem      1-blocks        Used   Available Capacity Mounted on\n";

    fn read(row: &str) -> Sifted<Disk> {
        disks(&format!("{HEADER}/dev/vda1 21474836480 1073741824 20401094656 5% /\n{row}\n")).unwrap()
    }

    /// Device, mount point, size, used, available, percent.
    fn shown(row: &str) -> String {
        let found = read(row);
        match (found.rows.iter().find(|disk| disk.mount != "/"), found.left_out.first()) {
            (Some(disk), None) => format!(
                "{} on {}: {} {} {} {}%",
                disk.device,
                disk.mount,
                disk.total_bytes,
                disk.used_bytes,
                disk.available_bytes,
                disk.used_percent
            ),
            (None, Some(odd)) => format!("left out: {odd}"),
            both => panic!("{row}: {both:?}"),
        }
    }

    #[test]
    fn a_recorded_answer() {
        let disks = disks(&format!("{HEADER}{}\n", ROWS.join("\n"))).unwrap();
        assert_eq!(disks.left_out, []);
        let mounts: Vec<&str> = disks.rows.iter().map(|disk| disk.mount.as_str()).collect();
        assert_eq!(mounts, ["/", "/boot", "/mnt/j", "/mnt/my share"]);
        assert_eq!(disks.rows[3].device, "//nas/my share");
        assert_eq!((disks.rows[0].used_bytes, disks.rows[0].used_percent), (83_751_862_272, 18));
        assert_eq!((disks.rows[2].total_bytes, disks.rows[2].used_percent), (0, 0));
    }

    #[test]
    fn an_odd_row_hides_no_other_and_is_never_read_wrongly() {
        for (row, right) in [
            (
                "JuiceFS:test 1125899906842624 -102400 1125899907000000 0% /mnt/jfs",
                "left out: /mnt/jfs: df tells sizes that cannot be: 1125899906842624 -102400 1125899907000000",
            ),
            (
                "Work - Backup: 1099511627776 1024 1099511626752 1% /mnt/w",
                "Work - Backup: on /mnt/w: 1099511627776 1024 1099511626752 1%",
            ),
            (
                "//nas/Backup - Old 500000000000 1000 499999999000 1% /mnt/old",
                "//nas/Backup - Old on /mnt/old: 500000000000 1000 499999999000 1%",
            ),
            (
                "backup 100% 1099511627776 1024 1099511626752 1% /mnt/r",
                "backup 100% on /mnt/r: 1099511627776 1024 1099511626752 1%",
            ),
            (
                "rclone 100%: 1099511627776 1024 1099511626752 1% /mnt/r",
                "rclone 100%: on /mnt/r: 1099511627776 1024 1099511626752 1%",
            ),
            ("a 1 2 3 50% 1000 900 100 90% /mnt/q", "a 1 2 3 50% on /mnt/q: 1000 900 100 90%"),
            ("pcloud - - - - /mnt/p", "left out: /mnt/p: df tells no sizes of it"),
            ("ext 1000 990 -10 102% /mnt/full", "ext on /mnt/full: 1000 990 0 100%"),
            (
                "big 99999999999999999999999 1 1 50% /mnt/b",
                "left out: /mnt/b: df tells sizes that cannot be: 99999999999999999999999 1 1",
            ),
            (" 1000 900 100 90% /mnt/nameless", " on /mnt/nameless: 1000 900 100 90%"),
            ("gdrive 1000 900 100 90% /mnt/100% - of it", "gdrive on /mnt/100% - of it: 1000 900 100 90%"),
            ("größe 1000 900 100 90% /mnt/größe  zwei", "größe on /mnt/größe  zwei: 1000 900 100 90%"),
            ("nas:/a:b 1000 900 100 90% /mnt/a:b", "nas:/a:b on /mnt/a:b: 1000 900 100 90%"),
            // Made to look like a nearly full root, and a mount point made to look like another.
            (
                "evil 1000 990 10 99% / 0 0 0 - /home/u/m",
                "left out: row 2: evil 1000 990 10 99% / 0 0 0 - /home/u/m: it is not a file system",
            ),
            (
                "evil 1000 990 10 3% / 1000 900 100 90% /home/u/m",
                "evil 1000 990 10 3% / on /home/u/m: 1000 900 100 90%",
            ),
            (
                "/dev/sdb 1000 900 100 90% /mnt/a 5 5 5 7% /x",
                "/dev/sdb on /mnt/a 5 5 5 7% /x: 1000 900 100 90%",
            ),
            // The end of a mount point with a line break.
            ("of a mount point", "left out: row 2: of a mount point: it is not a file system"),
        ] {
            assert_eq!(shown(row), right, "{row}");
        }
    }

    #[test]
    fn blocks_of_any_size() {
        for (header, factor) in
            [("1-blocks", 1), ("1024-blocks", 1024), ("1K-blocks", 1024), ("512-blocks", 512)]
        {
            let text = format!(
                "Filesystem           {header}      Used Available Capacity Mounted on\n/dev/root 10 9 1 90% /\n"
            );
            assert_eq!(disks(&text).unwrap().rows[0].total_bytes, 10 * factor, "{header}");
        }
    }

    #[test]
    fn what_holds_no_data_is_told_by_its_kind_and_else_by_its_name() {
        let mounts = |read: fn(&str) -> Result<Sifted<Disk>, String>, text: &str| -> Vec<String> {
            read(text).unwrap().rows.into_iter().map(|disk| disk.mount).collect()
        };
        let sizes = "1000 900 100 90%";
        let rows = [
            ("/dev/vda1", "ext4", "/"),
            ("tmpfs", "tmpfs", "/run"),
            ("none", "ramfs", "/ram"),
            ("overlay", "overlay", "/var/lib/docker/x"),
            ("/dev/loop0", "squashfs", "/snap/core/1"),
            ("portal", "fuse.portal", "/run/user/1000/doc"),
            ("/dev/loop7", "ext4", "/mnt/image"),
            ("overlay", "fuse.sshfs", "/mnt/o"),
            ("tmpfs", "fuse.gocryptfs", "/mnt/t"),
            ("squashfs", "fuse.rclone", "/mnt/s"),
            ("//nas/my share", "cifs", "/mnt/nas"),
        ];
        let by_kind: Vec<String> =
            rows.iter().map(|(device, kind, at)| format!("{device}   {kind}  {sizes} {at}")).collect();
        let text = format!(
            "Filesystem Type 1024-blocks Used Available Capacity Mounted on\n{}\n",
            by_kind.join("\n")
        );
        let with_data = ["/", "/mnt/image", "/mnt/nas", "/mnt/o", "/mnt/s", "/mnt/t"];
        assert_eq!(mounts(disks_with_data, &text), with_data);
        assert_eq!(disks_with_data(&text).unwrap().rows[2].device, "//nas/my share");
        // Without kinds, names are all there is.
        let by_name: Vec<String> =
            rows.iter().map(|(device, _, at)| format!("{device} {sizes} {at}")).collect();
        let text = format!("{HEADER}{}\n", by_name.join("\n"));
        assert_eq!(mounts(disks_with_data, &text), ["/", "/mnt/image", "/mnt/nas", "/ram"]);
        // What df itself has sifted by kind is all shown.
        assert_eq!(mounts(disks, &text).len(), rows.len());
    }

    #[test]
    fn how_full_is_what_df_says() {
        for (used, available, full) in
            [(0, 0, 0), (0, 5, 0), (5, 0, 100), (1, 1_000_000, 1), (999, 1, 100), (1, 1, 50)]
        {
            assert_eq!(percent(used, available), full, "{used} {available}");
        }
        assert_eq!(percent(u64::MAX, u64::MAX), 50);
    }

    #[test]
    fn what_is_no_table() {
        assert!(disks("").is_err());
        assert!(disks("Filesystem\nhello\n").is_err());
        assert!(disks(&format!("{HEADER}hello\n")).is_err());
        // A header alone: there are none.
        assert_eq!(disks(HEADER).unwrap().rows, []);
    }

    proptest! {
        #[test]
        fn blanks_and_numbers_in_names_are_not_taken_for_others(
            device in "[a-z0-9/:%é-]{1,8}( [a-z0-9%-]{1,6}){0,3}", mount in "/[a-z0-9:%é-]{0,8}( [a-z0-9%-]{1,6}){0,3}",
            used in 1..1_000_u64, available in 1..1_000_u64,
        ) {
            let percent = percent(used, available);
            let row = format!("{device} {} {used} {available} {percent}% {mount}", used + available);
            if let Some(row) = Row::read(&row) {
                prop_assert_eq!((row.device, row.mount), (device.as_str(), mount.as_str()));
            }
        }

        #[test]
        fn never_panics(text in "\\PC*|Filesystem 1-blocks\n([a-zé/]{0,3} |[0-9]{1,21} |[0-9]{1,2}% |- |\n){0,20}") {
            let _ = (disks(&text), disks_with_data(&text.replacen(" 1-", " Type 1-", 1)));
        }
    }
}
