//! Every id that is shown is found again, in every protocol, also where the id column has gaps.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{all_ids, get, ids, layer, small, write};
use crate::common::{Scratch, Server};

/// The values of an attribute or element of XML.
fn between<'t>(text: &'t str, start: &str, end: &str) -> Vec<&'t str> {
    let parts = text.split(start).skip(1);
    parts.filter_map(|part| part.split(end).next()).collect()
}

fn items(server: &Server, layer: &str) -> Vec<String> {
    ids(&get(
        server,
        &format!("/collections/{layer}/items?limit=100"),
    ))
}

#[test]
fn a_feature_without_a_value_in_its_id_column_is_found_by_the_id_it_is_shown_by() {
    let server = small();
    for (layer, expected) in [
        (
            "lacunaire",
            &["x", "position-1", "1", "position-position-1", "position-4"][..],
        ),
        ("mesures", &["1", "position-1", "position-2", "3"]),
    ] {
        let shown = items(server, layer);
        assert_eq!(shown, expected, "{layer}");
        for (place, id) in shown.iter().enumerate() {
            let path = format!("/collections/{layer}/items/{id}");
            let one = get(server, &path);
            let found = ids(&serde_json::json!({ "features": [one] }));
            assert_eq!(found, std::slice::from_ref(id));
            let all = get(server, &format!("/collections/{layer}/items?limit=100"));
            assert_eq!(one["properties"], all["features"][place]["properties"]);
        }
        // a position whose feature has an id of its own is the id of none
        let reply = server.get(&format!("/collections/{layer}/items/position-0"));
        assert_eq!(reply.status, 404);
    }
}

#[test]
fn wfs_and_wms_show_the_same_ids_and_find_them() {
    let server = small();
    let wfs = "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature";
    let all = server.get(&format!("{wfs}&TYPENAMES=lacunaire")).text();
    let shown = between(&all, "gml:id=\"lacunaire.", "\"");
    let shown: Vec<&str> = shown
        .into_iter()
        .filter(|id| !id.contains(".geom"))
        .collect();
    for id in items(server, "lacunaire") {
        assert!(shown.iter().any(|s| **s == id), "{id} in {shown:?}");
        let one = server
            .get(&format!("{wfs}&RESOURCEID=lacunaire.{id}"))
            .text();
        assert!(one.contains("numberMatched=\"1\""), "{id}: {one}");
        assert!(
            one.contains(&format!("gml:id=\"lacunaire.{id}\"")),
            "{id}: {one}"
        );
    }
    let both = server
        .get(&format!(
            "{wfs}&RESOURCEID=lacunaire.x,lacunaire.position-1,lacunaire.position-0"
        ))
        .text();
    assert!(both.contains("numberMatched=\"2\""), "{both}");
    let info = server.get(
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=lacunaire&STYLES=&CRS=CRS:84\
         &BBOX=2,46,4,48&WIDTH=100&HEIGHT=100&QUERY_LAYERS=lacunaire&I=50&J=50&FEATURE_COUNT=10\
         &INFO_FORMAT=application/json",
    );
    let found = ids(&info.json());
    for id in items(server, "lacunaire") {
        let full = format!("lacunaire.{id}");
        assert!(
            found.contains(&full) || found.contains(&id),
            "{id} in {found:?}"
        );
    }
}

/// Two features of one id are one to every client, and the same `gml:id` twice is no XML.
#[test]
fn a_column_that_repeats_ids_is_none_and_ids_are_positions() {
    let scratch = Scratch::new("repeated-ids");
    let features: Vec<_> = ["b", "a", "c", "a", "b", "d"]
        .iter()
        .map(|code| {
            (
                json!({ "code": code, "nom": format!("nom {code}") }),
                [3.0, 47.0],
            )
        })
        .collect();
    layer(&scratch, "doubles", "id_column: code\n", &features);
    layer(&scratch, "uniques", "id_column: code\n", &features[1..3]);
    let server = Server::start(&scratch.0, &[]);
    let until = Instant::now() + Duration::from_secs(20);
    let positions: Vec<String> = (0..6).map(|i| i.to_string()).collect();
    while items(&server, "doubles") != positions {
        assert!(Instant::now() < until, "{:?}", items(&server, "doubles"));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(
        all_ids(&server, "/collections/doubles/items?limit=4"),
        positions
    );
    // what was found by a value of the column is not what a position finds
    assert_eq!(server.get("/collections/doubles/items/a").status, 404);
    let third = get(&server, "/collections/doubles/items/3");
    assert_eq!(third["properties"]["nom"], "nom a");
    let wfs = "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature";
    let all = server.get(&format!("{wfs}&TYPENAMES=doubles")).text();
    let mut shown = between(&all, "<cartotheque:doubles gml:id=\"doubles.", "\"");
    shown.sort_unstable();
    assert_eq!(shown, positions);
    assert_eq!(items(&server, "uniques"), ["a", "c"]);
    // mended data are noticed
    let mended: Vec<_> = features.iter().take(3).cloned().collect();
    layer(&scratch, "doubles", "id_column: code\n", &mended);
    write(
        &scratch,
        "capabilities/layers/doubles.yaml",
        "source: {file: data/doubles.geojson}\nid_column: code\ntitle: x\n",
    );
    while items(&server, "doubles") != ["b", "a", "c"] {
        assert!(Instant::now() < until, "{:?}", items(&server, "doubles"));
        std::thread::sleep(Duration::from_millis(50));
    }
}
