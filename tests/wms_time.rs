//! The dimension time of a WMS (OGC 06-042 Annexes C and D) on layers whose features have times.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, over data they know"
)]

mod common;

use common::{Scratch, Server};
use std::sync::OnceLock;

/// Three days, one place each: 1, 2 and 3 pixels to a side of the map of 10 × 10.
const VISITS: &str = r#"{"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {"number": 1, "day": "2001-05-04"},
     "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}},
    {"type": "Feature", "properties": {"number": 2, "day": "2023-12-31"},
     "geometry": {"type": "Polygon", "coordinates": [[[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]]}},
    {"type": "Feature", "properties": {"number": 3, "day": "2024-02-29"},
     "geometry": {"type": "Polygon", "coordinates": [[[5, 5], [8, 5], [8, 8], [5, 8], [5, 5]]]}},
    {"type": "Feature", "properties": {"number": 4, "day": null},
     "geometry": {"type": "Polygon", "coordinates": [[[9, 9], [10, 9], [10, 10], [9, 10], [9, 9]]]}}
    ]}"#;
/// One from a day on, without an end.
const WORKS: &str = r#"{"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {"from": "2020-01-01", "to": null},
     "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]}},
    {"type": "Feature", "properties": {"from": "2019-01-01", "to": "2019-06-30"},
     "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [5, 0], [5, 10], [0, 10], [0, 0]]]}}
    ]}"#;
const STYLE: &str = r#"<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld">
    <NamedLayer><Name>plain</Name><UserStyle><FeatureTypeStyle><Rule><PolygonSymbolizer><Fill>
    <CssParameter name="fill">#000000</CssParameter></Fill></PolygonSymbolizer></Rule>
    </FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"#;

fn server() -> &'static Server {
    static SERVER: OnceLock<(Scratch, Server)> = OnceLock::new();
    let start = || {
        let folder = Scratch::new("wms-time");
        let write = |name: &str, text: &str| {
            let path = folder.0.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        for (id, data, time) in [
            ("visits", VISITS, "time: day\n"),
            ("works", WORKS, "time: [from, to]\n"),
            ("always", VISITS, ""),
        ] {
            write(&format!("data/{id}.geojson"), data);
            let layer = format!(
                "schema: cartotheque/layer@1\nid: {id}\ntitle: {id}\n\
                 source: {{file: data/{id}.geojson}}\nstyles: [plain]\naccess: public\n{time}"
            );
            write(&format!("capabilities/layers/{id}.yaml"), &layer);
        }
        write("styles/plain.sld", STYLE);
        let server = Server::start(&folder.0, &["--strict"]);
        (folder, server)
    };
    &SERVER.get_or_init(start).1
}

/// A map of 10 × 10 pixels.
fn map(layers: &str, time: &str) -> String {
    format!(
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={layers}&CRS=CRS:84&STYLES=\
         &BBOX=0,0,10,10&WIDTH=10&HEIGHT=10&FORMAT=image/png{time}"
    )
}

/// Pixels that are drawn of the map of 10 × 10, at a time.
fn drawn(layers: &str, time: &str) -> usize {
    let reply = server().get(&map(layers, time));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let pixels = reply.picture().2;
    pixels.iter().filter(|p| **p == [0, 0, 0, 255]).count()
}

#[test]
fn wms13_c_a_map_shows_what_is_at_the_time() {
    for (time, expected) in [
        ("", 1 + 4 + 9 + 1),
        ("&TIME=", 1 + 4 + 9 + 1),
        ("&TIME=2001-05-04", 1),
        ("&TIME=2024", 9),
        ("&TIME=2023-12", 4),
        ("&TIME=2001-05-04,2024-02-29", 1 + 9),
        ("&TIME=2023-01-01/2024-12-31", 4 + 9),
        ("&TIME=2023-12-31T00:00:00Z/2024-12-31T23:59:59.999Z", 4 + 9),
        ("&TIME=2001/2023/P1D", 1 + 4),
        ("&time=current", 9),
        ("&TIME=1990", 0),
    ] {
        assert_eq!(drawn("visits", time), expected, "{time}");
    }
    // what has a beginning and an end; null is no end
    assert_eq!(drawn("works", "&TIME=2019-03"), 50);
    assert_eq!(drawn("works", "&TIME=2019-07-01/2019-12-31"), 0);
    assert_eq!(drawn("works", "&TIME=2099-01-01"), 100);
    // what has no times is always there, and a time goes with a filter
    assert_eq!(drawn("always", "&TIME=1990"), 15);
    assert_eq!(drawn("visits,always", "&TIME=1990"), 15);
    let filter = "&CQL_FILTER=number%20%3E%201&TIME=2001/2023";
    assert_eq!(drawn("visits", filter), 4);
}

#[test]
fn wms13_c_a_click_finds_what_is_at_the_time() {
    let found = |time: &str| {
        let reply = server().get(&format!(
            "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=visits&STYLES=\
             &CRS=CRS:84&BBOX=0,0,10,10&WIDTH=100&HEIGHT=100&QUERY_LAYERS=visits&I=30&J=70\
             &INFO_FORMAT=application/json{time}"
        ));
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["features"].as_array().unwrap().len()
    };
    assert_eq!(found(""), 1);
    assert_eq!(found("&TIME=2023"), 1);
    assert_eq!(found("&TIME=2024"), 0);
    assert_eq!(found("&TIME=current"), 0);
}

#[test]
fn wms13_c_a_default_that_is_used_is_told_in_a_header() {
    let warning = |layers: &str, time: &str| {
        let reply = server().get(&map(layers, time));
        reply.header("warning").to_owned()
    };
    let told = "99 Default value used: time=2001-05-04/2024-02-29 ISO8601";
    assert_eq!(warning("visits", ""), told);
    assert_eq!(warning("always,visits,visits", "&TIME="), told);
    for (layers, time) in [("visits", "&TIME=2024"), ("always", ""), ("works", "")] {
        assert_eq!(warning(layers, time), "", "{layers}{time}");
    }
}

#[test]
fn wms13_c_capabilities_tell_the_extent_of_time() {
    let capabilities = |version: &str| {
        let query = format!("/wms?SERVICE=WMS&VERSION={version}&REQUEST=GetCapabilities");
        server().get(&query).text()
    };
    let v130 = capabilities("1.3.0");
    let dimension = r#"<Dimension name="time" units="ISO8601" default="2001-05-04/2024-02-29" multipleValues="1" nearestValue="0">2001-05-04/2024-02-29/P1D</Dimension>"#;
    assert!(v130.contains(dimension), "{v130}");
    // of works, which have no end, and of what has no times none is told
    assert_eq!(v130.matches("<Dimension").count(), 1);
    let v111 = capabilities("1.1.1");
    assert!(
        v111.contains(r#"<Dimension name="time" units="ISO8601"/>"#),
        "{v111}"
    );
    let extent = r#"<Extent name="time" default="2001-05-04/2024-02-29" nearestValue="0">2001-05-04/2024-02-29/P1D</Extent>"#;
    assert!(v111.contains(extent), "{v111}");
}

#[test]
fn wms13_c_what_is_no_time_is_said() {
    for time in [
        "yesterday",
        "2023-02-29",
        "2024/2023",
        "2024-01-01/2024-02-01/x",
    ] {
        let reply = server().get(&map("visits", &format!("&TIME={time}")));
        let report = reply.text();
        assert!(
            report.contains("code=\"InvalidDimensionValue\""),
            "{time}: {report}"
        );
        assert!(report.contains("locator=\"TIME\""), "{time}: {report}");
    }
}
