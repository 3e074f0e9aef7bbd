//! FlatGeobuf files (specification 3), read in place from a memory map.
//!
//! Opening is instant whatever the size of the file: the header, the shape of the index and where
//! its first and last features lie are checked, a small index wholly, a big one along sample paths.
//! Each feature is checked when it is visited, on every visit, because the bytes under a map may
//! change; a damaged one is left out and counted. [`FgbStore::verify`] checks everything.
//!
//! A feature's number is its position in the file. A file with an index takes no memory that
//! grows with it. One without gets an index in memory when it is first searched: 43 bytes a feature.
//!
//! # Not supported
//! - Version 2 of the format: its header is another one; the last writer of it dates from 2020.
//! - Z, M, T and TM of positions are skipped; the schema says whether there are Z and M.
//! - Columns that a feature brings itself: such a feature has no values.

mod arc;
mod body;
mod copy;
mod geometry;
mod header;
mod index;
mod meter;
mod opening;
mod properties;
mod scan;
mod table;
mod verify;
mod write;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use arc::linearise;
pub use copy::FgbCopy;
pub use header::CrsDeclaration;
pub use verify::{DamagedFeature, VerifyReport};
pub use write::{FgbHead, FgbParts, FgbWriter, push_value};

use crate::budget::Budget;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::feature::{Feature, FieldType, Schema};
use crate::geom::{Bbox, Geometry};
use crate::store::mmap::Mapping;
use crate::store::stamp::Fingerprint;
use crate::store::{FeatureStore, FileStamp, Flow, Select, SelectStats};

use body::{FgbFeature, Record, damaged, feature_at};
use header::Header;
use index::{NODE_BYTES, Node, NodeBytes, Tree, TreeShape};
use meter::Meter;
use opening::index_shape;
use properties::Scratch;
use scan::Scan;

/// Features looked at to tell date columns from those of date and time.
const DATE_SAMPLE: u64 = 128;

const GONE: &str = "the file was cut or written over while it was served: publish a new version by \
                    renaming it into place, not by writing over the old one";

/// A FlatGeobuf file.
#[derive(Debug)]
pub struct FgbStore {
    path: PathBuf,
    mapping: Mapping,
    stamp: FileStamp,
    header: Header,
    /// The index of the file; `None` where it has none.
    index: Option<TreeShape>,
    /// Where the first feature starts.
    features_at: usize,
    crs: Option<Crs>,
    version: String,
    warnings: Vec<String>,
    /// What stands in for an index that the file does not have.
    scan: OnceLock<Scan>,
    extent: OnceLock<Option<Bbox>>,
    /// Where the last feature ends in the section, once each was found sound and right behind the
    /// one before.
    in_line: OnceLock<u64>,
    /// A damaged feature was met: counting by the index alone is no longer exact.
    met_damage: AtomicBool,
    /// The file was found written over, as [`FeatureStore::is_gone`] tells.
    written_over: AtomicBool,
}

impl FgbStore {
    /// Opens a file; reads a few kilobytes of it.
    ///
    /// # Errors
    /// `Io`; `Data` that names the fault, with what was expected and what was found.
    pub fn open(path: &Path) -> Result<FgbStore> {
        let (mapping, stamp) = Mapping::open(path)?;
        let fault = |message: String| Error::data(path, message);
        let bytes = mapping.bytes();
        let header = Header::read(bytes).map_err(fault)?;
        let index = index_shape(&header, bytes.len()).map_err(fault)?;
        let index_bytes = index.as_ref().map_or(0, |shape| shape.nodes() * NODE_BYTES);
        let version = version(&stamp, bytes, header.end);
        let mut store = FgbStore {
            path: path.to_owned(),
            features_at: header.end + index_bytes,
            mapping,
            stamp,
            header,
            index,
            crs: None,
            version,
            warnings: Vec::new(),
            scan: OnceLock::new(),
            extent: OnceLock::new(),
            in_line: OnceLock::new(),
            met_damage: AtomicBool::new(false),
            written_over: AtomicBool::new(false),
        };
        store.check_shape().map_err(fault)?;
        let sniffed = store.sniff();
        for column in sniffed.clocks() {
            if let (Some(field), Some(stored)) = (
                store.header.schema.fields.get_mut(column),
                store.header.columns.get_mut(column),
            ) {
                field.kind = FieldType::Text;
                stored.is_clock = true;
            }
        }
        for column in sniffed.columns() {
            if let (Some(field), Some(stored)) = (
                store.header.schema.fields.get_mut(column),
                store.header.columns.get_mut(column),
            ) {
                field.kind = FieldType::Date;
                stored.is_date = true;
            }
        }
        Ok(store)
    }

