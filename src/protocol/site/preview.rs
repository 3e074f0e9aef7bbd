use crate::geom::Bbox;

/// Half the width of the Web Mercator square, in metres.
const MERCATOR_EDGE: f64 = 20_037_508.342_789_244;
/// Metres added around a layer that is a single point.
const POINT_MARGIN: f64 = 1000.0;

/// The GetMap query that shows a box of longitude and latitude in Web Mercator, in a picture
/// of at most `width` by `height` pixels.
pub fn preview_query(layers: &str, lonlat: &Bbox, width: u32, height: u32) -> String {
    let x = |lon: f64| lon.clamp(-180.0, 180.0) / 180.0 * MERCATOR_EDGE;
    let y = |lat: f64| {
        let lat = lat.clamp(-85.0, 85.0).to_radians();
        lat.tan().asinh() / std::f64::consts::PI * MERCATOR_EDGE
    };
    let mut bbox = Bbox {
        min_x: x(lonlat.min_x),
        min_y: y(lonlat.min_y),
        max_x: x(lonlat.max_x),
        max_y: y(lonlat.max_y),
    };
    let margin = (bbox.width().max(bbox.height()) * 0.04).max(POINT_MARGIN);
    bbox = bbox.grown(margin, margin);
    // the picture takes the shape of the box, the box does not stretch
    let scale = (f64::from(width) / bbox.width()).min(f64::from(height) / bbox.height());
    let pixels = |length: f64| (length * scale).round().max(1.0);
    let (w, h) = (pixels(bbox.width()), pixels(bbox.height()));
    format!(
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={layers}&STYLES=&CRS=EPSG:3857\
         &BBOX={:.1},{:.1},{:.1},{:.1}&WIDTH={w}&HEIGHT={h}&FORMAT=image/png",
        bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y
    )
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
