//! GeoJSON (RFC 7946) geometries and values, written into a `String`.

use std::fmt::Write;

use crate::feature::{FieldType, Value};
use crate::geom::{Coord, Geometry, GeometryType, Part, PartKind};

/// Appends a geometry object in x, y order, with at most `decimals` digits behind the point;
/// `null` for one without positions.
pub fn push_geometry(out: &mut String, geometry: &Geometry, decimals: u8) {
    let parts: Vec<Part<'_>> = geometry.parts().collect();
    let kind = written_type(geometry.kind(), &parts);
    match (kind, parts.as_slice()) {
        (_, []) => out.push_str("null"),
        (GeometryType::GeometryCollection, parts) => {
            out.push_str(r#"{"type":"GeometryCollection","geometries":["#);
            for (i, part) in parts.iter().enumerate() {
                comma(out, i);
                push_object(out, part_type(part), std::slice::from_ref(part), decimals);
            }
            out.push_str("]}");
        }
        (kind, parts) => push_object(out, kind, parts, decimals),
    }
}

/// The type to write: the declared one where the parts agree with it.
fn written_type(declared: GeometryType, parts: &[Part<'_>]) -> GeometryType {
    let of_one_kind = |kind: PartKind| parts.iter().all(|p| p.kind == kind);
    let one = parts.len() == 1;
    let points: usize = parts.iter().flat_map(Part::sequences).map(<[_]>::len).sum();
    match declared {
        GeometryType::Point if of_one_kind(PartKind::Points) && points == 1 => declared,
        GeometryType::LineString if of_one_kind(PartKind::Line) && one => declared,
        GeometryType::Polygon if of_one_kind(PartKind::Polygon) && one => declared,
        GeometryType::GeometryCollection => declared,
        GeometryType::Unknown if one => parts.first().map_or(declared, part_type),
        _ if of_one_kind(PartKind::Points) => GeometryType::MultiPoint,
        _ if of_one_kind(PartKind::Line) => GeometryType::MultiLineString,
        _ if of_one_kind(PartKind::Polygon) => GeometryType::MultiPolygon,
        _ => GeometryType::GeometryCollection,
    }
}

fn part_type(part: &Part<'_>) -> GeometryType {
    match part.kind {
        PartKind::Points if part.sequences().map(<[_]>::len).sum::<usize>() == 1 => {
            GeometryType::Point
        }
        PartKind::Points => GeometryType::MultiPoint,
        PartKind::Line => GeometryType::LineString,
        PartKind::Polygon => GeometryType::Polygon,
    }
}

fn push_object(out: &mut String, kind: GeometryType, parts: &[Part<'_>], decimals: u8) {
    let _ = write!(out, r#"{{"type":"{}","coordinates":"#, kind.name());
    let mut sequences = parts.iter().flat_map(Part::sequences);
    match kind {
        GeometryType::Point => {
            if let Some(coord) = sequences.flatten().next() {
                push_position(out, *coord, decimals);
            }
        }
        GeometryType::LineString => push_line(out, sequences.next().unwrap_or(&[]), decimals),
        GeometryType::MultiPoint => {
            out.push('[');
            for (i, coord) in sequences.flatten().enumerate() {
                comma(out, i);
                push_position(out, *coord, decimals);
            }
            out.push(']');
        }
        GeometryType::MultiPolygon => {
            out.push('[');
            for (i, part) in parts.iter().enumerate() {
                comma(out, i);
                push_lines(out, part.sequences(), decimals);
            }
            out.push(']');
        }
        _ => push_lines(out, sequences, decimals),
    }
    out.push('}');
}

fn push_lines<'a>(out: &mut String, lines: impl Iterator<Item = &'a [Coord]>, decimals: u8) {
    out.push('[');
    for (i, line) in lines.enumerate() {
        comma(out, i);
        push_line(out, line, decimals);
    }
    out.push(']');
}

fn push_line(out: &mut String, line: &[Coord], decimals: u8) {
    out.push('[');
    for (i, coord) in line.iter().enumerate() {
        comma(out, i);
        push_position(out, *coord, decimals);
    }
    out.push(']');
}

fn push_position(out: &mut String, [x, y]: Coord, decimals: u8) {
    out.push('[');
    push_number(out, x, decimals);
    out.push(',');
    push_number(out, y, decimals);
    out.push(']');
}

fn comma(out: &mut String, i: usize) {
    if i > 0 {
        out.push(',');
    }
}

/// Appends a number with at most `decimals` digits behind the point and no trailing zeros; what
/// is not finite, which JSON can't hold, is `null`.
pub fn push_number(out: &mut String, value: f64, decimals: u8) {
    if !value.is_finite() {
        out.push_str("null");
        return;
    }
    let factor = 10f64.powi(i32::from(decimals));
    let rounded = (value * factor).round() / factor;
    // beyond 2^53 / factor the rounding itself would lose digits; + 0.0 makes -0 a plain 0
    let value = if rounded.is_finite() && value.abs() < 9e15 / factor {
        rounded + 0.0
    } else {
        value
    };
    push_float(out, value);
}

/// The shortest digits that read back as the same number; with an exponent where there would be
/// many zeros.
fn push_float(out: &mut String, value: f64) {
    let _ = match value.abs() {
        0.0 | 1e-7..1e16 => write!(out, "{value}"),
        _ => write!(out, "{value:e}"),
    };
}

/// Appends a JSON string, quotes included.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
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
    out.push('"');
}

/// Appends a value as JSON. A whole number of a column of reals keeps its `.0`, so that clients
/// which guess types from the first features see a real; stored JSON is copied where it is valid.
pub fn push_value(out: &mut String, value: &Value<'_>, kind: FieldType) {
    match value {
        Value::Null | Value::Binary(_) => out.push_str("null"),
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
        Value::Text(text) | Value::DateTime(text) => push_string(out, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
