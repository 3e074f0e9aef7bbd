//! Expressions of MapLibre styles.

use serde_json::{Value, json};

use super::maplibre_function::{modern, template};
use crate::query::{ArithmeticOp, Expr, Function, Literal};
use crate::style::color;

/// Deeper expressions than this are refused: `serde_json` itself stops at 128.
pub(super) const MAX_DEPTH: usize = 64;

/// What was read, or the fault in words.
pub(super) type Answer<T> = std::result::Result<T, String>;

/// Reads values at one zoom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values {
    pub zoom: f64,
}

impl Values {
    /// A value of a property: constant, expression, or function in the old notation.
    pub(super) fn expr(&self, value: &Value) -> Answer<Expr> {
        self.read(value, &[], 0)
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
                (Some("interpolate"), [_, _, _, _first_stop, rest @ ..]) => {
                    let mut chosen = rest.first()?;
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

    pub(super) fn read(
        &self,
        value: &Value,
        names: &[(String, Expr)],
        depth: usize,
    ) -> Answer<Expr> {
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

    pub(super) fn operator(
        &self,
        op: &str,
        list: &[Value],
        names: &[(String, Expr)],
        depth: usize,
    ) -> Answer<Expr> {
        if let Some(function) = function_of(op) {
            let read = |v: &Value| self.read(v, names, depth);
            return match list.is_empty() {
                true => Err(wrong_count(op, list)),
                false => Ok(Expr::Function(
                    function,
                    list.iter().map(read).collect::<Answer<_>>()?,
                )),
            };
        }
        match op {
            "step" | "interpolate" | "interpolate-lab" | "interpolate-hcl" | "match" | "case"
            | "let" | "var" => self.choice(op, list, names, depth),
            "+" | "-" | "*" | "/" | "%" | "^" | "log2" => self.arithmetic(op, list, names, depth),
            "to-string" | "to-number" | "number-format" | "concat" | "format" | "index-of" => {
                self.text(op, list, names, depth)
            }
            "==" | "!=" | "<" | "<=" | ">" | ">=" | "!" | "all" | "any" | "has" | "in" | "none" => {
                let whole: Vec<Value> = std::iter::once(json!(op))
                    .chain(list.iter().cloned())
                    .collect();
                let condition = self.condition(&Value::Array(whole), names, depth)?;
                Ok(Expr::from_condition(condition))
            }
            _ => self.value(op, list, names, depth),
        }
    }

    /// What is there: constants, properties, assertions of a type.
    fn value(
        &self,
        op: &str,
        list: &[Value],
        names: &[(String, Expr)],
        depth: usize,
    ) -> Answer<Expr> {
        let read = |v: &Value| self.read(v, names, depth);
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
            // assertions of type: what is computed has the type or is null
            ("number" | "string" | "boolean" | "to-color" | "collator", [value, ..]) => read(value),
            ("rgb", [_, _, _]) | ("rgba", [_, _, _, _]) => constant_color(list),
            _ => Err(not_known(op)),
        }
    }

    /// Texts and numbers made of each other.
    fn text(
        &self,
        op: &str,
        list: &[Value],
        names: &[(String, Expr)],
        depth: usize,
    ) -> Answer<Expr> {
        let read = |v: &Value| self.read(v, names, depth);
        let all = || list.iter().map(read).collect::<Answer<Vec<Expr>>>();
        match (op, list) {
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
            ("index-of", [find, text]) => Ok(Expr::Function(
                Function::IndexOf,
                vec![read(text)?, read(find)?],
            )),
            _ => Err(not_known(op)),
        }
    }

    /// Sums and the like.
    fn arithmetic(
        &self,
        op: &str,
        list: &[Value],
        names: &[(String, Expr)],
        depth: usize,
    ) -> Answer<Expr> {
        let read = |v: &Value| self.read(v, names, depth);
        let boxed = |v: &Value| read(v).map(Box::new);
        match (op, list) {
            ("log2", [value]) => Ok(Expr::Arithmetic(
                ArithmeticOp::Divide,
                Box::new(Expr::Function(Function::Ln, vec![read(value)?])),
                Box::new(Expr::number(std::f64::consts::LN_2)),
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
            _ => Err(not_known(op)),
        }
    }

    /// One of several values, and names for values.
    fn choice(
        &self,
        op: &str,
        list: &[Value],
        names: &[(String, Expr)],
        depth: usize,
    ) -> Answer<Expr> {
        let read = |v: &Value| self.read(v, names, depth);
        let boxed = |v: &Value| read(v).map(Box::new);
        let wrong = || wrong_count(op, list);
        match (op, list) {
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
            _ => Err(not_known(op)),
        }
    }
}

/// The operators that are functions of ours with the same arguments.
fn function_of(op: &str) -> Option<Function> {
    match op {
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
    }
}

fn wrong_count(op: &str, list: &[Value]) -> String {
    format!("{op:?} does not take {} arguments", list.len())
}

fn not_known(op: &str) -> String {
    format!("expression {op:?} is not known here")
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

/// Linear as it is; exponential as linear in `base ^ (x - first)`, which is the same curve.
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
pub(super) fn geometry_type() -> Expr {
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
