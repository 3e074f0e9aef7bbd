//! The Geometry table of FlatGeobuf (feature.fbs): checked, then copied into a flat geometry.

use crate::geom::{Coord, Geometry, GeometryType, PartKind};
use crate::store::fgb::arc;
use crate::store::fgb::table::{Damage, Sound, Table};

/// The geometry types as FlatGeobuf numbers them.
pub(super) mod code {
    pub const UNKNOWN: u8 = 0;
    pub const POINT: u8 = 1;
    pub const LINE_STRING: u8 = 2;
    pub const POLYGON: u8 = 3;
    pub const MULTI_POINT: u8 = 4;
    pub const MULTI_LINE_STRING: u8 = 5;
    pub const MULTI_POLYGON: u8 = 6;
    pub const GEOMETRY_COLLECTION: u8 = 7;
    pub const CIRCULAR_STRING: u8 = 8;
    pub const COMPOUND_CURVE: u8 = 9;
    pub const CURVE_POLYGON: u8 = 10;
    pub const MULTI_CURVE: u8 = 11;
    pub const MULTI_SURFACE: u8 = 12;
    pub const CURVE: u8 = 13;
    pub const SURFACE: u8 = 14;
    pub const POLYHEDRAL_SURFACE: u8 = 15;
    pub const TIN: u8 = 16;
    pub const TRIANGLE: u8 = 17;
}

/// What a stored type is once curves are lines and surfaces polygons.
pub(super) fn geometry_type(stored: u8) -> GeometryType {
    match stored {
        code::POINT => GeometryType::Point,
        code::LINE_STRING | code::CIRCULAR_STRING | code::COMPOUND_CURVE | code::CURVE => {
            GeometryType::LineString
        }
        code::POLYGON | code::CURVE_POLYGON | code::SURFACE | code::TRIANGLE => {
            GeometryType::Polygon
        }
        code::MULTI_POINT => GeometryType::MultiPoint,
        code::MULTI_LINE_STRING | code::MULTI_CURVE => GeometryType::MultiLineString,
        code::MULTI_POLYGON | code::MULTI_SURFACE | code::POLYHEDRAL_SURFACE | code::TIN => {
            GeometryType::MultiPolygon
        }
        code::GEOMETRY_COLLECTION => GeometryType::GeometryCollection,
        _ => GeometryType::Unknown,
    }
}

/// Collections in collections: more than any software writes, few enough for the stack.
const MAX_DEPTH: u32 = 32;

/// Slots of the Geometry table.
const ENDS: usize = 4;
const XY: usize = 6;
const TYPE: usize = 16;
const PARTS: usize = 18;

/// One Geometry table, its vectors in bounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    table: Table<'a>,
    kind: u8,
    xy: &'a [[u8; 16]],
    ends: &'a [[u8; 4]],
    part_count: usize,
}

/// What a geometry may still take: parts may point to the same bytes again and again, so that
/// few bytes could stand for endless positions.
struct Allowance {
    positions: usize,
    tables: usize,
}

