use serde_json::{Map, Value, json};

use crate::catalogue::{ArchiveLayer, Catalogue, Group, Layer, Node};
use crate::crs::Crs;
use crate::protocol::{ogcapi, tiles};

/// What is served, for machines: title, links and every layer with its addresses.
pub fn landing_json(catalogue: &Catalogue, base: &str, language: &str) -> Value {
    let site = &catalogue.site;
    let mut links = vec![
        link(
            format!("{base}/?f=json"),
            "self",
            "application/json",
            "This document",
        ),
        link(
            format!("{base}/?f=html"),
            "alternate",
            "text/html",
            "This document as a page",
        ),
    ];
    links.extend(ogcapi::landing_links(base));
    links.extend([
        link(
            format!("{base}/wms?SERVICE=WMS&REQUEST=GetCapabilities"),
            "http://www.opengis.net/def/rel/ogc/1.0/wms",
            "text/xml",
            "Web Map Service",
        ),
        link(
            format!("{base}/wmts/1.0.0/WMTSCapabilities.xml"),
            "http://www.opengis.net/def/rel/ogc/1.0/wmts",
            "application/xml",
            "Web Map Tile Service",
        ),
        link(
            format!("{base}/wfs?SERVICE=WFS&REQUEST=GetCapabilities"),
            "http://www.opengis.net/def/rel/ogc/1.0/wfs",
            "text/xml",
            "Web Feature Service",
        ),
        link(
            format!("{base}/maps?f=json"),
            "maps",
            "application/json",
            "Maps of the cartothèque",
        ),
        link(
            format!("{base}/record.xml"),
            "describedby",
            "application/vnd.iso.19139+xml",
            "ISO 19139 record",
        ),
        link(
            format!("{base}/health"),
            "status",
            "application/json",
            "State of the service",
        ),
    ]);
    let lonlat = Crs::crs84();
    let others = site.crs.iter().filter(|crs| **crs != lonlat);
    let crs: Vec<String> = std::iter::once(&lonlat)
        .chain(others)
        .map(Crs::uri)
        .collect();
    let mut document = json!({
        "title": site.title.get(language),
        "description": site.abstract_.get(language),
        "links": links,
        "wms": format!("{base}/wms"),
        "wmts": format!("{base}/wmts"),
        "wfs": format!("{base}/wfs"),
        "tileMatrixSets": site.tile_matrix_sets.all().iter().map(|s| s.id()).collect::<Vec<_>>(),
        "crs": crs,
        "tree": catalogue.tree.iter().map(|n| node(catalogue, n, language)).collect::<Vec<_>>(),
        "layers": catalogue.layers.iter().map(|l| layer(l, base, language)).collect::<Vec<_>>(),
        "archives": catalogue.archives.iter().map(|a| archive(a, base, language)).collect::<Vec<_>>(),
    });
    // of the whole, as a collection says its own (20-058 requirements 50 and 51)
    let around = catalogue
        .layers
        .iter()
        .filter_map(|layer| layer.extent_lonlat);
    if let (Some(b), Value::Object(members)) =
        (around.reduce(|all, one| all.union(&one)), &mut document)
    {
        let bbox = [b.min_x, b.min_y, b.max_x, b.max_y];
        let spatial = json!({ "bbox": [bbox], "crs": lonlat.uri() });
        members.insert("extent".into(), json!({ "spatial": spatial }));
    }
    document
}

fn link(href: String, rel: &str, media_type: &str, title: &str) -> Value {
    json!({"href": href, "rel": rel, "type": media_type, "title": title})
}

fn node(catalogue: &Catalogue, node: &Node, language: &str) -> Value {
    match node {
        Node::Layer(index) => json!(catalogue.layers.get(*index).map(|l| l.id.as_str())),
        Node::Group(Group {
            id,
            title,
            children,
            ..
        }) => json!({
            "id": id,
            "title": title.get(language),
            "children": children.iter().map(|c| self::node(catalogue, c, language)).collect::<Vec<_>>(),
        }),
    }
}

/// A layer of ready-made tiles: its TileJSON tells the rest.
fn archive(layer: &ArchiveLayer, base: &str, language: &str) -> Value {
    let info = layer.archive.info();
    let address = tiles::document_address(base, &layer.id);
    json!({
        "id": layer.id,
        "title": layer.title.get(language),
        "description": layer.abstract_.get(language),
        "extent": info.bounds.map(|b| [b.min_x, b.min_y, b.max_x, b.max_y]),
        "licence": layer.metadata.licence,
        "format": info.format.media_type(),
        "links": [link(address, "tilejson", "application/json", "TileJSON")],
    })
}

fn layer(layer: &Layer, base: &str, language: &str) -> Value {
    let id = &layer.id;
    let tiles = tiles::addresses(base, id).into_iter();
    json!({
        "id": id,
        "title": layer.title.get(language),
        "description": layer.abstract_.get(language),
        "geometry": layer.store.schema().geometry.name(),
        "features": layer.store.count(),
        "extent": layer.extent_lonlat.map(|b| [b.min_x, b.min_y, b.max_x, b.max_y]),
        "crs": layer.crs.id(),
        "styles": layer.styles.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(),
        "licence": layer.metadata.licence,
        "tiles": tiles.map(|a| (a.name.to_owned(), json!(a.url))).collect::<Map<_, _>>(),
        "links": [
            link(format!("{base}/layers/{id}"), "alternate", "text/html", "Page"),
            link(
                format!("{base}/collections/{id}/wms?SERVICE=WMS&REQUEST=GetCapabilities"),
                "http://www.opengis.net/def/rel/ogc/1.0/wms",
                "text/xml",
                "Web Map Service"
            ),
            link(
                format!("{base}/collections/{id}/wfs?SERVICE=WFS&REQUEST=GetCapabilities"),
                "http://www.opengis.net/def/rel/ogc/1.0/wfs",
                "text/xml",
                "Web Feature Service"
            ),
            link(format!("{base}/collections/{id}/items?f=json"), "items", "application/geo+json", "Features"),
            link(format!("{base}/layers/{id}/record.xml"), "describedby", "application/vnd.iso.19139+xml", "ISO 19139 record"),
        ],
    })
}
