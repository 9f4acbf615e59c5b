//! Points in time: shown in UTC, read from RFC 3339.

use std::fmt;

use jiff::Timestamp;

/// A point in time, to the nanosecond, between the years -9999 and 9999. What lies beyond is the last one on that side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Timestamp);

impl Instant {
    /// So many microseconds after 1970 began.
    #[must_use]
    pub fn of_micros(micros: u64) -> Self {
        let micros = i64::try_from(micros).ok();
        Self(micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()).unwrap_or(Timestamp::MAX))
    }

    /// So many seconds after 1970 began.
    #[must_use]
    pub fn of_seconds(seconds: i64) -> Self {
        let nearest = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Self(Timestamp::from_second(seconds).unwrap_or(nearest))
    }

    /// Reads RFC 3339, section 5.6, as container runtimes write it: with any number of fractional digits. The year
    /// one, which Go writes for "never", is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (seconds, rest) = text.split_at_checked("2025-11-24T16:00:00".len())?;
        let (fraction, zone) = rest.split_at(rest.find(['Z', '+', '-'])?);
        let is_fit = has_shape(seconds, "0000-00-00T00:00:00")
            && (fraction.is_empty() || is_fraction(fraction))
            && (zone == "Z" || has_shape(zone, "+00:00") || has_shape(zone, "-00:00"));
        if !is_fit || matches!(&seconds[..4], "0000" | "0001") {
            return None;
        }
        // Nine digits are what a point in time has.
        let fraction = fraction.get(..10).unwrap_or(fraction);
        format!("{seconds}{fraction}{zone}").parse().ok().map(Self)
    }

    /// Whole seconds after 1970 began.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.as_second()
    }

    /// `2025-11-24T16:00:00Z`
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// `2025-11-24 16:00:00`, in UTC.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.strftime("%Y-%m-%d %H:%M:%S").fmt(f)
    }
}

/// Whether a text is this shape with any digits in place of its zeros. jiff also reads other spellings of a time, which
/// nobody writes who means RFC 3339.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(byte, shape): (u8, u8)| if shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

fn is_fraction(text: &str) -> bool {
    let digits = text.strip_prefix('.').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
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
        assert_eq!(parsed.0, Timestamp::new(1_764_000_000, 123_456_789).unwrap());
        let finer = Instant::parse("2025-11-24T16:00:00.1234567899Z").unwrap();
        assert_eq!(finer, parsed, "what is finer than a nanosecond is cut off");
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
            "2025-02-31T00:00:00Z",
            "2025-01-01t00:00:00Z",
            "2025-01-01T00:00:00,5Z",
            "2025-01-01T00:00:00+01",
            "2025-01-01T00:00:00Z[UTC]",
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
