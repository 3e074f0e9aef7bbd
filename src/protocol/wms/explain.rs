//! `explain=json` and `explain=html`: how a request was understood and what it cost. It names
//! layers, never a file or a hidden column.

use serde_json::{Value, json};

use super::request::Reader;
use super::{Version, crs_name};
use crate::crs::AxisOrder;
use crate::encode::xml::{escaped, push_attribute, push_text};
use crate::error::{Error, Result};
use crate::operation::{DrawReport, LayerReport, MapRequest};
use crate::protocol::Answer;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplainFormat {
    Json,
    Html,
}

impl ExplainFormat {
    /// # Errors
    /// `InvalidParameter` for anything but `json` and `html`.
    pub fn parse(text: &str) -> Result<ExplainFormat> {
        match text.to_ascii_lowercase().as_str() {
            "json" | "true" | "1" | "application/json" => Ok(ExplainFormat::Json),
            "html" | "text/html" => Ok(ExplainFormat::Html),
            _ => Err(Error::parameter(
                "EXPLAIN",
                format!("expected json or html, found {text:?}"),
            )),
        }
    }
}

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
    "LANGUAGE",
    "EXPLAIN",
    "QUERY_LAYERS",
    "INFO_FORMAT",
    "I",
    "J",
    "X",
    "Y",
    "FEATURE_COUNT",
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
        "drawnBottomToTop": map.layers.iter()
            .map(|l| json!({ "layer": l.layer.id, "style": l.style.id })).collect::<Vec<_>>(),
        "ignoredParameters": ignored,
    })
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

/// What drawing cost and gave.
pub fn drawn(report: &DrawReport) -> Value {
    let blank = report.layers.iter().all(|l| l.features_drawn == 0);
    json!({
        "blank": blank,
        "ms": ms(report.total_time),
        "labels": {
            "candidates": report.label_candidates, "placed": report.labels,
            "ms": ms(report.label_time),
        },
        "layers": report.layers.iter().map(layer).collect::<Vec<_>>(),
    })
}

fn layer(report: &LayerReport) -> Value {
    json!({
        "layer": report.layer,
        "style": report.style,
        "inScale": report.in_scale,
        "blankBecause": report.blank_because,
        "level": report.level,
        "pipeline": report.pipeline,
        "accuracyMetres": report.accuracy_m,
        "askedBoxes": report.boxes.iter()
            .map(|b| json!([b.min_x, b.min_y, b.max_x, b.max_y])).collect::<Vec<_>>(),
        "indexNodes": report.index_nodes,
        "featuresRead": report.features_read,
        "featuresFiltered": report.features_filtered,
        "featuresDrawn": report.features_drawn,
        "featuresDamaged": report.features_damaged,
        "vertices": report.vertices,
        "ms": ms(report.time),
    })
}

/// Milliseconds with three digits.
pub fn ms(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// Writes an explanation in the format asked for.
pub fn answer(explanation: &Value, format: ExplainFormat, language: &str) -> Answer {
    match format {
        ExplainFormat::Json => Answer::ok("application/json", format!("{explanation:#}\n")),
        ExplainFormat::Html => Answer::ok("text/html; charset=utf-8", page(explanation, language)),
    }
}

fn page(explanation: &Value, language: &str) -> String {
    let title = match language {
        "fr" => "Comment la requête a été comprise",
        _ => "How the request was understood",
    };
    let mut out = String::from("<!DOCTYPE html>\n<html");
    push_attribute(&mut out, "lang", language);
    out.push_str("><head><meta charset=\"utf-8\"><title>");
    push_text(&mut out, title);
    out.push_str(
        "</title><style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:60rem;\
         color-scheme:light dark}dl{display:grid;grid-template-columns:max-content 1fr;\
         gap:.1rem 1rem;margin:0}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}</style>\
         </head><body><h1>",
    );
    push_text(&mut out, title);
    out.push_str("</h1>");
    push_value(&mut out, explanation);
    out.push_str("</body></html>\n");
    out
}

fn push_value(out: &mut String, value: &Value) {
    match value {
        Value::Object(map) => {
            out.push_str("<dl>");
            for (name, value) in map {
                out.push_str(&format!("<dt>{}</dt><dd>", escaped(name)));
                push_value(out, value);
                out.push_str("</dd>");
            }
            out.push_str("</dl>");
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            out.push_str("<ol>");
            for item in items {
                out.push_str("<li>");
                push_value(out, item);
                out.push_str("</li>");
            }
            out.push_str("</ol>");
        }
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(plain).collect();
            push_text(out, &texts.join(", "));
        }
        other => push_text(out, &plain(other)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
