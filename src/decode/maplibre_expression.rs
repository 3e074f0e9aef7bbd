//! Expressions, filters and functions of MapLibre styles, old notation and new.

use serde_json::{Value, json};

use super::maplibre::negated;
use crate::query::{ArithmeticOp, CompareOp, Expr, Filter, Function, Literal, into_condition};
use crate::style::color;

/// Deeper expressions than this are refused: `serde_json` itself stops at 128.
const MAX_DEPTH: usize = 64;

type Answer<T> = std::result::Result<T, String>;

/// Reads values at one zoom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values {
    pub zoom: f64,
}

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

impl Values {
    /// A value of a property: constant, expression, or function in the old notation.
    pub(super) fn expr(&self, value: &Value) -> Answer<Expr> {
        self.read(value, &[], 0)
    }

    /// A filter, old notation or new.
    pub(super) fn filter(&self, value: &Value) -> Answer<Filter> {
        self.condition(value, &[], 0)
    }

    /// A constant array: literal, plain, or what a function of zoom is at this zoom.
    pub(super) fn array(&self, value: &Value) -> Option<Vec<Value>> {
        match value {
            Value::Array(list) if list.first().is_some_and(Value::is_number) => Some(list.clone()),
            Value::Array(list) => match (list.first().and_then(Value::as_str), &list[..]) {
                (Some("literal"), [_, Value::Array(inner)]) => Some(inner.clone()),
                // of a function of zoom: the last stop that is reached
                (Some("step"), [_, _, first, stops @ ..]) => {
                    let reached = stops
                        .chunks(2)
                        .take_while(|pair| self.reached(pair.first()));
                    self.array(reached.last().and_then(|pair| pair.get(1)).unwrap_or(first))
                }
                (Some("interpolate"), [_, _, _, first, rest @ ..]) => {
                    let mut chosen = rest.first()?;
                    let _ = first;
                    for pair in rest.get(1..)?.chunks(2) {
                        if self.reached(pair.first()) {
                            chosen = pair.get(1)?;
                        }
                    }
                    self.array(chosen)
                }
                _ => None,
            },
            Value::Object(map) => {
                let stops = map.get("stops")?.as_array()?;
                let first = stops.first()?;
                let reached = stops.iter().take_while(|s| self.reached(s.get(0))).last();
                self.array(reached.unwrap_or(first).get(1)?)
            }
            _ => None,
        }
    }

    fn reached(&self, stop: Option<&Value>) -> bool {
        stop.and_then(Value::as_f64).is_some_and(|z| z <= self.zoom)
    }

    fn read(&self, value: &Value, names: &[(String, Expr)], depth: usize) -> Answer<Expr> {
        if depth > MAX_DEPTH {
            return Err(format!("expressions deeper than {MAX_DEPTH} are not read"));
        }
        let literal = |l| Ok(Expr::Literal(l));
        match value {
            Value::Null => literal(Literal::Null),
            Value::Bool(b) => literal(Literal::Bool(*b)),
            Value::Number(n) => literal(Literal::Number(n.as_f64().unwrap_or_default())),
            Value::String(text) if depth == 0 => Ok(template(text)),
            Value::String(text) => literal(Literal::Text(text.clone())),
            Value::Object(map) => self.read(&modern(map)?, names, depth.saturating_add(1)),
            Value::Array(list) => match list.split_first() {
                Some((Value::String(op), arguments)) => {
                    self.operator(op, arguments, names, depth.saturating_add(1))
                }
                _ => Err("an array that is no expression".into()),
            },
        }
    }