impl<'a> Shape<'a> {
    /// Reads a geometry table. `declared` is the type that holds where the table has none: that
    /// of the header, or what the geometry around it implies.
    #[inline]
    pub(super) fn read(table: Table<'a>, declared: u8) -> Sound<Shape<'a>> {
        let own = table.byte(TYPE)?;
        let kind = if own == code::UNKNOWN { declared } else { own };
        if kind == code::UNKNOWN {
            return Err(Damage("a geometry without a type"));
        }
        if kind > code::TRIANGLE {
            return Err(Damage("a geometry of an unknown type"));
        }
        Ok(Shape {
            table,
            kind,
            // stored as numbers, two of them a position
            xy: table.vector::<8>(XY)?.as_flattened().as_chunks().0,
            ends: table.vector::<4>(ENDS)?,
            part_count: table.children(PARTS)?.len(),
        })
    }

    /// Checks everything that [`fill`](Shape::fill) will read, and counts the positions.
    #[inline]
    pub(super) fn check(&self, feature_bytes: usize) -> Sound<usize> {
        let allowed = feature_bytes / 16;
        let mut left = Allowance {
            positions: allowed,
            tables: feature_bytes / 8,
        };
        self.check_within(&mut left, 0)?;
        Ok(allowed - left.positions)
    }

    fn check_within(&self, left: &mut Allowance, depth: u32) -> Sound<()> {
        left.take(self.xy.len())?;
        let mut previous = 0;
        for end in self.ends.iter().map(|e| u32::from_le_bytes(*e)) {
            if end < previous {
                return Err(Damage("the ends of a geometry's sequences go backwards"));
            }
            previous = end;
        }
        if previous as usize > self.xy.len() {
            return Err(Damage("a geometry's sequence ends after its last position"));
        }
        if self.part_count > 0 {
            if depth >= MAX_DEPTH {
                return Err(Damage("geometries are nested too deep"));
            }
            for part in self.parts()? {
                part?.check_within(left, depth + 1)?;
            }
        }
        Ok(())
    }

    /// Copies the positions out; `out` is begun by the caller's choice of this type.
    pub(super) fn fill(&self, feature_bytes: usize, out: &mut Geometry) -> Sound<()> {
        out.begin(geometry_type(self.kind));
        let mut left = Allowance {
            positions: feature_bytes / 16,
            tables: feature_bytes / 8,
        };
        self.fill_within(&mut left, 0, out)
    }

    fn fill_within(&self, left: &mut Allowance, depth: u32, out: &mut Geometry) -> Sound<()> {
        // Taken again and not believed from the check: the bytes may have changed since.
        left.take(self.xy.len())?;
        if self.part_count > 0 && depth >= MAX_DEPTH {
            return Err(Damage("geometries are nested too deep"));
        }
        match self.kind {
            code::POINT | code::MULTI_POINT => {
                let empty = |c: &Coord| c.iter().all(|v| v.is_nan()); // POINT EMPTY as WKB has it
                out.extend(self.positions().filter(|c| !empty(c)));
                out.end_part(PartKind::Points);
            }
            code::POLYGON | code::TRIANGLE | code::SURFACE => self.fill_rings(out)?,
            code::LINE_STRING | code::CURVE | code::CIRCULAR_STRING | code::COMPOUND_CURVE => {
                self.fill_curve(left, depth, out)?;
                out.end_part(PartKind::Line);
            }
            code::CURVE_POLYGON if self.part_count > 0 => {
                for ring in self.parts()? {
                    let ring = ring?;
                    left.take(ring.xy.len())?;
                    ring.fill_curve(left, depth + 1, out)?;
                    out.end_sequence();
                }
                out.end_part(PartKind::Polygon);
            }
            // Collections of a kind whose writer left out the level of parts.
            code::MULTI_LINE_STRING | code::MULTI_CURVE if self.part_count == 0 => {
                self.fill_sequences(out, |out| out.end_part(PartKind::Line))?;
            }
            code::TIN | code::POLYHEDRAL_SURFACE if self.part_count == 0 => {
                self.fill_sequences(out, |out| out.end_part(PartKind::Polygon))?;
            }
            _ if self.part_count == 0 => self.fill_rings(out)?,
            _ => {
                for part in self.parts()? {
                    part?.fill_within(left, depth + 1, out)?;
                }
            }
        }
        Ok(())
    }

    /// Appends the positions of a line, arc or chain of them to the sequence under way.
    fn fill_curve(&self, left: &mut Allowance, depth: u32, out: &mut Geometry) -> Sound<()> {
        match self.kind {
            code::CIRCULAR_STRING => {
                out.extend(self.positions().take(1));
                arc::linearise(self.positions(), |position| out.push(position));
            }
            code::COMPOUND_CURVE if self.part_count > 0 => {
                if depth >= MAX_DEPTH {
                    return Err(Damage("geometries are nested too deep"));
                }
                for (i, piece) in self.parts()?.enumerate() {
                    let piece = piece?;
                    left.take(piece.xy.len())?;
                    let mut first = i > 0;
                    let joint = out.coords().last().copied();
                    match piece.kind {
                        code::CIRCULAR_STRING => {
                            if i == 0 || joint != piece.positions().next() {
                                out.extend(piece.positions().take(1));
                            }
                            arc::linearise(piece.positions(), |position| out.push(position));
                        }
                        // the start of a piece is the end of the one before: once is enough
                        _ => out.extend(piece.positions().filter(|position| {
                            !(std::mem::take(&mut first) && joint == Some(*position))
                        })),
                    }
                }
            }
            _ => out.extend(self.positions()),
        }
        Ok(())
    }

    fn fill_rings(&self, out: &mut Geometry) -> Sound<()> {
        self.fill_sequences(out, Geometry::end_sequence)?;
        out.end_part(PartKind::Polygon);
        Ok(())
    }

    /// Copies the sequences that `ends` divides the positions into; without ends it is one.
    fn fill_sequences(&self, out: &mut Geometry, end: impl Fn(&mut Geometry)) -> Sound<()> {
        if self.ends.is_empty() {
            out.extend(self.positions());
            end(out);
            return Ok(());
        }
        let mut start = 0;
        for stop in self.ends.iter().map(|e| u32::from_le_bytes(*e) as usize) {
            let sequence = self.xy.get(start..stop).ok_or(Damage(
                "the ends of a geometry's sequences do not fit its positions",
            ))?;
            out.extend(sequence.iter().map(position));
            end(out);
            start = stop;
        }
        Ok(())
    }

    fn positions(&self) -> impl Iterator<Item = Coord> + use<'a> {
        self.xy.iter().map(position)
    }

    fn parts(&self) -> Sound<impl Iterator<Item = Sound<Shape<'a>>> + use<'a>> {
        let implied = match self.kind {
            code::MULTI_LINE_STRING
            | code::MULTI_CURVE
            | code::COMPOUND_CURVE
            | code::CURVE_POLYGON => code::LINE_STRING,
            code::MULTI_POINT => code::POINT,
            code::GEOMETRY_COLLECTION => code::UNKNOWN,
            code::TIN => code::TRIANGLE,
            _ => code::POLYGON,
        };
        Ok(self
            .table
            .children(PARTS)?
            .map(move |part| Shape::read(part?, implied)))
    }
}

impl Allowance {
    #[inline]
    fn take(&mut self, positions: usize) -> Sound<()> {
        const TOO_MANY: Damage =
            Damage("a geometry has more positions than its feature has room for");
        self.positions = self.positions.checked_sub(positions).ok_or(TOO_MANY)?;
        self.tables = self.tables.checked_sub(1).ok_or(TOO_MANY)?;
        Ok(())
    }
}

#[inline]
fn position(bytes: &[u8; 16]) -> Coord {
    let [
        x0,
        x1,
        x2,
        x3,
        x4,
        x5,
        x6,
        x7,
        y0,
        y1,
        y2,
        y3,
        y4,
        y5,
        y6,
        y7,
    ] = *bytes;
    [
        f64::from_le_bytes([x0, x1, x2, x3, x4, x5, x6, x7]),
        f64::from_le_bytes([y0, y1, y2, y3, y4, y5, y6, y7]),
    ]
}
