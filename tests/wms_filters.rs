//! What of a layer a map shows: `CQL_FILTER` and `FILTER`, the parameters that GeoServer,
//! MapServer and QGIS Server share. Neither is part of WMS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod common;

use std::sync::OnceLock;

use common::{Server, repository};
use serde_json::{Value, json};

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(repository(), &[]))
}

/// The address of a map of Lyon and around, in Lambert 93, with more parameters.
fn map(layers: &str, more: &[(&str, &str)]) -> String {
    let styles = ",".repeat(layers.matches(',').count());
    let mut path = format!(
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={layers}&STYLES={styles}\
         &CRS=EPSG:2154&BBOX=780000,6460000,900000,6580000&WIDTH=120&HEIGHT=120\
         &FORMAT=image/png&TRANSPARENT=TRUE"
    );
    for (name, value) in more {
        path.push_str(&format!("&{name}={}", encoded(value)));
    }
    path
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The pixels where something is drawn.
fn drawn(path: &str) -> Vec<usize> {
    let (_, _, pixels) = server().get(path).picture();
    let drawn = pixels.iter().enumerate().filter(|(_, pixel)| pixel[3] > 0);
    drawn.map(|(place, _)| place).collect()
}

fn explained(path: &str) -> Value {
    let reply = server().get(&format!("{path}&EXPLAIN=json"));
    assert_eq!(reply.header("content-type"), "application/json", "{path}");
    reply.json()
}

/// The code, the locator and the text of an exception.
fn exception(path: &str) -> [String; 3] {
    let text = server().get(path).text();
    let between = |start: &str, end: &str| {
        let rest = text.split_once(start).map_or("", |(_, rest)| rest);
        rest.split_once(end)
            .map_or("", |(inner, _)| inner)
            .to_owned()
    };
    let said = between("<ServiceException ", "</");
    let said = said.split_once('>').map_or("", |(_, said)| said).to_owned();
    [between("code=\"", "\""), between("locator=\"", "\""), said]
}

const RHONE: [&str; 3] = [
    "<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0'><fes:PropertyIsEqualTo>\
     <fes:ValueReference>ms:departements/ms:code</fes:ValueReference><fes:Literal>69</fes:Literal>\
     </fes:PropertyIsEqualTo></fes:Filter>",
    "(<Filter xmlns='http://www.opengis.net/ogc'><PropertyIsEqualTo><PropertyName>code\
     </PropertyName><Literal>69</Literal></PropertyIsEqualTo></Filter>)",
    "(<ogc:Filter><ogc:FeatureId fid='departements.69'/></ogc:Filter>)",
];

#[test]
fn a_filter_leaves_what_passes_in_every_notation_and_version() {
    let all = drawn(&map("departements", &[]));
    let rhone = drawn(&map("departements", &[("CQL_FILTER", "code = '69'")]));
    assert!(
        !rhone.is_empty() && rhone.len() < all.len(),
        "{} of {}",
        rhone.len(),
        all.len()
    );
    assert!(rhone.iter().all(|place| all.binary_search(place).is_ok()));
    let mut paths = vec![map("departements", &[("CQL_FILTER", "NOT (code <> '69')")])];
    paths.extend(RHONE.map(|filter| map("departements", &[("FILTER", filter)])));
    paths.push(map(
        "departements",
        &[("CQL_FILTER", "code ILIKE '69'"), ("SLD", "")],
    ));
    for path in paths {
        let older = path.replace("1.3.0", "1.1.1").replace("CRS=", "SRS=");
        assert_eq!(drawn(&path), rhone, "{path}");
        assert_eq!(drawn(&older), rhone, "{older}");
    }
    let none = map("departements", &[("CQL_FILTER", "EXCLUDE")]);
    assert_eq!(drawn(&none), [0usize; 0]);
    for everything in ["INCLUDE", ""] {
        assert_eq!(
            drawn(&map("departements", &[("CQL_FILTER", everything)])),
            all
        );
    }
}

#[test]
fn each_layer_has_its_own_filter_and_an_empty_one_is_none() {
    let filters = "; population > 100000 ";
    let path = map("departements,communes", &[("CQL_FILTER", filters)]);
    let told = explained(&path);
    let shown = &told["request"]["drawnBottomToTop"];
    assert_eq!(shown[0].get("filter"), None);
    assert_eq!(shown[1]["filter"], "population > 100000");
    assert_eq!(told["request"]["ignoredParameters"], json!([]));
    let layers = &told["drawn"]["layers"];
    assert_eq!(layers[0]["featuresFiltered"], 0);
    let (read, left) = (&layers[1]["featuresRead"], &layers[1]["featuresFiltered"]);
    // Lyon, Villeurbanne, Saint-Étienne and Grenoble
    let passed = read.as_u64().unwrap() - left.as_u64().unwrap();
    assert!((2..=8).contains(&passed), "{passed}");
    let xml = format!("(){}", RHONE[1].replace("code", "insee"));
    let told = explained(&map("departements,communes", &[("FILTER", &xml)]));
    assert_eq!(
        told["request"]["drawnBottomToTop"][1]["filter"],
        "insee = '69'"
    );
    // texts may hold what parts filters
    let path = map(
        "departements",
        &[("CQL_FILTER", "nom = 'a;b' OR code = '69'")],
    );
    assert_eq!(
        drawn(&path),
        drawn(&map("departements", &[("CQL_FILTER", "code='69'")]))
    );
}

#[test]
fn a_group_s_filter_is_that_of_each_of_its_layers() {
    let site = server()
        .get("/wms?SERVICE=WMS&REQUEST=GetCapabilities")
        .text();
    assert!(site.contains("<Name>decoupages</Name>"), "{site}");
    let told = explained(&map(
        "decoupages",
        &[("CQL_FILTER", "INTERSECTS(geom, POINT(842667 6519925))")],
    ));
    let shown = told["request"]["drawnBottomToTop"].as_array().unwrap();
    assert!(shown.len() > 1);
    assert!(
        shown.iter().all(|layer| layer["filter"].is_string()),
        "{shown:?}"
    );
}

#[test]
fn a_click_finds_only_what_is_drawn() {
    let info = |more: &[(&str, &str)]| {
        let path = map("communes", more).replace("GetMap", "GetFeatureInfo");
        let path = format!("{path}&QUERY_LAYERS=communes&I=62&J=60&INFO_FORMAT=application/json");
        server().get(&path).json()
    };
    let found = info(&[]);
    let insee = found["features"][0]["properties"]["insee"]
        .as_str()
        .unwrap()
        .to_owned();
    // neighbours are near enough to be found too
    let has = |filter: &str| {
        let found = info(&[("CQL_FILTER", filter)]);
        let features = found["features"].as_array().unwrap();
        features.iter().any(|f| f["properties"]["insee"] == insee)
    };
    assert!(has(&format!("insee = '{insee}'")));
    assert!(!has(&format!("insee <> '{insee}'")));
}

#[test]
fn a_layer_that_is_drawn_twice_has_each_feature_once() {
    let ids = |layers: &str, filters: &str| -> Vec<String> {
        let more: &[(&str, &str)] = match filters {
            "" => &[],
            filters => &[("CQL_FILTER", filters)],
        };
        let path = map(layers, more).replace("GetMap", "GetFeatureInfo");
        let path = format!(
            "{path}&QUERY_LAYERS={layers}&I=62&J=60&FEATURE_COUNT=9&INFO_FORMAT=application/json"
        );
        let found = server().get(&path).json();
        let features = found["features"].as_array().unwrap().clone();
        let ids = features
            .iter()
            .map(|f| f["id"].as_str().unwrap().to_owned());
        ids.collect()
    };
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    let once = sorted(ids("communes", ""));
    assert!(!once.is_empty());
    assert_eq!(sorted(ids("communes,communes", "")), once);
    // what each of two filters leaves
    let halves = ids("communes,communes", "population < 2000;population > 1000");
    assert_eq!(sorted(halves), once);
    let both = ids("decoupages,communes", "");
    let communes = both.iter().filter(|id| id.starts_with("communes."));
    assert_eq!(sorted(communes.cloned().collect()), once);
}

#[test]
fn geometries_are_in_the_layer_s_crs_or_in_the_one_they_name() {
    let lyon = drawn(&map("communes", &[("CQL_FILTER", "insee = '69123'")]));
    assert!(!lyon.is_empty());
    for cql in [
        "INTERSECTS(the_geom, POINT(842667 6519925))",
        "BBOX(geom, 842667, 6519925, 842668, 6519926)",
    ] {
        assert_eq!(
            drawn(&map("communes", &[("CQL_FILTER", cql)])),
            lyon,
            "{cql}"
        );
    }
    for (srs, at) in [
        ("", "842667 6519925"),
        ("EPSG:2154", "842667 6519925"),
        ("EPSG:4326", "4.8357 45.7640"),
        ("urn:ogc:def:crs:EPSG::4326", "45.7640 4.8357"),
    ] {
        let name = match srs {
            "" => String::new(),
            srs => format!(" srsName='{srs}'"),
        };
        let filter = format!(
            "<Filter xmlns='http://www.opengis.net/fes/2.0'><Intersects><ValueReference>geom\
             </ValueReference><gml:Point xmlns:gml='http://www.opengis.net/gml/3.2'{name}>\
             <gml:pos>{at}</gml:pos></gml:Point></Intersects></Filter>"
        );
        assert_eq!(
            drawn(&map("communes", &[("FILTER", &filter)])),
            lyon,
            "{srs}"
        );
    }
}

#[test]
fn a_wrong_filter_is_told_with_its_layer_its_place_and_what_was_expected() {
    let both = "departements,communes";
    for (layers, name, value, parts) in [
        (
            both,
            "CQL_FILTER",
            "; populatoin > 5",
            &["\"communes\"", "column 1", "population"][..],
        ),
        (
            both,
            "CQL_FILTER",
            ";nom ILIKE 'x' AND b ! 1",
            &["\"communes\"", "column 21", "no meaning"],
        ),
        (
            both,
            "CQL_FILTER",
            "code = ;",
            &["\"departements\"", "column 7", "expected a value"],
        ),
        (
            both,
            "CQL_FILTER",
            "code = '1'",
            &["expected 2 filters", "found 1"],
        ),
        (
            "communes",
            "CQL_FILTER",
            "nom = 'a';;",
            &["expected 1 filters", "found 3"],
        ),
        (
            "communes",
            "CQL_FILTER",
            "S_TOUCHES(nom, POINT(1 2))",
            &["\"communes\""],
        ),
        (
            both,
            "FILTER",
            "(<Filter/>)",
            &["expected 2 filters", "found 1"],
        ),
        (
            both,
            "FILTER",
            "()(<Filter/>)",
            &["\"communes\"", "line 1", "empty"],
        ),
        (
            "communes",
            "FILTER",
            "population > 5",
            &["column 1", "<Filter>"],
        ),
        (
            "communes",
            "FILTER",
            "<Filter><PropertyIs",
            &["\"communes\"", "line 1"],
        ),
        (
            "communes",
            "FILTER",
            "<Filter><PropertyIsNull><PropertyName>nome</PropertyName></PropertyIsNull></Filter>",
            &["\"communes\"", "column 39", "did you mean \"nom\""],
        ),
        ("communes", "FEATUREID", "communes.1", &["CQL_FILTER"]),
    ] {
        for operation in ["GetMap", "GetFeatureInfo"] {
            let path = map(layers, &[(name, value)]).replace("GetMap", operation);
            let path = format!("{path}&QUERY_LAYERS=communes&I=1&J=1");
            let [code, locator, said] = exception(&path);
            assert_eq!(code, "InvalidParameterValue", "{path}");
            assert_eq!(locator, name, "{value}: {said}");
            let said = said
                .replace("&quot;", "\"")
                .replace("&lt;", "<")
                .replace("&gt;", ">");
            for part in parts {
                assert!(said.contains(part), "{value}: {said:?} has no {part:?}");
            }
        }
    }
    let path = map(
        "communes",
        &[("CQL_FILTER", "nom='a'"), ("FILTER", "<Filter/>")],
    );
    assert_eq!(exception(&path)[1], "FILTER");
}

#[test]
fn a_legend_is_of_the_layer_whatever_its_filter() {
    let path = "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=communes\
                &FORMAT=image/png&SLD_VERSION=1.1.0";
    let plain = server().get(path);
    let filtered = server().get(&format!("{path}&CQL_FILTER=nom%20%3D"));
    assert_eq!(plain.header("content-type"), "image/png");
    assert!(plain.body == filtered.body);
}
