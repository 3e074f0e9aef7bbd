//! OGC API end to end: Common, Tiles, Maps, Styles, by their requirements and by what their
//! conformance suites and clients ask.
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

use std::collections::HashSet;
use std::sync::OnceLock;

use common::{Reply, Server, repository};
use serde_json::Value;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const REL: &str = "http://www.opengis.net/def/rel/ogc/1.0/";

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(repository(), &[]))
}

fn json(path: &str) -> Value {
    let reply = server().get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

/// The path of an address of this server.
fn path_of(href: &str) -> &str {
    let base = format!("http://{}", server().address);
    href.strip_prefix(&base)
        .unwrap_or_else(|| panic!("{href} is elsewhere"))
}

/// The first link of a relation.
fn link<'a>(document: &'a Value, rel: &str) -> &'a Value {
    let links = document["links"].as_array().unwrap();
    links
        .iter()
        .find(|link| link["rel"] == rel)
        .unwrap_or_else(|| panic!("no link {rel} in {document}"))
}

fn assert_problem(reply: &Reply, status: u16, path: &str) {
    assert_eq!(reply.status, status, "{path}: {}", reply.text());
    assert_eq!(
        reply.header("content-type"),
        "application/problem+json",
        "{path}"
    );
    assert_eq!(reply.header("access-control-allow-origin"), "*", "{path}");
    assert_eq!(reply.json()["status"], status, "{path}");
}

/// Every document of the API.
const DOCUMENTS: &[&str] = &[
    "/",
    "/conformance",
    "/api",
    "/collections",
    "/collections/communes",
    "/tileMatrixSets",
    "/tileMatrixSets/LAMB93",
    "/tiles",
    "/tiles/WebMercatorQuad",
    "/map/tiles",
    "/map/tiles/LAMB93",
    "/collections/communes/tiles",
    "/collections/communes/tiles/WebMercatorQuad",
    "/collections/communes/map/tiles",
    "/collections/communes/map/tiles/EuropeanETRS89_LAEAQuad",
    "/styles",
    "/styles/communes/metadata",
    "/styles/all/metadata",
];

#[test]
fn common_19_072_6_every_document_is_json_and_a_page_in_two_languages() {
    for path in DOCUMENTS {
        let plain = server().get(path);
        assert!(plain.header("content-type").contains("json"), "{path}");
        assert_eq!(
            server().get(&format!("{path}?f=json&&")).json(),
            plain.json(),
            "{path}"
        );
        for (query, language) in [("?f=html", "fr"), ("?f=html&lang=en", "en")] {
            let page = server().get(&format!("{path}{query}"));
            assert_eq!(page.status, 200, "{path}{query}: {}", page.text());
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert!(
                page.text().contains(&format!("<html lang=\"{language}\">")),
                "{path}"
            );
        }
        let browser = server().ask("GET", path, &[("Accept", BROWSER)], b"");
        assert!(
            browser.header("content-type").starts_with("text/html"),
            "{path}"
        );
        let program = server().ask("GET", path, &[("Accept", "*/*")], b"");
        assert!(program.header("content-type").contains("json"), "{path}");
        let head = server().ask("HEAD", path, &[], b"");
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(
            server().ask("OPTIONS", path, &[], b"").status,
            204,
            "{path}"
        );
    }
    assert!(server().get("/api.html").text().contains("OpenAPI 3.0.3"));
}

#[test]
fn common_19_072_6_parameters_that_are_not_declared_are_refused() {
    let heavy = [
        "/map",
        "/collections/communes/map",
        "/tiles/WebMercatorQuad/8/91/131",
    ];
    for path in DOCUMENTS.iter().chain(&heavy).chain(&["/styles/communes"]) {
        let bad = format!("{path}?bogus=1");
        assert_problem(&server().get(&bad), 400, &bad);
        let bad = format!("{path}?f=bogus");
        if *path != "/" {
            assert_problem(&server().get(&bad), 400, &bad);
        }
    }
    let near = server().get("/map?bbox_crs=a").text();
    assert!(near.contains("did you mean \\\"bbox-crs\\\"?"), "{near}");
}

