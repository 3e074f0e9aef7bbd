//! Lambert's conic to longitude and latitude by polynomials, within a few times 1e-13 degrees of
//! the formula and with one root and one division a position.
//!
//! On a cone the latitude is a function of the distance from its tip alone, and the longitude one
//! of the direction. Both are smooth: near the middle of a zone they are polynomials to the last
//! digits, without logarithm, exponential and arc tangents, and several positions go through a
//! vector register at once. Whatever is not near the middle is left to the formula.

use super::projection::Projection;
use crate::geom::Coord;

/// Positions that are transformed together.
const LANES: usize = 4;
/// Terms of the polynomials: their series shrink by factors of 11 and of 100 a term, what is left
/// out is below 1e-15 of the whole.
const LATITUDE_TERMS: usize = 16;
const LONGITUDE_TERMS: usize = 8;
/// Latitude is told up to so far from the middle, as part of the distance from the tip: some
/// 1,100 km for a cone of middle latitudes.
const MAX_DISTANCE: f64 = 0.18;
/// Longitude is told up to this tangent of the direction: 11 degrees of the cone, which are 16 of
/// longitude in the middle of France.
const MAX_TANGENT: f64 = 0.2;

/// The way from a cone to degrees, where it is short.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ConicDegrees {
    tip: Coord,
    /// -1 for a cone of the south.
    sign: f64,
    /// The distance from the tip that the polynomial is around, and 1 / how far it reaches.
    middle: f64,
    per_reach: f64,
    /// Latitude by powers of the distance from the middle, in reaches.
    latitude: [f64; LATITUDE_TERMS],
    lon_0: f64,
    /// Degrees of longitude over the tangent, by powers of its square taken to -1 to 1.
    longitude: [f64; LONGITUDE_TERMS],
}

impl ConicDegrees {
    /// `None` where `source` is no cone, or none whose middle is far enough from its tip.
    pub fn new(source: &Projection) -> Option<ConicDegrees> {
        let Projection::LambertConic {
            lon_0,
            cone,
            factor,
            tip,
            ..
        } = source
        else {
            return None;
        };
        let sign = factor.signum();
        // the parallel where the scale is least lies between those that touch the cone
        let parallel = cone.asin().to_degrees();
        let [_, y] =
            source.project(Projection::Degrees.unproject([lon_0.to_degrees(), parallel])?)?;
        let middle = (tip[1] - y) * sign;
        let reach = middle * MAX_DISTANCE;
        let at = |distance: f64| {
            let image = source.unproject([tip[0], tip[1] - distance * sign])?;
            Some(Projection::Degrees.project(image)?[1])
        };
        let latitude = fit(|u| at(middle + u * reach))?;
        // arctan t / t as a function of t² from 0 to its greatest
        let longitude = fit(|u| {
            let square = (u + 1.0) / 2.0 * MAX_TANGENT * MAX_TANGENT;
            let tangent = square.sqrt();
            let ratio = if tangent > 1e-4 {
                tangent.atan() / tangent
            } else {
                1.0 - square / 3.0
            };
            Some((ratio / cone).to_degrees())
        })?;
        (middle > 0.0 && middle.is_finite()).then_some(ConicDegrees {
            tip: *tip,
            sign,
            middle,
            per_reach: 1.0 / reach,
            latitude,
            lon_0: lon_0.to_degrees(),
            longitude,
        })
    }

    /// Transforms all positions in place, those too far away by `other`.
    pub fn apply(&self, coords: &mut [Coord], other: impl Fn(&mut Coord)) {
        let (lots, rest) = coords.as_chunks_mut::<LANES>();
        for lot in lots {
            self.apply_lot(lot, &other);
        }
        if let Some(first) = rest.first().copied() {
            let mut lot = [first; LANES];
            for (lane, coord) in lot.iter_mut().zip(rest.iter()) {
                *lane = *coord;
            }
            self.apply_lot(&mut lot, &other);
            for (lane, coord) in lot.iter().zip(rest) {
                *coord = *lane;
            }
        }
    }

    #[inline]
    #[allow(clippy::indexing_slicing, reason = "lanes are counted")]
    fn apply_lot(&self, lot: &mut [Coord; LANES], other: &impl Fn(&mut Coord)) {
        let dx = lot.map(|[x, _]| (x - self.tip[0]) * self.sign);
        let dy = lot.map(|[_, y]| (self.tip[1] - y) * self.sign);
        let (mut u, mut t, mut s) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        let mut is_near = [false; LANES];
        for i in 0..LANES {
            t[i] = dx[i] / dy[i];
            // from -1 to 1, as what it is fitted for
            s[i] = t[i] * t[i] * (2.0 / (MAX_TANGENT * MAX_TANGENT)) - 1.0;
            u[i] = ((dx[i] * dx[i] + dy[i] * dy[i]).sqrt() - self.middle) * self.per_reach;
            // false for what is not finite
            is_near[i] = u[i].abs() <= 1.0 && s[i] <= 1.0 && dy[i] > 0.0;
        }
        let latitude = sixteen_terms(&self.latitude, u);
        let mut longitude = eight_terms(&self.longitude, s);
        for i in 0..LANES {
            longitude[i] = longitude[i] * t[i] + self.lon_0;
            // how a turn is taken back is not for this formula to say
            if is_near[i] && longitude[i].abs() <= 180.0 {
                lot[i] = [longitude[i], latitude[i]];
            } else {
                other(&mut lot[i]);
            }
        }
    }
}