    fn operator(
        &self,
        op: &str,
        list: &[Value],
        names: &[(String, Expr)],
        depth: usize,
    ) -> Answer<Expr> {
        let read = |v: &Value| self.read(v, names, depth);
        let boxed = |v: &Value| read(v).map(Box::new);
        let all = || list.iter().map(read).collect::<Answer<Vec<Expr>>>();
        let wrong = || format!("{op:?} does not take {} arguments", list.len());
        let call = |function: Function| Ok(Expr::Function(function, all()?));
        let function = match op {
            "upcase" => Some(Function::Upper),
            "downcase" => Some(Function::Lower),
            "length" => Some(Function::Length),
            "slice" => Some(Function::Slice),
            "abs" => Some(Function::Abs),
            "ceil" => Some(Function::Ceil),
            "floor" => Some(Function::Floor),
            "round" => Some(Function::Round),
            "sqrt" => Some(Function::Sqrt),
            "ln" => Some(Function::Ln),
            "log10" => Some(Function::Log10),
            "sin" => Some(Function::Sin),
            "cos" => Some(Function::Cos),
            "tan" => Some(Function::Tan),
            "asin" => Some(Function::Asin),
            "acos" => Some(Function::Acos),
            "atan" => Some(Function::Atan),
            "min" => Some(Function::Min),
            "max" => Some(Function::Max),
            "coalesce" => Some(Function::Coalesce),
            "to-boolean" => Some(Function::ToBool),
            _ => None,
        };
        if let Some(function) = function {
            return match list.is_empty() {
                true => Err(wrong()),
                false => call(function),
            };
        }
        match (op, list) {
            ("zoom", []) => Ok(Expr::number(self.zoom)),
            ("literal", [value]) => match value {
                Value::String(text) => Ok(Expr::text(text)),
                Value::Array(_) | Value::Object(_) => Err("a list is no value here".into()),
                other => read(other),
            },
            ("get", [Value::String(name)]) => Ok(Expr::Property(name.clone())),
            ("id", []) => Ok(Expr::FeatureId),
            ("geometry-type", []) => Ok(geometry_type()),
            ("pi", []) => Ok(Expr::number(std::f64::consts::PI)),
            ("e", []) => Ok(Expr::number(std::f64::consts::E)),
            ("ln2", []) => Ok(Expr::number(std::f64::consts::LN_2)),
            ("to-string", [value]) => Ok(Expr::Function(Function::ToText, vec![read(value)?])),
            ("to-number", [value]) => Ok(Expr::Function(Function::ToNumber, vec![read(value)?])),
            ("to-number", [..]) if !list.is_empty() => {
                let each = list
                    .iter()
                    .map(|v| Ok(Expr::Function(Function::ToNumber, vec![read(v)?])));
                Ok(Expr::Function(
                    Function::Coalesce,
                    each.collect::<Answer<_>>()?,
                ))
            }
            // assertions of type: what is computed has the type or is null
            ("number" | "string" | "boolean" | "to-color" | "collator", [value, ..]) => read(value),
            ("number-format", [value, options @ ..]) => {
                let digits = |key: &str| {
                    let number = options.first()?.get(key)?.as_u64()?;
                    usize::try_from(number.min(15)).ok()
                };
                let least = digits("min-fraction-digits").unwrap_or(0);
                let most = digits("max-fraction-digits").unwrap_or(3).max(least);
                let pattern = match most {
                    0 => "#,##0".to_owned(),
                    _ => format!(
                        "#,##0.{}{}",
                        "0".repeat(least),
                        "#".repeat(most.saturating_sub(least))
                    ),
                };
                Ok(Expr::Function(
                    Function::FormatNumber,
                    vec![Expr::text(&pattern), read(value)?],
                ))
            }
            ("concat", _) => Ok(Expr::Concat(all()?)),
            ("format", _) => {
                let texts = list.iter().filter(|v| !v.is_object());
                Ok(Expr::Concat(texts.map(read).collect::<Answer<_>>()?))
            }
            ("rgb", [_, _, _]) | ("rgba", [_, _, _, _]) => constant_color(list),
            ("log2", [value]) => Ok(Expr::Arithmetic(
                ArithmeticOp::Divide,
                Box::new(Expr::Function(Function::Ln, vec![read(value)?])),
                Box::new(Expr::number(std::f64::consts::LN_2)),
            )),
            ("index-of", [find, text]) => Ok(Expr::Function(
                Function::IndexOf,
                vec![read(text)?, read(find)?],
            )),
            ("-", [value]) => {
                let zero = Box::new(Expr::number(0.0));
                Ok(Expr::Arithmetic(
                    ArithmeticOp::Subtract,
                    zero,
                    boxed(value)?,
                ))
            }
            ("-" | "/" | "%" | "^", [a, b]) => {
                let op = match op {
                    "-" => ArithmeticOp::Subtract,
                    "/" => ArithmeticOp::Divide,
                    "%" => ArithmeticOp::Modulo,
                    _ => ArithmeticOp::Power,
                };
                Ok(Expr::Arithmetic(op, boxed(a)?, boxed(b)?))
            }
            ("+" | "*", [first, rest @ ..]) => {
                let op = match op {
                    "+" => ArithmeticOp::Add,
                    _ => ArithmeticOp::Multiply,
                };
                rest.iter().try_fold(read(first)?, |sum, next| {
                    Ok(Expr::Arithmetic(op, Box::new(sum), boxed(next)?))
                })
            }
            ("step", [input, first, stops @ ..]) if stops.len().is_multiple_of(2) => {
                let steps = pairs(stops, &read)?;
                Ok(Expr::Step(boxed(input)?, boxed(first)?, steps))
            }
            ("interpolate" | "interpolate-lab" | "interpolate-hcl", [kind, input, stops @ ..])
                if stops.len().is_multiple_of(2) && !stops.is_empty() =>
            {
                interpolate(kind, read(input)?, pairs(stops, &read)?)
            }
            ("match", [input, cases @ .., otherwise]) if cases.len().is_multiple_of(2) => {
                let mut out = Vec::new();
                for pair in cases.chunks(2) {
                    let [keys, result] = pair else {
                        return Err(wrong());
                    };
                    let result = read(result)?;
                    match keys {
                        Value::Array(keys) => {
                            for key in keys {
                                out.push((read(key)?, result.clone()));
                            }
                        }
                        key => out.push((read(key)?, result)),
                    }
                }
                Ok(Expr::Match(boxed(input)?, out, boxed(otherwise)?))
            }
            ("case", [cases @ .., otherwise]) if cases.len().is_multiple_of(2) => {
                let mut out = Vec::new();
                for pair in cases.chunks(2) {
                    let [condition, result] = pair else {
                        return Err(wrong());
                    };
                    out.push((self.condition(condition, names, depth)?, read(result)?));
                }
                Ok(Expr::Case(out, boxed(otherwise)?))
            }
            ("let", [bindings @ .., body]) if bindings.len().is_multiple_of(2) => {
                let mut names = names.to_vec();
                for pair in bindings.chunks(2) {
                    let [Value::String(name), value] = pair else {
                        return Err(wrong());
                    };
                    let value = self.read(value, &names, depth)?;
                    names.push((name.clone(), value));
                }
                self.read(body, &names, depth)
            }
            ("var", [Value::String(name)]) => {
                let found = names.iter().rev().find(|(n, _)| n == name);
                let found = found.map(|(_, value)| value.clone());
                found.ok_or_else(|| format!("variable {name:?} is not bound"))
            }
            (
                "==" | "!=" | "<" | "<=" | ">" | ">=" | "!" | "all" | "any" | "has" | "in" | "none",
                _,
            ) => {
                let whole: Vec<Value> = std::iter::once(json!(op))
                    .chain(list.iter().cloned())
                    .collect();
                let condition = self.condition(&Value::Array(whole), names, depth)?;
                Ok(Expr::from_condition(condition))
            }
            _ => Err(format!("expression {op:?} is not known here")),
        }
    }

