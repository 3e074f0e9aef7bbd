//! Filters as CQL2 JSON (OGC 21-065r2 §8.2).
//!
//! Geometries are written as the filter has them: in the CRS of the data, easting first.

use serde_json::{Value, json};

use crate::geom::{Coord, Geometry, GeometryType, Part, PartKind};
use crate::query::{ArithmeticOp, CompareOp, Expr, Filter, Literal, Moment, SpatialOp};

/// The filter; `None` where CQL2 has no words for it: ids, distances, a recoding with a default.
pub fn write(filter: &Filter) -> Option<Value> {
    condition(filter)
}

fn operation(op: &str, args: Vec<Value>) -> Value {
    json!({ "op": op, "args": args })
}

fn all<T>(items: &[T], write: fn(&T) -> Option<Value>) -> Option<Vec<Value>> {
    items.iter().map(write).collect()
}

fn condition(filter: &Filter) -> Option<Value> {
    Some(match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            let is_and = matches!(filter, Filter::And(_));
            match &parts[..] {
                [] => json!(is_and),
                [only] => condition(only)?,
                parts => operation(if is_and { "and" } else { "or" }, all(parts, condition)?),
            }
        }
        Filter::Not(inner) => operation("not", vec![condition(inner)?]),
        Filter::Compare {
            op,
            left,
            right,
            match_case,
        } => {
            let folded = |value: Value| match match_case {
                true => value,
                false => operation("casei", vec![value]),
            };
            let sides = vec![folded(value(left)?), folded(value(right)?)];
            operation(op.name(), sides)
        }
        Filter::Between {
            value: of,
            low,
            high,
        } => operation("between", vec![value(of)?, value(low)?, value(high)?]),
        Filter::In { list, .. } if list.is_empty() => json!(false),
        Filter::In { value: of, list } => {
            operation("in", vec![value(of)?, Value::Array(all(list, value)?)])
        }
        Filter::Like {
            value: of,
            pattern,
            match_case,
        } => {
            let folded = |value: Value| match match_case {
                true => value,
                false => operation("casei", vec![value]),
            };
            let pattern = json!(pattern.to_text());
            operation("like", vec![folded(value(of)?), folded(pattern)])
        }
        Filter::IsNull(of) => operation("isNull", vec![value(of)?]),
        Filter::IsUnknown(inner) => operation("isNull", vec![condition(inner)?]),
        Filter::Bbox(bbox) => {
            let corners = json!({ "bbox": [bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y] });
            operation("s_intersects", vec![value(&Expr::Geometry)?, corners])
        }
        Filter::Spatial {
            op: SpatialOp::DWithin | SpatialOp::Beyond,
            ..
        } => return None,
        Filter::Spatial {
            op, left, right, ..
        } => operation(
            &format!("s_{}", op.name()),
            vec![value(left)?, value(right)?],
        ),
        Filter::Temporal { op, left, right } => operation(
            &format!("t_{}", op.name()),
            vec![value(left)?, value(right)?],
        ),
        Filter::Array { op, left, right } => operation(
            &format!("a_{}", op.name()),
            vec![value(left)?, value(right)?],
        ),
        Filter::Ids(_) => return None,
        // a property alone is no condition in CQL2
        Filter::Truth(of @ Expr::Property(_)) => {
            operation(CompareOp::Equal.name(), vec![value(of)?, json!(true)])
        }
        Filter::Truth(of) => value(of)?,
    })
}

fn value(expr: &Expr) -> Option<Value> {
    Some(match expr {
        Expr::Literal(literal) => return self::literal(literal),
        Expr::Property(name) => json!({ "property": name }),
        Expr::Geometry => json!({ "property": "geometry" }),
        Expr::FeatureId => operation("id", Vec::new()),
        Expr::Arithmetic(op, a, b) => arithmetic(*op, a, b)?,
        Expr::Function(function, arguments) => operation(function.name(), all(arguments, value)?),
        Expr::Concat(parts) => operation("strConcat", all(parts, value)?),
        Expr::Array(elements) => Value::Array(all(elements, value)?),
        Expr::Interval(begin, end) => json!({ "interval": [limit(begin)?, limit(end)?] }),
        Expr::Case(cases, otherwise) => case(cases, otherwise)?,
        Expr::Step(of, first, steps) => {
            let mut arguments = vec![value(of)?, value(first)?];
            for (threshold, result) in steps {
                arguments.extend([value(threshold)?, value(result)?]);
            }
            operation("Categorize", arguments)
        }
        Expr::Interpolate(of, pairs) => operation("Interpolate", recoded(of, pairs)?),
        Expr::Match(of, pairs, otherwise) if **otherwise == Expr::Literal(Literal::Null) => {
            operation("Recode", recoded(of, pairs)?)
        }
        Expr::Match(..) => return None,
    })
}

