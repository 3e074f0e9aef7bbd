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
mod gone;
mod header;
mod index;
mod meter;
mod opening;
mod properties;
mod reading;
mod scan;
mod table;
mod verify;
mod write;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

pub(crate) use arc::linearise;
pub use copy::FgbCopy;
pub use header::CrsDeclaration;
pub use verify::{DamagedFeature, VerifyReport};
pub use write::{FgbHead, FgbParts, FgbWriter, push_value};

use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::feature::FieldType;
use crate::geom::Bbox;
use crate::store::FileStamp;
use crate::store::mmap::Mapping;

use body::{FgbFeature, Record, feature_at};
use gone::{GONE, version};
use header::Header;
use index::{NODE_BYTES, Node, NodeBytes, Tree, TreeShape};
use opening::index_shape;
use properties::Scratch;
use scan::Scan;

/// Features looked at to tell date columns from those of date and time.
const DATE_SAMPLE: u64 = 128;

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
