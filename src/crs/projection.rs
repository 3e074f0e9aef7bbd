//! Closed forms of the projections that France's maps are made in.
//!
//! Everything goes through longitude and the sine and cosine of the latitude, so that few
//! transcendental functions are called. Sources: J. P. Snyder, "Map Projections: A Working
//! Manual", 1987, p. 107 for Lambert's conic and p. 187 for his azimuthal projection;
//! C. F. F. Karney, "Transverse Mercator with an accuracy of a few nanometers", 2011.

use std::f64::consts::PI;

use super::ellipsoid::{
    Ellipsoid, MAX_ISOMETRIC, Position, arsinh_of_tangent, complex_sine_series, gudermannian,
    series, sine_series,
};
use crate::geom::Coord;

/// Latitude in degrees up to which the formulas serve, as `MAX_ISOMETRIC`.
const MAX_DEGREES: f64 = 89.96;
/// Longitude from the central meridian (60°) up to which Krüger's series of order 6 is exact.
const MAX_TRANSVERSE_LON: f64 = PI / 3.0;
/// The same in PROJ's easting: `asinh(tan 60°)` and a little less.
const MAX_TRANSVERSE_ETA: f64 = 1.2;

/// A projection with its constants.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Projection {
    /// Longitude and latitude in degrees.
    Degrees,
    WebMercator {
        radius: f64,
        lon_0: f64,
        origin: Coord,
    },
    Mercator {
        ellipsoid: Ellipsoid,
        scale: f64,
        lon_0: f64,
        origin: Coord,
    },
    LambertConic {
        ellipsoid: Ellipsoid,
        lon_0: f64,
        /// Sine of the cone.
        cone: f64,
        /// Radius where ψ is 0; negative for a cone of the south.
        factor: f64,
        /// Where the cone's tip is.
        tip: Coord,
    },
    TransverseMercator {
        ellipsoid: Ellipsoid,
        lon_0: f64,
        /// Rectifying radius times scale.
        scale: f64,
        /// Northing of the origin before scaling.
        xi_0: f64,
        to_plane: [f64; 6],
        from_plane: [f64; 6],
        origin: Coord,
    },
    LambertAzimuthal {
        ellipsoid: Ellipsoid,
        lon_0: f64,
        /// Authalic radius.
        radius: f64,
        /// q at the pole.
        q_pole: f64,
        sin_beta_0: f64,
        cos_beta_0: f64,
        /// Snyder's D: makes the scale at the origin true.
        stretch: f64,
        /// Authalic to geodetic latitude: coefficients of sin 2kβ.
        from_authalic: [f64; 3],
        origin: Coord,
    },
}

impl Projection {
    pub fn web_mercator(radius: f64, lon_0: f64, origin: Coord) -> Projection {
        Projection::WebMercator {
            radius,
            lon_0,
            origin,
        }
    }

    pub fn mercator(ellipsoid: Ellipsoid, lon_0: f64, k_0: f64, origin: Coord) -> Projection {
        Projection::Mercator {
            scale: ellipsoid.a * k_0,
            ellipsoid,
            lon_0,
            origin,
        }
    }

    /// Lambert's conformal conic; `None` where the parallels make no cone.
    pub fn lambert_conic(
        ellipsoid: Ellipsoid,
        [lat_1, lat_2]: [f64; 2],
        lat_0: f64,
        lon_0: f64,
        k_0: f64,
        [x_0, y_0]: Coord,
    ) -> Option<Projection> {
        let psi = |phi: f64| ellipsoid.isometric(phi.sin(), phi.cos());
        let cone = if (lat_1 - lat_2).abs() < 1e-10 {
            lat_1.sin()
        } else {
            (ellipsoid.parallel(lat_1).ln() - ellipsoid.parallel(lat_2).ln())
                / (psi(lat_2) - psi(lat_1))
        };
        let factor =
            ellipsoid.a * k_0 * ellipsoid.parallel(lat_1) * (cone * psi(lat_1)).exp() / cone;
        let tip = [x_0, y_0 + factor * (-cone * psi(lat_0)).exp()];
        let is_sound = cone.abs() > 1e-6 && factor.is_finite() && tip.iter().all(|v| v.is_finite());
        is_sound.then_some(Projection::LambertConic {
            ellipsoid,
            lon_0,
            cone,
            factor,
            tip,
        })
    }