fn recoded(of: &Expr, pairs: &[(Expr, Expr)]) -> Option<Vec<Value>> {
    let mut arguments = vec![value(of)?];
    for (key, result) in pairs {
        arguments.extend([value(key)?, value(result)?]);
    }
    Some(arguments)
}

fn arithmetic(op: ArithmeticOp, a: &Expr, b: &Expr) -> Option<Value> {
    Some(operation(op.name(), vec![value(a)?, value(b)?]))
}

/// A condition as a value, or the choice that the function of GeoServer is.
fn case(cases: &[(Filter, Expr)], otherwise: &Expr) -> Option<Value> {
    let Some(((first, result), rest)) = cases.split_first() else {
        return value(otherwise);
    };
    let is = |expr: &Expr, truth| *expr == Expr::Literal(Literal::Bool(truth));
    if rest.is_empty() && is(result, true) && is(otherwise, false) {
        return condition(first);
    }
    let arguments = vec![condition(first)?, value(result)?, case(rest, otherwise)?];
    Some(operation("if_then_else", arguments))
}

fn limit(end: &Option<Box<Expr>>) -> Option<Value> {
    match end.as_deref() {
        None => Some(json!("..")),
        Some(Expr::Literal(Literal::Moment(moment))) => Some(json!(moment.to_string())),
        Some(other) => value(other),
    }
}

fn literal(literal: &Literal) -> Option<Value> {
    Some(match literal {
        Literal::Null => return None,
        Literal::Bool(b) => json!(b),
        Literal::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => json!(*n as i64),
        Literal::Number(n) => json!(n),
        Literal::Integer(i) => json!(i),
        Literal::Text(text) => json!(text),
        Literal::Moment(day @ Moment::Day(_)) => json!({ "date": day.to_string() }),
        Literal::Moment(instant) => json!({ "timestamp": instant.to_string() }),
        Literal::Geometry(geometry) => self::geometry(geometry),
    })
}

fn geometry(geometry: &Geometry) -> Value {
    let parts: Vec<Part<'_>> = geometry.parts().collect();
    let kind = geometry.kind();
    let coordinates = match kind {
        GeometryType::GeometryCollection | GeometryType::Unknown => {
            let members = parts.iter().map(member);
            return json!({
                "type": "GeometryCollection",
                "geometries": members.collect::<Vec<Value>>(),
            });
        }
        GeometryType::MultiPoint => parts
            .first()
            .map_or(json!([]), |points| positions(points.sequences().flatten())),
        GeometryType::MultiLineString | GeometryType::MultiPolygon => {
            Value::Array(parts.iter().map(coordinates_of).collect())
        }
        _ => parts.first().map_or(json!([]), coordinates_of),
    };
    json!({ "type": kind.name(), "coordinates": coordinates })
}

/// A part as a geometry of its own.
fn member(part: &Part<'_>) -> Value {
    let name = match part.kind {
        PartKind::Line => "LineString",
        PartKind::Polygon => "Polygon",
        PartKind::Points if part.sequences().flatten().count() == 1 => "Point",
        PartKind::Points => {
            let positions = positions(part.sequences().flatten());
            return json!({ "type": "MultiPoint", "coordinates": positions });
        }
    };
    json!({ "type": name, "coordinates": coordinates_of(part) })
}

fn coordinates_of(part: &Part<'_>) -> Value {
    let mut sequences = part.sequences();
    match part.kind {
        PartKind::Points => {
            let first = sequences.flatten().next();
            first.map_or(json!([]), |coord| json!(coord))
        }
        PartKind::Line => positions(sequences.next().into_iter().flatten()),
        PartKind::Polygon => Value::Array(sequences.map(|ring| positions(ring.iter())).collect()),
    }
}

fn positions<'c>(coords: impl Iterator<Item = &'c Coord>) -> Value {
    Value::Array(coords.map(|coord| json!(coord)).collect())
}
