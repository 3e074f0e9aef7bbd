//! Values of MapLibre styles as they were written before there were expressions: functions with
//! stops, and texts with names in braces.

use serde_json::{Value, json};

use super::maplibre_expression::Answer;
use crate::query::Expr;
use crate::style::color;

/// `{name} ({code})`, as texts of labels are written in the old notation.
pub(super) fn template(text: &str) -> Expr {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else {
            break;
        };
        if !before.is_empty() {
            parts.push(Expr::text(before));
        }
        parts.push(Expr::Property(name.to_owned()));
        rest = tail;
    }
    if parts.is_empty() {
        return Expr::text(text);
    }
    if !rest.is_empty() {
        parts.push(Expr::text(rest));
    }
    match parts.len() {
        1 => parts.remove(0),
        _ => Expr::Concat(parts),
    }
}

/// A function in the old notation as an expression.
pub(super) fn modern(map: &serde_json::Map<String, Value>) -> Answer<Value> {
    let property = map.get("property").and_then(Value::as_str);
    let kind = map.get("type").and_then(Value::as_str);
    if let (Some(property), Some("identity")) = (property, kind) {
        return Ok(json!(["get", property]));
    }
    let stops = map
        .get("stops")
        .and_then(Value::as_array)
        .filter(|s| !s.is_empty());
    let stops = stops.ok_or("an object that is no function with stops")?;
    let input = match property {
        Some(property) => json!(["get", property]),
        None => json!(["zoom"]),
    };
    let flat = || {
        stops
            .iter()
            .flat_map(|s| [s.get(0).cloned(), s.get(1).cloned()])
            .map(Option::unwrap_or_default)
    };
    let first = stops
        .first()
        .and_then(|s| s.get(1))
        .cloned()
        .unwrap_or_default();
    let is_color = |v: &Value| v.as_str().is_some_and(|t| color::parse(t).is_some());
    let smooth = first.is_number() || is_color(&first);
    let default = map.get("default").cloned().unwrap_or(Value::Null);
    Ok(match kind {
        Some("categorical") => {
            let mut list = vec![json!("match"), input];
            list.extend(flat());
            list.push(default);
            Value::Array(list)
        }
        Some("interval") => stepped(input, first, flat()),
        _ if !smooth => stepped(input, first, flat()),
        _ => {
            let base = map.get("base").and_then(Value::as_f64).unwrap_or(1.0);
            let mut list = vec![json!("interpolate"), json!(["exponential", base]), input];
            list.extend(flat());
            Value::Array(list)
        }
    })
}

/// `step` has no stop for its first answer.
fn stepped(input: Value, first: Value, flat: impl Iterator<Item = Value>) -> Value {
    let mut list = vec![json!("step"), input, first];
    list.extend(flat.skip(2));
    Value::Array(list)
}
