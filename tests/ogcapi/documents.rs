//! OGC API – Common: documents, pages, links, conformance classes and the description.

use serde_json::Value;
use std::collections::HashSet;

use super::{BROWSER, REL, assert_problem, json, link, path_of, server};

/// Every document of the API.
const DOCUMENTS: &[&str] = &[
    "/",
    "/conformance",
    "/api",
    "/collections",
    "/collections/communes",
    "/tileMatrixSets",
    "/tileMatrixSets/LAMB93",
    "/tiles",
    "/tiles/WebMercatorQuad",
    "/map/tiles",
    "/map/tiles/LAMB93",
    "/collections/communes/tiles",
    "/collections/communes/tiles/WebMercatorQuad",
    "/collections/communes/map/tiles",
    "/collections/communes/map/tiles/EuropeanETRS89_LAEAQuad",
    "/styles",
    "/styles/communes/metadata",
    "/styles/all/metadata",
];

#[test]
fn common_19_072_6_every_document_is_json_and_a_page_in_two_languages() {
    for path in DOCUMENTS {
        let plain = server().get(path);
        assert!(plain.header("content-type").contains("json"), "{path}");
        assert_eq!(
            server().get(&format!("{path}?f=json&&")).json(),
            plain.json(),
            "{path}"
        );
        for (query, language) in [("?f=html", "fr"), ("?f=html&lang=en", "en")] {
            let page = server().get(&format!("{path}{query}"));
            assert_eq!(page.status, 200, "{path}{query}: {}", page.text());
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert!(
                page.text().contains(&format!("<html lang=\"{language}\">")),
                "{path}"
            );
        }
        let browser = server().ask("GET", path, &[("Accept", BROWSER)], b"");
        assert!(
            browser.header("content-type").starts_with("text/html"),
            "{path}"
        );
        let program = server().ask("GET", path, &[("Accept", "*/*")], b"");
        assert!(program.header("content-type").contains("json"), "{path}");
        let head = server().ask("HEAD", path, &[], b"");
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(
            server().ask("OPTIONS", path, &[], b"").status,
            204,
            "{path}"
        );
    }
    assert!(server().get("/api.html").text().contains("OpenAPI 3.0.3"));
}

#[test]
fn common_19_072_6_parameters_that_are_not_declared_are_refused() {
    let heavy = [
        "/map",
        "/collections/communes/map",
        "/tiles/WebMercatorQuad/8/91/131",
    ];
    for path in DOCUMENTS.iter().chain(&heavy).chain(&["/styles/communes"]) {
        let bad = format!("{path}?bogus=1");
        assert_problem(&server().get(&bad), 400, &bad);
        let bad = format!("{path}?f=bogus");
        if *path != "/" {
            assert_problem(&server().get(&bad), 400, &bad);
        }
    }
    let near = server().get("/map?bbox_crs=a").text();
    assert!(near.contains("did you mean \\\"bbox-crs\\\"?"), "{near}");
}

#[test]
fn what_is_not_there_is_not_found() {
    for path in [
        "/collections/comunes",
        "/collections/comunes/map",
        "/collections/comunes/tiles",
        "/collections/communes/tiles/WebMercator",
        "/collections/communes/tiles/WebMercatorQuad/8/256/0",
        "/collections/communes/tiles/WebMercatorQuad/8/0/256",
        "/collections/communes/tiles/WebMercatorQuad/8/-1/0",
        "/collections/communes/tiles/WebMercatorQuad/99/0/0",
        "/collections/communes/bogus",
        "/tileMatrixSets/bogus",
        "/styles/bogus",
        "/styles/communes:bogus",
        "/styles/bogus/metadata",
        "/tiles/bogus",
    ] {
        assert_problem(&server().get(path), 404, path);
    }
    let page = server().ask("GET", "/collections/comunes", &[("Accept", BROWSER)], b"");
    assert_eq!(page.status, 404);
    assert!(page.header("content-type").starts_with("text/html"));
}

