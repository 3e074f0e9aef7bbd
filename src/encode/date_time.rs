//! Dates and times as formats want them. Sources write them as RFC 3339 text or nearly so; a
//! value without a zone is UTC.

use std::borrow::Cow;

use jiff::civil;
use jiff::tz::TimeZone;

use crate::feature::FieldType;

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
            Some(_) => instant(text).map_or(Cow::Borrowed(text), |at| Cow::Owned(at.to_string())),
        },
    }
}

/// The instant of a text; without a zone it is UTC, a date alone is its midnight.
pub fn instant(text: &str) -> Option<jiff::Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let civil: civil::DateTime = text.parse().ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
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
}
