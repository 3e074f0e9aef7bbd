//! Where labels of areas and lines sit: found once a feature, since the pole of an area costs
//! more than drawing it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use crate::catalogue::Layer;
use crate::crs::Transform;
use crate::error::Result;
use crate::feature::Feature;
use crate::geom::anchor::anchor;
use crate::geom::{Coord, Geometry, GeometryType};
use crate::store::FeatureStore;

/// Anchors kept for one layer: some 6 MB; beyond, they are computed again.
const MAX_ANCHORS: usize = 150_000;
/// Layers whose anchors are kept.
const MAX_LAYERS: usize = 64;

/// The anchors found so far, by layer; those of replaced data go with them.
#[derive(Debug, Default)]
pub struct Anchors {
    layers: Mutex<HashMap<usize, Known>>,
}

type Found = HashMap<u64, Option<Coord>>;

/// The anchors of one snapshot of one layer, in its own CRS.
#[derive(Clone)]
pub struct Known {
    store: Weak<dyn FeatureStore>,
    found: Arc<Mutex<Found>>,
    /// A point is its own anchor: nothing to remember.
    is_point: bool,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

impl Anchors {
    /// The anchors of a layer's data.
    pub fn of(&self, layer: &Layer) -> Known {
        let key = Arc::as_ptr(&layer.store).cast::<()>() as usize;
        let fresh = Known {
            store: Arc::downgrade(&layer.store),
            found: Arc::default(),
            is_point: layer.store.schema().geometry == GeometryType::Point,
        };
        let Ok(mut layers) = self.layers.lock() else {
            return fresh;
        };
        // an address may be used again once its data are gone
        layers.retain(|_, known| known.store.strong_count() > 0);
        if layers.len() >= MAX_LAYERS && !layers.contains_key(&key) {
            layers.clear();
        }
        layers.entry(key).or_insert(fresh).clone()
    }
}

impl Known {
    /// The anchor of a feature, taken through `way`; `None` where it has none.
    ///
    /// # Errors
    /// `Data` where the feature's bytes are damaged.
    pub fn get(
        &self,
        feature: &dyn Feature,
        geometry: &mut Geometry,
        way: &Transform,
    ) -> Result<Option<Coord>> {
        let fid = feature.fid();
        let found = self
            .found
            .lock()
            .ok()
            .filter(|_| !self.is_point)
            .and_then(|found| found.get(&fid).copied());
        let at = match found {
            Some(at) => at,
            None => {
                feature.geometry(geometry)?;
                let at = anchor(geometry);
                if !self.is_point
                    && let Ok(mut found) = self.found.lock()
                    && found.len() < MAX_ANCHORS
                {
                    found.insert(fid, at);
                }
                at
            }
        };
        Ok(at.and_then(|at| {
            let mut positions = [at];
            way.forward(&mut positions);
            let [[x, y]] = positions;
            (x.is_finite() && y.is_finite()).then_some([x, y])
        }))
    }
}
