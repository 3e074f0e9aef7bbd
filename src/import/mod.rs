//! Foreign files → indexed FlatGeobuf, with a layer file and a style: what `cartotheque import`
//! does, without GDAL.
//!
//! A reader ([`source::Source`], one file or folder for each format) tells its schema and then
//! hands over one feature after the other. The [`intake`] mends and looks at each, tallies the
//! values of each column and puts the feature aside. When the last was read, the types of all
//! columns are known; the features are sorted along a Hilbert curve ([`sort`]) and written by
//! [`FgbWriter`]. Nothing is held in memory that grows with the number of features but the upper
//! levels of the index, 2.7 bytes a feature.
//!
//! Everything under way has no name or a hidden one; the result is put in place by renaming, the
//! layer file last, so that a server that watches sees a layer whole or not at all.
//!
//! [`FgbWriter`]: crate::store::FgbWriter

mod csv;
mod finish;
mod flatgeobuf;
mod form;
mod geojson;
mod geopackage;
mod geoparquet;
mod guess;
mod intake;
mod notes;
mod record;
mod repair;
mod scratch;
mod shapefile;
mod skeleton;
mod sort;
pub mod source;
mod target;
mod temporal;
mod text;
mod validity;
mod wkb;
mod wkt;
mod zip;

use std::path::{Path, PathBuf};

pub use finish::{FieldReport, Imported};
pub use form::Form;
pub use intake::Intake;
pub use notes::{Kind, Note};
pub use target::{Folders, Target};

use crate::budget::Budget;
use crate::config::ident;
use crate::crs::Crs;
use crate::error::{Error, Result};
use source::Source;

/// How files are imported.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// In place of what the file says.
    pub crs: Option<Crs>,
    /// Replaces data that are there already.
    pub force: bool,
    /// The layer's id, for a file of one table. Default: the name of the file or table.
    pub id: Option<String>,
    /// The columns of a CSV that hold x and y, or longitude and latitude. Default: by their names.
    pub xy: Option<(String, String)>,
    /// Texts that are not UTF-8, in place of what the file says (`windows-1252`).
    pub encoding: Option<String>,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// All features are read, and are being written.
    pub is_writing: bool,
    /// Bytes that were read, or features that were written.
    pub done: u64,
    /// 0 where that is not known.
    pub all: u64,
    /// Features that were read.
    pub features: u64,
}

/// The tables of a file that can become layers; opens them and reads what they say of themselves.
///
/// # Errors
/// `Io`; `Data` for a file that is none of the formats, is damaged, or holds no table of features.
pub fn open(path: &Path, folders: &Folders, options: &Options) -> Result<Vec<Box<dyn Source>>> {
    form::open(path, folders, options)
}

/// Imports one table; `from` is its file.
///
/// # Errors
/// `Data` where something is there already, where the CRS is not known, or where the file is
/// damaged; `Io`; `Cancelled`. Nothing is left of it then.
pub fn import(
    table: &mut dyn Source,
    from: &Path,
    folders: &Folders,
    options: &Options,
    budget: &Budget,
    progress: &dyn Fn(&Progress),
) -> Result<Imported> {
    let id = id_of(table, options);
    if let Some((message, instead)) = ident::fault(&id) {
        let instead = instead.map_or(String::new(), |id| format!(", did you mean {id:?}?"));
        return Err(Error::parameter("--id", message + &instead));
    }
    let target = Target::new(folders, &id);
    // a file may be rewritten where it lies: it is read to its end before it is replaced
    let same = |a: &Path, b: &Path| {
        a.canonicalize()
            .is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
    };
    if !same(from, &target.data) {
        target.check(options.force)?;
    } else if !options.force {
        return Err(Error::data(
            from,
            "is where the result would go: --force writes it anew, with an index",
        ));
    }
    folders.prepare()?;
    finish::run(table, from, folders, &target, options, budget, progress)
}

/// The id that a table's layer will have.
pub fn id_of(table: &dyn Source, options: &Options) -> String {
    match &options.id {
        Some(id) => id.clone(),
        None => ident::slug(&table.head().name),
    }
}

/// The name of a file without its folder, for messages.
fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// A name for a table from a file: `communes` of `communes.geojson.gz` and `communes.shp`.
fn stem(path: &Path) -> String {
    let name = file_name(path);
    let stem = PathBuf::from(&name);
    stem.file_stem()
        .map_or(name, |stem| stem.to_string_lossy().into_owned())
}
