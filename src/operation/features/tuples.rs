//! Pairs of features on their way into a format.

use std::sync::Arc;
use std::time::Instant;

use super::stream::{PIECE_BYTES, PIECE_TIME, Pieces, projected};
use super::{FeatureQuery, Pairs};
use crate::budget::Budget;
use crate::crs::Transform;
use crate::encode::feature::{FeatureId, FeatureRow, FeatureWriter, Rest};
use crate::error::{Error, Result};
use crate::geom::Geometry;

/// Pairs, each feature by the writer of its own layer: what stands around them is the writers'.
pub struct TupleStream {
    left: Half,
    right: Half,
    pairs: std::vec::IntoIter<(u64, u64)>,
}

struct Half {
    query: FeatureQuery,
    way: Arc<Transform>,
    writer: Box<dyn FeatureWriter>,
    geometry: Geometry,
}

impl std::fmt::Debug for TupleStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TupleStream")
            .field("left", &self.left.query.layer.id)
            .field("right", &self.right.query.layer.id)
            .field("rest", &self.pairs.len())
            .finish_non_exhaustive()
    }
}

impl TupleStream {
    /// # Errors
    /// `Transform` where PROJ knows no way into a query's CRS.
    pub fn new(
        pairs: Pairs,
        left: (FeatureQuery, Box<dyn FeatureWriter>),
        right: (FeatureQuery, Box<dyn FeatureWriter>),
    ) -> Result<TupleStream> {
        Ok(TupleStream {
            left: Half::new(left)?,
            right: Half::new(right)?,
            pairs: pairs.into_iter(),
        })
    }
}

impl Half {
    fn new((query, writer): (FeatureQuery, Box<dyn FeatureWriter>)) -> Result<Half> {
        Ok(Half {
            way: Transform::new(&query.layer.crs, &query.crs)?,
            query,
            writer,
            geometry: Geometry::default(),
        })
    }

    /// False where the feature is damaged.
    fn write(&mut self, position: u64, out: &mut Vec<u8>) -> Result<bool> {
        let Half {
            query,
            way,
            writer,
            geometry,
        } = self;
        let written = query.layer.store.get(position, &mut |feature| {
            let row = FeatureRow {
                id: FeatureId::of(feature, query.layer.id_column),
                feature,
                geometry: projected(query, way, feature, geometry)?,
            };
            writer.feature(&row, out)
        });
        match written {
            Err(Error::Data { .. }) if !query.layer.store.is_gone() => Ok(false),
            written => written,
        }
    }
}

impl Pieces for TupleStream {
    fn pull(&mut self, out: &mut Vec<u8>, budget: &Budget) -> Result<Rest> {
        let started = Instant::now();
        for (left, right) in self.pairs.by_ref() {
            budget.spend(2, 0)?;
            let begin = out.len();
            if !self.left.write(left, out)? || !self.right.write(right, out)? {
                // half a pair is none
                out.truncate(begin);
            }
            if out.len() >= PIECE_BYTES || started.elapsed() > PIECE_TIME {
                return Ok(Rest::More);
            }
        }
        Ok(Rest::Done)
    }
}
