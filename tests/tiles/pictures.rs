//! A picture is the window of the map that it is cut from, labels included.

use cartotheque::budget::Budget;
use cartotheque::geom::Bbox;
use cartotheque::protocol::Request;
use cartotheque::protocol::wms;
use cartotheque::server::Site;

use crate::common::decode_png;
use crate::served::{ask, demo};

/// A GetMap of a box in an x, y CRS.
fn map(
    site: &Site,
    layers: &str,
    crs: &str,
    b: &Bbox,
    [width, height]: [u32; 2],
    dpi: u32,
) -> Vec<u8> {
    let service = wms::Service {
        catalogue: &site.catalogue,
        limits: &site.limits,
        engine: &*site.studio,
        capabilities: &site.known.capabilities,
        explain: false,
    };
    // 1.1.1 takes x before y in every CRS
    let query = format!(
        "SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS={layers}&STYLES=&SRS={crs}\
         &BBOX={},{},{},{}&WIDTH={width}&HEIGHT={height}&FORMAT=image/png&TRANSPARENT=TRUE&DPI={dpi}",
        b.min_x, b.min_y, b.max_x, b.max_y
    );
    let request = Request {
        query: &query,
        base: "http://example.org",
        ..Request::default()
    };
    let answer = wms::answer(&service, &request, &Budget::unlimited());
    assert_eq!(
        answer.media_type,
        "image/png",
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    answer.body.to_vec()
}

/// Compares four tiles around a place with one map of all of them.
fn compare(layers: &str, set: &str, level: usize, place: [f64; 2], ratio: u32) {
    let site = demo();
    let set = site.catalogue.site.tile_matrix_sets.get(set).unwrap();
    let matrix = &set.matrices()[level];
    let [x, y] = place;
    let at = matrix.range(&Bbox::new(x, y, x, y).unwrap()).unwrap();
    let (column, row) = (at.min_column.max(1) - 1, at.min_row.max(1) - 1);
    let window = matrix
        .bbox(column, row)
        .union(&matrix.bbox(column + 1, row + 1));
    let side = 256 * ratio;
    let whole = map(
        &site,
        layers,
        &set.crs.id(),
        &window,
        [2 * side, 2 * side],
        96 * ratio,
    );
    let (width, _, whole) = decode_png(&whole);
    let mut inked = 0;
    for (right, down) in [(1, 1), (0, 0), (1, 0), (0, 1)] {
        let suffix = if ratio == 2 { "@2x" } else { "" };
        let path = format!(
            "{layers}/{}/{}/{}/{}{suffix}.png",
            set.id(),
            matrix.id,
            column + right,
            row + down
        );
        let tile = ask(&site, &path).unwrap();
        let (tile_width, tile_height, pixels) = decode_png(&tile.body);
        assert_eq!((tile_width, tile_height), (side, side), "{path}");
        let mut differing = 0;
        for (nth, pixel) in (0u32..).zip(&pixels) {
            let (tx, ty) = (nth % side + right * side, nth / side + down * side);
            let expected = whole[(ty * width + tx) as usize];
            // where nothing is seen the colour does not matter
            let same = *pixel == expected || (pixel[3] == 0 && expected[3] == 0);
            differing += usize::from(!same);
            inked += usize::from(pixel[3] > 0);
        }
        assert_eq!(differing, 0, "{path}: pixels that are not those of the map");
    }
    assert!(
        inked > 1000,
        "{layers} {} {level}: nothing is drawn",
        set.id()
    );
}

const LYON_MERCATOR: [f64; 2] = [538_000.0, 5_740_000.0];
const LYON_LAMBERT: [f64; 2] = [842_000.0, 6_519_000.0];
const LYON_DEGREES: [f64; 2] = [4.83, 45.76];
const LYON_LAEA: [f64; 2] = [3_920_000.0, 2_530_000.0];

#[test]
fn tiles_of_web_mercator_are_windows_of_the_map() {
    for level in [6, 8, 11, 14] {
        compare("carte", "WebMercatorQuad", level, LYON_MERCATOR, 1);
    }
    compare("carte", "WebMercatorQuad", 9, LYON_MERCATOR, 2);
}

#[test]
fn tiles_of_lambert_93_are_windows_of_the_map() {
    for level in [7, 9, 12] {
        compare("carte", "LAMB93", level, LYON_LAMBERT, 1);
    }
    compare("communes", "LAMB93", 10, LYON_LAMBERT, 2);
}

#[test]
fn tiles_of_longitude_and_latitude_are_windows_of_the_map() {
    for level in [6, 9, 12] {
        compare("carte", "WorldCRS84Quad", level, LYON_DEGREES, 1);
    }
}

#[test]
fn tiles_of_the_european_set_are_windows_of_the_map() {
    for level in [5, 8] {
        compare("carte", "EuropeanETRS89_LAEAQuad", level, LYON_LAEA, 1);
    }
}

#[test]
fn a_tile_of_the_open_sea_is_a_transparent_picture() {
    let site = demo();
    let tile = ask(&site, "communes/5/2/20.png").unwrap();
    assert_eq!((tile.status, &*tile.media_type), (200, "image/png"));
    let (_, _, pixels) = decode_png(&tile.body);
    assert!(pixels.iter().all(|p| p[3] == 0));
    assert!(tile.body.len() < 400, "{} bytes", tile.body.len());
}
