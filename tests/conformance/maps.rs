//! OGC API – Maps Part 1 (OGC 20-058), Annex A: the abstract tests of the classes that are
//! declared, each by its identifier. There is no released suite.

use serde_json::Value;

use crate::common::{Reply, Scratch, Server};
use crate::reference::{lakes, path_of};

const REL: &str = "http://www.opengis.net/def/rel/ogc/1.0/";

fn json(path: &str) -> Value {
    let reply = lakes().ask("GET", path, &[("Accept", "application/json")], b"");
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

fn links<'a>(document: &'a Value, rel: &str) -> Vec<&'a Value> {
    let links = document["links"].as_array().expect("links");
    let wanted = [
        format!("{REL}{rel}"),
        format!("[ogc-rel:{rel}]"),
        rel.to_owned(),
    ];
    let same = |link: &&Value| wanted.iter().any(|w| link["rel"] == w.as_str());
    links.iter().filter(same).collect()
}

fn href(link: &Value) -> String {
    path_of(link["href"].as_str().expect("an address"))
}

/// The collections and the site itself, as the standard calls what has a map.
fn resources() -> Vec<(String, Value)> {
    let collections = json("/collections?limit=100");
    let ids = collections["collections"].as_array().unwrap().iter();
    let mut all: Vec<(String, Value)> = ids
        .map(|c| {
            let path = format!("/collections/{}", c["id"].as_str().unwrap());
            let document = json(&path);
            (path, document)
        })
        .collect();
    all.push((String::new(), json("/")));
    assert!(all.len() > 10);
    all
}

