//! WMTS 1.0.0 end to end, by the clauses of OGC 07-057r7 and what its conformance suite asks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod common;
#[path = "common/schema.rs"]
mod schema;

use std::sync::OnceLock;

use common::{Reply, Scratch, Server, repository};

const CAPABILITIES: &str = "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities";
const TILE: &str = "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=communes&STYLE=default\
                    &FORMAT=image/png&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=8&TILEROW=91&TILECOL=131";
const INFO: &str = "/wmts?SERVICE=WMTS&REQUEST=GetFeatureInfo&VERSION=1.0.0&LAYER=communes\
                    &STYLE=default&FORMAT=image/png&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=8\
                    &TILEROW=91&TILECOL=131&I=100&J=100&INFOFORMAT=application/json";
const SCHEMA: &str = "drivers/wmts10-inspire.xsd";
const REPORT: &str = "schemas.opengis.net/ows/1.1.0/owsExceptionReport.xsd";

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(repository(), &[]))
}

/// Code and locator of an exception report, which is a 400.
fn exception(path: &str) -> (String, Option<String>) {
    let reply = server().get(path);
    let text = reply.text();
    assert_eq!(reply.status, 400, "{path}: {text}");
    assert_eq!(reply.header("content-type"), "text/xml", "{path}");
    let attribute = |name: &str| {
        let from = text.find(&format!(" {name}=\""))? + name.len() + 3;
        let rest = &text[from..];
        Some(rest[..rest.find('"')?].to_owned())
    };
    (
        attribute("exceptionCode").unwrap_or_else(|| panic!("no code: {text}")),
        attribute("locator"),
    )
}

fn assert_exception(path: &str, code: &str, locator: Option<&str>) {
    let (found, at) = exception(path);
    assert_eq!((found.as_str(), at.as_deref()), (code, locator), "{path}");
}

/// A request with one parameter replaced, or left out.
fn with(request: &str, name: &str, value: Option<&str>) -> String {
    let (path, query) = request.split_once('?').unwrap();
    let pairs: Vec<String> = query
        .split('&')
        .filter_map(|pair| match (pair.split_once('='), value) {
            (Some((n, _)), None) if n == name => None,
            (Some((n, _)), Some(value)) if n == name => Some(format!("{n}={value}")),
            _ => Some(pair.to_owned()),
        })
        .collect();
    format!("{path}?{}", pairs.join("&"))
}

fn assert_tile(reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), "image/png");
    let (width, height, pixels) = reply.picture();
    assert_eq!((width, height), (256, 256));
    assert!(pixels.iter().any(|p| p[3] > 0), "an empty tile");
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wmts100_7_1_1_capabilities_are_valid_in_every_language_and_section() {
    for suffix in [
        "",
        "&LANGUAGE=eng",
        "&Sections=Contents",
        "&sections=ServiceIdentification,ServiceProvider,OperationsMetadata,Themes",
        "&sections=All",
    ] {
        let reply = server().get(&format!("{CAPABILITIES}{suffix}"));
        assert_eq!(reply.header("content-type"), "application/xml");
        schema::assert_valid(&reply.text(), SCHEMA);
    }
    let hostile = server().ask("GET", CAPABILITIES, &[("Host", "a.example")], b"");
    schema::assert_valid(&hostile.text(), SCHEMA);
    assert!(
        hostile
            .text()
            .contains("xlink:href=\"http://a.example/wmts?\"")
    );
}

#[test]
fn wmts100_7_1_2_sections_are_those_asked_for() {
    let part = server()
        .get(&format!("{CAPABILITIES}&SECTIONS=ServiceProvider"))
        .text();
    assert!(part.contains("<ows:ServiceProvider>"));
    assert!(!part.contains("<Contents>") && !part.contains("<ows:OperationsMetadata>"));
    let bogus = format!("{CAPABILITIES}&sections=Bogus");
    assert_exception(&bogus, "InvalidParameterValue", Some("sections"));
    let empty = format!("{CAPABILITIES}&sections=");
    assert_exception(&empty, "MissingParameterValue", Some("sections"));
}