#[test]
fn what_is_not_there_is_not_found() {
    for path in [
        "/collections/comunes",
        "/collections/comunes/map",
        "/collections/comunes/tiles",
        "/collections/communes/tiles/WebMercator",
        "/collections/communes/tiles/WebMercatorQuad/8/256/0",
        "/collections/communes/tiles/WebMercatorQuad/8/0/256",
        "/collections/communes/tiles/WebMercatorQuad/8/-1/0",
        "/collections/communes/tiles/WebMercatorQuad/99/0/0",
        "/collections/communes/bogus",
        "/tileMatrixSets/bogus",
        "/styles/bogus",
        "/styles/communes:bogus",
        "/styles/bogus/metadata",
        "/tiles/bogus",
    ] {
        assert_problem(&server().get(path), 404, path);
    }
    let page = server().ask("GET", "/collections/comunes", &[("Accept", BROWSER)], b"");
    assert_eq!(page.status, 404);
    assert!(page.header("content-type").starts_with("text/html"));
}

#[test]
fn every_link_of_every_document_answers_in_its_type() {
    let mut seen = HashSet::new();
    let mut waiting: Vec<String> = vec!["/?f=json".into()];
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) || seen.len() > 400 {
            continue;
        }
        let reply = server().get(&path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        if !reply.header("content-type").contains("json") {
            continue;
        }
        let mut values = vec![reply.json()];
        while let Some(value) = values.pop() {
            if let (Some(href), Some(kind)) = (value["href"].as_str(), value["type"].as_str())
                && value.get("templated").is_none()
                && href.starts_with(&format!("http://{}", server().address))
            {
                let path = path_of(href);
                let answer = server().get(path);
                assert_eq!(answer.status, 200, "{path}: {}", answer.text());
                let got = answer.header("content-type").to_owned();
                let is_xml = kind.contains("xml") && got.contains("xml");
                assert!(
                    is_xml || got.starts_with(kind),
                    "{path}: {got} is not {kind}"
                );
                if kind == "application/json" && !href.contains("/health") {
                    waiting.push(path.to_owned());
                }
            }
            match value {
                Value::Array(inner) => values.extend(inner),
                Value::Object(inner) => values.extend(inner.into_iter().map(|(_, v)| v)),
                _ => {}
            }
        }
    }
    assert!(seen.len() > 60, "{}", seen.len());
}

#[test]
fn links_are_told_in_the_header_too() {
    let reply = server().get("/collections/communes/tiles/WebMercatorQuad");
    let header = reply.header("link").to_owned();
    assert!(header.contains("/collections/communes/tiles/WebMercatorQuad?f=json>; rel=\"self\""));
    assert!(
        header.contains(&format!("rel=\"{REL}tiling-scheme\"")),
        "{header}"
    );
    assert!(!header.contains('{'), "{header}");
    assert_eq!(reply.header("content-language"), "fr");
}

#[test]
fn the_landing_page_has_the_links_that_conformance_suites_look_for() {
    let landing = json("/");
    let api = link(&landing, "service-desc");
    assert_eq!(api["type"], "application/vnd.oai.openapi+json;version=3.0");
    let reply = server().get(path_of(api["href"].as_str().unwrap()));
    assert_eq!(reply.header("content-type"), api["type"].as_str().unwrap());
    for rel in ["self", "alternate", "service-doc", "conformance", "data"] {
        assert!(link(&landing, rel)["type"].is_string());
    }
    for rel in [
        "tilesets-vector",
        "tilesets-map",
        "map",
        "tiling-schemes",
        "styles",
        "data",
    ] {
        for document in [&landing, &json("/collections/communes")] {
            if !["tiling-schemes", "data"].contains(&rel) || document == &landing {
                link(document, &format!("{REL}{rel}"));
            }
        }
    }
}

