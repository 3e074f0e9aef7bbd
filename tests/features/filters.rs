use super::*;

fn communes(query: &str) -> String {
    format!("/collections/communes/items?limit=5000&skipGeometry=true&{query}")
}

fn cql(text: &str) -> String {
    communes(&format!("filter={}", encoded(text)))
}

#[test]
fn oapif_19_079r2_text_json_and_a_scan_by_hand_agree() {
    let all = get(server(), &communes(""));
    let by_hand = |keep: &dyn Fn(&Value) -> bool| -> Vec<String> {
        let features = all["features"].as_array().unwrap();
        let kept = features
            .iter()
            .filter(|feature| keep(&feature["properties"]));
        kept.map(|feature| feature["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let big = by_hand(&|p| p["population"].as_i64() > Some(20_000) && p["departement"] != "Rhône");
    assert!(big.len() > 20);
    let text = cql("population > 20000 AND departement <> 'Rhône'");
    assert_eq!(all_ids(server(), &text), big);
    let json = r#"{"op":"and","args":[{"op":">","args":[{"property":"population"},20000]},
        {"op":"<>","args":[{"property":"departement"},"Rhône"]}]}"#;
    let json = communes(&format!("filter-lang=cql2-json&filter={}", encoded(json)));
    assert_eq!(all_ids(server(), &json), big);
    let named = by_hand(&|p| p["departement"] == "Rhône" && p["arrondissement"] == "Lyon");
    let values = communes("departement=Rh%C3%B4ne&Arrondissement=Lyon");
    assert_eq!(all_ids(server(), &values), named);
    let both = communes("departement=Rh%C3%B4ne&filter=arrondissement%3D'Lyon'&population=0");
    assert_eq!(count(server(), &both), 0);
}

#[test]
fn oapif_19_079r2_filter_crs_is_that_of_the_geometries() {
    let lonlat = cql("S_INTERSECTS(geometry, BBOX(4.8, 45.7, 4.9, 45.8))");
    let found = all_ids(server(), &lonlat);
    assert!(found.len() > 10);
    let latlon = cql("S_INTERSECTS(geometry, BBOX(45.7, 4.8, 45.8, 4.9))")
        + "&filter-crs=http://www.opengis.net/def/crs/EPSG/0/4326";
    assert_eq!(all_ids(server(), &latlon), found);
    let boxed = communes("bbox=4.8,45.7,4.9,45.8");
    assert_eq!(all_ids(server(), &boxed), found);
    // far beyond the area of the layer's CRS
    let (far, boxed) = (
        cql("S_INTERSECTS(geometry, BBOX(-180, 40, 5, 46))"),
        communes("bbox=-180,40,5,46"),
    );
    let found = count(server(), &far);
    assert!((1000..3000).contains(&found));
    assert_eq!(count(server(), &boxed), found);
}

#[test]
fn a_faulty_filter_is_refused_with_its_place() {
    for (wrong, told) in [
        ("population >", "column"),
        ("populaton > 3", "did you mean"),
        ("nobody = 1", "no field"),
    ] {
        let path = cql(wrong);
        let reply = server().get(&path);
        assert_problem(&reply, 400, &path);
        assert!(reply.text().contains(told), "{wrong}: {}", reply.text());
    }
    for query in [
        "filter=",
        "filter=a%3D1&filter-lang=ecql",
        "filter-lang=cql2-json&filter=population%3E1",
    ] {
        let path = communes(query);
        assert_problem(&server().get(&path), 400, &path);
    }
}

#[test]
fn clients_a10_a_parameter_that_is_no_field_is_refused_and_so_is_a_value_of_another_type() {
    for wrong in [
        "unknown_parameter_x=1",
        "population=many",
        "population=1.5",
        "bbox_crs=a",
        "population=",
    ] {
        let path = communes(wrong);
        assert_problem(&server().get(&path), 400, &path);
    }
    for (wrong, right) in [
        ("ouvert=oui", "ouvert=true"),
        ("taux=x", "taux=7.5"),
        ("jour=hier", "jour=2024-02-29"),
        ("numero=a", "numero=30"),
    ] {
        let path = format!("/collections/evenements/items?{wrong}");
        assert_problem(&small().get(&path), 400, &path);
        let found = count(small(), &format!("/collections/evenements/items?{right}"));
        assert!(found >= 1, "{right}");
    }
    // a field with the name of a parameter is found by a filter; one of two by its exact name
    assert_eq!(
        count(small(), "/collections/simple/items?filter=%22limit%22%3D3"),
        1
    );
    assert_eq!(count(small(), "/collections/simple/items?nom=y&Nom=x"), 1);
    assert_problem(&small().get("/collections/simple/items?NOM=x"), 400, "NOM");
}

#[test]
fn a_hidden_field_is_as_if_it_were_not_there() {
    let items = "/collections/evenements/items";
    for query in [
        "secret=280",
        "filter=secret%3D280",
        "filter=SECRET%3E1",
        "sortby=secret",
        "properties=secret",
    ] {
        let path = format!("{items}?{query}");
        let hidden = small().get(&path);
        assert_problem(&hidden, 400, &path);
        // word for word what is said of a field that there is not
        let absent = small().get(&path.replace("secret", "sicret").replace("SECRET", "SICRET"));
        let told = absent
            .text()
            .replace("sicret", "secret")
            .replace("SICRET", "SECRET");
        assert_eq!(hidden.text(), told, "{path}");
    }
    let path = format!("{items}?filter=secre%3D280");
    assert!(!small().get(&path).text().contains("secret"));
    for document in ["schema", "queryables", "sortables"] {
        let document = format!("/collections/evenements/{document}");
        assert!(
            !small().get(&document).text().contains("secret"),
            "{document}"
        );
    }
    assert!(!small().get("/api").text().contains("secret"));
}

#[test]
fn sorting_is_total_and_properties_are_chosen() {
    let path = communes("sortby=departement,-population&properties=population,departement,nom");
    let page = get(server(), &path);
    let rows: Vec<(String, i64)> = page["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| {
            let properties = feature["properties"].as_object().unwrap();
            let names: Vec<&String> = properties.keys().collect();
            assert_eq!(names, ["nom", "departement", "population"]);
            assert!(feature["geometry"].is_null());
            let departement = properties["departement"].as_str().unwrap().to_owned();
            (
                departement,
                properties["population"].as_i64().unwrap_or(i64::MAX),
            )
        })
        .collect();
    for pair in rows.windows(2) {
        let ((a, x), (b, y)) = (&pair[0], &pair[1]);
        assert!(a < b || (a == b && (x >= y || *y == i64::MAX)), "{pair:?}");
    }
    let ascending = ids(&get(
        server(),
        "/collections/communes/items?sortby=nom&limit=9",
    ));
    let plus = get(server(), "/collections/communes/items?sortby=+nom&limit=9");
    assert_eq!(ids(&plus), ascending);
    for wrong in [
        "sortby=",
        "sortby=nobody",
        "sortby=nom,,insee",
        "properties=",
        "properties=nom,nobody",
        "skipGeometry=perhaps",
    ] {
        let path = communes(wrong);
        assert_problem(&server().get(&path), 400, &path);
    }
}