#[test]
fn ows110_7_3_2_versions_are_negotiated() {
    for spoken in [
        "&ACCEPTVERSIONS=1.0.0",
        "&AcceptVersions=9.0.0,1.0.0",
        "&version=1.0.0",
    ] {
        let reply = server().get(&format!("{CAPABILITIES}{spoken}"));
        assert!(reply.text().contains("<Contents>"), "{spoken}");
    }
    let not = format!("{CAPABILITIES}&AcceptVersions=2.0.0,1.1.0");
    assert_exception(&not, "VersionNegotiationFailed", None);
}

#[test]
fn ows110_7_3_4_who_has_the_document_gets_its_head_and_the_future_is_an_exception() {
    let whole = server().get(CAPABILITIES).text();
    let from = whole.find("updateSequence=\"").unwrap() + 16;
    let sequence: u64 = whole[from..].split('"').next().unwrap().parse().unwrap();
    let head = server().get(&format!("{CAPABILITIES}&updateSequence={sequence}"));
    assert!(!head.text().contains("ows:ServiceIdentification") && head.body.len() < 1500);
    let future = format!("{CAPABILITIES}&UPDATESEQUENCE={}", sequence + 1);
    assert_exception(&future, "InvalidUpdateSequence", None);
}

#[test]
fn wmts100_7_1_3_what_is_missing_or_wrong_is_named() {
    for (path, code, locator) in [
        ("/wmts", "MissingParameterValue", "service"),
        ("/wmts?SERVICE=WMTS", "MissingParameterValue", "request"),
        (
            "/wmts?REQUEST=GetCapabilities",
            "MissingParameterValue",
            "service",
        ),
        (
            "/wmts?SERVICE=BOGUS&REQUEST=GetCapabilities",
            "InvalidParameterValue",
            "service",
        ),
        (
            "/wmts?SERVICE=WMTS&REQUEST=GetMap",
            "InvalidParameterValue",
            "request",
        ),
    ] {
        assert_exception(path, code, Some(locator));
    }
    for (name, locator) in [
        ("VERSION", "version"),
        ("LAYER", "layer"),
        ("STYLE", "style"),
        ("FORMAT", "format"),
        ("TILEMATRIXSET", "TileMatrixSet"),
        ("TILEMATRIX", "TileMatrix"),
        ("TILEROW", "TileRow"),
        ("TILECOL", "TileCol"),
    ] {
        assert_exception(
            &with(TILE, name, None),
            "MissingParameterValue",
            Some(locator),
        );
        let bogus = with(TILE, name, Some("Bogus"));
        assert_exception(&bogus, "InvalidParameterValue", Some(locator));
    }
    for (name, locator) in [
        ("FORMAT", "format"),
        ("I", "I"),
        ("J", "J"),
        ("INFOFORMAT", "InfoFormat"),
    ] {
        assert_exception(
            &with(INFO, name, None),
            "MissingParameterValue",
            Some(locator),
        );
    }
}

