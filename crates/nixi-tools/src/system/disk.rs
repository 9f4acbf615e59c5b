//! The output of df(1) in its POSIX form.

use schemars::JsonSchema;
use serde::Serialize;

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
}

/// Rows of `df -P -B1`, by mount point. A device may hold spaces, so a row is read around its numbers.
pub(crate) fn disks(text: &str) -> Result<Vec<Disk>, String> {
    let mut lines = text.lines();
    if !lines.next().is_some_and(|header| header.starts_with("Filesystem")) {
        return Err("it does not begin with df's header".to_owned());
    }
    let mut disks: Vec<Disk> = lines
        .enumerate()
        .map(|(at, line)| row(line).ok_or_else(|| format!("row {} is not a file system", at + 1)))
        .collect::<Result<_, _>>()?;
    disks.sort_by(|a, b| a.mount.cmp(&b.mount));
    Ok(disks)
}

fn row(line: &str) -> Option<Disk> {
    let words: Vec<(usize, &str)> = words(line);
    let at = words.iter().position(|(_, word)| word.ends_with('%') || *word == "-")?;
    let number = |back: usize| words.get(at.checked_sub(back)?)?.1.parse::<u64>().ok();
    let (mount_at, _) = words.get(at + 1)?;
    let (first_number, _) = words.get(at.checked_sub(3)?)?;
    let device = line.get(..*first_number)?.trim_end();
    (!device.is_empty()).then_some(())?;
    Some(Disk {
        mount: line.get(*mount_at..)?.to_owned(),
        device: device.to_owned(),
        total_bytes: number(3)?,
        used_bytes: number(2)?,
        available_bytes: number(1)?,
    })
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_recorded_answer() {
        let text = "Filesystem      1-blocks        Used   Available Capacity Mounted on\n\
                    /dev/sda2   503869853696 83751862272 394448035840      18% /\n\
                    //nas/my share   1000   900   100      90% /mnt/my share\n\
                    /dev/sda1      535805952   112345088   423460864      21% /boot\n";
        let disks = disks(text).unwrap();
        let mounts: Vec<&str> = disks.iter().map(|disk| disk.mount.as_str()).collect();
        assert_eq!(mounts, ["/", "/boot", "/mnt/my share"]);
        assert_eq!(disks[2].device, "//nas/my share");
        assert_eq!(disks[0].used_bytes, 83_751_862_272);
    }

    #[test]
    fn what_is_no_table() {
        assert!(disks("").is_err());
        assert!(disks("Filesystem\nhello\n").is_err());
        assert!(disks("Filesystem\n/dev/sda 1 -1 1 5% /\n").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|Filesystem\n([a-zé/]{0,3} |[0-9]{1,21} |[0-9]{1,2}% |- |\n){0,20}") {
            let _ = disks(&text);
        }
    }
}
