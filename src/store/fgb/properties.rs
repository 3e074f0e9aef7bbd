//! The property bytes of a feature: `(column number u16, value)` one after the other, numbers
//! little-endian, text and binary behind their length in 32 bits.

use std::cell::{OnceCell, RefCell};

use crate::feature::{FieldType, Value};
use crate::store::fgb::table::{Damage, Sound, array_at, u16_at, u32_at};

/// The type of a column as FlatGeobuf stores it (header.fbs, ColumnType).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    Byte,
    UByte,
    Bool,
    Short,
    UShort,
    Int,
    UInt,
    Long,
    ULong,
    Float,
    Double,
    String,
    Json,
    DateTime,
    Binary,
}

impl Stored {
    const ALL: [Stored; 15] = [
        Stored::Byte,
        Stored::UByte,
        Stored::Bool,
        Stored::Short,
        Stored::UShort,
        Stored::Int,
        Stored::UInt,
        Stored::Long,
        Stored::ULong,
        Stored::Float,
        Stored::Double,
        Stored::String,
        Stored::Json,
        Stored::DateTime,
        Stored::Binary,
    ];

    pub(super) fn from_code(code: u8) -> Option<Stored> {
        Stored::ALL.get(usize::from(code)).copied()
    }

    pub(super) fn kind(self) -> FieldType {
        match self {
            Stored::Bool => FieldType::Bool,
            Stored::Byte | Stored::UByte | Stored::Short | Stored::UShort | Stored::Int => {
                FieldType::Integer
            }
            Stored::UInt | Stored::Long | Stored::ULong => FieldType::Long,
            Stored::Float | Stored::Double => FieldType::Float,
            Stored::String => FieldType::Text,
            Stored::Json => FieldType::Json,
            Stored::DateTime => FieldType::DateTime,
            Stored::Binary => FieldType::Binary,
        }
    }

    /// How many bytes a value takes; `None` where they follow a length.
    #[inline]
    fn size(self) -> Option<usize> {
        match self {
            Stored::Byte | Stored::UByte | Stored::Bool => Some(1),
            Stored::Short | Stored::UShort => Some(2),
            Stored::Int | Stored::UInt | Stored::Float => Some(4),
            Stored::Long | Stored::ULong | Stored::Double => Some(8),
            Stored::String | Stored::Json | Stored::DateTime | Stored::Binary => None,
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Stored::String | Stored::Json | Stored::DateTime)
    }
}

/// A column: how it is stored, and whether it holds dates alone (see `FgbStore::open`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub stored: Stored,
    pub is_date: bool,
    /// Times of day alone: what GDAL makes of them has no day.
    pub is_clock: bool,
}

/// No value of that column is stored.
const ABSENT: u32 = u32::MAX;

/// Memory that the features of one visit use one after the other.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// For each column where its value starts, or `ABSENT`.
    positions: Vec<u32>,
    /// Never borrowed for longer than a swap.
    text: RefCell<Vec<u8>>,
}

impl Scratch {
    /// Walks the bytes and remembers where each column's value starts; the first of a column
    /// stored twice counts.
    ///
    /// # Errors
    /// A column that the header does not have, a value that ends after the bytes.
    #[inline]
    pub(super) fn walk(&mut self, bytes: &[u8], columns: &[Column]) -> Sound<()> {
        self.positions.clear();
        self.positions.resize(columns.len(), ABSENT);
        let mut at = 0_usize;
        // A single byte left over is passed over: some writers leave one.
        while at + 1 < bytes.len() {
            let number = u16_at(bytes, at).ok_or(Damage("half a column number"))?;
            at += 2;
            let number = usize::from(number);
            let column = columns
                .get(number)
                .ok_or(Damage("a value of a column that the header does not have"))?;
            if let Some(position) = self.positions.get_mut(number)
                && *position == ABSENT
            {
                *position = u32::try_from(at).map_err(|_| Damage("too many property bytes"))?;
            }
            let end = match column.stored.size() {
                Some(size) => at.checked_add(size),
                None => u32_at(bytes, at).and_then(|length| at.checked_add(4)?.checked_add(length)),
            };
            at = end
                .filter(|end| *end <= bytes.len())
                .ok_or(Damage("a value is longer than the property bytes"))?;
        }
        Ok(())
    }

    /// No column has a value.
    pub(super) fn walk_nothing(&mut self, columns: &[Column]) {
        self.positions.clear();
        self.positions.resize(columns.len(), ABSENT);
    }
}

