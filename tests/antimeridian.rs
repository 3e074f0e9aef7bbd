//! Maps, clicks and tiles across the antimeridian: what lies at 170° west is also at 190° east,
//! and what goes across in one piece stays in one piece.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, over data they know"
)]

mod common;

use std::path::Path;
use std::sync::OnceLock;

use cartotheque::crs::{Crs, Transform};
use cartotheque::geom::{Coord, Geometry, GeometryType, PartKind};
use cartotheque::store::fgb::{FgbHead, FgbWriter};
use common::{Scratch, Server};

type Pixels = Vec<[u8; 4]>;

/// A point to each side of the antimeridian and one beyond it, a line and an area across it.
const PLACES: &str = r#"{"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {"name": "Apia"},
     "geometry": {"type": "Point", "coordinates": [-172, -13.5]}},
    {"type": "Feature", "properties": {"name": "Suva"},
     "geometry": {"type": "Point", "coordinates": [172, -18]}},
    {"type": "Feature", "properties": {"name": "beyond"},
     "geometry": {"type": "Point", "coordinates": [188, -22]}}]}"#;
const ROUTES: &str = r#"{"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {"name": "across"},
     "geometry": {"type": "LineString", "coordinates": [[175, -20], [185, -10]]}}]}"#;
const ZONES: &str = r#"{"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {"name": "across"},
     "geometry": {"type": "Polygon", "coordinates":
        [[[176, -28], [184, -28], [184, -24], [176, -24], [176, -28]]]}}]}"#;
const STYLE: &str = r#"<StyledLayerDescriptor version="1.0.0"
    xmlns="http://www.opengis.net/sld" xmlns:ogc="http://www.opengis.net/ogc">
    <NamedLayer><Name>places</Name><UserStyle><FeatureTypeStyle><Rule>
    <PointSymbolizer><Graphic><Mark><WellKnownName>square</WellKnownName>
    <Fill><CssParameter name="fill">#cc0000</CssParameter></Fill></Mark><Size>8</Size></Graphic>
    </PointSymbolizer><TextSymbolizer><Label><ogc:PropertyName>name</ogc:PropertyName></Label>
    <Font><CssParameter name="font-size">12</CssParameter></Font></TextSymbolizer>
    </Rule></FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"#;

fn server() -> &'static Server {
    static SERVER: OnceLock<(Scratch, Server)> = OnceLock::new();
    let start = || {
        let folder = Scratch::new("antimeridian");
        let write = |name: &str, text: &str| {
            let path = folder.0.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("data/places.geojson", PLACES);
        write("data/routes.geojson", ROUTES);
        write("data/zones.geojson", ZONES);
        write("styles/places.sld", STYLE);
        let server = Server::start(&folder.0, &[]);
        (folder, server)
    };
    &SERVER.get_or_init(start).1
}

/// A map of all three layers.
fn map(crs: &str, bbox: [f64; 4], size: [u32; 2]) -> Pixels {
    map_of(server(), "zones,routes,places", crs, bbox, size)
}

fn map_of(
    server: &Server,
    layers: &str,
    crs: &str,
    bbox: [f64; 4],
    [width, height]: [u32; 2],
) -> Pixels {
    let bbox = bbox.map(|v| v.to_string()).join(",");
    let reply = server.get(&format!(
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={layers}&STYLES=\
         &CRS={crs}&BBOX={bbox}&WIDTH={width}&HEIGHT={height}&FORMAT=image/png"
    ));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.picture().2
}

/// Writes features of one sequence each, given in longitude and latitude, as they lie in a
/// projection.
fn write(path: &Path, crs: &str, kind: GeometryType, features: &[Vec<Coord>]) {
    let crs = Crs::parse(crs).unwrap();
    let way = Transform::new(&Crs::crs84(), &crs).unwrap();
    let mut writer = FgbWriter::create(path, kind).unwrap();
    for coords in features {
        let mut geometry = Geometry::new(kind);
        geometry.extend(coords.iter().copied());
        geometry.end_part(match kind {
            GeometryType::Polygon => PartKind::Polygon,
            _ => PartKind::Line,
        });
        way.forward(geometry.coords_mut());
        writer.add(&geometry, &[]).unwrap();
    }
    let head = FgbHead {
        title: "",
        name: "",
        description: "",
        metadata: "",
        geometry: kind,
        fields: &[],
        crs: &crs,
    };
    writer.finish(&head).unwrap();
}