#[test]
fn wmts100_7_2_3_tiles_outside_the_limits_are_out_of_range() {
    for (name, value, locator) in [
        ("TILEROW", "-41", "TileRow"),
        ("TILEROW", "0", "TileRow"),
        ("TILEROW", "256", "TileRow"),
        ("TILECOL", "0", "TileCol"),
        ("TILECOL", "99999999999999999999", "TileCol"),
    ] {
        assert_exception(
            &with(TILE, name, Some(value)),
            "TileOutOfRange",
            Some(locator),
        );
    }
    let near = server().get(&with(TILE, "LAYER", Some("comunes"))).text();
    assert!(
        near.contains("did you mean &quot;communes&quot;?"),
        "{near}"
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn ows110_8_exception_reports_are_valid() {
    let hostile = "%3C/x%3E%26%00%01%EF%BF%BE%22";
    for path in [
        "/wmts".to_owned(),
        with(TILE, "LAYER", Some(hostile)),
        with(TILE, "TILEROW", Some("-1")),
        format!("{CAPABILITIES}&AcceptVersions={hostile}"),
    ] {
        schema::assert_valid(&server().get(&path).text(), REPORT);
    }
}

#[test]
fn wmts100_7_2_a_tile_is_the_one_of_the_other_addresses() {
    let kvp = server().get(TILE);
    assert_tile(&kvp);
    let rest = server().get("/wmts/1.0.0/communes/default/WebMercatorQuad/8/91/131.png");
    let web = server().get("/tiles/communes/8/131/91.png");
    assert_eq!(kvp.body, rest.body);
    assert_eq!(kvp.body, web.body);
    assert_eq!(kvp.header("etag"), web.header("etag"));
    let tag = kvp.header("etag").to_owned();
    let again = server().ask("GET", TILE, &[("If-None-Match", &tag)], b"");
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[test]
fn wmts100_7_2_names_of_parameters_come_in_any_case_and_order_also_as_a_form() {
    let mixed = "/wmts?&tileCol=131&&TileRow=91&tilematrix=8&TileMatrixSet=WebMercatorQuad\
                 &Format=image%2Fpng&STYLE=&layer=communes&Version=1.0.0&Request=GetTile&Service=WMTS&bogus=1";
    let whole = server().get(TILE);
    assert_eq!(server().get(mixed).body, whole.body);
    let form = mixed.split_once('?').unwrap().1;
    let kind = [("Content-Type", "application/x-www-form-urlencoded")];
    let posted = server().ask("POST", "/wmts", &kind, form.as_bytes());
    assert_eq!(posted.body, whole.body);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn wmts100_10_2_5_an_address_of_what_there_is_not_is_not_found() {
    for path in [
        "nonsense/default/WebMercatorQuad/8/91/131.png",
        "communes/nonsense/WebMercatorQuad/8/91/131.png",
        "communes/default/nonsense/8/91/131.png",
        "communes/default/WebMercatorQuad/99/91/131.png",
        "communes/default/WebMercatorQuad/8/0/131.png",
        "communes/default/WebMercatorQuad/8/x/131.png",
        "communes/default/WebMercatorQuad/8/91/131.gif",
        "communes/default/WebMercatorQuad/8/91/131/100/256.json",
    ] {
        let reply = server().get(&format!("/wmts/1.0.0/{path}"));
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.header("content-type"), "text/xml", "{path}");
        schema::assert_valid(&reply.text(), REPORT);
    }
    // what is wrong there is not the address
    let tile = "/wmts/1.0.0/communes/default/WebMercatorQuad/8/91/131.png?explain=perhaps";
    assert_eq!(server().get(tile).status, 400);
}

#[test]
fn every_format_is_sent_in_its_type() {
    for (format, ending, magic) in [
        ("image/png", "png", &b"\x89PNG"[..]),
        ("image/png;%20mode=8bit", "png8", b"\x89PNG"),
        ("image/webp", "webp", b"RIFF"),
        ("image/jpeg", "jpeg", b"\xff\xd8\xff"),
        ("application/vnd.mapbox-vector-tile", "mvt", b"\x1a"),
    ] {
        let kvp = server().get(&with(TILE, "FORMAT", Some(format)));
        assert_eq!(kvp.header("content-type"), format.replace("%20", " "));
        assert!(kvp.body.starts_with(magic), "{format}");
        let path = format!("/wmts/1.0.0/communes/default/WebMercatorQuad/8/91/131.{ending}");
        assert_eq!(server().get(&path).body, kvp.body, "{path}");
    }
}

#[test]
fn wmts100_7_3_a_click_answers_what_is_there_in_every_format() {
    let found = server().get(INFO);
    assert_eq!(found.status, 200, "{}", found.text());
    let features = found.json()["features"].as_array().unwrap().clone();
    assert!(!features.is_empty() && features.len() <= 10);
    assert!(features[0]["properties"]["nom"].is_string());
    for (ending, media_type) in [
        ("html", "text/html"),
        ("txt", "text/plain"),
        ("json", "application/json"),
        ("geojson", "application/geo+json"),
        ("gml", "application/vnd.ogc.gml"),
        ("gml3", "application/vnd.ogc.gml/3.1.1"),
        ("xml", "text/xml"),
    ] {
        let path =
            format!("/wmts/1.0.0/communes/default/WebMercatorQuad/8/91/131/100/100.{ending}");
        let reply = server().get(&path);
        assert_eq!(reply.status, 200, "{path}");
        assert!(
            reply.header("content-type").starts_with(media_type),
            "{path}"
        );
        if ending == "json" {
            assert_eq!(reply.body, found.body);
        }
    }
    assert_exception(&with(INFO, "I", Some("256")), "PointIJOutOfRange", None);
    assert_exception(&with(INFO, "J", Some("-1")), "PointIJOutOfRange", None);
    for (name, value) in [("I", "x"), ("I", "1.5"), ("J", "1e1"), ("J", "-")] {
        let wrong = with(INFO, name, Some(value));
        assert_exception(&wrong, "InvalidParameterValue", Some(name));
    }
    let without = server().get(&with(INFO, "VERSION", None));
    assert_eq!(without.body, found.body, "MapStore names no version");
    let later = with(INFO, "VERSION", Some("1.1.0"));
    assert_exception(&later, "InvalidParameterValue", Some("version"));
    let format = with(INFO, "INFOFORMAT", Some("image/png"));
    assert_exception(&format, "InvalidParameterValue", Some("InfoFormat"));
}

#[test]
fn a_group_is_a_layer_of_the_default_style() {
    let group = with(TILE, "LAYER", Some("carte"));
    assert_tile(&server().get(&group));
    let styled = with(&group, "STYLE", Some("departements"));
    assert_exception(&styled, "InvalidParameterValue", Some("style"));
}

#[test]
fn wmts100_10_3_resources_that_are_none_are_not_found_and_no_other_type_is_made_up() {
    let capabilities = "/wmts/1.0.0/WMTSCapabilities.xml";
    let whole = server().get(capabilities);
    assert_eq!(whole.body, server().get(CAPABILITIES).body);
    assert_eq!(server().get(&format!("{capabilities}/Bogus")).status, 404);
    assert_eq!(server().get("/wmts/1.1.0/WMTSCapabilities.xml").status, 404);
    let ask = |accept: &str| server().ask("GET", capabilities, &[("Accept", accept)], b"");
    assert_eq!(ask("example/unknown").status, 406);
    assert_eq!(ask("text/html, */*;q=0.1").status, 200);
    let kvp = server().get(&format!("{CAPABILITIES}&AcceptFormats=example/unknown"));
    assert_eq!(kvp.header("content-type"), "application/xml");
}

/// The texts of all elements of a name.
fn texts<'a>(document: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    document
        .split(&open)
        .skip(1)
        .map(|rest| rest.split(&close).next().unwrap())
        .collect()
}

#[test]
fn wmts100_6_1_corners_are_in_the_axis_order_of_the_crs() {
    let text = server()
        .get(&format!("{CAPABILITIES}&SECTIONS=Contents"))
        .text();
    let set = |id: &str| {
        let name = format!("<ows:Identifier>{id}</ows:Identifier>\n<ows:BoundingBox");
        let from = text.find(&name).unwrap_or_else(|| panic!("no set {id}"));
        text[from..].split("</TileMatrixSet>").next().unwrap()
    };
    for (id, crs, corner) in [
        (
            "WebMercatorQuad",
            "urn:ogc:def:crs:EPSG:6.18:3:3857",
            "-20037508.3427892 20037508.3427892",
        ),
        ("WorldCRS84Quad", "urn:ogc:def:crs:OGC:1.3:CRS84", "-180 90"),
        (
            "InspireCRS84Quad",
            "urn:ogc:def:crs:OGC:1.3:CRS84",
            "-180 90",
        ),
        ("LAMB93", "urn:ogc:def:crs:EPSG::2154", "0 12000000"),
        // northing first
        (
            "EuropeanETRS89_LAEAQuad",
            "urn:ogc:def:crs:EPSG::3035",
            "5500000 2000000",
        ),
    ] {
        let set = set(id);
        assert_eq!(texts(set, "ows:SupportedCRS"), [crs], "{id}");
        let corners = texts(set, "TopLeftCorner");
        assert!(
            corners.len() > 10 && corners.iter().all(|c| *c == corner),
            "{id}: {corners:?}"
        );
        let mut scales: Vec<f64> = texts(set, "ScaleDenominator")
            .iter()
            .map(|s| s.parse().unwrap())
            .collect();
        let known = scales.len();
        scales.dedup();
        assert_eq!(scales.len(), known, "{id}");
    }
    assert_eq!(
        texts(&text, "WellKnownScaleSet"),
        ["urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible"]
    );
}

#[test]
fn wmts100_7_1_1_1_every_limit_of_the_capabilities_has_its_tile() {
    let text = server().get(CAPABILITIES).text();
    let layer = text
        .split("<Layer>")
        .find(|l| l.contains("<ows:Identifier>communes<"))
        .unwrap();
    let mut asked = 0;
    for link in layer.split("<TileMatrixSetLink>").skip(1) {
        let set = texts(link, "TileMatrixSet")[0];
        for limits in link.split("<TileMatrixLimits>").skip(1).take(9) {
            let matrix = texts(limits, "TileMatrix")[0];
            for (row, column) in [("MinTileRow", "MinTileCol"), ("MaxTileRow", "MaxTileCol")] {
                let (row, column) = (texts(limits, row)[0], texts(limits, column)[0]);
                let path =
                    format!("/wmts/1.0.0/communes/default/{set}/{matrix}/{row}/{column}.mvt");
                let status = server().get(&path).status;
                assert!([200, 204].contains(&status), "{path}: {status}");
                asked += 1;
            }
        }
    }
    assert!(asked > 60, "{asked}");
}

#[test]
fn every_address_of_the_capabilities_answers_as_it_says() {
    let text = server().get(CAPABILITIES).text();
    let base = format!("http://{}", server().address);
    let layer = text
        .split("<Layer>")
        .find(|l| l.contains("<ows:Identifier>communes<"))
        .unwrap();
    let attribute = |element: &str, name: &str| {
        let from = element.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
        element[from..]
            .split('"')
            .next()
            .unwrap()
            .replace("&amp;", "&")
    };
    let mut legends = 0;
    for legend in layer.split("<LegendURL").skip(1) {
        let address = attribute(legend, "xlink:href");
        let reply = server().get(address.strip_prefix(&base).unwrap());
        let (width, height, _) = reply.picture();
        assert_eq!(attribute(legend, "width"), width.to_string());
        assert_eq!(attribute(legend, "height"), height.to_string());
        assert_eq!(reply.header("content-type"), attribute(legend, "format"));
        legends += 1;
    }
    assert!(legends > 0);
    let mut resources = 0;
    for resource in layer.split("<ResourceURL").skip(1) {
        let mut address = attribute(resource, "template");
        for (name, value) in [
            ("{Style}", "default"),
            ("{TileMatrixSet}", "WebMercatorQuad"),
            ("{TileMatrix}", "8"),
            ("{TileRow}", "91"),
            ("{TileCol}", "131"),
            ("{I}", "100"),
            ("{J}", "100"),
        ] {
            address = address.replace(name, value);
        }
        let reply = server().get(address.strip_prefix(&base).unwrap());
        assert_eq!(reply.status, 200, "{address}");
        let format = attribute(resource, "format");
        assert!(
            reply.header("content-type").starts_with(&format),
            "{address}"
        );
        resources += 1;
    }
    assert_eq!(resources, 12);
    let record = attribute(layer.split("<ows:Metadata").nth(1).unwrap(), "xlink:href");
    assert_eq!(
        server().get(record.strip_prefix(&base).unwrap()).status,
        200
    );
}

#[test]
fn inspire_view_11_titles_come_in_the_language_asked_for_and_unknown_ones_in_the_default() {
    let default = server().get(CAPABILITIES).text();
    let french = server().get(&format!("{CAPABILITIES}&LANGUAGE=fre")).text();
    let english = server().get(&format!("{CAPABILITIES}&LANGUAGE=eng")).text();
    let unknown = server().get(&format!("{CAPABILITIES}&LANGUAGE=xxx")).text();
    assert_eq!(default, french);
    assert_eq!(default, unknown);
    let response = |text: &str| {
        let part = texts(text, "inspire_common:ResponseLanguage")[0].to_owned();
        texts(&part, "inspire_common:Language")[0].to_owned()
    };
    assert_eq!(
        (response(&french), response(&english)),
        ("fre".into(), "eng".into())
    );
    assert_ne!(texts(&french, "ows:Title"), texts(&english, "ows:Title"));
}

/// The sets that the recorded peer called by their CRS, and what they are called here.
fn our_names(query: &str) -> String {
    query
        .replace("%3A", ":")
        .replace("=EPSG:3857", "=WebMercatorQuad")
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_wmts_request_of_real_clients_is_answered_as_they_need() {
    let shared = repository().join("../shared");
    let scratch = Scratch::new("wmts-replay");
    let data = shared.join("data/ara/departements.fgb");
    std::fs::copy(data, scratch.0.join("departements.fgb")).unwrap();
    let server = Server::start(&scratch.0, &["--strict"]);
    let (mut tiles, mut documents, mut clients) = (0, 0, 0);
    for client in ["gdal", "openlayers", "owslib", "qgis"] {
        clients += 1;
        let file = shared.join(format!("client-requests/{client}-wmts.txt"));
        let text = std::fs::read_to_string(file).unwrap();
        for line in text.lines().filter_map(|l| l.strip_prefix("GET {ows}?")) {
            let query = our_names(line.rsplit_once("  [").map_or(line, |(query, _)| query));
            let reply = server.get(&format!("/wmts?{query}"));
            let lower = query.to_lowercase();
            if lower.contains("getcapabilities") {
                assert_eq!(reply.status, 200, "{client}: {query}");
                assert!(reply.text().contains("<Contents>"));
                documents += 1;
            } else if lower.contains("webmercatorquad") {
                // the recordings' data are of all France, ours of one region of it: what is
                // outside its limits is told so
                match reply.status {
                    200 => assert_eq!(reply.picture().0, 256, "{client}: {query}"),
                    _ => assert!(reply.text().contains("TileOutOfRange"), "{client}: {query}"),
                }
                tiles += u32::from(reply.status == 200);
            } else {
                // sets of the peer alone
                assert_eq!(reply.status, 400, "{client}: {query}");
                assert!(
                    reply.text().contains("locator=\"TileMatrixSet\""),
                    "{query}"
                );
            }
        }
    }
    assert!(
        clients == 4 && documents >= 8 && tiles >= 12,
        "{documents} {tiles}"
    );
}

#[test]
fn a_click_into_an_area_finds_it_by_its_inside_behind_what_is_drawn_there() {
    // of departements the outlines alone are drawn, of communes the areas
    let ids = |reply: Reply| -> Vec<String> {
        let features = reply.json()["features"].clone();
        let features = features.as_array().unwrap().iter();
        features
            .map(|feature| feature["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let wms = |layers: &str, more: &str| {
        ids(server().get(&format!(
            "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS={layers}&QUERY_LAYERS={layers}&STYLES=\
             &CRS=EPSG:2154&BBOX=838000,6515000,848000,6525000&WIDTH=101&HEIGHT=101&I=50&J=50\
             &INFO_FORMAT=application/json{more}"
        )))
    };
    assert_eq!(wms("departements", ""), ["departements.69"]);
    let both = ["communes.69123", "departements.69"];
    assert_eq!(wms("communes,departements", ""), both);
    assert_eq!(wms("departements,communes", ""), both);
    // so wide a tolerance reaches the outline: it is drawn there, and the topmost is the first
    let near = wms("communes,departements", "&BUFFER=400");
    assert!(near[0].starts_with("departements."), "{near:?}");
    // outside of all areas there is nothing
    let outside = with(INFO, "LAYER", Some("departements"));
    let outside = with(
        &with(&outside, "TILECOL", Some("133")),
        "TILEROW",
        Some("93"),
    );
    assert_eq!(ids(server().get(&outside)), Vec::<String>::new());
    let inside = ids(server().get(&with(INFO, "LAYER", Some("departements"))));
    assert_eq!(inside.len(), 1, "{inside:?}");
}