#[test]
fn every_link_of_every_document_answers_in_its_type() {
    let mut seen = HashSet::new();
    let mut waiting: Vec<String> = vec!["/?f=json".into()];
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) || seen.len() > 400 {
            continue;
        }
        let reply = server().get(&path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        if !reply.header("content-type").contains("json") {
            continue;
        }
        let mut values = vec![reply.json()];
        while let Some(value) = values.pop() {
            if let (Some(href), Some(kind)) = (value["href"].as_str(), value["type"].as_str())
                && value.get("templated").is_none()
                && href.starts_with(&format!("http://{}", server().address))
            {
                let path = path_of(href);
                let answer = server().get(path);
                assert_eq!(answer.status, 200, "{path}: {}", answer.text());
                let got = answer.header("content-type").to_owned();
                let is_xml = kind.contains("xml") && got.contains("xml");
                assert!(
                    is_xml || got.starts_with(kind),
                    "{path}: {got} is not {kind}"
                );
                if kind == "application/json" && !href.contains("/health") {
                    waiting.push(path.to_owned());
                }
            }
            match value {
                Value::Array(inner) => values.extend(inner),
                Value::Object(inner) => values.extend(inner.into_iter().map(|(_, v)| v)),
                _ => {}
            }
        }
    }
    assert!(seen.len() > 60, "{}", seen.len());
}

#[test]
fn links_are_told_in_the_header_too() {
    let reply = server().get("/collections/communes/tiles/WebMercatorQuad");
    let header = reply.header("link").to_owned();
    assert!(header.contains("/collections/communes/tiles/WebMercatorQuad?f=json>; rel=\"self\""));
    assert!(
        header.contains(&format!("rel=\"{REL}tiling-scheme\"")),
        "{header}"
    );
    assert!(!header.contains('{'), "{header}");
    assert_eq!(reply.header("content-language"), "fr");
}

#[test]
fn the_page_of_the_api_is_no_other_document() {
    assert_eq!(server().get("/api.html").status, 200);
    assert_eq!(server().get("/api.html?f=html&lang=en").status, 200);
    for wrong in ["json", "xyz"] {
        let reply = server().get(&format!("/api.html?f={wrong}"));
        assert_problem(&reply, 400, wrong);
        assert!(
            reply.text().contains("expected one of html"),
            "{}",
            reply.text()
        );
    }
}

/// RFC 9110 §8.5: documents and pages alike, each once.
#[test]
fn what_has_words_says_their_language() {
    for path in [
        "/",
        "/collections",
        "/collections/communes",
        "/collections/communes/schema",
        "/conformance",
        "/maps",
        "/maps/population",
    ] {
        for accept in ["application/json", "text/html"] {
            for language in ["fr", "en"] {
                let headers = [("Accept", accept), ("Accept-Language", language)];
                let reply = server().ask("GET", path, &headers, b"");
                let is_it =
                    |(name, _): &&(String, String)| name.eq_ignore_ascii_case("content-language");
                let told: Vec<&str> = (reply.headers.iter().filter(is_it))
                    .map(|(_, value)| value.as_str())
                    .collect();
                assert_eq!(told, [language], "{path} as {accept}");
            }
        }
    }
}

#[test]
fn the_landing_page_has_the_links_that_conformance_suites_look_for() {
    let landing = json("/");
    let api = link(&landing, "service-desc");
    assert_eq!(api["type"], "application/vnd.oai.openapi+json;version=3.0");
    let reply = server().get(path_of(api["href"].as_str().unwrap()));
    assert_eq!(reply.header("content-type"), api["type"].as_str().unwrap());
    for rel in ["self", "alternate", "service-doc", "conformance", "data"] {
        assert!(link(&landing, rel)["type"].is_string());
    }
    for rel in [
        "tilesets-vector",
        "tilesets-map",
        "map",
        "tiling-schemes",
        "styles",
        "data",
    ] {
        for document in [&landing, &json("/collections/communes")] {
            if !["tiling-schemes", "data"].contains(&rel) || document == &landing {
                link(document, &format!("{REL}{rel}"));
            }
        }
    }
}

