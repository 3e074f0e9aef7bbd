//! Expressions and filters as MapLibre has them; `None` for what it can't say.

use serde_json::{Value, json};

use crate::query::{
    ArithmeticOp, CompareOp, Expr, Filter, Function, LikePattern, LikePiece, Literal,
};

pub(super) fn expression(expr: &Expr) -> Option<Value> {
    Some(match expr {
        Expr::Literal(Literal::Null) => Value::Null,
        Expr::Literal(Literal::Bool(b)) => json!(b),
        Expr::Literal(Literal::Number(n)) => json!(n),
        Expr::Literal(Literal::Integer(i)) => json!(i),
        Expr::Literal(Literal::Text(t)) => json!(t),
        Expr::Literal(Literal::Moment(moment)) => json!(moment.to_string()),
        Expr::Literal(Literal::Geometry(_)) | Expr::Geometry => return None,
        Expr::Array(_) | Expr::Interval(..) => return None,
        Expr::Property(name) => json!(["get", name]),
        Expr::FeatureId => json!(["id"]),
        Expr::Arithmetic(op, a, b) => {
            let op = match op {
                ArithmeticOp::Add => "+",
                ArithmeticOp::Subtract => "-",
                ArithmeticOp::Multiply => "*",
                ArithmeticOp::Divide => "/",
                ArithmeticOp::IntegerDivide => return None,
                ArithmeticOp::Modulo => "%",
                ArithmeticOp::Power => "^",
            };
            json!([op, number(a)?, number(b)?])
        }
        Expr::Concat(parts) => {
            let mut list = vec![json!("concat")];
            for part in parts {
                list.push(text(part)?);
            }
            Value::Array(list)
        }
        Expr::Step(value, first, steps) => {
            let mut list = vec![json!("step"), number(value)?, expression(first)?];
            for (threshold, result) in steps {
                list.push(constant_number(threshold)?);
                list.push(expression(result)?);
            }
            Value::Array(list)
        }
        Expr::Match(value, cases, otherwise) => {
            // a column of numbers and a text of digits are the same key here, not there
            let mut list = vec![json!("match"), text(value)?];
            let mut seen: Vec<String> = Vec::new();
            for (key, result) in cases {
                let key = match key {
                    Expr::Literal(Literal::Text(t)) => t.clone(),
                    Expr::Literal(Literal::Number(n)) => n.to_string(),
                    _ => return None,
                };
                // a key twice is an error there; here the first counts
                if !seen.contains(&key) {
                    list.push(json!(key));
                    list.push(expression(result)?);
                    seen.push(key);
                }
            }
            if seen.is_empty() {
                return expression(otherwise);
            }
            list.push(otherwise_value(otherwise, cases)?);
            Value::Array(list)
        }
        Expr::Interpolate(value, stops) => {
            let mut list = vec![json!("interpolate"), json!(["linear"]), number(value)?];
            for (stop, result) in stops {
                list.push(constant_number(stop)?);
                list.push(expression(result)?);
            }
            Value::Array(list)
        }
        Expr::Case(cases, otherwise) => {
            let mut list = vec![json!("case")];
            for (filter, result) in cases {
                list.push(condition(filter)?);
                list.push(expression(result)?);
            }
            list.push(expression(otherwise)?);
            Value::Array(list)
        }
        Expr::Function(function, arguments) => return call(*function, arguments),
    })
}

/// Nothing, in the type of the other answers: no colour is a transparent one.
fn otherwise_value(otherwise: &Expr, cases: &[(Expr, Expr)]) -> Option<Value> {
    let is_color = cases
        .iter()
        .any(|(_, result)| matches!(result, Expr::Literal(Literal::Text(t)) if t.starts_with('#')));
    match otherwise {
        Expr::Literal(Literal::Null) if is_color => Some(json!("#00000000")),
        other => expression(other),
    }
}

fn text(expr: &Expr) -> Option<Value> {
    Some(match expr {
        Expr::Literal(Literal::Text(t)) => json!(t),
        other => json!(["to-string", expression(other)?]),
    })
}

pub(super) fn number(expr: &Expr) -> Option<Value> {
    match expr {
        Expr::Property(_) | Expr::Function(..) | Expr::Match(..) => {
            Some(json!(["to-number", expression(expr)?]))
        }
        Expr::Literal(_) => constant_number(expr),
        other => expression(other),
    }
}

fn constant_number(expr: &Expr) -> Option<Value> {
    match expr {
        Expr::Literal(Literal::Number(n)) => Some(json!(n)),
        Expr::Literal(Literal::Text(t)) => {
            let number: f64 = t.trim().parse().ok()?;
            number.is_finite().then(|| json!(number))
        }
        _ => None,
    }
}

fn call(function: Function, arguments: &[Expr]) -> Option<Value> {
    let (name, texts) = match function {
        Function::Lower => ("downcase", true),
        Function::Upper => ("upcase", true),
        Function::Length => ("length", true),
        Function::Slice => ("slice", true),
        Function::Abs => ("abs", false),
        Function::Ceil => ("ceil", false),
        Function::Floor => ("floor", false),
        Function::Round if arguments.len() == 1 => ("round", false),
        Function::Sqrt => ("sqrt", false),
        Function::Min => ("min", false),
        Function::Max => ("max", false),
        Function::Ln => ("ln", false),
        Function::Log10 => ("log10", false),
        Function::Sin => ("sin", false),
        Function::Cos => ("cos", false),
        Function::Tan => ("tan", false),
        Function::Asin => ("asin", false),
        Function::Acos => ("acos", false),
        Function::Atan => ("atan", false),
        Function::ToNumber => ("to-number", false),
        Function::ToText => ("to-string", true),
        Function::ToBool => ("to-boolean", true),
        Function::Coalesce => {
            let mut list = vec![json!("coalesce")];
            for argument in arguments {
                list.push(expression(argument)?);
            }
            return Some(Value::Array(list));
        }
        Function::Includes | Function::IndexOf => {
            let [whole, part] = arguments else {
                return None;
            };
            let name = match function {
                Function::Includes => "in",
                _ => "index-of",
            };
            return Some(json!([name, text(part)?, text(whole)?]));
        }
        Function::Dimension => {
            let kind = json!(["geometry-type"]);
            return Some(json!(["match", kind, "Point", 0, "LineString", 1, 2]));
        }
        _ => return None,
    };
    let mut list = vec![json!(name)];
    for (index, argument) in arguments.iter().enumerate() {
        list.push(match texts && index == 0 {
            true => text(argument)?,
            false => number(argument)?,
        });
    }
    Some(Value::Array(list))
}

