//! WMS by clause: OGC 06-042 (1.3.0), OGC 01-068r3 (1.1.1), OGC 05-078r4 (SLD), INSPIRE TG
//! View 3.11, and what clients need.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod fake;

use cartotheque::error::Error;
use cartotheque::operation::Limits;
use cartotheque::protocol::Request;
use fake::{BASE, FakeEngine, World, code, text};
use proptest::prelude::*;
use tiny_skia::Pixmap;

const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=departements&STYLES=\
                   &CRS=EPSG:4326&BBOX=44,2,47,7&WIDTH=20&HEIGHT=10&FORMAT=image/png";
const INFO: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=departements&STYLES=\
                    &CRS=EPSG:2154&BBOX=0,0,100,100&WIDTH=100&HEIGHT=100\
                    &QUERY_LAYERS=departements&I=5&J=6";

/// A query with one parameter replaced, added, or taken out where the value is `None`.
fn with(query: &str, name: &str, value: Option<&str>) -> String {
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.to_uppercase().starts_with(&format!("{name}=")))
        .map(str::to_owned)
        .collect();
    pairs.extend(value.map(|value| format!("{name}={value}")));
    pairs.join("&")
}

fn assert_map(world: &World, query: &str) {
    let answer = world.get(query);
    assert_eq!(
        answer.media_type,
        "image/png",
        "{query}: {}",
        String::from_utf8_lossy(&answer.body)
    );
}

// ── reading requests ─────────────────────────────────────────────────────────────────────

#[test]
fn wms130_6_8_parameters_come_in_any_case_and_order_and_unknown_ones_are_ignored() {
    let world = World::default();
    assert_map(
        &world,
        "&&BoGuS=ignored&fOrMaT=image%2Fpng&height=10&WiDtH=20&bbox=%2B44,.0002E%2B4,4.7e1,7\
         &cRs=EPSG%3A4326&styles=&%4C%61%79%65%72%73=departements&rEqUeSt=GetMap&VeRsIoN=1.3.0",
    );
    let bbox = world.last_map().view.bbox;
    assert_eq!(
        [bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y],
        [2.0, 44.0, 7.0, 47.0]
    );
}

#[test]
fn wms130_7_3_3_every_missing_mandatory_parameter_is_an_exception_that_names_it() {
    let world = World::default();
    for name in [
        "VERSION", "LAYERS", "STYLES", "CRS", "BBOX", "WIDTH", "HEIGHT", "FORMAT", "REQUEST",
    ] {
        for query in [with(MAP, name, None), with(MAP, name, Some(""))] {
            if name == "STYLES" && query.ends_with("STYLES=") {
                assert_map(&world, &query);
                continue;
            }
            let answer = world.get(&query);
            assert_eq!(code(&answer), "MissingParameterValue", "{query}");
            assert!(text(&answer).contains(name), "{query}");
            assert!(
                text(&answer).contains(&format!("locator=\"{name}\"")),
                "{query}"
            );
        }
    }
}

#[test]
fn wms130_7_3_3_every_invalid_parameter_has_its_code() {
    let world = World::default();
    for (name, value, expected) in [
        ("LAYERS", "nonsense", "LayerNotDefined"),
        ("LAYERS", "", "MissingParameterValue"),
        ("STYLES", "nonsense", "StyleNotDefined"),
        ("STYLES", "population,contours", "InvalidParameterValue"),
        ("CRS", "EPSG:99999", "InvalidCRS"),
        ("CRS", "EPSG:4978", "InvalidCRS"),
        ("FORMAT", "image/nonsense", "InvalidFormat"),
        ("BBOX", "44,2,47", "InvalidParameterValue"),
        ("BBOX", "44,2,47,x", "InvalidParameterValue"),
        ("BBOX", "44,2,47,NaN", "InvalidParameterValue"),
        ("BBOX", "-1e308,-1e308,1e308,1e308", "InvalidParameterValue"),
        ("WIDTH", "0", "InvalidParameterValue"),
        ("WIDTH", "-5", "InvalidParameterValue"),
        ("HEIGHT", "12.5", "InvalidParameterValue"),
        ("TRANSPARENT", "perhaps", "InvalidParameterValue"),
        ("BGCOLOR", "red", "InvalidParameterValue"),
        ("BGCOLOR", "0x+12345", "InvalidParameterValue"),
        ("DPI", "-96", "InvalidParameterValue"),
        ("CQL_FILTER", "pop>", "InvalidParameterValue"),
        ("REQUEST", "GetNonsense", "OperationNotSupported"),
        ("SERVICE", "WFS", "InvalidParameterValue"),
        ("VERSION", "one", "InvalidParameterValue"),
    ] {
        let answer = world.get(&with(MAP, name, Some(value)));
        assert_eq!(code(&answer), expected, "{name}={value}");
        assert_eq!((answer.status, &*answer.media_type), (200, "text/xml"));
    }
    assert!(world.engine.maps.lock().unwrap().is_empty());
}

