//! Every XML document of the WMS against the official schema, and every request that real
//! clients were seen to send.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod fake;
#[path = "common/schema.rs"]
mod schema;

use cartotheque::protocol::record::{layer_record, service_record};
use fake::{BASE, FakeEngine, World, text};
use schema::{assert_valid, check};

const WMS_130: &str = "inspire.ec.europa.eu/schemas/inspire_vs/1.0/inspire_vs.xsd";
const WMS_130_EXCEPTION: &str = "schemas.opengis.net/wms/1.3.0/exceptions_1_3_0.xsd";
const ISO_19139: &str = "drivers/iso19139.xsd";

const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=departements&STYLES=\
                   &CRS=EPSG:4326&BBOX=44,2,47,7&WIDTH=200&HEIGHT=100&FORMAT=image/png";

/// Holds a document against the DTD that it names.
fn assert_valid_dtd(document: &str) {
    check(document, &["--valid"]);
}

fn assert_well_formed(document: &str) {
    check(document, &[]);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_7_2_4_capabilities_are_valid_with_inspire_s_extension() {
    let world = World::default();
    for query in [
        "SERVICE=WMS&REQUEST=GetCapabilities",
        "SERVICE=WMS&REQUEST=GetCapabilities&LANGUAGE=eng",
    ] {
        assert_valid(text(&world.get(query)), WMS_130);
    }
    let one = world.ask(&cartotheque::protocol::Request {
        query: "SERVICE=WMS&REQUEST=GetCapabilities",
        base: "https://example.org/a&b",
        collection: Some("fond & carte"),
        ..Default::default()
    });
    assert_valid(text(&one), WMS_130);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn a_site_that_says_nothing_of_itself_has_valid_capabilities() {
    let layers = fake::catalogue().layers;
    let site = cartotheque::catalogue::Site::default();
    let bare = cartotheque::catalogue::Catalogue::new(site, layers, vec![], 1, vec![]).unwrap();
    let world = World::of(bare);
    assert_valid(
        text(&world.get("SERVICE=WMS&REQUEST=GetCapabilities")),
        WMS_130,
    );
    assert_valid_dtd(text(
        &world.get("SERVICE=WMS&VERSION=1.1.1&REQUEST=GetCapabilities"),
    ));
    assert_valid(text(&service_record(&world.catalogue, BASE)), ISO_19139);
    let layer = &world.catalogue.layers[1];
    let record = layer_record(&world.catalogue, layer, BASE).unwrap();
    assert_valid(text(&record), ISO_19139);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms111_7_1_capabilities_are_valid_to_the_dtd() {
    let answer = World::default().get("SERVICE=WMS&VERSION=1.1.1&REQUEST=GetCapabilities");
    assert_eq!(answer.media_type, "application/vnd.ogc.wms_xml");
    assert_valid_dtd(text(&answer));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn exceptions_are_valid_in_both_versions_and_hostile_values_do_not_break_them() {
    let world = World::default();
    let hostile = "%3C/x%3E%26%00%01%0B%EF%BF%BE%5D%5D%3E%22";
    let bad = MAP.replace("departements", hostile);
    assert_valid(text(&world.get(&bad)), WMS_130_EXCEPTION);
    let old = bad.replace("1.3.0", "1.1.1");
    assert_valid_dtd(text(&world.get(&old)));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn sld_11_describe_layer_is_valid_in_both_versions() {
    let world = World::default();
    let old = world.get("SERVICE=WMS&VERSION=1.1.1&REQUEST=DescribeLayer&LAYERS=limites");
    assert_valid_dtd(text(&old));
    let new = world.get("SERVICE=WMS&VERSION=1.3.0&REQUEST=DescribeLayer&LAYERS=limites");
    assert_well_formed(text(&new));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn iso19139_the_record_of_each_layer_and_of_the_service_is_valid() {
    let world = World::default();
    for layer in &world.catalogue.layers {
        let record = layer_record(&world.catalogue, layer, "https://example.org/a&b").unwrap();
        assert_eq!(record.media_type, "text/xml");
        assert_valid(text(&record), ISO_19139);
    }
    assert_valid(text(&service_record(&world.catalogue, BASE)), ISO_19139);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn feature_info_in_gml_is_well_formed() {
    let world = World::default();
    for format in [
        "application/vnd.ogc.gml",
        "text/xml",
        "application/vnd.ogc.gml/3.1.1",
    ] {
        let query = MAP.replace("GetMap", "GetFeatureInfo");
        let answer = world.get(&format!(
            "{query}&QUERY_LAYERS=departements&I=5&J=5&FEATURE_COUNT=2&INFO_FORMAT={format}"
        ));
        assert_eq!(answer.media_type, format);
        assert_well_formed(text(&answer));
    }
}

/// Every WMS request of the recordings, in their order, with the media type it must be
/// answered in.
#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_recorded_request_of_every_client_is_answered_in_the_type_it_asks_for() {
    let world = World::default();
    let folder = schema::schemas().join("../client-requests");
    let mut replayed = 0;
    let mut clients = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.contains("-wms") || name.contains("wmts") {
            continue;
        }
        clients += 1;
        let mut section = String::new();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            if let Some(title) = line.strip_prefix("## ") {
                section = title.to_owned();
            }
            let Some(query) = line.strip_prefix("GET {ows}?") else {
                continue;
            };
            let query = query.split("  [").next().unwrap();
            let answer = world.get(query);
            assert_eq!(answer.status, 200, "{name} {section}: {query}");
            let expected = expected_type(query, &section);
            assert!(
                answer.media_type.starts_with(expected),
                "{name} {section}: {query}\n{} instead of {expected}\n{}",
                answer.media_type,
                String::from_utf8_lossy(&answer.body)
            );
            if section.contains("exception") && query.contains("GetMap") {
                assert!(text(&answer).contains("ServiceException code="), "{query}");
            }
            replayed += 1;
        }
    }
    assert_eq!(clients, 11);
    assert!(replayed > 150, "only {replayed} requests were found");
}

fn expected_type(query: &str, section: &str) -> &'static str {
    let query = query.to_lowercase().replace("%2f", "/").replace("%3a", ":");
    let old = query.contains("version=1.1.1");
    let has = |text: &str| query.contains(text);
    if has("getcapabilities") {
        return if old {
            "application/vnd.ogc.wms_xml"
        } else {
            "text/xml"
        };
    }
    if section.contains("exception") {
        return "text/xml";
    }
    if has("getfeatureinfo") {
        return match () {
            () if has("info_format=text/html") => "text/html",
            () if has("info_format=text/plain") => "text/plain",
            () if has("info_format=geojson") => "application/geo+json",
            () => "application/vnd.ogc.gml",
        };
    }
    if has("format=image/jpeg") {
        "image/jpeg"
    } else {
        "image/png"
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn a_broken_engine_is_a_valid_exception_without_paths() {
    let world = World {
        engine: FakeEngine {
            fault: Some(cartotheque::error::Error::data(
                "/srv/secret/x.fgb",
                "is cut short",
            )),
            ..FakeEngine::default()
        },
        ..World::default()
    };
    let answer = world.get(MAP);
    assert_valid(text(&answer), WMS_130_EXCEPTION);
    assert!(!text(&answer).contains("secret"));
}
