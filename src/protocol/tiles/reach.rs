use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalogue::{Catalogue, Layer};
use crate::crs::Crs;
use crate::geom::Bbox;
use crate::operation::extent_in;
use crate::tile::{TileMatrix, TileMatrixSet, TileRange};

/// What is drawn of a feature beyond its geometry, in pixels: half a wide symbol or a label. The
/// tiles beside a layer's extent that it reaches into are its tiles too.
const MARGIN_PX: f64 = 128.0;

/// Which tiles have something of a layer. Extents are kept for each layer and CRS: to project
/// one takes as long as to draw a small tile.
///
/// Belongs to one catalogue and its successors: `sequence` tells them apart.
#[derive(Debug, Default)]
pub struct TileReach(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    sequence: u64,
    /// By the ids of layer and CRS.
    extents: HashMap<String, HashMap<String, Option<Bbox>>>,
}

impl TileReach {
    /// A layer's extent in a CRS; `None` where it has none there.
    pub fn extent(&self, catalogue: &Catalogue, layer: &Layer, crs: &Crs) -> Option<Bbox> {
        let id = crs.id();
        {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.sequence != catalogue.sequence {
                kept.sequence = catalogue.sequence;
                kept.extents.clear();
            }
            if let Some(extent) = kept.extents.get(&layer.id).and_then(|of| of.get(&id)) {
                return *extent;
            }
        }
        let extent = extent_in(layer, crs);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.sequence == catalogue.sequence {
            let of_layer = kept.extents.entry(layer.id.clone()).or_default();
            of_layer.insert(id, extent);
        }
        extent
    }

    /// The box around some layers in a CRS; `None` where none of them is there.
    pub fn around(&self, catalogue: &Catalogue, layers: &[Arc<Layer>], crs: &Crs) -> Option<Bbox> {
        layers
            .iter()
            .filter_map(|layer| self.extent(catalogue, layer, crs))
            .reduce(|all, one| all.union(&one))
    }

    /// For each level of a set the tiles that layers are in; `None` where they are in none.
    pub fn limits(
        &self,
        catalogue: &Catalogue,
        layers: &[Arc<Layer>],
        set: &TileMatrixSet,
    ) -> Vec<Option<TileRange>> {
        let around = self.around(catalogue, layers, &set.crs);
        set.matrices()
            .iter()
            .map(|matrix| around.and_then(|extent| tiles_of(matrix, &extent)))
            .collect()
    }

    /// The tiles of one level that layers are in.
    pub fn range(
        &self,
        catalogue: &Catalogue,
        layers: &[Arc<Layer>],
        set: &TileMatrixSet,
        matrix: &TileMatrix,
    ) -> Option<TileRange> {
        tiles_of(matrix, &self.around(catalogue, layers, &set.crs)?)
    }
}

fn tiles_of(matrix: &TileMatrix, extent: &Bbox) -> Option<TileRange> {
    let margin = MARGIN_PX * matrix.resolution;
    matrix.range(&extent.grown(margin, margin))
}
