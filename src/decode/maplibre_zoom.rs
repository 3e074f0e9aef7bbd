//! What depends on zoom in values of MapLibre styles, and at which zooms.

use serde_json::Value;

/// True where `["zoom"]` or a function of zoom alone stands somewhere inside.
pub(super) fn depends_on_zoom(value: &Value) -> bool {
    match value {
        Value::Array(list) if matches!(&list[..], [Value::String(s)] if s == "zoom") => true,
        Value::Array(list) => list.iter().any(depends_on_zoom),
        Value::Object(map) if map.contains_key("stops") => {
            !map.contains_key("property") || map.values().any(depends_on_zoom)
        }
        Value::Object(map) => map.values().any(depends_on_zoom),
        _ => false,
    }
}

/// The zooms at which something changes.
pub(super) fn zooms(value: &Value, out: &mut Vec<f64>) {
    match value {
        Value::Array(list) => {
            let first_stop = match list.first().and_then(Value::as_str) {
                Some("step") => Some((list.get(1), 3)),
                Some(op) if op.starts_with("interpolate") => Some((list.get(2), 3)),
                _ => None,
            };
            if let Some((Some(input), skip)) = first_stop
                && depends_on_zoom(input)
            {
                out.extend(list.iter().skip(skip).step_by(2).filter_map(Value::as_f64));
            }
            list.iter().for_each(|v| zooms(v, out));
        }
        Value::Object(map) => match map.get("stops").and_then(Value::as_array) {
            Some(stops) if !map.contains_key("property") => {
                out.extend(
                    stops
                        .iter()
                        .filter_map(|s| s.get(0))
                        .filter_map(Value::as_f64),
                );
            }
            _ => map.values().for_each(|v| zooms(v, out)),
        },
        _ => {}
    }
}
