//! What is found at a pixel.

use crate::fake::{FakeEngine, World, code, text};
use crate::{INFO, MAP, assert_map, with};

#[test]
fn wms130_7_4_3_each_info_format_is_answered_in_its_type() {
    let world = World::default();
    for (asked, answered) in [
        ("", "text/plain; charset=utf-8"),
        ("text/plain", "text/plain; charset=utf-8"),
        // OWSLib's default
        ("None", "text/plain; charset=utf-8"),
        ("text/html", "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        ("geojson", "application/geo+json"),
        // a plus by hand is a space
        ("application/geo+json", "application/geo+json"),
        ("text/html;%20charset=utf-8", "text/html; charset=utf-8"),
        ("application/vnd.ogc.gml", "application/vnd.ogc.gml"),
        (
            "text/xml;%20subtype=gml/3.1.1",
            "application/vnd.ogc.gml/3.1.1",
        ),
    ] {
        let answer = world.get(&format!("{INFO}&INFO_FORMAT={asked}&FORMAT=None"));
        assert_eq!(answer.media_type, answered, "{asked}");
    }
    let answer = world.get(&format!("{INFO}&INFO_FORMAT=image/nonsense"));
    assert_eq!(code(&answer), "InvalidFormat");
}

#[test]
fn the_locator_is_the_parameter_that_has_the_wrong_value() {
    let world = World::default();
    for (query, locator) in [
        (with(MAP, "LAYERS", Some("nonsense")), "LAYERS"),
        (with(MAP, "FORMAT", Some("image/nonsense")), "FORMAT"),
        (format!("{INFO}&INFO_FORMAT=image/nonsense"), "INFO_FORMAT"),
        (with(INFO, "QUERY_LAYERS", Some("nonsense")), "QUERY_LAYERS"),
    ] {
        let answer = world.get(&query);
        let expected = format!("locator=\"{locator}\"");
        assert!(
            text(&answer).contains(&expected),
            "{query}: {}",
            text(&answer)
        );
    }
}

#[test]
fn a_map_of_more_pixels_than_allowed_is_refused_before_it_costs() {
    let mut world = World::default();
    world.limits.pixels = 5_000;
    assert_map(
        &world,
        &with(&with(MAP, "WIDTH", Some("100")), "HEIGHT", Some("50")),
    );
    let large = with(&with(MAP, "WIDTH", Some("100")), "HEIGHT", Some("51"));
    let answer = world.get(&large);
    let refused = text(&answer);
    assert!(
        refused.contains("5000") && refused.contains("5100"),
        "{refused}"
    );
}

#[test]
fn wms130_7_4_3_7_the_point_must_be_in_the_image() {
    let world = World::default();
    for (name, value) in [
        ("I", "100"),
        ("J", "100"),
        ("I", "-1"),
        ("J", "x"),
        ("I", "1.5"),
    ] {
        let answer = world.get(&with(INFO, name, Some(value)));
        assert_eq!(code(&answer), "InvalidPoint", "{name}={value}");
    }
    world.get(&with(INFO, "I", Some("99")));
    assert_eq!(
        world.engine.infos.lock().unwrap().last().unwrap().pixel,
        [99, 6]
    );
    let old = INFO
        .replace("1.3.0", "1.1.1")
        .replace("&I=5&J=6", "&X=7&Y=8");
    world.get(&old);
    assert_eq!(
        world.engine.infos.lock().unwrap().last().unwrap().pixel,
        [7, 8]
    );
}

#[test]
fn wms130_7_4_3_3_query_layers_are_queryable_layers_of_the_map() {
    let world = World::default();
    let asked = |layers: &str, query_layers: &str| {
        let query = with(INFO, "LAYERS", Some(layers));
        world.get(&with(&query, "QUERY_LAYERS", Some(query_layers)))
    };
    assert_eq!(code(&asked("departements", "nonsense")), "LayerNotDefined");
    assert_eq!(
        code(&asked("departements", "stations")),
        "InvalidParameterValue"
    );
    assert_eq!(
        code(&asked("fond %26 carte", "fond %26 carte")),
        "LayerNotQueryable"
    );
    asked("limites,limites", "limites,communes,limites");
    let twice = world.engine.infos.lock().unwrap().pop().unwrap();
    assert_eq!(twice.query_layers.len(), 4, "each of the map's layers once");
    asked("stations,limites", "limites,stations");
    let infos = world.engine.infos.lock().unwrap();
    let ids: Vec<&str> = infos
        .last()
        .unwrap()
        .query_layers
        .iter()
        .map(|l| l.layer.id.as_str())
        .collect();
    // top first: the last name is the topmost, and of the group the first child
    assert_eq!(ids, ["stations", "communes", "departements"]);
}

#[test]
fn wms130_7_4_3_6_feature_count_is_one_by_default_and_more_is_longer() {
    let world = World::default();
    for format in [
        "text/plain",
        "text/html",
        "application/json",
        "application/vnd.ogc.gml",
    ] {
        let one = world.get(&format!("{INFO}&INFO_FORMAT={format}"));
        let two = world.get(&format!("{INFO}&INFO_FORMAT={format}&FEATURE_COUNT=2"));
        assert!(one.body.len() < two.body.len(), "{format}");
    }
    assert_eq!(world.engine.infos.lock().unwrap()[0].feature_count, 1);
    for (text, expected) in [
        ("7", 7),
        ("0", 1),
        ("-3", 1),
        ("many", 1),
        ("99999999999", 1000),
    ] {
        world.get(&format!("{INFO}&FEATURE_COUNT={text}"));
        let asked = world.engine.infos.lock().unwrap().pop().unwrap();
        assert_eq!(asked.feature_count, expected, "{text}");
    }
}

#[test]
fn a_miss_is_200_and_empty_in_every_format() {
    let world = World {
        engine: FakeEngine {
            finds_nothing: true,
            ..FakeEngine::default()
        },
        ..World::default()
    };
    let get = |format: &str| world.get(&format!("{INFO}&INFO_FORMAT={format}"));
    assert!(get("text/plain").body.is_empty());
    assert!(text(&get("text/html")).contains("<body></body>"));
    let json: serde_json::Value = serde_json::from_slice(&get("application/json").body).unwrap();
    assert_eq!(json["features"], serde_json::json!([]));
    assert_eq!(json["numberReturned"], 0);
    assert!(text(&get("application/vnd.ogc.gml")).contains("<msGMLOutput"));
}

#[test]
fn geojson_is_in_the_crs_of_the_map_with_ids_types_and_nulls() {
    let world = World::default();
    let answer = world.get(&format!(
        "{INFO}&INFO_FORMAT=application/json&FEATURE_COUNT=5"
    ));
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(json["type"], "FeatureCollection");
    assert_eq!(
        json["crs"]["properties"]["name"],
        "urn:ogc:def:crs:EPSG::2154"
    );
    assert_eq!(json["numberReturned"], 2);
    let [first, second] = [&json["features"][0], &json["features"][1]];
    assert_eq!(first["id"], "departements.01000");
    assert_eq!(first["geometry"]["type"], "MultiPolygon");
    assert_eq!(first["properties"]["insee"], "01000");
    assert_eq!(first["properties"]["pop"], 12_345);
    assert!(second["properties"]["pop"].is_null());
    let world84 = with(INFO, "CRS", Some("EPSG:4326"));
    let answer = world.get(&format!("{world84}&INFO_FORMAT=application/json"));
    assert!(!text(&answer).contains("crs"));
}

#[test]
fn html_is_a_table_in_the_reader_s_language_by_the_popup_of_the_layer_and_escaped() {
    let world = World::default();
    let french = world.get(&format!("{INFO}&INFO_FORMAT=text/html"));
    let french = text(&french);
    assert!(french.contains("<html lang=\"fr\">"));
    assert!(
        french
            .contains("<h2>L&#39;Abergement &lt;Clémenciat&gt; &amp; &quot;Cie&quot; (01000)</h2>")
    );
    assert!(french.contains("<th scope=\"row\">Population</th><td>12\u{202F}345\u{A0}hab.</td>"));
    // popup.fields is [pop, insee]: that order, and no name
    assert!(french.find("Population").unwrap() < french.find(">insee<").unwrap());
    assert!(!french.contains(">nom<"));
    let english = world.get(&format!("{INFO}&INFO_FORMAT=text/html&LANGUAGE=eng"));
    assert!(text(&english).contains("<th scope=\"row\">Inhabitants</th><td>12,345\u{A0}hab.</td>"));
}

#[test]
fn gml_has_the_frame_by_which_qgis_and_openlayers_know_layers_and_features() {
    let world = World::default();
    let answer = world.get(&format!("{INFO}&INFO_FORMAT=application/vnd.ogc.gml"));
    let gml = text(&answer);
    for part in [
        "<departements_layer>",
        "<departements_feature>",
        "<gml:boundedBy><gml:Box srsName=\"EPSG:2154\"><gml:coordinates>0,45 2,47.5</gml:coordinates>",
        "<geometry><gml:MultiPolygon srsName=\"EPSG:2154\"><gml:polygonMember>",
        "<insee>01000</insee>",
    ] {
        assert!(gml.contains(part), "{part}\n{gml}");
    }
    // GML 3.1.1 names the CRS by URN, and therefore writes latitude first
    let query = with(INFO, "CRS", Some("EPSG:4326"));
    let answer = world.get(&format!(
        "{query}&INFO_FORMAT=application/vnd.ogc.gml/3.1.1"
    ));
    let gml = text(&answer);
    assert!(gml.contains("srsName=\"urn:ogc:def:crs:EPSG::4326\""));
    assert!(
        gml.contains("<gml:lowerCorner>45 0</gml:lowerCorner>"),
        "{gml}"
    );
    let query = with(INFO, "CRS", Some("CRS:84"));
    let answer = world.get(&format!(
        "{query}&INFO_FORMAT=application/vnd.ogc.gml/3.1.1"
    ));
    // OGC 07-092r3: the authority's version is part of it
    let name = "srsName=\"urn:ogc:def:crs:OGC:1.3:CRS84\"";
    assert!(text(&answer).contains(name), "{}", text(&answer));
}

#[test]
fn the_reach_of_a_click_is_read_in_the_words_of_all_servers() {
    let world = World::default();
    for (pair, expected) in [
        ("", None),
        ("BUFFER=7", Some(7.0)),
        ("RADIUS=bbox", None),
        ("FI_POINT_TOLERANCE=5&FI_LINE_TOLERANCE=9", Some(9.0)),
        ("BUFFER=1e9", Some(100.0)),
    ] {
        world.get(&format!("{INFO}&{pair}"));
        let infos = world.engine.infos.lock().unwrap();
        assert_eq!(infos.last().unwrap().tolerance_px, expected, "{pair}");
    }
}
