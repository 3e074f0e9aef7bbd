use super::*;

const EPSG: &str = "http://www.opengis.net/def/crs/EPSG/0/";

#[test]
fn oapif_17_069r4_7_15_3_a_box_in_any_crs_finds_the_same() {
    let items = "/collections/villes/items?limit=5000";
    let lonlat = all_ids(server(), &format!("{items}&bbox=4.5,45.5,5.25,46.125"));
    assert!(lonlat.len() > 50);
    let heights = all_ids(
        server(),
        &format!("{items}&bbox=4.5,45.5,-100,5.25,46.125,9000"),
    );
    assert_eq!(heights, lonlat);
    let latlon = format!("{items}&bbox=45.5,4.5,46.125,5.25&bbox-crs={EPSG}4326");
    assert_eq!(all_ids(server(), &latlon), lonlat);
    // and it holds what lies in it, by the coordinates that are sent
    let page = get(server(), items);
    let inside = page["features"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|feature| {
            let at = &feature["geometry"]["coordinates"];
            let (x, y) = (at[0].as_f64().unwrap(), at[1].as_f64().unwrap());
            (4.5..=5.25).contains(&x) && (45.5..=46.125).contains(&y)
        });
    assert_eq!(inside.count(), lonlat.len());
    assert_eq!(
        count(server(), "/collections/villes/items?bbox=170,-20,-170,20"),
        0
    );
}

#[test]
fn clients_a10_a_malformed_box_is_refused() {
    for wrong in [
        "",
        "1,2,3",
        "1,2,3,4,5",
        "a,b,c,d",
        "1,2,NaN,4",
        "1,5,2,4",
        "1,2,3,4,5,6,7",
        "5,44,6,43",
    ] {
        let path = format!("/collections/communes/items?bbox={wrong}");
        assert_problem(&server().get(&path), 400, &path);
    }
    let path = "/collections/communes/items?bbox=1,2,3,4&bbox-crs=EPSG:27700";
    assert_problem(&server().get(path), 400, path);
}

#[test]
fn oapif_18_058r1_every_crs_that_is_offered_is_spoken_and_no_other() {
    let collection = get(server(), "/collections/villes");
    let offered = collection["crs"].as_array().unwrap();
    assert_eq!(offered[0], "http://www.opengis.net/def/crs/OGC/1.3/CRS84");
    assert!(offered.contains(&collection["storageCrs"]));
    assert!(offered.len() >= 8);
    let at = |crs: &str| {
        let path = format!("/collections/villes/items/69123?crs={crs}");
        let reply = server().get(&path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert_eq!(reply.header("content-crs"), format!("<{crs}>"));
        let place: [f64; 2] =
            serde_json::from_value(reply.json()["geometry"]["coordinates"].clone()).unwrap();
        place
    };
    for crs in offered {
        let crs = crs.as_str().unwrap();
        let [a, b] = at(crs);
        // Lyon, by GDAL
        let expected = match crs.rsplit('/').next().unwrap() {
            "CRS84" => [4.835, 45.767],
            "4326" | "4258" | "4171" => [45.767, 4.835],
            "2154" => [842_600.0, 6_519_900.0],
            "3857" => [538_200.0, 5_742_000.0],
            _ => continue,
        };
        for (found, expected) in [a, b].into_iter().zip(expected) {
            assert!(
                (found - expected).abs() < expected / 100.0,
                "{crs}: {a} {b}"
            );
        }
    }
    let plain = server().get("/collections/villes/items?limit=1");
    assert_eq!(
        plain.header("content-crs"),
        "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    );
    for wrong in [
        "EPSG:27700",
        "http://www.opengis.net/def/crs/EPSG/0/99999",
        "x",
        "",
    ] {
        for parameter in ["crs", "bbox-crs", "filter-crs"] {
            let path = format!("/collections/villes/items?{parameter}={wrong}");
            assert_problem(&server().get(&path), 400, &path);
        }
    }
}

#[test]
fn what_touches_a_box_and_a_filters_place_elsewhere_is_found() {
    // Grenoble and Vienne, 60 km apart, are in the Isère
    let grenoble = "bbox=5.72,45.18,5.73,45.19";
    for elsewhere in [
        "S_INTERSECTS(geometry,POINT(4.88 45.51))",
        "S_INTERSECTS(geometry,BBOX(4.87,45.5,4.88,45.51)) AND S_INTERSECTS(geometry,BBOX(5.3,45.5,5.31,45.51))",
    ] {
        let path = format!(
            "/collections/departements/items?{grenoble}&filter={}",
            encoded(elsewhere)
        );
        assert_eq!(count(server(), &path), 1, "{elsewhere}");
        assert_eq!(all_ids(server(), &path), ["38"], "{elsewhere}");
    }
    let path = format!(
        "/collections/departements/items?filter={}",
        encoded(
            "S_INTERSECTS(geometry,BBOX(4.87,45.5,4.88,45.51)) AND S_INTERSECTS(geometry,BBOX(5.72,45.18,5.73,45.19))",
        )
    );
    assert_eq!(all_ids(server(), &path), ["38"]);
}
