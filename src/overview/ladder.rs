//! The resolutions of levels: those of the zooms of web maps, in metres, for every CRS.

use crate::crs::Crs;

/// Metres a pixel at zoom 0: the equator on 256 pixels (OGC 17-083r4, WebMercatorQuad).
const METRES_AT_0: f64 = 2.0 * std::f64::consts::PI * 6_378_137.0 / 256.0;

/// The finest zoom that a level is built for: 0.6 m a pixel. Data that are too much at that
/// scale are too much at any.
pub const MAX_ZOOM: u8 = 18;

/// Size of a pixel at a zoom, in units of a CRS.
pub fn resolution(zoom: u8, crs: &Crs) -> f64 {
    METRES_AT_0 / f64::from(zoom).exp2() / crs.metres_per_unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zoom_has_the_pixels_of_web_maps_in_the_units_of_the_crs() {
        let mercator = Crs::from_epsg(3857).unwrap();
        assert!((resolution(10, &mercator) - 152.874_056_570_353).abs() < 1e-9);
        assert!((resolution(0, &Crs::crs84()) - 360.0 / 256.0).abs() < 1e-9);
    }
}