#[test]
fn wms111_7_3_2_the_older_version_has_its_own_exception_type_and_srs_code() {
    let world = World::default();
    let query = MAP
        .replace("1.3.0", "1.1.1")
        .replace("CRS=EPSG:4326", "SRS=EPSG:99999");
    let answer = world.get(&query);
    assert_eq!(answer.media_type, "application/vnd.ogc.se_xml");
    assert_eq!(code(&answer), "InvalidSRS");
}

#[test]
fn wms130_7_3_3_6_bbox_min_not_below_max_is_an_exception() {
    let world = World::default();
    for bbox in ["47,2,44,7", "44,7,47,2", "44,2,44,7", "44,2,47,2"] {
        let answer = world.get(&with(MAP, "BBOX", Some(bbox)));
        assert_eq!(code(&answer), "InvalidParameterValue", "{bbox}");
    }
}

#[test]
fn wms130_7_3_3_6_bbox_off_the_layer_or_off_the_crs_is_a_map() {
    let world = World::default();
    assert_map(&world, &with(MAP, "BBOX", Some("-44,-2,-40,0")));
    assert_map(&world, &with(MAP, "BBOX", Some("90,0,110,20")));
}

#[test]
fn wms130_6_7_4_the_authority_s_axis_order_counts_and_never_for_crs84() {
    let world = World::default();
    let east_min = |crs: &str| {
        assert_map(
            &world,
            &with(&with(MAP, "CRS", Some(crs)), "BBOX", Some("1,2,3,4")),
        );
        world.last_map().view.bbox.min_x
    };
    assert_eq!(east_min("EPSG:4326"), 2.0);
    assert_eq!(east_min("EPSG:4258"), 2.0);
    assert_eq!(east_min("EPSG:3035"), 2.0);
    assert_eq!(east_min("EPSG:2154"), 1.0);
    assert_eq!(east_min("EPSG:3857"), 1.0);
    assert_eq!(east_min("CRS:84"), 1.0);
}

#[test]
fn wms111_6_5_5_axes_are_always_x_y() {
    let world = World::default();
    for srs in ["EPSG:4326", "EPSG:3035", "EPSG:2154"] {
        let query = format!(
            "{}&SRS={srs}",
            MAP.replace("1.3.0", "1.1.1").replace("CRS=", "Z=")
        );
        assert_map(&world, &with(&query, "BBOX", Some("1,2,3,4")));
        assert_eq!(world.last_map().view.bbox.min_x, 1.0, "{srs}");
    }
}

#[test]
fn wms111_the_spellings_of_1_0_are_understood_and_version_wins_over_wmtver() {
    let world = World::default();
    let answer = world.get("WMTVER=1.0.0&REQUEST=capabilities");
    assert_eq!(answer.media_type, "application/vnd.ogc.wms_xml");
    let answer = world.get("WMTVER=1.0.0&REQUEST=capabilities&VERSION=1.3.0&SERVICE=WMS");
    assert_eq!(answer.media_type, "text/xml");
    assert_map(
        &world,
        "WMTVER=1.0.0&REQUEST=map&LAYERS=departements&STYLES=&SRS=EPSG:4326\
                        &BBOX=1,2,3,4&WIDTH=9&HEIGHT=9&FORMAT=PNG",
    );
}

#[test]
fn layers_and_groups_are_drawn_bottom_to_top_in_their_styles() {
    let world = World::default();
    let drawn = |layers: &str, styles: &str| -> Vec<String> {
        let query = with(&with(MAP, "LAYERS", Some(layers)), "STYLES", Some(styles));
        assert_map(&world, &query);
        let map = world.last_map();
        map.layers
            .iter()
            .map(|l| format!("{}/{}", l.layer.id, l.style.id))
            .collect()
    };
    // leftmost at the bottom; of a group the first child is on top
    assert_eq!(
        drawn("stations,communes", ","),
        ["stations/population", "communes/population"]
    );
    assert_eq!(
        drawn("stations,limites", ",default"),
        [
            "stations/population",
            "departements/population",
            "communes/population"
        ]
    );
    assert_eq!(
        drawn(
            "communes,stations,departements",
            "contours,,inspire_common:DEFAULT"
        ),
        [
            "communes/contours",
            "stations/population",
            "departements/population"
        ]
    );
    assert_eq!(
        drawn("limites", "contours"),
        ["departements/contours", "communes/contours"]
    );
    let query = with(
        &with(MAP, "LAYERS", Some("limites")),
        "STYLES",
        Some("nonsense"),
    );
    assert_eq!(code(&world.get(&query)), "StyleNotDefined");
}

