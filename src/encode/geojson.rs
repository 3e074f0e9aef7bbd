//! GeoJSON (RFC 7946) geometries and values.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::date_time::rfc_3339;
use super::ink::{Glue, Ink, Positions, push_float, push_whole};
use super::simple_features::{is_counterclockwise, part_type, written_type};
use crate::feature::{FieldType, Value};
use crate::geom::{Coord, Geometry, GeometryType, Part};

const GLUE: Glue = Glue::new(b',', b"],[");

/// Appends a geometry object in x, y order, with at most `decimals` digits behind the point;
/// `null` for one without positions.
pub fn push_geometry(out: &mut impl Ink, geometry: &Geometry, decimals: u8) {
    push_geometry_axes(out, geometry, decimals, false);
}

/// The same, y before x where `is_swapped`. Outer rings run counterclockwise, holes clockwise
/// (RFC 7946 §3.1.6), whatever way they are stored.
pub fn push_geometry_axes(out: &mut impl Ink, geometry: &Geometry, decimals: u8, is_swapped: bool) {
    let parts: Vec<Part<'_>> = geometry.parts().collect();
    let kind = written_type(geometry, &parts);
    let mut pen = Pen {
        out,
        positions: Positions {
            glue: GLUE,
            decimals,
            is_swapped,
        },
    };
    match (kind, parts.as_slice()) {
        (_, []) => pen.out.put("null"),
        (GeometryType::GeometryCollection, parts) => {
            pen.out
                .put(r#"{"type":"GeometryCollection","geometries":["#);
            for (i, part) in parts.iter().enumerate() {
                pen.comma(i);
                pen.object(part_type(part), std::slice::from_ref(part));
            }
            pen.out.put("]}");
        }
        (kind, parts) => pen.object(kind, parts),
    }
}

/// Where positions are written to, and how.
struct Pen<'a, I> {
    out: &'a mut I,
    positions: Positions,
}

impl<I: Ink> Pen<'_, I> {
    fn object(&mut self, kind: GeometryType, parts: &[Part<'_>]) {
        self.out.put(r#"{"type":""#);
        self.out.put(kind.name());
        self.out.put(r#"","coordinates":"#);
        let mut sequences = parts.iter().flat_map(Part::sequences);
        match kind {
            GeometryType::Point => {
                self.out.put("[");
                self.positions.push(self.out, sequences.flatten().take(1));
                self.out.put("]");
            }
            GeometryType::LineString => self.line(sequences.next().unwrap_or(&[]).iter()),
            GeometryType::MultiPoint => self.line(sequences.flatten()),
            GeometryType::MultiPolygon => {
                self.out.put("[");
                for (i, part) in parts.iter().enumerate() {
                    self.comma(i);
                    self.rings(part);
                }
                self.out.put("]");
            }
            GeometryType::Polygon => {
                for part in parts.iter().take(1) {
                    self.rings(part);
                }
            }
            _ => {
                self.out.put("[");
                for (i, line) in sequences.enumerate() {
                    self.comma(i);
                    self.line(line.iter());
                }
                self.out.put("]");
            }
        }
        self.out.put("}");
    }

    fn rings(&mut self, polygon: &Part<'_>) {
        self.out.put("[");
        for (i, ring) in polygon.sequences().enumerate() {
            self.comma(i);
            if is_counterclockwise(ring) == (i == 0) {
                self.line(ring.iter());
            } else {
                self.line(ring.iter().rev());
            }
        }
        self.out.put("]");
    }

    fn line<'a>(&mut self, line: impl Iterator<Item = &'a Coord>) {
        self.out.put("[[");
        self.positions.push(self.out, line);
        self.out.put("]]");
    }

    #[inline]
    fn comma(&mut self, i: usize) {
        if i > 0 {
            self.out.put(",");
        }
    }
}

/// Appends a JSON string, quotes included.
pub fn push_string(out: &mut impl Ink, text: &str) {
    out.put("\"");
    // almost every text is plain, and is copied whole; E2 begins U+2028. All bytes are looked at,
    // many at once.
    let is_odd = |b: &u8| matches!(b, 0..=0x1F | b'"' | b'\\' | 0x7F | 0xE2);
    if !text.as_bytes().iter().fold(false, |odd, b| odd | is_odd(b)) {
        out.put(text);
    } else {
        push_escaped(out, text);
    }
    out.put("\"");
}

fn push_escaped(out: &mut impl Ink, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.put("\\\""),
            '\\' => out.put("\\\\"),
            '\n' => out.put("\\n"),
            '\r' => out.put("\\r"),
            '\t' => out.put("\\t"),
            // U+2028 and U+2029 end lines in older JavaScript
            '\0'..='\u{1F}' | '\u{7F}' | '\u{2028}' | '\u{2029}' => {
                out.put_fmt(format_args!("\\u{:04x}", u32::from(c)));
            }
            c => out.put(c.encode_utf8(&mut [0; 4])),
        }
    }
}

/// Appends a value as JSON. A whole number of a column of reals keeps its `.0`, so that clients
/// which guess types from the first features see a real; an instant without a zone gets `Z`; bytes
/// are base64; stored JSON is copied where it is valid.
pub fn push_value(out: &mut impl Ink, value: &Value<'_>, kind: FieldType) {
    match value {
        Value::Null => out.put("null"),
        Value::Binary(bytes) => {
            out.put("\"");
            out.put(&BASE64_STANDARD.encode(bytes));
            out.put("\"");
        }
        Value::Bool(b) => out.put(if *b { "true" } else { "false" }),
        Value::Int(i) => push_whole(out, *i),
        Value::UInt(u) => out.put_fmt(format_args!("{u}")),
        Value::Float(f) if !f.is_finite() => out.put("null"),
        Value::Float(f) => {
            push_float(out, *f);
            // beyond, there is an exponent
            let looks_whole = f.fract() == 0.0 && f.abs() < 1e16;
            if kind == FieldType::Float && looks_whole {
                out.put(".0");
            }
        }
        Value::Json(text) => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => out.put(text.trim()),
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
