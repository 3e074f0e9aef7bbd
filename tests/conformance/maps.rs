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
            .unwrap_or("http://www.opengis.net/def/crs/OGC/1.3/CRS84");
        // the URI itself, without what Features puts around it
        assert_eq!(reply.header("content-crs"), storage, "{path}");
        let bbox = numbers(&reply, "content-bbox");
        assert_eq!(bbox.len(), 4, "{path}");
        let (mut dx, mut dy) = (bbox[2] - bbox[0], bbox[3] - bbox[1]);
        if storage.ends_with("/4326") {
            (dx, dy) = (dy, dx); // the north first
        }
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
    for scheme in ["http", "https"] {
        let core = format!("{scheme}://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/core");
        assert!(declared.contains(&core.into()), "{scheme}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_collection_map_desc_links_by_both_spellings_of_the_register() {
    for (path, document) in resources() {
        for rel in ["map", "tilesets-map"] {
            let all = document["links"].as_array().unwrap();
            let by = |scheme: &str| {
                let rel = format!("{scheme}://www.opengis.net/def/rel/ogc/1.0/{rel}");
                let found = all.iter().find(|link| link["rel"] == rel.as_str());
                found.unwrap_or_else(|| panic!("{path}: {rel}"))["href"].clone()
            };
            assert_eq!(by("http"), by("https"));
        }
    }
}

/// True for the URI of a CRS and for a safe CURIE (20-058 §7.1).
fn is_a_name_of_a_crs(name: &Value) -> bool {
    let name = name.as_str().unwrap_or_default();
    name.starts_with("http://www.opengis.net/def/crs/") || name.starts_with('[')
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_collection_map_desc_crs() {
    let scratch = Scratch::new("conformance-storage");
    // Lambert 93: east before north; EPSG:4326 of the reference data: north before east
    let points = "id;x;y\na;800000;6500000\nb;810000;6520000\n";
    std::fs::write(scratch.0.join("points.csv"), points).unwrap();
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_cartotheque"))
        .args(["import", "--crs", "EPSG:2154", "-o"])
        .args([scratch.0.join("site"), scratch.0.join("points.csv")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let server = Server::start(&scratch.0.join("site"), &[]);
    let points = server.get("/collections/points").json();
    assert_eq!(
        points["extent"]["spatial"]["storageCrsBbox"],
        serde_json::json!([[800000.0, 6500000.0, 810000.0, 6520000.0]]),
        "{points}"
    );
    for (path, document) in resources() {
        let offered = document["crs"].as_array().unwrap();
        assert!(
            offered.iter().all(is_a_name_of_a_crs),
            "{path}: {offered:?}"
        );
        let Some(storage) = document.get("storageCrs") else {
            continue;
        };
        assert!(offered.contains(storage));
        let spatial = &document["extent"]["spatial"];
        let [own, stored] = ["bbox", "storageCrsBbox"].map(|name| spatial[name][0].clone());
        let turned = [1, 0, 3, 2].map(|i| own[i].clone());
        assert_eq!(stored, Value::from(turned.to_vec()), "{path}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_dataset_map_desc_extent_and_desc_crs() {
    let landing = json("/");
    let spatial = &landing["extent"]["spatial"];
    assert!(spatial["crs"].as_str().unwrap().ends_with("/OGC/1.3/CRS84"));
    assert_eq!(spatial["bbox"][0].as_array().unwrap().len(), 4);
    let offered = landing["crs"].as_array().unwrap();
    assert!(offered[0].as_str().unwrap().ends_with("/OGC/1.3/CRS84"));
    assert!(offered.len() > 2 && offered.iter().all(is_a_name_of_a_crs));
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
        assert_eq!(reply.header("content-crs"), crs);
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

fn status(path: &str) -> u16 {
    lakes().get(path).status
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_scaling_width_height_and_scale_denominator_definition() {
    let size = |query: &str| {
        let reply = lakes().get(&format!("/map?f=png&{query}"));
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        let (width, height, _) = reply.picture();
        (width, height)
    };
    assert_eq!(size("width=200&height=100"), (200, 100));
    assert_eq!(
        size("scale-denominator=40000000&width=1024&height=512"),
        (1024, 512)
    );
    // a kilometre of 1:10 000 is 100 mm, 357 pixels of 0.28 mm and 1000 of 0.1 mm
    let kilometre = "crs=EPSG:3857&bbox-crs=EPSG:3857&bbox=0,0,1000,500";
    let scaled = format!("{kilometre}&scale-denominator=10000");
    assert_eq!(size(&scaled), (357, 179));
    assert_eq!(size(&format!("{scaled}&mm-per-pixel=0.1")), (1000, 500));
    for bad in [
        "width=0",
        "width=-1",
        "height=abc",
        "width=100000",
        "scale-denominator=0",
        "scale-denominator=NaN",
        "scale-denominator=1e309&width=100",
        "width=800&height=400&bbox=-180,-90,180,90&scale-denominator=40000000",
    ] {
        assert_eq!(status(&format!("/map?f=png&{bad}")), 400, "{bad}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_display_resolution_mm_per_pixel_definition() {
    let lakes_of = |more: &str| {
        let window = "bbox=-0.0025,-0.0025,0.0025,0.0025&width=200&crs=[OGC:CRS84]";
        lakes().get(&format!("/collections/Lakes/map?{window}&f=png{more}"))
    };
    assert_eq!(lakes_of("&mm-per-pixel=0.28").body, lakes_of("").body);
    // finer pixels: the same box, its lines of more of them
    let fine = lakes_of("&mm-per-pixel=0.07");
    assert_eq!(fine.status, 200, "{}", fine.text());
    assert_eq!(
        fine.header("content-bbox"),
        lakes_of("").header("content-bbox")
    );
    assert_ne!(fine.body, lakes_of("").body);
    for bad in ["0", "-1", "notanumber", "1e9"] {
        assert_eq!(
            lakes_of(&format!("&mm-per-pixel={bad}")).status,
            400,
            "{bad}"
        );
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_spatial_subsetting_bbox_center_and_subset_definition() {
    let shown = |query: &str| {
        let reply = lakes().get(&format!("/map?f=png&width=100&{query}"));
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        numbers(&reply, "content-bbox")
    };
    let world = [-180.0, -90.0, 180.0, 90.0];
    let subsets = "subset=Lat(-90:90)&subset=Lon(-180:180)";
    assert_eq!(shown("bbox=-180,-90,180,90"), world);
    assert_eq!(shown(subsets), world);
    assert_eq!(
        shown("subset=Lat%28-90%3A90%29%2CLon%28-180%3A180%29"),
        world
    );
    for crs in [
        "%5BOGC%3ACRS84%5D",
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "https%3A%2F%2Fwww.opengis.net%2Fdef%2Fcrs%2FOGC%2F1.3%2FCRS84",
    ] {
        assert_eq!(shown(&format!("{subsets}&subset-crs={crs}")), world);
        assert_eq!(
            shown(&format!("bbox=-180,-90,180,90&bbox-crs={crs}")),
            world
        );
        let around = shown(&format!("center=0.001,0.002&height=50&center-crs={crs}"));
        let middle = [around[0] + around[2], around[1] + around[3]].map(|twice| twice / 2.0);
        assert!((middle[0] - 0.001).abs() < 1e-9 && (middle[1] - 0.002).abs() < 1e-9);
        // what has nothing to tell the CRS of
        shown(&format!("bbox-crs={crs}&center-crs={crs}&subset-crs={crs}"));
    }
    // the order of axes is that of the CRS
    let turned = shown("center=0.002,0.001&height=50&center-crs=EPSG:4326");
    assert_eq!(turned, shown("center=0.001,0.002&height=50"));
    // over the 180th meridian, a point, one axis alone
    let over = shown("subset=Lon(170:-170)");
    assert_eq!([over[0], over[2]], [170.0, 190.0]);
    let over = shown("bbox=170,-10,-170,10");
    assert_eq!([over[0], over[2]], [170.0, 190.0]);
    shown("subset=Lat(0),Lon(0)");
    let band = shown("subset=Lat(-0.001:0.001)");
    assert_eq!([band[1], band[3]], [-0.001, 0.001]);
    for (query, expected) in [
        ("subset=InvalidAxis(0:1)", 400),
        ("subset=Lat(200:300)", 404),
        ("subset=Lat(-90:90)&bbox=-180,-90,180,90", 400),
        ("subset=Lat(-90:90)&center=0,0", 400),
        ("center=0,0&bbox=-180,-90,180,90", 400),
        ("center=0", 400),
        ("center=a,b", 400),
        (
            "center=0,0&center-crs=http://www.opengis.net/def/crs/EPSG/0/0",
            400,
        ),
        ("subset=Lat(1:0)", 400),
    ] {
        assert_eq!(status(&format!("/map?f=png&{query}")), expected, "{query}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_tilesets_tiles_parameters() {
    let tile = "/map/tiles/WebMercatorQuad/0/0/0?f=png";
    let size = |more: &str| {
        let reply = lakes().get(&format!("{tile}{more}"));
        assert_eq!(reply.status, 200, "{more}: {}", reply.text());
        let (width, height, _) = reply.picture();
        (width, height)
    };
    assert_eq!(size(""), (256, 256));
    assert_eq!(size("&width=512"), (512, 512));
    assert_eq!(size("&height=512"), (512, 512));
    assert_eq!(size("&width=256&height=256"), (256, 256));
    for bad in [
        "&width=300",
        "&width=256&height=512",
        "&width=0",
        "&height=x",
    ] {
        assert_eq!(status(&format!("{tile}{bad}")), 400, "{bad}");
    }
    // a vector tile has no pixels
    let vector = "/tiles/WebMercatorQuad/0/0/0?f=mvt&width=512";
    assert_eq!(status(vector), 400);
}
