use super::*;

#[test]
fn clients_a1_a11_a_collection_says_where_its_features_are() {
    let all = get(server(), "/collections");
    for listed in all["collections"].as_array().unwrap() {
        let id = listed["id"].as_str().unwrap();
        assert_eq!(listed["itemType"], "feature", "{id}");
        for collection in [listed, &get(server(), &format!("/collections/{id}"))] {
            let links = collection["links"].as_array().unwrap();
            let has = |rel: &str, media_type: &str| {
                links.iter().any(|link| {
                    link["rel"] == rel
                        && link["type"] == media_type
                        && link["href"].as_str().unwrap().contains(&format!("/{id}/"))
                })
            };
            assert!(has("items", "application/geo+json"), "{id}");
            assert!(has("items", "text/html"), "{id}");
            for rel in ["schema", "queryables", "sortables"] {
                let rel = format!("http://www.opengis.net/def/rel/ogc/1.0/{rel}");
                assert!(has(&rel, "application/schema+json"), "{id} {rel}");
            }
            assert!(has("describedby", "application/schema+json"), "{id}");
        }
    }
}

#[test]
fn gdal_is_told_the_types_of_columns_where_xml_can_name_them() {
    for (id, is_told) in [("lacunaire", true), ("evenements", true), ("simple", false)] {
        let collection = get(small(), &format!("/collections/{id}"));
        let schema = link(&collection, "describedBy");
        assert_eq!(schema.is_some(), is_told, "{id}");
        let Some(href) = schema else { continue };
        let reply = small().get(&path_of(small(), &href));
        assert_eq!(reply.status, 200, "{id}");
        // of one type alone: GDAL takes no other
        assert_eq!(reply.text().matches("<xs:complexType").count(), 1, "{id}");
    }
}

#[test]
fn collections_page_and_are_found() {
    let mut path = "/collections?limit=5".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = get(server(), &path);
        let listed = page["collections"].as_array().unwrap();
        assert_eq!(page["numberReturned"], listed.len());
        seen.extend(listed.iter().map(|c| c["id"].as_str().unwrap().to_owned()));
        match link(&page, "next") {
            Some(next) => path = path_of(server(), &next),
            None => break,
        }
    }
    let all = get(server(), "/collections");
    assert_eq!(all["numberMatched"], seen.len());
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len());
    let found = |query: &str| -> Vec<String> {
        let page = get(server(), &format!("/collections?{query}"));
        let listed = page["collections"].as_array().unwrap();
        listed
            .iter()
            .map(|c| c["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        found("q=intercommunalit%C3%A9s%20REGION&limit=3").len(),
        found("q=region+intercommunalit%C3%A9s&limit=3").len()
    );
    // neither case nor accents matter, nor how those are encoded
    for query in [
        "q=aerodromes+region+oaci",
        "q=AE%CC%81RODROMES%20r%C3%A9gion",
    ] {
        let found = found(&format!("lang=fr&{query}"));
        assert_eq!(found, ["aerodromes"], "{query}");
    }
    assert!(found("q=mairie").contains(&"mairies".to_owned()));
    assert!(found("q=nothing-of-the-kind").is_empty());
    let far = found("bbox=140,-40,150,-30");
    assert!(
        far.contains(&"pays".to_owned()) && !far.contains(&"communes".to_owned()),
        "{far:?}"
    );
    for wrong in ["limit=0", "limit=x", "bbox=1,2", "q=", "sortby=id"] {
        let path = format!("/collections?{wrong}");
        assert_problem(&server().get(&path), 400, &path);
    }
}

#[test]
fn umap_finds_one_address_of_geojson_for_each_collection() {
    let all = get(server(), "/api/ogc-features/collections.json");
    let listed = all["collections"].as_array().unwrap();
    assert_eq!(
        listed.len() as u64,
        get(server(), "/collections")["numberMatched"]
            .as_u64()
            .unwrap()
    );
    for collection in listed {
        assert!(collection["title"].is_string());
        let links = collection["links"].as_array().unwrap();
        let data: Vec<_> = links
            .iter()
            .filter(|l| l["type"] == "application/geo+json")
            .collect();
        assert_eq!(data.len(), 1);
    }
    let departements = listed.iter().find(|c| c["id"] == "departements").unwrap();
    let href = departements["links"][0]["href"].as_str().unwrap();
    // uMap reads one page: it is the whole
    let page = get(server(), &path_of(server(), href));
    assert_eq!(
        (
            page["numberReturned"].as_u64(),
            page["numberMatched"].as_u64()
        ),
        (Some(12), Some(12))
    );
}

#[test]
fn oapif_23_058r1_what_features_have_is_what_the_schema_says() {
    for (server, layer) in [
        (server(), "communes"),
        (server(), "cours-eau"),
        (small(), "evenements"),
        (small(), "chantiers"),
    ] {
        let reply = server.get(&format!("/collections/{layer}/schema"));
        assert_eq!(reply.header("content-type"), "application/schema+json");
        let schema = reply.json();
        let fields = schema["properties"].as_object().unwrap();
        let page = get(server, &format!("/collections/{layer}/items?limit=200"));
        for feature in page["features"].as_array().unwrap() {
            let properties = feature["properties"].as_object().unwrap();
            assert_eq!(properties.len() + 1, fields.len());
            for (name, value) in properties {
                let is_right = match fields[name]["type"].as_str().unwrap() {
                    "string" => value.is_string(),
                    "integer" => value.is_i64(),
                    "number" => value.is_f64(),
                    "boolean" => value.is_boolean(),
                    other => panic!("{other}"),
                };
                assert!(is_right || value.is_null(), "{layer}.{name}: {value}");
            }
        }
        for (document, own) in [("queryables", true), ("sortables", false)] {
            let path = format!("/collections/{layer}/{document}");
            let found = get(server, &path);
            assert_eq!(found["additionalProperties"], false);
            assert_eq!(path_of(server, found["$id"].as_str().unwrap()), path);
            let geometry = &found["properties"]["geometry"];
            assert_eq!(geometry.is_object(), own, "{path}");
        }
    }
    let geometry = get(server(), "/collections/communes/schema")["properties"]["geometry"].clone();
    assert_eq!(geometry["format"], "geometry-multipolygon");
}

#[test]
fn a_collection_without_a_licence_of_its_own_has_that_of_the_site() {
    let folder = Scratch::new("features-licence");
    write(
        &folder,
        "capabilities/server.yaml",
        "schema: cartotheque/server@1\nlicence: etalab-2.0\n",
    );
    write(
        &folder,
        "data/places.geojson",
        r#"{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {},
            "geometry": {"type": "Point", "coordinates": [4, 45]}}]}"#,
    );
    let server = Server::start(&folder.0, &[]);
    for path in ["/collections/places", "/collections"] {
        let document = get(&server, path);
        let collection = document.pointer("/collections/0").unwrap_or(&document);
        let licence = link(collection, "license").unwrap();
        assert!(licence.contains("etalab"), "{path}: {licence}");
    }
}
