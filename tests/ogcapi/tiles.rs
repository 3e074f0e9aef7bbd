//! OGC API – Tiles, and the tile matrix sets that they are of.

use super::{REL, assert_problem, common::repository, json, link, path_of, server};

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
