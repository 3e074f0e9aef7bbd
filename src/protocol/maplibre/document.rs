use serde_json::{Map, Value, json};

use super::sprites::tagged;
use super::{STYLE_MEDIA_TYPE, Subject, encoded};
use crate::catalogue::{Catalogue, Layer};
use crate::geom::Bbox;
use crate::protocol::tiles::TileFormat;
use crate::protocol::{Answer, tiles};

/// The template of glyphs, under the base.
const GLYPHS: &str = "/fonts/{fontstack}/{range}.pbf";
/// The template of fonts for browsers, as ol-mapbox-style has it.
const WEB_FONTS: &str = "/fonts/{font-family}/{fontweight}{-fontstyle}.css";
/// A map of that size, in pixels, shows the whole of what it opens at.
const SCREEN: [f64; 2] = [800.0, 600.0];
/// What the server draws maps on.
const BACKGROUND: &str = "#ffffff";
/// The side of a tile at zoom 0, in pixels.
const WORLD_PX: f64 = 512.0;
/// Beyond it the Web Mercator square ends.
const MAX_LATITUDE: f64 = 85.051_128_779_806_6;

/// The complete style of a subject: a source for each layer, its layers, glyphs and sprite, all
/// with addresses under `base` (as the client used it, without a slash at the end). Titles are in
/// `language`.
pub fn maplibre_style(
    catalogue: &Catalogue,
    subject: &Subject,
    base: &str,
    language: &str,
) -> Answer {
    let document = style_document(catalogue, subject, base, language);
    tagged(Answer::ok(STYLE_MEDIA_TYPE, document.to_string()))
}

/// The style of [`maplibre_style`] as a document.
pub fn style_document(
    catalogue: &Catalogue,
    subject: &Subject,
    base: &str,
    language: &str,
) -> Value {
    let mut sources = Map::new();
    let mut layers = vec![json!({
        "id": "background",
        "type": "background",
        "paint": {"background-color": BACKGROUND},
    })];
    // names are set when all else is drawn, the largest first: clients begin with the last layer
    let mut labels: Vec<Value> = Vec::new();
    let mut notes = Vec::new();
    let mut has_icons = false;
    for ((layer, _), written) in subject.layers.iter().zip(subject.written()) {
        sources.insert(layer.id.clone(), source(layer, base, language));
        has_icons |= !written.icons.is_empty();
        let (names, shapes): (Vec<Value>, Vec<Value>) = (written.layers.into_iter())
            .partition(|layer| layer.pointer("/layout/text-field").is_some());
        layers.extend(shapes);
        labels.extend(names);
        let told = written.notes.iter();
        notes.extend(told.map(|note| format!("{}: {}", layer.id, note.message)));
    }
    let size = |layer: &Value| {
        let size = layer.pointer("/layout/text-size").and_then(Value::as_f64);
        size.unwrap_or(0.0)
    };
    labels.sort_by(|a, b| size(a).total_cmp(&size(b)));
    layers.append(&mut labels);
    let mut style = Map::new();
    let mut put = |name: &str, value: Value| style.insert(name.to_owned(), value);
    put("version", json!(8));
    put("name", json!(title(catalogue, subject, language)));
    let mut metadata = Map::new();
    metadata.insert("cartotheque:style".into(), json!(subject.id));
    // without it ol-mapbox-style asks a host of its own for fonts
    metadata.insert("ol:webfonts".into(), json!(format!("{base}{WEB_FONTS}")));
    if !notes.is_empty() {
        // nothing is left out without a word
        metadata.insert("cartotheque:notes".into(), json!(notes));
    }
    put("metadata", Value::Object(metadata));
    if let Some((center, zoom)) = opening(subject) {
        put("center", json!(center));
        put("zoom", json!(zoom));
    }
    put("sources", Value::Object(sources));
    if has_icons {
        let sprite = format!("{base}/sprites/{}", encoded(&subject.id));
        put("sprite", json!(sprite));
    }
    put("glyphs", json!(format!("{base}{GLYPHS}")));
    put("layers", Value::Array(layers));
    Value::Object(style)
}

/// The TileJSON of a layer as far as a source has its members: one request less for each layer.
fn source(layer: &std::sync::Arc<Layer>, base: &str, language: &str) -> Value {
    let template = tiles::vector_template(base, &layer.id);
    let layers = std::slice::from_ref(layer);
    let document = tiles::tilejson(layers, &template, TileFormat::MVT, language);
    let mut source = Map::new();
    source.insert("type".into(), json!("vector"));
    for name in ["tiles", "minzoom", "maxzoom", "bounds", "attribution"] {
        if let Some(value) = document.get(name) {
            source.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(Value::Array(templates)) = source.get_mut("tiles") {
        // with a layer of the points where names of areas stand
        for template in templates {
            if let Value::String(template) = template {
                template.push_str("?points=true");
            }
        }
    }
    Value::Object(source)
}

fn title(catalogue: &Catalogue, subject: &Subject, language: &str) -> String {
    match &subject.layers[..] {
        [(layer, style)] => match (&style.title, layer.styles.len()) {
            (Some(style), 2..) => format!("{}, {style}", layer.title.get(language)),
            _ => layer.title.get(language).to_owned(),
        },
        _ => catalogue.site.title.get(language).to_owned(),
    }
}

/// Where a map opens: on the layer of middling extent, since a backdrop of the world says nothing
/// of what there is to see, and the smallest may be a corner.
fn opening(subject: &Subject) -> Option<([f64; 2], f64)> {
    let mut extents: Vec<Bbox> = subject
        .layers
        .iter()
        .filter_map(|(layer, _)| layer.extent_lonlat)
        .collect();
    extents.sort_by(|a, b| (a.width() * a.height()).total_cmp(&(b.width() * b.height())));
    let middling = extents.len().checked_sub(1)? / 2;
    extents.get(middling).map(opening_on)
}

/// The centre and the zoom of a map that opens on a box of longitude and latitude.
pub fn opening_on(extent: &Bbox) -> ([f64; 2], f64) {
    // from the north pole's side of the square down, 0 to 1
    let down = |latitude: f64| {
        let latitude = latitude.clamp(-MAX_LATITUDE, MAX_LATITUDE).to_radians();
        0.5 - latitude.tan().asinh() / std::f64::consts::TAU
    };
    let (top, bottom) = (down(extent.max_y), down(extent.min_y));
    let across = (extent.width() / 360.0).max(1e-9);
    let [width, height] = SCREEN.map(|side| side / WORLD_PX);
    let zoom = (width / across)
        .min(height / (bottom - top).max(1e-9))
        .log2();
    let middle = ((0.5 - (top + bottom) / 2.0) * std::f64::consts::TAU)
        .sinh()
        .atan()
        .to_degrees();
    let rounded = |value: f64, digits: i32| {
        let unit = 10_f64.powi(digits);
        (value * unit).round() / unit
    };
    let center = [extent.min_x.midpoint(extent.max_x), middle].map(|v| rounded(v, 5));
    // a point has no extent: a village is seen around it
    (center, rounded(zoom.clamp(0.0, 16.0), 2))
}
