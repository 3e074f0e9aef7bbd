//! The box around the features of an answer.

use std::ops::ControlFlow;

use super::FeatureQuery;
use super::select::Found;
use crate::budget::Budget;
use crate::crs::Transform;
use crate::error::Result;
use crate::geom::Bbox;

/// So many features are read to find the box around them, before the first is written.
const MOST_READ: u64 = 10_000;

impl Found {
    /// The box around the features of a page, in the CRS that they are wanted in, x before y:
    /// the layer's where the page is all of it, else that of the features.
    ///
    /// `None` where they are more than 10,000, have no geometry, or can't be projected.
    ///
    /// # Errors
    /// `Transform` where PROJ knows no way; what the budget and the store say.
    pub fn bounds(&self, query: &FeatureQuery, budget: &Budget) -> Result<Option<Bbox>> {
        let store = &query.layer.store;
        let around = if !query.with_geometry || self.returned == 0 {
            None
        } else if self.returned == store.count() {
            store.extent()
        } else if self.returned <= MOST_READ {
            let mut positions = Vec::new();
            let place = self.selection.at(self.offset);
            let count = usize::try_from(self.returned).unwrap_or(usize::MAX);
            self.selection.read(place, count, &mut positions);
            let mut around: Option<Bbox> = None;
            store.visit(&mut positions.into_iter(), budget, &mut |feature| {
                if let Some(bbox) = feature.bbox() {
                    around = Some(around.map_or(bbox, |known| known.union(&bbox)));
                }
                Ok(ControlFlow::Continue(()))
            })?;
            around
        } else {
            None
        };
        let Some(around) = around else {
            return Ok(None);
        };
        let way = Transform::new(&query.layer.crs, &query.crs)?;
        if way.is_identity() {
            return Ok(Some(around));
        }
        let images = way.forward_bbox(&around).into_iter();
        Ok(images.reduce(|a, b| a.union(&b)))
    }
}
