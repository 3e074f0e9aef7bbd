use std::f64::consts::PI;
use std::ops::RangeInclusive;

use crate::archive::WebTile;
use crate::geom::Bbox;

/// Where the square of Web Mercator ends.
const MAX_LATITUDE: f64 = 85.051_128_779_806_6;

/// The tiles of one zoom that a box in longitude and latitude touches.
#[derive(Debug, Clone)]
pub(super) struct Window {
    columns: RangeInclusive<u32>,
    rows: RangeInclusive<u32>,
}

impl Window {
    pub(super) fn new(zoom: u8, bounds: &Bbox) -> Window {
        let east = |longitude: f64| (longitude + 180.0) / 360.0;
        let south = |latitude: f64| {
            let latitude = latitude.clamp(-MAX_LATITUDE, MAX_LATITUDE).to_radians();
            (1.0 - latitude.tan().asinh() / PI) / 2.0
        };
        Window {
            columns: range(zoom, east(bounds.min_x), east(bounds.max_x)),
            rows: range(zoom, south(bounds.max_y), south(bounds.min_y)),
        }
    }

    pub(super) fn contains(&self, tile: WebTile) -> bool {
        self.columns.contains(&tile.x()) && self.rows.contains(&tile.y())
    }
}

/// The tiles between two fractions of the world; one that is touched at its edge only is not in
/// it, but there is always one.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the tiles that there are"
)]
fn range(zoom: u8, from: f64, to: f64) -> RangeInclusive<u32> {
    let side = (1_u64 << zoom) as f64;
    let last = side - 1.0;
    let first = (from * side).floor().clamp(0.0, last);
    let end = ((to * side).ceil() - 1.0).clamp(first, last);
    first as u32..=end as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(zoom: u8, bounds: [f64; 4]) -> ([u32; 2], [u32; 2]) {
        let [a, b, c, d] = bounds;
        let w = Window::new(zoom, &Bbox::new(a, b, c, d).unwrap());
        (
            [*w.columns.start(), *w.columns.end()],
            [*w.rows.start(), *w.rows.end()],
        )
    }

    #[test]
    fn a_box_touches_the_tiles_that_it_lies_in() {
        assert_eq!(window(3, [-180.0, -90.0, 180.0, 90.0]), ([0, 7], [0, 7]));
        // a box that ends at the edges of a quarter of the world is in that quarter
        assert_eq!(window(1, [0.0, 0.0, 180.0, 85.06]), ([1, 1], [0, 0]));
        // Grenoble
        assert_eq!(
            window(12, [5.72, 45.18, 5.73, 45.19]),
            ([2113, 2113], [1470, 1470])
        );
        // a point at an edge
        assert_eq!(window(1, [0.0, 0.0, 0.0, 0.0]), ([1, 1], [1, 1]));
        assert_eq!(
            window(31, [180.0, -90.0, 180.0, -90.0]).0,
            [u32::MAX >> 1; 2]
        );
    }
}