#[test]
fn a_wrong_name_is_answered_with_the_nearest_one() {
    let answer = World::default().get(&with(MAP, "LAYERS", Some("departemens")));
    assert!(
        text(&answer).contains("did you mean &quot;departements&quot;"),
        "{}",
        text(&answer)
    );
}

#[test]
fn dpi_of_qgis_mapserver_and_geoserver_scales_symbols_within_bounds() {
    let world = World::default();
    let ratio = |pair: &str| {
        assert_map(&world, &format!("{MAP}&{pair}"));
        world.last_map().view.pixel_ratio
    };
    assert_eq!(ratio("DPI=192&MAP_RESOLUTION=96"), 2.0);
    assert_eq!(ratio("MAP_RESOLUTION=192"), 2.0);
    assert_eq!(ratio("FORMAT_OPTIONS=antialias:on;dpi:192"), 2.0);
    assert_eq!(ratio("DPI="), 1.0);
    assert_eq!(ratio("DPI=1e30"), 20.0);
}

#[test]
fn wms130_7_3_3_9_and_10_background_and_transparency_are_read() {
    let world = World::default();
    let map = |pairs: &str| {
        assert_map(&world, &format!("{MAP}&{pairs}"));
        let map = world.last_map();
        (map.transparent, map.background)
    };
    assert_eq!(map(""), (false, [255, 255, 255]));
    assert_eq!(map("TRANSPARENT=true"), (true, [255, 255, 255]));
    assert_eq!(
        map("transparent=FALSE&bgcolor=0xFF8000"),
        (false, [255, 128, 0])
    );
    assert_eq!(map("BGCOLOR=%23ff8000"), (false, [255, 128, 0]));
    let jpeg = with(
        &format!("{MAP}&TRANSPARENT=TRUE"),
        "FORMAT",
        Some("image/jpeg"),
    );
    assert_eq!(world.get(&jpeg).media_type, "image/jpeg");
    assert!(!world.last_map().transparent);
}

#[test]
fn each_format_is_answered_under_the_name_it_was_asked_by() {
    let world = World::default();
    for (asked, answered) in [
        ("image/png", "image/png"),
        ("image/png;%20mode=8bit", "image/png; mode=8bit"),
        ("image/png8", "image/png; mode=8bit"),
        ("image/jpeg", "image/jpeg"),
        ("image/webp", "image/webp"),
    ] {
        assert_eq!(
            world.get(&with(MAP, "FORMAT", Some(asked))).media_type,
            answered
        );
    }
}

#[test]
fn a_request_beyond_the_limits_is_refused_before_any_work() {
    let world = World {
        limits: Limits {
            width: 100,
            layers: 2,
            body_bytes: 50,
            ..Limits::default()
        },
        ..World::default()
    };
    for (name, value) in [
        ("WIDTH", "101"),
        ("WIDTH", "99999999999"),
        ("LAYERS", "a,b,c"),
    ] {
        let answer = world.get(&with(MAP, name, Some(value)));
        assert!(text(&answer).contains("is limited to"), "{}", text(&answer));
    }
    let sld = format!("{MAP}&SLD_BODY={}", "x".repeat(51));
    assert!(text(&world.get(&sld)).contains("is limited to 50"));
    let posted = world.post("", "application/x-www-form-urlencoded", &[b'a'; 51]);
    assert!(text(&posted).contains("is limited to 50"));
    assert!(world.engine.maps.lock().unwrap().is_empty());
}

#[test]
fn a_form_post_is_read_and_an_xml_post_is_told_what_is() {
    let world = World::default();
    let answer = world.post(
        "SERVICE=WMS",
        "application/x-www-form-urlencoded",
        MAP.as_bytes(),
    );
    assert_eq!(answer.media_type, "image/png");
    let answer = world.post("", "text/xml", b"<GetMap/>");
    assert_eq!(code(&answer), "InvalidParameterValue");
}

// ── SLD ──────────────────────────────────────────────────────────────────────────────────

#[test]
fn sld_10_a_style_document_is_a_library_beside_layers_and_a_map_without_them() {
    let world = World::default();
    let drawn = |query: String| -> Vec<String> {
        assert_map(&world, &query);
        let map = world.last_map();
        map.layers
            .iter()
            .map(|l| format!("{}/{}", l.layer.id, l.style.id))
            .collect()
    };
    let body = "SLD_BODY=departements%20*own%0Acommunes%20contours";
    assert_eq!(
        drawn(format!("{}&{body}", with(MAP, "LAYERS", None))),
        ["departements/own", "communes/contours"]
    );
    let two = with(MAP, "LAYERS", Some("communes,departements"));
    assert_eq!(
        drawn(format!("{}&{body}", with(&two, "STYLES", None))),
        ["communes/contours", "departements/own"]
    );
    assert_eq!(
        drawn(format!(
            "{}&{body}",
            with(&two, "STYLES", Some("population,own"))
        )),
        ["communes/population", "departements/own"]
    );
}

