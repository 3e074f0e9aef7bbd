//! OGC API – Common Part 2 (20-024): layers as collections. Their features are not served here.

use serde_json::{Map, Value, json};

use super::links::{HTML, link, of_data, ogc, to};
use super::{ApiAddress, Service};
use crate::catalogue::Layer;
use crate::crs::Crs;
use crate::protocol::record::licence;

pub(super) const CONFORMANCE: &[&str] =
    &["http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections"];

/// Every layer.
pub(super) fn all(service: &Service<'_>, base: &str, language: &str) -> Value {
    let catalogue = service.tiles.catalogue;
    let collections: Vec<Value> = catalogue
        .layers
        .iter()
        .map(|layer| {
            let mut collection = one(service, layer, base, language);
            let address = ApiAddress::Collection(layer.id.clone());
            push_link(
                &mut collection,
                to(base, &address, "self", "This collection"),
            );
            collection
        })
        .collect();
    let crs: Vec<String> = crs_of(service, None).iter().map(Crs::uri).collect();
    let mut links = of_data(base, None);
    links.push(link(
        format!("{base}/record.xml"),
        "describedby",
        "application/vnd.iso.19139+xml",
        "ISO 19139",
    ));
    json!({
        "title": catalogue.site.title.get(language),
        "links": links,
        "crs": crs,
        "numberMatched": collections.len(),
        "numberReturned": collections.len(),
        "collections": collections,
    })
}

/// One layer; `self` and `alternate` are added by who sends it.
pub(super) fn one(service: &Service<'_>, layer: &Layer, base: &str, language: &str) -> Value {
    let id = &layer.id;
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("id", json!(id));
    let title = match layer.title.get(language) {
        "" => id,
        title => title,
    };
    put("title", json!(title));
    if !layer.abstract_.is_empty() {
        put("description", json!(layer.abstract_.get(language)));
    }
    if !layer.keywords.is_empty() {
        put("keywords", json!(layer.keywords));
    }
    if let Some(attribution) = &layer.attribution {
        put("attribution", json!(attribution));
    }
    put("dataType", json!("vector"));
    if let Some(dimension) = layer.store.schema().geometry.dimension() {
        put("geometryDimension", json!(dimension));
    }
    if let Some(extent) = layer.extent_lonlat {
        let bbox = [extent.min_x, extent.min_y, extent.max_x, extent.max_y];
        put(
            "extent",
            json!({ "spatial": { "bbox": [bbox], "crs": Crs::crs84().uri() } }),
        );
    }
    let crs: Vec<String> = crs_of(service, Some(layer)).iter().map(Crs::uri).collect();
    put("crs", json!(crs));
    if !layer.crs.authority.is_empty() {
        put("storageCrs", json!(layer.crs.uri()));
    }
    // from 17-083r4: the scales that the layer is drawn at
    if let Some(max) = layer.scales.max {
        put(
            "minScaleDenominator",
            json!(layer.scales.min.unwrap_or(0.0)),
        );
        put("maxScaleDenominator", json!(max));
    }
    put("links", json!(links(layer, base, language)));
    Value::Object(out)
}

fn links(layer: &Layer, base: &str, language: &str) -> Vec<Value> {
    let id = &layer.id;
    let path = ApiAddress::Collection(id.clone()).path();
    let mut links = of_data(base, Some(id));
    links.push(link(
        format!(
            "{base}{}/record.xml",
            path.replacen("/collections/", "/layers/", 1)
        ),
        "describedby",
        "application/vnd.iso.19139+xml",
        "ISO 19139",
    ));
    if let Some(id) = &layer.metadata.licence {
        let known = licence(id);
        if let Some(url) = &known.url {
            links.push(link(url.clone(), "license", HTML, known.title(language)));
        }
    }
    for style in &layer.styles {
        let address = ApiAddress::StyleMetadata(format!("{id}:{}", style.id));
        let title = style.title.as_deref().unwrap_or(&style.id);
        links.push(to(base, &address, &ogc("styles"), title));
    }
    links.push(link(
        format!("{base}{path}/wms?SERVICE=WMS&REQUEST=GetCapabilities"),
        &ogc("wms"),
        "text/xml",
        "Web Map Service",
    ));
    links
}

/// The CRSs that maps are drawn in: CRS84, the site's, and the layer's own.
pub(super) fn crs_of(service: &Service<'_>, layer: Option<&Layer>) -> Vec<Crs> {
    let mut all = vec![Crs::crs84()];
    let site = service.tiles.catalogue.site.crs.iter();
    for crs in site.chain(layer.map(|layer| &layer.crs)) {
        if !crs.authority.is_empty() && !all.contains(crs) {
            all.push(crs.clone());
        }
    }
    all
}

pub(super) fn push_link(document: &mut Value, link: Value) {
    if let Some(links) = document.get_mut("links").and_then(Value::as_array_mut) {
        links.push(link);
    }
}
