//! WMS 1.1.1 (OGC 01-068r3) as `ets-wms11` asks it, profile queryable.

use crate::reference::{LAYERS, escaped, lakes};

const CAPABILITIES: &str = "/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.1.1";

fn map(more: &str) -> String {
    format!(
        "/wms?VERSION=1.1.1&REQUEST=GetMap&LAYERS=Lakes&STYLES=&SRS=EPSG:4326\
         &BBOX=0.0006,-0.0018,0.0031,-0.0001&WIDTH=100&HEIGHT=68&FORMAT=image/png{more}"
    )
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms111_7_1_capabilities_have_their_type_a_dtd_and_what_a_profile_needs() {
    let reply = lakes().get(CAPABILITIES);
    assert_eq!(
        reply.header("content-type").split(';').next(),
        Some("application/vnd.ogc.wms_xml")
    );
    let body = reply.text();
    let doctype = "http://schemas.opengis.net/wms/1.1.1/WMS_MS_Capabilities.dtd";
    assert!(
        body.contains(&format!(
            "<!DOCTYPE WMT_MS_Capabilities SYSTEM \"{doctype}\""
        )),
        "{body}"
    );
    let document = body.find("<WMT_MS_Capabilities").unwrap();
    for wanted in [
        "<Name>OGC:WMS</Name>",
        "<Fees>none</Fees>",
        "<AccessConstraints>none</AccessConstraints>",
    ] {
        assert!(body[document..].contains(wanted), "{wanted}");
    }
    for layer in LAYERS {
        assert!(body.contains(&format!("<Name>{layer}</Name>")), "{layer}");
        assert!(
            body.contains(&format!("<Title>cite:{layer}</Title>")),
            "{layer}"
        );
    }
    for format in [
        "application/vnd.ogc.se_xml",
        "application/vnd.ogc.se_inimage",
        "application/vnd.ogc.se_blank",
    ] {
        assert!(
            body.contains(&format!("<Format>{format}</Format>")),
            "{format}"
        );
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms111_6_2_old_spellings_are_understood_and_version_wins_in_any_order() {
    for (query, root) in [
        (
            "WMTVER=1.1.1&REQUEST=capabilities&SERVICE=WMS",
            "version=\"1.1.1\"",
        ),
        (
            "SERVICE=WMS&WMTVER=1.0.0&VERSION=1.1.1&REQUEST=GetCapabilities",
            "version=\"1.1.1\"",
        ),
        (
            "SERVICE=WMS&VERSION=1.1.1&REQUEST=GetCapabilities&WMTVER=1.3.0",
            "version=\"1.1.1\"",
        ),
        (
            "SERVICE=WMS&VERSION=1.2.0&REQUEST=GetCapabilities",
            "version=\"1.1.1\"",
        ),
        (
            "SERVICE=WMS&VERSION=0.0.0&REQUEST=GetCapabilities",
            "version=\"1.1.1\"",
        ),
    ] {
        let body = lakes().get(&format!("/wms?{query}")).text();
        let start = body
            .find("<WMT_MS_Capabilities")
            .unwrap_or_else(|| panic!("{query}: {body}"));
        assert!(body[start..start + 60].contains(root), "{query}: {body}");
    }
    let expected = lakes().get(&map("")).body;
    let old = map("").replace("VERSION=1.1.1&REQUEST=GetMap", "WMTVER=1.1.1&REQUEST=map");
    assert_eq!(lakes().get(&old).body, expected);
    let escapes = map("").replace("LAYERS=Lakes", &format!("LAYERS={}", escaped("Lakes")));
    assert_eq!(lakes().get(&escapes).body, expected);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms111_7_2_3_8_transparent_is_read_in_any_case() {
    let clear = lakes().get(&map("&TRANSPARENT=TRUE"));
    let (_, _, pixels) = clear.picture();
    assert!(pixels.iter().any(|p| p[3] == 0));
    for value in ["true", "True", "tRuE"] {
        assert_eq!(
            lakes().get(&map(&format!("&TRANSPARENT={value}"))).body,
            clear.body,
            "{value}"
        );
    }
    let (_, _, opaque) = lakes().get(&map("&TRANSPARENT=FALSE")).picture();
    assert!(opaque.iter().all(|p| p[3] == 255));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms111_7_2_3_6_a_box_beyond_180_degrees_is_a_map() {
    let (_, _, pixels) = lakes()
        .get(&map("").replace(
            "BBOX=0.0006,-0.0018,0.0031,-0.0001",
            "BBOX=359.9978,-0.0018,359.9988,-0.0001",
        ))
        .picture();
    assert!(
        pixels.iter().all(|p| *p == [255; 4]),
        "each side is drawn where it lies"
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms111_a_3_faults_have_the_codes_and_types_of_the_version() {
    for (path, expected) in [
        (
            map("").replace("LAYERS=Lakes", "LAYERS=Bogus"),
            "LayerNotDefined",
        ),
        (
            map("").replace("STYLES=", "STYLES=Bogus"),
            "StyleNotDefined",
        ),
        (map("").replace("EPSG:4326", "EPSG:0"), "InvalidSRS"),
        (map("").replace("image/png", "image/bogus"), "InvalidFormat"),
    ] {
        let reply = lakes().get(&path);
        assert_eq!(
            reply.header("content-type").split(';').next(),
            Some("application/vnd.ogc.se_xml"),
            "{path}"
        );
        let body = reply.text();
        assert!(
            body.contains(&format!("code=\"{expected}\"")),
            "{path}: {body}"
        );
        let dtd = body.split("SYSTEM \"http://").nth(1).expect("a DTD");
        let dtd = dtd.split('"').next().unwrap();
        assert!(
            crate::schema::schemas().join(dtd).is_file(),
            "{dtd} can be fetched"
        );
    }
    for (exceptions, colour) in [("inimage", None), ("blank", Some([255, 0, 0, 255]))] {
        let path = map(&format!(
            "&EXCEPTIONS=application/vnd.ogc.se_{exceptions}&BGCOLOR=0xFF0000"
        ));
        let reply = lakes().get(&path.replace("LAYERS=Lakes", "LAYERS=Bogus"));
        assert_eq!(reply.header("content-type"), "image/png");
        let (width, height, pixels) = reply.picture();
        assert_eq!((width, height), (100, 68));
        if let Some(colour) = colour {
            assert!(pixels.iter().all(|p| *p == colour));
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms111_7_3_a_click_has_x_and_y_and_one_feature_unless_more_are_asked_for() {
    let click = |more: &str| {
        lakes().get(&format!(
            "/wms?VERSION=1.1.1&REQUEST=GetFeatureInfo&LAYERS=BasicPolygons&STYLES=&SRS=EPSG:4326&BBOX=-2,2,2,6\
             &WIDTH=100&HEIGHT=100&FORMAT=image/png&QUERY_LAYERS=BasicPolygons&X=50&Y=50{more}"
        ))
    };
    for format in ["text/plain", "text/html", "application/vnd.ogc.gml"] {
        let one = click(&format!("&INFO_FORMAT={format}"));
        assert_eq!(one.header("content-type").split(';').next(), Some(format));
        let two = click(&format!("&INFO_FORMAT={format}&FEATURE_COUNT=2"));
        assert!(one.body.len() < two.body.len(), "{format}");
    }
    let unknown = click("&INFO_FORMAT=text/plain").status;
    assert_eq!(unknown, 200);
    let outside = lakes().get(
        "/wms?VERSION=1.1.1&REQUEST=GetFeatureInfo&LAYERS=BasicPolygons&STYLES=&SRS=EPSG:4326&BBOX=-2,2,2,6\
         &WIDTH=100&HEIGHT=100&FORMAT=image/png&QUERY_LAYERS=Bogus&X=50&Y=50&INFO_FORMAT=text/plain",
    );
    assert!(
        outside.text().contains("code=\"LayerNotDefined\""),
        "{}",
        outside.text()
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wms111_7_2_3_what_a_map_may_be_asked_in_and_what_is_refused() {
    let map = |more: &str| {
        let ask = |name: &str, otherwise: &str| {
            let has = more
                .split('&')
                .any(|pair| pair.starts_with(&format!("{name}=")));
            if has {
                String::new()
            } else {
                format!("&{name}={otherwise}")
            }
        };
        let pairs = [
            ask("LAYERS", "Lakes"),
            ask("STYLES", ""),
            ask("BBOX", "0,-0.002,0.004,0"),
            ask("FORMAT", "image/png"),
            ask("SRS", "EPSG:4326"),
        ];
        // GetMap of 1.1.1 has no SERVICE
        let query = format!(
            "/wms?VERSION=1.1.1&REQUEST=GetMap&WIDTH=200&HEIGHT=100{}&{more}",
            pairs.concat()
        );
        lakes().get(&query)
    };
    for same in [
        [
            "BBOX=-0.005,-0.0025,0.005,0.0025",
            "BBOX=-.0005E1,-25E-4,%2B05E-3,.00025E%2B1",
        ],
        ["BBOX=-1,-1,1,1", "BBOX=-1.0,-1.0,1.0,1.0"],
        [
            "LAYERS=Lakes,Ponds&STYLES=",
            "LAYERS=%4cakes,Ponds&STYLES=Lakes,",
        ],
        [
            "LAYERS=Lakes,Ponds&STYLES=,",
            "LAYERS=Lakes,Ponds&STYLES=,Ponds",
        ],
        ["TIME=2000-01-01&ELEVATION=5", "BOGUS=1"],
    ] {
        let [one, other] = same.map(map);
        assert_eq!(
            one.header("content-type"),
            "image/png",
            "{same:?}: {}",
            one.text()
        );
        assert_eq!(one.body, other.body, "{same:?}");
    }
    for (more, expected) in [
        ("BBOX=0.004,-0.002,0,0", ""),
        ("BBOX=0,0,0.004,0", ""),
        ("FORMAT=image/bogus", "InvalidFormat"),
        ("SRS=EPSG:bogus", "InvalidSRS"),
        ("STYLES=Bogus", "StyleNotDefined"),
        ("LAYERS=Lakes,Ponds&STYLES=Ponds,Lakes", "StyleNotDefined"),
        ("LAYERS=Lakes,Bogus", "LayerNotDefined"),
    ] {
        let reply = map(more);
        assert_eq!(
            reply.header("content-type"),
            "application/vnd.ogc.se_xml",
            "{more}"
        );
        if !expected.is_empty() {
            let code = format!("code=\"{expected}\"");
            assert!(reply.text().contains(&code), "{more}: {}", reply.text());
        }
    }
    let blank = "LAYERS=Bogus&EXCEPTIONS=application/vnd.ogc.se_blank";
    for (more, pixel) in [
        ("&BGCOLOR=0x00fF00", [0, 255, 0, 255]),
        ("&TRANSPARENT=TRUE", [0; 4]),
        ("", [255; 4]),
    ] {
        let (width, height, pixels) = map(&format!("{blank}{more}")).picture();
        assert_eq!((width, height), (200, 100));
        assert!(
            pixels
                .iter()
                .all(|p| *p == pixel || pixel[3] == 0 && p[3] == 0),
            "{more}"
        );
    }
}
