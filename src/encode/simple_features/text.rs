use super::{part_type, written_type};
use crate::encode::ink::{Glue, Ink, Positions};
use crate::geom::{Coord, Geometry, GeometryType, Part};

/// Appends a geometry as well-known text (OGC 06-103r4 §7), x before y, with at most `decimals`
/// digits behind the point: `POINT (1 2)`. Nothing for one without positions.
pub fn push_wkt(out: &mut impl Ink, geometry: &Geometry, decimals: u8) {
    let parts: Vec<Part<'_>> = geometry.parts().collect();
    if parts.is_empty() {
        return;
    }
    let kind = written_type(geometry, &parts);
    let mut pen = Pen {
        out,
        positions: Positions {
            glue: Glue::new(b' ', b", "),
            decimals,
            is_swapped: false,
        },
    };
    if kind == GeometryType::GeometryCollection {
        pen.out.put("GEOMETRYCOLLECTION (");
        for (part, i) in parts.iter().zip(0..) {
            pen.comma(i);
            pen.shape(part_type(part), std::slice::from_ref(part));
        }
        pen.out.put(")");
    } else {
        pen.shape(kind, &parts);
    }
}

struct Pen<'a, I> {
    out: &'a mut I,
    positions: Positions,
}

impl<I: Ink> Pen<'_, I> {
    fn shape(&mut self, kind: GeometryType, parts: &[Part<'_>]) {
        self.out.put(match kind {
            GeometryType::Point => "POINT ",
            GeometryType::LineString => "LINESTRING ",
            GeometryType::Polygon => "POLYGON ",
            GeometryType::MultiPoint => "MULTIPOINT ",
            GeometryType::MultiLineString => "MULTILINESTRING ",
            _ => "MULTIPOLYGON ",
        });
        let sequences = parts.iter().flat_map(Part::sequences);
        match kind {
            GeometryType::Point | GeometryType::LineString => {
                sequences.take(1).for_each(|line| self.line(line));
            }
            GeometryType::MultiPoint => {
                self.out.put("(");
                for (point, i) in sequences.flatten().zip(0..) {
                    self.comma(i);
                    self.line(std::slice::from_ref(point));
                }
                self.out.put(")");
            }
            GeometryType::Polygon | GeometryType::MultiLineString => self.lines(sequences),
            _ => {
                self.out.put("(");
                for (part, i) in parts.iter().zip(0..) {
                    self.comma(i);
                    self.lines(part.sequences());
                }
                self.out.put(")");
            }
        }
    }

    fn lines<'g>(&mut self, lines: impl Iterator<Item = &'g [Coord]>) {
        self.out.put("(");
        for (line, i) in lines.zip(0..) {
            self.comma(i);
            self.line(line);
        }
        self.out.put(")");
    }

    fn line(&mut self, line: &[Coord]) {
        self.out.put("(");
        self.positions.push(self.out, line.iter());
        self.out.put(")");
    }

    fn comma(&mut self, i: usize) {
        if i > 0 {
            self.out.put(", ");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::PartKind;

    fn wkt(kind: GeometryType, parts: &[(PartKind, &[&[Coord]])]) -> String {
        let mut geometry = Geometry::new(kind);
        for (kind, sequences) in parts {
            for sequence in *sequences {
                geometry.extend(sequence.iter().copied());
                geometry.end_sequence();
            }
            geometry.end_part(*kind);
        }
        let mut out = String::new();
        push_wkt(&mut out, &geometry, 2);
        out
    }

    #[test]
    fn every_type_has_its_brackets() {
        use GeometryType as T;
        use PartKind::{Line, Points, Polygon};
        let (a, b): (&[Coord], &[Coord]) = (&[[1.0, 2.0], [3.25, 4.0]], &[[5.0, 6.0], [7.0, 8.0]]);
        let point: &[Coord] = &[[1.5, -2.0]];
        type Parts<'a> = &'a [(PartKind, &'a [&'a [Coord]])];
        let cases: [(_, Parts<'_>, _); 8] = [
            (T::Point, &[(Points, &[point])], "POINT (1.5 -2)"),
            (T::LineString, &[(Line, &[a])], "LINESTRING (1 2, 3.25 4)"),
            (
                T::Polygon,
                &[(Polygon, &[a, b])],
                "POLYGON ((1 2, 3.25 4), (5 6, 7 8))",
            ),
            (
                T::MultiPoint,
                &[(Points, &[a])],
                "MULTIPOINT ((1 2), (3.25 4))",
            ),
            (
                T::MultiLineString,
                &[(Line, &[a]), (Line, &[b])],
                "MULTILINESTRING ((1 2, 3.25 4), (5 6, 7 8))",
            ),
            (
                T::MultiPolygon,
                &[(Polygon, &[a, b]), (Polygon, &[b])],
                "MULTIPOLYGON (((1 2, 3.25 4), (5 6, 7 8)), ((5 6, 7 8)))",
            ),
            (
                T::Unknown,
                &[(Points, &[point]), (Line, &[b])],
                "GEOMETRYCOLLECTION (POINT (1.5 -2), LINESTRING (5 6, 7 8))",
            ),
            (T::Point, &[], ""),
        ];
        for (kind, parts, expected) in cases {
            assert_eq!(wkt(kind, parts), expected);
        }
    }
}
