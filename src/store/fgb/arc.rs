//! Circular arcs as lines.

use std::f64::consts::{PI, TAU};

use crate::geom::Coord;

/// The widest angle of one straight step: 4°, a deviation of 0.06 % of the radius.
const STEP: f64 = 4.0 * PI / 180.0;

/// Calls `push` with the positions of a circular string after its first: arcs through three
/// positions each, the end of one being the start of the next (ISO/IEC 13249-3, ST_CircularString).
///
/// Every stored position is kept exactly. An arc whose ends are equal is a full circle with the
/// middle position opposite; positions in line or not finite are joined straight.
pub(crate) fn linearise(positions: impl Iterator<Item = Coord>, mut push: impl FnMut(Coord)) {
    let mut positions = positions;
    let Some(mut start) = positions.next() else {
        return;
    };
    while let Some(middle) = positions.next() {
        let Some(end) = positions.next() else {
            push(middle); // an even number of positions: the last is joined straight
            return;
        };
        match circle(start, middle, end) {
            Some(circle) => {
                circle.walk(start, middle, &mut push);
                push(middle);
                circle.walk(middle, end, &mut push);
            }
            None => push(middle),
        }
        push(end);
        start = end;
    }
}

struct Circle {
    center: Coord,
    radius: f64,
    counterclockwise: bool,
}

/// The circle through three positions; `None` where they are in line.
fn circle(a: Coord, b: Coord, c: Coord) -> Option<Circle> {
    // Relative to the first position: projected coordinates have few digits left for squares.
    let (bx, by) = (b[0] - a[0], b[1] - a[1]);
    let (cx, cy) = (c[0] - a[0], c[1] - a[1]);
    let (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
    let (x, y, cross) = if c2 == 0.0 {
        (bx / 2.0, by / 2.0, 1.0)
    } else {
        let cross = bx * cy - by * cx;
        if cross.abs() <= 1e-12 * (b2 + c2) {
            return None;
        }
        let x = (cy * b2 - by * c2) / (2.0 * cross);
        let y = (bx * c2 - cx * b2) / (2.0 * cross);
        (x, y, cross)
    };
    let radius = x.hypot(y);
    (radius.is_finite() && radius > 0.0).then_some(Circle {
        center: [a[0] + x, a[1] + y],
        radius,
        counterclockwise: cross > 0.0,
    })
}

impl Circle {
    fn angle(&self, [x, y]: Coord) -> f64 {
        (y - self.center[1]).atan2(x - self.center[0])
    }

    /// The positions between two on the circle, without them.
    fn walk(&self, from: Coord, to: Coord, push: &mut impl FnMut(Coord)) {
        let start = self.angle(from);
        let turn = (self.angle(to) - start).rem_euclid(TAU);
        let sweep = if self.counterclockwise {
            turn
        } else {
            turn - TAU
        };
        // 1e-9: an arc of exactly 4° is one step whatever the rounding
        let steps = (sweep.abs() / STEP - 1e-9).ceil().clamp(1.0, 90.0);
        let mut step = 1.0;
        while step < steps {
            let (sin, cos) = (start + sweep * step / steps).sin_cos();
            push([
                self.center[0] + self.radius * cos,
                self.center[1] + self.radius * sin,
            ]);
            step += 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(positions: &[Coord]) -> Vec<Coord> {
        let mut out = vec![positions[0]];
        linearise(positions.iter().copied(), |c| out.push(c));
        out
    }

    fn assert_on_circle(line: &[Coord], center: Coord, radius: f64) {
        for [x, y] in line {
            let r = (x - center[0]).hypot(y - center[1]);
            assert!((r - radius).abs() < 1e-9, "{x} {y} is {r} from the center");
        }
        for pair in line.windows(2) {
            let step = (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]);
            assert!(step <= 2.0 * radius * (STEP / 2.0).sin() + 1e-9 && step > 0.0);
        }
    }

    #[test]
    fn a_half_circle_lies_on_its_circle_in_steps_of_4_degrees() {
        let far = [6_500_000.0, 700_000.0];
        let up = line(&[far, [far[0] + 10.0, far[1] + 10.0], [far[0] + 20.0, far[1]]]);
        assert_eq!(up.len(), 1 + 23 + 23);
        assert_on_circle(&up, [far[0] + 10.0, far[1]], 10.0);
        assert!(
            up.iter().all(|c| c[1] >= far[1]),
            "through the middle, not the other way"
        );
        let down = line(&[[0.0, 0.0], [1.0, -1.0], [2.0, 0.0]]);
        assert!(down.iter().all(|c| c[1] <= 0.0));
    }

    #[test]
    fn equal_ends_are_a_full_circle_and_positions_in_line_a_line() {
        let ring = line(&[[0.0, 0.0], [2.0, 0.0], [0.0, 0.0]]);
        assert_eq!(ring.len(), 1 + 90);
        assert_on_circle(&ring, [1.0, 0.0], 1.0);
        let straight = [[0.0, 0.0], [1.0, 1.0], [3.0, 3.0]];
        assert_eq!(line(&straight), straight);
        let broken = [[0.0, 0.0], [f64::NAN, 1.0], [3.0, 3.0]];
        assert_eq!(line(&broken).len(), 3);
    }

    #[test]
    fn arcs_follow_each_other_and_keep_every_stored_position() {
        let stored = [
            [0.0, 0.0],
            [1.0, 1.0],
            [2.0, 0.0],
            [3.0, -1.0],
            [4.0, 0.0],
            [5.0, 0.0],
        ];
        let all = line(&stored);
        let mut rest = all.iter();
        assert!(stored.iter().all(|s| rest.any(|c| c == s)));
    }
}