#[test]
fn sld_by_url_is_refused_unless_its_host_is_allowed() {
    let mut world = World::default();
    let query = format!(
        "{}&SLD=https://styles.example/a.sld",
        with(MAP, "LAYERS", None)
    );
    let answer = world.get(&query);
    assert_eq!(code(&answer), "InvalidParameterValue");
    assert!(text(&answer).contains("styles.example"));
    world.limits.allowed_hosts.push("styles.example".into());
    assert_map(&world, &query);
    assert_eq!(world.last_map().layers[0].style.id, "fetched");
    let disguised = query.replace("styles.example", "styles.example@evil.example");
    assert_eq!(code(&world.get(&disguised)), "InvalidParameterValue");
}

// ── exceptions ───────────────────────────────────────────────────────────────────────────

#[test]
fn wms130_7_3_3_11_blank_obeys_bgcolor_and_transparent_for_an_unknown_layer() {
    let world = World::default();
    for exceptions in ["BLANK", "application/vnd.ogc.se_blank"] {
        let bad = with(MAP, "LAYERS", Some("nonsense"));
        let red = world.get(&format!("{bad}&EXCEPTIONS={exceptions}&BGCOLOR=0xFF0000"));
        assert_eq!((red.status, &*red.media_type), (200, "image/png"));
        let red = Pixmap::decode_png(&red.body).unwrap();
        assert_eq!((red.width(), red.height()), (20, 10));
        assert!(
            red.pixels()
                .iter()
                .all(|p| (p.red(), p.green(), p.alpha()) == (255, 0, 255))
        );
        let clear = world.get(&format!("{bad}&EXCEPTIONS={exceptions}&TRANSPARENT=TRUE"));
        let clear = Pixmap::decode_png(&clear.body).unwrap();
        assert!(clear.pixels().iter().all(|p| p.alpha() == 0));
    }
}

#[test]
fn wms130_7_3_3_11_inimage_has_the_type_of_format_and_falls_back_to_xml() {
    let world = World::default();
    let bad = with(MAP, "LAYERS", Some("nonsense"));
    for exceptions in ["INIMAGE", "application/vnd.ogc.se_inimage"] {
        let jpeg = with(
            &format!("{bad}&EXCEPTIONS={exceptions}"),
            "FORMAT",
            Some("image/jpeg"),
        );
        assert_eq!(world.get(&jpeg).media_type, "image/jpeg");
    }
    // no picture can be made of a size or format that is wrong itself
    for (name, value) in [
        ("WIDTH", "0"),
        ("WIDTH", "99999"),
        ("FORMAT", "image/nonsense"),
    ] {
        let query = with(&format!("{bad}&EXCEPTIONS=INIMAGE"), name, Some(value));
        assert_eq!(world.get(&query).media_type, "text/xml", "{name}");
    }
}

#[test]
fn a_server_that_is_too_busy_says_when_to_come_back_in_any_form_of_exception() {
    let world = World {
        engine: FakeEngine {
            fault: Some(Error::Busy { retry_after_s: 3 }),
            ..FakeEngine::default()
        },
        ..World::default()
    };
    for query in [MAP.to_owned(), format!("{MAP}&EXCEPTIONS=BLANK")] {
        let answer = world.get(&query);
        assert_eq!(answer.status, 503);
        assert!(answer.headers.contains(&("Retry-After", "3".into())));
    }
}

// ── capabilities ─────────────────────────────────────────────────────────────────────────

fn capabilities(world: &World, query: &str) -> String {
    let answer = world.get(&format!("SERVICE=WMS&REQUEST=GetCapabilities&{query}"));
    assert_eq!(answer.status, 200);
    text(&answer).to_owned()
}

#[test]
fn wms130_6_2_4_the_version_is_negotiated() {
    let world = World::default();
    for (asked, root) in [
        ("", "<WMS_Capabilities version=\"1.3.0\""),
        ("VERSION=100.0.0", "<WMS_Capabilities version=\"1.3.0\""),
        ("VERSION=1.1.1", "<WMT_MS_Capabilities version=\"1.1.1\""),
        ("VERSION=0.0.0", "<WMT_MS_Capabilities version=\"1.1.1\""),
        (
            "FORMAT=text/nonsense",
            "<WMS_Capabilities version=\"1.3.0\"",
        ),
    ] {
        assert!(capabilities(&world, asked).contains(root), "{asked}");
    }
}

#[test]
fn inspire_service_alone_and_request_alone_are_exceptions() {
    let world = World::default();
    assert_eq!(code(&world.get("SERVICE=WMS")), "MissingParameterValue");
    assert_eq!(
        code(&world.get("REQUEST=GetCapabilities")),
        "MissingParameterValue"
    );
    assert_eq!(code(&world.get("")), "MissingParameterValue");
}