#[test]
fn texts_that_are_read_as_times_are_not_looked_up_as_texts() {
    let scratch = Scratch::new("indexed-times");
    let times = [
        "2024-03-01T00:30:00+02:00",
        "2024-02-29T22:30:00Z",
        "2024-03-01T00:00:00Z",
        // without it the column would be of times by itself
        "inconnu",
    ];
    let features: Vec<(Value, [f64; 2])> = (1..)
        .zip(times)
        .map(|(id, time)| (serde_json::json!({"n": id, "jour": time}), [4.0, 45.0]))
        .collect();
    let yaml =
        "id_column: n\nfields:\n  - {name: n}\n  - {name: jour, type: date-time, index: true}\n";
    layer(&scratch, "releves", yaml, &features);
    // a map filters as requests do
    let map = "title: Carte\nservices: [features]\nlayers:\n  \
               - {layer: releves, filter: \"jour = '2024-02-29T22:30:00Z'\"}\n";
    write(&scratch, "capabilities/maps/carte.yaml", map);
    let server = Server::start(&scratch.0, &[]);
    let of_map = get(&server, "/maps/carte/collections/releves/items");
    assert_eq!(ids(&of_map), ["1", "2"]);
    for (filter, expected) in [
        ("jour = '2024-02-29T22:30:00Z'", &["1", "2"][..]),
        ("jour IN ('2024-02-29T22:30:00Z')", &["1", "2"]),
        ("jour < '2024-02-29T23:00:00Z'", &["1", "2"]),
    ] {
        let path = format!("/collections/releves/items?filter={}", encoded(filter));
        assert_eq!(ids(&get(&server, &path)), expected, "{filter}");
    }
}
