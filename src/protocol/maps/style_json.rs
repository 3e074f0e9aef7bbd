//! `/maps/{id}/style.json`: the map as a MapLibre style on its own vector tiles.

use serde_json::{Value, json};

use super::facts::Facts;
use crate::protocol::Answer;
use crate::protocol::maplibre::{STYLE_MEDIA_TYPE, Subject, opening_on, style_document};

/// The style: every layer of the map, bottom to top; those hidden at first are there, unseen.
/// Texts are as opaque as ever, as on paper and in the pictures of the map.
pub fn answer(facts: &Facts<'_>) -> Answer {
    let (service, map) = (facts.service, facts.service.map);
    let layers = facts.layers.iter().rev().filter_map(|facts| {
        let style = facts.layer.styles.first()?;
        Some((facts.layer.clone(), style.clone()))
    });
    let subject = Subject {
        // under which the sprite is found
        id: "all".to_owned(),
        layers: layers.collect(),
    };
    let language = service.language;
    let mut style = style_document(service.catalogue, &subject, &facts.own, language);
    let mut notes = Vec::new();
    let list = style.get_mut("layers").and_then(Value::as_array_mut);
    for layer in list.into_iter().flatten() {
        let source = layer.get("source").and_then(Value::as_str).unwrap_or("");
        let Some(of) = facts.layer(source) else {
            continue;
        };
        let (is_visible, opacity) = (of.entry.is_visible, of.entry.opacity);
        if let Some(layer) = layer.as_object_mut() {
            if !is_visible {
                let layout = layer.entry("layout").or_insert_with(|| json!({}));
                if let Some(layout) = layout.as_object_mut() {
                    layout.insert("visibility".into(), json!("none"));
                }
            }
            if opacity < 1.0 && !fade(layer, opacity) {
                notes.push(json!(format!(
                    "{}: its opacity is not written",
                    of.entry.id
                )));
            }
        }
    }
    if let Some(document) = style.as_object_mut() {
        document.insert("name".into(), json!(facts.title));
        if let Some((center, zoom)) = facts.extent_lonlat.as_ref().map(opening_on) {
            document.insert("center".into(), json!(center));
            document.insert("zoom".into(), json!(zoom));
        }
        if let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("cartotheque:style".into(), json!(map.id));
            if !notes.is_empty() {
                let known = metadata
                    .entry("cartotheque:notes")
                    .or_insert_with(|| json!([]));
                if let Some(known) = known.as_array_mut() {
                    known.append(&mut notes);
                }
            }
        }
    }
    Answer::ok(STYLE_MEDIA_TYPE, style.to_string())
}

/// Multiplies the opacities of a layer's paint; false where one is a function of the zoom, which
/// must stand outermost.
fn fade(layer: &mut serde_json::Map<String, Value>, opacity: f64) -> bool {
    let names: &[&str] = match layer.get("type").and_then(Value::as_str) {
        Some("fill") => &["fill-opacity"],
        Some("line") => &["line-opacity"],
        Some("circle") => &["circle-opacity", "circle-stroke-opacity"],
        Some("symbol") => &["icon-opacity"],
        _ => &[],
    };
    let paint = layer.entry("paint").or_insert_with(|| json!({}));
    let Some(paint) = paint.as_object_mut() else {
        return true;
    };
    let mut is_whole = true;
    for name in names {
        let faded = match paint.get(*name) {
            None => json!(opacity),
            Some(Value::Number(own)) => json!(own.as_f64().unwrap_or(1.0) * opacity),
            Some(own) if own.to_string().contains("[\"zoom\"]") => {
                is_whole = false;
                continue;
            }
            Some(own) => json!(["*", opacity, own]),
        };
        paint.insert((*name).to_owned(), faded);
    }
    is_whole
}
