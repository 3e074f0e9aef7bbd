//! Numbers and dates as text, by the patterns that SE and GeoServer use (those of Java).

use super::Moment;

/// A number by a pattern such as `#,##0.00`, `0.#`, `#.## km`, `0%`.
///
/// `0` digits are always written, `#` digits where they are not zero; `,` groups by thousands.
/// What stands before and after the digits is kept; `%` multiplies by 100.
pub(super) fn number(pattern: &str, value: f64) -> String {
    // a second pattern after `;` is for negative numbers: the sign does as well
    let pattern = pattern.split(';').next().unwrap_or_default();
    let is_digit = |c: char| matches!(c, '#' | '0' | ',' | '.');
    let (Some(start), Some(end)) = (pattern.find(is_digit), pattern.rfind(is_digit)) else {
        return format!("{pattern}{value}");
    };
    let prefix = pattern.get(..start).unwrap_or_default();
    let digits = pattern.get(start..=end).unwrap_or_default();
    let suffix = pattern.get(end.saturating_add(1)..).unwrap_or_default();
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let count = |text: &str, c: char| text.chars().filter(|d| *d == c).count();
    let most = fraction.chars().count().min(17);
    let least = count(fraction, '0');
    let value = match suffix.contains('%') {
        true => value * 100.0,
        false => value,
    };
    let mut text = format!("{:.most$}", value.abs());
    if let Some(point) = text.find('.') {
        let shortest = point.saturating_add(least).saturating_add(1);
        while text.len() > shortest && text.ends_with('0') {
            text.pop();
        }
        if text.ends_with('.') {
            text.pop();
        }
    }
    let (mut integer, decimals) = match text.split_once('.') {
        Some((integer, decimals)) => (integer.to_owned(), decimals),
        None => (text.clone(), ""),
    };
    let at_least = count(whole, '0').min(32);
    if integer == "0" && at_least == 0 && !decimals.is_empty() {
        integer.clear();
    }
    while integer.len() < at_least {
        integer.insert(0, '0');
    }
    if whole.contains(',') {
        integer = grouped(&integer);
    }
    let zero = value == 0.0 || text.bytes().all(|b| matches!(b, b'0' | b'.'));
    let sign = if value < 0.0 && !zero { "-" } else { "" };
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{prefix}{integer}{point}{decimals}{suffix}").replace('\'', "")
}

fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A date or time by a pattern such as `dd/MM/yyyy HH:mm`; text in quotes is kept.
///
/// `None` where `value` is no date.
pub(super) fn date(pattern: &str, value: &str) -> Option<String> {
    let Moment::Instant(second, nanos) = super::compare::instant(value)? else {
        return None;
    };
    let at = jiff::Timestamp::new(second, i32::try_from(nanos).ok()?).ok()?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC);
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' {
            out.extend(chars.by_ref().take_while(|c| *c != '\''));
            continue;
        }
        let mut width = 1_usize;
        while chars.next_if_eq(&c).is_some() {
            width = width.saturating_add(1);
        }
        let number = match c {
            'y' | 'u' if width == 2 => i64::from(at.year().rem_euclid(100)),
            'y' | 'u' => i64::from(at.year()),
            'M' | 'L' if width < 3 => i64::from(at.month()),
            'M' | 'L' => {
                let name = if width == 3 { "%b" } else { "%B" };
                out.push_str(&at.strftime(name).to_string());
                continue;
            }
            'E' => {
                let name = if width < 4 { "%a" } else { "%A" };
                out.push_str(&at.strftime(name).to_string());
                continue;
            }
            'd' => i64::from(at.day()),
            'H' => i64::from(at.hour()),
            'h' => i64::from(at.hour().saturating_add(11).rem_euclid(12)).saturating_add(1),
            'm' => i64::from(at.minute()),
            's' => i64::from(at.second()),
            'S' => i64::from(at.millisecond()),
            'a' => {
                out.push_str(if at.hour() < 12 { "AM" } else { "PM" });
                continue;
            }
            other => {
                out.extend(std::iter::repeat_n(other, width));
                continue;
            }
        };
        let width = width.min(9);
        out.push_str(&format!("{number:0width$}"));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_patterns_pad_group_and_cut() {
        assert_eq!(number("#,##0.00", 1_234_567.891), "1,234,567.89");
        assert_eq!(number("#", 12.6), "13");
        assert_eq!(number("0.##", 0.5), "0.5");
        assert_eq!(number("#.##", 0.5), ".5");
        assert_eq!(number("0.00", -0.001), "0.00");
        assert_eq!(number("000", 7.0), "007");
        assert_eq!(number("0.0 km", -3.25), "-3.2 km");
        assert_eq!(number("0%", 0.42), "42%");
    }

    #[test]
    fn date_patterns_write_the_parts_asked_for() {
        let noon = "2024-03-09T14:05:06Z";
        assert_eq!(
            date("dd/MM/yyyy HH:mm:ss", noon).as_deref(),
            Some("09/03/2024 14:05:06")
        );
        assert_eq!(
            date("d MMM yy 'à' h a", noon).as_deref(),
            Some("9 Mar 24 à 2 PM")
        );
        assert_eq!(date("yyyy", "no date"), None);
    }
}
