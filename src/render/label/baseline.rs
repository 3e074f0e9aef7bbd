use std::f64::consts::{PI, TAU};

use crate::geom::Coord;

/// Positions of the line that a baseline is fitted to.
pub const SAMPLES: usize = 48;
/// Chords that measure a baseline: a chord of a bend that we accept is 0.1 % short.
const CHORDS: usize = 32;

/// A smooth curve that a label stands on: the cubic nearest to a stretch of a line, in the least
/// squares. It has one change of direction at most, as a hand would draw it, and passes through
/// the line's small bends.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// Of x and y by powers of the parameter, which runs from -1 to 1.
    powers: [[f64; 4]; 2],
    /// Length from the start to the end of each chord.
    lengths: [f64; CHORDS],
}

/// How a stretch of a baseline is bent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bend {
    /// Between the two directions furthest apart, in radians.
    pub total: f64,
    /// Of the sharpest place, in radians per unit of length.
    pub sharpest: f64,
}

impl Baseline {
    /// Fits a baseline to positions at equal distances along a line, each in the middle of its
    /// share of the stretch.
    pub fn fit(positions: &[Coord; SAMPLES]) -> Baseline {
        // Gram's polynomials: orthogonal over the samples, so that each is fitted by itself
        let n2 = (SAMPLES * SAMPLES) as f64;
        let square = (n2 - 1.0) / (3.0 * n2);
        let fourth_by_square = (3.0 * n2 - 7.0) / (5.0 * n2);
        let mut sums = [[0.0; 4]; 2];
        let mut norms = [0.0; 4];
        for (index, position) in positions.iter().enumerate() {
            let t = parameter(index, SAMPLES);
            let basis = [1.0, t, t * t - square, t * (t * t - fourth_by_square)];
            for (norm, b) in norms.iter_mut().zip(basis) {
                *norm += b * b;
            }
            for (sums, value) in sums.iter_mut().zip(position) {
                for (sum, b) in sums.iter_mut().zip(basis) {
                    *sum += b * value;
                }
            }
        }
        let powers = sums.map(|[s0, s1, s2, s3]| {
            let [n0, n1, n2, n3] = norms;
            let (a0, a1, a2, a3) = (s0 / n0, s1 / n1, s2 / n2, s3 / n3);
            [a0 - a2 * square, a1 - a3 * fourth_by_square, a2, a3]
        });
        let mut baseline = Baseline {
            powers,
            lengths: [0.0; CHORDS],
        };
        let mut before = baseline.position(-1.0);
        let mut total = 0.0;
        let ends = (1..=CHORDS).map(chord_end);
        let positions = ends.map(|t| baseline.position(t));
        let lengths: Vec<f64> = positions
            .map(|[x, y]| {
                let [bx, by] = before;
                total += (x - bx).hypot(y - by);
                before = [x, y];
                total
            })
            .collect();
        for (slot, length) in baseline.lengths.iter_mut().zip(lengths) {
            *slot = length;
        }
        baseline
    }

    pub fn length(&self) -> f64 {
        self.lengths.last().copied().unwrap_or(0.0)
    }

    /// The position at a length from the start, and the direction there.
    pub fn at(&self, length: f64) -> (Coord, f64) {
        let t = self.parameter_at(length);
        let [dx, dy] = self.velocity(t);
        (self.position(t), dy.atan2(dx))
    }

    /// How the stretch between two lengths is bent.
    pub fn bend(&self, from: f64, to: f64) -> Bend {
        let (first, last) = (self.parameter_at(from), self.parameter_at(to));
        let mut bend = Bend::default();
        let (mut start, mut low, mut high) = (None, 0.0_f64, 0.0_f64);
        for step in 0..=CHORDS / 2 {
            let t = first + (last - first) * step as f64 / (CHORDS / 2) as f64;
            let [dx, dy] = self.velocity(t);
            let [ax, ay] = self.powers.map(|[_, _, b, c]| 2.0 * b + 6.0 * c * t);
            let speed = dx.hypot(dy).max(f64::MIN_POSITIVE);
            bend.sharpest = bend.sharpest.max((dx * ay - dy * ax).abs() / speed.powi(3));
            let angle = dy.atan2(dx);
            let turn = (angle - *start.get_or_insert(angle) + PI).rem_euclid(TAU) - PI;
            (low, high) = (low.min(turn), high.max(turn));
        }
        bend.total = high - low;
        bend
    }

