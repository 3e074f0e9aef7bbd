//! Addresses, headers and errors over HTTP.

use std::fs;
use std::sync::OnceLock;

use crate::common::{Scratch, Server, repository};
use crate::decoder::decode;

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(repository(), &[]))
}

const TILE: &str = "/tiles/communes,departements/8/131/91.mvt";

#[test]
fn a_vector_tile_is_sent_as_one_and_compressed_only_where_the_client_takes_it() {
    let plain = server().get(TILE);
    assert_eq!(plain.status, 200);
    assert_eq!(
        plain.header("content-type"),
        "application/vnd.mapbox-vector-tile"
    );
    assert_eq!(plain.header("content-encoding"), "");
    assert_eq!(plain.header("vary"), "Accept-Encoding");
    assert_eq!(plain.header("access-control-allow-origin"), "*");
    assert!(plain.header("cache-control").contains("max-age"));
    assert_eq!(decode(&plain.body).len(), 2);

    let packed = server().ask("GET", TILE, &[("Accept-Encoding", "deflate, gzip")], b"");
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_ne!(
        packed.header("etag"),
        plain.header("etag"),
        "strong: two bodies"
    );
    let mut unpacked = vec![0; plain.body.len()];
    let length = libdeflater::Decompressor::new()
        .gzip_decompress(&packed.body, &mut unpacked)
        .unwrap();
    assert_eq!(unpacked[..length], plain.body);
    assert!(packed.body.len() < plain.body.len());

    let pbf = server().get(&TILE.replace(".mvt", ".pbf"));
    assert_eq!(pbf.body, plain.body);
    assert_eq!(pbf.header("etag"), plain.header("etag"));
}

/// What is in it is compared with the tile by others' decoders, in `viewer/e2e/tiles.mjs`.
#[test]
fn a_tile_of_maplibre_is_the_same_in_columns_and_smaller() {
    let path = TILE.replace(".mvt", ".mlt");
    let tile = server().get(&path);
    let other = server().get(TILE);
    assert_eq!(tile.status, 200);
    assert_eq!(
        tile.header("content-type"),
        "application/vnd.maplibre-vector-tile"
    );
    assert_eq!(tile.header("vary"), "Accept-Encoding");
    assert_ne!(tile.header("etag"), other.header("etag"));
    assert!(tile.body.len() * 10 < other.body.len() * 8);
    // layers one after another: length, tag 1, name
    let mut names = Vec::new();
    let mut rest = tile.body.as_slice();
    while let Some((length, body)) = varint(rest) {
        let (layer, after) = body.split_at(length);
        assert_eq!(layer[0], 1);
        let (count, name) = varint(&layer[1..]).unwrap();
        names.push(String::from_utf8(name[..count].to_vec()).unwrap());
        rest = after;
    }
    assert_eq!(names, ["communes", "departements"]);
    let packed = server().ask("GET", &path, &[("Accept-Encoding", "br")], b"");
    assert_eq!(packed.header("content-encoding"), "br");
    let known = [("If-None-Match", tile.header("etag"))];
    assert_eq!(server().ask("GET", &path, &known, b"").status, 304);
    assert_eq!(server().get("/tiles/communes/8/0/0.mlt").status, 204);
    assert_eq!(server().get("/tiles/communes/8/999/91.mlt").status, 404);
    let told = server()
        .get("/tiles/communes,departements.json?f=mlt")
        .json();
    assert_eq!(told["encoding"], "mlt");
    assert_eq!(told["vector_layers"].as_array().unwrap().len(), 2);
    let template = told["tiles"][0].as_str().unwrap();
    assert!(template.ends_with("/{z}/{x}/{y}.mlt"), "{template}");
    let told = server().get("/tiles/communes,departements.json").json();
    assert_eq!(told.get("encoding"), None);
}

/// A number and what is behind it.
fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let digits = bytes[..end].iter().rev();
    let number = digits.fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f));
    Some((number, &bytes[end..]))
}

#[test]
fn a_tile_that_the_client_has_is_not_sent_again() {
    for path in [
        TILE,
        "/tiles/carte/8/131/91.png",
        "/tiles/communes/3/0/0.mvt",
    ] {
        let first = server().get(path);
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() > 20, "{path}: {tag:?}");
        let weak = format!("\"x\", W/{tag}");
        for known in [tag.as_str(), weak.as_str(), "*"] {
            let again = server().ask("GET", path, &[("If-None-Match", known)], b"");
            assert_eq!((again.status, again.body.len()), (304, 0), "{path} {known}");
            assert_eq!(again.header("etag"), tag);
            assert!(again.header("cache-control").contains("max-age"));
        }
        let other = server().ask("GET", path, &[("If-None-Match", "\"abc\"")], b"");
        assert_eq!(other.status, first.status);
        assert_eq!(other.body, first.body);
    }
    let tags: Vec<String> = [
        "/tiles/communes/8/131/91.mvt",
        "/tiles/communes/8/131/92.mvt",
        "/tiles/communes/8/131/91.png",
        "/tiles/communes/8/131/91@2x.png",
        "/tiles/departements/8/131/91.mvt",
        "/tiles/communes/WorldCRS84Quad/8/131/91.mvt",
    ]
    .iter()
    .map(|path| server().get(path).header("etag").to_owned())
    .collect();
    let mut distinct = tags.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), tags.len(), "{tags:?}");
}

