//! What a geometry is called where the names of Simple Features (OGC 06-103r4) are used, and the
//! notations of that standard: well-known text and binary.

mod binary;
mod text;

pub use binary::push_wkb;
pub use text::push_wkt;

use crate::geom::{Coord, Geometry, GeometryType, Part, PartKind};

/// The type to write: the declared one where the parts agree with it, else the one that holds
/// them all.
pub fn written_type(geometry: &Geometry, parts: &[Part<'_>]) -> GeometryType {
    let declared = geometry.kind();
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

/// The type of a part by itself.
pub fn part_type(part: &Part<'_>) -> GeometryType {
    match part.kind {
        PartKind::Points if part.sequences().map(<[_]>::len).sum::<usize>() == 1 => {
            GeometryType::Point
        }
        PartKind::Points => GeometryType::MultiPoint,
        PartKind::Line => GeometryType::LineString,
        PartKind::Polygon => GeometryType::Polygon,
    }
}

/// By the sign of the area, around the first position: far from the origin the products would
/// lose the digits that matter.
pub fn is_counterclockwise(ring: &[Coord]) -> bool {
    let [x0, y0] = ring.first().copied().unwrap_or_default();
    let twice_area: f64 = ring
        .iter()
        .zip(ring.iter().skip(1))
        .map(|([ax, ay], [bx, by])| (ax - x0) * (by - y0) - (bx - x0) * (ay - y0))
        .sum();
    twice_area >= 0.0
}