/// Layers of projections: a line and an area across the antimeridian, and an area round the
/// North Pole.
fn projected() -> &'static Server {
    static SERVER: OnceLock<(Scratch, Server)> = OnceLock::new();
    let start = || {
        let folder = Scratch::new("antimeridian-projected");
        let path = |name: &str| folder.0.join(name);
        let around = |corners: &[Coord]| [corners, &corners[..1]].concat();
        write(
            &path("ferry.fgb"),
            "EPSG:3832",
            GeometryType::LineString,
            &[vec![[175.0, -20.0], [-175.0, -10.0]]],
        );
        let zone = [
            [176.0, -28.0],
            [-176.0, -28.0],
            [-176.0, -24.0],
            [176.0, -24.0],
        ];
        write(
            &path("zones.fgb"),
            "EPSG:2193",
            GeometryType::Polygon,
            &[around(&zone)],
        );
        let ice: Vec<Coord> = (0..=72)
            .map(|n| [f64::from(n) * 5.0 - 180.0, 75.0])
            .collect();
        write(&path("ice.fgb"), "EPSG:3413", GeometryType::Polygon, &[ice]);
        let server = Server::start(&folder.0, &[]);
        (folder, server)
    };
    &SERVER.get_or_init(start).1
}

/// Columns of a picture that is so wide.
fn columns(pixels: &Pixels, width: usize, from: usize, to: usize) -> Pixels {
    let rows = pixels.chunks(width);
    rows.flat_map(|row| row[from..to].to_vec()).collect()
}

fn drawn(pixels: &[[u8; 4]]) -> usize {
    pixels.iter().filter(|p| **p != [255; 4]).count()
}

/// Half of the world's width in EPSG:3857.
const HALF: f64 = 20_037_508.342_789_244;
/// Where EPSG:3857 has 12° of longitude.
const TWELVE: f64 = HALF / 15.0;

#[test]
fn beyond_180_degrees_lies_what_is_on_the_other_side() {
    for (crs, degree, y) in [
        ("CRS:84", 1.0, [-30.0, -6.0]),
        ("EPSG:3857", HALF / 180.0, [-3_500_000.0, -600_000.0]),
    ] {
        let at = |lon: f64| lon * degree;
        let whole = map(crs, [at(168.0), y[0], at(192.0), y[1]], [240, 240]);
        let west = map(crs, [at(-192.0), y[0], at(-168.0), y[1]], [240, 240]);
        assert!(whole == west, "{crs}: one turn further is another map");
        let left = map(crs, [at(168.0), y[0], at(180.0), y[1]], [120, 240]);
        let right = map(crs, [at(-180.0), y[0], at(-168.0), y[1]], [120, 240]);
        assert!(
            drawn(&left) > 300 && drawn(&right) > 300,
            "{crs}: they are drawn"
        );
        assert!(
            columns(&whole, 240, 0, 120) == left,
            "{crs}: west of the line"
        );
        assert!(
            columns(&whole, 240, 120, 240) == right,
            "{crs}: east of the line"
        );
    }
}

#[test]
fn what_goes_across_in_one_piece_is_not_smeared_over_the_world() {
    let world = map("EPSG:3857", [-HALF, -HALF, HALF, HALF], [300, 300]);
    // all is within 12° of the antimeridian, 10 of the 300 columns, and names reach 50 further
    let middle = columns(&world, 300, 60, 240);
    assert_eq!(drawn(&middle), 0, "the middle of the world is empty");
    assert!(drawn(&columns(&world, 300, 0, 10)) > 10, "the west is not");
    assert!(
        drawn(&columns(&world, 300, 290, 300)) > 10,
        "the east is not"
    );
}