#[test]
fn what_is_empty_and_what_is_outside_are_told_apart() {
    let statuses = [
        ("/tiles/communes/8/0/0.mvt", 204),
        ("/tiles/communes/8/0/0.png", 200),
        ("/tiles/communes/InspireCRS84Quad/17/0/0.mvt", 204),
        ("/tiles/communes/8/256/0.mvt", 404),
        ("/tiles/communes/8/0/256.png", 404),
        ("/tiles/communes/8/0/-1.png", 404),
        ("/tiles/communes/8/0/99999999999999999999.png", 404),
        ("/tiles/communes/25/0/0.mvt", 404),
        ("/tiles/communes/huit/0/0.mvt", 404),
        ("/tiles/communes/WebMercator/8/0/0.mvt", 404),
        ("/tiles/comunes/8/0/0.mvt", 404),
        ("/tiles/communes,/8/0/0.mvt", 404),
        ("/tiles//8/0/0.mvt", 404),
        ("/tiles/communes/8/a/0.mvt", 400),
        ("/tiles/communes/8/0/0.gif", 400),
        ("/tiles/communes/8/0/0@2x.mvt", 400),
        ("/tiles/communes/8/0/0", 404),
        ("/tiles/comunes.json", 404),
        ("/tiles/communes.json?f=gif", 400),
        ("/tiles/communes/8/0/0.png?explain=xml", 400),
        ("/tiles/a/b/c/d/e/f.png", 404),
    ];
    for (path, status) in statuses {
        let reply = server().get(path);
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
        assert_eq!(reply.header("access-control-allow-origin"), "*", "{path}");
        if status >= 400 {
            assert_eq!(
                reply.header("content-type"),
                "application/problem+json",
                "{path}"
            );
            assert_eq!(reply.json()["status"], status);
        }
    }
    let near = server().get("/tiles/comunes/8/0/0.mvt").text();
    assert!(near.contains("did you mean \\\"communes\\\"?"), "{near}");
    let near = server().get("/tiles/communes/LAMB39/8/0/0.mvt").text();
    assert!(near.contains("did you mean \\\"LAMB93\\\"?"), "{near}");
}

#[test]
fn head_and_options_are_answered_everywhere() {
    for path in [TILE, "/tiles/communes.json", "/tiles/carte/8/131/91.webp"] {
        let get = server().get(path);
        let head = server().ask("HEAD", path, &[], b"");
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(head.header("etag"), get.header("etag"));
        let options = server().ask("OPTIONS", path, &[], b"");
        assert_eq!(options.status, 204);
        assert!(
            options
                .header("access-control-allow-headers")
                .contains("If-None-Match")
        );
    }
}

#[test]
fn pictures_come_in_three_formats() {
    for (extension, media_type, magic) in [
        ("png", "image/png", &b"\x89PNG"[..]),
        ("webp", "image/webp", b"RIFF"),
        ("jpeg", "image/jpeg", b"\xff\xd8\xff"),
        ("jpg", "image/jpeg", b"\xff\xd8\xff"),
    ] {
        let reply = server().get(&format!("/tiles/carte/LAMB93/8/8/52.{extension}"));
        assert_eq!(reply.header("content-type"), media_type);
        assert_eq!(reply.header("vary"), "");
        assert!(reply.body.starts_with(magic), "{extension}");
    }
}

