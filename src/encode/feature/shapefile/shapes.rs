//! Shapes as the ESRI Shapefile Technical Description of July 1998 has them.

use crate::encode::simple_features::is_counterclockwise;
use crate::geom::{Bbox, Coord, Geometry, GeometryType, Part, PartKind};

/// What all shapes of one file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeKind {
    Points,
    Lines,
    Polygons,
    MultiPoints,
    /// No shapes: a table alone.
    None,
}

impl ShapeKind {
    pub const ALL: [ShapeKind; 5] = [
        ShapeKind::Points,
        ShapeKind::Lines,
        ShapeKind::Polygons,
        ShapeKind::MultiPoints,
        ShapeKind::None,
    ];

    /// What holds every geometry of a layer; `None` where no one kind does.
    pub fn of(geometry: Option<GeometryType>) -> Option<ShapeKind> {
        Some(match geometry {
            None => ShapeKind::None,
            Some(GeometryType::Point) => ShapeKind::Points,
            Some(GeometryType::MultiPoint) => ShapeKind::MultiPoints,
            Some(GeometryType::LineString | GeometryType::MultiLineString) => ShapeKind::Lines,
            Some(GeometryType::Polygon | GeometryType::MultiPolygon) => ShapeKind::Polygons,
            Some(GeometryType::Unknown | GeometryType::GeometryCollection) => return None,
        })
    }

    /// What a file of a layer of several kinds has behind its name.
    pub fn suffix(self) -> &'static str {
        match self {
            ShapeKind::Points => "_points",
            ShapeKind::Lines => "_lines",
            ShapeKind::Polygons => "_polygons",
            ShapeKind::MultiPoints => "_multipoints",
            ShapeKind::None => "_without_geometry",
        }
    }

    fn code(self) -> u32 {
        match self {
            ShapeKind::None => 0,
            ShapeKind::Points => 1,
            ShapeKind::Lines => 3,
            ShapeKind::Polygons => 5,
            ShapeKind::MultiPoints => 8,
        }
    }

    /// The sequences of a geometry that belong into a file of this kind.
    pub fn sequences(self, geometry: &Geometry, is_split: bool) -> Vec<Vec<Coord>> {
        let parts: Vec<Part<'_>> = geometry.parts().collect();
        let of = |kind: PartKind| parts.iter().filter(move |p| p.kind == kind);
        let points = || {
            of(PartKind::Points)
                .flat_map(Part::sequences)
                .flatten()
                .copied()
        };
        let is_one_point = points().take(2).count() == 1;
        match self {
            ShapeKind::None => Vec::new(),
            // one position at most: the file's type is that of the layer, or of what is in it
            ShapeKind::Points if is_split && !is_one_point => Vec::new(),
            ShapeKind::MultiPoints if is_split && is_one_point => Vec::new(),
            ShapeKind::Points => points().take(1).map(|p| vec![p]).collect(),
            ShapeKind::MultiPoints => Some(points().collect::<Vec<_>>())
                .filter(|p| !p.is_empty())
                .into_iter()
                .collect(),
            ShapeKind::Lines => of(PartKind::Line)
                .flat_map(Part::sequences)
                .map(<[_]>::to_vec)
                .collect(),
            ShapeKind::Polygons => {
                let rings = of(PartKind::Polygon).flat_map(|p| p.sequences().zip(0..));
                rings.map(|(ring, i)| turned(ring, i == 0)).collect()
            }
        }
    }
}

/// A ring that is closed; outer ones run clockwise, holes do not.
fn turned(ring: &[Coord], is_outer: bool) -> Vec<Coord> {
    let mut ring = ring.to_vec();
    if ring.first() != ring.last() {
        ring.extend(ring.first().copied());
    }
    if is_counterclockwise(&ring) == is_outer {
        ring.reverse();
    }
    ring
}

/// Appends the content of a record; without sequences it is a null shape. The box of the shape.
pub fn push_shape(out: &mut Vec<u8>, kind: ShapeKind, sequences: &[Vec<Coord>]) -> Option<Bbox> {
    let positions = || sequences.iter().flatten();
    let Some(bbox) = Bbox::around(sequences.concat().as_slice()) else {
        out.extend(0_u32.to_le_bytes());
        return None;
    };
    out.extend(kind.code().to_le_bytes());
    if kind != ShapeKind::Points {
        push_box(out, Some(&bbox));
        if kind != ShapeKind::MultiPoints {
            push_count(out, sequences.len());
        }
        push_count(out, positions().count());
    }
    if matches!(kind, ShapeKind::Lines | ShapeKind::Polygons) {
        let mut start = 0;
        for sequence in sequences {
            push_count(out, start);
            start += sequence.len();
        }
    }
    for number in positions().flatten() {
        out.extend(number.to_le_bytes());
    }
    Some(bbox)
}

/// The head of a `.shp` or `.shx` of so many bytes in all.
pub fn head(kind: ShapeKind, bytes: u64, extent: Option<&Bbox>) -> Vec<u8> {
    let mut out = 9994_u32.to_be_bytes().to_vec();
    out.extend([0; 20]);
    out.extend(words(bytes).to_be_bytes());
    out.extend(1000_u32.to_le_bytes());
    out.extend(kind.code().to_le_bytes());
    push_box(&mut out, extent);
    out.extend([0; 32]);
    out
}

/// A length in words of 16 bits.
pub fn words(bytes: u64) -> u32 {
    u32::try_from(bytes / 2).unwrap_or(u32::MAX)
}

fn push_box(out: &mut Vec<u8>, bbox: Option<&Bbox>) {
    let bounds = bbox.map_or([0.0; 4], |b| [b.min_x, b.min_y, b.max_x, b.max_y]);
    out.extend_from_slice(bounds.map(f64::to_le_bytes).as_flattened());
}

fn push_count(out: &mut Vec<u8>, count: usize) {
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}
