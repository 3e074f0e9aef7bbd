//! GeoJSON (RFC 7946) geometries and values, written into a `String`.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::date_time::rfc_3339;
use super::simple_features::{is_counterclockwise, part_type, written_type};
use crate::feature::{FieldType, Value};
use crate::geom::{Coord, Geometry, GeometryType, Part};

/// Appends a geometry object in x, y order, with at most `decimals` digits behind the point;
/// `null` for one without positions.
pub fn push_geometry(out: &mut String, geometry: &Geometry, decimals: u8) {
    push_geometry_axes(out, geometry, decimals, false);
}

/// The same, y before x where `is_swapped`. Outer rings run counterclockwise, holes clockwise
/// (RFC 7946 §3.1.6), whatever way they are stored.
pub fn push_geometry_axes(out: &mut String, geometry: &Geometry, decimals: u8, is_swapped: bool) {
    let parts: Vec<Part<'_>> = geometry.parts().collect();
    let kind = written_type(geometry, &parts);
    let mut pen = Pen {
        out,
        decimals,
        is_swapped,
    };
    match (kind, parts.as_slice()) {
        (_, []) => pen.out.push_str("null"),
        (GeometryType::GeometryCollection, parts) => {
            pen.out
                .push_str(r#"{"type":"GeometryCollection","geometries":["#);
            for (i, part) in parts.iter().enumerate() {
                pen.comma(i);
                pen.object(part_type(part), std::slice::from_ref(part));
            }
            pen.out.push_str("]}");
        }
        (kind, parts) => pen.object(kind, parts),
    }
}

/// Where positions are written to, and how.
struct Pen<'a> {
    out: &'a mut String,
    decimals: u8,
    is_swapped: bool,
}

impl Pen<'_> {
    fn object(&mut self, kind: GeometryType, parts: &[Part<'_>]) {
        self.out.push_str(r#"{"type":""#);
        self.out.push_str(kind.name());
        self.out.push_str(r#"","coordinates":"#);
        let mut sequences = parts.iter().flat_map(Part::sequences);
        match kind {
            GeometryType::Point => {
                if let Some(coord) = sequences.flatten().next() {
                    self.position(*coord);
                }
            }
            GeometryType::LineString => self.line(sequences.next().unwrap_or(&[]).iter()),
            GeometryType::MultiPoint => self.line(sequences.flatten()),
            GeometryType::MultiPolygon => {
                self.out.push('[');
                for (i, part) in parts.iter().enumerate() {
                    self.comma(i);
                    self.rings(part);
                }
                self.out.push(']');
            }
            GeometryType::Polygon => {
                for part in parts.iter().take(1) {
                    self.rings(part);
                }
            }
            _ => {
                self.out.push('[');
                for (i, line) in sequences.enumerate() {
                    self.comma(i);
                    self.line(line.iter());
                }
                self.out.push(']');
            }
        }
        self.out.push('}');
    }

    fn rings(&mut self, polygon: &Part<'_>) {
        self.out.push('[');
        for (i, ring) in polygon.sequences().enumerate() {
            self.comma(i);
            if is_counterclockwise(ring) == (i == 0) {
                self.line(ring.iter());
            } else {
                self.line(ring.iter().rev());
            }
        }
        self.out.push(']');
    }

    fn line<'a>(&mut self, line: impl Iterator<Item = &'a Coord>) {
        self.out.push('[');
        for (i, coord) in line.enumerate() {
            self.comma(i);
            self.position(*coord);
        }
        self.out.push(']');
    }

    #[inline]
    fn position(&mut self, [x, y]: Coord) {
        let (first, second) = if self.is_swapped { (y, x) } else { (x, y) };
        self.out.push('[');
        push_number(self.out, first, self.decimals);
        self.out.push(',');
        push_number(self.out, second, self.decimals);
        self.out.push(']');
    }

    #[inline]
    fn comma(&mut self, i: usize) {
        if i > 0 {
            self.out.push(',');
        }
    }
}

/// Appends a number with at most `decimals` digits behind the point and no trailing zeros; what
/// is not finite, which JSON can't hold, is `null`.
pub fn push_number(out: &mut String, value: f64, decimals: u8) {
    const FACTORS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
    let Some(factor) = FACTORS.get(usize::from(decimals)) else {
        return push_float(out, value);
    };
    let scaled = (value * factor).round();
    // whole numbers below 2^53 are exact; the comparison is false for what is not finite
    if scaled.abs() < 9e15 {
        return push_scaled(out, scaled as i64, usize::from(decimals));
    }
    if value.is_finite() {
        // so large that there is nothing behind the point to round
        push_float(out, value);
    } else {
        out.push_str("null");
    }
}

/// Writes `value / 10^decimals` without trailing zeros; `decimals` at most 9.
fn push_scaled(out: &mut String, value: i64, decimals: usize) {
    // 19 digits and a zero before the point
    let mut digits = [b'0'; 24];
    let mut rest = value.unsigned_abs();
    let mut start = digits.len();
    let mut end = digits.len();
    let mut fraction = decimals;
    while fraction > 0 && rest.is_multiple_of(10) {
        rest /= 10;
        fraction -= 1;
    }
    let mut written = 0;
    while rest > 0 || written <= fraction {
        start -= 1;
        if let Some(digit) = digits.get_mut(start) {
            *digit = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        written += 1;
    }
    if value < 0 {
        out.push('-');
    }
    end -= fraction;
    let text = |from: usize, to: usize| {
        digits
            .get(from..to)
            .and_then(|d| std::str::from_utf8(d).ok())
    };
    out.push_str(text(start, end).unwrap_or(""));
    if fraction > 0 {
        out.push('.');
        out.push_str(text(end, digits.len()).unwrap_or(""));
    }
}

/// The shortest digits that read back as the same number; with an exponent where there would be
/// many zeros.
pub fn push_float(out: &mut String, value: f64) {
    let _ = match value.abs() {
        0.0 | 1e-7..1e16 => write!(out, "{value}"),
        _ => write!(out, "{value:e}"),
    };
}

/// Appends a JSON string, quotes included.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    // almost every text is plain, and is copied whole; E2 begins U+2028
    let is_plain = |b: &u8| !matches!(b, 0..=0x1F | b'"' | b'\\' | 0x7F | 0xE2);
    if text.as_bytes().iter().all(is_plain) {
        out.push_str(text);
    } else {
        push_escaped(out, text);
    }
    out.push('"');
}

fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // U+2028 and U+2029 end lines in older JavaScript
            '\0'..='\u{1F}' | '\u{7F}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
}

