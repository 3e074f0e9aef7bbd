//! What stored values mean, as our values.

use crate::feature::{FieldType, Value};
use crate::parquet::{Cell, Leaf, Logical, Physical, Unit};

/// 1970-01-01 as old files count days.
const JULIAN_EPOCH: i64 = 2_440_588;

/// What the values of a column mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Bool,
    Integer,
    Long,
    Unsigned,
    Number,
    Text,
    Json,
    Binary,
    Date,
    Time(Unit),
    Instant {
        unit: Unit,
        is_utc: bool,
    },
    /// Nanoseconds of a Julian day.
    OldInstant,
    Decimal {
        scale: i32,
    },
    Uuid,
    Half,
}

/// A value, and what had to be done to it.
#[derive(Debug, PartialEq)]
pub struct Read<'v> {
    pub value: Value<'v>,
    pub note: Option<&'static str>,
}

impl Meaning {
    /// What the values of a column mean; `None` where that is nothing we have.
    pub fn of(leaf: &Leaf) -> Option<Meaning> {
        use {Logical as L, Physical as P};
        Some(match (leaf.physical, leaf.logical) {
            (P::Bool, L::Plain) => Meaning::Bool,
            (P::I32, L::Plain) => Meaning::Integer,
            (P::I64, L::Plain) => Meaning::Long,
            (P::I32 | P::I64, L::Unsigned) => Meaning::Unsigned,
            (P::F32 | P::F64, L::Plain) => Meaning::Number,
            (P::Bytes, L::Text) => Meaning::Text,
            (P::Bytes, L::Json) => Meaning::Json,
            (P::Bytes | P::Fixed(_), L::Plain | L::Geometry) => Meaning::Binary,
            (P::I32, L::Date) => Meaning::Date,
            (P::I32 | P::I64, L::Time(unit)) => Meaning::Time(unit),
            (P::I64, L::Timestamp { unit, is_utc }) => Meaning::Instant { unit, is_utc },
            (P::I96, _) => Meaning::OldInstant,
            (P::I32 | P::I64 | P::Bytes | P::Fixed(_), L::Decimal { scale }) => {
                Meaning::Decimal { scale }
            }
            (P::Fixed(16), L::Uuid) => Meaning::Uuid,
            (P::Fixed(2), L::Float16) => Meaning::Half,
            _ => return None,
        })
    }

    /// The type of a field of such values.
    pub fn kind(self) -> FieldType {
        match self {
            Meaning::Bool => FieldType::Bool,
            Meaning::Integer => FieldType::Integer,
            Meaning::Long | Meaning::Unsigned => FieldType::Long,
            Meaning::Number | Meaning::Decimal { .. } | Meaning::Half => FieldType::Float,
            Meaning::Text | Meaning::Time(_) | Meaning::Uuid => FieldType::Text,
            Meaning::Json => FieldType::Json,
            Meaning::Binary => FieldType::Binary,
            Meaning::Date => FieldType::Date,
            Meaning::Instant { .. } | Meaning::OldInstant => FieldType::DateTime,
        }
    }

