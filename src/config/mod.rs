//! Files → catalogue: what the operator wrote and put into a folder becomes what is served.
//!
//! A path is a folder with `capabilities/`, `styles/`, `data/` (any of them), a bare folder of
//! `.fgb`, `.geojson`, `.pmtiles` and `.mbtiles` files, or one such file:
//!
//! - With `capabilities/layers/*.yaml`, exactly the layers declared there are served.
//! - Without, every data file is a layer: those of the folder, of its subfolders, and of the
//!   subfolders of `data/`. Its id is the file name made fit for addresses, its title the one
//!   in the data or the file name made readable, its style `styles/{id}.sld` or `.json`, an
//!   `.sld` beside the data, or a default one by geometry type.
//!
//! `capabilities/maps/*.yaml` are the maps of the cartothèque; one with `for_each` is many.
//!
//! A layer with a fault is refused and the others are served. Every fault of every file is
//! found in one go, with file, line, column, key, and what was probably meant.
//!
//! # Not supported
//! `{url: …}` and `{postgis: …}` sources: they are recognised and reported as not served yet.

mod archives;
mod assemble;
mod build;
mod check;
mod columns;
mod diagnostic;
mod file;
mod folder;
pub(crate) mod foreign;
pub(crate) mod ident;
mod identities;
mod kept;
mod layer_crs;
mod links;
mod load;
mod maps;
mod plain_yaml;
mod plan;
mod reader;
mod repeated;
mod schema;
mod slips;
mod sources;
mod strays;
mod tile_sets;
mod tree;
mod watch;
mod words;
mod yaml;
mod yaml_faults;

pub use check::{Checked, check, check_at};
pub use diagnostic::{Diagnostic, Place, Severity};
pub use file::{Basemap, CacheFile, RoleFile, Secret, ServerFile};
pub use folder::{Folder, Stamp};
pub use load::{LoadOptions, Loaded, load, reload};
pub use schema::{SchemaOf, schema};
pub use sources::FileSources;
pub use watch::{Step, Watcher, watch};
pub use words::LICENCES;

use std::path::Path;
use std::sync::Arc;

use crate::archive::{self, TileArchive};
use crate::crs::Crs;
use crate::error::Result;
use crate::feature::Schema;
use crate::geom::Bbox;
use crate::store::FeatureStore;
use crate::style::{Style, StyleNote};

/// Data that were opened.
#[derive(Clone)]
pub struct Opened {
    pub store: Arc<dyn FeatureStore>,
    /// What the data say of themselves.
    pub title: Option<String>,
    pub description: Option<String>,
    /// What was odd and could be served all the same.
    pub warnings: Vec<String>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("title", &self.title)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

/// How files become stores, CRSs and styles: the seam between configuration and formats.
///
/// Called from several threads at once, once a file and version.
pub trait Sources: Send + Sync {
    /// Opens a data file by its form. Cheap: nothing is read but the header.
    ///
    /// # Errors
    /// `Data`, `Io`.
    fn open_store(&self, path: &Path) -> Result<Opened>;

    /// Opens an archive of tiles by its form. Cheap: nothing is read but its head.
    ///
    /// # Errors
    /// `Data`, `Io`.
    fn open_archive(&self, path: &Path) -> Result<Arc<dyn TileArchive>> {
        archive::open(path)
    }

    /// A CRS by any of its names.
    ///
    /// # Errors
    /// `InvalidCrs`, with the nearest name.
    fn parse_crs(&self, text: &str) -> Result<Crs>;

    /// The store's extent in longitude and latitude; `None` where it has none or it can't be
    /// transformed.
    fn extent_lonlat(&self, store: &dyn FeatureStore, crs: &Crs) -> Option<Bbox>;

    /// Reads a style document by its form, with what was made of each of its parts.
    ///
    /// # Errors
    /// `InvalidStyle`, `Syntax`, `Io`.
    fn read_style(&self, path: &Path) -> Result<(Style, Vec<StyleNote>)>;

    /// A style for data without one; neighbours in `nth` have distinct colours.
    fn default_style(&self, schema: &Schema, nth: usize) -> Style;
}
