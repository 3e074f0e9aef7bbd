//! The table of a shapefile: dBASE III to Visual FoxPro, as far as GIS tools write it.

use std::fs::File;
use std::io::{BufReader, Read};

use crate::feature::{FieldType, Value};
use crate::import::source::Declared;
use crate::import::text::Texts;

/// Rows and columns, read one after the other.
pub struct Table {
    input: BufReader<File>,
    pub columns: Vec<DbfColumn>,
    /// Rows that the head announces.
    pub rows: u32,
    /// Bytes of a row.
    row: Vec<u8>,
    /// The mark of the code page; 0 where there is none.
    pub language: u8,
}

/// A column.
#[derive(Debug, Clone)]
pub struct DbfColumn {
    /// As stored.
    pub name: Vec<u8>,
    kind: u8,
    at: usize,
    size: usize,
    decimals: u8,
}

/// What became of a row.
#[derive(Debug, PartialEq, Eq)]
pub enum Row {
    Whole,
    /// Marked as deleted.
    Deleted,
    /// There are no more.
    End,
}

impl Table {
    /// # Errors
    /// Why this is no .dbf, in words.
    pub fn open(file: File) -> Result<Table, String> {
        let mut input = BufReader::with_capacity(256 << 10, file);
        let mut head = [0; 32];
        input
            .read_exact(&mut head)
            .map_err(|_| "expected a .dbf, found a file of less than 32 bytes".to_owned())?;
        let [_, _, _, _, r0, r1, r2, r3, h0, h1, s0, s1, ..] = head;
        let language = head.get(29).copied().unwrap_or(0);
        let head_size = usize::from(u16::from_le_bytes([h0, h1]));
        let row_size = usize::from(u16::from_le_bytes([s0, s1]));
        let rest = head_size.checked_sub(32).ok_or_else(|| {
            format!("expected a head of 32 bytes or more in the .dbf, found {head_size}")
        })?;
        let mut described = vec![0; rest];
        input
            .read_exact(&mut described)
            .map_err(|_| "the .dbf is cut in its head".to_owned())?;
        let mut columns = Vec::new();
        // the first byte of a row says whether it is deleted
        let mut at = 1_usize;
        let (entries, _) = described.as_chunks::<32>();
        for entry in entries {
            if entry.first().is_none_or(|byte| matches!(byte, 0x0d | 0)) {
                break;
            }
            let [.., kind, _, _, _, _, size, decimals] =
                entry.first_chunk::<18>().unwrap_or(&[0; 18]);
            let stored = entry.get(..11).unwrap_or_default();
            let name = stored.split(|byte| *byte == 0).next().unwrap_or_default();
            let mut size = usize::from(*size);
            let mut decimals = *decimals;
            if *kind == b'C' {
                // long texts keep the rest of their size there
                size += usize::from(decimals) << 8;
                decimals = 0;
            }
            columns.push(DbfColumn {
                name: name.to_vec(),
                kind: *kind,
                at,
                size,
                decimals,
            });
            at = at.saturating_add(size);
        }
        if at > row_size {
            return Err(format!(
                "the columns of the .dbf take {at} bytes, its rows have {row_size}"
            ));
        }
        Ok(Table {
            input,
            columns,
            rows: u32::from_le_bytes([r0, r1, r2, r3]),
            row: vec![0; row_size],
            language,
        })
    }

    /// Reads the next row.
    pub fn next(&mut self) -> Row {
        if self.row.is_empty() || self.input.read_exact(&mut self.row).is_err() {
            return Row::End;
        }
        match self.row.first() {
            Some(b'*') => Row::Deleted,
            // the mark of the end
            Some(0x1a) => Row::End,
            _ => Row::Whole,
        }
    }

    /// Calls `visit` with the number and the value of each column that has one in the current row.
    pub fn values(&self, texts: &Texts, visit: &mut dyn FnMut(u16, Value<'_>)) {
        for (column, nth) in self.columns.iter().zip(0_u16..) {
            let end = column.at.saturating_add(column.size);
            let bytes = self.row.get(column.at..end).unwrap_or_default();
            column.value(bytes, texts, &mut |value| visit(nth, value));
        }
    }
}

impl DbfColumn {
    /// The type, as other tools understand the widths.
    pub fn declared(&self) -> Declared {
        Declared::Type(match self.kind {
            b'N' if self.decimals == 0 && self.size < 10 => FieldType::Integer,
            b'N' if self.decimals == 0 && self.size < 19 => FieldType::Long,
            b'N' | b'F' | b'B' | b'O' | b'Y' => FieldType::Float,
            b'I' | b'+' => FieldType::Integer,
            b'L' => FieldType::Bool,
            b'D' => FieldType::Date,
            b'T' | b'@' => FieldType::DateTime,
            _ => FieldType::Text,
        })
    }

    /// True where the values lie in a file of their own.
    pub fn is_memo(&self) -> bool {
        matches!(self.kind, b'M' | b'G' | b'P')
    }

