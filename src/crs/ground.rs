//! How a plane lies on the ground: what one of its units measures there, and where north is.

use super::{Crs, Transform};
use crate::error::{Error, Result};
use crate::geom::Coord;

/// Of WGS 84, on which positions in longitude and latitude lie: half the greater axis in metres,
/// and the square of the eccentricity.
const GREATER_HALF_AXIS: f64 = 6_378_137.0;
const ECCENTRICITY_2: f64 = 0.006_694_379_990_14;

/// Half a side of the small square whose image tells the scale, in degrees: 11 m. Far above what
/// is lost in digits, far below what the scale changes over.
const STEP: f64 = 1e-4;

/// The plane of a CRS around one of its positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ground {
    /// Longitude and latitude, degrees.
    pub lon_lat: Coord,
    /// Metres on the ground in one unit of the CRS, along x and along y. In a conformal
    /// projection they are one number; Web Mercator's differ by up to 0.7 %.
    pub metres_per_unit: [f64; 2],
    /// The direction of true north, clockwise from the y axis, degrees: the convergence.
    pub north: f64,
}

impl Crs {
    /// The plane around a position of this CRS.
    ///
    /// ```
    /// use cartotheque::crs::Crs;
    /// // Grenoble: a unit of Web Mercator is 0.71 m there
    /// let ground = Crs::parse("EPSG:3857")?.ground_at([637_500.0, 5_651_200.0])?;
    /// assert!((ground.metres_per_unit[0] - 0.706).abs() < 0.001);
    /// # Ok::<(), cartotheque::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Transform` where the position has no longitude and latitude, or PROJ knows no way.
    pub fn ground_at(&self, position: Coord) -> Result<Ground> {
        let lon_lat_crs = Crs::crs84();
        let mut here = [position];
        Transform::new(self, &lon_lat_crs)?.forward(&mut here);
        let [[lon, lat]] = here;
        let mut around = [
            [lon - STEP, lat],
            [lon + STEP, lat],
            [lon, lat - STEP],
            [lon, lat + STEP],
        ];
        Transform::new(&lon_lat_crs, self)?.forward(&mut around);
        let [west, east, south, north] = around;
        // units of the plane for a metre on the ground, eastwards and northwards
        let sin = lat.to_radians().sin();
        let flat = 1.0 - ECCENTRICITY_2 * sin * sin;
        let prime_vertical = GREATER_HALF_AXIS / flat.sqrt();
        let meridian = prime_vertical * (1.0 - ECCENTRICITY_2) / flat;
        let arc = (2.0 * STEP).to_radians();
        let per_metre = |from: Coord, to: Coord, radius: f64| {
            let [[x0, y0], [x1, y1]] = [from, to];
            let metres = arc * radius;
            [(x1 - x0) / metres, (y1 - y0) / metres]
        };
        let [xe, ye] = per_metre(west, east, prime_vertical * lat.to_radians().cos());
        let [xn, yn] = per_metre(south, north, meridian);
        // the other way: the columns of the inverse are the metres of a unit along each axis
        let area = xe * yn - xn * ye;
        let ground = Ground {
            lon_lat: [lon, lat],
            metres_per_unit: [yn.hypot(ye) / area.abs(), xn.hypot(xe) / area.abs()],
            north: xn.atan2(yn).to_degrees(),
        };
        let [along_x, along_y] = ground.metres_per_unit;
        if along_x.is_normal() && along_y.is_normal() && ground.north.is_finite() {
            Ok(ground)
        } else {
            let [x, y] = position;
            Err(Error::Transform {
                from: self.id(),
                to: lon_lat_crs.id(),
                message: format!("the position {x} {y} is not on the ground"),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ground(crs: u32, lon_lat: Coord) -> Ground {
        let crs = Crs::from_epsg(crs).unwrap();
        let mut at = [lon_lat];
        Transform::new(&Crs::crs84(), &crs)
            .unwrap()
            .forward(&mut at);
        crs.ground_at(at[0]).unwrap()
    }

    fn near(found: f64, wanted: f64, tolerance: f64) {
        assert!((found - wanted).abs() < tolerance, "{found}, not {wanted}");
    }

    #[test]
    fn lamberts_scale_and_convergence_are_those_of_its_formulas() {
        // on a standard parallel the scale is 1; at 46.5° between them it is 0.99905
        let standard = ground(2154, [3.0, 44.0]);
        near(standard.metres_per_unit[0], 1.0, 1e-6);
        near(standard.metres_per_unit[1], 1.0, 1e-6);
        near(standard.north, 0.0, 1e-6);
        let middle = ground(2154, [3.0, 46.5]);
        near(1.0 / middle.metres_per_unit[1], 0.999_05, 1e-5);
        // n = sin φ₀ = 0.7256077650 (IGN, NTG 71): the meridian of 7° leans by n·4°
        let east = ground(2154, [7.0, 45.0]);
        near(east.north, -0.725_607_765 * 4.0, 1e-5);
        near(east.metres_per_unit[0], east.metres_per_unit[1], 1e-7);
    }

    #[test]
    fn web_mercator_is_taken_back_by_the_latitude_in_each_direction() {
        let found = ground(3857, [4.8, 45.75]);
        let cos = 45.75_f64.to_radians().cos();
        let flat = 1.0 - ECCENTRICITY_2 * 45.75_f64.to_radians().sin().powi(2);
        near(found.metres_per_unit[0], cos / flat.sqrt(), 1e-8);
        let along_y = cos * (1.0 - ECCENTRICITY_2) / flat.powf(1.5);
        near(found.metres_per_unit[1], along_y, 1e-8);
        near(found.north, 0.0, 1e-9);
    }

    #[test]
    fn a_degree_has_its_metres_and_a_slanted_grid_its_north() {
        let degrees = ground(4326, [5.0, 45.0]);
        near(degrees.metres_per_unit[0], 78_846.8, 0.1);
        near(degrees.metres_per_unit[1], 111_131.8, 0.1);
        // equal areas: what one direction has too much the other lacks
        let europe = ground(3035, [5.0, 45.0]);
        let [x, y] = europe.metres_per_unit;
        assert!(europe.north > 3.0 && europe.north < 4.0, "{europe:?}");
        assert!((x * y - 1.0).abs() < 0.002 && (x - 1.0).abs() < 0.01);
    }

    #[test]
    fn there_is_no_ground_beyond_the_world() {
        let web = Crs::from_epsg(3857).unwrap();
        assert!(web.ground_at([0.0, f64::INFINITY]).is_err());
        let lambert = Crs::from_epsg(2154).unwrap();
        assert!(lambert.ground_at([1e30, 1e30]).is_err());
    }
}
