use super::{part_type, written_type};
use crate::geom::{Coord, Geometry, GeometryType, Part};

/// Appends a geometry as well-known binary (OGC 06-103r4 §8), little-endian, x before y, and
/// says which type it is written as. Nothing for one without positions.
pub fn push_wkb(out: &mut Vec<u8>, geometry: &Geometry) -> Option<GeometryType> {
    let parts: Vec<Part<'_>> = geometry.parts().collect();
    let kind = (!parts.is_empty()).then(|| written_type(geometry, &parts))?;
    push_shape(out, kind, &parts);
    Some(kind)
}

/// The number of a type in WKB.
pub fn wkb_code(kind: GeometryType) -> u32 {
    match kind {
        GeometryType::Unknown => 0,
        GeometryType::Point => 1,
        GeometryType::LineString => 2,
        GeometryType::Polygon => 3,
        GeometryType::MultiPoint => 4,
        GeometryType::MultiLineString => 5,
        GeometryType::MultiPolygon => 6,
        GeometryType::GeometryCollection => 7,
    }
}

fn push_shape(out: &mut Vec<u8>, kind: GeometryType, parts: &[Part<'_>]) {
    out.push(1); // little-endian
    out.extend(wkb_code(kind).to_le_bytes());
    let sequences = || parts.iter().flat_map(Part::sequences);
    match kind {
        GeometryType::Point => {
            let position = sequences().flatten().next();
            push_position(out, position.unwrap_or(&[f64::NAN; 2]));
        }
        GeometryType::LineString => push_sequence(out, sequences().next().unwrap_or(&[])),
        GeometryType::Polygon => {
            push_count(out, sequences().count());
            sequences().for_each(|ring| push_sequence(out, ring));
        }
        GeometryType::MultiPoint => {
            push_count(out, sequences().map(<[_]>::len).sum());
            for position in sequences().flatten() {
                out.push(1);
                out.extend(wkb_code(GeometryType::Point).to_le_bytes());
                push_position(out, position);
            }
        }
        GeometryType::MultiLineString => {
            push_count(out, sequences().count());
            for line in sequences() {
                out.push(1);
                out.extend(wkb_code(GeometryType::LineString).to_le_bytes());
                push_sequence(out, line);
            }
        }
        _ => {
            push_count(out, parts.len());
            for part in parts {
                push_shape(out, part_type(part), std::slice::from_ref(part));
            }
        }
    }
}

fn push_sequence(out: &mut Vec<u8>, sequence: &[Coord]) {
    push_count(out, sequence.len());
    sequence
        .iter()
        .for_each(|position| push_position(out, position));
}

fn push_position(out: &mut Vec<u8>, [x, y]: &Coord) {
    out.extend(x.to_le_bytes());
    out.extend(y.to_le_bytes());
}

fn push_count(out: &mut Vec<u8>, count: usize) {
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}
