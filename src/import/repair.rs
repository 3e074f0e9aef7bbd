//! What can be mended in a geometry without changing what it means.

use crate::geom::{Coord, Geometry, PartKind};

/// What was mended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repairs {
    /// A position that is no number, or infinite: left out.
    pub not_finite: bool,
    /// A position that repeats the one before it: left out.
    pub repeated: bool,
    /// A ring whose end is not its start: closed.
    pub unclosed: bool,
    /// A line of one position, a ring of less than three: left out.
    pub empty_part: bool,
    /// An exterior ring that ran clockwise, or a hole that did not: turned.
    pub turned: bool,
}

impl Repairs {
    /// What was mended, in words.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        [
            (self.not_finite, "position that is no number left out"),
            (self.repeated, "repeated vertex left out"),
            (self.unclosed, "unclosed ring closed"),
            (self.empty_part, "part without length or area left out"),
            (
                self.turned,
                "ring turned (exterior counter-clockwise, holes clockwise)",
            ),
        ]
        .into_iter()
        .filter_map(|(is, words)| is.then_some(words))
    }
}

/// Fills `out` with a geometry that is mended; empty where nothing of it is left.
pub fn repair(geometry: &Geometry, out: &mut Geometry) -> Repairs {
    let mut repairs = Repairs::default();
    let mut sequence = Vec::new();
    out.begin(geometry.kind());
    for part in geometry.parts() {
        let mut is_exterior = true;
        for given in part.sequences() {
            sequence.clear();
            sequence.extend(given.iter().filter(|c| c.iter().all(|n| n.is_finite())));
            repairs.not_finite |= sequence.len() < given.len();
            if part.kind != PartKind::Points {
                let before = sequence.len();
                sequence.dedup();
                repairs.repeated |= sequence.len() < before;
            }
            match part.kind {
                PartKind::Points => {}
                PartKind::Line => {
                    if sequence.len() < 2 {
                        repairs.empty_part |= !given.is_empty();
                        continue;
                    }
                }
                PartKind::Polygon => {
                    if !mend_ring(&mut sequence, is_exterior, &mut repairs) {
                        repairs.empty_part = true;
                        if is_exterior {
                            // holes of nothing
                            break;
                        }
                        continue;
                    }
                    is_exterior = false;
                }
            }
            out.extend(sequence.iter().copied());
            out.end_sequence();
        }
        out.end_part(part.kind);
    }
    repairs
}

/// Closes and turns a ring; false for one of less than three positions.
fn mend_ring(ring: &mut Vec<Coord>, is_exterior: bool, repairs: &mut Repairs) -> bool {
    if let (Some(first), Some(last)) = (ring.first().copied(), ring.last())
        && first != *last
    {
        // what has no area is left out, not closed
        repairs.unclosed |= ring.len() > 2;
        ring.push(first);
    }
    if ring.len() < 4 {
        return false;
    }
    let area = signed_area(ring);
    if (is_exterior && area < 0.0) || (!is_exterior && area > 0.0) {
        repairs.turned = true;
        ring.reverse();
    }
    true
}

/// Twice the area of a closed ring, positive where it runs counter-clockwise.
pub fn signed_area(ring: &[Coord]) -> f64 {
    // relative to the first position: projected coordinates have few digits left for products
    let Some([x0, y0]) = ring.first().copied() else {
        return 0.0;
    };
    let pairs = ring.iter().zip(ring.iter().skip(1));
    pairs
        .map(|([ax, ay], [bx, by])| (ax - x0) * (by - y0) - (bx - x0) * (ay - y0))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::GeometryType;

    fn polygon(rings: &[&[Coord]]) -> Geometry {
        let mut shape = Geometry::new(GeometryType::Polygon);
        for ring in rings {
            shape.extend(ring.iter().copied());
            shape.end_sequence();
        }
        shape.end_part(PartKind::Polygon);
        shape
    }

    fn mended(shape: &Geometry) -> (Geometry, Repairs) {
        let mut out = Geometry::default();
        let repairs = repair(shape, &mut out);
        (out, repairs)
    }

    const SQUARE: [Coord; 5] = [[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0], [0.0, 0.0]];

    #[test]
    fn a_sound_polygon_stays_as_it_is() {
        let hole = [[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [1.0, 1.0]];
        let shape = polygon(&[&SQUARE, &hole]);
        assert_eq!(mended(&shape), (shape, Repairs::default()));
    }

    #[test]
    fn every_fault_is_mended_and_named() {
        let clockwise: Vec<Coord> = SQUARE.iter().rev().copied().collect();
        let unclosed = &SQUARE[..4];
        let repeated = [
            SQUARE[0], SQUARE[1], SQUARE[1], SQUARE[2], SQUARE[3], SQUARE[4],
        ];
        let with_nan = [
            SQUARE[0],
            [f64::NAN, 1.0],
            SQUARE[1],
            SQUARE[2],
            SQUARE[3],
            SQUARE[4],
        ];
        let good = polygon(&[&SQUARE]);
        let only = |set: fn(&mut Repairs)| {
            let mut repairs = Repairs::default();
            set(&mut repairs);
            repairs
        };
        for (rings, repairs) in [
            (vec![&clockwise[..]], only(|r| r.turned = true)),
            (vec![unclosed], only(|r| r.unclosed = true)),
            (vec![&repeated[..]], only(|r| r.repeated = true)),
            (vec![&with_nan[..]], only(|r| r.not_finite = true)),
            (
                vec![&SQUARE[..], &SQUARE[..2]],
                only(|r| r.empty_part = true),
            ),
        ] {
            let (out, found) = mended(&polygon(&rings));
            assert_eq!(found, repairs);
            let area = signed_area(out.parts().next().unwrap().sequences().next().unwrap());
            assert_eq!(area, 162.0);
            assert!(repairs.turned || repairs.unclosed || out == good);
        }
    }

    #[test]
    fn what_is_left_of_nothing_is_nothing() {
        let (out, repairs) = mended(&polygon(&[&SQUARE[..2], &SQUARE]));
        assert!(out.is_empty() && repairs.empty_part && !repairs.unclosed);
        let mut line = Geometry::new(GeometryType::LineString);
        line.extend([[1.0, 1.0], [1.0, 1.0]]);
        line.end_part(PartKind::Line);
        assert!(mended(&line).0.is_empty());
        let mut points = Geometry::new(GeometryType::MultiPoint);
        points.extend([[1.0, 1.0], [1.0, 1.0]]);
        points.end_part(PartKind::Points);
        assert_eq!(mended(&points), (points, Repairs::default()));
    }
}