#[test]
fn conformance_classes_are_told_once() {
    let document = json("/conformance");
    let classes: Vec<&str> = document["conformsTo"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c.as_str().unwrap())
        .collect();
    let distinct: HashSet<&&str> = classes.iter().collect();
    assert_eq!(distinct.len(), classes.len());
    for class in [
        "ogcapi-common-1/1.0/conf/core",
        "ogcapi-common-2/1.0/conf/collections",
        "ogcapi-tiles-1/1.0/conf/core",
        "ogcapi-tiles-1/1.0/conf/collections-selection",
        "ogcapi-maps-1/1.0/conf/core",
        "ogcapi-maps-1/1.0/conf/styled-map",
        "ogcapi-styles-1/1.0/conf/core",
        "ogcapi-features-1/1.0/conf/core",
    ] {
        assert!(classes.contains(&format!("http://www.opengis.net/spec/{class}").as_str()));
    }
}

#[test]
fn the_description_names_every_address_and_refers_to_nothing_outside() {
    let api = json("/api");
    let text = api.to_string();
    assert_eq!(api["openapi"], "3.0.3");
    assert_eq!(
        api["servers"][0]["url"],
        format!("http://{}", server().address)
    );
    for reference in text.split("\"$ref\":\"").skip(1) {
        let target = reference.split('"').next().unwrap();
        let pointer = target
            .strip_prefix('#')
            .expect("a reference inside the document");
        assert!(api.pointer(pointer).is_some(), "{target}");
    }
    let mut operations = HashSet::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        let operation = item["get"]["operationId"].as_str().unwrap();
        assert!(operations.insert(operation.to_owned()), "{operation} twice");
        for name in path
            .split('{')
            .skip(1)
            .map(|rest| rest.split('}').next().unwrap())
        {
            let reference = format!("#/components/parameters/{name}");
            let declared = item["get"]["parameters"].as_array().unwrap();
            assert!(
                declared.iter().any(|p| p["$ref"] == reference),
                "{path} {name}"
            );
        }
        // each path is served
        let real = path
            .replace("{collectionId}", "communes")
            .replace("{featureId}", "69123")
            .replace("{tileMatrixSetId}", "WebMercatorQuad")
            .replace("{tileMatrix}", "8")
            .replace("{tileRow}", "91")
            .replace("{tileCol}", "131")
            .replace("{styleId}", "communes");
        assert_eq!(server().get(&real).status, 200, "{real}");
    }
    assert!(operations.iter().filter(|o| o.contains(".getTile")).count() >= 4);
    let collections = &api["components"]["parameters"]["collectionId"]["schema"]["enum"];
    assert!(collections.as_array().unwrap().contains(&"communes".into()));
}

#[test]
fn common_20_024_a_collection_says_the_same_alone_and_in_the_list() {
    let all = json("/collections");
    let listed = all["collections"].as_array().unwrap();
    assert_eq!(all["numberMatched"], listed.len());
    for one in listed {
        let id = one["id"].as_str().unwrap();
        let alone = json(&format!("/collections/{id}"));
        for member in ["id", "title", "description", "extent", "crs", "storageCrs"] {
            assert_eq!(one[member], alone[member], "{id} {member}");
        }
        assert_eq!(
            one["crs"][0],
            "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
        );
        let bbox: Vec<f64> =
            serde_json::from_value(one["extent"]["spatial"]["bbox"][0].clone()).unwrap();
        assert!(bbox[0] < bbox[2] && bbox[1] < bbox[3], "{id}");
        let crs: HashSet<String> = serde_json::from_value(one["crs"].clone()).unwrap();
        assert!(crs.contains(one["storageCrs"].as_str().unwrap()), "{id}");
    }
    let english = json("/collections/communes?lang=en");
    assert_ne!(
        english["title"],
        json("/collections/communes?lang=fr")["title"]
    );
}