    /// A stored value as ours; `room` is empty, and holds a text that had to be made.
    pub fn value<'v>(self, cell: Cell<'v>, room: &'v mut String) -> Read<'v> {
        let plain = |value| Read { value, note: None };
        let whole = match cell {
            Cell::I32(value) => Some(i64::from(value)),
            Cell::I64(value) => Some(value),
            _ => None,
        };
        match (self, cell, whole) {
            (_, Cell::Null, _) => plain(Value::Null),
            (Meaning::Bool, Cell::Bool(value), _) => plain(Value::Bool(value)),
            (Meaning::Integer | Meaning::Long, _, Some(value)) => plain(Value::Int(value)),
            (Meaning::Unsigned, Cell::I32(value), _) => {
                plain(Value::Int(value.cast_unsigned().into()))
            }
            (Meaning::Unsigned, Cell::I64(value), _) => match value {
                0.. => plain(Value::Int(value)),
                _ => plain(Value::UInt(value.cast_unsigned())),
            },
            (Meaning::Number, Cell::F32(value), _) => plain(Value::Float(value.into())),
            (Meaning::Number, Cell::F64(value), _) => plain(Value::Float(value)),
            (Meaning::Text, Cell::Bytes(bytes), _) => text(bytes, room, Value::Text),
            (Meaning::Json, Cell::Bytes(bytes), _) => text(bytes, room, Value::Json),
            (Meaning::Binary, Cell::Bytes(bytes), _) => plain(Value::Binary(bytes)),
            (Meaning::Date, _, Some(days)) => made(day(days), room, Value::Text),
            (Meaning::Time(unit), _, Some(since)) => made(time(since, unit), room, Value::Text),
            (Meaning::Instant { unit, is_utc }, _, Some(since)) => made(
                instant(nanoseconds(since, unit), is_utc),
                room,
                Value::DateTime,
            ),
            (Meaning::OldInstant, Cell::I96(bytes), _) => {
                made(instant(old(bytes), false), room, Value::DateTime)
            }
            (Meaning::Decimal { scale }, Cell::Bytes(bytes), _) => match big(bytes) {
                Some(whole) => plain(Value::Float(scaled(whole, scale))),
                None => plain(Value::Null),
            },
            (Meaning::Decimal { scale }, _, Some(whole)) => {
                plain(Value::Float(scaled(whole.into(), scale)))
            }
            (Meaning::Uuid, Cell::Bytes(bytes), _) => made(Some(uuid(bytes)), room, Value::Text),
            (Meaning::Half, Cell::Bytes([low, high]), _) => {
                plain(Value::Float(half(u16::from_le_bytes([*low, *high]))))
            }
            _ => plain(Value::Null),
        }
    }
}

fn text<'v>(bytes: &'v [u8], room: &'v mut String, of: fn(&'v str) -> Value<'v>) -> Read<'v> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Read {
            value: of(text),
            note: None,
        },
        Err(_) => {
            room.push_str(&String::from_utf8_lossy(bytes));
            Read {
                value: of(room),
                note: Some("text that is not UTF-8 read as well as may be"),
            }
        }
    }
}

fn made<'v>(text: Option<String>, room: &'v mut String, of: fn(&'v str) -> Value<'v>) -> Read<'v> {
    match text {
        Some(text) => {
            *room = text;
            Read {
                value: of(room),
                note: None,
            }
        }
        None => Read {
            value: Value::Null,
            note: Some("a date or time beyond the years -9999 to 9999 left out"),
        },
    }
}

fn day(days: i64) -> Option<String> {
    let epoch = jiff::civil::date(1970, 1, 1);
    let span = jiff::Span::new().try_days(days).ok()?;
    Some(epoch.checked_add(span).ok()?.to_string())
}

fn nanoseconds(since: i64, unit: Unit) -> i128 {
    let step = match unit {
        Unit::Millis => 1_000_000,
        Unit::Micros => 1_000,
        Unit::Nanos => 1,
    };
    i128::from(since) * step
}

fn time(since: i64, unit: Unit) -> Option<String> {
    let nanos = i64::try_from(nanoseconds(since, unit)).ok()?;
    let span = jiff::Span::new().try_nanoseconds(nanos).ok()?;
    let at = jiff::civil::Time::midnight().checked_add(span).ok()?;
    Some(at.to_string())
}

fn instant(nanos: i128, is_utc: bool) -> Option<String> {
    let at = jiff::Timestamp::from_nanosecond(nanos).ok()?;
    let text = at.to_string();
    Some(match is_utc {
        true => text,
        false => text.trim_end_matches('Z').to_owned(),
    })
}

