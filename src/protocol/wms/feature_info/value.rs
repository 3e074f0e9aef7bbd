use crate::catalogue::LayerField;
use crate::feature::{FieldType, OwnedValue, Value};

/// A value as a person reads it: with the decimals and the unit of its field, and the decimal
/// comma and narrow spaces of French where it has a unit or decimals. Codes and years have
/// neither, and stay as they are.
pub fn shown_value(field: &LayerField, value: &OwnedValue, language: &str) -> String {
    let value = value.as_value();
    let number = match value {
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => value.as_f64(),
        _ => None,
    };
    let is_quantity = field.unit.is_some() || field.decimals.is_some();
    let mut shown = match number {
        Some(number) if is_quantity && number.is_finite() => {
            grouped(number, field.decimals, language)
        }
        _ if field.kind == FieldType::Bool && !value.is_null() => {
            match (value.to_text().as_ref(), language) {
                ("true", "fr") => "oui".to_owned(),
                ("false", "fr") => "non".to_owned(),
                ("true", _) => "yes".to_owned(),
                _ => "no".to_owned(),
            }
        }
        _ => value.to_text().into_owned(),
    };
    if let (Some(unit), false) = (&field.unit, shown.is_empty()) {
        shown.push('\u{A0}');
        shown.push_str(unit);
    }
    shown
}

/// A number with its thousands set apart: `12 345,6` in French, `12,345.6` else.
fn grouped(number: f64, decimals: Option<u8>, language: &str) -> String {
    let plain = match decimals {
        Some(decimals) => format!("{number:.*}", usize::from(decimals.min(12))),
        None => number.to_string(),
    };
    let (thousands, point) = match language {
        "fr" => ('\u{202F}', ','),
        _ => (',', '.'),
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    // what rounds to nothing has no sign
    let is_zero = !plain.contains(|c: char| c.is_ascii_digit() && c != '0');
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) if is_zero => ("", digits),
        Some(digits) => ("-", digits),
        None => ("", whole),
    };
    let mut out = sign.to_owned();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(thousands);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(point);
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_as_the_reader_writes_them() {
        assert_eq!(
            grouped(1_234_567.891, Some(1), "fr"),
            "1\u{202F}234\u{202F}567,9"
        );
        assert_eq!(grouped(-1234.0, None, "en"), "-1,234");
        assert_eq!(grouped(12.5, None, "en"), "12.5");
        assert_eq!(grouped(-0.04, Some(1), "fr"), "0,0");
        assert_eq!(grouped(-0.05, Some(2), "fr"), "-0,05");
    }
}
