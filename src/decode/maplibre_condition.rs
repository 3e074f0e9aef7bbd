//! Filters of MapLibre styles, old notation and new.

use serde_json::Value;

use super::maplibre::negated;
use super::maplibre_expression::{Answer, MAX_DEPTH, Values, geometry_type};
use crate::query::{CompareOp, Expr, Filter, Function, Literal, into_condition};

impl Values {
    /// A filter, old notation or new.
    pub(super) fn filter(&self, value: &Value) -> Answer<Filter> {
        self.condition(value, &[], 0)
    }

    pub(super) fn condition(
        &self,
        value: &Value,
        names: &[(String, Expr)],
        depth: usize,
    ) -> Answer<Filter> {
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
