//! The resolutions of levels: those of the zooms of web maps and half-way between them, in
//! metres, for every CRS. A map reads a level whose pixels are at most 1.4 times as fine as its
//! own, where there is one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::crs::Crs;

/// Metres a pixel at zoom 0: the equator on 256 pixels (OGC 17-083r4, WebMercatorQuad).
const METRES_AT_0: f64 = 2.0 * std::f64::consts::PI * 6_378_137.0 / 256.0;

/// The finest zoom that a level is built for: 0.6 m a pixel. Data that are too much at that
/// scale are too much at any.
const FINEST: u8 = 18;

/// A zoom of web maps, or the middle between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Zoom {
    halves: u8,
}

impl Zoom {
    /// How many there are.
    pub const COUNT: usize = 2 * FINEST as usize + 1;

    /// Every zoom that a level may be built for, from the coarsest.
    pub fn all() -> impl DoubleEndedIterator<Item = Zoom> {
        (0..=2 * FINEST).map(|halves| Zoom { halves })
    }

    /// The zoom of web maps of that number.
    pub fn whole(zoom: u8) -> Zoom {
        Zoom {
            halves: zoom.saturating_mul(2),
        }
    }

    /// Its place among all.
    pub fn place(self) -> usize {
        usize::from(self.halves)
    }

    /// Size of a pixel, in units of a CRS.
    pub fn resolution(self, crs: &Crs) -> f64 {
        METRES_AT_0 / (f64::from(self.halves) / 2.0).exp2() / crs.metres_per_unit
    }
}

impl fmt::Display for Zoom {
    /// `z9`, `z9.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = if self.halves.is_multiple_of(2) {
            ""
        } else {
            ".5"
        };
        write!(f, "z{}{half}", self.halves / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zoom_has_the_pixels_of_web_maps_in_the_units_of_the_crs() {
        let mercator = Crs::from_epsg(3857).unwrap();
        let pixel = Zoom::whole(10).resolution(&mercator);
        assert!((pixel - 152.874_056_570_353).abs() < 1e-9);
        let half = Zoom { halves: 21 };
        assert!((half.resolution(&mercator) - pixel / 2_f64.sqrt()).abs() < 1e-9);
        assert!((Zoom::whole(0).resolution(&Crs::crs84()) - 360.0 / 256.0).abs() < 1e-9);
        assert_eq!(
            (half.to_string(), Zoom::whole(9).to_string()),
            ("z10.5".into(), "z9".into())
        );
        assert_eq!(Zoom::all().count(), Zoom::COUNT);
    }
}
