//! What stands in for the index that a file does not have: one walk through its features, kept
//! as an index of the same form in memory.

use crate::geom::{Bbox, Geometry};
use crate::store::fgb::FgbStore;
use crate::store::fgb::body::feature_at;
use crate::store::fgb::index::{self, Node, NodeBytes, Tree, TreeShape};
use crate::store::fgb::properties::Scratch;

/// The most features that are indexed in memory: 25 million take about 1 GB.
const MAX_FEATURES: usize = 25_000_000;

/// The result of the walk.
#[derive(Debug, Default)]
pub(super) struct Scan {
    built: Option<(TreeShape, Vec<NodeBytes>)>,
    /// Why the file can't be searched.
    pub refusal: Option<String>,
    /// What was odd.
    pub warning: Option<String>,
}

impl Scan {
    /// Walks the features of a file. A feature that is damaged keeps its number; where a size
    /// makes no sense, what follows can't be found and the walk ends.
    pub(super) fn of(store: &FgbStore) -> Scan {
        let expected = store.header.feature_count;
        let section = store.section();
        let mut leaves = Vec::new();
        let mut scratch = Scratch::default();
        let mut geometry = Geometry::default();
        let mut at: u64 = 0;
        let mut warning = None;
        while at < section.len() as u64 && (expected == 0 || (leaves.len() as u64) < expected) {
            if leaves.len() >= MAX_FEATURES || leaves.try_reserve(1).is_err() {
                return Scan {
                    refusal: Some(format!(
                        "without a spatial index at most {MAX_FEATURES} features can be served: \
                         write it anew with an index (ogr2ogr -lco SPATIAL_INDEX=YES)"
                    )),
                    ..Scan::default()
                };
            }
            let Ok(bytes) = feature_at(section, at) else {
                warning = Some(format!(
                    "cut or damaged at byte {}: the features from {} on are lost",
                    store.features_at as u64 + at,
                    leaves.len()
                ));
                break;
            };
            let node = match store
                .record(bytes, &mut scratch)
                .and_then(|record| record.bbox(&mut geometry))
            {
                Ok(Some(bbox)) => Node::of_box(&bbox, at),
                Ok(None) => Node::without_position(at),
                Err(_) => Node::unknown(at), // found damaged again by whoever visits it
            };
            leaves.push(node.write());
            at += 4 + bytes.len() as u64;
        }
        if warning.is_none() && (leaves.len() as u64) < expected {
            warning = Some(format!(
                "expected {expected} features, found {}",
                leaves.len()
            ));
        }
        leaves.shrink_to_fit();
        Scan {
            built: index::build(leaves),
            refusal: None,
            warning,
        }
    }

    pub(super) fn tree(&self) -> Option<Tree<'_>> {
        let (shape, nodes) = self.built.as_ref()?;
        Some(Tree { nodes, shape })
    }

    pub(super) fn count(&self) -> u64 {
        self.tree().map_or(0, |tree| tree.shape.leaves() as u64)
    }
}

impl FgbStore {
    /// The box around every feature, one by one.
    pub(super) fn scan_extent(&self) -> Option<Bbox> {
        let tree = self.tree().ok().flatten()?;
        let mut scratch = Scratch::default();
        let mut geometry = Geometry::default();
        (0..tree.shape.leaves() as u64)
            .filter_map(|fid| {
                let leaf = tree.leaf(fid)?;
                leaf.bbox().or_else(|| {
                    let bytes = feature_at(self.section(), leaf.offset).ok()?;
                    let record = self.record(bytes, &mut scratch).ok()?;
                    record.bbox(&mut geometry).ok()?
                })
            })
            .reduce(|all, bbox| all.union(&bbox))
    }
}
