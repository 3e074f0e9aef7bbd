//! OGC API – Features end to end: by requirement, by what clients need (clients.md A1–A11), and
//! by the requests that real clients were seen to send.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

#[path = "../common/mod.rs"]
mod common;

mod collections;
mod description;
mod file;
mod filters;
mod identity;
mod pages;
mod paging;
mod places;
mod recorded;
mod times;

use std::collections::HashSet;
use std::sync::OnceLock;

use common::{Reply, Scratch, Server, repository};
use serde_json::Value;

/// The demo.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(repository(), &[]))
}

/// A folder of small layers: ids of all kinds, times, a hidden field, no features.
fn small() -> &'static Server {
    static SERVER: OnceLock<(Scratch, Server)> = OnceLock::new();
    let (_, server) = SERVER.get_or_init(|| {
        let scratch = Scratch::new("features");
        write_small(&scratch);
        let server = Server::start(&scratch.0, &["--strict"]);
        (scratch, server)
    });
    server
}

fn write(scratch: &Scratch, path: &str, text: &str) {
    let path = scratch.0.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn layer(scratch: &Scratch, id: &str, yaml: &str, features: &[(Value, [f64; 2])]) {
    let features: Vec<Value> = features
        .iter()
        .map(|(properties, at)| {
            serde_json::json!({
                "type": "Feature",
                "properties": properties,
                "geometry": { "type": "Point", "coordinates": at },
            })
        })
        .collect();
    let text = serde_json::json!({ "type": "FeatureCollection", "features": features });
    write(scratch, &format!("data/{id}.geojson"), &text.to_string());
    let yaml = format!("source: {{file: data/{id}.geojson}}\n{yaml}");
    write(scratch, &format!("capabilities/layers/{id}.yaml"), &yaml);
}

fn write_small(scratch: &Scratch) {
    let event = |id: i64, day: Option<&str>, at: f64| {
        let properties = serde_json::json!({
            "numero": id, "jour": day, "nom": format!("Événement {id}"), "secret": id * 7,
            "ouvert": id % 2 == 0, "taux": id as f64 / 4.0,
        });
        (properties, [at, 45.0])
    };
    let events = [
        event(40, Some("2024-01-10"), 4.0),
        event(30, Some("2024-02-29"), 4.5),
        event(20, Some("2024-03-01"), 5.0),
        event(10, None, 5.5),
    ];
    let yaml = "id_column: numero\nfields:\n  - {name: numero}\n  - {name: jour, type: date}\n  \
                - {name: secret, hidden: true}\n";
    layer(scratch, "evenements", yaml, &events);
    let works = [
        (
            "a",
            Some("2024-01-01T08:00:00Z"),
            Some("2024-01-31T18:00:00Z"),
        ),
        ("b", Some("2024-03-01T08:00:00Z"), None),
        ("c", None, None),
    ];
    let works: Vec<(Value, [f64; 2])> = works
        .iter()
        .map(|(id, debut, fin)| {
            let properties = serde_json::json!({ "code": id, "debut": debut, "fin": fin });
            (properties, [2.0, 48.0])
        })
        .collect();
    let yaml = "id_column: code\ntime: [debut, fin]\nfields:\n  - {name: debut, type: date-time}\n  \
                - {name: fin, type: date-time}\n";
    layer(scratch, "chantiers", yaml, &works);
    let codes = [Some("x"), None, Some("1"), Some("position-1"), Some("")];
    let with_gaps: Vec<(Value, [f64; 2])> = codes
        .iter()
        .map(|code| (serde_json::json!({ "code": code }), [3.0, 47.0]))
        .collect();
    layer(scratch, "lacunaire", "id_column: code\n", &with_gaps);
    let numbers = [Some(1.0), None, Some(2.5), Some(3.0)];
    let numbered: Vec<(Value, [f64; 2])> = numbers
        .iter()
        .map(|number| (serde_json::json!({ "numero": number }), [3.0, 47.0]))
        .collect();
    layer(scratch, "mesures", "id_column: numero\n", &numbered);
    let plain = [(
        serde_json::json!({ "limit": 3, "Nom": "x", "nom": "y" }),
        [0.0, 0.0],
    )];
    layer(scratch, "simple", "", &plain);
    for (id, yaml) in [
        ("communes-ouvertes", ""),
        (
            "communes-fermees",
            "fields: [{name: population, hidden: true}]\n",
        ),
    ] {
        let from = repository().join("data/communes.fgb");
        let to = scratch.0.join(format!("data/{id}.fgb"));
        std::fs::copy(from, to).unwrap();
        let yaml = format!("source: {{file: data/{id}.fgb}}\nid_column: insee\n{yaml}");
        write(scratch, &format!("capabilities/layers/{id}.yaml"), &yaml);
    }
    write(
        scratch,
        "capabilities/server.yaml",
        "languages: [fr, en]\ncrs: [EPSG:2154, EPSG:4326]\n",
    );
}

fn get(server: &Server, path: &str) -> Value {
    let reply = server.get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

/// The path of an address of a server.
fn path_of(server: &Server, href: &str) -> String {
    let base = format!("http://{}", server.address);
    let path = href.strip_prefix(&base);
    path.unwrap_or_else(|| panic!("{href} is elsewhere"))
        .to_owned()
}

/// The address of the first link of a relation; `None` where there is none.
fn link(document: &Value, rel: &str) -> Option<String> {
    let links = document["links"].as_array().unwrap();
    let link = links.iter().find(|link| link["rel"] == rel)?;
    Some(link["href"].as_str().unwrap().to_owned())
}

/// The ids of a page of GeoJSON, as text.
fn ids(page: &Value) -> Vec<String> {
    let features = page["features"].as_array().unwrap();
    features
        .iter()
        .map(|feature| match &feature["id"] {
            Value::String(id) => id.clone(),
            other => other.to_string(),
        })
        .collect()
}

/// Every feature of an address and the pages behind it, by the links of rel next.
fn all_ids(server: &Server, path: &str) -> Vec<String> {
    let mut path = path.to_owned();
    let mut all = Vec::new();
    for _ in 0..1000 {
        let page = get(server, &path);
        assert_eq!(page["numberReturned"], ids(&page).len(), "{path}");
        all.extend(ids(&page));
        match link(&page, "next") {
            Some(next) => path = path_of(server, &next),
            None => {
                assert_eq!(page["numberMatched"], all.len(), "{path}");
                let distinct: HashSet<&String> = all.iter().collect();
                assert_eq!(distinct.len(), all.len(), "{path}");
                return all;
            }
        }
    }
    panic!("{path} has no end");
}

fn count(server: &Server, path: &str) -> u64 {
    get(server, path)["numberMatched"].as_u64().unwrap()
}

fn assert_problem(reply: &Reply, status: u16, path: &str) {
    assert_eq!(reply.status, status, "{path}: {}", reply.text());
    let kind = reply.header("content-type");
    assert_eq!(kind, "application/problem+json", "{path}");
    assert_eq!(reply.header("access-control-allow-origin"), "*", "{path}");
    assert_eq!(reply.json()["status"], status, "{path}");
}

/// A text as a value in a query string.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
