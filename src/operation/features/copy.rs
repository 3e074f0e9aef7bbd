//! Features as FlatGeobuf, copied from a source that is FlatGeobuf: nothing is decoded.

use std::sync::Arc;

use super::selection::{Place, Selection};
use super::{FeatureQuery, Found, Pieces};
use crate::budget::Budget;
use crate::encode::feature::{FeatureSet, Rest, flatgeobuf_header, flatgeobuf_header_fields};
use crate::error::{Error, Result};
use crate::feature::FieldType;
use crate::store::fgb::FgbCopy;
use crate::store::{FeatureStore, FgbStore};

/// A piece ends after so many bytes: copying is quick, a turn is what costs; but a core's caches
/// should hold it until it is sent.
const PIECE_BYTES: usize = 256 << 10;
/// A lot mostly ends within so many bytes more.
const PIECE_MARGIN: usize = 64 << 10;
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
    /// Every feature is taken, in the file's order.
    is_whole: bool,
    copy: FgbCopy,
    lot: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    Plan,
    Leaves,
    Features,
    /// From this byte of the file to that one.
    Whole(usize, usize),
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
        let is_all = matches!(*found.selection, Selection::All(all) if all == found.returned);
        FgbStream {
            selection: Arc::clone(&found.selection),
            query,
            set,
            with_index,
            start,
            at: start,
            pass: Pass::Plan,
            is_whole: is_all && found.offset == 0,
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

    /// Writes the head of a copy of everything; false where that is not known to be sound.
    fn begin_whole(&mut self, store: &FgbStore, out: &mut Vec<u8>) -> bool {
        let fields = flatgeobuf_header_fields(&self.set);
        let head = flatgeobuf_header(&self.set, &fields);
        let Some((bytes, place)) = store.whole(&head, self.with_index) else {
            return false;
        };
        out.extend(bytes);
        self.pass = Pass::Whole(place.start, place.end);
        true
    }

    fn piece_of_file(
        &mut self,
        store: &FgbStore,
        at: usize,
        end: usize,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let to = end.min(at.saturating_add(PIECE_BYTES));
        let piece = store.flatgeobuf().and_then(|bytes| bytes.get(at..to));
        let is_copied = piece.map(|piece| out.extend_from_slice(piece)).is_some();
        // asked again behind it: what was found gone while it was copied reads as zeros
        if !is_copied || store.flatgeobuf().is_none() {
            let cut = "the file was cut while it was sent";
            return Err(Error::data(&self.query.layer.path, cut));
        }
        self.pass = match to < end {
            true => Pass::Whole(to, end),
            false => Pass::Done,
        };
        Ok(())
    }

    /// Goes through the next lot, or begins the next pass.
    fn step(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let layer = Arc::clone(&self.query.layer);
        let store: &FgbStore = layer.store.as_fgb().ok_or_else(|| Error::Internal {
            message: "the source of a copy is no FlatGeobuf".to_owned(),
        })?;
        if let Pass::Whole(at, end) = self.pass {
            return self.piece_of_file(store, at, end, out);
        }
        let is_begun = (self.pass, self.at) != (Pass::Plan, self.start);
        if !is_begun && self.is_whole && self.begin_whole(store, out) {
            return Ok(());
        }
        if self.next_lot() {
            for position in &self.lot {
                match self.pass {
                    Pass::Plan => self.copy.plan(store, *position)?,
                    Pass::Leaves => self.copy.leaf(store, *position, out)?,
                    Pass::Features | Pass::Whole(..) | Pass::Done => {
                        self.copy.feature(store, *position, out)?;
                    }
                }
            }
            return Ok(());
        }
        self.pass = match self.pass {
            Pass::Plan => {
                if self.is_whole {
                    self.copy.settle(store);
                    if self.begin_whole(store, out) {
                        return Ok(());
                    }
                }
                let fields = flatgeobuf_header_fields(&self.set);
                let head = flatgeobuf_header(&self.set, &fields);
                out.extend(self.copy.head(store, &head, self.with_index));
                match self.with_index {
                    true => Pass::Leaves,
                    false => Pass::Features,
                }
            }
            Pass::Leaves => Pass::Features,
            Pass::Features | Pass::Whole(..) | Pass::Done => Pass::Done,
        };
        self.at = self.start;
        Ok(())
    }
}

impl Pieces for FgbStream {
    fn pull(&mut self, out: &mut Vec<u8>, budget: &Budget) -> Result<Rest> {
        if out.capacity() == 0 && matches!(self.pass, Pass::Leaves | Pass::Features) {
            // not by doubling, which would copy what is there again and again
            let few = usize::try_from(self.at.1).map_or(PIECE_BYTES, |n| n.saturating_mul(256));
            out.reserve(few.min(PIECE_BYTES) + PIECE_MARGIN);
        }
        for _ in 0..LOTS_PLANNED {
            budget.check()?;
            self.step(out)?;
            if self.pass == Pass::Done {
                return Ok(Rest::Done);
            }
            if out.len() >= PIECE_BYTES || matches!(self.pass, Pass::Whole(..)) {
                break;
            }
        }
        Ok(Rest::More)
    }
}
