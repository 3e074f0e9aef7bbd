//! WMS 1.3.0 (OGC 06-042) as `ets-wms13` asks it: data-independent, BASIC and QUERYABLE.

use cartotheque::decode::xml::Element;

use crate::common::Reply;
use crate::reference::{Dice, LAYERS, all, code, escaped, lakes, path_of, text, xml};
use crate::schema;

fn capabilities() -> Element {
    xml(&lakes().get("/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.3.0"))
}

/// The layers that have a name, each with those around it, the outermost first.
fn named(root: &Element) -> Vec<(String, Vec<&Element>)> {
    fn walk<'e>(
        layer: &'e Element,
        around: &[&'e Element],
        found: &mut Vec<(String, Vec<&'e Element>)>,
    ) {
        let path = [around, &[layer]].concat();
        if layer.child("Name").is_some() {
            found.push((text(layer, "Name"), path.clone()));
        }
        for child in layer.elements().filter(|e| e.name == "Layer") {
            walk(child, &path, found);
        }
    }
    let mut found = Vec::new();
    walk(root, &[], &mut found);
    found
}

fn root(capabilities: &Element) -> &Element {
    let capability = capabilities.child("Capability").expect("a Capability");
    capability.child("Layer").expect("a root layer")
}

const LAKES: &str = "0.0006,-0.0018,0.0031,-0.0001";

fn map(layers: &str, bbox: &str, more: &str) -> String {
    format!(
        "/wms?VERSION=1.3.0&REQUEST=GetMap&LAYERS={layers}&STYLES=&CRS=CRS:84&BBOX={bbox}&FORMAT=image/png{more}"
    )
}

fn picture(path: &str) -> (u32, u32, Vec<[u8; 4]>) {
    let reply = lakes().get(path);
    assert_eq!(
        reply.header("content-type"),
        "image/png",
        "{path}: {}",
        reply.text()
    );
    reply.picture()
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_data_every_layer_is_found_by_title_and_by_name() {
    let capabilities = capabilities();
    for layer in LAYERS {
        let found = named(root(&capabilities));
        let (_, path) = found
            .iter()
            .find(|(name, _)| name == layer)
            .unwrap_or_else(|| panic!("no layer {layer}"));
        let element = path.last().unwrap();
        assert_eq!(text(element, "Title"), format!("cite:{layer}"));
        assert_eq!(element.attribute("queryable"), Some("1"), "{layer}");
        // subsettable and resizable
        for name in ["noSubsets", "fixedWidth", "fixedHeight"] {
            assert!(
                matches!(element.attribute(name), None | Some("0")),
                "{layer} {name}"
            );
        }
        let crs84 = path.iter().any(|e| {
            let mut crs = e.elements().filter(|e| e.name == "CRS");
            crs.any(|e| e.text() == "CRS:84")
        });
        assert!(crs84, "{layer} in CRS:84");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_7_2_4_6_6_boxes_are_those_of_the_data_with_equal_digits() {
    let capabilities = capabilities();
    for (name, path) in named(root(&capabilities)) {
        let layer = path.last().unwrap();
        let geographic = layer.child("EX_GeographicBoundingBox").expect("a box");
        let sides = [
            "westBoundLongitude",
            "southBoundLatitude",
            "eastBoundLongitude",
            "northBoundLatitude",
        ]
        .map(|side| text(geographic, side));
        let boxes: Vec<&Element> = layer
            .elements()
            .filter(|e| e.name == "BoundingBox")
            .collect();
        let of = |crs: &str, order: [&str; 4]| {
            let mut same = boxes.iter().filter(|b| b.attribute("CRS") == Some(crs));
            let found = same.next().unwrap_or_else(|| panic!("{name} in {crs}"));
            assert!(same.next().is_none(), "{name}: one box in {crs}");
            order.map(|side| found.attribute(side).unwrap().to_owned())
        };
        let east_first = ["minx", "miny", "maxx", "maxy"];
        assert_eq!(of("CRS:84", east_first), sides, "{name}");
        // EPSG:4326 has the south in minx
        let north_first = ["miny", "minx", "maxy", "maxx"];
        assert_eq!(of("EPSG:4326", north_first), sides, "{name}");
        // none in a CRS that is not advertised
        let advertised: Vec<String> = path
            .iter()
            .flat_map(|e| e.elements())
            .filter(|e| e.name == "CRS")
            .map(|e| e.text().into_owned())
            .collect();
        for one in &boxes {
            let crs = one.attribute("CRS").unwrap();
            assert!(advertised.iter().any(|a| a == crs), "{name} {crs}");
        }
    }
    let lake = named(root(&capabilities));
    let (_, path) = lake.iter().find(|(name, _)| name == "Lakes").unwrap();
    let geographic = path.last().unwrap().child("EX_GeographicBoundingBox");
    let west: f64 = text(geographic.unwrap(), "westBoundLongitude")
        .parse()
        .unwrap();
    assert!((west - 0.0006).abs() < 1e-9, "{west}");
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_7_2_4_6_the_tree_declares_everything_once_and_nothing_without_its_base() {
    let capabilities = capabilities();
    let layers = named(root(&capabilities));
    let mut names: Vec<&String> = layers.iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), layers.len(), "names are unique");
    let crs_of = |layer: &Element| -> Vec<String> {
        let crs = layer.elements().filter(|e| e.name == "CRS");
        crs.map(|e| e.text().into_owned()).collect()
    };
    let at_root = crs_of(root(&capabilities));
    let common: Vec<String> = crs_of(layers[0].1.last().unwrap());
    for crs in common.iter().filter(|crs| {
        let everywhere =
            |(_, path): &(String, Vec<&Element>)| crs_of(path.last().unwrap()).contains(crs);
        layers.iter().all(everywhere)
    }) {
        assert!(at_root.contains(crs), "{crs} is common to all layers");
    }
    for (name, path) in &layers {
        let styles = |e: &Element| -> Vec<String> {
            let styles = e.elements().filter(|e| e.name == "Style");
            styles.map(|style| text(style, "Name")).collect()
        };
        let mut seen: Vec<String> = Vec::new();
        for level in path {
            for style in styles(level) {
                assert!(!seen.contains(&style), "{name}: {style} is declared again");
                seen.push(style);
            }
        }
        let has = |wanted: &str| path.iter().any(|e| e.child(wanted).is_some());
        assert!(has("CRS") && has("EX_GeographicBoundingBox") && has("BoundingBox"));
        for identifier in path.iter().flat_map(|e| e.elements()) {
            if identifier.name == "Identifier" {
                let authority = identifier.attribute("authority");
                let known = path.iter().flat_map(|e| e.elements());
                let mut known = known.filter(|e| e.name == "AuthorityURL");
                assert!(known.any(|e| e.attribute("name") == authority), "{name}");
            }
        }
    }
    assert!(!capabilities.attributes.is_empty());
    let text = lakes()
        .get("/wms?SERVICE=WMS&REQUEST=GetCapabilities")
        .text();
    assert!(!text.contains("AUTO2:") || !text.contains("factor"));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_6_8_any_case_any_order_escapes_and_bogus_parameters_draw_the_same_map() {
    let pairs = [
        ("VERSION", "1.3.0"),
        ("REQUEST", "GetMap"),
        ("LAYERS", "Lakes,Forests"),
        ("STYLES", ""),
        ("CRS", "CRS:84"),
        ("BBOX", LAKES),
        ("WIDTH", "100"),
        ("HEIGHT", "68"),
        ("FORMAT", "image/png"),
        ("TRANSPARENT", "TRUE"),
    ];
    let query = |pairs: &[(String, String)]| {
        let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect();
        format!("/wms?{}", pairs.join("&"))
    };
    let owned = |(k, v): &(&str, &str)| (k.to_string(), v.to_string());
    let plain: Vec<(String, String)> = pairs.iter().map(owned).collect();
    let expected = lakes().get(&query(&plain));
    assert_eq!(expected.header("content-type"), "image/png");
    let mut dice = Dice::new(7);
    for round in 0..24 {
        let mut pairs = plain.clone();
        pairs.push(("BoGuS".into(), "ignored".into()));
        for at in (1..pairs.len()).rev() {
            let other = dice.roll(at + 1);
            pairs.swap(at, other);
        }
        for (name, value) in &mut pairs {
            *name = dice.any_case(name);
            if dice.roll(3) == 0 {
                *name = escaped(name);
            }
            if dice.roll(3) == 0 {
                *value = escaped(value);
            }
        }
        let path = query(&pairs);
        assert_eq!(lakes().get(&path).body, expected.body, "{round}: {path}");
    }
    // a layer by its name in escapes, and a plus for a space
    let escapes = map(&escaped("Lakes"), LAKES, "&WIDTH=50&HEIGHT=34");
    let plainly = map("Lakes", LAKES, "&WIDTH=50&HEIGHT=34");
    assert_eq!(lakes().get(&escapes).body, lakes().get(&plainly).body);
    let spaced = lakes().get(&plainly.replace("FORMAT=image/png", "FORMAT=image/png;+mode=8bit"));
    let with_escape =
        lakes().get(&plainly.replace("FORMAT=image/png", "FORMAT=image/png;%20mode=8bit"));
    assert_eq!(spaced.body, with_escape.body);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_6_5_numbers_of_a_box_come_in_every_notation_of_a_real() {
    let expected = lakes().get(&map(
        "Streams",
        "-0.00004,-0.00025,0.0025,0.002",
        "&WIDTH=50&HEIGHT=44",
    ));
    for bbox in [
        "-4E-5,-25e-5,%2B2.5E-3,%2B.2E-2",
        "-.00004,-.00025,.00025E%2B1,2.0e-3",
        "-0.00004000,-00.00025,0.0025,%2B00.002",
    ] {
        let path = map("Streams", bbox, "&WIDTH=50&HEIGHT=44");
        assert_eq!(lakes().get(&path).body, expected.body, "{bbox}");
    }
    for bbox in [
        "1,2,3",
        "a,0,1,1",
        "0,0,1,NaN",
        "0,0,1,1,1",
        "1,0,0,1",
        "0,1,1,0",
        "0,0,0,1",
    ] {
        let reply = lakes().get(&map("Streams", bbox, "&WIDTH=50&HEIGHT=44"));
        assert_eq!(reply.header("content-type"), "text/xml", "{bbox}");
        code(&reply);
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_6_11_every_fault_is_a_valid_exception_with_its_code() {
    let good = map("Lakes", LAKES, "&WIDTH=50&HEIGHT=34");
    let rows = [
        ("VERSION=1.3.0&", "", ""),
        ("image/png", "image/bogus", "InvalidFormat"),
        ("CRS:84", "EPSG:0", "InvalidCRS"),
        ("LAYERS=Lakes", "LAYERS=Bogus", "LayerNotDefined"),
        ("LAYERS=Lakes", "LAYERS=Lakes,Bogus", "LayerNotDefined"),
        ("STYLES=", "STYLES=Bogus", "StyleNotDefined"),
        ("WIDTH=50", "WIDTH=0", ""),
        ("HEIGHT=34", "HEIGHT=-1", ""),
        ("BBOX=", "BOX=", ""),
    ];
    for (from, to, expected) in rows {
        let path = good.replace(from, to);
        assert_ne!(path, good);
        let reply = lakes().get(&path);
        assert_eq!(reply.header("content-type"), "text/xml", "{path}");
        schema::assert_valid(
            &reply.text(),
            "schemas.opengis.net/wms/1.3.0/exceptions_1_3_0.xsd",
        );
        if !expected.is_empty() {
            assert_eq!(code(&reply), expected, "{path}");
        }
    }
    // one of two styles, and every way to leave them out
    let two = good.replace("LAYERS=Lakes", "LAYERS=Lakes,Forests");
    let reply = lakes().get(&two.replace("STYLES=", "STYLES=,Bogus"));
    assert_eq!(code(&reply), "StyleNotDefined");
    let expected = lakes().get(&two).body;
    for styles in [
        "STYLES=,",
        "STYLES=Lakes,",
        "STYLES=,Forests",
        "STYLES=Lakes,Forests",
    ] {
        let path = two.replace("STYLES=", styles);
        assert_eq!(lakes().get(&path).body, expected, "{path}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_6_2_4_and_7_2_3_capabilities_whatever_version_format_or_sequence_is_asked() {
    let ask = |more: &str| lakes().get(&format!("/wms?SERVICE=WMS&REQUEST=GetCapabilities{more}"));
    for (more, version) in [
        ("", "1.3.0"),
        ("&VERSION=1.3.0", "1.3.0"),
        ("&VERSION=100.0.0", "1.3.0"),
        ("&VERSION=1.3.0&FORMAT=text/bogus", "1.3.0"),
        ("&VERSION=1.3.0&UPDATESEQUENCE=0", "1.3.0"),
        ("&VERSION=1.3.0&UPDATESEQUENCE=", "1.3.0"),
    ] {
        let reply = ask(more);
        assert_eq!(reply.header("content-type"), "text/xml", "{more}");
        assert_eq!(xml(&reply).attribute("version"), Some(version), "{more}");
    }
    let low = ask("&VERSION=0.0.0").text();
    assert!(
        low.contains("<WMT_MS_Capabilities version=\"1.1.1\""),
        "{low}"
    );
    let document = capabilities();
    let location = document.attribute("schemaLocation").unwrap().to_owned();
    let pairs: Vec<&str> = location.split_whitespace().collect();
    let at = pairs
        .iter()
        .position(|p| *p == "http://www.opengis.net/wms")
        .unwrap();
    assert_eq!(
        pairs[at + 1],
        "http://schemas.opengis.net/wms/1.3.0/capabilities_1_3_0.xsd"
    );
    let sequence: u64 = document
        .attribute("updateSequence")
        .unwrap()
        .parse()
        .unwrap();
    let current = ask(&format!("&VERSION=1.3.0&UPDATESEQUENCE={sequence}"));
    assert_eq!(code(&current), "CurrentUpdateSequence");
    let higher = ask(&format!("&VERSION=1.3.0&UPDATESEQUENCE={}", sequence + 1));
    assert_eq!(code(&higher), "InvalidUpdateSequence");
    // getcapabilities:updatesequence-higher and -lower count in XPath 2.0, whose numbers are so
    // written from a million on
    for (asked, expected) in [
        (sequence - 1, None),
        (sequence, Some("CurrentUpdateSequence")),
        (sequence + 1, Some("InvalidUpdateSequence")),
    ] {
        for version in ["1.3.0", "1.1.1"] {
            let reply = ask(&format!("&VERSION={version}&UPDATESEQUENCE={asked:E}"));
            let text = reply.text();
            let found = text.split_once("<ServiceException code=\"");
            let found = found.and_then(|(_, rest)| rest.split('"').next());
            assert_eq!(found, expected, "{version} {asked:E}");
        }
    }
    let request = all(&document, "GetCapabilities");
    assert!(
        all(request[0], "Format")
            .iter()
            .any(|f| f.text() == "text/xml")
    );
    let exception = all(&document, "Exception");
    assert!(
        all(exception[0], "Format")
            .iter()
            .any(|f| f.text() == "XML")
    );
    for resource in all(&document, "HTTP")
        .iter()
        .flat_map(|e| all(e, "OnlineResource"))
    {
        let href = resource.attribute("href").unwrap();
        assert!(
            href.ends_with('?') || href.contains('?') && href.ends_with('&'),
            "{href}"
        );
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_6_7_2_pixels_are_areas_and_no_edge_of_a_window_inside_is_lighter() {
    let (width, height, pixels) = picture(&map(
        "Lakes",
        "0.0016,-0.0012,0.0026,-0.0005",
        "&WIDTH=10&HEIGHT=7",
    ));
    assert_eq!((width, height), (10, 7));
    for (at, pixel) in pixels.iter().enumerate() {
        let (column, row) = (at % 10, at / 10);
        if [0, 9].contains(&column) || [0, 6].contains(&row) {
            assert_ne!(*pixel, [255; 4], "pixel {column} {row} is white");
        }
    }
}

/// The two squares and the diamond of BasicPolygons, as the reference says where they are.
fn is_covered(x: f64, y: f64) -> bool {
    let first = (-2.0..1.0).contains(&x) && (3.0..6.0).contains(&y);
    let second = (-1.0..2.0).contains(&x) && (2.0..5.0).contains(&y);
    let diamond = x.abs() + y.abs() < 1.0;
    first || second || diamond
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_data_coordinates_are_exact_at_every_size_and_stretch() {
    // windows whose pixels have the corners of the squares on their edges
    for (bbox, size) in [
        ([-3.0, -2.0, 3.0, 7.0], (60, 90)),
        ([-3.0, -2.0, 3.0, 7.0], (240, 90)),
        ([-2.0, 2.0, 2.0, 6.0], (8, 5)),
        ([-2.0, 2.0, 2.0, 6.0], (1024, 768)),
        ([-180.0, -90.0, 180.0, 90.0], (720, 360)),
    ] {
        let [west, south, east, north] = bbox;
        let (width, height) = size;
        let (w, h, pixels) = picture(&map(
            "BasicPolygons",
            &format!("{west},{south},{east},{north}"),
            &format!("&TRANSPARENT=TRUE&WIDTH={width}&HEIGHT={height}"),
        ));
        assert_eq!((w, h), size);
        let (dx, dy) = (
            (east - west) / f64::from(width),
            (north - south) / f64::from(height),
        );
        let mut inside = 0;
        for row in 0..height {
            for column in 0..width {
                let (x, y) = (
                    west + (f64::from(column) + 0.5) * dx,
                    north - (f64::from(row) + 0.5) * dy,
                );
                let alpha = pixels[(row * width + column) as usize][3];
                let expected = is_covered(x, y);
                inside += usize::from(expected);
                // an outline of a pixel lies on the border
                let on_border = || {
                    let steps = || (-4..=4).map(|step| f64::from(step) / 2.0);
                    steps().any(|i| steps().any(|j| is_covered(x + i * dx, y + j * dy) != expected))
                };
                assert!(
                    (alpha > 0) == expected || on_border(),
                    "{bbox:?} {size:?}: alpha {alpha} at {x} {y}"
                );
            }
        }
        assert!(inside > 0 || width < 10, "{size:?}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_7_3_3_6_a_box_that_misses_data_or_world_is_an_empty_map() {
    for bbox in [
        "10,10,11,11",
        "0,90,10,110",
        "-200,-95,-190,-91",
        "359.9978,-0.001,359.9988,0.001",
    ] {
        let (_, _, pixels) = picture(&map("Lakes", bbox, "&WIDTH=20&HEIGHT=20"));
        // without TRANSPARENT the background is opaque white
        assert!(pixels.iter().all(|p| *p == [255; 4]), "{bbox}");
        let clear = picture(&map("Lakes", bbox, "&WIDTH=20&HEIGHT=20&TRANSPARENT=TRUE"));
        assert!(clear.2.iter().all(|p| p[3] == 0), "{bbox}");
    }
}

/// A click at the middle of the two squares that overlap.
fn click(more: &str) -> Reply {
    lakes().get(&format!(
        "/wms?VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=BasicPolygons&STYLES=&CRS=CRS:84\
         &BBOX=-2,2,2,6&WIDTH=100&HEIGHT=100&FORMAT=image/png&QUERY_LAYERS=BasicPolygons&I=50&J=50{more}"
    ))
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_7_4_3_6_one_of_two_features_is_shorter_than_both_in_every_format() {
    let capabilities = capabilities();
    let operation = all(&capabilities, "GetFeatureInfo");
    let formats: Vec<String> = all(operation[0], "Format")
        .iter()
        .map(|f| f.text().into_owned())
        .collect();
    assert!(!formats.is_empty());
    for format in formats {
        let asked = format!("&INFO_FORMAT={}", crate::reference::encoded(&format));
        let default = click(&asked);
        assert_eq!(
            default.header("content-type").split(';').next(),
            format.split(';').next()
        );
        let one = click(&format!("{asked}&FEATURE_COUNT=1"));
        let two = click(&format!("{asked}&FEATURE_COUNT=2"));
        assert_eq!(default.body.len(), one.body.len(), "{format}");
        assert!(one.body.len() < two.body.len(), "{format}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_7_4_what_a_click_must_say_is_asked_for() {
    for (query, expected) in [
        ("&INFO_FORMAT=text/bogus", "InvalidFormat"),
        ("&INFO_FORMAT=text/plain&I=100", "InvalidPoint"),
        ("&INFO_FORMAT=text/plain&J=-1", "InvalidPoint"),
        ("&INFO_FORMAT=text/plain&I=a", "InvalidPoint"),
        (
            "&INFO_FORMAT=text/plain&QUERY_LAYERS=Bogus",
            "LayerNotDefined",
        ),
    ] {
        // the last of two values counts nowhere: they take the first one's place
        let base = "/wms?VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=BasicPolygons&STYLES=&CRS=CRS:84\
                    &BBOX=-2,2,2,6&WIDTH=100&HEIGHT=100&FORMAT=image/png";
        let mut path = format!("{base}{query}");
        for (name, value) in [("QUERY_LAYERS", "BasicPolygons"), ("I", "50"), ("J", "50")] {
            if !query.contains(&format!("&{name}=")) {
                path += &format!("&{name}={value}");
            }
        }
        let reply = lakes().get(&path);
        assert_eq!(code(&reply), expected, "{path}");
        schema::assert_valid(
            &reply.text(),
            "schemas.opengis.net/wms/1.3.0/exceptions_1_3_0.xsd",
        );
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms130_7_2_4_6_10_every_metadata_and_legend_address_answers_as_it_says() {
    let capabilities = capabilities();
    let mut looked_at = 0;
    for (name, path) in named(root(&capabilities)) {
        for layer in path {
            for metadata in layer.elements().filter(|e| e.name == "MetadataURL") {
                let href = all(metadata, "OnlineResource")[0]
                    .attribute("href")
                    .unwrap();
                let reply = lakes().get(&path_of(href));
                assert_eq!(reply.status, 200, "{name}: {href}");
                assert_eq!(
                    reply.header("content-type").split(';').next().unwrap(),
                    text(metadata, "Format")
                );
                assert_eq!(xml(&reply).name, "MD_Metadata", "{href}");
                looked_at += 1;
            }
            for legend in all(layer, "LegendURL") {
                let href = all(legend, "OnlineResource")[0].attribute("href").unwrap();
                let reply = lakes().get(&path_of(href));
                assert_eq!(
                    reply.header("content-type"),
                    text(legend, "Format"),
                    "{href}"
                );
                let (width, height, _) = reply.picture();
                let said = ["width", "height"]
                    .map(|n| legend.attribute(n).unwrap().parse::<u32>().unwrap());
                assert_eq!([width, height], said, "{href}");
                looked_at += 1;
            }
        }
    }
    assert!(looked_at >= 2 * LAYERS.len(), "{looked_at}");
}
