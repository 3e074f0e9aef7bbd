//! Whether areas are simple: what a map draws all the same, but other tools refuse.
//!
//! Found are rings that cross or touch themselves, rings of one feature that cross or share a
//! border, holes outside of their exterior, and parts inside each other.
//!
//! # Not found
//! Two rings that cross exactly at a vertex of one of them, and what would take more than
//! [`MAX_TESTS`] comparisons: such a geometry is taken for valid.

use geo::kernels::{Kernel, Orientation, RobustKernel};

use crate::geom::{Bbox, Coord, Geometry, PartKind};

/// Comparisons of two segments for one geometry: about half a second.
const MAX_TESTS: u64 = 20_000_000;

/// What is wrong with a geometry, in words; `None` where it is valid.
pub fn fault(geometry: &Geometry) -> Option<&'static str> {
    let mut rings = Vec::new();
    let areas = geometry
        .parts()
        .zip(0_usize..)
        .filter(|(part, _)| part.kind == PartKind::Polygon);
    for (part, number) in areas {
        for (ring, nth) in part.sequences().zip(0_usize..) {
            rings.push(Ring {
                coords: ring,
                bbox: Bbox::around(ring)?,
                part: number,
                is_hole: nth > 0,
            });
        }
    }
    if rings.is_empty() {
        return None;
    }
    let mut tests = Tests { left: MAX_TESTS };
    crossing(&rings, &mut tests).or_else(|| misplaced(&rings, &mut tests))
}

struct Ring<'a> {
    coords: &'a [Coord],
    bbox: Bbox,
    part: usize,
    is_hole: bool,
}

struct Tests {
    left: u64,
}

impl Tests {
    /// False where enough was done.
    fn spend(&mut self, n: u64) -> bool {
        self.left = self.left.saturating_sub(n);
        self.left > 0
    }
}

#[derive(Clone, Copy)]
struct Segment {
    a: Coord,
    b: Coord,
    /// Along the axis of the sweep.
    min: f64,
    max: f64,
    ring: u32,
    /// Its place in the ring, and how many there are.
    nth: u32,
    of: u32,
}

impl Segment {
    /// Whether the segments follow each other in one ring.
    fn is_beside(&self, other: &Segment) -> bool {
        let next = |a: u32| {
            if a.saturating_add(1) == self.of {
                0
            } else {
                a.saturating_add(1)
            }
        };
        self.ring == other.ring && (next(self.nth) == other.nth || next(other.nth) == self.nth)
    }
}

/// How two segments meet.
#[derive(PartialEq)]
enum Meeting {
    Apart,
    /// In one position that is an end of one of them.
    Touch,
    Cross,
    /// In more than one position.
    Along,
}

