//! TileJSON 3.0.0 (github.com/mapbox/tilejson-spec): what MapLibre reads before tiles.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::TileFormat;
use super::address::encoded;
use crate::archive::VectorLayer;
use crate::catalogue::{ArchiveLayer, Layer, LayerField};
use crate::crs::Crs;
use crate::encode::mvt;
use crate::error::{Error, Result};
use crate::feature::FieldType;
use crate::geom::Bbox;
use crate::operation::{points_layer, with_room};
use crate::tile::TileMatrixSet;

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

/// Whether TileJSON can tell the tiles of a set: it knows no grid but that of web maps.
///
/// # Errors
/// `InvalidParameter` that names what tells them instead.
pub fn check(set: &TileMatrixSet, base: &str, layers: &str) -> Result<()> {
    if set.is_web() {
        return Ok(());
    }
    let (id, layers) = (set.id(), encoded(layers));
    let message = format!(
        "TileJSON can tell no tiles but those that lie as in WebMercatorQuad, not {id}: \
         {base}/tileMatrixSets/{id} tells its grid, {base}/tiles/{id}?collections={layers} its \
         tiles (OGC API), {base}/wmts/1.0.0/WMTSCapabilities.xml both"
    );
    Err(Error::parameter("tileMatrixSet", message))
}

/// The document of layers, bottom to top; `template` is the address of their tiles with `{z}`,
/// `{x}` and `{y}`.
pub fn document(
    layers: &[Arc<Layer>],
    template: &str,
    format: TileFormat,
    language: &str,
) -> Value {
    of_parts(layers, &[], usize::MAX, template, format, language)
}

/// The document of layers and of archives of vector tiles beside them, in a set of so many
/// levels.
pub(super) fn of_parts(
    layers: &[Arc<Layer>],
    archives: &[Arc<ArchiveLayer>],
    levels: usize,
    template: &str,
    format: TileFormat,
    language: &str,
) -> Value {
    let max_zoom = match format {
        TileFormat::Vector(_) => MAX_VECTOR_ZOOM,
        TileFormat::Image(_) => MAX_PICTURE_ZOOM,
    };
    let levels = u32::try_from(levels).unwrap_or(u32::MAX);
    // clients magnify the last zoom: it has to be one where every part is
    let of_archives = archives.iter().map(|a| a.archive.info());
    let max_zoom = of_archives
        .clone()
        .map(|info| u32::from(info.max_zoom))
        .fold(max_zoom.min(levels.saturating_sub(1)), u32::min);
    let zooms: Vec<[u32; 2]> = layers.iter().map(|l| zooms(l, format, max_zoom)).collect();
    let min_zoom = zooms
        .iter()
        .map(|[min, _]| *min)
        .chain(of_archives.clone().map(|info| u32::from(info.min_zoom)))
        .min()
        .unwrap_or(0)
        .min(max_zoom);
    let titles = archives.iter().rev().map(|a| a.title.get(language));
    let titles: Vec<&str> = titles
        .chain(layers.iter().rev().map(|l| l.title.get(language)))
        .collect();
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("tilejson", json!("3.0.0"));
    put("name", json!(titles.join(", ")));
    if let ([layer], []) = (layers, archives)
        && !layer.abstract_.is_empty()
    {
        put("description", json!(layer.abstract_.get(language)));
    }
    if let Some(text) = attribution(layers, archives) {
        put("attribution", json!(text));
    }
    put("scheme", json!("xyz"));
    put("tiles", json!([template]));
    put("minzoom", json!(min_zoom));
    put("maxzoom", json!(max_zoom));
    let bounds = of_archives
        .filter_map(|info| info.bounds)
        .chain(bounds(layers))
        .reduce(|all, one| all.union(&one))
        .and_then(|all| all.intersection(&MERCATOR));
    if let Some(bounds) = bounds {
        put(
            "bounds",
            json!([bounds.min_x, bounds.min_y, bounds.max_x, bounds.max_y]),
        );
        let [x, y] = bounds.center();
        let zoom = zoom_of(&bounds).clamp(min_zoom, max_zoom);
        put("center", json!([x, y, zoom]));
    }
    if format == TileFormat::MLT {
        // MapLibre GL reads it as the `encoding` of a source
        put("encoding", json!(format.extension()));
    }
    if format.is_vector() {
        let mut described: Vec<Value> = layers
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
        described.extend(archived(layers, archives));
        put("vector_layers", json!(described));
    }
    Value::Object(document)
}

/// The layers of archives, named as they are in a tile with others.
fn archived(layers: &[Arc<Layer>], archives: &[Arc<ArchiveLayer>]) -> Vec<Value> {
    let mut taken: HashSet<String> = HashSet::new();
    for layer in layers {
        taken.extend([layer.id.clone(), points_layer(&layer.id)]);
    }
    let mut described = Vec::new();
    for archive in archives {
        let told = &archive.archive.info().vector_layers;
        for layer in told {
            let id = mvt::joined_name(&layer.id, &archive.id, &taken);
            described.push(json!(VectorLayer {
                id,
                ..layer.clone()
            }));
        }
        taken.extend(told.iter().map(|layer| layer.id.clone()));
    }
    described
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
        TileFormat::Vector(_) => 4.0,
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
fn attribution(layers: &[Arc<Layer>], archives: &[Arc<ArchiveLayer>]) -> Option<String> {
    let mut told: Vec<&str> = Vec::new();
    let of_layers = layers.iter().rev().filter_map(|l| l.attribution.as_deref());
    let of_archives = archives.iter().rev();
    for text in of_layers.chain(of_archives.filter_map(|a| a.attribution.as_deref())) {
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
        .reduce(|a, b| a.union(&b))
        .map(|all| with_room(all, &Crs::crs84()))
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
