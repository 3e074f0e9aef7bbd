//! What layers are read from: their features, or levels of them made for the scale.
//!
//! The choice is made once, before anything is read: the key of a tile tells what it is made
//! from, and it is made from that, whatever becomes ready meanwhile.

use std::sync::Arc;

use super::reach::Way;
use super::vector_tile::{VectorTileRequest, pixel};
use super::{MapLayer, MapRequest};
use crate::crs::Crs;
use crate::error::Result;
use crate::geom::View;
use crate::overview::{Level, Overviews};
use crate::store::FeatureStore;

/// For each layer of a map or a vector tile the level that it is read from; `None` is the
/// features themselves.
#[derive(Debug, Clone, Default)]
pub struct Sources(Vec<Option<Arc<Level>>>);

impl Sources {
    /// Chooses for a map: by the size of its pixels, never by its place. A filter asks about
    /// features: it is answered from them.
    pub fn of_map(request: &MapRequest, overviews: &Overviews) -> Sources {
        let view = &request.view;
        // symbols of fewer pixels than usual hide less
        let resolution = view.resolution_x().min(view.resolution_y()) * view.pixel_ratio.min(1.0);
        let level = |of: &MapLayer| match of.filter {
            None => overviews.level(&of.layer, &of.style, &request.crs, resolution),
            Some(_) => None,
        };
        Sources(request.layers.iter().map(level).collect())
    }

    /// Chooses for a vector tile: by its matrix.
    pub fn of_tile(request: &VectorTileRequest, overviews: &Overviews) -> Sources {
        let Some(pixel) = pixel(&request.set, request.tile.matrix) else {
            return Sources::default();
        };
        let crs = &request.set.crs;
        let layers = request.layers.iter();
        Sources(
            layers
                .map(|of| overviews.level_for_all_styles(&of.layer, crs, pixel))
                .collect(),
        )
    }

    /// The level of the layer at a place of the request.
    pub fn level(&self, place: usize) -> Option<&Arc<Level>> {
        self.0.get(place).and_then(Option::as_ref)
    }

    /// What stands for each layer in a key: the digest of a level's bytes, nothing for the
    /// features, which a key has anyway.
    pub fn digests(&self) -> impl Iterator<Item = &str> {
        let levels = self.0.iter().map(Option::as_ref);
        levels.map(|level| level.map_or("", |level| level.digest.as_str()))
    }
}

/// A store to draw from, and the way from its CRS to the view's.
#[derive(Debug)]
pub struct Detail {
    pub way: Way,
    /// `None`: the features themselves.
    pub level: Option<Arc<Level>>,
}

impl Detail {
    /// # Errors
    /// `Transform` where PROJ knows no way.
    pub fn of(
        request: &MapLayer,
        crs: &Crs,
        view: &View,
        level: Option<&Arc<Level>>,
    ) -> Result<Detail> {
        let source = level.map_or(&request.layer.crs, |level| &level.crs);
        Ok(Detail {
            way: Way::between((source, request.layer.extent_lonlat), crs, view)?,
            level: level.cloned(),
        })
    }

    /// The store: its features are in the CRS that the way comes from.
    pub fn store<'a>(&'a self, request: &'a MapLayer) -> &'a dyn FeatureStore {
        match &self.level {
            Some(level) => &*level.store,
            None => &*request.layer.store,
        }
    }
}
