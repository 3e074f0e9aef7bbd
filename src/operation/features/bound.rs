//! Filters of requests, bound to what people see of a layer.

use std::borrow::Cow;

use super::ids::with_ids_resolved;
use crate::catalogue::Layer;
use crate::error::{Error, Result, nearest};
use crate::feature::Schema;
use crate::query::{BoundFilter, Filter};

/// A filter as a protocol has it, ready to be held against the layer's features.
///
/// # Errors
/// `FieldNotDefined` for a column that people do not see; `InvalidFilter` where an operator can't
/// work on what it is given.
pub fn bind_filter(filter: &Filter, layer: &Layer) -> Result<BoundFilter> {
    bind(&with_ids_resolved(filter.clone(), layer), layer)
}

/// A filter of the layer's columns: of those that people see, for whoever may ask for the
/// features with a certain value knows the value. A hidden one is as if it were not there.
///
/// Ids are positions: see [`with_ids_resolved`].
pub(super) fn bind(filter: &Filter, layer: &Layer) -> Result<BoundFilter> {
    let is_seen = |column: usize| layer.fields.iter().any(|f| f.column == column);
    let unknown = |field: &str| Error::FieldNotDefined {
        layer: layer.id.clone(),
        field: field.to_owned(),
        nearest: nearest(field, layer.fields.iter().map(|f| f.name.as_str())),
    };
    let seen = schema_as_seen(layer);
    let filter = filter
        .check_types(&seen)
        .and_then(|()| filter.bind(&seen))
        .map_err(|error| match error {
            Error::FieldNotDefined { field, .. } => unknown(&field),
            other => other,
        })?;
    // who writes the name that stands in for a hidden one
    match filter
        .columns()
        .into_iter()
        .find(|column| !is_seen(*column))
    {
        Some(hidden) => Err(unknown(seen.fields.get(hidden).map_or("", |f| &f.name))),
        None => Ok(filter),
    }
}

/// The columns with the types that people see; hidden ones under names that nobody writes.
fn schema_as_seen(layer: &Layer) -> Cow<'_, Schema> {
    let schema = layer.store.schema();
    let is_stored_so = layer.fields.len() == schema.fields.len()
        && layer
            .fields
            .iter()
            .all(|seen| schema.fields.get(seen.column).map(|f| f.kind) == Some(seen.kind));
    if is_stored_so {
        return Cow::Borrowed(schema);
    }
    let mut schema = schema.clone();
    for (column, field) in schema.fields.iter_mut().enumerate() {
        match layer.fields.iter().find(|seen| seen.column == column) {
            Some(seen) => field.kind = seen.kind,
            None => field.name = format!("\0{column}"),
        }
    }
    Cow::Owned(schema)
}
