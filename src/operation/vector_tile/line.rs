//! Lines: snapped, cut to the tile and its buffer (Liang–Barsky), thinned.

use super::grid::{Grid, Snapped};
use crate::encode::mvt::Point;
use crate::geom::Coord;

/// Cuts lines; its memory is used again and again.
#[derive(Debug, Default)]
pub(super) struct Lines {
    part: Vec<Point>,
}

impl Lines {
    /// Calls `put` with each part of the line inside, of two different points or more. A
    /// position that is none breaks the line.
    pub fn clip(&mut self, grid: &Grid, line: &[Coord], mut put: impl FnMut(&[Point])) {
        let mut from: Option<Snapped> = None;
        self.part.clear();
        for position in line {
            let Some(to) = grid.snap(*position) else {
                self.end(&mut put);
                from = None;
                continue;
            };
            let Some(before) = from.replace(to) else {
                self.part.extend(grid.inside(to));
                continue;
            };
            if before == to {
                continue;
            }
            match (grid.inside(to), self.part.is_empty()) {
                // from inside to inside
                (Some(point), false) => self.push(point),
                (inside, _) => match cut(before, to, grid.limits()) {
                    Some([enters, leaves]) => {
                        if self.part.is_empty() {
                            self.part.push(enters);
                        }
                        self.push(leaves);
                        if inside.is_none() {
                            self.end(&mut put);
                        }
                    }
                    None => self.end(&mut put),
                },
            }
        }
        self.end(&mut put);
    }

    /// Goes on to a point; one on the straight way to it is left out.
    fn push(&mut self, point: Point) {
        if self.part.last() == Some(&point) {
            return;
        }
        if let [.., a, b] = self.part.as_slice()
            && is_on_the_way(*a, *b, point)
        {
            self.part.pop();
        }
        self.part.push(point);
    }

    fn end(&mut self, put: &mut impl FnMut(&[Point])) {
        if self.part.len() > 1 {
            put(&self.part);
        }
        self.part.clear();
    }
}

/// True where `b` is between `a` and `c`, exactly.
fn is_on_the_way(a: Point, b: Point, c: Point) -> bool {
    let step = |p: Point, q: Point| {
        [
            i64::from(q[0]) - i64::from(p[0]),
            i64::from(q[1]) - i64::from(p[1]),
        ]
    };
    let ([x, y], [u, v]) = (step(a, b), step(b, c));
    x * v == y * u && x * u + y * v > 0
}

/// The part of a segment within the limits, its new ends rounded; `None` where nothing is.
fn cut(from: Snapped, to: Snapped, [least, most]: [i64; 2]) -> Option<[Point; 2]> {
    let (mut enters, mut leaves) = (0.0f64, 1.0f64);
    for axis in 0..2 {
        let (a, b) = (from.get(axis)?, to.get(axis)?);
        let step = (b - a) as f64;
        if a == b {
            if *a < least || *a > most {
                return None;
            }
            continue;
        }
        let (first, last) = ((least - a) as f64 / step, (most - a) as f64 / step);
        enters = enters.max(first.min(last));
        leaves = leaves.min(first.max(last));
    }
    if enters > leaves {
        return None;
    }
    let at = |t: f64| {
        [0, 1].map(|axis: usize| {
            let (a, b) = (
                from.get(axis).copied().unwrap_or(0),
                to.get(axis).copied().unwrap_or(0),
            );
            let value = match t {
                0.0 => a,
                1.0 => b,
                t => a + ((b - a) as f64 * t).round() as i64,
            };
            // rounding may not lead out again
            value.clamp(least, most) as i32
        })
    };
    Some([at(enters), at(leaves)])
}