    fn condition(&self, value: &Value, names: &[(String, Expr)], depth: usize) -> Answer<Filter> {
        if depth > MAX_DEPTH {
            return Err(format!("expressions deeper than {MAX_DEPTH} are not read"));
        }
        let deeper = depth.saturating_add(1);
        let Value::Array(list) = value else {
            return self.read(value, names, depth.max(1)).map(into_condition);
        };
        let Some((Value::String(op), arguments)) = list.split_first() else {
            return Err("a filter is an array that begins with its operator".into());
        };
        let each = || {
            let read = |v| self.condition(v, names, deeper);
            arguments.iter().map(read).collect::<Answer<Vec<Filter>>>()
        };
        // the old notation names a property where the new one has an expression
        let operand = |v: &Value, is_key: bool| match v {
            Value::String(key) if is_key => Ok(match key.as_str() {
                "$type" => geometry_type(),
                "$id" => Expr::FeatureId,
                _ => Expr::Property(key.clone()),
            }),
            other => self.read(other, names, deeper),
        };
        let is_in = |key: &Value, items: &[Value], is_key| {
            Ok::<_, String>(Filter::In {
                value: operand(key, is_key)?,
                list: items
                    .iter()
                    .map(|v| operand(v, false))
                    .collect::<Answer<_>>()?,
            })
        };
        match (op.as_str(), arguments) {
            ("all", _) => Ok(Filter::And(each()?)),
            ("any", _) => Ok(Filter::Or(each()?)),
            ("none", _) => Ok(negated(Filter::Or(each()?))),
            ("!", [inner]) => Ok(negated(self.condition(inner, names, deeper)?)),
            ("has", [key]) => Ok(Filter::Not(Box::new(Filter::IsNull(operand(key, true)?)))),
            ("!has", [key]) => Ok(Filter::IsNull(operand(key, true)?)),
            ("==" | "!=" | "<" | "<=" | ">" | ">=", [left, right, ..]) => {
                let left = operand(left, true)?;
                let right = operand(right, false)?;
                if right == Expr::Literal(Literal::Null) {
                    let null = Filter::IsNull(left);
                    return Ok(match op.as_str() {
                        "==" => null,
                        _ => Filter::Not(Box::new(null)),
                    });
                }
                let compare = |op| Filter::Compare {
                    op,
                    left: left.clone(),
                    right: right.clone(),
                    match_case: true,
                };
                Ok(match op.as_str() {
                    "==" => compare(CompareOp::Equal),
                    "!=" => negated(compare(CompareOp::Equal)),
                    "<" => compare(CompareOp::Less),
                    "<=" => compare(CompareOp::LessOrEqual),
                    ">" => compare(CompareOp::Greater),
                    _ => compare(CompareOp::GreaterOrEqual),
                })
            }
            ("in", [needle, Value::Array(haystack)]) => match &haystack[..] {
                [Value::String(word), Value::Array(items)] if word == "literal" => {
                    is_in(needle, items, false)
                }
                _ => {
                    let text = self.read(&Value::Array(haystack.clone()), names, deeper)?;
                    let arguments = vec![text, operand(needle, false)?];
                    Ok(Filter::Truth(Expr::Function(Function::Includes, arguments)))
                }
            },
            ("in", [key, items @ ..]) => is_in(key, items, true),
            ("!in", [key, items @ ..]) => Ok(Filter::Or(vec![
                Filter::IsNull(operand(key, true)?),
                Filter::Not(Box::new(is_in(key, items, true)?)),
            ])),
            _ => self
                .operator(op, arguments, names, deeper)
                .map(into_condition),
        }
    }
}