#[test]
fn tiles_20_057_tile_sets_lead_to_their_tiles() {
    for (list, kind) in [
        ("/tiles", "vector"),
        ("/map/tiles", "map"),
        ("/collections/communes/tiles", "vector"),
        ("/collections/communes/map/tiles", "map"),
    ] {
        let document = json(list);
        let sets = document["tilesets"].as_array().unwrap();
        assert_eq!(sets.len(), 5, "{list}");
        for item in sets {
            assert_eq!(item["dataType"], kind);
            let set = json(path_of(link(item, "self")["href"].as_str().unwrap()));
            assert_eq!(set["crs"], item["crs"]);
            assert_eq!(set["tileMatrixSetURI"], item["tileMatrixSetURI"]);
            let scheme = link(&set, &format!("{REL}tiling-scheme"));
            let scheme = json(path_of(scheme["href"].as_str().unwrap()));
            let matrices: Vec<&str> = scheme["tileMatrices"]
                .as_array()
                .unwrap()
                .iter()
                .map(|m| m["id"].as_str().unwrap())
                .collect();
            let limits = set["tileMatrixSetLimits"].as_array().unwrap();
            assert!(!limits.is_empty());
            let limit = &limits[limits.len() / 3];
            assert!(matrices.contains(&limit["tileMatrix"].as_str().unwrap()));
            for item in set["links"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|l| l["rel"] == "item")
            {
                assert_eq!(item["templated"], true);
                let number = |name: &str| limit[name].to_string();
                let href = item["href"]
                    .as_str()
                    .unwrap()
                    .replace("{tileMatrix}", limit["tileMatrix"].as_str().unwrap())
                    .replace("{tileRow}", &number("minTileRow"))
                    .replace("{tileCol}", &number("minTileCol"));
                let tile = server().get(path_of(&href));
                match tile.status {
                    204 => assert_eq!(kind, "vector", "{href}"),
                    status => {
                        assert_eq!(status, 200, "{href}: {}", tile.text());
                        assert_eq!(tile.header("content-type"), item["type"].as_str().unwrap());
                    }
                }
            }
        }
    }
}

#[test]
fn tiles_20_057_a_tile_is_the_one_of_the_other_addresses_row_before_column() {
    let ours = server().get("/collections/communes/map/tiles/WebMercatorQuad/8/91/131?f=png");
    let web = server().get("/tiles/communes/8/131/91.png");
    assert_eq!(ours.body, web.body);
    assert_eq!(ours.header("etag"), web.header("etag"));
    let tag = web.header("etag").to_owned();
    let path = "/collections/communes/map/tiles/WebMercatorQuad/8/91/131?f=png";
    let again = server().ask("GET", path, &[("If-None-Match", &tag)], b"");
    assert_eq!((again.status, again.body.len()), (304, 0));
    let vector = server().get("/collections/communes/tiles/WebMercatorQuad/8/91/131");
    assert_eq!(
        vector.body,
        server().get("/tiles/communes/8/131/91.mvt").body
    );
    let chosen = server().get("/tiles/WebMercatorQuad/8/91/131?collections=communes,departements");
    let web = server().get("/tiles/communes,departements/8/131/91.mvt");
    assert_eq!(chosen.body, web.body);
    let map = server().get("/map/tiles/WebMercatorQuad/8/91/131?collections=carte&f=webp");
    assert_eq!(map.body, server().get("/tiles/carte/8/131/91.webp").body);
    // within the limits a tile may be empty, beyond them is none (requirement 6 A)
    let limits = &json("/collections/communes/tiles/WebMercatorQuad")["tileMatrixSetLimits"][12];
    let [row, column] = ["minTileRow", "minTileCol"].map(|name| limits[name].as_u64().unwrap());
    let path = "/collections/communes/tiles/WebMercatorQuad/12";
    let empty = server().get(&format!("{path}/{row}/{column}"));
    assert_eq!((empty.status, empty.body.len()), (204, 0));
    let beyond = format!("{path}/{}/{column}", row - 1);
    assert_problem(&server().get(&beyond), 404, &beyond);
    for bad in [
        "/tiles/WebMercatorQuad/8/91/131?collections=comunes",
        "/collections/communes/tiles/WebMercatorQuad/8/91/131?collections=communes",
        "/collections/communes/tiles/WebMercatorQuad/8/91/131?f=png",
        "/collections/communes/tiles/WebMercatorQuad/8/a/131",
    ] {
        assert_problem(&server().get(bad), 400, bad);
    }
}

