use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::error::Result;
use crate::feature::FieldType;
use crate::geom::Bbox;
use crate::query::{CompareOp, Expr, Filter, Literal};
use crate::store::{FeatureStore, Select};

/// Where the features of a layer are that have a value: found for all values in one reading,
/// because each map of a family asks for another one.
#[derive(Default)]
pub struct Extents(Mutex<HashMap<(usize, usize), Arc<ByValue>>>);

/// The box around the features of each value of a column.
type ByValue = HashMap<String, Bbox>;

impl Extents {
    /// The box around the features of a layer that pass a filter, in the layer's CRS; `None`
    /// where none passes or none has a place.
    ///
    /// # Errors
    /// What binding the filter or reading the features says.
    pub fn of(&self, layer: &Layer, filter: &Filter) -> Result<Option<Bbox>> {
        if let Some((column, value)) = equality(layer, filter) {
            return Ok(self.by_value(layer, column)?.get(value).copied());
        }
        let bound = super::entries::bind_filter(filter, layer)?;
        let mut around: Option<Bbox> = None;
        visit(&*layer.store, &mut |feature| {
            if bound.matches(feature)
                && let Some(bbox) = feature.bbox()
            {
                around = Some(around.map_or(bbox, |all| all.union(&bbox)));
            }
        })?;
        Ok(around)
    }

    fn by_value(&self, layer: &Layer, column: usize) -> Result<Arc<ByValue>> {
        let key = (Arc::as_ptr(&layer.store).addr(), column);
        // held while it is found: who asks meanwhile would find the same
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&key) {
            return Ok(Arc::clone(found));
        }
        let mut by_value = ByValue::new();
        visit(&*layer.store, &mut |feature| {
            let Some(bbox) = feature.bbox() else { return };
            let value = feature.value(column);
            if value.is_null() {
                return;
            }
            by_value
                .entry(value.to_text().into_owned())
                .and_modify(|all| *all = all.union(&bbox))
                .or_insert(bbox);
        })?;
        let by_value = Arc::new(by_value);
        known.insert(key, Arc::clone(&by_value));
        Ok(by_value)
    }
}

fn visit(
    store: &dyn FeatureStore,
    each: &mut dyn FnMut(&dyn crate::feature::Feature),
) -> Result<()> {
    store.select(&Select::default(), &Budget::unlimited(), &mut |feature| {
        each(feature);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(())
}

/// `column = 'text'` of a column of texts.
fn equality<'f>(layer: &Layer, filter: &'f Filter) -> Option<(usize, &'f str)> {
    let Filter::Compare {
        op: CompareOp::Equal,
        left: Expr::Property(name),
        right: Expr::Literal(Literal::Text(value)),
        match_case: true,
    } = filter
    else {
        return None;
    };
    let schema = layer.store.schema();
    let column = schema.column(name)?;
    let kind = schema.fields.get(column)?.kind;
    (kind == FieldType::Text).then_some((column, value.as_str()))
}
