use crate::geom::{Bbox, Coord};

/// Half the width of the Web Mercator square, in metres.
const MERCATOR_EDGE: f64 = 20_037_508.342_789_244;
/// Metres added around what is a single point.
const POINT_MARGIN: f64 = 1000.0;

/// A picture in Web Mercator: what it shows, and its pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    bbox: Bbox,
    pub width: f64,
    pub height: f64,
}

impl Frame {
    /// A picture of at most `width` by `height` pixels with a margin around a box of Web Mercator:
    /// the picture takes the shape of the box, the box does not stretch.
    pub fn new(around: Bbox, width: u32, height: u32) -> Frame {
        let margin = (around.width().max(around.height()) * 0.04).max(POINT_MARGIN);
        let bbox = around.grown(margin, margin);
        let scale = (f64::from(width) / bbox.width()).min(f64::from(height) / bbox.height());
        let pixels = |length: f64| (length * scale).round().max(1.0);
        Frame {
            bbox,
            width: pixels(bbox.width()),
            height: pixels(bbox.height()),
        }
    }

    /// The same around a box of longitude and latitude.
    pub fn of_lonlat(lonlat: &Bbox, width: u32, height: u32) -> Frame {
        let x = |lon: f64| lon.clamp(-180.0, 180.0) / 180.0 * MERCATOR_EDGE;
        let y = |lat: f64| {
            let lat = lat.clamp(-85.0, 85.0).to_radians();
            lat.tan().asinh() / std::f64::consts::PI * MERCATOR_EDGE
        };
        let around = Bbox {
            min_x: x(lonlat.min_x),
            min_y: y(lonlat.min_y),
            max_x: x(lonlat.max_x),
            max_y: y(lonlat.max_y),
        };
        Frame::new(around, width, height)
    }

    /// The GetMap query of the picture.
    pub fn query(&self, layers: &str) -> String {
        let (bbox, w, h) = (&self.bbox, self.width, self.height);
        format!(
            "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={layers}&STYLES=&CRS=EPSG:3857\
             &BBOX={:.1},{:.1},{:.1},{:.1}&WIDTH={w}&HEIGHT={h}&FORMAT=image/png",
            bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y
        )
    }

    /// Where a position of Web Mercator is, in pixels from the upper left corner.
    pub fn pixel(&self, [x, y]: Coord) -> Coord {
        let bbox = &self.bbox;
        [
            (x - bbox.min_x) / bbox.width() * self.width,
            (bbox.max_y - y) / bbox.height() * self.height,
        ]
    }
}

/// The GetMap query that shows a box of longitude and latitude in Web Mercator, in a picture
/// of at most `width` by `height` pixels.
pub fn preview_query(layers: &str, lonlat: &Bbox, width: u32, height: u32) -> String {
    Frame::of_lonlat(lonlat, width, height).query(layers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_has_the_shape_of_the_box() {
        let query = preview_query("a", &Bbox::new(0.0, -10.0, 40.0, 10.0).unwrap(), 600, 600);
        assert!(query.contains("WIDTH=600&HEIGHT=324"), "{query}");
    }

    #[test]
    fn corners_are_in_the_corners() {
        let frame = Frame::new(Bbox::new(0.0, 0.0, 2e5, 1e5).unwrap(), 300, 300);
        // the margin is 4 % of the longer side
        let [x, y] = frame.pixel([-8e3, 1.08e5]);
        assert!(x.abs() < 1e-9 && y.abs() < 1e-9, "{x} {y}");
        let [x, y] = frame.pixel([2.08e5, -8e3]);
        assert!((x - frame.width).abs() < 1e-9 && (y - frame.height).abs() < 1e-9);
    }

    #[test]
    fn a_point_and_the_whole_world_have_a_preview() {
        for b in [
            Bbox::new(5.0, 45.0, 5.0, 45.0).unwrap(),
            Bbox::WORLD,
            Bbox::new(-200.0, -95.0, 200.0, 95.0).unwrap(),
        ] {
            let query = preview_query("a", &b, 800, 400);
            assert!(!query.contains("NaN") && !query.contains("inf"), "{query}");
        }
    }
}
