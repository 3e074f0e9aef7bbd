//! What a layer is drawn from: its features, or a level of them made for the scale.

use std::sync::Arc;

use super::MapLayer;
use super::reach::Way;
use crate::crs::Crs;
use crate::error::Result;
use crate::geom::View;
use crate::overview::{Level, Overviews};
use crate::store::FeatureStore;

/// A store to draw from, and the way from its CRS to the view's.
#[derive(Debug)]
pub struct Detail {
    pub way: Way,
    /// `None`: the features themselves.
    pub level: Option<Arc<Level>>,
}

impl Detail {
    /// Chooses what a layer is drawn from on a view in `crs`: by the size of the view's pixels,
    /// never by its place. A filter asks about features: it is answered from them.
    ///
    /// # Errors
    /// `Transform` where PROJ knows no way.
    pub fn of(request: &MapLayer, crs: &Crs, view: &View, overviews: &Overviews) -> Result<Detail> {
        let layer = &request.layer;
        // symbols of fewer pixels than usual hide less
        let resolution = view.resolution_x().min(view.resolution_y()) * view.pixel_ratio.min(1.0);
        let level = match request.filter {
            None => overviews.level(layer, &request.style, crs, resolution),
            Some(_) => None,
        };
        let source = level.as_ref().map_or(&layer.crs, |level| &level.crs);
        Ok(Detail {
            way: Way::between(source, crs, view)?,
            level,
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