    /// Gauss-Krüger, UTM.
    pub fn transverse_mercator(
        ellipsoid: Ellipsoid,
        lat_0: f64,
        lon_0: f64,
        k_0: f64,
        origin: Coord,
    ) -> Projection {
        let n = ellipsoid.n;
        let n2 = n * n;
        let rectifying =
            ellipsoid.a / (1.0 + n) * (1.0 + n2 * (1.0 / 4.0 + n2 * (1.0 / 64.0 + n2 / 256.0)));
        let to_plane = [
            series(
                n,
                1,
                &[
                    1.0 / 2.0,
                    -2.0 / 3.0,
                    5.0 / 16.0,
                    41.0 / 180.0,
                    -127.0 / 288.0,
                    7891.0 / 37800.0,
                ],
            ),
            series(
                n,
                2,
                &[
                    13.0 / 48.0,
                    -3.0 / 5.0,
                    557.0 / 1440.0,
                    281.0 / 630.0,
                    -1_983_433.0 / 1_935_360.0,
                ],
            ),
            series(
                n,
                3,
                &[
                    61.0 / 240.0,
                    -103.0 / 140.0,
                    15061.0 / 26880.0,
                    167_603.0 / 181_440.0,
                ],
            ),
            series(
                n,
                4,
                &[
                    49561.0 / 161_280.0,
                    -179.0 / 168.0,
                    6_601_661.0 / 7_257_600.0,
                ],
            ),
            series(n, 5, &[34729.0 / 80640.0, -3_418_889.0 / 1_995_840.0]),
            series(n, 6, &[212_378_941.0 / 319_334_400.0]),
        ];
        let from_plane = [
            series(
                n,
                1,
                &[
                    1.0 / 2.0,
                    -2.0 / 3.0,
                    37.0 / 96.0,
                    -1.0 / 360.0,
                    -81.0 / 512.0,
                    96199.0 / 604_800.0,
                ],
            ),
            series(
                n,
                2,
                &[
                    1.0 / 48.0,
                    1.0 / 15.0,
                    -437.0 / 1440.0,
                    46.0 / 105.0,
                    -1_118_711.0 / 3_870_720.0,
                ],
            ),
            series(
                n,
                3,
                &[
                    17.0 / 480.0,
                    -37.0 / 840.0,
                    -209.0 / 4480.0,
                    5569.0 / 90720.0,
                ],
            ),
            series(
                n,
                4,
                &[4397.0 / 161_280.0, -11.0 / 504.0, -830_251.0 / 7_257_600.0],
            ),
            series(n, 5, &[4583.0 / 161_280.0, -108_847.0 / 3_991_680.0]),
            series(n, 6, &[20_648_693.0 / 638_668_800.0]),
        ];
        let chi_0 = ellipsoid.conformal_tangent(lat_0.sin(), lat_0.cos()).atan();
        let xi_0 = chi_0 + sine_series(&to_plane, (2.0 * chi_0).sin(), (2.0 * chi_0).cos());
        Projection::TransverseMercator {
            ellipsoid,
            lon_0,
            scale: rectifying * k_0,
            xi_0,
            to_plane,
            from_plane,
            origin,
        }
    }

    /// Lambert's azimuthal equal-area, oblique; `None` with its origin near a pole.
    pub fn lambert_azimuthal(
        ellipsoid: Ellipsoid,
        lat_0: f64,
        lon_0: f64,
        origin: Coord,
    ) -> Option<Projection> {
        if lat_0.abs() > 1.5 {
            return None;
        }
        let q_pole = ellipsoid.authalic(1.0);
        let sin_beta_0 = ellipsoid.authalic(lat_0.sin()) / q_pole;
        let cos_beta_0 = (1.0 - sin_beta_0 * sin_beta_0).sqrt();
        let radius = ellipsoid.a * (q_pole / 2.0).sqrt();
        let stretch = ellipsoid.a * ellipsoid.parallel(lat_0) / (radius * cos_beta_0);
        let e2 = ellipsoid.e2;
        // Snyder's (3-18), to e⁶ as PROJ has it
        let from_authalic = [
            e2 * (1.0 / 3.0 + e2 * (31.0 / 180.0 + e2 * 517.0 / 5040.0)),
            e2 * e2 * (23.0 / 360.0 + e2 * 251.0 / 3780.0),
            e2 * e2 * e2 * 761.0 / 45360.0,
        ];
        Some(Projection::LambertAzimuthal {
            ellipsoid,
            lon_0,
            radius,
            q_pole,
            sin_beta_0,
            cos_beta_0,
            stretch,
            from_authalic,
            origin,
        })
    }

