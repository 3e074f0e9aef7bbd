//! OGC API – Features Part 1 (OGC 17-069r4) and Part 2 (OGC 18-058r1) as
//! `ets-ogcapi-features10` asks them: everything is looked up in the description.

use std::collections::HashSet;

use serde_json::Value;

use crate::common::{Reply, Scratch, Server};
use crate::reference::{LAYERS, encoded, lakes, path_of};

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

fn get(path: &str) -> Reply {
    lakes().ask(
        "GET",
        path,
        &[("Accept", "application/geo+json, application/json")],
        b"",
    )
}

fn json(path: &str) -> Value {
    let reply = get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

fn link<'a>(document: &'a Value, rel: &str) -> Option<&'a Value> {
    let links = document["links"].as_array().expect("links");
    links.iter().find(|link| link["rel"] == rel)
}

/// A parameter of the description, wherever it stands.
fn resolved<'a>(api: &'a Value, parameter: &'a Value) -> &'a Value {
    match parameter["$ref"].as_str() {
        Some(reference) => api.pointer(&reference[1..]).expect("a parameter"),
        None => parameter,
    }
}

fn items_paths(api: &Value) -> Vec<String> {
    let paths = api["paths"].as_object().unwrap().keys();
    let items = paths.filter(|p| p.starts_with("/collections/") && p.ends_with("/items"));
    items.cloned().collect()
}

/// Every position of a geometry.
fn positions(value: &Value, found: &mut Vec<[f64; 2]>) {
    if let Value::Array(items) = value {
        match items.as_slice() {
            [Value::Number(x), Value::Number(y), ..] => {
                found.push([x.as_f64().unwrap(), y.as_f64().unwrap()]);
            }
            items => items.iter().for_each(|item| positions(item, found)),
        }
    }
}

fn box_of(feature: &Value) -> [f64; 4] {
    let mut all = Vec::new();
    positions(&feature["geometry"]["coordinates"], &mut all);
    assert!(!all.is_empty(), "{feature}");
    let of =
        |axis: usize, pick: fn(f64, f64) -> f64| all.iter().map(|p| p[axis]).reduce(pick).unwrap();
    [
        of(0, f64::min),
        of(1, f64::min),
        of(0, f64::max),
        of(1, f64::max),
    ]
}