fn numbers(reply: &Reply, header: &str) -> Vec<f64> {
    let text = reply.header(header).to_owned();
    let numbers = text
        .split(',')
        .map(|n| n.parse().unwrap_or_else(|_| panic!("{header}: {text}")));
    numbers.collect()
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_core_map_op() {
    for (path, document) in resources() {
        let found = links(&document, "map");
        assert!(!found.is_empty(), "{path} has no map");
        for link in found {
            let reply = lakes().ask(
                "GET",
                &href(link),
                &[("Accept", "image/png,image/jpeg")],
                b"",
            );
            assert_eq!(reply.status, 200, "{path}: {}", reply.text());
            assert!(["image/png", "image/jpeg"].contains(&reply.header("content-type")));
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_core_map_response() {
    for (path, document) in resources() {
        let reply = lakes().get(&format!("{path}/map?f=png"));
        assert_eq!(reply.status, 200, "{path}");
        let (width, height, _) = reply.picture();
        let storage = document["storageCrs"]
            .as_str()
            .unwrap_or("http://www.opengis.net/def/crs/EPSG/0/4326");
        assert_eq!(
            reply.header("content-crs"),
            format!("<{storage}>"),
            "{path}"
        );
        let bbox = numbers(&reply, "content-bbox");
        assert_eq!(bbox.len(), 4, "{path}");
        // EPSG:4326 has the north first
        let (dy, dx) = (bbox[2] - bbox[0], bbox[3] - bbox[1]);
        assert!(dx > 0.0 && dy > 0.0, "{path}: {bbox:?}");
        let shape = f64::from(width) / f64::from(height);
        assert!(
            (dx / dy / shape - 1.0).abs() < 0.02,
            "{path}: {dx} {dy} {width} {height}"
        );
        assert_eq!(reply.header("content-datetime"), "", "{path} has no times");
    }
}

#[test]
fn conf_core_map_response_of_data_with_times_says_which() {
    let scratch = Scratch::new("conformance-times");
    let write = |path: &str, text: &str| {
        let path = scratch.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let feature = |day: &str, x: f64| {
        serde_json::json!({
            "type": "Feature", "properties": {"day": day},
            "geometry": {"type": "Point", "coordinates": [x, 45.0]},
        })
    };
    let days = [feature("2024-02-29", 4.0), feature("2021-03-01", 5.0)];
    let text = serde_json::json!({"type": "FeatureCollection", "features": days});
    write("data/events.geojson", &text.to_string());
    write(
        "capabilities/layers/events.yaml",
        "source: {file: data/events.geojson}\nfields:\n  - {name: day, type: date}\ntime: day\n",
    );
    let server = Server::start(&scratch.0, &["--strict"]);
    for path in ["/collections/events/map", "/map"] {
        let reply = server.get(path);
        assert_eq!(
            reply.header("content-datetime"),
            "2021-03-01T00:00:00Z/2024-02-29T00:00:00Z",
            "{path}"
        );
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_core_conformance_success() {
    let declared = json("/conformance");
    let declared = declared["conformsTo"].as_array().unwrap();
    assert!(declared.contains(&"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/core".into()));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_tilesets_desc_links() {
    for (path, document) in resources() {
        let found = links(&document, "tilesets-map");
        assert!(!found.is_empty(), "{path}");
        let list = json(&href(found[0]));
        assert!(!list["tilesets"].as_array().unwrap().is_empty(), "{path}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_collections_selection_collections_parameter() {
    let window = "bbox=-0.005,-0.003,0.005,0.003&width=200&crs=EPSG:4326";
    let base = format!("http://{}", lakes().address);
    let by_id = lakes().get(&format!("/map?{window}&collections=Lakes,Forests"));
    assert_eq!(by_id.status, 200, "{}", by_id.text());
    let by_address = lakes().get(&format!(
        "/map?{window}&collections={base}/collections/Lakes,{base}/collections/Forests"
    ));
    assert_eq!(by_address.body, by_id.body, "{}", by_address.text());
    let foreign = lakes().get(&format!(
        "/map?{window}&collections=https://example.org/collections/Lakes"
    ));
    assert_eq!(foreign.status, 400);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_collections_selection_collections_response() {
    let window = "bbox=0.0006,-0.0018,0.0031,-0.0001&width=200&transparent=true&crs=EPSG:4326";
    let one = lakes().get(&format!("/map?{window}&collections=Lakes"));
    let own = lakes().get(&format!("/collections/Lakes/map?{window}"));
    assert_eq!(one.body, own.body, "nothing but what is enumerated");
    let orders = ["Lakes,Forests", "Forests,Lakes"].map(|order| {
        lakes()
            .get(&format!("/map?{window}&collections={order}"))
            .body
    });
    assert_ne!(orders[0], orders[1], "the first lies at the bottom");
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_crs_crs_definition() {
    let document = json("/collections/BasicPolygons");
    let offered = document["crs"].as_array().unwrap();
    assert!(offered.len() >= 3);
    for crs in offered {
        let crs = crs.as_str().unwrap();
        let reply = lakes().get(&format!(
            "/collections/BasicPolygons/map?width=60&crs={crs}"
        ));
        assert_eq!(reply.status, 200, "{crs}: {}", reply.text());
        assert_eq!(reply.header("content-crs"), format!("<{crs}>"));
        assert_eq!(numbers(&reply, "content-bbox").len(), 4);
    }
    // a safe CURIE is the same
    let curie = lakes().get("/collections/BasicPolygons/map?width=60&crs=[EPSG:3857]");
    let uri = "http://www.opengis.net/def/crs/EPSG/0/3857";
    let address = lakes().get(&format!(
        "/collections/BasicPolygons/map?width=60&crs={uri}"
    ));
    assert_eq!(curie.body, address.body, "{}", curie.text());
    let unknown =
        lakes().get("/collections/BasicPolygons/map?crs=http://www.opengis.net/def/crs/EPSG/0/0");
    assert_eq!(unknown.status, 400);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_background_bgcolor_and_transparent_in_every_combination() {
    let corner = |more: &str| {
        let path = format!(
            "/collections/Lakes/map?f=png&width=40&height=40&bbox=0.01,0.01,0.02,0.02{more}"
        );
        lakes().get(&path).picture().2[0]
    };
    for (more, expected) in [
        ("", [255, 255, 255, 0]),
        ("&transparent=true", [255, 255, 255, 0]),
        ("&transparent=false", [255, 255, 255, 255]),
        ("&bgcolor=0x336699", [0x33, 0x66, 0x99, 255]),
        ("&bgcolor=RebeccaPurple", [0x66, 0x33, 0x99, 255]),
        ("&bgcolor=red&transparent=false", [255, 0, 0, 255]),
        ("&bgcolor=red&transparent=true", [255, 0, 0, 0]),
    ] {
        let found = corner(more);
        assert_eq!(found[3], expected[3], "{more}");
        if expected[3] == 255 {
            assert_eq!(found, expected, "{more}");
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_png_jpeg_content() {
    for (media_type, magic) in [
        ("image/png", &b"\x89PNG"[..]),
        ("image/jpeg", &b"\xff\xd8\xff"[..]),
    ] {
        let reply = lakes().ask(
            "GET",
            "/collections/Lakes/map?width=50",
            &[("Accept", media_type)],
            b"",
        );
        assert_eq!(reply.header("content-type"), media_type);
        assert!(reply.body.starts_with(magic));
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_api_operations_operation_ids() {
    let api = json("/api");
    let ids: Vec<&str> = api["paths"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(|path| path["get"]["operationId"].as_str())
        .collect();
    for suffix in [".getMap", ".getTile", ".getTileSet", ".getTileSetsList"] {
        assert!(
            ids.iter().any(|id| id.contains(suffix)),
            "{suffix}: {ids:?}"
        );
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_cors_every_map_resource_may_be_read_from_another_site() {
    for path in [
        "/map?width=20",
        "/collections/Lakes/map?width=20",
        "/map/tiles",
        "/map/tiles/WebMercatorQuad/0/0/0",
        "/collections/Lakes/map/tiles/WebMercatorQuad/0/0/0",
        "/map?width=0",
    ] {
        let reply = lakes().ask("GET", path, &[("Origin", "https://example.org")], b"");
        assert_eq!(reply.header("access-control-allow-origin"), "*", "{path}");
    }
    let reply = lakes().get("/collections/Lakes/map?width=20");
    let exposed = reply.header("access-control-expose-headers").to_lowercase();
    for header in ["content-crs", "content-bbox"] {
        assert!(
            exposed == "*" || exposed.contains(header),
            "{header}: {exposed}"
        );
    }
}
