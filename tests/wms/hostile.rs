//! Whatever is asked, there is an answer.

use cartotheque::operation::Limits;
use proptest::prelude::*;

use crate::fake::{World, text};
use crate::{INFO, LEGEND, MAP};

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
