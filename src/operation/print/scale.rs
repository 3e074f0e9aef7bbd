//! True scale: what a millimetre of paper is on the ground.

use crate::crs::{Crs, Ground, Transform};
use crate::encode::pdf::MapCorner;
use crate::error::{Error, Result};
use crate::geom::{Bbox, Coord, STANDARD_PIXEL_M, Size, View};

/// Scales that people know: 1:25 000, never 1:23 417.
const ROUND: [f64; 11] = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 10.0];
/// Lengths of a scale bar and how many parts each has.
const BARS: [(f64, usize); 4] = [(1.0, 4), (2.0, 4), (3.0, 3), (5.0, 5)];
/// From that much on a scale is said to hold at the centre: less can't be measured on paper.
const UNTRUE: f64 = 0.005;

/// A map on paper: at `scale` on the ground at its centre, in both directions.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cut {
    pub view: View,
    pub ground: Ground,
    /// Its denominator.
    pub scale: f64,
    /// Width and height, mm: whole pixels.
    pub size: [f64; 2],
    /// True where the scale is another one at the edges.
    pub is_central: bool,
}

/// Pixels of a frame of `size` mm.
pub(super) fn pixels([width, height]: [f64; 2], dpi: u32) -> Size {
    let side = |mm: f64| (mm / 25.4 * f64::from(dpi)).floor().max(1.0) as u32;
    Size {
        width: side(width),
        height: side(height),
    }
}

/// The round scale at which a box fits into a frame of `size` mm.
pub(super) fn fitting(extent: &Bbox, ground: &Ground, [width, height]: [f64; 2]) -> f64 {
    let [along_x, along_y] = ground.metres_per_unit;
    let needed =
        (extent.width() * along_x / width).max(extent.height() * along_y / height) * 1000.0;
    rounded_up(needed.max(1.0))
}

/// The next round scale; what is a hair above one is that one.
fn rounded_up(denominator: f64) -> f64 {
    let power = 10_f64.powf(denominator.log10().floor());
    let found = ROUND
        .into_iter()
        .find(|r| r * power >= denominator * (1.0 - 1e-9));
    (found.unwrap_or(10.0) * power).max(1.0)
}

impl Cut {
    /// Cuts a frame of `size` mm from the plane around a position.
    ///
    /// # Errors
    /// `Transform` where the position is not on the ground; `InvalidParameter` for a frame that
    /// is none.
    pub fn new(crs: &Crs, center: Coord, scale: f64, size: [f64; 2], dpi: u32) -> Result<Cut> {
        let ground = crs.ground_at(center)?;
        let pixels = pixels(size, dpi);
        let mm = |count: u32| f64::from(count) * 25.4 / f64::from(dpi.max(1));
        let size = [mm(pixels.width), mm(pixels.height)];
        let ([x, y], [along_x, along_y], [width, height]) = (center, ground.metres_per_unit, size);
        let half_width = width / 2000.0 * scale / along_x;
        let half_height = height / 2000.0 * scale / along_y;
        let bbox = Bbox::new(
            x - half_width,
            y - half_height,
            x + half_width,
            y + half_height,
        )
        .ok_or_else(|| {
            Error::parameter(
                "scale",
                format!("expected a scale at which the map is on the ground, found {scale}"),
            )
        })?;
        let mut view = View::new(bbox, pixels, crs.metres_per_unit);
        // symbols and rules of scale see the standard's pixel of 0.28 mm
        view.pixel_ratio = f64::from(dpi) * STANDARD_PIXEL_M * 1000.0 / 25.4;
        Ok(Cut {
            is_central: is_untrue_at_edges(crs, &bbox, &ground),
            view,
            ground,
            scale,
            size,
        })
    }

    /// What readers of the document need to tell coordinates; `None` where a corner has none.
    pub fn corners(&self, crs: &Crs) -> Option<[MapCorner; 4]> {
        let b = &self.view.bbox;
        let mut lon_lat = [
            [b.min_x, b.max_y],
            [b.min_x, b.min_y],
            [b.max_x, b.min_y],
            [b.max_x, b.max_y],
        ];
        Transform::new(crs, &Crs::crs84())
            .ok()?
            .forward(&mut lon_lat);
        // a PDF has positions to half a metre: they are taken there, and said where they are then
        let near = lon_lat.map(|[lon, lat]| [lon as f32, lat as f32]);
        let mut at = near.map(|[lon, lat]| [f64::from(lon), f64::from(lat)]);
        Transform::new(&Crs::crs84(), crs).ok()?.forward(&mut at);
        let is_ground = at.iter().flatten().all(|v| v.is_finite());
        let part = |[x, y]: Coord| [(x - b.min_x) / b.width(), (y - b.min_y) / b.height()];
        let [a, b, c, d] = at.map(part);
        let [p, q, r, s] = near;
        let corner = |lon_lat, at| MapCorner { lon_lat, at };
        is_ground.then_some([corner(p, a), corner(q, b), corner(r, c), corner(s, d)])
    }

