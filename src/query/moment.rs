//! Positions in time: instants and days, read from RFC 3339 texts.

use std::cmp::Ordering;
use std::fmt;

const DAY_SECONDS: i64 = 86_400;

/// An instant, or a whole day where the time is not said.
///
/// Two instants compare by the nanosecond. Where one side is a day, the other counts as the day
/// (in UTC) that it lies in: an instant at noon equals its day and is not after it (OGC 21-065r2
/// §6.3 leaves casts between the two granularities to the server).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Days since 1970-01-01.
    Day(i64),
    /// Seconds since 1970-01-01T00:00:00Z and nanoseconds (below 10⁹) after them.
    Instant(i64, u32),
}

impl Moment {
    /// Reads `2024-02-29`, or a date and time `2024-02-29T10:13:19.5Z` with `T`, `t` or a space
    /// between them, with or without seconds, an offset `+02:00` or `Z`; without a zone it is UTC.
    ///
    /// `None` for what is no date of the Gregorian calendar. A leap second counts as the second
    /// before it.
    pub fn parse(text: &str) -> Option<Moment> {
        let mut text = Digits(text.trim().as_bytes());
        let year = text.number(4)?;
        text.byte(b"-")?;
        let month = text.number(2)?;
        text.byte(b"-")?;
        let day = text.number(2)?;
        if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
            return None;
        }
        let days = days_from_civil(year, month, day);
        if text.0.is_empty() {
            return Some(Moment::Day(days));
        }
        text.byte(b"Tt ")?;
        let hour = text.number(2)?;
        text.byte(b":")?;
        let minute = text.number(2)?;
        let (mut second, mut nanos) = (0, 0);
        if text.byte(b":").is_some() {
            second = text.number(2)?;
            if text.byte(b".,").is_some() {
                nanos = text.fraction()?;
            }
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let offset = text.offset()?;
        let time = hour * 3600 + minute * 60 + second.min(59);
        Some(Moment::Instant(days * DAY_SECONDS + time - offset, nanos))
    }

