//! What is read of a file: features by boxes and by their numbers, each checked on every visit.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use super::FgbStore;
use super::body::{Record, damaged, feature_at};
use super::index::{Node, Search, Tree};
use super::meter::Meter;
use super::properties::Scratch;
use crate::budget::Budget;
use crate::crs::Crs;
use crate::error::Result;
use crate::feature::{Feature, Schema};
use crate::geom::{Bbox, Geometry};
use crate::store::{FeatureStore, Flow, Select, SelectStats};

/// The leaves to look at: all from a number on, or those of a search.
enum Leaves<'a> {
    All(Tree<'a>, u64),
    Found(Search<'a>),
}

impl Iterator for Leaves<'_> {
    type Item = (u64, Node);

    #[inline]
    fn next(&mut self) -> Option<(u64, Node)> {
        match self {
            Leaves::All(tree, next) => {
                let found = (*next, tree.leaf(*next)?);
                *next += 1;
                Some(found)
            }
            Leaves::Found(search) => search.next(),
        }
    }
}

impl FgbStore {
    /// Opens a feature's bytes; a damaged one is counted and told, and has no record.
    #[inline(always)]
    fn opened<'a>(
        &'a self,
        section: &'a [u8],
        fid: u64,
        leaf: &Node,
        scratch: &mut Scratch,
        stats: &mut SelectStats,
    ) -> Option<Record<'a>> {
        let read = feature_at(section, leaf.offset)
            .and_then(|bytes| Ok((bytes.len(), self.record(bytes, scratch)?)));
        match read {
            Ok((size, record)) => {
                stats.bytes += size as u64 + 4;
                Some(record)
            }
            Err(damage) => {
                stats.damaged += 1;
                self.meet_damage(fid, damage);
                None
            }
        }
    }
}

impl FeatureStore for FgbStore {
    fn schema(&self) -> &Schema {
        &self.header.schema
    }

    fn as_fgb(&self) -> Option<&FgbStore> {
        Some(self)
    }

    fn crs(&self) -> Option<&Crs> {
        self.crs.as_ref()
    }

    /// The root of the index, else what the header says, else the box around every feature.
    fn extent(&self) -> Option<Bbox> {
        *self.extent.get_or_init(|| {
            let root = self.index.as_ref().and_then(|shape| {
                let nodes = self.index_nodes();
                Tree { nodes, shape }.root()?.bbox()
            });
            root.or(self.header.envelope).or_else(|| self.scan_extent())
        })
    }

    /// What the header says; where it says nothing, what a walk through the file counts.
    fn count(&self) -> u64 {
        match self.header.feature_count {
            0 => self.scanned().count(),
            count => count,
        }
    }

    fn version(&self) -> &str {
        &self.version
    }

    /// A file that was only touched, its size and samples of its bytes as they were, is not gone.
    fn is_gone(&self) -> bool {
        self.intact().is_err() || self.is_found_gone(|| !self.has_its_samples())
    }

    fn flatgeobuf(&self) -> Option<&[u8]> {
        (!self.is_gone()).then(|| self.mapping.bytes())
    }

