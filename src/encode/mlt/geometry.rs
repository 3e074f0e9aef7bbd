//! The geometry column: what kind each feature is, of how many parts, and the vertices of all.
//!
//! How many parts are told level by level, and only for kinds that may have several: the
//! geometries of a multi-geometry, the rings of a polygon, the vertices of a line or ring. Where a
//! layer has polygons, vertices of lines are told with those of rings, else as parts.

use super::Column;
use super::read::{Kind, ReadLayer};
use super::stream::{Role, put_numbers, put_vertices};
use crate::encode::protobuf::put_varint;

/// The number of a column of geometries.
const GEOMETRY: u8 = 4;

pub(super) fn column<'a>(layer: &ReadLayer<'_>) -> Column<'a> {
    let has_polygons = layer
        .features
        .iter()
        .any(|feature| feature.kind == Kind::Polygon);
    let [mut kinds, mut geometries, mut parts, mut rings] = [const { Vec::new() }; 4];
    let mut vertices: Vec<[i32; 2]> = Vec::new();
    let mut is_multi = false;
    for feature in &layer.features {
        let members = feature.members();
        // 0 to 2: a point, line, polygon; 3 to 5: several of them
        let several = u64::from(members != 1);
        kinds.push(feature.kind as u64 + 3 * several);
        if several == 1 {
            is_multi = true;
            geometries.push(members as u64);
        }
        for part in &feature.parts {
            match feature.kind {
                Kind::Point => {}
                Kind::Line if !has_polygons => parts.push(part.len() as u64),
                Kind::Line | Kind::Polygon => rings.push(part.len() as u64),
            }
            vertices.extend_from_slice(part);
        }
        parts.extend(feature.polygons.iter().map(|rings| *rings as u64));
    }
    let mut streams = Vec::new();
    let lengths = [
        (Role::Geometries, &geometries, is_multi),
        (Role::Parts, &parts, !parts.is_empty()),
        (Role::Rings, &rings, has_polygons),
    ];
    let count = lengths.iter().filter(|(.., is_there)| *is_there).count();
    put_varint(&mut streams, 2 + count as u64);
    put_numbers(&mut streams, Role::TextLengths, &kinds);
    for (role, numbers, is_there) in lengths {
        if is_there {
            put_numbers(&mut streams, role, numbers);
        }
    }
    put_vertices(&mut streams, &vertices);
    Column {
        kind: GEOMETRY,
        name: None,
        streams,
    }
}