pub(super) fn condition(filter: &Filter) -> Option<Value> {
    Some(match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            let name = match filter {
                Filter::And(_) => "all",
                _ => "any",
            };
            let mut list = vec![json!(name)];
            for part in parts {
                list.push(condition(part)?);
            }
            Value::Array(list)
        }
        Filter::Not(inner) => {
            // unknown stays false under NOT: what is compared must be there
            let mut list = vec![json!("all")];
            present(inner, &mut list);
            let negated = json!(["!", condition(inner)?]);
            match list.len() {
                1 => negated,
                _ => {
                    list.push(negated);
                    Value::Array(list)
                }
            }
        }
        Filter::Compare {
            op,
            left,
            right,
            match_case,
        } => comparison(*op, left, right, *match_case)?,
        Filter::Between { value, low, high } => json!([
            "all",
            comparison(CompareOp::GreaterOrEqual, value, low, true)?,
            comparison(CompareOp::LessOrEqual, value, high, true)?
        ]),
        Filter::In { value, list } => {
            let mut keys = Vec::new();
            for item in list {
                keys.push(match item {
                    Expr::Literal(Literal::Text(t)) => json!(t),
                    Expr::Literal(Literal::Number(n)) => json!(n.to_string()),
                    _ => return None,
                });
            }
            json!(["in", text(value)?, ["literal", keys]])
        }
        Filter::Like {
            value,
            pattern,
            match_case,
        } => like(value, pattern, *match_case)?,
        Filter::IsNull(value) => json!(["==", expression(value)?, null]),
        Filter::Truth(value) => match expression(value)? {
            Value::Bool(b) => json!(b),
            other => json!(["to-boolean", other]),
        },
        Filter::Bbox(_)
        | Filter::Spatial { .. }
        | Filter::Temporal { .. }
        | Filter::Array { .. }
        | Filter::Ids(_) => return None,
    })
}

/// The properties compared directly inside, as conditions that they are there.
fn present(filter: &Filter, out: &mut Vec<Value>) {
    let value = match filter {
        Filter::Compare { left, right, .. } => match (left, right) {
            (Expr::Property(_), _) => left,
            _ => right,
        },
        Filter::Between { value, .. } | Filter::In { value, .. } | Filter::Like { value, .. } => {
            value
        }
        _ => return,
    };
    if let Expr::Property(name) = value {
        out.push(json!(["!=", ["get", name], null]));
    }
}

/// Numbers where the literal is one and order is asked for, else texts: tiles keep the types of
/// their columns, filters often do not.
fn comparison(op: CompareOp, left: &Expr, right: &Expr, match_case: bool) -> Option<Value> {
    let name = match op {
        CompareOp::Equal => "==",
        CompareOp::NotEqual => "!=",
        CompareOp::Less => "<",
        CompareOp::LessOrEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterOrEqual => ">=",
    };
    let equality = matches!(op, CompareOp::Equal | CompareOp::NotEqual);
    let numeric = |e: &Expr| match e {
        Expr::Literal(Literal::Number(_)) => true,
        Expr::Literal(Literal::Text(_)) => !equality && constant_number(e).is_some(),
        _ => false,
    };
    let [a, b] = if numeric(left) || numeric(right) {
        [number(left)?, number(right)?]
    } else if match_case {
        [text(left)?, text(right)?]
    } else {
        [
            json!(["downcase", text(left)?]),
            json!(["downcase", text(right)?]),
        ]
    };
    let test = json!([name, a, b]);
    // an absent property would be 0 or empty there: here the comparison is then false
    let mut list = vec![json!("all")];
    for side in [left, right] {
        if let Expr::Property(property) = side {
            list.push(json!(["!=", ["get", property], null]));
        }
    }
    if list.len() == 1 {
        return Some(test);
    }
    list.push(test);
    Some(Value::Array(list))
}

/// `text`, `text%`, `%text%`: MapLibre has no patterns.
fn like(value: &Expr, pattern: &LikePattern, match_case: bool) -> Option<Value> {
    let folded = |v: Value| match match_case {
        true => v,
        false => json!(["downcase", v]),
    };
    let value = folded(text(value)?);
    let part = |t: &String| match match_case {
        true => t.clone(),
        false => t.to_lowercase(),
    };
    match &pattern.0[..] {
        [LikePiece::Text(t)] => Some(json!(["==", value, part(t)])),
        [LikePiece::Text(t), LikePiece::Any] => {
            // lengths are counted in UTF-16 there
            let length = part(t).encode_utf16().count();
            Some(json!(["==", ["slice", value, 0, length], part(t)]))
        }
        [LikePiece::Any, LikePiece::Text(t), LikePiece::Any] => Some(json!(["in", part(t), value])),
        [LikePiece::Any] => Some(json!(true)),
        _ => None,
    }
}
