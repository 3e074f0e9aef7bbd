//! An answer of features, made a piece at a time.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::selection::{Place, Selection};
use super::{FeatureQuery, Found};
use crate::budget::Budget;
use crate::crs::Transform;
use crate::encode::feature::{FeatureId, FeatureRow, FeatureWriter, Rest};
use crate::error::Result;
use crate::feature::Feature;
use crate::geom::Geometry;

/// Something long, made a piece at a time.
pub trait Pieces: Send {
    /// Appends the next piece to `out`; `Done` when nothing comes after it. A piece may be empty
    /// though more is to come.
    ///
    /// # Errors
    /// What the store, the writer and the budget say: the answer can't be brought to its end.
    fn pull(&mut self, out: &mut Vec<u8>, budget: &Budget) -> Result<Rest>;
}

impl Pieces for Box<dyn Pieces> {
    fn pull(&mut self, out: &mut Vec<u8>, budget: &Budget) -> Result<Rest> {
        (**self).pull(out, budget)
    }
}

/// A piece ends after so many bytes: some packets, and not so many that a thousand slow clients
/// fill the memory.
pub(super) const PIECE_BYTES: usize = 128 << 10;
/// The last feature of a piece mostly ends within so many bytes more.
const PIECE_MARGIN: usize = 8 << 10;
/// Or after so much work, so that other requests get their turn.
pub(super) const PIECE_TIME: Duration = Duration::from_millis(50);
/// Positions taken out of a selection at once.
const LOT: usize = 256;

/// Features on their way into a format.
pub struct FeatureStream {
    query: FeatureQuery,
    selection: Arc<Selection>,
    place: Place,
    /// Features still to come.
    rest: u64,
    way: Arc<Transform>,
    writer: Box<dyn FeatureWriter>,
    step: Step,
    lot: Vec<u64>,
    geometry: Geometry,
    /// What came before in the same answer, of the same layer.
    earlier: Vec<Selection>,
    /// Features that were to come and are damaged.
    pub damaged: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Begin,
    Features,
    End,
    Done,
}

impl std::fmt::Debug for FeatureStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FeatureStream")
            .field("layer", &self.query.layer.id)
            .field("rest", &self.rest)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

impl FeatureStream {
    /// The features found, on their way into `writer`.
    ///
    /// # Errors
    /// `Transform` where PROJ knows no way into the query's CRS.
    pub fn new(
        query: FeatureQuery,
        found: &Found,
        writer: Box<dyn FeatureWriter>,
    ) -> Result<FeatureStream> {
        Ok(FeatureStream {
            way: Transform::new(&query.layer.crs, &query.crs)?,
            place: found.selection.at(found.offset),
            selection: Arc::clone(&found.selection),
            rest: found.returned,
            query,
            writer,
            step: Step::Begin,
            lot: Vec::new(),
            geometry: Geometry::default(),
            earlier: Vec::new(),
            damaged: 0,
        })
    }

    /// Tells what other queries of the same layer found whose features come before these in one
    /// document; of a page of them as of all.
    #[must_use]
    pub fn after<'f>(mut self, earlier: impl Iterator<Item = &'f Found>) -> FeatureStream {
        self.earlier = earlier.map(|found| found.selection.to_set()).collect();
        self
    }

    /// Writes the next lot of features, or as many as make a piece.
    fn lot(&mut self, out: &mut Vec<u8>, budget: &Budget) -> Result<()> {
        let count = usize::try_from(self.rest).map_or(LOT, |rest| rest.min(LOT));
        self.lot.clear();
        let mut next = self.selection.read(self.place, count, &mut self.lot);
        if self.lot.is_empty() {
            self.rest = 0;
            return Ok(());
        }
        let (query, way, geometry, writer) =
            (&self.query, &self.way, &mut self.geometry, &mut self.writer);
        let earlier = &self.earlier;
        let mut done = 0_usize;
        let stats = query.layer.store.visit(
            &mut self.lot.iter().copied().inspect(|_| done += 1),
            budget,
            &mut |feature| {
                let geometry = projected(query, way, feature, geometry)?;
                let row = FeatureRow {
                    id: FeatureId::of(feature, query.layer.id_column),
                    feature,
                    geometry,
                    occurrence: earlier.iter().fold(1, |times, earlier| {
                        times + u32::from(earlier.contains(feature.fid()))
                    }),
                };
                writer.feature(&row, out)?;
                Ok(match out.len() < PIECE_BYTES {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                })
            },
        )?;
        if done < self.lot.len() {
            // a heavy lot is left in its middle
            let mut again = Vec::new();
            next = self.selection.read(self.place, done, &mut again);
        }
        self.place = next;
        self.rest = self.rest.saturating_sub(done as u64);
        self.damaged += stats.damaged;
        Ok(())
    }
}

impl Pieces for FeatureStream {
    fn pull(&mut self, out: &mut Vec<u8>, budget: &Budget) -> Result<Rest> {
        let started = Instant::now();
        if out.capacity() == 0 {
            // not by doubling, which would copy what is there again and again
            let few = usize::try_from(self.rest).map_or(PIECE_BYTES, |n| n.saturating_mul(1024));
            out.reserve(few.min(PIECE_BYTES) + PIECE_MARGIN);
        }
        let is_full = |out: &Vec<u8>| out.len() >= PIECE_BYTES || started.elapsed() > PIECE_TIME;
        loop {
            match self.step {
                Step::Begin => {
                    self.writer.begin(out)?;
                    self.step = Step::Features;
                }
                Step::Features if self.rest == 0 => self.step = Step::End,
                Step::Features => self.lot(out, budget)?,
                Step::End => match self.writer.end(out)? {
                    Rest::More => {}
                    Rest::Done => self.step = Step::Done,
                },
                Step::Done => return Ok(Rest::Done),
            }
            if self.step != Step::Done && is_full(out) {
                return Ok(Rest::More);
            }
        }
    }
}

/// The feature's geometry in the query's CRS; `None` where there is none, or a position of it
/// can't be projected.
pub(super) fn projected<'a>(
    query: &FeatureQuery,
    way: &Transform,
    feature: &dyn Feature,
    geometry: &'a mut Geometry,
) -> Result<Option<&'a Geometry>> {
    if !query.with_geometry {
        return Ok(None);
    }
    feature.geometry(geometry)?;
    if !way.is_identity() {
        way.forward(geometry.coords_mut());
    }
    let is_whole = geometry.coords().iter().flatten().all(|v| v.is_finite());
    Ok((is_whole && !geometry.is_empty()).then_some(&*geometry))
}
