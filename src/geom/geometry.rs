use super::{Bbox, Coord};

/// What a geometry is, after curves have been made lines and surfaces polygons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum GeometryType {
    /// Not known, or of several types.
    #[default]
    Unknown,
    Point,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
    GeometryCollection,
}

impl GeometryType {
    /// The name of the type in the Simple Features standard (OGC 06-103r4).
    pub fn name(self) -> &'static str {
        match self {
            GeometryType::Unknown => "Geometry",
            GeometryType::Point => "Point",
            GeometryType::LineString => "LineString",
            GeometryType::Polygon => "Polygon",
            GeometryType::MultiPoint => "MultiPoint",
            GeometryType::MultiLineString => "MultiLineString",
            GeometryType::MultiPolygon => "MultiPolygon",
            GeometryType::GeometryCollection => "GeometryCollection",
        }
    }

    /// The dimension of the type: 0 points, 1 lines, 2 areas; `None` where it can be any.
    pub fn dimension(self) -> Option<u8> {
        match self {
            GeometryType::Point | GeometryType::MultiPoint => Some(0),
            GeometryType::LineString | GeometryType::MultiLineString => Some(1),
            GeometryType::Polygon | GeometryType::MultiPolygon => Some(2),
            GeometryType::Unknown | GeometryType::GeometryCollection => None,
        }
    }
}

/// What a part of a geometry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// One sequence, each position a point of its own.
    Points,
    /// One sequence, a line.
    Line,
    /// One sequence a ring: the exterior first, then the holes. Rings are closed as stored.
    Polygon,
}

/// A geometry flattened into reusable arrays: parts of sequences of positions.
///
/// This is what drawing, hit tests and encoders read. It is filled by
/// [`begin`](Geometry::begin), [`push`](Geometry::push), [`end_sequence`](Geometry::end_sequence)
/// and [`end_part`](Geometry::end_part), and cleared for the next feature, so that a whole layer
/// is read through one allocation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Geometry {
    kind: GeometryType,
    coords: Vec<Coord>,
    sequence_ends: Vec<usize>,
    parts: Vec<(PartKind, usize)>,
}

/// One part of a [`Geometry`], borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    pub kind: PartKind,
    coords: &'a [Coord],
    start: usize,
    ends: &'a [usize],
}

impl Geometry {
    pub fn new(kind: GeometryType) -> Geometry {
        Geometry {
            kind,
            ..Geometry::default()
        }
    }

    /// Empties the arrays, keeps their memory, and sets the type of what comes next.
    pub fn begin(&mut self, kind: GeometryType) {
        self.kind = kind;
        self.coords.clear();
        self.sequence_ends.clear();
        self.parts.clear();
    }

    pub fn push(&mut self, coord: Coord) {
        self.coords.push(coord);
    }

    pub fn extend(&mut self, coords: impl IntoIterator<Item = Coord>) {
        self.coords.extend(coords);
    }

    /// Closes a line, a ring or a set of points; an empty one is dropped.
    pub fn end_sequence(&mut self) {
        if self.coords.len() > self.sequence_ends.last().copied().unwrap_or(0) {
            self.sequence_ends.push(self.coords.len());
        }
    }

    /// Closes a part made of the sequences since the last one; an empty one is dropped.
    pub fn end_part(&mut self, kind: PartKind) {
        self.end_sequence();
        if self.sequence_ends.len() > self.parts.last().map_or(0, |(_, end)| *end) {
            self.parts.push((kind, self.sequence_ends.len()));
        }
    }

    pub fn kind(&self) -> GeometryType {
        self.kind
    }

    pub fn set_kind(&mut self, kind: GeometryType) {
        self.kind = kind;
    }

    /// True where there is no position at all.
    pub fn is_empty(&self) -> bool {
        self.coords.is_empty()
    }

    /// Every position, of all parts.
    pub fn coords(&self) -> &[Coord] {
        &self.coords
    }

    /// Every position, to be transformed in place.
    pub fn coords_mut(&mut self) -> &mut [Coord] {
        &mut self.coords
    }

    /// The box around all finite positions.
    pub fn bbox(&self) -> Option<Bbox> {
        Bbox::around(&self.coords)
    }

    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let mut first_sequence = 0;
        self.parts.iter().map(move |(kind, end)| {
            let ends = self.sequence_ends.get(first_sequence..*end).unwrap_or(&[]);
            let start = match first_sequence {
                0 => 0,
                n => self.sequence_ends.get(n - 1).copied().unwrap_or(0),
            };
            first_sequence = *end;
            Part {
                kind: *kind,
                coords: &self.coords,
                start,
                ends,
            }
        })
    }
}

impl<'a> Part<'a> {
    /// The lines, rings or point sets of the part, in order.
    pub fn sequences(&self) -> impl Iterator<Item = &'a [Coord]> + use<'a> {
        let coords = self.coords;
        let mut start = self.start;
        self.ends.iter().map(move |end| {
            let sequence = coords.get(start..*end).unwrap_or(&[]);
            start = *end;
            sequence
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_give_back_what_was_pushed() {
        let mut g = Geometry::new(GeometryType::GeometryCollection);
        g.extend([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 0.0]]);
        g.end_sequence();
        g.extend([[1.0, 0.5], [2.0, 0.5], [2.0, 1.0], [1.0, 0.5]]);
        g.end_part(PartKind::Polygon);
        g.end_part(PartKind::Line); // empty: dropped
        g.push([9.0, 9.0]);
        g.end_part(PartKind::Points);
        let parts: Vec<_> = g
            .parts()
            .map(|p| {
                (
                    p.kind,
                    p.sequences().map(<[Coord]>::len).collect::<Vec<_>>(),
                )
            })
            .collect();
        assert_eq!(
            parts,
            [(PartKind::Polygon, vec![4, 4]), (PartKind::Points, vec![1])]
        );
        assert_eq!(g.bbox(), Bbox::new(0.0, 0.0, 9.0, 9.0));
    }
}
