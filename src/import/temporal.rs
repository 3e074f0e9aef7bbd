//! Dates and times as people and programs write them, brought to ISO 8601.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

/// How a column writes its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateForm {
    /// `2024-02-29`, and `2024/02/29`.
    Iso,
    /// `29/02/2024`, also with points or hyphens.
    DayFirst,
}

/// `2024-02-29` of a date in that form; `None` where it is none.
pub fn date(text: &str, form: DateForm) -> Option<String> {
    read_date(text.trim(), form).map(|date| date.to_string())
}

/// `2024-02-29T12:30:00` of a date and time in that form, with the zone that it says.
///
/// What is parted by a space, without seconds, or with a zone of two digits is understood.
pub fn date_time(text: &str, form: DateForm) -> Option<String> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10)?;
    let date = read_date(date, form)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?.trim_start();
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at_checked(zone_at)?;
    let time = read_time(time.trim_end())?;
    let moment = DateTime::from_parts(date, time);
    let zone = match zone {
        "" => String::new(),
        "Z" | "z" => "Z".to_owned(),
        offset => read_offset(offset)?,
    };
    let whole = format!("{moment}{zone}");
    // a zone may take the moment out of what can be said
    (zone.is_empty() || whole.parse::<Timestamp>().is_ok()).then_some(whole)
}

fn read_date(text: &str, form: DateForm) -> Option<Date> {
    let separator = text.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(separator, '-' | '/' | '.') {
        return None;
    }
    let mut parts = text.split(separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, month, day) = match form {
        DateForm::Iso if separator != '.' => (first, second, third),
        DateForm::Iso => return None,
        DateForm::DayFirst => (third, second, first),
    };
    if year.len() != 4 || month.len() != 2 || day.len() != 2 {
        return None;
    }
    let date = Date::new(
        number(year)?,
        number(month)?.try_into().ok()?,
        number(day)?.try_into().ok()?,
    )
    .ok()?;
    (date.year() > 0).then_some(date)
}

fn read_time(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let hour = number(parts.next()?)?;
    let minute = number(parts.next()?)?;
    let (second, nanosecond) = match parts.next() {
        None => (0, 0),
        Some(seconds) => {
            let (whole, part) = seconds.split_once(['.', ',']).unwrap_or((seconds, "0"));
            if part.is_empty() || part.len() > 9 {
                return None;
            }
            let digits = number_wide(part)?;
            let scale = 10_i32.checked_pow(9_u32.checked_sub(u32::try_from(part.len()).ok()?)?)?;
            (number(whole)?, digits.checked_mul(scale)?)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    let small = |n: i16| i8::try_from(n).ok();
    Time::new(small(hour)?, small(minute)?, small(second)?, nanosecond).ok()
}

/// `+02:00` of `+02:00`, `+0200`, `+02`.
fn read_offset(text: &str) -> Option<String> {
    let (sign, rest) = text.split_at_checked(1)?;
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        2 => (digits.as_str(), "00"),
        4 => digits.split_at_checked(2)?,
        _ => return None,
    };
    let (h, m) = (number(hours)?, number(minutes)?);
    (h < 24 && m < 60).then(|| format!("{sign}{hours}:{minutes}"))
}

/// Digits alone: `parse` takes a sign too.
fn number(text: &str) -> Option<i16> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn number_wide(text: &str) -> Option<i32> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_both_forms_become_iso() {
        let iso = |text| date(text, DateForm::Iso);
        let french = |text| date(text, DateForm::DayFirst);
        assert_eq!(iso("2024-02-29").as_deref(), Some("2024-02-29"));
        assert_eq!(iso("2024/02/29").as_deref(), Some("2024-02-29"));
        assert_eq!(french("29/02/2024").as_deref(), Some("2024-02-29"));
        assert_eq!(french("01.12.0999").as_deref(), Some("0999-12-01"));
        for wrong in [
            "2023-02-29",
            "2024-2-29",
            "20240229",
            "2024-02-29T00:00",
            "+024-01-01",
            "0000-01-01",
            "",
        ] {
            assert_eq!(iso(wrong), None, "{wrong}");
        }
        assert_eq!(french("02/29/2024"), None);
        assert_eq!(french("192.168.0.1"), None);
    }

    #[test]
    fn dates_with_a_time_keep_their_zone() {
        let iso = |text| date_time(text, DateForm::Iso);
        for (text, expected) in [
            ("2024-02-29T12:30:05Z", Some("2024-02-29T12:30:05Z")),
            ("2024-02-29 12:30", Some("2024-02-29T12:30:00")),
            (
                "2024-02-29T12:30:05.25+0200",
                Some("2024-02-29T12:30:05.25+02:00"),
            ),
            ("2024-02-29 12:30:05-05", Some("2024-02-29T12:30:05-05:00")),
            ("2024-02-29", None),
            ("2024-02-29T25:00", None),
            ("2024-02-29T12:30:05+99:00", None),
            ("2024-02-29Tété", None),
            ("2024-02-2é 12:30", None),
        ] {
            assert_eq!(iso(text).as_deref(), expected, "{text}");
        }
        assert_eq!(
            date_time("29/02/2024 08:00", DateForm::DayFirst).as_deref(),
            Some("2024-02-29T08:00:00")
        );
    }
}
