//! Ids of features: what a client writes, in terms of the source.

use crate::catalogue::Layer;
use crate::feature::FieldType;
use crate::query::{Expr, Filter, Literal};

/// The filter with the ids of features, as protocols write them (`communes.69123` or `69123`),
/// in terms of the layer's id column; where it has none they stay positions.
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
        Filter::Ids(ids) => Filter::In {
            value: Expr::Property(field.to_owned()),
            list: ids
                .iter()
                .filter_map(|id| literal(without_prefix(id, layer), kind))
                .map(Expr::Literal)
                .collect(),
        },
        other => other,
    }
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
        return id.parse().ok().map(Literal::Number);
    }
    Some(Literal::Text(id.to_owned()))
}
