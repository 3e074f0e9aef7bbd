//! Archives beside layers in one vector tile, in one TileJSON, and on pages.

use cartotheque::archive::{TileFormat, VectorLayer};

use crate::common::Scratch;
use crate::common::Server;
use crate::made::{at, info, png, write};

/// A vector tile of layers without features.
fn tile(names: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    for name in names {
        let mut layer = vec![0x78, 2, 0x0a, name.len() as u8];
        layer.extend_from_slice(name.as_bytes());
        layer.extend_from_slice(&[0x28, 0x80, 0x20]);
        out.extend_from_slice(&[0x1a, layer.len() as u8]);
        out.extend_from_slice(&layer);
    }
    out
}

/// The names of a tile's layers; lengths are below 2^14.
fn names(mut tile: &[u8]) -> Vec<String> {
    fn field<'a>(bytes: &mut &'a [u8]) -> (u8, &'a [u8]) {
        let key = bytes[0];
        let mut at = 1;
        let mut number = usize::from(bytes[at] & 0x7f);
        if bytes[at] & 0x80 != 0 {
            at += 1;
            number |= usize::from(bytes[at]) << 7;
        }
        at += 1;
        let end = if key & 7 == 2 { at + number } else { at };
        let content = &bytes[at..end];
        *bytes = &bytes[end..];
        (key, content)
    }
    let mut found = Vec::new();
    while !tile.is_empty() {
        let (key, mut layer) = field(&mut tile);
        assert_eq!(key, 0x1a);
        while !layer.is_empty() {
            let (key, content) = field(&mut layer);
            if key == 0x0a {
                found.push(String::from_utf8(content.to_vec()).unwrap());
            }
        }
    }
    found
}

fn folder(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    let mut said = info(TileFormat::Mvt, 3);
    said.min_zoom = 1;
    said.vector_layers = ["eau", "lieux"]
        .map(|id| VectorLayer {
            id: id.into(),
            ..VectorLayer::default()
        })
        .into();
    let packed = cartotheque::archive::gzip(&tile(&["eau", "lieux"]));
    write(
        &scratch.join("fond.pmtiles"),
        &[(at(1, 1, 0), packed)],
        &said,
    );
    write(
        &scratch.join("ortho.pmtiles"),
        &[(at(0, 0, 0), png(b"ortho"))],
        &info(TileFormat::Png, 0),
    );
    std::fs::write(
        scratch.join("lieux.geojson"),
        r#"{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"nom": "Lyon"}, "geometry": {"type": "Point", "coordinates": [4.8, 45.7]}}]}"#,
    )
    .unwrap();
    scratch
}

