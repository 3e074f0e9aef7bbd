//! A geometry as FlatGeobuf writes it.

use flatbuffers::{FlatBufferBuilder, WIPOffset};
use flatgeobuf::{Geometry as FgbGeometry, GeometryArgs, GeometryType as FgbType};

use super::header::code_of;
use crate::geom::{Coord, Geometry, GeometryType, Part, PartKind};

/// Writes a geometry as one of `kind`; `with_type` where the header does not say the type.
pub(super) fn write_shape(
    builder: &mut FlatBufferBuilder<'static>,
    geometry: &Geometry,
    kind: GeometryType,
    with_type: bool,
) -> WIPOffset<FgbGeometry<'static>> {
    let type_ = if with_type {
        code_of(kind)
    } else {
        FgbType::Unknown
    };
    let of_parts = match kind {
        GeometryType::MultiPolygon => Some(FgbType::Polygon),
        GeometryType::GeometryCollection | GeometryType::Unknown => Some(FgbType::Unknown),
        _ => None,
    };
    if let Some(declared) = of_parts {
        let parts: Vec<_> = geometry
            .parts()
            .map(|part| {
                let type_ = match (declared, part.kind) {
                    // a collection has points rather than multipoints of one
                    (FgbType::Unknown, PartKind::Points)
                        if part.sequences().map(<[Coord]>::len).sum::<usize>() == 1 =>
                    {
                        FgbType::Point
                    }
                    (FgbType::Unknown, PartKind::Points) => FgbType::MultiPoint,
                    (FgbType::Unknown, PartKind::Line) => FgbType::LineString,
                    _ => FgbType::Polygon,
                };
                write_sequences(builder, part.sequences(), type_, Ends::OfSeveral)
            })
            .collect();
        let parts = builder.create_vector(&parts);
        let args = GeometryArgs {
            type_,
            parts: Some(parts),
            ..GeometryArgs::default()
        };
        return FgbGeometry::create(builder, &args);
    }
    // one polygon, or the lines or points of all parts
    let ends = match kind {
        GeometryType::MultiLineString => Ends::Always,
        GeometryType::Polygon => Ends::OfSeveral,
        _ => Ends::Never,
    };
    let parts = geometry.parts().flat_map(|part: Part<'_>| part.sequences());
    write_sequences(builder, parts, type_, ends)
}

/// Whether a geometry says where its lines or rings end.
#[derive(Clone, Copy)]
enum Ends {
    /// Several lines, though they be one: GDAL asks for it.
    Always,
    OfSeveral,
    Never,
}

fn write_sequences<'g>(
    builder: &mut FlatBufferBuilder<'static>,
    sequences: impl Iterator<Item = &'g [Coord]>,
    type_: FgbType,
    has: Ends,
) -> WIPOffset<FgbGeometry<'static>> {
    let mut xy: Vec<f64> = Vec::new();
    let mut ends: Vec<u32> = Vec::new();
    for sequence in sequences {
        xy.extend(sequence.as_flattened());
        ends.push(u32::try_from(xy.len() / 2).unwrap_or(u32::MAX));
    }
    let has_ends = match has {
        Ends::Always => true,
        Ends::OfSeveral => ends.len() > 1,
        Ends::Never => false,
    };
    let ends = has_ends.then(|| builder.create_vector(&ends));
    let xy = builder.create_vector(&xy);
    let args = GeometryArgs {
        ends,
        xy: Some(xy),
        type_,
        ..GeometryArgs::default()
    };
    FgbGeometry::create(builder, &args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_a_collection_is_no_multipoint() {
        let mut collection = Geometry::new(GeometryType::GeometryCollection);
        for points in [&[[3.0, 4.0]][..], &[[3.0, 4.0], [5.0, 4.0]]] {
            collection.extend(points.iter().copied());
            collection.end_sequence();
            collection.end_part(PartKind::Points);
        }
        let mut builder = FlatBufferBuilder::new();
        let made = write_shape(&mut builder, &collection, collection.kind(), true);
        builder.finish(made, None);
        let read = flatbuffers::root::<FgbGeometry<'_>>(builder.finished_data()).unwrap();
        let parts = read.parts().unwrap();
        let kinds: Vec<FgbType> = parts.iter().map(|part| part.type_()).collect();
        assert_eq!(kinds, [FgbType::Point, FgbType::MultiPoint]);
    }
}
