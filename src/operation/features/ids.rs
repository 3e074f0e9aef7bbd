//! Ids of features: what a client writes, in terms of the source.

use crate::catalogue::Layer;
use crate::feature::{AskedId, FeatureId, FieldType};
use crate::query::{ArithmeticOp, CompareOp, Expr, Filter, Literal};

/// The filter with the ids of features, as protocols write them (`communes.69123` or `69123`),
/// in terms of the layer's id column; positions stay ids.
pub fn with_ids_resolved(filter: Filter, layer: &Layer) -> Filter {
    let Some(field) = layer
        .id_column
        .and_then(|column| layer.store.schema().fields.get(column))
    else {
        return filter;
    };
    resolve(filter, &layer.id, &field.name, field.kind)
}

fn resolve(filter: Filter, layer: &str, field: &str, kind: FieldType) -> Filter {
    let each = |parts: Vec<Filter>| -> Vec<Filter> {
        parts
            .into_iter()
            .map(|part| resolve(part, layer, field, kind))
            .collect()
    };
    match filter {
        Filter::And(parts) => Filter::And(each(parts)),
        Filter::Or(parts) => Filter::Or(each(parts)),
        Filter::Not(part) => Filter::Not(Box::new(resolve(*part, layer, field, kind))),
        Filter::IsUnknown(part) => Filter::IsUnknown(Box::new(resolve(*part, layer, field, kind))),
        Filter::Ids(ids) => {
            let mut list = Vec::new();
            let mut parts = Vec::new();
            for id in &ids {
                match FeatureId::asked(without_prefix(id, layer)) {
                    AskedId::Value(value) => list.extend(literal(value, kind).map(Expr::Literal)),
                    AskedId::Position(position) => parts.push(at_position(position, field, kind)),
                }
            }
            if !list.is_empty() || parts.is_empty() {
                let value = Expr::Property(field.to_owned());
                parts.push(Filter::In { value, list });
            }
            match <[Filter; 1]>::try_from(parts) {
                Ok([only]) => only,
                Err(parts) => Filter::Or(parts),
            }
        }
        other => other,
    }
}

/// The feature at a position, if the id column says nothing of it: else it has another id.
fn at_position(position: u64, field: &str, kind: FieldType) -> Filter {
    let value = || Expr::Property(field.to_owned());
    let compare = |op, left, literal| Filter::Compare {
        op,
        left,
        right: Expr::Literal(literal),
        match_case: true,
    };
    let mut nothing = vec![Filter::IsNull(value())];
    match kind {
        FieldType::Text => {
            nothing.push(compare(
                CompareOp::Equal,
                value(),
                Literal::Text(String::new()),
            ));
        }
        FieldType::Integer | FieldType::Long => nothing.push(compare(
            CompareOp::Greater,
            value(),
            Literal::Integer(i64::MAX),
        )),
        FieldType::Float => {
            let one = Expr::Literal(Literal::Number(1.0));
            let fraction = Expr::Arithmetic(ArithmeticOp::Modulo, Box::new(value()), Box::new(one));
            let limit = (1u64 << 53) as f64;
            nothing.extend([
                compare(CompareOp::NotEqual, fraction, Literal::Number(0.0)),
                compare(CompareOp::Greater, value(), Literal::Number(limit)),
                compare(CompareOp::Less, value(), Literal::Number(-limit)),
            ]);
        }
        // what is neither text nor number is no id
        FieldType::Bool
        | FieldType::Date
        | FieldType::DateTime
        | FieldType::Json
        | FieldType::Binary => return Filter::Ids(vec![position.to_string()]),
    }
    Filter::And(vec![
        Filter::Ids(vec![position.to_string()]),
        Filter::Or(nothing),
    ])
}

/// An id without the `layer.` that GML ids begin with.
pub fn without_prefix<'a>(id: &'a str, layer: &str) -> &'a str {
    id.strip_prefix(layer)
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(id)
}

/// The value that an id stands for; `None` where no value of the column is written like that.
fn literal(id: &str, kind: FieldType) -> Option<Literal> {
    if kind.is_number() {
        let integer = id.parse().ok().map(Literal::integer);
        return integer.or_else(|| id.parse().ok().map(Literal::Number));
    }
    Some(Literal::Text(id.to_owned()))
}