    /// From the plane to the ellipsoid; `None` outside the domain.
    #[inline]
    pub fn unproject(&self, [x, y]: Coord) -> Option<Position> {
        match self {
            Projection::Degrees => {
                let (sin_phi, cos_phi) = y.to_radians().sin_cos();
                // the cosine has another sign beyond the pole
                (y.abs() < MAX_DEGREES).then(|| Position::new(x.to_radians(), sin_phi, cos_phi))?
            }
            Projection::WebMercator {
                radius,
                lon_0,
                origin: [x_0, y_0],
            } => {
                let psi = (y - y_0) / radius;
                let (sin_phi, cos_phi) = gudermannian(psi);
                let lambda = (x - x_0) / radius + lon_0;
                (psi.abs() < MAX_ISOMETRIC).then(|| Position::new(lambda, sin_phi, cos_phi))?
            }
            Projection::Mercator {
                ellipsoid,
                scale,
                lon_0,
                origin: [x_0, y_0],
            } => ellipsoid.at_isometric((x - x_0) / scale + lon_0, (y - y_0) / scale),
            Projection::LambertConic {
                ellipsoid,
                lon_0,
                cone,
                factor,
                tip: [tip_x, tip_y],
            } => {
                let (dx, dy) = ((x - tip_x) * factor.signum(), (tip_y - y) * factor.signum());
                // the logarithm of a square: no root is needed
                let psi = -0.5 * ((dx * dx + dy * dy) / (factor * factor)).ln() / cone;
                let from_center = dx.atan2(dy) / cone;
                // behind the cone's cut there is no earth
                (from_center.abs() <= PI)
                    .then(|| ellipsoid.at_isometric(from_center + lon_0, psi))?
            }
            Projection::TransverseMercator {
                ellipsoid,
                lon_0,
                scale,
                xi_0,
                from_plane,
                origin: [x_0, y_0],
                ..
            } => {
                let xi = (y - y_0) / scale + xi_0;
                let eta = (x - x_0) / scale;
                let is_inside = xi.abs() < 1.5 && eta.abs() < MAX_TRANSVERSE_ETA;
                is_inside.then(|| {
                    let (sin_2, cos_2) = (2.0 * xi).sin_cos();
                    let exp = (2.0 * eta).exp();
                    let (sinh_2, cosh_2) = (0.5 * (exp - 1.0 / exp), 0.5 * (exp + 1.0 / exp));
                    let [d_xi, d_eta] =
                        complex_sine_series(from_plane, [sin_2, cos_2], [sinh_2, cosh_2]);
                    let (sin_xi, cos_xi) = (xi - d_xi).sin_cos();
                    let exp = (eta - d_eta).exp();
                    let sinh_eta = 0.5 * (exp - 1.0 / exp);
                    // cosh η
                    let root = (1.0 + sinh_eta * sinh_eta).sqrt();
                    let sin_chi = sin_xi / root;
                    let cos_chi = (sinh_eta * sinh_eta + cos_xi * cos_xi).sqrt() / root;
                    let lambda = sinh_eta.atan2(cos_xi) + lon_0;
                    ellipsoid.at_conformal(lambda, sin_chi, cos_chi)
                })?
            }
            Projection::LambertAzimuthal {
                lon_0,
                radius,
                sin_beta_0,
                cos_beta_0,
                stretch,
                from_authalic,
                origin: [x_0, y_0],
                ..
            } => {
                let dx = (x - x_0) / (stretch * radius);
                let dy = (y - y_0) * stretch / radius;
                let squared = dx * dx + dy * dy;
                let cos_c = 1.0 - squared / 2.0;
                let sin_c_by_rho = (1.0 - squared / 4.0).sqrt();
                let sin_beta = cos_c * sin_beta_0 + dy * sin_c_by_rho * cos_beta_0;
                let cos_beta = (1.0 - sin_beta * sin_beta).sqrt();
                let (sin_2, cos_2) = (2.0 * sin_beta * cos_beta, 1.0 - 2.0 * sin_beta * sin_beta);
                let lambda = (dx * sin_c_by_rho)
                    .atan2(cos_beta_0 * cos_c - dy * sin_beta_0 * sin_c_by_rho)
                    + lon_0;
                // up to 120° from the origin: the rim of the disc is its antipode
                (squared < 3.0 && cos_beta > 1e-3).then(|| {
                    let more = sine_series(from_authalic, sin_2, cos_2);
                    Position::turned(lambda, sin_beta, cos_beta, more)
                })?
            }
        }
    }

