//! What is checked of a file when it is opened: enough to know a cut or damaged one, whatever its
//! size, in a few kilobytes.

use super::body::feature_at;
use super::header::Header;
use super::index::{NODE_BYTES, Tree, TreeShape};
use super::{FgbStore, table};

/// Indexes up to this many nodes (320 kB) are checked wholly when a file is opened.
const CHECKED_NODES: usize = 8_192;

/// Paths from leaf to root checked in bigger ones.
const CHECKED_PATHS: usize = 64;

impl FgbStore {
    /// The checks of [`open`](FgbStore::open) that need the features or the nodes.
    pub(super) fn check_shape(&mut self) -> Result<(), String> {
        let section_bytes = self.section().len() as u64;
        let Some(shape) = &self.index else {
            return self.check_unindexed();
        };
        let nodes = self.index_nodes();
        let tree = Tree { nodes, shape };
        let last = shape.leaves() - 1; // a shape has a leaf
        for (leaf, name) in [(0, "first"), (last, "last")] {
            let offset = tree.leaf(leaf as u64).map_or(u64::MAX, |leaf| leaf.offset);
            if offset >= section_bytes {
                return Err(if section_bytes == 0 {
                    format!(
                        "cut after the index: expected {} features, found none",
                        shape.leaves()
                    )
                } else {
                    format!(
                        "the index is damaged or the file is cut: the {name} feature should start \
                         {offset} bytes into the features, found {section_bytes} bytes of them"
                    )
                });
            }
        }
        let first = tree.leaf(0).map_or(0, |leaf| leaf.offset);
        if first != 0 {
            return Err(format!(
                "the index is damaged: the first feature should start 0 bytes into the features, \
                 found {first}"
            ));
        }
        let every = if nodes.len() <= CHECKED_NODES {
            1
        } else {
            shape.leaves().div_ceil(CHECKED_PATHS)
        };
        let paths = (0..shape.leaves()).step_by(every).chain([last]);
        if let Some(fault) = tree.fault_above(paths) {
            return Err(format!("the index is damaged: {fault}"));
        }
        let mut previous = None;
        for leaf in (0..shape.leaves()).step_by(every) {
            let offset = tree.leaf(leaf as u64).map_or(u64::MAX, |leaf| leaf.offset);
            if offset >= section_bytes || previous.is_some_and(|p| offset <= p) {
                return Err(format!(
                    "the index is damaged: feature {leaf} should start {offset} bytes into the \
                     features, expected more than {} and less than {section_bytes}",
                    previous.unwrap_or(0)
                ));
            }
            previous = Some(offset);
        }
        // The last feature in full: whoever cuts a file cuts its end.
        let offset = tree.leaf(last as u64).map_or(u64::MAX, |leaf| leaf.offset);
        self.check_end(offset, section_bytes)
    }

    /// The last feature ends where the file does, or the rest is told.
    fn check_end(&mut self, last_offset: u64, section_bytes: u64) -> Result<(), String> {
        let at = usize::try_from(last_offset).unwrap_or(usize::MAX);
        let size = table::u32_at(self.section(), at);
        let end = size.map(|size| last_offset + 4 + size as u64);
        match end {
            Some(end) if end <= section_bytes => {
                if end < section_bytes {
                    self.warnings.push(format!(
                        "{} bytes after the last feature are ignored",
                        section_bytes - end
                    ));
                }
                Ok(())
            }
            _ => Err(format!(
                "cut in the last feature: expected {} bytes, found {}",
                end.map_or_else(
                    || "more".to_owned(),
                    |end| (self.features_at as u64 + end).to_string()
                ),
                self.mapping.bytes().len()
            )),
        }
    }

    /// Without an index a file is walked when it is first used; a small one is walked now, so
    /// that a cut is known at start.
    fn check_unindexed(&mut self) -> Result<(), String> {
        const WALKED_BYTES: usize = 1 << 20;
        let section = self.section();
        if section.len() > WALKED_BYTES {
            return Ok(());
        }
        let expected = self.header.feature_count;
        let (mut at, mut found) = (0, 0);
        while at < section.len() as u64 && (expected == 0 || found < expected) {
            let Ok(bytes) = feature_at(section, at) else {
                return Err(format!(
                    "cut or damaged: feature {found} at byte {} does not fit the file of {} bytes",
                    self.features_at as u64 + at,
                    self.mapping.bytes().len()
                ));
            };
            at += 4 + bytes.len() as u64;
            found += 1;
        }
        if found < expected {
            return Err(format!("expected {expected} features, found {found}"));
        }
        let rest = section.len() as u64 - at;
        if rest > 0 {
            self.warnings
                .push(format!("{rest} bytes after the last feature are ignored"));
        }
        Ok(())
    }
}

/// Where the index nodes are; `None` for a file without index or without features.
pub(super) fn index_shape(header: &Header, file_bytes: usize) -> Result<Option<TreeShape>, String> {
    let (count, node_size) = (header.feature_count, header.index_node_size);
    if node_size == 0 || count == 0 {
        return Ok(None);
    }
    if node_size == 1 {
        return Err("expected an index node size of 2 or more, found 1".to_owned());
    }
    let shape = TreeShape::new(count, node_size).ok_or_else(|| {
        format!("the header is damaged: {count} features are more than a file can hold")
    })?;
    let end = header.end.saturating_add(shape.nodes() * NODE_BYTES);
    if end > file_bytes {
        return Err(format!(
            "cut in the index: {count} features need {end} bytes up to the first, found {file_bytes}"
        ));
    }
    Ok(Some(shape))
}
