//! How a WMS request was understood, for `explain=`.

use serde_json::{Value, json};

use super::request::Reader;
use super::{Version, crs_name};
use crate::crs::AxisOrder;
use crate::encode::cql2_text;
use crate::operation::{MapLayer, MapRequest};

/// Parameters that are read; any other one given was ignored, and `explain` says so.
const UNDERSTOOD: &[&str] = &[
    "SERVICE",
    "VERSION",
    "WMTVER",
    "REQUEST",
    "LAYERS",
    "STYLES",
    "CRS",
    "SRS",
    "BBOX",
    "WIDTH",
    "HEIGHT",
    "FORMAT",
    "TRANSPARENT",
    "BGCOLOR",
    "EXCEPTIONS",
    "SLD",
    "SLD_BODY",
    "DPI",
    "MAP_RESOLUTION",
    "FORMAT_OPTIONS",
    "TIME",
    "LANGUAGE",
    "EXPLAIN",
    "QUERY_LAYERS",
    "INFO_FORMAT",
    "I",
    "J",
    "X",
    "Y",
    "FEATURE_COUNT",
    "CQL_FILTER",
    "FILTER",
    "BUFFER",
    "RADIUS",
    "FI_POINT_TOLERANCE",
    "FI_LINE_TOLERANCE",
    "FI_POLYGON_TOLERANCE",
];

/// How a map was understood, before anything is drawn.
pub fn understood(operation: &str, reader: &Reader<'_>, map: &MapRequest) -> Value {
    let version = reader.version;
    let view = &map.view;
    let swapped = version.swaps_axes(&map.crs);
    let bbox = view.bbox;
    let mut ignored: Vec<&str> = reader
        .kvp
        .names()
        .filter(|name| !UNDERSTOOD.contains(name) && !name.is_empty())
        .collect();
    ignored.dedup();
    json!({
        "operation": operation,
        "version": version.name(),
        "crs": {
            "name": crs_name(&map.crs),
            "title": map.crs.name,
            "bboxOrder": if swapped { "north, east" } else { "east, north" },
            "because": axis_reason(version, &map.crs),
        },
        "bbox": {
            "minEast": bbox.min_x, "minNorth": bbox.min_y,
            "maxEast": bbox.max_x, "maxNorth": bbox.max_y,
        },
        "size": { "width": view.size.width, "height": view.size.height },
        "resolution": { "east": view.resolution_x(), "north": view.resolution_y() },
        "scaleDenominator": view.scale_denominator(),
        "pixelRatio": view.pixel_ratio,
        "background": if map.transparent {
            "transparent".to_owned()
        } else {
            let [r, g, b] = map.background;
            format!("#{r:02x}{g:02x}{b:02x}")
        },
        "drawnBottomToTop": map.layers.iter().map(drawn).collect::<Vec<_>>(),
        "ignoredParameters": ignored,
    })
}

fn drawn(layer: &MapLayer) -> Value {
    let (id, style) = (&layer.layer.id, &layer.style.id);
    match &layer.filter {
        None => json!({ "layer": id, "style": style }),
        Some(filter) => {
            // geometries are in the layer's CRS by now; what CQL2 has no words for is shown as
            // the house has it
            let text = cql2_text::write(filter).unwrap_or_else(|| format!("{filter:?}"));
            json!({ "layer": id, "style": style, "filter": text })
        }
    }
}

fn axis_reason(version: Version, crs: &crate::crs::Crs) -> String {
    let name = crs_name(crs);
    match (version, crs.axis_order) {
        (Version::V111, _) => {
            format!(
                "WMS 1.1.1 takes BBOX east, north in every CRS; the authority's order of {name} does not matter"
            )
        }
        (Version::V130, AxisOrder::NorthEast) => {
            format!("WMS 1.3.0 takes BBOX in the authority's axis order, and {name} is north, east")
        }
        (Version::V130, AxisOrder::EastNorth) => {
            format!("WMS 1.3.0 takes BBOX in the authority's axis order, and {name} is east, north")
        }
    }
}