/// All features of a collection, by the `next` links.
fn every(path: &str) -> Vec<Value> {
    let mut features = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = json(&path);
        let here = page["features"].as_array().unwrap();
        assert_eq!(page["numberReturned"], here.len(), "{path}");
        features.extend(here.iter().cloned());
        next = link(&page, "next").map(|l| path_of(l["href"].as_str().unwrap()));
    }
    features
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_core_api_definition_every_path_of_the_description_answers() {
    let api = json("/api");
    assert!(api["openapi"].as_str().unwrap().starts_with("3.0."));
    let server = api["servers"][0]["url"].as_str().unwrap();
    assert_eq!(server, format!("http://{}", lakes().address));
    let mut asked = 0;
    for (path, operations) in api["paths"].as_object().unwrap() {
        let mut concrete = path.clone();
        for parameter in operations["get"]["parameters"]
            .as_array()
            .unwrap_or(&vec![])
        {
            let parameter = resolved(&api, parameter);
            if parameter["in"] == "path" {
                let name = parameter["name"].as_str().unwrap();
                let value = match &parameter["schema"]["enum"] {
                    Value::Array(values) => values[0].as_str().unwrap().to_owned(),
                    _ => match name {
                        "featureId" => "0".to_owned(),
                        "tileMatrix" | "tileRow" | "tileCol" => "0".to_owned(),
                        _ => continue,
                    },
                };
                concrete = concrete.replace(&format!("{{{name}}}"), &value);
            }
        }
        if concrete.contains('{') {
            continue;
        }
        let reply = get(&concrete);
        let expected = [200, 204, 404];
        assert!(
            expected.contains(&reply.status),
            "{concrete}: {} {}",
            reply.status,
            reply.text()
        );
        // what is named by values of the description is there
        if !path.contains("featureId") && !path.contains("tileRow") {
            assert_ne!(reply.status, 404, "{path} as {concrete}");
        }
        asked += 1;
    }
    assert!(asked > 20, "{asked}");
    for path in ["/", "/conformance", "/collections"] {
        assert!(!api["paths"][path]["get"].is_null(), "{path}");
    }
    assert!(items_paths(&api).len() >= LAYERS.len());
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn req_core_parameters_have_exactly_the_form_that_is_required() {
    let api = json("/api");
    for path in items_paths(&api) {
        let parameters = api["paths"][&path]["get"]["parameters"].as_array().unwrap();
        let named = |name: &str| {
            let mut found = parameters.iter().map(|p| resolved(&api, p));
            let found = found.find(|p| p["name"] == name && p["in"] == "query");
            found.unwrap_or_else(|| panic!("{path} has no {name}"))
        };
        for name in ["limit", "bbox", "datetime"] {
            let parameter = named(name);
            assert!(parameter["required"].is_null() || parameter["required"] == false);
            assert_eq!(parameter["style"], "form", "{path} {name}");
            assert_eq!(parameter["explode"], false, "{path} {name}");
        }
        let limit = &named("limit")["schema"];
        assert_eq!(limit["type"], "integer");
        for bound in ["minimum", "maximum", "default"] {
            assert!(limit[bound].is_number(), "{path} {bound}");
        }
        let bbox = &named("bbox")["schema"];
        assert_eq!(bbox["type"], "array");
        assert_eq!(
            (&bbox["minItems"], &bbox["maxItems"]),
            (&4.into(), &6.into())
        );
        assert_eq!(bbox["items"]["type"], "number");
        assert_eq!(named("datetime")["schema"]["type"], "string");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_core_fc_response_pages_lead_through_every_feature_once_and_count_them() {
    for layer in LAYERS {
        let all = json(&format!("/collections/{layer}/items?limit=1000"));
        let count = all["numberMatched"].as_u64().unwrap();
        assert!(count > 0, "{layer}");
        assert_eq!(all["type"], "FeatureCollection");
        for rel in ["self", "alternate"] {
            assert!(link(&all, rel).expect(rel)["type"].is_string(), "{layer}");
        }
        let stamp = all["timeStamp"].as_str().unwrap();
        assert!(stamp.len() >= 20 && stamp.ends_with('Z'), "{stamp}");
        for limit in [1, 2] {
            let features = every(&format!("/collections/{layer}/items?limit={limit}"));
            assert_eq!(features.len() as u64, count, "{layer}");
            let ids: HashSet<String> = features.iter().map(|f| f["id"].to_string()).collect();
            assert_eq!(ids.len() as u64, count, "{layer}");
        }
        for feature in all["features"].as_array().unwrap() {
            let id = match &feature["id"] {
                Value::String(id) => encoded(id),
                id => id.to_string(),
            };
            let one = json(&format!("/collections/{layer}/items/{id}"));
            assert_eq!(one["geometry"], feature["geometry"], "{layer} {id}");
            assert_eq!(one["properties"], feature["properties"], "{layer} {id}");
            for rel in ["self", "alternate", "collection"] {
                assert!(link(&one, rel).is_some(), "{layer} {id}: {rel}");
            }
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_core_fc_bbox_response_is_what_meets_the_box() {
    for layer in LAYERS {
        let all = every(&format!("/collections/{layer}/items?limit=1000"));
        for feature in &all {
            let [west, south, east, north] = box_of(feature);
            let bbox = format!("{west},{south},{east},{north}");
            for (query, is_found) in [
                (format!("bbox={bbox}"), true),
                (format!("bbox={bbox}&bbox-crs={CRS84}"), true),
                // six numbers have heights
                (format!("bbox={west},{south},0,{east},{north},1"), true),
                ("bbox=-180,-90,180,90".into(), true),
                // across the date line, and nowhere near
                ("bbox=177,-90,-177,90".into(), false),
                ("bbox=100,40,110,50".into(), false),
            ] {
                let found = every(&format!("/collections/{layer}/items?limit=1000&{query}"));
                let has = found.iter().any(|f| f["id"] == feature["id"]);
                assert_eq!(has, is_found, "{layer} {} {query}", feature["id"]);
                for other in &found {
                    let other = box_of(other);
                    let meets = other[0] <= east
                        && other[2] >= west
                        && other[1] <= north
                        && other[3] >= south;
                    assert!(
                        meets || !query.starts_with(&format!("bbox={bbox}")),
                        "{layer} {query}"
                    );
                }
            }
        }
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_core_query_param_unknown_and_invalid_are_400() {
    for query in [
        "unknownparameter=1",
        "limit=a",
        "limit=",
        "limit=0",
        "bbox=1,2,3",
        "bbox=1,2,3,a",
        "bbox=1,2,3,4,5",
        "datetime=yesterday",
        "datetime=2020-13-01",
        "datetime=../../..",
        "crs=http://www.opengis.net/def/crs/0/unknown/crs",
        "bbox=0,0,1,1&bbox-crs=http://www.opengis.net/def/crs/0/unknown/crs",
    ] {
        let reply = get(&format!("/collections/Lakes/items?{query}"));
        assert_eq!(reply.status, 400, "{query}");
        assert_eq!(
            reply.header("content-type"),
            "application/problem+json",
            "{query}"
        );
    }
    for query in [
        "datetime=2020-01-01T00:00:00Z",
        "datetime=../2020-01-01T00:00:00Z",
        "datetime=2020-01-01T00:00:00Z/..",
    ] {
        // no times: nothing that the parameter could leave out
        let page = json(&format!("/collections/Lakes/items?{query}"));
        assert_eq!(page["numberMatched"], 1, "{query}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn conf_core_sfc_md_success_a_collection_is_literally_the_same_alone_and_listed() {
    let list = json("/collections?limit=100");
    for listed in list["collections"].as_array().unwrap() {
        let alone = json(&format!("/collections/{}", listed["id"].as_str().unwrap()));
        for member in [
            "id",
            "title",
            "description",
            "extent",
            "crs",
            "storageCrs",
            "itemType",
        ] {
            // the list may refer to its own `crs`
            if listed[member] != serde_json::json!(["#/crs"]) {
                assert_eq!(alone[member], listed[member], "{member}");
            }
        }
        let items = listed["links"].as_array().unwrap().iter();
        let mut items =
            items.filter(|l| l["rel"] == "items" && l["type"] == "application/geo+json");
        assert!(items.next().is_some(), "{}", listed["id"]);
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn crs_conf_every_crs_that_is_offered_is_answered_and_said() {
    let list = json("/collections?limit=100");
    let global = list["crs"].as_array().cloned().unwrap_or_default();
    for layer in LAYERS {
        let collection = json(&format!("/collections/{layer}"));
        let mut offered: Vec<Value> = collection["crs"].as_array().unwrap().clone();
        if let Some(at) = offered.iter().position(|crs| crs == "#/crs") {
            offered.splice(at..=at, global.iter().cloned());
        }
        assert_eq!(offered[0], CRS84, "{layer}");
        assert!(offered.contains(&collection["storageCrs"]), "{layer}");
        let plain = get(&format!("/collections/{layer}/items"));
        assert_eq!(plain.header("content-crs"), format!("<{CRS84}>"));
        let reference = plain.json();
        for crs in &offered {
            let crs = crs.as_str().unwrap();
            let path = format!("/collections/{layer}/items?crs={crs}");
            let reply = get(&path);
            assert_eq!(reply.header("content-crs"), format!("<{crs}>"), "{path}");
            let page = reply.json();
            for (own, feature) in reference["features"]
                .as_array()
                .unwrap()
                .iter()
                .zip(page["features"].as_array().unwrap())
            {
                let [west, south, east, north] = box_of(own);
                let expected = match crs.rsplit('/').next().unwrap() {
                    "4326" | "4258" => [south, west, north, east],
                    "3857" => {
                        let project = |lon: f64, lat: f64| {
                            let radius = 6_378_137.0;
                            let y = (std::f64::consts::FRAC_PI_4 + lat.to_radians() / 2.0)
                                .tan()
                                .ln();
                            [radius * lon.to_radians(), radius * y]
                        };
                        let ([a, b], [c, d]) = (project(west, south), project(east, north));
                        [a, b, c, d]
                    }
                    "CRS84" => [west, south, east, north],
                    _ => continue,
                };
                let tolerance = if crs.ends_with("3857") { 0.01 } else { 1e-6 };
                for (found, expected) in box_of(feature).iter().zip(expected) {
                    assert!(
                        (found - expected).abs() < tolerance,
                        "{path}: {found} {expected}"
                    );
                }
                // and back: the box of the feature in that CRS finds it
                // grown by what the printed digits leave open
                let [a, b, c, d] = box_of(feature);
                let [a, b, c, d] = [a - tolerance, b - tolerance, c + tolerance, d + tolerance];
                let back = json(&format!(
                    "/collections/{layer}/items?bbox={a},{b},{c},{d}&bbox-crs={crs}&limit=1000"
                ));
                let ids: Vec<&Value> = back["features"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|f| &f["id"])
                    .collect();
                assert!(ids.contains(&&feature["id"]), "{path}");
            }
        }
    }
}

/// The four forms that `fc-time-response` asks, made of the extent that a collection tells.
#[test]
fn conf_core_fc_time_response_instants_periods_and_durations() {
    let scratch = Scratch::new("conformance-datetime");
    let write = |path: &str, text: &str| {
        let path = scratch.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let feature = |day: u32| {
        serde_json::json!({
            "type": "Feature", "properties": {"day": format!("2024-03-{day:02}")},
            "geometry": {"type": "Point", "coordinates": [5.0, 45.0]},
        })
    };
    let all: Vec<Value> = (1..=20).map(feature).collect();
    let text = serde_json::json!({"type": "FeatureCollection", "features": all});
    write("data/events.geojson", &text.to_string());
    write(
        "capabilities/layers/events.yaml",
        "source: {file: data/events.geojson}\nfields:\n  - {name: day, type: date}\ntime: day\n",
    );
    let server = Server::start(&scratch.0, &["--strict"]);
    let collection = server.get("/collections/events").json();
    let interval = &collection["extent"]["temporal"]["interval"][0];
    assert_eq!(
        interval,
        &serde_json::json!(["2024-03-01T00:00:00Z", "2024-03-20T00:00:00Z"])
    );
    for (datetime, count) in [
        ("2024-03-01T00:00:00Z", 1),
        ("2024-03-05T18:00:00Z/2024-03-10T12:00:00Z", 6),
        ("2024-03-05/P2D", 3),
        ("P2D/2024-03-05", 3),
        ("2024-03-05T00:00:00Z/PT36H", 2),
        ("2024-03-15/P1Y", 6),
    ] {
        let reply = server.get(&format!("/collections/events/items?datetime={datetime}"));
        assert_eq!(reply.status, 200, "{datetime}: {}", reply.text());
        assert_eq!(reply.json()["numberMatched"], count, "{datetime}");
    }
    for bad in ["2024-03-05/P2X", "P2D", "2024-03-05/P99999Y"] {
        let reply = server.get(&format!("/collections/events/items?datetime={bad}"));
        assert_eq!(reply.status, 400, "{bad}");
    }
}