fn pairs(list: &[Value], read: &dyn Fn(&Value) -> Answer<Expr>) -> Answer<Vec<(Expr, Expr)>> {
    let mut out = Vec::new();
    for pair in list.chunks(2) {
        if let [stop, result] = pair {
            out.push((read(stop)?, read(result)?));
        }
    }
    Ok(out)
}

/// Linear as it is; exponential as linear in `base ^ (x - first)`, which is the same curve.
/// What is read of expressions in a part of a layer, but not exactly followed.
pub(super) fn approximations(value: &Value, out: &mut Vec<&'static str>) {
    let mut say = |what| {
        if !out.contains(&what) {
            out.push(what);
        }
    };
    if let Value::Array(list) = value {
        match list.first().and_then(Value::as_str) {
            Some("interpolate-hcl" | "interpolate-lab") => {
                say("colours between stops are mixed in RGB");
            }
            Some("interpolate")
                if list.get(1).and_then(|k| k.get(0)) == Some(&json!("cubic-bezier")) =>
            {
                say("a cubic-bezier is drawn as a straight line");
            }
            Some("format")
                if list
                    .iter()
                    .any(|v| v.as_object().is_some_and(|o| !o.is_empty())) =>
            {
                say("all parts of a formatted text have one font, size and colour");
            }
            Some("number-format")
                if list
                    .get(2)
                    .is_some_and(|o| o.get("currency").is_some() || o.get("locale").is_some()) =>
            {
                say("numbers are written without currency, in English");
            }
            _ => {}
        }
    }
    match value {
        Value::Array(list) => list.iter().for_each(|v| approximations(v, out)),
        Value::Object(map) => map.values().for_each(|v| approximations(v, out)),
        _ => {}
    }
}

