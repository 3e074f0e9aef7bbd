//! An ellipsoid, its auxiliary latitudes and the series between them.
//!
//! Conformal projections need the isometric latitude ψ; from there back to the latitude leads a
//! series in the third flattening n, to n⁶ (C. F. F. Karney, "On auxiliary latitudes", 2022).

use std::f64::consts::PI;

/// Isometric latitude of 89.96°: closer to a pole digits are lost, and PROJ decides.
pub(super) const MAX_ISOMETRIC: f64 = 8.0;

/// A position on the ellipsoid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// Longitude from Greenwich, radians.
    pub lambda: f64,
    /// Sine and cosine of the geodetic latitude.
    pub sin_phi: f64,
    pub cos_phi: f64,
}

/// An ellipsoid and the series that belong to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ellipsoid {
    /// Half the greater axis, metres.
    pub a: f64,
    /// Eccentricity and its square.
    pub e: f64,
    pub e2: f64,
    /// Third flattening.
    pub n: f64,
    /// Conformal to geodetic latitude: coefficients of sin 2kχ.
    from_conformal: [f64; 6],
}

impl Ellipsoid {
    /// One of the ellipsoids by PROJ's name.
    pub(super) fn named(name: &str) -> Option<Ellipsoid> {
        let (a, inverse_flattening): (f64, f64) = match name {
            "GRS80" => (6_378_137.0, 298.257_222_101),
            "WGS84" => (6_378_137.0, 298.257_223_563),
            "intl" => (6_378_388.0, 297.0),
            _ => return None,
        };
        let f = 1.0 / inverse_flattening;
        let e2 = f * (2.0 - f);
        let n = f / (2.0 - f);
        Some(Ellipsoid {
            a,
            e: e2.sqrt(),
            e2,
            n,
            from_conformal: [
                series(
                    n,
                    1,
                    &[
                        2.0,
                        -2.0 / 3.0,
                        -2.0,
                        116.0 / 45.0,
                        26.0 / 45.0,
                        -2854.0 / 675.0,
                    ],
                ),
                series(
                    n,
                    2,
                    &[
                        7.0 / 3.0,
                        -8.0 / 5.0,
                        -227.0 / 45.0,
                        2704.0 / 315.0,
                        2323.0 / 945.0,
                    ],
                ),
                series(
                    n,
                    3,
                    &[
                        56.0 / 15.0,
                        -136.0 / 35.0,
                        -1262.0 / 105.0,
                        73814.0 / 2835.0,
                    ],
                ),
                series(n, 4, &[4279.0 / 630.0, -332.0 / 35.0, -399_572.0 / 14175.0]),
                series(n, 5, &[4174.0 / 315.0, -144_838.0 / 6237.0]),
                series(n, 6, &[601_676.0 / 22275.0]),
            ],
        })
    }

    /// e·atanh(e·sin φ), what makes ψ differ from the sphere's. Seven terms leave less than
    /// 1e-16: the argument is at most 0.082.
    #[inline]
    pub(super) fn eccentric(&self, sin_phi: f64) -> f64 {
        let x = self.e * sin_phi;
        let w = x * x;
        let sum = 1.0 / 15.0;
        let sum = sum * w + 1.0 / 13.0;
        let sum = sum * w + 1.0 / 11.0;
        let sum = sum * w + 1.0 / 9.0;
        let sum = sum * w + 1.0 / 7.0;
        let sum = sum * w + 1.0 / 5.0;
        let sum = sum * w + 1.0 / 3.0;
        self.e * x * (sum * w + 1.0)
    }

    /// The isometric latitude ψ.
    #[inline]
    pub(super) fn isometric(&self, sin_phi: f64, cos_phi: f64) -> f64 {
        arsinh_of_tangent(sin_phi, cos_phi) - self.eccentric(sin_phi)
    }

    /// sinh ψ, the tangent of the conformal latitude, without logarithm (Karney 2011, (7)).
    #[inline]
    pub(super) fn conformal_tangent(&self, sin_phi: f64, cos_phi: f64) -> f64 {
        let small = self.eccentric(sin_phi);
        let squared = small * small;
        let sigma = small * (1.0 + squared / 6.0 * (1.0 + squared / 20.0));
        (sin_phi * (1.0 + sigma * sigma).sqrt() - sigma) / cos_phi
    }

    /// The position of longitude `lambda` and isometric latitude `psi`; `None` near a pole or
    /// beyond a turn.
    #[inline]
    pub(super) fn at_isometric(&self, lambda: f64, psi: f64) -> Option<Position> {
        let (sin_chi, cos_chi) = gudermannian(psi);
        (psi.abs() < MAX_ISOMETRIC).then(|| self.at_conformal(lambda, sin_chi, cos_chi))?
    }

