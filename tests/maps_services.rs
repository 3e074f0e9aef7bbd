//! `services:` of a map decides what is served: what is not in it answers 404 everywhere, and no
//! output of the map leads there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{Scratch, Server, repository};

/// Addresses under a map by the service that they are of.
const ADDRESSES: [(&str, &[&str]); 4] = [
    (
        "wms",
        &[
            "wms?SERVICE=WMS&REQUEST=GetCapabilities",
            "wms/?SERVICE=WMS&REQUEST=GetCapabilities",
            "%77ms?SERVICE=WMS&REQUEST=GetCapabilities",
            "collections/aerodromes/wms?SERVICE=WMS&REQUEST=GetCapabilities",
            "map",
            "collections/aerodromes/map",
            "context.wmc",
            "layers.qlr",
            "project.qgs",
        ],
    ),
    (
        "wmts",
        &[
            "wmts?SERVICE=WMTS&REQUEST=GetCapabilities",
            "wmts/1.0.0/WMTSCapabilities.xml",
            "wmts/1.0.0/aerodromes/default/WebMercatorQuad/6/22/32.png",
        ],
    ),
    (
        "features",
        &[
            "wfs?SERVICE=WFS&REQUEST=GetCapabilities",
            "collections/aerodromes/wfs?SERVICE=WFS&REQUEST=GetCapabilities",
            "collections/aerodromes/items?limit=1",
            "collections/aerodromes/items/1",
            "collections/aerodromes/queryables",
            "collections/aerodromes/sortables",
            "collections/aerodromes/schema",
            "collections/aerodromes/data.fgb",
            "api/ogc-features/collections.json",
        ],
    ),
    (
        "tiles",
        &[
            "tiles/aerodromes/6/32/22.mvt",
            "tiles/aerodromes/6/32/22.png",
            "tiles/aerodromes.json",
            "tiles",
            "tiles/WebMercatorQuad",
            "map/tiles",
            "collections/aerodromes/tiles",
            "collections/aerodromes/tiles/WebMercatorQuad/6/22/32",
            "collections/aerodromes/map/tiles/WebMercatorQuad/6/22/32",
            "tileMatrixSets",
            "styles",
            "styles/aerodromes",
            "sprites/aerodromes.json",
            "style.json",
        ],
    ),
];

/// What says something of a map beside its services.
const OUTPUTS: [&str; 19] = [
    "?f=json",
    "?f=html",
    "/embed",
    "/context.json",
    "/context.atom",
    "/context.wmc",
    "/layers.qlr",
    "/project.qgs",
    "/style.json",
    "/record.xml",
    "/legend.json",
    "/collections?f=json",
    "/collections?f=html",
    "/collections/aerodromes?f=json",
    "/collections/aerodromes?f=html",
    "/api",
    "/api.html",
    "/layers/aerodromes",
    "/layers/aerodromes/record.xml",
];

fn folder(name: &str, maps: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new(name);
    let root = repository();
    for part in ["data", "styles"] {
        std::os::unix::fs::symlink(root.join(part), scratch.0.join(part)).unwrap();
    }
    for part in ["capabilities/layers", "capabilities/maps"] {
        fs::create_dir_all(scratch.0.join(part)).unwrap();
    }
    for file in [
        "capabilities/server.yaml",
        "capabilities/layers/aerodromes.yaml",
    ] {
        fs::copy(root.join(file), scratch.0.join(file)).unwrap();
    }
    for (id, services) in maps {
        let text = format!(
            "title: {id}\n{services}view: {{crs: EPSG:2154, extent: {{of: aerodromes}}}}\n\
             layers: [{{layer: aerodromes, table: {{columns: [nom]}}}}]\n\
             search: [{{layer: aerodromes, fields: [nom], title: Commune}}]\n"
        );
        let path = format!("capabilities/maps/{id}.yaml");
        fs::write(scratch.0.join(path), text).unwrap();
    }
    scratch
}

/// As a browser reads it.
fn unescaped(page: &str) -> String {
    page.replace("&#x2f;", "/").replace("&amp;", "&")
}

/// The addresses that a document writes out, without templates.
fn addresses(text: &str, own: &str) -> BTreeSet<String> {
    let text = unescaped(text).replace("\\u003c", "<");
    let places = text.match_indices(own).map(|(at, _)| &text[at..]);
    places
        .filter_map(|rest| {
            let end = rest.find(['"', '\'', '<', ' ', '>', '\\', '\n']);
            let address = &rest[..end.unwrap_or(rest.len())];
            (!address.contains('{')).then(|| address.trim_end_matches('?').to_owned())
        })
        .collect()
}

