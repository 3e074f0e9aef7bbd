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
                list.push(condition(filter, Asked::HOLDS)?);
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

/// What is asked of a filter, which may hold, not hold, or be unknown: a comparison with nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// Whether it holds, else whether it does not hold.
    holds: bool,
    /// The opposite of that, which is so too where the filter is unknown.
    opposite: bool,
}

impl Asked {
    pub const HOLDS: Asked = Asked {
        holds: true,
        opposite: false,
    };
    /// What an else rule is for: the filter does not take the feature.
    pub const DOES_NOT_HOLD_OR_UNKNOWN: Asked = Asked {
        holds: true,
        opposite: true,
    };

    /// True where the answer is yes for what is there and holds.
    fn is_yes(self) -> bool {
        self.holds != self.opposite
    }
}

/// A filter as a condition: `!` stands before `has` alone, nothing is compared with null, and
/// membership in a short list is equality with one of it. Those who read styles beside MapLibre
/// itself (QGIS 3.22) know no more, and draw all features where they don't know a part.
pub(super) fn condition(filter: &Filter, asked: Asked) -> Option<Value> {
    let is_yes = asked.is_yes();
    Some(match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            let parts: Option<Vec<Value>> =
                parts.iter().map(|part| condition(part, asked)).collect();
            match matches!(filter, Filter::And(_)) == is_yes {
                true => all(parts?),
                false => any(parts?),
            }
        }
        Filter::Not(inner) => {
            let holds = !asked.holds;
            condition(inner, Asked { holds, ..asked })?
        }
        Filter::Compare {
            op,
            left,
            right,
            match_case,
        } => {
            let op = if is_yes { *op } else { opposite(*op) };
            let test = comparison(op, left, right, *match_case)?;
            where_present(&[left, right], test, asked)
        }
        Filter::Between { value, low, high } => {
            let side = |op, limit| {
                let op = if is_yes { op } else { opposite(op) };
                comparison(op, value, limit, true)
            };
            let sides = vec![
                side(CompareOp::GreaterOrEqual, low)?,
                side(CompareOp::LessOrEqual, high)?,
            ];
            let test = if is_yes { all(sides) } else { any(sides) };
            where_present(&[value, low, high], test, asked)
        }
        // nothing is in it, and that is known of what is absent, too
        Filter::In { list, .. } if list.is_empty() => json!(!is_yes),
        Filter::In { value, list } => {
            where_present(&[value], membership(value, list, is_yes)?, asked)
        }
        Filter::Like {
            value,
            pattern,
            match_case,
        } => {
            let test = like(value, pattern, *match_case)?;
            let test = if is_yes { test } else { json!(["!", test]) };
            where_present(&[value], test, asked)
        }
        Filter::IsNull(Expr::Property(name)) => present(name, !is_yes),
        Filter::IsNull(value) => {
            let op = if is_yes { "==" } else { "!=" };
            json!([op, expression(value)?, null])
        }
        Filter::Truth(value) => match expression(value)? {
            Value::Bool(b) => json!(b == is_yes),
            other if is_yes => json!(["to-boolean", other]),
            other => json!(["!", ["to-boolean", other]]),
        },
        Filter::Bbox(_)
        | Filter::Spatial { .. }
        | Filter::Temporal { .. }
        | Filter::Array { .. }
        | Filter::IsUnknown(_)
        | Filter::Ids(_) => return None,
    })
}

/// All of them: one list of what is in them, each once.
pub(super) fn all(parts: Vec<Value>) -> Value {
    joined("all", parts)
}

fn any(parts: Vec<Value>) -> Value {
    joined("any", parts)
}

fn joined(name: &str, parts: Vec<Value>) -> Value {
    let mut list = vec![json!(name)];
    for part in parts {
        let inner = match part {
            Value::Array(inner) if inner.first() == list.first() => {
                inner.into_iter().skip(1).collect()
            }
            other => vec![other],
        };
        for part in inner {
            if !list.contains(&part) {
                list.push(part);
            }
        }
    }
    match list.as_slice() {
        [_, one] => one.clone(),
        _ => Value::Array(list),
    }
}

/// Whether a feature has a property; nothing is no property in a tile.
fn present(name: &str, is_yes: bool) -> Value {
    match is_yes {
        true => json!(["has", name]),
        false => json!(["!", ["has", name]]),
    }
}

/// A test of properties, each of which would be 0 or empty there where it is absent.
fn where_present(values: &[&Expr], test: Value, asked: Asked) -> Value {
    let names = values.iter().filter_map(|value| match value {
        Expr::Property(name) => Some(present(name, !asked.opposite)),
        _ => None,
    });
    let parts = names.chain([test]).collect();
    match asked.opposite {
        false => all(parts),
        true => any(parts),
    }
}

fn opposite(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Equal => CompareOp::NotEqual,
        CompareOp::NotEqual => CompareOp::Equal,
        CompareOp::Less => CompareOp::GreaterOrEqual,
        CompareOp::LessOrEqual => CompareOp::Greater,
        CompareOp::Greater => CompareOp::LessOrEqual,
        CompareOp::GreaterOrEqual => CompareOp::Less,
    }
}

/// Longer lists are looked up, which not all readers can do, in place of compared one by one.
const MAX_COMPARED: usize = 64;

/// Whether a value is one of a list, or none of it.
fn membership(value: &Expr, list: &[Expr], is_yes: bool) -> Option<Value> {
    let value = text(value)?;
    let mut keys = Vec::with_capacity(list.len());
    for item in list {
        keys.push(match item {
            Expr::Literal(Literal::Text(t)) => json!(t),
            Expr::Literal(Literal::Number(n)) => json!(n.to_string()),
            _ => return None,
        });
    }
    if keys.len() > MAX_COMPARED {
        let found = json!(["in", value, ["literal", keys]]);
        return Some(if is_yes { found } else { json!(["!", found]) });
    }
    let op = if is_yes { "==" } else { "!=" };
    let tests = keys
        .into_iter()
        .map(|key| json!([op, value, key]))
        .collect();
    Some(if is_yes { any(tests) } else { all(tests) })
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
    Some(json!([name, a, b]))
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
