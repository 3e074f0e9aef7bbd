//! `explain=json` and `explain=html`: how a request was understood and what it cost, for every
//! protocol. It names layers, never a file or a hidden column.

use serde_json::{Value, json};

use super::Answer;
use crate::encode::xml::{escaped, push_attribute, push_text};
use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::operation::{DrawReport, FoundFeatures, LayerReport, TileLayerReport, VectorTile};

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

/// What looking at a pixel cost and gave.
pub fn looked_at(found: &FoundFeatures) -> Value {
    json!({
        "blank": found.features.is_empty(),
        "layers": found.layers.iter().map(layer).collect::<Vec<_>>(),
    })
}

fn layer(report: &LayerReport) -> Value {
    json!({
        "layer": report.layer,
        "style": report.style,
        "inScale": report.in_scale,
        "blankBecause": report.blank_because,
        "level": report.level,
        "names": report.names,
        "pipeline": report.pipeline,
        "accuracyMetres": report.accuracy_m,
        "askedBoxes": boxes(&report.boxes),
        "indexNodes": report.index_nodes,
        "featuresRead": report.features_read,
        "featuresFiltered": report.features_filtered,
        "featuresDrawn": report.features_drawn,
        "featuresDamaged": report.features_damaged,
        "vertices": report.vertices,
        "threads": report.threads,
        "ms": ms(report.time),
    })
}

/// What making a vector tile cost and gave.
pub fn made(tile: &VectorTile) -> Value {
    json!({
        "blank": tile.bytes.is_empty(),
        "bytes": tile.bytes.len(),
        "ms": ms(tile.total_time),
        "layers": tile.layers.iter().map(tile_layer).collect::<Vec<_>>(),
    })
}

fn tile_layer(report: &TileLayerReport) -> Value {
    json!({
        "layer": report.layer,
        "inScale": report.in_scale,
        "level": report.level,
        "pipeline": report.pipeline,
        "askedBoxes": boxes(&report.boxes),
        "indexNodes": report.index_nodes,
        "featuresRead": report.features_read,
        "featuresWritten": report.features_written,
        "featuresThinned": report.features_thinned,
        "featuresDamaged": report.features_damaged,
        "vertices": report.vertices,
        "ms": ms(report.time),
    })
}

fn boxes(boxes: &[Bbox]) -> Vec<Value> {
    boxes
        .iter()
        .map(|b| json!([b.min_x, b.min_y, b.max_x, b.max_y]))
        .collect()
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
