//! OGC API – Tiles Part 1 (OGC 20-057) as `ets-ogcapi-tiles10` asks it.

use serde_json::Value;

use crate::reference::{LAYERS, lakes, path_of};

const REL: &str = "http://www.opengis.net/def/rel/ogc/1.0/";

fn json(path: &str) -> Value {
    let reply = lakes().ask("GET", path, &[("Accept", "application/json")], b"");
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

fn link<'a>(document: &'a Value, rel: &str) -> &'a Value {
    let links = document["links"].as_array().expect("links");
    let found = links.iter().find(|link| link["rel"] == rel);
    found.unwrap_or_else(|| panic!("no {rel} in {document}"))
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_tilesets_list_every_resource_leads_to_its_tile_sets() {
    let mut resources = vec![json("/")];
    resources.extend(LAYERS.map(|layer| json(&format!("/collections/{layer}"))));
    for document in resources {
        for kind in ["vector", "map"] {
            let found = link(&document, &format!("{REL}tilesets-{kind}"));
            let list = json(&path_of(found["href"].as_str().unwrap()));
            for item in list["tilesets"].as_array().unwrap() {
                assert_eq!(item["dataType"], kind);
                assert!(item["crs"].is_string() && item["links"].is_array());
                let uri = item["tileMatrixSetURI"].as_str();
                let scheme = link(item, &format!("{REL}tiling-scheme"));
                assert!(uri.is_some() || scheme["href"].is_string());
                assert!(link(item, "self")["type"].is_string());
            }
            let uris: Vec<&Value> = list["tilesets"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| &item["tileMatrixSetURI"])
                .collect();
            let web =
                Value::from("http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad");
            assert!(uris.contains(&&web), "{uris:?}");
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_core_tc_success_the_template_s_range_answers_and_what_lies_outside_is_an_error() {
    for layer in LAYERS {
        let set = json(&format!("/collections/{layer}/tiles/WebMercatorQuad"));
        let template = link(&set, "item")["href"].as_str().unwrap().to_owned();
        for name in ["{tileMatrix}", "{tileRow}", "{tileCol}"] {
            assert!(template.contains(name), "{template}");
        }
        assert!(template.contains("/tiles/WebMercatorQuad/"));
        let at = |matrix: &str, row: i64, column: i64| {
            let path = path_of(&template)
                .replace("{tileMatrix}", matrix)
                .replace("{tileRow}", &row.to_string())
                .replace("{tileCol}", &column.to_string());
            lakes().get(&path)
        };
        let mut answered = 0;
        for limit in set["tileMatrixSetLimits"].as_array().unwrap() {
            let matrix = limit["tileMatrix"].as_str().unwrap();
            let number = |name: &str| limit[name].as_i64().unwrap();
            let (rows, columns) = (
                [number("minTileRow"), number("maxTileRow")],
                [number("minTileCol"), number("maxTileCol")],
            );
            for row in rows {
                for column in columns {
                    let reply = at(matrix, row, column);
                    assert!(
                        [200, 204].contains(&reply.status),
                        "{layer} {matrix} {row} {column}"
                    );
                    answered += usize::from(reply.status == 200);
                    if reply.status == 200 {
                        assert_eq!(
                            reply.header("content-type"),
                            "application/vnd.mapbox-vector-tile"
                        );
                    }
                }
            }
            let side = 1i64 << matrix.parse::<u32>().unwrap();
            for (row, column) in [(side, 0), (0, side), (-1, 0), (0, -1)] {
                let status = at(matrix, row, column).status;
                assert!(
                    [400, 404].contains(&status),
                    "{layer} {matrix} {row} {column}: {status}"
                );
            }
        }
        assert!(answered > 0, "{layer}");
        for (matrix, row) in [("99", 0), ("bogus", 0)] {
            assert!([400, 404].contains(&at(matrix, row, 0).status), "{matrix}");
        }
    }
}

/// What `follow_links` of the suite does: each link of each tile set of a list is asked for as
/// JSON; the tiles by the templates behind them, at the first of the limits and a row below.
#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_core_tc_success_and_tc_error_every_link_of_a_list_is_a_document_with_templates() {
    for list in ["/tiles", "/map/tiles", "/collections/Lakes/tiles"] {
        let list = json(list);
        let mut templates = 0;
        let sets = list["tilesets"].as_array().unwrap().iter();
        for link in sets.flat_map(|set| set["links"].as_array().unwrap()) {
            let set = json(&path_of(link["href"].as_str().unwrap()));
            let Some(limit) = set["tileMatrixSetLimits"].get(0) else {
                continue;
            };
            let matrix = limit["tileMatrix"].as_str().unwrap();
            let row = limit["maxTileRow"].as_u64().unwrap();
            let column = limit["minTileCol"].to_string();
            for template in set["links"].as_array().unwrap() {
                if template["rel"] != "item" {
                    continue;
                }
                let status = |row: u64| {
                    let path = path_of(template["href"].as_str().unwrap())
                        .replace("{tileMatrix}", matrix)
                        .replace("{tileRow}", &row.to_string())
                        .replace("{tileCol}", &column);
                    (lakes().get(&path).status, path)
                };
                let (inside, path) = status(row);
                assert!([200, 204].contains(&inside), "{path}: {inside}");
                let (outside, path) = status(row + 1);
                assert_eq!(outside, 404, "{path}");
                templates += 1;
            }
        }
        assert!(templates > 1);
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn req_tileset_tmxslink_a_tile_matrix_set_is_an_item_of_their_list() {
    let list = json("/tileMatrixSets");
    for set in list["tileMatrixSets"].as_array().unwrap() {
        for rel in ["self", "item"] {
            let found = link(set, rel);
            assert_eq!(found["type"], "application/json");
            let document = json(&path_of(found["href"].as_str().unwrap()));
            assert_eq!(document["id"], set["id"]);
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_oas30_operations_are_named_by_the_standard() {
    let api = json("/api");
    let paths = api["paths"].as_object().unwrap();
    let tiles: Vec<&String> = paths
        .iter()
        .filter(|(_, item)| {
            let id = item["get"]["operationId"].as_str().unwrap_or_default();
            id.contains(".getTile") && !id.contains(".getTileSet")
        })
        .map(|(path, _)| path)
        .collect();
    assert!(!tiles.is_empty());
    for path in tiles {
        for name in ["{tileMatrix}", "{tileRow}", "{tileCol}"] {
            assert!(path.contains(name), "{path}");
        }
    }
}