    /// A scale bar of at most `room` mm: its length on the ground in metres, and its parts.
    pub fn bar(&self, room: f64) -> (f64, usize) {
        let most = room / 1000.0 * self.scale;
        let power = 10_f64.powf(most.log10().floor());
        let found = BARS
            .into_iter()
            .rev()
            .find(|(length, _)| length * power <= most);
        let (length, parts) = found.unwrap_or((1.0, 4));
        (length * power, parts)
    }

    /// Millimetres on paper of a length on the ground.
    pub fn on_paper(&self, metres: f64) -> f64 {
        metres / self.scale * 1000.0
    }
}

/// True where the plane's scale differs at the edges from that of its centre.
fn is_untrue_at_edges(crs: &Crs, b: &Bbox, center: &Ground) -> bool {
    let [x, y] = b.center();
    let edges = [[b.min_x, y], [b.max_x, y], [x, b.min_y], [x, b.max_y]];
    edges.iter().any(|edge| {
        crs.ground_at(*edge).map_or(true, |ground| {
            let pairs = ground.metres_per_unit.iter().zip(center.metres_per_unit);
            let mut off = pairs.map(|(there, here)| (there / here - 1.0).abs());
            off.any(|off| off > UNTRUE)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_rounded_up_to_ones_that_people_know() {
        for (needed, round) in [
            (23_417.0, 25_000.0),
            (25_000.0, 25_000.0),
            (1.0, 1.0),
            (1_260_000.0, 1_500_000.0),
            (7_600.0, 10_000.0),
            (99_999.0, 100_000.0),
        ] {
            assert_eq!(rounded_up(needed), round, "{needed}");
        }
    }

    #[test]
    fn a_frame_has_its_metres_on_the_ground_whatever_the_projection() {
        for (code, lon_lat) in [
            (2154, [5.7, 45.2]),
            (3857, [5.7, 45.2]),
            (4326, [5.7, 45.2]),
        ] {
            let crs = Crs::from_epsg(code).unwrap();
            let mut center = [lon_lat];
            Transform::new(&Crs::crs84(), &crs)
                .unwrap()
                .forward(&mut center);
            let cut = Cut::new(&crs, center[0], 25_000.0, [200.0, 150.0], 150).unwrap();
            assert!((199.8..=200.0).contains(&cut.size[0]), "{:?}", cut.size);
            let [along_x, along_y] = cut.ground.metres_per_unit;
            let ground = [
                cut.view.bbox.width() * along_x,
                cut.view.bbox.height() * along_y,
            ];
            for (metres, mm) in ground.iter().zip(cut.size) {
                assert!((metres - mm * 25.0).abs() < 1e-6, "{code} {metres} {mm}");
            }
            assert!(!cut.is_central, "{code}: 5 km");
        }
        let web = Crs::from_epsg(3857).unwrap();
        let cut = Cut::new(&web, [640_000.0, 5_650_000.0], 2e6, [200.0, 150.0], 150).unwrap();
        assert!(cut.is_central, "400 km of Web Mercator");
    }

    #[test]
    fn a_scale_bar_is_round_and_has_room() {
        let lambert = Crs::from_epsg(2154).unwrap();
        for scale in [500.0, 1_000.0, 25_000.0, 37_000.0, 250_000.0, 2e6] {
            let cut = Cut::new(&lambert, [850e3, 6.5e6], scale, [100.0, 100.0], 96).unwrap();
            let (metres, parts) = cut.bar(50.0);
            let mm = cut.on_paper(metres);
            assert!(mm <= 50.0 && mm > 24.0, "{scale}: {mm} mm");
            let part = metres / parts as f64;
            let digits = part / 10_f64.powf(part.log10().floor());
            assert!(
                [1.0, 2.5, 5.0].iter().any(|d| (d - digits).abs() < 1e-9),
                "{part}"
            );
        }
    }
}
