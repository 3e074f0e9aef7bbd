//! What is asked for, after every notation has been read.

use std::sync::Arc;

use crate::catalogue::Layer;
use crate::crs::Crs;
use crate::geom::Bbox;
use crate::query::Filter;

/// A query for features of one layer.
#[derive(Debug, Clone)]
pub struct FeatureQuery {
    pub layer: Arc<Layer>,
    /// Every one of them must be touched by the feature's geometry.
    pub windows: Vec<Window>,
    /// With geometries in the layer's CRS, x before y.
    pub filter: Option<Filter>,
    /// The first key decides, then the next; at last the position in the source, so that the
    /// order is total. Empty: the order of the source.
    pub sort: Vec<SortKey>,
    /// Matching features to pass over.
    pub offset: u64,
    /// At most that many; `None` for all.
    pub limit: Option<u64>,
    /// The CRS that geometries are wanted in.
    pub crs: Crs,
    pub with_geometry: bool,
}

/// A box on the ground, in its own CRS, x before y. Two where it crosses the antimeridian.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    pub boxes: Vec<Bbox>,
    pub crs: Crs,
}

/// A column to sort by. Nulls come last, whatever the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey {
    /// The number in the store's schema.
    pub column: usize,
    pub is_descending: bool,
}

impl FeatureQuery {
    /// Every feature of a layer, in the layer's CRS.
    pub fn all(layer: &Arc<Layer>) -> FeatureQuery {
        FeatureQuery {
            layer: Arc::clone(layer),
            windows: Vec::new(),
            filter: None,
            sort: Vec::new(),
            offset: 0,
            limit: None,
            crs: layer.crs.clone(),
            with_geometry: true,
        }
    }

    /// What decides which features match, and in which order: pages of one query share it.
    pub(super) fn key(&self) -> String {
        let version = self.layer.store.version();
        let (id, filter, sort) = (&self.layer.id, &self.filter, &self.sort);
        // ids are values or positions
        let column = self.layer.id_column;
        let mut key = format!("{id}\n{version}\n{column:?}\n{filter:?}\n{sort:?}");
        for window in &self.windows {
            key.push_str(&format!("\n{} {:?}", window.crs, window.boxes));
        }
        key
    }
}