#[test]
fn conformance_classes_are_told_once() {
    let document = json("/conformance");
    let classes: Vec<&str> = document["conformsTo"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c.as_str().unwrap())
        .collect();
    let distinct: HashSet<&&str> = classes.iter().collect();
    assert_eq!(distinct.len(), classes.len());
    for class in [
        "ogcapi-common-1/1.0/conf/core",
        "ogcapi-common-2/1.0/conf/collections",
        "ogcapi-tiles-1/1.0/conf/core",
        "ogcapi-tiles-1/1.0/conf/collections-selection",
        "ogcapi-maps-1/1.0/conf/core",
        "ogcapi-maps-1/1.0/conf/styled-map",
        "ogcapi-styles-1/1.0/conf/core",
        "ogcapi-features-1/1.0/conf/core",
    ] {
        assert!(classes.contains(&format!("http://www.opengis.net/spec/{class}").as_str()));
    }
}

#[test]
fn the_description_names_every_address_and_refers_to_nothing_outside() {
    let api = json("/api");
    let text = api.to_string();
    assert_eq!(api["openapi"], "3.0.3");
    assert_eq!(
        api["servers"][0]["url"],
        format!("http://{}", server().address)
    );
    for reference in text.split("\"$ref\":\"").skip(1) {
        let target = reference.split('"').next().unwrap();
        let pointer = target
            .strip_prefix('#')
            .expect("a reference inside the document");
        assert!(api.pointer(pointer).is_some(), "{target}");
    }
    let mut operations = HashSet::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        let operation = item["get"]["operationId"].as_str().unwrap();
        assert!(operations.insert(operation.to_owned()), "{operation} twice");
        for name in path
            .split('{')
            .skip(1)
            .map(|rest| rest.split('}').next().unwrap())
        {
            let reference = format!("#/components/parameters/{name}");
            let declared = item["get"]["parameters"].as_array().unwrap();
            assert!(
                declared.iter().any(|p| p["$ref"] == reference),
                "{path} {name}"
            );
        }
        // each path is served
        let real = path
            .replace("{collectionId}", "communes")
            .replace("{featureId}", "69123")
            .replace("{tileMatrixSetId}", "WebMercatorQuad")
            .replace("{tileMatrix}", "8")
            .replace("{tileRow}", "91")
            .replace("{tileCol}", "131")
            .replace("{styleId}", "communes");
        assert_eq!(server().get(&real).status, 200, "{real}");
    }
    assert!(operations.iter().filter(|o| o.contains(".getTile")).count() >= 4);
    let collections = &api["components"]["parameters"]["collectionId"]["schema"]["enum"];
    assert!(collections.as_array().unwrap().contains(&"communes".into()));
}

#[test]
fn common_20_024_a_collection_says_the_same_alone_and_in_the_list() {
    let all = json("/collections");
    let listed = all["collections"].as_array().unwrap();
    assert_eq!(all["numberMatched"], listed.len());
    for one in listed {
        let id = one["id"].as_str().unwrap();
        let alone = json(&format!("/collections/{id}"));
        for member in ["id", "title", "description", "extent", "crs", "storageCrs"] {
            assert_eq!(one[member], alone[member], "{id} {member}");
        }
        assert_eq!(
            one["crs"][0],
            "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
        );
        let bbox: Vec<f64> =
            serde_json::from_value(one["extent"]["spatial"]["bbox"][0].clone()).unwrap();
        assert!(bbox[0] < bbox[2] && bbox[1] < bbox[3], "{id}");
        let crs: HashSet<String> = serde_json::from_value(one["crs"].clone()).unwrap();
        assert!(crs.contains(one["storageCrs"].as_str().unwrap()), "{id}");
    }
    let english = json("/collections/communes?lang=en");
    assert_ne!(
        english["title"],
        json("/collections/communes?lang=fr")["title"]
    );
}

#[test]
fn nothing_hostile_breaks_out_of_a_page_or_a_header() {
    for path in [
        "/collections/%3Cscript%3E",
        "/styles/%22%3E%3Cscript%3E?f=html",
        "/tileMatrixSets/%0D%0AX-Evil:1",
        "/tiles/WebMercatorQuad?collections=%3Cscript%3E&f=html",
    ] {
        let reply = server().ask("GET", path, &[("Accept", BROWSER)], b"");
        assert!([400, 404].contains(&reply.status), "{path}");
        assert!(!reply.text().contains("<script>"), "{path}");
        assert_eq!(reply.header("x-evil"), "");
    }
}