/// Σ cₖ·xᵏ by Estrin's scheme: pairs, pairs of pairs and so on, which need not wait for each other.
#[inline]
#[allow(clippy::indexing_slicing, reason = "lanes are counted")]
fn eight_terms(c: &[f64; 8], x: [f64; LANES]) -> [f64; LANES] {
    let mut sum = [0.0; LANES];
    for i in 0..LANES {
        let x = x[i];
        let square = x * x;
        let low = (c[0] + c[1] * x) + (c[2] + c[3] * x) * square;
        let high = (c[4] + c[5] * x) + (c[6] + c[7] * x) * square;
        sum[i] = low + high * (square * square);
    }
    sum
}

#[inline]
#[allow(clippy::indexing_slicing, reason = "lanes are counted")]
fn sixteen_terms(c: &[f64; 16], x: [f64; LANES]) -> [f64; LANES] {
    let (halves, _) = c.as_chunks::<8>();
    let (low, high) = (eight_terms(&halves[0], x), eight_terms(&halves[1], x));
    let mut sum = [0.0; LANES];
    for i in 0..LANES {
        let square = x[i] * x[i];
        let fourth = square * square;
        sum[i] = low[i] + high[i] * (fourth * fourth);
    }
    sum
}

/// The polynomial through a function's values where Chebyshev's has its zeros, from -1 to 1, by
/// powers. `None` where the function has none there.
fn fit<const N: usize>(function: impl Fn(f64) -> Option<f64>) -> Option<[f64; N]> {
    let angle = |k: usize| std::f64::consts::PI * (k as f64 + 0.5) / N as f64;
    let mut values = [0.0; N];
    for (value, k) in values.iter_mut().zip(0..) {
        *value = function(angle(k).cos())?;
    }
    // Chebyshev's polynomials by powers: the one before, the one now
    let (mut before, mut now) = ([0.0; N], [0.0; N]);
    now[0] = 1.0;
    let mut powers = [0.0; N];
    for j in 0..N {
        let sum: f64 = (values.iter().zip(0..))
            .map(|(value, k)| value * (j as f64 * angle(k)).cos())
            .sum();
        let weight = if j == 0 { 1.0 } else { 2.0 } * sum / N as f64;
        for (power, c) in powers.iter_mut().zip(now) {
            *power += weight * c;
        }
        // T₁ = x, then 2x·Tⱼ - Tⱼ₋₁
        let factor = if j == 0 { 1.0 } else { 2.0 };
        let mut next = before.map(|c| -c);
        for (next, c) in next.iter_mut().skip(1).zip(now) {
            *next += factor * c;
        }
        (before, now) = (now, next);
    }
    Some(powers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::{Crs, Transform};
    use proptest::prelude::*;

    #[test]
    fn a_function_is_given_back_by_its_polynomial() {
        let [c0, c1, c2, c3]: [f64; 4] = fit(|x| Some(3.0 - x + 2.0 * x * x * x)).unwrap();
        for (found, wanted) in [(c0, 3.0), (c1, -1.0), (c2, 0.0), (c3, 2.0)] {
            assert!((found - wanted).abs() < 1e-14, "{found} {wanted}");
        }
        assert_eq!(fit::<4>(|_| None), None);
    }

    #[test]
    fn the_zones_of_france_have_a_short_way_to_degrees() {
        for code in ["2154", "3942", "3946", "3950", "27572"] {
            let crs = Crs::parse(&format!("EPSG:{code}")).unwrap();
            let way = Transform::new(&crs, &Crs::crs84()).unwrap();
            // 27572 has another meridian and another datum
            assert_eq!(way.is_short(), code != "27572", "{code}");
        }
    }

    proptest! {
        /// Near the middle, beyond its edges, and behind the cone's tip.
        #[test]
        fn every_position_goes_where_proj_sends_it(
            coords in proptest::collection::vec(
                prop_oneof![
                    8 => (-2e5..1.3e6_f64, 5.9e6..7.3e6_f64),
                    2 => (-2e6..4e6_f64, 4e6..1.4e7_f64),
                ],
                1..20,
            ),
        ) {
            let lambert = Crs::parse("EPSG:2154").unwrap();
            let way = Transform::new(&lambert, &Crs::crs84()).unwrap();
            let start: Vec<Coord> = coords.iter().map(|(x, y)| [*x, *y]).collect();
            let (mut own, mut proj) = (start.clone(), start.clone());
            way.forward(&mut own);
            way.forward_by_proj(&mut proj);
            for ((own, proj), start) in own.iter().zip(&proj).zip(&start) {
                // a micrometre, in degrees; towards the tip longitude has no meaning
                let scale = proj[1].to_radians().cos().max(1e-3);
                prop_assert!((own[1] - proj[1]).abs() < 1e-11, "{start:?} {own:?} {proj:?}");
                prop_assert!((own[0] - proj[0]).abs() * scale < 1e-11, "{start:?} {own:?} {proj:?}");
                // alone or among others, the same bits
                let mut alone = [*start];
                way.forward(&mut alone);
                prop_assert_eq!(alone[0], *own);
            }
        }
    }
}