#[test]
fn tiles_20_057_the_format_of_a_map_tile_is_negotiated() {
    let path = "/collections/communes/map/tiles/WebMercatorQuad/8/91/131";
    for (accept, media_type) in [
        ("*/*", "image/png"),
        ("image/webp", "image/webp"),
        ("image/jpeg;q=0.9, image/png;q=0.1", "image/jpeg"),
        ("image/avif,image/*", "image/png"),
    ] {
        let reply = server().ask("GET", path, &[("Accept", accept)], b"");
        assert_eq!(reply.header("content-type"), media_type, "{accept}");
    }
}

#[test]
fn a_tile_set_of_web_maps_has_a_tilejson() {
    let json = json("/collections/communes/tiles/WebMercatorQuad?f=tilejson");
    assert_eq!(json["tilejson"], "3.0.0");
    let template = json["tiles"][0].as_str().unwrap();
    let tile = template
        .replace("{z}", "8")
        .replace("{y}", "91")
        .replace("{x}", "131");
    let tile = server().get(path_of(&tile));
    assert_eq!(tile.body, server().get("/tiles/communes/8/131/91.mvt").body);
    let other = "/collections/communes/tiles/LAMB93?f=tilejson";
    assert_problem(&server().get(other), 400, other);
}

#[test]
fn tms_17_083_a_set_is_written_as_the_register_has_it() {
    let set = json("/tileMatrixSets/WebMercatorQuad");
    assert_eq!(set["id"], "WebMercatorQuad");
    assert_eq!(
        set["uri"],
        "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
    );
    assert_eq!(set["tileMatrices"][8]["matrixWidth"], 256);
    let all = json("/tileMatrixSets");
    assert_eq!(all["tileMatrixSets"].as_array().unwrap().len(), 5);
}