/// Appends a value as JSON. A whole number of a column of reals keeps its `.0`, so that clients
/// which guess types from the first features see a real; an instant without a zone gets `Z`; bytes
/// are base64; stored JSON is copied where it is valid.
pub fn push_value(out: &mut String, value: &Value<'_>, kind: FieldType) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Binary(bytes) => {
            out.push('"');
            BASE64_STANDARD.encode_string(bytes, out);
            out.push('"');
        }
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => {
            let _ = write!(out, "{i}");
        }
        Value::UInt(u) => {
            let _ = write!(out, "{u}");
        }
        Value::Float(f) if !f.is_finite() => out.push_str("null"),
        Value::Float(f) => {
            let from = out.len();
            push_float(out, *f);
            let looks_whole = |written: &str| !written.contains(['.', 'e']);
            if kind == FieldType::Float && out.get(from..).is_some_and(looks_whole) {
                out.push_str(".0");
            }
        }
        Value::Json(text) => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => out.push_str(text.trim()),
            Err(_) => push_string(out, text),
        },
        Value::Text(text) => push_string(out, text),
        Value::DateTime(text) => push_string(out, &rfc_3339(text, kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::PartKind;
    use proptest::prelude::*;

    fn geojson(geometry: &Geometry) -> String {
        let mut out = String::new();
        push_geometry(&mut out, geometry, 3);
        out
    }

    #[test]
    fn a_polygon_keeps_its_hole_and_a_multipolygon_its_parts() {
        let ring = |g: &mut Geometry, s: f64| {
            g.extend([[0.0, 0.0], [s, 0.0], [s, s], [0.0, 0.0]]);
            g.end_sequence();
        };
        let mut g = Geometry::new(GeometryType::MultiPolygon);
        ring(&mut g, 4.0);
        ring(&mut g, 1.0);
        g.end_part(PartKind::Polygon);
        ring(&mut g, 2.0);
        g.end_part(PartKind::Polygon);
        let read: serde_json::Value = serde_json::from_str(&geojson(&g)).unwrap();
        assert_eq!(read["type"], "MultiPolygon");
        assert_eq!(read["coordinates"][0].as_array().unwrap().len(), 2);
        assert_eq!(read["coordinates"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_point_is_rounded_and_an_empty_geometry_is_null() {
        let mut g = Geometry::new(GeometryType::Point);
        g.push([1.23456, -0.000_01]);
        g.end_part(PartKind::Points);
        assert_eq!(geojson(&g), r#"{"type":"Point","coordinates":[1.235,0]}"#);
        assert_eq!(geojson(&Geometry::new(GeometryType::Point)), "null");
    }

    #[test]
    fn mixed_parts_are_a_collection() {
        let mut g = Geometry::new(GeometryType::Unknown);
        g.push([1.0, 2.0]);
        g.end_part(PartKind::Points);
        g.extend([[0.0, 0.0], [1.0, 1.0]]);
        g.end_part(PartKind::Line);
        let read: serde_json::Value = serde_json::from_str(&geojson(&g)).unwrap();
        assert_eq!(read["geometries"][0]["type"], "Point");
        assert_eq!(read["geometries"][1]["type"], "LineString");
    }

    proptest! {
        #[test]
        fn strings_and_numbers_are_read_back(text in any::<String>(), number in any::<f64>()) {
            let mut out = String::new();
            push_string(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
            let mut out = String::new();
            push_value(&mut out, &Value::Float(number), FieldType::Float);
            let is_json = serde_json::from_str::<serde_json::Value>(&out).is_ok();
            prop_assert!(is_json, "{}", out);
            prop_assert_eq!(out.parse().ok(), number.is_finite().then_some(number));
            prop_assert!(out.len() < 30);
        }
    }
}
