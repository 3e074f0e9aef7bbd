//! Some features of a file as a file of their own, copied byte by byte.
//!
//! What stands before the features tells how many there are and where each lies, so a copy goes
//! through its features three times: [`plan`](FgbCopy::plan) for what the head says,
//! [`leaf`](FgbCopy::leaf) for the index and [`feature`](FgbCopy::feature) for the bytes. Between
//! them only the upper levels of the index are held: three bytes a feature.
//!
//! Of all features of a sound file the index and the bytes are what lies there already: they are
//! copied in one run, and once the file was found sound nothing is planned either.

use std::ops::Range;

use flatgeobuf::GeometryType as FgbType;
use roaring::RoaringTreemap;

use super::FgbStore;
use super::body::{damaged, feature_at};
use super::index::{Node, Tree, Upper};
use super::properties::Scratch;
use super::write::{FgbHead, Index, Layout, stored_type, union};
use crate::error::{Error, Result};
use crate::geom::{Bbox, Geometry};
use crate::store::FeatureStore;

/// A copy under way. Every pass is given the same positions in the same order.
#[derive(Debug, Default)]
pub struct FgbCopy {
    upper: Upper,
    extent: Option<Bbox>,
    /// Damaged features: they are left out.
    left_out: RoaringTreemap,
    /// Bytes of the features whose leaves were written.
    at: u64,
    /// Where the next feature would start in the file if all were planned in the file's order.
    next: u64,
    is_broken: bool,
    scratch: Scratch,
    geometry: Geometry,
}

impl FgbCopy {
    pub fn new() -> FgbCopy {
        FgbCopy::default()
    }

    /// Features to copy.
    pub fn count(&self) -> u64 {
        self.upper.leaves()
    }

    /// Takes a feature in. Its bytes are checked as if it were read: one that is damaged is left
    /// out of the copy and counted.
    ///
    /// # Errors
    /// `Data` for a feature with columns of its own: nobody has said that they may be seen.
    pub fn plan(&mut self, store: &FgbStore, position: u64) -> Result<()> {
        let Some(stored) = store.tree()?.and_then(|tree| tree.leaf(position)) else {
            self.left_out.insert(position);
            return Ok(());
        };
        let read = feature_at(store.section(), stored.offset).and_then(|bytes| {
            let record = store.record(bytes, &mut self.scratch)?;
            let bbox = match stored.bbox() {
                Some(bbox) => Some(bbox),
                None => record.bbox(&mut self.geometry)?,
            };
            Ok((bbox, record.has_own_columns, bytes.len() as u64))
        });
        match read {
            Ok((_, true, _)) => Err(Error::data(
                &store.path,
                format!("feature {position} has columns of its own: it can't be copied"),
            )),
            Ok((bbox, false, size)) => {
                self.upper.push(&node(bbox, 0));
                self.is_broken |= stored.offset != self.next;
                self.next = stored.offset.saturating_add(4).saturating_add(size);
                self.extent = union(self.extent, bbox);
                Ok(())
            }
            Err(damage) => {
                store.meet_damage(position, damage);
                self.left_out.insert(position);
                Ok(())
            }
        }
    }

    /// What comes before the leaves, or before the features where there is no index. `head` has
    /// the fields of the file, under whatever names.
    pub fn head(&self, store: &FgbStore, head: &FgbHead<'_>, with_index: bool) -> Vec<u8> {
        let index = Index::built(&self.upper, with_index);
        store.head_of(head, self.count(), self.extent, index)
    }

    /// Remembers that all features lie one behind the other, where the plan was of all and found
    /// them so.
    pub fn settle(&self, store: &FgbStore) {
        let is_whole = self.count() == store.count() && self.left_out.is_empty();
        if is_whole && !self.is_broken && store.index.is_some() {
            let _ = store.in_line.set(self.next);
        }
    }

    /// Appends the leaf of a feature.
    ///
    /// # Errors
    /// `Data` where the file was changed since the plan was made.
    pub fn leaf(&mut self, store: &FgbStore, position: u64, out: &mut Vec<u8>) -> Result<()> {
        let Some((stored, bytes)) = self.stored(store, position)? else {
            return Ok(());
        };
        let bbox = match stored.bbox() {
            Some(bbox) => Some(bbox),
            None => store
                .record(bytes, &mut self.scratch)
                .and_then(|record| record.bbox(&mut self.geometry))
                .map_err(|damage| damaged(&store.path, position, damage))?,
        };
        out.extend_from_slice(&node(bbox, self.at).write());
        self.at += bytes.len() as u64 + 4;
        Ok(())
    }

    /// Appends the bytes of a feature, its size before them.
    ///
    /// # Errors
    /// As [`leaf`](FgbCopy::leaf).
    pub fn feature(&self, store: &FgbStore, position: u64, out: &mut Vec<u8>) -> Result<()> {
        if let Some((_, bytes)) = self.stored(store, position)? {
            let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            out.extend_from_slice(&size.to_le_bytes());
            out.extend_from_slice(bytes);
        }
        Ok(())
    }

    /// A feature's leaf in the file and its bytes; `None` where it is left out.
    fn stored<'s>(&self, store: &'s FgbStore, position: u64) -> Result<Option<(Node, &'s [u8])>> {
        if !self.left_out.is_empty() && self.left_out.contains(position) {
            return Ok(None);
        }
        let leaf = store.tree()?.and_then(|tree: Tree<'_>| tree.leaf(position));
        let leaf = leaf.ok_or_else(|| Error::data(&store.path, "the file was cut"))?;
        let bytes = feature_at(store.section(), leaf.offset)
            .map_err(|damage| damaged(&store.path, position, damage))?;
        Ok(Some((leaf, bytes)))
    }
}

impl FgbStore {
    /// The head of a copy of everything, and where in the file the rest of it lies: the index, if
    /// it is wanted, and the features. `None` where a plan has not yet found all of them sound.
    pub fn whole(&self, head: &FgbHead<'_>, with_index: bool) -> Option<(Vec<u8>, Range<usize>)> {
        let features = usize::try_from(*self.in_line.get()?).ok()?;
        let end = self.features_at.checked_add(features)?;
        let (index, start) = match with_index {
            true => (Index::Stored(self.header.index_node_size), self.header.end),
            false => (Index::None, self.features_at),
        };
        let bytes = self.head_of(head, self.count(), self.extent(), index);
        Some((bytes, start..end))
    }

    fn head_of(
        &self,
        head: &FgbHead<'_>,
        count: u64,
        extent: Option<Bbox>,
        index: Index<'_>,
    ) -> Vec<u8> {
        let columns = self.header.columns.iter();
        let layout = Layout {
            geometry: FgbType(self.header.geometry_code),
            columns: columns.map(|c| stored_type(c.stored)).collect(),
            dimensions: self.header.dimensions,
            count,
            extent,
            index,
        };
        layout.head(head)
    }
}

fn node(bbox: Option<Bbox>, offset: u64) -> Node {
    match bbox {
        Some(bbox) => Node::of_box(&bbox, offset),
        None => Node::without_position(offset),
    }
}
