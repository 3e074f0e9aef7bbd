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
        let limits = grid.limits();
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
            || lower.iter().zip(&limits).any(|(v, [_, most])| v >= most)
            || upper.iter().zip(&limits).any(|(v, [least, _])| v <= least)
        {
            return 0;
        }
        let ends = lower.iter().zip(&upper).zip(limits);
        for (axis, ((lower, upper), [least, most])) in ends.enumerate() {
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
    // along the axis, and across it; the same there and back
    let turned = |[x, y]: Snapped| if axis == 0 { [x, y] } else { [y, x] };
    let Some(last) = ring.last() else {
        return;
    };
    let mut from = turned(*last);
    let mut from_depth = (from[0] - limit) * sign;
    for at in ring {
        let to = turned(*at);
        let to_depth = (to[0] - limit) * sign;
        if (from_depth < 0) != (to_depth < 0) {
            // from the inner end, so that both directions of an edge are cut at one point
            let ([_, inner], [_, outer], inside, outside) = if from_depth < 0 {
                (to, from, to_depth, from_depth)
            } else {
                (from, to, from_depth, to_depth)
            };
            let t = inside as f64 / (inside - outside) as f64;
            let across = inner + ((outer - inner) as f64 * t).round() as i64;
            out.push(turned([limit, across]));
        }
        if to_depth >= 0 {
            out.push(*at);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::vector_tile::grid::tests::{grid, position};
    use proptest::prelude::*;

    fn clip(rings: &[Vec<Coord>]) -> Vec<Vec<Point>> {
        let grid = grid();
        let world: Vec<Vec<Coord>> = rings
            .iter()
            .map(|ring| ring.iter().map(|p| position(&grid, *p)).collect())
            .collect();
        let mut found = Vec::new();
        Rings::default().clip(&grid, world.iter().map(Vec::as_slice), |ring| {
            found.push(ring.to_vec());
        });
        found
    }

    fn square(from: f64, to: f64) -> Vec<Coord> {
        vec![[from, from], [to, from], [to, to], [from, to], [from, from]]
    }

    #[test]
    fn a_ring_is_turned_and_its_hole_the_other_way() {
        let mut hole = square(20.0, 30.0);
        for turned in [false, true] {
            let mut outer = square(10.0, 50.0);
            if turned {
                outer.reverse();
                hole.reverse();
            }
            let found = clip(&[outer, hole.clone()]);
            assert_eq!(found.len(), 2);
            assert_eq!((area(&found[0]), area(&found[1])), (3200, -200));
        }
    }

    #[test]
    fn what_vanishes_takes_its_holes_along() {
        let tiny = square(10.1, 10.3);
        assert!(clip(&[tiny.clone(), square(20.0, 30.0)]).is_empty());
        assert_eq!(clip(&[square(10.0, 50.0), tiny]).len(), 1);
        let flat = vec![[10.0, 10.0], [40.0, 10.0], [70.0, 10.2], [10.0, 10.0]];
        assert!(clip(&[flat]).is_empty());
        assert!(clip(&[vec![]]).is_empty());
        assert!(clip(&[vec![[f64::NAN, 1.0], [2.0, f64::INFINITY]]]).is_empty());
    }

    #[test]
    fn a_tile_in_the_hole_of_an_area_is_empty_and_one_in_the_area_is_full() {
        let [outer, hole] = [square(-9e6, 9e6), square(-500.0, 5000.0)];
        assert!(clip(&[outer.clone(), hole]).is_empty());
        let full = clip(&[outer]);
        assert_eq!(full.len(), 1);
        assert_eq!(area(&full[0]), 2 * (4096 + 128) * (4096 + 128));
        assert_eq!(full[0].len(), 4);
    }

    #[test]
    fn spikes_and_points_on_a_straight_way_are_left_out() {
        let ring = vec![
            [0.0, 0.0],
            [50.0, 0.0],
            [100.0, 0.0],
            [100.0, 100.0],
            [100.0, 300.0], // there
            [100.0, 100.0], // and back
            [0.0, 100.0],
            [0.0, 40.0],
            [0.0, 0.0],
        ];
        let found = clip(&[ring]);
        assert_eq!(found, [[[0, 0], [100, 0], [100, 100], [0, 100]]]);
    }

    fn is_inside(rings: &[Vec<Coord>], [x, y]: Coord) -> bool {
        let mut inside = false;
        for ring in rings {
            for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                if (a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0]
                {
                    inside = !inside;
                }
            }
        }
        inside
    }

    fn distance(rings: &[Vec<Coord>], [x, y]: Coord) -> f64 {
        let edges = rings
            .iter()
            .flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
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
        fn a_clipped_star_covers_what_the_star_covers(
            center in [-3000.0..7000.0f64, -3000.0..7000.0f64],
            radii in prop::collection::vec(1.0..6000.0f64, 3..40),
            spots in prop::collection::vec([0.0..4096.0f64, 0.0..4096.0f64], 40),
        ) {
            let n = radii.len() as f64;
            let star: Vec<Coord> = radii
                .iter()
                .enumerate()
                .map(|(i, r)| {
                    let angle = i as f64 / n * std::f64::consts::TAU;
                    [center[0] + r * angle.cos(), center[1] + r * angle.sin()]
                })
                .collect();
            let found = clip(std::slice::from_ref(&star));
            for ring in &found {
                prop_assert!(ring.len() >= 3 && area(ring) > 0);
                prop_assert!(ring.iter().flatten().all(|v| (-64..=4160).contains(v)));
                for (nth, at) in ring.iter().enumerate() {
                    let next = |k: usize| ring[(nth + k) % ring.len()];
                    prop_assert_ne!(cross(*at, next(1), next(2)), 0);
                }
            }
            let as_coords: Vec<Vec<Coord>> = found
                .iter()
                .map(|r| r.iter().map(|p| p.map(f64::from)).collect())
                .collect();
            let star = [star];
            for spot in spots {
                if distance(&star, spot) > 1.5 {
                    prop_assert_eq!(is_inside(&star, spot), is_inside(&as_coords, spot), "{:?}", spot);
                }
            }
        }

        #[test]
        fn two_areas_that_share_an_edge_share_it_where_it_is_cut(
            a in [-5000.0..9000.0f64, -5000.0..9000.0f64],
            b in [-5000.0..9000.0f64, -5000.0..9000.0f64],
        ) {
            prop_assume!((a[0] - b[0]).abs() > 10.0);
            let above = clip(&[vec![a, b, [b[0], b[1] + 30_000.0], [a[0], a[1] + 30_000.0]]]);
            let below = clip(&[vec![b, a, [a[0], a[1] - 30_000.0], [b[0], b[1] - 30_000.0]]]);
            // together they are the strip between the two ends, to the last square
            let width = {
                let x = |v: f64| v.round_ties_even().clamp(-64.0, 4160.0) as i64;
                (x(a[0]) - x(b[0])).abs()
            };
            let sum: i64 = above.iter().chain(&below).map(|r| area(r)).sum();
            let whole = 2 * width * (4096 + 128);
            // what is thinner than a unit is no area on one of the sides
            prop_assert!((sum - whole).abs() <= 4300, "{sum} of {whole}");
            if !above.is_empty() && !below.is_empty() {
                prop_assert_eq!(sum, whole);
            }
        }
    }
}