    /// From the ellipsoid to the plane; `None` outside the domain.
    #[inline]
    pub fn project(&self, position: Position) -> Option<Coord> {
        let Position {
            lambda,
            sin_phi,
            cos_phi,
        } = position;
        match self {
            Projection::Degrees => Some([lambda.to_degrees(), sin_phi.atan2(cos_phi).to_degrees()]),
            Projection::WebMercator {
                radius,
                lon_0,
                origin: [x_0, y_0],
            } => {
                let from_center = centered(lambda, *lon_0)?;
                let psi = arsinh_of_tangent(sin_phi, cos_phi);
                Some([radius * from_center + x_0, radius * psi + y_0])
            }
            Projection::Mercator {
                ellipsoid,
                scale,
                lon_0,
                origin: [x_0, y_0],
            } => {
                let from_center = centered(lambda, *lon_0)?;
                let psi = ellipsoid.isometric(sin_phi, cos_phi);
                Some([scale * from_center + x_0, scale * psi + y_0])
            }
            Projection::LambertConic {
                ellipsoid,
                lon_0,
                cone,
                factor,
                tip: [tip_x, tip_y],
            } => {
                let rho = factor * (-cone * ellipsoid.isometric(sin_phi, cos_phi)).exp();
                let (sin, cos) = (cone * centered(lambda, *lon_0)?).sin_cos();
                Some([tip_x + rho * sin, tip_y - rho * cos])
            }
            Projection::TransverseMercator {
                ellipsoid,
                lon_0,
                scale,
                xi_0,
                to_plane,
                origin: [x_0, y_0],
                ..
            } => {
                let from_center = centered(lambda, *lon_0)?;
                if from_center.abs() > MAX_TRANSVERSE_LON {
                    return None;
                }
                let (sin, cos) = from_center.sin_cos();
                let sinh_psi = ellipsoid.conformal_tangent(sin_phi, cos_phi);
                let squared = sinh_psi * sinh_psi + cos * cos;
                let (xi, sinh_eta) = (sinh_psi.atan2(cos), sin / squared.sqrt());
                let cosh_eta = (1.0 + sinh_eta * sinh_eta).sqrt();
                let eta = (sinh_eta.abs() + cosh_eta).ln().copysign(sinh_eta);
                // double angles of ξ and η are at hand without calling functions
                let sin_cos_2 = [
                    2.0 * sinh_psi * cos / squared,
                    (cos * cos - sinh_psi * sinh_psi) / squared,
                ];
                let sinh_cosh_2 = [2.0 * sinh_eta * cosh_eta, 1.0 + 2.0 * sinh_eta * sinh_eta];
                let [d_xi, d_eta] = complex_sine_series(to_plane, sin_cos_2, sinh_cosh_2);
                Some([
                    scale * (eta + d_eta) + x_0,
                    scale * (xi + d_xi - xi_0) + y_0,
                ])
            }
            Projection::LambertAzimuthal {
                ellipsoid,
                lon_0,
                radius,
                q_pole,
                sin_beta_0,
                cos_beta_0,
                stretch,
                origin: [x_0, y_0],
                ..
            } => {
                let (sin, cos) = centered(lambda, *lon_0)?.sin_cos();
                let sin_beta = ellipsoid.authalic(sin_phi) / q_pole;
                let cos_beta = (1.0 - sin_beta * sin_beta).max(0.0).sqrt();
                let cos_c = sin_beta_0 * sin_beta + cos_beta_0 * cos_beta * cos;
                // as in `unproject`: up to 120° from the origin
                if cos_c <= -0.5 {
                    return None;
                }
                let b = radius * (2.0 / (1.0 + cos_c)).sqrt();
                Some([
                    stretch * b * cos_beta * sin + x_0,
                    b / stretch * (cos_beta_0 * sin_beta - sin_beta_0 * cos_beta * cos) + y_0,
                ])
            }
        }
    }
}

/// Longitude from the central meridian, if the antimeridian of that is not between them.
#[inline]
fn centered(lambda: f64, lon_0: f64) -> Option<f64> {
    let from_center = lambda - lon_0;
    (from_center.abs() <= PI).then_some(from_center)
}