fn crossing(rings: &[Ring<'_>], tests: &mut Tests) -> Option<&'static str> {
    let around = rings.iter().map(|r| r.bbox).reduce(|a, b| a.union(&b))?;
    // sweeping along the longer side leaves fewer neighbours
    let axis = usize::from(around.height() > around.width());
    let mut segments = Vec::new();
    for (ring, number) in rings.iter().zip(0_u32..) {
        let of = u32::try_from(ring.coords.len().saturating_sub(1)).ok()?;
        let pairs = ring.coords.iter().zip(ring.coords.iter().skip(1));
        for ((a, b), nth) in pairs.zip(0_u32..) {
            let (p, q) = (*a.get(axis)?, *b.get(axis)?);
            segments.push(Segment {
                a: *a,
                b: *b,
                min: p.min(q),
                max: p.max(q),
                ring: number,
                nth,
                of,
            });
        }
    }
    segments.sort_unstable_by(|s, t| s.min.total_cmp(&t.min));
    let mut touch = None;
    for (one, nth) in segments.iter().zip(1_usize..) {
        let following = segments.get(nth..).unwrap_or_default();
        for other in following.iter().take_while(|other| other.min <= one.max) {
            if !tests.spend(1) {
                return touch;
            }
            if !boxes_meet(one, other) {
                continue;
            }
            match judge(one, other, rings) {
                // a crossing says more, where there is one too
                Some(TOUCHES) => touch = Some(TOUCHES),
                None => {}
                fault => return fault,
            }
        }
    }
    touch
}

const TOUCHES: &str = "ring touches itself";

fn boxes_meet(one: &Segment, other: &Segment) -> bool {
    one.a
        .iter()
        .zip(&one.b)
        .zip(other.a.iter().zip(&other.b))
        .all(|((a, b), (c, d))| a.min(*b) <= c.max(*d) && c.min(*d) <= a.max(*b))
}

fn judge(one: &Segment, other: &Segment, rings: &[Ring<'_>]) -> Option<&'static str> {
    let meeting = meeting(one, other);
    if meeting == Meeting::Apart {
        return None;
    }
    if one.ring == other.ring {
        return match meeting {
            Meeting::Touch if one.is_beside(other) => None,
            Meeting::Touch => Some(TOUCHES),
            _ => Some("ring crosses itself"),
        };
    }
    if meeting == Meeting::Touch {
        return None;
    }
    let part = |s: &Segment| rings.get(usize::try_from(s.ring).ok()?).map(|r| r.part);
    match part(one) == part(other) {
        true => Some("hole crosses a ring or shares its border"),
        false => Some("parts overlap or share a border"),
    }
}

fn meeting(one: &Segment, other: &Segment) -> Meeting {
    let side =
        |a: Coord, b: Coord, p: Coord| match RobustKernel::orient2d(a.into(), b.into(), p.into()) {
            Orientation::CounterClockwise => 1_i8,
            Orientation::Clockwise => -1,
            Orientation::Collinear => 0,
        };
    let c = side(one.a, one.b, other.a);
    let d = side(one.a, one.b, other.b);
    if c == 0 && d == 0 {
        return in_line(one, other);
    }
    let a = side(other.a, other.b, one.a);
    let b = side(other.a, other.b, one.b);
    match (a * b, c * d) {
        (-1, -1) => Meeting::Cross,
        (1, _) | (_, 1) => Meeting::Apart,
        _ => Meeting::Touch,
    }
}

/// How two segments of one line meet.
fn in_line(one: &Segment, other: &Segment) -> Meeting {
    let ordered = |s: &Segment| if s.a <= s.b { (s.a, s.b) } else { (s.b, s.a) };
    let ((a, b), (c, d)) = (ordered(one), ordered(other));
    let start = if a >= c { a } else { c };
    let end = if b <= d { b } else { d };
    match start.partial_cmp(&end) {
        Some(std::cmp::Ordering::Less) => Meeting::Along,
        Some(std::cmp::Ordering::Equal) => Meeting::Touch,
        _ => Meeting::Apart,
    }
}

/// Holes outside of their exterior, and parts inside another's area.
fn misplaced(rings: &[Ring<'_>], tests: &mut Tests) -> Option<&'static str> {
    let mut exterior: Option<&Ring<'_>> = None;
    for ring in rings {
        if !ring.is_hole {
            exterior = Some(ring);
            continue;
        }
        let shell = exterior?;
        if !tests.spend((shell.coords.len() + ring.coords.len()) as u64) {
            return None;
        }
        if is_inside(ring, shell) == Some(false) {
            return Some("hole outside of its exterior");
        }
    }
    for one in rings.iter().filter(|r| !r.is_hole) {
        for other in rings.iter().filter(|r| !r.is_hole && r.part != one.part) {
            if !tests.spend(1) {
                return None;
            }
            if !other.bbox.contains(&one.bbox) {
                continue;
            }
            let holes = rings.iter().filter(|r| r.is_hole && r.part == other.part);
            let cost = (other.coords.len() + rings.len()).saturating_add(one.coords.len());
            if !tests.spend(cost as u64) {
                return None;
            }
            if is_inside(one, other) == Some(true)
                && !holes.clone().any(|hole| {
                    hole.bbox.contains(&one.bbox) && is_inside(one, hole) != Some(false)
                })
            {
                return Some("part inside another part");
            }
        }
    }
    None
}

/// Whether a ring that crosses no other lies inside of one; `None` where all that was looked at
/// lies on it.
fn is_inside(ring: &Ring<'_>, other: &Ring<'_>) -> Option<bool> {
    if !other.bbox.intersects(&ring.bbox) {
        return Some(false);
    }
    ring.coords
        .iter()
        .take(8)
        .find_map(|p| contains(other.coords, *p))
}

/// Whether a position lies in a closed ring; `None` on it.
pub fn contains(ring: &[Coord], [x, y]: Coord) -> Option<bool> {
    let mut inside = false;
    for ([ax, ay], [bx, by]) in ring.iter().zip(ring.iter().skip(1)) {
        let above = (*ay > y) != (*by > y);
        let in_height = ay.min(*by) <= y && y <= ay.max(*by);
        if !in_height {
            continue;
        }
        let p = |x: f64, y: f64| -> geo::Coord { (x, y).into() };
        let side = RobustKernel::orient2d(p(*ax, *ay), p(*bx, *by), p(x, y));
        if side == Orientation::Collinear && ax.min(*bx) <= x && x <= ax.max(*bx) {
            return None;
        }
        if above && (side == Orientation::CounterClockwise) == (by > ay) {
            inside = !inside;
        }
    }
    Some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::GeometryType;

    fn areas(parts: &[&[&[Coord]]]) -> Geometry {
        let mut shape = Geometry::new(GeometryType::MultiPolygon);
        for part in parts {
            for ring in *part {
                shape.extend(ring.iter().copied());
                shape.end_sequence();
            }
            shape.end_part(PartKind::Polygon);
        }
        shape
    }

    fn square(x: f64, y: f64, side: f64) -> [Coord; 5] {
        let (r, t) = (x + side, y + side);
        [[x, y], [r, y], [r, t], [x, t], [x, y]]
    }

    #[test]
    fn what_the_standard_allows_is_valid() {
        let (big, hole, far) = (
            square(0.0, 0.0, 10.0),
            square(2.0, 2.0, 2.0),
            square(20.0, 0.0, 1.0),
        );
        let island = square(2.5, 2.5, 1.0);
        let corner = square(10.0, 10.0, 2.0);
        let touching = [[0.0, 5.0], [1.0, 6.0], [1.0, 4.0], [0.0, 5.0]];
        for shape in [
            areas(&[&[&big]]),
            areas(&[&[&big, &hole]]),
            areas(&[&[&big, &hole], &[&far]]),
            areas(&[&[&big, &hole], &[&island]]),
            areas(&[&[&big], &[&corner]]),
            areas(&[&[&big, &touching]]),
        ] {
            assert_eq!(fault(&shape), None, "{shape:?}");
        }
    }

    #[test]
    fn every_fault_is_named() {
        let big = square(0.0, 0.0, 10.0);
        let bow_tie = [[0.0, 0.0], [9.0, 9.0], [9.0, 0.0], [0.0, 9.0], [0.0, 0.0]];
        let pinched = [
            [0.0, 0.0],
            [4.0, 4.0],
            [8.0, 0.0],
            [8.0, 8.0],
            [4.0, 4.0],
            [0.0, 8.0],
            [0.0, 0.0],
        ];
        let spike = [
            [0.0, 0.0],
            [5.0, 0.0],
            [9.0, 0.0],
            [5.0, 0.0],
            [5.0, 5.0],
            [0.0, 0.0],
        ];
        let flat = [[0.0, 0.0], [5.0, 0.0], [9.0, 0.0], [0.0, 0.0]];
        for (shape, expected) in [
            (areas(&[&[&bow_tie]]), "ring crosses itself"),
            (areas(&[&[&pinched]]), "ring touches itself"),
            (areas(&[&[&spike]]), "ring crosses itself"),
            (areas(&[&[&flat]]), "ring crosses itself"),
            (
                areas(&[&[&big, &square(8.0, 8.0, 4.0)]]),
                "hole crosses a ring or shares its border",
            ),
            (
                areas(&[&[&big, &square(0.0, 2.0, 2.0)]]),
                "hole crosses a ring or shares its border",
            ),
            (
                areas(&[&[&big, &square(20.0, 2.0, 2.0)]]),
                "hole outside of its exterior",
            ),
            (
                areas(&[&[&big], &[&square(10.0, 0.0, 5.0)]]),
                "parts overlap or share a border",
            ),
            (
                areas(&[&[&big], &[&square(2.0, 2.0, 2.0)]]),
                "part inside another part",
            ),
        ] {
            assert_eq!(fault(&shape), Some(expected), "{shape:?}");
        }
    }

    #[test]
    fn a_large_ring_is_looked_at_in_little_time() {
        let count = 200_000;
        let mut ring: Vec<Coord> = (0..count)
            .map(|i| {
                let angle = f64::from(i) / f64::from(count) * std::f64::consts::TAU;
                [angle.cos() * 1e5, angle.sin() * 1e5]
            })
            .collect();
        ring.push(ring[0]);
        assert_eq!(fault(&areas(&[&[&ring]])), None);
        ring.swap(100_000, 100_003);
        assert_eq!(fault(&areas(&[&[&ring]])), Some("ring crosses itself"));
        // a comb that keeps every segment beside every other must end too
        let mut comb: Vec<Coord> = (0..20_000)
            .map(|i| [if i % 2 == 0 { 0.0 } else { 1e6 }, f64::from(i)])
            .collect();
        comb.extend([[-1.0, 2e4], [-1.0, 0.0], comb[0]]);
        let _any = fault(&areas(&[&[&comb]]));
    }
}
