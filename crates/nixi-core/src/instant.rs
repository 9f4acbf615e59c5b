//! Points in time without a time zone library: shown in UTC, read from RFC 3339.

use std::fmt;

/// Seconds and nanoseconds since 1970-01-01 00:00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    seconds: i64,
    nanos: u32,
}

impl Instant {
    /// So many microseconds after 1970 began.
    #[must_use]
    pub fn of_micros(micros: u64) -> Self {
        let seconds = i64::try_from(micros / 1_000_000).unwrap_or(i64::MAX);
        let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0);
        Self { seconds, nanos }
    }

    /// So many seconds after 1970 began.
    #[must_use]
    pub fn of_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// Reads RFC 3339, section 5.6, as container runtimes write it: with any number of fractional digits. The year
    /// one, which Go writes for "never", is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once('T')?;
        let mut date = date.split('-');
        let year = digits(date.next()?, 4)?;
        let month = digits(date.next()?, 2).filter(|month| (1..=12).contains(month))?;
        let day = digits(date.next()?, 2).filter(|day| (1..=31).contains(day))?;
        if date.next().is_some() || year < 2 {
            return None;
        }
        let zone_at = rest.find(['Z', '+', '-'])?;
        let (time, zone) = rest.split_at(zone_at);
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let seconds = days_from_civil(year, month, day) * 86_400 + clock(time)? - offset(zone)?;
        Some(Self { seconds, nanos: nanos(fraction)? })
    }

    /// Whole seconds after 1970 began.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// `2025-11-24T16:00:00Z`
    #[must_use]
    pub fn rfc3339(self) -> String {
        format!("{}Z", self.to_string().replace(' ', "T"))
    }
}

/// `2025-11-24 16:00:00`, in UTC.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(86_400));
        let second = self.seconds.rem_euclid(86_400);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let fits = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

fn clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':').map(|part| digits(part, 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let fits = parts.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    fits.then_some(hour * 3_600 + minute * 60 + second)
}

fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    Some(sign * (digits(hours, 2)? * 3_600 + digits(minutes, 2)? * 60))
}

fn nanos(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nine: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    nine.parse().ok()
}

/// The proleptic Gregorian calendar in eras of 400 years that begin in March, so that the leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + days.div_euclid(146_097) * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_moments() {
        assert_eq!(Instant::of_seconds(0).to_string(), "1970-01-01 00:00:00");
        assert_eq!(Instant::of_seconds(951_782_400).to_string(), "2000-02-29 00:00:00");
        assert_eq!(Instant::of_seconds(-1).rfc3339(), "1969-12-31T23:59:59Z");
        assert_eq!(Instant::of_micros(1_764_000_000_123_456).rfc3339(), "2025-11-24T16:00:00Z");
        let parsed = Instant::parse("2025-11-24T17:00:00.123456789+01:00").unwrap();
        assert_eq!(parsed, Instant { seconds: 1_764_000_000, nanos: 123_456_789 });
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "T",
            "0001-01-01T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-01-01T24:00:00Z",
            "2025-01-01T00:00Z",
            "2025-01-01T00:00:00",
            "2025-01-01T00:00:00.Z",
            "+025-01-01T00:00:00Z",
            "2025-01-01T00:00:00é",
        ] {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn there_and_back(seconds in -60_000_000_000i64..250_000_000_000) {
            let instant = Instant::of_seconds(seconds);
            prop_assert_eq!(Instant::parse(&instant.rfc3339()), Some(instant));
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}|[0-9T:.Z+-]{0,40}", seconds: i64, micros: u64) {
            let _ = Instant::parse(&text);
            let _ = (Instant::of_seconds(seconds).to_string(), Instant::of_micros(micros).to_string());
        }
    }
}