    /// The moment that is a duration of ISO 8601 (`P1Y2M3DT4H5M6S`, `P2W`) later, or earlier where
    /// `back`. Months are counted first: a day that the month has not is its last; a day stays a
    /// day unless the duration has hours.
    ///
    /// `None` for what is no duration, and beyond the calendar that [`parse`](Moment::parse) reads.
    pub fn shifted(self, duration: &str, back: bool) -> Option<Moment> {
        let text = duration.strip_prefix(['P', 'p'])?;
        let (date, time) = match text.split_once(['T', 't']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        if date.is_empty() && time.is_none() || time.is_some_and(str::is_empty) {
            return None;
        }
        let sign = if back { -1 } else { 1 };
        let [years, months, weeks, days] = counted(date, *b"YMWD")?;
        let [hours, minutes, seconds] = counted(time.unwrap_or_default(), *b"HMS")?;
        let (year, month, day) = civil_from_days(self.day());
        let month = year * 12 + month - 1 + sign * (years * 12 + months);
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        // what is counted further goes the same way, and its seconds would not fit
        if !(0..=9999).contains(&year) {
            return None;
        }
        let day = day.min(days_in(year, month));
        let days = days_from_civil(year, month, day) + sign * (weeks * 7 + days);
        let seconds = hours * 3600 + minutes * 60 + seconds;
        let moment = match (self, time) {
            (Moment::Day(_), None) => Moment::Day(days),
            (Moment::Day(_), Some(_)) => Moment::Instant(days * DAY_SECONDS + sign * seconds, 0),
            (Moment::Instant(at, nanos), _) => {
                let of_day = at.rem_euclid(DAY_SECONDS);
                Moment::Instant(days * DAY_SECONDS + of_day + sign * seconds, nanos)
            }
        };
        let (year, ..) = civil_from_days(moment.day());
        (0..=9999).contains(&year).then_some(moment)
    }

    /// Days since 1970-01-01, in UTC.
    pub fn day(self) -> i64 {
        match self {
            Moment::Day(day) => day,
            Moment::Instant(second, _) => second.div_euclid(DAY_SECONDS),
        }
    }

    /// The instant at which it begins: midnight for a day.
    pub(super) fn start(self) -> Moment {
        match self {
            Moment::Day(day) => Moment::Instant(day.saturating_mul(DAY_SECONDS), 0),
            instant => instant,
        }
    }

    /// The order of two positions, at the granularity of the coarser one.
    pub fn order(self, other: Moment) -> Ordering {
        match (self, other) {
            (Moment::Instant(a, a_nanos), Moment::Instant(b, b_nanos)) => {
                (a, a_nanos).cmp(&(b, b_nanos))
            }
            (a, b) => a.day().cmp(&b.day()),
        }
    }
}

impl fmt::Display for Moment {
    /// `2024-02-29` or `2024-02-29T10:13:19.5Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.day());
        write!(f, "{year:04}-{month:02}-{day:02}")?;
        let Moment::Instant(second, nanos) = self else {
            return Ok(());
        };
        let second = second.rem_euclid(DAY_SECONDS);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        write!(f, "T{hour:02}:{minute:02}:{:02}", second % 60)?;
        if *nanos > 0 {
            let fraction = format!("{nanos:09}");
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// The numbers before some letters, which stand in that order and may be missing.
fn counted<const N: usize>(mut text: &str, letters: [u8; N]) -> Option<[i64; N]> {
    // ten thousand years of seconds
    const MAX_DIGITS: usize = 12;
    let mut found = [0; N];
    for (number, letter) in found.iter_mut().zip(letters) {
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (digits, rest) = text.split_at(end);
        let is_next = rest.bytes().next().map(|b| b.to_ascii_uppercase()) == Some(letter);
        if let (true, Some(behind)) = (is_next, rest.get(1..)) {
            if digits.is_empty() || digits.len() > MAX_DIGITS {
                return None;
            }
            *number = digits.parse().ok()?;
            text = behind;
        }
    }
    text.is_empty().then_some(found)
}

/// What is left of a text.
struct Digits<'t>(&'t [u8]);

impl Digits<'_> {
    /// A number of exactly that many digits.
    fn number(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + i64::from(digit - b'0'))
        })
    }

    /// One of these bytes.
    fn byte(&mut self, any: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        any.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// Digits behind the decimal sign, as nanoseconds; what is finer is cut off.
    fn fraction(&mut self) -> Option<u32> {
        let (mut nanos, mut unit) = (0, 100_000_000);
        let before = self.0.len();
        while let Some(digit) = self.byte(b"0123456789") {
            nanos += u32::from(digit - b'0') * unit;
            unit /= 10;
        }
        (self.0.len() < before).then_some(nanos)
    }

    /// Seconds east of UTC, up to the end of the text.
    fn offset(&mut self) -> Option<i64> {
        let Some(sign) = self.byte(b"Zz+-") else {
            return self.0.is_empty().then_some(0);
        };
        let mut seconds = 0;
        if matches!(sign, b'+' | b'-') {
            let hours = self.number(2)?;
            let minutes = match (self.byte(b":"), self.0.is_empty()) {
                (None, true) => 0,
                _ => self.number(2)?,
            };
            if hours > 23 || minutes > 59 {
                return None;
            }
            seconds = hours * 3600 + minutes * 60;
        }
        self.0
            .is_empty()
            .then_some(if sign == b'-' { -seconds } else { seconds })
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar, in years that begin in March: so
/// the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days_before_month = (153 * month + 2) / 5;
    let days_before_year =
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days from 0000-03-01 to 1970-01-01
    days_before_year + days_before_month + day - 1 - 719_468
}

/// The year, month and day; the other way round.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    const DAYS_IN_400_YEARS: i64 = 146_097;
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(DAYS_IN_400_YEARS);
    let day_of_era = days.rem_euclid(DAYS_IN_400_YEARS);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + era * 400;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(a: &str, b: &str) -> Ordering {
        Moment::parse(a).unwrap().order(Moment::parse(b).unwrap())
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for text in [
            "",
            "2024",
            "2024-13-01",
            "2023-02-29",
            "2024-02-30",
            "2024-01-00",
            "24-01-01",
            "2024-01-01T",
            "2024-01-01T24:00:00Z",
            "2024-01-01T10:61:00Z",
            "2024-01-01T10:00:00.Z",
            "2024-01-01T10:00:00Zx",
            "2024-01-01T10:00:00+2",
            "2024-01-01Z",
            "+024-01-01",
            "2024-01-0é",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn zones_and_notations_of_one_instant_are_equal() {
        for text in [
            "2024-01-01T01:00:00+02:00",
            "2024-01-01T01:00+0200",
            "2023-12-31 23:00:00",
            "2023-12-31t23:00:00.000z",
            "2023-12-31T20:00:00-03",
        ] {
            assert_eq!(
                order(text, "2023-12-31T23:00:00Z"),
                Ordering::Equal,
                "{text}"
            );
        }
    }

    #[test]
    fn an_instant_and_a_day_compare_as_days() {
        assert_eq!(order("2024-03-09T12:00:00Z", "2024-03-09"), Ordering::Equal);
        assert_eq!(order("2024-03-09", "2024-03-10T00:00:00Z"), Ordering::Less);
        assert_eq!(
            order("2024-03-10T01:00:00+02:00", "2024-03-10"),
            Ordering::Less,
            "in UTC it is still the day before"
        );
    }

    #[test]
    fn durations_of_iso_8601_lead_to_other_moments() {
        let shifted = |from: &str, duration: &str, back: bool| {
            let moment = Moment::parse(from).unwrap().shifted(duration, back);
            moment.map(|moment| moment.to_string())
        };
        for (from, duration, back, expected) in [
            ("2024-02-28", "P2D", false, "2024-03-01"),
            ("2024-03-01", "P2D", true, "2024-02-28"),
            ("2024-01-31", "P1M", false, "2024-02-29"),
            ("2024-02-29", "P1Y", true, "2023-02-28"),
            ("2024-02-29", "P2W", false, "2024-03-14"),
            ("2024-02-29", "PT36H", false, "2024-03-01T12:00:00Z"),
            (
                "2018-02-12T23:20:50Z",
                "P1M6DT12H31M12S",
                false,
                "2018-03-19T11:52:02Z",
            ),
            (
                "2018-02-12T00:00:00.5Z",
                "pt1s",
                true,
                "2018-02-11T23:59:59.5Z",
            ),
        ] {
            let found = shifted(from, duration, back);
            assert_eq!(found.as_deref(), Some(expected), "{from} {duration}");
        }
        for wrong in [
            "",
            "P",
            "PT",
            "P1",
            "PD",
            "2D",
            "P1D1Y",
            "P1H",
            "PT1D",
            "P-1D",
            "P1.5D",
            "P1DT",
            "P99999Y",
            "P9999999999999D",
            "PT999999999999S",
            "P999999999999YT1S",
            "P999999999999Y999999999999M999999999999W999999999999DT999999999999H",
            "P1é",
        ] {
            for from in ["2024-02-29", "2024-02-29T12:00:00Z"] {
                for back in [false, true] {
                    assert_eq!(shifted(from, wrong, back), None, "{from} {wrong}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_moment_is_read_as_jiff_reads_it(
            second in -62_135_596_800_i64..253_402_300_799, nanos in 0_u32..1_000_000_000
        ) {
            let expected = jiff::Timestamp::new(second, nanos as i32 * i32::from(second >= 0)).unwrap();
            let text = expected.to_string();
            let found = Moment::parse(&text).unwrap();
            prop_assert_eq!(found.start(), Moment::Instant(expected.as_second(), expected.subsec_nanosecond().max(0) as u32));
            prop_assert_eq!(found.to_string(), text);
            let day = expected.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
            prop_assert_eq!(Moment::Day(found.day()).to_string(), day.clone());
            prop_assert_eq!(Moment::parse(&day), Some(Moment::Day(found.day())));
        }

        #[test]
        fn no_text_ends_the_process(text in "\\PC{0,40}") {
            let _ = Moment::parse(&text);
        }
    }
}