#[test]
fn wms130_7_2_3_5_update_sequences_are_compared_as_integers() {
    let world = World::default();
    let query = |n: &str| {
        world.get(&format!(
            "SERVICE=WMS&REQUEST=GetCapabilities&UPDATESEQUENCE={n}"
        ))
    };
    assert_eq!(code(&query("7")), "CurrentUpdateSequence");
    assert_eq!(code(&query("10")), "InvalidUpdateSequence");
    assert!(text(&query("6")).contains("updateSequence=\"7\""));
    assert!(text(&query("abc")).contains("updateSequence=\"7\""));
}

#[test]
fn wms130_7_2_4_every_operation_s_address_ends_in_a_question_mark() {
    let world = World::default();
    for version in ["1.3.0", "1.1.1"] {
        let text = capabilities(&world, &format!("VERSION={version}"));
        let service = text.split_once("<Layer>").unwrap().0;
        let hrefs: Vec<&str> = service.split("xlink:href=\"").skip(1).collect();
        assert!(hrefs.len() >= 6, "{version}");
        for href in hrefs {
            let href = href.split('"').next().unwrap();
            assert_eq!(href, format!("{BASE}/wms?"));
        }
    }
}

#[test]
fn every_address_follows_the_base_url_and_the_kept_document_serves_another_one() {
    let world = World::default();
    let at = |base: &str| {
        let request = Request {
            query: "SERVICE=WMS&REQUEST=GetCapabilities",
            base,
            ..Request::default()
        };
        text(&world.ask(&request)).to_owned()
    };
    let first = at("http://a.example");
    let second = at("https://b.example/carto&co");
    assert!(!second.contains("a.example"));
    assert_eq!(
        second.replace("https://b.example/carto&amp;co", "http://a.example"),
        first
    );
    assert!(first.contains("<inspire_common:URL>http://a.example/record.xml<"));
    assert!(first.contains("http://a.example/layers/departements/record.xml"));
}

/// The numbers of the first element `name` after `from`, as they are written.
fn digits<'t>(text: &'t str, from: &str, start: &str, names: [&str; 4]) -> [&'t str; 4] {
    let text = text.split_once(from).unwrap().1;
    let text = text.split_once(start).unwrap().1;
    names.map(|name| {
        let value = text.split_once(name).unwrap().1;
        value.split(['"', '<']).next().unwrap()
    })
}

#[test]
fn wms130_7_2_4_6_7_boxes_have_the_same_digits_and_the_axes_of_their_crs() {
    let text = capabilities(&World::default(), "");
    let layer = "<Name>departements</Name>";
    let corners = [" minx=\"", " miny=\"", " maxx=\"", " maxy=\""];
    let bounds = [
        "westBoundLongitude>",
        "southBoundLatitude>",
        "eastBoundLongitude>",
        "northBoundLatitude>",
    ];
    let [west, south, east, north] = digits(&text, layer, "<EX_GeographicBoundingBox>", bounds);
    assert_eq!(
        [west, south, east, north],
        ["2.062881", "44.115493", "7.185479", "46.804299"]
    );
    let of = |crs: &str| {
        digits(
            &text,
            layer,
            &format!("<BoundingBox CRS=\"{crs}\""),
            corners,
        )
    };
    assert_eq!(of("CRS:84"), [west, south, east, north]);
    assert_eq!(of("EPSG:4326"), [south, west, north, east]);
    assert_eq!(of("EPSG:4258"), [south, west, north, east]);
    assert_eq!(
        of("EPSG:2154"),
        ["624753.1", "6334556.2", "1035258.3", "6642903.4"]
    );
    assert_eq!(
        of("EPSG:3035"),
        ["6334556.2", "624753.1", "6642903.4", "1035258.3"]
    );
}

#[test]
fn wms111_boxes_are_x_y_and_no_crs84_is_named() {
    let text = capabilities(&World::default(), "VERSION=1.1.1");
    let corners = [" minx=\"", " miny=\"", " maxx=\"", " maxy=\""];
    let layer = "<Name>departements</Name>";
    let lonlat = digits(&text, layer, "<LatLonBoundingBox", corners);
    assert_eq!(lonlat, ["2.062881", "44.115493", "7.185479", "46.804299"]);
    assert_eq!(
        digits(&text, layer, "<BoundingBox SRS=\"EPSG:4326\"", corners),
        lonlat
    );
    assert!(!text.contains("CRS:84"));
    assert!(text.contains("<Name>OGC:WMS</Name>"));
}