/// Nanoseconds since 1970 of nanoseconds of a Julian day.
fn old(bytes: [u8; 12]) -> i128 {
    let [a, b, c, d, e, f, g, h, days @ ..] = bytes;
    let nanos = i64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let days = i64::from(i32::from_le_bytes(days)) - JULIAN_EPOCH;
    i128::from(days) * 86_400_000_000_000 + i128::from(nanos)
}

/// A whole number, the highest byte first; `None` where it has more than 128 bits.
fn big(bytes: &[u8]) -> Option<i128> {
    let start = match bytes.first() {
        Some(0x80..) => -1,
        _ => 0,
    };
    let sum = |sum: i128, byte: &u8| sum << 8 | i128::from(*byte);
    (bytes.len() <= 16).then(|| bytes.iter().fold(start, sum))
}

/// Read as text is, so that 0.1 is the number nearest to it.
fn scaled(whole: i128, scale: i32) -> f64 {
    let text = format!("{whole}e{}", scale.saturating_neg());
    text.parse().unwrap_or(f64::NAN)
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (byte, nth) in bytes.iter().zip(0..) {
        if matches!(nth, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// A number of 16 bits (IEEE 754 binary16).
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    sign * match exponent {
        0 => fraction * 2_f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction) * 2_f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(meaning: Meaning, cell: Cell<'_>) -> String {
        let mut room = String::new();
        format!("{:?}", meaning.value(cell, &mut room).value)
    }

    #[test]
    fn values_of_rare_types_are_what_they_mean() {
        let nanos = Meaning::Instant {
            unit: Unit::Nanos,
            is_utc: false,
        };
        let micros = Meaning::Instant {
            unit: Unit::Micros,
            is_utc: true,
        };
        let decimal = Meaning::Decimal { scale: 2 };
        let mut old = [0; 12];
        old[8..].copy_from_slice(&2_460_370_i32.to_le_bytes());
        for (meaning, cell, expected) in [
            (Meaning::Date, Cell::I32(19_782), "Text(\"2024-02-29\")"),
            (Meaning::Date, Cell::I32(i32::MAX), "Null"),
            (
                Meaning::Time(Unit::Millis),
                Cell::I32(3_723_004),
                "Text(\"01:02:03.004\")",
            ),
            (Meaning::Time(Unit::Nanos), Cell::I64(i64::MAX), "Null"),
            (
                micros,
                Cell::I64(-1),
                "DateTime(\"1969-12-31T23:59:59.999999Z\")",
            ),
            (micros, Cell::I64(i64::MIN), "Null"),
            (
                nanos,
                Cell::I64(1_000_000_000),
                "DateTime(\"1970-01-01T00:00:01\")",
            ),
            (
                Meaning::OldInstant,
                Cell::I96(old),
                "DateTime(\"2024-02-29T00:00:00\")",
            ),
            (decimal, Cell::I32(-10), "Float(-0.1)"),
            (decimal, Cell::Bytes(&[0xff, 0x85]), "Float(-1.23)"),
            (decimal, Cell::Bytes(&[1; 17]), "Null"),
            (Meaning::Unsigned, Cell::I32(-1), "Int(4294967295)"),
            (
                Meaning::Unsigned,
                Cell::I64(-1),
                "UInt(18446744073709551615)",
            ),
            (Meaning::Half, Cell::Bytes(&[0x00, 0xc0]), "Float(-2.0)"),
            (
                Meaning::Half,
                Cell::Bytes(&[0x01, 0x00]),
                "Float(5.960464477539063e-8)",
            ),
            (Meaning::Text, Cell::Bytes(b"\xe9"), "Text(\"\u{fffd}\")"),
            // what the column's type excludes
            (Meaning::Bool, Cell::I32(1), "Null"),
        ] {
            assert_eq!(value(meaning, cell), expected, "{meaning:?} {cell:?}");
        }
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(
            value(Meaning::Uuid, Cell::Bytes(&bytes)),
            "Text(\"00010203-0405-0607-0809-0a0b0c0d0e0f\")"
        );
    }
}