#[test]
fn maps_20_058_a_map_keeps_its_shape_and_tells_its_box_and_crs() {
    let reply = server().get("/collections/communes/map?f=png");
    let (width, height, pixels) = reply.picture();
    assert_eq!(width.max(height), 1024);
    assert!(pixels.iter().any(|p| p[3] == 0) && pixels.iter().any(|p| p[3] == 255));
    let crs = json("/collections/communes")["storageCrs"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(reply.header("content-crs"), crs);
    let corners = |reply: &Reply| -> Vec<f64> {
        let text = reply.header("content-bbox").to_owned();
        text.split(',').map(|c| c.parse().unwrap()).collect()
    };
    let bbox = corners(&reply);
    let shape = (bbox[2] - bbox[0]) / (bbox[3] - bbox[1]);
    assert!((shape - f64::from(width) / f64::from(height)).abs() < 0.01);

    let small = server().get("/collections/communes/map?width=300");
    let (w, h, _) = small.picture();
    assert_eq!(w, 300);
    assert!((f64::from(w) / f64::from(h) - shape).abs() < 0.02);
    let (w, h, _) = server()
        .get("/collections/communes/map?width=300&height=50")
        .picture();
    assert_eq!((w, h), (300, 50));
}

#[test]
fn maps_20_058_a_box_is_in_the_axis_order_of_its_crs() {
    let path = "/collections/communes/map?width=200&height=150&crs=[EPSG:3857]";
    let plain = server().get(&format!("{path}&bbox=4,45,5,46"));
    for same in [
        "bbox=4,45,5,46&bbox-crs=http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "bbox=45,4,46,5&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4326",
        "bbox=45,4,46,5&bbox-crs=%5BEPSG:4326%5D",
    ] {
        let reply = server().get(&format!("{path}&{same}"));
        assert_eq!(reply.status, 200, "{same}: {}", reply.text());
        assert_eq!(reply.body, plain.body, "{same}");
    }
    // and the answer's box in that of the map
    let north_first = server().get("/collections/communes/map?bbox=4,45,5,46&crs=EPSG:4326");
    assert_eq!(north_first.header("content-bbox"), "45,4,46,5");
    let wms = server().get(
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=communes&STYLES=&CRS=EPSG:2154\
         &BBOX=800000,6500000,900000,6600000&WIDTH=200&HEIGHT=200&FORMAT=image/png&TRANSPARENT=TRUE",
    );
    let map = server().get(
        "/collections/communes/map?crs=EPSG:2154&bbox-crs=EPSG:2154\
         &bbox=800000,6500000,900000,6600000&width=200&height=200",
    );
    assert_eq!(map.body, wms.body, "the map of a WMS");
}

#[test]
fn maps_20_058_the_background_is_clear_or_of_a_colour() {
    let path = "/collections/communes/map?width=64&bbox=-20,45,-19,46";
    let corner = |query: &str| server().get(&format!("{path}{query}")).picture().2[0];
    assert_eq!(corner("")[3], 0);
    assert_eq!(corner("&transparent=false"), [255, 255, 255, 255]);
    assert_eq!(corner("&bgcolor=navy"), [0, 0, 128, 255]);
    assert_eq!(corner("&bgcolor=0xFF8000"), [255, 128, 0, 255]);
    assert_eq!(corner("&bgcolor=navy&transparent=true")[3], 0);
    let jpeg = server().get(&format!("{path}&f=jpeg"));
    assert_eq!(jpeg.header("content-type"), "image/jpeg");
}

#[test]
fn maps_20_058_the_site_and_a_selection_have_a_map() {
    let all = server().get("/map?width=300&crs=EPSG:2154&bbox=2,44,7,47");
    let some = server().get("/map?width=300&crs=EPSG:2154&bbox=2,44,7,47&collections=communes");
    let one = server().get("/collections/communes/map?width=300&crs=EPSG:2154&bbox=2,44,7,47");
    assert_eq!(some.body, one.body);
    assert_ne!(all.body, one.body);
    for bad in [
        "bbox=1,2,3",
        "bbox=4,46,5,45",
        "bbox=4,45,4,46",
        "bbox=a,b,c,d",
        "width=0",
        "width=-1",
        "width=999999",
        "width=1&height=99999999999",
        "crs=EPSG:99999",
        "crs=EPSG:4978",
        "bbox-crs=bogus&bbox=1,2,3,4",
        "transparent=perhaps",
        "bgcolor=nocolour",
        "f=gif",
        "collections=comunes",
        "explain=xml",
    ] {
        let path = format!("/map?{bad}");
        assert_problem(&server().get(&path), 400, &path);
    }
    let why = json("/collections/communes/map?explain=json&width=100");
    assert_eq!(why["drawn"]["layers"][0]["layer"], "communes");
}

#[test]
fn maps_20_058_a_style_has_a_map() {
    let view = "width=300&crs=EPSG:2154&bbox=2,44,7,47";
    let map = |path: &str| server().get(&format!("{path}/map?{view}"));
    assert_eq!(
        map("/styles/communes").body,
        map("/collections/communes").body
    );
    assert_eq!(map("/styles/all").body, map("").body);
    let list = json("/styles");
    let styles = list["styles"].as_array().unwrap();
    let other = styles.iter().find_map(|style| {
        let id = style["id"].as_str().unwrap();
        id.split_once(':')
            .map(|(layer, style)| (layer.to_owned(), style.to_owned()))
    });
    let (layer, style) = other.expect("a layer of two styles");
    let drawn = map(&format!("/styles/{layer}:{style}"));
    assert_eq!(drawn.status, 200);
    assert_ne!(drawn.body, map(&format!("/collections/{layer}")).body);
    assert_eq!(
        drawn.body,
        map(&format!("/collections/{layer}/styles/{style}")).body
    );
    // 20-058 requirement styled-map/desc-links
    for style in styles {
        let links = style["links"].as_array().unwrap();
        let map = links
            .iter()
            .find(|l| l["rel"] == "http://www.opengis.net/def/rel/ogc/1.0/map");
        let href = map.unwrap()["href"].as_str().unwrap();
        assert!(href.ends_with(&format!("/styles/{}/map", style["id"].as_str().unwrap())));
    }
    for wrong in [
        "/styles/comunes/map",
        "/styles/communes:nul/map",
        "/collections/communes/styles/nul/map",
    ] {
        assert_problem(&server().get(wrong), 404, wrong);
    }
    assert_problem(
        &server().get("/styles/all/map?collections=communes"),
        400,
        "collections",
    );
}

#[test]
fn styles_20_009_every_style_is_sld_and_a_page() {
    let list = json("/styles");
    let styles = list["styles"].as_array().unwrap();
    assert_eq!(list["default"], "all");
    for id in ["all", "communes", "departements"] {
        assert!(styles.iter().any(|s| s["id"] == id), "{id}");
    }
    for style in styles {
        let id = style["id"].as_str().unwrap();
        let plain = server().get(&format!("/styles/{id}"));
        assert_eq!(
            plain.header("content-type"),
            "application/vnd.mapbox.style+json"
        );
        assert_eq!(plain.json()["version"], 8);
        assert_eq!(
            plain.body,
            server().get(&format!("/styles/{id}?f=mapbox")).body
        );
        let new = server().get(&format!("/styles/{id}?f=sld11"));
        assert_eq!(
            new.header("content-type"),
            "application/vnd.ogc.sld+xml;version=1.1"
        );
        assert!(new.text().contains("version=\"1.1.0\""), "{id}");
        let old = server().get(&format!("/styles/{id}?f=sld10"));
        assert!(old.text().contains("version=\"1.0.0\""), "{id}");
        let page = server().get(&format!("/styles/{id}?f=html")).text();
        assert!(page.contains("REQUEST=GetLegendGraphic"), "{id}");
        let metadata = json(&format!("/styles/{id}/metadata"));
        assert_eq!(metadata["id"], id);
        assert!(!metadata["layers"].as_array().unwrap().is_empty());
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn styles_20_009_sld_is_valid() {
    for id in ["all", "communes", "departements"] {
        let text = server().get(&format!("/styles/{id}?f=sld11")).text();
        schema::assert_valid(&text, "drivers/sld11.xsd");
    }
}

#[test]
fn nothing_hostile_breaks_out_of_a_page_or_a_header() {
    for path in [
        "/collections/%3Cscript%3E",
        "/styles/%22%3E%3Cscript%3E?f=html",
        "/tileMatrixSets/%0D%0AX-Evil:1",
        "/tiles/WebMercatorQuad?collections=%3Cscript%3E&f=html",
    ] {
        let reply = server().ask("GET", path, &[("Accept", BROWSER)], b"");
        assert!([400, 404].contains(&reply.status), "{path}");
        assert!(!reply.text().contains("<script>"), "{path}");
        assert_eq!(reply.header("x-evil"), "");
    }
}

/// The requests of GDAL's OGCAPI driver, OpenLayers and OWSLib, whose addresses the documents
/// lead to here.
#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn requests_of_real_clients_for_tiles_are_answered() {
    let mut asked = 0;
    for client in ["gdal-ogcapi", "openlayers-ogc", "owslib-ogcapi-tiles"] {
        let file = repository().join(format!("../shared/client-requests/{client}.txt"));
        let text = std::fs::read_to_string(file).unwrap();
        let lines = text.lines().filter_map(|l| l.strip_prefix("GET {api}"));
        for line in lines {
            let path = line.rsplit_once("  [").map_or(line, |(path, _)| path);
            // items are another protocol's; the peer writes its sets another way, and links to them
            if path.contains("/items") || path.contains("/openapi") {
                continue;
            }
            let path = path.replace("/TileMatrixSets/", "/tileMatrixSets/");
            let accept = [("Accept", "application/geo+json, application/json")];
            let reply = server().ask("GET", &path, &accept, b"");
            assert!(
                [200, 204].contains(&reply.status),
                "{client} {path}: {}",
                reply.text()
            );
            asked += 1;
        }
    }
    assert!(asked > 15, "{asked}");
}