#[test]
fn what_goes_across_in_a_projection_is_drawn_in_one_piece_too() {
    for (crs, degree, y) in [
        ("CRS:84", 1.0, [-45.0, -5.0]),
        ("EPSG:3857", HALF / 180.0, [-5_600_000.0, -560_000.0]),
    ] {
        let at = |lon: f64| lon * degree;
        let map = |west: f64, east: f64, width: u32| {
            let bbox = [at(west), y[0], at(east), y[1]];
            map_of(projected(), "zones,ferry", crs, bbox, [width, 200])
        };
        let world = map(-180.0, 180.0, 360);
        assert_eq!(
            drawn(&columns(&world, 360, 10, 350)),
            0,
            "{crs}: the middle of the world is empty"
        );
        for (from, to) in [(0, 4), (356, 360)] {
            assert!(drawn(&columns(&world, 360, from, to)) > 60, "{crs}: {from}");
        }
        let whole = map(170.0, 190.0, 200);
        assert!(drawn(&whole) > 1_500, "{crs}");
        assert!(whole == map(-190.0, -170.0, 200), "{crs}: a turn further");
        let left = map(170.0, 180.0, 100);
        let right = map(-180.0, -170.0, 100);
        assert!(
            columns(&whole, 200, 0, 100) == left,
            "{crs}: west of the line"
        );
        assert!(
            columns(&whole, 200, 100, 200) == right,
            "{crs}: east of the line"
        );
    }
}

#[test]
fn an_area_round_a_pole_reaches_up_to_it() {
    let map = |crs: &str, bbox: [f64; 4]| map_of(projected(), "ice", crs, bbox, [120, 60]);
    let world = map("CRS:84", [-180.0, -90.0, 180.0, 90.0]);
    let rows: Vec<usize> = world.chunks(120).map(drawn).collect();
    // three degrees a row
    assert_eq!(&rows[..5], [120; 5], "up to the pole");
    assert!(rows[6..].iter().all(|n| *n == 0), "{rows:?}");
    let mercator = map("EPSG:3857", [-HALF, -HALF, HALF, HALF]);
    let rows: Vec<usize> = mercator.chunks(120).map(drawn).collect();
    // 75 degrees north are at 12.9 million metres
    assert_eq!(&rows[..10], [120; 10]);
    assert!(rows[11..].iter().all(|n| *n == 0), "{rows:?}");
}

#[test]
fn clicks_and_tiles_find_what_goes_across_in_a_projection() {
    for lon in ["175,-27,185,-25", "-185,-27,-175,-25"] {
        let reply = projected().get(&format!(
            "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=zones&QUERY_LAYERS=zones\
             &STYLES=&CRS=CRS:84&BBOX={lon}&WIDTH=100&HEIGHT=20&I=30&J=10\
             &INFO_FORMAT=application/json"
        ));
        let found = reply.json()["features"].as_array().unwrap().len();
        assert_eq!(found, 1, "{lon}: {}", reply.text());
    }
    // zoom 3 has 8 columns of 45°
    let status = |column: u32| {
        projected()
            .get(&format!("/tiles/zones,ferry/3/{column}/4.mvt"))
            .status
    };
    let found: Vec<u16> = (0..8).map(status).collect();
    assert_eq!(found, [200, 204, 204, 204, 204, 204, 204, 200]);
}

