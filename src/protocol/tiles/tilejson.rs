//! TileJSON 3.0.0 (github.com/mapbox/tilejson-spec): what MapLibre reads before tiles.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::TileFormat;
use crate::catalogue::{Layer, LayerField};
use crate::feature::FieldType;
use crate::geom::Bbox;

/// Zoom 0 of WebMercatorQuad, as its register has it.
const ZOOM_0_SCALE: f64 = 559_082_264.028_717;
/// A unit of a vector tile is 15 cm here, 10 cm on the ground of France: beyond, clients magnify,
/// and what is seen there only is in these tiles (`operation::vector_tile`).
const MAX_VECTOR_ZOOM: u32 = 16;
/// Pictures are drawn for each zoom, down to 4 cm a pixel.
const MAX_PICTURE_ZOOM: u32 = 22;
/// The latitudes of the Web Mercator square.
const MERCATOR: Bbox = Bbox {
    min_x: -180.0,
    min_y: -85.051_128_779_806_6,
    max_x: 180.0,
    max_y: 85.051_128_779_806_6,
};

/// The document of layers, bottom to top; `template` is the address of their tiles with `{z}`,
/// `{x}` and `{y}`.
pub fn document(
    layers: &[Arc<Layer>],
    template: &str,
    format: TileFormat,
    language: &str,
) -> Value {
    let max_zoom = match format {
        TileFormat::Mvt => MAX_VECTOR_ZOOM,
        TileFormat::Image(_) => MAX_PICTURE_ZOOM,
    };
    let zooms: Vec<[u32; 2]> = layers.iter().map(|l| zooms(l, format, max_zoom)).collect();
    let min_zoom = zooms.iter().map(|[min, _]| *min).min().unwrap_or(0);
    let titles: Vec<&str> = layers.iter().rev().map(|l| l.title.get(language)).collect();
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("tilejson", json!("3.0.0"));
    put("name", json!(titles.join(", ")));
    if let [layer] = layers
        && !layer.abstract_.is_empty()
    {
        put("description", json!(layer.abstract_.get(language)));
    }
    if let Some(text) = attribution(layers) {
        put("attribution", json!(text));
    }
    put("scheme", json!("xyz"));
    put("tiles", json!([template]));
    put("minzoom", json!(min_zoom));
    put("maxzoom", json!(max_zoom));
    if let Some(bounds) = bounds(layers) {
        put(
            "bounds",
            json!([bounds.min_x, bounds.min_y, bounds.max_x, bounds.max_y]),
        );
        let [x, y] = bounds.center();
        let zoom = zoom_of(&bounds).clamp(min_zoom, max_zoom);
        put("center", json!([x, y, zoom]));
    }
    if format == TileFormat::Mvt {
        let described: Vec<Value> = layers
            .iter()
            .zip(&zooms)
            .map(|(layer, [min, max])| {
                json!({
                    "id": layer.id,
                    "description": layer.title.get(language),
                    "minzoom": min,
                    "maxzoom": max,
                    "fields": layer.fields.iter().filter_map(field).collect::<Map<_, _>>(),
                })
            })
            .collect();
        put("vector_layers", json!(described));
    }
    Value::Object(document)
}

/// Name and type of a field; `None` for one that tiles do not have.
fn field(field: &LayerField) -> Option<(String, Value)> {
    let kind = match field.kind {
        FieldType::Bool => "Boolean",
        FieldType::Integer | FieldType::Long | FieldType::Float => "Number",
        FieldType::Text | FieldType::Date | FieldType::DateTime | FieldType::Json => "String",
        FieldType::Binary => return None,
    };
    Some((field.name.clone(), json!(kind)))
}

/// The first and the last zoom whose tiles have something of the layer.
fn zooms(layer: &Layer, format: TileFormat, max_zoom: u32) -> [u32; 2] {
    // a vector tile is drawn down to a quarter of its scale before the next one is taken
    let slack = match format {
        TileFormat::Mvt => 4.0,
        TileFormat::Image(_) => 1.0,
    };
    let scale = |zoom: u32| ZOOM_0_SCALE / f64::from(zoom).exp2();
    let scales = &layer.scales;
    let min = (0..max_zoom)
        .find(|z| scales.max.is_none_or(|max| scale(*z) / slack < max))
        .unwrap_or(max_zoom);
    let max = (min..=max_zoom)
        .rev()
        .find(|z| scales.min.is_none_or(|least| scale(*z) >= least))
        .unwrap_or(min);
    [min, max]
}

/// Each source once, in the order of the layers from the top.
fn attribution(layers: &[Arc<Layer>]) -> Option<String> {
    let mut told: Vec<&str> = Vec::new();
    for text in layers.iter().rev().filter_map(|l| l.attribution.as_deref()) {
        if !told.contains(&text) {
            told.push(text);
        }
    }
    (!told.is_empty()).then(|| told.join(" | "))
}

/// The box around all layers that tiles can show.
fn bounds(layers: &[Arc<Layer>]) -> Option<Bbox> {
    layers
        .iter()
        .filter_map(|l| l.extent_lonlat)
        .reduce(|a, b| a.union(&b))?
        .intersection(&MERCATOR)
}

/// The zoom at which a box fills about a screen of two tiles of 512 pixels.
fn zoom_of(bounds: &Bbox) -> u32 {
    let side = bounds.width().max(bounds.height() * 2.0).max(1e-6);
    let zoom = (720.0 / side).log2().floor();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 40"
    )]
    let whole = zoom.clamp(0.0, 40.0) as u32;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_fills_the_screen_at_its_zoom() {
        let region = Bbox::new(2.06, 44.11, 7.19, 46.81).unwrap();
        assert_eq!(zoom_of(&region), 7);
        assert_eq!(zoom_of(&Bbox::WORLD), 1);
        assert!(zoom_of(&Bbox::new(4.0, 45.0, 4.0, 45.0).unwrap()) <= 40);
    }
}