fn interpolate(kind: &Value, input: Expr, stops: Vec<(Expr, Expr)>) -> Answer<Expr> {
    let base = match kind.get(0).and_then(Value::as_str) {
        Some("linear" | "cubic-bezier") => 1.0,
        Some("exponential") => kind.get(1).and_then(Value::as_f64).unwrap_or(1.0),
        _ => return Err("an interpolation is linear, exponential or cubic-bezier".into()),
    };
    let first = match stops.first() {
        Some((Expr::Literal(Literal::Number(first)), _)) => *first,
        _ => return Err("stops are numbers".into()),
    };
    if (base - 1.0).abs() < 1e-9 || base <= 0.0 {
        return Ok(Expr::Interpolate(Box::new(input), stops));
    }
    let shifted = Expr::Arithmetic(
        ArithmeticOp::Subtract,
        Box::new(input),
        Box::new(Expr::number(first)),
    );
    let raised = Expr::Arithmetic(
        ArithmeticOp::Power,
        Box::new(Expr::number(base)),
        Box::new(shifted),
    );
    let mut raised_stops = stops
        .into_iter()
        .map(|(stop, result)| match stop {
            Expr::Literal(Literal::Number(x)) => Ok((base.powf(x - first), result)),
            _ => Err("stops are numbers".to_owned()),
        })
        .collect::<Answer<Vec<_>>>()?;
    // a base below 1 turns the order round
    raised_stops.sort_by(|a, b| a.0.total_cmp(&b.0));
    let stops = raised_stops
        .into_iter()
        .map(|(x, result)| (Expr::number(x), result));
    Ok(Expr::Interpolate(Box::new(raised), stops.collect()))
}

/// What `["geometry-type"]` answers for tiles: multi-parts are named like their parts.
fn geometry_type() -> Expr {
    let case = |dimension: f64, name: &str| (Expr::number(dimension), Expr::text(name));
    Expr::Match(
        Box::new(Expr::Function(Function::Dimension, vec![Expr::Geometry])),
        vec![
            case(0.0, "Point"),
            case(1.0, "LineString"),
            case(2.0, "Polygon"),
        ],
        Box::new(Expr::Literal(Literal::Null)),
    )
}

fn constant_color(list: &[Value]) -> Answer<Expr> {
    let channel = |v: Option<&Value>| {
        v.and_then(Value::as_f64)
            .map(|n| n.round().clamp(0.0, 255.0) as u8)
    };
    let alpha = match list.get(3) {
        Some(value) => value
            .as_f64()
            .map(|a| (a * 255.0).round().clamp(0.0, 255.0) as u8),
        None => Some(255),
    };
    match (
        channel(list.first()),
        channel(list.get(1)),
        channel(list.get(2)),
        alpha,
    ) {
        (Some(r), Some(g), Some(b), Some(a)) => Ok(Expr::text(&color::to_hex([r, g, b, a]))),
        _ => Err("colours of computed channels are not known here".into()),
    }
}

/// `{name} ({code})`, as texts of labels are written in the old notation.
fn template(text: &str) -> Expr {
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
fn modern(map: &serde_json::Map<String, Value>) -> Answer<Value> {
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