    fn value(&self, bytes: &[u8], texts: &Texts, visit: &mut dyn FnMut(Value<'_>)) {
        let plain = bytes.trim_ascii();
        let text = || std::str::from_utf8(plain).unwrap_or_default();
        match self.kind {
            b'N' | b'F' => {
                // a number that did not fit is written as stars
                let text = text();
                if let Ok(whole) = text.parse::<i64>() {
                    visit(Value::Int(whole));
                } else if let Some(number) = text
                    .replacen(',', ".", 1)
                    .parse()
                    .ok()
                    .filter(|n: &f64| n.is_finite())
                {
                    visit(Value::Float(number));
                }
            }
            b'L' => match plain {
                b"T" | b"t" | b"Y" | b"y" => visit(Value::Bool(true)),
                b"F" | b"f" | b"N" | b"n" => visit(Value::Bool(false)),
                _ => {}
            },
            b'D' => {
                if let Some((year, month, day)) = parts_of_date(text()) {
                    visit(Value::Text(&format!("{year}-{month}-{day}")));
                }
            }
            b'I' | b'+' => {
                if let Some(bytes) = bytes.first_chunk() {
                    visit(Value::Int(i32::from_le_bytes(*bytes).into()));
                }
            }
            b'B' | b'O' if self.size == 8 => {
                if let Some(bytes) = bytes.first_chunk() {
                    visit(Value::Float(f64::from_le_bytes(*bytes)));
                }
            }
            b'T' | b'@' => {
                if let Some(moment) = moment(bytes) {
                    visit(Value::Text(&moment));
                }
            }
            _ if self.is_memo() => {}
            _ => {
                let end = bytes
                    .iter()
                    .position(|byte| *byte == 0)
                    .unwrap_or(bytes.len());
                let (text, _) = texts.decode(bytes.get(..end).unwrap_or_default().trim_ascii_end());
                let text = text.trim();
                if !text.is_empty() {
                    visit(Value::Text(text));
                }
            }
        }
    }
}

fn parts_of_date(text: &str) -> Option<(&str, &str, &str)> {
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    let is_date = day.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()) && text != "00000000";
    is_date.then_some((year, month, day))
}

/// A day of the Julian count and milliseconds, as Visual FoxPro writes.
fn moment(bytes: &[u8]) -> Option<String> {
    let (day, rest) = bytes.split_first_chunk::<4>()?;
    let milliseconds = rest.first_chunk::<4>()?;
    let day = i64::from(u32::from_le_bytes(*day));
    let milliseconds = i64::from(u32::from_le_bytes(*milliseconds));
    // 1 January 1970 is day 2,440,588
    let days = day.checked_sub(2_440_588).filter(|_| day > 0)?;
    let seconds = days.checked_mul(86_400)?.checked_add(milliseconds / 1000)?;
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(
        time.to_zoned(jiff::tz::TimeZone::UTC)
            .datetime()
            .to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: u8, size: usize, decimals: u8) -> DbfColumn {
        DbfColumn {
            name: b"x".to_vec(),
            kind,
            at: 1,
            size,
            decimals,
        }
    }

    fn value(kind: u8, bytes: &[u8]) -> String {
        let mut found = "none".to_owned();
        column(kind, bytes.len(), 0)
            .value(bytes, &Texts::Guessed, &mut |v| found = format!("{v:?}"));
        found
    }

    #[test]
    fn values_of_every_type_are_read() {
        for (kind, bytes, expected) in [
            (b'N', &b"   12"[..], "Int(12)"),
            (b'N', b" 1.50", "Float(1.5)"),
            (b'N', b"*****", "none"),
            (b'N', b"     ", "none"),
            (b'F', b"1e3", "Float(1000.0)"),
            (b'C', b"01906   ", "Text(\"01906\")"),
            (b'C', b"\xc9vian\0xx", "Text(\"Évian\")"),
            (b'C', b"    ", "none"),
            (b'L', b"T", "Bool(true)"),
            (b'L', b"?", "none"),
            (b'D', b"20240229", "Text(\"2024-02-29\")"),
            (b'D', b"00000000", "none"),
            (b'D', b"        ", "none"),
            (b'I', &[1, 0, 0, 0], "Int(1)"),
            (b'O', &1.5_f64.to_le_bytes(), "Float(1.5)"),
            (
                b'T',
                &[0x8c, 0x3d, 0x25, 0, 0xe8, 3, 0, 0],
                "Text(\"1970-01-01T00:00:01\")",
            ),
            (b'M', b"0000000001", "none"),
        ] {
            assert_eq!(value(kind, bytes), expected, "{}", char::from(kind));
        }
    }

    #[test]
    fn widths_say_the_type_as_other_tools_understand_them() {
        for (kind, size, decimals, expected) in [
            (b'N', 9, 0, FieldType::Integer),
            (b'N', 10, 0, FieldType::Long),
            (b'N', 20, 0, FieldType::Float),
            (b'N', 10, 2, FieldType::Float),
            (b'C', 5, 0, FieldType::Text),
        ] {
            assert_eq!(
                column(kind, size, decimals).declared(),
                Declared::Type(expected)
            );
        }
    }
}