#[test]
fn what_a_map_does_not_offer_is_not_there_and_nothing_leads_there() {
    let maps = [
        ("tout", ""),
        ("sans-wms", "services: [wmts, features, tiles]\n"),
        ("sans-wmts", "services: [wms, features, tiles]\n"),
        ("sans-features", "services: [wms, wmts, tiles]\n"),
        ("sans-tiles", "services: [wms, wmts, features]\n"),
        ("tuiles-seules", "services: [tiles]\n"),
        ("rien", "services: []\n"),
    ];
    let scratch = folder("maps-withheld", &maps);
    let server = Server::start(&scratch.0, &[]);
    let mut faults = Vec::new();
    for (map, services) in maps {
        let unknown = server.get(&format!("/maps/{map}/inconnu"));
        assert_eq!(unknown.status, 404, "{map}");
        for (service, own) in ADDRESSES {
            let is_offered = services.is_empty() || services.contains(service);
            for path in own {
                let path = format!("/maps/{map}/{path}");
                let reply = server.get(&path);
                let (here, there) = (reply.header("content-type"), unknown.header("content-type"));
                let is_missing = reply.status == 404 && here == there;
                // what is served may be a feature that is not there
                if is_offered == is_missing && !(is_offered && path.ends_with("items/1")) {
                    faults.push(format!("{path}: {} {here}", reply.status));
                }
            }
        }
        let mut named = BTreeSet::new();
        for output in OUTPUTS {
            let reply = server.get(&format!("/maps/{map}{output}"));
            if reply.status != 404 {
                let own = format!("/maps/{map}");
                let found = addresses(&reply.text(), &own);
                named.extend(found.into_iter().map(|a| (a, output)));
            }
        }
        for service in ["wms", "wmts", "wfs"] {
            let path = format!("/maps/{map}/{service}?SERVICE={service}&REQUEST=GetCapabilities");
            let reply = server.get(&path);
            if reply.status == 200 {
                let found = addresses(&reply.text(), &format!("/maps/{map}"));
                named.extend(found.into_iter().map(|a| (a, service)));
            }
        }
        assert!(named.len() > 5, "{map}: {named:?}");
        for (address, output) in named {
            // clients put the rest to these
            let is_apart = ["/wmts/1.0.0/", "/sprites/all"];
            if is_apart.iter().any(|end| address.ends_with(end)) {
                continue;
            }
            let status = server.get(&address).status;
            if status == 404 {
                faults.push(format!("{map}{output} leads to {address}: {status}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_page_without_a_service_to_draw_it_is_text_and_a_picture() {
    let maps = [("sans-wms", "services: [features]\n"), ("avec", "")];
    let scratch = folder("maps-drawn", &maps);
    let server = Server::start(&scratch.0, &[]);
    let without = unescaped(&server.get("/maps/sans-wms?f=html").text());
    assert!(
        without.contains("/maps/sans-wms/map.png?width="),
        "{without}"
    );
    assert!(!without.contains("id=\"viewer\""), "{without}");
    let picture = server.get("/maps/sans-wms/map.png");
    assert_eq!(picture.status, 200);
    let tools = |map: &str| server.get(&format!("/maps/{map}?f=json")).json()["tools"].to_string();
    assert!(tools("avec").contains("download"));
}

#[test]
fn a_wms_without_features_beside_it_describes_its_layers_without_an_address_of_them() {
    let maps = [("sans", "services: [wms]\n"), ("avec", "")];
    let scratch = folder("maps-described", &maps);
    let server = Server::start(&scratch.0, &[]);
    for version in ["1.1.1", "1.3.0"] {
        let ask = |map: &str| {
            let query = format!(
                "SERVICE=WMS&VERSION={version}&REQUEST=DescribeLayer&LAYERS=aerodromes&SLD_VERSION=1.1.0"
            );
            let reply = server.get(&format!("/maps/{map}/wms?{query}"));
            assert_eq!(reply.status, 200, "{}", reply.text());
            reply.text()
        };
        assert!(ask("avec").contains("/maps/avec/wfs?"), "{}", ask("avec"));
        assert!(!ask("sans").contains("/wfs"), "{}", ask("sans"));
        assert!(ask("sans").contains("DescribeLayer"), "{}", ask("sans"));
    }
}