#[test]
fn an_archive_is_in_one_tile_with_layers_and_names_stay_apart() {
    let scratch = folder("joined-tile");
    let server = Server::start(&scratch.join(""), &[]);
    let joined = server.get("/tiles/lieux,fond/1/1/0.mvt");
    assert_eq!(joined.status, 200);
    assert_eq!(names(&joined.body), ["lieux", "eau", "fond:lieux"]);
    assert_eq!(
        names(&server.get("/tiles/fond/1/1/0.mvt").body),
        ["eau", "lieux"]
    );
    // where the archive has nothing the layer is there, and the other way round
    assert_eq!(
        names(&server.get("/tiles/lieux,fond/0/0/0.mvt").body),
        ["lieux"]
    );
    assert_eq!(server.get("/tiles/lieux,fond/1/0/0.mvt").status, 204);
    let again = server.get("/tiles/lieux,fond/1/1/0.mvt");
    assert!(again.header("cache-status").contains("hit"));
    assert_eq!(again.body, joined.body);

    // in columns it is like other tiles; layers without features are in none
    let columns = server.get("/tiles/lieux,fond/1/1/0.mlt");
    assert_eq!(columns.status, 200, "{}", columns.text());
    assert!(columns.body.windows(5).any(|bytes| bytes == b"lieux"));
    assert_eq!(server.get("/tiles/fond/1/1/0.mlt").status, 204);
    let alone = server.get("/tiles/fond.json?f=mlt").json();
    assert_eq!(alone["encoding"], "mlt");
    let picture = server.get("/tiles/ortho/0/0/0.mlt");
    assert_eq!(picture.status, 400, "{}", picture.text());

    let document = server.get("/tiles/lieux,fond.json").json();
    let told: Vec<&str> = document["vector_layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["id"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["lieux", "eau", "fond:lieux"], "as in the tile");
    assert_eq!(
        (&document["minzoom"], &document["maxzoom"]),
        (&0.into(), &3.into())
    );
    assert!(document["attribution"].as_str().unwrap().contains("IGN"));
    let bounds: Vec<f64> = serde_json::from_value(document["bounds"].clone()).unwrap();
    assert_eq!(bounds, [4.0, 44.5, 7.25, 46.5]);
    let template = document["tiles"][0].as_str().unwrap();
    assert!(
        template.ends_with("/tiles/lieux,fond/{z}/{x}/{y}.mvt"),
        "{template}"
    );

    // a new version of the archive is another tile
    let mut said = info(TileFormat::Mvt, 3);
    said.min_zoom = 1;
    let packed = cartotheque::archive::gzip(&tile(&["bois"]));
    write(
        &scratch.join("fond.pmtiles"),
        &[(at(1, 1, 0), packed)],
        &said,
    );
    server.wait_until("the new archive", |server| {
        let now = server.get("/tiles/lieux,fond/1/1/0.mvt");
        now.header("etag") != joined.header("etag") && names(&now.body) == ["lieux", "bois"]
    });
}

#[test]
fn what_can_not_be_joined_is_told_with_what_to_ask_for() {
    let scratch = folder("joined-faults");
    let server = Server::start(&scratch.join(""), &[]);
    for (path, expected) in [
        (
            "/tiles/lieux,ortho/0/0/0.mvt",
            "ask for /tiles/ortho/{z}/{x}/{y}.png",
        ),
        (
            "/tiles/lieux,ortho/0/0/0.png",
            "ask for /tiles/ortho/{z}/{x}/{y}.png",
        ),
        ("/tiles/lieux,fond/1/1/0.png", "ask for .mvt"),
        (
            "/tiles/lieux,fond/LAMB93/0/0/0.mvt",
            "there are none in LAMB93",
        ),
        ("/tiles/lieux,fnd/1/1/0.mvt", "fnd"),
        (
            "/tiles/lieux/LAMB93.json",
            "/tileMatrixSets/LAMB93 tells its grid",
        ),
        (
            "/tiles/lieux/LAMB93.json",
            "/tiles/LAMB93?collections=lieux its tiles",
        ),
        ("/tiles/LAMB93?f=tilejson", "/tileMatrixSets/LAMB93"),
    ] {
        let reply = server.get(path);
        assert!(
            (400..500).contains(&reply.status),
            "{path}: {}",
            reply.status
        );
        assert!(reply.text().contains(expected), "{path}: {}", reply.text());
    }
    let same = server.get("/tiles/lieux/WebMercatorQuad.json").json();
    assert_eq!(same, server.get("/tiles/lieux.json").json());
}

#[test]
fn an_archive_has_a_page_like_other_layers() {
    let scratch = folder("joined-page");
    let server = Server::start(&scratch.join(""), &[]);
    let page = server.get("/layers/fond?lang=en");
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    // every slash is escaped in a page
    let text = page.text().replace("&#x2f;", "/");
    for expected in [
        "Départements",
        "© IGN",
        "1 – 3 · WebMercatorQuad",
        "/tiles/fond.json",
        "/tiles/fond/{z}/{x}/{y}.mvt",
        "<code>eau</code>",
        "<code>lieux</code>",
        "/tiles/fond,…/{z}/{x}/{y}.mvt",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    let pictures = server.get("/layers/ortho?lang=fr").text();
    let pictures = pictures.replace("&#x2f;", "/");
    assert!(pictures.contains("/tiles/ortho/{z}/{x}/{y}.png") && !pictures.contains("ortho,…"));
    let landing = server
        .ask("GET", "/", &[("Accept", "text/html")], b"")
        .text();
    let landing = landing.replace("&#x2f;", "/");
    assert!(landing.contains("/layers/fond\""), "{landing}");
    assert_eq!(server.get("/layers/none").status, 404);
}
