use super::*;

#[test]
fn clients_a4_following_next_gives_every_feature_once() {
    assert_eq!(
        all_ids(server(), "/collections/communes/items?limit=700").len(),
        4021
    );
    let filtered = "/collections/communes/items?limit=37&departement=Rh%C3%B4ne&filter=population%3E2000&sortby=-population&crs=http://www.opengis.net/def/crs/EPSG/0/2154&bbox=4,45,5,46.5";
    assert!(all_ids(server(), filtered).len() > 100);
}

#[test]
fn clients_a4_links_keep_every_parameter_as_it_was_sent() {
    let query = "bbox=4,45,5,46&&filter=population%20%3E+100&departement=Rh%C3%B4ne&limit=5";
    let page = get(
        server(),
        &format!("/collections/communes/items?{query}&offset=5"),
    );
    let kept = query.replace("&&", "&");
    for rel in ["self", "next", "prev", "alternate"] {
        let href = link(&page, rel).unwrap();
        assert!(href.contains(&kept), "{rel}: {href}");
        assert!(
            server().get(&path_of(server(), &href)).status == 200,
            "{href}"
        );
    }
    assert!(link(&page, "next").unwrap().contains("&offset=10"));
    let before = get(server(), &path_of(server(), &link(&page, "prev").unwrap()));
    assert!(link(&before, "prev").is_none());
    let again = path_of(server(), &link(&before, "next").unwrap());
    assert_eq!(ids(&get(server(), &again)), ids(&page));
}

#[test]
fn the_page_before_has_nothing_of_this_one() {
    let page = get(server(), "/collections/communes/items?limit=10&offset=5");
    let before = link(&page, "prev").unwrap();
    let before = get(server(), &path_of(server(), &before));
    let first = get(server(), "/collections/communes/items?limit=5");
    assert_eq!(ids(&before), ids(&first));
    let again = path_of(server(), &link(&before, "next").unwrap());
    assert_eq!(ids(&get(server(), &again)), ids(&page)[..5]);
}

#[test]
fn rfc9110_13_1_2_any_tag_stands_for_what_there_is() {
    let items = "/collections/departements/items";
    let id = ids(&get(server(), items))[0].clone();
    let any = [("If-None-Match", "*")];
    for (path, status) in [
        (items.to_owned(), 304),
        (format!("{items}/{id}"), 304),
        (format!("{items}/no-such-item"), 404),
    ] {
        let reply = server().ask("GET", &path, &any, b"");
        assert_eq!(reply.status, status, "{path}");
    }
}

#[test]
fn oapif_17_069r4_7_15_2_limit() {
    let items = "/collections/communes/items";
    assert_eq!(ids(&get(server(), items)).len(), 10);
    assert_eq!(ids(&get(server(), &format!("{items}?limit=3"))).len(), 3);
    // more than the maximum is the maximum
    let most = get(
        server(),
        "/collections/departements/items?limit=99999999999999999999999",
    );
    assert_eq!(most["numberReturned"], 12);
    for wrong in ["0", "-1", "abc", "", "1.5", "%2B3", "1e3"] {
        let path = format!("{items}?limit={wrong}");
        assert_problem(&server().get(&path), 400, &path);
    }
    let behind = get(server(), &format!("{items}?offset=99999"));
    assert_eq!(behind["numberReturned"], 0);
    assert_eq!(behind["numberMatched"], 4021);
    assert!(link(&behind, "next").is_none());
}

#[test]
fn data_that_changed_between_two_pages_are_told() {
    let scratch = Scratch::new("features-changing");
    let first = [
        (serde_json::json!({ "a": 1 }), [1.0, 1.0]),
        (serde_json::json!({ "a": 2 }), [2.0, 2.0]),
    ];
    layer(&scratch, "points", "", &first);
    let server = Server::start(&scratch.0, &[]);
    let page = get(&server, "/collections/points/items?limit=1");
    let next = path_of(&server, &link(&page, "next").unwrap());
    assert_eq!(ids(&get(&server, &next)), ["1"]);
    let tag = server
        .get("/collections/points/items")
        .header("etag")
        .to_owned();
    layer(
        &scratch,
        "points",
        "",
        &[
            first[1].clone(),
            first[0].clone(),
            (serde_json::json!({ "a": 3 }), [3.0, 3.0]),
        ],
    );
    server.wait_until("three points", |server| {
        count(server, "/collections/points/items") == 3
    });
    let gone = server.get(&next);
    assert_problem(&gone, 410, &next);
    assert!(
        gone.text().contains("changed since the first page"),
        "{}",
        gone.text()
    );
    let again = server.ask(
        "GET",
        "/collections/points/items",
        &[("If-None-Match", &tag)],
        b"",
    );
    assert_eq!(again.status, 200);
}

#[test]
fn a_page_that_is_known_is_not_sent_again() {
    let path = "/collections/communes/items?limit=50";
    let reply = server().get(path);
    let tag = reply.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let known = server().ask("GET", path, &[("If-None-Match", &tag)], b"");
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), tag);
    for other in [
        "?limit=51",
        "?limit=50&f=html",
        "?limit=50&properties=nom",
        "?limit=50&f=gml",
    ] {
        let path = format!("/collections/communes/items{other}");
        let reply = server().ask("GET", &path, &[("If-None-Match", &tag)], b"");
        assert_eq!(reply.status, 200, "{path}");
    }
    let head = server().ask("HEAD", path, &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("etag"), tag);
    assert_eq!(server().ask("OPTIONS", path, &[], b"").status, 204);
}

