//! Dates and numbers as people write them: filters of the templates.

/// A date as people write it: `2026-11-22` is `22/11/2026` in French. What is no date stays.
pub(super) fn day(text: String, is_french: bool) -> String {
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] if is_french && text.len() == 10 => format!("{day}/{month}/{year}"),
        _ => text,
    }
}

/// A whole number with its thousands apart: `4 021`, `4,021`.
pub(super) fn grouped(number: u64, is_french: bool) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(if is_french { '\u{202f}' } else { ',' });
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers_are_written_as_the_language_of_the_page_has_them() {
        assert_eq!(day("2026-11-22".into(), true), "22/11/2026");
        assert_eq!(day("2026-11-22".into(), false), "2026-11-22");
        for other in ["2026", "2026-11", "2026-11-22T10:00:00Z", "hier"] {
            assert_eq!(day(other.into(), true), other);
        }
        for (number, french) in [(0, "0"), (999, "999"), (4021, "4\u{202f}021")] {
            assert_eq!(grouped(number, true), french);
        }
        assert_eq!(grouped(1_234_567, false), "1,234,567");
    }
}