    /// Sets what [`FeatureStore::crs`] answers: the store only knows what the file
    /// [declares](FgbStore::crs_declaration).
    pub fn with_crs(mut self, crs: Option<Crs>) -> FgbStore {
        self.crs = crs;
        self
    }

    /// What the header says of the CRS.
    pub fn crs_declaration(&self) -> &CrsDeclaration {
        &self.header.crs
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The state of the file when it was opened.
    pub fn stamp(&self) -> FileStamp {
        self.stamp
    }

    /// The name that the header gives the set.
    pub fn name(&self) -> Option<&str> {
        self.header.name.as_deref()
    }

    pub fn title(&self) -> Option<&str> {
        self.header.title.as_deref()
    }

    pub fn description(&self) -> Option<&str> {
        self.header.description.as_deref()
    }

    /// The header's metadata: JSON by the specification, not checked.
    pub fn metadata(&self) -> Option<&str> {
        self.header.metadata.as_deref()
    }

    /// Children a node and levels of the file's index; `None` where it has none.
    pub fn index(&self) -> Option<(u16, usize)> {
        let shape = self.index.as_ref()?;
        Some((self.header.index_node_size, shape.levels()))
    }

    /// What is odd about the file, though it is served; lowercase sentences without full stop.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.warnings.clone();
        if let Some(scan) = self.scan.get() {
            warnings.extend(scan.warning.clone());
        }
        if self.intact().is_err() {
            warnings.push(GONE.to_owned());
        }
        warnings
    }

    /// Columns of date and time whose values, in the first 128 features, all lack a time, or a day:
    /// FlatGeobuf has no type for dates. GDAL writes `2024-02-29T00:00:00` for them.
    ///
    /// [`open`](FgbStore::open) makes the dates `FieldType::Date` and gives their values as
    /// `2024-02-29`; a value with a time further on comes out whole. Certain is only
    /// [`verify`](FgbStore::verify), whose report has the columns by every value. Times of day,
    /// `0000-00-00T08:00:00`, are texts: `08:00:00`.
    fn sniff(&self) -> verify::Dates {
        let mut dates = verify::Dates::new(&self.header.schema);
        if dates.is_empty() {
            return dates;
        }
        let mut offset = 0;
        let mut scratch = Scratch::default();
        for fid in 0..DATE_SAMPLE {
            let leaf = self.index.as_ref().and_then(|shape| {
                let nodes = self.index_nodes();
                Tree { nodes, shape }.leaf(fid)
            });
            let at = leaf.map_or(offset, |leaf| leaf.offset);
            let Ok(bytes) = feature_at(self.section(), at) else {
                break;
            };
            offset = at.saturating_add(4).saturating_add(bytes.len() as u64);
            if let Ok(record) = self.record(bytes, &mut scratch) {
                dates.see(&self.feature(fid, Node::unknown(at), record, &scratch));
            }
        }
        dates
    }

    /// The bytes from the first feature on.
    fn section(&self) -> &[u8] {
        self.mapping.bytes().get(self.features_at..).unwrap_or(&[])
    }

    fn index_nodes(&self) -> &[NodeBytes] {
        let index = self.mapping.bytes().get(self.header.end..self.features_at);
        index.unwrap_or(&[]).as_chunks::<NODE_BYTES>().0
    }

