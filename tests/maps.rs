//! The cartothèque over HTTP: the list, the page, and a map's services, asked as clients ask.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod common;

use std::fs;

use common::{Scratch, Server, repository};
use serde_json::Value;

/// A folder with the data and styles of the demonstration and maps of its own.
fn folder(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    let root = repository();
    for part in ["data", "styles"] {
        std::os::unix::fs::symlink(root.join(part), scratch.0.join(part)).unwrap();
    }
    let to = scratch.0.join("capabilities/layers");
    fs::create_dir_all(&to).unwrap();
    for file in fs::read_dir(root.join("capabilities/layers")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    let server = "capabilities/server.yaml";
    fs::copy(root.join(server), scratch.0.join(server)).unwrap();
    fs::create_dir_all(scratch.0.join("capabilities/maps")).unwrap();
    scratch
}

fn write(scratch: &Scratch, id: &str, yaml: &str) {
    let path = format!("capabilities/maps/{id}.yaml");
    fs::write(scratch.0.join(path), yaml).unwrap();
}

/// Towns of Savoie, half seen over municipalities, and departments that are hidden at first.
const SAVOIE: &str = "\
title: {fr: Savoie, en: Savoie}
aliases: [savoie_r84]
view: {crs: EPSG:2154, extent: {of: departements, where: \"code = '73'\"}}
layers:
  - group: Repères
    layers:
      - {layer: villes, title: Villes de Savoie, filter: \"departement = 'Savoie'\"}
      - {layer: departements, visible: false}
  - {layer: communes, id: fond, style: contours, styles: [contours], opacity: 0.5}
";

/// The ids of the layers in a map's document, top first.
fn entries(document: &Value, list: &mut Vec<String>) {
    for entry in document["entries"].as_array().unwrap() {
        match entry["kind"].as_str().unwrap() {
            "group" => entries(entry, list),
            _ => list.push(entry["id"].as_str().unwrap().to_owned()),
        }
    }
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    let parts = text.split(before).skip(1);
    parts.filter_map(|part| part.split(after).next()).collect()
}

/// Capabilities without styles, which may have the names of layers.
fn without_styles(text: &str) -> String {
    let parts = text.split("<Style");
    parts
        .map(|part| part.split("</Style>").last().unwrap())
        .collect()
}

/// The ids of a map's layers, top first, as each of its outputs has them.
fn orders(server: &Server, map: &str) -> Vec<(&'static str, Vec<String>)> {
    let own = |path: &str| format!("/maps/{map}{path}");
    let document = server.get(&own("?f=json")).json();
    let mut wanted = Vec::new();
    entries(&document, &mut wanted);
    let known = |names: Vec<&str>| -> Vec<String> {
        let names = names.into_iter().map(str::to_owned);
        names.filter(|name| wanted.contains(name)).collect()
    };
    let wms = server.get(&own("/wms?SERVICE=WMS&REQUEST=GetCapabilities"));
    let wmts = server.get(&own("/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"));
    let wfs = server.get(&own("/wfs?SERVICE=WFS&REQUEST=GetCapabilities"));
    let collections = server.get(&own("/collections?f=json")).json();
    let collections = collections["collections"].as_array().unwrap().iter();
    let wfs_text = wfs.text();
    let wfs_names = between(&wfs_text, "<Name>", "</Name>").into_iter();
    vec![
        ("document", wanted.clone()),
        (
            "wms",
            known(between(&without_styles(&wms.text()), "<Name>", "</Name>")),
        ),
        (
            "wmts",
            known(between(
                &without_styles(&wmts.text()),
                "<ows:Identifier>",
                "</ows:Identifier>",
            )),
        ),
        (
            "wfs",
            known(
                wfs_names
                    .map(|name| name.rsplit(':').next().unwrap())
                    .collect(),
            ),
        ),
        (
            "collections",
            known(collections.map(|c| c["id"].as_str().unwrap()).collect()),
        ),
    ]
}

#[test]
fn every_output_of_a_map_has_the_same_layers_in_the_same_order() {
    let scratch = folder("maps-order");
    write(&scratch, "savoie", SAVOIE);
    for id in ["population", "intercommunalites"] {
        let path = format!("capabilities/maps/{id}.yaml");
        fs::copy(repository().join(&path), scratch.0.join(&path)).unwrap();
    }
    let server = Server::start(&scratch.0, &["--strict"]);
    for map in ["savoie", "population", "intercommunalites"] {
        let orders = orders(&server, map);
        let (_, wanted) = &orders[0];
        assert!(wanted.len() >= 3, "{map}: {wanted:?}");
        for (output, order) in &orders {
            assert_eq!(order, wanted, "{output} of {map}");
        }
    }
}

#[test]
fn a_maps_services_know_its_layers_alone_and_no_feature_that_its_filter_leaves_out() {
    let scratch = folder("maps-services");
    write(&scratch, "savoie", SAVOIE);
    let server = Server::start(&scratch.0, &["--strict"]);
    let own = |path: &str| server.get(&format!("/maps/savoie{path}"));
    // what a WFS client asks
    let hits =
        own("/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&TYPENAMES=villes&RESULTTYPE=hits");
    let all = server
        .get("/collections/villes/items?f=json&limit=1&departement=Savoie")
        .json();
    let towns = all["numberMatched"].as_u64().unwrap();
    assert!(towns > 100);
    assert!(
        hits.text().contains(&format!("numberMatched=\"{towns}\"")),
        "{}",
        hits.text()
    );
    // an OGC API client: no town of elsewhere, by page, by filter or by id
    let items = own("/collections/villes/items?f=json&limit=1000").json();
    assert_eq!(items["numberMatched"], towns);
    for feature in items["features"].as_array().unwrap() {
        assert_eq!(feature["properties"]["departement"], "Savoie");
    }
    let lyon = own("/collections/villes/items?f=json&nom=Lyon").json();
    assert_eq!(lyon["numberMatched"], 0);
    assert_eq!(own("/collections/villes/items/69123?f=json").status, 404);
    assert_eq!(
        server.get("/collections/villes/items/69123?f=json").status,
        200
    );
    assert_eq!(own("/collections/villes/data.fgb").status, 404);
    let queried = own("/collections/villes/items?f=fgb");
    assert!(queried.body.len() < 300_000, "{}", queried.body.len());
    // a WMS client: a click on Lyon finds nothing, one on Chambéry does
    let click = |bbox: &str| {
        own(&format!("/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=villes&QUERY_LAYERS=villes&STYLES=&CRS=EPSG:2154&BBOX={bbox}&WIDTH=100&HEIGHT=100&I=50&J=50&INFO_FORMAT=application/json")).json()
    };
    assert_eq!(
        click("841000,6518000,845000,6522000")["features"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    // layers of the site that the map does not have, and addresses that are the site's alone
    for path in [
        "/collections/aerodromes",
        "/collections/communes",
        "/tiles/communes/8/132/91.mvt",
        "/health",
        "/maps/savoie",
        "/nothing",
    ] {
        assert_eq!(own(path).status, 404, "{path}");
    }
    let map = own(
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=aerodromes&STYLES=&CRS=EPSG:2154&BBOX=841000,6518000,845000,6522000&WIDTH=9&HEIGHT=9&FORMAT=image/png",
    );
    assert!(map.text().contains("LayerNotDefined"), "{}", map.text());
    // vector tiles have what the filter leaves: none of Lyon's towns
    let tile = own("/tiles/villes/8/131/91.mvt");
    assert!(tile.status == 204 || !String::from_utf8_lossy(&tile.body).contains("Villeurbanne"));
}

#[test]
fn the_root_layer_draws_the_map_as_it_is_first_shown() {
    let scratch = folder("maps-root");
    write(&scratch, "savoie", SAVOIE);
    let server = Server::start(&scratch.0, &["--strict"]);
    let draw = |layers: &str| {
        let bbox = "920000,6480000,1000000,6540000";
        let reply = server.get(&format!("/maps/savoie/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={layers}&STYLES=&CRS=EPSG:2154&BBOX={bbox}&WIDTH=160&HEIGHT=120&FORMAT=image/png&TRANSPARENT=TRUE"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.picture().2
    };
    let (root, alone, towns) = (draw("savoie"), draw("fond"), draw("villes"));
    let mut lines = 0;
    for ((root, alone), town) in root.iter().zip(&alone).zip(&towns) {
        // where there is no town there is what lies below, half seen, and nothing else
        if town[3] == 0 {
            assert!(
                u8::abs_diff(root[3], alone[3] / 2) <= 1,
                "{root:?} of {alone:?}"
            );
            lines += usize::from(alone[3] > 100);
        }
    }
    assert!(lines > 100, "{lines} pixels of lines");
}

#[test]
fn pictures_that_differ_in_opacity_alone_are_kept_apart() {
    let scratch = folder("maps-opacity");
    for (id, opacity) in [("plein", 1.0), ("demi", 0.5), ("quart", 0.25)] {
        let text = format!(
            "title: Régions\nview: {{crs: EPSG:3857, extent: {{of: departements}}}}\n\
             layers: [{{layer: departements, style: departements-aplats, opacity: {opacity}}}]\n"
        );
        write(&scratch, id, &text);
    }
    let server = Server::start(&scratch.0, &["--strict"]);
    let places = [
        "map.png?width=64&height=64",
        "map/tiles/WebMercatorQuad/6/22/32?f=png",
        "legend.png",
        "print.pdf?layout=a4-paysage&dpi=150",
    ];
    for (number, path) in places.into_iter().enumerate() {
        let ask = |map: &str, more: &str| server.get(&format!("/maps/{map}/{path}{more}"));
        let first = ["plein", "demi", "quart"].map(|map| ask(map, ""));
        // what the first ones left in the cache
        let again = ["plein", "demi", "quart"].map(|map| ask(map, ""));
        for (one, other) in first.iter().zip(&again) {
            assert_eq!(one.status, 200, "{path}: {}", one.text());
            assert!(number == 3 || one.body == other.body, "{path}");
        }
        if number < 2 {
            // on white; names are as dark in all of them
            let dark = |reply: &common::Reply| {
                let of = |[r, g, b, a]: [u8; 4]| {
                    let light = [r, g, b].map(u32::from).iter().sum::<u32>();
                    (765 - light) * u32::from(a) / 255
                };
                let mut all: Vec<u32> = reply.picture().2.into_iter().map(of).collect();
                all.retain(|dark| *dark > 0);
                all.sort_unstable();
                f64::from(all[all.len() / 2])
            };
            let [full, half, quarter] = first.map(|reply| dark(&reply));
            assert!((half / full - 0.5).abs() < 0.15, "{path}: {half} of {full}");
            assert!(
                (quarter / full - 0.25).abs() < 0.15,
                "{path}: {quarter} of {full}"
            );
        }
    }
    // what is asked for counts, not what the map shows at first
    let asked = |map: &str, opacity: &str| {
        let path = format!("/maps/{map}/print.pdf?dpi=150&layers=departements&opacities={opacity}");
        let reply = server.get(&path);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.body.len()
    };
    // the size tells pictures apart, but for the moment that the sheet was made at
    let is_one = |a: usize, b: usize| a.abs_diff(b) < 16;
    assert!(is_one(asked("demi", "0.5"), asked("demi", "")));
    assert!(is_one(asked("plein", "1"), asked("plein", "")));
    assert!(!is_one(asked("plein", "0.5"), asked("plein", "")));
}

#[test]
fn an_address_of_prodige_leads_to_the_map_with_its_question() {
    let scratch = folder("maps-alias");
    write(&scratch, "savoie", SAVOIE);
    let server = Server::start(&scratch.0, &["--strict"]);
    let moved = server.get("/1/savoie_r84.map?object=communes;insee;73065");
    assert_eq!(moved.status, 301);
    let target = format!(
        "http://{}/maps/savoie?object=communes;insee;73065",
        server.address
    );
    assert_eq!(moved.header("location"), target);
    assert_eq!(server.get("/1/nothing.map").status, 404);
    assert_eq!(server.get("/maps/nothing").status, 404);
}

#[test]
fn the_list_is_found_by_words_themes_and_producers_page_by_page() {
    let scratch = folder("maps-list");
    let family = "\
for_each: {layer: departements, fields: {code: code, nom: nom}}
id: population-{code}
title: {fr: 'Population : {nom}', en: 'Population: {nom}'}
metadata: {organisation: INSEE, covadis: [SOCIO_ECONOMIE, SOCIO_ECONOMIE], licence: etalab-2.0}
view: {crs: EPSG:2154, extent: {of: departements, where: \"code = '{code}'\"}}
layers: [{layer: communes, filter: \"departement = '{nom}'\"}]
";
    write(&scratch, "population", family);
    write(&scratch, "savoie", SAVOIE);
    write(
        &scratch,
        "ancienne",
        &format!("status: archived\n{}", SAVOIE.replace("savoie_r84", "x")),
    );
    let server = Server::start(&scratch.0, &["--strict"]);
    let list = |query: &str| server.get(&format!("/maps?f=json&{query}")).json();
    assert_eq!(list("")["numberMatched"], 13);
    assert_eq!(
        server.get("/maps/ancienne?f=json").json()["status"],
        "archived"
    );
    assert_eq!(list("q=ISERE%20popul")["maps"][0]["id"], "population-38");
    let decomposed = list("q=Ise%CC%80re");
    assert_eq!(decomposed["maps"][0]["id"], "population-38");
    assert_eq!(list("covadis=SOCIO_ECONOMIE")["numberMatched"], 12);
    let theme = &list("")["facets"]["covadis"][0];
    assert_eq!(theme["value"], "SOCIO_ECONOMIE");
    assert_eq!(
        theme["count"], 12,
        "a theme that is written twice counts once"
    );
    let facets = &list("q=savoie")["facets"];
    assert_eq!(facets["organisation"][0]["count"], 2, "{facets}");
    let page = list("limit=5&offset=10");
    assert_eq!(page["numberReturned"], 3);
    let rels: Vec<&str> = page["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["rel"].as_str().unwrap())
        .collect();
    assert_eq!(rels, ["self", "prev"]);
    assert_eq!(server.get("/maps?f=json&theme=x").status, 400);
    for (language, word) in [("fr", "13 cartes"), ("en", "13 maps")] {
        let page = server.ask(
            "GET",
            &format!("/maps?lang={language}"),
            &[("Accept", "text/html")],
            b"",
        );
        assert!(page.text().contains(word), "{}", page.text());
        assert!(page.text().contains("population-38/map.png"));
    }
    // each map of the family begins with its own department
    let extents: Vec<String> = ["38", "03"]
        .map(|code| {
            server
                .get(&format!("/maps/population-{code}?f=json"))
                .json()["view"]["extentLonLat"]
                .to_string()
        })
        .to_vec();
    assert_ne!(extents[0], extents[1]);
    let isere = server.get("/maps/population-38?f=json").json();
    assert_eq!(
        isere["entries"][0]["count"], 512,
        "{}",
        isere["entries"][0]["count"]
    );
}

#[test]
fn a_changed_map_is_served_anew_and_a_broken_one_stays_with_a_word_in_health() {
    let scratch = folder("maps-reload");
    write(&scratch, "savoie", SAVOIE);
    let server = Server::start(&scratch.0, &[]);
    let title = |server: &Server| {
        let document = server.get("/maps/savoie?f=json").json();
        document["title"].as_str().unwrap().to_owned()
    };
    assert_eq!(title(&server), "Savoie");
    write(
        &scratch,
        "savoie",
        &SAVOIE.replace("fr: Savoie", "fr: La Savoie"),
    );
    server.wait_until("the new title", |server| title(server) == "La Savoie");
    write(
        &scratch,
        "savoie",
        &SAVOIE.replace("layer: villes", "layer: vile"),
    );
    server.wait_until("the fault", |server| {
        let health = server.get("/health").json();
        health["status"] == "degraded"
            && health["faults"][0]["subject"] == "capabilities/maps/savoie.yaml"
            && health["faults"][0]["stillServed"] == true
    });
    assert_eq!(title(&server), "La Savoie");
}

#[test]
fn maps_that_people_look_at_stand_first_and_those_of_others_are_not_told() {
    let scratch = Scratch::new("maps-viewed");
    let root = &scratch.0;
    for folder in ["capabilities/layers", "capabilities/maps", "data"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::copy(
        repository().join("data/epci.fgb"),
        root.join("data/epci.fgb"),
    )
    .unwrap();
    let write = |path: &str, text: &str| fs::write(root.join(path), text).unwrap();
    write(
        "capabilities/server.yaml",
        "roles: {a: {api_keys: file:keys}}\n",
    );
    write("keys", "0123456789abcdef0123456789abcdef\n");
    write(
        "capabilities/layers/epci.yaml",
        "source: {file: data/epci.fgb}\n",
    );
    for id in ["une", "deux", "trois"] {
        let map = format!("title: Carte {id}\nview: {{crs: EPSG:2154}}\nlayers: [epci]\n");
        write(&format!("capabilities/maps/{id}.yaml"), &map);
    }
    let hidden = "title: Secrète\naccess: {roles: [a]}\nview: {crs: EPSG:2154}\nlayers: [epci]\n";
    write("capabilities/maps/secrete.yaml", hidden);
    let server = Server::start(root, &[]);
    let firefox = ("User-Agent", "Mozilla/5.0 Firefox/128.0");
    let html = ("Accept", "text/html");
    let key = ("X-Api-Key", "0123456789abcdef0123456789abcdef");
    let first = |headers: &[(&str, &str)]| {
        server.ask("GET", "/maps?f=json", headers, b"").json()["mostViewed"].clone()
    };
    assert_eq!(first(&[]), serde_json::json!([]));
    let page = server.ask("GET", "/maps", &[html], b"").text();
    assert!(!page.contains("most-viewed"), "nothing was looked at");
    // the first page leads to maps before any was looked at, and to those looked at most after
    let cards = |headers: &[(&str, &str)]| {
        let page = server.ask("GET", "/", headers, b"").text();
        let (_, cards) = page.split_once("id=\"maps\"").unwrap();
        cards.split_once("</section>").unwrap().0.to_owned()
    };
    let all = cards(&[html]);
    for title in ["Carte une", "Carte deux", "Carte trois"] {
        assert!(all.contains(title), "{title}: {all}");
    }
    assert!(!all.contains("Secr"), "{all}");
    let look = |path: &str, headers: &[(&str, &str)]| server.ask("GET", path, headers, b"");
    for _ in 0..2 {
        assert_eq!(look("/maps/trois", &[firefox, html]).status, 200);
    }
    look("/maps/une/embed", &[firefox]);
    for _ in 0..3 {
        assert_eq!(look("/maps/secrete", &[firefox, html, key]).status, 200);
        // neither robots, nor heads, nor programs, nor who is refused
        look("/maps/deux", &[("User-Agent", "Googlebot/2.1"), html]);
        look("/maps/deux?f=json", &[firefox]);
        server.ask("HEAD", "/maps/deux", &[firefox, html], b"");
        look("/maps/secrete", &[firefox, html]);
    }
    assert_eq!(first(&[]), serde_json::json!(["trois", "une"]));
    assert_eq!(
        first(&[key]),
        serde_json::json!(["secrete", "trois", "une"])
    );
    let page = server.ask("GET", "/maps", &[html], b"").text();
    let (head, rest) = page.split_once("Toutes les cartes").unwrap();
    assert!(head.contains("Les plus consultées"), "{page}");
    assert!(head.find("Carte trois").unwrap() < head.find("Carte une").unwrap());
    assert!(!head.contains("Carte deux") && rest.contains("Carte deux"));
    assert!(!page.contains("Secr"));
    let found = cards(&[html]);
    assert!(found.find("Carte trois").unwrap() < found.find("Carte une").unwrap());
    assert!(found.find("Carte une").unwrap() < found.find("Carte deux").unwrap());
    assert!(!found.contains("Secr"), "{found}");
    assert!(cards(&[html, key]).contains("Secr"));
    // on a page of what was searched for there is only that
    let found = server.ask("GET", "/maps?q=une", &[html], b"").text();
    assert!(!found.contains("most-viewed"), "{found}");
}

#[test]
fn most_viewed_maps_are_known_after_a_restart_and_a_damaged_file_is_none() {
    let scratch = folder("maps-restart");
    let cache = scratch.0.join("cache");
    for id in ["une", "deux"] {
        let map = "title: Carte\nview: {crs: EPSG:2154}\nlayers: [departements]\n";
        write(&scratch, id, map);
    }
    let start = || Server::start(&scratch.0, &["--cache-dir", cache.to_str().unwrap()]);
    let stop = |mut server: Server| {
        server.signal("-TERM");
        server.child.wait().unwrap();
        server.log()
    };
    let look = |server: &Server, id: &str| {
        let firefox = [
            ("User-Agent", "Mozilla/5.0 Firefox/128.0"),
            ("Accept", "text/html"),
        ];
        assert_eq!(
            server
                .ask("GET", &format!("/maps/{id}"), &firefox, b"")
                .status,
            200
        );
    };
    let first = |server: &Server| server.get("/maps?f=json").json()["mostViewed"][0].clone();
    let file = || {
        let mut files = fs::read_dir(cache.join("views")).unwrap();
        let file = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none(), "nothing beside it is left");
        file
    };
    let server = start();
    for id in ["une", "deux", "deux"] {
        look(&server, id);
    }
    stop(server);
    let text = fs::read_to_string(file()).unwrap();
    let kept: Value = serde_json::from_str(&text).unwrap();
    let wanted = serde_json::json!({
        "version": 1,
        "counts": {"by_map": {"une": 1, "deux": 2}, "since_halved": 3},
    });
    assert_eq!(kept, wanted, "and nothing else");
    // the counts go on from there
    let server = start();
    assert_eq!(first(&server), "deux");
    look(&server, "une");
    look(&server, "une");
    assert_eq!(first(&server), "une");
    stop(server);
    // damaged: from zero, with a word in the log
    fs::write(file(), &text[..text.len() / 2]).unwrap();
    let server = start();
    assert_eq!(first(&server), Value::Null);
    assert!(
        server.log().contains("counted from zero"),
        "{}",
        server.log()
    );
    look(&server, "deux");
    stop(server);
    let server = start();
    assert_eq!(first(&server), "deux");
    drop(server);
    // no folder to write to: as without
    fs::remove_dir_all(cache.join("views")).unwrap();
    fs::write(cache.join("views"), "").unwrap();
    let server = start();
    look(&server, "une");
    assert_eq!(first(&server), "une");
    let log = stop(server);
    assert!(log.contains("until the end of the process only"), "{log}");
}

#[test]
fn the_list_of_layers_is_found_and_what_is_not_there_is_told_in_the_language_asked_for() {
    let scratch = folder("maps-lang");
    write(
        &scratch,
        "une",
        "title: U\nview: {crs: EPSG:2154}\nlayers: [departements]\n",
    );
    let server = Server::start(&scratch.0, &[]);
    for own in ["", "/maps/une"] {
        let reply = server.get(&format!("{own}/layers?lang=en"));
        assert_eq!(reply.status, 301);
        let to = reply.header("location");
        assert!(to.ends_with(&format!("{own}/collections?lang=en")), "{to}");
        assert_eq!(server.get(to).status, 200);
        for path in [
            "/rien",
            "/layers/rien",
            "/maps/rien",
            "/collections/rien/items",
        ] {
            let ask = |query: &str, accepted: &str| {
                let headers = [("Accept", "text/html"), ("Accept-Language", accepted)];
                let reply = server.ask("GET", &format!("{own}{path}{query}"), &headers, b"");
                assert_eq!(reply.status, 404, "{own}{path}");
                reply.text()
            };
            assert!(
                ask("?lang=en", "fr").contains("<h1>Page not found"),
                "{path}"
            );
            assert!(
                ask("?lang=fr", "en").contains("<h1>Page introuvable"),
                "{path}"
            );
            assert!(ask("", "en").contains("<h1>Page not found"), "{path}");
        }
    }
}
