use serde_json::{Value, json};

use super::{ApiAddress, DataKind, TileData};

/// Relations of the OGC register, <http://www.opengis.net/def/rel/ogc/1.0/>.
pub(super) fn ogc(name: &str) -> String {
    format!("http://www.opengis.net/def/rel/ogc/1.0/{name}")
}

/// OpenAPI's media type, letter by letter as conformance tests want it.
pub(super) const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";

/// Media types of links.
pub(super) const JSON: &str = "application/json";
pub(super) const HTML: &str = "text/html";
pub(super) const SCHEMA_JSON: &str = "application/schema+json";

/// A link object (RFC 8288, OGC 19-072 §8).
pub(super) fn link(href: String, rel: &str, media_type: &str, title: &str) -> Value {
    json!({"href": href, "rel": rel, "type": media_type, "title": title})
}

/// A link whose address is a template.
pub(super) fn template(href: String, rel: &str, media_type: &str, title: &str) -> Value {
    json!({"href": href, "rel": rel, "type": media_type, "title": title, "templated": true})
}

/// A link to the JSON of an address.
pub(super) fn to(base: &str, address: &ApiAddress, rel: &str, title: &str) -> Value {
    link(format!("{base}{}", address.path()), rel, JSON, title)
}

/// The tile sets and maps of one collection, or of all.
pub(super) fn of_data(base: &str, collection: Option<&str>) -> Vec<Value> {
    let collection = collection.map(str::to_owned);
    let data = |kind| TileData {
        collection: collection.clone(),
        kind,
    };
    let map = ApiAddress::Map(collection.clone());
    let mut links = vec![to(
        base,
        &ApiAddress::TileSets(data(DataKind::Vector)),
        &ogc("tilesets-vector"),
        "Vector tiles",
    )];
    // 20-058 prints its relations with https, the register and 20-057 have them with http
    for scheme in ["http", "https"] {
        let rel = |name: &str| ogc(name).replacen("http", scheme, 1);
        links.push(to(
            base,
            &ApiAddress::TileSets(data(DataKind::Map)),
            &rel("tilesets-map"),
            "Map tiles",
        ));
        links.push(link(
            format!("{base}{}", map.path()),
            &rel("map"),
            "image/png",
            "Map",
        ));
    }
    links
}

/// What the landing page links to, besides itself.
pub fn landing_links(base: &str) -> Vec<Value> {
    let mut links = vec![
        link(
            format!("{base}/api"),
            "service-desc",
            OPENAPI,
            "OpenAPI 3.0",
        ),
        link(
            format!("{base}/api.html"),
            "service-doc",
            HTML,
            "Every address",
        ),
    ];
    for rel in ["conformance".to_owned(), ogc("conformance")] {
        links.push(to(base, &ApiAddress::Conformance, &rel, "Conformance"));
    }
    for rel in ["data".to_owned(), ogc("data")] {
        links.push(to(base, &ApiAddress::Collections, &rel, "Collections"));
    }
    links.extend(of_data(base, None));
    links.push(to(
        base,
        &ApiAddress::TileMatrixSets,
        &ogc("tiling-schemes"),
        "Tile matrix sets",
    ));
    links.push(to(base, &ApiAddress::Styles, &ogc("styles"), "Styles"));
    links
}

/// The links of a document as a header (RFC 8288); templates are none. What could break out of
/// the header is encoded in addresses already, and titles are left out.
pub(super) fn header(document: &Value) -> String {
    let links = document.get("links").and_then(Value::as_array);
    let links = links.into_iter().flatten();
    let fixed = links.filter(|link| link.get("templated").is_none());
    header_of(fixed.map(|link| {
        ["href", "rel", "type"]
            .map(|name| link.get(name).and_then(Value::as_str).unwrap_or_default())
    }))
}

/// Address, relation and media type of some links as a header, the most wanted first: those that
/// find no room in it are left out.
pub(super) fn header_of<'a>(links: impl Iterator<Item = [&'a str; 3]>) -> String {
    let mut out = String::new();
    for [href, rel, media_type] in links {
        let link = format!(
            "<{}>; rel=\"{rel}\"; type=\"{}\"",
            href.replace('>', "%3E"),
            media_type.replace('"', "'")
        );
        if out.len() + link.len() > MAX_HEADER_BYTES {
            continue;
        }
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(&link);
    }
    out
}

/// nginx answers 502 where all headers together are more than 4 kB (`proxy_buffer_size`), and the
/// address of a filter stands in each link.
const MAX_HEADER_BYTES: usize = 2_500;