/// The values of one feature. Numbers are copied out of the mapped bytes; text is lent from a
/// private copy of them, because a `&str` must not change while it is held.
#[derive(Debug)]
pub(super) struct Properties<'a> {
    bytes: &'a [u8],
    columns: &'a [Column],
    scratch: &'a Scratch,
    private: OnceCell<Vec<u8>>,
    repaired: OnceCell<Vec<u8>>,
}

impl Drop for Properties<'_> {
    fn drop(&mut self) {
        if let Some(text) = self.private.take() {
            self.scratch.text.replace(text); // the next feature uses the same memory
        }
    }
}

impl<'a> Properties<'a> {
    /// The values among `bytes` that `scratch` has walked.
    pub(super) fn new(
        bytes: &'a [u8],
        columns: &'a [Column],
        scratch: &'a Scratch,
    ) -> Properties<'a> {
        Properties {
            bytes,
            columns,
            scratch,
            private: OnceCell::new(),
            repaired: OnceCell::new(),
        }
    }

    #[inline]
    pub(super) fn value(&self, column: usize) -> Value<'_> {
        match self.scratch.positions.get(column) {
            None | Some(&ABSENT) => Value::Null,
            Some(position) => self
                .value_at(column, *position as usize)
                .unwrap_or(Value::Null),
        }
    }

    /// Each value in stored order.
    pub(super) fn each(&self, visit: &mut dyn FnMut(usize, Value<'_>)) {
        let mut stored: Vec<(u32, usize)> = self
            .scratch
            .positions
            .iter()
            .zip(0..)
            .filter(|(position, _)| **position != ABSENT)
            .map(|(position, column)| (*position, column))
            .collect();
        if !stored.is_sorted() {
            stored.sort_unstable();
        }
        for (position, column) in stored {
            if let Some(value) = self.value_at(column, position as usize) {
                visit(column, value);
            }
        }
    }

    #[inline]
    fn value_at(&self, column: usize, at: usize) -> Option<Value<'_>> {
        let column = self.columns.get(column)?;
        let bytes = self.bytes;
        Some(match column.stored {
            Stored::Byte => Value::Int(array_at(bytes, at).map(i8::from_le_bytes)?.into()),
            Stored::UByte => Value::Int(array_at(bytes, at).map(u8::from_le_bytes)?.into()),
            Stored::Bool => Value::Bool(*bytes.get(at)? != 0),
            Stored::Short => Value::Int(array_at(bytes, at).map(i16::from_le_bytes)?.into()),
            Stored::UShort => Value::Int(array_at(bytes, at).map(u16::from_le_bytes)?.into()),
            Stored::Int => Value::Int(array_at(bytes, at).map(i32::from_le_bytes)?.into()),
            Stored::UInt => Value::Int(array_at(bytes, at).map(u32::from_le_bytes)?.into()),
            Stored::Long => Value::Int(array_at(bytes, at).map(i64::from_le_bytes)?),
            Stored::ULong => Value::UInt(array_at(bytes, at).map(u64::from_le_bytes)?),
            Stored::Float => Value::Float(array_at(bytes, at).map(f32::from_le_bytes)?.into()),
            Stored::Double => Value::Float(array_at(bytes, at).map(f64::from_le_bytes)?),
            Stored::String => Value::Text(self.text_at(at)?),
            Stored::Json => Value::Json(self.text_at(at)?),
            Stored::DateTime if column.is_date => Value::DateTime(date_of(self.text_at(at)?)),
            Stored::DateTime if column.is_clock => {
                let text = self.text_at(at)?;
                Value::Text(text.strip_prefix(NO_DAY).unwrap_or(text))
            }
            Stored::DateTime => Value::DateTime(self.text_at(at)?),
            Stored::Binary => Value::Binary(slice_at(self.private(), at)?),
        })
    }

    fn private(&self) -> &[u8] {
        self.private.get_or_init(|| {
            let mut copy = self.scratch.text.take();
            copy.clear();
            copy.extend_from_slice(self.bytes);
            copy
        })
    }

    /// Text at a position; bytes that are not UTF-8 come out as question marks.
    fn text_at(&self, at: usize) -> Option<&str> {
        match std::str::from_utf8(slice_at(self.private(), at)?) {
            Ok(text) => Some(text),
            Err(_) => {
                let repaired = self.repaired.get_or_init(|| self.repair());
                std::str::from_utf8(slice_at(repaired, at)?).ok()
            }
        }
    }

    /// The private copy with each byte of text that is not UTF-8 replaced, so that the positions
    /// stay what they are.
    fn repair(&self) -> Vec<u8> {
        let mut copy = self.private().to_vec();
        for (column, position) in self.columns.iter().zip(&self.scratch.positions) {
            let at = *position as usize;
            if !column.stored.is_text() || *position == ABSENT {
                continue;
            }
            let Some(length) = u32_at(&copy, at) else {
                continue;
            };
            let mut text = copy.get_mut(at + 4..).and_then(|b| b.get_mut(..length));
            while let Some(rest) = text {
                let Err(fault) = std::str::from_utf8(rest) else {
                    break;
                };
                let bad = fault.valid_up_to();
                if let Some(byte) = rest.get_mut(bad) {
                    *byte = b'?';
                }
                text = rest.get_mut(bad + 1..);
            }
        }
        copy
    }
}

