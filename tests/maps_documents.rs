//! What is made of a map as a whole, over HTTP: the documents and pictures of every map of the
//! repository, read by those who read such documents.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod common;
#[path = "common/pdf.rs"]
mod pdf;

use std::sync::OnceLock;

use common::Server;
use pdf::Pdf;
use serde_json::Value;

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(common::repository(), &[]))
}

/// The maps that are listed.
fn maps() -> Vec<String> {
    let list = server().get("/maps?f=json").json();
    let maps = list["maps"].as_array().unwrap().iter();
    let ids: Vec<String> = maps.map(|m| m["id"].as_str().unwrap().to_owned()).collect();
    assert!(!ids.is_empty());
    ids
}

/// A layer of a map as its own document has it.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    id: String,
    title: String,
    visible: bool,
    opacity: f64,
}

/// The layers of a map, top first, by the document that the viewer reads.
fn layers(map: &str) -> Vec<Shown> {
    fn walk(entries: &Value, out: &mut Vec<Shown>) {
        for entry in entries.as_array().unwrap() {
            if entry["kind"] == "group" {
                walk(&entry["entries"], out);
            } else {
                out.push(Shown {
                    id: entry["id"].as_str().unwrap().into(),
                    title: entry["title"].as_str().unwrap().into(),
                    visible: entry["visible"].as_bool().unwrap(),
                    opacity: entry["opacity"].as_f64().unwrap(),
                });
            }
        }
    }
    let document = server().get(&format!("/maps/{map}?f=json&lang=fr")).json();
    let mut out = Vec::new();
    walk(&document["entries"], &mut out);
    assert!(!out.is_empty());
    out
}

#[test]
fn every_map_has_a_sheet_a_legend_and_a_picture() {
    for map in maps() {
        let get = |name: &str| {
            let reply = server().get(&format!("/maps/{map}/{name}"));
            assert_eq!(reply.status, 200, "{map}/{name}: {}", reply.text());
            reply
        };
        let sheet = get("print.pdf?lang=fr");
        assert_eq!(sheet.header("content-type"), "application/pdf");
        assert!(sheet.header("content-disposition").contains(&format!("{map}.pdf")));
        let placed = Pdf::read(&sheet.body).map();
        assert!(placed.rgb.chunks(3).any(|p| p != [255; 3]), "{map} is blank");

        let (width, _, pixels) = get("legend.png").picture();
        assert!(width > 60 && pixels.iter().any(|p| *p != pixels[0]));
        let (width, height, pixels) = get("map.png?width=200&height=120").picture();
        assert_eq!((width, height), (200, 120));
        assert!(pixels.iter().any(|p| *p != pixels[0]));
        let again = get("map.png?width=200&height=120");
        assert!(again.header("cache-status").contains("hit"), "{again:?}");

        let legend = get("legend.json?lang=fr").json();
        let mut found = Vec::new();
        legend_layers(&legend["entries"], &mut found);
        let wanted: Vec<String> = layers(&map).into_iter().map(|l| l.id).collect();
        assert_eq!(found, wanted, "{map}");
    }
}

/// The layers of a legend, top first; those with symbols have pictures of them.
fn legend_layers(entries: &Value, out: &mut Vec<String>) {
    for entry in entries.as_array().unwrap() {
        if entry["kind"] == "group" {
            legend_layers(&entry["entries"], out);
            continue;
        }
        for symbol in entry["symbols"].as_array().unwrap() {
            assert!(symbol["icon"].as_str().unwrap().starts_with("iVBOR"));
        }
        assert!(!entry["symbols"].as_array().unwrap().is_empty(), "{entry}");
        out.push(entry["id"].as_str().unwrap().to_owned());
    }
}

#[test]
fn a_sheet_is_asked_for_as_the_visitor_has_the_map() {
    let map = &maps()[0];
    let shown = layers(map);
    let (top, below) = (&shown[0].id, &shown[1].id);
    let query = format!(
        "layout=a3-portrait&dpi=150&crs=EPSG:3857&center=540000,5700000&scale=1000000\
         &layers={below},{top}&opacities=1,0.5&styles=,&title=Ma%20carte&lang=en"
    );
    let sheet = server().get(&format!("/maps/{map}/print.pdf?{query}"));
    assert_eq!(sheet.status, 200, "{}", sheet.text());
    let read = Pdf::read(&sheet.body);
    let page = read.of_type("/Page")[0];
    assert!(pdf::value(&page.dict, "/MediaBox").unwrap().contains("841.88"), "{}", page.dict);
    let catalog = read.of_type("/Catalog")[0];
    assert!(catalog.dict.contains("/Lang(en)"), "{}", catalog.dict);
    for (query, expected) in [
        ("layout=a5", "a4-"),
        ("layout=a4-paisage", "did you mean \\\"a4-paysage\\\""),
        ("dpi=1200", "150"),
        ("crs=EPSG:27572", "EPSG:2154"),
        ("center=1", "x,y"),
        ("scale=0", "denominator"),
        ("layers=nothere", "nothere"),
        ("opacities=2", "opacities"),
        ("opacities=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "one for each layer"),
        ("colour=red", "colour"),
    ] {
        let reply = server().get(&format!("/maps/{map}/print.pdf?{query}"));
        assert!((400..500).contains(&reply.status), "{query}: {}", reply.status);
        assert!(reply.text().contains(expected), "{query}: {}", reply.text());
    }
    for query in ["width=5", "height=100000", "width=x"] {
        let reply = server().get(&format!("/maps/{map}/map.png?{query}"));
        assert_eq!(reply.status, 400, "{query}");
    }
}