    /// How far the positions it was fitted to lie from the baseline, to its right (down the
    /// page of a line drawn to the right) and to its left.
    pub fn deviation(&self, positions: &[Coord; SAMPLES]) -> [f64; 2] {
        let (mut right, mut left) = (0.0_f64, 0.0_f64);
        for (index, [x, y]) in positions.iter().enumerate() {
            let t = parameter(index, SAMPLES);
            let ([px, py], [dx, dy]) = (self.position(t), self.velocity(t));
            let speed = dx.hypot(dy).max(f64::MIN_POSITIVE);
            let off = (dx * (y - py) - dy * (x - px)) / speed;
            (right, left) = (right.max(off), left.max(-off));
        }
        [right, left]
    }

    fn position(&self, t: f64) -> Coord {
        self.powers
            .map(|[a, b, c, d]| a + t * (b + t * (c + t * d)))
    }

    fn velocity(&self, t: f64) -> Coord {
        self.powers
            .map(|[_, b, c, d]| b + t * (2.0 * c + t * 3.0 * d))
    }

    fn parameter_at(&self, length: f64) -> f64 {
        let chord = self
            .lengths
            .partition_point(|end| *end < length)
            .min(CHORDS - 1);
        let end = self.lengths.get(chord).copied().unwrap_or(0.0);
        let begin = chord
            .checked_sub(1)
            .and_then(|before| self.lengths.get(before).copied())
            .unwrap_or(0.0);
        let part = if end > begin {
            (length - begin) / (end - begin)
        } else {
            0.0
        };
        let from = chord_end(chord);
        from + (chord_end(chord + 1) - from) * part
    }
}

/// The middle of the `index`th of `count` equal shares of -1 to 1.
fn parameter(index: usize, count: usize) -> f64 {
    (2 * index + 1) as f64 / count as f64 - 1.0
}

fn chord_end(number: usize) -> f64 {
    2.0 * number as f64 / CHORDS as f64 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(at: impl Fn(f64) -> Coord) -> [Coord; SAMPLES] {
        std::array::from_fn(|i| at(parameter(i, SAMPLES)))
    }

    #[test]
    fn a_straight_stretch_is_its_own_baseline() {
        let line = positions(|t| [50.0 * t + 3.0, 20.0 * t - 1.0]);
        let baseline = Baseline::fit(&line);
        assert!((baseline.length() - 100.0_f64.hypot(40.0)).abs() < 1e-9);
        let ([x, y], angle) = baseline.at(baseline.length() / 2.0);
        assert!((x - 3.0).abs() < 1e-9 && (y + 1.0).abs() < 1e-9);
        assert!((angle - 20.0_f64.atan2(50.0)).abs() < 1e-12);
        let bend = baseline.bend(0.0, baseline.length());
        assert!(bend.total < 1e-9 && bend.sharpest < 1e-12);
        assert!(baseline.deviation(&line).iter().all(|d| *d < 1e-9));
    }

    #[test]
    fn an_arc_keeps_its_bend_and_its_length() {
        let radius = 80.0;
        let arc = positions(|t| [radius * (t * 0.5).sin(), radius * (1.0 - (t * 0.5).cos())]);
        let baseline = Baseline::fit(&arc);
        let bend = baseline.bend(0.0, baseline.length());
        assert!((bend.total - 1.0).abs() < 0.03, "{bend:?}");
        assert!((bend.sharpest * radius - 1.0).abs() < 0.15, "{bend:?}");
        assert!((baseline.length() - radius).abs() < 0.3);
    }

    #[test]
    fn small_bends_are_smoothed_and_measured() {
        let line = positions(|t| [100.0 * t, 4.0 * (40.0 * t).sin()]);
        let baseline = Baseline::fit(&line);
        let bend = baseline.bend(0.0, baseline.length());
        assert!(bend.total < 0.1, "{bend:?}");
        let [right, left] = baseline.deviation(&line);
        assert!((3.0..5.0).contains(&right) && (3.0..5.0).contains(&left));
    }

    #[test]
    fn lengths_are_walked_evenly() {
        let curve = positions(|t| [60.0 * t + 20.0 * t * t, 30.0 * t * t]);
        let baseline = Baseline::fit(&curve);
        let steps = 40;
        let step = baseline.length() / f64::from(steps);
        for i in 0..steps {
            let ([ax, ay], _) = baseline.at(f64::from(i) * step);
            let ([bx, by], _) = baseline.at(f64::from(i + 1) * step);
            let walked = (bx - ax).hypot(by - ay);
            assert!(
                (walked / step - 1.0).abs() < 0.02,
                "{i}: {walked} of {step}"
            );
        }
    }

    #[test]
    fn a_single_point_has_no_length_and_no_fault() {
        let baseline = Baseline::fit(&[[4.0, 5.0]; SAMPLES]);
        assert!(baseline.length() < 1e-9);
        let ([x, y], _) = baseline.at(1.0);
        assert!(x.is_finite() && y.is_finite());
    }
}