#[test]
fn a_page_that_is_known_is_sent_again_once_what_it_tells_has_changed() {
    let scratch = Scratch::new("features-told");
    let point = serde_json::json!({"n": 1});
    let yaml = |more: &str| format!("id: points\nsource: {{file: data/points.geojson}}\n{more}");
    layer(&scratch, "points", "", &[(point, [5.0, 45.0])]);
    let file = "capabilities/layers/points.yaml";
    write(&scratch, file, &yaml("title: Avant\n"));
    let site = |title: &str| format!("schema: cartotheque/server@1\ntitle: {title}\n");
    write(&scratch, "capabilities/server.yaml", &site("Site"));
    let server = Server::start(&scratch.0, &["--strict"]);
    let tag = |format: &str| {
        let path = format!("/collections/points/items?f={format}");
        server.get(&path).header("etag").to_owned()
    };
    let change = |path: &str, text: &str, told: &str| {
        let before = ["html", "gml"].map(tag);
        write(&scratch, path, text);
        server.wait_until(told, |server| {
            let page = server.get("/collections/points/items?f=html").text();
            let gml = server.get("/collections/points/items?f=gml").text();
            page.contains(told) || gml.contains(told)
        });
        let after = ["html", "gml"].map(tag);
        assert!(before.iter().zip(&after).all(|(a, b)| a != b), "{told}");
    };
    change(file, &yaml("title: Après\n"), "Après");
    let namespace = "title: Après\nnamespace: {prefix: ici, uri: \"urn:ici\"}\n";
    change(file, &yaml(namespace), "urn:ici");
    change("capabilities/server.yaml", &site("Autre"), "Autre");
}

#[test]
fn clients_a9_every_id_of_a_page_finds_its_feature() {
    for (server, layer) in [
        (server(), "communes"),
        (server(), "cours-eau"),
        (small(), "evenements"),
        (small(), "chantiers"),
        (small(), "simple"),
    ] {
        let page = get(server, &format!("/collections/{layer}/items?limit=4"));
        for (feature, id) in page["features"].as_array().unwrap().iter().zip(ids(&page)) {
            let path = format!("/collections/{layer}/items/{id}");
            let mut alone = get(server, &path);
            assert_eq!(path_of(server, &link(&alone, "self").unwrap()), path);
            let collection = link(&alone, "collection").unwrap();
            assert_eq!(
                path_of(server, &collection),
                format!("/collections/{layer}")
            );
            alone.as_object_mut().unwrap().remove("links");
            assert_eq!(&alone, feature, "{path}");
        }
        for nothing in ["nobody", "99999999", "-1", "1.0", "%00"] {
            let path = format!("/collections/{layer}/items/{nothing}");
            assert_problem(&server.get(&path), 404, &path);
        }
    }
    // a number stays a number, a text of digits a text
    assert_eq!(
        get(small(), "/collections/evenements/items")["features"][0]["id"],
        40
    );
    assert_eq!(
        get(server(), "/collections/departements/items/26")["id"],
        "26"
    );
}

#[test]
fn clients_a3_a5_counts_are_there_and_nulls_are_written() {
    let page = get(small(), "/collections/evenements/items");
    assert_eq!(
        (
            page["numberMatched"].as_u64(),
            page["numberReturned"].as_u64()
        ),
        (Some(4), Some(4))
    );
    let names = |i: usize| -> Vec<String> {
        let properties = page["features"][i]["properties"].as_object().unwrap();
        properties.keys().cloned().collect()
    };
    for i in 0..4 {
        assert_eq!(names(i), names(0));
    }
    assert!(page["features"][3]["properties"]["jour"].is_null());
    assert!(
        !small()
            .get("/collections/evenements/items")
            .text()
            .contains("secret")
    );
    // a whole number of a column of reals is a real
    assert!(
        small()
            .get("/collections/evenements/items")
            .text()
            .contains("\"taux\":10.0")
    );
}

/// nginx answers 502 where the headers of an answer are more than 4 kB.
#[test]
fn rfc8288_the_links_of_a_long_request_have_room_in_a_header() {
    let ring: Vec<String> = (0..25)
        .map(|i| {
            format!(
                "{:.5}%20{:.5}",
                4.0 + f64::from(i) * 0.01,
                45.0 + f64::from(i % 2)
            )
        })
        .collect();
    let ring = ring.join(",");
    let polygon = format!("POLYGON(({ring},5%2044,4.00000%2045.00000))");
    let path = format!(
        "/collections/communes/items?f=csv&limit=1&filter=S_INTERSECTS(geometry,{polygon})"
    );
    let reply = server().get(&path);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let links = reply.header("link");
    assert!(links.len() <= 2_500, "{} bytes", links.len());
    assert!(links.contains("rel=\"next\""), "{links}");
    let short = server().get("/collections/communes/items?f=csv&limit=1");
    for rel in ["next", "self", "alternate", "collection"] {
        assert!(
            short.header("link").contains(&format!("rel=\"{rel}\"")),
            "{rel}"
        );
    }
}

#[test]
fn from_beyond_the_end_a_link_leads_back_to_the_last_page() {
    let behind = get(server(), "/collections/communes/items?offset=99999");
    assert!(link(&behind, "prev").unwrap().contains("offset=4011"));
}
