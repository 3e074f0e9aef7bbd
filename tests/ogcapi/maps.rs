//! OGC API – Maps: the shape, box, CRS, background and style of a map.

use super::{assert_problem, common::Reply, json, server};

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