#[test]
fn wms130_7_2_4_6_crss_are_listed_at_the_root_and_inherited() {
    let text = capabilities(&World::default(), "");
    for crs in [
        "EPSG:2154",
        "EPSG:3857",
        "EPSG:4326",
        "EPSG:4258",
        "EPSG:3035",
        "CRS:84",
    ] {
        assert_eq!(
            text.matches(&format!("<CRS>{crs}</CRS>")).count(),
            1,
            "{crs}"
        );
    }
}

#[test]
fn a_layer_in_a_crs_of_its_own_offers_it_too() {
    let mut site = fake::site();
    site.crs = vec![fake::crs("EPSG:3857").unwrap()];
    let layers = fake::catalogue().layers;
    let catalogue = cartotheque::catalogue::Catalogue::new(site, layers, vec![], 1, vec![]);
    let text = capabilities(&World::of(catalogue.unwrap()), "");
    assert_eq!(text.matches("<CRS>EPSG:2154</CRS>").count(), 4);
    assert_eq!(text.matches("<BoundingBox CRS=\"EPSG:2154\"").count(), 4);
}

#[test]
fn wms130_7_2_4_6_groups_draw_by_name_or_are_categories_by_title() {
    let text = capabilities(&World::default(), "");
    let group = text.split_once("<Name>limites</Name>").unwrap().1;
    assert!(
        group
            .trim_start()
            .starts_with("<Title>Limites administratives</Title>")
    );
    let group = group.split_once("<Layer").unwrap().0;
    assert!(group.contains("<EX_GeographicBoundingBox>"));
    assert!(group.contains("<BoundingBox CRS=\"EPSG:2154\""));
    assert!(!group.contains("<Style>"));
    assert!(text.contains("<Layer queryable=\"0\">\n<Title>Divers</Title>"));
}

#[test]
fn wms130_7_2_4_6_5_a_style_has_a_legend_of_the_size_that_is_drawn() {
    let world = World::default();
    let document = capabilities(&world, "");
    let style = document.split_once("<Name>contours</Name>").unwrap().1;
    let [width, height] = fake::LEGEND;
    let legend = format!("<LegendURL width=\"{width}\" height=\"{height}\">");
    assert!(style.split_once("</Style>").unwrap().0.contains(&legend));
    let href = style
        .split_once("xlink:href=\"")
        .unwrap()
        .1
        .split('"')
        .next()
        .unwrap();
    let query = href.replace("&amp;", "&");
    let answer = world.get(query.split_once('?').unwrap().1);
    assert_eq!(answer.media_type, "image/png");
    let drawn = Pixmap::decode_png(&answer.body).unwrap();
    assert_eq!([drawn.width(), drawn.height()], [width, height]);
}

#[test]
fn inspire_39_a_layer_of_a_theme_offers_the_default_style_by_inspire_s_name() {
    let text = capabilities(&World::default(), "");
    let layer = text.split_once("<Name>departements</Name>").unwrap().1;
    let first = layer.split_once("<Style>").unwrap().1;
    assert!(
        first
            .trim_start()
            .starts_with("<Name>inspire_common:DEFAULT</Name>")
    );
    // stations has no theme
    assert_eq!(
        text.matches("<Name>inspire_common:DEFAULT</Name>").count(),
        3
    );
}

#[test]
fn inspire_51_language_is_spoken_where_known_and_ignored_where_not() {
    let world = World::default();
    let french = capabilities(&world, "");
    let english = capabilities(&world, "LANGUAGE=eng");
    assert!(french.contains("<Title>Départements</Title>"));
    assert!(english.contains("<Title>Departments</Title>"));
    let response = |text: &str| {
        let tail = text
            .split_once("<inspire_common:ResponseLanguage>")
            .unwrap()
            .1;
        tail.split_once("Language>").unwrap().1[..3].to_owned()
    };
    assert_eq!(
        (response(&french), response(&english)),
        ("fre".into(), "eng".into())
    );
    assert_eq!(capabilities(&world, "LANGUAGE=ger"), french);
    assert_eq!(capabilities(&world, "LANGUAGE=fre"), french);
    assert!(english.contains(
        "<inspire_common:Language>fre</inspire_common:Language>\n</inspire_common:DefaultLanguage>"
    ));
}

#[test]
fn wms130_7_2_4_6_9_scales_are_denominators_and_in_1_1_1_diagonals() {
    let world = World::default();
    let new = capabilities(&world, "");
    assert!(new.contains("<MinScaleDenominator>1000</MinScaleDenominator>"));
    assert!(new.contains("<MaxScaleDenominator>2000000</MaxScaleDenominator>"));
    let old = capabilities(&world, "VERSION=1.1.1");
    let hint = old.split_once("<ScaleHint min=\"").unwrap().1;
    let min: f64 = hint.split('"').next().unwrap().parse().unwrap();
    assert!((min - 0.28 * 2f64.sqrt()).abs() < 1e-9);
}

