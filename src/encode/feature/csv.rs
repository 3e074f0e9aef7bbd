//! CSV (RFC 4180), as programs read it and as a French Excel opens it with a double click.
//!
//! The first column is the feature's id, then the fields; geometry stands at the end: as `x` and
//! `y` (`longitude`, `latitude`) in a layer of points, else as well-known text in `WKT`, the name
//! that GDAL and QGIS look for. Text is in quotes, so that `""` is empty text and nothing at all
//! is null. Bytes are base64, instants without a zone are UTC.
//!
//! # Formula injection
//! A spreadsheet takes text that begins with `= + - @` for a formula, which may call programs or
//! send data away. [`CsvDialect::guards_formulas`] puts an apostrophe before such text: it is on
//! in the dialect for spreadsheets, and off in the one for programs, whose text is exact.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{FeatureId, FeatureRow, FeatureSet, FeatureWriter, Rest};
use crate::encode::date_time::rfc_3339;
use crate::encode::ink::{push_float, push_number, push_whole};
use crate::encode::simple_features::push_wkt;
use crate::error::Result;
use crate::feature::{FieldType, Value};
use crate::geom::{Coord, Geometry, GeometryType};

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CsvDialect {
    /// Between two values: a comma, a semicolon or a tab.
    pub separator: char,
    /// A byte order mark before everything: without it Excel does not see UTF-8.
    pub has_bom: bool,
    /// `,` before the decimals of numbers.
    pub decimal_comma: bool,
    pub guards_formulas: bool,
    pub geometry: CsvGeometry,
}

/// What is written of geometries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CsvGeometry {
    /// Two columns for layers of points, text for others.
    Auto,
    /// Well-known text.
    Wkt,
    None,
}

impl CsvDialect {
    /// For programs: commas, points, exact text.
    pub const PLAIN: CsvDialect = CsvDialect {
        separator: ',',
        has_bom: false,
        decimal_comma: false,
        guards_formulas: false,
        geometry: CsvGeometry::Auto,
    };

    /// For spreadsheets in French: semicolons, decimal commas, a byte order mark.
    pub const FRENCH: CsvDialect = CsvDialect {
        separator: ';',
        has_bom: true,
        decimal_comma: true,
        guards_formulas: true,
        geometry: CsvGeometry::Auto,
    };
}

/// Writes a table with a line of names.
#[derive(Debug)]
pub struct CsvWriter {
    set: FeatureSet,
    dialect: CsvDialect,
    place: Place,
    /// The line that is written: kept for its memory.
    line: String,
}

/// Where positions go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Nowhere,
    TwoColumns,
    Text,
}

impl CsvWriter {
    pub fn new(set: FeatureSet, dialect: CsvDialect) -> CsvWriter {
        let place = match (set.geometry, dialect.geometry) {
            (None, _) | (_, CsvGeometry::None) => Place::Nowhere,
            (Some(GeometryType::Point), CsvGeometry::Auto) => Place::TwoColumns,
            _ => Place::Text,
        };
        CsvWriter {
            set,
            dialect,
            place,
            line: String::new(),
        }
    }

    /// The names of the columns that are no fields, none of which is the name of a field.
    fn name(&self, wanted: &str) -> String {
        let is_taken = |name: &str| {
            let fields = &self.set.fields;
            fields.iter().any(|f| f.name.eq_ignore_ascii_case(name))
        };
        let mut name = wanted.to_owned();
        while is_taken(&name) {
            name.insert_str(0, "feature_");
        }
        name
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        self.line.push_str("\r\n");
        out.extend_from_slice(self.line.as_bytes());
        self.line.clear();
    }
}

impl FeatureWriter for CsvWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.dialect.has_bom {
            out.extend_from_slice("\u{FEFF}".as_bytes());
        }
        let mut names = vec![self.name("id")];
        names.extend(self.set.fields.iter().map(|field| field.name.clone()));
        let geometry: &[&str] = match self.place {
            Place::Nowhere => &[],
            Place::Text => &["WKT"],
            Place::TwoColumns if self.set.is_geographic() => &["longitude", "latitude"],
            Place::TwoColumns => &["x", "y"],
        };
        names.extend(geometry.iter().map(|name| self.name(name)));
        for (name, i) in names.iter().zip(0..) {
            if i > 0 {
                self.line.push(self.dialect.separator);
            }
            push_name(&mut self.line, name, self.dialect);
        }
        self.end_line(out);
        Ok(())
    }

    fn feature(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        let dialect = self.dialect;
        let line = &mut self.line;
        match row.id {
            FeatureId::Integer(id) => push_whole(line, id),
            FeatureId::Text(id) => push_text(line, id, dialect),
            id => push_text(line, &id.to_string(), dialect),
        }
        for field in &self.set.fields {
            line.push(dialect.separator);
            push_value(line, &row.feature.value(field.column), field.kind, dialect);
        }
        let decimals = self.set.decimals();
        match self.place {
            Place::Nowhere => {}
            Place::TwoColumns => {
                let position = row.geometry.and_then(single_position);
                for axis in 0..2 {
                    line.push(dialect.separator);
                    if let Some(number) = position.and_then(|p| p.get(axis).copied()) {
                        let start = line.len();
                        push_number(line, number, decimals);
                        localize(line, start, dialect);
                    }
                }
            }
            Place::Text => {
                line.push(dialect.separator);
                if let Some(geometry) = row.geometry {
                    line.push('"');
                    push_wkt(line, geometry, decimals);
                    line.push('"');
                }
            }
        }
        self.end_line(out);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<Rest> {
        Ok(Rest::Done)
    }
}

