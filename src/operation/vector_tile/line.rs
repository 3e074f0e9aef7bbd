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
fn cut(from: Snapped, to: Snapped, limits: [[i64; 2]; 2]) -> Option<[Point; 2]> {
    let (mut enters, mut leaves) = (0.0f64, 1.0f64);
    for ((a, b), [least, most]) in from.into_iter().zip(to).zip(limits) {
        if a == b {
            if a < least || a > most {
                return None;
            }
            continue;
        }
        let step = (b - a) as f64;
        let (first, last) = ((least - a) as f64 / step, (most - a) as f64 / step);
        enters = enters.max(first.min(last));
        leaves = leaves.min(first.max(last));
    }
    if enters > leaves {
        return None;
    }
    let value = |a: i64, b: i64, t: f64, [least, most]: [i64; 2]| {
        let value = match t {
            0.0 => a,
            1.0 => b,
            t => a + ((b - a) as f64 * t).round() as i64,
        };
        // rounding may not lead out again
        value.clamp(least, most) as i32
    };
    let [across, down] = limits;
    let at = |t: f64| {
        [
            value(from[0], to[0], t, across),
            value(from[1], to[1], t, down),
        ]
    };
    Some([at(enters), at(leaves)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::vector_tile::grid::tests::{grid, position};
    use proptest::prelude::*;

    fn clip(line: &[Coord]) -> Vec<Vec<Point>> {
        let grid = grid();
        let world: Vec<Coord> = line.iter().map(|p| position(&grid, *p)).collect();
        let mut found = Vec::new();
        Lines::default().clip(&grid, &world, |part| found.push(part.to_vec()));
        found
    }

    #[test]
    fn a_line_that_leaves_and_comes_back_has_several_parts() {
        let line = [
            [100.0, 100.0],
            [100.0, 9000.0],
            [300.0, 9000.0],
            [300.0, 50.0],
            [9000.0, 50.0],
            [9000.0, -9000.0],
        ];
        assert_eq!(
            clip(&line),
            [
                vec![[100, 100], [100, 4160]],
                vec![[300, 4160], [300, 50], [4160, 50]]
            ]
        );
    }

    #[test]
    fn a_line_through_the_tile_is_cut_on_both_sides_and_one_beside_it_is_not_there() {
        assert_eq!(
            clip(&[[-1000.0, 2048.0], [9000.0, 2048.0]]),
            [[[-64, 2048], [4160, 2048]]]
        );
        assert!(clip(&[[-1000.0, 2000.0], [2000.0, -9000.0]]).is_empty());
        assert!(clip(&[[-1000.0, -65.0], [9000.0, -65.0]]).is_empty());
    }

    #[test]
    fn a_way_back_stays_and_a_straight_way_has_no_points_between() {
        let line = [
            [0.0, 0.0],
            [10.0, 10.0],
            [20.0, 20.0],
            [5.0, 5.0],
            [5.0, 5.1],
        ];
        assert_eq!(clip(&line), [[[0, 0], [20, 20], [5, 5]]]);
        assert!(clip(&[[7.0, 7.0], [7.2, 7.2]]).is_empty());
        assert!(clip(&[[7.0, 7.0]]).is_empty());
        assert!(clip(&[]).is_empty());
    }

    #[test]
    fn a_position_that_is_none_breaks_a_line() {
        let line = [
            [1.0, 1.0],
            [9.0, 1.0],
            [f64::NAN, 1.0],
            [20.0, 1.0],
            [30.0, 1.0],
        ];
        assert_eq!(clip(&line), [[[1, 1], [9, 1]], [[20, 1], [30, 1]]]);
    }

    fn distance(parts: &[Vec<Coord>], [x, y]: Coord) -> f64 {
        let edges = parts
            .iter()
            .flat_map(|part| part.iter().zip(part.iter().skip(1)));
        edges
            .map(|(a, b)| {
                let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
                let length = (dx * dx + dy * dy).max(1e-12);
                let t = (((x - a[0]) * dx + (y - a[1]) * dy) / length).clamp(0.0, 1.0);
                (x - a[0] - t * dx).hypot(y - a[1] - t * dy)
            })
            .fold(f64::INFINITY, f64::min)
    }

    proptest! {
        #[test]
        fn a_clipped_line_is_where_the_line_is(
            line in prop::collection::vec([-6000.0..10_000.0f64, -6000.0..10_000.0f64], 2..20)
        ) {
            let parts: Vec<Vec<Coord>> = clip(&line)
                .into_iter()
                .map(|part| part.into_iter().map(|p| p.map(f64::from)).collect())
                .collect();
            for part in &parts {
                prop_assert!(part.len() >= 2);
                prop_assert!(part.windows(2).all(|w| w[0] != w[1]));
                prop_assert!(part.iter().flatten().all(|v| (-64.0..=4160.0).contains(v)));
                for point in part {
                    let off = distance(std::slice::from_ref(&line), *point);
                    prop_assert!(off <= 1.5, "{point:?} is {off} off");
                }
            }
            for (a, b) in line.iter().zip(line.iter().skip(1)) {
                for t in 0..=50 {
                    let t = f64::from(t) / 50.0;
                    let at = [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
                    if at.iter().all(|v| (-60.0..=4156.0).contains(v)) {
                        let off = distance(&parts, at);
                        prop_assert!(off <= 3.0, "{at:?} is {off} off");
                    }
                }
            }
        }
    }
}
