//! `/maps/{id}/context.json`: OWS Context 1.0 in GeoJSON (OGC 14-055r2).

use serde_json::{Map, Value, json};

use super::facts::{Facts, LayerFacts};
use super::ground::{Ground, TILES_BY_NUMBER};
use crate::catalogue::map::MapService;
use crate::geom::Bbox;
use crate::protocol::Answer;

const CORE: &str = "http://www.opengis.net/spec/owc-geojson/1.0/req/core";
const REQUIREMENTS: &str = "http://www.opengis.net/spec/owc-geojson/1.0/req/";
const WMS: &str = "http://www.opengis.net/spec/owc-geojson/1.0/req/wms";

/// The context: its first resource is the one on top (7.1.1).
pub fn answer(facts: &Facts<'_>) -> Answer {
    let map = facts.service.map;
    let mut properties = object(json!({
        "lang": facts.service.language,
        "title": facts.title,
        "subtitle": facts.abstract_,
        "updated": facts.updated,
        "authors": [author(facts)],
        "publisher": facts.organisation,
        "rights": facts.rights,
        "generator": {"title": "cartotheque", "uri": facts.base},
        "display": {"pixelWidth": facts.window.width, "pixelHeight": facts.window.height},
        "categories": map
            .keywords
            .iter()
            .map(|word| json!({"term": word, "label": word}))
            .collect::<Vec<_>>(),
        "links": {
            "profiles": [{"href": CORE}],
            "via": [{"href": facts.own, "type": "text/html", "title": facts.title}],
        },
    }));
    properties.retain(|_, value| !value.is_null());
    let mut document = object(json!({
        "type": "FeatureCollection",
        "id": format!("{}/context.json", facts.own),
    }));
    if let Some(b) = &facts.extent_lonlat {
        document.insert("bbox".into(), json!([b.min_x, b.min_y, b.max_x, b.max_y]));
    }
    document.insert("properties".into(), Value::Object(properties));
    let layers = facts.layers.iter().map(|layer| resource(facts, layer));
    let grounds = facts.grounds.iter().map(|ground| below(facts, ground));
    document.insert("features".into(), layers.chain(grounds).collect());
    Answer::ok("application/geo+json", Value::Object(document).to_string())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn author(facts: &Facts<'_>) -> Value {
    let mut author = object(json!({"name": facts.organisation}));
    if let Some(email) = &facts.email {
        author.insert("email".into(), json!(email));
    }
    Value::Object(author)
}

fn resource(facts: &Facts<'_>, layer: &LayerFacts<'_>) -> Value {
    let style = layer.style();
    let styles = layer.layer.styles.iter().map(|own| {
        json!({
            "name": own.id,
            "title": own.title.as_deref().unwrap_or(&own.id),
            "default": own.id == style,
            "legendURL": facts.legend(layer, &own.id),
        })
    });
    let scales = layer.layer.scales;
    let mut properties = object(json!({
        "title": layer.title,
        "abstract": layer.abstract_,
        "updated": layer.updated,
        "rights": layer.layer.attribution,
        "publisher": layer.layer.metadata.organisation,
        "active": layer.entry.is_visible,
        // the standard has no word for it
        "opacity": layer.entry.opacity,
        "folder": layer.folder(),
        "minscaledenominator": scales.min,
        "maxscaledenominator": scales.max,
        "links": links(facts, layer),
    }));
    if facts.has(MapService::Wms) {
        let offering = json!({
            "code": WMS,
            "operations": [
                {"code": "GetCapabilities", "method": "GET", "type": "application/xml", "href": facts.capabilities()},
                {"code": "GetMap", "method": "GET", "type": "image/png", "href": facts.picture(layer, style)},
            ],
            "styles": styles.collect::<Vec<_>>(),
        });
        properties.insert("offerings".into(), json!([offering]));
    }
    properties.retain(|_, value| !value.is_null());
    json!({
        "type": "Feature",
        "id": facts.identifier(layer),
        "geometry": layer.layer.extent_lonlat.as_ref().map(polygon),
        "properties": properties,
    })
}

/// A base map, below all layers.
fn below(facts: &Facts<'_>, ground: &Ground<'_>) -> Value {
    let operations = facts.ground_operations(ground);
    let operations = operations.iter().map(|(code, media_type, href)| {
        json!({"code": code, "method": "GET", "type": media_type, "href": href})
    });
    let code = match ground.offering() {
        Some(name) => format!("{REQUIREMENTS}{name}"),
        None => TILES_BY_NUMBER.to_owned(),
    };
    let mut properties = object(json!({
        "title": ground.title,
        "updated": facts.updated,
        "rights": ground.attribution,
        "active": ground.is_shown,
        "opacity": 1.0,
        "folder": facts.ground_folder(),
        "offerings": [{"code": code, "operations": operations.collect::<Vec<_>>()}],
    }));
    properties.retain(|_, value| !value.is_null());
    json!({
        "type": "Feature",
        "id": facts.ground_identifier(ground),
        "geometry": null,
        "properties": properties,
    })
}

fn links(facts: &Facts<'_>, layer: &LayerFacts<'_>) -> Value {
    let mut links = Map::new();
    let mut add = |relation: &str, href: String, media_type: &str| {
        links.insert(relation.into(), json!([{"href": href, "type": media_type}]));
    };
    if facts.has(MapService::Features) {
        add("data", facts.items(layer), "application/geo+json");
    }
    if facts.has(MapService::Wms) {
        let picture = facts.picture(layer, layer.style());
        add("previews", picture, "image/png");
    }
    let record = facts.record(layer);
    add("via", record, "application/vnd.iso.19139+xml");
    Value::Object(links)
}

fn polygon(b: &Bbox) -> Value {
    json!({
        "type": "Polygon",
        "coordinates": [[
            [b.min_x, b.min_y],
            [b.max_x, b.min_y],
            [b.max_x, b.max_y],
            [b.min_x, b.max_y],
            [b.min_x, b.min_y],
        ]],
    })
}
