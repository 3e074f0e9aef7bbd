//! Pairs of features on their way into a format.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use roaring::RoaringTreemap;

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
    /// Of the left layer and of the right one; one alone where these are one.
    seen: [Seen; 2],
}

/// How often features have come.
#[derive(Debug, Default)]
struct Seen {
    once: RoaringTreemap,
    /// Those that came again.
    again: HashMap<u64, u32>,
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
            seen: Default::default(),
        })
    }
}

impl Seen {
    /// Counts a feature in; 1 where it is new.
    fn count(&mut self, position: u64) -> u32 {
        if self.once.insert(position) {
            return 1;
        }
        let times = self.again.entry(position).or_insert(1);
        *times = times.saturating_add(1);
        *times
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
    fn write(&mut self, position: u64, occurrence: u32, out: &mut Vec<u8>) -> Result<bool> {
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
                occurrence,
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
        let is_one = self.left.query.layer.id == self.right.query.layer.id;
        let [first, second] = &mut self.seen;
        for (left, right) in self.pairs.by_ref() {
            let of_left = first.count(left);
            let of_right = if is_one {
                first.count(right)
            } else {
                second.count(right)
            };
            budget.spend(2, 0)?;
            let begin = out.len();
            if !self.left.write(left, of_left, out)? || !self.right.write(right, of_right, out)? {
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