    /// Skipping opens no feature but those whose box the index does not hold, until a damaged one
    /// was met: from then on each is opened, so that pages neither repeat nor miss a feature.
    fn select(
        &self,
        select: &Select,
        budget: &Budget,
        visit: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<SelectStats> {
        let mut stats = SelectStats::default();
        budget.check()?;
        let Some(tree) = self.tree()? else {
            return Ok(stats);
        };
        let blind_skip = !self.met_damage.load(Ordering::Relaxed);
        let everything = select.boxes.is_empty();
        let mut skip = select.offset;
        let mut leaves = if everything {
            let first = if blind_skip {
                std::mem::take(&mut skip)
            } else {
                0
            };
            Leaves::All(tree, first)
        } else {
            Leaves::Found(tree.search(&select.boxes))
        };
        let mut meter = Meter::new(budget);
        let mut scratch = Scratch::default();
        let section = self.section();
        for (fid, leaf) in leaves.by_ref() {
            if skip > 0 && blind_skip && leaf.bbox().is_some() {
                skip -= 1;
                meter.passed()?;
                continue;
            }
            let read = self.opened(section, fid, &leaf, &mut scratch, &mut stats);
            let Some(record) = read else {
                meter.feature(0)?;
                continue;
            };
            if !everything && !touches(&record, &leaf, &select.boxes) {
                meter.feature(0)?;
                continue;
            }
            if skip > 0 {
                skip -= 1;
                meter.feature(0)?;
                continue;
            }
            meter.feature(record.vertices)?;
            stats.features += 1;
            let feature = self.feature(fid, leaf, record, &scratch);
            if let ControlFlow::Break(()) = visit(&feature)? {
                break;
            }
        }
        stats.nodes = match &leaves {
            Leaves::All(..) => stats.features + stats.damaged,
            Leaves::Found(search) => search.nodes,
        };
        meter.settle()?;
        self.still_there(stats)
    }

    fn search(
        &self,
        boxes: &[Bbox],
        budget: &Budget,
        found: &mut dyn FnMut(u64, Option<Bbox>) -> Flow,
    ) -> Result<SelectStats> {
        let mut stats = SelectStats::default();
        budget.check()?;
        let Some(tree) = self.tree()?.filter(|_| !boxes.is_empty()) else {
            return Ok(stats);
        };
        let mut meter = Meter::new(budget);
        let mut leaves = tree.search(boxes);
        for (fid, leaf) in leaves.by_ref() {
            meter.passed()?;
            if found(fid, leaf.bbox())?.is_break() {
                break;
            }
        }
        stats.nodes = leaves.nodes;
        self.still_there(stats)
    }

    fn visit(
        &self,
        fids: &mut dyn Iterator<Item = u64>,
        budget: &Budget,
        visit: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<SelectStats> {
        let mut stats = SelectStats::default();
        budget.check()?;
        let Some(tree) = self.tree()? else {
            return Ok(stats);
        };
        let mut meter = Meter::new(budget);
        let mut scratch = Scratch::default();
        let section = self.section();
        for fid in fids {
            stats.nodes += 1;
            let Some(leaf) = tree.leaf(fid) else {
                stats.damaged += 1;
                continue;
            };
            let read = self.opened(section, fid, &leaf, &mut scratch, &mut stats);
            let Some(record) = read else {
                meter.feature(0)?;
                continue;
            };
            stats.features += 1;
            meter.feature(record.vertices)?;
            if visit(&self.feature(fid, leaf, record, &scratch))?.is_break() {
                break;
            }
        }
        meter.settle()?;
        self.still_there(stats)
    }

    fn get(&self, fid: u64, visit: &mut dyn FnMut(&dyn Feature) -> Result<()>) -> Result<bool> {
        let Some(leaf) = self.tree()?.and_then(|tree| tree.leaf(fid)) else {
            return Ok(false);
        };
        let mut scratch = Scratch::default();
        let record = feature_at(self.section(), leaf.offset)
            .and_then(|bytes| self.record(bytes, &mut scratch))
            .map_err(|damage| {
                self.is_found_gone(|| true);
                damaged(&self.path, fid, damage)
            })?;
        visit(&self.feature(fid, leaf, record, &scratch))?;
        Ok(true)
    }
}

/// Whether a feature that the index found is one of those asked for.
#[inline]
fn touches(record: &Record<'_>, leaf: &Node, boxes: &[Bbox]) -> bool {
    if !record.has_geometry() {
        return false;
    }
    if leaf.bbox().is_some() {
        return true;
    }
    // NaN, infinite or four zeros in the index: the positions decide
    let found = record.bbox(&mut Geometry::default());
    matches!(found, Ok(Some(bbox)) if boxes.iter().any(|b| b.intersects(&bbox)))
}