#[test]
fn no_path_of_the_machine_stands_in_any_document() {
    let world = World::default();
    let mut all = capabilities(&world, "") + &capabilities(&world, "VERSION=1.1.1");
    all += text(&world.get(&format!("{MAP}&EXPLAIN=json")));
    all += text(&world.get(&format!("{INFO}&INFO_FORMAT=application/json")));
    assert!(!all.contains("secret"));
}

#[test]
fn the_endpoint_of_one_dataset_shows_and_draws_that_dataset_alone() {
    let world = World::default();
    let at = |query: &str, collection: &str| {
        world.ask(&Request {
            query,
            base: BASE,
            collection: Some(collection),
            ..Request::default()
        })
    };
    let answer = at("SERVICE=WMS&REQUEST=GetCapabilities", "stations");
    let document = text(&answer);
    assert!(document.contains("<Name>stations</Name>"));
    assert!(!document.contains("<Name>communes</Name>"));
    assert!(document.contains(&format!("{BASE}/collections/stations/wms?")));
    assert_eq!(code(&at(MAP, "stations")), "LayerNotDefined");
    let drawn = at(&with(MAP, "LAYERS", Some("stations")), "stations");
    assert_eq!(drawn.media_type, "image/png");
    let nowhere = at("SERVICE=WMS&REQUEST=GetCapabilities", "nonsense");
    assert_eq!((nowhere.status, code(&nowhere)), (404, "LayerNotDefined"));
}

#[test]
fn a_new_catalogue_replaces_the_kept_document() {
    let mut world = World::default();
    assert!(capabilities(&world, "").contains("updateSequence=\"7\""));
    world.catalogue.sequence = 8;
    assert!(capabilities(&world, "").contains("updateSequence=\"8\""));
    assert!(capabilities(&world, "").contains("<Name>departements</Name>"));
}

// ── feature info ─────────────────────────────────────────────────────────────────────────

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

// ── legends, styles, explain ─────────────────────────────────────────────────────────────

const LEGEND: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=departements";

#[test]
fn sld_12_a_legend_is_drawn_for_layer_style_rule_and_scale() {
    let world = World::default();
    let query =
        format!("{LEGEND}&STYLE=contours&RULE=r&SCALE=5000&WIDTH=30&HEIGHT=16&FORMAT=image/png");
    assert_eq!(world.get(&query).media_type, "image/png");
    let asked = world.engine.legends.lock().unwrap().pop().unwrap();
    assert_eq!(asked.style.id, "contours");
    assert_eq!(asked.rule.as_deref(), Some("r"));
    assert_eq!(asked.scale_denominator, Some(5000.0));
    assert_eq!(asked.swatch, [30, 16]);
}

#[test]
fn a_contextual_legend_of_qgis_takes_its_scale_from_the_map() {
    let world = World::default();
    world.get(&format!(
        "{LEGEND}&CRS=EPSG:2154&BBOX=0,0,28000,28000&WIDTH=100&HEIGHT=100"
    ));
    let asked = world.engine.legends.lock().unwrap().pop().unwrap();
    assert!((asked.scale_denominator.unwrap() - 1e6).abs() < 1e-3);
    assert_eq!(asked.swatch, [20, 20]);
}

#[test]
fn a_group_s_legend_is_its_layers_legends_one_above_the_other() {
    let world = World::default();
    let answer = world.get(&LEGEND.replace("departements", "limites"));
    let drawn = Pixmap::decode_png(&answer.body).unwrap();
    assert_eq!(
        [drawn.width(), drawn.height()],
        [fake::LEGEND[0], 2 * fake::LEGEND[1]]
    );
    let world = World {
        limits: Limits {
            height: 50,
            ..Limits::default()
        },
        ..World::default()
    };
    let answer = world.get(&LEGEND.replace("departements", "limites"));
    assert!(text(&answer).contains("is limited to 50"));
    assert!(world.engine.legends.lock().unwrap().is_empty());
}

#[test]
fn a_legend_in_json_has_titles_and_icons() {
    let world = World::default();
    let answer = world.get(&format!("{LEGEND}&FORMAT=application/json&LANGUAGE=eng"));
    assert_eq!(answer.media_type, "application/json");
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let node = &json["nodes"][0];
    assert_eq!(node["title"], "Departments");
    assert_eq!(node["symbols"][0]["title"], "population \"entrée\"");
    assert!(
        node["symbols"][0]["icon"]
            .as_str()
            .unwrap()
            .starts_with("iVBORw0KGgo")
    );
}

#[test]
fn sld_13_get_styles_writes_every_style_of_the_layers() {
    let world = World::default();
    let answer = world.get("SERVICE=WMS&VERSION=1.1.1&REQUEST=GetStyles&LAYERS=departements");
    assert_eq!(answer.media_type, "application/vnd.ogc.sld+xml");
    assert_eq!(
        text(&answer),
        "departements/population;departements/contours;"
    );
}