    /// The position of longitude `lambda` and a conformal latitude.
    #[inline]
    pub(super) fn at_conformal(&self, lambda: f64, sin_chi: f64, cos_chi: f64) -> Option<Position> {
        let (sin_2, cos_2) = (2.0 * sin_chi * cos_chi, 1.0 - 2.0 * sin_chi * sin_chi);
        let more = sine_series(&self.from_conformal, sin_2, cos_2);
        Position::turned(lambda, sin_chi, cos_chi, more)
    }

    /// Snyder's q: twice the area from the equator, in units of the ellipsoid.
    #[inline]
    pub(super) fn authalic(&self, sin_phi: f64) -> f64 {
        let flat = 1.0 - self.e2 * sin_phi * sin_phi;
        (1.0 - self.e2) * (sin_phi / flat + self.eccentric(sin_phi) / self.e2)
    }

    /// Snyder's m: the radius of a parallel, in units of a.
    pub(super) fn parallel(&self, phi: f64) -> f64 {
        phi.cos() / (1.0 - self.e2 * phi.sin().powi(2)).sqrt()
    }
}

impl Position {
    /// A position, if it needs no full turn: how PROJ turns it is PROJ's affair.
    #[inline]
    pub(super) fn new(lambda: f64, sin_phi: f64, cos_phi: f64) -> Option<Position> {
        (lambda.abs() <= PI).then_some(Position {
            lambda,
            sin_phi,
            cos_phi,
        })
    }

    /// The position of a latitude of known sine and cosine and a little `more`, below 0.01.
    #[inline]
    pub(super) fn turned(lambda: f64, sin: f64, cos: f64, more: f64) -> Option<Position> {
        let squared = more * more;
        let small_sin = more * (1.0 - squared / 6.0 * (1.0 - squared / 20.0));
        let small_cos = 1.0 - squared / 2.0 * (1.0 - squared / 12.0);
        Position::new(
            lambda,
            sin * small_cos + cos * small_sin,
            cos * small_cos - sin * small_sin,
        )
    }
}

/// `coefficients` of n^first, n^(first + 1), …
pub(super) fn series(n: f64, first: i32, coefficients: &[f64]) -> f64 {
    let sum = coefficients.iter().rev().fold(0.0, |sum, c| sum * n + c);
    sum * n.powi(first)
}

/// arsinh(tan φ), the sphere's isometric latitude; absolute error 1e-16.
#[inline]
pub(super) fn arsinh_of_tangent(sin_phi: f64, cos_phi: f64) -> f64 {
    ((1.0 + sin_phi.abs()) / cos_phi).ln().copysign(sin_phi)
}

/// Sine and cosine of the sphere's latitude of isometric latitude `psi`: tanh and 1/cosh.
#[inline]
pub(super) fn gudermannian(psi: f64) -> (f64, f64) {
    let exp = psi.exp();
    let squared = exp * exp;
    let inverse = 1.0 / (squared + 1.0);
    ((squared - 1.0) * inverse, 2.0 * exp * inverse)
}

/// Σ cₖ·sin 2kα by Clenshaw's rule, from sin 2α and cos 2α.
#[inline]
pub(super) fn sine_series<const N: usize>(coefficients: &[f64; N], sin_2: f64, cos_2: f64) -> f64 {
    let twice = 2.0 * cos_2;
    let (mut last, mut before) = (0.0, 0.0);
    for c in coefficients.iter().rev() {
        (last, before) = (c + twice * last - before, last);
    }
    sin_2 * last
}

/// Σ cₖ·sin 2kζ of ζ = ξ + iη, real and imaginary part, from sin 2ξ, cos 2ξ, sinh 2η, cosh 2η.
#[inline]
pub(super) fn complex_sine_series(
    coefficients: &[f64; 6],
    [sin, cos]: [f64; 2],
    [sinh, cosh]: [f64; 2],
) -> [f64; 2] {
    let [twice_re, twice_im] = [2.0 * cos * cosh, -2.0 * sin * sinh];
    let (mut last, mut before) = ([0.0, 0.0], [0.0, 0.0]);
    for c in coefficients.iter().rev() {
        let [re, im] = last;
        let next = [
            c + twice_re * re - twice_im * im - before[0],
            twice_re * im + twice_im * re - before[1],
        ];
        (last, before) = (next, last);
    }
    let [re, im] = last;
    let [sin_re, sin_im] = [sin * cosh, cos * sinh];
    [sin_re * re - sin_im * im, sin_re * im + sin_im * re]
}
