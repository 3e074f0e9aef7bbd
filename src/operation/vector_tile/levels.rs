//! What a layer of a tile is read from, and whose attributes and ids go with it.
//!
//! A level has the geometries, few and simplified. A feature that is still itself there brings
//! id and attributes from the layer's own store. A rectangle that stands for many has no id and,
//! of its largest, the values that tell what it looks like: those of the columns by which the
//! layer's styles tell features apart.

use std::collections::BTreeSet;

use super::NO_KEY;
use crate::catalogue::Layer;
use crate::crs::Crs;
use crate::feature::Feature;
use crate::overview::{Level, fid_of};
use crate::store::FeatureStore;
use crate::style::telling_columns_of;

/// Where the features of one layer of a tile come from.
pub(super) struct Origins<'a> {
    pub layer: &'a Layer,
    /// `None`: the features themselves.
    pub level: Option<&'a Level>,
    /// For each column of the level the number of its key, for rectangles that stand for many.
    pub keys: Vec<usize>,
}

/// Whom a feature stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whom {
    Itself,
    /// The feature of that number in the layer's store.
    Feature(u64),
    Many,
}

impl<'a> Origins<'a> {
    pub fn of_features(layer: &'a Layer) -> Origins<'a> {
        Origins {
            layer,
            level: None,
            keys: Vec::new(),
        }
    }

    /// `columns` are those of the layer's store that go along, in the order of their keys.
    pub fn of_level(
        layer: &'a Layer,
        level: &'a Level,
        columns: &[(usize, String)],
    ) -> Origins<'a> {
        let telling: BTreeSet<String> = layer
            .styles
            .iter()
            .flat_map(|style| telling_columns_of(style))
            .collect();
        let fields = &layer.store.schema().fields;
        let key_of = |name: &str| {
            let is_it = |column: usize| fields.get(column).is_some_and(|f| f.name == name);
            columns.iter().position(|(column, _)| is_it(*column))
        };
        let kept = level.store.schema().fields.iter().map(|field| {
            let key = key_of(&field.name).filter(|_| telling.contains(&field.name));
            key.unwrap_or(NO_KEY)
        });
        Origins {
            layer,
            level: Some(level),
            keys: kept.collect(),
        }
    }

    pub fn store(&self) -> &'a dyn FeatureStore {
        match self.level {
            Some(level) => &*level.store,
            None => &*self.layer.store,
        }
    }

    pub fn crs(&self) -> &'a Crs {
        self.level.map_or(&self.layer.crs, |level| &level.crs)
    }

    pub fn whom(&self, feature: &dyn Feature) -> Whom {
        let Some(level) = self.level else {
            return Whom::Itself;
        };
        let count = level.count_column.map(|column| feature.value(column));
        if count.is_some_and(|count| count.as_f64().is_some()) {
            return Whom::Many;
        }
        fid_of(feature, level.fid_column).map_or(Whom::Many, Whom::Feature)
    }
}
