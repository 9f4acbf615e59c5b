//! Lengths of time as people read them.

/// The two largest units: `42 s`, `5 min`, `3 h 20 min`, `12 days 4 h`.
pub(crate) fn human(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let day_word = if days == 1 { "day" } else { "days" };
    match (days, hours % 24, minutes % 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} {day_word}"),
        (days, hours, _) => format!("{days} {day_word} {hours} h"),
    }
}

/// The first number of proc_uptime(5): whole seconds since boot.
pub(crate) fn since_boot(text: &str) -> Result<u64, String> {
    let whole = text.split([' ', '.', '\n']).next().unwrap_or_default();
    whole.parse().map_err(|_| "it does not begin with seconds since boot".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        let shown: Vec<String> = [0, 59, 60, 3_600, 3_661, 86_400, 100_000, 1_054_800].map(human).into();
        assert_eq!(shown, ["0 s", "59 s", "1 min", "1 h", "1 h 1 min", "1 day", "1 day 3 h", "12 days 5 h"]);
    }

    #[test]
    fn boot() {
        assert_eq!(since_boot("350735.47 234388.90\n"), Ok(350_735));
        assert!(since_boot("-1 0").is_err() && since_boot("").is_err());
    }
}