/// The only position of a geometry; `None` where there are several, which two columns can't hold.
fn single_position(geometry: &Geometry) -> Option<Coord> {
    match geometry.coords() {
        [position] => Some(*position),
        _ => None,
    }
}

/// A name is in quotes only where it must be.
fn push_name(line: &mut String, name: &str, dialect: CsvDialect) {
    let is_plain = |c: char| c != dialect.separator && !matches!(c, '"' | '\r' | '\n' | ' ');
    // Excel takes a file that begins with ID for one of another format
    if name.chars().all(is_plain) && name != "ID" && !is_formula(name) {
        line.push_str(name);
    } else {
        push_text(line, name, dialect);
    }
}

fn push_value(line: &mut String, value: &Value<'_>, kind: FieldType, dialect: CsvDialect) {
    match value {
        Value::Null => {}
        Value::Bool(b) => line.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => push_whole(line, *i),
        Value::UInt(u) => line.push_str(&u.to_string()),
        Value::Float(f) if !f.is_finite() => {}
        Value::Float(f) => {
            let start = line.len();
            push_float(line, *f);
            localize(line, start, dialect);
        }
        Value::Text(text) | Value::Json(text) => push_text(line, text, dialect),
        Value::DateTime(text) => {
            let text = rfc_3339(text, kind);
            let is_plain = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'T' | b'Z');
            match text.bytes().all(is_plain) && !is_formula(&text) {
                true => line.push_str(&text),
                false => push_text(line, &text, dialect),
            }
        }
        Value::Binary(bytes) => BASE64_STANDARD.encode_string(bytes, line),
    }
}

/// Gives the number that ends the line, from `start` on, the dialect's decimal separator.
fn localize(line: &mut String, start: usize, dialect: CsvDialect) {
    if !dialect.decimal_comma {
        return;
    }
    if let Some(point) = line.get(start..).and_then(|number| number.find('.')) {
        line.replace_range(start + point..=start + point, ",");
    }
}

/// What a spreadsheet may take for a formula (OWASP, CSV Injection).
fn is_formula(text: &str) -> bool {
    text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}',
    ])
}

/// Appends text in quotes.
fn push_text(line: &mut String, text: &str, dialect: CsvDialect) {
    line.push('"');
    if dialect.guards_formulas && is_formula(text) {
        line.push('\'');
    }
    let mut parts = text.split('"');
    line.push_str(parts.next().unwrap_or_default());
    for part in parts {
        line.push_str("\"\"");
        line.push_str(part);
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: Value<'_>, kind: FieldType, dialect: CsvDialect) -> String {
        let mut line = String::new();
        push_value(&mut line, &value, kind, dialect);
        line
    }

    #[test]
    fn null_is_nothing_and_empty_text_is_quotes() {
        let of = |value| text(value, FieldType::Text, CsvDialect::PLAIN);
        assert_eq!(of(Value::Null), "");
        assert_eq!(of(Value::Text("")), "\"\"");
        assert_eq!(of(Value::Text("dit \"Bé\"\n;,")), "\"dit \"\"Bé\"\"\n;,\"");
        assert_eq!(of(Value::Binary(&[0, 255])), "AP8=");
    }

    #[test]
    fn numbers_follow_the_dialect() {
        let of = |value| text(value, FieldType::Float, CsvDialect::FRENCH);
        assert_eq!(of(Value::Float(-1234.5)), "-1234,5");
        assert_eq!(of(Value::Float(1e300)), "1e300");
        assert_eq!(of(Value::Float(f64::NAN)), "");
        assert_eq!(of(Value::Int(-7)), "-7");
        assert_eq!(
            text(Value::Float(0.5), FieldType::Float, CsvDialect::PLAIN),
            "0.5"
        );
    }

    #[test]
    fn text_that_a_spreadsheet_would_run_is_guarded_where_spreadsheets_read() {
        for formula in ["=1+1", "+33", "-x", "@SUM(A1)", "\t=1", "\r=1"] {
            let of = |dialect| text(Value::Text(formula), FieldType::Text, dialect);
            assert_eq!(of(CsvDialect::FRENCH), format!("\"'{formula}\""));
            assert_eq!(of(CsvDialect::PLAIN), format!("\"{formula}\""));
        }
        let date = text(
            Value::DateTime("=1"),
            FieldType::DateTime,
            CsvDialect::FRENCH,
        );
        assert_eq!(date, "\"'=1\"");
    }
}
