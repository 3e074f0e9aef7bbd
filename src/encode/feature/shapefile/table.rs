//! The table of a shapefile: dBASE III, its texts in UTF-8 as a `.cpg` beside it says.

use crate::encode::date_time::{day, rfc_3339};
use crate::feature::{FieldType, Value};

/// Bytes of a text.
const MAX_TEXT: usize = 254;

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// At most ten bytes of ASCII.
    pub name: String,
    /// As the layer calls it.
    pub full_name: String,
    pub kind: FieldType,
    /// Bytes of the widest value so far.
    width: usize,
    /// Values that did not fit.
    pub cut: u64,
}

impl Column {
    pub fn new(name: String, full_name: String, kind: FieldType) -> Column {
        // the least widths by which GDAL tells integers of 32 bits from those of 64
        let width = match kind {
            FieldType::Integer => 9,
            FieldType::Long => 18,
            FieldType::Float => 24,
            FieldType::Date => 8,
            _ => 1,
        };
        Column {
            name,
            full_name,
            kind,
            width,
            cut: 0,
        }
    }

    /// The letter of the type.
    fn letter(&self) -> u8 {
        match self.kind {
            FieldType::Bool => b'L',
            FieldType::Integer | FieldType::Long | FieldType::Float => b'N',
            FieldType::Date => b'D',
            _ => b'C',
        }
    }

    /// Appends a value behind its length, and remembers how wide it is.
    pub fn push(&mut self, row: &mut Vec<u8>, value: &Value<'_>) {
        let text = self.text(value);
        let kept = text.floor_char_boundary(MAX_TEXT);
        let kept = text.get(..kept).unwrap_or(&text);
        if kept.len() < text.len() {
            self.cut += 1;
        }
        self.width = self.width.max(kept.len());
        row.push(u8::try_from(kept.len()).unwrap_or(u8::MAX));
        row.extend_from_slice(kept.as_bytes());
    }

    fn text(&mut self, value: &Value<'_>) -> String {
        match (value, self.kind) {
            (Value::Null, FieldType::Bool) => "?".to_owned(),
            (Value::Null, _) => String::new(),
            (Value::Bool(b), _) => (if *b { "T" } else { "F" }).to_owned(),
            (Value::Float(f), _) if !f.is_finite() => String::new(),
            (Value::Float(f), _) => {
                let plain = f.to_string();
                match plain.len() <= 24 {
                    true => plain,
                    false => format!("{f:e}"),
                }
            }
            (Value::DateTime(text), FieldType::Date) => match day(text) {
                Some(day) => day.strftime("%Y%m%d").to_string(),
                None => {
                    self.cut += 1;
                    String::new()
                }
            },
            (Value::DateTime(text), kind) => rfc_3339(text, kind).into_owned(),
            (value, _) => value.to_text().into_owned(),
        }
    }
}

/// Bytes of a record, the mark of a deleted one included.
pub fn record_bytes(columns: &[Column]) -> u64 {
    1 + columns.iter().map(|c| c.width as u64).sum::<u64>()
}

/// The head of a table of so many records; `date` is `YYYY-MM-DD`.
pub fn head(columns: &[Column], count: u64, date: &str) -> Vec<u8> {
    let small = |number: u64| u16::try_from(number).unwrap_or(u16::MAX);
    let date = day(date).unwrap_or(jiff::civil::Date::constant(2000, 1, 1));
    let mut out = vec![
        3,
        u8::try_from(i32::from(date.year()) - 1900).unwrap_or(0),
        date.month().unsigned_abs(),
        date.day().unsigned_abs(),
    ];
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(small(33 + 32 * columns.len() as u64).to_le_bytes());
    out.extend(small(record_bytes(columns)).to_le_bytes());
    out.extend([0; 20]);
    for column in columns {
        let mut name = column.name.clone().into_bytes();
        name.resize(11, 0);
        out.extend(name);
        out.push(column.letter());
        out.extend([0; 4]);
        out.push(u8::try_from(column.width).unwrap_or(u8::MAX));
        out.push(if column.kind == FieldType::Float {
            15
        } else {
            0
        });
        out.extend([0; 14]);
    }
    out.push(0x0D);
    out
}

/// Takes one row, as `push` made it, from the front of `rows`, and appends it as a record; false
/// where there is no whole one.
pub fn push_record(out: &mut Vec<u8>, columns: &[Column], rows: &mut &[u8]) -> bool {
    let start = out.len();
    let mut rest = *rows;
    out.push(b' ');
    for column in columns {
        let value = rest.split_first().and_then(|(length, behind)| {
            let (value, behind) = behind.split_at_checked(usize::from(*length))?;
            rest = behind;
            Some(value)
        });
        let Some(value) = value else {
            out.truncate(start);
            return false;
        };
        let padding = column.width.saturating_sub(value.len());
        let is_right = column.letter() == b'N';
        if is_right {
            out.resize(out.len() + padding, b' ');
        }
        out.extend_from_slice(value);
        if !is_right {
            out.resize(out.len() + padding, b' ');
        }
    }
    *rows = rest;
    true
}