#[test]
fn explain_says_the_axis_decision_and_what_was_ignored_and_can_be_switched_off() {
    let mut world = World::default();
    let query = format!("{MAP}&explain=json&BoGuS=1");
    let answer = world.get(&query);
    assert_eq!(answer.media_type, "application/json");
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(json["request"]["crs"]["bboxOrder"], "north, east");
    assert_eq!(json["request"]["bbox"]["minEast"], 2.0);
    assert_eq!(
        json["request"]["ignoredParameters"],
        serde_json::json!(["BOGUS"])
    );
    assert_eq!(json["drawn"]["layers"][0]["layer"], "departements");
    let html = world.get(&format!("{INFO}&explain=html"));
    assert_eq!(html.media_type, "text/html; charset=utf-8");
    assert!(text(&html).contains("departements.01000"));
    let info = world.get(&format!("{INFO}&explain=json"));
    let json: serde_json::Value = serde_json::from_slice(&info.body).unwrap();
    assert_eq!(json["drawn"]["layers"][0]["layer"], "departements");
    assert_eq!(json["drawn"]["layers"][0]["featuresRead"], 3);
    assert_eq!(
        code(&world.get(&format!("{MAP}&explain=perhaps"))),
        "InvalidParameterValue"
    );
    world.explain = false;
    assert_map(&world, &query);
}

// ── hostile requests ─────────────────────────────────────────────────────────────────────

/// Values of the wrong kind, at the edges, and of no kind at all.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        prop::sample::select(vec![
            "WMS",
            "1.3.0",
            "1.1.1",
            "GetMap",
            "GetFeatureInfo",
            "GetLegendGraphic",
            "GetCapabilities",
            "DescribeLayer",
            "GetStyles",
            "departements",
            "limites",
            "departements,stations",
            "EPSG:4326",
            "EPSG:2154",
            "CRS:84",
            "1,2,3,4",
            "-1e308,-1e308,1e308,1e308",
            "0,0,0,0",
            "256",
            "1",
            "0",
            "4294967296",
            "-1",
            "image/png",
            "image/jpeg",
            "text/html",
            "application/json",
            "INIMAGE",
            "BLANK",
            "TRUE",
            "0xFF0000",
            "json",
            "eng",
            "a:b;dpi:1e999",
            "*",
            "%",
            "%00",
            "<![CDATA[",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => prop::sample::select(vec![
            "SERVICE", "VERSION", "REQUEST", "LAYERS", "LAYER", "STYLES", "STYLE", "CRS", "SRS",
            "BBOX", "WIDTH", "HEIGHT", "FORMAT", "TRANSPARENT", "BGCOLOR", "EXCEPTIONS", "DPI",
            "SLD_BODY", "SLD", "LANGUAGE", "EXPLAIN", "QUERY_LAYERS", "INFO_FORMAT", "I", "J",
            "X", "Y", "FEATURE_COUNT", "BUFFER", "RULE", "SCALE", "UPDATESEQUENCE", "WMTVER",
            "LEGEND_OPTIONS", "CQL_FILTER",
        ])
        .prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn encoded(pairs: &[(String, String)]) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        cartotheque::encode::xml::push_url_component(&mut query, name);
        query.push('=');
        cartotheque::encode::xml::push_url_component(&mut query, value);
        query.push('&');
    }
    query
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_request_ends_in_anything_but_an_answer(
        base in prop::sample::select(vec!["", MAP, INFO, LEGEND]),
        pairs in prop::collection::vec((name(), value()), 0..12),
    ) {
        let world = World {
            limits: Limits { width: 512, height: 512, ..Limits::default() },
            ..World::default()
        };
        let answer = world.get(&format!("{base}&{}", encoded(&pairs)));
        prop_assert!([200, 404].contains(&answer.status));
        prop_assert!(!answer.media_type.is_empty());
        if answer.media_type.contains("xml") || answer.media_type.contains("gml") {
            // of C0 XML 1.0 allows only these three
            let allowed = |c: char| c >= ' ' || "\t\n\r".contains(c);
            let clean = text(&answer).chars().all(allowed);
            prop_assert!(clean, "a control character in the document");
            let mut reader = quick_xml::Reader::from_str(text(&answer));
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(_) => {}
                    Err(error) => return Err(TestCaseError::fail(format!("{error}: {}", text(&answer)))),
                }
            }
        }
    }

    #[test]
    fn no_bytes_of_a_body_end_in_anything_but_an_answer(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let answer = World::default().post(MAP, "application/x-www-form-urlencoded", &bytes);
        prop_assert_eq!(answer.status, 200);
    }
}
