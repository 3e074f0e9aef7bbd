//! Fields without gaps: data that are larger than a map needs.

use std::path::Path;

use cartotheque::crs::Crs;
use cartotheque::feature::{Field, FieldType, Value};
use cartotheque::geom::{Coord, Geometry, GeometryType, PartKind};
use cartotheque::store::fgb::{FgbHead, FgbWriter, push_value};

/// South-west corner of the generated data in Lambert-93.
pub const ORIGIN: Coord = [800_000.0, 6_500_000.0];

/// Lines of a side of a field.
pub const SIDE_STEPS: u32 = 16;

/// A shaken lattice: its nodes are the same for all polygons that meet there.
fn node(column: u32, row: u32, step: f64) -> Coord {
    let mut seed = u64::from(column) << 32 | u64::from(row);
    let mut random = || {
        seed = seed
            .wrapping_add(0x9e37_79b9_7f4a_7c15)
            .wrapping_mul(0xbf58_476d_1ce4_e5b9);
        seed ^= seed >> 29;
        (seed >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let (dx, dy) = (random() * 0.3, random() * 0.3);
    [
        ORIGIN[0] + (f64::from(column) + dx) * step,
        ORIGIN[1] + (f64::from(row) + dy) * step,
    ]
}

/// Writes a landscape without gaps: `side` by `side` fields of `step` metres, in four classes,
/// each with its number.
pub fn write_landscape(path: &Path, side: u32, step: f64) {
    let fields = [("classe", FieldType::Integer), ("numero", FieldType::Long)];
    let fields = fields.map(|(name, kind)| Field {
        name: name.into(),
        kind,
        title: None,
        description: None,
        nullable: true,
    });
    let mut writer = FgbWriter::create(path, GeometryType::Polygon).unwrap();
    let mut field = Geometry::default();
    let mut properties = Vec::new();
    for row in 0..side {
        for column in 0..side {
            field.begin(GeometryType::Polygon);
            let around = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)];
            let corners = around.map(|(x, y)| node(column + x, row + y, step));
            for pair in corners.windows(2) {
                // positions along the sides that a level can do without
                field.extend((0..SIDE_STEPS).map(|n| {
                    // counted from the same end whichever way a neighbour walks
                    let (a, b, n) = if pair[0] < pair[1] {
                        (pair[0], pair[1], n)
                    } else {
                        (pair[1], pair[0], SIDE_STEPS - n)
                    };
                    let t = f64::from(n) / f64::from(SIDE_STEPS);
                    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
                }));
            }
            field.push(corners[0]);
            field.end_part(PartKind::Polygon);
            properties.clear();
            let value = Value::Int(i64::from((column / 7 + row / 5) % 4));
            push_value(&mut properties, 0, FieldType::Integer, value);
            let number = Value::Int(i64::from(row * side + column));
            push_value(&mut properties, 1, FieldType::Long, number);
            writer.add(&field, &properties).unwrap();
        }
    }
    let head = FgbHead {
        title: "",
        name: "champs",
        description: "",
        metadata: "",
        geometry: GeometryType::Polygon,
        fields: &fields,
        crs: &Crs::from_epsg(2154).unwrap(),
    };
    writer.finish(&head).unwrap();
}
