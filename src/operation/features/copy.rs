//! Features as FlatGeobuf, copied from a source that is FlatGeobuf: nothing is decoded.

use std::sync::Arc;

use super::selection::{Place, Selection};
use super::{FeatureQuery, Found, Pieces};
use crate::budget::Budget;
use crate::encode::feature::{FeatureSet, Rest, flatgeobuf_header, flatgeobuf_header_fields};
use crate::error::{Error, Result};
use crate::feature::FieldType;
use crate::store::FgbStore;
use crate::store::fgb::FgbCopy;

/// A piece ends after so many bytes: copying is quick, a turn on the pool is what costs.
const PIECE_BYTES: usize = 512 << 10;
/// Features looked at between two looks at the budget.
const LOT: usize = 1024;
/// Lots planned in one piece: some ten milliseconds.
const LOTS_PLANNED: usize = 64;

/// A copy on its way out.
#[derive(Debug)]
pub struct FgbStream {
    query: FeatureQuery,
    set: FeatureSet,
    with_index: bool,
    selection: Arc<Selection>,
    /// Where the selection begins, and how many are taken.
    start: (Place, u64),
    /// Where this pass is, and how many are still to come.
    at: (Place, u64),
    pass: Pass,
    copy: FgbCopy,
    lot: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    Plan,
    Leaves,
    Features,
    Done,
}

impl FgbStream {
    /// True where the answer is made of bytes of the source: it is FlatGeobuf, nothing is
    /// projected, and every column that it has may be seen and is wanted.
    pub fn can_copy(query: &FeatureQuery, set: &FeatureSet) -> bool {
        let layer = &query.layer;
        let Some(store) = layer.store.as_fgb() else {
            return false;
        };
        let columns = &crate::store::FeatureStore::schema(store).fields;
        // stored as date and time, whatever a configuration makes of it
        let stored_alike = |a: FieldType, b: FieldType| {
            let is_time = |kind| matches!(kind, FieldType::Date | FieldType::DateTime);
            a == b || (is_time(a) && is_time(b))
        };
        let has_every_column = set.fields.len() == columns.len()
            && set
                .fields
                .iter()
                .zip(columns)
                .zip(0..)
                .all(|((f, c), i)| f.column == i && stored_alike(f.kind, c.kind));
        has_every_column && query.with_geometry && set.geometry.is_some() && query.crs == layer.crs
    }

    pub fn new(query: FeatureQuery, found: &Found, set: FeatureSet, with_index: bool) -> FgbStream {
        let start = (found.selection.at(found.offset), found.returned);
        FgbStream {
            selection: Arc::clone(&found.selection),
            query,
            set,
            with_index,
            start,
            at: start,
            pass: Pass::Plan,
            copy: FgbCopy::new(),
            lot: Vec::new(),
        }
    }

    /// The next lot of this pass; false where there is none.
    fn next_lot(&mut self) -> bool {
        let (place, rest) = self.at;
        let count = usize::try_from(rest).map_or(LOT, |rest| rest.min(LOT));
        self.lot.clear();
        let next = self.selection.read(place, count, &mut self.lot);
        self.at = (next, rest.saturating_sub(self.lot.len() as u64));
        !self.lot.is_empty()
    }

    /// Goes through the next lot, or begins the next pass.
    fn step(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let layer = Arc::clone(&self.query.layer);
        let store: &FgbStore = layer.store.as_fgb().ok_or_else(|| Error::Internal {
            message: "the source of a copy is no FlatGeobuf".to_owned(),
        })?;
        if self.next_lot() {
            for position in &self.lot {
                match self.pass {
                    Pass::Plan => self.copy.plan(store, *position)?,
                    Pass::Leaves => self.copy.leaf(store, *position, out)?,
                    Pass::Features | Pass::Done => self.copy.feature(store, *position, out)?,
                }
            }
            return Ok(());
        }
        self.pass = match self.pass {
            Pass::Plan => {
                let fields = flatgeobuf_header_fields(&self.set);
                let head = flatgeobuf_header(&self.set, &fields);
                out.extend(self.copy.head(store, &head, self.with_index));
                match self.with_index {
                    true => Pass::Leaves,
                    false => Pass::Features,
                }
            }
            Pass::Leaves => Pass::Features,
            Pass::Features | Pass::Done => Pass::Done,
        };
        self.at = self.start;
        Ok(())
    }
}

impl Pieces for FgbStream {
    fn pull(&mut self, out: &mut Vec<u8>, budget: &Budget) -> Result<Rest> {
        for _ in 0..LOTS_PLANNED {
            budget.check()?;
            self.step(out)?;
            if self.pass == Pass::Done {
                return Ok(Rest::Done);
            }
            if out.len() >= PIECE_BYTES {
                break;
            }
        }
        Ok(Rest::More)
    }
}
