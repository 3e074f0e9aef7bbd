//! Dates and times as formats want them. Sources write them as RFC 3339 text or nearly so; a
//! value without a zone is UTC.

use std::borrow::Cow;

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::feature::FieldType;
use crate::query::Moment;

const EPOCH: civil::DateTime = civil::datetime(1970, 1, 1, 0, 0, 0, 0);

/// The text of a value of a column of `kind` as RFC 3339 has it: an instant gets the zone it
/// lacks. What is no date comes back as it is.
pub fn rfc_3339(text: &str, kind: FieldType) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_instant = kind == FieldType::DateTime;
    match bytes {
        [.., b'Z'] => Cow::Borrowed(text),
        _ if !is_instant || !begins_with_date(bytes) => Cow::Borrowed(text),
        _ => match bytes.get(10) {
            None => Cow::Owned(format!("{text}T00:00:00Z")),
            Some(b'T') if has_zone(bytes) => Cow::Borrowed(text),
            Some(b'T') if bytes.len() >= 19 => Cow::Owned(format!("{text}Z")),
            // with a space, without seconds: rare enough to be read
            Some(_) => utc(text).map_or(Cow::Borrowed(text), |at| Cow::Owned(format!("{at}Z"))),
        },
    }
}

/// The date and time in UTC of a text; without a zone it is UTC, a date alone is its midnight.
pub fn utc(text: &str) -> Option<civil::DateTime> {
    let text = text.trim();
    let instant = || text.parse::<Timestamp>().ok();
    // Timestamps end a day before the calendar does, and 9999-12-31 is what many write for "no end"
    let moment = || {
        let (seconds, nanos) = match Moment::parse(text)? {
            Moment::Day(day) => (day.checked_mul(86_400)?, 0),
            Moment::Instant(seconds, nanos) => (seconds, i32::try_from(nanos).ok()?),
        };
        let since = SignedDuration::new(seconds, nanos);
        EPOCH.checked_add(since).ok()
    };
    match instant() {
        Some(at) => Some(at.to_zoned(TimeZone::UTC).datetime()),
        None => moment(),
    }
}

/// Microseconds from 1970-01-01T00:00:00Z to the instant of a text.
pub fn microseconds(text: &str) -> Option<i64> {
    i64::try_from(utc(text)?.duration_since(EPOCH).as_micros()).ok()
}

/// The day that a text begins with.
pub fn day(text: &str) -> Option<civil::Date> {
    text.trim().get(..10)?.parse().ok()
}

fn begins_with_date(bytes: &[u8]) -> bool {
    bytes.len() >= 10
        && bytes.iter().take(10).zip(0..).all(|(byte, i)| match i {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// True where something like `+02:00` or `-0500` ends the text, behind the date.
fn has_zone(bytes: &[u8]) -> bool {
    let time = bytes.get(11..).unwrap_or(&[]);
    time.iter().any(|b| matches!(b, b'+' | b'-' | b'z' | b'Z'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_without_a_zone_is_utc_and_a_date_stays_a_date() {
        let of = |text| rfc_3339(text, FieldType::DateTime).into_owned();
        for (given, expected) in [
            ("2024-02-29T12:00:00", "2024-02-29T12:00:00Z"),
            ("2024-02-29T12:00:00.125", "2024-02-29T12:00:00.125Z"),
            ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"),
            ("2024-02-29T12:00:00+02:00", "2024-02-29T12:00:00+02:00"),
            ("2024-02-29T12:00:00-0500", "2024-02-29T12:00:00-0500"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
            ("2024-02-29 12:00:00", "2024-02-29T12:00:00Z"),
            ("2024-02-29T12:00", "2024-02-29T12:00:00Z"),
            ("hier", "hier"),
            ("", ""),
        ] {
            assert_eq!(of(given), expected);
        }
        assert_eq!(rfc_3339("2024-02-29", FieldType::Date), "2024-02-29");
        assert_eq!(day("2024-02-29T12:00:00"), Some(civil::date(2024, 2, 29)));
        assert_eq!(day("2024-02-30"), None);
    }

    #[test]
    fn the_last_day_of_the_calendar_is_an_instant_too() {
        let of = |text| utc(text).map(|at| at.to_string());
        for (given, expected) in [
            ("2024-02-29T12:00:00+02:00", "2024-02-29T10:00:00"),
            ("2024-02-29", "2024-02-29T00:00:00"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999"),
            ("9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59"),
            ("9999-12-31T00:00:00", "9999-12-31T00:00:00"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00"),
        ] {
            assert_eq!(of(given).as_deref(), Some(expected), "{given}");
        }
        assert_eq!(of("9999-12-31T23:59:59-02:00"), None);
        assert_eq!(microseconds("1970-01-01T00:00:01.5Z"), Some(1_500_000));
        assert_eq!(
            microseconds("9999-12-31T00:00:00Z"),
            Some(253_402_214_400_000_000)
        );
    }
}
