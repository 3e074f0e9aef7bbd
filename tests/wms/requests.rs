//! How a GetMap is read, and what it is answered with.

use cartotheque::operation::Limits;

use crate::fake::{World, code, text};
use crate::{MAP, assert_map, with};

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
fn geoserver_s_jpeg_png_is_jpeg_where_the_map_has_no_gap_and_says_what_it_is() {
    let world = World::default();
    for (format, transparent, answered) in [
        ("image/vnd.jpeg-png", "FALSE", "image/jpeg"),
        ("image/vnd.jpeg-png", "TRUE", "image/png"),
        ("IMAGE/VND.JPEG-PNG8", "FALSE", "image/jpeg"),
        ("image/vnd.jpeg-png8", "TRUE", "image/png; mode=8bit"),
    ] {
        let query = format!("{MAP}&TRANSPARENT={transparent}");
        let answer = world.get(&with(&query, "FORMAT", Some(format)));
        assert_eq!(answer.media_type, answered, "{format} {transparent}");
    }
}

#[test]
fn a_comma_at_the_end_of_a_list_is_left_there_and_an_empty_name_is_told_with_its_place() {
    let world = World::default();
    for (layers, styles) in [
        ("stations,communes,", ""),
        ("stations,communes,", ",,"),
        ("stations,communes,", ",contours,"),
        ("stations,communes", ",contours,"),
        ("stations,communes,%20", ","),
    ] {
        let query = with(&with(MAP, "LAYERS", Some(layers)), "STYLES", Some(styles));
        assert_map(&world, &query);
        assert_eq!(world.last_map().layers.len(), 2, "{query}");
    }
    for (layers, place) in [
        ("stations,,communes", "name 2 is empty"),
        (",stations", "name 1 is empty"),
        ("stations,communes,,", "name 3 is empty"),
        (",", "name 1 is empty"),
    ] {
        let answer = world.get(&with(MAP, "LAYERS", Some(layers)));
        assert_eq!(code(&answer), "InvalidParameterValue", "{layers}");
        assert!(text(&answer).contains("locator=\"LAYERS\""), "{layers}");
        assert!(text(&answer).contains(place), "{}", text(&answer));
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
fn a_form_post_is_read_and_a_document_is_told_what_it_lacks() {
    let world = World::default();
    let answer = world.post(
        "SERVICE=WMS",
        "application/x-www-form-urlencoded",
        MAP.as_bytes(),
    );
    assert_eq!(answer.media_type, "image/png");
    let answer = world.post("", "text/xml", b"<GetMap/>");
    assert_eq!(code(&answer), "MissingParameterValue");
    for document in [
        "<GetFeature/>",
        "<GetMap>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><GetMap/>",
    ] {
        let answer = world.post("", "text/xml", document.as_bytes());
        assert_eq!(code(&answer), "InvalidParameterValue", "{document}");
    }
}