    /// The file's index, or the one built in its stead; `None` where there is no feature.
    ///
    /// # Errors
    /// As [`intact`](FgbStore::intact).
    fn tree(&self) -> Result<Option<Tree<'_>>> {
        self.intact()?;
        if let Some(shape) = &self.index {
            let nodes = self.index_nodes();
            return Ok(Some(Tree { nodes, shape }));
        }
        let scan = self.scanned();
        if let Some(refusal) = &scan.refusal {
            return Err(Error::data(&self.path, refusal.clone()));
        }
        Ok(scan.tree())
    }

    fn scanned(&self) -> &Scan {
        self.scan.get_or_init(|| Scan::of(self))
    }

    #[inline]
    fn record<'a>(&'a self, bytes: &'a [u8], scratch: &mut Scratch) -> table::Sound<Record<'a>> {
        Record::read(
            bytes,
            self.header.geometry_code,
            &self.header.columns,
            scratch,
        )
    }

    #[inline]
    fn feature<'a>(
        &'a self,
        fid: u64,
        leaf: Node,
        record: Record<'a>,
        scratch: &'a Scratch,
    ) -> FgbFeature<'a> {
        let columns = &self.header.columns;
        FgbFeature::new(&self.path, fid, leaf, record, columns, scratch)
    }
}

/// Size, time and inode of the file, its header, and samples of the rest.
fn version(stamp: &FileStamp, bytes: &[u8], header_end: usize) -> String {
    const SAMPLES: usize = 8;
    const SAMPLE_BYTES: usize = 512;
    let mut print = Fingerprint::new()
        .stamp(stamp)
        .bytes(bytes.get(..header_end).unwrap_or(bytes));
    let step = bytes.len() / SAMPLES;
    for at in (1..=SAMPLES).map(|i| (i * step).saturating_sub(SAMPLE_BYTES)) {
        let sample = bytes.get(at..).unwrap_or(&[]);
        print = print.bytes(sample.get(..SAMPLE_BYTES).unwrap_or(sample));
    }
    print.text()
}

/// The leaves to look at: all from a number on, or those of a search.
enum Leaves<'a> {
    All(Tree<'a>, u64),
    Found(index::Search<'a>),
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
            let read = feature_at(section, leaf.offset)
                .and_then(|bytes| Ok((bytes.len(), self.record(bytes, &mut scratch)?)));
            let (size, record) = match read {
                Ok(read) => read,
                Err(damage) => {
                    stats.damaged += 1;
                    self.meet_damage(fid, damage);
                    meter.feature(0)?;
                    continue;
                }
            };
            stats.bytes += size as u64 + 4;
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
            let read = feature_at(section, leaf.offset)
                .and_then(|bytes| Ok((bytes.len(), self.record(bytes, &mut scratch)?)));
            let (size, record) = match read {
                Ok(read) => read,
                Err(damage) => {
                    stats.damaged += 1;
                    self.meet_damage(fid, damage);
                    meter.feature(0)?;
                    continue;
                }
            };
            stats.bytes += size as u64 + 4;
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

impl FgbStore {
    /// What was read counts as read only if the file did not vanish meanwhile: where it was cut
    /// there are zeros, which look like damaged features, or like an index without any.
    fn still_there(&self, stats: SelectStats) -> Result<SelectStats> {
        if stats.damaged > 0 {
            self.is_found_gone(|| true);
        }
        self.intact().map(|()| stats)
    }

    /// Looks whether the file has another stamp than it had, and remembers what `is_new` says of one
    /// of the same size: where a damaged feature was met the stamp alone decides.
    fn is_found_gone(&self, is_new: impl Fn() -> bool) -> bool {
        // A file of another inode took the place of ours, which lives on in the map. A cut
        // within the last page raises nothing: only the length tells.
        let gone = FileStamp::of(&self.path).is_ok_and(|now| {
            now.inode == self.stamp.inode
                && now != self.stamp
                && (now.size != self.stamp.size || is_new())
        });
        if gone {
            self.written_over.store(true, Ordering::Relaxed);
        }
        gone
    }

    /// True where header and samples are those of the file that was opened.
    fn has_its_samples(&self) -> bool {
        version(&self.stamp, self.mapping.bytes(), self.header.end) == self.version
    }

    /// # Errors
    /// `Data` once it is known that the file was cut or written over while it was served: no
    /// answer is right then, neither "nothing there" nor a count.
    fn intact(&self) -> Result<()> {
        if self.mapping.is_damaged() || self.written_over.load(Ordering::Relaxed) {
            return Err(Error::data(&self.path, GONE));
        }
        Ok(())
    }

    /// Remembers that a feature is damaged, and says so once, of the first one met.
    #[cold]
    fn meet_damage(&self, fid: u64, damage: table::Damage) {
        if !self.met_damage.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "{}; it is left out, and others may be: `cartotheque check` looks at all",
                damaged(&self.path, fid, damage)
            );
        }
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
