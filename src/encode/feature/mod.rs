//! Features → bytes, one after another: a format is one file that implements [`FeatureWriter`].
//!
//! A writer is given features as they are read and appends what it makes of them; it holds no
//! more than it must, so that an answer of any length takes the memory of one piece of it.

mod csv;
mod flatgeobuf;
mod format;
mod geojson;
mod geopackage;
mod geoparquet;
pub mod gml;
mod gml_type;
mod json_fg;
mod kml;
mod names;
mod set;
mod shapefile;
mod workshop;
mod zip;

pub use csv::{CsvDialect, CsvGeometry, CsvWriter};
pub use flatgeobuf::{
    FlatGeobufWriter, header as flatgeobuf_header, header_fields as flatgeobuf_header_fields,
};
pub use format::{FeatureFormat, FormatOption, GmlLevel};
pub use geojson::GeoJsonWriter;
pub use geopackage::GeoPackageWriter;
pub use geoparquet::GeoParquetWriter;
pub use json_fg::JsonFgWriter;
pub use kml::KmlWriter;
pub use set::{FeatureField, FeatureSet, Link, XmlSchema};
pub use shapefile::ShapefileWriter;
pub use workshop::{Spill, Workshop};

pub use crate::feature::FeatureId;

use crate::error::Result;
use crate::feature::Feature;
use crate::geom::Geometry;

/// One feature, ready to be written.
#[derive(Clone, Copy)]
pub struct FeatureRow<'a> {
    /// The same in every format and protocol.
    pub id: FeatureId<'a>,
    /// Its values are asked by the column numbers of [`FeatureSet::fields`].
    pub feature: &'a dyn Feature,
    /// In the CRS of the set, x before y whatever the CRS says; `None` where the feature has
    /// none, where it can't be projected, or where none is wanted.
    pub geometry: Option<&'a Geometry>,
    /// 1 where the feature comes for the first time in the answer, 2 where it comes again: in
    /// another tuple, or by another query. Formats whose ids must not repeat say so in the id.
    pub occurrence: u32,
}

impl std::fmt::Debug for FeatureRow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FeatureRow")
            .field("id", &self.id)
            .field("geometry", &self.geometry)
            .finish_non_exhaustive()
    }
}

/// Whether a writer has more to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Ask again: formats that are put together at their end come in pieces.
    More,
    Done,
}

/// Writes a set of features. Called in this order: `begin` once, `feature` for each, `end` until
/// it is done. Every method appends to `out`, whole characters of text or any bytes.
pub trait FeatureWriter: Send {
    /// # Errors
    /// `Internal` or `Io` where the format needs a place to put things together and has none.
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()>;

    /// # Errors
    /// What the format can't hold, named; what the feature's own bytes say of their damage.
    fn feature(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) -> Result<()>;

    /// # Errors
    /// As `begin`.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<Rest>;
}
