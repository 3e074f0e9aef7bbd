//! WMTS 1.0.0 (OGC 07-057r7) as `ets-wmts10` asks it.

use std::collections::HashSet;

use cartotheque::decode::xml::Element;

use crate::reference::{LAYERS, all, code, lakes, text, xml};

const CAPABILITIES: &str = "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities";

fn capabilities() -> Element {
    xml(&lakes().get(CAPABILITIES))
}

fn layers(capabilities: &Element) -> Vec<&Element> {
    let contents = capabilities.child("Contents").expect("contents");
    contents.elements().filter(|e| e.name == "Layer").collect()
}

fn sets(capabilities: &Element) -> Vec<&Element> {
    let contents = capabilities.child("Contents").expect("contents");
    let sets = contents.elements().filter(|e| e.name == "TileMatrixSet");
    sets.collect()
}

/// Where an exception says the fault is.
fn locator(reply: &crate::common::Reply) -> Option<String> {
    let report = xml(reply);
    let exception = all(&report, "Exception")[0].clone();
    exception.attribute("locator").map(str::to_owned)
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wmts100_7_1_1_identifiers_scales_and_operations_are_as_the_suite_wants_them() {
    let capabilities = capabilities();
    let unique = |elements: &[&Element]| {
        let names: HashSet<String> = elements.iter().map(|e| text(e, "Identifier")).collect();
        assert_eq!(names.len(), elements.len());
        names
    };
    let names = unique(&layers(&capabilities));
    for layer in LAYERS {
        assert!(names.contains(layer), "{layer}");
    }
    unique(&sets(&capabilities));
    for set in sets(&capabilities) {
        let matrices: Vec<&Element> = set.elements().filter(|e| e.name == "TileMatrix").collect();
        unique(&matrices);
        let scales: HashSet<String> = matrices
            .iter()
            .map(|m| text(m, "ScaleDenominator"))
            .collect();
        assert_eq!(scales.len(), matrices.len(), "{}", text(set, "Identifier"));
    }
    let metadata = capabilities
        .child("OperationsMetadata")
        .expect("operations");
    for get in all(metadata, "Get") {
        let href = get.attribute("href").unwrap();
        let encodings = all(get, "Value");
        match encodings.iter().any(|v| v.text() == "KVP") {
            true => assert!(href.ends_with('?'), "{href} is a prefix"),
            false => assert!(encodings.iter().any(|v| v.text() == "RESTful"), "{href}"),
        }
        let constraint = all(get, "Constraint");
        assert_eq!(constraint[0].attribute("name"), Some("GetEncoding"));
    }
    let location = capabilities.attribute("schemaLocation").unwrap();
    assert!(
        location.contains("http://schemas.opengis.net/wmts/1.0/wmtsGetCapabilities_response.xsd"),
        "{location}"
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wmts100_layer_legendurl_correct_resource_its_scales_are_those_of_a_linked_set() {
    let document = capabilities();
    for layer in layers(&document) {
        let linked: Vec<String> = all(layer, "TileMatrixSetLink")
            .iter()
            .map(|link| text(link, "TileMatrixSet"))
            .collect();
        let scales: Vec<String> = sets(&document)
            .into_iter()
            .filter(|set| linked.contains(&text(set, "Identifier")))
            .flat_map(|set| all(set, "ScaleDenominator"))
            .map(|scale| scale.text().into_owned())
            .collect();
        let legends = all(layer, "LegendURL");
        assert!(!legends.is_empty(), "{}", text(layer, "Identifier"));
        for legend in legends {
            let [least, greatest] = ["minScaleDenominator", "maxScaleDenominator"].map(|name| {
                let told = legend.attribute(name).expect(name).to_owned();
                assert!(scales.contains(&told), "{told} is in {scales:?}");
                told.parse::<f64>().unwrap()
            });
            assert!(least < greatest);
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wmts100_annex_e_a_well_known_scale_set_has_its_crs_and_its_scales_from_the_top() {
    let capabilities = capabilities();
    let mut known = 0;
    for set in sets(&capabilities) {
        let name = text(set, "WellKnownScaleSet");
        if name.is_empty() {
            continue;
        }
        // the first two scales of OGC 07-057r7 Annex E
        let (crs, first) = match name.as_str() {
            "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible" => {
                ("urn:ogc:def:crs:EPSG::3857", 559_082_264.028_717_8)
            }
            "urn:ogc:def:wkss:OGC:1.0:GoogleCRS84Quad" => {
                ("urn:ogc:def:crs:OGC:1.3:CRS84", 559_082_264.028_717_8)
            }
            other => panic!("{other} is not known to the suite"),
        };
        known += 1;
        let supported = text(set, "SupportedCRS");
        let same = supported == crs || supported == crs.replace("::3857", ":6.18:3:3857");
        assert!(same, "{supported} for {name}");
        let scales = set.elements().filter(|e| e.name == "TileMatrix");
        for (level, matrix) in scales.enumerate() {
            let scale: f64 = text(matrix, "ScaleDenominator").parse().unwrap();
            let expected = first / f64::from(1u32 << level);
            assert!(
                (scale / expected - 1.0).abs() < 1e-9,
                "{name} {level}: {scale}"
            );
        }
    }
    assert!(known >= 1, "a set that clients know");
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wmts100_7_1_2_what_is_asked_of_capabilities_is_negotiated_or_named() {
    for (query, expected, at) in [
        (
            "REQUEST=GetCapabilities",
            "MissingParameterValue",
            Some("service"),
        ),
        ("SERVICE=WMTS", "MissingParameterValue", Some("request")),
        (
            "SERVICE=BOGUS&REQUEST=GetCapabilities",
            "InvalidParameterValue",
            Some("service"),
        ),
        (
            "SERVICE=WMTS&REQUEST=GetCapabilities&ACCEPTVERSIONS=9.9.9",
            "VersionNegotiationFailed",
            None,
        ),
        (
            "SERVICE=WMTS&REQUEST=GetCapabilities&SECTIONS=Bogus",
            "InvalidParameterValue",
            Some("sections"),
        ),
        (
            "SERVICE=WMTS&REQUEST=GetCapabilities&SECTIONS=",
            "MissingParameterValue",
            Some("sections"),
        ),
    ] {
        let reply = lakes().get(&format!("/wmts?{query}"));
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
        assert_eq!(code(&reply), expected, "{query}");
        let found = locator(&reply).map(|l| l.to_lowercase());
        assert_eq!(found.as_deref(), at, "{query}");
        assert_eq!(xml(&reply).attribute("version"), Some("1.1.0"));
    }
    let future = "SERVICE=WMTS&REQUEST=GetCapabilities&UPDATESEQUENCE=999999999999";
    let reply = lakes().get(&format!("/wmts?{future}"));
    assert_eq!(
        (reply.status, code(&reply).as_str()),
        (400, "InvalidUpdateSequence")
    );
    assert_eq!(locator(&reply), None);
    let formats = lakes().get(&format!("{CAPABILITIES}&ACCEPTFORMATS=text/bogus"));
    assert_eq!(
        formats.header("content-type").split(';').next(),
        Some("application/xml")
    );
    assert_eq!(xml(&formats).name, "Capabilities");
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wmts100_7_2_2_every_layer_comes_in_every_format_and_set_at_the_size_of_its_matrix() {
    let capabilities = capabilities();
    for layer in layers(&capabilities) {
        let name = text(layer, "Identifier");
        let style = all(layer, "Style")[0];
        let style = text(style, "Identifier");
        for link in all(layer, "TileMatrixSetLink") {
            let set = text(link, "TileMatrixSet");
            let matrices = sets(&capabilities);
            let definition = matrices
                .iter()
                .find(|s| text(s, "Identifier") == set)
                .unwrap();
            let matrix = definition.child("TileMatrix").unwrap();
            let limits = all(link, "TileMatrixLimits");
            let (id, row, column) = match limits
                .iter()
                .find(|l| text(l, "TileMatrix") == text(matrix, "Identifier"))
            {
                Some(limit) => (
                    text(limit, "TileMatrix"),
                    text(limit, "MinTileRow"),
                    text(limit, "MinTileCol"),
                ),
                None => (text(matrix, "Identifier"), "0".into(), "0".into()),
            };
            for format in layer.elements().filter(|e| e.name == "Format") {
                let format = format.text();
                let reply = lakes().get(&format!(
                    "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={name}&STYLE={style}&FORMAT={}\
                     &TILEMATRIXSET={set}&TILEMATRIX={id}&TILEROW={row}&TILECOL={column}",
                    crate::reference::encoded(&format)
                ));
                if format.contains("mapbox") && reply.status == 204 {
                    continue;
                }
                assert_eq!(reply.status, 200, "{name} {set} {format}: {}", reply.text());
                assert_eq!(reply.header("content-type"), format, "{name} {set}");
                if format == "image/png" {
                    let (width, height, _) = reply.picture();
                    assert_eq!(width.to_string(), text(matrix, "TileWidth"));
                    assert_eq!(height.to_string(), text(matrix, "TileHeight"));
                }
            }
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wmts100_7_2_2_nothing_is_transparent_in_a_tile_beside_the_data() {
    let reply = lakes().get(
        "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=BasicPolygons&STYLE=BasicPolygons&FORMAT=image/png\
         &TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=5&TILEROW=15&TILECOL=15",
    );
    let (_, _, pixels) = reply.picture();
    assert!(pixels.iter().any(|p| p[3] == 0) && pixels.iter().any(|p| p[3] > 0));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wmts100_7_2_3_every_wrong_value_of_a_tile_is_named() {
    let good = [
        ("SERVICE", "WMTS"),
        ("REQUEST", "GetTile"),
        ("VERSION", "1.0.0"),
        ("LAYER", "BasicPolygons"),
        ("STYLE", "BasicPolygons"),
        ("FORMAT", "image/png"),
        ("TILEMATRIXSET", "WebMercatorQuad"),
        ("TILEMATRIX", "5"),
        ("TILEROW", "15"),
        ("TILECOL", "15"),
    ];
    let ask = |name: &str, value: &str| {
        let pairs = good.map(|(n, v)| format!("{n}={}", if n == name { value } else { v }));
        lakes().get(&format!("/wmts?{}", pairs.join("&")))
    };
    assert_eq!(ask("", "").status, 200);
    for (name, value, expected, at) in [
        ("LAYER", "Bogus", "InvalidParameterValue", "Layer"),
        ("STYLE", "Bogus", "InvalidParameterValue", "Style"),
        ("FORMAT", "image/bogus", "InvalidParameterValue", "Format"),
        (
            "TILEMATRIXSET",
            "Bogus",
            "InvalidParameterValue",
            "TileMatrixSet",
        ),
        ("TILEMATRIX", "Bogus", "InvalidParameterValue", "TileMatrix"),
        ("TILEROW", "9999", "TileOutOfRange", "TileRow"),
        ("TILECOL", "9999", "TileOutOfRange", "TileCol"),
        ("TILEROW", "-1", "TileOutOfRange", "TileRow"),
    ] {
        let reply = ask(name, value);
        assert_eq!(reply.status, 400, "{name}={value}");
        assert_eq!(code(&reply), expected, "{name}={value}");
        let found = locator(&reply).unwrap_or_default();
        assert!(found.eq_ignore_ascii_case(at), "{name}={value}: {found}");
    }
    for name in [
        "LAYER",
        "STYLE",
        "FORMAT",
        "TILEMATRIXSET",
        "TILEMATRIX",
        "TILEROW",
        "TILECOL",
    ] {
        let left_out = good.iter().filter(|(n, _)| *n != name);
        let pairs: Vec<String> = left_out.map(|(n, v)| format!("{n}={v}")).collect();
        let reply = lakes().get(&format!("/wmts?{}", pairs.join("&")));
        assert_eq!(code(&reply), "MissingParameterValue", "{name}");
        assert!(
            locator(&reply).unwrap().eq_ignore_ascii_case(name),
            "{name}"
        );
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wmts100_7_3_2_every_wrong_value_of_a_click_is_named() {
    let good = "/wmts?SERVICE=WMTS&REQUEST=GetFeatureInfo&VERSION=1.0.0&LAYER=Lakes&STYLE=Lakes&\
                FORMAT=image/png&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=10&TILEROW=512&\
                TILECOL=512&I=5&J=5&INFOFORMAT=text/plain";
    assert_eq!(lakes().get(good).status, 200);
    for (right, wrong, expected, at) in [
        (
            "LAYER=Lakes",
            "LAYER=Bogus",
            "InvalidParameterValue",
            "layer",
        ),
        (
            "STYLE=Lakes",
            "STYLE=Bogus",
            "InvalidParameterValue",
            "style",
        ),
        (
            "image/png",
            "image/bogus",
            "InvalidParameterValue",
            "format",
        ),
        (
            "=text/plain",
            "=bogus",
            "InvalidParameterValue",
            "infoformat",
        ),
        (
            "&INFOFORMAT=text/plain",
            "",
            "MissingParameterValue",
            "infoformat",
        ),
        (
            "MATRIX=10",
            "MATRIX=99",
            "InvalidParameterValue",
            "tilematrix",
        ),
        ("ROW=512", "ROW=1024", "TileOutOfRange", "tilerow"),
        ("COL=512", "COL=1024", "TileOutOfRange", "tilecol"),
        ("FORMAT=image/png&", "", "MissingParameterValue", "format"),
        ("&I=5", "", "MissingParameterValue", "i"),
        ("&I=5", "&I=x", "InvalidParameterValue", "i"),
        ("&J=5", "&J=256", "PointIJOutOfRange", ""),
    ] {
        let reply = lakes().get(&good.replace(right, wrong));
        assert_eq!(
            (reply.status, code(&reply)),
            (400, expected.to_owned()),
            "{wrong}"
        );
        let found = locator(&reply).unwrap_or_default().to_lowercase();
        assert_eq!(found, at, "{right} {wrong}");
    }
}
