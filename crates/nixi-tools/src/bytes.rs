//! Amounts of data as people read them.

/// In powers of 1024, with three digits at most: `512 B`, `1.5 GiB`, `120 MiB`.
pub(crate) fn human(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Tenths of the unit, rounded; a u64 of tenths holds every u64 of bytes once it was divided by 1024.
    let mut tenths = u128::from(bytes) * 10;
    let mut shown = UNITS[0];
    for unit in UNITS {
        shown = unit;
        tenths = (tenths + 512) / 1024;
        if tenths < 10_235 {
            break;
        }
    }
    match tenths {
        0..100 => format!("{}.{} {shown}", tenths / 10, tenths % 10),
        _ => format!("{} {shown}", (tenths + 5) / 10),
    }
}

/// `3.2 GiB of 15 GiB (21 %)`.
pub(crate) fn part(used: u64, total: u64) -> String {
    format!("{} of {} ({} %)", human(used), human(total), percent(used, total))
}

/// Rounded; 0 of nothing.
pub(crate) fn percent(part: u64, total: u64) -> u64 {
    if total == 0 {
        return 0;
    }
    let percent = (u128::from(part) * 100 + u128::from(total) / 2) / u128::from(total);
    u64::try_from(percent).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let shown: Vec<String> =
            [0, 1023, 1024, 1536, 10 << 20, 1_048_575, 25_276_502_016, 1 << 40, u64::MAX].map(human).into();
        assert_eq!(
            shown,
            ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "10 MiB", "1.0 MiB", "24 GiB", "1.0 TiB", "16 EiB"]
        );
    }

    #[test]
    fn parts() {
        assert_eq!(part(1 << 30, 4 << 30), "1.0 GiB of 4.0 GiB (25 %)");
        assert_eq!(percent(5, 0), 0);
        assert_eq!(percent(u64::MAX, u64::MAX), 100);
        assert_eq!(percent(u64::MAX, 1), u64::MAX);
    }
}
