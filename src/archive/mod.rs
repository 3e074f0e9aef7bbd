//! Tile archives: files that hold the tiles of one map, found by zoom, column and row.
//!
//! The room knows tiles as bytes and their place in the web's grid (WebMercatorQuad), nothing
//! of what is drawn in them. [`TileArchive`] is the seam of reading, [`ArchiveWriter`] that of
//! writing; a form of archive is a folder that implements both. [`export`](fn@export::export)
//! fills an archive from anything that makes tiles.

mod describe;
pub mod export;
mod info;
pub mod mbtiles;
pub mod pmtiles;
pub mod web_tile;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::packing::{Coding, Effort};

pub use describe::{Description, describe};
pub use info::{ArchiveInfo, Center, Tile, TileFormat, VectorLayer};
pub use web_tile::WebTile;

/// A tile larger than this is refused: the largest that people serve have a few megabytes.
pub const MAX_TILE_BYTES: usize = 32 << 20;

/// One state of one archive, readable by many threads at once.
pub trait TileArchive: Send + Sync + std::fmt::Debug {
    /// What the archive says of itself.
    fn info(&self) -> &ArchiveInfo;

    /// A short text that changes when the content changes: part of every cache key and `ETag`.
    fn version(&self) -> &str;

    /// True where a tile is found in less time than another thread takes to wake.
    fn is_quick(&self) -> bool;

    /// The tile at a place; `None` where the archive has none.
    ///
    /// # Errors
    /// `Data` where the bytes that lead to it are damaged.
    fn tile(&self, tile: WebTile) -> Result<Option<Tile>>;

    /// Reads the whole archive to find damage; takes as long as that takes.
    ///
    /// # Errors
    /// `Data`, `Io` where it can't even be walked through.
    fn verify(&self) -> Result<Verified>;
}

/// What reading a whole archive found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Places that have a tile.
    pub tiles: u64,
    /// Contents that were read: tiles alike share one where the archive can tell that they do.
    pub contents: u64,
    /// Contents that can't be read.
    pub damaged: u64,
    /// The first faults in words; at most [`Verified::MAX_FAULTS`].
    pub faults: Vec<String>,
}

impl Verified {
    pub const MAX_FAULTS: usize = 20;

    /// True where every tile can be served.
    pub fn is_sound(&self) -> bool {
        self.damaged == 0 && self.faults.is_empty()
    }

    fn fault(&mut self, message: impl FnOnce() -> String) {
        if self.faults.len() < Verified::MAX_FAULTS {
            self.faults.push(message());
        }
    }

    /// Counts a stored content, damaged or not.
    fn content(&mut self, tile: WebTile, bytes: &[u8], declared: Coding, format: TileFormat) {
        self.contents = self.contents.saturating_add(1);
        if let Err(message) = info::sound(bytes, declared, format) {
            self.damaged = self.damaged.saturating_add(1);
            self.fault(|| format!("tile {tile}: {message}"));
        }
    }
}

/// What is recorded for a place while an archive is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// The tile's bytes, never empty, as the archive is to store them.
    Tile(&'a [u8]),
    /// No tile here, but tiles below may have something.
    Blank,
}

/// An archive that is being written, beside the place where it will be.
///
/// Places come in the order of [`WebTile::id`], each once. What was recorded before the last
/// checkpoint survives the end of the process: whoever opens the same archive for the same job
/// again goes on from there. The archive appears under its name when it is finished, whole.
pub trait ArchiveWriter: std::fmt::Debug {
    /// Tells the ids that an interrupted run recorded, ascending.
    ///
    /// # Errors
    /// `Io`, `Data`.
    fn recorded(&mut self, each: &mut dyn FnMut(Range<u64>)) -> Result<()>;

    /// Records one place.
    ///
    /// # Errors
    /// `Io` where the disk refuses; `Internal` for an id that is not above the one before.
    fn add(&mut self, id: u64, content: Content<'_>) -> Result<()>;

    /// Makes what was recorded survive the end of the process.
    ///
    /// # Errors
    /// `Io`, `Data`.
    fn checkpoint(&mut self) -> Result<()>;

    /// Completes the archive and puts it in its place.
    ///
    /// # Errors
    /// `Io`, `Data`.
    fn finish(self: Box<Self>, info: &ArchiveInfo) -> Result<Written>;
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Places that have a tile.
    pub tiles: u64,
    /// Contents stored: tiles alike share one.
    pub contents: u64,
    /// The size of the file.
    pub bytes: u64,
}

/// The forms of archives, told by the end of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveForm {
    Mbtiles,
    Pmtiles,
}

impl ArchiveForm {
    /// The form that a name promises; `None` for other files.
    pub fn of(path: &Path) -> Option<ArchiveForm> {
        let extension = path.extension()?.to_str()?;
        match extension.to_ascii_lowercase().as_str() {
            "mbtiles" => Some(ArchiveForm::Mbtiles),
            "pmtiles" => Some(ArchiveForm::Pmtiles),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            ArchiveForm::Mbtiles => "MBTiles",
            ArchiveForm::Pmtiles => "PMTiles",
        }
    }
}

/// Opens an archive by the end of its name. Cheap: nothing is read but its head.
///
/// # Errors
/// `Io`; `Data` that says what is wrong with the file, or that its form is not known.
pub fn open(path: &Path) -> Result<Arc<dyn TileArchive>> {
    match form_of(path)? {
        ArchiveForm::Mbtiles => Ok(Arc::new(mbtiles::MbtilesArchive::open(path)?)),
        ArchiveForm::Pmtiles => Ok(Arc::new(pmtiles::PmtilesArchive::open(path)?)),
    }
}

/// Begins an archive by the end of its name, or goes on with one that the same `job` began and
/// did not finish. What another job left there is begun anew.
///
/// # Errors
/// `Io`; `Data` where another process writes the same archive, or the form is not known.
pub fn create(path: &Path, job: &str) -> Result<Box<dyn ArchiveWriter>> {
    match form_of(path)? {
        ArchiveForm::Mbtiles => Ok(Box::new(mbtiles::MbtilesWriter::create(path, job)?)),
        ArchiveForm::Pmtiles => Ok(Box::new(pmtiles::PmtilesWriter::create(path, job)?)),
    }
}

/// Packs with gzip, as archives hold their tiles; the same bytes give the same bytes.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let packed = Coding::Gzip.pack(bytes, Effort::Lasting);
    // there is a bound for what it takes, and so much is given
    packed.unwrap_or_default()
}

fn form_of(path: &Path) -> Result<ArchiveForm> {
    ArchiveForm::of(path).ok_or_else(|| {
        Error::data(
            path,
            "expected a name that ends in .pmtiles or .mbtiles".to_owned(),
        )
    })
}

/// The name with something after its end: `map.pmtiles` → `map.pmtiles.partial`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