#[test]
fn a_click_beyond_180_degrees_finds_what_is_there() {
    let find = |crs: &str, bbox: String, [i, j]: [u32; 2]| {
        let reply = server().get(&format!(
            "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=zones,routes,places\
             &QUERY_LAYERS=zones,routes,places&STYLES=&CRS={crs}&BBOX={bbox}&WIDTH=100&HEIGHT=100\
             &I={i}&J={j}&INFO_FORMAT=application/json"
        ));
        assert_eq!(reply.status, 200, "{}", reply.text());
        let features = reply.json()["features"].as_array().unwrap().clone();
        let names = features
            .iter()
            .map(|f| f["properties"]["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    // the point at -172 seen at 188, that at 188 seen at -172, the area from either side
    assert_eq!(
        find("CRS:84", "183,-18.5,193,-8.5".into(), [50, 50]),
        ["Apia"]
    );
    assert_eq!(
        find("CRS:84", "-177,-27,-167,-17".into(), [50, 50]),
        ["beyond"]
    );
    assert_eq!(
        find("CRS:84", "-183,-31,-173,-21".into(), [50, 50]),
        ["across"]
    );
    assert_eq!(
        find("CRS:84", "177,-31,187,-21".into(), [50, 50]),
        ["across"]
    );
    let beyond = [HALF - TWELVE, -3_400_000.0, HALF + TWELVE, -2_600_000.0];
    assert_eq!(
        find(
            "EPSG:3857",
            beyond.map(|v| v.to_string()).join(","),
            [40, 50]
        ),
        ["across"]
    );
}

#[test]
fn the_first_and_the_last_column_of_tiles_have_what_goes_across() {
    // zoom 3 has 8 columns of 45°; all is in row 4, south of the equator
    let size = |column: u32| {
        let reply = server().get(&format!("/tiles/zones,routes,places/3/{column}/4.mvt"));
        (reply.status, reply.body.len())
    };
    let (first, last) = (size(0), size(7));
    assert_eq!((first.0, last.0), (200, 200));
    // Apia, beyond, the line and the area; Suva, the line and the area
    let names = |column: u32| {
        let reply = server().get(&format!("/tiles/zones,routes,places/3/{column}/4.mvt"));
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        ["Apia", "Suva", "beyond", "across"].map(|name| text.contains(name))
    };
    assert_eq!(names(0), [true, false, true, true]);
    assert_eq!(names(7), [false, true, false, true]);
    for column in 1..7 {
        assert_eq!(size(column).0, 204, "column {column} is empty");
    }
}

#[test]
fn a_map_of_many_worlds_is_drawn_and_ends() {
    let many = map("CRS:84", [-540.0, -90.0, 540.0, 90.0], [540, 90]);
    let one = drawn(&columns(&many, 540, 180, 360));
    assert!(
        one > 0 && drawn(&many) >= 3 * one - 30,
        "three worlds, each drawn"
    );
    let turns = 1.0e6;
    map(
        "CRS:84",
        [-360.0 * turns, -90.0, 360.0 * turns, 90.0],
        [500, 50],
    );
    map(
        "EPSG:3857",
        [HALF * 1.0e9, -HALF, HALF * 1.0e9 + HALF, HALF],
        [100, 100],
    );
    map("EPSG:3857", [1.0e300, -HALF, 1.1e300, HALF], [100, 100]);
}

#[test]
fn a_box_of_features_beyond_180_degrees_finds_what_is_there() {
    let names = |path: &str| {
        let reply = server().get(path);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let features = reply.json()["features"].as_array().unwrap().clone();
        let mut names: Vec<String> = features
            .iter()
            .map(|f| f["properties"]["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let items = |bbox: &str| names(&format!("/collections/places/items?bbox={bbox}"));
    let wfs = |bbox: &str| {
        names(&format!(
            "/wfs?service=WFS&version=2.0.0&request=GetFeature&typenames=places\
             &outputformat=json&bbox={bbox},CRS:84"
        ))
    };
    for (bbox, expected) in [
        ("170,-30,190,-10", vec!["Apia", "Suva", "beyond"]),
        ("186,-30,189,-10", vec!["Apia", "beyond"]),
        ("-190,-30,-187,-10", vec!["Suva"]),
        ("170,-30,-170,-10", vec!["Apia", "Suva"]),
        ("-180,-90,180,90", vec!["Apia", "Suva"]),
        ("200,-30,210,-10", vec![]),
    ] {
        assert_eq!(items(bbox), expected, "{bbox}");
        assert_eq!(wfs(bbox), expected, "{bbox}");
    }
    let envelope = "<Filter><BBOX><Envelope srsName='CRS:84'><lowerCorner>170 -30</lowerCorner>\
                    <upperCorner>190 -10</upperCorner></Envelope></BBOX></Filter>";
    let envelope = envelope.replace(' ', "%20");
    let found = names(&format!(
        "/wfs?service=WFS&version=2.0.0&request=GetFeature&typenames=places&outputformat=json\
         &filter={}",
        envelope.replace('<', "%3C").replace('>', "%3E")
    ));
    assert_eq!(found, ["Apia", "Suva", "beyond"]);
}