#[test]
fn the_tilejson_is_what_maplibre_reads() {
    let reply = server().ask(
        "GET",
        "/tiles/carte,communes.json",
        &[
            ("Host", "cartes.example.org"),
            ("X-Forwarded-Proto", "https"),
        ],
        b"",
    );
    assert_eq!(reply.header("content-type"), "application/json");
    let json = reply.json();
    assert_eq!(json["tilejson"], "3.0.0");
    assert_eq!(json["scheme"], "xyz");
    assert_eq!(
        json["tiles"],
        serde_json::json!(["https://cartes.example.org/tiles/carte,communes/{z}/{x}/{y}.mvt"])
    );
    let bounds: Vec<f64> = serde_json::from_value(json["bounds"].clone()).unwrap();
    assert!(bounds[0] < bounds[2] && bounds[1] < bounds[3] && bounds[3] <= 85.06);
    let center: Vec<f64> = serde_json::from_value(json["center"].clone()).unwrap();
    let (min, max) = (
        json["minzoom"].as_f64().unwrap(),
        json["maxzoom"].as_f64().unwrap(),
    );
    assert!(min <= center[2] && center[2] <= max && max <= 24.0);
    let layers = json["vector_layers"].as_array().unwrap();
    let communes = layers.iter().find(|l| l["id"] == "communes").unwrap();
    assert_eq!(communes["fields"]["nom"], "String");
    assert_eq!(communes["fields"]["population"], "Number");
    for layer in layers {
        assert!(layer["minzoom"].as_f64() <= layer["maxzoom"].as_f64());
        assert!(layer["fields"].is_object());
    }

    let pictures = server().get("/tiles/carte.json?f=webp").json();
    assert!(
        pictures["tiles"][0]
            .as_str()
            .unwrap()
            .ends_with("/{z}/{x}/{y}.webp")
    );
    assert!(pictures.get("vector_layers").is_none());
}

#[test]
fn explain_tells_how_a_tile_came_about() {
    let vector = server().get(&format!("{TILE}?explain=json")).json();
    assert_eq!(vector["request"]["tileMatrixSet"], "WebMercatorQuad");
    let made = &vector["made"]["layers"][0];
    assert_eq!(made["layer"], "communes");
    assert!(made["featuresWritten"].as_u64().unwrap() > 500);
    let picture = server()
        .get("/tiles/carte/8/131/91.png?explain=json")
        .json();
    assert!(picture["made"]["layers"].as_array().unwrap().len() > 3);
    let page = server().get(&format!("{TILE}?explain=html"));
    assert!(page.header("content-type").starts_with("text/html"));
}

#[test]
fn pages_tell_the_addresses_of_tiles() {
    let page = server().ask("GET", "/layers/communes", &[("Accept", "text/html")], b"");
    let base = format!("http://{}", server().address);
    for address in [
        "/tiles/communes.json",
        "/tiles/communes/{z}/{x}/{y}.mvt",
        "/tiles/communes/{z}/{x}/{y}.png",
    ] {
        let told = page.text().replace("&#x2f;", "/");
        assert!(told.contains(&format!("{base}{address}")), "{address}");
    }
    let site = server().get("/?f=json").json();
    let sets = site["tileMatrixSets"].as_array().unwrap();
    assert!(sets.contains(&serde_json::json!("LAMB93")));
    let layer = &site["layers"][0];
    let template = layer["tiles"]["MVT"].as_str().unwrap();
    let path = template.strip_prefix(&base).unwrap();
    let path = path
        .replace("{z}", "0")
        .replace("{x}", "0")
        .replace("{y}", "0");
    assert!(matches!(server().get(&path).status, 200 | 204), "{path}");
}

#[test]
fn a_set_of_ones_own_is_served_and_a_faulty_one_is_told() {
    let scratch = Scratch::new("own-tiles");
    let sets = scratch.0.join("capabilities/tile-matrix-sets");
    fs::create_dir_all(&sets).unwrap();
    fs::create_dir_all(scratch.0.join("data")).unwrap();
    fs::copy(
        repository().join("data/departements.fgb"),
        scratch.0.join("data/departements.fgb"),
    )
    .unwrap();
    let own = r#"{"id": "Lyon-CC46", "title": "Lyon", "crs": "http://www.opengis.net/def/crs/EPSG/0/3946",
        "orderedAxes": ["E", "N"], "tileMatrices": [{"id": "jour", "scaleDenominator": 1000000,
        "cellSize": 280, "cornerOfOrigin": "topLeft", "pointOfOrigin": [1650000, 5350000],
        "tileWidth": 512, "tileHeight": 256, "matrixWidth": 3, "matrixHeight": 7}]}"#;
    fs::write(sets.join("lyon.json"), own).unwrap();
    fs::write(
        sets.join("faux.json"),
        "{\"crs\": \"EPSG:2154\",\n \"tileMatrices\": [}",
    )
    .unwrap();
    let server = Server::start(&scratch.0, &[]);
    let tile = server.get("/tiles/departements/Lyon-CC46/jour/1/3.mvt");
    assert_eq!(tile.status, 200, "{}", tile.text());
    assert!(decode(&tile.body)[0].features.len() > 1);
    let picture = server.get("/tiles/departements/Lyon-CC46/jour/1/3.png");
    assert_eq!((picture.picture().0, picture.picture().1), (512, 256));
    assert_eq!(
        server
            .get("/tiles/departements/Lyon-CC46/jour/3/0.mvt")
            .status,
        404
    );
    let health = server.get("/health").text();
    assert!(
        health.contains("capabilities/tile-matrix-sets/faux.json:2:"),
        "{health}"
    );
}