/// The bytes behind a length.
fn slice_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = u32_at(bytes, at)?;
    bytes.get(at.checked_add(4)?..)?.get(..length)
}

/// What GDAL adds to a date, since FlatGeobuf has only date and time.
const MIDNIGHT: &str = "T00:00:00";

/// The date of a text that has no time of day.
fn date_of(text: &str) -> &str {
    text.strip_suffix(MIDNIGHT).unwrap_or(text)
}

/// What GDAL writes before a time of day: FlatGeobuf has no type for it either.
const NO_DAY: &str = "0000-00-00T";

/// True for a time of day.
pub(super) fn has_no_day(text: &str) -> bool {
    text.starts_with(NO_DAY)
}

/// True for `YYYY-MM-DD`, alone or with a midnight of no zone behind it.
pub(super) fn has_no_time(text: &str) -> bool {
    let date = date_of(text).as_bytes();
    date.len() == 10
        && date.iter().enumerate().all(|(i, byte)| match i {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column {
            stored: Stored::String,
            is_date: false,
            is_clock: false,
        },
        Column {
            stored: Stored::Short,
            is_date: false,
            is_clock: false,
        },
        Column {
            stored: Stored::DateTime,
            is_date: true,
            is_clock: false,
        },
    ];

    #[test]
    fn text_that_is_not_utf8_is_repaired_in_place() {
        let mut bytes = vec![1, 0, 0xfe, 0xff, 0, 0, 6, 0, 0, 0];
        bytes.extend(b"Ch\xe2tel");
        let mut scratch = Scratch::default();
        scratch.walk(&bytes, &COLUMNS).unwrap();
        let properties = Properties::new(&bytes, &COLUMNS, &scratch);
        assert_eq!(properties.value(0), Value::Text("Ch?tel"));
        assert_eq!(properties.value(1), Value::Int(-2));
        assert_eq!(properties.value(2), Value::Null);
        let mut seen = Vec::new();
        properties.each(&mut |column, _| seen.push(column));
        assert_eq!(seen, [1, 0]);
    }

    #[test]
    fn a_walk_past_the_bytes_or_to_an_unknown_column_is_damage() {
        let mut scratch = Scratch::default();
        assert!(scratch.walk(&[0, 0, 5, 0, 0, 0, b'a'], &COLUMNS).is_err());
        assert!(scratch.walk(&[0, 0, 255, 255, 255, 255], &COLUMNS).is_err());
        assert!(scratch.walk(&[3, 0, 1], &COLUMNS).is_err());
        assert!(scratch.walk(&[1, 0], &COLUMNS).is_err());
        assert!(scratch.walk(&[1, 0, 1], &COLUMNS).is_err());
        assert!(scratch.walk(&[], &COLUMNS).is_ok());
        assert!(scratch.walk(&[0], &COLUMNS).is_ok());
    }

    #[test]
    fn a_date_is_ten_characters_or_a_midnight_without_zone() {
        assert!(has_no_time("2024-02-29") && has_no_time("2024-02-29T00:00:00"));
        for text in [
            "2024-02-29T00:00:00Z",
            "2024-02-29T12:00:00",
            "20240229",
            "",
            "2024-02-2x",
        ] {
            assert!(!has_no_time(text), "{text}");
        }
        assert_eq!(date_of("2024-02-29T00:00:00"), "2024-02-29");
    }
}
