//! Rings: snapped, cut to the tile and its buffer (Sutherland–Hodgman), freed of what has no
//! area, turned the way that tiles want.

use super::grid::{Grid, Snapped};
use crate::encode::mvt::Point;
use crate::geom::Coord;

/// Cuts polygons; its memory is used again and again.
#[derive(Debug, Default)]
pub(super) struct Rings {
    ring: Vec<Snapped>,
    other: Vec<Snapped>,
    points: Vec<Point>,
    /// The rings of one polygon, one after another, and where each ends.
    polygon: Vec<Point>,
    ends: Vec<usize>,
}

impl Rings {
    /// Calls `put` with each ring of a polygon that is left, the outer one first and clockwise
    /// on the screen, without the first point repeated. A polygon whose outer ring has no area
    /// in the grid, or is filled by its holes, is left out whole.
    pub fn clip<'r>(
        &mut self,
        grid: &Grid,
        rings: impl Iterator<Item = &'r [Coord]>,
        mut put: impl FnMut(&[Point]),
    ) {
        self.polygon.clear();
        self.ends.clear();
        let mut left = 0;
        for (nth, ring) in rings.enumerate() {
            let area = self.ring(grid, ring);
            if nth == 0 {
                if area == 0 {
                    return;
                }
                left = area.abs();
                self.take(area < 0);
            } else if area != 0 {
                left -= area.abs();
                self.take(area > 0);
            }
        }
        if left <= 0 {
            return;
        }
        let mut start = 0;
        for end in &self.ends {
            put(self.polygon.get(start..*end).unwrap_or(&[]));
            start = *end;
        }
    }

    /// Adds the ring in `points` to the polygon, the other way round where `turned`.
    fn take(&mut self, turned: bool) {
        if turned {
            self.polygon.extend(self.points.iter().rev());
        } else {
            self.polygon.extend_from_slice(&self.points);
        }
        self.ends.push(self.polygon.len());
    }

    /// Leaves what the tile has of a ring in `points`. Returns twice its area, positive where it
    /// is clockwise on the screen, 0 where nothing is left.
    fn ring(&mut self, grid: &Grid, positions: &[Coord]) -> i64 {
        let [least, most] = grid.limits();
        let (mut lower, mut upper) = ([i64::MAX; 2], [i64::MIN; 2]);
        self.ring.clear();
        self.points.clear();
        for position in positions {
            // a position that is none is left out: the ring closes over it
            let Some(at) = grid.snap(*position) else {
                continue;
            };
            if self.ring.last() == Some(&at) {
                continue;
            }
            lower = [lower[0].min(at[0]), lower[1].min(at[1])];
            upper = [upper[0].max(at[0]), upper[1].max(at[1])];
            self.ring.push(at);
        }
        if self.ring.len() > 1 && self.ring.first() == self.ring.last() {
            self.ring.pop();
        }
        if self.ring.len() < 3
            || lower.iter().any(|v| *v >= most)
            || upper.iter().any(|v| *v <= least)
        {
            return 0;
        }
        for (axis, (lower, upper)) in lower.iter().zip(&upper).enumerate() {
            if *lower < least {
                cut(&self.ring, &mut self.other, axis, least, 1);
                std::mem::swap(&mut self.ring, &mut self.other);
            }
            if *upper > most {
                cut(&self.ring, &mut self.other, axis, most, -1);
                std::mem::swap(&mut self.ring, &mut self.other);
            }
        }
        for at in &self.ring {
            // within the limits now
            push(&mut self.points, [at[0] as i32, at[1] as i32]);
        }
        close(&mut self.points);
        area(&self.points)
    }
}

/// The part of a ring on one side of a line of the grid: `axis` at least `limit` where `sign` is
/// 1, at most where it is -1.
fn cut(ring: &[Snapped], out: &mut Vec<Snapped>, axis: usize, limit: i64, sign: i64) {
    out.clear();
    let Some(mut from) = ring.last().copied() else {
        return;
    };
    let depth = |p: Snapped| (p[axis & 1] - limit) * sign;
    let mut from_depth = depth(from);
    for &to in ring {
        let to_depth = depth(to);
        if (from_depth < 0) != (to_depth < 0) {
            // from the inner end, so that both directions of an edge are cut at one point
            let (inner, outer, t) = if from_depth < 0 {
                (to, from, to_depth as f64 / (to_depth - from_depth) as f64)
            } else {
                (from, to, from_depth as f64 / (from_depth - to_depth) as f64)
            };
            let across = 1 - (axis & 1);
            let (a, b) = (inner[across], outer[across]);
            let mut at = [limit; 2];
            at[across] = a + ((b - a) as f64 * t).round() as i64;
            out.push(at);
        }
        if to_depth >= 0 {
            out.push(to);
        }
        (from, from_depth) = (to, to_depth);
    }
}

/// Goes on to a point. Points on a straight way are left out, and so is a way there and back.
fn push(ring: &mut Vec<Point>, point: Point) {
    while let [.., a, b] = ring.as_slice() {
        if cross(*a, *b, point) != 0 {
            break;
        }
        ring.pop();
    }
    if ring.last() != Some(&point) {
        ring.push(point);
    }
}

/// The same where the last points meet the first ones.
fn close(ring: &mut Vec<Point>) {
    let mut start = 0;
    while let [first, second, .., before, last] = ring.get(start..).unwrap_or(&[]) {
        if cross(*before, *last, *first) == 0 {
            ring.pop();
        } else if cross(*last, *first, *second) == 0 {
            start += 1;
        } else {
            break;
        }
    }
    ring.drain(..start);
    if ring.len() < 3 || area(ring) == 0 {
        ring.clear();
    }
}

/// Twice the area of a triangle, exactly; 0 where the points are on one line.
#[inline(always)]
fn cross(a: Point, b: Point, c: Point) -> i64 {
    let [x, y] = [
        i64::from(b[0]) - i64::from(a[0]),
        i64::from(b[1]) - i64::from(a[1]),
    ];
    let [u, v] = [
        i64::from(c[0]) - i64::from(b[0]),
        i64::from(c[1]) - i64::from(b[1]),
    ];
    x * v - y * u
}

/// Twice the area of a ring by the surveyor's formula: with y down positive where the ring is
/// clockwise on the screen (MVT 2.1 §4.3.4.4).
fn area(ring: &[Point]) -> i64 {
    let Some(last) = ring.last() else {
        return 0;
    };
    let mut from = *last;
    let mut sum = 0;
    for to in ring {
        sum += i64::from(from[0]) * i64::from(to[1]) - i64::from(to[0]) * i64::from(from[1]);
        from = *to;
    }
    sum
}
